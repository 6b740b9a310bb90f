//! Editors: whether who changes registrations afterwards makes them longer only.
//!
//! An office mends slips, and slips go both ways: a log-out that was forgotten makes a visit too long, a log-in that was
//! forgotten too short. One whose changes all make visits longer does something else, whatever reason is given. The
//! changes of a pay period and the one before count, early ones as well as late ones.

use hashbrown::HashMap;

use crate::domain::Month;
use crate::engine::model::interner::TextId;
use crate::engine::model::visit::Visit;
use crate::engine::totals::count::Change;

/// Chance with which an editor whose changes go both ways alike makes so many visits longer: ten of ten.
const CHANCE_MAX: f64 = 0.001;

/// Changes of an editor in a pay period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lengthened {
    longer: u32,
    shorter: u32,
}

impl Lengthened {
    const fn add(self, other: Self) -> Self {
        Self { longer: self.longer + other.longer, shorter: self.shorter + other.shorter }
    }

    /// Whether they make longer beyond chance, by Chernoff's bound.
    fn is_one_sided(self) -> bool {
        let all = f64::from(self.longer + self.shorter);
        let share = f64::from(self.longer) / all.max(1.0);
        let weighed = |share: f64| if share == 0.0 { 0.0 } else { share * (2.0 * share).ln() };
        0.5 < share && -all * (weighed(share) + weighed(1.0 - share)) <= CHANCE_MAX.ln()
    }
}

/// Changes by editor and pay period.
#[derive(Default)]
pub(in crate::engine) struct Editors {
    changes: HashMap<(TextId, Month), Lengthened>,
    /// Pay periods before this one are dropped.
    first: Option<Month>,
    /// Editors and pay periods that are one-sided now, or no longer.
    changed: Vec<(TextId, Month)>,
}

impl Editors {
    /// Inserts or retracts the changes of a visit.
    pub(in crate::engine) fn apply(&mut self, visit: &Visit, change: Change) {
        let month = visit.pay_period;
        if visit.open || Some(month) < self.first {
            return;
        }
        for edit in visit.edits() {
            let (Some(editor), seconds) = (edit.editor, edit.lengthened_seconds()) else { continue };
            if seconds == 0 {
                continue;
            }
            let months = [month, month.next()];
            let before = months.map(|month| self.only_lengthens(editor, month));
            let of_month = self.changes.entry((editor, month)).or_default();
            change.count(if 0 < seconds { &mut of_month.longer } else { &mut of_month.shorter }, 1);
            if *of_month == Lengthened::default() {
                self.changes.remove(&(editor, month));
            }
            for (month, before) in months.into_iter().zip(before) {
                if self.only_lengthens(editor, month) != before {
                    self.changed.push((editor, month));
                }
            }
        }
    }

    /// Whether the editor's changes of the pay period and the one before make visits longer only.
    pub(in crate::engine) fn only_lengthens(&self, editor: TextId, month: Month) -> bool {
        let of = |month| self.changes.get(&(editor, month)).copied().unwrap_or_default();
        of(month).add(of(month.previous())).is_one_sided()
    }

    /// Editors and pay periods of which that changed since the last call, each once.
    pub(in crate::engine) fn take_changed(&mut self) -> Vec<(TextId, Month)> {
        let mut changed = std::mem::take(&mut self.changed);
        changed.sort_unstable();
        changed.dedup();
        changed
    }

    /// Drops the pay periods before `month`.
    pub(in crate::engine) fn expire(&mut self, month: Month) {
        self.first = Some(month);
        self.changes.retain(|(_, of), _| month <= *of);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_of_ten_are_one_sided_and_nine_or_a_mixture_are_not() {
        let is_one_sided = |longer, shorter| Lengthened { longer, shorter }.is_one_sided();
        assert!(is_one_sided(10, 0) && is_one_sided(40, 5));
        assert!(!is_one_sided(9, 0) && !is_one_sided(0, 30) && !is_one_sided(32, 31) && !is_one_sided(0, 0));
    }
}
