//! Carers, clients and providers that are seen for the first time: a flood of invented ones shuts out nobody who is known,
//! and no other provider's.
//!
//! The day is that of the append time: what is refused is a function of the log, as every disposition.

use hashbrown::HashMap;

use crate::domain::UtcSecond;
use crate::engine::model::interner::{CarerId, ClientId, ProviderId};
use crate::engine::model::{DAY_SECONDS, ENTITIES_MAX};
use crate::engine::state::municipality::State;

/// New carers and clients of one provider in a day at most: a whole county's on the day on which its feed begins.
const NEW_A_DAY_MAX: u32 = 100_000;
/// New providers of a municipality in a day at most.
const NEW_PROVIDERS_A_DAY_MAX: u32 = 1_000;

/// Who was new on one day.
#[derive(Default)]
pub(in crate::engine) struct Newcomers {
    day: i64,
    by_provider: HashMap<ProviderId, u32>,
    providers: u32,
    /// Any limit of the day is reached: only then newcomers are looked for.
    is_any_full: bool,
}

/// Numbers of known carers and clients, and of providers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Known {
    people: usize,
    providers: usize,
}

impl State {
    /// How many are known.
    pub(in crate::engine) fn known(&self) -> Known {
        let names = &self.interners;
        Known { people: names.carers.len() + names.clients.len(), providers: names.providers.len() }
    }

    /// Why a registration of these cannot be taken on the day of `at`: one of them would be one too many. `None` where
    /// all are known, whatever else came.
    pub(in crate::engine) fn too_many(
        &mut self,
        [carer, client, provider]: [&str; 3],
        at: UtcSecond,
    ) -> Option<String> {
        let day = at.0.div_euclid(DAY_SECONDS);
        if self.newcomers.day != day {
            self.newcomers = Newcomers { day, ..Newcomers::default() };
        }
        let names = &self.interners;
        let is_full = ENTITIES_MAX <= names.largest();
        if !is_full && !self.newcomers.is_any_full {
            return None;
        }
        let new = u32::from(names.carers.find::<CarerId>(carer).is_none())
            + u32::from(names.clients.find::<ClientId>(client).is_none());
        let known_provider: Option<ProviderId> = names.providers.find(provider);
        if new == 0 && known_provider.is_some() {
            return None;
        }
        if is_full {
            return Some(format!("more than {ENTITIES_MAX} carers, clients or providers"));
        }
        let today = known_provider.and_then(|provider| self.newcomers.by_provider.get(&provider));
        if known_provider.is_none() && NEW_PROVIDERS_A_DAY_MAX <= self.newcomers.providers {
            return Some(format!("more than {NEW_PROVIDERS_A_DAY_MAX} new providers on one day"));
        }
        (NEW_A_DAY_MAX < today.copied().unwrap_or(0) + new)
            .then(|| format!("more than {NEW_A_DAY_MAX} new carers and clients of one provider on one day"))
    }

    /// Counts who was new with a registration of `provider`; `before` is what was known before it.
    pub(in crate::engine) fn count_newcomers(&mut self, before: Known, provider: &str) {
        let now = self.known();
        if now == before {
            return;
        }
        let Some(provider) = self.interners.providers.find::<ProviderId>(provider) else { return };
        let new = u32::try_from(now.people - before.people).unwrap_or(u32::MAX);
        let of_provider = self.newcomers.by_provider.entry(provider).or_default();
        *of_provider = of_provider.saturating_add(new);
        let is_full = NEW_A_DAY_MAX < *of_provider + 2;
        self.newcomers.providers += u32::try_from(now.providers - before.providers).unwrap_or(0);
        self.newcomers.is_any_full |= is_full || NEW_PROVIDERS_A_DAY_MAX <= self.newcomers.providers;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::{Area, Zone};
    use crate::engine::model::counts_read::CountsRead;
    use crate::engine::model::settings::{Bounds, HoldTarget, Settings};

    const DAY: UtcSecond = UtcSecond(20_000 * DAY_SECONDS);

    fn state() -> State {
        let bounds = Bounds {
            rule_holds_a_day_max: 1,
            rule_holds_share_max: 1.0,
            provider_held_share_max: 1.0,
            provider_held_seconds_min: 0,
            habit_share: 1.0,
            desk_cases_a_day: 1,
        };
        let settings = Settings {
            municipality: "0181".to_owned(),
            zone: Zone::utc(),
            area: Area::SWEDEN,
            retained_days: 100,
            hold_on: HoldTarget::Weaker,
            default_ore_per_hour: 1,
            default_payout_day: 1,
            default_payout_hour: 1,
            bounds,
        };
        State::new(Arc::new(settings), CountsRead { periods: true, devices: true })
    }

    /// Takes a registration where it may come.
    fn take(state: &mut State, names: [&str; 3], at: UtcSecond) -> bool {
        if state.too_many(names, at).is_some() {
            return false;
        }
        let before = state.known();
        let _: CarerId = state.interners.carers.intern(names[0]);
        let _: ClientId = state.interners.clients.intern(names[1]);
        let _: ProviderId = state.interners.providers.intern(names[2]);
        state.count_newcomers(before, names[2]);
        true
    }

    #[test]
    fn a_flood_of_one_provider_shuts_out_its_own_newcomers_of_that_day_and_nobody_else() {
        let mut state = state();
        assert!(take(&mut state, ["ann", "bo", "P1"], DAY));
        let flood =
            (0..NEW_A_DAY_MAX).filter(|n| take(&mut state, [&format!("x{n}"), "bo", "P2"], DAY)).count();
        assert!(flood as u32 <= NEW_A_DAY_MAX && NEW_A_DAY_MAX - 3 < flood as u32, "{flood}");
        assert!(!take(&mut state, ["one-more", "new-client", "P2"], DAY));
        assert!(take(&mut state, ["x1", "bo", "P2"], DAY), "who is known is taken");
        assert!(take(&mut state, ["eve", "lisa", "P1"], DAY), "and newcomers of others");
        assert!(take(&mut state, ["one-more", "new-client", "P2"], DAY.plus(DAY_SECONDS)), "the day after");
    }

    #[test]
    fn invented_providers_shut_out_no_known_one() {
        let mut state = state();
        assert!(take(&mut state, ["ann", "bo", "P"], DAY));
        let taken = (0..2_000).filter(|n| take(&mut state, ["ann", "bo", &format!("Q{n}")], DAY)).count();
        assert!(taken as u32 <= NEW_PROVIDERS_A_DAY_MAX, "{taken}");
        assert!(take(&mut state, ["eve", "lisa", "P"], DAY));
    }
}
