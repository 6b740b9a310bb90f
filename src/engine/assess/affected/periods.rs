//! Rows about pay periods.

use hashbrown::HashSet;

use crate::domain::Month;
use crate::engine::Engine;
use crate::engine::model::interner::{ClientId, ProviderId};
use crate::engine::model::mark::Mark;
use crate::engine::model::period::{PeriodSubject, SubjectPeriod};
use crate::engine::state::facts::Affects;
use crate::engine::state::municipality::BaselineChange;
use crate::engine::stats::peers::{MARKED_MIN, MonthPool};
use crate::engine::totals::tally::Tally;

/// Part of the baseline's share, 0 to 1, up to which a carer's share cannot have a pattern, nor a carer with fewer
/// than [`MARKED_MIN`] marked visits: every rule's `marked_min` is at least that, and a pattern exceeds the baseline.
pub(in crate::engine) const BASELINE_PART_MIN: f64 = 0.5;
/// Natural logarithm of the ratio to the mean length, up to which a carer's mean length cannot have a pattern.
pub const LENGTH_EXCESS_LOG_MIN: f64 = 0.05;

impl Engine {
    /// Row *period*: adds the periods that depend on those in `periods`, and drops those that cannot have a pattern.
    pub(in crate::engine) fn periods_affected_by_periods(
        &self,
        periods: &mut Vec<SubjectPeriod>,
        opened_or_emptied: &HashSet<SubjectPeriod>,
    ) {
        periods.retain(|period| self.can_have_pattern(*period));
        for at in 0..periods.len() {
            let period = periods[at];
            // Rules read the period before.
            let next = SubjectPeriod { month: period.month.next(), ..period };
            let months = self.state.months_of(period.subject);
            let has_next = months.is_some_and(|months| months.get(next.month).is_some());
            if has_next && self.can_have_pattern(next) {
                periods.push(next);
            }
            if opened_or_emptied.contains(&period) {
                self.periods_affected_by_opening(period, periods);
            }
            match period.subject {
                PeriodSubject::Client(client) => {
                    self.periods_affected_by_client(client, period.month, periods)
                }
                PeriodSubject::Carer(carer) => self.state.main_pairs_of(carer, period.month, periods),
                PeriodSubject::Pair(..) | PeriodSubject::Provider(_) | PeriodSubject::Tag(_) => {}
            }
        }
    }

    /// A client's period changed: its pairs of three months, and the period before where rules read on from that.
    fn periods_affected_by_client(&self, client: ClientId, month: Month, into: &mut Vec<SubjectPeriod>) {
        let (before, next) = (month.previous(), month.next());
        let months = &self.state.client(client).months;
        let reads_on =
            |tally: &Tally| self.marks_reading_next_period.iter().any(|mark| 0 < tally.count(*mark).marked);
        if months.get(before).is_some_and(reads_on) {
            into.push(SubjectPeriod { month: before, subject: PeriodSubject::Client(client) });
        }
        self.state.pairs_of(client, before, into);
        self.state.pairs_of(client, month, into);
        if months.get(next).is_some() {
            self.state.pairs_of(client, next, into);
        }
    }

    /// A client's or a provider's period opened or emptied: the period before, which that closes; and a provider's
    /// carers of the next month, whose peers it changes.
    fn periods_affected_by_opening(&self, period: SubjectPeriod, into: &mut Vec<SubjectPeriod>) {
        let SubjectPeriod { month, subject } = period;
        if matches!(subject, PeriodSubject::Client(_) | PeriodSubject::Provider(_)) {
            into.push(SubjectPeriod { month: month.previous(), subject });
        }
        if let PeriodSubject::Provider(provider) = subject {
            let month = month.next();
            let carers = self.state.carers_at(provider, month);
            into.extend(carers.map(|carer| SubjectPeriod { month, subject: PeriodSubject::Carer(carer) }));
        }
    }

    /// False for pairs with a small share of the client's visits and tags without marked visits, unless they have
    /// findings to withdraw.
    fn can_have_pattern(&self, period: SubjectPeriod) -> bool {
        match period.subject {
            PeriodSubject::Pair(carer, client) => self.state.is_close(carer, client, period.month),
            PeriodSubject::Tag(tag) => {
                self.state.tags.contains_key(&(period.month, tag)) || self.periods.contains_key(&period)
            }
            PeriodSubject::Carer(_) | PeriodSubject::Client(_) | PeriodSubject::Provider(_) => true,
        }
    }

    /// Row *peer baseline*: the periods that can have a pattern under the changed baselines, and those with findings.
    pub(in crate::engine) fn periods_affected_by_baseline(
        &self,
        changes: &[(Month, BaselineChange)],
        into: &mut Vec<SubjectPeriod>,
    ) {
        for of_month in changes.chunk_by(|a, b| a.0 == b.0) {
            let month = of_month[0].0;
            let Some(pool) = self.state.pools.get(&month) else { continue };
            let changes: Vec<BaselineChange> = of_month.iter().map(|(_, change)| *change).collect();
            self.carers_affected_by_baseline(month, pool, &changes, into);
            let providers =
                (0u32..).zip(&self.state.providers).filter(|(_, months)| months.get(month).is_some());
            into.extend(providers.map(|(id, _)| SubjectPeriod {
                month,
                subject: PeriodSubject::Provider(ProviderId::from(id)),
            }));
        }
        let is_changed = |period: &&SubjectPeriod| changes.iter().any(|(month, _)| *month == period.month);
        into.extend(self.periods.keys().filter(is_changed));
    }

    fn carers_affected_by_baseline(
        &self,
        month: Month,
        pool: &MonthPool,
        changes: &[BaselineChange],
        into: &mut Vec<SubjectPeriod>,
    ) {
        // Of most marks no carer has as many as a pattern needs, early in a month above all.
        let any_carer = |change: &&BaselineChange| match change {
            BaselineChange::Share(mark) | BaselineChange::ShareAt(_, mark) => {
                0 < pool.carers_marked[*mark as usize]
            }
            BaselineChange::Length => true,
        };
        let changes: Vec<&BaselineChange> = changes.iter().filter(any_carer).collect();
        if changes.is_empty() {
            return;
        }
        let exceeds_baseline = |tally: &Tally, mark: Mark| {
            let (count, baseline) = (tally.count(mark), pool.baselines[mark as usize].share);
            MARKED_MIN <= count.marked && baseline * BASELINE_PART_MIN < count.share()
        };
        let can_have_pattern = |tally: &Tally, change: &BaselineChange| match change {
            BaselineChange::Share(mark) => exceeds_baseline(tally, *mark),
            BaselineChange::ShareAt(provider, mark) => {
                tally.providers().iter().any(|(known, _)| known == provider) && exceeds_baseline(tally, *mark)
            }
            BaselineChange::Length => {
                pool.length_baseline.mean + LENGTH_EXCESS_LOG_MIN < tally.residual.mean()
            }
        };
        for (id, entity) in (0u32..).zip(&self.state.carers) {
            let Some(tally) = entity.months.get(month) else { continue };
            if changes.iter().any(|change| can_have_pattern(tally, change)) {
                into.push(SubjectPeriod { month, subject: PeriodSubject::Carer(id.into()) });
            }
        }
    }

    /// Row *fact*: the periods in the scope of changed facts; all of them are searched once.
    pub(in crate::engine) fn periods_affected_by_facts(
        &self,
        affects: &HashSet<Affects>,
        into: &mut HashSet<SubjectPeriod>,
    ) {
        let is_of_all = |affects: &Affects| matches!(affects, Affects::Provider(_) | Affects::Everything);
        let is_of_client = |affects: &Affects| matches!(affects, Affects::Client(_) | Affects::Home(_));
        let (all, any_client) = (affects.iter().any(is_of_all), affects.iter().any(is_of_client));
        let has_client =
            |client| [Affects::Client(client), Affects::Home(client)].iter().any(|of| affects.contains(of));
        let has_carer = |carer| affects.contains(&Affects::Carer(carer));
        let is_affected = |period: &SubjectPeriod| {
            let of_subject = match period.subject {
                PeriodSubject::Carer(carer) => has_carer(carer),
                PeriodSubject::Client(client) => has_client(client),
                PeriodSubject::Pair(carer, client) => has_carer(carer) || has_client(client),
                // Grants count for the provider as well.
                PeriodSubject::Provider(_) => any_client,
                PeriodSubject::Tag(_) => false,
            };
            all || of_subject || affects.contains(&Affects::Month(period.month))
        };
        into.extend(self.state.periods().into_iter().filter(is_affected));
    }
}
