//! Simulated municipalities, each in a partition of its own, as files and as records.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rdkafka::producer::BaseProducer;

use super::broker::{Observer, Topics, flush, send};
use super::service::PROGRAM;

/// One municipality's records in their order.
pub struct Town {
    pub code: String,
    pub registrations: PathBuf,
    pub reference: PathBuf,
    pub lines: Vec<String>,
}

/// So many registrations, or as many as the variable `name` asks for.
pub fn asked(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().unwrap())
}

/// Towns of about `records` registrations together, some of them broken or sent twice.
pub fn towns(folder: &Path, partitions: i32, records: usize) -> Vec<Town> {
    let each = records / usize::try_from(partitions).unwrap();
    (0..partitions).map(|number| town(folder, number, each)).collect()
}

fn town(folder: &Path, number: i32, records: usize) -> Town {
    let code = format!("{:04}", 180 + number);
    let out = folder.join(&code);
    // About two records a client a day.
    let clients = (records / 80).max(20);
    let output = Command::new(PROGRAM)
        .args(["simulate", "--seed", &(number + 1).to_string(), "--days", "40", "--clients"])
        .args([&clients.to_string(), "--municipality", &code, "--out"])
        .arg(&out)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let written = std::fs::read_to_string(out.join("registrations.jsonl")).unwrap();
    let mut lines: Vec<String> = Vec::with_capacity(records + records / 50);
    for (at, line) in written.lines().take(records).enumerate() {
        lines.push(line.to_owned());
        if at % 97 == 96 {
            lines.push(lines[at / 2].clone());
        }
        if at % 211 == 210 {
            lines.push(format!("{{\"municipality\": \"{code}\", \"version\": {at}"));
        }
    }
    assert!(lines.len() * 2 > records, "only {} of {records} registrations were made", lines.len());
    let registrations = folder.join(format!("{code}.jsonl"));
    let mut file = std::io::BufWriter::new(std::fs::File::create(&registrations).unwrap());
    lines.iter().for_each(|line| writeln!(file, "{line}").unwrap());
    file.flush().unwrap();
    Town { code, registrations, reference: out.join("reference.jsonl"), lines }
}

/// Puts all facts on their topic.
pub fn send_facts(topics: &Topics, towns: &[Town]) {
    let producer = topics.producer();
    for (partition, town) in (0..).zip(towns) {
        for line in std::fs::read_to_string(&town.reference).unwrap().lines() {
            let fact: serde_json::Value = serde_json::from_str(line).unwrap();
            let key = format!("{}|{}", town.code, fact["fact_id"].as_str().unwrap());
            send(&producer, &topics.name("reference"), partition, key.as_bytes(), line.as_bytes());
        }
    }
    flush(&producer);
}

/// Puts the registrations from `from` up to `to` (as shares of the whole) on the feed, spread evenly
/// over `seconds`.
pub fn send_registrations(topics: &Topics, towns: &[Town], share: std::ops::Range<f64>, seconds: f64) {
    send_registrations_by(&topics.producer(), topics, towns, share, seconds);
}

/// The same by a given producer.
pub fn send_registrations_by(
    producer: &BaseProducer<impl Observer>,
    topics: &Topics,
    towns: &[Town],
    share: std::ops::Range<f64>,
    seconds: f64,
) {
    let feed = topics.name("registrations");
    let began = std::time::Instant::now();
    let longest = towns.iter().map(|town| town.lines.len()).max().unwrap_or_default();
    let at = |share: f64, length: usize| (share * length as f64).round() as usize;
    let (first, last) = (at(share.start, longest), at(share.end, longest));
    for number in first..last {
        for (partition, town) in (0..).zip(towns) {
            if let Some(line) = town.lines.get(number) {
                send(producer, &feed, partition, town.code.as_bytes(), line.as_bytes());
            }
        }
        let due = seconds * (number - first) as f64 / (last - first) as f64;
        let early = due - began.elapsed().as_secs_f64();
        if early > 0.005 {
            std::thread::sleep(std::time::Duration::from_secs_f64(early));
        }
    }
    flush(producer);
}
