//! Earlier alerts about whom a case is about, of the same rules, and how each was settled.

use std::cmp::Reverse;

use super::Book;
use super::case::Case;
use super::chance::is_right;
use crate::domain::{Action, AlertState, Decision, DecisionOutcome, HoldState, PublishedAlert, UtcSecond};

/// How an alert was settled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Settled<'a> {
    /// A reviewer decided.
    Decided(&'a Decision),
    /// Nobody confirmed its hold in time.
    Expired,
    /// A correction took it back.
    Withdrawn,
}

impl Settled<'_> {
    /// Was the alert right, where a reviewer has said so?
    #[must_use]
    pub fn is_right(self) -> Option<bool> {
        match self {
            Self::Decided(decision) => decision.outcome.map(is_right),
            Self::Expired | Self::Withdrawn => None,
        }
    }

    /// The outcome that a reviewer chose.
    #[must_use]
    pub fn outcome(self) -> Option<DecisionOutcome> {
        match self {
            Self::Decided(decision) => decision.outcome,
            Self::Expired | Self::Withdrawn => None,
        }
    }
}

/// An alert that is settled.
#[derive(Clone, Copy, Debug)]
pub struct SettledAlert<'a> {
    /// The case that it belongs to.
    pub case: &'a Case,
    /// The alert.
    pub alert: &'a PublishedAlert,
    /// The rule that it shares.
    pub rule: &'a str,
    /// How it was settled.
    pub settled: Settled<'a>,
}

impl Book {
    /// The settled alerts of other cases about whom `case` is about, of a rule of its open alerts, latest first.
    #[must_use]
    pub fn alike<'a>(&'a self, case: &'a Case) -> Vec<SettledAlert<'a>> {
        let rules = case.rules();
        let mut found = Vec::new();
        let about = self.cases_about(case.kind(), case.reference());
        for other in about.filter(|other| other.id() != case.id()) {
            for alert in other.alerts() {
                let Some(rule) = rules_of(alert).find(|rule| rules.contains(rule)) else { continue };
                let Some(settled) = other.settled(alert) else { continue };
                found.push(SettledAlert { case: other, alert, rule, settled });
            }
        }
        let at = |one: &SettledAlert<'_>| -> UtcSecond { one.alert.alert.event_time };
        found.sort_by_key(|one| (Reverse(at(one)), one.alert.alert.alert_id.clone()));
        found
    }
}

impl Case {
    /// How one of its alerts was settled; `None` where it is not.
    #[must_use]
    pub fn settled<'a>(&'a self, alert: &PublishedAlert) -> Option<Settled<'a>> {
        let decisions = self.decisions_of(&alert.alert.alert_id);
        let latest = decisions.iter().rfind(|decision| !decision.action.is_of_desk());
        if let Some(decision) = latest.filter(|decision| decision.action != Action::Reopen) {
            return Some(Settled::Decided(decision));
        }
        let hold = alert.alert.hold.as_ref().map(|hold| hold.state);
        match (alert.state, hold) {
            (AlertState::Withdrawn, _) => Some(Settled::Withdrawn),
            (_, Some(HoldState::Expired)) => Some(Settled::Expired),
            _ => None,
        }
    }
}

/// The rules of an alert's findings; of a withdrawn one, those of its hold.
pub(super) fn rules_of(alert: &PublishedAlert) -> impl Iterator<Item = &str> {
    let findings = alert.alert.findings.iter().map(|finding| finding.rule.as_str());
    let hold = alert.alert.hold.iter().filter(|_| alert.alert.findings.is_empty());
    findings.chain(hold.flat_map(|hold| hold.reason_codes.iter().map(String::as_str)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail and say why")]

    use super::*;
    use crate::domain::Month;
    use crate::feed::cases::{Desk, Scope};
    use crate::feed::fixtures::{DAY, MONDAY, TOWN, decided, overlap_alert, overlapping, withdrawn};

    /// An alert of the same rule about the same carer, in a month.
    fn of_month(month: i8, registration: &str) -> PublishedAlert {
        let mut alert = overlap_alert(registration, 10_000);
        alert.alert.pay_period = Month::new(2026, month).unwrap();
        alert.alert.case_id = format!("{TOWN}:carer:ann:2026-{month:02}");
        alert.alert.event_time = MONDAY.plus(i64::from(month - 3) * 30 * DAY);
        alert
    }

    fn alike(desk: &Desk) -> Vec<(String, Option<bool>)> {
        let scope = Scope::every();
        let seen = desk.within(&scope);
        let (book, case) = seen.case("0181:carer:ann:2026-03").unwrap();
        let found = book.alike(case).into_iter();
        found.map(|one| (one.alert.alert.subject.id.clone(), one.settled.is_right())).collect()
    }

    #[test]
    fn settled_alerts_of_the_same_rule_about_the_same_carer_are_found_latest_first() {
        let mut desk = overlapping();
        assert_eq!(alike(&desk), []);
        let (january, february) = (of_month(1, "J-1"), of_month(2, "F-1"));
        desk.decision(decided(&january, 1, Action::Uphold, Some(DecisionOutcome::RegistrationError), MONDAY));
        let excused = Some(DecisionOutcome::AcceptableExplanation);
        desk.decision(decided(&february, 2, Action::Release, excused, MONDAY));
        desk.alert(january);
        desk.alert(february.clone());
        desk.alert(of_month(2, "F-2"));
        let mut other_rule = of_month(2, "F-3");
        other_rule.alert.findings[0].rule = "moved-tag".to_owned();
        desk.decision(decided(&other_rule, 3, Action::Release, excused, MONDAY));
        desk.alert(other_rule);
        desk.alert(withdrawn(&of_month(2, "F-4")));
        let found = [("F-1", Some(false)), ("F-4", None), ("J-1", Some(true))];
        assert_eq!(alike(&desk), found.map(|(id, right)| (id.to_owned(), right)));
        desk.decision(decided(&february, 4, Action::Reopen, None, MONDAY.plus(60)));
        assert_eq!(alike(&desk).len(), 2, "what was taken back is not settled");
    }
}
