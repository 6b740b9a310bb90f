//! The flags by which settings are given, the same for every command that has settings.

use std::path::PathBuf;

use clap::Args;

use super::exit::Failure;
use crate::config::{Config, ConfigError, Secrets, Sources};

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
        let config = self.try_load(secrets)?;
        config.warnings().iter().for_each(|warning| eprintln!("warning: {warning}"));
        Ok(config)
    }

    fn try_load(&self, secrets: Secrets) -> Result<Config, ConfigError> {
        Config::load(&Sources {
            file: self.config.clone(),
            set: self.set.clone(),
            client: self.client.clone(),
            secrets,
            ..Sources::from_environment()
        })
    }
}
