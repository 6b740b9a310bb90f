//! What the cases of a list come to: how many in each state, what is withheld and what the next payout runs mean.

use super::{Book, CaseStatus, Filter};
use crate::domain::{HoldState, UtcSecond};

/// Counts over the cases of a municipality that pass a filter, whatever their state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseTotals {
    /// Cases by state, in the order of [`CaseStatus::ALL`].
    pub cases: [usize; CaseStatus::COUNT],
    /// Öre in open holds.
    pub held_ore: i64,
    /// Open holds.
    pub holds: usize,
    /// Those that begin to withhold at the first payout run to come.
    pub next_withheld: Option<HoldsOfRun>,
    /// Proposed ones that are void at the first payout run at which any is, unless a person confirms them.
    pub next_expiring: Option<HoldsOfRun>,
    /// Öre that depend on open alerts.
    pub at_risk_ore: i64,
}

/// Open holds with one payout run in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldsOfRun {
    /// The run.
    pub at: UtcSecond,
    /// Holds.
    pub holds: usize,
    /// Öre in them.
    pub ore: i64,
}

impl HoldsOfRun {
    /// Counts a hold of the run at `at` where that is the earliest so far.
    fn count(earliest: &mut Option<Self>, at: UtcSecond, ore: i64) {
        let of = earliest.get_or_insert(Self { at, holds: 0, ore: 0 });
        if at < of.at {
            *of = Self { at, holds: 0, ore: 0 };
        }
        if at == of.at {
            of.holds += 1;
            of.ore += ore;
        }
    }
}

impl Book {
    /// Counts over the cases that pass `filter`, whatever their state.
    #[must_use]
    pub fn totals(&self, filter: &Filter, clock: UtcSecond) -> CaseTotals {
        let filter = Filter { status: None, ..filter.clone() };
        let mut totals = CaseTotals::default();
        let draw = self.draw(clock);
        for case in self.cases() {
            let status = draw.status(case, clock);
            if !filter.passes(self, case, status) {
                continue;
            }
            let at = CaseStatus::ALL.iter().position(|one| *one == status).unwrap_or_default();
            totals.cases[at] += 1;
            totals.at_risk_ore += case.at_risk_ore();
            for hold in case.open_holds() {
                totals.holds += 1;
                totals.held_ore += hold.amount_ore;
                if self.now() < hold.withholds_from {
                    HoldsOfRun::count(&mut totals.next_withheld, hold.withholds_from, hold.amount_ore);
                }
                if hold.state == HoldState::Proposed {
                    HoldsOfRun::count(&mut totals.next_expiring, hold.expires_at, hold.amount_ore);
                }
            }
        }
        totals
    }
}
