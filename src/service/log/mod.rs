//! The interface between the worker and the log.
//!
//! The worker knows Kafka only through [`Log`]. There are three implementations: Kafka itself, an
//! in-memory log with crashes, fencing and truncation, and the input files of a replay. One
//! instance belongs to one worker on one thread; nothing here is shared or asynchronous. Every call
//! either does the whole of what it says or returns an error and has done nothing, so that a caller
//! may make the same call again after [`LogError::Unavailable`].
//!
//! Outputs reach the log in one of two ways, which [`Log::delivery`] names. *Transactional*: the outputs of a step and
//! the offsets that they cover become visible together, by [`Log::transact`], and an owner that lost its partition
//! makes nothing visible. *Reconciled*: outputs become visible one by one, by [`Log::publish`], and the offsets follow
//! by [`Log::commit`] once they are acknowledged; what a former owner still writes is visible.

pub mod kafka;

use std::borrow::Cow;
use std::time::Duration;

use crate::config::DeliveryMode;
use crate::contract::{Decoded, Trace};
use crate::domain::UtcSecond;

/// The headers of a record that was read; read only when the record goes to quarantine.
pub trait Headers {
    /// Calls `each` with every header's name and value, in order.
    fn each(&self, each: &mut dyn FnMut(&str, Option<&[u8]>));
}

/// No headers at all.
pub struct NoHeaders;

impl Headers for NoHeaders {
    fn each(&self, _each: &mut dyn FnMut(&str, Option<&[u8]>)) {}
}

impl Headers for [Header] {
    fn each(&self, each: &mut dyn FnMut(&str, Option<&[u8]>)) {
        self.iter().for_each(|(name, value)| each(name, value.as_deref()));
    }
}

impl Headers for Vec<Header> {
    fn each(&self, each: &mut dyn FnMut(&str, Option<&[u8]>)) {
        self.as_slice().each(each);
    }
}

/// A header of a record to be published: its name and value.
pub type Header = (Cow<'static, str>, Option<Vec<u8>>);

/// A record of the feed, borrowed for the length of one call.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    /// The feed's partition.
    pub partition: i32,
    /// Its offset there.
    pub offset: i64,
    /// When the broker appended it. Need not rise; the engine never lets time go back.
    pub appended_at: UtcSecond,
    /// The key, as it came.
    pub key: Option<&'a [u8]>,
    /// The value, as it came; `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// The value, where the log has decoded it already.
    pub decoded: Option<&'a Decoded<'a>>,
    /// The headers, as they came.
    pub headers: &'a dyn Headers,
}

/// A topic that the worker writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutputTopic {
    /// Alerts: compacted, by alert id.
    Alerts,
    /// Progress: compacted, by municipality.
    Progress,
    /// What could not be used.
    Quarantine,
}

/// A record to be published; copied by [`Log::publish`].
#[derive(Clone, Copy)]
pub struct Outgoing<'a> {
    /// Where to.
    pub topic: OutputTopic,
    /// The *feed's* partition that it comes from; on the topic it is this modulo the number of
    /// partitions there, so that all of one municipality stays in order.
    pub partition: i32,
    /// The key.
    pub key: Option<&'a [u8]>,
    /// The value.
    pub value: Option<&'a [u8]>,
    /// The headers.
    pub headers: &'a [Header],
    /// Which span it is, and of which it follows; where the record behind it names a trace.
    pub span: Option<TraceSpan>,
}

/// A trace span of a published record, with its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceSpan {
    /// The record of the feed.
    pub parent: Trace,
    /// What is published.
    pub own: Trace,
}

/// What a partition of the feed holds, and how far the group has come in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watermarks {
    /// The oldest offset that is still there.
    pub low: i64,
    /// One more than the newest offset.
    pub high: i64,
    /// The next offset to work on, as committed by the group; `None` where nothing is committed.
    pub committed: Option<i64>,
}

/// Errors of the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// Another instance owns the partition now. The worker drops its state of it.
    #[error("partition {partition} has another owner now")]
    Fenced {
        /// The partition.
        partition: i32,
    },
    /// The log cannot be reached; nothing was done, and the call may be repeated.
    #[error("the log can't be reached: {0}")]
    Unavailable(String),
    /// A permanent error: it is unknown what was published, and the worker's partitions have to be opened anew.
    #[error("the log refused: {0}")]
    Refused(String),
    /// It is not known whether the last transaction became visible. As after [`LogError::Refused`], the caller makes a
    /// new log and takes its partitions up anew; that ends what is open.
    #[error("the outcome of a transaction is not known: {0}")]
    Undetermined(String),
    /// Records cannot be read, now or later, and will not be given; [`Log::take`] goes on behind them.
    #[error("offsets {from} to {to} of partition {partition} can't be read")]
    Unreadable {
        /// The partition.
        partition: i32,
        /// The first offset that was not given.
        from: i64,
        /// The next one that will be.
        to: i64,
    },
    /// The offset to read from is gone. The partition has to be taken up anew.
    #[error("offset {wanted} of partition {partition} is gone, the log begins at {low}")]
    Truncated {
        /// The partition.
        partition: i32,
        /// The requested offset.
        wanted: i64,
        /// The oldest offset that is there.
        low: i64,
    },
}

/// Takes the key and the value of a record that is kept on a compacted topic.
pub type EachKept<'a> = dyn FnMut(&[u8], Option<&[u8]>) + 'a;

/// Receives the feed offset and the value of a record on the quarantine topic.
pub type EachQuarantined<'a> = dyn FnMut(i64, Option<&[u8]>) + 'a;

/// The log as one worker sees it.
pub trait Log {
    /// What `partition` of the feed holds now.
    ///
    /// # Errors
    /// As [`LogError`] says.
    fn extent(&mut self, partition: i32) -> Result<Watermarks, LogError>;

    /// Reads the partition of `topic` that belongs to the feed's `partition` from its beginning to
    /// its end as of now, and gives every key and value (`None` is a tombstone) to `each`, oldest
    /// first. Keys may come more than once; the last one counts. Records of open transactions are
    /// waited for.
    ///
    /// # Errors
    /// As [`LogError`] says; `each` may have seen a part by then.
    fn read_back(
        &mut self,
        topic: OutputTopic,
        partition: i32,
        each: &mut EachKept<'_>,
    ) -> Result<(), LogError>;

    /// Whether another writer has appended to the partition of alerts or progress that belongs to the feed's
    /// `partition`, since it was read back, or since this was asked last.
    ///
    /// # Errors
    /// As [`LogError`] says.
    fn has_foreign_outputs(&mut self, partition: i32) -> Result<bool, LogError> {
        let _ = partition;
        Ok(false)
    }

    /// Passes the records on the quarantine topic that came from offsets of the feed's `partition` from `from` on to
    /// `each`: the offset and the value, in no order, perhaps more than once. Others may be passed as well.
    ///
    /// # Errors
    /// As [`LogError`] says; `each` may have been called by then.
    fn read_quarantined(
        &mut self,
        partition: i32,
        from: i64,
        each: &mut EachQuarantined<'_>,
    ) -> Result<(), LogError>;

    /// From now on [`Log::take`] gives the records of `partition` as well, beginning at offset
    /// `from`. Started again, it goes on from the new `from`.
    ///
    /// # Errors
    /// As [`LogError`] says.
    fn start(&mut self, partition: i32, from: i64) -> Result<(), LogError>;

    /// From now on [`Log::take`] gives no records of `partition`.
    fn stop(&mut self, partition: i32);

    /// Waits up to `wait` for records of the started partitions and gives at most `max` of them to
    /// `each`, in order within each partition; every one once. Returns how many.
    ///
    /// # Errors
    /// As [`LogError`] says. What `each` has seen is not given again.
    fn take(
        &mut self,
        wait: Duration,
        max: usize,
        each: &mut dyn FnMut(Record<'_>),
    ) -> Result<usize, LogError>;

    /// The next offset of a started partition: all smaller ones were given to `take`, or hold
    /// nothing for a reader (ends of transactions). At the end of the partition it is its end.
    ///
    /// # Errors
    /// As [`LogError`] says.
    fn position(&mut self, partition: i32) -> Result<i64, LogError>;

    /// How outputs reach this log.
    fn delivery(&self) -> DeliveryMode {
        DeliveryMode::Reconciled
    }

    /// Makes `records` visible in order, and commits `offsets` (partition, next offset) with them: all of it, or
    /// nothing. Every partition that a record belongs to has to be in `offsets`, with its old offset where it did not
    /// advance: by the offset the log finds out that the partition has another owner. Waits for the outcome.
    ///
    /// # Errors
    /// As [`LogError`] says: nothing became visible, except that after [`LogError::Undetermined`] this is not known.
    fn transact(&mut self, records: &[Outgoing<'_>], offsets: &[(i32, i64)]) -> Result<(), LogError> {
        let _ = (records, offsets);
        Err(LogError::Refused("this log has no transactions".to_owned()))
    }

    /// Hands a record over. What is handed over for one partition of one topic arrives in order.
    /// Waits where the queue is full. Only where delivery is reconciled, as the next two.
    ///
    /// # Errors
    /// As [`LogError`] says; the record was not taken.
    fn publish(&mut self, out: Outgoing<'_>) -> Result<(), LogError>;

    /// Number of records given to [`Log::publish`] by this instance before the first that is not acknowledged.
    ///
    /// # Errors
    /// [`LogError::Refused`] when one was refused for good.
    fn acknowledged(&mut self) -> Result<u64, LogError>;

    /// Commits that everything of `partition` below `next_offset` is processed. This is also the fence: an owner that
    /// lost the partition gets [`LogError::Fenced`].
    ///
    /// # Errors
    /// As [`LogError`] says.
    fn commit(&mut self, partition: i32, next_offset: i64) -> Result<(), LogError>;
}
