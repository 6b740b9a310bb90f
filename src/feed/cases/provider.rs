//! The same measures of every provider, by month: each beside the others and its own past.

use std::collections::BTreeMap;

use super::Book;
use crate::domain::{CaptureMethod, Class, Day, Fact, FactBody, FactChange, Month, ProviderKind, UtcSecond};

/// What the visits of a provider in one month add up to. Visits that no longer count are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProviderMonth {
    /// Visits.
    pub visits: u32,
    /// Registered time, in seconds.
    pub seconds: i64,
    /// Visits of which an end was entered by hand.
    pub by_hand: u32,
    /// Visits that were changed by hand.
    pub edited: u32,
    /// Visits with a plan, and those of them that took longer than it by more than a tenth.
    pub planned: u32,
    /// As said.
    pub above_plan: u32,
    /// Visits with a plan that took less than half of it.
    pub below_half: u32,
    /// Visits of which the source closed the end.
    pub auto_closed: u32,
    /// Open alerts about one of its visits.
    pub alerted: u32,
    /// Open alerts on records that contradict each other.
    pub contradictions: u32,
    /// Öre in open holds.
    pub held_ore: i64,
}

/// The facts that say who runs a provider, by fact id.
#[derive(Debug, Default)]
pub(super) struct ProviderFacts(BTreeMap<String, Fact>);

impl ProviderFacts {
    /// Takes a change: of one id the latest recorded fact counts.
    pub(super) fn take(&mut self, change: FactChange) {
        match change {
            FactChange::Put(fact) => {
                let known = self.0.get(&fact.fact_id);
                if known.is_none_or(|known| known.recorded_at <= fact.recorded_at) {
                    self.0.insert(fact.fact_id.clone(), fact);
                }
            }
            FactChange::Remove { fact_id, .. } => drop(self.0.remove(&fact_id)),
        }
    }

    /// Who runs a provider at `at`: what was recorded last of what is valid then.
    pub(super) fn kind(&self, provider: &str, at: UtcSecond) -> Option<ProviderKind> {
        let kinds =
            self.0.values().filter(|fact| fact.valid.covers(at)).filter_map(|fact| match &fact.body {
                FactBody::Provider { provider_id, kind, .. } if provider_id == provider => {
                    Some((fact.recorded_at, *kind))
                }
                _ => None,
            });
        kinds.max_by_key(|(recorded_at, _)| *recorded_at).map(|(_, kind)| kind)
    }
}

impl Book {
    /// Every provider with visits in `month`, in order of their ids.
    #[must_use]
    pub fn providers(&self, month: Month) -> BTreeMap<String, ProviderMonth> {
        let mut found: BTreeMap<String, ProviderMonth> = BTreeMap::new();
        let first = month.first_day();
        for day in 0..i32::from(month.days()) {
            for visit in self.visits().of_local_day(Day(first.0 + day)).filter(|visit| !visit.is_cancelled) {
                let of = match found.get_mut(&*visit.provider) {
                    Some(of) => of,
                    None => found.entry(visit.provider.to_string()).or_default(),
                };
                let seconds = visit.end_or_start().since(visit.start);
                of.visits += 1;
                of.seconds += seconds;
                of.by_hand += u32::from(visit.start_method.is_manual() || visit.end_method.is_manual());
                of.edited += u32::from(0 < visit.edits);
                of.auto_closed += u32::from(visit.end_method == CaptureMethod::AutoClosed);
                if let Some(plan) = visit.planned {
                    of.planned += 1;
                    of.below_half += u32::from(visit.end.is_some() && seconds * 2 < plan.seconds());
                    of.above_plan += u32::from(plan.seconds() * 11 < seconds * 10);
                }
            }
        }
        let open =
            self.cases().flat_map(super::Case::open_alerts).filter(|alert| alert.alert.pay_period == month);
        for alert in open {
            let Some(of) = found.get_mut(&alert.alert.provider_id) else { continue };
            of.alerted += u32::from(alert.alert.subject.version.is_some());
            of.contradictions += u32::from(alert.alert.class == Class::Contradiction);
            let held = alert.alert.hold.as_ref().filter(|hold| hold.state.is_open());
            of.held_ore += held.map_or(0, |hold| hold.amount_ore);
        }
        found
    }
}
