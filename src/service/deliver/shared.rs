//! What the workers of one process share.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::config::Config;
use crate::engine::{RuleSet, Settings};
use crate::rules::{self, BuildError};
use crate::service::deliver::desk::DailyDesk;
use crate::service::deliver::owners::Owners;
use crate::service::deliver::reference_log::ReferenceLog;

/// A worker's settings.
pub struct Setup {
    /// The feed's topic, as named in provenance and quarantine.
    pub feed_topic: String,
    /// Hash of the settings that matter for results.
    pub config_hash: String,
    /// The engines' settings; the municipality is filled in for each.
    pub engine: Settings,
    /// The municipalities that may come; any where there is none.
    pub municipalities: BTreeSet<String>,
    /// The rules, in the order in which findings are listed.
    pub rules: RuleSet,
    /// How often and how much.
    pub pace: Pace,
}

impl Setup {
    /// As `config` says.
    ///
    /// # Errors
    /// Where a rule refuses its section.
    pub fn new(config: &Config) -> Result<Self, BuildError> {
        Ok(Self {
            feed_topic: config.topics.registrations.clone(),
            config_hash: config.hash(),
            engine: config.engine.clone(),
            municipalities: config.municipalities.clone(),
            rules: rules::build(&config.rules)?,
            pace: Pace {
                progress_interval_millis: config.service.progress_interval_ms,
                commit_interval_millis: config.service.commit_interval_ms,
                ..Pace::default()
            },
        })
    }

    /// The empty desk of a municipality.
    #[must_use]
    pub fn desk(&self) -> DailyDesk {
        DailyDesk::new(self.engine.zone.clone(), self.engine.bounds.desk_cases_a_day as usize)
    }

    /// The settings of the engine of `municipality`.
    #[must_use]
    pub fn settings(&self, municipality: &str) -> Arc<Settings> {
        Arc::new(self.engine.of(municipality))
    }
}

/// How often a worker publishes progress and commits, and how much it takes at once.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Milliseconds between two progress records while records flow, at most.
    pub progress_interval_millis: u64,
    /// Milliseconds between two commits while records flow, at least.
    pub commit_interval_millis: u64,
    /// Milliseconds without a record after which progress and commits are made at once.
    pub idle_after_millis: u64,
    /// Milliseconds without a changed fact after which what changed facts lead to is derived: facts that change together
    /// are one change. Waited for eight times as long at most.
    pub facts_quiet_millis: u64,
    /// Milliseconds between two readings of a partition's output topics while another owner writes to them, at least.
    pub recheck_interval_millis: u64,
    /// Milliseconds between two readings of the oldest offset that the log holds.
    pub refresh_low_after_millis: u64,
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
            facts_quiet_millis: 0,
            recheck_interval_millis: 1_000,
            refresh_low_after_millis: 600_000,
            batch_records_max: 4_000,
            wait: Duration::from_millis(50),
        }
    }
}

/// What the workers of one process share.
pub struct Shared {
    /// Their settings.
    pub setup: Setup,
    /// Facts and decisions.
    pub reference_log: ReferenceLog,
    /// Municipalities by partition.
    pub owners: Owners,
}

impl Shared {
    /// For workers with the settings `setup`, with nothing known yet.
    #[must_use]
    pub fn new(setup: Setup) -> Arc<Self> {
        Arc::new(Self { setup, reference_log: ReferenceLog::new(), owners: Owners::default() })
    }
}
