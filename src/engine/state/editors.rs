//! Editors: whether who changes registrations afterwards makes them longer only.
//!
//! An office mends slips, and slips go both ways: a log-out that was forgotten makes a visit too long, a log-in that was
//! forgotten too short. One whose changes all make visits longer does something else, whatever reason is given. The
//! changes of a pay period and the one before count, early ones as well as late ones.

use crate::domain::Month;
use crate::engine::model::interner::TextId;
use crate::engine::model::visit::Visit;
use crate::engine::totals::count::Change;
use crate::engine::totals::two_periods::{Counts, TwoPeriods};

/// Chance with which an editor whose changes go both ways alike makes so many visits longer: ten of ten.
const CHANCE_MAX: f64 = 0.001;

/// Changes of an editor in a pay period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lengthened {
    longer: u32,
    shorter: u32,
}

impl Counts for Lengthened {
    /// Whether they make longer beyond chance.
    type Conclusion = bool;

    fn add(self, other: Self) -> Self {
        Self { longer: self.longer + other.longer, shorter: self.shorter + other.shorter }
    }

    /// By Chernoff's bound.
    fn conclusion(self) -> bool {
        let all = f64::from(self.longer + self.shorter);
        let share = f64::from(self.longer) / all.max(1.0);
        let weighed = |share: f64| if share == 0.0 { 0.0 } else { share * (2.0 * share).ln() };
        0.5 < share && -all * (weighed(share) + weighed(1.0 - share)) <= CHANCE_MAX.ln()
    }
}

/// Changes by editor and pay period.
#[derive(Default)]
pub(in crate::engine) struct Editors(TwoPeriods<TextId, Lengthened>);

impl Editors {
    /// Inserts or retracts the changes of a visit.
    pub(in crate::engine) fn apply(&mut self, visit: &Visit, change: Change) {
        let month = visit.pay_period;
        if visit.open || !self.0.has(month) {
            return;
        }
        for edit in visit.edits() {
            let (Some(editor), seconds) = (edit.editor, edit.lengthened_seconds()) else { continue };
            if seconds != 0 {
                self.0.apply(editor, month, |of_month| {
                    change.count(if 0 < seconds { &mut of_month.longer } else { &mut of_month.shorter }, 1);
                });
            }
        }
    }

    /// Whether the editor's changes of the pay period and the one before make visits longer only.
    pub(in crate::engine) fn only_lengthens(&self, editor: TextId, month: Month) -> bool {
        self.0.conclusion(editor, month)
    }

    /// Editors and pay periods of which that changed since the last call, each once.
    pub(in crate::engine) fn take_changed(&mut self) -> Vec<(TextId, Month)> {
        self.0.take_changed()
    }

    /// Drops the pay periods before `month`.
    pub(in crate::engine) fn expire(&mut self, month: Month) {
        self.0.expire(month);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_of_ten_are_one_sided_and_nine_or_a_mixture_are_not() {
        let is_one_sided = |longer, shorter| Lengthened { longer, shorter }.conclusion();
        assert!(is_one_sided(10, 0) && is_one_sided(40, 5));
        assert!(!is_one_sided(9, 0) && !is_one_sided(0, 30) && !is_one_sided(32, 31) && !is_one_sided(0, 0));
    }
}
