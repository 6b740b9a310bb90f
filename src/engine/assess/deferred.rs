//! Findings that are not due yet: what an office puts right by the next noon is no matter for a control unit.
//!
//! Their clock is the greatest time at which any record says that it was sent. It is not the watermark, which is clipped
//! at the append time: the clipped time of a record depends on what came before it, and on a repeat of it. This one is a
//! function of the records alone, so that neither their order nor their repetition shows in what is due. A source whose
//! clock runs ahead ends a wait early, which is what was done without any wait.

use std::collections::BTreeSet;

use crate::domain::UtcSecond;
use crate::engine::model::visit::Slot;
use crate::engine::{Engine, Output};

/// Visits with findings that wait, and the clock that ends the waits.
pub(in crate::engine) struct Deferred {
    pub(in crate::engine) clock: UtcSecond,
    /// By the time at which the first of a visit's findings is due. A visit that changed meanwhile is assessed once more
    /// than needed.
    visits: BTreeSet<(UtcSecond, Slot)>,
}

impl Default for Deferred {
    fn default() -> Self {
        Self { clock: UtcSecond(i64::MIN), visits: BTreeSet::new() }
    }
}

impl Deferred {
    /// The visit in `slot` is to be assessed again at `due`.
    pub(in crate::engine) fn wait(&mut self, due: UtcSecond, slot: Slot) {
        self.visits.insert((due, slot));
    }

    /// The visits that wait; some of them changed meanwhile, or are gone.
    pub(in crate::engine) fn waiting(&self) -> impl Iterator<Item = Slot> {
        self.visits.iter().map(|(_, slot)| *slot)
    }

    /// Moves the clock on to `sent_at`; returns the visits that are due.
    fn advance(&mut self, sent_at: UtcSecond) -> Vec<Slot> {
        self.clock = self.clock.max(sent_at);
        let clock = self.clock;
        std::iter::from_fn(|| {
            let (due, _) = *self.visits.first()?;
            (due <= clock).then(|| self.visits.pop_first()).flatten()
        })
        .map(|(_, slot)| slot)
        .collect()
    }
}

impl Engine {
    /// Row *clock*: assesses the visits with findings that became due by a record that was sent at `sent_at`.
    pub(in crate::engine) fn assess_due(&mut self, sent_at: UtcSecond, out: &mut Vec<Output>) {
        let mut due = self.deferred.advance(sent_at);
        due.retain(|slot| self.state.ledger.is_kept(*slot));
        if !due.is_empty() {
            self.assess_with_related(&mut due, out);
            self.apply_limits(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_due_once_when_the_clock_has_passed_it_and_the_clock_never_goes_back() {
        let mut deferred = Deferred::default();
        deferred.wait(UtcSecond(20), Slot(1));
        deferred.wait(UtcSecond(10), Slot(2));
        assert_eq!(deferred.advance(UtcSecond(9)), []);
        assert_eq!(deferred.advance(UtcSecond(10)), [Slot(2)]);
        assert_eq!(deferred.advance(UtcSecond(5)), []);
        assert_eq!(deferred.clock, UtcSecond(10));
        assert_eq!(deferred.advance(UtcSecond(30)), [Slot(1)]);
        assert_eq!(deferred.advance(UtcSecond(40)), []);
    }
}
