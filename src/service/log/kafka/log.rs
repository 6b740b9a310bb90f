//! The log as one worker sees it: its tail, its producer, and the group that it commits through.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedHeaders, Headers as _, Message as _};
use rdkafka::topic_partition_list::Offset;

use super::client::{Clients, Reporting};
use super::group::Group;
use super::publisher::Publisher;
use super::reader::{REQUEST_WAIT, Reader, answer, at, is_out_of_range};
use super::tail::{FeedConsumer, Message};
use super::topics::Layout;
use crate::contract;
use crate::domain::UtcSecond;
use crate::service::log::{
    EachKept, EachQuarantined, Headers, Log, LogError, Outgoing, OutputTopic, Record, Watermarks,
};
use crate::service::observe::metrics::{Client, Metrics, Reporter, Sent};

/// A batch that arrives broken is fetched again so often; then what it held is given up, loudly.
const BROKEN_FETCHES_MAX: u32 = 3;

/// Where the tail stands in a partition.
#[derive(Clone, Copy, Debug)]
struct Cursor {
    /// The next offset to be given.
    next: i64,
    /// The end of the partition when it was started.
    high: i64,
    /// The tail has been at the end since it was started.
    reached_end: bool,
    /// Of the newest batch, the append time of its first record, in milliseconds since 1970.
    appended_millis: Option<i64>,
}

/// Kafka, as one worker sees it.
pub(in crate::service) struct KafkaLog {
    clients: Clients,
    layout: Arc<Layout>,
    group: Arc<Group>,
    tail: FeedConsumer,
    reader: Option<Reader>,
    publisher: Publisher,
    metrics: Arc<Metrics>,
    /// Nothing waited when it was looked last: what comes next comes as soon as it is appended.
    drained: bool,
    cursors: BTreeMap<i32, Cursor>,
    highs: BTreeMap<i32, i64>,
    broken_fetches: u32,
}

impl KafkaLog {
    /// A tail and a producer of its own.
    ///
    /// # Errors
    /// Where the client library refuses the settings.
    pub(in crate::service) fn new(
        clients: &Clients,
        layout: Arc<Layout>,
        group: Arc<Group>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, LogError> {
        let reporting = Reporting(Reporter::new(metrics.clone(), Client::Feed));
        Ok(Self {
            clients: clients.clone(),
            tail: FeedConsumer::new(clients, &layout.feed, reporting)?,
            layout,
            group,
            metrics: metrics.clone(),
            drained: false,
            reader: None,
            publisher: Publisher::new(clients, metrics)?,
            cursors: BTreeMap::new(),
            highs: BTreeMap::new(),
            broken_fetches: 0,
        })
    }

    /// What an error of the tail means; `Ok` where it mends itself.
    fn trouble(&mut self, error: &KafkaError) -> Result<(), LogError> {
        match error {
            KafkaError::PartitionEOF(partition) => {
                if let Some(cursor) = self.cursors.get_mut(partition) {
                    cursor.reached_end = true;
                }
                Ok(())
            }
            error if is_out_of_range(error) => self.truncated(),
            error => match error.rdkafka_error_code() {
                Some(RDKafkaErrorCode::BadMessage | RDKafkaErrorCode::BadCompression) => {
                    self.fetch_again(error)
                }
                _ => match answer(error) {
                    LogError::Unavailable(reason) => {
                        tracing::debug!(reason, "the feed can't be read just now");
                        Ok(())
                    }
                    refused => Err(refused),
                },
            },
        }
    }

    /// The library says that an offset is gone, but not of which partition.
    fn truncated(&self) -> Result<(), LogError> {
        for (partition, cursor) in &self.cursors {
            let (low, high) = self
                .tail
                .consumer()
                .fetch_watermarks(&self.layout.feed, *partition, REQUEST_WAIT)
                .map_err(|error| answer(&error))?;
            if cursor.next < low || high < cursor.next {
                return Err(LogError::Truncated { partition: *partition, wanted: cursor.next, low });
            }
        }
        Ok(())
    }

    /// The library tells of a broken batch once and goes on behind it; the records in it would be
    /// missing. A batch that broke on its way is whole at the next attempt.
    fn fetch_again(&mut self, error: &KafkaError) -> Result<(), LogError> {
        self.broken_fetches += 1;
        if BROKEN_FETCHES_MAX < self.broken_fetches {
            tracing::error!(%error, "a batch of the feed can't be read: its records are passed over");
            self.broken_fetches = 0;
            return Ok(());
        }
        tracing::warn!(%error, attempt = self.broken_fetches, "a batch of the feed arrived broken");
        let cursors: Vec<_> =
            self.cursors.iter().map(|(partition, cursor)| (*partition, cursor.next)).collect();
        cursors.into_iter().try_for_each(|(partition, next)| self.start(partition, next))
    }
}

impl Log for KafkaLog {
    fn extent(&mut self, partition: i32) -> Result<Watermarks, LogError> {
        let feed = &self.layout.feed;
        let consumer = self.tail.consumer();
        let (low, high) =
            consumer.fetch_watermarks(feed, partition, REQUEST_WAIT).map_err(|error| answer(&error))?;
        let committed = consumer
            .committed_offsets(at(feed, partition, Offset::Invalid)?, REQUEST_WAIT)
            .map_err(|error| answer(&error))?;
        let found = committed.find_partition(feed, partition);
        if let Some(Err(error)) = found.as_ref().map(|found| found.error()) {
            return Err(answer(&error));
        }
        let committed = match found.map(|found| found.offset()) {
            Some(Offset::Offset(offset)) => Some(offset),
            _ => None,
        };
        self.highs.insert(partition, high);
        Ok(Watermarks { low, high, committed })
    }

    fn read_back(
        &mut self,
        topic: OutputTopic,
        partition: i32,
        each: &mut EachKept<'_>,
    ) -> Result<(), LogError> {
        let (name, partition) = self.layout.target(topic, partition);
        let read = reader(&mut self.reader, &self.clients)?.read(name, partition, &mut |message| {
            each(message.key().unwrap_or_default(), message.payload());
        });
        read.map(|_| ())
    }

    fn read_quarantined(
        &mut self,
        partition: i32,
        from: i64,
        each: &mut EachQuarantined<'_>,
    ) -> Result<(), LogError> {
        let feed = (self.layout.feed.as_str(), partition);
        let (name, target) = self.layout.target(OutputTopic::Quarantine, partition);
        // One owner publishes in the order of the feed: what comes before a lower offset is older.
        reader(&mut self.reader, &self.clients)?.read_tail(name, target, &mut |message| {
            let headers = message.headers().into_iter().flat_map(BorrowedHeaders::iter);
            let source = contract::quarantine_source(headers.map(|header| (header.key, header.value)));
            match source.filter(|(topic, partition, _)| (*topic, *partition) == feed) {
                Some((_, _, offset)) if offset < from => return true,
                Some((_, _, offset)) => each(offset, message.payload()),
                None => {}
            }
            false
        })
    }

    fn start(&mut self, partition: i32, from: i64) -> Result<(), LogError> {
        self.stop(partition);
        self.tail.start(partition, from)?;
        let high = self.highs.get(&partition).copied().unwrap_or(from);
        let cursor = Cursor { next: from, high, reached_end: false, appended_millis: None };
        self.cursors.insert(partition, cursor);
        Ok(())
    }

    fn stop(&mut self, partition: i32) {
        if self.cursors.remove(&partition).is_none() {
            return;
        }
        if let Err(error) = self.tail.stop(partition) {
            tracing::warn!(partition, %error, "the tail could not let go of a partition");
        }
    }

    fn take(
        &mut self,
        wait: Duration,
        max: usize,
        each: &mut dyn FnMut(Record<'_>),
    ) -> Result<usize, LogError> {
        let deadline = Instant::now() + wait;
        let mut taken = 0;
        self.cursors.values_mut().for_each(|cursor| cursor.appended_millis = None);
        match self.tail.event() {
            Some(Err(error)) => self.trouble(&error)?,
            Some(Ok(partition)) => {
                if let Some(cursor) = self.cursors.get(&partition) {
                    self.start(partition, cursor.next)?;
                }
            }
            None => {}
        }
        let mut filled = false;
        while taken < max {
            match self.tail.next() {
                Some(Ok(message)) => {
                    let Some(cursor) = self.cursors.get_mut(&message.partition()) else { continue };
                    if message.offset() < cursor.next {
                        continue;
                    }
                    cursor.next = message.offset() + 1;
                    if std::mem::take(&mut self.drained) && cursor.reached_end {
                        self.metrics.read_at_the_end(message.timestamp_millis().unwrap_or_default());
                    }
                    give(&message, cursor, each);
                    taken += 1;
                    self.broken_fetches = 0;
                }
                Some(Err(error)) => {
                    self.trouble(&error)?;
                    self.drained |= matches!(error, KafkaError::PartitionEOF(_));
                    // The worker may have waited for the end of a partition.
                    if taken == 0 && matches!(error, KafkaError::PartitionEOF(_)) {
                        break;
                    }
                }
                None if filled && (0 < taken || deadline <= Instant::now()) => {
                    self.drained = true;
                    break;
                }
                None => {
                    let wait = if taken == 0 {
                        deadline.saturating_duration_since(Instant::now())
                    } else {
                        Duration::ZERO
                    };
                    self.tail.fill(wait, max - taken);
                    filled = true;
                }
            }
        }
        Ok(taken)
    }

    fn position(&mut self, partition: i32) -> Result<i64, LogError> {
        let Some(cursor) = self.cursors.get(&partition) else {
            return Err(LogError::Refused(format!("partition {partition} is not started")));
        };
        Ok(if cursor.reached_end { cursor.next.max(cursor.high) } else { cursor.next })
    }

    fn publish(&mut self, out: Outgoing<'_>) -> Result<(), LogError> {
        let appended_millis = self.cursors.get(&out.partition).and_then(|cursor| cursor.appended_millis);
        let sent = Sent {
            topic: out.topic,
            handed_over: Instant::now(),
            appended_millis: appended_millis.filter(|_| out.topic == OutputTopic::Alerts),
            span: out.span,
        };
        let target = self.layout.target(out.topic, out.partition);
        self.publisher.publish(target, (out.key, out.value), out.headers, sent)
    }

    fn acknowledged(&mut self) -> Result<u64, LogError> {
        self.publisher.acknowledged()
    }

    fn commit(&mut self, partition: i32, next_offset: i64) -> Result<(), LogError> {
        self.group.commit(partition, next_offset)
    }
}

/// The reader of output topics, made when it is first needed.
fn reader<'a>(made: &'a mut Option<Reader>, clients: &Clients) -> Result<&'a Reader, LogError> {
    Ok(match made {
        Some(reader) => reader,
        None => made.insert(Reader::new(clients)?),
    })
}

fn give(message: &Message<'_>, cursor: &mut Cursor, each: &mut dyn FnMut(Record<'_>)) {
    let appended_millis = message.timestamp_millis().unwrap_or_default();
    cursor.appended_millis.get_or_insert(appended_millis);
    each(Record {
        partition: message.partition(),
        offset: message.offset(),
        appended_at: UtcSecond(appended_millis.div_euclid(1_000)),
        key: message.key(),
        value: message.value(),
        headers: message,
    });
}

/// The headers of a message that was read.
pub(in crate::service) struct Borrowed<'a>(pub(super) Option<&'a BorrowedHeaders>);

impl Headers for Borrowed<'_> {
    fn each(&self, each: &mut dyn FnMut(&str, Option<&[u8]>)) {
        for header in self.0.into_iter().flat_map(|headers| headers.iter()) {
            each(header.key, header.value);
        }
    }
}
