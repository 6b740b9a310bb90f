//! Cases in the words of a reviewer.

#![expect(clippy::unwrap_used, reason = "a test may fail and say why")]

use super::*;
use crate::domain::{Action, AlertState, DecisionOutcome, Grade};
use crate::feed::fixtures::{
    DAY, MONDAY, TOWN, decided, desk, overlap_alert, overlapping, register, review_alert, withdrawn,
};

const CASE: &str = "0181:carer:ann:2026-03";

fn clock() -> UtcSecond {
    MONDAY.plus(DAY)
}

fn status(desk: &Desk, at: UtcSecond) -> CaseStatus {
    let scope = Scope::every();
    let (book, case) = desk.within(&scope).case(CASE).unwrap();
    book.status(case, at)
}

#[test]
fn an_alert_opens_a_case_and_its_withdrawal_closes_it() {
    let mut desk = overlapping();
    let scope = Scope::every();
    let (_, case) = desk.within(&scope).case(CASE).unwrap();
    assert_eq!((case.kind(), case.reference(), case.grade()), (CaseKind::Carer, "ann", Grade::Hold));
    assert_eq!(case.at_risk_ore(), 12_900);
    assert_eq!(case.open_holds().count(), 1);
    assert_eq!(status(&desk, clock()), CaseStatus::Open);

    assert!(desk.alert(withdrawn(&overlap_alert("R-2", 12_900))));
    assert_eq!(status(&desk, clock()), CaseStatus::Withdrawn);
    assert_eq!(desk.within(&scope).case(CASE).unwrap().1.at_risk_ore(), 0);
    let older = overlap_alert("R-2", 1);
    assert!(!desk.alert(older), "a lower revision changes nothing");
    assert_eq!(status(&desk, clock()), CaseStatus::Withdrawn);
}

#[test]
fn a_correction_can_move_an_alert_to_the_case_of_another_carer() {
    let mut desk = overlapping();
    let mut moved = overlap_alert("R-2", 12_900);
    moved.revision = 2;
    moved.state = AlertState::Revised;
    moved.alert.carer_ref = Some("per".to_owned());
    moved.alert.case_id = format!("{TOWN}:carer:per:2026-03");
    desk.alert(moved);
    let scope = Scope::every();
    assert!(desk.within(&scope).case(CASE).is_none());
    assert!(desk.within(&scope).case("0181:carer:per:2026-03").is_some());
}

#[test]
fn the_other_registration_of_a_pair_leads_to_the_case_in_which_its_alert_lies() {
    let mut desk = overlapping();
    // Two carers at one client; the alert is on Ann's registration and names Per's.
    register(&mut desk, "R-9", 1, "per", "eva", (480, 510), "nfc_tag");
    let mut pair = overlap_alert("R-2", 12_900);
    (pair.revision, pair.state) = (2, AlertState::Revised);
    pair.alert.findings[0].related = vec!["R-9".to_owned()];
    desk.alert(pair.clone());
    let mut of_per = overlap_alert("R-8", 100);
    of_per.alert.carer_ref = Some("per".to_owned());
    of_per.alert.case_id = format!("{TOWN}:carer:per:2026-03");
    of_per.alert.findings[0].related.clear();
    desk.alert(of_per);

    let found_from = |desk: &Desk, case: &str| -> Vec<String> {
        let scope = Scope::every();
        let desk = desk.within(&scope);
        let (book, case) = desk.case(case).unwrap();
        book.cases_naming(case).into_iter().map(|case| case.id().to_owned()).collect()
    };
    assert_eq!(found_from(&desk, "0181:carer:per:2026-03"), [CASE]);
    assert!(found_from(&desk, CASE).is_empty());
    let search = |desk: &Desk, text: &str| {
        let filter = Filter { text: Some(text.to_owned()), ..Filter::default() };
        let scope = Scope::every();
        desk.within(&scope).book(TOWN).unwrap().ranked(&filter, clock()).len()
    };
    assert_eq!(search(&desk, "per"), 2, "his own, and Ann's by the registration that it names");
    pair.revision = 3;
    pair.alert.findings[0].related.clear();
    desk.alert(pair);
    assert!(found_from(&desk, "0181:carer:per:2026-03").is_empty());
    assert_eq!(search(&desk, "per"), 1);
}

#[test]
fn a_case_is_taken_for_a_while_and_then_open_again() {
    let mut desk = overlapping();
    let alert = overlap_alert("R-2", 12_900);
    desk.decision(decided(&alert, 1, Action::Take, None, clock()));
    assert_eq!(status(&desk, clock().plus(60)), CaseStatus::Taken);
    assert_eq!(status(&desk, clock().plus(1_800)), CaseStatus::Open);
    let released = decided(&alert, 2, Action::Release, Some(DecisionOutcome::AcceptableExplanation), clock());
    desk.decision(released);
    assert_eq!(status(&desk, clock()), CaseStatus::Decided);
    // Taken again afterwards: what was decided comes back when the time is over.
    desk.decision(decided(&alert, 3, Action::Take, None, clock().plus(10)));
    assert_eq!(status(&desk, clock().plus(20)), CaseStatus::Taken);
    assert_eq!(status(&desk, clock().plus(3_600)), CaseStatus::Decided);
    desk.decision(decided(&alert, 4, Action::Reopen, None, clock().plus(20)));
    assert_eq!(status(&desk, clock().plus(20)), CaseStatus::Open);
}

#[test]
fn decisions_that_come_before_their_alert_count() {
    let alert = overlap_alert("R-2", 12_900);
    let mut desk = desk();
    desk.decision(decided(&alert, 1, Action::Uphold, Some(DecisionOutcome::RegistrationError), clock()));
    desk.alert(alert);
    assert_eq!(status(&desk, clock()), CaseStatus::Decided);
}

#[test]
fn the_order_of_arrival_does_not_matter() {
    let alert = overlap_alert("R-2", 12_900);
    let decisions = [
        decided(&alert, 1, Action::Confirm, Some(DecisionOutcome::NeedsInquiry), clock()),
        decided(&alert, 2, Action::Release, Some(DecisionOutcome::RuleFault), clock().plus(60)),
    ];
    let (mut one, mut other) = (overlapping(), overlapping());
    decisions.iter().for_each(|decision| one.decision(decision.clone()));
    decisions.iter().rev().for_each(|decision| other.decision(decision.clone()));
    decisions.iter().for_each(|decision| other.decision(decision.clone()));
    let scope = Scope::every();
    for desk in [&one, &other] {
        let (book, case) = desk.within(&scope).case(CASE).unwrap();
        assert_eq!(case.decisions().len(), 2);
        assert_eq!(book.status(case, clock().plus(120)), CaseStatus::Decided);
    }
}

#[test]
fn the_probability_starts_from_the_grade_and_learns_the_day_after() {
    let mut desk = overlapping();
    let chance = |desk: &Desk, at: UtcSecond| {
        let scope = Scope::every();
        desk.within(&scope).book(TOWN).unwrap().chances(at).of("carer-overlap", Grade::Hold)
    };
    let prior = chance(&desk, clock()).mean;
    assert!((prior - 0.8).abs() < 1e-9);
    let alert = overlap_alert("R-2", 12_900);
    desk.decision(decided(&alert, 1, Action::Release, Some(DecisionOutcome::AcceptableExplanation), clock()));
    assert!((chance(&desk, clock().plus(60)).mean - prior).abs() < 1e-9, "frozen for the day");
    let next_day = chance(&desk, clock().plus(DAY));
    assert_eq!((next_day.right, next_day.decided), (0, 1));
    assert!(next_day.mean < prior);
    // Taking a case teaches nothing, and takes nothing back.
    desk.decision(decided(&alert, 2, Action::Take, None, clock().plus(60)));
    assert_eq!(chance(&desk, clock().plus(DAY)), next_day);
    desk.decision(decided(&alert, 3, Action::Reopen, None, clock().plus(90)));
    assert_eq!(chance(&desk, clock().plus(DAY)).decided, 0, "what was taken back teaches nothing");
}

#[test]
fn more_money_a_nearer_payout_run_and_a_likelier_rule_rank_first() {
    let mut desk = overlapping();
    let case = |number: &str, ore: i64, grade: Grade| {
        let mut alert = overlap_alert(number, ore);
        alert.alert.carer_ref = Some(number.to_owned());
        alert.alert.case_id = format!("{TOWN}:carer:{number}:2026-03");
        alert.alert.grade = grade;
        alert.alert.findings[0].grade = grade;
        alert
    };
    desk.alert(case("much", 90_000, Grade::Hold));
    desk.alert(case("unlikely", 20_000, Grade::Review));
    let mut past = case("past", 40_000, Grade::Hold);
    past.alert.pay_period = Month::new(2026, 1).unwrap();
    past.alert.case_id = format!("{TOWN}:carer:past:2026-01");
    desk.alert(past);
    let scope = Scope::every();
    let seen = desk.within(&scope);
    let ranked = seen.book(TOWN).unwrap().ranked(&Filter::default(), clock());
    let order: Vec<&str> = ranked.iter().map(|hit| hit.case.reference()).collect();
    assert_eq!(order, ["much", "past", "ann", "unlikely"]);
    assert!((urgency(Some(0)) - 1.0).abs() < 1e-9 && (urgency(Some(14)) - 0.5).abs() < 1e-9);
    let review = Filter { grade: Some(Grade::Review), ..Filter::default() };
    assert_eq!(seen.book(TOWN).unwrap().ranked(&review, clock()).len(), 1);
    let text = Filter { text: Some("EVA".to_owned()), ..Filter::default() };
    assert_eq!(seen.book(TOWN).unwrap().ranked(&text, clock()).len(), 4);
}

#[test]
fn a_case_with_a_hold_is_due_at_the_run_at_which_the_hold_begins_to_withhold_or_is_void() {
    let mut desk = overlapping();
    let days_left = |desk: &Desk| {
        let scope = Scope::every();
        let (book, case) = desk.within(&scope).case(CASE).unwrap();
        book.worth(case, &book.chances(clock())).days_left
    };
    // Registrations of Monday came until twelve; it withholds from Saturday.
    assert_eq!(days_left(&desk), Some(4));
    let mut later = review_alert("per", false);
    later.alert.assessed_at = MONDAY.plus(10 * DAY);
    desk.alert(later);
    assert_eq!(days_left(&desk), Some(25), "void thirty-five days after Monday");
    let mut confirmed = overlap_alert("R-2", 12_900);
    (confirmed.revision, confirmed.state) = (2, AlertState::Revised);
    confirmed.alert.hold.as_mut().unwrap().state = crate::domain::HoldState::Confirmed;
    desk.alert(confirmed);
    assert_eq!(days_left(&desk), Some(25), "of a confirmed one, the run of its month: 6 April");
}

#[test]
fn nothing_of_another_municipality_is_seen() {
    let mut desk = overlapping();
    let mut other = overlap_alert("R-9", 100);
    other.alert.municipality = "0180".to_owned();
    other.alert.alert_id = "0180:registration:R-9".to_owned();
    other.alert.case_id = "0180:carer:ann:2026-03".to_owned();
    desk.alert(other);
    let scope = Scope::only(["0180".to_owned()]);
    let seen = desk.within(&scope);
    assert!(seen.case(CASE).is_none() && seen.book(TOWN).is_none());
    assert!(seen.alert("0181:registration:R-2").is_none());
    assert!(seen.case("0180:carer:ann:2026-03").is_some());
    assert_eq!(seen.books().map(Book::municipality).collect::<Vec<_>>(), ["0180"]);
    assert_eq!(desk.within(&Scope::only([])).books().count(), 0);
}

#[test]
fn a_day_shows_the_latest_version_and_keeps_the_ones_before() {
    let mut desk = overlapping();
    register(&mut desk, "R-2", 2, "ann", "eva", (8 * 60 + 30, 8 * 60 + 50), "manual_office");
    register(&mut desk, "R-2", 1, "ann", "eva", (60, 90), "nfc_tag");
    let scope = Scope::every();
    let visits = desk.within(&scope).book(TOWN).unwrap().visits();
    let day = Zone::named("Europe/Stockholm").unwrap().day(MONDAY);
    let ids: Vec<&str> = visits.of_carer("ann", day).iter().map(|visit| &*visit.id).collect();
    assert_eq!(ids, ["R-1", "R-2"]);
    let changed = visits.get("R-2").unwrap();
    assert_eq!((changed.version, changed.earlier.len()), (2, 1));
    assert_eq!(visits.of_client("eva", day).len(), 2);
    assert!(visits.of_carer("nobody", day).is_empty());
}

#[test]
fn what_is_older_than_kept_is_forgotten() {
    let mut desk = overlapping();
    let later = MONDAY.plus(120 * DAY);
    let record = format!(
        r#"{{"schema_version":1,"event_type":"started","registration_id":"R-9","version":1,"municipality":"0181",
            "provider_id":"P-07","carer_ref":"ann","client_ref":"bo","start_at":"{later}"}}"#
    );
    let record = crate::contract::parse_registration(record.as_bytes()).unwrap();
    desk.registration(&record.registration(later).unwrap(), later);
    let scope = Scope::every();
    let visits = desk.within(&scope).book(TOWN).unwrap().visits();
    assert_eq!(visits.len(), 1);
    assert_eq!(visits.ongoing().map(|visit| &*visit.id).collect::<Vec<_>>(), ["R-9"]);
}
