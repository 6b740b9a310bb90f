//! The settings of the logs.

use tracing_subscriber::filter::Targets;

use super::Reader;

/// Logs.
#[derive(Clone, Debug)]
pub struct Log {
    /// In what form.
    pub format: LogFormat,
    /// What is logged: `info,tidvakt::service=debug`.
    pub level: Targets,
}

/// In what form logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Reader<'_> {
    pub(super) fn log(&mut self) -> Log {
        let text = self.text("log.level");
        let level = text.parse().unwrap_or_else(|_| {
            let expected =
                "expected `error`, `warn`, `info`, `debug` or `trace`, or `part=level` with commas";
            self.wrong("log.level", format!("`log.level` is `{text}`, {expected}"));
            Targets::new()
        });
        let format = if self.text("log.format") == "json" { LogFormat::Json } else { LogFormat::Text };
        Log { format, level }
    }
}
