//! The broker that the tests share, and what is needed to talk to it.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{Headers as _, Message as _};
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _, ProducerContext};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaErrorCode;

use crate::architecture::root;

/// Longer than any answer on loopback takes, even beside other work on two cores.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The broker's address, where Apache Kafka can run here; else it says by name that `test` was not
/// run. One test at a time: they share two cores with a broker.
pub fn broker(test: &str) -> Option<(&'static str, MutexGuard<'static, ()>)> {
    static ADDRESS: OnceLock<Result<String, String>> = OnceLock::new();
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    static NOT_RUN: AtomicU32 = AtomicU32::new(0);
    let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    match ADDRESS.get_or_init(start) {
        Ok(address) => Some((address, turn)),
        Err(missing) => {
            let required = std::env::var_os("TEST_REQUIRE_KAFKA").is_some_and(|value| value == "1");
            assert!(!required, "{missing}, and TEST_REQUIRE_KAFKA=1");
            let count = NOT_RUN.fetch_add(1, Ordering::Relaxed) + 1;
            // Not by `eprintln!`, which the test harness keeps to itself.
            let _ = writeln!(std::io::stderr(), "{test}: not run ({count} so far): {missing}");
            None
        }
    }
}

/// Starts it; an error where a program is missing. A broker that does not start is a failure.
fn start() -> Result<String, String> {
    let found = |program: &str| {
        std::env::var_os("PATH")
            .is_some_and(|paths| std::env::split_paths(&paths).any(|path| path.join(program).is_file()))
    };
    let fetched = || Path::new(&target()).join("kafka/lib/pom.xml").is_file();
    if !found("java") {
        return Err("`java` is missing".to_owned());
    }
    if !found("mvn") && !fetched() {
        return Err("`mvn` is missing".to_owned());
    }
    Ok(start_in(&folder(""), 1))
}

/// The folder of a broker of this run.
pub fn folder(name: &str) -> String {
    format!("{}/kafka/run-{}{name}", target(), std::process::id())
}

/// Starts so many brokers, which end with this process at the latest; returns their address.
pub fn start_in(folder: &str, brokers: u32) -> String {
    let (pid, brokers) = (std::process::id().to_string(), brokers.to_string());
    script(&["start", folder, "--brokers", &brokers, "--until", &pid])
}

pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(root().join("tests/kafka.sh"));
    command.args(arguments).env("CARGO_TARGET_DIR", target());
    command
}

/// What `tests/kafka.sh` prints.
pub fn script(arguments: &[&str]) -> String {
    let output = command(arguments).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "tests/kafka.sh: {}", output.status);
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn target() -> String {
    // target/debug/tidvakt: two up is the target folder, wherever it lies.
    let program = Path::new(env!("CARGO_BIN_EXE_tidvakt"));
    program.ancestors().nth(2).unwrap().display().to_string()
}

/// The topics of one test.
pub struct Topics {
    pub address: &'static str,
    prefix: String,
    pub partitions: i32,
}

impl Topics {
    /// Makes the topics of `tests/kafka/topics.txt` under names of the test's own.
    pub fn make(address: &'static str, prefix: &str, partitions: i32) -> Self {
        Self::make_but(address, prefix, partitions, "")
    }

    /// Makes them all but one.
    pub fn make_but(address: &'static str, prefix: &str, partitions: i32, unwanted: &str) -> Self {
        let topics = Self { address, prefix: prefix.to_owned(), partitions };
        topics.make_missing(unwanted);
        topics
    }

    fn make_missing(&self, unwanted: &str) {
        let table = std::fs::read_to_string(root().join("tests/kafka/topics.txt")).unwrap();
        let admin: AdminClient<DefaultClientContext> = self.client().create().unwrap();
        let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
        for line in table.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let mut words = line.split_whitespace();
            let name = words.next().unwrap().split('.').nth(1).unwrap();
            if name == unwanted {
                continue;
            }
            let full = self.name(name);
            // As many replicas as the brokers make by themselves: one, and of three brokers three.
            let mut topic = NewTopic::new(&full, self.partitions, TopicReplication::Fixed(-1));
            for setting in words {
                let (key, value) = setting.split_once('=').unwrap();
                topic = topic.set(key, value);
            }
            let results = block_on(admin.create_topics([&topic], &options)).unwrap();
            results.into_iter().for_each(|result| drop(result.unwrap()));
        }
    }

    /// The full name: `registrations` is `<prefix>.registrations.v1`.
    pub fn name(&self, name: &str) -> String {
        format!("{}.{name}.v1", self.prefix)
    }

    pub fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.address).set("log_level", "3");
        config
    }

    pub fn producer(&self) -> BaseProducer {
        self.producer_seen_by(DefaultProducerContext)
    }

    /// A producer that reports the delivery of each record to `observer`.
    pub fn producer_seen_by<C: Observer>(&self, observer: C) -> BaseProducer<C> {
        let mut config = self.client();
        config.set("enable.idempotence", "true").set("acks", "all").set("linger.ms", "2");
        config.create_with_context(observer).unwrap()
    }

    /// Everything that a topic holds now, in order within each partition.
    pub fn read(&self, name: &str) -> Vec<Kept> {
        read(&mut self.client(), &self.name(name), self.partitions)
    }
}

/// A record that was read back.
#[derive(Clone, Debug)]
pub struct Kept {
    pub partition: i32,
    /// Milliseconds since 1970, by the writer's clock or the broker's, as the topic says.
    pub time_ms: i64,
    pub key: Vec<u8>,
    pub value: Vec<u8>,
    pub headers: Vec<(String, String)>,
}

impl Kept {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.value).unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

pub fn read(config: &mut ClientConfig, topic: &str, partitions: i32) -> Vec<Kept> {
    let consumer: BaseConsumer = config
        .set("group.id", "reader")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "error")
        .create()
        .unwrap();
    let mut list = TopicPartitionList::new();
    (0..partitions)
        .for_each(|partition| list.add_partition_offset(topic, partition, Offset::Beginning).unwrap());
    consumer.assign(&list).unwrap();
    // A partition that changes its leader may be said to end once more.
    let (mut kept, mut ended) = (Vec::new(), BTreeSet::new());
    let deadline = Instant::now() + PATIENCE;
    while ended.len() < usize::try_from(partitions).unwrap() {
        assert!(Instant::now() < deadline, "`{topic}` was not read to its end in {PATIENCE:?}");
        match consumer.poll(Duration::from_millis(100)) {
            None => (),
            Some(Err(KafkaError::PartitionEOF(partition))) => drop(ended.insert(partition)),
            Some(Err(error)) if is_of_a_connection(&error) => (),
            Some(message) => {
                let message = message.unwrap();
                let headers = message.headers().map_or_else(Vec::new, |headers| {
                    let text = |bytes: Option<&[u8]>| {
                        String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
                    };
                    headers.iter().map(|header| (header.key.to_owned(), text(header.value))).collect()
                });
                kept.push(Kept {
                    partition: message.partition(),
                    time_ms: message.timestamp().to_millis().unwrap_or_default(),
                    key: message.key().unwrap_or_default().to_vec(),
                    value: message.payload().unwrap_or_default().to_vec(),
                    headers,
                });
            }
        }
    }
    kept
}

/// A broker can't be reached just now: the client itself tries again.
fn is_of_a_connection(error: &KafkaError) -> bool {
    let code = error.rdkafka_error_code();
    matches!(code, Some(RDKafkaErrorCode::BrokerTransportFailure | RDKafkaErrorCode::AllBrokersDown))
}

/// A producer with any or no eyes on what it delivers.
pub trait Observer: ProducerContext<DeliveryOpaque = ()> {}
impl<C: ProducerContext<DeliveryOpaque = ()>> Observer for C {}

/// Queues one record and waits only where the queue is full.
pub fn send(producer: &BaseProducer<impl Observer>, topic: &str, partition: i32, key: &[u8], value: &[u8]) {
    let mut record = BaseRecord::to(topic).partition(partition).key(key).payload(value);
    loop {
        match producer.send(record) {
            Ok(()) => break,
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), refused)) => {
                record = refused;
                producer.poll(Duration::from_millis(10));
            }
            Err((error, _)) => panic!("`{topic}`: {error}"),
        }
    }
    producer.poll(Duration::ZERO);
}

/// Waits until everything queued is acknowledged.
pub fn flush(producer: &BaseProducer<impl Observer>) {
    producer.flush(PATIENCE).unwrap();
}

/// The answer of the admin client, which answers in futures only.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}
