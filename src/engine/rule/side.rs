//! Two registrations beside each other: whether they name each other, and on which of them a finding falls.

use crate::engine::model::settings::HoldTarget;
use crate::engine::model::visit::Visit;
use crate::engine::rule::sight::Sight;

impl Sight<'_> {
    /// Whether a finding on two registrations falls on this one rather than on `other`; always exactly one of the two.
    /// It falls on what is not paid yet where the other one is; else on the weaker evidence: by the capture methods of
    /// both ends, then the later sent, then the later in the feed.
    #[must_use]
    pub fn is_weaker(&self, other: &Visit) -> bool {
        let (own, state) = (self.visit, self.state);
        state.was_paid_before(other, own) || !state.was_paid_before(own, other) && own.is_weaker_than(other)
    }

    /// Whether one of the two registrations names the other as its partner.
    #[must_use]
    pub fn are_partners(&self, one: &Visit, other: &Visit) -> bool {
        let names = |visit: &Visit, partner: &Visit| {
            let id = self.id(partner.slot);
            visit.partners().iter().any(|named| **named == *id)
        };
        names(one, other) || names(other, one)
    }

    /// Whether the settings make both registrations of a pair subjects.
    #[must_use]
    pub fn are_both_subjects(&self) -> bool {
        self.state.settings.hold_on == HoldTarget::Both
    }
}
