//! Single faults, each with what must come of it.

use tidvakt::domain::{Reason, Sentence, SubjectKind};
use tidvakt::engine::{
    Answered, Hit, Mark, Parts, PeriodReport, PeriodRule, PeriodSight, RegisteredRule, Report, Sight,
    VisitRule,
};

use super::*;

const NO_FAULTS: Faults = Faults {
    crashes: 0,
    unavailable: 0,
    lost_acknowledgements: 0,
    slow: false,
    writes_of_former_owners: false,
    delivery: DeliveryMode::Reconciled,
};

fn settled(memory: &Memory, facts: &[FactChange], now: &mut u64) -> Instance {
    let mut instance = Instance::start(memory, 1, NO_FAULTS, facts, &PARTITIONS);
    instance.settle(memory, now);
    instance
}

fn quarantined(memory: &Memory) -> Vec<(String, String)> {
    let header = |written: &memory::Written, name: &str| {
        let found = written.headers.iter().find(|(known, _)| known == name).unwrap();
        String::from_utf8(found.1.clone().unwrap()).unwrap()
    };
    let why = |written: &_| {
        let name = "__connect.errors.exception.class.name";
        (header(written, "__connect.errors.offset"), header(written, name))
    };
    memory.written(OutputTopic::Quarantine).iter().map(why).collect()
}

#[test]
fn a_log_that_lost_its_head_takes_nothing_back() {
    let (lines, facts) = (town::feed(3, RECORDS), town::facts());
    let memory = run_without_faults(&lines, &facts);
    let (before, published) = (standing(&memory), alerts(&memory).len());
    assert!(20 < before.len());
    PARTITIONS.iter().for_each(|partition| memory.truncate(*partition, 60));

    let mut instance = settled(&memory, &facts, &mut 100_000);
    assert_eq!(standing(&memory), before);
    assert_eq!(alerts(&memory).len(), published, "what stands is not derived again from a part of it");
    let incidents = &instance.worker.observer().incidents;
    assert!(incidents.iter().any(|incident| matches!(incident, Incident::BaselineIncomplete { .. })));
    assert!(!incidents.iter().any(|incident| matches!(incident, Incident::Gap { .. })));
}

#[test]
fn what_is_derived_after_a_lost_head_says_so() {
    let (lines, facts) = (town::feed(3, RECORDS), town::facts());
    let memory = Memory::new();
    lines.iter().for_each(|line| append(&memory, line));
    PARTITIONS.iter().for_each(|partition| memory.truncate(*partition, 20));
    settled(&memory, &facts, &mut 0);
    let alerts = alerts(&memory);
    assert!(!alerts.is_empty() && alerts.iter().all(|alert| alert.provenance.baseline_incomplete));
}

#[test]
fn records_that_went_before_they_were_read_are_a_gap() {
    let (lines, facts) = (town::feed(4, RECORDS), town::facts());
    let memory = Memory::new();
    lines[..100].iter().for_each(|line| append(&memory, line));
    settled(&memory, &facts, &mut 0);
    let committed: BTreeMap<i32, i64> = memory.commits().into_iter().collect();
    lines[100..].iter().for_each(|line| append(&memory, line));
    memory.truncate(0, committed[&0] + 7);

    let mut instance = settled(&memory, &facts, &mut 100_000);
    let gap = Incident::Gap { from: committed[&0], to: committed[&0] + 7 };
    assert!(
        instance.worker.observer().incidents.contains(&gap),
        "{:?}",
        instance.worker.observer().incidents
    );
    let last = memory.commits().into_iter().rfind(|(partition, _)| *partition == 0).unwrap();
    let offsets = lines.iter().filter(|line| line.partition == 0).count();
    assert_eq!(last, (0, offsets as i64), "it goes on behind the gap");
}

#[test]
fn a_group_that_forgot_its_offsets_goes_on_from_its_progress() {
    let (lines, facts) = (town::feed(5, RECORDS), town::facts());
    let memory = run_without_faults(&lines, &facts);
    let written = [OutputTopic::Alerts, OutputTopic::Quarantine].map(|out| memory.written(out).len());
    memory.forget_commits();
    settled(&memory, &facts, &mut 100_000);
    assert_eq!([OutputTopic::Alerts, OutputTopic::Quarantine].map(|out| memory.written(out).len()), written);
}

#[test]
fn a_municipality_lives_in_one_partition() {
    let lines = town::feed(6, 40);
    let memory = Memory::new();
    lines.iter().filter(|line| line.partition == 0).for_each(|line| append(&memory, line));
    let strays = lines.iter().filter(|line| line.partition == 0).take(30);
    strays.for_each(|line| append(&memory, &Line { partition: 1, value: line.value.clone(), ..*line }));

    let mut instance = settled(&memory, &[], &mut 0);
    let other = Reason::OtherPartition.code();
    assert!(quarantined(&memory).iter().any(|(_, reason)| reason == other));
    let seen = instance.worker.observer();
    assert!(
        seen.incidents.iter().any(|incident| matches!(incident, Incident::OtherPartition { owner: 0, .. }))
    );
    let of_partition = seen.dispositions.iter().filter(|((partition, _), _)| *partition == 1);
    assert!(of_partition.map(|(_, disposition)| disposition).all(|it| *it != Disposition::Scored));
}

#[test]
fn of_municipalities_that_the_settings_do_not_name_nothing_is_assessed() {
    let lines = town::feed(6, RECORDS);
    let memory = Memory::new();
    lines.iter().for_each(|line| append(&memory, line));
    let shared = Shared::new(Setup { municipalities: BTreeSet::from(["0181".to_owned()]), ..setup() });
    let mut worker = Worker::new(shared.clone(), Seen::default());
    PARTITIONS.iter().for_each(|partition| worker.assign(*partition));
    let mut instance = Instance { shared, worker, log: memory.open(1, NO_FAULTS) };
    instance.settle(&memory, &mut 0);
    assert!(!standing(&memory).is_empty());
    assert!(standing(&memory).keys().all(|id| id.starts_with("0181:")));
    assert!(quarantined(&memory).iter().any(|(_, reason)| reason == Reason::BadMunicipality.code()));
}

/// The records of municipality 0181, which the partitioners of the clients send to partition 1 of two.
fn keyed_to_one() -> Vec<Line> {
    let is_of = |line: &Line| {
        line.value.as_deref().and_then(contract::peek_municipality).is_some_and(|name| name == "0181")
    };
    let lines = town::feed(6, RECORDS).into_iter().filter(is_of);
    lines.map(|line| Line { partition: 1, ..line }).collect()
}

/// Some of them where they do not belong.
fn strays(lines: &[Line]) -> Vec<Line> {
    lines.iter().take(5).map(|line| Line { partition: 0, value: line.value.clone(), ..*line }).collect()
}

fn last_progress_of(memory: &Memory, partition: i32) -> Option<Vec<u8>> {
    let mut written = memory.written(OutputTopic::Progress).into_iter();
    let own = |written: &memory::Written| {
        written.partition == partition && written.key.as_deref() == Some(b"0181".as_slice())
    };
    written.rfind(own).and_then(|written| written.value)
}

#[test]
fn a_stray_that_comes_first_takes_nothing_from_the_feed() {
    let lines = keyed_to_one();
    let feed = run_without_faults(&lines, &[]);
    let (memory, mut now) = (Memory::new(), 0);
    strays(&lines).iter().for_each(|line| append(&memory, line));
    lines.iter().for_each(|line| append(&memory, line));
    for _ in 0..3 {
        let mut instance = Instance::start(&memory, 0, NO_FAULTS, &[], &PARTITIONS);
        instance.shared.owners.set_partitions(2);
        instance.settle(&memory, &mut now);
        assert_eq!(standing(&memory), standing(&feed));
        let [stray, own]: [Vec<(i32, i64)>; 2] = quarantined_offsets(&memory)
            .into_iter()
            .partition::<Vec<_>, _>(|(partition, _)| *partition == 0)
            .into();
        assert_eq!((stray.len(), own), (5, quarantined_offsets(&feed)));
        assert_eq!(last_progress_of(&memory, 0), None);
    }
}

#[test]
fn of_two_partitions_with_progress_one_retires_whoever_starts() {
    let lines = keyed_to_one();
    let memory = Memory::new();
    let mut now = 0;
    strays(&lines).iter().for_each(|line| append(&memory, line));
    lines.iter().for_each(|line| append(&memory, line));
    // Two instances that do not know of each other's municipalities.
    for partition in PARTITIONS {
        let mut instance = Instance::start(&memory, 0, NO_FAULTS, &[], &[partition]);
        instance.settle(&memory, &mut now);
    }
    assert!(last_progress_of(&memory, 0).is_some() && last_progress_of(&memory, 1).is_some());
    // The topic shows both to each of them: the one that the key does not choose retires.
    let mut instance = Instance::start(&memory, 0, NO_FAULTS, &[], &[0]);
    instance.shared.owners.set_partitions(2);
    assert_eq!(instance.shared.owners.published("0181", 0), None);
    assert_eq!(instance.shared.owners.published("0181", 1), Some(1));
    instance.settle(&memory, &mut now);
    assert_eq!(last_progress_of(&memory, 0), None);
    assert!(last_progress_of(&memory, 1).is_some());
    let unassessed = &partition_progress(&memory)[&0].unassessed;
    assert_eq!(unassessed[..], [(0, 4)], "the strays are unassessed, and said to be");
}

/// Where a rule with a fault fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FailsAt {
    Visit,
    Period,
}

/// Finds something in every registration, and fails on one: at once, or on the pay periods that it is in.
struct FailsOn {
    id: String,
    at: FailsAt,
}

impl VisitRule for FailsOn {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let is_it = sight.id(sight.visit().slot) == self.id;
        assert!(!is_it || self.at == FailsAt::Period, "this rule has a fault");
        report.mark(Mark::OF_CLIENTS, is_it);
        if !is_it {
            report.hit(Hit::review().text(Sentence::default));
        }
    }
}

impl PeriodRule for FailsOn {
    type Answer = ();

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::CarerPeriod, SubjectKind::ClientPeriod, SubjectKind::ProviderPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<()> {
        assert_eq!(sight.tally().count(Mark::OF_CLIENTS).marked, 0, "this rule has a fault");
        None.into()
    }

    fn report(&self, (): &(), _: &PeriodSight<'_>, _: &mut PeriodReport<'_>) {}
}

#[test]
fn a_record_that_the_program_fails_on_is_left_out_and_the_rest_goes_on() {
    leaves_out_and_goes_on(FailsAt::Visit);
}

#[test]
fn a_record_in_whose_pay_period_the_program_fails_is_found_and_left_out() {
    let incidents = leaves_out_and_goes_on(FailsAt::Period);
    let searches = |incident: &Incident| matches!(incident, Incident::Isolating { .. });
    assert!(incidents.iter().any(searches), "{incidents:?}");
}

fn leaves_out_and_goes_on(at: FailsAt) -> Vec<Incident> {
    let lines = town::feed(7, 60);
    let memory = Memory::new();
    lines.iter().for_each(|line| append(&memory, line));
    let of_one = |line: &Line| -> Option<String> {
        let value: serde_json::Value = serde_json::from_slice(line.value.as_deref()?).ok()?;
        Some(value["registration_id"].as_str()?.to_owned())
    };
    let counts = |id: &String| {
        let last = lines.iter().rev().find(|line| of_one(line).as_ref() == Some(id)).unwrap();
        !String::from_utf8_lossy(last.value.as_deref().unwrap()).contains("cancelled")
    };
    let ids = lines.iter().filter(|line| line.partition == 0).skip(5).filter_map(of_one);
    let fails_on = ids.into_iter().find(counts).unwrap();
    let slow = Faults { slow: true, ..NO_FAULTS };
    let rule = Arc::new(FailsOn { id: fails_on.clone(), at });
    let visit: Arc<dyn VisitRule> = rule.clone();
    let parts = Parts { visit: Some(visit), period: (at == FailsAt::Period).then_some(rule as _) };
    let listed = RegisteredRule { definition: tidvakt::rules::RULES[0], shadow: false, parts };
    let shared = Shared::new(Setup { rules: Arc::from(vec![listed]), ..setup() });
    let mut worker = Worker::new(shared.clone(), Seen::default());
    PARTITIONS.iter().for_each(|partition| worker.assign(*partition));
    let mut instance = Instance { shared, worker, log: memory.open(1, slow) };
    for now in 0..2_000 {
        instance.step(&memory, now, slow, now);
    }
    instance.settle(&memory, &mut 2_000);

    let internal = quarantined(&memory).into_iter().filter(|(_, reason)| reason == Reason::Internal.code());
    let offsets: Vec<String> = internal.map(|(offset, _)| offset).collect();
    let values = lines.iter().filter(|line| line.partition == 0).enumerate();
    let expected = values.filter(|(_, line)| of_one(line).as_deref() == Some(&fails_on));
    let expected: Vec<String> = expected.map(|(offset, _)| offset.to_string()).collect();
    assert!(!offsets.is_empty() && offsets.iter().all(|offset| expected.contains(offset)), "{offsets:?}");
    assert!(!standing(&memory).is_empty());
    assert!(!standing(&memory).keys().any(|id| id.ends_with(&fails_on)));
    check_revisions(7, &memory);
    check_last_progress(7, &memory, &lines);
    std::mem::take(&mut instance.worker.observer().incidents)
}
