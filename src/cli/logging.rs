//! Logs: to standard error, as text for people or as JSON for a collector.

use std::io::IsTerminal;

use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Log, LogFormat};

/// Begins to log, once in the life of the process; later calls change nothing.
pub fn start(log: &Log) {
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let layer = match log.format {
        LogFormat::Text => layer.with_ansi(is_colourful()).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).with_ansi(false).boxed(),
    };
    // A second start, as in tests, finds a subscriber in place.
    let _ = tracing_subscriber::registry().with(layer.with_filter(log.level.clone())).try_init();
}

/// Is standard error a terminal, and has nobody asked for no colours (<https://no-color.org>)?
#[must_use]
pub fn is_colourful() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !refused && std::io::stderr().is_terminal()
}
