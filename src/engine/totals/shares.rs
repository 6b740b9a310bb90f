//! Carers' shares of a client's pay period.

use crate::domain::VisitKind;
use crate::engine::model::interner::CarerId;
use crate::engine::model::visit::Visit;
use crate::engine::totals::count::Change;

/// Share of the client's visits, or of its unplanned visits, 0 to 1, from which a carer and the client are a pair
/// that rules assess.
pub const PAIR_SHARE_MIN: f64 = 0.3;

/// One carer's visits at a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The carer.
    pub carer: CarerId,
    /// Performed visits.
    pub visits: u32,
    /// Unplanned ones among them.
    pub unplanned: u32,
    /// Those on evenings (from 18:00), nights and weekends.
    pub off_hours: u32,
    /// Registered minutes of all of them.
    pub minutes: u32,
}

/// All carers' shares at a client, in order of first appearance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct Shares {
    each: Vec<Share>,
    /// Unplanned visits of all carers.
    unplanned: u32,
    /// Whether any carer has a large share: for most clients none has, and the list need not be searched.
    any_close: bool,
}

impl Shares {
    pub(in crate::engine) const EMPTY: Self = Self { each: Vec::new(), unplanned: 0, any_close: false };

    pub(in crate::engine) fn each(&self) -> &[Share] {
        &self.each
    }

    /// Inserts or retracts a visit; `visits` is the client's number after the change. Returns whether it is the
    /// carer's first or was the last.
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
        // An inserted visit raises the share of its carer only.
        self.any_close = if change == Change::Insert && !self.any_close {
            is_close(&share, visits, self.unplanned)
        } else {
            self.each.iter().any(|share| is_close(share, visits, self.unplanned))
        };
        share.visits == u32::from(change == Change::Insert)
    }

    /// The few carers with a large share of the client's `visits`, or of its unplanned visits.
    pub(in crate::engine) fn close(&self, visits: u32) -> impl Iterator<Item = CarerId> {
        let each: &[Share] = if self.any_close { &self.each } else { &[] };
        each.iter().filter(move |share| is_close(share, visits, self.unplanned)).map(|share| share.carer)
    }
}

/// Whether the share is large, of all visits or of the unplanned ones.
fn is_close(share: &Share, visits: u32, unplanned: u32) -> bool {
    let large = |part: u32, whole: u32| 0 < part && PAIR_SHARE_MIN * f64::from(whole) <= f64::from(part);
    large(share.visits, visits) || large(share.unplanned, unplanned)
}

/// Registered minutes; at most 24 hours.
fn minutes(visit: &Visit) -> u32 {
    u32::try_from(visit.seconds() / 60).unwrap_or(0)
}
