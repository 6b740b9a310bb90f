//! Assessment of visits: runs the visit rules, counts marks, weighs and commits findings.

use std::mem;

use crate::domain::{Day, Grade, Lowered, MissingFact, Month};
use crate::engine::alert::limits::Held;
use crate::engine::alert::subject::SubjectState;
use crate::engine::model::ASSESSMENT_WORK;
use crate::engine::model::interner::ClientId;
use crate::engine::model::signal::Signal;
use crate::engine::model::visit::{Slot, Visit};
use crate::engine::rule::hit::{RuleHit, union_seconds};
use crate::engine::rule::interface::ActiveVisitRule;
use crate::engine::rule::pairs::Pairs;
use crate::engine::rule::report::{Report, VisitMarks};
use crate::engine::rule::sight::Sight;
use crate::engine::state::rates::{Findings, Rarity, RateSource};
use crate::engine::totals::count::Change;
use crate::engine::{Engine, Output};

/// Buffers that are reused for every registration.
#[derive(Default)]
pub(in crate::engine) struct Scratch {
    pub(in crate::engine) affected: Vec<Slot>,
    pub(in crate::engine) hits: Vec<RuleHit>,
    pub(in crate::engine) undetermined: Vec<(u16, MissingFact)>,
    pub(in crate::engine) visit_marks: VisitMarks,
    /// Visits whose findings depend on the visit, beside those that its hits name.
    pub(in crate::engine) counterparts: Vec<Slot>,
    rules_proposing_hold: u64,
    /// Rules with a hit of grade review or hold, before any limit; bit by rule.
    rules_found: u64,
    /// Visits whose marks may have changed with their client's mean length.
    pub(in crate::engine) stale_marks: Vec<Slot>,
    /// Breakers that opened or closed: rule and local day.
    pub(in crate::engine) flipped_breakers: Vec<(u16, Day)>,
}

impl Engine {
    /// Runs every rule on the visit in `slot`; leaves hits, marks and counterparts in the scratch.
    pub(in crate::engine) fn run_rules(&mut self, slot: Slot) {
        let Scratch {
            hits, undetermined, visit_marks, counterparts, rules_proposing_hold, rules_found, ..
        } = &mut self.scratch;
        hits.clear();
        undetermined.clear();
        counterparts.clear();
        *visit_marks = VisitMarks::default();
        (*rules_proposing_hold, *rules_found) = (0, 0);
        let state = &self.state;
        let Some(visit) = state.ledger.visit(slot) else { return };
        // Open visits have no findings; debug builds check that of every rule.
        if visit.open && !cfg!(debug_assertions) {
            return;
        }
        state.count_work(ASSESSMENT_WORK);
        let sight = Sight::new(state, visit);
        let (clock, mut wait_until) = (self.deferred.clock, None);
        let mut report = Report {
            rule: 0,
            hits,
            undetermined,
            visit_marks,
            counterparts,
            pairs: Pairs::default(),
            is_worded: false,
            clock,
            wait_until: &mut wait_until,
        };
        for ActiveVisitRule { rule, run, .. } in &self.active_rules.visit {
            report.of_rule(*rule, &sight, |report| run.visit(&sight, report));
        }
        if let Some(due) = wait_until {
            self.deferred.wait(due, slot);
        }
        debug_assert!(
            !visit.open
                || hits.is_empty() && undetermined.is_empty() && *visit_marks == VisitMarks::default()
        );
        for (rule, fact) in undetermined.iter() {
            self.rule_counts[usize::from(*rule)].undetermined(*fact);
        }
        if !hits.is_empty() {
            self.grade_hits(slot);
        }
    }

    /// Drops the hits in the scratch that an exception silences, and lowers those beyond a limit.
    fn grade_hits(&mut self, slot: Slot) {
        let Scratch { hits, rules_proposing_hold, rules_found, .. } = &mut self.scratch;
        let state = &self.state;
        let visit = state.ledger.counted(slot);
        if state.facts.has_exceptions() {
            let (carer, client, provider) = (Some(visit.carer), Some(visit.client), Some(visit.provider));
            hits.retain(|rule_hit| {
                let id = self.rules[usize::from(rule_hit.rule)].definition.id;
                !state.facts.excepts(id, visit.span.start(), carer, client, provider)
            });
        }
        for rule_hit in hits {
            let rule = rule_hit.rule;
            if self.rules[usize::from(rule)].shadow {
                rule_hit.lower(Grade::Observe, Lowered::Shadow);
                continue;
            }
            if Grade::Observe < rule_hit.hit.grade {
                let is_of_source = !rule_hit.hit.is_of_one_person;
                if is_of_source {
                    *rules_found |= 1 << rule;
                }
                let Rarity { half_decades, is_habit } = state.rates.rarity(RateSource::of(visit), rule);
                rule_hit.surprise = Some(half_decades);
                if is_habit && is_of_source && rule_hit.hit.grade == Grade::Review {
                    rule_hit.lower(Grade::Observe, Lowered::Habit);
                }
            }
            if rule_hit.hit.grade == Grade::Hold {
                *rules_proposing_hold |= 1 << rule;
                if self.hold_limits.is_capped((visit.provider, visit.pay_period), slot) {
                    rule_hit.lower(Grade::Review, Lowered::HeldShareCap);
                }
                if self.hold_limits.is_open(rule, visit.day) {
                    rule_hit.lower(Grade::Review, Lowered::Breaker);
                }
            }
        }
    }

    /// Replaces the visit's marks by those in the scratch; returns whether that changed them.
    fn count_marks(&mut self, slot: Slot) -> bool {
        let VisitMarks { marks, .. } = self.scratch.visit_marks;
        let ratio_before = self.state.ledger.entry(slot).marks.ratio();
        let changed = self.state.set_marks(slot, marks);
        if changed && marks.ratio() != ratio_before {
            let visit = self.state.ledger.counted(slot);
            self.mark_next_month_stale(visit.client, visit.pay_period);
        }
        changed
    }

    /// Marks the periods that the visit counts in dirty.
    pub(in crate::engine) fn mark_periods_dirty(&mut self, slot: Slot) {
        self.dirty.mark(&self.state, &self.active_rules, self.state.ledger.counted(slot));
    }

    /// Marks of the client's next month are stale: the client's mean length of `month` changed.
    pub(in crate::engine) fn mark_next_month_stale(&mut self, client: ClientId, month: Month) {
        let mut stale = mem::take(&mut self.scratch.stale_marks);
        self.affected_by_client_baseline(client, month, &mut stale);
        self.scratch.stale_marks = stale;
    }

    /// Assesses a registration whose version was just inserted; always publishes the assessment. Returns whether its
    /// marks changed.
    pub(in crate::engine) fn assess_new(
        &mut self,
        slot: Slot,
        affected: &mut Vec<Slot>,
        out: &mut Vec<Output>,
    ) -> bool {
        self.run_rules(slot);
        let counted_anew = self.count_marks(slot);
        let combined = self.combined(slot);
        out.push(Output::Assessed(self.just_assessed(slot, combined)));
        self.commit_findings(slot, true, affected, out);
        counted_anew
    }

    /// Assesses a registration again; publishes only where its findings changed.
    pub(in crate::engine) fn assess_again(
        &mut self,
        slot: Slot,
        affected: &mut Vec<Slot>,
        out: &mut Vec<Output>,
    ) {
        self.run_rules(slot);
        if self.count_marks(slot) {
            self.mark_periods_dirty(slot);
        }
        if self.is_up_to_date(slot) && self.are_sentences_up_to_date(slot) {
            self.commit_counterparts(slot, affected);
        } else {
            out.push(Output::Assessed(self.just_assessed(slot, None)));
            self.commit_findings(slot, false, affected, out);
        }
    }

    /// Whether the visit's current findings are those in the scratch, by their numbers.
    pub(in crate::engine) fn is_up_to_date(&self, slot: Slot) -> bool {
        let Scratch { hits, rules_proposing_hold, .. } = &self.scratch;
        match self.visits.get(&slot) {
            Some(current) => {
                have_same_numbers(&current.hits, hits)
                    && current.rules_proposing_hold == *rules_proposing_hold
            }
            None => hits.is_empty(),
        }
    }

    /// The calibrated p-value of the visit's signals and those of its carer's pay period.
    fn combined(&mut self, slot: Slot) -> Option<f64> {
        let visit = self.state.ledger.counted(slot);
        if visit.open {
            return None;
        }
        self.calibration.advance(visit.day);
        let VisitMarks { marks, signals } = self.scratch.visit_marks;
        let of_visit = Signal::ALL.into_iter().zip(signals).filter_map(|(signal, raw)| Some((signal, raw?)));
        let of_visit = self.calibration.learn(of_visit);
        let of_period = self.carer_signals.get(&(visit.carer, visit.pay_period)).copied().unwrap_or_default();
        let of_period = Signal::ALL.into_iter().skip(Signal::VISIT_COUNT).zip(of_period.0.map(f64::from));
        // A visit without a period signal's mark is no part of that pattern.
        let of_carer = of_period
            .map(|(signal, raw)| (signal, if raw < 1.0 && signal.contributes(&marks) { raw } else { 1.0 }));
        let of_carer = self.calibration.learn(of_carer);
        self.calibration.weigh(of_visit, of_carer).combined
    }

    /// Stores the scratch counterparts of a visit whose findings are up to date; adds them, and those before, to
    /// `affected`.
    fn commit_counterparts(&mut self, slot: Slot, affected: &mut Vec<Slot>) {
        let counterparts = &mut self.scratch.counterparts;
        affected.extend_from_slice(counterparts);
        if let Some(current) = self.visits.get_mut(&slot) {
            affected.append(&mut current.counterparts);
            mem::swap(&mut current.counterparts, counterparts);
            if current.hits.is_empty() && current.counterparts.is_empty() {
                self.visits.remove(&slot);
            }
        } else if !counterparts.is_empty() {
            let counterparts = mem::take(counterparts);
            self.visits.insert(slot, SubjectState { counterparts, ..SubjectState::default() });
        }
    }

    /// Stores the scratch hits and counterparts as the visit's current ones; adds the registrations that they name, or
    /// that the ones before named, to `affected`.
    fn commit_findings(
        &mut self,
        slot: Slot,
        republish: bool,
        affected: &mut Vec<Slot>,
        out: &mut Vec<Output>,
    ) {
        let before = self.visits.remove(&slot);
        if before.is_none() && self.scratch.hits.is_empty() {
            return self.commit_counterparts(slot, affected);
        }
        let (mut hits, counterparts) =
            (mem::take(&mut self.scratch.hits), mem::take(&mut self.scratch.counterparts));
        if hits.iter().any(|rule_hit| Grade::Observe < rule_hit.hit.grade) {
            self.write_sentences(slot, &mut hits);
        }
        let visit = self.state.ledger.counted(slot).clone();
        let before = before.unwrap_or_default();
        self.count_new(&hits, &before.hits);
        before.entities.iter().for_each(|of| self.state.count_findings(*of, Change::Retract));
        let changed = republish || before.hits != hits;
        let written_by = self.written_by(slot, &hits);
        let Scratch { rules_proposing_hold, rules_found, .. } = self.scratch;
        let counted = (rules_found != 0).then(|| Findings {
            source: RateSource::of(&visit),
            carer: visit.carer,
            rules: rules_found,
        });
        self.state.rates.replace(before.counted, counted);
        let mut current = SubjectState {
            counted,
            held: held(&visit, &hits, rules_proposing_hold),
            entities: (!hits.is_empty()).then_some((visit.carer, visit.client)),
            hits,
            counterparts,
            written_by,
            rules_proposing_hold,
            proposed_at: before.proposed_at,
            ..SubjectState::default()
        };
        Self::affected_by_findings(&before, &current, affected);
        self.count_proposed_holds(&visit, &before, &current);
        if current.is_hold() {
            current.proposed_at = current.proposed_at.or(Some(self.at.appended_at));
        }
        if changed && (before.is_alert() || current.is_alert()) {
            out.push(Output::Alert(Box::new(self.visit_alert(&visit, &current, &before))));
        }
        current.entities.iter().for_each(|of| self.state.count_findings(*of, Change::Insert));
        if !current.hits.is_empty() || !current.counterparts.is_empty() {
            self.visits.insert(slot, current);
        }
    }

    /// Counts a visit's proposed holds for breakers and caps.
    pub(in crate::engine) fn count_proposed_holds(
        &mut self,
        visit: &Visit,
        before: &SubjectState,
        now: &SubjectState,
    ) {
        for rule in crate::engine::model::mark::bits64(before.rules_proposing_hold ^ now.rules_proposing_hold)
        {
            let proposed = now.rules_proposing_hold >> rule & 1 == 1;
            let change = if proposed { Change::Insert } else { Change::Retract };
            self.hold_limits.hold(rule, visit.day, change);
            if self.hold_limits.update_breaker(rule, visit.day, &self.state.settings.bounds) {
                self.scratch.flipped_breakers.push((rule, visit.day));
            }
        }
        let ledger = &self.state.ledger;
        let by_id = |a, b| ledger.id(a).cmp(ledger.id(b));
        self.hold_limits.held((visit.provider, visit.pay_period), before.held, now.held, by_id);
    }

    /// Withdraws the findings of a cancelled registration.
    pub(in crate::engine) fn cancelled(
        &mut self,
        slot: Slot,
        visit: Option<&Visit>,
        affected: &mut Vec<Slot>,
        out: &mut Vec<Output>,
    ) {
        let (Some(before), Some(visit)) = (self.visits.remove(&slot), visit) else { return };
        Self::affected_by_cancellation(&before, affected);
        before.entities.iter().for_each(|of| self.state.count_findings(*of, Change::Retract));
        self.count_proposed_holds(visit, &before, &SubjectState::default());
        self.state.rates.replace(before.counted, None);
        if before.is_alert() {
            out.push(Output::Alert(Box::new(self.visit_alert(visit, &SubjectState::default(), &before))));
        }
    }

    /// Assesses `affected` again, without `except`, which was just assessed.
    pub(in crate::engine) fn assess_all(
        &mut self,
        affected: &mut Vec<Slot>,
        except: Slot,
        out: &mut Vec<Output>,
    ) {
        if affected.is_empty() {
            return;
        }
        let mut ripples = Vec::new();
        self.in_order(affected);
        for slot in affected.iter().filter(|slot| **slot != except) {
            self.assess_again(*slot, &mut ripples, out);
        }
    }

    /// Assesses `affected` again, and then the registrations that their findings name or named.
    pub(in crate::engine) fn assess_with_related(&mut self, affected: &mut Vec<Slot>, out: &mut Vec<Output>) {
        let mut related = Vec::new();
        self.in_order(affected);
        affected.iter().for_each(|slot| self.assess_again(*slot, &mut related, out));
        self.in_order(&mut related);
        let mut ripples = Vec::new();
        related.iter().for_each(|slot| self.assess_again(*slot, &mut ripples, out));
    }

    /// Sorts counted registrations by start and id, each once, so that outputs do not depend on slots.
    pub(in crate::engine) fn in_order(&self, slots: &mut Vec<Slot>) {
        let ledger = &self.state.ledger;
        slots.retain(|slot| ledger.visit(*slot).is_some());
        slots.sort_unstable_by(|a, b| {
            let key = |slot: &Slot| (ledger.counted(*slot).span, ledger.id(*slot));
            key(a).cmp(&key(b))
        });
        slots.dedup();
    }

    pub(in crate::engine) fn count_new(&mut self, hits: &[RuleHit], before: &[RuleHit]) {
        let is_new = |new: &&RuleHit| !before.iter().any(|known| known.has_numbers_of(new));
        for new in hits.iter().filter(is_new) {
            let counts = &mut self.rule_counts[usize::from(new.rule)];
            counts.hits[new.hit.grade as usize] += 1;
            if let Some(reason) = new.lowered {
                counts.lowered[reason as usize] += 1;
            }
        }
    }
}

fn have_same_numbers(some: &[RuleHit], others: &[RuleHit]) -> bool {
    some.len() == others.len() && some.iter().zip(others).all(|(one, other)| one.has_numbers_of(other))
}

/// The seconds that the hits of `rules_proposing_hold` dispute; `None` without such rules.
fn held(visit: &Visit, hits: &[RuleHit], rules_proposing_hold: u64) -> Option<Held> {
    (rules_proposing_hold != 0).then(|| {
        let grave = hits.iter().filter(|rule_hit| rules_proposing_hold >> rule_hit.rule & 1 == 1);
        let seconds = union_seconds(grave);
        Held { start: visit.span.start(), slot: visit.slot, seconds }
    })
}
