//! Rules look at pay periods, and what they found is weighed.

use std::cell::Cell;

use hashbrown::HashSet;

use super::assess::{Scratch, Stand};
use super::names::ProviderId;
use super::owed::Owed;
use super::peers::{BORNE_MIN, MonthPool};
use super::period::{Period, Whose};
use super::period_sight::PeriodSight;
use super::rule::{Looking, Noted, Report, Weighed};
use super::score::p_value;
use super::signal::PERIOD_SIGNALS;
use super::tally::{NOTHING, Tally};
use super::world::{Moved, World};
use super::{Engine, Output};
use crate::domain::{Grade, Lowered, Month, UtcSecond};

/// How odd a carer's pay period is, by signal; 1 = not at all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct PeriodSignals(pub(super) [f32; PERIOD_SIGNALS]);

impl Default for PeriodSignals {
    fn default() -> Self {
        Self([1.0; PERIOD_SIGNALS])
    }
}

/// Where what is usual has moved, a carer with fewer than [`BORNE_MIN`] marked visits has no pattern, nor
/// one whose share is at most so large a part of the usual one: every rule's `borne_min` is at least that,
/// and what is told has to be above the usual.
pub(super) const USUAL_PART_MIN: f64 = 0.5;
/// And none whose visits are on the whole longer than usual by no more than this logarithm.
pub const LENGTH_EXCESS_LOG_MIN: f64 = 0.05;

impl Engine {
    /// Looks at the periods that are owed a look, at those for which the usual has moved, and at the budget;
    /// in full, whether or not they changed, where `again`.
    pub(super) fn assess_periods(&mut self, again: bool, out: &mut Vec<Output>) {
        let Owed { periods: owed, turned, .. } = std::mem::take(&mut self.owed);
        let mut periods: Vec<Period> = owed.into_iter().collect();
        periods.append(&mut self.world.tags_counted);
        self.widen(&mut periods, &turned);
        let moved = self.world.refresh_usual();
        self.moved(&moved, &mut periods);
        periods.sort_unstable_by_key(Period::key);
        periods.dedup();
        for period in periods.drain(..) {
            // The first visits of a period are looked at in full, so that what cannot be decided is counted once.
            let again = again || turned.contains(&period);
            self.assess_period(period, again, out);
        }
        self.keep_to_budget(out);
    }

    /// With each the period after (rules look back at the one before), those that could tell that this one has
    /// begun or ended, the pairs that a changed client or carer bears on, and the period before where what is
    /// told of it reads on.
    fn widen(&self, periods: &mut Vec<Period>, turned: &HashSet<Period>) {
        periods.retain(|period| self.is_worth_a_look(*period));
        for at in 0..periods.len() {
            let Period { month, whose } = periods[at];
            let Some(months) = self.world.months_of(whose) else { continue };
            let after = Period { month: month.next(), whose };
            let goes_on = months.get(after.month).is_some();
            if goes_on && self.is_worth_a_look(after) {
                periods.push(after);
            }
            if matches!(whose, Whose::Client(_) | Whose::Provider(_)) && turned.contains(&periods[at]) {
                self.beside(periods[at], periods);
            }
            match whose {
                Whose::Client(client) => {
                    let before = month.previous();
                    let bears =
                        |tally: &Tally| self.reading_on.iter().any(|mark| 0 < tally.count(*mark).borne);
                    if months.get(before).is_some_and(bears) {
                        periods.push(Period { month: before, whose });
                    }
                    self.world.pairs_of(client, before, periods);
                    self.world.pairs_of(client, month, periods);
                    if goes_on {
                        self.world.pairs_of(client, after.month, periods);
                    }
                }
                Whose::Carer(carer) => self.world.main_pairs_of(carer, month, periods),
                _ => {}
            }
        }
    }

    /// Pairs with a small part of the client's visits and tags that nothing was noted about have no
    /// pattern; where one stands about them, it has to be taken back.
    fn is_worth_a_look(&self, period: Period) -> bool {
        match period.whose {
            Whose::Pair(carer, client) => self.world.is_close(carer, client, period.month),
            Whose::Tag(tag) => {
                self.world.tags.contains_key(&(period.month, tag)) || self.periods.contains_key(&period)
            }
            _ => true,
        }
    }

    /// Whom it concerns that a client's or a provider's period has begun, or is empty again: the one
    /// before is over by that, and a provider's carers of the one after have others to be compared with.
    fn beside(&self, period: Period, into: &mut Vec<Period>) {
        let Period { month, whose } = period;
        into.push(Period { month: month.previous(), whose });
        if let Whose::Provider(provider) = whose {
            let after = month.next();
            let at = |tally: &Tally| tally.providers().iter().any(|(known, _)| *known == provider);
            let carers = (0u32..).zip(&self.world.carers);
            let there = carers.filter(|(_, party)| party.months.get(after).is_some_and(at));
            into.extend(there.map(|(id, _)| Period { month: after, whose: Whose::Carer(id.into()) }));
        }
    }

    /// The periods that could say something else now that the usual has moved.
    fn moved(&self, moved: &[(Month, Moved)], into: &mut Vec<Period>) {
        for of_month in moved.chunk_by(|a, b| a.0 == b.0) {
            let month = of_month[0].0;
            let Some(pool) = self.world.pools.get(&month) else { continue };
            self.carers_moved(month, pool, of_month, into);
            let providers =
                (0u32..).zip(&self.world.providers).filter(|(_, months)| months.get(month).is_some());
            into.extend(
                providers.map(|(id, _)| Period { month, whose: Whose::Provider(ProviderId::from(id)) }),
            );
        }
        let months = |period: &&Period| moved.iter().any(|(month, _)| *month == period.month);
        into.extend(self.periods.keys().filter(months));
    }

    /// The carers that could say something else.
    fn carers_moved(&self, month: Month, pool: &MonthPool, moved: &[(Month, Moved)], into: &mut Vec<Period>) {
        // Of most marks nobody bears as many as a pattern has, early in a month above all.
        let any = |what: &Moved| match what {
            Moved::Share(mark) => 0 < pool.bearers[*mark as usize],
            Moved::Length => true,
        };
        let moved: Vec<Moved> = moved.iter().map(|(_, what)| *what).filter(any).collect();
        if moved.is_empty() {
            return;
        }
        let could = |tally: &Tally, what: &Moved| match what {
            Moved::Share(mark) => {
                let (count, usual) = (tally.count(*mark), pool.usual[*mark as usize].share);
                BORNE_MIN <= count.borne && usual * USUAL_PART_MIN < count.share()
            }
            Moved::Length => pool.usual_length.mean + LENGTH_EXCESS_LOG_MIN < tally.residual.mean(),
        };
        for (id, party) in (0u32..).zip(&self.world.carers) {
            let Some(tally) = party.months.get(month) else { continue };
            if moved.iter().any(|what| could(tally, what)) {
                into.push(Period { month, whose: Whose::Carer(id.into()) });
            }
        }
    }

    /// Assesses a period where what the rules say of it changed, or `again` all the same.
    pub(super) fn assess_period(&mut self, period: Period, again: bool, out: &mut Vec<Output>) {
        if Some(period.month) <= self.world.horizon_month {
            // Part of it is no longer kept: what was said of it stands.
            return;
        }
        let tally = self.world.tally_of(period.whose, period.month).unwrap_or(&NOTHING);
        let provider = self.world.main_provider(period.whose, tally);
        if tally.is_empty() && !matches!(period.whose, Whose::Tag(_)) {
            // Nor is anything said where nothing counts any more: most such periods are never looked at.
            if let Whose::Carer(carer) = period.whose {
                self.carer_signals.remove(&(carer, period.month));
            }
            self.scratch.hits.clear();
            if self.periods.contains_key(&period) {
                self.settle_period(period, provider, 0, out);
            }
            return;
        }
        let sight = PeriodSight {
            world: &self.world,
            period,
            tally,
            provider,
            signals: Cell::new(PeriodSignals::default().0),
        };
        let looking = &self.looking[period.whose.kind() as usize];
        // A polynomial in the words: none of them is lost in the others.
        let word = looking.iter().fold(0_u64, |sum, looking| {
            let rule = &self.rules[usize::from(looking.rule)].rule;
            let word = if looking.could_tell(tally) { rule.period_word(&sight) } else { 0 };
            sum.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(word)
        });
        if let Whose::Carer(carer) = period.whose {
            let (key, signals) = ((carer, period.month), PeriodSignals(sight.signals.get()));
            // Most carers are not odd at all.
            if signals == PeriodSignals::default() {
                self.carer_signals.remove(&key);
            } else {
                self.carer_signals.insert(key, signals);
            }
        }
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
        for Looking { rule, .. } in looking {
            let noted = &mut Noted::default();
            let report = &mut Report { rule: *rule, hits, undetermined, noted };
            self.rules[usize::from(*rule)].rule.period(&sight, report);
        }
        for (rule, fact) in undetermined.drain(..) {
            self.rule_counts[usize::from(rule)].undetermined(fact);
        }
        if self.periods.contains_key(&period) || !self.scratch.hits.is_empty() {
            self.settle_period(period, provider, word, out);
        }
    }

    /// Makes the hits in the scratch what stands about a period.
    fn settle_period(
        &mut self,
        period: Period,
        provider: Option<ProviderId>,
        word: u64,
        out: &mut Vec<Output>,
    ) {
        let mut hits = std::mem::take(&mut self.scratch.hits);
        hits.retain(|weighed| !self.period_excepted(weighed.rule, period, provider));
        let shadow = |weighed: &Weighed| self.rules[usize::from(weighed.rule)].shadow;
        hits.iter_mut()
            .filter(|weighed| shadow(weighed))
            .for_each(|weighed| weighed.lower(Grade::Observe, Lowered::Shadow));
        let asking = hits.iter().any(|weighed| Grade::Observe < weighed.hit.grade);
        let hard =
            hits.iter().any(|weighed| Grade::Observe < weighed.hit.grade && weighed.hit.p_value.is_none());
        let chance = p_value(&hits).filter(|_| asking && !hard);
        if chance.is_some() && self.over_budget.contains(&period) {
            hits.iter_mut().for_each(|weighed| weighed.lower(Grade::Observe, Lowered::ReviewBudget));
        }
        let before = self.periods.remove(&period).unwrap_or_default();
        self.count_new(&hits, &before.hits);
        let stand = Stand { hits, provider, word, chance, ..Stand::default() };
        self.budget_moved |= stand.chance != before.chance;
        let changed = stand.hits != before.hits || stand.provider != before.provider;
        if changed && (before.is_alert() || stand.is_alert()) {
            out.push(Output::Alert(Box::new(self.period_alert(period, &stand, &before))));
        }
        self.ask_about(period, &stand.hits, out);
        self.world.note_pair(period, !stand.hits.is_empty());
        if !stand.hits.is_empty() {
            self.periods.insert(period, stand);
        }
    }

    fn period_excepted(&self, rule: u16, period: Period, provider: Option<ProviderId>) -> bool {
        let id = self.rules[usize::from(rule)].id;
        let at = self.period_start(period);
        let (carer, client) = match period.whose {
            Whose::Carer(carer) => (Some(carer), None),
            Whose::Client(client) => (None, Some(client)),
            Whose::Pair(carer, client) => (Some(carer), Some(client)),
            Whose::Provider(_) | Whose::Tag(_) => (None, None),
        };
        self.world.facts.has_exceptions() && self.world.facts.excepts(id, at, carer, client, provider)
    }

    /// The subject's name: an order that does not depend on that of arrival.
    pub(super) fn name_of(&self, period: Period) -> String {
        let names = &self.world.registry;
        match period.whose {
            Whose::Carer(carer) => names.carers.text(carer).to_owned(),
            Whose::Client(client) => names.clients.text(client).to_owned(),
            Whose::Pair(carer, client) => {
                format!("{}:{}", names.carers.text(carer), names.clients.text(client))
            }
            Whose::Provider(provider) => names.providers.text(provider).to_owned(),
            Whose::Tag(tag) => names.texts.text(tag).to_owned(),
        }
    }

    /// The subject's id: its name and the pay period.
    pub(super) fn subject_id(&self, period: Period) -> String {
        format!("{}:{}", self.name_of(period), period.month)
    }

    pub(super) fn period_start(&self, period: Period) -> UtcSecond {
        self.world.settings.zone.instant(period.month, 1, 0)
    }
}

impl World {
    /// The provider that most visits of a period belong to; the first by name where several do.
    pub(super) fn main_provider(&self, whose: Whose, tally: &Tally) -> Option<ProviderId> {
        if let Whose::Provider(provider) = whose {
            return Some(provider);
        }
        if let [(only, _)] = tally.providers() {
            return Some(*only);
        }
        let names = &self.registry.providers;
        let first = |a: &&(ProviderId, u32), b: &&(ProviderId, u32)| {
            a.1.cmp(&b.1).then_with(|| names.text(b.0).cmp(names.text(a.0)))
        };
        tally.providers().iter().max_by(first).map(|(provider, _)| *provider)
    }
}
