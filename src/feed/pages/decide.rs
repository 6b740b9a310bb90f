//! What a reviewer may decide about a case, as a form, and what is wrong with a form that was sent.

use crate::domain::{Action, DecisionOutcome, PublishedAlert, Role, Zone};
use crate::feed::cases::{AlertStatus, Case, CaseStatus};
use crate::feed::words::{
    Language, Texts, action_name, action_result, counted, date, day_and_time, outcome_name, visible,
};

use super::alerts::{amount, titles};
use super::exception::ExceptionView;
use super::{Shown, in_address};

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

/// A form as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecisionForm {
    /// What the page brought.
    pub token: String,
    /// What is to be done.
    pub action: String,
    /// The result of the review.
    pub outcome: String,
    /// Why.
    pub reason: String,
    /// The date to wait for.
    pub until: String,
    /// The alerts that are chosen, each with the revision that was read.
    pub alerts: Vec<String>,
    /// The alerts that the page listed, in the same form.
    pub listed: Vec<String>,
    /// Are all listed alerts chosen?
    pub is_about_all: bool,
    /// About whom an exception is decided; about nobody where empty.
    pub except: String,
    /// The rule that it is about.
    pub except_rule: String,
    /// The date from which on it is not valid any more.
    pub except_until: String,
}

impl DecisionForm {
    /// A form of its fields; unknown ones change nothing, and of a repeated one that is single the last counts.
    #[must_use]
    pub fn of(fields: Vec<(String, String)>) -> Self {
        let mut form = Self::default();
        for (name, value) in fields {
            match name.as_str() {
                "token" => form.token = value,
                "action" => form.action = value,
                "outcome" => form.outcome = value,
                "reason" => form.reason = value,
                "until" => form.until = value,
                "alert" => form.alerts.push(value),
                "listed" => form.listed.push(value),
                "all" => form.is_about_all = true,
                "except" => form.except = value,
                "except_rule" => form.except_rule = value,
                "except_until" => form.except_until = value,
                _ => {}
            }
        }
        form
    }

    /// The alerts that the form is about, as [`alert_word`] writes them.
    #[must_use]
    pub fn chosen(&self) -> &[String] {
        if self.is_about_all { &self.listed } else { &self.alerts }
    }
}

/// An alert in a form: its revision and its id.
#[must_use]
pub fn alert_word(alert: &PublishedAlert) -> String {
    format!("{}@{}", alert.revision, alert.alert.alert_id)
}

/// Why a form is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormFault {
    /// No action is chosen.
    Action,
    /// No alert of several is chosen.
    Alerts,
    /// An alert has changed since it was read.
    Changed,
    /// A chosen alert has no open hold.
    WithoutHold,
    /// An exception goes with closing and releasing alone.
    ExceptAction,
    /// An exception needs a date after today.
    ExceptUntil,
    /// The rule of the exception found nothing in the chosen alerts.
    ExceptRule,
    /// No outcome is chosen.
    Outcome,
    /// No reason is given.
    Reason,
    /// It is too long.
    ReasonTooLong,
    /// No date after today is given.
    Until,
    /// Nothing in the case can be decided that way.
    NothingToDecide,
    /// Another reviewer has the case.
    TakenByAnother,
    /// The amount needs two persons.
    TwoPersons,
    /// The broker did not acknowledge it.
    NotWritten,
}

impl FormFault {
    /// What it says, and the field that it is about.
    #[must_use]
    pub const fn text(self, language: Language) -> (&'static str, &'static str) {
        match self {
            Self::Action => ("action", language.of("Välj en åtgärd.", "Choose an action.")),
            Self::Alerts => (
                "alerts",
                language.of(
                    "Välj de larm som beslutet gäller.",
                    "Choose the alerts that the decision is about.",
                ),
            ),
            Self::Changed => (
                "alerts",
                language.of(
                    "Ett av larmen har ändrats eller avgjorts sedan du öppnade sidan. Läs det igen, och spara sedan på nytt.",
                    "One of the alerts has changed or was decided since you opened the page. Read it again, then save again.",
                ),
            ),
            Self::WithoutHold => (
                "alerts",
                language.of(
                    "Åtgärden passar bara larm med ett förslag att hålla inne som inte redan är beslutat så. Välj bara sådana.",
                    "The action fits only alerts with a hold that is not decided that way yet. Choose only such ones.",
                ),
            ),
            Self::ExceptAction => (
                "exception",
                language.of(
                    "Ett undantag kan bara beslutas när du avslutar utan åtgärd eller släpper.",
                    "An exception can be decided only when you close without action or release.",
                ),
            ),
            Self::ExceptUntil => (
                "exception",
                language.of(
                    "Ange till vilket datum undantaget gäller, efter i dag och inom ett år.",
                    "Give the date until which the exception is valid, after today and within a year.",
                ),
            ),
            Self::ExceptRule => (
                "exception",
                language.of(
                    "Välj en regel för undantaget som de valda larmen bygger på.",
                    "Choose a rule for the exception that the chosen alerts are based on.",
                ),
            ),
            Self::Outcome => ("outcome", language.of("Välj ett utfall.", "Choose an outcome.")),
            Self::Reason => ("reason", language.of("Skriv en motivering.", "Give a reason.")),
            Self::ReasonTooLong => (
                "reason",
                language
                    .of("Motiveringen får ha högst 2 000 tecken.", "A reason has at most 2,000 characters."),
            ),
            Self::Until => (
                "until",
                language.of(
                    "Ange ett datum efter i dag, inom ett år.",
                    "Give a date after today, within a year.",
                ),
            ),
            Self::NothingToDecide => (
                "action",
                language.of(
                    "Inget i ärendet kan beslutas så. Läs sidan på nytt: den kan ha ändrats.",
                    "Nothing in the case can be decided that way. Read the page again: it may have changed.",
                ),
            ),
            Self::TakenByAnother => {
                ("action", language.of("En annan granskare har ärendet.", "Another reviewer has the case."))
            }
            Self::TwoPersons => (
                "action",
                language.of(
                    "Beloppet kräver två personer: den ena tar ärendet, den andra släpper.",
                    "The amount needs two persons: one takes the case, the other releases.",
                ),
            ),
            Self::NotWritten => (
                "action",
                language.of(
                    "Beslutet kunde inte sparas. Det du skrev står kvar; försök igen.",
                    "The decision could not be saved. What you wrote is still here; try again.",
                ),
            ),
        }
    }
}

/// A choice of the form.
#[derive(Clone, Debug)]
pub struct FormChoice {
    /// Its value.
    pub value: &'static str,
    /// Its text.
    pub text: &'static str,
    /// Is it chosen?
    pub is_chosen: bool,
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
    pub actions: Vec<FormChoice>,
    /// What may come of it.
    pub outcomes: Vec<FormChoice>,
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
        let t = Texts(language);
        let form = deciding.form;
        let has_holds = case.open_holds().next().is_some();
        let possible = |action: &Action| {
            let needs_hold = matches!(action, Action::Confirm | Action::Release | Action::Uphold);
            Role::for_action(*action) <= deciding.role && (has_holds || !needs_hold)
        };
        let open = !matches!(status, CaseStatus::Decided | CaseStatus::Withdrawn);
        let actions = ACTIONS.into_iter().filter(possible).map(|action| FormChoice {
            value: action_word(action),
            text: action_name(action, language),
            is_chosen: form.is_some_and(|form| form.action == action_word(action)),
        });
        let outcomes = OUTCOMES.into_iter().map(|outcome| FormChoice {
            value: outcome_word(outcome),
            text: outcome_name(outcome, language),
            is_chosen: form.is_some_and(|form| form.outcome == outcome_word(outcome)),
        });
        let taken = case.taken_by(at.clock).map(|(by, until)| {
            format!(
                "{} {}, {} {}",
                t.taken_by(),
                visible(&by),
                t.until(),
                day_and_time(until, zone, language)
            )
        });
        let chosen = form.map(DecisionForm::chosen).unwrap_or_default();
        let unsettled = case.open_alerts().into_iter();
        let unsettled = unsettled.filter(|alert| case.alert_status(alert, at.clock) != AlertStatus::Decided);
        let alerts: Vec<AlertChoice> =
            unsettled.map(|alert| alert_choice(alert, chosen, zone, language)).collect();
        Some(Self {
            exception: ExceptionView::new(case, form, language),
            saved: deciding.saved.map(|action| saved(action, alerts.len(), has_holds, language)),
            alerts,
            is_about_all: form.is_some_and(|form| form.is_about_all),
            href: format!("/{}/cases/{}/decisions", language.code(), in_address(case.id())),
            token: deciding.token.to_owned(),
            can_take: open && taken.is_none(),
            can_reopen: status == CaseStatus::Decided,
            taken,
            has_others: has_holds && case.open_holds().count() < case.open_alerts().len(),
            actions: if open { actions.collect() } else { Vec::new() },
            outcomes: outcomes.collect(),
            reason: form.map(|form| form.reason.clone()).unwrap_or_default(),
            until: form.map(|form| form.until.clone()).unwrap_or_default(),
            faults: deciding.faults.iter().map(|fault| fault.text(language)).collect(),
        })
    }
}

/// What was saved, and how many alerts of the case are not settled.
fn saved(action: Action, left: usize, has_holds: bool, language: Language) -> String {
    let t = Texts(language);
    let mut parts = vec![format!("{} {}.", t.saved(), action_result(action, language))];
    if has_holds && !action.is_of_desk() && action != Action::Reopen {
        parts.push(t.saved_hold().to_owned());
    }
    if 0 < left && !action.is_of_desk() {
        parts.push(format!("{left} {}", counted(left, t.left_one(), t.left_many())));
    }
    parts.join(" ")
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
