//! Which municipalities a reader may see.

use std::collections::BTreeSet;

/// The municipalities that somebody may see. Every reading of cases needs one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope(Covered);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Covered {
    Every,
    These(BTreeSet<String>),
}

impl Scope {
    /// Every municipality.
    #[must_use]
    pub const fn every() -> Self {
        Self(Covered::Every)
    }

    /// Only these municipalities.
    #[must_use]
    pub fn only(municipalities: impl IntoIterator<Item = String>) -> Self {
        Self(Covered::These(municipalities.into_iter().collect()))
    }

    /// Is `municipality` in scope?
    #[must_use]
    pub fn covers(&self, municipality: &str) -> bool {
        match &self.0 {
            Covered::Every => true,
            Covered::These(these) => these.contains(municipality),
        }
    }
}
