//! Delivery under faults: the final alerts are those of a run without faults, whatever crashed, was lost or changed
//! its owner in between. Every failure names its seed.

pub mod memory;
mod shuffled;
mod single;
mod town;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::delivery::memory::{Faults, Memory, MemoryLog, Random};
use tidvakt::config::Config;
use tidvakt::contract::{self, Progress};
use tidvakt::domain::{AlertState, FactChange, PublishedAlert, UtcSecond};
use tidvakt::engine::Disposition;
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
        recheck_after_millis: 5_000,
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
            Err(LogError::Refused(_)) => {
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
    let written = memory.written(OutputTopic::Progress).into_iter();
    written.map(|written| contract::parse_progress(&written.value.unwrap()).unwrap()).collect()
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

fn check_commits(seed: u64, memory: &Memory) {
    let mut committed = BTreeMap::new();
    for (partition, next) in memory.commits() {
        let before = committed.insert(partition, next).unwrap_or(0);
        assert!(before <= next, "seed {seed}: commit of partition {partition} from {before} to {next}");
    }
}

fn check_progress(seed: u64, memory: &Memory) {
    let mut assessed = BTreeMap::new();
    for progress in progress(memory) {
        let through = progress.assessed_through_offset;
        let key = (progress.partition, progress.municipality);
        let before = assessed.insert(key.clone(), through).unwrap_or(-1);
        assert!(before <= through, "seed {seed}: progress of {key:?} from {before} to {through}");
    }
}

/// Revisions rise by one, and no state is published after a later one.
fn check_revisions(seed: u64, memory: &Memory) {
    let mut last = BTreeMap::new();
    for published in alerts(memory) {
        let id = published.alert.alert_id;
        let now = (published.revision, published.provenance.offset);
        let before = last.insert(id.clone(), now).unwrap_or((0, -1));
        assert_eq!(now.0, before.0 + 1, "seed {seed}: revision of `{id}`");
        assert!(before.1 <= now.1, "seed {seed}: offset of `{id}` from {before:?} to {now:?}");
    }
}

/// A reader who keeps the highest revision of each alert ends with the open alerts.
fn check_highest_revisions(seed: u64, memory: &Memory, expected: &BTreeMap<String, [u8; 16]>) {
    let mut highest: BTreeMap<String, PublishedAlert> = BTreeMap::new();
    for published in alerts(memory) {
        let id = published.alert.alert_id.clone();
        if highest.get(&id).is_none_or(|known| known.revision <= published.revision) {
            highest.insert(id, published);
        }
    }
    highest.retain(|_, published| published.state != AlertState::Withdrawn);
    let contents = highest.into_iter().map(|(id, published)| (id, contract::content_hash(&published.alert)));
    assert_eq!(contents.collect::<BTreeMap<_, _>>(), *expected, "seed {seed}: by highest revision");
}

fn outbox_of_nobody() -> Outbox {
    let (topic, config_hash) = (String::new(), String::new());
    Outbox::new(Origin { topic, partition: 0, config_hash, complete_from: UtcSecond(0) })
}

/// When progress is published, all the alerts that it counts can be read.
fn check_progress_is_true(seed: u64, memory: &Memory) {
    let mut outboxes: BTreeMap<String, (Outbox, BTreeSet<String>)> = BTreeMap::new();
    let new = || {
        let outbox = outbox_of_nobody();
        let digests = BTreeSet::from([outbox.digest()]);
        (outbox, digests)
    };
    for record in memory.history() {
        let value = record.value.unwrap_or_default();
        match record.topic {
            OutputTopic::Alerts => {
                let alert = contract::parse_alert(&value).unwrap();
                let name = alert.alert.municipality.clone();
                let (outbox, digests) = outboxes.entry(name).or_insert_with(new);
                outbox.read_back(alert);
                digests.insert(outbox.digest());
            }
            OutputTopic::Progress => {
                let progress = contract::parse_progress(&value).unwrap();
                let (_, digests) = outboxes.entry(progress.municipality.clone()).or_insert_with(new);
                assert!(digests.contains(&progress.digest), "seed {seed}: published too early: {progress:?}");
            }
            OutputTopic::Quarantine => (),
        }
    }
}

/// The last progress of each municipality adds up to the offsets, and its digest to the alerts.
fn check_last_progress(seed: u64, memory: &Memory, lines: &[Line]) {
    let mut last: BTreeMap<(i32, String), Progress> = BTreeMap::new();
    for progress in progress(memory) {
        last.insert((progress.partition, progress.municipality.clone()), progress);
    }
    for partition in PARTITIONS {
        let offsets = lines.iter().filter(|line| line.partition == partition).count() as u64;
        let counted: u64 = last
            .values()
            .filter(|progress| progress.partition == partition)
            .map(|progress| progress.scored + progress.repeats + progress.stale + progress.quarantined)
            .sum();
        assert_eq!(counted, offsets, "seed {seed}: partition {partition}");
    }
    for progress in last.values() {
        let mut outbox = outbox_of_nobody();
        let compacted: BTreeMap<String, PublishedAlert> = alerts(memory)
            .into_iter()
            .filter(|published| published.alert.municipality == progress.municipality)
            .map(|published| (published.alert.alert_id.clone(), published))
            .collect();
        compacted.into_values().for_each(|alert| outbox.read_back(alert));
        let found = (outbox.digest(), outbox.open_alerts(), outbox.open_holds());
        let expected = (progress.digest.clone(), progress.open_alerts, progress.open_holds);
        assert_eq!(found, expected, "seed {seed}: municipality {}", progress.municipality);
    }
}

fn check_quarantine(seed: u64, memory: &Memory, without_faults: &Memory) {
    let offsets = |memory: &Memory| -> BTreeSet<(i32, Vec<u8>)> {
        let header = |written: &memory::Written| {
            let offset = written.headers.iter().find(|(name, _)| name == "__connect.errors.offset");
            (written.partition, offset.and_then(|(_, value)| value.clone()).expect("it is in the headers"))
        };
        memory.written(OutputTopic::Quarantine).iter().map(header).collect()
    };
    assert_eq!(offsets(memory), offsets(without_faults), "seed {seed}");
}

fn check_restart_is_silent(seed: u64, memory: &Memory, facts: &[FactChange], now: &mut u64) {
    let written = |memory: &Memory| {
        [OutputTopic::Alerts, OutputTopic::Quarantine, OutputTopic::Progress]
            .map(|out| memory.written(out).len())
    };
    let before = written(memory);
    let mut instance = Instance::start(memory, 7, Faults::default(), facts, &PARTITIONS);
    instance.settle(memory, now);
    assert_eq!(written(memory), before, "seed {seed}: a restart wrote something");
    assert_eq!(instance.worker.observer().unmuted_alerts, 0, "seed {seed}");
    assert_eq!(instance.worker.observer().live, PARTITIONS.into(), "seed {seed}");
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
    check_quarantine(seed, &memory, &without_faults);
    check_restart_is_silent(seed, &memory, &facts, &mut now);
}

#[test]
fn crashes_takeovers_and_lost_acknowledgements_do_not_show_in_the_end() {
    let faults = Faults {
        crashes: 5,
        unavailable: 20,
        lost_acknowledgements: 20,
        slow: true,
        writes_of_former_owners: false,
    };
    (0..SEEDS).for_each(|seed| check(seed, faults));
}

#[test]
fn what_a_former_owner_still_writes_is_overruled() {
    let faults = Faults { crashes: 2, slow: true, writes_of_former_owners: true, ..Faults::default() };
    (0..SEEDS / 2).for_each(|seed| check(seed, faults));
}
