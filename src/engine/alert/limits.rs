//! Limits on holds: a breaker per rule and day, a cap per provider and pay period.
//!
//! A rule that proposes an implausible number of holds on one day is probably broken, or fed with a broken fact: its
//! breaker opens, its findings stay, its holds wait for a person. A provider's cap works alike for the share of a
//! pay period that would be held. Both are functions of the counted registrations, not of the order of arrival.

use crate::engine::model::settings::Bounds;
use hashbrown::HashMap;

use crate::domain::{Day, Month, UtcSecond};
use crate::engine::model::interner::ProviderId;
use crate::engine::model::visit::Slot;
use crate::engine::totals::count::Change;

/// A visit with proposed holds, before any limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Held {
    pub(in crate::engine) start: UtcSecond,
    pub(in crate::engine) slot: Slot,
    pub(in crate::engine) seconds: i64,
}

/// Proposed holds of a provider in a pay period, in order of start and id.
#[derive(Default)]
struct ProviderHolds {
    held: Vec<Held>,
    seconds: i64,
    /// The part of `seconds` on expired registrations, which started first.
    expired_seconds: i64,
    /// Visits beyond the cap, whose holds wait for a person.
    waiting: Vec<Slot>,
}

impl ProviderHolds {
    /// Drops the registrations that start before `horizon`.
    fn expire(&mut self, horizon: UtcSecond) {
        let expired = self.held.partition_point(|held| held.start < horizon);
        for held in self.held.drain(..expired) {
            self.expired_seconds += held.seconds;
            self.waiting.retain(|slot| *slot != held.slot);
        }
    }

    fn update_caps(&mut self, paid: i64, bounds: &Bounds, affected: &mut Vec<Slot>) {
        let most = crate::engine::stats::peers::quantize(paid as f64) * bounds.provider_held_share_max;
        let most = (most as i64).max(i64::from(bounds.provider_held_seconds_min));
        let mut sum = self.expired_seconds;
        let fits = |held: &&Held| {
            sum += held.seconds;
            sum <= most
        };
        let all = self.held.len();
        let within = if self.seconds <= most { all } else { self.held.iter().take_while(fits).count() };
        if within == all && self.waiting.is_empty() {
            return;
        }
        let waiting: Vec<Slot> = self.held[within..].iter().map(|held| held.slot).collect();
        affected.extend(waiting.iter().filter(|slot| !self.waiting.contains(slot)));
        affected.extend(self.waiting.iter().filter(|slot| !waiting.contains(slot)));
        self.waiting = waiting;
    }
}

/// Counts behind the limits.
#[derive(Default)]
pub(in crate::engine) struct HoldLimits {
    holds: HashMap<(u16, Day), u32>,
    visits: HashMap<Day, u32>,
    open: Vec<(u16, Day)>,
    providers: HashMap<(ProviderId, Month), ProviderHolds>,
    /// Caps to recompute.
    dirty: Vec<(ProviderId, Month)>,
}

impl HoldLimits {
    /// Counts a visit of `day`, or no longer; adds the breakers that open or close to `flipped_breakers`.
    pub(in crate::engine) fn visit(
        &mut self,
        day: Day,
        change: Change,
        bounds: &Bounds,
        flipped_breakers: &mut Vec<(u16, Day)>,
    ) {
        let visits = self.visits.entry(day).or_default();
        change.count(visits, 1);
        // An inserted visit can only close breakers, a retracted one only open them.
        let rules: Vec<u16> = if change.is_insert() {
            self.open.iter().filter(|(_, of)| *of == day).map(|(rule, _)| *rule).collect()
        } else {
            self.holds.keys().filter(|(_, of)| *of == day).map(|(rule, _)| *rule).collect()
        };
        flipped_breakers.extend(
            rules
                .into_iter()
                .map(|rule| (rule, day))
                .filter(|(rule, day)| self.update_breaker(*rule, *day, bounds)),
        );
    }

    /// Counts a proposed hold of `rule` on `day`, or no longer.
    pub(in crate::engine) fn hold(&mut self, rule: u16, day: Day, change: Change) {
        let holds = self.holds.entry((rule, day)).or_default();
        change.count(holds, 1);
        if *holds == 0 {
            self.holds.remove(&(rule, day));
        }
    }

    /// Whether the breaker of `rule` is open on `day`.
    pub(in crate::engine) fn is_open(&self, rule: u16, day: Day) -> bool {
        self.open.contains(&(rule, day))
    }

    /// Opens or closes the breaker of `rule` on `day`; returns whether that changed it.
    pub(in crate::engine) fn update_breaker(&mut self, rule: u16, day: Day, bounds: &Bounds) -> bool {
        let holds = self.holds.get(&(rule, day)).copied().unwrap_or(0);
        let visits = self.visits.get(&day).copied().unwrap_or(0);
        let share = f64::from(visits) * bounds.rule_holds_share_max;
        let most = f64::from(bounds.rule_holds_a_day_max).max(share);
        let must = most < f64::from(holds);
        let is = self.is_open(rule, day);
        if must && !is {
            self.open.push((rule, day));
        } else if is && !must {
            self.open.retain(|open| *open != (rule, day));
        }
        must != is
    }

    /// Open breakers: rule and local day.
    pub(in crate::engine) fn open(&self) -> &[(u16, Day)] {
        &self.open
    }

    /// Replaces a visit's proposed seconds.
    pub(in crate::engine) fn held(
        &mut self,
        of: (ProviderId, Month),
        before: Option<Held>,
        now: Option<Held>,
        by_id: impl Fn(Slot, Slot) -> std::cmp::Ordering,
    ) {
        if before == now {
            return;
        }
        self.mark_dirty(of);
        let holds = self.providers.entry(of).or_default();
        if let Some(before) = before {
            holds.held.retain(|held| held.slot != before.slot);
            holds.seconds -= before.seconds;
        }
        if let Some(now) = now {
            let order = |held: &Held| held.start.cmp(&now.start).then_with(|| by_id(held.slot, now.slot));
            let at = holds.held.partition_point(|held| order(held).is_lt());
            holds.held.insert(at, now);
            holds.seconds += now.seconds;
        }
    }

    /// Whether the visit lies beyond its provider's cap.
    pub(in crate::engine) fn is_capped(&self, of: (ProviderId, Month), slot: Slot) -> bool {
        self.providers.get(&of).is_some_and(|holds| holds.waiting.contains(&slot))
    }

    /// Marks dirty the caps that depend on a provider's paid time of `month`: that month's and the next one's.
    pub(in crate::engine) fn paid(&mut self, provider: ProviderId, month: Month) {
        for of in [(provider, month), (provider, month.next())] {
            if self.providers.contains_key(&of) {
                self.mark_dirty(of);
            }
        }
    }

    fn mark_dirty(&mut self, of: (ProviderId, Month)) {
        if self.dirty.last() != Some(&of) {
            self.dirty.push(of);
        }
    }

    /// Recomputes the dirty caps from the seconds that `paid` returns, `None` for a cap that stays. Adds the visits
    /// that are now, or no longer, beyond a cap to `affected`.
    pub(in crate::engine) fn update_caps(
        &mut self,
        bounds: &Bounds,
        paid: impl Fn((ProviderId, Month)) -> Option<i64>,
        affected: &mut Vec<Slot>,
    ) {
        for of in self.dirty.drain(..) {
            if let Some(holds) = self.providers.get_mut(&of)
                && let Some(paid) = paid(of)
            {
                holds.update_caps(paid, bounds, affected);
            }
        }
    }

    /// Providers with holds beyond the cap, and the pay period.
    pub(in crate::engine) fn capped(&self) -> impl Iterator<Item = (ProviderId, Month)> {
        self.providers.iter().filter(|(_, holds)| !holds.waiting.is_empty()).map(|(of, _)| *of)
    }

    /// Drops what lies before the horizon, which lies in `day` and `month`.
    pub(in crate::engine) fn expire(&mut self, horizon: UtcSecond, day: Day, month: Month) {
        self.holds.retain(|(_, of), _| day <= *of);
        self.visits.retain(|of, _| day <= *of);
        self.open.retain(|(_, of)| day <= *of);
        self.providers.retain(|(_, of), _| month <= *of);
        self.providers.values_mut().for_each(|holds| holds.expire(horizon));
    }
}
