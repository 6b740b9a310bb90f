//! Looking in on a worker: for the page, the metrics, and the summary of a replay.

use crate::contract::Progress;
use crate::domain::{PublishedAlert, Registration, Rejection, UtcSecond};
use crate::engine::{Assessed, Engine};

/// Where a record of the feed stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordPosition<'a> {
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// When it was appended.
    pub appended_at: UtcSecond,
    /// Its municipality; empty where that cannot be told.
    pub municipality: &'a str,
    /// Is it only read again, to rebuild the state, and was told of before?
    pub muted: bool,
}

/// What became of a record of the feed: exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Taken in and assessed.
    Scored,
    /// This version was known.
    Repeat,
    /// A later version was known.
    Stale,
    /// It could not be used.
    Quarantined,
}

/// Where a worker stands with a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It reads the log again, and tells nothing.
    Replaying {
        /// The first offset.
        from: i64,
        /// The offset at which it tells again.
        to: i64,
    },
    /// It tells what it finds.
    Live,
    /// It gave the partition back, or another owner has it.
    Gone,
}

/// Something is wrong that an operator must hear of; the work goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incident {
    /// Records were deleted before they were assessed: nothing can be said of them.
    Gap {
        /// The first offset that is gone.
        from: i64,
        /// The first that is there.
        to: i64,
    },
    /// More is committed or told than the log holds: it was made anew, or has lost its end.
    Recreated {
        /// The next offset that was to be worked on.
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
    /// The program failed on what a record changed, or those before it; the partition is built up again, and
    /// what each record changes is looked at by itself.
    Isolating {
        /// The record's offset.
        offset: i64,
    },
    /// The program failed on a record, which is left out; the partition is built up again.
    Panicked {
        /// The record's offset; `None` where it was a fact or a decision.
        offset: Option<i64>,
    },
    /// Another owner wrote alerts in between; what stands was told again where it differed.
    ForeignAlerts,
}

/// Is told what a worker does. Whatever it does with it must be quick and must not fail.
pub trait WorkerObserver {
    /// A record of the feed was worked on.
    fn record(&mut self, _place: RecordPosition<'_>, _fate: Fate) {}

    /// A record that could be decoded was worked on; [`WorkerObserver::record`] follows.
    fn registration(&mut self, _place: RecordPosition<'_>, _registration: &Registration<'_>, _fate: Fate) {}

    /// A registration was assessed; `engine` tells it in full. Not while muted.
    fn assessed(&mut self, _engine: &Engine, _assessed: &Assessed) {}

    /// An alert was opened, revised or withdrawn and handed to the log. Not while muted.
    fn alert(&mut self, _alert: &PublishedAlert) {}

    /// An alert that stood on the topic already, when the replay was compared with it.
    fn standing(&mut self, _alert: &PublishedAlert) {}

    /// A record could not be used. Also while muted.
    fn quarantined(&mut self, _place: RecordPosition<'_>, _rejection: &Rejection) {}

    /// A progress record was handed to the log.
    fn progress(&mut self, _progress: &Progress) {}

    /// All below `next_offset` was committed.
    fn committed(&mut self, _partition: i32, _next_offset: i64) {}

    /// A partition entered a phase.
    fn phase(&mut self, _partition: i32, _phase: Phase) {}

    /// Records of `municipality` were worked on, or facts about it came. Not while muted.
    fn changed(&mut self, _municipality: &str, _engine: &Engine) {}

    /// The rolling statistics of some carers and clients of `municipality` changed:
    /// [`Engine::touched`] tells of whom, at most `max` of them now. Not while muted.
    fn rolled(&mut self, _municipality: &str, _engine: &mut Engine, _max: usize) {}

    /// A step is done: so many records wait to be handed to the log, so many for its acknowledgement.
    fn stepped(&mut self, _waiting: usize, _in_flight: u64) {}

    /// Something is wrong.
    fn trouble(&mut self, _partition: i32, _trouble: Incident) {}
}

/// Looks at nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl WorkerObserver for Unwatched {}
