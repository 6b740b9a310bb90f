//! The municipality: who works and who lives in it, its calendar, its phones.

use std::sync::Arc;

use super::clients::{Client, OrderedService};
use super::people::{Carer, Provider, Unit};
use super::places::pseudonym;
use crate::domain::{UtcSecond, Zone};

/// The night patrol is the first unit, and the municipality's.
pub(super) const NIGHT_UNIT: usize = 0;

/// Everything that does not change from day to day.
#[derive(Debug)]
pub(super) struct Town {
    pub(super) zone: Zone,
    pub(super) municipality: Arc<str>,
    /// Local first day, in days since 1970.
    pub(super) first_day: i64,
    pub(super) days: u32,
    pub(super) providers: Vec<Provider>,
    pub(super) units: Vec<Unit>,
    pub(super) carers: Vec<Carer>,
    pub(super) clients: Vec<Client>,
    pub(super) orders: Vec<OrderedService>,
    /// From this day on a provider's clients get a third fewer visits.
    pub(super) drop: Option<(usize, u32)>,
}

impl Town {
    /// The instant `second` wall-clock seconds after local midnight of `day`, counted from the first day; may lie
    /// beyond the day.
    pub(super) fn at(&self, day: impl Into<i64>, second: i32) -> UtcSecond {
        let wall = (self.first_day + day.into()) * 86_400 + i64::from(second);
        // Twice, because the offset depends on the instant that is being computed.
        let near = UtcSecond(wall - self.zone.offset_seconds(UtcSecond(wall)));
        UtcSecond(wall - self.zone.offset_seconds(near))
    }

    /// The day that `at` lies in, counted from the first day; negative before it.
    pub(super) fn day_of(&self, at: UtcSecond) -> i64 {
        i64::from(self.zone.day(at).0) - self.first_day
    }

    /// Monday is 0.
    pub(super) const fn weekday(&self, day: u32) -> u32 {
        // 1970-01-01 was a Thursday.
        (self.first_day + day as i64 + 3).rem_euclid(7) as u32
    }

    pub(super) fn provider_of(&self, carer: usize) -> &Provider {
        &self.providers[self.units[self.carers[carer].unit].provider]
    }

    /// The carers of a unit who work on `day`.
    pub(super) fn on_duty(&self, unit: usize, day: u32) -> impl Iterator<Item = usize> {
        self.units[unit].carers.iter().copied().filter(move |&carer| self.carers[carer].works(day))
    }

    /// The phone that `carer` has at `at`: the own one, one of the pool's, or a spare one for the rest
    /// of a day on which its battery was empty.
    pub(super) fn device(&self, carer: usize, at: UtcSecond) -> Arc<str> {
        let person = &self.carers[carer];
        let day = self.day_of(at.plus(-6 * 3600)).max(0) as usize;
        let unit = &self.units[person.unit];
        let mixed = pseudonym(carer.wrapping_mul(4_001).wrapping_add(day));
        if mixed.is_multiple_of(300) && self.at(day as i64, 12 * 3600) < at {
            return format!("dev-spare-{}", &unit.id[2..]).into();
        }
        match person.pool.filter(|_| !unit.pool.is_empty()) {
            Some(rank) => unit.pool[(rank + day) % unit.pool.len()].clone(),
            None => person.device.clone(),
        }
    }
}
