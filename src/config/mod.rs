//! The settings: layered, checked, and then beyond doubt.
//!
//! `config/default.toml` lists and explains every key. A settings file, the environment and flags
//! lie over it; a key that is not known, a wrong type or an impossible value is refused with where
//! it was written, what was found and what is allowed. A [`Config`] can only be made by
//! [`Config::load`] and not be changed, so nobody after it asks again.

mod client;
mod effective;
mod error;
mod followed;
mod http;
mod kafka;
mod layers;
mod log_level;
mod parts;
mod reader;
mod renamed;
mod schema;
mod security;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Deref;

pub use client::read_small;
pub use error::{ConfigError, Problem, SettingOrigin};
pub use followed::{FileFault, Followed, FollowedWords};
pub use http::{Api, ApiAccess, Http, Token};
pub use kafka::{DeliveryMode, Kafka};
use layers::{FILE_BYTES_MAX, Gathered, SettingEntry};
pub use layers::{Secrets, SettingSources};
pub use parts::{
    Access, FeedConfig, JwtConfig, LogConfig, LogFormat, ServiceConfig, SettingGroups, TlsConfig, TokenType,
    Topics,
};
pub use schema::DEFAULT_TOML;

/// The settings in effect; its groups are read as fields: `config.kafka.group_id`.
pub struct Config {
    parts: SettingGroups,
    entries: BTreeMap<String, SettingEntry>,
    warnings: Vec<Problem>,
}

impl Config {
    /// Reads the layers and checks what they say.
    ///
    /// # Errors
    /// Everything that is wrong with what was written, with where it was written.
    pub fn load(sources: &SettingSources) -> Result<Self, ConfigError> {
        let mut gathered = Gathered::defaults();
        if let Some(path) = &sources.file {
            let text = read_small(path, FILE_BYTES_MAX)
                .map_err(|source| ConfigError::Unreadable { path: path.clone(), source })?;
            gathered.file(path, &text);
        }
        Self::finish(gathered, sources)
    }

    /// The defaults alone.
    #[must_use]
    pub fn defaults() -> Self {
        Self::load(&SettingSources::default()).expect("default.toml is part of the program and is tested")
    }

    fn finish(mut gathered: Gathered, sources: &SettingSources) -> Result<Self, ConfigError> {
        gathered.environment(&sources.environment);
        gathered.flags(&sources.set, &sources.client);
        let parts = parts::build(&mut gathered, sources.secrets);
        let Gathered { entries, mut problems, warnings } = gathered;
        if problems.is_empty() {
            return Ok(Self { parts, entries, warnings });
        }
        problems.sort();
        Err(ConfigError::Wrong(problems))
    }

    /// Names the settings that results depend on (engine, rules, topics): 16 hexadecimal digits.
    /// Two instances with the same hash, version and log say the same.
    #[must_use]
    pub fn hash(&self) -> String {
        effective::hash(&self.entries)
    }

    /// What is accepted and should be written otherwise, such as a key by its old name.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// Every value in effect as TOML, with where it comes from. Holds no secret.
    #[must_use]
    pub fn effective(&self) -> String {
        effective::listing(&self.entries)
    }
}

/// For reading; there is no way to write.
impl Deref for Config {
    type Target = SettingGroups;

    fn deref(&self) -> &SettingGroups {
        &self.parts
    }
}
