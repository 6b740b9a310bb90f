//! Killed at random while it works, and two instances that hand over to each other: in the end the topics hold what
//! an undisturbed replay gives.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::broker::{Topics, broker};
use super::quiet;
use super::service::{Service, assert_same, check_histories, progress, replayed, standing, wait_until};
use super::town::{Town, asked, send_facts, send_registrations, towns};

const PARTITIONS: i32 = 4;
const KILLS: usize = 5;

#[test]
fn killed_five_times_it_loses_doubles_and_contradicts_nothing() {
    let Some((address, _turn)) = broker("killed_five_times_it_loses_doubles_and_contradicts_nothing") else {
        return;
    };
    let seed = asked("TEST_KILL_SEED", 1) as u64;
    let records = asked("TEST_KILL_RECORDS", 20_000);
    let folder = tempfile::tempdir().unwrap();
    let topics = Topics::make(address, "killed", PARTITIONS);
    let towns = towns(folder.path(), PARTITIONS, records);
    send_facts(&topics, &towns);

    let mut random = Random(seed);
    let seconds = (records as f64 / 10_000.0).clamp(14.0, 30.0);
    let (mut restarts, mut service) = (Vec::new(), Service::start(&topics, folder.path(), "one"));
    // Over all the time in which registrations come: some before the first word, some after it.
    let most = (2_000.0 * seconds / (KILLS + 1) as f64) as u64;
    std::thread::scope(|scope| {
        scope.spawn(|| send_registrations(&topics, &towns, 0.0..1.0, seconds));
        for _ in 0..KILLS {
            std::thread::sleep(Duration::from_millis(400 + random.below(most - 400)));
            service.kill();
            restarts.push(now_ms());
            service = Service::start(&topics, folder.path(), "one");
        }
    });
    await_the_end(&topics, &towns, &mut [&mut service]);
    println!("seed {seed}: {} registrations, {KILLS} kills", lines(&towns));
    print_restarts(&topics, &restarts);
    assert_eq!(service.terminate().code(), Some(0));
    check(&topics, &towns, folder.path());
}

#[test]
fn two_instances_hand_over_and_say_what_one_would() {
    let Some((address, _turn)) = broker("two_instances_hand_over_and_say_what_one_would") else { return };
    let folder = tempfile::tempdir().unwrap();
    let topics = Topics::make(address, "two", PARTITIONS);
    let towns = towns(folder.path(), PARTITIONS, asked("TEST_REBALANCE_RECORDS", 8_000));
    send_facts(&topics, &towns);
    let mut first = Service::start(&topics, folder.path(), "first");
    send_registrations(&topics, &towns, 0.0..0.3, 2.0);
    let started = |municipality: &Town| progress(&topics).contains_key(&municipality.code);
    wait_until("progress everywhere", &mut [&mut first], || towns.iter().all(started));

    let mut second = Service::start(&topics, folder.path(), "second");
    send_registrations(&topics, &towns, 0.3..0.7, 8.0);
    second.assert_running();
    assert_eq!(first.terminate().code(), Some(0));
    let stopped = Instant::now();
    send_registrations(&topics, &towns, 0.7..1.0, 2.0);
    await_the_end(&topics, &towns, &mut [&mut second]);
    println!("all taken over and assessed {:?} after the first one stopped", stopped.elapsed());
    assert_eq!(second.terminate().code(), Some(0));
    check(&topics, &towns, folder.path());
}

fn lines(towns: &[Town]) -> usize {
    towns.iter().map(|town| town.lines.len()).sum()
}

/// Waits until every municipality is assessed up to its last record.
pub fn await_the_end(topics: &Topics, towns: &[Town], services: &mut [&mut Service]) {
    let mut seen = Vec::new();
    wait_until("progress to the last offset", services, || {
        let progress = progress(topics);
        let through = |town: &Town| {
            progress.get(&town.code).and_then(|said| said["assessed_through_offset"].as_i64()).unwrap_or(-1)
        };
        let now: Vec<i64> = towns.iter().map(through).collect();
        if now != seen {
            println!("assessed through {now:?}");
            seen = now;
        }
        towns.iter().all(|town| {
            let last = i64::try_from(town.lines.len()).unwrap() - 1;
            progress.get(&town.code).is_some_and(|said| said["assessed_through_offset"] == last)
        })
    });
}

/// Every offset is counted once, no history contradicts itself, and a replay of the files says the
/// same.
pub fn check(topics: &Topics, towns: &[Town], folder: &std::path::Path) {
    let progress = progress(topics);
    for town in towns {
        let said = &progress[&town.code];
        let counts = ["scored", "repeats", "stale", "quarantined"].map(|name| said[name].as_u64().unwrap());
        assert_eq!(counts.iter().sum::<u64>(), town.lines.len() as u64, "{}: {said}", town.code);
        let broken = town.lines.iter().filter(|line| !line.ends_with('}')).count();
        assert_eq!(counts[3], broken as u64, "{}: {said}", town.code);
    }
    let alerts = topics.read("alerts");
    check_histories(&alerts);
    let found = standing(alerts.iter().map(|kept| kept.json()));
    let quiet = standing(towns.iter().flat_map(quiet::alerts));
    assert!(!quiet.is_empty(), "nothing stands at the end, so nothing was shown");
    assert_same(&found, &quiet);
    let registrations: Vec<_> = towns.iter().map(|town| town.registrations.clone()).collect();
    let reference: Vec<_> = towns.iter().map(|town| town.reference.clone()).collect();
    assert_same(&found, &replayed(folder, &registrations, &reference));
    let open: u64 = progress.values().map(|said| said["open_alerts"].as_u64().unwrap()).sum();
    assert_eq!(open, found.len() as u64);
    let broken: usize =
        towns.iter().map(|town| town.lines.iter().filter(|l| !l.ends_with('}')).count()).sum();
    let refused = topics.read("quarantine");
    let positions: std::collections::BTreeSet<_> = refused
        .iter()
        .map(|kept| ["partition", "offset"].map(|name| kept.header(&format!("__connect.errors.{name}"))))
        .collect();
    assert_eq!(positions.len(), broken, "each broken record is in quarantine");
    assert_eq!(refused.len(), broken, "and once");
    println!(
        "{} alerts are open, {} alert records, {broken} broken registrations",
        found.len(),
        alerts.len()
    );
}

/// How long after each restart the first new alert or progress came.
fn print_restarts(topics: &Topics, restarts: &[i64]) {
    let written: Vec<i64> =
        ["alerts", "progress"].iter().flat_map(|name| topics.read(name)).map(|kept| kept.time_ms).collect();
    for (number, restart) in (1..).zip(restarts) {
        let after = written.iter().filter(|time| *restart <= **time).min();
        let next = restarts.get(number);
        match after.filter(|after| next.is_none_or(|next| *after < next)) {
            Some(after) => println!("restart {number}: first word after {} ms", after - restart),
            None => println!("restart {number}: killed before its first word"),
        }
    }
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap()
}

/// Numbers that a seed decides: `splitmix64`, by Sebastiano Vigna.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

#[test]
fn a_doubled_or_contradicting_history_is_found() {
    let alert = |revision: u32, state: &str, seconds: i64| -> Value {
        serde_json::json!({"alert_id": "a", "revision": revision, "state": state, "assessed_at": "", "provenance": {},
            "findings": if state == "withdrawn" { vec![] } else { vec![seconds] }})
    };
    let kept = |alerts: &[Value]| -> Vec<super::broker::Kept> {
        let record = |alert: &Value| super::broker::Kept {
            partition: 0,
            time_ms: 0,
            key: b"a".to_vec(),
            value: alert.to_string().into_bytes(),
            headers: Vec::new(),
        };
        alerts.iter().map(record).collect()
    };
    check_histories(&kept(&[
        alert(1, "opened", 1),
        alert(2, "revised", 2),
        alert(3, "withdrawn", 0),
        alert(4, "opened", 2),
    ]));
    for wrong in [
        vec![alert(1, "opened", 1), alert(1, "revised", 2)],
        vec![alert(1, "opened", 1), alert(3, "revised", 2)],
        vec![alert(1, "opened", 1), alert(2, "revised", 1)],
        vec![alert(1, "opened", 1), alert(2, "opened", 2)],
        vec![alert(1, "revised", 1)],
    ] {
        assert!(std::panic::catch_unwind(|| check_histories(&kept(&wrong))).is_err(), "{wrong:?}");
    }
}
