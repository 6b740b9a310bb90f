//! Dirty pay periods: those to assess in the next micro-batch.
//!
//! A batch ends when the feed is idle, with the day of the watermark, and at the latest after as many registrations as
//! the municipality has clients, or [`REGISTRATIONS_MIN`] where it has fewer: so a carer's month is assessed once for
//! about half a day of its visits, whatever the size of the town. Batching does not change the final alerts, only
//! intermediate states.

use hashbrown::HashSet;

use crate::domain::SubjectKind;
use crate::engine::model::period::{PeriodSubject, SubjectPeriod};
use crate::engine::model::visit::Visit;
use crate::engine::rule::interface::ActiveRules;
use crate::engine::state::municipality::State;
use crate::engine::{Engine, Output};

/// Registrations of a full batch in a small town: a visit's score includes its carer's month, which should be of the
/// same day. In a town of 2,000 clients this is half a day of records.
const REGISTRATIONS_MIN: usize = 2048;

/// Dirty periods of the current batch.
#[derive(Default)]
pub(in crate::engine) struct DirtyPeriods {
    /// Dirty periods, each once, unordered.
    pub(in crate::engine) periods: HashSet<SubjectPeriod>,
    /// Those that had at most one visit at some time in the batch: they may have opened or become empty.
    pub(in crate::engine) opened_or_emptied: HashSet<SubjectPeriod>,
    registrations: usize,
}

impl DirtyPeriods {
    /// Marks the visit's carer, client and provider periods dirty, but for kinds that no rule assesses; a provider has
    /// habits without any. Pairs follow from their client; tags are tracked in [`State::tags_counted`].
    pub(in crate::engine) fn mark(&mut self, state: &State, rules: &ActiveRules, visit: &Visit) {
        let month = visit.pay_period;
        let of = |kind, subject| rules.assess(&[kind, SubjectKind::PairPeriod]).then_some(subject);
        let subjects = [
            of(SubjectKind::CarerPeriod, PeriodSubject::Carer(visit.carer)),
            of(SubjectKind::ClientPeriod, PeriodSubject::Client(visit.client)),
            Some(PeriodSubject::Provider(visit.provider)),
        ];
        for subject in subjects.into_iter().flatten() {
            let period = SubjectPeriod { month, subject };
            self.periods.insert(period);
            if state.tally_of(subject, month).is_none_or(|tally| tally.visits <= 1) {
                self.opened_or_emptied.insert(period);
            }
        }
    }
}

impl Engine {
    /// Assesses the dirty pay periods. To be called when the feed is idle, and before [`Engine::open_alerts`].
    pub fn assess_dirty_periods(&mut self, out: &mut Vec<Output>) {
        if self.has_dirty_periods() {
            self.assess_periods(out);
        }
    }

    /// Whether any pay period is dirty.
    #[must_use]
    pub const fn has_dirty_periods(&self) -> bool {
        0 < self.dirty.registrations
    }

    /// Counts a registration of the batch; ends the batch where it is full.
    pub(in crate::engine) fn assess_periods_when_due(&mut self, out: &mut Vec<Output>) {
        self.dirty.registrations += 1;
        if REGISTRATIONS_MIN.max(self.state.clients.len()) <= self.dirty.registrations {
            self.assess_dirty_periods(out);
        }
    }
}
