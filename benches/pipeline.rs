//! The whole service on Apache Kafka, beside floors taken in the same run on the same records:
//! decode only, consume and discard, produce to consume.
//!
//! `cargo bench --bench pipeline` starts a broker by `tests/kafka.sh` and prints a table. The number
//! of registrations is `BENCH_RECORDS` (default 600000); `BENCH_RULES=few` leaves eight rules on; `BENCH_DELIVERY` is
//! `transactional` (default) or `reconciled`. It measures and never fails on a figure: machines are noisy. Only shares taken within one run mean anything.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

#[path = "contract/floor.rs"]
mod floor;
mod pipeline {
    pub mod broker;
    pub mod latency;
    pub mod service;
}

use std::hint::black_box;
use std::time::{Duration, Instant};

use pipeline::broker::Broker;
use pipeline::service::{Service, Spent};
use pipeline::{broker, latency};
use rdkafka::Message as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use tidvakt::contract;
use tidvakt::domain::UtcSecond;

/// The rules that look for contradictions in single visits, and one of each other kind.
const FEW: [&str; 8] = [
    "carer-overlap",
    "client-overlap",
    "impossible-travel",
    "client-absent",
    "duplicate-registration",
    "missing-log-out",
    "unusual-duration",
    "manual-share",
];

fn main() {
    let wanted = std::env::var("BENCH_RECORDS").ok().and_then(|text| text.parse().ok());
    let wanted: usize = wanted.unwrap_or(600_000);
    let records = broker::records(wanted);
    let bytes: usize = records.iter().map(|(_, value)| value.len()).sum();
    println!(
        "{} registrations of {} bytes on average, {} partitions",
        records.len(),
        bytes / records.len(),
        broker::PARTITIONS
    );
    let floor = decode(&records);
    let broker = Broker::start();
    broker.produce(&records);
    let counts = broker::counts(&records);
    let discard = discard(&broker, &counts);
    let only_decode = only_decode(&broker, &counts);
    let hop = latency::hop(&broker);
    let count = records.len() + latency::SENT;
    let few = std::env::var("BENCH_RULES").is_ok_and(|rules| rules == "few");
    let delivery = std::env::var("BENCH_DELIVERY").unwrap_or_else(|_| "transactional".to_owned());
    let service = Service::start(&broker, few.then_some(&FEW), &delivery);
    let caught_up = service.caught_up(count);
    let alert = latency::alert(&broker);
    drop(service);
    println!("delivery: {delivery}\n");
    table(&Figures { records: records.len(), count, floor, discard, only_decode, caught_up, hop, alert });
}

struct Decode {
    floor_ns: f64,
    contract_ns: f64,
}

/// Decoding alone, from memory: into borrowed fields, and by the contract with all its checks.
fn decode(records: &[(String, Vec<u8>)]) -> Decode {
    let best = |pass: &dyn Fn()| {
        let timed = (0..5).map(|_| {
            let begun = Instant::now();
            pass();
            begun.elapsed().as_nanos() as f64 / records.len() as f64
        });
        timed.fold(f64::INFINITY, f64::min)
    };
    let floor_ns = best(&|| {
        for (_, value) in records {
            floor::floor(value);
        }
    });
    let contract_ns = best(&|| records.iter().for_each(|(_, value)| by_the_contract(value)));
    Decode { floor_ns, contract_ns }
}

/// Decodes a registration with all checks.
fn by_the_contract(value: &[u8]) {
    let late = UtcSecond(4_000_000_000);
    let record = contract::parse_registration(value).expect("we wrote it");
    black_box(record.registration(late).expect("we wrote it"));
}

/// One thread polls everything and drops it; the best of three.
fn discard(broker: &Broker, counts: &[(i32, usize)]) -> Spent {
    best_of_three(|| {
        poll(broker, counts, |value| {
            black_box(value);
        })
    })
}

/// As many threads as there are workers poll and decode: the upper bound of a service that decodes by the contract
/// and assesses and publishes nothing.
fn only_decode(broker: &Broker, counts: &[(i32, usize)]) -> Spent {
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(counts.len());
    best_of_three(|| {
        let cpu = pipeline::service::cpu("self");
        let wall = std::thread::scope(|scope| {
            let of = |worker| counts.iter().copied().skip(worker).step_by(workers).collect::<Vec<_>>();
            let polling =
                (0..workers).map(of).map(|own| scope.spawn(move || poll(broker, &own, by_the_contract).wall));
            let polling: Vec<_> = polling.collect();
            polling.into_iter().map(|thread| thread.join().expect("it polls to the end")).max()
        });
        let wall = wall.expect("there is a worker");
        Spent { wall, cpu: pipeline::service::cpu("self") - cpu, resident_mib: 0.0 }
    })
}

fn best_of_three(pass: impl Fn() -> Spent) -> Spent {
    let passes = [pass(), pass(), pass()];
    passes.into_iter().min_by_key(|spent| spent.wall).expect("three passes")
}

/// Polls so many records of each of these partitions; timed from the first on.
fn poll(broker: &Broker, counts: &[(i32, usize)], each: impl Fn(&[u8])) -> Spent {
    let mut client = broker.client();
    // With a full queue the client would sit still for a second.
    client.set("group.id", "discard").set("fetch.queue.backoff.ms", "2");
    let consumer: BaseConsumer = client.create().expect("settings are right");
    consumer.assign(&broker::beginning_of(counts)).expect("partitions exist");
    let next = || {
        let message = consumer.poll(Duration::from_secs(10)).expect("records are there");
        each(message.expect("the broker answers").payload().expect("all have a value"));
    };
    next();
    let (begun, cpu) = (Instant::now(), pipeline::service::cpu("self"));
    (1..counts.iter().map(|(_, count)| count).sum()).for_each(|_| next());
    Spent { wall: begun.elapsed(), cpu: pipeline::service::cpu("self") - cpu, resident_mib: 0.0 }
}

struct Figures {
    /// On the feed when consuming was timed, and when the service was.
    records: usize,
    count: usize,
    floor: Decode,
    discard: Spent,
    only_decode: Spent,
    caught_up: Spent,
    hop: latency::Quantiles,
    alert: latency::Quantiles,
}

fn table(figures: &Figures) {
    let Figures { records, count, floor, discard, only_decode, caught_up, hop, alert } = figures;
    let rate = |spent: &Spent, of: &usize| *of as f64 / spent.wall.as_secs_f64();
    let cpu = |spent: &Spent, of: &usize| spent.cpu.as_secs_f64() * 1e6 / *of as f64;
    println!("| What | registrations/s | share of discard | CPU µs each | resident MiB |");
    println!("|---|---|---|---|---|");
    println!(
        "| decode floor (borrowed, nothing checked) | {:.0} | | {:.2} | |",
        1e9 / floor.floor_ns,
        floor.floor_ns / 1e3
    );
    println!(
        "| decode by the contract: {:.2} of the floor's time | {:.0} | | {:.2} | |",
        floor.contract_ns / floor.floor_ns,
        1e9 / floor.contract_ns,
        floor.contract_ns / 1e3
    );
    println!(
        "| consume and discard, one thread | {:.0} | 1 | {:.2} | |",
        rate(discard, records),
        cpu(discard, records)
    );
    println!(
        "| consume and decode, all workers (what no service can pass) | {:.0} | {:.2} | {:.2} | |",
        rate(only_decode, records),
        rate(only_decode, records) / rate(discard, records),
        cpu(only_decode, records)
    );
    println!(
        "| the service | {:.0} | {:.2} | {:.2} | {:.0} |",
        rate(caught_up, count),
        rate(caught_up, count) / rate(discard, records),
        cpu(caught_up, count),
        caught_up.resident_mib
    );
    println!("\n| Latency at 1,000/s, acks=all | p50 ms | p99 ms | max ms | n |\n|---|---|---|---|---|");
    println!("| produce to consume (floor) | {hop} |");
    println!("| registration to alert | {alert} |");
}
