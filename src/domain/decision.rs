//! What a reviewer decided about an alert.

use super::{Exception, UtcSecond, Validity};

/// What is to be done with the alert and its hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Confirm the hold: it stays open until a later decision.
    Confirm,
    /// Release the hold: the seconds may be paid.
    Release,
    /// Uphold the hold: the seconds are not paid.
    Uphold,
    /// Dismiss the findings, and release the hold.
    Dismiss,
    /// Reopen the alert: the hold is proposed again.
    Reopen,
}

/// The result of a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DecisionOutcome {
    /// The registration was wrong.
    RegistrationError,
    /// There is a good explanation.
    AcceptableExplanation,
    /// A deeper inquiry is needed.
    NeedsInquiry,
    /// The rule was wrong.
    RuleFault,
}

/// A reviewer's decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Its id.
    pub decision_id: String,
    /// The alert that it is about.
    pub alert_id: String,
    /// What is to be done.
    pub action: Action,
    /// The result of a review.
    pub outcome: Option<DecisionOutcome>,
    /// Why, in the reviewer's words.
    pub reason: String,
    /// Who decided.
    pub decided_by: String,
    /// When.
    pub decided_at: UtcSecond,
    /// An exception decided together with the alert, and when it is valid.
    pub exception: Option<(Exception, Validity)>,
}

impl Decision {
    /// The municipality, which an alert id begins with.
    #[must_use]
    pub fn municipality(&self) -> &str {
        self.alert_id.split(':').next().unwrap_or_default()
    }
}
