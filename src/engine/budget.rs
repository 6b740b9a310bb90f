//! More patterns than a control unit can look at wait, the likeliest to be chance first.

use super::period::Period;
use super::{Engine, Output};
use crate::domain::{Month, UtcSecond};

/// Alerts about patterns in a pay period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PatternBudget {
    /// That may be told by now.
    pub allowed: usize,
    /// That are told.
    pub told: usize,
    /// That wait, because there are more than can be looked at.
    pub waiting: usize,
}

impl Engine {
    /// Lets the patterns that are likeliest to be chance wait, where there are more of them than can be
    /// looked at: of each pay period as many are told as the budget of its days so far.
    pub(super) fn keep_to_budget(&mut self, out: &mut Vec<Output>) {
        if !std::mem::take(&mut self.budget_moved) {
            return;
        }
        let mut asking: Vec<(Month, f64, Period)> = self
            .periods
            .iter()
            .filter_map(|(period, stand)| Some((period.month, stand.chance?, *period)))
            .collect();
        // A carer and a provider may bear one name.
        let name = |period: Period| (self.name_of(period), period.whose.kind() as usize);
        asking.sort_unstable_by(|a, b| {
            (a.0.cmp(&b.0)).then(a.1.total_cmp(&b.1)).then_with(|| name(a.2).cmp(&name(b.2)))
        });
        let mut over = Vec::new();
        for of_month in asking.chunk_by(|a, b| a.0 == b.0) {
            over.extend(of_month.iter().skip(self.budget(of_month[0].0)).map(|(_, _, period)| *period));
        }
        over.sort_unstable();
        let flipped: Vec<Period> = (over.iter().filter(|period| !self.over_budget.contains(*period)))
            .chain(self.over_budget.iter().filter(|period| over.binary_search(period).is_err()))
            .copied()
            .collect();
        self.over_budget = over;
        for period in flipped {
            self.assess_period(period, true, out);
        }
        self.budget_moved = false;
    }

    /// How many patterns of a month may be told by now.
    fn budget(&self, month: Month) -> usize {
        let zone = &self.world.settings.zone;
        let [first, last] = [month, month.next()].map(|month| zone.day(zone.instant(month, 1, 0)).0);
        let days = (zone.day(self.event_time).0 + 1).clamp(first + 1, last) - first;
        usize::try_from(days).unwrap_or(1) * self.world.settings.bounds.statistics_cases_a_day as usize
    }

    /// How far the budget of the latest pay period is used up.
    #[must_use]
    pub fn pattern_budget(&self) -> PatternBudget {
        if self.event_time == UtcSecond(i64::MIN) {
            return PatternBudget::default();
        }
        let month = self.world.settings.zone.month(self.event_time);
        let of_month = |period: &Period| period.month == month;
        let asking = self.periods.iter().filter(|(period, stand)| of_month(period) && stand.chance.is_some());
        let waiting = self.over_budget.iter().filter(|period| of_month(period)).count();
        PatternBudget { allowed: self.budget(month), told: asking.count().saturating_sub(waiting), waiting }
    }
}
