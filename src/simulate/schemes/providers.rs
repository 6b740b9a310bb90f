//! What only a provider's months show. The label names one of the registrations that a month is made
//! of; nothing need be wrong with that one.

use super::*;
use crate::simulate::claim::SimulatedClaim;

/// A client's month is filled up to this share of the grant.
const FILLED: f64 = 0.99;
/// At most so much is cut off a visit for it: to this share of its length.
const CUT_TO: f64 = 0.65;

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
    scene.label_month(provider);
}

impl Scene<'_> {
    /// Labels one registration of the provider in each month.
    fn label_month(&mut self, provider: usize) {
        let month = self.town.zone.month(self.town.at(self.day, 12 * 3600));
        let last_week = self.town.zone.month(self.town.at(self.day + 4, 12 * 3600)) != month
            || self.town.days <= self.day + 4;
        if !last_week || self.memory.labelled_months.contains(&month) {
            return;
        }
        let fits = |claim: &&SimulatedClaim| !claim.frozen && self.provider(claim.carer) == provider;
        if let Some(claim) = self.claims.iter().find(fits) {
            let actor = self.town.providers[provider].id.clone();
            self.out.push(Planted { id: claim.registration.id.clone(), actor, seconds: 0 });
            self.memory.labelled_months.push(month);
        }
    }

    /// Every order's month is filled, day by day, as far as its grant goes: what would go beyond is cut
    /// off the visits, for nothing above the grant is paid.
    fn keep_within_grants(&mut self, provider: usize) {
        let town = self.town;
        for index in 0..self.claims.len() {
            let claim = &self.claims[index];
            let needs = &town.clients[claim.client].needs;
            let need = needs.iter().find(|need| need.service == claim.service);
            let order = need.map(|need| &town.orders[need.order]);
            let Some(order) = order.filter(|_| self.provider(claim.carer) == provider) else { continue };
            let month = claim.registration.pay_period;
            let first = town.zone.instant(month, 1, 0);
            let whole = town.zone.instant(month.next(), 1, 0).since(first) as f64;
            let gone = (claim.end.since(first) as f64 / whole + 1.0 / 31.0).min(1.0);
            // What was before the first day of all was as it should be.
            let missing = town.at(0, 0).since(first).max(0) as f64 / whole;
            let granted = FILLED * f64::from(order.granted_minutes) * 60.0 * (gone - missing);
            let seconds = claim.registered_end().since(claim.registration.start_at);
            let cut = claim.registration.start_at.plus((seconds as f64 * CUT_TO) as i64);
            let free = !claim.frozen && claim.registration.partner.is_none() && !claim.halved;
            let (id, start) = (order.id.clone(), claim.registration.start_at);
            let used = self.memory.used.entry((id, month)).or_default();
            let over = *used + seconds - granted as i64;
            let end = self.claims[index].registered_end().plus(-over).max(cut);
            if 0 < over && free && start.plus(60) < end {
                *used += end.since(start);
                if self.claims[index].is_electronic() {
                    self.set_end(index, end);
                } else {
                    self.claims[index].registration.end_at = Some(end);
                    self.claims[index].bill();
                }
            } else {
                *used += seconds;
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
