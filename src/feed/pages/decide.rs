//! What a reviewer may decide about a case, as a form, and what is wrong with a form that was sent.

use crate::domain::{Action, DecisionOutcome, PublishedAlert, Role, Zone};
use crate::feed::cases::{AlertStatus, Case, CaseStatus};
use crate::feed::words::{
    Language, Texts, action_name, action_result, counted, date, day_and_time, outcome_name, visible,
};

use super::alerts::{amount, titles};
use super::exception::ExceptionView;
use super::form::{Choice, DecisionForm, FormFault, alert_word};
use super::{Shown, in_address};

/// Days that a case can wait, and an exception be valid.
pub const WAIT_DAYS_MAX: i64 = 366;
/// Seconds of a day.
pub const DAY_SECONDS: i64 = 86_400;
/// The actions of the form, in its order.
pub const ACTIONS: [Action; 5] =
    [Action::Confirm, Action::Release, Action::Uphold, Action::Dismiss, Action::Wait];
/// The outcomes of the form, in its order.
pub const OUTCOMES: [DecisionOutcome; 4] = [
    DecisionOutcome::RegistrationError,
    DecisionOutcome::AcceptableExplanation,
    DecisionOutcome::NeedsInquiry,
    DecisionOutcome::RuleFault,
];

/// Every action of a form, those about the case as a whole last.
pub fn all_actions() -> impl Iterator<Item = Action> {
    ACTIONS.into_iter().chain([Action::Take, Action::Reopen])
}

/// The word of an action in a form.
#[must_use]
pub const fn action_word(action: Action) -> &'static str {
    match action {
        Action::Take => "take",
        Action::Wait => "wait",
        Action::Confirm => "confirm",
        Action::Release => "release",
        Action::Uphold => "uphold",
        Action::Dismiss => "dismiss",
        Action::Reopen => "reopen",
    }
}

/// The word of an outcome in a form.
#[must_use]
pub const fn outcome_word(outcome: DecisionOutcome) -> &'static str {
    match outcome {
        DecisionOutcome::RegistrationError => "registration_error",
        DecisionOutcome::AcceptableExplanation => "acceptable_explanation",
        DecisionOutcome::NeedsInquiry => "needs_inquiry",
        DecisionOutcome::RuleFault => "rule_fault",
    }
}

/// An alert that can be chosen.
#[derive(Clone, Debug)]
pub struct AlertChoice {
    /// What the form brings back: revision and id.
    pub value: String,
    /// The subject and its day.
    pub subject: String,
    /// What was seen, and the kronor that depend on it.
    pub text: String,
    /// Is it chosen?
    pub is_chosen: bool,
}

/// The form as a page shows it.
#[derive(Clone, Debug)]
pub struct DecideView {
    /// Where it is sent.
    pub href: String,
    /// What it brings back.
    pub token: String,
    /// May the case be taken?
    pub can_take: bool,
    /// Can a decision be taken back?
    pub can_reopen: bool,
    /// Alerts whose decision can be taken back on its own.
    pub reopenable: Vec<AlertChoice>,
    /// Who has the case.
    pub taken: Option<String>,
    /// Does a part of the case have no hold, so that releasing and upholding do not settle it?
    pub has_others: bool,
    /// The alerts that are not settled, the gravest first.
    pub alerts: Vec<AlertChoice>,
    /// Are all of them chosen?
    pub is_about_all: bool,
    /// The exception that can be decided as well.
    pub exception: Option<ExceptionView>,
    /// What can be done.
    pub actions: Vec<Choice>,
    /// What may come of it.
    pub outcomes: Vec<Choice>,
    /// The first and the last date that can be waited for.
    pub dates: (String, String),
    /// The reason as it was written.
    pub reason: String,
    /// The date as it was written.
    pub until: String,
    /// What is wrong with it: field and text.
    pub faults: Vec<(&'static str, &'static str)>,
    /// What was saved just now, and what is left.
    pub saved: Option<String>,
}

/// Who decides, and what they sent before.
#[derive(Clone, Copy, Debug)]
pub struct Deciding<'a> {
    /// What the forms bring back.
    pub token: &'a str,
    /// What they may do.
    pub role: Role,
    /// The form that was not taken.
    pub form: Option<&'a DecisionForm>,
    /// Why it was not taken.
    pub faults: &'a [FormFault],
    /// What was saved just now.
    pub saved: Option<Action>,
}

impl DecideView {
    /// The form about `case`, which is in `status`; `None` where the visitor may not decide, or nothing is to be decided.
    pub(super) fn new(
        case: &Case,
        status: CaseStatus,
        at: &Shown,
        zone: &Zone,
        deciding: &Deciding<'_>,
    ) -> Option<Self> {
        if deciding.role < Role::Reviewer {
            return None;
        }
        let language = at.language;
        let form = deciding.form;
        let has_holds = case.open_holds().next().is_some();
        let open = !matches!(status, CaseStatus::Decided | CaseStatus::Withdrawn);
        let taken = taken(case, at, zone);
        let alerts = unsettled(case, form, at, zone);
        Some(Self {
            exception: ExceptionView::new(case, form, language),
            saved: deciding.saved.map(|action| saved(action, undecided(case, at), language)),
            alerts,
            is_about_all: form.is_some_and(|form| form.is_about_all),
            href: format!("/{}/cases/{}/decisions", language.code(), in_address(case.id())),
            token: deciding.token.to_owned(),
            can_take: open && taken.is_none(),
            can_reopen: status == CaseStatus::Decided,
            reopenable: reopenable(case, status, at, zone),
            taken,
            has_others: has_holds && case.open_holds().count() < case.open_alerts().len(),
            actions: if open { actions(deciding, has_holds, language) } else { Vec::new() },
            outcomes: outcomes(form, language),
            dates: (
                date(at.clock.plus(DAY_SECONDS), zone),
                date(at.clock.plus(WAIT_DAYS_MAX * DAY_SECONDS), zone),
            ),
            reason: form.map(|form| form.reason.clone()).unwrap_or_default(),
            until: form.map(|form| form.until.clone()).unwrap_or_default(),
            faults: deciding.faults.iter().map(|fault| fault.text(language)).collect(),
        })
    }
}

fn actions(deciding: &Deciding<'_>, has_holds: bool, language: Language) -> Vec<Choice> {
    let possible = |action: &Action| {
        let needs_hold = matches!(action, Action::Confirm | Action::Release | Action::Uphold);
        Role::for_action(*action) <= deciding.role && (has_holds || !needs_hold)
    };
    let chosen = deciding.form.map_or("", |form| form.action.as_str());
    let choice = |action: Action| Choice::new(action_word(action), action_name(action, language), chosen);
    ACTIONS.into_iter().filter(possible).map(choice).collect()
}

fn outcomes(form: Option<&DecisionForm>, language: Language) -> Vec<Choice> {
    let chosen = form.map_or("", |form| form.outcome.as_str());
    let choice = |outcome: DecisionOutcome| {
        Choice::new(outcome_word(outcome), outcome_name(outcome, language), chosen)
    };
    OUTCOMES.into_iter().map(choice).collect()
}

/// Who has the case, and until when.
fn taken(case: &Case, at: &Shown, zone: &Zone) -> Option<String> {
    let t = Texts(at.language);
    let (by, until) = case.taken_by(at.clock)?;
    let until = day_and_time(until, zone, at.language);
    Some(format!("{} {}, {} {until}", t.taken_by(), visible(&by), t.until()))
}

/// The alerts that are not settled, the gravest first.
fn unsettled(case: &Case, form: Option<&DecisionForm>, at: &Shown, zone: &Zone) -> Vec<AlertChoice> {
    let chosen = form.map(DecisionForm::chosen).unwrap_or_default();
    let alerts = case.open_alerts().into_iter();
    let alerts = alerts.filter(|alert| case.alert_status(alert, at.clock) != AlertStatus::Decided);
    alerts.map(|alert| alert_choice(alert, chosen, zone, at.language)).collect()
}

/// How many alerts nobody has decided anything about.
fn undecided(case: &Case, at: &Shown) -> usize {
    let is_undecided = |alert: &&&PublishedAlert| {
        matches!(
            case.alert_status(alert, at.clock),
            AlertStatus::Open | AlertStatus::Taken { .. } | AlertStatus::BelowBudget
        )
    };
    case.open_alerts().iter().filter(is_undecided).count()
}

/// What was saved, and about how many alerts of the case nobody has decided.
fn saved(action: Action, left: usize, language: Language) -> String {
    let t = Texts(language);
    let mut parts = vec![format!("{} {}.", t.saved(), action_result(action, language))];
    if matches!(action, Action::Confirm | Action::Release | Action::Uphold) {
        parts.push(t.saved_hold().to_owned());
    }
    if 0 < left && !action.is_of_desk() {
        parts.push(format!("{left} {}", counted(left, t.left_one(), t.left_many())));
    }
    parts.join(" ")
}

/// The decided alerts, with those that an exception took back; none where the case as a whole is one decided alert.
fn reopenable(case: &Case, status: CaseStatus, at: &Shown, zone: &Zone) -> Vec<AlertChoice> {
    let t = Texts(at.language);
    let decided = case.alerts().into_iter().filter_map(|alert| {
        let is_excepted = case.is_excepted(&alert.alert.alert_id);
        let is_decided = case.alert_status(alert, at.clock) == AlertStatus::Decided;
        let text = if is_excepted { t.reopen_excepted() } else { t.reopen_alert() };
        (is_decided || is_excepted)
            .then(|| AlertChoice { text: text.to_owned(), ..alert_choice(alert, &[], zone, at.language) })
    });
    let decided: Vec<AlertChoice> = decided.collect();
    if status == CaseStatus::Decided && decided.len() == 1 { Vec::new() } else { decided }
}

fn alert_choice(alert: &PublishedAlert, chosen: &[String], zone: &Zone, language: Language) -> AlertChoice {
    let of = &alert.alert;
    let value = alert_word(alert);
    let day = of.subject.version.map(|_| format!(", {}", date(of.event_time, zone)));
    // A changed alert stays chosen: its fault asks to read it again, not to find it again.
    let id = |word: &String| word.split_once('@').is_some_and(|(_, id)| id == of.alert_id);
    AlertChoice {
        subject: format!("{}{}", visible(&of.subject.id), day.unwrap_or_default()),
        text: format!("{} · {}", titles(alert, language), amount(of.amount_at_risk_ore, language)),
        is_chosen: chosen.iter().any(id),
        value,
    }
}
