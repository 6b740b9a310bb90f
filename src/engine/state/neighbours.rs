//! Visits that can affect each other, for [`crate::engine::assess::affected`].

use crate::domain::{Day, Span, UtcSecond};
use crate::engine::model::visit::{Slot, Visit};
use crate::engine::model::{BASELINE_DAYS_MAX, NEIGHBOUR_GAP_SECONDS_MAX};
use crate::engine::state::municipality::State;

/// A visit that starts no earlier than another one of the same carer or client.
pub(in crate::engine) struct LaterVisit<'a> {
    pub(in crate::engine) visit: &'a Visit,
    /// Whether it lies within [`NEIGHBOUR_GAP_SECONDS_MAX`].
    pub(in crate::engine) is_neighbour: bool,
}

impl State {
    /// Neighbours of `visit`, itself included: visits of the same carer or client within
    /// [`NEIGHBOUR_GAP_SECONDS_MAX`].
    pub(in crate::engine) fn neighbours(&self, visit: &Visit, into: &mut Vec<Slot>) {
        for entity in [self.carer(visit.carer), self.client(visit.client)] {
            into.extend(entity.timeline.reaching(widened(visit)).iter().map(|pin| pin.slot));
        }
    }

    /// Neighbours of `visit` that `have_findings`.
    pub(in crate::engine) fn neighbours_with_findings(
        &self,
        visit: &Visit,
        have_findings: impl Fn(Slot) -> bool,
        into: &mut Vec<Slot>,
    ) {
        for entity in [self.carer(visit.carer), self.client(visit.client)] {
            if 0 < entity.visits_with_findings {
                let pins = entity.timeline.reaching(widened(visit)).iter();
                into.extend(pins.map(|pin| pin.slot).filter(|slot| have_findings(*slot)));
            }
        }
    }

    /// Visits of the same carer or client that start no earlier, up to [`BASELINE_DAYS_MAX`] days later.
    pub(in crate::engine) fn later(&self, visit: &Visit) -> impl Iterator<Item = LaterVisit<'_>> {
        let (slot, start, neighbours_until) = (visit.slot, visit.span.start(), widened(visit).end());
        let last = Day(visit.day.0.saturating_add(BASELINE_DAYS_MAX));
        let ledger = &self.ledger;
        let entities = [self.carer(visit.carer), self.client(visit.client)];
        entities.into_iter().flat_map(move |entity| {
            let later = entity.timeline.starting_from(start).iter().filter(move |pin| pin.slot != slot);
            let visits = later.map(move |pin| LaterVisit {
                visit: ledger.counted(pin.slot),
                is_neighbour: pin.start() < neighbours_until,
            });
            visits.take_while(move |later| later.visit.day <= last)
        })
    }

    /// The carer's visits on the local day of a counted visit, where together they exceed `minutes`.
    pub(in crate::engine) fn long_day(&self, visit: &Visit, minutes: u32, into: &mut Vec<Slot>) {
        let entity = self.carer(visit.carer);
        let counted = entity.months.get(visit.pay_period).map_or(0, |tally| tally.minutes_on(visit.day));
        if minutes < counted {
            let from = UtcSecond((i64::from(visit.day.0) - 1) * 86_400);
            let pins = entity.timeline.starting(from, from.plus(3 * 86_400)).iter().map(|pin| pin.slot);
            into.extend(pins.filter(|slot| self.ledger.counted(*slot).day == visit.day));
        }
    }
}

/// The span in which another visit is a neighbour.
fn widened(visit: &Visit) -> Span {
    let span = visit.presence();
    let (start, end) = (span.start(), span.end());
    Span::new(start.plus(-NEIGHBOUR_GAP_SECONDS_MAX), end.plus(NEIGHBOUR_GAP_SECONDS_MAX + 1))
        .expect("a span stays one when it is widened")
}
