//! The topics: facts, the feed, alerts, progress and decisions are read into memory, each from its beginning, and decisions
//! are written. For clearance they are read once more, in the order that its rule demands.

mod audit;
mod news;
mod payout;
mod writer;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message, OwnedMessage};
use rdkafka::metadata::MetadataTopic;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::FeedError;
use crate::config::{Config, Topics};
use crate::contract::{self, Progress};
use crate::domain::{AlertState, PublishedAlert, UtcSecond};
use crate::feed::cases::{Desk, Rules};
use crate::service::Shutdown;
use crate::service::log::kafka::{Clients, Quiet};

pub(super) use audit::{AuditThread, AuditWriter};
pub(super) use news::{News, Opened};
#[cfg(test)]
pub(super) use payout::RoundRecords;
pub(super) use payout::{PayoutMemory, PayoutThread};
pub(super) use writer::DecisionWriter;

/// Longest wait for a record.
const WAIT: Duration = Duration::from_millis(100);
/// Records that are taken under one lock: a page waits for them.
const BATCH_RECORDS: usize = 256;
/// How long a broker may take to answer at the start.
const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// Cases that a thread fills and pages read.
#[derive(Clone)]
pub(super) struct Memory {
    desk: Arc<RwLock<Desk>>,
    is_loaded: Arc<AtomicBool>,
    news: News,
}

impl Memory {
    pub(super) fn new(rules: Rules) -> Self {
        Self {
            desk: Arc::new(RwLock::new(Desk::new(rules))),
            is_loaded: Arc::new(AtomicBool::new(false)),
            news: News::new(),
        }
    }

    /// The desk, for reading; let go of it before anything is awaited.
    pub(super) fn read(&self) -> RwLockReadGuard<'_, Desk> {
        // What a thread that broke off left is whole: records are taken one by one.
        self.desk.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Is everything read that was there at the start?
    pub(super) fn is_loaded(&self) -> bool {
        self.is_loaded.load(Ordering::Acquire)
    }

    /// What opened since everything that was there at the start is read.
    pub(super) fn news(&self) -> News {
        self.news.clone()
    }

    /// Takes an alert, and makes it news where it is.
    pub(super) fn alert(&self, desk: &mut Desk, alert: PublishedAlert) {
        // One beyond the desk's budget becomes news once it comes out.
        let comes_out = !alert.alert.waiting
            && match alert.state {
                AlertState::Opened => true,
                AlertState::Revised => desk.waits(&alert.alert.alert_id),
                AlertState::Withdrawn => false,
            };
        let news = (comes_out && self.is_loaded())
            .then(|| (alert.alert.municipality.clone(), alert.alert.alert_id.clone()));
        if desk.alert(alert)
            && let Some((municipality, alert_id)) = news
        {
            self.news.alert(municipality, alert_id);
        }
    }

    /// Changes the desk.
    pub(super) fn write(&self, change: impl FnOnce(&mut Desk)) {
        change(&mut self.desk.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// From now on everything that was there at the start counts as read.
    pub(super) fn loaded(&self) {
        self.is_loaded.store(true, Ordering::Release);
    }
}

/// The thread that reads.
pub(super) struct TopicThread(JoinHandle<Result<(), FeedError>>);

impl TopicThread {
    /// Looks the topics up and begins to read them.
    pub(super) fn start(config: &Config, memory: Memory, shutdown: Shutdown) -> Result<Self, FeedError> {
        let clients = Clients::new(config.kafka.client.clone(), &config.feed.group_id, None);
        let mut settings = clients.tail();
        // Nothing is delivered by these reads: what the log no longer holds is not shown.
        settings.set("auto.offset.reset", "earliest");
        let consumer: BaseConsumer<Quiet> = settings.create_with_context(Quiet)?;
        let partitions = assign(&consumer, &config.topics)?;
        let reading = MemoryLoader { consumer, topics: config.topics.clone(), memory, unread: partitions };
        let thread = std::thread::Builder::new()
            .name("feed-topics".to_owned())
            .spawn(move || reading.run(&shutdown))
            .map_err(FeedError::Thread)?;
        Ok(Self(thread))
    }

    pub(super) fn has_ended(&self) -> bool {
        self.0.is_finished()
    }

    pub(super) fn join(self) -> Result<(), FeedError> {
        self.0.join().unwrap_or(Err(FeedError::BrokeOff))
    }
}

type TopicPartition = (String, i32);

/// Assigns every partition of the topics that are read, from its beginning.
fn assign(consumer: &BaseConsumer<Quiet>, topics: &Topics) -> Result<BTreeSet<TopicPartition>, FeedError> {
    let mut list = TopicPartitionList::new();
    let mut partitions = BTreeSet::new();
    for topic in
        [&topics.reference, &topics.registrations, &topics.alerts, &topics.progress, &topics.decisions]
    {
        let metadata = consumer.fetch_metadata(Some(topic), ANSWER_WAIT)?;
        let found = metadata.topics().iter().find(|found| found.name() == topic);
        let count = found.map_or(0, |found| found.partitions().len());
        if count == 0 {
            return Err(FeedError::NoTopic { topic: topic.clone() });
        }
        for partition in found.into_iter().flat_map(|found| found.partitions()) {
            list.add_partition_offset(topic, partition.id(), Offset::Beginning)?;
            partitions.insert((topic.clone(), partition.id()));
        }
    }
    // It is written, and not read.
    let audit = consumer.fetch_metadata(Some(&topics.audit), ANSWER_WAIT)?;
    let is_there = |found: &MetadataTopic| found.name() == topics.audit && !found.partitions().is_empty();
    if !audit.topics().iter().any(is_there) {
        return Err(FeedError::NoTopic { topic: topics.audit.clone() });
    }
    consumer.assign(&list)?;
    Ok(partitions)
}

struct MemoryLoader {
    consumer: BaseConsumer<Quiet>,
    topics: Topics,
    memory: Memory,
    /// Partitions whose end was not reached yet.
    unread: BTreeSet<TopicPartition>,
}

impl MemoryLoader {
    fn run(mut self, shutdown: &Shutdown) -> Result<(), FeedError> {
        let mut batch: Vec<OwnedMessage> = Vec::with_capacity(BATCH_RECORDS);
        while !shutdown.is_requested() {
            self.fill(&mut batch)?;
            if !batch.is_empty() {
                let (topics, memory) = (&self.topics, &self.memory);
                memory.write(|desk| batch.iter().for_each(|message| take(desk, memory, topics, message)));
                batch.clear();
            }
            if self.unread.is_empty() && !self.memory.is_loaded() {
                self.memory.loaded();
                tracing::info!("the topics are read to their ends");
            }
        }
        Ok(())
    }

    /// Waits for a record, and takes those that are there with it.
    fn fill(&mut self, batch: &mut Vec<OwnedMessage>) -> Result<(), FeedError> {
        let mut wait = WAIT;
        while batch.len() < BATCH_RECORDS {
            match self.consumer.poll(wait) {
                None => return Ok(()),
                Some(Ok(message)) => batch.push(owned(&message)),
                Some(Err(KafkaError::PartitionEOF(partition))) => self.at_end(partition),
                Some(Err(error)) if is_final(&error) => return Err(error.into()),
                Some(Err(error)) => tracing::debug!(%error, "the topics can't be read just now"),
            }
            wait = Duration::ZERO;
        }
        Ok(())
    }

    /// The client names only the number of a partition: those are read whose position has come to their end.
    fn at_end(&mut self, partition: i32) {
        let here = self.unread.iter().filter(|(_, number)| *number == partition).cloned().collect::<Vec<_>>();
        for (topic, partition) in here {
            let end = self.consumer.fetch_watermarks(&topic, partition, ANSWER_WAIT);
            let position = self.consumer.position().ok().and_then(|list| {
                let found = list.find_partition(&topic, partition)?;
                match found.offset() {
                    Offset::Offset(offset) => Some(offset),
                    _ => None,
                }
            });
            let is_empty = end.as_ref().is_ok_and(|(low, high)| low == high);
            let is_read = end.is_ok_and(|(_, high)| position.is_some_and(|position| high <= position + 1));
            if is_empty || is_read {
                self.unread.remove(&(topic, partition));
            }
        }
    }
}

fn owned(message: &BorrowedMessage<'_>) -> OwnedMessage {
    OwnedMessage::new(
        message.payload().map(<[u8]>::to_vec),
        message.key().map(<[u8]>::to_vec),
        message.topic().to_owned(),
        message.timestamp(),
        message.partition(),
        message.offset(),
        None,
    )
}

/// Will it fail again however often it is tried?
fn is_final(error: &KafkaError) -> bool {
    use rdkafka::error::RDKafkaErrorCode as Code;
    matches!(
        error.rdkafka_error_code(),
        Some(
            Code::TopicAuthorizationFailed
                | Code::GroupAuthorizationFailed
                | Code::ClusterAuthorizationFailed
                | Code::SaslAuthenticationFailed
                | Code::Fatal
        )
    )
}

/// Takes one record. One that cannot be read is passed over: the service has put it into quarantine.
fn take(desk: &mut Desk, memory: &Memory, topics: &Topics, message: &OwnedMessage) {
    let topic = message.topic();
    let appended_at = message.timestamp().to_millis().map(|millis| UtcSecond(millis.div_euclid(1_000)));
    let value = match message.payload() {
        Some(value) => value,
        // Of facts alone a record without content says something.
        None if topic == topics.reference => &[],
        None => return,
    };
    let taken = if topic == topics.reference {
        contract::parse_fact(message.key(), Some(value), appended_at).map(|change| desk.fact(change))
    } else if topic == topics.registrations {
        let appended_at = appended_at.unwrap_or_default();
        contract::parse_registration(value)
            .and_then(|record| record.registration(appended_at).map(|of| desk.registration(&of, appended_at)))
    } else if topic == topics.alerts {
        contract::parse_alert(value).map(|alert| memory.alert(desk, alert))
    } else if topic == topics.decisions {
        contract::parse_decision(Some(value), appended_at).map(|decision| desk.decision(decision))
    } else {
        contract::parse_progress(value).map(|progress| {
            if let Some(Progress::Municipality(of)) = progress {
                desk.progress(of);
            }
        })
    };
    if let Err(rejection) = taken {
        let (partition, offset) = (message.partition(), message.offset());
        tracing::debug!(topic, partition, offset, %rejection, "a record is not shown");
    }
}
