//! Pay periods that changed since they were last looked at.
//!
//! They wait until nothing more comes, or for so many registrations: a carer's month is looked at once for
//! all that a batch brings to it. What stands then is what would stand had each registration been followed
//! by a look of its own, as it is a function of what counts; only what came and went in between is not told.

use hashbrown::HashSet;

use super::period::{Period, Whose};
use super::visit::Visit;
use super::world::World;
use super::{Engine, Output};

/// So many registrations are waited for at most: a visit ranks by what is known of its carer's month, and that
/// should be of the same day. In a town of two thousand clients these are some hours' records.
const REGISTRATIONS_MAX: u32 = 2048;

/// What is to be looked at.
#[derive(Default)]
pub(super) struct Owed {
    /// Each once, in no order that means anything.
    pub(super) periods: HashSet<Period>,
    /// Those of them that had begun or ended at some time since: they had one visit or none.
    pub(super) turned: HashSet<Period>,
    registrations: u32,
}

impl Owed {
    /// Notes the periods that the visit counts in, but for its pair's: pairs are looked at with their client.
    /// And but for its tags': those are noted where the tag's own count changes.
    pub(super) fn note(&mut self, world: &World, visit: &Visit) {
        let month = visit.pay_period;
        for whose in [Whose::Carer(visit.carer), Whose::Client(visit.client), Whose::Provider(visit.provider)]
        {
            let period = Period { month, whose };
            self.periods.insert(period);
            if world.tally_of(whose, month).is_none_or(|tally| tally.visits <= 1) {
                self.turned.insert(period);
            }
        }
    }
}

impl Engine {
    /// Looks at all pay periods that changed since they were last looked at. To be called where nothing more
    /// comes, and before [`Engine::standing`] is asked for.
    pub fn look_at_periods(&mut self, out: &mut Vec<Output>) {
        if self.owes_a_look() {
            self.assess_periods(false, out);
        }
    }

    /// Has any pay period changed since it was last looked at?
    #[must_use]
    pub const fn owes_a_look(&self) -> bool {
        0 < self.owed.registrations || self.budget_moved
    }

    /// A registration more has changed pay periods.
    pub(super) fn owe_one_more(&mut self, out: &mut Vec<Output>) {
        self.owed.registrations += 1;
        if REGISTRATIONS_MAX <= self.owed.registrations {
            self.look_at_periods(out);
        }
    }
}
