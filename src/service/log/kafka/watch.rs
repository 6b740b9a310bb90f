//! The ends of the alert and progress partitions that this instance writes, for records of another writer.
//!
//! Every record carries the name of its writer in a header. One of another name in a partition that is this instance's
//! comes from a former owner that does not know it yet, or from a second installation on the same topics.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::topic_partition_list::Offset;

use super::client::{Clients, Quiet};
use super::publisher::WRITER_HEADER;
use super::reader::{answer, at, is_out_of_range, refused};
use crate::contract;
use crate::service::log::LogError;

/// Records that are looked at in one call, at most.
const RECORDS_MAX: usize = 1_000;

/// Follows partitions of output topics from where they were read back.
pub(in crate::service) struct OutputWatch {
    consumer: BaseConsumer<Quiet>,
    writer: String,
    /// The feed's partitions whose outputs go to a topic's partition.
    sources: BTreeMap<(String, i32), BTreeSet<i32>>,
    /// Of the feed's partitions, those in whose output partitions something foreign was seen.
    foreign: BTreeSet<i32>,
}

impl OutputWatch {
    /// Takes records for foreign that do not name `writer`.
    pub(in crate::service) fn new(clients: &Clients, writer: &str) -> Result<Self, LogError> {
        let consumer = clients.watch().create_with_context(Quiet).map_err(|error| refused(&error))?;
        let writer = writer.to_owned();
        Ok(Self { consumer, writer, sources: BTreeMap::new(), foreign: BTreeSet::new() })
    }

    /// Follows `partition` of `topic` from offset `from`, for the feed's partition `source`.
    pub(in crate::service) fn start(
        &mut self,
        (topic, partition): (&str, i32),
        from: i64,
        source: i32,
    ) -> Result<(), LogError> {
        let sources = self.sources.entry((topic.to_owned(), partition)).or_default();
        if !sources.is_empty() {
            let again = at(topic, partition, Offset::Invalid)?;
            self.consumer.incremental_unassign(&again).map_err(|error| answer(&error))?;
        }
        let list = at(topic, partition, Offset::Offset(from))?;
        self.consumer.incremental_assign(&list).map_err(|error| answer(&error))?;
        sources.insert(source);
        Ok(())
    }

    /// Follows the output partitions of the feed's partition `source` no more.
    pub(in crate::service) fn stop(&mut self, source: i32) {
        self.foreign.remove(&source);
        let consumer = &self.consumer;
        self.sources.retain(|(topic, partition), sources| {
            let is_followed = !sources.is_empty();
            sources.remove(&source);
            if is_followed && sources.is_empty() {
                let list = at(topic, *partition, Offset::Invalid);
                let done = list.map(|list| consumer.incremental_unassign(&list));
                if !matches!(done, Ok(Ok(()))) {
                    tracing::warn!(topic, partition, "an output partition is still followed");
                }
            }
            !sources.is_empty()
        });
    }

    /// Whether something foreign came to the output partitions of the feed's partition `source` since this was asked
    /// last, or since they were read back.
    pub(in crate::service) fn take_foreign(&mut self, source: i32) -> bool {
        self.look();
        self.foreign.remove(&source)
    }

    fn look(&mut self) {
        for _ in 0..RECORDS_MAX {
            match self.consumer.poll(Duration::ZERO) {
                None => return,
                Some(Ok(message)) if writer_of(&message) == Some(self.writer.as_bytes()) => {}
                Some(Ok(message)) => {
                    let target = (message.topic().to_owned(), message.partition());
                    let written_by = writer_of(&message).map(String::from_utf8_lossy);
                    let (topic, partition) = &target;
                    let offset = message.offset();
                    let named = message.payload().and_then(feed_partition);
                    let sources = self.sources.get(&target).into_iter().flatten().copied();
                    // Several of the feed's partitions may share one of the topic.
                    let meant: Vec<i32> =
                        sources.filter(|source| named.is_none_or(|of| of == *source)).collect();
                    if !meant.is_empty() {
                        tracing::warn!(topic, partition, offset, ?written_by, "a record of another writer");
                    }
                    self.foreign.extend(meant);
                }
                Some(Err(KafkaError::PartitionEOF(_))) => {}
                // The topic was created anew or lost its end. Which one is not said: all are read back.
                Some(Err(error)) if is_out_of_range(&error) => {
                    tracing::warn!(%error, "an output topic does not reach as far as it did");
                    self.foreign.extend(self.sources.values().flatten());
                }
                Some(Err(error)) => tracing::debug!(%error, "an output topic can't be followed just now"),
            }
        }
    }
}

/// The feed's partition that an alert or a progress record names.
fn feed_partition(value: &[u8]) -> Option<i32> {
    let alert = contract::parse_alert(value).ok().map(|alert| alert.provenance.partition);
    alert.or_else(|| contract::parse_progress(value).ok().flatten().map(|progress| progress.partition()))
}

fn writer_of<'a>(message: &'a BorrowedMessage<'_>) -> Option<&'a [u8]> {
    let headers = message.headers()?;
    headers.iter().find(|header| header.key == WRITER_HEADER).and_then(|header| header.value)
}
