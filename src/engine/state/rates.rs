//! Base rates: how usual the findings of a rule are where they are made.
//!
//! A rule that fires on one in thirty visits of a provider describes how the provider works, or what its source leaves
//! out; one that fires on one in three thousand has found something. So findings are counted by provider, pay period,
//! rule and kind of capture, and a finding's rank is its surprise under that rate.
//!
//! Whether the findings are a habit is decided over all of a provider's visits, not those of one kind of capture: a
//! finding often makes the capture. A log-out that was forgotten is closed by the system, and a visit that was changed
//! after the lock was typed by the office, so that both are common among the few visits of that kind, at any provider.
//!
//! What one person does is no habit of a provider: the carer with most findings of a rule is left out of its rate, so
//! that a carer's scheme stays as surprising as its first visit. A finding that is about one editor's changes at the visits
//! of many carers is not counted for the same reason.
//!
//! The rate of a pay period is read from that period and the one before. Its class is a function of whole numbers, of
//! which the number of visits is quantized: it moves a few times while the visits double, and findings are assessed
//! again when it does ([`Rates::take_changed`]).

use std::collections::BTreeSet;

use hashbrown::{HashMap, HashSet};

use crate::domain::Month;
use crate::engine::model::interner::{CarerId, ProviderId};
use crate::engine::model::mark::bits64;
use crate::engine::model::visit::Visit;
use crate::engine::stats::peers::quantize;
use crate::engine::totals::count::{Change, Counted};

/// Findings per visit before anything was seen, and how many visits that weighs: a rule is expected to fire on one in
/// a thousand visits, as most do.
const PRIOR_RATE: f64 = 0.001;
const PRIOR_VISITS: f64 = 200.0;
/// Classes per decade.
const CLASSES_A_DECADE: f64 = 2.0;

/// Where findings are counted: a provider's visits of a pay period, by how they were captured. Places and times that a
/// person enters differ from those of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::engine) struct RateSource {
    pub(in crate::engine) provider: ProviderId,
    pub(in crate::engine) month: Month,
    pub(in crate::engine) is_electronic: bool,
}

impl RateSource {
    pub(in crate::engine) const fn of(visit: &Visit) -> Self {
        Self { provider: visit.provider, month: visit.pay_period, is_electronic: visit.is_electronic() }
    }

    fn in_month(self, month: Month) -> Self {
        Self { month, ..self }
    }

    /// Both kinds of capture at the provider in the pay period, by [`CAPTURES`].
    fn both_captures(self) -> [Self; 2] {
        CAPTURES.map(|is_electronic| Self { is_electronic, ..self })
    }
}

/// The kinds of capture: not electronic, electronic.
const CAPTURES: [bool; 2] = [false, true];

/// A number by kind of capture, as [`CAPTURES`], and for both together.
type ByCapture = [u32; 3];

/// How rare a rule's findings are at a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Rarity {
    /// Classes of half a decade below one: 4 is one in a hundred.
    pub(in crate::engine) half_decades: u8,
    /// Whether the rate is so high that the findings describe the source and not its visits.
    pub(in crate::engine) is_habit: bool,
}

/// Findings of one version of a registration, as they are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Findings {
    pub(in crate::engine) source: RateSource,
    pub(in crate::engine) carer: CarerId,
    /// Bit by rule.
    pub(in crate::engine) rules: u64,
}

/// Visits and findings by source.
#[derive(Default)]
pub(in crate::engine) struct Rates {
    /// By kind of capture, as [`CAPTURES`].
    visits: HashMap<(ProviderId, Month), [u32; 2]>,
    /// Findings of a rule by carer.
    findings: HashMap<(RateSource, u16), Counted<CarerId>>,
    /// Share of visits from which findings are a habit, 0 to 1.
    habit_share: f64,
    /// Pay periods before this one are dropped.
    first: Option<Month>,
    /// Providers, pay periods and rules whose findings are a habit; few.
    habits: BTreeSet<(ProviderId, Month, u16)>,
    /// Sources and rules whose class changed.
    changed: HashSet<(RateSource, u16)>,
    /// Providers whose habits changed, or their shares.
    habits_changed: HashSet<(ProviderId, Month)>,
}

impl Rates {
    pub(in crate::engine) fn new(habit_share: f64) -> Self {
        Self { habit_share, ..Self::default() }
    }

    /// Counts a closed visit, or no longer.
    pub(in crate::engine) fn visit(&mut self, visit: &Visit, change: Change) {
        let source = RateSource::of(visit);
        if visit.open || Some(source.month) < self.first {
            return;
        }
        let (provider, month) = (source.provider, source.month);
        let [earlier, of_month, later] =
            [month.previous(), month, month.next()].map(|month| self.visits_in(provider, month));
        let mut changed = of_month;
        change.count(&mut changed[usize::from(source.is_electronic)], 1);
        self.visits.insert((provider, month), changed);
        let months = [month, month.next()];
        let before = [of_both(earlier, of_month), of_both(of_month, later)];
        let now = [of_both(earlier, changed), of_both(changed, later)];
        let is_same = |before: &u32, now: &u32| {
            quantize(f64::from(*before)).to_bits() == quantize(f64::from(*now)).to_bits()
        };
        if before.iter().flatten().zip(now.iter().flatten()).all(|(before, now)| is_same(before, now)) {
            return;
        }
        for rule in self.rules_of([month.previous(), month, month.next()], source) {
            for ((month, before), now) in months.into_iter().zip(before).zip(now) {
                let found = self.found(provider, month, rule);
                let [before, now] = [before, now].map(|visits| self.rarities(found, visits));
                self.note((provider, month, rule), before, now);
            }
        }
    }

    /// Replaces the findings of one registration.
    pub(in crate::engine) fn replace(&mut self, before: Option<Findings>, now: Option<Findings>) {
        if before == now {
            return;
        }
        for (findings, change) in [(before, Change::Retract), (now, Change::Insert)] {
            let Some(Findings { source, carer, rules }) = findings else { continue };
            if Some(source.month) < self.first {
                continue;
            }
            for rule in bits64(rules) {
                let months = [source.month, source.month.next()];
                let before = months.map(|month| self.rarities_of(source.provider, month, rule));
                let carers = self.findings.entry((source, rule)).or_default();
                change.count_key(carers, carer);
                if carers.is_empty() {
                    self.findings.remove(&(source, rule));
                }
                for (month, before) in months.into_iter().zip(before) {
                    let now = self.rarities_of(source.provider, month, rule);
                    self.note((source.provider, month, rule), before, now);
                }
            }
        }
    }

    /// Notes the classes and habits of a provider, a pay period and a rule that changed; by [`CAPTURES`].
    fn note(&mut self, key: (ProviderId, Month, u16), before: [Rarity; 2], now: [Rarity; 2]) {
        let (provider, month, rule) = key;
        for (is_electronic, (before, now)) in CAPTURES.into_iter().zip(before.into_iter().zip(now)) {
            if now != before {
                self.changed.insert((RateSource { provider, month, is_electronic }, rule));
            }
            if now.is_habit || before.is_habit {
                self.habits_changed.insert((provider, month));
            }
            if now.is_habit {
                self.habits.insert(key);
            } else if before.is_habit {
                self.habits.remove(&key);
            }
        }
    }

    /// How rare the findings of `rule` are at `source`.
    pub(in crate::engine) fn rarity(&self, source: RateSource, rule: u16) -> Rarity {
        self.rarities_of(source.provider, source.month, rule)[usize::from(source.is_electronic)]
    }

    fn rarities_of(&self, provider: ProviderId, month: Month, rule: u16) -> [Rarity; 2] {
        self.rarities(self.found(provider, month, rule), self.visits_of(provider, month))
    }

    /// By [`CAPTURES`], of findings and visits.
    fn rarities(&self, found: ByCapture, visits: ByCapture) -> [Rarity; 2] {
        let [manual, electronic, both] = [0, 1, 2].map(|of| rate(found[of], visits[of]));
        let is_habit = self.habit_share <= both;
        [manual, electronic].map(|rate| Rarity {
            half_decades: (-rate.log10() * CLASSES_A_DECADE).clamp(0.0, f64::from(u8::MAX)) as u8,
            is_habit,
        })
    }

    /// Visits of the pay period and the one before.
    fn visits_of(&self, provider: ProviderId, month: Month) -> ByCapture {
        of_both(self.visits_in(provider, month.previous()), self.visits_in(provider, month))
    }

    /// Visits of the pay period alone.
    fn visits_in(&self, provider: ProviderId, month: Month) -> [u32; 2] {
        self.visits.get(&(provider, month)).copied().unwrap_or_default()
    }

    /// Findings of the pay period and the one before.
    fn found(&self, provider: ProviderId, month: Month, rule: u16) -> ByCapture {
        let both = RateSource { provider, month, is_electronic: false }.both_captures();
        [&both[..1], &both[1..], &both].map(|sources| self.findings_of_others(sources, rule))
    }

    /// Findings of both pay periods without those of the carer with most of them.
    fn findings_of_others(&self, sources: &[RateSource], rule: u16) -> u32 {
        let months = sources.iter().flat_map(|source| [*source, source.in_month(source.month.previous())]);
        let counts = months.filter_map(|source| self.findings.get(&(source, rule)));
        let mut counts: Vec<(CarerId, u32)> = counts.flat_map(|carers| carers.iter().copied()).collect();
        counts.sort_unstable();
        let of_carers = counts.chunk_by(|a, b| a.0 == b.0);
        let of_carers = of_carers.map(|of_one| of_one.iter().map(|(_, count)| count).sum::<u32>());
        let all: u32 = counts.iter().map(|(_, count)| count).sum();
        all - of_carers.max().unwrap_or(0)
    }

    fn rules_of(&self, months: [Month; 3], source: RateSource) -> Vec<u16> {
        let is_here = |of: &RateSource| months.contains(&of.month) && of.provider == source.provider;
        let mut rules: Vec<u16> =
            self.findings.keys().filter(|(of, _)| is_here(of)).map(|(_, rule)| *rule).collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }

    /// The rules of which a provider's findings are a habit in a pay period, with the share of visits, in order.
    pub(in crate::engine) fn habits(&self, provider: ProviderId, month: Month) -> Vec<(u16, f64)> {
        let habits = self.habits.range((provider, month, u16::MIN)..=(provider, month, u16::MAX));
        let visits = self.visits_of(provider, month);
        habits.map(|(_, _, rule)| (*rule, rate(self.found(provider, month, *rule)[2], visits[2]))).collect()
    }

    /// Whether any class changed since the last call of [`Rates::take_changed`].
    pub(in crate::engine) fn has_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Sources and rules whose class changed since the last call.
    pub(in crate::engine) fn take_changed(&mut self) -> HashSet<(RateSource, u16)> {
        std::mem::take(&mut self.changed)
    }

    /// Providers and pay periods whose habits, or the shares of those, changed since the last call.
    pub(in crate::engine) fn take_changed_habits(&mut self) -> HashSet<(ProviderId, Month)> {
        std::mem::take(&mut self.habits_changed)
    }

    /// Drops the pay periods before `month`.
    pub(in crate::engine) fn expire(&mut self, month: Month) {
        self.first = Some(month);
        self.visits.retain(|(_, of), _| month <= *of);
        self.findings.retain(|(source, _), _| month <= source.month);
        self.habits.retain(|(_, of, _)| month <= *of);
    }
}

/// Findings per visit.
fn rate(found: u32, visits: u32) -> f64 {
    let visits = quantize(f64::from(visits));
    ((f64::from(found) + PRIOR_RATE * PRIOR_VISITS) / (visits + PRIOR_VISITS)).min(1.0)
}

/// Visits of two pay periods together.
const fn of_both(earlier: [u32; 2], later: [u32; 2]) -> ByCapture {
    let [manual, electronic] = [earlier[0] + later[0], earlier[1] + later[1]];
    [manual, electronic, manual + electronic]
}
