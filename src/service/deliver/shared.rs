//! What the workers of one process share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::config::Config;
use crate::engine::{RuleSet, Settings};
use crate::rules::{self, BuildError};
use crate::service::deliver::reference_log::ReferenceLog;

/// What a worker goes by.
pub struct Setup {
    /// The feed's topic, as named in provenance and quarantine.
    pub feed_topic: String,
    /// Hash of the settings that matter for results.
    pub config_hash: String,
    /// The engines' settings; the municipality is filled in for each.
    pub engine: Settings,
    /// The rules, in the order in which findings are listed.
    pub rules: RuleSet,
    /// How often and how much.
    pub pace: Pace,
}

impl Setup {
    /// What `config` says.
    ///
    /// # Errors
    /// Where a rule does not take its section.
    pub fn new(config: &Config) -> Result<Self, BuildError> {
        Ok(Self {
            feed_topic: config.topics.registrations.clone(),
            config_hash: config.hash(),
            engine: config.engine_settings(""),
            rules: rules::build(&config.rules)?,
            pace: Pace {
                progress_interval_millis: config.service.progress_interval_ms,
                commit_interval_millis: config.service.commit_interval_ms,
                ..Pace::default()
            },
        })
    }

    /// The settings of the engine of `municipality`.
    #[must_use]
    pub fn settings(&self, municipality: &str) -> Arc<Settings> {
        Arc::new(Settings { municipality: municipality.to_owned(), ..self.engine.clone() })
    }
}

/// How often a worker tells, and how much it takes at once.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// While records flow, progress is told at least so often, in milliseconds.
    pub progress_interval_millis: u64,
    /// Offsets are committed at most so often, in milliseconds.
    pub commit_interval_millis: u64,
    /// Once no record came for so long, in milliseconds, all is told and committed at once.
    pub idle_after_millis: u64,
    /// So long after a partition was taken over from another owner the alert topic is read once
    /// more, in milliseconds: what that owner had under way has arrived or never will.
    pub second_look_millis: u64,
    /// Records taken at once, at most.
    pub batch_records_max: usize,
    /// How long to wait for records.
    pub wait: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            progress_interval_millis: 1_000,
            commit_interval_millis: 1_000,
            idle_after_millis: 0,
            second_look_millis: 60_000,
            batch_records_max: 4_000,
            wait: Duration::from_millis(50),
        }
    }
}

/// Which partition feeds which municipality.
#[derive(Debug, Default)]
pub struct Owners(Mutex<BTreeMap<String, i32>>);

impl Owners {
    /// Notes that `partition` feeds `municipality`.
    ///
    /// # Errors
    /// The partition that does so already.
    pub fn claim(&self, municipality: &str, partition: i32) -> Result<(), i32> {
        let mut owners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match owners.get(municipality) {
            Some(owner) if *owner != partition => Err(*owner),
            Some(_) => Ok(()),
            None => {
                owners.insert(municipality.to_owned(), partition);
                Ok(())
            }
        }
    }

    /// The process no longer works on `partition`.
    pub fn release(&self, partition: i32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, owner| *owner != partition);
    }
}

/// What the workers of one process share.
pub struct Shared {
    /// What they go by.
    pub setup: Setup,
    /// Facts and decisions.
    pub reference_log: ReferenceLog,
    /// Municipalities by partition.
    pub owners: Owners,
}

impl Shared {
    /// For workers that go by `setup`, with nothing known yet.
    #[must_use]
    pub fn new(setup: Setup) -> Arc<Self> {
        Arc::new(Self { setup, reference_log: ReferenceLog::new(), owners: Owners::default() })
    }
}
