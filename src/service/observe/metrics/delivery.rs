//! What befalls the log, the group and the threads.

use std::sync::PoisonError;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::{Metrics, labels, now_seconds};
use crate::domain::Rejection;
use crate::service::log::{LogError, OutputTopic, TraceSpan};
use crate::service::observe::traces::Published;

/// Older than this, a record was not waiting for the service: history is being read in.
const LATENCY_SECONDS_MAX: f64 = 86_400.0;
/// The clocks are compared over one to two of these.
const SKEW_WINDOW: Duration = Duration::from_secs(60);

/// A stage of a record's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::service) enum RecordStage {
    /// Taken from the feed.
    Read,
    /// Taken in and assessed for the first time.
    Assessed,
    /// Handed to the broker.
    Published,
    /// The broker has it.
    Acknowledged,
    /// Covered by a progress record.
    Progress,
    /// Committed.
    Committed,
}

/// What is remembered of a record that was handed over, until the broker has it.
#[derive(Clone, Copy, Debug)]
pub(in crate::service) struct Sent {
    pub(in crate::service) topic: OutputTopic,
    pub(in crate::service) handed_over: Instant,
    /// When the record behind it was appended, in milliseconds since 1970; where that is measured.
    pub(in crate::service) appended_millis: Option<i64>,
    /// Where the record behind it names a trace.
    pub(in crate::service) span: Option<TraceSpan>,
}

/// What the group did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::service) enum Rebalanced {
    /// Partitions came.
    Assigned,
    /// Partitions were revoked.
    Revoked,
    /// Partitions are somebody else's already.
    Lost,
}

/// The least time from append to reading, in this window and the one before.
#[derive(Debug, Default)]
pub(super) struct Skew {
    since: Option<Instant>,
    now: Option<f64>,
    before: Option<f64>,
}

impl Skew {
    fn take(&mut self, seconds: f64, at: Instant) -> f64 {
        let since = *self.since.get_or_insert(at);
        if SKEW_WINDOW <= at.duration_since(since) {
            self.before = self.now.take();
            self.since = Some(at);
        }
        let now = self.now.map_or(seconds, |least| least.min(seconds));
        self.now = Some(now);
        self.before.map_or(now, |before| before.min(now))
    }
}

impl Metrics {
    /// Records passed a stage.
    pub(in crate::service) fn passed(&self, stage: RecordStage, records: u64) {
        if 0 < records {
            self.hot.stages[stage as usize].inc_by(records);
            let name = labels::STAGES[stage as usize];
            self.families.stage_last.with_label_values(&[name]).set(now_seconds());
        }
    }

    /// A record that was appended at `appended_millis` since 1970 was read while nothing else waited.
    pub(in crate::service) fn read_at_the_end(&self, appended_millis: i64) {
        let seconds = now_seconds() - appended_millis as f64 / 1_000.0;
        let mut skew = self.skew.lock().unwrap_or_else(PoisonError::into_inner);
        let least = skew.take(seconds, Instant::now());
        self.families.clock_skew.with_label_values::<&str>(&[]).set(least);
    }

    /// A record was handed to the broker.
    pub(in crate::service) fn published(&self, topic: OutputTopic) {
        self.hot.published[topic as usize].inc();
        self.passed(RecordStage::Published, 1);
    }

    /// The broker has a record.
    pub(in crate::service) fn acknowledged(&self, sent: &Sent) {
        self.passed(RecordStage::Acknowledged, 1);
        self.hot.publish_latency[sent.topic as usize].observe(sent.handed_over.elapsed().as_secs_f64());
        if let Some(appended_millis) = sent.appended_millis {
            let latency = now_seconds() - appended_millis as f64 / 1_000.0;
            if latency <= LATENCY_SECONDS_MAX {
                self.hot.latency.observe(latency.max(0.0));
            }
        }
        self.trace(sent, true);
    }

    /// The broker does not take a record.
    pub(in crate::service) fn publish_failed(&self, sent: &Sent, error: &KafkaError) {
        let topic = labels::TOPICS[sent.topic as usize];
        self.families.publish_failures.with_label_values(&[topic]).inc();
        tracing::error!(topic, %error, "the broker did not take a record");
        self.trace(sent, false);
    }

    fn trace(&self, sent: &Sent, arrived: bool) {
        let Some(span) = sent.span else { return };
        let appended_millis = sent.appended_millis.and_then(|millis| u64::try_from(millis).ok());
        let appended = appended_millis.map(|millis| UNIX_EPOCH + Duration::from_millis(millis));
        let until = SystemTime::now();
        let from = appended.or_else(|| until.checked_sub(sent.handed_over.elapsed())).unwrap_or(until);
        self.traces.published(&Published { span, from, until, arrived });
    }

    /// What waits to be handed over, and what for its acknowledgement, over all workers.
    pub(in crate::service) fn queued(&self, waiting: i64, in_flight: i64) {
        for (state, records) in [("waiting", waiting), ("in-flight", in_flight)] {
            self.families.publish_queue.with_label_values(&[state]).set(records);
        }
    }

    /// The log answered with an error.
    pub(in crate::service) fn log_error(&self, error: &LogError) {
        let kind = match error {
            LogError::Fenced { .. } => "fenced",
            LogError::Unavailable(_) => "unavailable",
            LogError::Refused(_) => "refused",
            LogError::Undetermined(_) => "undetermined",
            LogError::Unreadable { .. } => "unreadable",
            LogError::Truncated { .. } => "truncated",
        };
        self.families.log_errors.with_label_values(&[kind]).inc();
        tracing::warn!(kind, %error, "a call to the log failed");
    }

    /// A fact was read.
    pub(in crate::service) fn fact_read(&self) {
        self.families.reference.with_label_values(&["fact"]).inc();
    }

    /// A decision was read.
    pub(in crate::service) fn decision_read(&self) {
        self.families.reference.with_label_values(&["decision"]).inc();
    }

    /// A record of the reference or decision topic could not be used.
    pub(in crate::service) fn reference_refused(
        &self,
        topic: &str,
        partition: i32,
        offset: i64,
        rejection: &Rejection,
    ) {
        self.families.reference.with_label_values(&["refused"]).inc();
        let reason = rejection.reason.code();
        tracing::warn!(topic, partition, offset, reason, "reference record quarantined");
    }

    /// The group changed who owns what.
    pub(in crate::service) fn rebalanced(&self, kind: Rebalanced, partitions: &[i32]) {
        self.reassigned(kind, partitions);
        let kind = match kind {
            Rebalanced::Assigned => "assigned",
            Rebalanced::Revoked => "revoked",
            Rebalanced::Lost => "lost",
        };
        self.families.rebalances.with_label_values(&[kind]).inc();
        self.families.last_rebalance.with_label_values::<&str>(&[]).set(now_seconds());
        tracing::info!(kind, ?partitions, "rebalanced");
    }

    /// The group refused a commit.
    pub(in crate::service) fn commit_failed(&self, partition: i32, error: &KafkaError, fenced: bool) {
        use RDKafkaErrorCode as Code;
        let kind = match error.rdkafka_error_code() {
            _ if fenced => "fenced",
            Some(Code::RebalanceInProgress | Code::IllegalGeneration | Code::UnknownMemberId) => "rebalance",
            _ => "other",
        };
        self.families.commit_failures.with_label_values(&[kind]).inc();
        tracing::warn!(partition, kind, %error, "commit refused");
    }

    /// The instance is in the phase of this number in [`labels::PHASES`]; starting and replaying have
    /// lasted, or took, so long.
    pub(in crate::service) fn instance(&self, phase: usize, lasted: [Duration; 2]) {
        for (number, name) in labels::PHASES.iter().enumerate() {
            self.families.instance_phase.with_label_values(&[name]).set(i64::from(number == phase));
        }
        for (name, lasted) in labels::PHASES.iter().zip(lasted) {
            self.families.phase_duration.with_label_values(&[name]).set(lasted.as_secs_f64());
        }
    }

    /// A broker last answered so long ago.
    pub(in crate::service) fn contact(&self, age: Duration) {
        self.families.broker_answer.with_label_values::<&str>(&[]).set(age.as_secs_f64());
    }

    /// How many partitions are in which phase.
    pub(in crate::service) fn partitions(&self, replaying: usize, live: usize) {
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.families.partitions.with_label_values(&["replaying"]).set(count(replaying));
        self.families.partitions.with_label_values(&["live"]).set(count(live));
    }

    /// A partition went live after a replay of so many seconds.
    pub(in crate::service) fn replayed(&self, partition: i32, records: i64, seconds: f64) {
        tracing::info!(partition, records, seconds, "partition is live");
    }

    /// A thread came round so long ago.
    pub(in crate::service) fn beat(&self, thread: &str, age: Duration) {
        let at = now_seconds() - age.as_secs_f64();
        self.families.thread_beat.with_label_values(&[thread]).set(at);
    }

    /// Records of `partition` that wait, and that no progress covers.
    pub(in crate::service) fn lag(&self, partition: i32, waiting: i64, unassessed: i64) {
        let partition = partition.to_string();
        self.families.lag.with_label_values(&[&partition]).set(waiting.max(0));
        self.families.unassessed.with_label_values(&[&partition]).set(unassessed.max(0));
    }

    /// The ranges of offsets of `partition` in quarantine.
    pub(in crate::service) fn unassessed(&self, partition: i32, ranges: usize) {
        let ranges = i64::try_from(ranges).unwrap_or(i64::MAX);
        self.families.quarantined_ranges.with_label_values(&[&partition.to_string()]).set(ranges);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clocks_are_compared_by_the_least_of_the_last_windows() {
        let (mut skew, began) = (Skew::default(), Instant::now());
        assert_eq!(skew.take(3.0, began), 3.0);
        assert_eq!(skew.take(-2.0, began), -2.0);
        assert_eq!(skew.take(1.0, began + SKEW_WINDOW), -2.0);
        // Two windows later what was seen first is forgotten.
        assert_eq!(skew.take(4.0, began + 2 * SKEW_WINDOW), 1.0);
    }
}
