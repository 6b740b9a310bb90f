//! A form as it was sent, and what is wrong with it.

use crate::domain::PublishedAlert;
use crate::feed::words::Language;

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
        let (sv, en) = self.texts();
        (self.field(), language.of(sv, en))
    }

    const fn field(self) -> &'static str {
        match self {
            Self::Action
            | Self::NothingToDecide
            | Self::TakenByAnother
            | Self::TwoPersons
            | Self::NotWritten => "action",
            Self::Alerts | Self::Changed | Self::WithoutHold => "alerts",
            Self::ExceptAction | Self::ExceptUntil | Self::ExceptRule => "exception",
            Self::Outcome => "outcome",
            Self::Reason | Self::ReasonTooLong => "reason",
            Self::Until => "until",
        }
    }

    const fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::Action => ("Välj en åtgärd.", "Choose an action."),
            Self::Alerts => {
                ("Välj de larm som beslutet gäller.", "Choose the alerts that the decision is about.")
            }
            Self::Changed => (
                "Ett av larmen har ändrats eller avgjorts sedan du öppnade sidan. Läs det igen, och spara sedan på nytt.",
                "One of the alerts has changed or was decided since you opened the page. Read it again, then save again.",
            ),
            Self::WithoutHold => (
                "Åtgärden passar bara larm med ett förslag att hålla inne som inte redan är beslutat så. Välj bara sådana.",
                "The action fits only alerts with a hold that is not decided that way yet. Choose only such ones.",
            ),
            Self::ExceptAction => (
                "Ett undantag kan bara beslutas när du avslutar utan åtgärd eller släpper.",
                "An exception can be decided only when you close without action or release.",
            ),
            Self::ExceptUntil => (
                "Ange till vilket datum undantaget gäller, efter i dag och inom ett år.",
                "Give the date until which the exception is valid, after today and within a year.",
            ),
            Self::ExceptRule => (
                "Välj en regel för undantaget som de valda larmen bygger på.",
                "Choose a rule for the exception that the chosen alerts are based on.",
            ),
            Self::Outcome => ("Välj ett utfall.", "Choose an outcome."),
            Self::Reason => ("Skriv en motivering.", "Give a reason."),
            Self::ReasonTooLong => {
                ("Motiveringen får ha högst 2 000 tecken.", "A reason has at most 2,000 characters.")
            }
            Self::Until => {
                ("Ange ett datum efter i dag, inom ett år.", "Give a date after today, within a year.")
            }
            Self::NothingToDecide => (
                "Inget i ärendet kan beslutas så. Läs sidan på nytt: den kan ha ändrats.",
                "Nothing in the case can be decided that way. Read the page again: it may have changed.",
            ),
            Self::TakenByAnother => ("En annan granskare har ärendet.", "Another reviewer has the case."),
            Self::TwoPersons => (
                "Beloppet kräver två personer: den ena tar ärendet, den andra släpper.",
                "The amount needs two persons: one takes the case, the other releases.",
            ),
            Self::NotWritten => (
                "Beslutet kunde inte sparas. Det du skrev står kvar; försök igen.",
                "The decision could not be saved. What you wrote is still here; try again.",
            ),
        }
    }
}

/// A choice among several in a form.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Its value in the form and in the address.
    pub value: String,
    /// Its text.
    pub text: String,
    /// Whether it is the chosen one.
    pub is_chosen: bool,
}

impl Choice {
    /// A choice, where `chosen` is the value of the chosen one.
    pub(super) fn new(value: &str, text: impl Into<String>, chosen: &str) -> Self {
        Self { value: value.to_owned(), text: text.into(), is_chosen: value == chosen }
    }
}
