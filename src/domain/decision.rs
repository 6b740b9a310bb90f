//! What a reviewer decided about an alert.

use super::{Exception, UtcSecond, Validity};

/// What is to be done with the alert and its hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The case is this reviewer's for a while; changes no hold.
    Take,
    /// Shown again later; changes no hold.
    Wait,
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

impl Action {
    /// Does it organise the desk alone? It changes neither hold nor finding, and takes no earlier decision back.
    #[must_use]
    pub const fn is_of_desk(self) -> bool {
        matches!(self, Self::Take | Self::Wait)
    }
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
    /// The hold that it is about, so one version of the registration.
    pub hold_id: Option<String>,
    /// What is to be done.
    pub action: Action,
    /// The result of a review.
    pub outcome: Option<DecisionOutcome>,
    /// Why, in the reviewer's words.
    pub reason: String,
    /// End of taking or waiting.
    pub until: Option<UtcSecond>,
    /// Who decided.
    pub decided_by: String,
    /// The second person, where the decision needs one.
    pub seconded_by: Option<String>,
    /// When.
    pub decided_at: UtcSecond,
    /// The case was drawn at random from those that wait, so that what is decided measures the ranking.
    pub drawn: bool,
    /// An exception decided together with the alert, and when it is valid.
    pub exception: Option<(Exception, Validity)>,
}

impl Decision {
    /// The municipality, which an alert id begins with.
    #[must_use]
    pub fn municipality(&self) -> &str {
        self.alert_id.split(':').next().unwrap_or_default()
    }

    /// Its key on the compacted topic: the alert id, and for what organises the desk another one, so that taking a
    /// case removes no decision about its hold.
    #[must_use]
    pub fn key(&self) -> String {
        if self.action.is_of_desk() { format!("{}|desk", self.alert_id) } else { self.alert_id.clone() }
    }
}
