//! Distinct values, and how many of them are covered by something.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};

/// Distinct values by hash, so that a year of a large municipality stays small.
#[derive(Clone, Debug, Default)]
pub(super) struct Coverage {
    values: HashMap<u64, bool, BuildHasherDefault<DefaultHasher>>,
}

impl Coverage {
    /// Notes `value`; it is covered where it was so at any time.
    pub(super) fn note(&mut self, value: impl Hash, is_covered: bool) {
        *self.values.entry(hash_of(value)).or_default() |= is_covered;
    }

    pub(super) fn count(&self) -> u64 {
        self.values.len() as u64
    }

    pub(super) fn covered(&self) -> u64 {
        self.values.values().filter(|is_covered| **is_covered).count() as u64
    }
}

/// Equal in every run: the keys are fixed.
pub(super) fn hash_of(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_once_and_stays_covered() {
        let mut coverage = Coverage::default();
        coverage.note("a", false);
        coverage.note("a", true);
        coverage.note("a", false);
        coverage.note("b", false);
        assert_eq!((coverage.count(), coverage.covered()), (2, 1));
    }
}
