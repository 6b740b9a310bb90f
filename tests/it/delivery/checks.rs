//! What must hold of the topics after a run, or at any moment of it. Every failure names its seed.

use super::*;

pub fn check_commits(seed: u64, memory: &Memory) {
    let mut committed = BTreeMap::new();
    for (partition, next) in memory.commits() {
        let before = committed.insert(partition, next).unwrap_or(0);
        assert!(before <= next, "seed {seed}: commit of partition {partition} from {before} to {next}");
    }
}

pub fn check_progress(seed: u64, memory: &Memory) {
    let mut assessed = BTreeMap::new();
    for progress in progress(memory) {
        let (key, through) = match progress {
            Progress::Municipality(of) => ((of.partition, of.municipality), of.assessed_through_offset),
            Progress::Partition(of) => ((of.partition, String::new()), of.through_offset),
        };
        let before = assessed.insert(key.clone(), through).unwrap_or(-1);
        assert!(before <= through, "seed {seed}: progress of {key:?} from {before} to {through}");
    }
}

/// Revisions rise by one, and no state is published after a later one.
pub fn check_revisions(seed: u64, memory: &Memory) {
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
pub fn check_highest_revisions(seed: u64, memory: &Memory, expected: &BTreeMap<String, [u8; 16]>) {
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

pub fn outbox_of_nobody() -> Outbox {
    let (topic, config_hash) = (String::new(), String::new());
    let origin = Origin { topic, partition: 0, config_hash, complete_from: UtcSecond(0) };
    Outbox::new(origin, DailyDesk::new(Zone::utc(), usize::MAX))
}

/// When progress is published, all the alerts that it counts can be read.
pub fn check_progress_is_true(seed: u64, memory: &Memory) {
    let mut outboxes: BTreeMap<String, (Outbox, BTreeSet<String>)> = BTreeMap::new();
    let new = || {
        let outbox = outbox_of_nobody();
        let digests = BTreeSet::from([outbox.digest().to_owned()]);
        (outbox, digests)
    };
    for record in memory.history() {
        let value = record.value.unwrap_or_default();
        match record.topic {
            OutputTopic::Alerts => {
                let alert = contract::parse_alert(&value).unwrap();
                let name = alert.alert.municipality.clone();
                let (outbox, digests) = outboxes.entry(name).or_insert_with(new);
                outbox.read_back(alert, &value);
                digests.insert(outbox.digest().to_owned());
            }
            OutputTopic::Progress => {
                let parsed = contract::parse_progress(&value).unwrap();
                let Some(Progress::Municipality(progress)) = parsed else { continue };
                let (_, digests) = outboxes.entry(progress.municipality.clone()).or_insert_with(new);
                assert!(digests.contains(&progress.digest), "seed {seed}: published too early: {progress:?}");
            }
            OutputTopic::Quarantine => (),
        }
    }
}

/// The last progress of each municipality adds up to the offsets, and its digest to the alerts.
pub fn check_last_progress(seed: u64, memory: &Memory, lines: &[Line]) {
    let mut last: BTreeMap<(i32, String), MunicipalityProgress> = BTreeMap::new();
    for progress in municipality_progress(memory) {
        last.insert((progress.partition, progress.municipality.clone()), progress);
    }
    for partition in PARTITIONS {
        let offsets = lines.iter().filter(|line| line.partition == partition).count() as u64;
        let counted: u64 = last
            .values()
            .filter(|progress| progress.partition == partition)
            .map(|progress| progress.scored + progress.repeats + progress.stale + progress.quarantined)
            .sum();
        let unattributed = partition_progress(memory)[&partition].unattributed;
        assert_eq!(counted + unattributed, offsets, "seed {seed}: partition {partition}");
    }
    for progress in last.values() {
        let mut outbox = outbox_of_nobody();
        let compacted: BTreeMap<String, PublishedAlert> = alerts(memory)
            .into_iter()
            .filter(|published| published.alert.municipality == progress.municipality)
            .map(|published| (published.alert.alert_id.clone(), published))
            .collect();
        for alert in compacted.into_values() {
            let mut value = Vec::new();
            contract::write_alert(&alert, &mut value);
            outbox.read_back(alert, &value);
        }
        let found = (outbox.digest().to_owned(), outbox.open_alerts(), outbox.open_holds());
        let expected = (progress.digest.clone(), progress.open_alerts, progress.open_holds);
        assert_eq!(found, expected, "seed {seed}: municipality {}", progress.municipality);
    }
}

/// Source offsets of the records on the quarantine topic, in order of arrival.
pub fn quarantined_offsets(memory: &Memory) -> Vec<(i32, i64)> {
    let source = |written: &memory::Written| {
        let headers = written.headers.iter().map(|(name, value)| (&**name, value.as_deref()));
        let (_, partition, offset) = contract::quarantine_source(headers).expect("the service writes them");
        (partition, offset)
    };
    memory.written(OutputTopic::Quarantine).iter().map(source).collect()
}

/// Every record that cannot be used is on the quarantine topic, once unless a former owner still writes, and in the
/// ranges that progress lists.
pub fn check_quarantine(seed: u64, faults: Faults, memory: &Memory, without_faults: &Memory) {
    let [mut written, expected] = [memory, without_faults].map(quarantined_offsets);
    written.sort_unstable();
    if faults.writes_of_former_owners {
        written.dedup();
    }
    let expected: BTreeSet<(i32, i64)> = expected.into_iter().collect();
    assert_eq!(written, expected.iter().copied().collect::<Vec<_>>(), "seed {seed}: quarantine");
    let listed = partition_progress(memory).into_values().flat_map(|progress| {
        let offsets = progress.unassessed.into_iter().flat_map(|(first, last)| first..=last);
        offsets.map(move |offset| (progress.partition, offset)).collect::<Vec<_>>()
    });
    assert_eq!(listed.collect::<BTreeSet<_>>(), expected, "seed {seed}: unassessed");
}

/// At no time do the records of progress cover a record in quarantine that they do not list.
pub fn check_nothing_unassessed_is_covered(seed: u64, memory: &Memory, without_faults: &Memory) {
    let expected: BTreeSet<(i32, i64)> = quarantined_offsets(without_faults).into_iter().collect();
    for progress in progress(memory) {
        let Progress::Partition(progress) = progress else { continue };
        let lists =
            |offset: i64| progress.unassessed.iter().any(|(first, last)| (*first..=*last).contains(&offset));
        let covers = |(partition, offset): &&(i32, i64)| {
            *partition == progress.partition && *offset <= progress.through_offset
        };
        let hidden = expected.iter().filter(covers).find(|(_, offset)| !lists(*offset));
        assert_eq!(hidden, None, "seed {seed}: covered and not listed by {progress:?}");
    }
}

pub fn check_restart_is_silent(seed: u64, memory: &Memory, facts: &[FactChange], now: &mut u64) {
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
