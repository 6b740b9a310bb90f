//! Progress bars: on standard error, and only where that is a terminal.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar over `total` bytes of input; without a known total, a count.
#[must_use]
pub fn bytes(total: Option<u64>) -> ProgressBar {
    let template = match total {
        Some(_) => "{bar:30} {bytes}/{total_bytes} {bytes_per_sec}, {eta} left {msg}",
        None => "{bytes} {bytes_per_sec} {msg}",
    };
    bar(total, template)
}

/// A bar over `total` things called `things`.
#[must_use]
pub fn count(total: u64, things: &str) -> ProgressBar {
    bar(Some(total), &format!("{{bar:30}} {{human_pos}}/{{human_len}} {things} {{msg}}"))
}

fn bar(total: Option<u64>, template: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(template).expect("the templates of this file are right");
    ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(10)).with_style(style)
}
