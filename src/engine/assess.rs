//! Rules look, and what they found is weighed.

use super::names::{CarerId, ClientId, ProviderId};
use super::rule::{Hit, Report};
use super::sight::{PeriodSight, Sight};
use super::tally::Period;
use super::visit::{Slot, Visit};
use super::world::World;
use super::{Engine, Output};
use crate::domain::{Assessment, Grade, UtcSecond, round_significant};

/// Hard findings begin here; a p-value reaches at most just below.
const HARD_SCORE: f64 = 6.0;
/// A finding that proposes a hold ranks above one of the same length that asks for a review.
const HOLD_SCORE: f64 = 1.0;

/// What stands about a subject.
#[derive(Clone, Debug, Default)]
pub(super) struct Stand {
    /// The hits with the place of their rule in the list.
    pub(super) hits: Vec<(u16, Hit)>,
    /// Append time of the record that first led to the hold.
    pub(super) proposed_at: Option<UtcSecond>,
    /// On whose timelines it is marked; `None` for periods.
    pub(super) parties: Option<(CarerId, ClientId)>,
    /// The provider that the alert about a period names; `None` for visits.
    provider: Option<ProviderId>,
    /// What the rules said of a period, as a number.
    word: u64,
}

impl Stand {
    pub(super) fn grade(&self) -> Option<Grade> {
        self.hits.iter().map(|(_, hit)| hit.grade).max()
    }

    /// `observe` alone makes no alert.
    pub(super) fn is_alert(&self) -> bool {
        self.grade() > Some(Grade::Observe)
    }

    pub(super) fn is_hold(&self) -> bool {
        self.grade() == Some(Grade::Hold)
    }
}

/// Vectors that are used again for every registration.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) affected: Vec<Slot>,
    hits: Vec<(u16, Hit)>,
    undetermined: Vec<(u16, &'static str)>,
}

/// What one rule has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleCounts {
    /// The rule's id.
    pub rule: &'static str,
    /// Findings that came new, by grade: observe, review, hold.
    pub hits: [u64; 3],
    /// Answers "undetermined", by the fact that was missing.
    pub undetermined: Vec<(&'static str, u64)>,
}

impl RuleCounts {
    pub(super) const fn new(rule: &'static str) -> Self {
        Self { rule, hits: [0; 3], undetermined: Vec::new() }
    }

    fn undetermined(&mut self, fact: &'static str) {
        match self.undetermined.iter_mut().find(|(known, _)| *known == fact) {
            Some((_, count)) => *count += 1,
            None => self.undetermined.push((fact, 1)),
        }
    }
}

/// That a registration was assessed; [`Engine::assessment`] tells it in full.
#[derive(Clone, Debug, PartialEq)]
pub struct Assessed {
    /// 0 = nothing unusual; higher = look first.
    pub score: f64,
    /// The smallest p-value, where a statistic spoke.
    pub p_value: Option<f64>,
    /// The gravest grade, where anything was found.
    pub grade: Option<Grade>,
    slot: Slot,
    version: u32,
    at: UtcSecond,
    rules: u64,
    related: Vec<Slot>,
}

impl World {
    /// Takes a standing off its timelines.
    pub(super) fn unmark(&mut self, stand: &Stand) {
        self.mark(stand, |standing| standing - 1);
    }

    fn mark(&mut self, stand: &Stand, change: impl Fn(u32) -> u32) {
        if let Some((carer, client)) = stand.parties {
            for party in [&mut self.carers[carer.0 as usize], &mut self.clients[client.0 as usize]] {
                party.timeline.standing = change(party.timeline.standing);
            }
        }
    }
}

impl Engine {
    /// Lets every rule (or only those that read history) look at the visit in `slot`; the hits are
    /// in the scratch after it. Was anything found, be it silenced by an exception?
    fn look(&mut self, slot: Slot) -> bool {
        let Scratch { hits, undetermined, .. } = &mut self.scratch;
        hits.clear();
        undetermined.clear();
        let world = &self.world;
        let Some(visit) = world.ledger.visit(slot) else { return false };
        let sight = Sight { world, visit };
        for (number, listed) in (0u16..).zip(self.rules.iter()).filter(|(_, listed)| !listed.looks_at_periods)
        {
            listed.rule.visit(&sight, &mut Report { rule: number, hits, undetermined });
        }
        let found = !hits.is_empty();
        if world.facts.has_exceptions() {
            let (carer, client, provider) = (Some(visit.carer), Some(visit.client), Some(visit.provider));
            hits.retain(|(rule, _)| {
                let id = self.rules[usize::from(*rule)].id;
                !world.facts.excepts(id, visit.span.start(), carer, client, provider)
            });
        }
        for (rule, fact) in undetermined.drain(..) {
            self.rule_counts[usize::from(rule)].undetermined(fact);
        }
        found
    }

    /// Assesses a registration whose version was just placed; always tells the assessment.
    pub(super) fn assess_new(&mut self, slot: Slot, affected: &mut Vec<Slot>, out: &mut Vec<Output>) {
        if self.look(slot) {
            // A finding need not name all whom it concerns: an exception silences one side of a pair,
            // and a copy names its original, not the copies of itself.
            self.world.near(self.world.ledger.counted(slot), affected);
        }
        out.push(Output::Assessed(self.assessed(slot)));
        self.settle(slot, true, affected, out);
    }

    /// Assesses again, without another word where nothing changed.
    fn assess_again(&mut self, slot: Slot, affected: &mut Vec<Slot>, out: &mut Vec<Output>) {
        self.look(slot);
        let same = match self.visits.get(&slot) {
            Some(stand) => stand.hits == self.scratch.hits,
            None => self.scratch.hits.is_empty(),
        };
        if !same {
            out.push(Output::Assessed(self.assessed(slot)));
            self.settle(slot, false, affected, out);
        }
    }

    /// Makes the hits in the scratch what stands about the visit in `slot`; the registrations that
    /// they name, and that the ones before named, are added to `affected`.
    fn settle(&mut self, slot: Slot, retell: bool, affected: &mut Vec<Slot>, out: &mut Vec<Output>) {
        let hits = std::mem::take(&mut self.scratch.hits);
        let before = self.visits.remove(&slot);
        if before.is_none() && hits.is_empty() {
            self.scratch.hits = hits;
            return;
        }
        let visit = self.world.ledger.counted(slot).clone();
        let before = before.unwrap_or_default();
        affected.extend(before.hits.iter().chain(&hits).flat_map(|(_, hit)| hit.related.iter().copied()));
        self.count_new(&hits, &before.hits);
        self.world.unmark(&before);
        let changed = retell || before.hits != hits;
        let mut stand = Stand {
            word: 0,
            hits,
            proposed_at: before.proposed_at,
            parties: Some((visit.carer, visit.client)),
            provider: None,
        };
        if stand.is_hold() {
            stand.proposed_at = stand.proposed_at.or(Some(self.at.appended_at));
        }
        if changed && (before.is_alert() || stand.is_alert()) {
            out.push(Output::Alert(Box::new(self.visit_alert(&visit, &stand, &before))));
        }
        if !stand.hits.is_empty() {
            self.world.mark(&stand, |standing| standing + 1);
            self.visits.insert(slot, stand);
        }
    }

    /// Takes back what stood about a cancelled registration.
    pub(super) fn cancelled(
        &mut self,
        slot: Slot,
        visit: Option<&Visit>,
        affected: &mut Vec<Slot>,
        out: &mut Vec<Output>,
    ) {
        let (Some(before), Some(visit)) = (self.visits.remove(&slot), visit) else { return };
        affected.extend(before.hits.iter().flat_map(|(_, hit)| hit.related.iter().copied()));
        self.world.unmark(&before);
        if before.is_alert() {
            out.push(Output::Alert(Box::new(self.visit_alert(visit, &Stand::default(), &before))));
        }
    }

    /// Assesses `affected` again, but for `except`, which was just assessed, and what is not kept.
    pub(super) fn assess_all(&mut self, affected: &mut Vec<Slot>, except: Slot, out: &mut Vec<Output>) {
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
    pub(super) fn assess_with_related(&mut self, affected: &mut Vec<Slot>, out: &mut Vec<Output>) {
        let mut related = Vec::new();
        self.in_order(affected);
        affected.iter().for_each(|slot| self.assess_again(*slot, &mut related, out));
        self.in_order(&mut related);
        let mut ripples = Vec::new();
        related.iter().for_each(|slot| self.assess_again(*slot, &mut ripples, out));
    }

    /// Each once, in order of start and id: what is told does not depend on where things are kept.
    fn in_order(&self, slots: &mut Vec<Slot>) {
        let ledger = &self.world.ledger;
        slots.retain(|slot| ledger.visit(*slot).is_some());
        slots.sort_unstable_by(|a, b| {
            let key = |slot: &Slot| (ledger.counted(*slot).span, ledger.id(*slot));
            key(a).cmp(&key(b))
        });
        slots.dedup();
    }

    /// Assesses both periods that a visit counts in.
    pub(super) fn assess_periods(&mut self, periods: [Period; 2], out: &mut Vec<Output>) {
        periods.into_iter().for_each(|period| self.assess_period(period, false, out));
    }

    /// Assesses a period where what the rules say of it changed, or `again` all the same.
    pub(super) fn assess_period(&mut self, period: Period, again: bool, out: &mut Vec<Output>) {
        if Some(period.month()) <= self.world.horizon_month {
            // Part of it is no longer kept: what was said of it stands.
            return;
        }
        let Some(tally) = self.world.tallies.get(&period) else { return };
        let sight = PeriodSight { period, tally };
        let looking = || self.rules.iter().filter(|listed| listed.looks_at_periods);
        // A polynomial in the words: none of them is lost in the others.
        let word = looking().fold(0_u64, |sum, listed| {
            sum.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(listed.rule.period_word(&sight))
        });
        let provider = self.main_provider(period);
        let same = match self.periods.get(&period) {
            Some(stand) => stand.word == word && stand.provider == provider,
            None => word == 0,
        };
        if same && !again {
            return;
        }
        let Scratch { hits, undetermined, .. } = &mut self.scratch;
        hits.clear();
        undetermined.clear();
        for (number, listed) in (0u16..).zip(self.rules.iter()).filter(|(_, listed)| listed.looks_at_periods)
        {
            listed.rule.period(&sight, &mut Report { rule: number, hits, undetermined });
        }
        let before = self.periods.get(&period);
        if before.is_none() && hits.is_empty() {
            return;
        }
        let mut hits = std::mem::take(hits);
        hits.retain(|(rule, _)| !self.period_excepted(*rule, period));
        let before = self.periods.remove(&period).unwrap_or_default();
        self.count_new(&hits, &before.hits);
        let stand = Stand { hits, proposed_at: None, parties: None, provider, word };
        let changed = stand.hits != before.hits || stand.provider != before.provider;
        if changed && (before.is_alert() || stand.is_alert()) {
            out.push(Output::Alert(Box::new(self.period_alert(period, &stand, &before))));
        }
        if !stand.hits.is_empty() {
            self.periods.insert(period, stand);
        }
    }

    fn period_excepted(&self, rule: u16, period: Period) -> bool {
        let id = self.rules[usize::from(rule)].id;
        let at = self.period_start(period);
        let (carer, provider) = match period {
            Period::Carer(carer, _) => (Some(carer), self.main_provider(period)),
            Period::Provider(provider, _) => (None, Some(provider)),
        };
        self.world.facts.has_exceptions() && self.world.facts.excepts(id, at, carer, None, provider)
    }

    fn count_new(&mut self, hits: &[(u16, Hit)], before: &[(u16, Hit)]) {
        for (rule, hit) in hits.iter().filter(|new| !before.contains(new)) {
            self.rule_counts[usize::from(*rule)].hits[hit.grade as usize] += 1;
        }
    }

    fn assessed(&self, slot: Slot) -> Assessed {
        let hits = &self.scratch.hits;
        Assessed {
            score: score(hits),
            p_value: p_value(hits),
            grade: hits.iter().map(|(_, hit)| hit.grade).max(),
            slot,
            version: self.world.ledger.entry(slot).version,
            at: self.at.appended_at,
            rules: hits.iter().fold(0, |rules, (rule, _)| rules | 1 << rule),
            related: hits.iter().flat_map(|(_, hit)| hit.related.iter().copied()).collect(),
        }
    }

    /// An assessment that this engine just put out, in full.
    #[must_use]
    pub fn assessment(&self, assessed: &Assessed) -> Assessment {
        let ledger = &self.world.ledger;
        let id = |slot: &Slot| ledger.id(*slot).to_owned();
        let mut related: Vec<String> = assessed.related.iter().map(id).collect();
        related.sort_unstable();
        related.dedup();
        let spoke = |number: &usize| assessed.rules & 1 << number != 0;
        Assessment {
            registration_id: id(&assessed.slot),
            version: assessed.version,
            score: round_significant(assessed.score, 4),
            p_value: assessed.p_value.map(|p| round_significant(p, 4)),
            grade: assessed.grade,
            rules: (0..self.rules.len()).filter(spoke).map(|number| self.rules[number].id).collect(),
            related,
            assessed_at: assessed.at,
        }
    }
}

/// The smallest p-value among the hits.
pub(super) fn p_value(hits: &[(u16, Hit)]) -> Option<f64> {
    hits.iter().filter_map(|(_, hit)| hit.p_value).min_by(f64::total_cmp)
}

/// 0 = nothing unusual. A hard finding scores from 6 up, by its minutes; a p-value by its decades,
/// below 6 however small it is.
pub(super) fn score(hits: &[(u16, Hit)]) -> f64 {
    let of = |hit: &Hit| match hit.p_value {
        Some(p) => (-p.max(1e-300).log10()).clamp(0.0, HARD_SCORE - 0.01),
        None => {
            let minutes = hit.seconds() as f64 / 60.0;
            let hold = if hit.grade == Grade::Hold { HOLD_SCORE } else { 0.0 };
            HARD_SCORE + hold + (1.0 + minutes).log10()
        }
    };
    hits.iter().map(|(_, hit)| of(hit)).fold(0.0, f64::max)
}
