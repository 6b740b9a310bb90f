//! What only a provider's months show. The label names one of the registrations that a month is made
//! of; nothing need be wrong with that one.

use super::*;
use crate::simulate::claim::Claim;

/// A client's month is filled up to this share of the grant, and never above.
const FILLED: f64 = 0.995;

/// Plants what `pattern` does on the scene's day by `provider`, whose scheme goes on over `days`.
pub(in crate::simulate) fn provider_day(
    mut scene: Scene<'_>,
    pattern: &str,
    provider: usize,
    (first, _): (u32, u32),
) {
    match pattern {
        "provider-padding" => return scene.pad_all(provider, 1.3),
        "provider-ramp" => {
            let age = f64::from(scene.day - first);
            return scene.pad_all(provider, 1.0 + (0.006 * age).min(0.36));
        }
        "full-delivery" => scene.keep_within_grants(provider),
        _ => {}
    }
    scene.tell_month(provider);
}

impl Scene<'_> {
    /// Labels one registration of the provider in each month.
    fn tell_month(&mut self, provider: usize) {
        let month = self.town.zone.month(self.town.at(self.day, 12 * 3600));
        let last_week = self.town.zone.month(self.town.at(self.day + 4, 12 * 3600)) != month
            || self.town.days <= self.day + 4;
        if !last_week || self.memory.told.contains(&month) {
            return;
        }
        let fits = |claim: &&Claim| !claim.frozen && self.provider(claim.carer) == provider;
        if let Some(claim) = self.claims.iter().find(fits) {
            let actor = self.town.providers[provider].id.clone();
            self.out.push(Planted { id: claim.registration.id.clone(), actor, seconds: 0 });
            self.memory.told.push(month);
        }
    }

    /// Nothing is registered above the grant, for nothing above it is paid.
    fn keep_within_grants(&mut self, provider: usize) {
        let town = self.town;
        let mut index = 0;
        while index < self.claims.len() {
            let claim = &self.claims[index];
            let registration = &claim.registration;
            let needs = &town.clients[claim.client].needs;
            let need = needs.iter().find(|need| need.service == claim.service);
            let order = need.map(|need| &town.orders[need.order]);
            let Some(order) = order.filter(|_| self.provider(claim.carer) == provider) else {
                index += 1;
                continue;
            };
            let free = !claim.frozen && registration.partner.is_none() && registration.shared_visit.is_none();
            let seconds = claim.registered_end().since(registration.start_at);
            let used = self.memory.used.entry((order.id.clone(), registration.pay_period)).or_default();
            if free && FILLED * f64::from(order.granted_minutes) * 60.0 < (*used + seconds) as f64 {
                self.claims.remove(index);
            } else {
                *used += seconds;
                index += 1;
            }
        }
    }

    /// Every visit of the provider is made longer.
    fn pad_all(&mut self, provider: usize, factor: f64) {
        for index in 0..self.claims.len() {
            let own = self.provider(self.claims[index].carer) == provider;
            if 1.02 < factor && own && self.has_room(index, factor, 300) {
                self.stretch(index, factor);
            }
        }
    }
}
