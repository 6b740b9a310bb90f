//! Visits of those who live together: the visits of one can call in question an absence of another.

use crate::engine::Engine;
use crate::engine::model::DAY_SECONDS;
use crate::engine::model::interner::ClientId;
use crate::engine::model::visit::{Slot, Visit};
use crate::engine::rule::housemates::USUAL_DAYS_MAX;

impl Engine {
    /// Visits with findings of the other clients of the household of `visit`, where they have an absence during which it
    /// lies or which begins soon after it. It can change the grade of a finding there and cause none.
    pub(in crate::engine) fn affected_housemates(&self, visit: &Visit, into: &mut Vec<Slot>) {
        let at = visit.span.start();
        // The days before, the day on which it begins, and local days of 25 hours.
        let before = -(i64::from(USUAL_DAYS_MAX) + 3) * DAY_SECONDS;
        for mate in self.state.facts.housemates_ever(visit.client) {
            for absence in self.state.facts.absences(mate) {
                let Some(to) = absence.valid.to else { continue };
                if absence.valid.from.plus(before) <= at && at < to {
                    let pins = self.state.client(mate).timeline.starting_from(absence.valid.from).iter();
                    let during = pins.take_while(|pin| pin.start() < to).map(|pin| pin.slot);
                    into.extend(during.filter(|slot| self.has_findings(*slot)));
                }
            }
        }
    }

    /// Visits with findings of everybody who ever lived together with `client`.
    pub(super) fn housemates_with_findings(&self, client: ClientId, into: &mut Vec<Slot>) {
        for mate in self.state.facts.housemates_ever(client) {
            let slots = self.state.client(mate).timeline.all().iter().map(|pin| pin.slot);
            into.extend(slots.filter(|slot| self.has_findings(*slot)));
        }
    }

    fn has_findings(&self, slot: Slot) -> bool {
        self.visits.get(&slot).is_some_and(|current| !current.hits.is_empty())
    }
}
