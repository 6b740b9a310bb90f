//! A former owner that does not know it: stopped for longer than a session with outputs unpublished, or under a name
//! that another process has taken. What it writes must not be what a reader believes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::broker::{Kept, Topics, broker, flush, send};
use super::service::{
    Service, assert_same, check_histories, progress, replayed, settings_text, standing, wait_until,
};

const PAIRS: usize = 3_000;
/// The clients of every second pair turn out to share a home.
const SHARE_A_HOME_EVERY: usize = 2;
const SESSION_MILLIS: u64 = 6_000;
/// Longer than a transaction stays open, with the interval in which its coordinator looks.
const PAUSE: Duration = Duration::from_secs(25);
/// So long the former owner is given to write what it has.
const AFTERMATH: Duration = Duration::from_secs(15);

/// What an instance writes after another one took its partition over.
struct Aftermath {
    /// Alerts of the former owner behind the first one of its successor.
    alerts: usize,
    /// Steps back of a municipality's progress.
    steps_back: usize,
}

fn settings(topics: &Topics, instance: &str, delivery: &str) -> String {
    let text = settings_text(topics, instance);
    let session = format!("[kafka.client]\n\"session.timeout.ms\" = \"{SESSION_MILLIS}\"\n");
    let mode = format!("delivery = \"{delivery}\"\n[kafka.client]\n");
    text.replace("[kafka.client]\n", &session).replacen("[kafka.client]\n", &mode, 1)
}

/// Carer `n` is registered at two clients at once.
fn visits() -> Vec<String> {
    let visit = |number: usize, half: usize| {
        let (from, to) = if half == 0 { ("08:00", "09:00") } else { ("08:15", "09:15") };
        let capture = json!({"method": "nfc_tag"});
        json!({"schema_version": 1, "event_type": "recorded", "registration_id": format!("R-{number}-{half}"),
            "version": 1, "municipality": "0181", "provider_id": "P-07", "carer_ref": format!("carer-{number}"),
            "client_ref": format!("client-{number}-{half}"),
            "start_at": format!("2026-03-02T{from}:00+01:00"), "end_at": format!("2026-03-02T{to}:00+01:00"),
            "start_capture": capture, "end_capture": capture})
        .to_string()
    };
    (0..PAIRS).flat_map(|number| [visit(number, 0), visit(number, 1)]).collect()
}

fn home(number: usize, half: usize, household: &str, recorded_at: &str) -> (String, String) {
    let fact_id = format!("home-{number}-{half}");
    let fact = json!({"schema_version": 1, "municipality": "0181", "fact_id": fact_id, "type": "client_home",
        "valid_from": "2026-01-01T00:00:00+01:00", "valid_to": null, "recorded_at": recorded_at,
        "body": {"client_ref": format!("client-{number}-{half}"), "household_ref": household}});
    (format!("0181|{fact_id}"), fact.to_string())
}

/// The facts at first, and those that come while the owner lies still.
fn facts() -> [Vec<(String, String)>; 2] {
    let halves = || (0..PAIRS).flat_map(|number| [(number, 0), (number, 1)]);
    let apart = halves().map(|(number, half)| {
        home(number, half, &format!("household-{number}-{half}"), "2026-01-01T00:00:00+01:00")
    });
    let together = halves().filter(|(number, _)| number % SHARE_A_HOME_EVERY == 0).map(|(number, half)| {
        home(number, half, &format!("household-{number}"), "2026-02-01T00:00:00+01:00")
    });
    [apart.collect(), together.collect()]
}

fn send_facts(topics: &Topics, facts: &[(String, String)]) {
    let producer = topics.producer();
    for (key, fact) in facts {
        send(&producer, &topics.name("reference"), 0, key.as_bytes(), fact.as_bytes());
    }
    flush(&producer);
}

fn send_visits(topics: &Topics, visits: &[String]) {
    let producer = topics.producer();
    for visit in visits {
        send(&producer, &topics.name("registrations"), 0, b"0181", visit.as_bytes());
    }
    flush(&producer);
}

/// What should stand once all is known.
fn expected(folder: &Path) -> BTreeMap<String, Value> {
    let lines = |records: &mut dyn Iterator<Item = String>| {
        records.fold(String::new(), |mut text, line| {
            writeln!(text, "{line}").unwrap();
            text
        })
    };
    let (registrations, reference) = (folder.join("visits.jsonl"), folder.join("facts.jsonl"));
    std::fs::write(&registrations, lines(&mut visits().into_iter())).unwrap();
    let facts = facts().into_iter().flatten().map(|(_, fact)| fact);
    std::fs::write(&reference, lines(&mut facts.into_iter())).unwrap();
    replayed(folder, &[registrations], &[reference])
}

/// An owner is stopped with half of its alerts unpublished, facts change, another one takes over, the first goes on.
fn stop_and_resume(topics: &Topics, delivery: &str, folder: &Path) -> Aftermath {
    let [before, meanwhile] = facts();
    send_facts(topics, &before);
    let former = Service::start_with(&settings(topics, "former", delivery), folder, "former");
    let mut successor = Service::start_with(&settings(topics, "successor", delivery), folder, "successor");
    // Who owns the partition is shown by its first progress.
    send_visits(topics, &visits()[..2]);
    let mut former = former;
    wait_until("an owner", &mut [&mut former, &mut successor], || !progress(topics).is_empty());
    let owner = writer(&topics.read("progress")[0]);
    if owner.starts_with("successor/") {
        std::mem::swap(&mut former, &mut successor);
    }
    send_visits(topics, &visits()[2..]);
    wait_until("the first of many alerts", &mut [&mut former, &mut successor], || {
        2 < topics.read("alerts").len()
    });
    former.pause();
    let paused = Instant::now();
    let visible = topics.read("alerts").len();
    assert!(visible < PAIRS, "it was done before it was stopped: nothing was shown");
    send_facts(topics, &meanwhile);
    let expected = expected(folder);
    await_standing(topics, &mut successor, &expected);
    println!(
        "{delivery}: {visible} alert records before the stop, all assessed {:?} after it",
        paused.elapsed()
    );
    std::thread::sleep(PAUSE.saturating_sub(paused.elapsed()));
    former.resume();
    std::thread::sleep(AFTERMATH);
    former.assert_running();
    await_standing(topics, &mut successor, &expected);
    let aftermath = aftermath(topics, &owner);
    assert_eq!(former.terminate().code(), Some(0));
    assert_eq!(successor.terminate().code(), Some(0));
    check_last_is_highest(&topics.read("alerts"));
    aftermath
}

fn writer(kept: &Kept) -> String {
    kept.header("tidvakt.writer").expect("every record names its writer").to_owned()
}

/// Waits until all is assessed, and what stands is `expected`.
fn await_standing(topics: &Topics, service: &mut Service, expected: &BTreeMap<String, Value>) {
    let last = 2 * PAIRS - 1;
    wait_until("progress to the last visit, and all that should stand", &mut [service], || {
        let assessed = progress(topics).get("0181").is_some_and(|said| {
            said["assessed_through_offset"] == last && said["open_alerts"] == expected.len()
        });
        assessed && standing(topics.read("alerts").iter().map(Kept::json)).len() == expected.len()
    });
    assert_same(&standing(topics.read("alerts").iter().map(Kept::json)), expected);
}

fn aftermath(topics: &Topics, owner: &str) -> Aftermath {
    let alerts = topics.read("alerts");
    let behind = alerts.iter().skip_while(|kept| writer(kept) == owner);
    let through = |kept: &Kept| kept.json()["assessed_through_offset"].as_i64();
    let through: Vec<i64> = topics.read("progress").iter().filter_map(through).collect();
    Aftermath {
        alerts: behind.filter(|kept| writer(kept) == owner).count(),
        steps_back: through.windows(2).filter(|pair| pair[1] < pair[0]).count(),
    }
}

/// What compaction leaves of each alert is what a reader of revisions keeps.
fn check_last_is_highest(alerts: &[Kept]) {
    let mut highest: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
    let mut last: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
    for kept in alerts {
        let revision = kept.json()["revision"].as_u64().unwrap();
        let known = highest.entry(kept.key.clone()).or_default();
        *known = revision.max(*known);
        last.insert(kept.key.clone(), revision);
    }
    assert_eq!(last, highest);
}

#[test]
fn of_an_owner_that_lay_still_nothing_is_seen_behind_its_successor() {
    let Some((address, _turn)) = broker("of_an_owner_that_lay_still_nothing_is_seen_behind_its_successor")
    else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let topics = Topics::make(address, "fenced", 1);
    let aftermath = stop_and_resume(&topics, "transactional", folder.path());
    assert_eq!((aftermath.alerts, aftermath.steps_back), (0, 0), "alerts behind, progress back");
    check_histories(&topics.read("alerts"));
}

#[test]
fn without_transactions_what_it_writes_is_seen_and_published_again() {
    let Some((address, _turn)) = broker("without_transactions_what_it_writes_is_seen_and_published_again")
    else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let topics = Topics::make(address, "reconciled", 1);
    let aftermath = stop_and_resume(&topics, "reconciled", folder.path());
    println!(
        "{} alerts of the former owner behind, progress back {}",
        aftermath.alerts, aftermath.steps_back
    );
}

#[test]
fn of_two_processes_of_one_name_the_first_ends_and_writes_nothing_behind_the_second() {
    let name = "of_two_processes_of_one_name_the_first_ends_and_writes_nothing_behind_the_second";
    let Some((address, _turn)) = broker(name) else { return };
    let folder = tempfile::tempdir().unwrap();
    let topics = Topics::make(address, "twins", 1);
    send_facts(&topics, &facts().concat());
    let text = settings(&topics, "twin", "transactional");
    let mut first = Service::start_with(&text, folder.path(), "first");
    send_visits(&topics, &visits());
    wait_until("the first of many alerts", &mut [&mut first], || 2 < topics.read("alerts").len());
    let owner = writer(&topics.read("alerts")[0]);
    let mut second = Service::start_with(&text, folder.path(), "second");
    assert_eq!(first.wait().code(), Some(69), "{}", first.last_words());
    await_standing(&topics, &mut second, &expected(folder.path()));
    assert_eq!(second.terminate().code(), Some(0));
    let alerts = topics.read("alerts");
    assert!(alerts.iter().any(|kept| writer(kept) != owner), "the first was done: nothing was shown");
    let aftermath = aftermath(&topics, &owner);
    assert_eq!((aftermath.alerts, aftermath.steps_back), (0, 0), "alerts behind, progress back");
    check_histories(&alerts);
    check_last_is_highest(&alerts);
}
