//! What a reviewer may decide about a case, as a form, and what is wrong with a form that was sent.

use crate::domain::{Action, DecisionOutcome, Role, Zone};
use crate::feed::cases::{Case, CaseStatus};
use crate::feed::words::{Language, Texts, action_name, day_and_time, outcome_name, visible};

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
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default)]
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
}

/// Why a form is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormFault {
    /// No action is chosen.
    Action,
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
    /// A decision was saved just now.
    pub is_saved: bool,
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
    /// A decision was saved just now.
    pub is_saved: bool,
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
        Some(Self {
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
            is_saved: deciding.is_saved,
        })
    }
}
