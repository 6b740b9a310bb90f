//! Which visits have to be looked at again when one comes or goes.

use super::BASELINE_DAYS_MAX;
use super::sight::NEIGHBOUR_GAP_SECONDS_MAX;
use super::visit::{Slot, Visit};
use super::world::World;
use crate::domain::{Day, Span, UtcSecond};

/// So many registered minutes of a carer on a day are more than a day's work: rules may look at the
/// whole day then, by [`super::Sight::carer_visits_on`].
pub const LONG_DAY_MINUTES: u32 = 12 * 60;

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
            if 0 < party.timeline.standing {
                let marks = party.timeline.reaching(widened(visit)).iter();
                into.extend(marks.map(|mark| mark.slot).filter(|slot| stands(*slot)));
            }
        }
    }

    /// Those of them that begin later.
    pub(super) fn near_later(&self, visit: &Visit, into: &mut Vec<Slot>) {
        let start = visit.span.start();
        for party in [self.carer(visit.carer), self.client(visit.client)] {
            let later = party.timeline.starting(start, widened(visit).end());
            into.extend(later.iter().map(|mark| mark.slot).filter(|slot| *slot != visit.slot));
        }
    }

    /// The carer's visits of the visit's day, where they are more than a day's work.
    pub(super) fn long_day(&self, visit: &Visit, into: &mut Vec<Slot>) {
        let party = self.carer(visit.carer);
        // A version that was just taken out counts with what it was.
        let own = u32::try_from(visit.seconds() / 60).unwrap_or(0);
        let counted = party.months.get(visit.pay_period).map_or(0, |tally| tally.minutes_on(visit.day));
        if LONG_DAY_MINUTES <= counted + own {
            let from = UtcSecond((i64::from(visit.day.0) - 1) * 86_400);
            let marks = party.timeline.starting(from, from.plus(3 * 86_400)).iter().map(|mark| mark.slot);
            into.extend(marks.filter(|slot| self.ledger.counted(*slot).day == visit.day));
        }
    }

    /// Visits that begin later on its day or on later days, and look back at the visit.
    pub(super) fn after(&self, visit: &Visit, into: &mut Vec<Slot>) {
        let from = visit.span.start();
        let last = Day(visit.day.0.saturating_add(BASELINE_DAYS_MAX));
        for party in [self.carer(visit.carer), self.client(visit.client)] {
            let later = party.timeline.starting_from(from.plus(1));
            let days = later.iter().map(|mark| (self.ledger.counted(mark.slot).day, mark.slot));
            let until_last = days.take_while(|(day, _)| *day <= last);
            into.extend(until_last.map(|(_, slot)| slot));
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
