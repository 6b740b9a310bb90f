//! What a worker reports: for the page, the metrics, and the summary of a replay.

use crate::contract::Progress;
use crate::domain::{PublishedAlert, Registration, Rejection, UtcSecond};
use crate::engine::{Assessed, Disposition, Engine};
use crate::service::deliver::desk::DeskUse;

/// The position of a record of the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordPosition<'a> {
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// When it was appended.
    pub appended_at: UtcSecond,
    /// Its municipality; empty where it names none for sure.
    pub municipality: &'a str,
    /// Read again to rebuild the state: its outputs were published by an earlier owner.
    pub muted: bool,
}

/// Records by disposition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DispositionCounts {
    /// Inserted and assessed.
    pub scored: u64,
    /// Of a known version.
    pub repeats: u64,
    /// Of a version lower than the known one.
    pub stale: u64,
    /// Not usable.
    pub quarantined: u64,
}

impl DispositionCounts {
    /// Counts one record more.
    pub fn count(&mut self, disposition: &Disposition) {
        *match disposition {
            Disposition::Scored => &mut self.scored,
            Disposition::Repeat => &mut self.repeats,
            Disposition::Stale => &mut self.stale,
            Disposition::Quarantined(_) => &mut self.quarantined,
        } += 1;
    }

    /// All of them, in the order of the fields.
    #[must_use]
    pub const fn each(&self) -> [u64; 4] {
        [self.scored, self.repeats, self.stale, self.quarantined]
    }

    /// Their sum: every offset has exactly one disposition.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.each().into_iter().sum()
    }
}

/// What a worker does with a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It reads the log again to rebuild the state.
    Replaying {
        /// The first offset.
        from: i64,
        /// The offset from which it is live.
        to: i64,
    },
    /// It publishes what it derives.
    Live,
    /// It gave the partition back, or another owner has it.
    Gone,
}

/// A fault that an operator must see; the work goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incident {
    /// Records were deleted before they were assessed; they never will be.
    Gap {
        /// The first offset that is gone.
        from: i64,
        /// The first that is there.
        to: i64,
    },
    /// A commit or an output names offsets beyond the end of the log: it was created anew, or lost its end.
    Recreated {
        /// The next offset that was expected.
        expected: i64,
        /// The end of the log.
        high: i64,
    },
    /// The log begins too late for the whole baseline.
    BaselineIncomplete {
        /// Append time from which on the baseline is whole again.
        until: UtcSecond,
    },
    /// A municipality that another partition feeds already.
    OtherPartition {
        /// The municipality.
        municipality: String,
        /// The partition that feeds it.
        owner: i32,
    },
    /// A record of an output topic that cannot be read back.
    Unreadable {
        /// Why.
        rejection: Rejection,
    },
    /// The program failed on the consequences of one of several records; the partition is rebuilt, with the
    /// consequences of each record derived by themselves.
    Isolating {
        /// The last of these records.
        offset: i64,
    },
    /// The program failed on a record, which is left out; the partition is rebuilt.
    Panicked {
        /// The record's offset; `None` for a fact or a decision.
        offset: Option<i64>,
    },
    /// More ranges of unassessed offsets than fit into a progress record: progress stops.
    TooManyUnassessed {
        /// The last offset that progress names.
        assessed_through: i64,
    },
    /// Another owner wrote alerts in between; what differed was published again.
    ForeignAlerts,
    /// A topic was deleted, or has another number of partitions.
    TopicChanged {
        /// Its name.
        topic: String,
        /// What it was, and is now.
        found: String,
    },
    /// Facts changed that may move many alerts of a municipality; none of them is published yet.
    LargeChange {
        /// Its code.
        municipality: String,
        /// Its open alerts that may change.
        alerts: usize,
    },
    /// The client library cannot read a batch of the feed, whatever is tried.
    UnreadableBatch {
        /// The first offset in it that was not read.
        from: i64,
        /// The first offset behind it.
        to: i64,
    },
}

/// Receives what a worker does. Called on the worker's thread: every method must return quickly and cannot fail.
pub trait WorkerObserver {
    /// The worker goes on: called within a step, at least once for each record.
    fn goes_on(&mut self) {}

    /// A record of the feed was handled.
    fn record(&mut self, _position: RecordPosition<'_>, _disposition: &Disposition) {}

    /// A record that could be decoded was handled; [`WorkerObserver::record`] follows.
    fn registration(
        &mut self,
        _position: RecordPosition<'_>,
        _registration: &Registration<'_>,
        _disposition: &Disposition,
    ) {
    }

    /// A registration was assessed; `engine` resolves it to names. Not while muted.
    fn assessed(&mut self, _engine: &Engine, _assessed: &Assessed) {}

    /// An alert was opened, revised or withdrawn and queued for the log. Not while muted.
    fn alert(&mut self, _alert: &PublishedAlert) {}

    /// An alert of the topic that stays as it is, at the comparison after a replay.
    fn already_published(&mut self, _alert: &PublishedAlert) {}

    /// A record could not be used; `provider` is the one that it names, where it names one. Also while muted.
    fn quarantined(
        &mut self,
        _position: RecordPosition<'_>,
        _provider: Option<&str>,
        _rejection: &Rejection,
    ) {
    }

    /// A progress record was queued for the log.
    fn progress(&mut self, _progress: &Progress) {}

    /// The number of ranges of unassessed offsets of a partition, and where they do not all fit into a progress
    /// record, the last offset that progress may name.
    fn unassessed(&mut self, _partition: i32, _ranges: usize, _limit: Option<i64>) {}

    /// All below `next_offset` was committed.
    fn committed(&mut self, _partition: i32, _next_offset: i64) {}

    /// A partition entered a phase.
    fn phase(&mut self, _partition: i32, _phase: Phase) {}

    /// Records of `municipality` were handled, or facts of it applied. Not while muted.
    fn changed(&mut self, _municipality: &str, _engine: &Engine) {}

    /// The use of the desk of `municipality`, which may have changed. Not while muted.
    fn desk_changed(&mut self, _municipality: &str, _usage: DeskUse) {}

    /// Rolling statistics of some carers and clients of `municipality` changed: to be read by
    /// [`Engine::drain_changed`], at most `max` of them now. Not while muted.
    fn rolling_changed(&mut self, _municipality: &str, _engine: &mut Engine, _max: usize) {}

    /// A step is done: numbers of records that wait to be handed to the log, and for its acknowledgement.
    fn stepped(&mut self, _waiting: usize, _in_flight: u64) {}

    /// A fault that an operator must see.
    fn incident(&mut self, _partition: i32, _incident: Incident) {}
}
