//! Apache Kafka for the bench, and the records that go through it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};
use rdkafka::util::Timeout;
use rdkafka::{Offset, TopicPartitionList};
use tidvakt::contract;
use tidvakt::simulate::{self, Plan};

/// Partitions of the feed.
pub const PARTITIONS: i32 = 4;
/// Municipalities, spread over the partitions.
const MUNICIPALITIES: usize = 8;
/// Days that are simulated.
const DAYS: u32 = 28;
const RECORDS_PER_CLIENT_DAY: f64 = 2.1;
/// The feed.
pub const FEED: &str = "tidvakt.registrations.v1";

/// A broker that stops with the bench.
pub struct Broker {
    folder: PathBuf,
    address: String,
}

impl Broker {
    /// Starts one on free ports, with the topics of the service.
    pub fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("tidvakt-bench-{}", std::process::id()));
        let own = std::process::id().to_string();
        let address = script(&["start", &folder.display().to_string(), "--until", &own]);
        script(&["topics", &address, "--partitions", &PARTITIONS.to_string()]);
        Self { folder, address }
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Settings of a client that knows only the address.
    pub fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.address);
        config
    }

    /// A producer that waits for all replicas.
    pub fn producer(&self) -> ThreadedProducer<DefaultProducerContext> {
        let mut config = self.client();
        config.set("enable.idempotence", "true").set("acks", "all").set("linger.ms", "0");
        config.set("queue.buffering.max.kbytes", "1048576").set("queue.buffering.max.messages", "2000000");
        config.create().expect("settings are right")
    }

    /// Puts all records on the feed.
    pub fn produce(&self, records: &[(String, Vec<u8>)]) {
        self.produce_to(FEED, records, partition);
    }

    /// Puts all records, each with its key, on a topic; `partition` gives the partition of a key.
    pub fn produce_to(&self, topic: &str, records: &[(String, Vec<u8>)], partition: impl Fn(&str) -> i32) {
        let producer = self.producer();
        for (key, value) in records {
            let record = BaseRecord::to(topic).partition(partition(key)).key(key).payload(value);
            producer.send(record).map_err(|(error, _)| error).expect("the queue holds them all");
        }
        producer.flush(Timeout::After(Duration::from_secs(120))).expect("the broker takes them");
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        script(&["stop", &self.folder.display().to_string()]);
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The partitions of the feed, from their beginnings.
pub fn beginning_of(counts: &[(i32, usize)]) -> TopicPartitionList {
    let mut partitions = TopicPartitionList::new();
    for (partition, _) in counts {
        partitions.add_partition_offset(FEED, *partition, Offset::Beginning).expect("a valid offset");
    }
    partitions
}

/// The partitions, and how many of the records go to each.
pub fn counts(records: &[(String, Vec<u8>)]) -> Vec<(i32, usize)> {
    let of = |wanted| records.iter().filter(|(municipality, _)| partition(municipality) == wanted).count();
    (0..PARTITIONS).map(|partition| (partition, of(partition))).collect()
}

/// The partition of a municipality.
pub fn partition(municipality: &str) -> i32 {
    municipality.parse::<i32>().expect("a municipality code is a number") % PARTITIONS
}

fn script(arguments: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kafka.sh");
    let output = Command::new(script).args(arguments).output().expect("bash is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// About `wanted` registrations of several municipalities, each in order of sending, in turns.
pub fn records(wanted: usize) -> Vec<(String, Vec<u8>)> {
    // A client has about 1.4 visits a day, and a visit about 1.6 records.
    let clients = wanted as f64 / (MUNICIPALITIES as f64 * f64::from(DAYS) * RECORDS_PER_CLIENT_DAY);
    let feeds: Vec<Vec<Vec<u8>>> =
        (0..MUNICIPALITIES).map(|number| feed(number, clients.ceil() as u32)).collect();
    let longest = feeds.iter().map(Vec::len).max().unwrap_or(0);
    let mut records = Vec::with_capacity(wanted);
    for at in 0..longest {
        for (number, feed) in feeds.iter().enumerate() {
            records.extend(feed.get(at).map(|value| (code(number), value.clone())));
        }
    }
    records.truncate(wanted);
    records
}

fn code(number: usize) -> String {
    format!("{:04}", 1000 + number)
}

fn feed(number: usize, clients: u32) -> Vec<Vec<u8>> {
    let municipality = code(number);
    let plan = Plan { seed: number as u64, days: DAYS, clients, municipality, ..Plan::default() };
    let mut records = Vec::new();
    simulate::run(&plan, &mut |registration| {
        let mut value = Vec::new();
        contract::write_registration(registration, &mut value);
        records.push(value);
    });
    records
}
