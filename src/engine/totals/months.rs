//! The tallies of one carer, client or provider by pay period.

use smallvec::SmallVec;

use crate::domain::Month;
use crate::engine::totals::tally::{EntityKind, Tally};

/// So many lie beside the party itself: as many as there are with 100 days kept.
const NEAR: usize = 4;

/// The tallies, few, in order. Each in a place of its own: when thousands of parties get their next month in
/// one week, what they grew out of would lie idle.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct Months(SmallVec<[(Month, Box<Tally>); NEAR]>);

impl Months {
    pub(in crate::engine) const EMPTY: Self = Self(SmallVec::new_const());

    pub(in crate::engine) fn get(&self, month: Month) -> Option<&Tally> {
        // The latest is asked for most.
        self.0.iter().rev().find(|(known, _)| *known == month).map(|(_, tally)| &**tally)
    }

    /// The tally of `month`; an empty one of its `side` where nothing is counted yet.
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

    /// Lets go of a tally that counts nothing any more.
    pub(in crate::engine) fn tidy(&mut self, month: Month) {
        self.0.retain(|(known, tally)| *known != month || !tally.is_empty());
    }

    /// Lets go of what is before `month`.
    pub(in crate::engine) fn expire(&mut self, month: Month) {
        self.0.retain(|(known, _)| month <= *known);
    }

    pub(in crate::engine) fn months(&self) -> impl Iterator<Item = Month> {
        self.0.iter().map(|(month, _)| *month)
    }
}
