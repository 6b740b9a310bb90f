//! Facts and decisions, and the progress of all partitions, which says what municipality is whose: read to the end before
//! anything is assessed, then followed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::client::{Clients, Reporting};
use super::log::Borrowed;
use super::publisher::{Publisher, Visible};
use super::reader::{Reader, answer, is_out_of_range, refused};
use super::topics::Layout;
use crate::contract::{self, MunicipalityProgress, Progress};
use crate::domain::{Rejection, UtcSecond};
use crate::service::deliver::events::Incident;
use crate::service::deliver::shared::Shared;
use crate::service::log::{Header, Headers, LogError, OutputTopic};
use crate::service::observe::metrics::{ClientRole, Metrics, Reporter, Sent};
use crate::service::observe::status::Beat;

const POLL: Duration = Duration::from_millis(200);

/// The thread that reads facts and decisions.
pub(in crate::service) struct Reference {
    loaded: Arc<AtomicBool>,
    thread: JoinHandle<Result<(), LogError>>,
}

impl Reference {
    /// Begins to read. It ends when `stop` is set.
    ///
    /// # Errors
    /// Where the client library refuses the settings.
    pub(in crate::service) fn start(
        clients: &Clients,
        layout: Arc<Layout>,
        shared: Arc<Shared>,
        metrics: Arc<Metrics>,
        stop: Arc<AtomicBool>,
        beat: Beat,
    ) -> Result<Self, LogError> {
        let publisher = Publisher::new(
            &clients.producer(),
            metrics.clone(),
            Visible::OnceAcknowledged,
            &clients.writer(),
        )?;
        let loaded = Arc::new(AtomicBool::new(false));
        let intake = Intake { clients: clients.clone(), layout, shared, metrics, publisher };
        let thread = {
            let loaded = loaded.clone();
            std::thread::Builder::new()
                .name("reference".to_owned())
                .spawn(move || intake.run(&loaded, &stop, &beat))
                .map_err(|error| LogError::Refused(error.to_string()))?
        };
        Ok(Self { loaded, thread })
    }

    /// Is everything known that was there at the start?
    pub(in crate::service) fn is_loaded(&self) -> bool {
        self.loaded.load(Ordering::Acquire)
    }

    /// Has the thread ended?
    pub(in crate::service) fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// How the thread ended; waits for it.
    pub(in crate::service) fn join(self) -> Result<(), LogError> {
        self.thread.join().unwrap_or_else(|_| Err(LogError::Refused("the thread broke off".to_owned())))
    }
}

struct Intake {
    clients: Clients,
    layout: Arc<Layout>,
    shared: Arc<Shared>,
    metrics: Arc<Metrics>,
    publisher: Publisher,
}

impl Intake {
    fn run(mut self, loaded: &AtomicBool, stop: &AtomicBool, beat: &Beat) -> Result<(), LogError> {
        let Some(mut ends) = self.load(stop, beat)? else { return Ok(()) };
        loaded.store(true, Ordering::Release);
        tracing::info!(
            facts_and_decisions = self.shared.reference_log.version(),
            "reference read to its end"
        );
        while !stop.load(Ordering::Acquire) {
            if self.follow(&ends, stop, beat)? {
                return Ok(());
            }
            // Something of the topic is gone: read again from its beginning, which changes nothing
            // in what is known already.
            let Some(again) = self.load(stop, beat)? else { return Ok(()) };
            ends = again;
        }
        Ok(())
    }

    /// Reads both topics to their ends; `None` after a stop signal.
    fn load(&mut self, stop: &AtomicBool, beat: &Beat) -> Result<Option<TopicPartitionList>, LogError> {
        let reader = Reader::new(&self.clients)?;
        let layout = self.layout.clone();
        let mut ends = TopicPartitionList::new();
        for (topic, count) in [&layout.reference, &layout.decisions, &layout.progress] {
            for partition in 0..*count {
                let end = loop {
                    if stop.load(Ordering::Acquire) {
                        return Ok(None);
                    }
                    beat.now();
                    match reader.read(topic, partition, &mut |message| self.take(message)) {
                        Err(error @ LogError::Unavailable(_)) => {
                            self.metrics.log_error(&error);
                            std::thread::sleep(POLL);
                        }
                        read => break read?,
                    }
                };
                ends.add_partition_offset(topic, partition, Offset::Offset(end))
                    .map_err(|error| refused(&error))?;
            }
        }
        Ok(Some(ends))
    }

    /// Takes records after `ends`. True after a stop signal, false where the topic has to be read anew.
    fn follow(
        &mut self,
        ends: &TopicPartitionList,
        stop: &AtomicBool,
        beat: &Beat,
    ) -> Result<bool, LogError> {
        let reporting = Reporting(Reporter::new(self.metrics.clone(), ClientRole::Reference));
        let tail: BaseConsumer<Reporting> =
            self.clients.tail().create_with_context(reporting).map_err(|error| refused(&error))?;
        tail.assign(ends).map_err(|error| answer(&error))?;
        while !stop.load(Ordering::Acquire) {
            beat.now();
            match tail.poll(POLL) {
                None | Some(Err(KafkaError::PartitionEOF(_))) => {}
                Some(Ok(message)) => self.take(&message),
                Some(Err(error)) if is_out_of_range(&error) => return Ok(false),
                Some(Err(error)) => match answer(&error) {
                    LogError::Unavailable(reason) => {
                        tracing::debug!(reason, "reference can't be read just now")
                    }
                    refused => return Err(refused),
                },
            }
        }
        Ok(true)
    }

    fn take(&mut self, message: &BorrowedMessage<'_>) {
        let (key, value) = (message.key(), message.payload());
        if message.topic() == self.layout.progress.0 {
            return self.take_progress(message.partition(), key, value);
        }
        let appended_at = message.timestamp().to_millis().map(|millis| UtcSecond(millis.div_euclid(1000)));
        let taken = if message.topic() == self.layout.reference.0 {
            contract::parse_fact(key, value, appended_at).map(|change| {
                self.shared.reference_log.appended(&change, appended_at.unwrap_or_default());
                self.shared.reference_log.fact(change);
                self.metrics.fact_read();
            })
        } else if value.is_none() {
            // A tombstone: what was decided stays decided, only its record is cleaned away.
            Ok(())
        } else {
            contract::parse_decision(value, appended_at).map(|decision| {
                self.shared.reference_log.decision(decision);
                self.metrics.decision_read();
            })
        };
        if let Err(rejection) = taken {
            self.quarantine(message, &rejection);
        }
    }

    /// Progress of a municipality shows which partition feeds it. What can't be read is reported by its owner.
    fn take_progress(&self, at: i32, key: Option<&[u8]>, value: Option<&[u8]>) {
        let owners = &self.shared.owners;
        match value.map(contract::parse_progress) {
            Some(Ok(Some(Progress::Municipality(MunicipalityProgress {
                municipality, partition, ..
            })))) => {
                if let Some(owner) = owners.published(&municipality, partition) {
                    self.metrics.incident(partition, &Incident::OtherPartition { municipality, owner });
                }
            }
            Some(_) => {}
            None => {
                let municipality = String::from_utf8_lossy(key.unwrap_or_default());
                let is_there = |partition| self.layout.target(OutputTopic::Progress, partition).1 == at;
                owners.retired(&municipality, is_there);
            }
        }
    }

    fn quarantine(&mut self, message: &BorrowedMessage<'_>, rejection: &Rejection) {
        let (topic, partition, offset) = (message.topic(), message.partition(), message.offset());
        self.metrics.reference_refused(topic, partition, offset, rejection);
        let mut headers: Vec<Header> = Vec::new();
        Borrowed(message.headers()).each(&mut |name, value| {
            headers.push((name.to_owned().into(), value.map(<[u8]>::to_vec)));
        });
        for (name, value) in contract::quarantine_headers(topic, partition, offset, rejection) {
            headers.push((name.into(), Some(value.into_bytes())));
        }
        let sent = Sent {
            topic: OutputTopic::Quarantine,
            handed_over: Instant::now(),
            appended_millis: None,
            span: None,
        };
        let target = self.layout.target(OutputTopic::Quarantine, partition);
        let published = self.publisher.publish(target, (message.key(), message.payload()), &headers, sent);
        if let Err(error) = published {
            tracing::error!(%error, topic, partition, offset, "a reference record can't be quarantined");
        }
    }
}
