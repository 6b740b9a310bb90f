//! On which of two registrations a finding falls.

use crate::domain::Grade;
use crate::engine::model::settings::HoldTarget;
use crate::engine::model::visit::Visit;
use crate::engine::rule::sight::Sight;

impl Sight<'_> {
    /// Whether a hold goes on this registration rather than on `other`; always exactly one of the two. It goes on what
    /// is not paid yet where the other one is; else on the weaker evidence: by the capture methods of both ends, then
    /// the later sent, then the later in the feed.
    #[must_use]
    pub fn is_weaker(&self, other: &Visit) -> bool {
        let (own, state) = (self.visit, self.state);
        state.was_paid_before(other, own) || !state.was_paid_before(own, other) && own.is_weaker_than(other)
    }

    /// The grade on this side of a finding on two registrations: one step lower on the one with the better evidence,
    /// unless both are subjects by the settings.
    #[must_use]
    pub fn side(&self, other: &Visit, grade: Grade) -> Grade {
        let bears = match self.state.settings.hold_on {
            HoldTarget::Both => true,
            HoldTarget::Weaker => self.is_weaker(other),
        };
        if bears { grade } else { grade.lowered() }
    }
}
