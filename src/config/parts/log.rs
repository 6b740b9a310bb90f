//! The settings of the logs.

use tracing_subscriber::filter::Targets;

use crate::config::client;
use crate::config::layers::{FILE_BYTES_MAX, Gathered, SettingSources};
use crate::config::log_level;
use crate::config::reader::SectionReader;
use crate::config::schema::SettingValue;

/// Logs.
#[derive(Clone, Debug)]
pub struct LogConfig {
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

impl LogFormat {
    /// The form that `sources` ask for, whatever else is wrong with them.
    #[must_use]
    pub fn of(sources: &SettingSources) -> Self {
        let mut gathered = Gathered::defaults();
        if let Some(path) = &sources.file
            && let Ok(text) = client::read_small(path, FILE_BYTES_MAX)
        {
            gathered.file(path, &text);
        }
        gathered.environment(&sources.environment);
        gathered.flags(&sources.set, &sources.client);
        let asked = gathered.entries.get("log.format").map(|entry| &entry.value);
        if asked == Some(&SettingValue::Text("json".to_owned())) { Self::Json } else { Self::Text }
    }
}

impl SectionReader<'_> {
    pub(super) fn log(&mut self) -> LogConfig {
        let text = self.text("log.level");
        let level = log_level::parse(&text).unwrap_or_else(|fault| {
            self.wrong("log.level", format!("`log.level` is `{text}`: {fault}"));
            Targets::new()
        });
        let format = if self.text("log.format") == "json" { LogFormat::Json } else { LogFormat::Text };
        LogConfig { format, level }
    }
}
