//! When a hold withholds, when it is void, and on which of two registrations it goes.

use tidvakt::domain::{
    Action, Alert, CaptureMethod, Decision, EventType, Fact, FactBody, FactChange, Hold, HoldState,
    UtcSecond, Validity,
};
use tidvakt::engine::{Engine, Input, Output};

use crate::draft::{Draft, MUNICIPALITY, instant};
use crate::engines::{Driver, default_engine, default_engine_on_both, timeless};

fn at(local: &str) -> UtcSecond {
    instant(local).unwrap()
}

/// An engine that knows the homes of bo and eva, in two households.
fn two_homes() -> Driver {
    in_two_homes(default_engine())
}

fn in_two_homes(engine: Engine) -> Driver {
    let mut driver = Driver::new(engine);
    for client in ["bo", "eva"] {
        let body = FactBody::ClientHome {
            client_ref: client.to_owned(),
            household_ref: Some(format!("household-{client}")),
            place: None,
        };
        put(&mut driver, &format!("home-{client}"), body);
    }
    driver
}

fn put(driver: &mut Driver, fact_id: &str, body: FactBody) -> Vec<Alert> {
    let fact = Fact {
        municipality: MUNICIPALITY.to_owned(),
        fact_id: fact_id.to_owned(),
        valid: Validity { from: UtcSecond(0), to: None },
        recorded_at: UtcSecond(0),
        body,
    };
    let mut out = Vec::new();
    driver.engine.apply(Input::Referenced(&FactChange::Put(fact)), &mut out);
    alerts(out)
}

/// Half an hour of ann's, from so many minutes past eight on a day of March, known at once.
fn visit(id: &str, client: &str, day: u8, minute: i64) -> Draft {
    let start = at(&format!("2026-03-{day:02}T08:00")).plus(60 * minute);
    Draft::new(id, 1, "ann", client, start, start.plus(1800))
}

/// The same, in the log at another time.
fn known(draft: Draft, local: &str) -> Draft {
    Draft { appended_at: at(local), ..draft }
}

fn alerts(out: Vec<Output>) -> Vec<Alert> {
    let alert = |output| if let Output::Alert(alert) = output { Some(*alert) } else { None };
    out.into_iter().filter_map(alert).collect()
}

/// Gives the engine registrations; returns the alerts that it published.
fn register(driver: &mut Driver, drafts: &[Draft]) -> Vec<Alert> {
    let mut out = Vec::new();
    drafts.iter().for_each(|draft| drop(driver.register(draft, &mut out)));
    alerts(out)
}

/// The one hold that stands.
fn hold(driver: &Driver) -> Hold {
    let holds: Vec<Hold> = driver.engine.open_alerts().into_iter().filter_map(|alert| alert.hold).collect();
    assert_eq!(holds.len(), 1, "{holds:?}");
    holds.into_iter().next().unwrap()
}

#[test]
fn a_hold_withholds_from_the_run_of_its_pay_period_and_is_void_at_the_next() {
    let mut driver = two_homes();
    register(&mut driver, &[visit("R1", "bo", 2, 0), visit("R2", "eva", 2, 15)]);
    let hold = hold(&driver);
    assert_eq!((hold.registration_id.as_str(), hold.state), ("R2", HoldState::Proposed));
    assert_eq!(hold.withholds_from, at("2026-04-06T18:00"));
    assert_eq!(hold.expires_at, at("2026-05-06T18:00"));
}

#[test]
fn a_pair_is_one_alert_and_its_kronor_count_once_or_by_the_settings_on_both() {
    let registrations = [visit("R1", "bo", 2, 0), visit("R2", "eva", 2, 15)];
    for (engine, subjects) in [(default_engine(), vec!["R2"]), (default_engine_on_both(), vec!["R1", "R2"])] {
        let mut driver = in_two_homes(engine);
        register(&mut driver, &registrations);
        let alerts = driver.engine.open_alerts();
        let found: Vec<&str> = alerts.iter().map(|alert| alert.subject.id.as_str()).collect();
        assert_eq!(found, subjects);
        for alert in &alerts {
            let other = if alert.subject.id == "R1" { "R2" } else { "R1" };
            assert_eq!(alert.findings.len(), 1);
            assert_eq!(alert.findings[0].related, [other]);
            // A quarter of an hour at 360 kronor.
            assert_eq!(alert.amount_at_risk_ore, 9_000);
            assert_eq!(alert.hold.as_ref().map(|hold| hold.seconds_in_question), Some(900));
        }
        // A correction of the registration without an alert takes it back as well.
        let apart = Draft { version: 2, ..visit("R1", "bo", 2, -15) };
        register(&mut driver, &[apart]);
        assert!(driver.engine.open_alerts().is_empty());
    }
}

#[test]
fn a_late_registration_of_a_month_that_is_paid_already_is_withheld_from_the_next_run() {
    let mut driver = two_homes();
    let late = known(visit("R2", "eva", 2, 15), "2026-04-10T09:00");
    register(&mut driver, &[visit("R1", "bo", 2, 0), late.clone()]);
    let late_hold = hold(&driver);
    assert_eq!(late_hold.registration_id, "R2");
    assert_eq!(late_hold.withholds_from, at("2026-05-06T18:00"));
    assert_eq!(late_hold.expires_at, at("2026-06-06T18:00"));
    assert_eq!(late_hold.state, HoldState::Proposed);
    // A minute before the run it is paid in that one; at the hour of the run in the next.
    for (known_at, run) in [
        ("2026-04-06T17:59", "2026-04-06T18:00"),
        ("2026-04-06T18:00", "2026-05-06T18:00"),
        ("2026-06-05T08:00", "2026-06-06T18:00"),
    ] {
        let mut driver = two_homes();
        register(&mut driver, &[visit("R1", "bo", 2, 0), known(late.clone(), known_at)]);
        assert_eq!(hold(&driver).withholds_from, at(run), "{known_at}");
    }
    // A correction takes it back, and the withdrawn alert keeps the dates.
    let apart = Draft { version: 2, start: late.start.plus(900), ..late };
    let published = register(&mut driver, &[known(apart, "2026-04-11T09:00")]);
    let superseded = published.iter().find_map(|alert| alert.hold.as_ref()).unwrap();
    assert_eq!(superseded.state, HoldState::Superseded);
    assert!(driver.engine.open_alerts().is_empty());
}

#[test]
fn the_calendar_moves_the_runs_of_all_holds() {
    let mut driver = two_homes();
    let late = known(visit("R2", "eva", 2, 15), "2026-04-10T09:00");
    register(&mut driver, &[visit("R1", "bo", 2, 0), late]);
    let april = tidvakt::domain::Month::parse("2026-04").unwrap();
    let dates = FactBody::Calendar {
        pay_period: april,
        locks_at: at("2026-05-10T00:00"),
        payout_run_at: at("2026-05-12T10:00"),
    };
    let published = put(&mut driver, "calendar", dates);
    assert_eq!(hold(&driver).withholds_from, at("2026-05-12T10:00"));
    assert!(published.iter().any(|alert| alert.hold.is_some()), "{published:?}");
}

#[test]
fn a_proposed_hold_expires_when_the_run_after_has_been_and_is_published_as_expired_once() {
    let mut driver = two_homes();
    register(&mut driver, &[visit("R1", "bo", 2, 0), visit("R2", "eva", 2, 15)]);
    let later = |id: &str, local: &str| Draft::new(id, 1, "ida", "eva", at(local), at(local).plus(600));
    assert_eq!(register(&mut driver, &[later("L1", "2026-05-06T17:00")]), vec![]);
    assert_eq!(hold(&driver).state, HoldState::Proposed);
    let published =
        register(&mut driver, &[later("L2", "2026-05-06T18:00"), later("L3", "2026-05-07T08:00")]);
    let states: Vec<HoldState> =
        published.iter().filter_map(|alert| Some(alert.hold.as_ref()?.state)).collect();
    assert_eq!(states, [HoldState::Expired]);
    assert_eq!(hold(&driver).state, HoldState::Expired);
}

#[test]
fn of_two_equal_registrations_the_copy_is_what_came_later_whatever_its_name() {
    // A copy is due when the office has had its time to cancel it.
    let a_week_later = || visit("later", "eva", 9, 0);
    for (first, second) in [("A", "Z"), ("Z", "A")] {
        // Sent at one time: the later one in the log.
        let mut driver = two_homes();
        let pair = [first, second].map(|id| visit(id, "bo", 2, 0));
        register(&mut driver, &pair);
        register(&mut driver, &[a_week_later()]);
        assert_eq!(hold(&driver).registration_id, second);
        // Sent later, and first in the log.
        let mut driver = two_homes();
        let [one, other] = pair.clone();
        let one = Draft { emitted_at: one.end.map(|end| end.plus(7200)), ..one };
        register(&mut driver, &[one, other, a_week_later()]);
        assert_eq!(hold(&driver).registration_id, first);
        // The weaker evidence goes before both.
        let mut driver = two_homes();
        let [one, other] = pair;
        let one = Draft { methods: [CaptureMethod::ManualCarer; 2], ..one };
        register(&mut driver, &[one, other, a_week_later()]);
        assert_eq!(hold(&driver).registration_id, first);
    }
}

#[test]
fn the_hold_goes_on_what_is_not_paid_yet() {
    // Typed in and paid with March; what was read from the tag arrives after that run.
    let typed_in = Draft { methods: [CaptureMethod::ManualCarer; 2], ..visit("R1", "bo", 2, 0) };
    let late = known(visit("R2", "bo", 2, 1), "2026-04-10T09:00");
    let mut driver = two_homes();
    register(&mut driver, &[typed_in.clone(), late.clone()]);
    assert_eq!(hold(&driver).registration_id, "R2");
    // Both before the run: on the weaker evidence.
    let mut driver = two_homes();
    register(&mut driver, &[typed_in.clone(), known(late.clone(), "2026-04-06T09:00")]);
    assert_eq!(hold(&driver).registration_id, "R1");
    // The one that was paid is cancelled: nothing is left of it.
    let mut driver = two_homes();
    register(&mut driver, &[typed_in.clone(), late]);
    register(&mut driver, &[Draft { version: 2, event: EventType::Cancelled, ..typed_in }]);
    assert!(driver.engine.open_alerts().is_empty());
}

#[test]
fn the_disputed_spans_are_united_and_their_sum_is_in_question() {
    let mut driver = two_homes();
    let long = Draft { end: Some(at("2026-03-02T10:00")), ..visit("R9", "bo", 2, 0) };
    let pieces = [visit("R1", "eva", 2, 5), visit("R2", "eva", 2, 30), visit("R3", "eva", 2, 85)];
    let sent_last = Draft { emitted_at: Some(at("2026-03-02T12:00")), ..long };
    register(&mut driver, &pieces);
    register(&mut driver, &[sent_last]);
    let mut holds = driver.engine.open_alerts().into_iter().filter_map(|alert| alert.hold);
    let hold = holds.find(|hold| hold.registration_id == "R9").unwrap();
    let spans: Vec<(UtcSecond, UtcSecond)> =
        hold.disputed.iter().map(|span| (span.start(), span.end())).collect();
    let expected = [("08:05", "09:00"), ("09:25", "09:55")];
    assert_eq!(
        spans,
        expected.map(|(from, to)| { (at(&format!("2026-03-02T{from}")), at(&format!("2026-03-02T{to}"))) })
    );
    assert_eq!(hold.seconds_in_question, 85 * 60);
}

/// A decision about the hold of R2, made on a day of March.
fn decided(action: Action, hold_id: &str, day: u8) -> Decision {
    Decision {
        decision_id: format!("D{day}"),
        alert_id: format!("{MUNICIPALITY}:registration:R2"),
        hold_id: Some(hold_id.to_owned()),
        action,
        outcome: None,
        reason: "seen".to_owned(),
        until: None,
        seconded_by: None,
        decided_by: "reviewer-1".to_owned(),
        decided_at: at(&format!("2026-03-{day:02}T12:00")),
        drawn: false,
        exception: None,
    }
}

#[test]
fn a_decision_is_about_the_version_whose_hold_it_names() {
    let mut driver = two_homes();
    register(&mut driver, &[visit("R1", "bo", 2, 0), visit("R2", "eva", 2, 15)]);
    let first = hold(&driver).hold_id;
    driver.engine.apply(Input::Decided(&decided(Action::Release, &first, 3)), &mut Vec::new());
    assert_eq!(hold(&driver).state, HoldState::Released);
    // A version with twice the overlap, sent on the day before the decision is dated: its hold is another.
    let longer = Draft { version: 2, ..visit("R2", "eva", 2, 0) };
    register(&mut driver, &[longer]);
    let second = hold(&driver);
    assert_eq!((second.state, second.seconds_in_question), (HoldState::Proposed, 1800));
    assert_ne!(second.hold_id, first);
    driver.engine.apply(Input::Decided(&decided(Action::Uphold, &second.hold_id, 4)), &mut Vec::new());
    assert_eq!(hold(&driver).state, HoldState::Upheld);
    // Taken back.
    driver.engine.apply(Input::Decided(&decided(Action::Reopen, &second.hold_id, 5)), &mut Vec::new());
    assert_eq!(hold(&driver).state, HoldState::Proposed);
}

#[test]
fn of_two_facts_of_one_id_and_one_time_the_same_one_counts_whichever_arrives_first() {
    let home = |household: &str| FactBody::ClientHome {
        client_ref: "eva".to_owned(),
        household_ref: Some(household.to_owned()),
        place: None,
    };
    let standing = |households: [&str; 2]| {
        let mut driver = two_homes();
        register(&mut driver, &[visit("R1", "bo", 2, 0), visit("R2", "eva", 2, 15)]);
        households.iter().for_each(|household| drop(put(&mut driver, "home-eva", home(household))));
        timeless(driver.engine.open_alerts())
    };
    let first = standing(["household-bo", "household-own"]);
    assert_eq!(standing(["household-own", "household-bo"]), first);
    assert!(!first.is_empty());
}
