//! Rules look at pay periods, and what they found is weighed.

use std::hash::{DefaultHasher, Hash, Hasher};

use hashbrown::HashSet;

use crate::domain::{Grade, Lowered, Month, UtcSecond};
use crate::engine::alert::score::p_value;
use crate::engine::alert::subject::SubjectState;
use crate::engine::assess::dirty::DirtyPeriods;
use crate::engine::assess::visits::Scratch;
use crate::engine::model::interner::ProviderId;
use crate::engine::model::period::{PeriodSubject, SubjectPeriod};
use crate::engine::model::signal::PeriodSignals;
use crate::engine::rule::hit::RuleHit;
use crate::engine::rule::interface::ActivePeriodRule;
use crate::engine::rule::period_sight::PeriodSight;
use crate::engine::rule::report::PeriodReport;
use crate::engine::state::municipality::BaselineChange;
use crate::engine::stats::peers::{MARKED_MIN, MonthPool};
use crate::engine::totals::tally::{NOTHING, Tally};
use crate::engine::{Engine, Output};

/// Where what is usual has moved, a carer with fewer than [`MARKED_MIN`] marked visits has no pattern, nor
/// one whose share is at most so large a part of the usual one: every rule's `marked_min` is at least that,
/// and what is told has to be above the usual.
pub(in crate::engine) const BASELINE_PART_MIN: f64 = 0.5;
/// And none whose visits are on the whole longer than usual by no more than this logarithm.
pub const LENGTH_EXCESS_LOG_MIN: f64 = 0.05;

impl Engine {
    /// Looks at the periods that are owed a look, at those for which the usual has moved, and at the budget;
    /// in full, whether or not they changed, where `again`.
    pub(in crate::engine) fn assess_periods(&mut self, again: bool, out: &mut Vec<Output>) {
        let DirtyPeriods { periods: dirty, opened_or_emptied, .. } = std::mem::take(&mut self.dirty);
        let mut periods: Vec<SubjectPeriod> = dirty.into_iter().collect();
        periods.append(&mut self.state.tags_counted);
        self.add_dependents(&mut periods, &opened_or_emptied);
        let periods_affected_by_baseline = self.state.refresh_baselines();
        self.periods_affected_by_baseline(&periods_affected_by_baseline, &mut periods);
        periods.sort_unstable();
        periods.dedup();
        for period in periods.drain(..) {
            // The first visits of a period are looked at in full, so that what cannot be decided is counted once.
            let again = again || opened_or_emptied.contains(&period);
            self.assess_period(period, again, out);
        }
        self.apply_budget(out);
    }

    /// With each the period after (rules look back at the one before), those that could tell that this one has
    /// begun or ended, the pairs that a changed client or carer bears on, and the period before where what is
    /// told of it reads on.
    fn add_dependents(&self, periods: &mut Vec<SubjectPeriod>, opened_or_emptied: &HashSet<SubjectPeriod>) {
        periods.retain(|period| self.can_have_pattern(*period));
        for at in 0..periods.len() {
            let SubjectPeriod { month, subject } = periods[at];
            let Some(months) = self.state.months_of(subject) else { continue };
            let after = SubjectPeriod { month: month.next(), subject };
            let goes_on = months.get(after.month).is_some();
            if goes_on && self.can_have_pattern(after) {
                periods.push(after);
            }
            if matches!(subject, PeriodSubject::Client(_) | PeriodSubject::Provider(_))
                && opened_or_emptied.contains(&periods[at])
            {
                self.add_neighbour_periods(periods[at], periods);
            }
            match subject {
                PeriodSubject::Client(client) => {
                    let before = month.previous();
                    let bears = |tally: &Tally| {
                        self.marks_reading_next_period.iter().any(|mark| 0 < tally.count(*mark).marked)
                    };
                    if months.get(before).is_some_and(bears) {
                        periods.push(SubjectPeriod { month: before, subject });
                    }
                    self.state.pairs_of(client, before, periods);
                    self.state.pairs_of(client, month, periods);
                    if goes_on {
                        self.state.pairs_of(client, after.month, periods);
                    }
                }
                PeriodSubject::Carer(carer) => self.state.main_pairs_of(carer, month, periods),
                _ => {}
            }
        }
    }

    /// Pairs with a small part of the client's visits and tags that nothing was noted about have no
    /// pattern; where one stands about them, it has to be taken back.
    fn can_have_pattern(&self, period: SubjectPeriod) -> bool {
        match period.subject {
            PeriodSubject::Pair(carer, client) => self.state.is_close(carer, client, period.month),
            PeriodSubject::Tag(tag) => {
                self.state.tags.contains_key(&(period.month, tag)) || self.periods.contains_key(&period)
            }
            _ => true,
        }
    }

    /// Whom it concerns that a client's or a provider's period has begun, or is empty again: the one
    /// before is over by that, and a provider's carers of the one after have others to be compared with.
    fn add_neighbour_periods(&self, period: SubjectPeriod, into: &mut Vec<SubjectPeriod>) {
        let SubjectPeriod { month, subject } = period;
        into.push(SubjectPeriod { month: month.previous(), subject });
        if let PeriodSubject::Provider(provider) = subject {
            let after = month.next();
            let at = |tally: &Tally| tally.providers().iter().any(|(known, _)| *known == provider);
            let carers = (0u32..).zip(&self.state.carers);
            let there = carers.filter(|(_, entity)| entity.months.get(after).is_some_and(at));
            into.extend(
                there.map(|(id, _)| SubjectPeriod { month: after, subject: PeriodSubject::Carer(id.into()) }),
            );
        }
    }

    /// The periods that could say something else now that the usual has moved.
    fn periods_affected_by_baseline(
        &self,
        periods_affected_by_baseline: &[(Month, BaselineChange)],
        into: &mut Vec<SubjectPeriod>,
    ) {
        for of_month in periods_affected_by_baseline.chunk_by(|a, b| a.0 == b.0) {
            let month = of_month[0].0;
            let Some(pool) = self.state.pools.get(&month) else { continue };
            self.carers_affected_by_baseline(month, pool, of_month, into);
            let providers =
                (0u32..).zip(&self.state.providers).filter(|(_, months)| months.get(month).is_some());
            into.extend(providers.map(|(id, _)| SubjectPeriod {
                month,
                subject: PeriodSubject::Provider(ProviderId::from(id)),
            }));
        }
        let months = |period: &&SubjectPeriod| {
            periods_affected_by_baseline.iter().any(|(month, _)| *month == period.month)
        };
        into.extend(self.periods.keys().filter(months));
    }

    /// The carers that could say something else.
    fn carers_affected_by_baseline(
        &self,
        month: Month,
        pool: &MonthPool,
        periods_affected_by_baseline: &[(Month, BaselineChange)],
        into: &mut Vec<SubjectPeriod>,
    ) {
        // Of most marks nobody bears as many as a pattern has, early in a month above all.
        let any = |what: &BaselineChange| match what {
            BaselineChange::Share(mark) => 0 < pool.carers_marked[*mark as usize],
            BaselineChange::Length => true,
        };
        let periods_affected_by_baseline: Vec<BaselineChange> =
            periods_affected_by_baseline.iter().map(|(_, what)| *what).filter(any).collect();
        if periods_affected_by_baseline.is_empty() {
            return;
        }
        let could = |tally: &Tally, what: &BaselineChange| match what {
            BaselineChange::Share(mark) => {
                let (count, baseline) = (tally.count(*mark), pool.baselines[*mark as usize].share);
                MARKED_MIN <= count.marked && baseline * BASELINE_PART_MIN < count.share()
            }
            BaselineChange::Length => {
                pool.length_baseline.mean + LENGTH_EXCESS_LOG_MIN < tally.residual.mean()
            }
        };
        for (id, entity) in (0u32..).zip(&self.state.carers) {
            let Some(tally) = entity.months.get(month) else { continue };
            if periods_affected_by_baseline.iter().any(|what| could(tally, what)) {
                into.push(SubjectPeriod { month, subject: PeriodSubject::Carer(id.into()) });
            }
        }
    }

    /// Assesses a period where what the rules say of it changed, or `again` all the same.
    pub(in crate::engine) fn assess_period(
        &mut self,
        period: SubjectPeriod,
        again: bool,
        out: &mut Vec<Output>,
    ) {
        if Some(period.month) <= self.state.horizon_month {
            // Part of it is no longer kept: what was said of it stands.
            return;
        }
        let tally = self.state.tally_of(period.subject, period.month).unwrap_or(&NOTHING);
        let provider = self.state.main_provider(period.subject, tally);
        if tally.is_empty() && !matches!(period.subject, PeriodSubject::Tag(_)) {
            // Nor is anything said where nothing counts any more: most such periods are never looked at.
            if let PeriodSubject::Carer(carer) = period.subject {
                self.carer_signals.remove(&(carer, period.month));
            }
            self.scratch.hits.clear();
            if self.periods.contains_key(&period) {
                self.commit_period_findings(period, provider, None, out);
            }
            return;
        }
        let sight = PeriodSight { state: &self.state, period, tally, provider };
        let (fingerprint, signals) = self.digest(&sight);
        if let PeriodSubject::Carer(carer) = period.subject {
            let key = (carer, period.month);
            // Most carers are not odd at all.
            if signals == PeriodSignals::default() {
                self.carer_signals.remove(&key);
            } else {
                self.carer_signals.insert(key, signals);
            }
        }
        let same = match self.periods.get(&period) {
            Some(current) => current.fingerprint == fingerprint && current.provider == provider,
            None => fingerprint.is_none(),
        };
        if same && !again {
            debug_assert!(self.reports_the_same(period, provider), "of {period:?}");
            return;
        }
        let Scratch { hits, undetermined, .. } = &mut self.scratch;
        hits.clear();
        undetermined.clear();
        for ActivePeriodRule { rule, run, .. } in &self.active_rules.period[period.subject.kind() as usize] {
            let missing = run.report(&sight, &mut PeriodReport { rule: *rule, hits });
            undetermined.extend(missing.map(|fact| (*rule, fact)));
        }
        for (rule, fact) in undetermined.drain(..) {
            self.rule_counts[usize::from(rule)].undetermined(fact);
        }
        if self.periods.contains_key(&period) || !self.scratch.hits.is_empty() {
            self.commit_period_findings(period, provider, fingerprint, out);
        }
    }

    /// The answers of all rules about a period as one number, `None` where no rule has any, and its signals.
    fn digest(&self, sight: &PeriodSight<'_>) -> (Option<u64>, PeriodSignals) {
        let mut signals = PeriodSignals::default();
        let mut hasher = None;
        for active in &self.active_rules.period[sight.period.subject.kind() as usize] {
            let digest = active.run.digest(sight);
            signals.merge(&digest.signals);
            if let Some(fingerprint) = digest.fingerprint {
                (active.rule, fingerprint).hash(hasher.get_or_insert_with(DefaultHasher::new));
            }
        }
        (hasher.map(|hasher| hasher.finish()), signals)
    }

    /// Whether the rules report of a period what its findings are: the same fingerprint, the same report.
    fn reports_the_same(&mut self, period: SubjectPeriod, provider: Option<ProviderId>) -> bool {
        let Some(current) = self.periods.get(&period) else { return true };
        let tally = self.state.tally_of(period.subject, period.month).unwrap_or(&NOTHING);
        let sight = PeriodSight { state: &self.state, period, tally, provider };
        let mut hits = Vec::new();
        for ActivePeriodRule { rule, run, .. } in &self.active_rules.period[period.subject.kind() as usize] {
            run.report(&sight, &mut PeriodReport { rule: *rule, hits: &mut hits });
        }
        self.weigh_period_hits(period, provider, &mut hits);
        hits == current.hits
    }

    /// Takes out what an exception accepts, lowers what weighs less than its rule says. Returns the p-value by
    /// which the period asks for a person, where only statistics do.
    fn weigh_period_hits(
        &self,
        period: SubjectPeriod,
        provider: Option<ProviderId>,
        hits: &mut Vec<RuleHit>,
    ) -> Option<f64> {
        hits.retain(|rule_hit| !self.period_excepted(rule_hit.rule, period, provider));
        let shadow = |rule_hit: &RuleHit| self.rules[usize::from(rule_hit.rule)].shadow;
        hits.iter_mut()
            .filter(|rule_hit| shadow(rule_hit))
            .for_each(|rule_hit| rule_hit.lower(Grade::Observe, Lowered::Shadow));
        let asking = hits.iter().any(|rule_hit| Grade::Observe < rule_hit.hit.grade);
        let hard =
            hits.iter().any(|rule_hit| Grade::Observe < rule_hit.hit.grade && rule_hit.hit.p_value.is_none());
        let p_value = p_value(hits).filter(|_| asking && !hard);
        if p_value.is_some() && self.waiting_patterns.contains(&period) {
            hits.iter_mut().for_each(|rule_hit| rule_hit.lower(Grade::Observe, Lowered::ReviewBudget));
        }
        p_value
    }

    /// Makes the hits in the scratch what stands about a period.
    fn commit_period_findings(
        &mut self,
        period: SubjectPeriod,
        provider: Option<ProviderId>,
        fingerprint: Option<u64>,
        out: &mut Vec<Output>,
    ) {
        let mut hits = std::mem::take(&mut self.scratch.hits);
        let p_value = self.weigh_period_hits(period, provider, &mut hits);
        let before = self.periods.remove(&period).unwrap_or_default();
        self.count_new(&hits, &before.hits);
        let current = SubjectState { hits, provider, fingerprint, p_value, ..SubjectState::default() };
        self.budget_dirty |= current.p_value != before.p_value;
        let changed = current.hits != before.hits || current.provider != before.provider;
        if changed && (before.is_alert() || current.is_alert()) {
            out.push(Output::Alert(Box::new(self.period_alert(period, &current, &before))));
        }
        self.rescore_pattern_visits(period, &current.hits, out);
        self.state.record_pair(period, !current.hits.is_empty());
        if !current.hits.is_empty() {
            self.periods.insert(period, current);
        }
    }

    fn period_excepted(&self, rule: u16, period: SubjectPeriod, provider: Option<ProviderId>) -> bool {
        let id = self.rules[usize::from(rule)].definition.id;
        let at = self.period_start(period);
        let (carer, client) = match period.subject {
            PeriodSubject::Carer(carer) => (Some(carer), None),
            PeriodSubject::Client(client) => (None, Some(client)),
            PeriodSubject::Pair(carer, client) => (Some(carer), Some(client)),
            PeriodSubject::Provider(_) | PeriodSubject::Tag(_) => (None, None),
        };
        self.state.facts.has_exceptions() && self.state.facts.excepts(id, at, carer, client, provider)
    }

    /// The subject's name: an order that does not depend on that of arrival.
    pub(in crate::engine) fn name_of(&self, period: SubjectPeriod) -> String {
        let names = &self.state.interners;
        match period.subject {
            PeriodSubject::Carer(carer) => names.carers.text(carer).to_owned(),
            PeriodSubject::Client(client) => names.clients.text(client).to_owned(),
            PeriodSubject::Pair(carer, client) => {
                format!("{}:{}", names.carers.text(carer), names.clients.text(client))
            }
            PeriodSubject::Provider(provider) => names.providers.text(provider).to_owned(),
            PeriodSubject::Tag(tag) => names.texts.text(tag).to_owned(),
        }
    }

    /// The subject's id: its name and the pay period.
    pub(in crate::engine) fn subject_id(&self, period: SubjectPeriod) -> String {
        format!("{}:{}", self.name_of(period), period.month)
    }

    pub(in crate::engine) fn period_start(&self, period: SubjectPeriod) -> UtcSecond {
        self.state.settings.zone.instant(period.month, 1, 0)
    }
}
