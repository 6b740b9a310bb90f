//! What happens, as numbers for machines and lines for people.
//!
//! An event is its counter and its log line, in one place. Labels come from fixed lists; a carer, a
//! client or a registration is never a label and never in a line.

mod registry;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use prometheus::{Gauge, Histogram, IntCounterVec, IntGauge, IntGaugeVec, Registry};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::watch::{Fate, Trouble};
use crate::domain::{AlertState, Grade, Reason, Rejection, UtcSecond};
use crate::engine::RuleCounts;

/// Older than this, a record was not waiting for the service: history is being read in.
const LATENCY_SECONDS_MAX: i64 = 86_400;
/// One line about records that could not be used, per reason and so long.
const QUIET: Duration = Duration::from_secs(10);
const COMMIT_FAILURES: [&str; 3] = ["rebalance", "fenced", "other"];

/// What the group did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rebalanced {
    /// Partitions came.
    Assigned,
    /// Partitions were asked back.
    Revoked,
    /// Partitions are somebody else's already.
    Lost,
}

/// Sizes of one municipality's engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sizes {
    pub(super) kept_registrations: i64,
    pub(super) carers: i64,
    pub(super) clients: i64,
}

/// All metrics of the process.
pub struct Metrics {
    registry: Registry,
    registrations: IntCounterVec,
    quarantined: IntCounterVec,
    findings: IntCounterVec,
    undetermined: IntCounterVec,
    alerts: IntCounterVec,
    reference: IntCounterVec,
    troubles: IntCounterVec,
    rebalances: IntCounterVec,
    commit_failures: IntCounterVec,
    open_alerts: IntGauge,
    open_holds: IntGauge,
    open_holds_ore: IntGauge,
    kept_registrations: IntGauge,
    entities: IntGaugeVec,
    phases: IntGaugeVec,
    replay_seconds: Gauge,
    last_registration: IntGauge,
    last_progress: IntGauge,
    lag: IntGaugeVec,
    latency: Histogram,
    told: Mutex<BTreeMap<Reason, (Instant, u64)>>,
}

impl Metrics {
    /// A record of the feed was worked on for the first time.
    pub(super) fn registered(&self, fate: Fate, appended_at: UtcSecond) {
        let result = match fate {
            Fate::Scored => "scored",
            Fate::Repeat => "repeat",
            Fate::Stale => "stale",
            Fate::Quarantined => "quarantined",
        };
        self.registrations.with_label_values(&[result]).inc();
        self.last_registration.set(self.last_registration.get().max(appended_at.0));
    }

    /// A record of the feed could not be used.
    pub(super) fn quarantined(&self, partition: i32, offset: i64, rejection: &Rejection) {
        let reason = rejection.reason.code();
        self.quarantined.with_label_values(&[reason]).inc();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        match told.get_mut(&rejection.reason) {
            Some((last, more)) if now.duration_since(*last) < QUIET => *more += 1,
            before => {
                let more = before.map_or(0, |(_, more)| *more);
                told.insert(rejection.reason, (now, 0));
                tracing::warn!(partition, offset, reason, more_before = more, "record quarantined");
            }
        }
    }

    /// What the rules answered beyond `before`.
    pub(super) fn rules_answered(&self, now: &[RuleCounts], before: &[RuleCounts]) {
        for counts in now {
            let earlier = before.iter().find(|earlier| earlier.rule == counts.rule);
            for (at, grade) in [Grade::Observe, Grade::Review, Grade::Hold].into_iter().enumerate() {
                let more = counts.hits[at].saturating_sub(earlier.map_or(0, |earlier| earlier.hits[at]));
                self.findings.with_label_values(&[counts.rule, grade.as_str()]).inc_by(more);
            }
            for (fact, count) in &counts.undetermined {
                let had =
                    earlier.and_then(|earlier| earlier.undetermined.iter().find(|(name, _)| name == fact));
                let more = count.saturating_sub(had.map_or(0, |(_, count)| *count));
                self.undetermined.with_label_values(&[counts.rule, fact]).inc_by(more);
            }
        }
    }

    /// An alert was handed to the log.
    pub(super) fn alert_published(&self, state: AlertState) {
        let state = match state {
            AlertState::Opened => "opened",
            AlertState::Revised => "revised",
            AlertState::Withdrawn => "withdrawn",
        };
        self.alerts.with_label_values(&[state]).inc();
    }

    /// The broker has an alert; the record behind it was appended at `appended_millis` since 1970.
    pub(super) fn alert_acknowledged(&self, appended_millis: i64) {
        let latency = now_millis() - appended_millis;
        if latency <= LATENCY_SECONDS_MAX * 1_000 {
            self.latency.observe(latency.max(0) as f64 / 1_000.0);
        }
    }

    /// Alerts and holds that stand, and the öre of the holds.
    pub(super) fn open(&self, alerts: i64, holds: i64, ore: i64) {
        self.open_alerts.set(alerts);
        self.open_holds.set(holds);
        self.open_holds_ore.set(ore);
    }

    /// What is kept in memory, over all municipalities.
    pub(super) fn entities(&self, sizes: Sizes) {
        self.kept_registrations.set(sizes.kept_registrations);
        self.entities.with_label_values(&["carer"]).set(sizes.carers);
        self.entities.with_label_values(&["client"]).set(sizes.clients);
    }

    /// How many partitions are in which phase.
    pub(super) fn phases(&self, replaying: usize, live: usize) {
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.phases.with_label_values(&["replaying"]).set(count(replaying));
        self.phases.with_label_values(&["live"]).set(count(live));
    }

    /// A partition went live after a replay of so many seconds.
    pub(super) fn replayed(&self, partition: i32, records: i64, seconds: f64) {
        self.replay_seconds.set(seconds);
        tracing::info!(partition, records, seconds, "partition is live");
    }

    /// Progress was handed to the log.
    pub(super) fn progress_told(&self) {
        self.last_progress.set(now_millis() / 1_000);
    }

    /// Records of `partition` that wait.
    pub(super) fn lag(&self, partition: i32, records: i64) {
        self.lag.with_label_values(&[&partition.to_string()]).set(records);
    }

    /// The partition is not this instance's any more.
    pub(super) fn forget_partition(&self, partition: i32) {
        // It may never have had a lag.
        let _ = self.lag.remove_label_values(&[&partition.to_string()]);
    }

    /// A record of the reference or decision topic.
    pub(super) fn fact_read(&self) {
        self.reference.with_label_values(&["fact"]).inc();
    }

    /// A decision was read.
    pub(super) fn decision_read(&self) {
        self.reference.with_label_values(&["decision"]).inc();
    }

    /// A record of the reference or decision topic could not be used.
    pub(super) fn reference_refused(&self, topic: &str, partition: i32, offset: i64, rejection: &Rejection) {
        self.reference.with_label_values(&["refused"]).inc();
        let reason = rejection.reason.code();
        tracing::warn!(topic, partition, offset, reason, "reference record quarantined");
    }

    /// The group changed who owns what.
    pub(super) fn rebalanced(&self, kind: Rebalanced, partitions: &[i32]) {
        let kind = match kind {
            Rebalanced::Assigned => "assigned",
            Rebalanced::Revoked => "revoked",
            Rebalanced::Lost => "lost",
        };
        self.rebalances.with_label_values(&[kind]).inc();
        tracing::info!(kind, ?partitions, "rebalanced");
    }

    /// The group refused a commit.
    pub(super) fn commit_failed(&self, partition: i32, error: &KafkaError, fenced: bool) {
        use RDKafkaErrorCode as Code;
        let kind = match error.rdkafka_error_code() {
            _ if fenced => "fenced",
            Some(Code::RebalanceInProgress | Code::IllegalGeneration | Code::UnknownMemberId) => "rebalance",
            _ => "other",
        };
        self.commit_failures.with_label_values(&[kind]).inc();
        tracing::warn!(partition, kind, %error, "commit refused");
    }

    /// Something that an operator must hear of.
    pub(super) fn trouble(&self, partition: i32, trouble: &Trouble) {
        self.troubles.with_label_values(&[trouble_kind(trouble)]).inc();
        match trouble {
            Trouble::Gap { from, to } => tracing::error!(
                partition,
                from,
                to,
                "records were deleted before they were assessed; lengthen the feed's retention"
            ),
            Trouble::Recreated { expected, high } => tracing::error!(
                partition,
                expected,
                high,
                "the feed ends before what was assessed: it was made anew or lost its end"
            ),
            Trouble::BaselineIncomplete { until } => tracing::warn!(
                partition, until = %until, "the feed does not reach back over the baseline; alerts say so"
            ),
            Trouble::OtherPartition { municipality, owner } => tracing::error!(
                partition,
                municipality,
                owner,
                "a municipality is fed by two partitions; key the feed by municipality"
            ),
            Trouble::Unreadable { rejection } => tracing::error!(
                partition,
                reason = rejection.reason.code(),
                "a record of an output topic can't be read back"
            ),
            Trouble::Panicked { offset } => tracing::error!(
                partition,
                offset,
                "the program failed on a record; it is left out and quarantined"
            ),
            Trouble::ForeignAlerts => tracing::warn!(
                partition,
                "another owner wrote alerts in between; what differed was told again"
            ),
        }
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

const TROUBLES: [&str; 7] = [
    "gap",
    "recreated",
    "baseline-incomplete",
    "municipality-in-another-partition",
    "unreadable",
    "panicked",
    "foreign-alerts",
];

const fn trouble_kind(trouble: &Trouble) -> &'static str {
    TROUBLES[match trouble {
        Trouble::Gap { .. } => 0,
        Trouble::Recreated { .. } => 1,
        Trouble::BaselineIncomplete { .. } => 2,
        Trouble::OtherPartition { .. } => 3,
        Trouble::Unreadable { .. } => 4,
        Trouble::Panicked { .. } => 5,
        Trouble::ForeignAlerts => 6,
    }]
}

/// Milliseconds since 1970.
fn now_millis() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_to_come_is_there_as_zero() {
        let text = Metrics::new(&["carer-overlap"]).text();
        for line in [
            "tidvakt_registrations_total{result=\"scored\"} 0",
            "tidvakt_quarantined_total{reason=\"personal-id\"} 0",
            "tidvakt_findings_total{grade=\"hold\",rule=\"carer-overlap\"} 0",
            "tidvakt_alerts_published_total{state=\"withdrawn\"} 0",
            "tidvakt_open_holds_ore 0",
            "tidvakt_partition_phase{phase=\"live\"} 0",
            "tidvakt_end_to_end_latency_seconds_count 0",
            "tidvakt_commit_failures_total{kind=\"fenced\"} 0",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
        assert!(text.contains(&format!("tidvakt_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"))));
    }

    #[test]
    fn the_rules_share_is_what_is_new_since_the_last_look() {
        let metrics = Metrics::new(&["r"]);
        let before = [RuleCounts { rule: "r", hits: [0, 1, 0], undetermined: vec![("order", 2)] }];
        let now = [RuleCounts { rule: "r", hits: [0, 3, 1], undetermined: vec![("order", 2), ("home", 1)] }];
        metrics.rules_answered(&now, &before);
        let text = metrics.text();
        assert!(text.contains("tidvakt_findings_total{grade=\"review\",rule=\"r\"} 2"));
        assert!(text.contains("tidvakt_undetermined_total{fact=\"order\",rule=\"r\"} 0"));
        assert!(text.contains("tidvakt_undetermined_total{fact=\"home\",rule=\"r\"} 1"));
    }

    #[test]
    fn every_metric_has_help_and_no_personal_label() {
        let text = Metrics::new(&["r"]).text();
        for line in text.lines().filter(|line| line.starts_with("# TYPE")) {
            let name = line.split(' ').nth(2).unwrap_or_default();
            assert!(text.contains(&format!("# HELP {name} ")), "{name}");
        }
        assert!(!text.contains("carer_ref") && !text.contains("client_ref"));
    }
}
