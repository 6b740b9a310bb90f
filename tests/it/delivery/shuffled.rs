//! Partitions arrive in any interleaving; the alerts of each municipality are the same to the byte.

use std::collections::{BTreeMap, VecDeque};

use crate::delivery::memory::{Faults, Memory, Random};
use serde_json::Value;
use tidvakt::service::log::OutputTopic;

use super::town::{Line, facts, feed};
use super::{Instance, PARTITIONS, RECORDS, append};

/// The bytes of every alert record, by municipality, in the order in which they were written.
fn published(memory: &Memory) -> BTreeMap<String, Vec<Vec<u8>>> {
    let mut published: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for written in memory.written(OutputTopic::Alerts) {
        let value = written.value.expect("alerts have bodies");
        let alert: Value = serde_json::from_slice(&value).unwrap();
        published.entry(alert["municipality"].as_str().unwrap().to_owned()).or_default().push(value);
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
    let counts: Vec<usize> = first.values().map(Vec::len).collect();
    assert!(100 < counts.iter().sum::<usize>(), "too few alerts to compare: {counts:?}");
    for seed in 1..8 {
        let again = published(&run(&lines, seed));
        for (municipality, records) in &first {
            assert!(again[municipality] == *records, "interleaving {seed}: {municipality} differs");
        }
    }
}
