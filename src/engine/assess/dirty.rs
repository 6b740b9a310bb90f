//! Pay periods that changed since they were last looked at.
//!
//! They wait until nothing more comes, or for so many registrations: a carer's month is looked at once for
//! all that a batch brings to it. What stands then is what would stand had each registration been followed
//! by a look of its own, as it is a function of what counts; only what came and went in between is not told.

use hashbrown::HashSet;

use crate::engine::model::period::{PeriodSubject, SubjectPeriod};
use crate::engine::model::visit::Visit;
use crate::engine::state::municipality::State;
use crate::engine::{Engine, Output};

/// So many registrations are waited for at most: a visit ranks by what is known of its carer's month, and that
/// should be of the same day. In a town of two thousand clients these are some hours' records.
const REGISTRATIONS_MAX: u32 = 2048;

/// What is to be looked at.
#[derive(Default)]
pub(in crate::engine) struct DirtyPeriods {
    /// Each once, in no order that means anything.
    pub(in crate::engine) periods: HashSet<SubjectPeriod>,
    /// Those of them that had begun or ended at some time since: they had one visit or none.
    pub(in crate::engine) opened_or_emptied: HashSet<SubjectPeriod>,
    registrations: u32,
}

impl DirtyPeriods {
    /// Notes the periods that the visit counts in, but for its pair's: pairs are looked at with their client.
    /// And but for its tags': those are noted where the tag's own count changes.
    pub(in crate::engine) fn note(&mut self, state: &State, visit: &Visit) {
        let month = visit.pay_period;
        for subject in [
            PeriodSubject::Carer(visit.carer),
            PeriodSubject::Client(visit.client),
            PeriodSubject::Provider(visit.provider),
        ] {
            let period = SubjectPeriod { month, subject };
            self.periods.insert(period);
            if state.tally_of(subject, month).is_none_or(|tally| tally.visits <= 1) {
                self.opened_or_emptied.insert(period);
            }
        }
    }
}

impl Engine {
    /// Looks at all pay periods that changed since they were last looked at. To be called where nothing more
    /// comes, and before [`Engine::standing`] is asked for.
    pub fn assess_dirty_periods(&mut self, out: &mut Vec<Output>) {
        if self.has_dirty_periods() {
            self.assess_periods(false, out);
        }
    }

    /// Has any pay period changed since it was last looked at?
    #[must_use]
    pub const fn has_dirty_periods(&self) -> bool {
        0 < self.dirty.registrations || self.budget_dirty
    }

    /// A registration more has changed pay periods.
    pub(in crate::engine) fn assess_periods_when_due(&mut self, out: &mut Vec<Output>) {
        self.dirty.registrations += 1;
        if REGISTRATIONS_MAX <= self.dirty.registrations {
            self.assess_dirty_periods(out);
        }
    }
}
