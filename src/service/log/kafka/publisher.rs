//! Writing, and counting what the broker has acknowledged in the order in which it was handed over.

use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer, ProducerContext, PurgeConfig, ThreadedProducer};
use rdkafka::{ClientContext, Statistics};

use super::flood::library_line;
use super::reader::refused;
use crate::service::log::{Header, LogError, OutputTopic};
use crate::service::observe::metrics::{ClientRole, Metrics, Reporter, Sent};

/// Brokers take a megabyte by default, with some bytes around it. Only what goes to quarantine can be
/// larger, and only that is cut: the record as it came was as large, and the reason comes on top.
const RECORD_BYTES_MAX: usize = 900_000;
/// Headers of a quarantined record that are the program's own.
const REASON_HEADERS: &str = "__connect.";
/// Said of a record that had to be cut.
const CUT_HEADER: &str = "tidvakt.cut-from-bytes";
/// Names the writer of a record: which instance, and which start of it.
pub(super) const WRITER_HEADER: &str = "tidvakt.writer";
/// How long a wait for acknowledgements goes without a look at the clock.
const DRAIN_LOOK: Duration = Duration::from_micros(200);

/// Writes, and knows what has arrived.
pub(in crate::service) struct Publisher {
    producer: ThreadedProducer<Deliveries>,
    acks: Arc<Acks>,
    metrics: Arc<Metrics>,
    published: u64,
    visible: Visible,
    writer: String,
}

/// When a record that was handed over can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::service) enum Visible {
    /// Once it is acknowledged: it is counted then.
    OnceAcknowledged,
    /// Once its transaction is committed: whoever commits counts it.
    OnceCommitted,
}

impl Publisher {
    /// A producer with the settings `config`, whose records name `writer`.
    pub(in crate::service) fn new(
        config: &ClientConfig,
        metrics: Arc<Metrics>,
        visible: Visible,
        writer: &str,
    ) -> Result<Self, LogError> {
        let acks = Arc::new(Acks::default());
        let reporter = Reporter::new(metrics.clone(), ClientRole::Producer);
        let deliveries = Deliveries { acks: acks.clone(), metrics: metrics.clone(), reporter, visible };
        let producer = config.create_with_context(deliveries).map_err(|error| refused(&error))?;
        let writer = writer.to_owned();
        Ok(Self { producer, acks, metrics, published: 0, visible, writer })
    }

    /// For the calls of a transaction.
    pub(in crate::service) fn producer(&self) -> &ThreadedProducer<Deliveries> {
        &self.producer
    }

    /// Queues a record; waits where the queue is full.
    ///
    /// # Errors
    /// Why the client library did not take it, or why one before it was not acknowledged.
    pub(in crate::service) fn publish(
        &mut self,
        (topic, partition): (&str, i32),
        (key, value): (Option<&[u8]>, Option<&[u8]>),
        headers: &[Header],
        sent: Sent,
    ) -> Result<(), KafkaError> {
        let fitting = match sent.topic {
            OutputTopic::Quarantine => Fitting::of(key, value, headers),
            // Half a record is worse than a refusal: `contract::fitting` bounds alerts, progress bounds itself.
            OutputTopic::Alerts | OutputTopic::Progress => {
                Fitting { key, value, headers: owned(&headers.iter().collect::<Vec<_>>()) }
            }
        };
        let writer = rdkafka::message::Header { key: WRITER_HEADER, value: Some(self.writer.as_str()) };
        let headers = fitting.headers.insert(writer);
        let out = sent.topic;
        let sent = Box::new((self.published, sent));
        let mut record =
            BaseRecord::<[u8], [u8], _>::with_opaque_to(topic, sent).partition(partition).headers(headers);
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
                Err((error, _)) => return Err(error),
            }
        }
        self.published += 1;
        if self.visible == Visible::OnceAcknowledged {
            self.metrics.published(out);
        }
        Ok(())
    }

    /// How many are acknowledged up to the first that is not.
    pub(in crate::service) fn acknowledged(&self) -> Result<u64, KafkaError> {
        self.acks.count()
    }

    /// Waits until all that was queued is acknowledged.
    ///
    /// # Errors
    /// Why one was not, or that it took longer than `within`.
    pub(in crate::service) fn drain(&self, within: Duration) -> Result<(), KafkaError> {
        let deadline = Instant::now() + within;
        // What the library counts as under way goes a moment after the last acknowledgement.
        while self.acks.count()? < self.published || 0 < self.producer.in_flight_count() {
            if deadline < Instant::now() {
                return Err(KafkaError::Flush(RDKafkaErrorCode::OperationTimedOut));
            }
            self.acks.wait(DRAIN_LOOK);
        }
        Ok(())
    }

    /// Throws away what is queued.
    pub(in crate::service) fn purge(&self) {
        self.producer.purge(PurgeConfig::default().queue().inflight());
    }

    /// Closes the producer on a thread of its own: after a broker died the client library can wait for ever for what was
    /// under way to it, and the worker with it.
    pub(in crate::service) fn close(self) {
        let close = move || {
            let began = Instant::now();
            drop(self);
            tracing::debug!(seconds = began.elapsed().as_secs_f64(), "a producer is closed");
        };
        // Without a thread the producer is closed here, as the closure is dropped.
        if let Err(error) = std::thread::Builder::new().name("close-producer".to_owned()).spawn(close) {
            tracing::warn!(%error, "no thread to close a producer on");
        }
    }

    /// Forgets what was acknowledged and what was not, once nothing is under way: the transaction was rolled back.
    pub(in crate::service) fn forget(&mut self) {
        self.published = 0;
        self.acks.reset();
    }
}

/// A quarantined record cut to what a broker takes.
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
struct AckCounts {
    /// All smaller numbers are acknowledged.
    next: u64,
    /// Acknowledged above a gap.
    beyond: BTreeSet<u64>,
    refused: Option<KafkaError>,
}

/// Acknowledgements of one producer.
#[derive(Debug, Default)]
struct Acks {
    counted: Mutex<AckCounts>,
    changed: Condvar,
}

impl Acks {
    /// How many are acknowledged up to the first that is not, or why one never will be.
    fn count(&self) -> Result<u64, KafkaError> {
        let counted = self.counted();
        counted.refused.clone().map_or(Ok(counted.next), Err)
    }

    fn arrived(&self, number: u64) {
        let mut counted = self.counted();
        counted.beyond.insert(number);
        while counted.beyond.first() == Some(&counted.next) {
            counted.beyond.pop_first();
            counted.next += 1;
        }
        self.changed.notify_all();
    }

    fn refuse(&self, error: KafkaError) {
        self.counted().refused.get_or_insert(error);
        self.changed.notify_all();
    }

    /// Waits until something arrives or is refused, `at_most` so long.
    fn wait(&self, at_most: Duration) {
        // The wait is only a pause: the caller looks again, whatever ended it.
        drop(self.changed.wait_timeout(self.counted(), at_most));
    }

    fn reset(&self) {
        *self.counted() = AckCounts::default();
    }

    fn counted(&self) -> MutexGuard<'_, AckCounts> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Delivery reports of the producer.
pub(in crate::service) struct Deliveries {
    acks: Arc<Acks>,
    metrics: Arc<Metrics>,
    reporter: Reporter,
    visible: Visible,
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
                if self.visible == Visible::OnceAcknowledged {
                    self.metrics.acknowledged(&sent);
                }
            }
            Err((error, _)) => {
                // Thrown away by the program itself, with its transaction.
                let is_purged = matches!(
                    error.rdkafka_error_code(),
                    Some(RDKafkaErrorCode::PurgeQueue | RDKafkaErrorCode::PurgeInflight)
                );
                if !is_purged {
                    self.metrics.publish_failed(&sent, error);
                }
                self.acks.refuse(error.clone());
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
        let too_large = KafkaError::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge);
        acks.refuse(too_large.clone());
        acks.arrived(3);
        assert_eq!(acks.count(), Err(too_large));
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
