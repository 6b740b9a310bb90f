//! Which visits have to be looked at again when one comes or goes.

use super::BASELINE_DAYS_MAX;
use super::sight::NEIGHBOUR_GAP_SECONDS_MAX;
use super::visit::{Slot, Visit};
use super::world::World;
use crate::domain::{Day, Span, UtcSecond};

impl World {
    /// Visits of the same carer or client that are near enough in time to be judged together.
    pub(super) fn near(&self, visit: &Visit, into: &mut Vec<Slot>) {
        for party in [self.carer(visit.carer), self.client(visit.client)] {
            into.extend(party.timeline.reaching(widened(visit)).iter().map(|mark| mark.slot));
        }
    }

    /// Those of them about which something `stands`.
    pub(super) fn near_standing(&self, visit: &Visit, stands: impl Fn(Slot) -> bool, into: &mut Vec<Slot>) {
        for party in [self.carer(visit.carer), self.client(visit.client)] {
            if 0 < party.standing {
                let marks = party.timeline.reaching(widened(visit)).iter();
                into.extend(marks.map(|mark| mark.slot).filter(|slot| stands(*slot)));
            }
        }
    }

    /// Those of the same carer or client that begin no earlier, on its day or the days that could look back at
    /// it; and whether they are near enough in time to be judged together.
    pub(super) fn later(&self, visit: &Visit) -> impl Iterator<Item = (&Visit, bool)> {
        let (slot, start, near_until) = (visit.slot, visit.span.start(), widened(visit).end());
        let last = Day(visit.day.0.saturating_add(BASELINE_DAYS_MAX));
        let ledger = &self.ledger;
        let parties = [self.carer(visit.carer), self.client(visit.client)];
        parties.into_iter().flat_map(move |party| {
            let later = party.timeline.starting_from(start).iter().filter(move |pin| pin.slot != slot);
            let visits = later.map(move |pin| (ledger.counted(pin.slot), pin.start() < near_until));
            visits.take_while(move |(later, _)| later.day <= last)
        })
    }

    /// The carer's visits of the day of a visit that stands, where they have more than so many minutes.
    pub(super) fn long_day(&self, visit: &Visit, minutes: u32, into: &mut Vec<Slot>) {
        let party = self.carer(visit.carer);
        let counted = party.months.get(visit.pay_period).map_or(0, |tally| tally.minutes_on(visit.day));
        if minutes < counted {
            let from = UtcSecond((i64::from(visit.day.0) - 1) * 86_400);
            let marks = party.timeline.starting(from, from.plus(3 * 86_400)).iter().map(|mark| mark.slot);
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
