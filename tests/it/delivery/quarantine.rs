//! What is not assessed is listed, and nothing of it is ever covered by progress in silence.

use super::*;
use contract::UNASSESSED_RANGES_MAX;

const NO_FAULTS: Faults = Faults {
    crashes: 0,
    unavailable: 0,
    lost_acknowledgements: 0,
    slow: false,
    writes_of_former_owners: false,
    delivery: DeliveryMode::Reconciled,
};

fn started(memory: &Memory) -> Instance {
    Instance::start(memory, 1, NO_FAULTS, &[], &[0])
}

/// A record every ten minutes: `true` is a visit that can be used.
fn append_all(memory: &Memory, usable: impl IntoIterator<Item = bool>) {
    let visit = town::feed(5, 40).into_iter().find(|line| line.partition == 0).unwrap().value.unwrap();
    for usable in usable {
        let value = if usable { &*visit } else { b"not json" };
        memory.append(0, UtcSecond(1_772_600_000), Some(b"key"), Some(value));
    }
}

fn of_partition(memory: &Memory) -> PartitionProgress {
    partition_progress(memory).remove(&0).expect("the partition has progress")
}

fn assessed_through(memory: &Memory) -> i64 {
    municipality_progress(memory).last().unwrap().assessed_through_offset
}

#[test]
fn records_that_nobody_can_be_named_for_are_counted_per_partition() {
    let memory = Memory::new();
    append_all(&memory, [false, true, false, false, true, false]);
    started(&memory).settle(&memory, &mut 0);
    let progress = of_partition(&memory);
    assert_eq!(progress.unassessed, [(0, 0), (2, 3), (5, 5)]);
    assert_eq!((progress.from_offset, progress.through_offset, progress.unattributed), (0, 5, 4));
    let of_municipalities = municipality_progress(&memory);
    assert!(of_municipalities.iter().all(|progress| !progress.municipality.is_empty()));
}

#[test]
fn a_partition_in_which_nothing_can_be_used_has_progress() {
    let memory = Memory::new();
    append_all(&memory, [false, false]);
    started(&memory).settle(&memory, &mut 0);
    assert_eq!(of_partition(&memory).unassessed, [(0, 1)]);
    assert_eq!(municipality_progress(&memory), []);
}

#[test]
fn a_partition_without_a_record_has_no_progress() {
    let memory = Memory::new();
    started(&memory).settle(&memory, &mut 0);
    assert_eq!(progress(&memory), []);
}

#[test]
fn a_restart_lists_what_is_not_assessed_within_what_the_log_holds() {
    let memory = Memory::new();
    append_all(&memory, [false, true, false, false, true, false]);
    started(&memory).settle(&memory, &mut 0);
    memory.truncate(0, 3);
    started(&memory).settle(&memory, &mut 100_000);
    let progress = of_partition(&memory);
    assert_eq!((progress.from_offset, &*progress.unassessed), (3, &[(3, 3), (5, 5)][..]));
    assert_eq!(memory.written(OutputTopic::Quarantine).len(), 4, "none was published again");
}

#[test]
fn what_the_log_drops_is_no_longer_listed() {
    let memory = Memory::new();
    append_all(&memory, [false, true, false, false, true, false]);
    let (mut instance, mut now) = (started(&memory), 0);
    instance.settle(&memory, &mut now);
    memory.truncate(0, 3);
    // Longer than the interval in which the oldest offset is read.
    for _ in 0..3 {
        now += 1_000;
        instance.step(&memory, 1, NO_FAULTS, now);
    }
    instance.settle(&memory, &mut now);
    let progress = of_partition(&memory);
    assert_eq!((progress.from_offset, &*progress.unassessed), (3, &[(3, 3), (5, 5)][..]));
}

#[test]
fn with_more_ranges_than_fit_into_a_record_progress_stays_before_the_first_that_does_not() {
    let most = i64::try_from(UNASSESSED_RANGES_MAX).unwrap();
    let memory = Memory::new();
    append_all(&memory, (0..2 * most).map(|number| number % 2 == 0));
    let (mut instance, mut now) = (started(&memory), 0);
    instance.settle(&memory, &mut now);
    assert_eq!(of_partition(&memory).unassessed.len(), UNASSESSED_RANGES_MAX);
    assert_eq!(
        (of_partition(&memory).through_offset, assessed_through(&memory)),
        (2 * most - 1, 2 * most - 1)
    );
    assert!(instance.worker.observer().limits.is_empty());

    append_all(&memory, [true, false, true, true]);
    instance.settle(&memory, &mut now);
    let stays = 2 * most;
    assert_eq!((of_partition(&memory).through_offset, assessed_through(&memory)), (stays, stays));
    let incident = Incident::TooManyUnassessed { assessed_through: stays };
    assert!(instance.worker.observer().incidents.contains(&incident));
    assert_eq!(
        instance.worker.observer().limits.get(&0),
        Some(&stays),
        "an operator sees it as long as it lasts"
    );
    assert_eq!(memory.commits().last(), Some(&(0, 2 * most + 4)), "nothing is handled twice after a restart");

    // Another owner comes to the same, and once the log drops a range there is room again.
    let mut other = started(&memory);
    other.settle(&memory, &mut now);
    assert_eq!((of_partition(&memory).through_offset, assessed_through(&memory)), (stays, stays));
    memory.truncate(0, 2);
    now += 2_000;
    other.step(&memory, 1, NO_FAULTS, now);
    other.settle(&memory, &mut now);
    assert!(other.worker.observer().limits.is_empty());
    assert_eq!(of_partition(&memory).through_offset, 2 * most + 3);
    assert_eq!(assessed_through(&memory), 2 * most + 3);
}
