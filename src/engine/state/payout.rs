//! Payout runs: in which one a registration is paid, and which one comes after it.

use crate::domain::{Month, UtcSecond};
use crate::engine::model::DAY_SECONDS;
use crate::engine::model::visit::Visit;
use crate::engine::state::municipality::State;

/// A month is paid some weeks after its end: the earliest unpaid one began at most so many days ago.
const UNPAID_DAYS_MAX: i64 = 92;
/// Months from that one on among which the next run is.
const UNPAID_MONTHS_MAX: usize = 6;
/// Where every known run lies in the past, which only a wrong calendar says, the next one is taken to be so far off.
const RUN_EVERY_SECONDS: i64 = 31 * DAY_SECONDS;

impl State {
    /// The payout run of a period: by its calendar fact, else by the settings.
    pub(in crate::engine) fn payout_run(&self, period: Month) -> UtcSecond {
        let settings = &self.settings;
        self.facts.calendar(period).map_or_else(
            || {
                settings.zone.instant(
                    period.next(),
                    settings.default_payout_day,
                    settings.default_payout_hour,
                )
            },
            |calendar| calendar.payout_run_at,
        )
    }

    /// The first payout run after `at`; `None` where no pay period around `at` is paid later.
    pub(in crate::engine) fn next_payout_run(&self, at: UtcSecond) -> Option<UtcSecond> {
        let first = self.settings.zone.month(at.plus(-UNPAID_DAYS_MAX * DAY_SECONDS));
        let months = std::iter::successors(Some(first), |month| Some(month.next())).take(UNPAID_MONTHS_MAX);
        months.map(|month| self.payout_run(month)).filter(|run| at < *run).min()
    }

    /// The payout run in which the visit is paid: that of its pay period, or the next one where that had been when
    /// the version that counts was appended.
    pub(in crate::engine) fn paid_in(&self, visit: &Visit) -> UtcSecond {
        let appended_at = self.ledger.entry(visit.slot).appended_at();
        let run = self.payout_run(visit.pay_period);
        if appended_at < run { run } else { self.run_after(appended_at) }
    }

    /// Whether the visit came so late that it can be paid with a later pay period than its own.
    pub(in crate::engine) fn is_late(&self, visit: &Visit) -> bool {
        let appended_at = self.ledger.entry(visit.slot).appended_at();
        DAY_SECONDS < appended_at.since(visit.span.end())
    }

    /// The payout run after `run`.
    pub(in crate::engine) fn run_after(&self, run: UtcSecond) -> UtcSecond {
        self.next_payout_run(run).unwrap_or_else(|| run.plus(RUN_EVERY_SECONDS))
    }

    /// Whether the visit had been paid when `other` was appended, and `other` had not.
    pub(in crate::engine) fn was_paid_before(&self, visit: &Visit, other: &Visit) -> bool {
        let appended_at = |visit: &Visit| self.ledger.entry(visit.slot).appended_at();
        let known_at = appended_at(other);
        // The cheap test first: hardly any pair lies across a payout run.
        appended_at(visit) < known_at && self.paid_in(visit) <= known_at
    }
}
