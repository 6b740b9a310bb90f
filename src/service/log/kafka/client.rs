//! The settings of each Kafka client: what is advised, what the operator says, what must be.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::ProducerContext;
use rdkafka::{ClientContext, Statistics};

use super::flood::library_line;
use crate::config::{Config, DeliveryMode, Kafka};
use crate::service::observe::metrics::Reporter;

/// Advised for all; the operator's settings go before.
const ADVISED: &[(&str, &str)] = &[
    ("client.id", "tidvakt"),
    ("allow.auto.create.topics", "false"),
    ("socket.keepalive.enable", "true"),
    ("reconnect.backoff.ms", "50"),
    ("reconnect.backoff.max.ms", "2000"),
    ("topic.metadata.refresh.interval.ms", "60000"),
    // From these come the lag and what is known of the brokers; 0 = neither.
    ("statistics.interval.ms", "5000"),
];

const ADVISED_CONSUMER: &[(&str, &str)] = &[
    // A broker answers as soon as there is a byte; the wait only bounds how long a partition that is
    // taken up waits for the fetch that is under way.
    ("fetch.wait.max.ms", "50"),
    ("fetch.min.bytes", "1"),
    ("fetch.error.backoff.ms", "100"),
    // Bounds on what a broken or hostile batch can make the client hold.
    ("fetch.max.bytes", "4194304"),
    ("max.partition.fetch.bytes", "1048576"),
    // Also bounds what a compressed batch may unpack to. A broker takes a batch by its packed size, and an honest
    // producer packs 10 MB of registrations into one.
    ("receive.message.max.bytes", "134217728"),
    ("queued.max.messages.kbytes", "16384"),
    ("queued.min.messages", "20000"),
    // With a full queue the client would sit still for a second, which is most of a catch-up.
    ("fetch.queue.backoff.ms", "2"),
    ("check.crcs", "true"),
    ("isolation.level", "read_committed"),
];

const ADVISED_ELECTOR: &[(&str, &str)] = &[
    ("partition.assignment.strategy", "cooperative-sticky"),
    ("session.timeout.ms", "10000"),
    ("heartbeat.interval.ms", "500"),
    // Partitions that are added to the feed are assigned within this time.
    ("topic.metadata.refresh.interval.ms", "10000"),
    ("fetch.wait.max.ms", "500"),
];

const ADVISED_PRODUCER: &[(&str, &str)] = &[
    ("linger.ms", "0"),
    ("compression.codec", "lz4"),
    // Within this time a broker can fail over; after it the process stops and derives again.
    ("message.timeout.ms", "120000"),
];

/// What delivery rests on: an operator cannot set these.
const REQUIRED_CONSUMER: &[(&str, &str)] =
    &[("enable.auto.commit", "false"), ("enable.auto.offset.store", "false"), ("auto.offset.reset", "error")];

const REQUIRED_PRODUCER: &[(&str, &str)] = &[("enable.idempotence", "true"), ("acks", "all")];

const ADVISED_TRANSACTIONAL: &[(&str, &str)] = &[
    // For so long an instance that died in the middle keeps readers of committed records waiting; within this time a
    // broker can fail over.
    ("transaction.timeout.ms", "10000"),
    // The coordinator may still be at the transaction before.
    ("retry.backoff.ms", "10"),
];

/// Makes the settings of each client.
#[derive(Clone, Debug)]
pub struct Clients {
    given: BTreeMap<String, String>,
    group_id: String,
    instance_id: Option<String>,
    delivery: DeliveryMode,
}

impl Clients {
    /// Clients with the operator's `given` properties, in the group `group_id`.
    #[must_use]
    pub fn new(given: BTreeMap<String, String>, group_id: &str, instance_id: Option<&str>) -> Self {
        let (group_id, instance_id) = (group_id.to_owned(), instance_id.map(str::to_owned));
        Self { given, group_id, instance_id, delivery: DeliveryMode::default() }
    }

    /// The clients that the settings ask for.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let Kafka { client, group_id, instance_id, delivery, .. } = &config.kafka;
        Self { delivery: *delivery, ..Self::new(client.clone(), group_id, Some(instance_id)) }
    }

    /// How outputs reach their topics.
    pub(in crate::service) fn delivery(&self) -> DeliveryMode {
        self.delivery
    }

    /// For requests alone: metadata, settings of topics.
    #[must_use]
    pub fn plain(&self) -> ClientConfig {
        self.build(&[], &[])
    }

    /// For the member of the group.
    pub(in crate::service) fn elector(&self) -> ClientConfig {
        let mut config = self.build(&[ADVISED_CONSUMER, ADVISED_ELECTOR], REQUIRED_CONSUMER);
        config.set("group.id", &self.group_id);
        if let Some(instance) = &self.instance_id {
            config.set("group.instance.id", instance);
        }
        config
    }

    /// For reading at offsets of one's own. The group's name is there because the client library
    /// asks for one, and for reading the group's offsets; it never joins.
    #[must_use]
    pub fn tail(&self) -> ClientConfig {
        let mut config = self.build(&[ADVISED_CONSUMER], REQUIRED_CONSUMER);
        config.set("group.id", &self.group_id).set("enable.partition.eof", "true");
        config.remove("group.instance.id");
        config
    }

    /// For following what is written: a broker answers when there is something.
    pub(in crate::service) fn watch(&self) -> ClientConfig {
        let mut config = self.tail();
        config.set("fetch.wait.max.ms", "500").set("enable.partition.eof", "false");
        config.set("queued.max.messages.kbytes", "4096").set("queued.min.messages", "1000");
        config
    }

    /// For writing.
    #[must_use]
    pub fn producer(&self) -> ClientConfig {
        self.build(&[ADVISED_PRODUCER], REQUIRED_PRODUCER)
    }

    /// For writing in transactions, by the worker of this number. A second producer of the same name fences the first:
    /// an instance that restarts ends what its former self left open.
    pub(in crate::service) fn transactional_producer(&self, worker: usize) -> ClientConfig {
        let instance = self.instance_id.as_deref().unwrap_or_default();
        self.transactional(&format!("{instance}-{worker}"))
    }

    /// For finding out whether transactions work; it fences nobody.
    pub(in crate::service) fn transaction_check(&self) -> ClientConfig {
        self.transactional("check")
    }

    fn transactional(&self, name: &str) -> ClientConfig {
        let mut config = self.build(&[ADVISED_PRODUCER, ADVISED_TRANSACTIONAL], REQUIRED_PRODUCER);
        config.set("transactional.id", format!("{}-{name}", self.group_id));
        // The client library refuses a record that may outlive its transaction.
        let timeout = config.get("transaction.timeout.ms").map(str::to_owned);
        config.set("message.timeout.ms", timeout.unwrap_or_default());
        config
    }

    /// A name for one writer of outputs, different for each that ever was.
    pub(in crate::service) fn writer(&self) -> String {
        let random = RandomState::new().build_hasher().finish();
        format!("{}/{random:016x}", self.instance_id.as_deref().unwrap_or_default())
    }

    /// After so long without a heartbeat the group gives the partitions of an instance to others.
    pub(in crate::service) fn session(&self) -> Duration {
        let millis = self.elector().get("session.timeout.ms").and_then(|millis| millis.parse().ok());
        Duration::from_millis(millis.unwrap_or(10_000))
    }

    /// The consumer group.
    pub(in crate::service) fn group_id(&self) -> &str {
        &self.group_id
    }

    /// The addresses that were given, for messages.
    #[must_use]
    pub fn servers(&self) -> &str {
        self.given.get("bootstrap.servers").map_or("", String::as_str)
    }

    fn build(&self, advised: &[&[(&str, &str)]], required: &[(&str, &str)]) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set_log_level(RDKafkaLogLevel::Info);
        for (name, value) in ADVISED.iter().chain(advised.iter().copied().flatten()) {
            config.set(*name, *value);
        }
        for (name, value) in &self.given {
            config.set(name, value);
        }
        for (name, value) in required {
            config.set(*name, *value);
        }
        config
    }
}

/// A client whose words go to the log of the program; what is wrong with the connection is said
/// once by the library and needs no second line.
pub struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        library_line(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(target: "librdkafka", %error, reason, "client error");
    }

    fn stats_raw(&self, _statistics: &[u8]) {}
}

impl ConsumerContext for Quiet {}

impl ProducerContext for Quiet {
    type DeliveryOpaque = ();

    fn delivery(&self, _result: &DeliveryResult<'_>, _opaque: ()) {}
}

/// A consumer whose statistics go to the metrics.
pub(in crate::service) struct Reporting(pub(super) Reporter);

impl ClientContext for Reporting {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        library_line(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(target: "librdkafka", %error, reason, "client error");
    }

    fn stats(&self, statistics: Statistics) {
        self.0.report(&statistics);
    }
}

impl ConsumerContext for Reporting {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_goes_before_the_advice_and_behind_what_must_be() {
        let given = [("linger.ms", "7"), ("acks", "1"), ("enable.auto.commit", "true")];
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let clients = Clients::new(given, "g", Some("host-1"));
        assert_eq!(clients.producer().get("linger.ms"), Some("7"));
        assert_eq!(clients.producer().get("acks"), Some("all"));
        assert_eq!(clients.elector().get("enable.auto.commit"), Some("false"));
        assert_eq!(clients.elector().get("group.instance.id"), Some("host-1"));
        assert_eq!(clients.tail().get("group.instance.id"), None);
        assert_eq!(clients.tail().get("auto.offset.reset"), Some("error"));
    }

    #[test]
    fn no_record_outlives_its_transaction() {
        let given = [("transaction.timeout.ms", "7000"), ("message.timeout.ms", "300000")];
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let producer = Clients::new(given, "g", Some("host-1")).transactional_producer(3);
        assert_eq!(producer.get("transactional.id"), Some("g-host-1-3"));
        assert_eq!(producer.get("message.timeout.ms"), Some("7000"));
    }

    #[test]
    fn the_library_knows_every_property() {
        let clients = Clients::new(BTreeMap::new(), "g", None);
        let all = [clients.plain(), clients.elector(), clients.tail(), clients.producer()];
        for config in all.into_iter().chain([clients.transactional_producer(0)]) {
            config.create_native_config().expect("known properties");
        }
    }
}
