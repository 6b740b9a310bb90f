//! Whole topics: from the oldest record to the end as of the call, and on from there at the next call.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::topic_partition_list::Offset;

use super::asker::{Asker, Unanswered};
use super::check_line::CheckLine;
use super::client::{Clients, Quiet};
use super::reader::{REQUEST_WAIT, answer, at, is_out_of_range, refused};
use super::topics::{LookedUp, ask_by_name};
use crate::config::Config;
use crate::service::log::LogError;
use crate::service::{Fault, ServiceError};

/// So long without a record, and the reading fails.
const SILENCE: Duration = Duration::from_secs(20);

/// The end to which a topic is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicEnd {
    /// What is committed at the call: for a topic whose records stay until they are old.
    Committed,
    /// What is written at the call, and on to the end: for a compacted topic. A record can be compacted away for one
    /// that is written after the call, and a transaction that is left open hides all that is committed after it: it is
    /// waited for.
    Written,
}

/// A record of a topic.
#[derive(Clone, Copy, Debug)]
pub struct TopicRecord<'a> {
    /// Partition of the topic.
    pub partition: i32,
    /// Offset in it.
    pub offset: i64,
    /// The key.
    pub key: Option<&'a [u8]>,
    /// The value; `None`: a tombstone.
    pub value: Option<&'a [u8]>,
}

fn unreachable(servers: &str, unanswered: Unanswered) -> ServiceError {
    ServiceError::Unreachable { servers: servers.to_owned(), unanswered }
}

/// How far a topic is read: by partition, the offset of the next record.
pub type ReadPositions = BTreeMap<i32, i64>;

/// Reads topics, one partition after the other; sees committed records only. It joins no group and commits nothing.
pub struct TopicReader {
    committed: BaseConsumer<Quiet>,
    /// For the end of what is written.
    written: BaseConsumer<Quiet>,
    asker: Asker,
    servers: String,
}

impl TopicReader {
    /// A reader with the client properties of the settings.
    ///
    /// # Errors
    /// Where the client library refuses a property.
    pub fn new(config: &Config) -> Result<Self, ServiceError> {
        let clients = Clients::of(config);
        let make = |isolation: &str| {
            let mut settings = clients.tail();
            settings.set("isolation.level", isolation);
            settings.create_with_context(Quiet).map_err(|error| ServiceError::Log(refused(&error)))
        };
        let (committed, written) = (make("read_committed")?, make("read_uncommitted")?);
        let servers = clients.servers().to_owned();
        let asker = Asker::new(&clients).map_err(|unanswered| unreachable(&servers, unanswered))?;
        Ok(Self { committed, written, asker, servers })
    }

    /// The number of partitions of a topic.
    ///
    /// # Errors
    /// Where no broker answers, or the topic is missing or hidden from this user.
    pub fn partitions(&self, topic: &str) -> Result<i32, ServiceError> {
        let found =
            ask_by_name(&self.asker, topic).map_err(|unanswered| unreachable(&self.servers, unanswered))?;
        let (fault, text, remedy) = match found {
            LookedUp::Partitions(count) => return Ok(count),
            LookedUp::Forbidden => (
                Fault::Permission,
                "no permission to see it".to_owned(),
                "give this user Read and Describe on it",
            ),
            LookedUp::Missing => {
                let text = format!("missing at `{}`", self.servers);
                (Fault::Unavailable, text, "topic names are settings: --set topics.progress=…")
            }
        };
        let line = CheckLine::new(Some(fault), format!("topic `{topic}`"), text).remedy(remedy);
        Err(ServiceError::Inspection { fault, lines: vec![line] })
    }

    /// Gives `each` the committed records of every partition of `topic` up to its end as of the call, oldest first
    /// within a partition; `expect` gets the number of offsets beforehand, partition by partition.
    ///
    /// # Errors
    /// Where the broker refuses, does not answer, or a transaction stays open below [`TopicEnd::Written`].
    pub fn read(
        &self,
        topic: &str,
        end: TopicEnd,
        expect: &mut dyn FnMut(u64),
        each: &mut dyn FnMut(TopicRecord<'_>),
    ) -> Result<(), ServiceError> {
        for partition in 0..self.partitions(topic)? {
            self.partition(topic, (partition, None), end, expect, each).map_err(ServiceError::Log)?;
        }
        Ok(())
    }

    /// The same from `positions` on, which move; an error leaves them behind the records that were given. Returns `false`
    /// where a partition ends before its position: the topic is another one by the same name.
    ///
    /// # Errors
    /// As [`TopicReader::read`].
    pub fn read_on(
        &self,
        topic: &str,
        end: TopicEnd,
        positions: &mut ReadPositions,
        each: &mut dyn FnMut(TopicRecord<'_>),
    ) -> Result<bool, ServiceError> {
        for partition in 0..self.partitions(topic)? {
            let from = positions.get(&partition).copied();
            let mut given = |record: TopicRecord<'_>| {
                each(record);
                positions.insert(partition, record.offset + 1);
            };
            let read = self.partition(topic, (partition, from), end, &mut |_| {}, &mut given);
            let reached = read.map_err(ServiceError::Log)?;
            if from.is_some_and(|from| reached < from) {
                return Ok(false);
            }
            positions.insert(partition, reached);
        }
        Ok(true)
    }

    /// Reads a partition, from an offset on where one is given; returns its end.
    fn partition(
        &self,
        topic: &str,
        (partition, from): (i32, Option<i64>),
        end: TopicEnd,
        expect: &mut dyn FnMut(u64),
        each: &mut dyn FnMut(TopicRecord<'_>),
    ) -> Result<i64, LogError> {
        let ends = match end {
            TopicEnd::Committed => &self.committed,
            TopicEnd::Written => &self.written,
        };
        let (low, high) =
            ends.fetch_watermarks(topic, partition, REQUEST_WAIT).map_err(|error| answer(&error))?;
        let low = from.unwrap_or(low).max(low);
        expect(u64::try_from(high - low).unwrap_or_default());
        if high <= low {
            return Ok(high);
        }
        self.assign(topic, partition, low)?;
        let read = self.read_to(topic, partition, low..high, end, each);
        self.committed.unassign().map_err(|error| answer(&error))?;
        read
    }

    fn assign(&self, topic: &str, partition: i32, from: i64) -> Result<(), LogError> {
        let list = at(topic, partition, Offset::Offset(from))?;
        self.committed.assign(&list).map_err(|error| answer(&error))
    }

    /// Reads on, from where it is assigned, until every committed record below the end of the range has been given;
    /// returns the offset that follows.
    fn read_to(
        &self,
        topic: &str,
        partition: i32,
        Range { start: mut next, end: high }: Range<i64>,
        end: TopicEnd,
        each: &mut dyn FnMut(TopicRecord<'_>),
    ) -> Result<i64, LogError> {
        let mut last_event = Instant::now();
        // While a transaction is open below `high`, the end that the client reports is that of what is committed.
        let mut settled = self.is_settled(topic, partition, high)?;
        let mut is_at_end = false;
        loop {
            match self.committed.poll(Duration::from_millis(100)) {
                Some(Ok(message)) => {
                    last_event = Instant::now();
                    is_at_end = false;
                    let (key, value, offset) = (message.key(), message.payload(), message.offset());
                    each(TopicRecord { partition, offset, key, value });
                    next = offset + 1;
                    if end == TopicEnd::Committed && high <= next {
                        return Ok(next);
                    }
                }
                Some(Err(KafkaError::PartitionEOF(_))) if settled || high <= next => {
                    return Ok(next.max(high));
                }
                Some(Err(KafkaError::PartitionEOF(_))) => is_at_end = true,
                Some(Err(error)) if is_out_of_range(&error) => {
                    let watermarks = self.committed.fetch_watermarks(topic, partition, REQUEST_WAIT);
                    next = watermarks.map_err(|error| answer(&error))?.0;
                    self.assign(topic, partition, next)?;
                }
                // No group is joined, so its permissions do not matter.
                Some(Err(error)) if !is_about_the_group(&error) => match answer(&error) {
                    LogError::Unavailable(_) => {}
                    refused => return Err(refused),
                },
                Some(Err(_)) | None => {}
            }
            if is_at_end && !settled && self.is_settled(topic, partition, high)? {
                // The client reports an end once: it is asked again, now for one at or above `high`.
                settled = true;
                self.assign(topic, partition, next)?;
            }
            if SILENCE < last_event.elapsed() {
                return Err(LogError::Unavailable(format!(
                    "partition {partition} of `{topic}` could not be read to offset {high}: for {} s no record came, \
                     or a transaction is open",
                    SILENCE.as_secs()
                )));
            }
        }
    }

    /// Whether no transaction is open below `high`.
    fn is_settled(&self, topic: &str, partition: i32, high: i64) -> Result<bool, LogError> {
        let watermarks = self.committed.fetch_watermarks(topic, partition, REQUEST_WAIT);
        watermarks.map(|(_, committed)| high <= committed).map_err(|error| answer(&error))
    }
}

fn is_about_the_group(error: &KafkaError) -> bool {
    error.rdkafka_error_code() == Some(RDKafkaErrorCode::GroupAuthorizationFailed)
}
