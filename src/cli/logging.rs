//! Logs: to standard error, as text for people or as JSON for a collector.
//!
//! What ends a command, and what is wrong with its settings, takes the same form: a collector that reads JSON gets no
//! line of another kind. Only what is wrong with the command line itself is text, for it was typed by a person.

use std::io::IsTerminal;
use std::panic;
use std::sync::OnceLock;
use std::time::SystemTime;

use serde_json::{Value, json};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::exit::Failure;
use crate::config::{LogConfig, LogFormat};
use crate::domain::UtcSecond;

/// The form of all that goes to standard error; text before the settings are known.
static FORM: OnceLock<LogFormat> = OnceLock::new();

/// Begins to log, once in the life of the process; later calls change nothing.
pub fn start(log: &LogConfig) {
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let layer = match log.format {
        LogFormat::Text => layer.with_ansi(is_colourful()).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).with_ansi(false).boxed(),
    };
    // A second start, as in tests, finds a subscriber in place.
    let _ = tracing_subscriber::registry().with(layer.with_filter(log.level.clone())).try_init();
}

/// From now on failures and warnings are said in `form`, and so is a panic.
pub(super) fn say_in(form: LogFormat) {
    if FORM.set(form).is_ok() && form == LogFormat::Json {
        panic::set_hook(Box::new(|about| {
            let thread = std::thread::current();
            line("ERROR", &about.to_string(), json!({"thread": thread.name()}));
        }));
    }
}

/// The last word of a command that failed; not subject to `log.level`.
#[expect(clippy::print_stderr, reason = "it is for whoever ran the command, also where nothing is logged")]
pub(super) fn fatal(failure: &Failure) {
    if is_json() {
        let Failure { exit, error, remedy } = failure;
        line("ERROR", &format!("{error:#}"), json!({"exit_code": *exit as u8, "help": remedy}));
    } else {
        eprintln!("{failure}");
    }
}

/// What is accepted and should be written otherwise.
#[expect(clippy::print_stderr, reason = "it is said before logging begins, in whose settings it may be")]
pub(super) fn warning(text: &str) {
    if is_json() {
        line("WARN", text, json!({}));
    } else {
        eprintln!("warning: {text}");
    }
}

fn is_json() -> bool {
    FORM.get() == Some(&LogFormat::Json)
}

/// A line of the form of the log: time, level, message, and what else is to be said.
#[expect(clippy::print_stderr, reason = "it is a line of the log")]
fn line(level: &str, message: &str, more: Value) {
    eprintln!("{}", object(level, message, more));
}

fn object(level: &str, message: &str, more: Value) -> Value {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let timestamp = UtcSecond(i64::try_from(now).unwrap_or(i64::MAX)).to_string();
    let mut object = json!({"timestamp": timestamp, "level": level, "message": message, "target": "tidvakt"});
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more.into_iter().filter(|(_, value)| !value.is_null()));
    }
    object
}

/// Is standard error a terminal, and has nobody asked for no colours (<https://no-color.org>)?
#[must_use]
pub fn is_colourful() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !refused && std::io::stderr().is_terminal()
}
