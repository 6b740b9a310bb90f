//! What is counted per pay period, and what is usual.

use super::mark::{Mark, Marks, bits};
use super::months::Months;
use super::names::{CarerId, ClientId, ProviderId, TextId};
use super::period::{Period, Whose};
use super::tally::{Side, Tally, count_in, step};
use super::visit::{Slot, Visit};
use super::world::{Moved, Outdated, World, party};
use crate::domain::Month;

static NO_MONTHS: Months = Months::EMPTY;

impl World {
    /// Takes a visit into the tallies, or out of them.
    pub(super) fn tally(&mut self, visit: &Visit, add: bool) {
        let month = visit.pay_period;
        if visit.open || Some(month) <= self.horizon_month {
            return;
        }
        let carer = &mut self.carers[visit.carer.0 as usize].months;
        carer.entry(month, Side::Carer).change(visit, add);
        let client = &mut self.clients[visit.client.0 as usize].months;
        let at_client = client.entry(month, Side::Client).change(visit, add);
        let provider = party(&mut self.providers, visit.provider.0).entry(month, Side::Provider);
        provider.change(visit, add);
        step(&mut provider.clients, u32::from(at_client.provider), add);
        if at_client.carer {
            step(&mut carer.entry(month, Side::Carer).clients, 1, add);
        }
        if !add {
            carer.tidy(month);
            client.tidy(month);
            self.providers[visit.provider.0 as usize].tidy(month);
        }
    }

    /// Counts the visit in `slot` with `marks` instead of those it had; true where that changed
    /// anything.
    pub(super) fn set_marks(&mut self, slot: Slot, marks: Marks) -> bool {
        let entry = self.ledger.entry_mut(slot);
        let before = std::mem::replace(&mut entry.marks, marks);
        if before == marks {
            return false;
        }
        let Some(visit) = &entry.visit else { return false };
        let (carer, client, provider) = (visit.carer, visit.client, visit.provider);
        let (month, tag) = (visit.pay_period, visit.start_tag.or(visit.end_tag));
        if Some(month) <= self.horizon_month {
            return false;
        }
        let carers = self.carers[carer.0 as usize].months.entry(month, Side::Carer);
        let clients = self.clients[client.0 as usize].months.entry(month, Side::Client);
        let providers = self.providers[provider.0 as usize].entry(month, Side::Provider);
        let pool = self.pools.entry(month).or_default();
        let (residual, ratio) = (carers.residual, carers.ratio);
        for (marks, add) in [(&before, false), (&marks, true)] {
            carers.change_marks(marks, add, |mark, before, after| pool.change(mark, before, after));
            clients.change_marks(marks, add, |_, _, _| ());
            providers.change_marks(marks, add, |_, _, _| ());
        }
        pool.length.change(residual, carers.residual);
        pool.length.change_ratio(ratio, carers.ratio);
        if let Some(tag) = tag {
            self.count_tag((month, tag), carer, before.bears(Mark::TagNear), marks.bears(Mark::TagNear));
        }
        self.outdate(
            month,
            before.of | marks.of,
            (before.residual(), before.ratio()) != (marks.residual(), marks.ratio()),
        );
        true
    }

    fn count_tag(&mut self, key: (Month, TextId), carer: CarerId, before: bool, now: bool) {
        if before != now {
            let carers = self.tags.entry(key).or_default();
            count_in(carers, carer, now);
            if carers.is_empty() {
                self.tags.remove(&key);
            }
            self.tags_counted.push(Period { month: key.0, whose: Whose::Tag(key.1) });
        }
    }

    /// What is usual in `month` has to be reckoned anew before it is asked for.
    pub(super) fn outdate(&mut self, month: Month, marks: u32, length: bool) {
        match self.outdated.iter_mut().find(|outdated| outdated.month == month) {
            Some(outdated) => {
                (outdated.marks, outdated.length) = (outdated.marks | marks, outdated.length | length)
            }
            None => self.outdated.push(Outdated { month, marks, length }),
        }
    }

    /// Reckons it anew, and answers for what it has moved.
    pub(super) fn refresh_usual(&mut self) -> Vec<(Month, Moved)> {
        let mut moved = Vec::new();
        for Outdated { month, marks, length } in std::mem::take(&mut self.outdated) {
            self.refresh(month, marks, length, &mut moved);
        }
        moved.sort_unstable();
        moved.dedup();
        moved
    }

    /// Reckons anew what is usual in `month` and, as it belongs to that, in the one after.
    fn refresh(&mut self, month: Month, marks: u32, length: bool, moved: &mut Vec<(Month, Moved)>) {
        for month in [month, month.next()] {
            let (before, mut from) = (month.previous(), self.pools.range_mut(..=month).rev());
            let Some((_, pool)) = from.next().filter(|(known, _)| **known == month) else { continue };
            let before = from.next().filter(|(known, _)| **known == before).map(|(_, pool)| &*pool);
            for mark in bits(marks).filter(|mark| pool.refresh(*mark, before)) {
                moved.push((month, Moved::Share(Mark::ALL[mark])));
            }
            if length && pool.refresh_length(before) {
                moved.push((month, Moved::Length));
            }
        }
    }

    /// The tally of somebody's period.
    pub(super) fn tally_of(&self, whose: Whose, month: Month) -> Option<&Tally> {
        self.months_of(whose)?.get(month)
    }

    /// All tallies of somebody; a tag has none.
    pub(super) fn months_of(&self, whose: Whose) -> Option<&Months> {
        match whose {
            Whose::Carer(carer) => Some(&self.carer(carer).months),
            Whose::Client(client) | Whose::Pair(_, client) => Some(&self.client(client).months),
            Whose::Provider(provider) => Some(self.provider(provider)),
            Whose::Tag(_) => None,
        }
    }

    pub(super) fn provider(&self, provider: ProviderId) -> &Months {
        self.providers.get(provider.0 as usize).unwrap_or(&NO_MONTHS)
    }

    /// Every period of which anything is counted, in no order that means anything.
    pub(super) fn periods(&self) -> Vec<Period> {
        let carers = (0u32..).zip(&self.carers).map(|(id, party)| (Whose::Carer(id.into()), &party.months));
        let clients =
            (0u32..).zip(&self.clients).map(|(id, party)| (Whose::Client(id.into()), &party.months));
        let providers =
            (0u32..).zip(&self.providers).map(|(id, months)| (Whose::Provider(id.into()), months));
        let all = carers.chain(clients).chain(providers);
        let mut periods: Vec<Period> = all
            .flat_map(|(whose, months)| months.months().map(move |month| Period { month, whose }))
            .collect();
        for (id, party) in (0u32..).zip(&self.clients) {
            let client = ClientId::from(id);
            for month in party.months.months() {
                let shares = party.months.get(month).map_or(&[][..], Tally::shares);
                shares.iter().for_each(|share| {
                    periods.push(Period { month, whose: Whose::Pair(share.carer, client) });
                });
            }
        }
        periods
            .extend(self.tags.keys().map(|(month, tag)| Period { month: *month, whose: Whose::Tag(*tag) }));
        periods
    }
}
