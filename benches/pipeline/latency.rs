//! How long a record takes, at 1,000 a second.

use std::collections::HashMap;
use std::fmt;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rdkafka::Message as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::producer::BaseRecord;
use rdkafka::{Offset, TopicPartitionList};

use super::broker::{Broker, FEED};

const ALERTS: &str = "tidvakt.alerts.v1";
const PER_SECOND: u32 = 1_000;
const SECONDS: u32 = 8;
/// Registrations that one measurement sends.
pub const SENT: usize = (PER_SECOND * SECONDS) as usize;
/// The first second warms up and is not counted.
const WARM_UP: usize = PER_SECOND as usize;
/// One registration in so many overlaps the one before.
const ALERT_EVERY: usize = 20;
/// A municipality that nothing else is sent for; in partition 0.
const MUNICIPALITY: &str = "9996";
/// 2026-03-02T00:00:00Z
const BEGIN: i64 = 1_772_409_600;

/// The distribution of what was measured.
pub struct Quantiles(Vec<Duration>);

impl fmt::Display for Quantiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |share: f64| {
            let last = self.0.len().saturating_sub(1);
            let millis = self
                .0
                .get((last as f64 * share).round() as usize)
                .map_or(f64::NAN, |d| d.as_secs_f64() * 1e3);
            format!("{millis:.1}")
        };
        write!(f, "{} | {} | {} | {}", at(0.5), at(0.99), at(1.0), self.0.len())
    }
}

/// From producing a record to consuming it: the floor.
pub fn hop(broker: &Broker) -> Quantiles {
    measure(broker, FEED, &|key| Some(key.to_owned()))
}

/// From producing a registration to consuming the alert about it.
pub fn alert(broker: &Broker) -> Quantiles {
    measure(broker, ALERTS, &|key| {
        // The alert is on the registration with the greater id; the arrival of the other one, the next, made it.
        let number: usize = key.rsplit(':').next()?.strip_prefix("lateon-")?.parse().ok()?;
        Some(format!("late-{}", number + 1))
    })
}

/// Sends registrations at an even rate and waits for what answers them on `topic`.
fn measure(broker: &Broker, topic: &str, answered: &dyn Fn(&str) -> Option<String>) -> Quantiles {
    let feed_is_watched = topic == FEED;
    let consumer: BaseConsumer = broker
        .client()
        .set("group.id", "latency")
        .set("fetch.wait.max.ms", "50")
        .create()
        .expect("settings are right");
    let mut end = TopicPartitionList::new();
    end.add_partition_offset(topic, 0, Offset::End).expect("a valid offset");
    consumer.assign(&end).expect("the partition exists");
    // Nothing is sent before the consumer is at the end.
    let _ = consumer.poll(Duration::from_secs(2));
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(move || send(broker, feed_is_watched, &sender));
        let mut sent: HashMap<String, (usize, Instant)> = HashMap::new();
        let mut taken = Vec::new();
        let until = Instant::now() + Duration::from_secs(u64::from(SECONDS) + 3);
        while Instant::now() < until {
            let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) else { continue };
            let now = Instant::now();
            sent.extend(receiver.try_iter());
            let key = message.key().and_then(|key| std::str::from_utf8(key).ok()).unwrap_or_default();
            let id = if feed_is_watched { registration_id(message.payload()) } else { answered(key) };
            if let Some((number, at)) =
                id.and_then(|id| sent.remove(&id)).filter(|(number, _)| WARM_UP <= *number)
            {
                let _ = number;
                taken.push(now.duration_since(at));
            }
        }
        taken.sort_unstable();
        Quantiles(taken)
    })
}

fn registration_id(payload: Option<&[u8]>) -> Option<String> {
    let record = tidvakt::contract::parse_registration(payload?).ok()?;
    record.registration(tidvakt::domain::UtcSecond(4_000_000_000)).ok().map(|r| r.registration_id.to_owned())
}

/// Sends for some seconds at an even rate, and reports what was sent when.
fn send(broker: &Broker, quiet: bool, reports: &mpsc::Sender<(String, (usize, Instant))>) {
    let producer = broker.producer();
    let begun = Instant::now();
    let prefix = if quiet { "floor" } else { "late" };
    for number in 0..SENT {
        let due = begun + Duration::from_secs(1) * number as u32 / PER_SECOND;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let overlapping = number % ALERT_EVERY == ALERT_EVERY - 1;
        let id = if overlapping { format!("{prefix}-{number}") } else { format!("{prefix}on-{number}") };
        let value = registration(&id, number, overlapping, quiet);
        let at = Instant::now();
        if overlapping || quiet {
            reports.send((id, (number, at))).expect("the other side waits");
        }
        let record = BaseRecord::to(FEED).partition(0).key(MUNICIPALITY).payload(&value);
        producer.send(record).map_err(|(error, _)| error).expect("the queue is not full");
    }
    rdkafka::producer::Producer::flush(&producer, Duration::from_secs(10)).expect("the broker takes them");
}

/// A registration of a carer of its own; an overlapping one is of the carer before, elsewhere.
fn registration(id: &str, number: usize, overlapping: bool, quiet: bool) -> String {
    let carer = if overlapping { number - 1 } else { number };
    let start = BEGIN + i64::from(quiet) * 40 * 86_400 + (number / 100) as i64;
    let stamp = |seconds: i64| tidvakt::domain::UtcSecond(seconds).to_string();
    let (start, end) = (stamp(start), stamp(start + 1800));
    let capture = format!(r#"{{"method":"nfc_tag","tag_ref":"tag-{number}","recorded_at":"{end}"}}"#);
    format!(
        r#"{{"schema_version":1,"event_type":"recorded","registration_id":"{id}","version":1,"municipality":"{MUNICIPALITY}","provider_id":"P-07","carer_ref":"{id_of_carer}","client_ref":"client-{number}-{quiet}","start_at":"{start}","end_at":"{end}","start_capture":{capture},"end_capture":{capture},"emitted_at":"{end}"}}"#,
        id_of_carer = format_args!("carer-{carer}-{quiet}"),
    )
}
