//! What a reviewer decided about an alert.

use super::{Exception, UtcSecond, Validity};

/// What is to be done with the alert and its hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The hold must wait for an answer.
    Confirm,
    /// The hold is let go.
    Release,
    /// The seconds are not paid.
    Uphold,
    /// Nothing in it; the hold is let go.
    Dismiss,
    /// Look again; the hold is proposed anew.
    Reopen,
}

/// What the review came to.
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
    /// The alert it is about.
    pub alert_id: String,
    /// What is to be done.
    pub action: Action,
    /// What the review came to.
    pub outcome: Option<DecisionOutcome>,
    /// Why, in the reviewer's words.
    pub reason: String,
    /// Who decided.
    pub decided_by: String,
    /// When.
    pub decided_at: UtcSecond,
    /// "This pair, this rule, until then."
    pub exception: Option<(Exception, Validity)>,
}

impl Decision {
    /// The municipality, which an alert id begins with.
    #[must_use]
    pub fn municipality(&self) -> &str {
        self.alert_id.split(':').next().unwrap_or_default()
    }
}
