//! A full desk: 10,000 open alerts in 2,000 cases in `tidvakt feed`. Time until a page is answered in full, resident
//! memory, and the time until every reader of events has a new alert, of 200 readers of which 50 never read.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints, and may fail")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use serde_json::{Value, json};
use tidvakt::service::log::kafka::embedded::Broker;

const ALERTS: &str = "tidvakt.alerts.v1";
const PARTITIONS: i32 = 8;
const COUNT: usize = 10_000;
const CASES: usize = 2_000;
/// Requests of each page; one visitor is answered 30 a second.
const REQUESTS: usize = 40;
const PAUSE: Duration = Duration::from_millis(50);
const READERS: usize = 150;
const DEAF: usize = 50;
/// Streams that one visitor may have open.
const STREAMS_PER_VISITOR: usize = 5;
const NEW: usize = 3;
const PATIENCE: Duration = Duration::from_secs(60);

/// The process under test, ended with the bench.
struct Desk {
    child: Child,
    address: String,
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn main() {
    let topics = ["registrations", "reference", "decisions", "progress", "quarantine", "audit"];
    let names: Vec<String> = topics.iter().map(|name| format!("tidvakt.{name}.v1")).collect();
    let mut all: Vec<(&str, i32)> = names.iter().map(|name| (name.as_str(), PARTITIONS)).collect();
    all.push((ALERTS, PARTITIONS));
    let broker = Broker::start(&all).unwrap();
    // The broker in the process holds 5 MiB a partition.
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", broker.servers()).set("compression.type", "lz4").set("linger.ms", "20");
    let producer: BaseProducer = config.create().unwrap();
    (0..COUNT).for_each(|number| publish(&producer, number));
    producer.flush(PATIENCE).unwrap();
    let desk = Desk::start(&broker);
    let began = Instant::now();
    while count(&desk) < CASES as u64 {
        assert!(began.elapsed() < PATIENCE, "{} cases in time", count(&desk));
        std::thread::sleep(PAUSE);
    }
    println!(
        "| {COUNT} open alerts in {CASES} cases | p50 ms | p95 ms | max ms | kB |\n|---|---|---|---|---|"
    );
    let case = "/sv/cases/0181:carer:carer-7:2026-03";
    for path in ["/sv/cases", "/sv/cases?rule=carer-overlap", case, "/sv/outcomes", "/v1/cases"] {
        println!("| `{path}` | {} |", measured(&desk, path));
    }
    println!("| resident memory, MiB | {} | | | |", desk.resident_mib());
    events(&desk, &producer);
    println!(
        "| resident memory with {} readers of events, MiB | {} | | | |",
        READERS + DEAF,
        desk.resident_mib()
    );
}

fn publish(producer: &BaseProducer, number: usize) {
    let mut alert: Value = serde_json::from_str(include_str!("../tests/golden/alert-opened.json")).unwrap();
    let (registration, carer) = (format!("R-{number}"), format!("carer-{}", number % CASES));
    let key = format!("0181:registration:{registration}");
    alert["alert_id"] = json!(key);
    alert["subject"]["id"] = json!(registration);
    alert["case_id"] = json!(format!("0181:carer:{carer}:2026-03"));
    alert["carer_ref"] = json!(carer);
    alert["hold"]["registration_id"] = json!(registration);
    alert["hold"]["hold_id"] = json!(format!("H-0181-{registration}-1"));
    let (payload, partition) = (alert.to_string(), i32::try_from(number).unwrap() % PARTITIONS);
    let mut record = BaseRecord::to(ALERTS).key(&key).payload(&payload).partition(partition);
    while let Err((_, full)) = producer.send(record) {
        producer.poll(Duration::from_millis(10));
        record = full;
    }
}

impl Desk {
    fn start(broker: &Broker) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidvakt"));
        command.args(["feed", "--set", "feed.access=header", "--set", "log.level=error"]);
        command.args(["--set", &format!("feed.listen={address}")]);
        command.args([
            "-X",
            &format!("bootstrap.servers={}", broker.servers()),
            "-X",
            "fetch.wait.max.ms=10",
        ]);
        let child = command.stdout(Stdio::null()).spawn().unwrap();
        Self { child, address }
    }

    fn request(&self, user: &str, path: &str) -> TcpStream {
        let began = Instant::now();
        let mut stream = loop {
            match TcpStream::connect(&self.address) {
                Ok(stream) => break stream,
                Err(error) => assert!(began.elapsed() < PATIENCE, "{error}"),
            }
            std::thread::sleep(PAUSE);
        };
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\nx-forwarded-user: {user}\r\nx-forwarded-groups: viewer\r\n\
             x-tidvakt-municipalities: *\r\nconnection: close\r\n\r\n",
            self.address
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream
    }

    fn get(&self, path: &str) -> String {
        let mut answer = String::new();
        self.request("reviewer-1", path).read_to_string(&mut answer).unwrap();
        answer
    }

    fn resident_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1024
    }
}

/// Cases that the API counts.
fn count(desk: &Desk) -> u64 {
    let answer = desk.get("/v1/cases?limit=1");
    let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
    serde_json::from_str::<Value>(body).ok().and_then(|body| body["total"].as_u64()).unwrap_or_default()
}

fn measured(desk: &Desk, path: &str) -> String {
    let mut bytes = 0;
    let mut times: Vec<Duration> = (0..REQUESTS)
        .map(|_| {
            std::thread::sleep(PAUSE);
            let began = Instant::now();
            let answer = desk.get(path);
            let took = began.elapsed();
            assert!(
                answer.starts_with("HTTP/1.1 200"),
                "{path}: {}",
                answer.lines().next().unwrap_or_default()
            );
            bytes = answer.len();
            took
        })
        .collect();
    times.sort_unstable();
    let at = |share: f64| times[((REQUESTS - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    format!("{:.1} | {:.1} | {:.1} | {}", at(0.5), at(0.95), at(1.0), bytes / 1000)
}

/// Opens streams of events, publishes new alerts, and prints how long it took until each reader had each of them.
fn events(desk: &Desk, producer: &BaseProducer) {
    let open =
        |number: usize| desk.request(&format!("reader-{}", number / STREAMS_PER_VISITOR), "/v1/events");
    let deaf: Vec<TcpStream> = (READERS..READERS + DEAF).map(open).collect();
    let (sender, received) = mpsc::channel();
    for number in 0..READERS {
        let (stream, sender) = (open(number), sender.clone());
        std::thread::spawn(move || {
            let lines = BufReader::new(stream).lines().map_while(Result::ok);
            let mut headed = false;
            for line in lines {
                let is_first = line.is_empty() && !std::mem::replace(&mut headed, true);
                if (is_first || line.starts_with("event: alert")) && sender.send(Instant::now()).is_err() {
                    return;
                }
            }
        });
    }
    // The head of each answer.
    (0..READERS).for_each(|_| assert!(received.recv_timeout(PATIENCE).is_ok(), "a stream is answered"));
    let began = Instant::now();
    (COUNT..COUNT + NEW).for_each(|number| publish(producer, number));
    producer.flush(PATIENCE).unwrap();
    let mut times: Vec<Duration> =
        (0..NEW * READERS).map(|_| received.recv_timeout(PATIENCE).unwrap().duration_since(began)).collect();
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!(
        "| {NEW} new alerts at {READERS} readers, beside {DEAF} that never read | {:.1} | {:.1} | {:.1} | |",
        at(0.5),
        at(0.95),
        at(1.0)
    );
    drop(deaf);
}
