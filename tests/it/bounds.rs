//! What keeps the machine within bounds, in small stories: the scenarios have bounds that nothing reaches.

use tidvakt::domain::{
    Alert, CaptureMethod, EventType, Fact, FactBody, FactChange, Grade, GrantPer, Lowered, Month, Span,
    SubjectKind, UtcSecond, Validity,
};
use tidvakt::engine::{Bounds, Input};

use crate::draft::{Draft, MUNICIPALITY, instant};
use crate::engines::{Driver, FREE, default_engine, default_engine_within, sensitive_engine};

/// Two minutes of a provider's month may be held, and no more.
const TWO_MINUTES: Bounds = Bounds { provider_held_share_max: 0.0, provider_held_seconds_min: 120, ..FREE };

fn visit(id: &str, carer: &str, client: &str, start: &str, minutes: i64) -> Draft {
    let start = instant(start).unwrap();
    Draft::new(id, 1, carer, client, start, start.plus(60 * minutes))
}

fn alert<'a>(alerts: &'a [Alert], id: &str) -> Option<&'a Alert> {
    alerts.iter().find(|alert| alert.subject.id == id)
}

fn lowered_by(driver: &Driver, id: &str) -> Option<Lowered> {
    alert(&driver.engine.open_alerts(), id)?.findings.iter().find_map(|finding| finding.lowered_by)
}

/// Each client in a household of its own.
fn apart(driver: &mut Driver, client: &str) {
    put(
        driver,
        &format!("home-{client}"),
        FactBody::ClientHome {
            client_ref: client.to_owned(),
            household_ref: Some(format!("household-{client}")),
            place: None,
        },
    );
}

fn put(driver: &mut Driver, fact_id: &str, body: FactBody) {
    let fact = Fact {
        municipality: MUNICIPALITY.to_owned(),
        fact_id: fact_id.to_owned(),
        valid: Validity { from: UtcSecond(0), to: None },
        recorded_at: UtcSecond(0),
        body,
    };
    driver.engine.apply(Input::Referenced(&FactChange::Put(fact)), &mut Vec::new());
}

fn register(driver: &mut Driver, drafts: &[Draft]) {
    drafts.iter().for_each(|draft| drop(driver.register(draft, &mut Vec::new())));
}

/// At two clients at once, by two providers; the hold falls on P2's, which was sent later.
fn two_providers() -> [Draft; 2] {
    let one = visit("R1", "ann", "bo", "2026-03-02T08:00", 30);
    let emitted_at = one.end.map(|end| end.plus(7200));
    [
        Draft { provider: "P2".to_owned(), emitted_at, ..one },
        visit("R2", "ann", "eva", "2026-03-02T08:10", 30),
    ]
}

#[test]
fn a_hold_that_another_providers_visit_brings_about_counts_for_the_cap() {
    let mut driver = Driver::new(default_engine_within(TWO_MINUTES));
    ["bo", "eva"].iter().for_each(|client| apart(&mut driver, client));
    register(&mut driver, &two_providers());
    assert_eq!(lowered_by(&driver, "R1"), Some(Lowered::HeldShareCap));
}

#[test]
fn a_hold_that_a_fact_brings_about_counts_for_the_cap() {
    let mut driver = Driver::new(default_engine_within(TWO_MINUTES));
    // The tags are the same, so that all hangs on the homes.
    let drafts = two_providers().map(|draft| Draft { tags: [const { None }; 2], ..draft });
    register(&mut driver, &drafts);
    ["bo", "eva"].iter().for_each(|client| apart(&mut driver, client));
    assert_eq!(lowered_by(&driver, "R1"), Some(Lowered::HeldShareCap));
}

#[test]
fn what_was_paid_in_a_month_counts_for_the_cap_of_the_next() {
    let tenth = Bounds { provider_held_share_max: 0.1, provider_held_seconds_min: 0, ..FREE };
    let mut driver = Driver::new(default_engine_within(tenth));
    ["bo", "eva"].iter().for_each(|client| apart(&mut driver, client));
    let april =
        [visit("R1", "ann", "bo", "2026-04-01T08:00", 30), visit("R2", "ann", "eva", "2026-04-01T08:10", 30)];
    register(&mut driver, &april);
    assert_eq!(lowered_by(&driver, "R2"), Some(Lowered::HeldShareCap));
    let late =
        (1..=9).map(|day| visit(&format!("M{day}"), "ida", "bo", &format!("2026-03-0{day}T08:00"), 60));
    register(&mut driver, &late.collect::<Vec<_>>());
    assert_eq!(lowered_by(&driver, "R2"), None);
}

#[test]
fn a_cap_outlives_the_registrations_under_it() {
    let share = Bounds { provider_held_share_max: 0.5, provider_held_seconds_min: 0, ..FREE };
    let mut driver = Driver::new(default_engine_within(share));
    ["bo", "eva"].iter().for_each(|client| apart(&mut driver, client));
    let pair = |day: &str| {
        [
            visit(&format!("A{day}"), "ann", "bo", &format!("2026-03-{day}T08:00"), 30),
            visit(&format!("B{day}"), "ann", "eva", &format!("2026-03-{day}T08:10"), 30),
        ]
    };
    ["02", "03", "20"].iter().for_each(|day| register(&mut driver, &pair(day)));
    let held = |driver: &Driver| alert(&driver.engine.open_alerts(), "B20").map(|alert| alert.grade);
    assert_eq!(held(&driver), Some(Grade::Hold));
    // A hundred days after the first two pairs, and before a hundred after the last.
    register(&mut driver, &[visit("L", "ida", "bo", "2026-06-15T08:00", 30)]);
    // The weaker of the pair stays so: it is sent later still.
    let [_, last] = pair("20");
    let approved = Draft { version: 2, event: EventType::Approved, ..last };
    register(&mut driver, &[Draft { appended_at: instant("2026-06-15T09:00").unwrap(), ..approved }]);
    assert_eq!(held(&driver), Some(Grade::Hold));
}

#[test]
fn a_month_without_a_visit_has_no_alert() {
    let mut driver = Driver::new(sensitive_engine());
    put(
        &mut driver,
        "order",
        FactBody::Order {
            order_id: "O".to_owned(),
            client_ref: "bo".to_owned(),
            provider_id: Some("P1".to_owned()),
            task_codes: Vec::new(),
            granted_minutes: Some(60),
            granted_per: Some(GrantPer::Day),
            required_staff: None,
        },
    );
    let april = visit("R1", "ann", "bo", "2026-04-01T08:00", 30);
    let around = ["2026-03-01T08:00", "2026-05-01T08:00"].map(|start| visit(start, "ann", "bo", start, 30));
    register(&mut driver, &around);
    register(&mut driver, std::slice::from_ref(&april));
    let about_april = |driver: &Driver| {
        let month = Month::new(2026, 4).unwrap();
        let mut standing = driver.engine.open_alerts();
        standing
            .retain(|alert| alert.pay_period == month && alert.subject.kind == SubjectKind::ProviderPeriod);
        standing.len()
    };
    assert_eq!(about_april(&driver), 1);
    register(&mut driver, &[Draft { version: 2, event: EventType::Cancelled, ..april }]);
    assert_eq!(about_april(&driver), 0);
}

/// Findings of three carers on visits that were typed in; `captured` other visits of the provider before them.
fn grades_among(captured: usize) -> Vec<Grade> {
    let mut driver = Driver::new(default_engine_within(Bounds { habit_share: 0.02, ..FREE }));
    apart(&mut driver, "bo");
    let day = |count: usize| format!("2026-03-{:02}", 1 + count % 28);
    let quiet = (0..captured).map(|count| {
        let (carer, client) = (format!("q{}", count / 28), format!("c{}", count / 28));
        visit(&format!("Q{count}"), &carer, &client, &format!("{}T08:03", day(count)), 20)
    });
    let quiet: Vec<Draft> = quiet.collect();
    register(&mut driver, &quiet);
    let twice = (0..12).flat_map(|count| {
        let carer = ["ann", "ida", "pia"][count % 3];
        [("R", 0), ("S", 1)].map(|(id, minute)| {
            let start = format!("{}T1{}:0{minute}", day(count), count % 6);
            let mut draft = visit(&format!("{id}{count}"), carer, "bo", &start, 1);
            draft.methods = [CaptureMethod::ManualCarer; 2];
            draft
        })
    });
    register(&mut driver, &twice.collect::<Vec<_>>());
    let alerts = driver.engine.open_alerts();
    let of_visits = alerts.iter().filter(|alert| alert.subject.kind == SubjectKind::Registration);
    of_visits.map(|alert| alert.grade).collect()
}

#[test]
fn what_is_common_among_the_few_typed_visits_of_a_provider_is_no_habit_of_it() {
    assert_eq!(grades_among(0), [], "half of all its visits: so it works");
    assert_eq!(grades_among(500), [Grade::Review; 12], "one visit in forty-four");
}

/// A pay period is retained as long as its last day, and its first visits are not.
#[test]
fn a_pattern_names_the_visits_that_are_still_retained() {
    let mut driver = Driver::new(default_engine());
    let on = |day: u32| {
        let copy = visit(&format!("R{day:02}"), "ann", "bo", &format!("2026-03-{day:02}T08:01"), 28);
        let planned = copy.end.map(|end| Span::new(copy.start, end).unwrap());
        Draft { planned, ..copy }
    };
    (1..=30).for_each(|day| register(&mut driver, &[on(day)]));
    driver.engine.assess_dirty_periods(&mut Vec::new());
    let named = |driver: &Driver| {
        let alerts = driver.engine.open_alerts();
        let pattern = alert(&alerts, "ann:2026-03").expect("a pattern");
        let finding = pattern.findings.iter().find(|finding| finding.rule == "plan-copy").unwrap();
        (finding.related.clone(), finding.related_more)
    };
    let first: Vec<String> = (1..=16).map(|day| format!("R{day:02}")).collect();
    assert_eq!(named(&driver), (first, 14));
    // A hundred days after the 12th the first eleven are forgotten; their places are taken.
    for hour in 8..20 {
        let later = visit(&format!("S{hour:02}"), "eva", "bo", &format!("2026-06-20T{hour:02}:00"), 20);
        register(&mut driver, &[later]);
    }
    let retained: Vec<String> = (12..=16).map(|day| format!("R{day:02}")).collect();
    assert_eq!(named(&driver).0, retained);
}
