//! Which alerts of a case a form decides about.

use super::*;
use crate::domain::Grade;
use crate::feed::cases::{Desk, Scope};
use crate::feed::fixtures::{DAY, MONDAY, decided, overlap_alert, overlapping, withdrawn};

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
    let made = made(desk, action, fields)?;
    let id = |decision: &Decision| decision.alert_id.rsplit(':').next().map(str::to_owned);
    let mut ids: Vec<String> = made.iter().filter_map(id).collect();
    ids.sort();
    Ok(ids)
}

/// The decisions that a form with these fields becomes, or why it is not taken.
fn made(desk: &Desk, action: Action, fields: &[(&str, &str)]) -> Result<Vec<Decision>, Vec<FormFault>> {
    let both = [("reason", "utföraren har svarat"), ("outcome", "rule_fault"), ("until", "2026-03-20")];
    let fields = both.iter().chain(fields).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let form = DecisionForm::of(fields.collect());
    let scope = Scope::every();
    let seen = desk.within(&scope);
    let (_, case) = seen.case(CASE).expect("the case");
    let (by, now, zone) = ("reviewer-1", MONDAY.plus(DAY), &seen.rules().zone);
    let rules = DecisionRules { take_seconds: 1_800, two_persons_from_ore: 20_000 };
    Planning { case, form: &form, action, by, now, zone, drawn: false }.decisions(&rules)
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

#[test]
fn an_exception_names_rule_pair_author_reason_and_the_days_from_the_visit_to_the_date() {
    let desk = three_alerts();
    let asked = |scope: &'static str| {
        [REVIEW, ("except", scope), ("except_rule", "carer-overlap"), ("except_until", "2026-04-01")]
    };
    let zone = Zone::named("Europe/Stockholm").expect("a zone");
    for (scope, carer, client) in
        [("pair", Some("ann"), Some("eva")), ("carer", Some("ann"), None), ("client", None, Some("eva"))]
    {
        let made = made(&desk, Action::Dismiss, &asked(scope)).expect("a decision");
        let [Decision { exception: Some((exception, valid)), .. }] = made.as_slice() else {
            panic!("{made:?}")
        };
        assert_eq!((exception.carer_ref.as_deref(), exception.client_ref.as_deref()), (carer, client));
        assert_eq!((exception.rule.as_str(), exception.author.as_str()), ("carer-overlap", "reviewer-1"));
        assert_eq!(exception.reason, "utföraren har svarat");
        assert_eq!((valid.from, valid.to.map(|to| zone.date(to))), (MONDAY, Some("2026-04-01".to_owned())));
    }
}

#[test]
fn a_decision_is_taken_back_on_its_own_also_where_its_exception_took_the_alert_back() {
    let mut desk = three_alerts();
    let excepting =
        [REVIEW, ("except", "pair"), ("except_rule", "carer-overlap"), ("except_until", "2026-04-01")];
    let decisions = made(&desk, Action::Dismiss, &excepting).expect("a decision");
    decisions.into_iter().for_each(|decision| desk.decision(decision));
    let mut review = overlap_alert("R-4", 5_000);
    (review.alert.grade, review.alert.hold) = (Grade::Review, None);
    desk.alert(withdrawn(&review));
    let excepted = ("alert", "2@0181:registration:R-4");
    assert_eq!(about(&desk, Action::Reopen, &[excepted]), Ok(vec!["R-4".to_owned()]));
    assert_eq!(about(&desk, Action::Reopen, &[OVERLAP]), Err(vec![FormFault::NothingToDecide]));
    let reopened = made(&desk, Action::Reopen, &[excepted]).expect("a decision");
    assert!(reopened.iter().all(|decision| decision.exception.is_none()));
    let later = |decision: Decision| Decision { decided_at: decision.decided_at.plus(1), ..decision };
    reopened.into_iter().map(later).for_each(|decision| desk.decision(decision));
    assert_eq!(
        about(&desk, Action::Reopen, &[excepted]),
        Err(vec![FormFault::NothingToDecide]),
        "it has ended"
    );
}

#[test]
fn an_exception_that_can_t_be_is_refused() {
    let desk = three_alerts();
    let asked = |rule: &'static str, until: &'static str| {
        [REVIEW, ("except", "pair"), ("except_rule", rule), ("except_until", until)]
    };
    let fault = |action, fields: &[(&str, &str)]| made(&desk, action, fields).expect_err("a fault");
    let far = asked("carer-overlap", "2028-01-01");
    assert_eq!(fault(Action::Dismiss, &far), [FormFault::ExceptUntil], "beyond a year");
    assert_eq!(fault(Action::Dismiss, &asked("carer-overlap", "")), [FormFault::ExceptUntil]);
    assert_eq!(fault(Action::Dismiss, &asked("manual-share", "2026-04-01")), [FormFault::ExceptRule]);
    assert_eq!(fault(Action::Wait, &asked("carer-overlap", "2026-04-01")), [FormFault::ExceptAction]);
    let wide = [
        REVIEW,
        ("except", "municipality"),
        ("except_rule", "carer-overlap"),
        ("except_until", "2026-04-01"),
    ];
    assert_eq!(fault(Action::Dismiss, &wide), [FormFault::ExceptRule], "a scope that nobody offers");
}

#[test]
fn of_two_decisions_of_one_second_the_later_one_counts() {
    let ids: Vec<String> = (0..20)
        .map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(2));
            decision_id().expect("random numbers")
        })
        .collect();
    assert!(ids.is_sorted(), "{ids:?}");
    assert!(ids.iter().all(|id| id.len() == ids[0].len()), "{ids:?}");
}
