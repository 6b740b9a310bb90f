//! The flags by which settings are given, the same for every command that has settings.

use std::path::PathBuf;

use clap::Args;

use super::exit::Failure;
use super::logging;
use crate::config::{Config, LogFormat, Secrets, SettingSources};

/// Where the settings come from.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Settings")]
pub struct SettingsArgs {
    /// Settings file (TOML), laid over the defaults; only the keys that differ
    #[arg(long, value_name = "FILE", env = "TIDVAKT_CONFIG")]
    pub config: Option<PathBuf>,
    /// One setting, laid over file and environment: --set engine.retained_days=120
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// One property of librdkafka, as in kcat: -X bootstrap.servers=broker:9092
    #[arg(short = 'X', value_name = "NAME=VALUE")]
    pub client: Vec<String>,
}

impl SettingsArgs {
    /// The settings in effect.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn load(&self, secrets: Secrets) -> Result<Config, Failure> {
        let sources = SettingSources {
            file: self.config.clone(),
            set: self.set.clone(),
            client: self.client.clone(),
            secrets,
            ..SettingSources::from_environment()
        };
        // Also what is wrong with the settings is said in the form that they ask for.
        logging::say_in(LogFormat::of(&sources));
        let config = Config::load(&sources)?;
        config.warnings().iter().for_each(|warning| logging::warning(&warning.to_string()));
        Ok(config)
    }
}
