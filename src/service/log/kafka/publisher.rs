//! Writing, and counting what the broker has acknowledged in the order in which it was handed over.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, OwnedHeaders};
use rdkafka::producer::{BaseRecord, ProducerContext, ThreadedProducer};
use rdkafka::{ClientContext, Statistics};

use super::client::{Clients, library_line};
use super::reader::refused;
use crate::service::log::{Header, LogError};
use crate::service::observe::metrics::{Client, Metrics, Reporter, Sent};

/// Brokers take a megabyte by default, with some bytes around it. Only what goes to quarantine can be
/// larger: the record as it came was as large, and the reason comes on top.
const RECORD_BYTES_MAX: usize = 900_000;
/// Headers of a quarantined record that are the program's own.
const REASON_HEADERS: &str = "__connect.";
/// Said of a record that had to be cut.
const CUT_HEADER: &str = "tidvakt.cut-from-bytes";

/// Writes, and knows what has arrived.
pub(in crate::service) struct Publisher {
    producer: ThreadedProducer<Deliveries>,
    acks: Arc<Acks>,
    metrics: Arc<Metrics>,
    published: u64,
}

impl Publisher {
    pub(in crate::service) fn new(clients: &Clients, metrics: Arc<Metrics>) -> Result<Self, LogError> {
        let acks = Arc::new(Acks::default());
        let reporter = Reporter::new(metrics.clone(), Client::Producer);
        let deliveries = Deliveries { acks: acks.clone(), metrics: metrics.clone(), reporter };
        let producer = clients.producer().create_with_context(deliveries).map_err(|error| refused(&error))?;
        Ok(Self { producer, acks, metrics, published: 0 })
    }

    /// Queues a record; waits where the queue is full.
    pub(in crate::service) fn publish(
        &mut self,
        (topic, partition): (&str, i32),
        (key, value): (Option<&[u8]>, Option<&[u8]>),
        headers: &[Header],
        sent: Sent,
    ) -> Result<(), LogError> {
        let fitting = Fitting::of(key, value, headers);
        let out = sent.topic;
        let sent = Box::new((self.published, sent));
        let mut record = BaseRecord::<[u8], [u8], _>::with_opaque_to(topic, sent)
            .partition(partition)
            .headers(fitting.headers);
        record.key = fitting.key;
        record.payload = fitting.value;
        loop {
            match self.producer.send(record) {
                Ok(()) => break,
                Err((error, again)) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull) => {
                    self.acknowledged()?;
                    record = again;
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err((error, _)) => return Err(refused(&error)),
            }
        }
        self.published += 1;
        self.metrics.published(out);
        Ok(())
    }

    /// How many are acknowledged up to the first that is not.
    pub(in crate::service) fn acknowledged(&self) -> Result<u64, LogError> {
        self.acks.count().map_err(LogError::Refused)
    }
}

/// A record cut to what a broker takes.
struct Fitting<'a> {
    key: Option<&'a [u8]>,
    value: Option<&'a [u8]>,
    headers: OwnedHeaders,
}

impl<'a> Fitting<'a> {
    fn of(key: Option<&'a [u8]>, value: Option<&'a [u8]>, headers: &[Header]) -> Self {
        let length = |bytes: Option<&[u8]>| bytes.map_or(0, <[u8]>::len);
        let size = |headers: &[&Header]| -> usize {
            headers.iter().map(|(name, value)| name.len() + length(value.as_deref()) + 8).sum()
        };
        let all: Vec<&Header> = headers.iter().collect();
        let whole = length(key) + length(value) + size(&all);
        if whole <= RECORD_BYTES_MAX {
            return Self { key, value, headers: owned(&all) };
        }
        // Half for the headers is plenty for what anybody wrote on purpose.
        let kept = if RECORD_BYTES_MAX / 2 < size(&all) {
            all.into_iter().filter(|(name, _)| name.starts_with(REASON_HEADERS)).collect()
        } else {
            all
        };
        let key = key.map(|key| &key[..key.len().min(RECORD_BYTES_MAX / 8)]);
        let left = RECORD_BYTES_MAX.saturating_sub(size(&kept) + length(key));
        let value = value.map(|value| &value[..value.len().min(left)]);
        let cut = (CUT_HEADER.into(), Some(whole.to_string().into_bytes()));
        Self { key, value, headers: owned(&kept.into_iter().chain([&cut]).collect::<Vec<_>>()) }
    }
}

fn owned(headers: &[&Header]) -> OwnedHeaders {
    headers.iter().fold(OwnedHeaders::new_with_capacity(headers.len()), |all, (name, value)| {
        all.insert(rdkafka::message::Header { key: name, value: value.as_deref() })
    })
}

#[derive(Debug, Default)]
struct Counted {
    /// All smaller numbers are acknowledged.
    next: u64,
    /// Acknowledged above a gap.
    beyond: BTreeSet<u64>,
    refused: Option<String>,
}

/// Acknowledgements of one producer.
#[derive(Debug, Default)]
struct Acks(Mutex<Counted>);

impl Acks {
    /// How many are acknowledged up to the first that is not, or why one never will be.
    fn count(&self) -> Result<u64, String> {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.refused.clone().map_or(Ok(counted.next), Err)
    }

    fn arrived(&self, number: u64) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.beyond.insert(number);
        while counted.beyond.first() == Some(&counted.next) {
            counted.beyond.pop_first();
            counted.next += 1;
        }
    }

    fn refuse(&self, reason: String) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.refused.get_or_insert(reason);
    }
}

/// Is told by the producer.
struct Deliveries {
    acks: Arc<Acks>,
    metrics: Arc<Metrics>,
    reporter: Reporter,
}

impl ClientContext for Deliveries {
    fn stats(&self, statistics: Statistics) {
        self.reporter.report(&statistics);
    }

    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        library_line(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(target: "librdkafka", %error, reason, "producer error");
    }
}

impl ProducerContext for Deliveries {
    /// The number of the record, from 0, and what is remembered of it.
    type DeliveryOpaque = Box<(u64, Sent)>;

    fn delivery(&self, result: &DeliveryResult<'_>, sent: Box<(u64, Sent)>) {
        let (number, sent) = *sent;
        match result {
            Ok(_) => {
                self.acks.arrived(number);
                self.metrics.acknowledged(&sent);
            }
            Err((error, _)) => {
                self.metrics.publish_failed(&sent, error);
                self.acks.refuse(error.to_string());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::message::Headers as _;

    use super::*;

    #[test]
    fn a_gap_holds_back_what_came_after_it() {
        let acks = Acks::default();
        acks.arrived(1);
        acks.arrived(2);
        assert_eq!(acks.count(), Ok(0));
        acks.arrived(0);
        assert_eq!(acks.count(), Ok(3));
        acks.refuse("too large".into());
        acks.arrived(3);
        assert_eq!(acks.count(), Err("too large".into()));
    }

    #[test]
    fn a_record_that_is_too_large_is_cut_and_says_so() {
        let value = vec![b'x'; 1_000_000];
        let reason = ("__connect.errors.topic".into(), Some(b"feed".to_vec()));
        let noise = ("noise".into(), Some(vec![b'y'; 600_000]));
        let small = Fitting::of(Some(b"k"), Some(b"v"), std::slice::from_ref(&reason));
        assert_eq!((small.value.map(<[u8]>::len), small.headers.count()), (Some(1), 1));
        let cut = Fitting::of(Some(b"k"), Some(&value), &[reason, noise]);
        assert!(cut.value.is_some_and(|value| value.len() < RECORD_BYTES_MAX));
        let names: Vec<&str> = cut.headers.iter().map(|header| header.key).collect();
        assert_eq!(names, ["__connect.errors.topic", CUT_HEADER]);
    }
}
