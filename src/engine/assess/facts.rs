//! What changed facts lead to. Facts that change together are one change: each registration is assessed once for all of
//! them, and each alert whose price or dates may differ is published once, in slices between which registrations are
//! taken.
//!
//! The facts themselves count at once: a registration that comes between two slices is assessed by them.

use std::collections::VecDeque;

use hashbrown::HashSet;

use crate::domain::FactChange;
use crate::engine::alert::subject::SubjectState;
use crate::engine::model::visit::Slot;
use crate::engine::state::facts::Affects;
use crate::engine::{Engine, Output};

/// Registrations to assess, and alerts to publish, because of changed facts.
#[derive(Default)]
pub(in crate::engine) struct FactConsequences {
    /// Whom changed facts affect; not looked up yet.
    affects: HashSet<Affects>,
    /// Registrations to assess, in order.
    visits: VecDeque<Slot>,
    /// Those that are named by their findings, or were.
    named: Vec<Slot>,
    /// Registrations that were assessed.
    assessed: HashSet<Slot>,
    /// The registrations that are left are named by others' findings.
    is_at_named: bool,
    /// Pay periods are to be assessed once registrations are.
    has_periods: bool,
    /// Prices or dates of alerts may have changed.
    has_terms: bool,
    /// Registrations whose alerts are to be published for that.
    terms: VecDeque<Slot>,
}

impl FactConsequences {
    fn is_empty(&self) -> bool {
        self.affects.is_empty() && self.is_assessed() && self.terms.is_empty() && !self.has_terms
    }

    fn is_assessed(&self) -> bool {
        self.visits.is_empty() && self.named.is_empty() && !self.has_periods
    }
}

impl Engine {
    /// Applies a changed fact; what follows from it is left to [`Engine::derive_fact_consequences`].
    pub(in crate::engine) fn change_fact(&mut self, change: &FactChange) {
        let affects = self.state.facts.change(change, &mut self.state.interners);
        // One home more or less can change which others lie far from all.
        let homes = self.state.facts.places.take_changed().into_iter().map(Affects::Home);
        let affects = affects.into_iter().chain(homes).filter(|affects| *affects != Affects::Nothing);
        self.facts.affects.extend(affects);
    }

    /// Whether changed facts have consequences that are not derived yet.
    #[must_use]
    pub fn has_fact_consequences(&self) -> bool {
        !self.facts.is_empty()
    }

    /// How many open alerts changed facts may move.
    #[must_use]
    pub fn alerts_in_question(&self) -> usize {
        let is_open = |slot: &Slot| self.visits.get(slot).is_some_and(SubjectState::is_alert);
        if self.facts.affects.iter().any(|affects| changes_terms(*affects)) {
            return self.visits.keys().filter(|slot| is_open(slot)).count();
        }
        let mut affected = Vec::new();
        self.affected_by_facts(&self.facts.affects, &mut affected);
        self.in_order(&mut affected);
        affected.iter().filter(|slot| is_open(slot)).count()
    }

    /// Derives what follows from changed facts, for at most `visits_max` registrations; returns whether that is all.
    pub fn derive_fact_consequences(&mut self, visits_max: usize, out: &mut Vec<Output>) -> bool {
        if self.facts.is_empty() {
            return true;
        }
        self.look_up_affected();
        let mut left = visits_max;
        loop {
            while 0 < left
                && let Some(slot) = self.facts.visits.pop_front()
            {
                if self.state.ledger.visit(slot).is_some() {
                    let mut named = std::mem::take(&mut self.facts.named);
                    self.assess_again(slot, &mut named, out);
                    self.facts.named = if self.facts.is_at_named { Vec::new() } else { named };
                    self.facts.assessed.insert(slot);
                    left -= 1;
                }
            }
            if !self.facts.visits.is_empty() {
                return false;
            }
            if self.facts.named.is_empty() {
                break;
            }
            let mut named = std::mem::take(&mut self.facts.named);
            named.retain(|slot| !self.facts.assessed.contains(slot));
            self.in_order(&mut named);
            self.facts.visits = named.into();
            self.facts.is_at_named = true;
        }
        self.facts.assessed.clear();
        self.facts.is_at_named = false;
        self.apply_limits(out);
        if std::mem::take(&mut self.facts.has_periods) {
            self.reassess_periods(out);
        }
        self.publish_terms(left, out)
    }

    /// Derives all that follows from changed facts.
    pub(in crate::engine) fn derive_all_fact_consequences(&mut self, out: &mut Vec<Output>) {
        while !self.derive_fact_consequences(usize::MAX, out) {}
    }

    /// Looks up the registrations and pay periods that facts affect which changed since the last time.
    fn look_up_affected(&mut self) {
        let affects = std::mem::take(&mut self.facts.affects);
        if affects.is_empty() {
            return;
        }
        let mut visits: Vec<Slot> = self.facts.visits.drain(..).collect();
        self.affected_by_facts(&affects, &mut visits);
        self.in_order(&mut visits);
        // What was assessed before the last change is assessed again.
        self.facts.assessed.clear();
        self.facts.is_at_named = false;
        self.facts.visits = visits.into();
        let mut periods = std::mem::take(&mut self.dirty.periods);
        for affects in &affects {
            if matches!(affects, Affects::Month(_)) {
                self.schedule_payout_run();
            }
            self.facts.has_terms |= changes_terms(*affects);
            self.facts.has_periods |= *affects != Affects::Money;
        }
        self.periods_affected_by_facts(&affects, &mut periods);
        self.dirty.periods = periods;
    }

    /// Publishes the alerts whose prices or dates may have changed, at most `left` of them; returns whether those are all.
    /// An outbox publishes what differs.
    fn publish_terms(&mut self, left: usize, out: &mut Vec<Output>) -> bool {
        if std::mem::take(&mut self.facts.has_terms) {
            self.facts.terms = self.open_visit_alerts().into();
        }
        for _ in 0..left.min(self.facts.terms.len()) {
            let Some(slot) = self.facts.terms.pop_front() else { break };
            if let (Some(current), Some(visit)) = (self.visits.get(&slot), self.state.ledger.visit(slot))
                && current.is_alert()
            {
                out.push(Output::Alert(Box::new(self.visit_alert(visit, current, current))));
            }
        }
        self.facts.is_empty()
    }

    /// The registrations with an open alert, in order.
    fn open_visit_alerts(&self) -> Vec<Slot> {
        let open = self.visits.iter().filter(|(_, current)| current.is_alert()).map(|(slot, _)| *slot);
        let mut open: Vec<Slot> = open.collect();
        self.in_order(&mut open);
        open
    }
}

/// Whether prices of alerts, or dates of their holds, may change.
const fn changes_terms(affects: Affects) -> bool {
    matches!(affects, Affects::Money | Affects::Month(_))
}
