//! Budget of published pattern alerts per pay period; those with the highest p-values wait.

use crate::domain::{Month, UtcSecond};
use crate::engine::model::period::SubjectPeriod;
use crate::engine::{Engine, Output};

/// Use of the budget for pattern alerts in one pay period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PatternBudget {
    /// Alerts that may be published so far.
    pub allowed: usize,
    /// Published alerts.
    pub published: usize,
    /// Alerts that wait.
    pub waiting: usize,
}

impl Engine {
    /// Reassesses the patterns that exceed the budget now, or no longer do. Of each pay period, as many are published
    /// as the budget of its days so far allows, in order of p-value.
    pub(in crate::engine) fn apply_budget(&mut self, out: &mut Vec<Output>) {
        if !std::mem::take(&mut self.budget_dirty) {
            return;
        }
        let mut candidates: Vec<(Month, f64, SubjectPeriod)> = self
            .periods
            .iter()
            .filter_map(|(period, current)| Some((period.month, current.p_value?, *period)))
            .collect();
        // A carer and a provider may have the same name.
        let name = |period: SubjectPeriod| (self.name_of(period), period.subject.kind() as usize);
        candidates.sort_unstable_by(|a, b| {
            (a.0.cmp(&b.0)).then(a.1.total_cmp(&b.1)).then_with(|| name(a.2).cmp(&name(b.2)))
        });
        let mut beyond = Vec::new();
        for of_month in candidates.chunk_by(|a, b| a.0 == b.0) {
            beyond.extend(of_month.iter().skip(self.budget(of_month[0].0)).map(|(_, _, period)| *period));
        }
        beyond.sort_unstable();
        let affected = self.periods_affected_by_budget(&beyond);
        self.waiting_patterns = beyond;
        for period in affected {
            self.reassess_period(period, out);
        }
        self.budget_dirty = false;
    }

    /// Patterns of a month that may be published so far.
    fn budget(&self, month: Month) -> usize {
        let zone = &self.state.settings.zone;
        let [first, last] = [month, month.next()].map(|month| zone.day(zone.instant(month, 1, 0)).0);
        let days = (zone.day(self.watermark).0 + 1).clamp(first + 1, last) - first;
        usize::try_from(days).unwrap_or(1) * self.state.settings.bounds.statistics_cases_a_day as usize
    }

    /// Use of the latest pay period's budget.
    #[must_use]
    pub fn pattern_budget(&self) -> PatternBudget {
        if self.watermark == UtcSecond(i64::MIN) {
            return PatternBudget::default();
        }
        let month = self.state.settings.zone.month(self.watermark);
        let of_month = |period: &SubjectPeriod| period.month == month;
        let candidates =
            self.periods.iter().filter(|(period, current)| of_month(period) && current.p_value.is_some());
        let waiting = self.waiting_patterns.iter().filter(|period| of_month(period)).count();
        PatternBudget {
            allowed: self.budget(month),
            published: candidates.count().saturating_sub(waiting),
            waiting,
        }
    }
}
