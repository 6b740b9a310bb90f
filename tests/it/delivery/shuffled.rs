//! Partitions arrive in any interleaving; the alerts on registrations of each municipality are the same to the byte, and
//! those on pay periods end the same.

use std::collections::{BTreeMap, VecDeque};

use crate::delivery::memory::{Faults, Memory, Random};
use serde_json::Value;
use tidvakt::service::log::OutputTopic;

use super::town::{Line, facts, feed};
use super::{Instance, PARTITIONS, RECORDS, append};

/// Alerts of one municipality.
#[derive(Debug, Default, PartialEq)]
struct Published {
    /// The bytes of every record about a registration, in the order in which they were written.
    of_registrations: Vec<Vec<u8>>,
    /// The last state of each alert about a pay period, without its revision and times: months are assessed in batches,
    /// and where a batch ends depends on when the feed is idle.
    of_periods: BTreeMap<String, Value>,
}

fn published(memory: &Memory) -> BTreeMap<String, Published> {
    let mut published: BTreeMap<String, Published> = BTreeMap::new();
    for written in memory.written(OutputTopic::Alerts) {
        let value = written.value.expect("alerts have bodies");
        let mut alert: Value = serde_json::from_slice(&value).unwrap();
        let of = published.entry(alert["municipality"].as_str().unwrap().to_owned()).or_default();
        if alert["subject"]["kind"] == "registration" {
            of.of_registrations.push(value);
        } else {
            let is_open = alert["state"] != "withdrawn";
            let id = alert["alert_id"].as_str().unwrap().to_owned();
            for field in ["state", "revision", "provenance", "assessed_at"] {
                alert.as_object_mut().unwrap().remove(field);
            }
            of.of_periods.remove(&id);
            if is_open {
                of.of_periods.insert(id, alert);
            }
        }
    }
    published
}

/// Each partition keeps its order; which one comes next, and how much of it at once, is drawn.
fn run(lines: &[Line], seed: u64) -> Memory {
    let memory = Memory::new();
    let mut random = Random::new(seed);
    let of = |partition: i32| lines.iter().filter(move |line| line.partition == partition);
    let mut waiting: Vec<VecDeque<&Line>> = PARTITIONS.iter().map(|it| of(*it).collect()).collect();
    let mut instance = Instance::start(&memory, seed, Faults::default(), &facts(), &PARTITIONS);
    let mut now = 0;
    while waiting.iter().any(|lines| !lines.is_empty()) {
        let lines = &mut waiting[random.below(PARTITIONS.len() as u64) as usize];
        let many = random.below(if seed.is_multiple_of(2) { 60 } else { 4 }) as usize;
        lines.drain(..many.min(lines.len())).for_each(|line| append(&memory, line));
        now += 20;
        instance.step(&memory, seed, Faults::default(), now);
    }
    instance.settle(&memory, &mut now);
    memory
}

#[test]
fn shuffled_partitions_give_the_same_bytes_for_each_municipality() {
    let lines = feed(77, 3 * RECORDS);
    let first = published(&run(&lines, 0));
    assert_eq!(first.keys().collect::<Vec<_>>(), ["0180", "0181", "1480"]);
    let counts: Vec<usize> = first.values().map(|of| of.of_registrations.len()).collect();
    assert!(100 < counts.iter().sum::<usize>(), "too few alerts to compare: {counts:?}");
    for seed in 1..8 {
        let again = published(&run(&lines, seed));
        for (municipality, of) in &first {
            assert!(again[municipality] == *of, "interleaving {seed}: {municipality} differs");
        }
    }
}
