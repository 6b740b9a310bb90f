//! The work of one registration has a constant bound, whatever lies beside it: visits looked at, not seconds, so that
//! the machine does not show.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use tidvakt::domain::{Alert, UtcSecond};
use tidvakt::engine::{NEIGHBOURS_MAX, Output};

use crate::draft::{Draft, instant};
use crate::engines::{Driver, default_engine};

const FEW: usize = 10;
const MANY: usize = 10_000;
/// With a thousand times as many neighbours, a registration may cost so many times as much.
const GROWTH_MAX: f64 = 10.0;

/// What makes neighbours: its name, and one of `count` visits by number.
type Shape = (&'static str, fn(usize, usize) -> Draft);

const SHAPES: [Shape; 6] = [
    ("one carer at N clients at once", |number, _| {
        visit(number, "ann".to_owned(), format!("c{number}"), 8 * 3600, 1800)
    }),
    ("N carers at one client at once", |number, _| {
        visit(number, format!("a{number}"), "bo".to_owned(), 8 * 3600, 1800)
    }),
    ("one pair, N visits in a row", |number, _| {
        visit(number, "ann".to_owned(), "bo".to_owned(), 3 * number as i64, 3)
    }),
    ("one pair, N visits of no length at one second", |number, _| {
        visit(number, "ann".to_owned(), "bo".to_owned(), 8 * 3600, 0)
    }),
    ("one long visit over N short ones", |number, count| match number {
        0 => visit(0, "ann".to_owned(), "eva".to_owned(), 0, 86_000),
        _ => {
            let length = 85_000 / count as i64;
            visit(number, "ann".to_owned(), format!("c{}", number % 7), length * number as i64, length)
        }
    }),
    ("a placeholder with N visits a day, for a week", |number, _| {
        let start = (number / 7) as i64 * 97 % (14 * 3600) + (number % 7) as i64 * 86_400 + 6 * 3600;
        visit(number, "vikarie".to_owned(), format!("c{}", number % 300), start, 1800)
    }),
];

fn visit(number: usize, carer: String, client: String, second: i64, seconds: i64) -> Draft {
    let start = instant("2026-03-02T00:00").unwrap().plus(second);
    let mut draft = Draft::new(&format!("R{number:05}"), 1, &carer, &client, start, start.plus(seconds));
    draft.appended_at = instant("2026-03-12T00:00").unwrap();
    draft
}

/// Gives an engine `count` visits of a shape; returns the work of each of the last ten on average, and the engine.
fn work_of_last(shape: fn(usize, usize) -> Draft, count: usize) -> (f64, Driver, usize) {
    let mut driver = Driver::assessing(default_engine(), false);
    let (mut out, mut named) = (Vec::new(), 0);
    let mut before = 0;
    for number in 0..count {
        if number + FEW == count {
            before = driver.engine.work();
        }
        out.clear();
        driver.register(&shape(number, count), &mut out);
        named = named.max(most_named(&out));
    }
    ((driver.engine.work() - before) as f64 / FEW.min(count) as f64, driver, named)
}

fn most_named(out: &[Output]) -> usize {
    let alerts = out.iter().filter_map(|output| match output {
        Output::Alert(alert) => Some(alert),
        Output::Assessed(_) => None,
    });
    alerts.flat_map(|alert| &alert.findings).map(|finding| finding.related.len()).max().unwrap_or(0)
}

#[test]
fn the_work_of_a_registration_does_not_grow_with_its_neighbours() {
    let (mut table, mut too_much) = (String::new(), Vec::new());
    for (name, shape) in SHAPES {
        let (few, ..) = work_of_last(shape, FEW);
        let (some, ..) = work_of_last(shape, 100);
        let (many, driver, named) = work_of_last(shape, MANY);
        writeln!(table, "{name:<50} {few:>8.0} {some:>8.0} {many:>8.0}").unwrap();
        assert!(named <= NEIGHBOURS_MAX, "{name}: {named}");
        drop(driver);
        if GROWTH_MAX * few.max(some) < many {
            too_much.push(name);
        }
    }
    println!("visits looked at per registration, with 10, 100 and 10,000 neighbours\n{table}");
    assert!(too_much.is_empty(), "{too_much:?}\n{table}");
}

#[test]
fn a_crowd_is_one_finding_and_its_visits_are_not_compared() {
    for (name, shape) in [SHAPES[0], SHAPES[1], SHAPES[5]] {
        let (_, mut driver, _) = work_of_last(shape, 2_000);
        driver.engine.assess_dirty_periods(&mut Vec::new());
        let alerts = driver.engine.open_alerts();
        let of_crowd = |alert: &&Alert| alert.findings.iter().any(|finding| finding.rule == "placeholder");
        assert_eq!(alerts.iter().filter(of_crowd).count(), 1, "{name}");
        let rules: BTreeSet<&str> =
            alerts.iter().flat_map(|alert| &alert.findings).map(|finding| finding.rule.as_str()).collect();
        for pair in ["carer-overlap", "client-overlap", "impossible-travel", "duplicate-registration"] {
            assert!(!rules.contains(pair), "{name}: {rules:?}");
        }
    }
}

#[test]
fn what_a_crowd_comes_to_does_not_depend_on_the_order_of_arrival() {
    // Seventeen at once and a few around them: one more or less decides.
    let mut visits: Vec<Draft> = (0..17)
        .map(|n| visit(n, "ann".to_owned(), format!("c{n}"), 8 * 3600 + 60 * n as i64, 1800))
        .collect();
    visits.push(visit(20, "ann".to_owned(), "c1".to_owned(), 12 * 3600, 600));
    visits.push(visit(21, "ann".to_owned(), "c2".to_owned(), 12 * 3600 + 300, 600));
    visits.push(visit(22, "ann".to_owned(), "c3".to_owned(), 23 * 3600 + 3000, 900));
    visits.push(visit(23, "ann".to_owned(), "c4".to_owned(), 24 * 3600, 900));
    let alerts = |visits: &[Draft]| {
        let mut driver = Driver::new(default_engine());
        for draft in visits {
            driver.register(draft, &mut Vec::new());
        }
        crate::engines::timeless(driver.engine.open_alerts())
    };
    for (number, draft) in (0..).zip(&mut visits) {
        draft.offset = Some(number);
    }
    let first = alerts(&visits);
    let ids = |alerts: &[Alert]| alerts.iter().map(|alert| alert.alert_id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&first), ["0181:carer_period:ann:2026-03"], "of all visits of the day none is compared");
    let backwards: Vec<Draft> = visits.iter().rev().cloned().collect();
    assert_eq!(crate::engines::differences(&first, &alerts(&backwards)), "");
    // Without one of them there was never a crowd.
    let sixteen: Vec<Draft> = visits.iter().filter(|draft| draft.id != "R00003").cloned().collect();
    let gone = Draft { version: 2, event: tidvakt::domain::EventType::Cancelled, ..visits[3].clone() };
    let cancelled: Vec<Draft> = visits.iter().cloned().chain([gone]).collect();
    let never = alerts(&sixteen);
    assert!(ids(&never).len() > 10, "{:?}", ids(&never));
    assert_eq!(crate::engines::differences(&never, &alerts(&cancelled)), "");
    let moved = Draft {
        version: 2,
        start: at("2026-03-05T08:00"),
        end: Some(at("2026-03-05T08:30")),
        ..visits[3].clone()
    };
    let corrected: Vec<Draft> = visits.iter().cloned().chain([moved.clone()]).collect();
    let elsewhere: Vec<Draft> = sixteen.into_iter().chain([moved]).collect();
    assert_eq!(crate::engines::differences(&alerts(&elsewhere), &alerts(&corrected)), "");
}

fn at(local: &str) -> UtcSecond {
    instant(local).unwrap()
}
