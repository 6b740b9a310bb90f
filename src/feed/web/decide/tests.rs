//! Which alerts of a case a form decides about.

use super::*;
use crate::domain::Grade;
use crate::feed::cases::{Desk, Scope};
use crate::feed::fixtures::{MONDAY, decided, overlap_alert, overlapping};

const CASE: &str = "0181:carer:ann:2026-03";

/// Ann's overlap with a hold of 129 kronor, another with one of 80 kronor, and a visit of grade review.
fn three_alerts() -> Desk {
    let mut desk = overlapping();
    desk.alert(overlap_alert("R-3", 8_000));
    let mut review = overlap_alert("R-4", 5_000);
    (review.alert.grade, review.alert.findings[0].grade, review.alert.hold) =
        (Grade::Review, Grade::Review, None);
    desk.alert(review);
    desk
}

/// The registrations that a form with these fields decides about, or why it is not taken.
fn about(desk: &Desk, action: Action, fields: &[(&str, &str)]) -> Result<Vec<String>, Vec<FormFault>> {
    let both = [("reason", "utföraren har svarat"), ("outcome", "rule_fault"), ("until", "2026-03-20")];
    let fields = both.iter().chain(fields).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let form = DecisionForm::of(fields.collect());
    let scope = Scope::every();
    let seen = desk.within(&scope);
    let (_, case) = seen.case(CASE).expect("the case");
    let (by, now, zone) = ("reviewer-1", MONDAY.plus(DAY_SECONDS), &seen.rules().zone);
    let rules = DecisionRules { take_seconds: 1_800, two_persons_from_ore: 20_000 };
    let made = Planning { case, form: &form, action, by, now, zone, drawn: false }.decisions(&rules)?;
    let id = |decision: &Decision| decision.alert_id.rsplit(':').next().map(str::to_owned);
    let mut ids: Vec<String> = made.iter().filter_map(id).collect();
    ids.sort();
    Ok(ids)
}

const OVERLAP: (&str, &str) = ("alert", "1@0181:registration:R-2");
const REVIEW: (&str, &str) = ("alert", "1@0181:registration:R-4");

#[test]
fn a_decision_is_about_the_chosen_alerts_alone() {
    let desk = three_alerts();
    assert_eq!(about(&desk, Action::Confirm, &[OVERLAP]), Ok(vec!["R-2".to_owned()]));
    assert_eq!(about(&desk, Action::Dismiss, &[REVIEW]), Ok(vec!["R-4".to_owned()]));
    assert_eq!(about(&desk, Action::Wait, &[OVERLAP, REVIEW]), Ok(vec!["R-2".to_owned(), "R-4".to_owned()]));
    for action in [Action::Confirm, Action::Uphold, Action::Dismiss, Action::Wait] {
        assert_eq!(about(&desk, action, &[]), Err(vec![FormFault::Alerts]), "{action:?} of none of three");
    }
    assert_eq!(about(&desk, Action::Uphold, &[OVERLAP, REVIEW]), Err(vec![FormFault::WithoutHold]));
    assert_eq!(about(&desk, Action::Take, &[]).expect("the case as a whole").len(), 3);
}

#[test]
fn a_decision_about_all_is_about_those_that_were_listed() {
    let desk = three_alerts();
    let listed = |id: &'static str| ("listed", id);
    let all = [("all", "on"), listed("1@0181:registration:R-2"), listed("1@0181:registration:R-4")];
    assert_eq!(
        about(&desk, Action::Confirm, &all),
        Ok(vec!["R-2".to_owned()]),
        "R-3 came after the page was read"
    );
}

#[test]
fn an_alert_that_changed_since_it_was_read_is_read_again() {
    let mut desk = three_alerts();
    let mut changed = overlap_alert("R-2", 40_000);
    changed.revision = 2;
    desk.alert(changed);
    assert_eq!(about(&desk, Action::Confirm, &[OVERLAP]), Err(vec![FormFault::Changed]));
    let read_again = ("alert", "2@0181:registration:R-2");
    assert_eq!(about(&desk, Action::Confirm, &[read_again]), Ok(vec!["R-2".to_owned()]));
}

#[test]
fn holds_of_one_case_are_not_released_one_by_one_past_the_limit() {
    let desk = three_alerts();
    assert_eq!(
        about(&desk, Action::Release, &[OVERLAP]),
        Err(vec![FormFault::TwoPersons]),
        "129 of 209 kronor"
    );
    assert_eq!(
        about(&desk, Action::Dismiss, &[REVIEW]),
        Ok(vec!["R-4".to_owned()]),
        "nothing is withheld for it"
    );
}

#[test]
fn what_is_decided_is_not_decided_again_in_the_same_way() {
    let mut desk = three_alerts();
    let alert = overlap_alert("R-4", 5_000);
    desk.decision(decided(
        &alert,
        1,
        Action::Dismiss,
        Some(crate::domain::DecisionOutcome::RuleFault),
        MONDAY,
    ));
    assert_eq!(about(&desk, Action::Dismiss, &[REVIEW]), Err(vec![FormFault::NothingToDecide]));
}
