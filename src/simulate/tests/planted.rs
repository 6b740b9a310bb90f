//! What is planted: every pattern, as much as asked, by few, and only what is asked for.

use super::*;
use crate::simulate::patterns::PatternActors;

#[test]
fn every_pattern_is_planted_where_there_is_room() {
    let plan = Plan { seed: 5, days: 60, clients: 1_600, planted_share: 0.015, ..Plan::default() };
    let standing = simulated(&plan);
    let mut patterns: BTreeMap<&str, usize> = BTreeMap::new();
    for line in &standing.truth {
        *patterns.entry(line.pattern).or_default() += 1;
    }
    for pattern in PATTERNS.iter().filter(|pattern| pattern.by != PatternActors::All) {
        let least = if pattern.size == 0 { 1 } else { pattern.size as usize / 4 };
        let planted = patterns.get(pattern.name).copied().unwrap_or_default();
        assert!(least <= planted, "`{}`: {planted} planted, at least {least} expected", pattern.name);
    }
    assert!(!patterns.contains_key("provider-padding"));
    let share = standing.truth.len() as f64 / standing.kept.len() as f64;
    assert!((0.006..0.016).contains(&share), "{share} {patterns:?}");
}

#[test]
fn what_is_planted_is_as_much_as_asked_by_few_carers_from_the_fifteenth_day_on() {
    for (seed, days, clients) in [(1, 30, 300), (8, 45, 700)] {
        let plan = Plan { seed, days, clients, ..Plan::default() };
        let standing = simulated(&plan);
        let mut seen = BTreeSet::new();
        for line in &standing.truth {
            let planted = &standing.kept[&line.registration_id];
            let scope = pattern(line.pattern).expect("it is listed").scope;
            let actor = if scope == PatternScope::Provider { &planted.provider } else { &planted.carer };
            assert_eq!(**actor, line.actor, "{line:?}");
            assert!(scope == PatternScope::Provider || seen.insert(&line.registration_id), "{line:?} twice");
            assert!(0 <= line.seconds);
        }
        let share = standing.truth.len() as f64 / standing.kept.len() as f64;
        assert!((0.002..0.008).contains(&share), "{share}");
        let actors: BTreeSet<&str> = standing.truth.iter().map(|line| line.actor.as_str()).collect();
        let providers: BTreeSet<&str> =
            standing.truth.iter().map(|line| &*standing.kept[&line.registration_id].provider).collect();
        assert!(actors.len() <= 25 && providers.len() <= 2, "{actors:?} {providers:?}");
        let first = standing.kept.values().map(|record| record.start_at).min().expect("visits");
        let planted = standing.truth.iter().map(|line| standing.kept[&line.registration_id].start_at);
        assert!(planted.min().expect("planted").since(first) > 13 * 86_400);
    }
}

#[test]
fn only_what_is_asked_for_is_planted() {
    let only = |names: &[&str]| {
        let only = names.iter().map(|&name| name.to_owned()).collect();
        simulated(&Plan { seed: 2, days: 30, clients: 300, only, ..Plan::default() })
    };
    let names: BTreeSet<&str> =
        only(&["padding", "plan-copy"]).truth.iter().map(|line| line.pattern).collect();
    assert_eq!(names, ["padding", "plan-copy"].into());
    // A whole provider pads from the first day on, and by the same names it does so slowly.
    let (padded, ramped) = (only(&["provider-padding"]), only(&["provider-ramp"]));
    let first_days = |standing: &Standing| {
        let first = standing.kept.values().map(|record| record.start_at).min().expect("visits");
        let early =
            |line: &&TruthLine| standing.kept[&line.registration_id].start_at.since(first) < 3 * 86_400;
        standing.truth.iter().filter(early).count()
    };
    assert!(20 < first_days(&padded) && first_days(&ramped) == 0, "{}", first_days(&padded));
    assert!(50 < ramped.truth.len());
}
