//! The whole service against the broker inside the process: no set-up, a few seconds. What only a
//! real broker can show (fencing, compaction, several brokers) is in `kafka`.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};
use serde_json::{Value, json};
use tidvakt::config::{Config, SettingSources};
use tidvakt::service::log::kafka::embedded::Broker;
use tidvakt::service::observe::metrics::metrics_table;
use tidvakt::service::{Fault, Service, ServiceError, check_broker, stopper};

pub(super) const FEED: &str = "tidvakt.registrations.v1";
pub(super) const REFERENCE: &str = "tidvakt.reference.v1";
pub(super) const ALERTS: &str = "tidvakt.alerts.v1";
pub(super) const PROGRESS: &str = "tidvakt.progress.v1";
const QUARANTINE: &str = "tidvakt.quarantine.v1";
/// 2 March 2026, an hour after the visits below: the mock keeps the time that the writer gives.
const APPENDED_MILLIS: i64 = 1_772_440_800_000;
/// Every record names a trace.
const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
const TOKEN: &str = "0123456789abcdef";

pub(super) fn broker() -> Broker {
    let topics = [FEED, REFERENCE, "tidvakt.decisions.v1", ALERTS, PROGRESS, QUARANTINE];
    Broker::start(&topics.map(|topic| (topic, 2))).unwrap()
}

pub(super) fn config(servers: &str) -> Config {
    static TOKEN_FILE: OnceLock<String> = OnceLock::new();
    // Removed with the target folder.
    let token = TOKEN_FILE.get_or_init(|| {
        let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("mock-token");
        std::fs::write(&path, TOKEN).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        format!("http.api_token_file={}", path.display())
    });
    // The mock stores no offsets that come with a transaction.
    let set = [
        token.as_str(),
        "http.api_listen=127.0.0.1:0",
        "http.listen=127.0.0.1:0",
        "kafka.instance_id=test",
        "kafka.delivery=reconciled",
        "service.progress_interval_ms=100",
    ];
    let client = format!("bootstrap.servers={servers}");
    Config::load(&SettingSources {
        set: set.map(str::to_owned).to_vec(),
        // The mock never answers a fetch early, and lets a static member come back only when its
        // former self has timed out. Where tests share two cores a heartbeat may be a second late: a
        // member that times out for that joins again, and the mock makes each join three seconds long.
        client: vec![
            client,
            "fetch.wait.max.ms=10".to_owned(),
            "session.timeout.ms=3000".to_owned(),
            "heartbeat.interval.ms=300".to_owned(),
            "statistics.interval.ms=200".to_owned(),
        ],
        ..SettingSources::default()
    })
    .unwrap()
}

pub(super) fn registration(id: &str, client: &str, start: &str, end: &str) -> (String, String) {
    let registration = json!({
        "schema_version": 1, "event_type": "recorded", "registration_id": id, "version": 1,
        "municipality": "0181", "provider_id": "P-07", "carer_ref": "carer-1", "client_ref": client,
        "start_at": format!("2026-03-02T{start}:00+01:00"), "end_at": format!("2026-03-02T{end}:00+01:00"),
    });
    ("0181".to_owned(), registration.to_string())
}

pub(super) fn home(client: &str, household: &str) -> (String, String) {
    let fact = json!({
        "schema_version": 1, "municipality": "0181", "fact_id": client, "type": "client_home",
        "valid_from": "2026-01-01T00:00:00+01:00", "valid_to": null,
        "recorded_at": "2026-01-01T00:00:00+01:00",
        "body": {"client_ref": client, "household_ref": household},
    });
    (format!("0181|{client}"), fact.to_string())
}

pub(super) fn send(servers: &str, topic: &str, records: &[(String, String)]) {
    let producer: BaseProducer = ClientConfig::new().set("bootstrap.servers", servers).create().unwrap();
    for (key, value) in records {
        let headers = OwnedHeaders::new().insert(Header { key: "traceparent", value: Some(TRACEPARENT) });
        let record = BaseRecord::to(topic).partition(1).key(key).payload(value).headers(headers);
        producer.send(record.timestamp(APPENDED_MILLIS)).unwrap();
    }
    producer.flush(PATIENCE).unwrap();
}

/// A record of a topic: its JSON and its headers.
pub(super) struct Found {
    pub(super) value: Value,
    headers: BTreeMap<String, String>,
}

/// Reads `topic` from its beginning until `enough` says so.
pub(super) fn read_until(servers: &str, topic: &str, enough: impl Fn(&[Found]) -> bool) -> Vec<Found> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", servers)
        .set("group.id", "reader")
        .set("fetch.wait.max.ms", "10")
        .create()
        .unwrap();
    let mut list = TopicPartitionList::new();
    for partition in 0..2 {
        list.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&list).unwrap();
    let (began, mut found) = (Instant::now(), Vec::new());
    while !enough(&found) {
        assert!(began.elapsed() < PATIENCE, "only {} records of `{topic}` in time", found.len());
        if let Some(Ok(message)) = consumer.poll(Duration::from_millis(50)) {
            let value = serde_json::from_slice(message.payload().unwrap_or_default()).unwrap_or(Value::Null);
            let headers = message.headers().into_iter().flat_map(|headers| headers.iter());
            let text = |value: Option<&[u8]>| String::from_utf8(value.unwrap_or_default().to_vec()).unwrap();
            let headers = headers.map(|header| (header.key.to_owned(), text(header.value))).collect();
            found.push(Found { value, headers });
        }
    }
    found
}

#[test]
fn registrations_become_alerts_and_progress_and_a_stop_is_orderly() {
    let broker = broker();
    let servers = broker.servers();
    let broken = ("0181|broken".to_owned(), "{}".to_owned());
    send(servers, REFERENCE, &[home("client-1", "hh-1"), broken, home("client-2", "hh-2")]);
    let (stop, shutdown) = stopper();
    let service = Service::start(&config(servers), shutdown).unwrap();
    let service_api = service.api_address().unwrap();
    let address = service.http_address().unwrap();
    let running = std::thread::spawn(move || service.wait());

    let records = [
        registration("R1", "client-1", "08:00", "09:00"),
        ("0181".to_owned(), "not json".to_owned()),
        registration("R2", "client-2", "08:10", "09:10"),
    ];
    send(servers, FEED, &records);
    let alerts = read_until(servers, ALERTS, |found| !found.is_empty());
    assert_eq!(alerts[0].value["findings"][0]["rule"], "carer-overlap", "{}", alerts[0].value);
    assert_eq!(alerts[0].value["state"], "opened");
    let headers = &alerts[0].headers;
    assert!(headers["ce_id"].starts_with("0181:registration:"), "{headers:?}");
    let (trace, span) = (&TRACEPARENT[..36], &headers["traceparent"]);
    assert!(span.starts_with(trace) && span.ends_with("-01") && span != TRACEPARENT, "{headers:?}");
    let quarantined = read_until(servers, QUARANTINE, |found| found.len() == 2);
    let is_refusal = |found: &Found| found.headers.contains_key("__connect.errors.offset");
    assert!(
        quarantined.iter().all(is_refusal),
        "the broken fact and the broken registration, with where they stood"
    );
    read_until(servers, PROGRESS, |found| {
        let last = |field: &str| found.last().map_or(Value::Null, |found| found.value[field].clone());
        last("assessed_through_offset") == 2 && last("scored") == 2
    });

    let page = get(address, "/readyz");
    assert!(page.contains(r#""ready":true"#), "{page}");
    assert!(get(service_api, "/v1/carers/carer-1").contains(r#""visits":2"#));
    let page = get(address, "/metrics");
    assert!(page.contains("tidvakt_registrations_total{result=\"scored\"} 2"), "{page}");
    assert!(page.contains("tidvakt_partitions{phase=\"live\"} 2"), "{page}");

    the_table_of_metrics_is_what_is_exported(address);

    let signalled = Instant::now();
    stop.stop();
    running.join().unwrap().unwrap();
    assert!(signalled.elapsed() < Duration::from_secs(5), "the stop took {:?}", signalled.elapsed());
    restart_publishes_nothing(servers);
}

/// Both ways: all in the table is exported, all that is exported is in the table, labels included.
fn the_table_of_metrics_is_what_is_exported(address: std::net::SocketAddr) {
    let table = metrics_table();
    let rows = table.lines().skip(2).map(|row| {
        let cells: Vec<&str> = row.trim_matches(['|', ' ']).split(" |").map(str::trim).collect();
        let labels = cells[2].split("; ").filter_map(|label| label.split('`').nth(1));
        (cells[0].trim_matches('`').to_owned(), (cells[1].to_owned(), labels.map(str::to_owned).collect()))
    });
    let documented: BTreeMap<String, (String, BTreeSet<String>)> = rows.collect();
    let began = Instant::now();
    loop {
        let exported = exported(&get(address, "/metrics"));
        // What the client library says of itself comes with its first statistics.
        if exported == documented {
            break;
        }
        let missing: Vec<_> = documented.iter().filter(|(name, _)| !exported.contains_key(*name)).collect();
        let beyond: Vec<_> =
            exported.iter().filter(|(name, row)| documented.get(*name) != Some(row)).collect();
        assert!(began.elapsed() < PATIENCE, "not exported: {missing:?}\nnot so in the table: {beyond:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Name, type and labels of every metric on the page.
fn exported(page: &str) -> BTreeMap<String, (String, BTreeSet<String>)> {
    let mut found = BTreeMap::new();
    let mut family = String::new();
    for line in page.lines().map(str::trim) {
        if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|line| line.split_once(' ')) {
            name.clone_into(&mut family);
            found.insert(family.clone(), (kind.to_owned(), BTreeSet::new()));
        } else if let Some((_, labels)) = line.split_once('{').filter(|_| line.starts_with(&family)) {
            let names = labels.split("\",").filter_map(|label| label.split_once("=\"").map(|(name, _)| name));
            let (_, known) = found.get_mut(&family).expect("the type stands above");
            known.extend(names.filter(|name| *name != "le").map(str::to_owned));
        }
    }
    found
}

fn restart_publishes_nothing(servers: &str) {
    let (stop, shutdown) = stopper();
    let service = Service::start(&config(servers), shutdown).unwrap();
    let service_api = service.api_address().unwrap();
    let address = service.http_address().unwrap();
    let running = std::thread::spawn(move || service.wait());
    let began = Instant::now();
    // Without partitions, as a spare, it is ready too.
    while !get(address, "/metrics").contains("tidvakt_partitions{phase=\"live\"} 2") {
        assert!(began.elapsed() < PATIENCE, "{}", get(address, "/readyz"));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(get(service_api, "/v1/alerts").contains("carer-overlap"), "what stands is shown after a restart");
    let metrics = get(address, "/metrics");
    let counters: Vec<&str> =
        metrics.lines().filter(|line| line.starts_with("tidvakt_alerts_total{")).collect();
    let counted_again = counters.iter().any(|line| !line.ends_with(" 0"));
    assert!(!counted_again && !counters.is_empty(), "{counters:?}");
    assert!(metrics.contains("tidvakt_open_alerts{grade=\"review\",municipality=\"0181\"} 1"), "{metrics}");
    stop.stop();
    running.join().unwrap().unwrap();
}

#[test]
fn a_missing_topic_is_said_at_once_with_the_command_that_makes_it() {
    let broker = Broker::start(&[(FEED, 1), (REFERENCE, 1), (ALERTS, 1), (PROGRESS, 1)]).unwrap();
    let (_stop, shutdown) = stopper();
    let began = Instant::now();
    let Err(error) = Service::start(&config(broker.servers()), shutdown) else {
        panic!("topics are missing");
    };
    assert!(began.elapsed() < Duration::from_secs(5));
    assert!(matches!(error, ServiceError::Inspection { .. }), "{error}");
    assert_eq!(error.fault(), Fault::Unavailable);
    let said = error.to_string();
    assert_eq!(said, "topic `tidvakt.decisions.v1`: missing; topic `tidvakt.quarantine.v1`: missing");
    let remedy = error.remedy().unwrap();
    assert!(remedy.contains("--create --topic tidvakt.quarantine.v1"), "{remedy}");
}

#[test]
fn a_broker_that_does_not_answer_is_one_failed_line() {
    let lines = check_broker(&config("127.0.0.1:1"));
    assert_eq!(lines.len(), 1);
    assert!(!lines[0].is_ok() && lines[0].remedy.is_some());
    assert!(
        lines[0].found.contains("no connection: ") && lines[0].found.contains("Connection refused"),
        "{lines:?}"
    );
}

#[test]
fn the_service_starts_on_nothing_that_check_calls_a_failure() {
    let topics = [FEED, REFERENCE, "tidvakt.decisions.v1", ALERTS, PROGRESS, QUARANTINE];
    let broker = Broker::start(&topics.map(|topic| (topic, if topic == ALERTS { 1 } else { 2 }))).unwrap();
    let failed: Vec<_> =
        check_broker(&config(broker.servers())).into_iter().filter(|line| !line.is_ok()).collect();
    let (_stop, shutdown) = stopper();
    let Err(error) = Service::start(&config(broker.servers()), shutdown) else {
        panic!("the alert topic has too few partitions");
    };
    let ServiceError::Inspection { lines, .. } = &error else { panic!("{error}") };
    assert_eq!(*lines, failed);
    assert_eq!(
        error.to_string(),
        "partitions of `tidvakt.alerts.v1`: 1, expected 2 as of `tidvakt.registrations.v1`"
    );
}

#[test]
fn the_demo_needs_nothing_and_ends_with_a_summary() {
    let mut demo = assert_cmd::Command::new(env!("CARGO_BIN_EXE_tidvakt"));
    let demo = demo.args(["demo", "--for", "4s", "--clients", "150", "--set", "http.listen=127.0.0.1:0"]);
    let done = demo.timeout(PATIENCE).assert().success();
    let said = String::from_utf8(done.get_output().stdout.clone()).unwrap();
    for part in ["http://127.0.0.1:", "kcat -b 127.0.0.1:", "registrations sent in", "alerts are open"] {
        assert!(said.contains(part), "`{part}` is missing in\n{said}");
    }
    assert!(said.lines().any(|line| line.contains(" + ")), "no alert in\n{said}");
}

pub(super) fn get(address: std::net::SocketAddr, path: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let headers = format!("host: localhost\r\nauthorization: Bearer {TOKEN}\r\nconnection: close");
    write!(stream, "GET {path} HTTP/1.1\r\n{headers}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
