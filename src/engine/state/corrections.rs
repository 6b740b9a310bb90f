//! Corrections: how many days a provider's office takes to put forgotten log-outs right.
//!
//! One office goes through yesterday's visits every morning, another one once a week, a third before the books close.
//! What the office is about to put right is no matter for a control unit, so a slip is due only after the days in which
//! this office makes most of its corrections. No fact states them; they show in the edits of the latest versions. Counted
//! are edits that make a visit shorter: they put a log-out right, and nobody is paid more by them.
//!
//! The days of a pay period are read from that period and the one before.

use crate::domain::Month;
use crate::engine::model::DAY_SECONDS;
use crate::engine::model::interner::ProviderId;
use crate::engine::model::visit::Visit;
use crate::engine::totals::count::Change;
use crate::engine::totals::two_periods::{Counts, TwoPeriods};

/// Classes of days after the visit; few, so that what is due rarely changes. Longer waits than two weeks leave
/// no time before the pay period is locked.
const DAYS: [i32; 6] = [1, 2, 3, 5, 8, 14];
/// Corrections below which an office is taken to correct as all offices of the municipality do together, and these below
/// it by the next day: of five, one more or less moves no class.
const CORRECTIONS_MIN: u32 = 5;
/// The corrections that are waited for: four in five.
const SHARE: (u32, u32) = (4, 5);

/// Corrections of a provider in a pay period, by class of [`DAYS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Delays([u32; DAYS.len()]);

impl Counts for Delays {
    /// Days by which most corrections were made; `None` where there are few.
    type Conclusion = Option<i32>;

    fn add(self, other: Self) -> Self {
        let mut sum = self;
        sum.0.iter_mut().zip(other.0).for_each(|(count, more)| *count += more);
        sum
    }

    fn conclusion(self) -> Option<i32> {
        let all: u32 = self.0.iter().sum();
        if all < CORRECTIONS_MIN {
            return None;
        }
        let mut made = 0;
        let enough = |(_, count): &(i32, u32)| {
            made += count;
            SHARE.0 * all <= SHARE.1 * made
        };
        DAYS.into_iter().zip(self.0).find(enough).map(|(days, _)| days)
    }
}

/// Corrections by provider and pay period; those of all providers together under `None`.
#[derive(Default)]
pub(in crate::engine) struct Corrections(TwoPeriods<Option<ProviderId>, Delays>);

impl Corrections {
    /// Inserts or retracts the corrections of a visit.
    pub(in crate::engine) fn apply(&mut self, visit: &Visit, change: Change) {
        let month = visit.pay_period;
        if visit.open || !self.0.has(month) {
            return;
        }
        for edit in visit.edits().iter().filter(|edit| edit.lengthened_seconds() < 0) {
            let late = edit.at.since(visit.span.end()) / DAY_SECONDS;
            let class = DAYS.iter().position(|days| late < i64::from(*days)).unwrap_or(DAYS.len() - 1);
            for provider in [Some(visit.provider), None] {
                self.0.apply(provider, month, |delays| change.count(&mut delays.0[class], 1));
            }
        }
    }

    /// Days after a visit by which the provider's office has made most of its corrections.
    pub(in crate::engine) fn days(&self, provider: ProviderId, month: Month) -> i32 {
        let of = |provider| self.0.conclusion(provider, month);
        of(Some(provider)).or_else(|| of(None)).unwrap_or(DAYS[0])
    }

    /// Providers and pay periods whose days changed since the last call, each once; `None` for the providers of
    /// which few corrections are known.
    pub(in crate::engine) fn take_changed(&mut self) -> Vec<(Option<ProviderId>, Month)> {
        self.0.take_changed()
    }

    /// Whether few corrections of the provider are known, so that those of all count.
    pub(in crate::engine) fn are_few(&self, provider: ProviderId, month: Month) -> bool {
        self.0.conclusion(Some(provider), month).is_none()
    }

    /// Counts corrections of a provider that came in the second week.
    #[cfg(test)]
    pub(in crate::engine) fn correct_late(&mut self, provider: ProviderId, month: Month) {
        let late = DAYS.len() - 1;
        self.0.apply(Some(provider), month, |delays| delays.0[late] += CORRECTIONS_MIN);
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
    fn the_days_are_those_of_four_corrections_in_five() {
        assert_eq!(Delays([8, 1, 0, 0, 0, 1]).conclusion(), Some(1));
        assert_eq!(Delays([2, 2, 2, 3, 0, 1]).conclusion(), Some(5));
        assert_eq!(Delays([0, 0, 0, 0, 1, 9]).conclusion(), Some(14));
        assert_eq!(Delays([0, 0, 0, 0, 4, 0]).conclusion(), None, "too few to decide");
    }

    #[test]
    fn of_an_office_with_few_corrections_those_of_all_offices_count() {
        let month = Month::new(2026, 3).expect("a month");
        let (slow, quick) = (ProviderId::from(1), ProviderId::from(2));
        let mut corrections = Corrections::default();
        assert_eq!(corrections.days(slow, month), 1);
        let correct = |corrections: &mut Corrections, provider, class: usize| {
            for provider in [Some(provider), None] {
                corrections.0.apply(provider, month, |delays| delays.0[class] += 6);
            }
        };
        correct(&mut corrections, slow, 3);
        assert_eq!(corrections.days(quick, month.next()), 5);
        correct(&mut corrections, quick, 0);
        assert_eq!((corrections.days(quick, month), corrections.days(slow, month)), (1, 5));
        assert!(!corrections.are_few(quick, month) && corrections.are_few(quick, month.previous()));
    }
}
