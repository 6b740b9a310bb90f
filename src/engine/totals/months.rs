//! The tallies of one carer, client or provider, by pay period.

use smallvec::SmallVec;

use crate::domain::Month;
use crate::engine::totals::tally::{EntityKind, Tally};

/// Tallies stored inline: the pay periods of 100 retained days.
const NEAR: usize = 4;

/// Tallies in order of month. Each is boxed: thousands of entities get their next month in the same week, and
/// growing lists of tallies would leave as much memory unused.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct Months(SmallVec<[(Month, Box<Tally>); NEAR]>);

impl Months {
    pub(in crate::engine) const EMPTY: Self = Self(SmallVec::new_const());

    pub(in crate::engine) fn get(&self, month: Month) -> Option<&Tally> {
        // Most queries are about the latest month.
        self.0.iter().rev().find(|(known, _)| *known == month).map(|(_, tally)| &**tally)
    }

    /// The tally of `month`; inserts an empty one for this kind of entity where there is none.
    pub(in crate::engine) fn entry(&mut self, month: Month, side: EntityKind) -> &mut Tally {
        let at = self.0.iter().rposition(|(known, _)| *known <= month);
        match at {
            Some(at) if self.0[at].0 == month => &mut self.0[at].1,
            _ => {
                let at = at.map_or(0, |at| at + 1);
                self.0.insert(at, (month, Box::new(Tally::of(side))));
                &mut self.0[at].1
            }
        }
    }

    /// Drops the tally of `month` where it is empty.
    pub(in crate::engine) fn tidy(&mut self, month: Month) {
        self.0.retain(|(known, tally)| *known != month || !tally.is_empty());
    }

    /// Drops the months before `month`.
    pub(in crate::engine) fn expire(&mut self, month: Month) {
        self.0.retain(|(known, _)| month <= *known);
    }

    pub(in crate::engine) fn months(&self) -> impl Iterator<Item = Month> {
        self.0.iter().map(|(month, _)| *month)
    }
}
