//! The log as one worker sees it: its tail, its producer, and the group that it commits through.

mod feed;
mod step_over;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::message::{BorrowedHeaders, Headers as _, Message as _};
use rdkafka::topic_partition_list::Offset;

use self::step_over::StepOver;
use super::client::{Clients, Reporting};
use super::group::Group;
use super::publisher::{Publisher, Visible};
use super::reader::{REQUEST_WAIT, Reader, answer, at, refused};
use super::tail::FeedConsumer;
use super::topics::Layout;
use super::transactions::Transactions;
use super::watch::OutputWatch;
use crate::config::DeliveryMode;
use crate::contract;
use crate::service::log::{
    EachKept, EachQuarantined, Headers, Log, LogError, Outgoing, OutputTopic, Record, Watermarks,
};
use crate::service::observe::metrics::{ClientRole, Metrics, Reporter, Sent};

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
    /// When a record or the end of the partition came last, or the partition was compared with the broker.
    last_event: Instant,
    /// The end of the partition for which its reading was started again.
    resumed_below: i64,
}

/// The way of outputs to their topics.
enum Outputs {
    Transactional(Transactions),
    Reconciled(Publisher),
}

/// Kafka, as one worker sees it.
pub(in crate::service) struct KafkaLog {
    clients: Clients,
    layout: Arc<Layout>,
    group: Arc<Group>,
    tail: FeedConsumer,
    reader: Option<Reader>,
    outputs: Outputs,
    watch: OutputWatch,
    metrics: Arc<Metrics>,
    /// Nothing waited when it was looked last: what comes next comes as soon as it is appended.
    drained: bool,
    cursors: BTreeMap<i32, Cursor>,
    highs: BTreeMap<i32, i64>,
    /// Partitions at a batch that can't be read.
    broken: BTreeMap<i32, StepOver>,
}

impl KafkaLog {
    /// A tail and a producer of its own, for the worker of this number.
    ///
    /// # Errors
    /// Where the client library refuses the settings.
    pub(in crate::service) fn new(
        clients: &Clients,
        worker: usize,
        layout: Arc<Layout>,
        group: Arc<Group>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, LogError> {
        let reporting = Reporting(Reporter::new(metrics.clone(), ClientRole::Feed));
        let writer = clients.writer();
        let outputs = match clients.delivery() {
            DeliveryMode::Transactional => Outputs::Transactional(Transactions::new(
                clients,
                (worker, &writer),
                layout.clone(),
                group.clone(),
                metrics.clone(),
            )),
            DeliveryMode::Reconciled => Outputs::Reconciled(Publisher::new(
                &clients.producer(),
                metrics.clone(),
                Visible::OnceAcknowledged,
                &writer,
            )?),
        };
        Ok(Self {
            clients: clients.clone(),
            tail: FeedConsumer::new(clients, &layout.feed, reporting)?,
            layout,
            group,
            metrics,
            drained: false,
            reader: None,
            watch: OutputWatch::new(clients, &writer)?,
            outputs,
            cursors: BTreeMap::new(),
            highs: BTreeMap::new(),
            broken: BTreeMap::new(),
        })
    }

    /// Throws away what was handed over and has not left. The log is of no use after that.
    pub(in crate::service) fn purge(&self) {
        match &self.outputs {
            Outputs::Reconciled(publisher) => publisher.purge(),
            // An open transaction is not committed without its partitions.
            Outputs::Transactional(_) => {}
        }
    }

    fn stop_reading(&mut self, partition: i32) {
        self.broken.remove(&partition);
        if self.cursors.remove(&partition).is_none() {
            return;
        }
        if let Err(error) = self.tail.stop(partition) {
            tracing::warn!(partition, %error, "the tail could not let go of a partition");
        }
    }

    /// What the metrics remember of a record that is handed over now.
    fn sent(&self, out: &Outgoing<'_>) -> Sent {
        let appended_millis = self.cursors.get(&out.partition).and_then(|cursor| cursor.appended_millis);
        Sent {
            topic: out.topic,
            handed_over: Instant::now(),
            appended_millis: appended_millis.filter(|_| out.topic == OutputTopic::Alerts),
            span: out.span,
        }
    }
}

impl Log for KafkaLog {
    fn extent(&mut self, partition: i32) -> Result<Watermarks, LogError> {
        if let Outputs::Transactional(transactions) = &mut self.outputs {
            transactions.ready()?;
        }
        // The committed offset waits for transactions of a former owner: its outputs are on their topics before this
        // returns, or never will be.
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
        let (name, target) = self.layout.target(topic, partition);
        let reader = reader(&mut self.reader, &self.clients)?;
        let end = reader.read(name, target, &mut |message| {
            each(message.key().unwrap_or_default(), message.payload());
        })?;
        self.watch.start((name, target), end, partition)
    }

    fn has_foreign_outputs(&mut self, partition: i32) -> Result<bool, LogError> {
        Ok(self.watch.take_foreign(partition))
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
        self.stop_reading(partition);
        self.tail.start(partition, from)?;
        let high = self.highs.get(&partition).copied().unwrap_or(from);
        let cursor = Cursor {
            next: from,
            high,
            reached_end: false,
            appended_millis: None,
            last_event: Instant::now(),
            resumed_below: from,
        };
        self.cursors.insert(partition, cursor);
        Ok(())
    }

    fn stop(&mut self, partition: i32) {
        self.watch.stop(partition);
        self.stop_reading(partition);
    }

    fn take(
        &mut self,
        wait: Duration,
        max: usize,
        each: &mut dyn FnMut(Record<'_>),
    ) -> Result<usize, LogError> {
        self.take_records(wait, max, each)
    }

    fn position(&mut self, partition: i32) -> Result<i64, LogError> {
        let Some(cursor) = self.cursors.get(&partition) else {
            return Err(LogError::Refused(format!("partition {partition} is not started")));
        };
        Ok(if cursor.reached_end { cursor.next.max(cursor.high) } else { cursor.next })
    }

    fn delivery(&self) -> DeliveryMode {
        match self.outputs {
            Outputs::Transactional(_) => DeliveryMode::Transactional,
            Outputs::Reconciled(_) => DeliveryMode::Reconciled,
        }
    }

    fn transact(&mut self, records: &[Outgoing<'_>], offsets: &[(i32, i64)]) -> Result<(), LogError> {
        let sent: Vec<Sent> = records.iter().map(|out| self.sent(out)).collect();
        match &mut self.outputs {
            Outputs::Transactional(transactions) => transactions.transact(records, &sent, offsets),
            Outputs::Reconciled(_) => Err(wrong_way()),
        }
    }

    fn publish(&mut self, out: Outgoing<'_>) -> Result<(), LogError> {
        self.group.owns(out.partition)?;
        let sent = self.sent(&out);
        let target = self.layout.target(out.topic, out.partition);
        match &mut self.outputs {
            Outputs::Reconciled(publisher) => {
                let queued = publisher.publish(target, (out.key, out.value), out.headers, sent);
                // A record that was not acknowledged never will be: what is published is to be compared anew.
                queued.map_err(|error| refused(&error))
            }
            Outputs::Transactional(_) => Err(wrong_way()),
        }
    }

    fn acknowledged(&mut self) -> Result<u64, LogError> {
        match &self.outputs {
            Outputs::Reconciled(publisher) => publisher.acknowledged().map_err(|error| refused(&error)),
            Outputs::Transactional(_) => Err(wrong_way()),
        }
    }

    fn commit(&mut self, partition: i32, next_offset: i64) -> Result<(), LogError> {
        self.group.commit(partition, next_offset)
    }
}

/// A call that belongs to the other way of delivery.
fn wrong_way() -> LogError {
    LogError::Refused("outputs do not go this way: see `Log::delivery`".to_owned())
}

/// The reader of output topics, made when it is first needed.
fn reader<'a>(made: &'a mut Option<Reader>, clients: &Clients) -> Result<&'a Reader, LogError> {
    Ok(match made {
        Some(reader) => reader,
        None => made.insert(Reader::new(clients)?),
    })
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
