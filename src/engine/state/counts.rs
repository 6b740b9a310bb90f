//! Tallies and baselines by pay period.

use crate::domain::Month;
use crate::engine::model::interner::{CarerId, ClientId, ProviderId, TextId, grow_to};
use crate::engine::model::mark::{Mark, Marks, bits};
use crate::engine::model::period::{PeriodSubject, SubjectPeriod};
use crate::engine::model::visit::{Slot, Visit};
use crate::engine::state::municipality::{BaselineChange, StaleBaseline, State};
use crate::engine::totals::count::Change;
use crate::engine::totals::months::Months;
use crate::engine::totals::tally::{EntityKind, Tally};

static NO_MONTHS: Months = Months::EMPTY;

impl State {
    /// Inserts a visit into the tallies of its carer, client and provider, or retracts it.
    pub(in crate::engine) fn apply_to_tallies(&mut self, visit: &Visit, change: Change) {
        let month = visit.pay_period;
        if visit.open || Some(month) <= self.horizon_month {
            return;
        }
        let zone = &self.settings.zone;
        let client = &mut self.clients[visit.client.0 as usize].months;
        let at_client = client.entry(month, EntityKind::Client).apply(visit, change, zone);
        let provider = grow_to(&mut self.providers, visit.provider.0).entry(month, EntityKind::Provider);
        provider.apply(visit, change, zone);
        change.count(&mut provider.clients, u32::from(at_client.provider));
        if self.counts_read.periods {
            let carer = &mut self.carers[visit.carer.0 as usize].months;
            let tally = carer.entry(month, EntityKind::Carer);
            tally.apply(visit, change, zone);
            change.count(&mut tally.clients, u32::from(at_client.carer));
            if change == Change::Retract {
                carer.tidy(month);
            }
        }
        if change == Change::Retract {
            client.tidy(month);
            self.providers[visit.provider.0 as usize].tidy(month);
        }
    }

    /// Replaces the marks of the visit in `slot`; returns whether they changed.
    pub(in crate::engine) fn set_marks(&mut self, slot: Slot, marks: Marks) -> bool {
        let entry = self.ledger.entry_mut(slot);
        let before = std::mem::replace(&mut entry.marks, marks);
        if before == marks {
            return false;
        }
        let Some(visit) = &entry.visit else { return false };
        let (carer, client, provider) = (visit.carer, visit.client, visit.provider);
        let (month, tag) = (visit.pay_period, visit.start_tag.or(visit.end_tag));
        let day = visit.day;
        if Some(month) <= self.horizon_month {
            return false;
        }
        let clients = self.clients[client.0 as usize].months.entry(month, EntityKind::Client);
        let by = [(&before, Change::Retract), (&marks, Change::Insert)];
        by.into_iter().for_each(|(marks, change)| clients.apply_marks(marks, change, |_, _, _| ()));
        if !self.counts_read.periods {
            return true;
        }
        let carers = self.carers[carer.0 as usize].months.entry(month, EntityKind::Carer);
        let providers = self.providers[provider.0 as usize].entry(month, EntityKind::Provider);
        let pool = self.pools.entry(month).or_default();
        let (residual, ratio) = (carers.residual, carers.ratio);
        for (marks, change) in by {
            carers.apply_marks(marks, change, |mark, before, after| pool.change(mark, before, after));
            providers.apply_marks(marks, change, |_, _, _| ());
            providers.apply_marks_of_day(day, marks, change);
        }
        pool.length.change(residual, carers.residual);
        pool.length.change_ratio(ratio, carers.ratio);
        if let Some(tag) = tag {
            self.count_tag((month, tag), carer, before.bears(Mark::TagNear), marks.bears(Mark::TagNear));
        }
        self.provider_baselines.mark_stale(provider, month, before.eligible | marks.eligible);
        self.mark_baseline_stale(
            month,
            before.eligible | marks.eligible,
            (before.residual(), before.ratio()) != (marks.residual(), marks.ratio()),
        );
        true
    }

    fn count_tag(&mut self, key: (Month, TextId), carer: CarerId, before: bool, now: bool) {
        if before != now {
            let carers = self.tags.entry(key).or_default();
            let change = if now { Change::Insert } else { Change::Retract };
            change.count_key(carers, carer);
            if carers.is_empty() {
                self.tags.remove(&key);
            }
            self.tags_counted.push(SubjectPeriod { month: key.0, subject: PeriodSubject::Tag(key.1) });
        }
    }

    /// Marks baselines of `month` stale: those of the marks in `marks`, bit by mark, and those of lengths.
    pub(in crate::engine) fn mark_baseline_stale(&mut self, month: Month, marks: u32, length: bool) {
        match self.stale_baselines.iter_mut().find(|stale_baselines| stale_baselines.month == month) {
            Some(stale_baselines) => {
                (stale_baselines.marks, stale_baselines.length) =
                    (stale_baselines.marks | marks, stale_baselines.length | length)
            }
            None => self.stale_baselines.push(StaleBaseline { month, marks, length }),
        }
    }

    /// Recomputes the stale baselines; returns those whose quantized value changed, in order.
    pub(in crate::engine) fn refresh_baselines(&mut self) -> Vec<(Month, BaselineChange)> {
        let mut changes = Vec::new();
        for StaleBaseline { month, marks, length } in std::mem::take(&mut self.stale_baselines) {
            self.refresh(month, marks, length, &mut changes);
        }
        let at_providers = self.provider_baselines.refresh(&self.providers);
        let at_provider = |(month, provider, mark)| (month, BaselineChange::ShareAt(provider, mark));
        changes.extend(at_providers.into_iter().map(at_provider));
        changes.sort_unstable();
        changes.dedup();
        changes
    }

    /// Recomputes the baselines of `month` and of the next month, whose pool includes `month`.
    fn refresh(
        &mut self,
        month: Month,
        marks: u32,
        length: bool,
        changes: &mut Vec<(Month, BaselineChange)>,
    ) {
        for month in [month, month.next()] {
            let (before, mut from) = (month.previous(), self.pools.range_mut(..=month).rev());
            let Some((_, pool)) = from.next().filter(|(known, _)| **known == month) else { continue };
            let before = from.next().filter(|(known, _)| **known == before).map(|(_, pool)| &*pool);
            for mark in bits(marks).filter(|mark| pool.refresh(*mark, before)) {
                changes.push((month, BaselineChange::Share(Mark::ALL[mark])));
            }
            if length && pool.refresh_length(before) {
                changes.push((month, BaselineChange::Length));
            }
        }
    }

    /// The tally of a subject in a month.
    pub(in crate::engine) fn tally_of(&self, subject: PeriodSubject, month: Month) -> Option<&Tally> {
        self.months_of(subject)?.get(month)
    }

    /// All tallies of a subject; a tag has none.
    pub(in crate::engine) fn months_of(&self, subject: PeriodSubject) -> Option<&Months> {
        match subject {
            PeriodSubject::Carer(carer) => Some(&self.carer(carer).months),
            PeriodSubject::Client(client) | PeriodSubject::Pair(_, client) => {
                Some(&self.client(client).months)
            }
            PeriodSubject::Provider(provider) => Some(self.provider(provider)),
            PeriodSubject::Tag(_) => None,
        }
    }

    pub(in crate::engine) fn provider(&self, provider: ProviderId) -> &Months {
        self.providers.get(provider.0 as usize).unwrap_or(&NO_MONTHS)
    }

    /// Every period with a count, unordered.
    pub(in crate::engine) fn periods(&self) -> Vec<SubjectPeriod> {
        let carers =
            (0u32..).zip(&self.carers).map(|(id, entity)| (PeriodSubject::Carer(id.into()), &entity.months));
        let clients = (0u32..)
            .zip(&self.clients)
            .map(|(id, entity)| (PeriodSubject::Client(id.into()), &entity.months));
        let providers =
            (0u32..).zip(&self.providers).map(|(id, months)| (PeriodSubject::Provider(id.into()), months));
        let all = carers.chain(clients).chain(providers);
        let mut periods: Vec<SubjectPeriod> = all
            .flat_map(|(subject, months)| months.months().map(move |month| SubjectPeriod { month, subject }))
            .collect();
        for (id, entity) in (0u32..).zip(&self.clients) {
            let client = ClientId::from(id);
            for month in entity.months.months() {
                let shares = entity.months.get(month).map_or(&[][..], Tally::shares);
                shares.iter().for_each(|share| {
                    periods.push(SubjectPeriod { month, subject: PeriodSubject::Pair(share.carer, client) });
                });
            }
        }
        periods.extend(
            self.tags
                .keys()
                .map(|(month, tag)| SubjectPeriod { month: *month, subject: PeriodSubject::Tag(*tag) }),
        );
        periods
    }

    /// The provider with most visits of a period; the first by name among equals.
    pub(in crate::engine) fn main_provider(
        &self,
        subject: PeriodSubject,
        tally: &Tally,
    ) -> Option<ProviderId> {
        if let PeriodSubject::Provider(provider) = subject {
            return Some(provider);
        }
        if let [(only, _)] = tally.providers() {
            return Some(*only);
        }
        let names = &self.interners.providers;
        let first = |a: &&(ProviderId, u32), b: &&(ProviderId, u32)| {
            a.1.cmp(&b.1).then_with(|| names.text(b.0).cmp(names.text(a.0)))
        };
        tally.providers().iter().max_by(first).map(|(provider, _)| *provider)
    }
}
