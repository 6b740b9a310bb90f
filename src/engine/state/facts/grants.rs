//! Granted time by month.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::Facts;
use super::about::Order;
use crate::domain::{GrantPer, Month, UtcSecond, Validity, Zone};
use crate::engine::model::DAY_SECONDS;
use crate::engine::model::interner::{ClientId, ProviderId};
use crate::engine::totals::count::Change;

/// Largest offset of a time zone from UTC.
const OFFSET_SECONDS_MAX: i64 = 14 * 3600;

/// Granted seconds by the period that orders grant them per, summed over days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Granted {
    per_day: i64,
    per_week: i64,
    per_month: i64,
}

impl Granted {
    /// The grant of an order; the time of each carer where several are required.
    fn of(order: &Order) -> Option<Self> {
        let (minutes, per) = order.grant?;
        let seconds = i64::from(minutes) * 60 * i64::from(order.required_staff.unwrap_or(1).max(1));
        Some(match per {
            GrantPer::Day => Self { per_day: seconds, ..Self::default() },
            GrantPer::Week => Self { per_week: seconds, ..Self::default() },
            GrantPer::Month => Self { per_month: seconds, ..Self::default() },
        })
    }

    const fn plus(self, other: Self, times: i64) -> Self {
        Self {
            per_day: self.per_day + times * other.per_day,
            per_week: self.per_week + times * other.per_week,
            per_month: self.per_month + times * other.per_month,
        }
    }

    /// Seconds in total, where `self` is the sum over the counted days of a month.
    const fn of_days(self, days_of_month: i64) -> i64 {
        self.per_day + self.per_week / 7 + self.per_month / days_of_month
    }
}

/// Changes of the granted time by provider and month.
#[derive(Default)]
pub(in crate::engine) struct ProviderGrants(HashMap<ProviderId, BTreeMap<Month, Granted>>);

impl ProviderGrants {
    /// Inserts or retracts an order. It counts in the months in whose middle it is valid: over all orders of a
    /// provider, those that start or end within a month cancel out.
    pub(in crate::engine) fn apply(&mut self, order: &Order, change: Change) {
        let (Some(provider), Some(granted)) = (order.provider, Granted::of(order)) else { return };
        let Validity { from, to } = order.valid;
        if to.is_some_and(|to| to <= from) {
            return;
        }
        let months = self.0.entry(provider).or_default();
        let sign = change.sign();
        let ends = [(Some(from), sign), (to, -sign)];
        for (month, sign) in ends.into_iter().filter_map(|(at, sign)| Some((first_middle(at?), sign))) {
            let sum = months.entry(month).or_default();
            *sum = sum.plus(granted, sign);
            if *sum == Granted::default() {
                months.remove(&month);
            }
        }
    }

    /// Granted seconds of a month.
    pub(in crate::engine) fn of(&self, provider: ProviderId, month: Month) -> i64 {
        let Some(months) = self.0.get(&provider) else { return 0 };
        let sum = months.range(..=month).fold(Granted::default(), |sum, (_, change)| sum.plus(*change, 1));
        let days = i64::from(month.days());
        Granted {
            per_day: days * sum.per_day,
            per_week: days * sum.per_week,
            per_month: days * sum.per_month,
        }
        .of_days(days)
    }
}

/// The first month whose middle is not before `at`.
fn first_middle(at: UtcSecond) -> Month {
    let utc = Zone::utc();
    let month = utc.month(at);
    if at <= utc.instant(month, 15, 0) { month } else { month.next() }
}

impl Facts {
    /// Granted seconds of a client in a month by the orders valid on each day, without the days for whose noon
    /// `leaves_out` is true. `None` where no known order of the client grants time.
    pub(in crate::engine) fn granted_by_day(
        &self,
        client: ClientId,
        month: Month,
        zone: &Zone,
        leaves_out: impl Fn(UtcSecond) -> bool,
    ) -> Option<i64> {
        self.orders_ever(client).find_map(Granted::of)?;
        let days = i64::from(month.days());
        let noon = zone.instant(month, 1, 12);
        // An hour earlier or later on days after the clock was changed is still the same day.
        let noons = (0..days).map(|day| noon.plus(day * DAY_SECONDS)).filter(|noon| !leaves_out(*noon));
        let held = noons.flat_map(|noon| self.orders_of(client, noon)).filter_map(Granted::of);
        Some(held.fold(Granted::default(), |sum, granted| sum.plus(granted, 1)).of_days(days))
    }

    /// Granted seconds of a client in a month; without a loop over days where every order is valid all month.
    pub(in crate::engine) fn granted(&self, client: ClientId, month: Month, zone: &Zone) -> Option<i64> {
        let days = i64::from(month.days());
        let first = i64::from(month.first_day().0) * DAY_SECONDS;
        let from = UtcSecond(first - OFFSET_SECONDS_MAX);
        let to = UtcSecond(first + days * DAY_SECONDS + OFFSET_SECONDS_MAX);
        let mut sum = Granted::default();
        let mut known = None;
        for order in self.orders_ever(client) {
            let whole = order.valid.from <= from && order.valid.to.is_none_or(|end| to <= end);
            // Several facts about one order: the valid one may differ by day.
            if !whole || known.is_some_and(|known| known == order.id) {
                return self.granted_by_day(client, month, zone, |_| false);
            }
            known = Some(order.id);
            if let Some(granted) = Granted::of(order) {
                sum = sum.plus(granted, days);
            }
        }
        if sum == Granted::default() { None } else { Some(sum.of_days(days)) }
    }

    /// Granted seconds of a provider's orders in a month.
    pub(in crate::engine) fn granted_at(&self, provider: ProviderId, month: Month) -> i64 {
        self.provider_grants.of(provider, month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::model::interner::TextId;

    fn order(minutes: u32, per: GrantPer, from: i64, to: Option<i64>) -> Order {
        Order {
            id: TextId::from(1),
            client: ClientId::from(1),
            provider: Some(ProviderId::from(1)),
            tasks: Box::default(),
            grant: Some((minutes, per)),
            required_staff: None,
            valid: Validity { from: UtcSecond(from), to: to.map(UtcSecond) },
        }
    }

    #[test]
    fn a_providers_grants_are_those_valid_in_the_middle_of_the_month() {
        let day = |text: &str| {
            let (month, day) = text.rsplit_once('-').expect("a date");
            let month = Month::parse(month).expect("a month");
            Zone::utc().instant(month, day.parse().expect("a day"), 0).0
        };
        let march = Month::parse("2026-03").expect("a month");
        let (one, other) = (
            order(60, GrantPer::Day, day("2026-03-10"), Some(day("2026-05-20"))),
            order(70, GrantPer::Week, day("2026-03-20"), None),
        );
        let mut grants = ProviderGrants::default();
        grants.apply(&one, Change::Insert);
        grants.apply(&other, Change::Insert);
        let provider = ProviderId::from(1);
        let of = |grants: &ProviderGrants, month: Month| grants.of(provider, month) / 60;
        assert_eq!(of(&grants, march.previous()), 0);
        assert_eq!(of(&grants, march), 31 * 60);
        assert_eq!(of(&grants, march.next()), 30 * 60 + 30 * 10);
        assert_eq!(of(&grants, march.next().next().next()), 30 * 10);
        grants.apply(&one, Change::Retract);
        grants.apply(&other, Change::Retract);
        assert!(grants.0[&provider].is_empty());
    }
}
