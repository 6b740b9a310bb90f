//! What each carer does at a client in a pay period.

use crate::domain::VisitKind;
use crate::engine::model::interner::CarerId;
use crate::engine::model::visit::Visit;
use crate::engine::totals::count::Change;

/// A pair with a smaller part than this of the client's visits, and of the unplanned ones, is none to
/// speak of.
pub const PAIR_SHARE_MIN: f64 = 0.3;

/// What one carer does at a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The carer.
    pub carer: CarerId,
    /// Visits carried out.
    pub visits: u32,
    /// Those of them that were not planned.
    pub unplanned: u32,
    /// Those of them on evenings (from 18), nights and weekends.
    pub off_hours: u32,
    /// Their registered minutes.
    pub minutes: u32,
}

/// What all carers do there, in order of first appearance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct Shares {
    each: Vec<Share>,
    /// Visits of all of them that were not planned.
    unplanned: u32,
    /// Has any of them a large part? Most clients have no such carer, and are not gone through for it.
    any_close: bool,
}

impl Shares {
    pub(in crate::engine) const EMPTY: Self = Self { each: Vec::new(), unplanned: 0, any_close: false };

    pub(in crate::engine) fn each(&self) -> &[Share] {
        &self.each
    }

    /// Takes a visit in or out, where there are so many `visits` after it; true where it is its carer's first,
    /// or was the last.
    pub(in crate::engine) fn apply(&mut self, visit: &Visit, change: Change, visits: u32) -> bool {
        let at = self.each.iter().position(|share| share.carer == visit.carer).unwrap_or_else(|| {
            let nothing = Share { carer: visit.carer, visits: 0, unplanned: 0, off_hours: 0, minutes: 0 };
            self.each.push(nothing);
            self.each.len() - 1
        });
        let is_unplanned = u32::from(visit.kind == VisitKind::Unplanned);
        change.count(&mut self.unplanned, is_unplanned);
        let share = &mut self.each[at];
        change.count(&mut share.visits, 1);
        change.count(&mut share.unplanned, is_unplanned);
        change.count(&mut share.off_hours, u32::from(visit.is_off_hours()));
        change.count(&mut share.minutes, minutes(visit));
        let share = *share;
        if share.visits == 0 {
            self.each.swap_remove(at);
        }
        // By a visit more nobody's part has grown but its carer's.
        self.any_close = if change == Change::Insert && !self.any_close {
            is_close(&share, visits, self.unplanned)
        } else {
            self.each.iter().any(|share| is_close(share, visits, self.unplanned))
        };
        share.visits == u32::from(change == Change::Insert)
    }

    /// The carers with a large part of so many `visits`, or of the unplanned ones; few.
    pub(in crate::engine) fn close(&self, visits: u32) -> impl Iterator<Item = CarerId> {
        let each: &[Share] = if self.any_close { &self.each } else { &[] };
        each.iter().filter(move |share| is_close(share, visits, self.unplanned)).map(|share| share.carer)
    }
}

/// Is it a large part of the visits, or of the unplanned ones?
fn is_close(share: &Share, visits: u32, unplanned: u32) -> bool {
    let large = |part: u32, whole: u32| 0 < part && PAIR_SHARE_MIN * f64::from(whole) <= f64::from(part);
    large(share.visits, visits) || large(share.unplanned, unplanned)
}

/// Registered minutes; a visit has at most 24 hours.
fn minutes(visit: &Visit) -> u32 {
    u32::try_from(visit.seconds() / 60).unwrap_or(0)
}
