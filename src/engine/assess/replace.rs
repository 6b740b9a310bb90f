//! One version takes the place of another, and what this can change is looked at again.

use crate::domain::{EventType, Month, Registration, UtcSecond};
use crate::engine::alert::subject::SubjectState;
use crate::engine::model::interner::{ClientId, ProviderId, TextId};
use crate::engine::model::period::{PeriodSubject, SubjectPeriod};
use crate::engine::model::visit::{Slot, Visit};
use crate::engine::model::{BASELINE_DAYS_MAX, DAY_SECONDS};
use crate::engine::rule::sight::Sight;
use crate::engine::state::facts::Affects;
use crate::engine::state::neighbours::LaterVisit;
use crate::engine::state::timeline;
use crate::engine::totals::count::Change;
use crate::engine::{Engine, Output};

impl Engine {
    /// Puts a version in the place of the one before and assesses all that this can change.
    pub(in crate::engine) fn replace(
        &mut self,
        registration: &Registration<'_>,
        slot: Option<Slot>,
        out: &mut Vec<Output>,
    ) {
        let mut affected = std::mem::take(&mut self.scratch.affected);
        affected.clear();
        let slot = match slot {
            Some(slot) => slot,
            None => {
                self.state.ledger.add(registration.registration_id, registration.version, self.at.appended_at)
            }
        };
        let entry = self.state.ledger.entry_mut(slot);
        entry.version = registration.version;
        entry.appended_at = self.at.appended_at;
        let cancelled = registration.event_type == EventType::Cancelled;
        let visit = (!cancelled).then(|| self.state.visit(registration, slot));
        let known = self.state.ledger.entry_mut(slot).visit.as_mut();
        let before = match (known, visit) {
            (Some(known), Some(visit)) if known.claims_the_same(&visit) => {
                // An approval changes nothing that is counted, and nothing that a neighbour could see.
                *known = visit;
                if self.assess_new(slot, &mut affected, out) {
                    self.mark_periods_dirty(slot);
                }
                None
            }
            (_, visit) => self.retract_and_insert(slot, visit, &mut affected, out),
        };
        self.state.take_visits_with_changed_devices(&mut affected);
        self.assess_all(&mut affected, slot, out);
        for visit in before.iter().chain(self.state.ledger.visit(slot)) {
            self.hold_limits.paid(visit.provider, visit.pay_period);
        }
        self.apply_hold_limits(out);
        debug_assert!(self.nothing_was_overlooked(slot, before.as_ref()), "of those after {slot:?}");
        self.scratch.affected = affected;
        self.assess_periods_when_due(out);
    }

    /// Would the later visits of the same carers and clients be told of as they are: all that are near, and some
    /// of the others? The rules have said of most that they need not be looked at.
    fn nothing_was_overlooked(&mut self, slot: Slot, before: Option<&Visit>) -> bool {
        let visits = before.into_iter().chain(self.state.ledger.visit(slot)).filter(|visit| !visit.open);
        let later = visits.flat_map(|visit| self.state.later(visit));
        // What they look back at is no longer all kept where they are old themselves; what was told of them stays.
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
        let counts = self.rule_counts.clone();
        let overlooked = later.into_iter().find(|slot| {
            self.run_rules(*slot);
            let marks = self.scratch.visit_marks.marks;
            !self.is_up_to_date(*slot) || self.state.ledger.entry(*slot).marks != marks
        });
        self.rule_counts = counts;
        overlooked.is_none()
    }

    /// Takes out what stands in `slot`, puts `visit` in its place where there is one, and assesses that;
    /// whom it concerns is added to `affected`. Returns what stood there.
    fn retract_and_insert(
        &mut self,
        slot: Slot,
        visit: Option<Visit>,
        affected: &mut Vec<Slot>,
        out: &mut Vec<Output>,
    ) -> Option<Visit> {
        // Nothing is ever found about an open visit, nothing that a neighbour is asked about sees it, and
        // it counts in no period.
        if let Some(before) = self.state.ledger.visit(slot).filter(|before| !before.open) {
            self.state.neighbours(before, affected);
            self.dependents_by_lookback(before, affected);
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
            let closed = !visit.open;
            if closed {
                // What comes between two visits can take a finding back, but not make one of theirs.
                self.state.neighbours_with_findings(visit, |slot| self.visits.contains_key(&slot), affected);
                self.dependents_by_lookback(visit, affected);
            }
            if self.assess_new(slot, affected, out) || closed {
                self.mark_periods_dirty(slot);
            }
        } else {
            self.state.ledger.cancelled(slot, self.at.appended_at);
            self.cancelled(slot, before.as_ref(), affected, out);
        }
        before
    }

    /// Takes a version out, and what was counted about it; its findings stay until the next is seen.
    fn retract(&mut self, slot: Slot) -> Option<Visit> {
        let had_length = self.state.ledger.entry(slot).marks.ratio().is_some();
        let visit = self.state.retract(slot)?;
        if had_length {
            self.remark_month_after(visit.client, visit.pay_period);
        }
        if !visit.open {
            self.dirty.mark(&self.state, &visit);
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
            self.visits.insert(slot, current);
        }
        Some(visit)
    }

    /// Assesses again where a breaker or a cap has changed what may be held, until none does.
    fn apply_hold_limits(&mut self, out: &mut Vec<Output>) {
        let mut affected = std::mem::take(&mut self.scratch.to_remark);
        loop {
            let state = &self.state;
            let paid = |(provider, month): (ProviderId, Month)| {
                let months = state.provider(provider);
                let paid = |month| months.get(month).map_or(0, |tally| tally.paid_seconds);
                // What was paid in a month that is no longer whole is not known.
                (state.horizon_month < Some(month)).then(|| paid(month).max(paid(month.previous())))
            };
            self.hold_limits.update_caps(&state.settings.bounds, paid, &mut affected);
            for (rule, day) in std::mem::take(&mut self.scratch.flipped_breakers) {
                let rules_proposing_hold =
                    self.visits.iter().filter(|(_, current)| current.rules_proposing_hold >> rule & 1 == 1);
                let slots = rules_proposing_hold.map(|(slot, _)| *slot);
                let on_day = |slot: &Slot| state.ledger.visit(*slot).is_some_and(|visit| visit.day == day);
                affected.extend(slots.filter(on_day));
            }
            if affected.is_empty() {
                break;
            }
            self.in_order(&mut affected);
            let mut ripples = Vec::new();
            affected.drain(..).for_each(|slot| self.assess_again(slot, &mut ripples, out));
            affected.append(&mut self.scratch.to_remark);
        }
        self.scratch.to_remark = affected;
    }

    /// The later visits that look back at `visit`, which stands; and the carer's day, where that is a long one.
    fn dependents_by_lookback(&self, visit: &Visit, into: &mut Vec<Slot>) {
        let mut sight = None;
        for LaterVisit { visit: later, is_neighbour } in self.state.later(visit) {
            if later.open {
                continue;
            }
            let sight = sight.get_or_insert_with(|| Sight::new(&self.state, visit));
            let mut rules = self.active_rules.visit.iter().map(|active| &active.run);
            if rules.any(|run| (is_neighbour || run.reads_history()) && run.depends_on(sight, later)) {
                into.push(later.slot);
            }
        }
        if let Some(minutes) = self.long_day_minutes {
            self.state.long_day(visit, minutes, into);
        }
    }

    /// The visits to others that were captured with a tag of `client`.
    fn with_a_tag_of(&self, client: ClientId, into: &mut Vec<Slot>) {
        let tags = self.state.facts.tags_of(client);
        if tags.is_empty() {
            return;
        }
        let of = |tag: Option<TextId>| tag.is_some_and(|tag| tags.contains(&tag));
        let visits = self.state.ledger.visits();
        let strange =
            visits.filter(|visit| visit.client != client && (of(visit.start_tag) || of(visit.end_tag)));
        into.extend(strange.map(|visit| visit.slot));
    }

    /// Assesses again what a changed fact touches.
    pub(in crate::engine) fn touch(&mut self, affects: Affects, out: &mut Vec<Output>) {
        let slots = |pins: &[timeline::Pin]| pins.iter().map(|pin| pin.slot).collect();
        let mut affected: Vec<Slot> = match affects {
            Affects::Nothing => return,
            Affects::Money => return self.publish_all(out),
            Affects::Client(client) => slots(self.state.client(client).timeline.all()),
            Affects::Home(client) => {
                let mut there: Vec<Slot> = slots(self.state.client(client).timeline.all());
                self.with_a_tag_of(client, &mut there);
                there
            }
            Affects::Carer(carer) => slots(self.state.carer(carer).timeline.all()),
            Affects::Provider(provider) => {
                let of_provider = self.state.ledger.visits().filter(|visit| visit.provider == provider);
                of_provider.map(|visit| visit.slot).collect()
            }
            Affects::Tag(tag) => {
                let with = |visit: &&Visit| visit.start_tag == Some(tag) || visit.end_tag == Some(tag);
                self.state.ledger.visits().filter(with).map(|visit| visit.slot).collect()
            }
            Affects::Month(month) => {
                self.publish_all(out);
                let of = self.state.ledger.visits().filter(|visit| visit.pay_period == month);
                of.map(|visit| visit.slot).collect()
            }
            Affects::Everything => self.state.ledger.visits().map(|visit| visit.slot).collect(),
        };
        if self.state.facts.has_exceptions() {
            // A finding that an exception silences does not name the other side, which has its own say.
            for slot in affected.clone() {
                self.state.neighbours(self.state.ledger.counted(slot), &mut affected);
            }
        }
        self.assess_with_related(&mut affected, out);
        self.apply_hold_limits(out);
        let mut periods: Vec<SubjectPeriod> = self.state.periods();
        periods.retain(|period| match affects {
            Affects::Carer(carer) => {
                matches!(period.subject, PeriodSubject::Carer(of) | PeriodSubject::Pair(of, _) if of == carer)
            }
            Affects::Client(client) | Affects::Home(client) => {
                matches!(period.subject, PeriodSubject::Client(of) | PeriodSubject::Pair(_, of) if of == client)
                    || matches!(period.subject, PeriodSubject::Provider(_))
            }
            Affects::Month(month) => period.month == month,
            Affects::Tag(_) | Affects::Money => false,
            Affects::Nothing | Affects::Provider(_) | Affects::Everything => true,
        });
        self.dirty.periods.extend(periods);
        self.assess_periods(true, out);
    }
}
