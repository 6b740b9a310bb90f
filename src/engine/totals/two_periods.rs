//! Counts by subject and pay period, read over a pay period and the one before, so that a conclusion does not begin
//! anew with each month.

use std::hash::Hash;

use hashbrown::HashMap;

use crate::domain::Month;

/// What is counted in a pay period.
pub(in crate::engine) trait Counts: Copy + Default + PartialEq {
    /// What the counts of two pay periods lead to; without any, to the default.
    type Conclusion: Copy + Default + PartialEq;

    /// The counts of both.
    #[must_use]
    fn add(self, other: Self) -> Self;

    fn conclusion(self) -> Self::Conclusion;
}

/// Counts `C` by subject `K` and pay period.
pub(in crate::engine) struct TwoPeriods<K, C: Counts> {
    counts: HashMap<(K, Month), C>,
    /// The conclusions, without defaults: rules read them several times a visit, and most are defaults.
    conclusions: HashMap<(K, Month), C::Conclusion>,
    /// Pay periods before this one are dropped.
    first: Option<Month>,
    /// Subjects and pay periods whose conclusion changed.
    changed: Vec<(K, Month)>,
}

impl<K, C: Counts> Default for TwoPeriods<K, C> {
    fn default() -> Self {
        Self { counts: HashMap::new(), conclusions: HashMap::new(), first: None, changed: Vec::new() }
    }
}

impl<K: Copy + Hash + Ord, C: Counts> TwoPeriods<K, C> {
    /// Whether the pay period counts.
    pub(in crate::engine) fn has(&self, month: Month) -> bool {
        self.first <= Some(month)
    }

    /// Changes the counts of the subject in the pay period, and notes the conclusions of it and the next that change.
    pub(in crate::engine) fn apply(&mut self, subject: K, month: Month, change: impl FnOnce(&mut C)) {
        let [earlier, later] = [month.previous(), month.next()].map(|month| self.of(subject, month));
        let counts = self.counts.entry((subject, month)).or_default();
        let before = *counts;
        change(counts);
        let now = *counts;
        if now == C::default() {
            self.counts.remove(&(subject, month));
        }
        for (month, other) in [(month, earlier), (month.next(), later)] {
            let now = now.add(other).conclusion();
            if now != before.add(other).conclusion() {
                self.conclude(subject, month, now);
                self.changed.push((subject, month));
            }
        }
    }

    fn of(&self, subject: K, month: Month) -> C {
        self.counts.get(&(subject, month)).copied().unwrap_or_default()
    }

    fn conclude(&mut self, subject: K, month: Month, conclusion: C::Conclusion) {
        if conclusion == C::Conclusion::default() {
            self.conclusions.remove(&(subject, month));
        } else {
            self.conclusions.insert((subject, month), conclusion);
        }
    }

    /// What the counts of the pay period and the one before lead to.
    pub(in crate::engine) fn conclusion(&self, subject: K, month: Month) -> C::Conclusion {
        self.conclusions.get(&(subject, month)).copied().unwrap_or_default()
    }

    /// Subjects and pay periods whose conclusion changed since the last call, each once, in order.
    pub(in crate::engine) fn take_changed(&mut self) -> Vec<(K, Month)> {
        let mut changed = std::mem::take(&mut self.changed);
        changed.sort_unstable();
        changed.dedup();
        changed
    }

    /// Drops the pay periods before `month`.
    pub(in crate::engine) fn expire(&mut self, month: Month) {
        self.first = Some(month);
        self.counts.retain(|(_, of), _| month <= *of);
        self.conclusions.retain(|(_, of), _| month <= *of);
        // The pay period before it is gone.
        let known = self.counts.keys().chain(self.conclusions.keys());
        let first: Vec<K> = known.filter(|(_, of)| *of == month).map(|(subject, _)| *subject).collect();
        for subject in first {
            self.conclude(subject, month, self.of(subject, month).conclusion());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Counts for u32 {
        type Conclusion = bool;

        fn add(self, other: Self) -> Self {
            self + other
        }

        fn conclusion(self) -> bool {
            3 <= self
        }
    }

    #[test]
    fn a_pay_period_and_the_one_before_count_and_what_was_dropped_does_not() {
        let month = |number| Month::new(2026, number).expect("a month");
        let mut counts: TwoPeriods<u8, u32> = TwoPeriods::default();
        counts.apply(7, month(1), |count| *count += 2);
        assert!(counts.take_changed().is_empty());
        counts.apply(7, month(2), |count| *count += 1);
        assert_eq!(counts.take_changed(), [(7, month(2))], "of January and February, not of January");
        assert!(counts.conclusion(7, month(2)) && !counts.conclusion(7, month(3)));
        counts.apply(7, month(3), |count| *count += 3);
        counts.expire(month(2));
        assert!(!counts.has(month(1)) && counts.has(month(2)) && !counts.conclusion(7, month(2)));
        assert!(counts.conclusion(7, month(3)) && counts.conclusion(7, month(4)));
    }
}
