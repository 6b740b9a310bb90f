//! What a registration costs on feeds that are like real ones, in processor time, beside the floors of the same run on
//! the same bytes: decode only, and consume and discard.
//!
//! `cargo bench --bench feeds` makes the feeds, puts each through `tidvakt replay` and, with `BENCH_SERVICE=1`, through
//! Apache Kafka (`tests/kafka.sh`) and `tidvakt run`. `BENCH_SCALE` (default 1) is a factor on the sizes;
//! `BENCH_FEEDS=DIR:DIR` adds folders with `registrations.jsonl` and `reference.jsonl`, such as
//! `tests/worlds/lived_world.py` writes; `BENCH_PROGRAM` is another build of the program, to compare with. It measures and
//! never fails on a figure.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

#[path = "pipeline/broker.rs"]
#[expect(dead_code, reason = "the other bench makes its records there")]
mod broker;
#[path = "contract/floor.rs"]
mod floor;
#[path = "feeds/folder.rs"]
mod folder;
#[path = "pipeline/service.rs"]
mod service;
#[path = "feeds/walks.rs"]
mod walks;

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Duration;

use broker::Broker;
use folder::BenchFeed;
use rdkafka::Message as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use service::{Service, cpu};

/// A figure of the table, in microseconds of processor time per registration.
fn each(spent: Duration, records: usize) -> f64 {
    spent.as_secs_f64() * 1e6 / records as f64
}

fn main() {
    let scale: f64 = std::env::var("BENCH_SCALE").ok().and_then(|text| text.parse().ok()).unwrap_or(1.0);
    let with_service = std::env::var("BENCH_SERVICE").is_ok_and(|wanted| wanted == "1");
    let root = std::env::temp_dir().join(format!("tidvakt-feeds-{}", std::process::id()));
    println!("| Feed | rules | records | bytes | decode floor µs | replay µs | times the floor | peak MiB |");
    println!("|---|---|---|---|---|---|---|---|");
    for feed in feeds(&root, scale) {
        let records = feed.registrations();
        replayed(&feed, &records);
        if with_service {
            served(&feed, &records);
        }
    }
    let _ = std::fs::remove_dir_all(root);
}

fn feeds(root: &std::path::Path, scale: f64) -> Vec<BenchFeed> {
    let clients = |count: f64| ((count * scale) as u32).max(20);
    let mut feeds = vec![
        BenchFeed::town("simulated town, 1,500 clients", root.join("town"), clients(1_500.0), 45, 0),
        BenchFeed::town(
            "large town, 15,000 clients, shuffled",
            root.join("large"),
            clients(15_000.0),
            12,
            2_000,
        ),
        BenchFeed::walks("walks, 50 towns", root.join("walks"), (400_000.0 * scale) as usize, 50),
        BenchFeed::walks("walks, one town", root.join("walk"), (400_000.0 * scale) as usize, 1),
    ];
    let further = std::env::var("BENCH_FEEDS").unwrap_or_default();
    feeds.extend(further.split(':').filter(|folder| !folder.is_empty()).map(|folder| {
        let path = PathBuf::from(folder);
        BenchFeed::at(&path.file_name().unwrap_or_default().to_string_lossy(), path.clone())
    }));
    feeds
}

fn replayed(feed: &BenchFeed, records: &[(String, Vec<u8>)]) {
    let bytes: usize = records.iter().map(|(_, value)| value.len()).sum();
    let before = cpu("self");
    records.iter().for_each(|(_, value)| floor::floor(value));
    let floor = each(cpu("self") - before, records.len());
    // The better of two: neighbours on the machine only add.
    let costs = [feed.replay(), feed.replay()];
    let [first, second] = costs.each_ref().map(|cost| each(cost.cpu, records.len()));
    let replay = first.min(second);
    let rules = feed.rules.map_or("all".to_owned(), |rules| rules.len().to_string());
    println!(
        "| {} | {rules} | {} | {} | {floor:.2} | {replay:.1} | {:.1} | {:.0} |",
        feed.name,
        records.len(),
        bytes / records.len(),
        replay / floor,
        costs[0].peak_mib
    );
}

/// The same through Kafka and the service, which reads the facts first.
fn served(feed: &BenchFeed, records: &[(String, Vec<u8>)]) {
    let broker = Broker::start();
    broker.produce_to("tidvakt.reference.v1", &feed.facts(), |_| 0);
    broker.produce(records);
    let before = cpu("self");
    discard(&broker, records);
    let floor = each(cpu("self") - before, records.len());
    let service = Service::start(&broker, feed.rules, "transactional");
    let spent = service.caught_up(records.len());
    let (own, rate) = (each(spent.cpu, records.len()), records.len() as f64 / spent.wall.as_secs_f64());
    println!(
        "| – in the service: {rate:.0}/s | | | | {floor:.2} (consume and discard) | {own:.1} | {:.1} | {:.0} |",
        own / floor,
        spent.resident_mib
    );
    let again = service.restarted(&broker, feed.rules, "transactional");
    println!(
        "| – ready after a kill: {:.1} s | | | | | {:.1} | {:.1} | {:.0} |",
        again.wall.as_secs_f64(),
        each(again.cpu, records.len()),
        each(again.cpu, records.len()) / floor,
        again.resident_mib
    );
}

fn discard(broker: &Broker, records: &[(String, Vec<u8>)]) {
    let mut client = broker.client();
    client.set("group.id", "discard").set("fetch.queue.backoff.ms", "2");
    let consumer: BaseConsumer = client.create().expect("settings are right");
    let counts = broker::counts(records);
    consumer.assign(&broker::beginning_of(&counts)).expect("partitions exist");
    for _ in 0..records.len() {
        let message = consumer.poll(Duration::from_secs(10)).expect("records are there");
        black_box(message.expect("the broker answers").payload());
    }
}
