//! Assessment of pay periods: runs the period rules, weighs and commits their findings.

use std::hash::{DefaultHasher, Hash, Hasher};

use hashbrown::HashSet;

use crate::domain::{Grade, Lowered, UtcSecond};
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
use crate::engine::totals::tally::NOTHING;
use crate::engine::{Engine, Output};

/// Periods to assess in a batch.
struct AffectedPeriods {
    /// Each once, in order.
    periods: Vec<SubjectPeriod>,
    opened_or_emptied: HashSet<SubjectPeriod>,
}

/// The provider of a period, and the fingerprint of the rules' answers about it.
struct PeriodDigest {
    provider: Option<ProviderId>,
    fingerprint: Option<u64>,
}

impl Engine {
    /// Assesses the dirty periods and those that they affect, where the rules' answers changed.
    pub(in crate::engine) fn assess_periods(&mut self, out: &mut Vec<Output>) {
        let AffectedPeriods { periods, opened_or_emptied } = self.take_affected_periods();
        for period in periods {
            if opened_or_emptied.contains(&period) {
                // In full, so that an undetermined answer is counted once per period.
                self.reassess_period(period, out);
            } else {
                self.assess_period(period, out);
            }
        }
    }

    /// Assesses the same periods in full, whether or not the rules' answers changed.
    pub(in crate::engine) fn reassess_periods(&mut self, out: &mut Vec<Output>) {
        let AffectedPeriods { periods, .. } = self.take_affected_periods();
        periods.into_iter().for_each(|period| self.reassess_period(period, out));
    }

    /// The dirty periods with all periods that they and changed baselines affect, each once, in order.
    fn take_affected_periods(&mut self) -> AffectedPeriods {
        let DirtyPeriods { periods: dirty, opened_or_emptied, .. } = std::mem::take(&mut self.dirty);
        let mut periods: Vec<SubjectPeriod> = dirty.into_iter().collect();
        periods.append(&mut self.state.tags_counted);
        periods.append(&mut self.state.crowds.counted);
        self.periods_affected_by_periods(&mut periods, &opened_or_emptied);
        let changed_baselines = self.state.refresh_baselines();
        self.periods_affected_by_baseline(&changed_baselines, &mut periods);
        periods.retain(|period| self.is_assessed(period.subject));
        periods.sort_unstable();
        periods.dedup();
        AffectedPeriods { periods, opened_or_emptied }
    }

    /// Whether a period of this subject can have findings. A provider has habits without any rule on pay periods.
    fn is_assessed(&self, subject: PeriodSubject) -> bool {
        matches!(subject, PeriodSubject::Provider(_)) || self.active_rules.assess(&[subject.kind()])
    }

    /// Derives a period's findings where the rules' answers about it changed.
    pub(in crate::engine) fn assess_period(&mut self, period: SubjectPeriod, out: &mut Vec<Output>) {
        let Some(PeriodDigest { provider, fingerprint }) = self.digest_period(period, out) else { return };
        let is_up_to_date = match self.periods.get(&period) {
            Some(current) => current.fingerprint == fingerprint && current.provider == provider,
            None => fingerprint.is_none(),
        };
        if is_up_to_date {
            debug_assert!(self.reports_the_same(period, provider), "of {period:?}");
        } else {
            self.derive_period_findings(period, provider, fingerprint, out);
        }
    }

    /// Derives a period's findings, whether or not the rules' answers changed.
    pub(in crate::engine) fn reassess_period(&mut self, period: SubjectPeriod, out: &mut Vec<Output>) {
        if let Some(PeriodDigest { provider, fingerprint }) = self.digest_period(period, out) {
            self.derive_period_findings(period, provider, fingerprint, out);
        }
    }

    /// Updates a period's signals; returns its provider and the fingerprint of the rules' answers. `None` for a period
    /// that has no rules to run: incomplete, so that its findings are frozen, or empty, so that they are withdrawn.
    fn digest_period(&mut self, period: SubjectPeriod, out: &mut Vec<Output>) -> Option<PeriodDigest> {
        if Some(period.month) <= self.state.horizon_month {
            return None;
        }
        let tally = self.state.tally_of(period.subject, period.month).unwrap_or(&NOTHING);
        let provider = self.state.main_provider(period.subject, tally);
        if tally.is_empty() && !matches!(period.subject, PeriodSubject::Tag(_)) {
            if let PeriodSubject::Carer(carer) = period.subject {
                self.carer_signals.remove(&(carer, period.month));
            }
            self.scratch.hits.clear();
            if self.periods.contains_key(&period) {
                self.commit_period_findings(period, provider, None, out);
            }
            return None;
        }
        let sight = PeriodSight { state: &self.state, period, tally, provider };
        let (fingerprint, signals) = self.digest(&sight);
        if let PeriodSubject::Carer(carer) = period.subject {
            let key = (carer, period.month);
            // Most carers have no unusual signal.
            if signals == PeriodSignals::default() {
                self.carer_signals.remove(&key);
            } else {
                self.carer_signals.insert(key, signals);
            }
        }
        Some(PeriodDigest { provider, fingerprint })
    }

    /// Runs the period rules and commits their findings.
    fn derive_period_findings(
        &mut self,
        period: SubjectPeriod,
        provider: Option<ProviderId>,
        fingerprint: Option<u64>,
        out: &mut Vec<Output>,
    ) {
        let tally = self.state.tally_of(period.subject, period.month).unwrap_or(&NOTHING);
        let sight = PeriodSight { state: &self.state, period, tally, provider };
        let habits = self.habit_hits(period);
        let Scratch { hits, undetermined, .. } = &mut self.scratch;
        hits.clear();
        undetermined.clear();
        for ActivePeriodRule { rule, run, .. } in &self.active_rules.period[period.subject.kind() as usize] {
            let missing = run.report(&sight, &mut PeriodReport { rule: *rule, hits });
            undetermined.extend(missing.map(|fact| (*rule, fact)));
        }
        hits.extend(habits);
        for (rule, fact) in undetermined.drain(..) {
            self.rule_counts[usize::from(rule)].undetermined(fact);
        }
        if self.periods.contains_key(&period) || !self.scratch.hits.is_empty() {
            self.commit_period_findings(period, provider, fingerprint, out);
        }
    }

    /// The fingerprint of all rules' answers about a period, `None` where no rule has an answer; and its signals.
    pub(in crate::engine) fn digest(&self, sight: &PeriodSight<'_>) -> (Option<u64>, PeriodSignals) {
        let mut signals = PeriodSignals::default();
        let mut hasher = None;
        for active in &self.active_rules.period[sight.period.subject.kind() as usize] {
            let digest = active.run.digest(sight);
            signals.merge(&digest.signals);
            if let Some(fingerprint) = digest.fingerprint {
                (active.rule, fingerprint).hash(hasher.get_or_insert_with(DefaultHasher::new));
            }
        }
        self.hash_habits(sight.period, &mut hasher);
        (hasher.map(|hasher| hasher.finish()), signals)
    }

    /// Whether the rules would report exactly the period's findings: the same fingerprint, the same report.
    fn reports_the_same(&mut self, period: SubjectPeriod, provider: Option<ProviderId>) -> bool {
        let Some(current) = self.periods.get(&period) else { return true };
        let tally = self.state.tally_of(period.subject, period.month).unwrap_or(&NOTHING);
        let sight = PeriodSight { state: &self.state, period, tally, provider };
        let mut hits = Vec::new();
        for ActivePeriodRule { rule, run, .. } in &self.active_rules.period[period.subject.kind() as usize] {
            run.report(&sight, &mut PeriodReport { rule: *rule, hits: &mut hits });
        }
        hits.extend(self.habit_hits(period));
        self.weigh_period_hits(period, provider, &mut hits);
        hits == current.hits
    }

    /// Removes hits that an exception silences and lowers those of shadow rules.
    fn weigh_period_hits(
        &self,
        period: SubjectPeriod,
        provider: Option<ProviderId>,
        hits: &mut Vec<RuleHit>,
    ) {
        hits.retain(|rule_hit| !self.period_excepted(rule_hit.rule, period, provider));
        let shadow = |rule_hit: &RuleHit| self.rules[usize::from(rule_hit.rule)].shadow;
        hits.iter_mut()
            .filter(|rule_hit| shadow(rule_hit))
            .for_each(|rule_hit| rule_hit.lower(Grade::Observe, Lowered::Shadow));
    }

    /// Stores the scratch hits as the period's current findings; publishes its alert where that changed.
    fn commit_period_findings(
        &mut self,
        period: SubjectPeriod,
        provider: Option<ProviderId>,
        fingerprint: Option<u64>,
        out: &mut Vec<Output>,
    ) {
        let mut hits = std::mem::take(&mut self.scratch.hits);
        self.weigh_period_hits(period, provider, &mut hits);
        let before = self.periods.remove(&period).unwrap_or_default();
        self.count_new(&hits, &before.hits);
        let current = SubjectState { hits, provider, fingerprint, ..SubjectState::default() };
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

    /// The subject's name, which orders subjects independently of arrival.
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

    /// The alert's subject id: the name and the pay period.
    pub(in crate::engine) fn subject_id(&self, period: SubjectPeriod) -> String {
        format!("{}:{}", self.name_of(period), period.month)
    }

    pub(in crate::engine) fn period_start(&self, period: SubjectPeriod) -> UtcSecond {
        self.state.settings.zone.instant(period.month, 1, 0)
    }
}
