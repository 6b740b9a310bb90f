//! Replacement of a registration's version, and reassessment of what it affects.

use crate::domain::{EventType, Registration, UtcSecond};
use crate::engine::alert::subject::SubjectState;
use crate::engine::model::visit::{Slot, Visit};
use crate::engine::model::{BASELINE_DAYS_MAX, DAY_SECONDS};
use crate::engine::state::ledger::Version;
use crate::engine::totals::count::Change;
use crate::engine::{Engine, Output};

impl Engine {
    /// Replaces the counted version of a registration, and assesses it and all that it affects.
    pub(in crate::engine) fn replace(
        &mut self,
        registration: &Registration<'_>,
        version: &Version,
        slot: Option<Slot>,
        out: &mut Vec<Output>,
    ) {
        let mut affected = std::mem::take(&mut self.scratch.affected);
        affected.clear();
        let slot = slot.unwrap_or_else(|| self.state.ledger.add(registration.registration_id));
        self.state.ledger.entry_mut(slot).set(version, self.at.appended_at);
        let cancelled = registration.event_type == EventType::Cancelled;
        if cancelled {
            let provider = self.state.interners.providers.intern(registration.provider_id);
            self.state.ledger.set_owner(slot, provider);
        }
        let visit = (!cancelled).then(|| self.state.visit(registration, slot, self.at.offset));
        let known = self.state.ledger.entry_mut(slot).visit.as_mut();
        let before = match (known, visit) {
            (Some(known), Some(visit)) if known.claims_the_same(&visit) => {
                // An approval changes no total. A neighbour sees of it only that it was sent later, which decides
                // between two of equal evidence: the other one is named by a finding, or a counterpart.
                *known = visit;
                if self.assess_new(slot, &mut affected, out) {
                    self.mark_periods_dirty(slot);
                }
                None
            }
            (_, visit) => self.retract_and_insert(slot, visit, &mut affected, out),
        };
        self.affected_by_devices(&mut affected);
        self.assess_all(&mut affected, slot, out);
        self.assess_by_source(out);
        for visit in before.iter().chain(self.state.ledger.visit(slot)) {
            self.hold_limits.paid(visit.provider, visit.pay_period);
        }
        self.apply_limits(out);
        debug_assert!(
            self.has_fact_consequences() || self.nothing_was_overlooked(slot, before.as_ref()),
            "of those after {slot:?}"
        );
        self.scratch.affected = affected;
        self.assess_periods_when_due(out);
    }

    /// Assesses again what a new or former crowd, a changed resolution of a source, or another judgement of an editor,
    /// affects.
    fn assess_by_source(&mut self, out: &mut Vec<Output>) {
        let mut affected = Vec::new();
        self.affected_by_crowds(&mut affected);
        self.affected_by_resolution(&mut affected);
        self.affected_by_corrections(&mut affected);
        self.affected_by_editors(&mut affected);
        if !affected.is_empty() {
            self.assess_with_related(&mut affected, out);
        }
    }

    /// Whether the findings of later visits of the same carers and clients are up to date: checks all neighbours and
    /// a sample of the others, most of which [`crate::engine::assess::affected`] did not name.
    fn nothing_was_overlooked(&mut self, slot: Slot, before: Option<&Visit>) -> bool {
        let visits = before.into_iter().chain(self.state.ledger.visit(slot)).filter(|visit| !visit.open);
        let later = visits.flat_map(|visit| self.state.later(visit));
        // Old visits have lost part of their look-back window; their findings are frozen.
        let whole_from =
            self.state.horizon.0.saturating_add((i64::from(BASELINE_DAYS_MAX) + 2) * DAY_SECONDS);
        let is_whole = |later: &Visit| {
            let month_before = Some(later.pay_period.previous());
            UtcSecond(whole_from) <= later.span.start() && self.state.horizon_month < month_before
        };
        let later = later.filter(|later| is_whole(later.visit));
        let sample =
            later.filter(|later| later.is_neighbour || (later.visit.slot.0 + slot.0).is_multiple_of(16));
        let later: Vec<Slot> = sample.map(|later| later.visit.slot).collect();
        let (counts, work) = (self.rule_counts.clone(), self.state.work.get());
        let overlooked = later.into_iter().find(|slot| {
            self.run_rules(*slot);
            let marks = self.scratch.visit_marks.marks;
            !self.is_up_to_date(*slot) || self.state.ledger.entry(*slot).marks != marks
        });
        self.rule_counts = counts;
        self.state.work.set(work);
        overlooked.is_none()
    }

    /// Retracts the visit in `slot`, inserts `visit` where there is one, and assesses it; adds what this affects to
    /// `affected`. Returns the retracted visit.
    fn retract_and_insert(
        &mut self,
        slot: Slot,
        visit: Option<Visit>,
        affected: &mut Vec<Slot>,
        out: &mut Vec<Output>,
    ) -> Option<Visit> {
        if let Some(before) = self.state.ledger.visit(slot) {
            self.affected_by_retracted_version(before, affected);
        }
        let before = self.retract(slot);
        if let Some(visit) = visit {
            self.hold_limits.visit(
                visit.day,
                Change::Insert,
                &self.state.settings.bounds,
                &mut self.scratch.flipped_breakers,
            );
            self.state.insert(visit);
            let visit = self.state.ledger.counted(slot);
            // Open visits have no findings and are not aggregated.
            let is_closed = !visit.open;
            self.affected_by_late_visit(visit, affected);
            if self.assess_new(slot, affected, out) || is_closed {
                self.mark_periods_dirty(slot);
            }
        } else {
            self.state.ledger.cancelled(slot, self.at.appended_at);
            self.cancelled(slot, before.as_ref(), affected, out);
        }
        before
    }

    /// Retracts the visit in `slot` from totals and limits; its findings stay until its next version is assessed.
    fn retract(&mut self, slot: Slot) -> Option<Visit> {
        let had_length = self.state.ledger.entry(slot).marks.ratio().is_some();
        let visit = self.state.retract(slot)?;
        if had_length {
            self.mark_next_month_stale(visit.client, visit.pay_period);
        }
        if !visit.open {
            self.dirty.mark(&self.state, &self.active_rules, &visit);
        }
        self.hold_limits.visit(
            visit.day,
            Change::Retract,
            &self.state.settings.bounds,
            &mut self.scratch.flipped_breakers,
        );
        if let Some(mut current) = self.visits.remove(&slot) {
            self.count_proposed_holds(&visit, &current, &SubjectState::default());
            (current.rules_proposing_hold, current.held) = (0, None);
            self.state.rates.replace(current.counted.take(), None);
            self.visits.insert(slot, current);
        }
        Some(visit)
    }

    /// Assesses visits whose marks are stale, or whose breaker, cap or base rate changed, until none is left.
    pub(in crate::engine) fn apply_limits(&mut self, out: &mut Vec<Output>) {
        let mut affected = std::mem::take(&mut self.scratch.stale_marks);
        loop {
            self.affected_by_caps(&mut affected);
            for (rule, day) in std::mem::take(&mut self.scratch.flipped_breakers) {
                self.affected_by_breaker(rule, day, &mut affected);
            }
            self.affected_by_rates(&mut affected);
            if affected.is_empty() {
                break;
            }
            self.in_order(&mut affected);
            let mut ripples = Vec::new();
            affected.drain(..).for_each(|slot| self.assess_again(slot, &mut ripples, out));
            affected.append(&mut self.scratch.stale_marks);
        }
        self.scratch.stale_marks = affected;
    }
}
