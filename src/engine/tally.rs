//! Counts per carer and per provider in a pay period.

use super::names::{CarerId, ProviderId};
use super::visit::Visit;
use crate::domain::Month;

/// Whose period it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// A carer's.
    Carer(CarerId, Month),
    /// A provider's.
    Provider(ProviderId, Month),
}

impl Period {
    /// The pay period.
    #[must_use]
    pub const fn month(self) -> Month {
        match self {
            Self::Carer(_, month) | Self::Provider(_, month) => month,
        }
    }
}

/// What was registered in a period. Whole numbers only, so that taking a registration out again
/// leaves what was before it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Visits that were carried out.
    pub visits: u32,
    /// Those of them with an end that was typed in afterwards.
    pub manual: u32,
    /// Visits per provider, in order of first appearance; few.
    providers: Vec<(ProviderId, u32)>,
}

impl Tally {
    pub(super) fn add(&mut self, visit: &Visit) {
        self.visits += 1;
        self.manual += u32::from(visit.is_manual());
        match self.providers.iter_mut().find(|(provider, _)| *provider == visit.provider) {
            Some((_, visits)) => *visits += 1,
            None => self.providers.push((visit.provider, 1)),
        }
    }

    pub(super) fn take(&mut self, visit: &Visit) {
        self.visits -= 1;
        self.manual -= u32::from(visit.is_manual());
        if let Some(at) = self.providers.iter().position(|(provider, _)| *provider == visit.provider) {
            self.providers[at].1 -= 1;
            if self.providers[at].1 == 0 {
                self.providers.swap_remove(at);
            }
        }
    }

    /// The providers with their visits.
    pub(super) fn providers(&self) -> &[(ProviderId, u32)] {
        &self.providers
    }
}

/// Does the visit count in the tallies?
pub(super) const fn is_tallied(visit: &Visit) -> bool {
    use crate::domain::Outcome;
    !visit.open && matches!(visit.outcome, Outcome::Performed | Outcome::Partly)
}
