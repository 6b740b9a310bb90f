//! Whole-number counters, into which a visit is inserted and from which it is retracted exactly.

use smallvec::SmallVec;

/// The direction of a change to a total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Change {
    /// A visit counts from now on.
    Insert,
    /// A visit counts no longer: the total becomes what it was before the visit.
    Retract,
}

/// Occurrences by key, in order of first appearance, for few keys: most carers and clients have one provider.
pub(in crate::engine) type Counted<K> = SmallVec<[(K, u32); 2]>;

impl Change {
    /// 1 or -1.
    pub(in crate::engine) const fn sign(self) -> i64 {
        match self {
            Self::Insert => 1,
            Self::Retract => -1,
        }
    }

    pub(in crate::engine) const fn is_insert(self) -> bool {
        matches!(self, Self::Insert)
    }

    /// Adds `by` to `count`, or subtracts it.
    pub(in crate::engine) const fn count(self, count: &mut u32, by: u32) {
        *count = match self {
            Self::Insert => *count + by,
            Self::Retract => *count - by,
        };
    }

    /// Counts one occurrence of `key` more or less; returns whether it was the first or the last.
    pub(in crate::engine) fn count_key<K: PartialEq>(self, counts: &mut Counted<K>, key: K) -> bool {
        let at = counts.iter().position(|(known, _)| *known == key);
        match (at, self) {
            (Some(at), Self::Insert) => {
                counts[at].1 += 1;
                false
            }
            (Some(at), Self::Retract) => {
                counts[at].1 -= 1;
                let last = counts[at].1 == 0;
                if last {
                    counts.swap_remove(at);
                }
                last
            }
            (None, _) => {
                counts.push((key, 1));
                true
            }
        }
    }
}

/// Visits with a mark, out of the eligible ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Visits that are eligible for the mark.
    pub eligible: u32,
    /// Visits with the mark.
    pub marked: u32,
}

impl Count {
    /// Share of marked visits, 0 to 1; 0 where none is eligible.
    #[must_use]
    pub fn share(self) -> f64 {
        if self.eligible == 0 { 0.0 } else { f64::from(self.marked) / f64::from(self.eligible) }
    }
}

/// Sum of natural logarithms of length ratios.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Number of values.
    pub count: u32,
    /// Sum in thousandths.
    pub total: i64,
    /// Sum of squares in millionths.
    pub squares: i64,
}

impl Sum {
    /// Mean logarithm; 0 without values.
    #[must_use]
    pub fn mean(self) -> f64 {
        if self.count == 0 { 0.0 } else { self.total as f64 / f64::from(self.count) / 1000.0 }
    }

    pub(in crate::engine) fn apply(&mut self, value: Option<i16>, change: Change) {
        let Some(value) = value.map(i64::from) else { return };
        change.count(&mut self.count, 1);
        self.total += change.sign() * value;
        self.squares += change.sign() * value * value;
    }
}
