//! A simulated municipality that writes its facts and registrations to the topics, in accelerated time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use super::DemoArgs;
use crate::cli::exit::{Exit, Failure, OrExit};
use crate::config::Topics;
use crate::contract;
use crate::domain::UtcSecond;
use crate::simulate::{Plan, SimulatedFeed};

const FLUSH_WAIT: Duration = Duration::from_secs(10);
/// Factor on the rate of the first days, in which nothing is planted.
const HASTE: u32 = 8;
const HASTE_SECONDS: i64 = 14 * DAY_SECONDS;
const DAY_SECONDS: i64 = 86_400;
/// Factor by which the rate falls after the quick days.
const SLOWNESS: u32 = 100;
/// Share of planted registrations: far more than in a real municipality, so that a few minutes show most rules.
const PLANTED_SHARE: f64 = 0.02;

/// The running municipality.
pub(super) struct DemoTown {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl DemoTown {
    /// Publishes the facts, then begins with the registrations.
    pub(super) fn start(args: &DemoArgs, servers: &str, topics: &Topics) -> Result<Self, Failure> {
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", servers)
            .set("compression.codec", "lz4")
            .set("linger.ms", "2")
            .set("log_level", "2")
            .create()
            .or_exit(Exit::Software, "the municipality can't write")?;
        let plan = Plan {
            seed: args.seed,
            days: u32::from(args.days),
            clients: args.clients,
            planted_share: PLANTED_SHARE,
            ..Plan::default()
        };
        let feed = SimulatedFeed::new(&plan);
        let mut value = Vec::new();
        for fact in feed.facts() {
            value.clear();
            contract::write_fact(&fact, &mut value);
            let key = format!("{}|{}", fact.municipality, fact.fact_id);
            let record = BaseRecord::to(&topics.reference).key(key.as_str()).payload(&value);
            send(&producer, record.timestamp(millis(fact.recorded_at)));
        }
        producer.flush(FLUSH_WAIT).or_exit(Exit::Software, "the municipality's facts can't be written")?;
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let thread = {
            let (stop, sent, topic) = (stop.clone(), sent.clone(), topics.registrations.clone());
            let pace = DemoPace { rate: args.rate, quick_seconds: i64::from(args.quick_days) * DAY_SECONDS };
            std::thread::Builder::new()
                .name("town".to_owned())
                .spawn(move || send_all(feed, &producer, &topic, pace, &stop, &sent))
                .or_exit(Exit::Software, "no thread for the municipality")?
        };
        Ok(Self { stop, sent, thread: Some(thread) })
    }

    /// Registrations sent so far.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Has everything been sent?
    pub(super) fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Sends nothing more.
    pub(super) fn stop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported already.
            let _ = thread.join();
        }
    }
}

/// How fast records are sent.
#[derive(Clone, Copy)]
struct DemoPace {
    /// Records a second.
    rate: u32,
    /// Event time after which it falls.
    quick_seconds: i64,
}

impl DemoPace {
    /// Time between a record and the next, `since` after the first one in event time.
    fn gap(self, since: i64) -> Duration {
        let second = Duration::from_secs(1);
        match since {
            since if self.quick_seconds <= since => second * SLOWNESS / self.rate,
            since if since < HASTE_SECONDS => second / self.rate.saturating_mul(HASTE),
            _ => second / self.rate,
        }
    }
}

/// Sends the records at `pace`. Each has the time at which its source sent
/// it as its timestamp.
fn send_all(
    feed: SimulatedFeed,
    producer: &BaseProducer,
    topic: &str,
    pace: DemoPace,
    stop: &AtomicBool,
    sent: &AtomicU64,
) {
    let began = Instant::now();
    let (mut first, mut due) = (None, Duration::ZERO);
    let mut value = Vec::new();
    for owned in feed {
        let registration = owned.borrow();
        let appended = registration.sent_at();
        due += pace.gap(appended.since(*first.get_or_insert(appended)));
        while began.elapsed() < due {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            producer.poll(due.saturating_sub(began.elapsed()).min(Duration::from_millis(20)));
        }
        if stop.load(Ordering::Relaxed) {
            break;
        }
        value.clear();
        contract::write_registration(&registration, &mut value);
        let record = BaseRecord::to(topic).key(registration.municipality).payload(&value);
        send(producer, record.timestamp(millis(appended)));
        sent.fetch_add(1, Ordering::Relaxed);
    }
    if let Err(error) = producer.flush(FLUSH_WAIT) {
        tracing::warn!(%error, "the last registrations were not written");
    }
}

fn send(producer: &BaseProducer, mut record: BaseRecord<'_, str, Vec<u8>>) {
    while let Err((error, again)) = producer.send(record) {
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull) {
            tracing::warn!(%error, "a record was not written");
            return;
        }
        record = again;
        producer.poll(Duration::from_millis(10));
    }
}

fn millis(at: UtcSecond) -> i64 {
    at.0.saturating_mul(1_000)
}
