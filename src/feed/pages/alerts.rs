//! The alerts of a case, one a line: what was seen, what depends on it, and what is decided.

use crate::domain::{HoldState, PublishedAlert, Zone};
use crate::feed::cases::{AlertStatus, Case};
use crate::feed::words::{
    Language, Texts, action_result, case_status, date, day_and_time, kronor, outcome_name, rule_title,
    visible,
};

use super::{Shown, in_address};

/// A line of the list.
#[derive(Clone, Debug)]
pub struct CaseAlertRow {
    /// Its place on the page.
    pub href: String,
    /// The subject.
    pub subject: String,
    /// The day of the visit, or the pay period's first.
    pub date: String,
    /// What was seen.
    pub titles: String,
    /// Kronor at risk.
    pub amount: String,
    /// Kronor of its open hold.
    pub held: String,
    /// What is decided.
    pub status: String,
}

/// The alerts of `case` that are not withdrawn, the gravest first.
pub(super) fn alert_lines(case: &Case, at: &Shown, zone: &Zone) -> Vec<CaseAlertRow> {
    let language = at.language;
    let line = |alert: &PublishedAlert| {
        let of = &alert.alert;
        let held = of.hold.as_ref().filter(|hold| hold.state.is_open()).map_or(0, |hold| hold.amount_ore);
        CaseAlertRow {
            href: format!("#{}", in_address(&visible(&of.alert_id))),
            subject: visible(&of.subject.id),
            date: date(of.event_time, zone),
            titles: titles(alert, language),
            amount: amount(of.amount_at_risk_ore, language),
            held: amount(held, language),
            status: standing(case, alert, at, zone),
        }
    };
    case.open_alerts().into_iter().map(line).collect()
}

/// The titles of an alert's rules, the first finding first.
pub(super) fn titles(alert: &PublishedAlert, language: Language) -> String {
    let titles: Vec<&str> =
        alert.alert.findings.iter().map(|finding| rule_title(&finding.rule, language)).collect();
    visible(&titles.join(", "))
}

/// Kronor; where nothing can be said in kronor, a dash.
pub(super) fn amount(ore: i64, language: Language) -> String {
    if ore == 0 { "–".to_owned() } else { kronor(ore, language) }
}

/// What is decided about an alert, or that nothing is.
pub(super) fn standing(case: &Case, alert: &PublishedAlert, at: &Shown, zone: &Zone) -> String {
    use crate::feed::cases::CaseStatus::{BelowBudget, Open, Taken, Withdrawn};
    let language = at.language;
    let t = Texts(language);
    let is_expired = alert.alert.hold.as_ref().is_some_and(|hold| hold.state == HoldState::Expired);
    match case.alert_status(alert, at.clock) {
        AlertStatus::Open if is_expired => t.settled_expired().to_owned(),
        AlertStatus::Open => case_status(Open, language).to_owned(),
        AlertStatus::Taken { .. } => case_status(Taken, language).to_owned(),
        AlertStatus::BelowBudget => case_status(BelowBudget, language).to_owned(),
        AlertStatus::Withdrawn => case_status(Withdrawn, language).to_owned(),
        AlertStatus::Waiting { until } => format!("{} {}", t.waits_until(), date(until, zone)),
        AlertStatus::Confirmed | AlertStatus::Decided => {
            let decisions = case.decisions_of(&alert.alert.alert_id);
            let latest = decisions.iter().rev().find(|decision| decision.outcome.is_some());
            latest.map_or_else(String::new, |decision| {
                let outcome = decision.outcome.map(|outcome| outcome_name(outcome, language));
                let done = action_result(decision.action, language);
                let when = day_and_time(decision.decided_at, zone, language);
                format!("{done}: {}, {when}", outcome.unwrap_or_default())
            })
        }
    }
}
