//! Facts that change together are one change: each alert is published once for all of them, and the feed goes on
//! meanwhile.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tidvakt::contract;
use tidvakt::domain::{Alert, Fact, FactBody, FactChange, Month, UtcSecond, Validity};

use super::memory::{Faults, Memory};
use super::{Incident, Instance, alerts, standing};

/// Kept registrations: with fewer in a build without optimization, which takes some 20 times as long for each.
const KEPT: usize = if cfg!(debug_assertions) { 5_000 } else { 50_000 };
const ROUNDS: i64 = 100;
const TOWN: &str = "0181";
/// 2026-03-02, a Monday.
const MONDAY: i64 = 1_772_409_600;

/// Half an hour of a carer's, of which every second one overlaps the one before at another client.
fn registration(number: usize) -> String {
    let (pair, second) = (number / 2, number % 2);
    let carer = pair % 500;
    // No whole minutes: a source that writes quarters explains a quarter.
    let start = MONDAY + (pair / 500) as i64 * 3_600 + (pair % 53) as i64 * 17 + second as i64 * 907;
    let end = start + 1_811;
    let [start, end] = [start, end].map(|at| UtcSecond(at).to_string());
    format!(
        r#"{{"schema_version":1,"event_type":"recorded","registration_id":"R{number}","version":1,"municipality":"{TOWN}","provider_id":"P1","carer_ref":"a{carer}","client_ref":"c{}","start_at":"{start}","end_at":"{end}","start_capture":{{"method":"nfc_tag"}},"end_capture":{{"method":"nfc_tag"}},"payment":{{"mode":"performed","tariff_code":"D{}"}}}}"#,
        2 * carer + second,
        number % 3,
    )
}

fn fact(fact_id: String, recorded_at: i64, body: FactBody) -> FactChange {
    let valid = Validity { from: UtcSecond(0), to: None };
    let municipality = TOWN.to_owned();
    FactChange::Put(Fact { municipality, fact_id, valid, recorded_at: UtcSecond(recorded_at), body })
}

fn tariff(number: i64, recorded_at: i64) -> FactChange {
    let body = FactBody::Tariff { tariff_code: format!("D{number}"), ore_per_hour: 50_000 + recorded_at };
    fact(format!("tariff-{number}"), recorded_at, body)
}

fn calendar(number: i64, recorded_at: i64) -> FactChange {
    let pay_period = Month::new(2026, 2 + i8::try_from(number).unwrap()).unwrap();
    let run = UtcSecond(MONDAY + (35 + 30 * number) * 86_400 + recorded_at * 60);
    let body = FactBody::Calendar { pay_period, locks_at: run.plus(-86_400), payout_run_at: run };
    fact(format!("calendar-{number}"), recorded_at, body)
}

#[test]
fn facts_that_change_together_move_each_alert_once_and_the_feed_goes_on() {
    let memory = Memory::new();
    (0..KEPT).for_each(|number| append(&memory, number));
    let homes = (0..1_000).map(|client| {
        let body = FactBody::ClientHome {
            client_ref: format!("c{client}"),
            household_ref: Some(format!("h{client}")),
            place: None,
        };
        fact(format!("home-{client}"), 0, body)
    });
    let facts: Vec<FactChange> = homes.collect();
    let mut instance = Instance::start(&memory, 0, Faults::default(), &facts, &[0]);
    let mut now = 0;
    instance.settle(&memory, &mut now);
    // Pay periods have no price.
    let mut open = standing(&memory);
    open.retain(|id, _| id.contains(":registration:"));
    let published = alerts(&memory).len();
    assert!(KEPT / 4 < open.len(), "{} alerts", open.len());

    let longest = change_facts(&mut instance, &memory, &mut now);
    instance.settle(&memory, &mut now);
    let mut records: BTreeMap<String, usize> = BTreeMap::new();
    let mut before = BTreeMap::new();
    for (number, published_alert) in alerts(&memory).into_iter().enumerate() {
        let Alert { alert_id: id, amount_at_risk_ore, hold, .. } = published_alert.alert;
        // What tariffs and calendars change. Ranks and grades also change with the registrations that go in.
        let terms = (amount_at_risk_ore, hold.map(|hold| (hold.withholds_from, hold.expires_at)));
        if before.insert(id.clone(), terms) != Some(terms) && published <= number {
            *records.entry(id).or_default() += 1;
        }
    }
    let moved = open.keys().filter(|id| records.contains_key(*id)).count();
    let most = open.keys().filter_map(|id| records.get(id)).max();
    println!("{KEPT} kept, {} alerts open, {moved} moved, longest step {longest:?}", open.len());
    assert_eq!(moved, open.len(), "the prices of all changed");
    assert_eq!(most, Some(&1), "and each is published once for 600 changes");
    let is_large = |incident: &Incident| matches!(incident, Incident::LargeChange { .. });
    assert!(instance.worker.observer().incidents.iter().any(is_large), "and it is said before");
    if !cfg!(debug_assertions) {
        assert!(longest < Duration::from_secs(2), "{longest:?}");
    }
    // The same as if the last facts had been known from the beginning.
    let last = (0..3).flat_map(|number| [tariff(number, ROUNDS), calendar(number, ROUNDS)]);
    let facts: Vec<FactChange> = facts.into_iter().chain(last).collect();
    let mut other = Instance::start(&memory, 0, Faults::default(), &facts, &[0]);
    let before = without_waiting(&memory);
    other.settle(&memory, &mut now);
    assert_eq!(without_waiting(&memory), before, "nothing differs but what waits for the desk");
}

/// The content of the open alerts, by id. Which of them wait depends on the desk's day alone.
fn without_waiting(memory: &Memory) -> BTreeMap<String, [u8; 16]> {
    let open = standing(memory);
    let latest = alerts(memory).into_iter().map(|published| {
        let alert = Alert { waiting: false, ..published.alert };
        (alert.alert_id.clone(), contract::content_hash(&alert))
    });
    latest.filter(|(id, _)| open.contains_key(id)).collect()
}

fn append(memory: &Memory, number: usize) {
    memory.append(0, UtcSecond(MONDAY + 10 * 86_400), Some(b"0181"), Some(registration(number).as_bytes()));
}

/// Changes three tariffs and three calendars a hundred times each while registrations go in; returns the longest step.
fn change_facts(instance: &mut Instance, memory: &Memory, now: &mut u64) -> Duration {
    let mut longest = Duration::ZERO;
    for round in 0..ROUNDS {
        for number in 0..3 {
            instance.shared.reference_log.fact(tariff(number, round + 1));
            instance.shared.reference_log.fact(calendar(number, round + 1));
        }
        append(memory, KEPT + usize::try_from(round).unwrap());
        *now += 1;
        let began = Instant::now();
        let before = instance.worker.observer().dispositions.len();
        instance.step(memory, *now, Faults::default(), *now);
        longest = longest.max(began.elapsed());
        assert!(
            before < instance.worker.observer().dispositions.len(),
            "a step takes registrations whatever changed"
        );
    }
    // Until all has settled, a registration goes in with every step.
    for number in 0..500 {
        *now += 5;
        append(memory, KEPT + 1_000 + number);
        let began = Instant::now();
        instance.step(memory, *now, Faults::default(), *now);
        longest = longest.max(began.elapsed());
    }
    longest
}
