//! Which visits have to be looked at again when one comes or goes.

use crate::domain::{Day, Span, UtcSecond};
use crate::engine::model::visit::{Slot, Visit};
use crate::engine::model::{BASELINE_DAYS_MAX, NEIGHBOUR_GAP_SECONDS_MAX};
use crate::engine::state::municipality::State;

impl State {
    /// Visits of the same carer or client that are near enough in time to be judged together.
    pub(in crate::engine) fn neighbours(&self, visit: &Visit, into: &mut Vec<Slot>) {
        for entity in [self.carer(visit.carer), self.client(visit.client)] {
            into.extend(entity.timeline.reaching(widened(visit)).iter().map(|mark| mark.slot));
        }
    }

    /// Those of them about which something `stands`.
    pub(in crate::engine) fn neighbours_with_findings(
        &self,
        visit: &Visit,
        stands: impl Fn(Slot) -> bool,
        into: &mut Vec<Slot>,
    ) {
        for entity in [self.carer(visit.carer), self.client(visit.client)] {
            if 0 < entity.visits_with_findings {
                let marks = entity.timeline.reaching(widened(visit)).iter();
                into.extend(marks.map(|mark| mark.slot).filter(|slot| stands(*slot)));
            }
        }
    }

    /// Those of the same carer or client that begin no earlier, on its day or the days that could look back at
    /// it; and whether they are near enough in time to be judged together.
    pub(in crate::engine) fn later(&self, visit: &Visit) -> impl Iterator<Item = (&Visit, bool)> {
        let (slot, start, near_until) = (visit.slot, visit.span.start(), widened(visit).end());
        let last = Day(visit.day.0.saturating_add(BASELINE_DAYS_MAX));
        let ledger = &self.ledger;
        let entities = [self.carer(visit.carer), self.client(visit.client)];
        entities.into_iter().flat_map(move |entity| {
            let later = entity.timeline.starting_from(start).iter().filter(move |pin| pin.slot != slot);
            let visits = later.map(move |pin| (ledger.counted(pin.slot), pin.start() < near_until));
            visits.take_while(move |(later, _)| later.day <= last)
        })
    }

    /// The carer's visits of the day of a visit that stands, where they have more than so many minutes.
    pub(in crate::engine) fn long_day(&self, visit: &Visit, minutes: u32, into: &mut Vec<Slot>) {
        let entity = self.carer(visit.carer);
        let counted = entity.months.get(visit.pay_period).map_or(0, |tally| tally.minutes_on(visit.day));
        if minutes < counted {
            let from = UtcSecond((i64::from(visit.day.0) - 1) * 86_400);
            let marks = entity.timeline.starting(from, from.plus(3 * 86_400)).iter().map(|mark| mark.slot);
            into.extend(marks.filter(|slot| self.ledger.counted(*slot).day == visit.day));
        }
    }
}

/// The time in which another visit can say something about this one.
fn widened(visit: &Visit) -> Span {
    let span = visit.presence();
    let (start, end) = (span.start(), span.end());
    Span::new(start.plus(-NEIGHBOUR_GAP_SECONDS_MAX), end.plus(NEIGHBOUR_GAP_SECONDS_MAX + 1))
        .expect("a span stays one when it is widened")
}
