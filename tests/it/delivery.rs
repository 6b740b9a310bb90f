//! Delivery under faults: the final alerts are those of a run without faults, whatever crashed, was lost or changed
//! its owner in between. Every failure names its seed.

mod checks;
mod facts;
pub mod memory;
mod quarantine;
mod shuffled;
mod single;
mod town;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::delivery::memory::{Faults, Memory, MemoryLog, Random};
use checks::*;
use tidvakt::config::{Config, DeliveryMode};
use tidvakt::contract::{self, MunicipalityProgress, PartitionProgress, Progress};
use tidvakt::domain::{AlertState, FactChange, PublishedAlert, UtcSecond, Zone};
use tidvakt::engine::Disposition;
use tidvakt::service::deliver::desk::DailyDesk;
use tidvakt::service::deliver::events::{Incident, Phase, RecordPosition, WorkerObserver};
use tidvakt::service::deliver::outbox::{Origin, Outbox};
use tidvakt::service::deliver::shared::{Pace, Setup, Shared};
use tidvakt::service::deliver::worker::Worker;
use tidvakt::service::log::{LogError, OutputTopic};
use town::Line;

const PARTITIONS: [i32; 2] = [0, 1];
const RECORDS: usize = 300;
/// A build without optimization takes some 20 times as long for each.
const SEEDS: u64 = if cfg!(debug_assertions) { 50 } else { 1_000 };

fn setup() -> Setup {
    let pace = Pace {
        idle_after_millis: 5,
        progress_interval_millis: 300,
        commit_interval_millis: 200,
        facts_quiet_millis: 20,
        recheck_interval_millis: 1_000,
        refresh_low_after_millis: 1_000,
        batch_records_max: 40,
        wait: Duration::ZERO,
    };
    // The rules are made once: hundreds of instances start in one test.
    static MADE: OnceLock<Setup> = OnceLock::new();
    let Setup { feed_topic, config_hash, engine, rules, .. } =
        MADE.get_or_init(|| Setup::new(&Config::defaults()).unwrap());
    Setup {
        feed_topic: feed_topic.clone(),
        config_hash: config_hash.clone(),
        engine: engine.clone(),
        municipalities: BTreeSet::new(),
        rules: rules.clone(),
        pace,
    }
}

/// What a worker reported.
#[derive(Default)]
struct Seen {
    dispositions: BTreeMap<(i32, i64), Disposition>,
    unmuted_alerts: u64,
    incidents: Vec<Incident>,
    /// Where progress of a partition stays, because too much is unassessed.
    limits: BTreeMap<i32, i64>,
    live: BTreeSet<i32>,
}

impl WorkerObserver for Seen {
    fn record(&mut self, position: RecordPosition<'_>, disposition: &Disposition) {
        self.dispositions.insert((position.partition, position.offset), disposition.clone());
    }

    fn alert(&mut self, _alert: &PublishedAlert) {
        self.unmuted_alerts += 1;
    }

    fn phase(&mut self, partition: i32, phase: Phase) {
        match phase {
            Phase::Live => self.live.insert(partition),
            Phase::Replaying { .. } | Phase::Gone => self.live.remove(&partition),
        };
    }

    fn unassessed(&mut self, partition: i32, _ranges: usize, limit: Option<i64>) {
        match limit {
            Some(limit) => self.limits.insert(partition, limit),
            None => self.limits.remove(&partition),
        };
    }

    fn incident(&mut self, _partition: i32, incident: Incident) {
        self.incidents.push(incident);
    }
}

/// One instance of the service.
struct Instance {
    shared: Arc<Shared>,
    worker: Worker<Seen>,
    log: MemoryLog,
}

impl Instance {
    fn start(memory: &Memory, seed: u64, faults: Faults, facts: &[FactChange], partitions: &[i32]) -> Self {
        let shared = Shared::new(setup());
        facts.iter().for_each(|fact| shared.reference_log.fact(fact.clone()));
        let mut worker = Worker::new(shared.clone(), Seen::default());
        partitions.iter().for_each(|partition| worker.assign(*partition));
        Self { shared, worker, log: memory.open(seed, faults) }
    }

    /// One step; a worker whose log refuses makes a new one and begins again.
    fn step(&mut self, memory: &Memory, seed: u64, faults: Faults, now: u64) -> bool {
        match self.worker.step(&mut self.log, now) {
            Ok(step) => step.settled,
            Err(LogError::Refused(_) | LogError::Undetermined(_)) => {
                let partitions: Vec<i32> = self.worker.partitions().collect();
                self.worker.reset();
                self.log = memory.open(seed, faults);
                partitions.into_iter().for_each(|partition| self.worker.assign(partition));
                false
            }
            Err(_) => false,
        }
    }

    /// Without faults, until nothing is left to do.
    fn settle(&mut self, memory: &Memory, now: &mut u64) {
        self.log.heal();
        for _ in 0..20_000 {
            *now += 50;
            if self.step(memory, *now, Faults::default(), *now) {
                return;
            }
        }
        panic!("the worker does not come to rest");
    }
}

fn append(memory: &Memory, line: &Line) {
    memory.append(line.partition, line.appended_at, Some(b"key"), line.value.as_deref());
}

fn alerts(memory: &Memory) -> Vec<PublishedAlert> {
    let value = |written: memory::Written| written.value.expect("alerts have bodies");
    let written = memory.written(OutputTopic::Alerts).into_iter().map(value);
    written.map(|value| contract::parse_alert(&value).expect("we wrote it")).collect()
}

fn progress(memory: &Memory) -> Vec<Progress> {
    // A tombstone takes progress back that was another partition's.
    let values = memory.written(OutputTopic::Progress).into_iter().filter_map(|written| written.value);
    values.map(|value| contract::parse_progress(&value).unwrap().unwrap()).collect()
}

fn municipality_progress(memory: &Memory) -> Vec<MunicipalityProgress> {
    let of_municipality = |progress| match progress {
        Progress::Municipality(progress) => Some(progress),
        Progress::Partition(_) => None,
    };
    progress(memory).into_iter().filter_map(of_municipality).collect()
}

/// The last record of each partition.
fn partition_progress(memory: &Memory) -> BTreeMap<i32, PartitionProgress> {
    let of_partition = |progress| match progress {
        Progress::Municipality(_) => None,
        Progress::Partition(progress) => Some((progress.partition, progress)),
    };
    progress(memory).into_iter().filter_map(of_partition).collect()
}

/// The content of every open alert, by the last record of each id.
fn standing(memory: &Memory) -> BTreeMap<String, [u8; 16]> {
    let mut standing = BTreeMap::new();
    for published in alerts(memory) {
        let id = published.alert.alert_id.clone();
        match published.state {
            AlertState::Withdrawn => standing.remove(&id),
            AlertState::Opened | AlertState::Revised => {
                standing.insert(id, contract::content_hash(&published.alert))
            }
        };
    }
    standing
}

fn run_without_faults(lines: &[Line], facts: &[FactChange]) -> Memory {
    let memory = Memory::new();
    lines.iter().for_each(|line| append(&memory, line));
    let mut instance = Instance::start(&memory, 0, Faults::default(), facts, &PARTITIONS);
    instance.settle(&memory, &mut 0);
    memory
}

/// A run in which instances crash, are replaced while they still run, and lose acknowledgements.
fn run_with_faults(seed: u64, faults: Faults, lines: &[Line], facts: &[FactChange]) -> (Memory, u64) {
    let memory = Memory::new();
    let mut random = Random::new(!seed);
    let mut now = 0;
    let mut known = facts.len() / 2;
    let mut lines = lines.iter();
    let start = |seed, known: usize| Instance::start(&memory, seed, faults, &facts[..known], &PARTITIONS);
    let mut owner = start(random.bits(), known);
    let mut former: Option<Instance> = None;
    loop {
        now += 1 + random.below(60);
        let more = lines.next();
        more.into_iter().for_each(|line| append(&memory, line));
        lines.by_ref().take(random.below(8) as usize).for_each(|line| append(&memory, line));
        if known < facts.len() && random.per_mille(60) {
            for instance in former.iter().chain([&owner]) {
                instance.shared.reference_log.fact(facts[known].clone());
            }
            known += 1;
        }
        if random.per_mille(10) {
            former = Some(std::mem::replace(&mut owner, start(random.bits(), known)));
        }
        if owner.log.is_crashed() {
            owner = start(random.bits(), known);
        }
        owner.step(&memory, random.bits(), faults, now);
        if let Some(former) = &mut former {
            former.step(&memory, random.bits(), Faults { crashes: 0, ..faults }, now);
        }
        if more.is_none() && known == facts.len() && random.per_mille(20) {
            break;
        }
    }
    let mut last = start(random.bits(), known);
    last.settle(&memory, &mut now);
    if let Some(mut former) = former {
        // It writes what it had in flight only now; its commit is refused.
        former.log.heal();
        for _ in 0..50 {
            now += 50;
            former.step(&memory, 1, Faults { crashes: 0, ..faults }, now);
        }
    }
    now += 10_000;
    last.settle(&memory, &mut now);
    (memory, now)
}

fn check(seed: u64, faults: Faults) {
    let (lines, facts) = (town::feed(seed, RECORDS), town::facts());
    let without_faults = run_without_faults(&lines, &facts);
    let expected = standing(&without_faults);
    assert!(!expected.is_empty(), "seed {seed}: the feed has nothing in it");
    let (memory, mut now) = run_with_faults(seed, faults, &lines, &facts);
    assert_eq!(standing(&memory), expected, "seed {seed}: what stands in the end");
    check_highest_revisions(seed, &memory, &expected);
    check_commits(seed, &memory);
    if !faults.writes_of_former_owners {
        check_progress(seed, &memory);
        check_progress_is_true(seed, &memory);
        check_revisions(seed, &memory);
    }
    check_last_progress(seed, &memory, &lines);
    check_quarantine(seed, faults, &memory, &without_faults);
    check_nothing_unassessed_is_covered(seed, &memory, &without_faults);
    check_restart_is_silent(seed, &memory, &facts, &mut now);
}

#[test]
fn crashes_takeovers_and_lost_acknowledgements_do_not_show_in_the_end() {
    let faults =
        Faults { crashes: 5, unavailable: 20, lost_acknowledgements: 20, slow: true, ..Faults::default() };
    (0..SEEDS).for_each(|seed| check(seed, faults));
}

#[test]
fn in_transactions_neither_crashes_nor_takeovers_nor_lost_answers_show_at_any_time() {
    let faults = Faults {
        crashes: 5,
        unavailable: 20,
        lost_acknowledgements: 20,
        slow: true,
        delivery: DeliveryMode::Transactional,
        ..Faults::default()
    };
    (0..SEEDS).for_each(|seed| check(seed, faults));
}

#[test]
fn what_a_former_owner_still_writes_is_overruled() {
    let faults = Faults { crashes: 2, slow: true, writes_of_former_owners: true, ..Faults::default() };
    (0..SEEDS / 2).for_each(|seed| check(seed, faults));
}
