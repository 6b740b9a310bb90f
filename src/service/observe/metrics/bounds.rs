//! What keeps the machine within bounds in one municipality, and how much its baselines have seen.

use std::collections::BTreeSet;

use super::{Metrics, labels};
use crate::engine::{Engine, Rolling};
use crate::service::deliver::desk::DeskUse;

/// A carer with fewer visits behind its usual length is not known yet: what `unusual-duration` asks for
/// before it lets a person look.
const WARM_OBSERVATIONS: u32 = 20;

/// One municipality's, as the metrics last heard of it.
#[derive(Debug, Default)]
pub(in crate::service) struct Restrained {
    breakers: BTreeSet<&'static str>,
    /// Carers whose baseline has seen too little, and enough.
    carers: [i64; 2],
}

impl Metrics {
    /// The bounds of a municipality may have moved.
    pub(in crate::service) fn restrained(&self, municipality: &str, engine: &Engine, known: &mut Restrained) {
        let open = engine.breakers_open().into_iter().collect();
        let before = std::mem::replace(&mut known.breakers, open);
        for rule in known.breakers.difference(&before) {
            self.families.breakers.with_label_values(&[rule]).inc();
            self.families.breaker_changes.with_label_values(&[*rule, "opened"]).inc();
            tracing::warn!(municipality, rule, "a rule proposes more than is plausible: its holds wait");
        }
        for rule in before.difference(&known.breakers) {
            self.families.breakers.with_label_values(&[rule]).dec();
            self.families.breaker_changes.with_label_values(&[*rule, "closed"]).inc();
            tracing::info!(municipality, rule, "a rule is back within its bounds");
        }
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let capped = engine.held_shares_capped().len();
        self.families.capped_providers.with_label_values(&[municipality]).set(count(capped));
    }

    /// The use of the desk of a municipality may have changed.
    pub(in crate::service) fn desk(&self, municipality: &str, usage: DeskUse) {
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let DeskUse { cases_a_day, cases_out, waiting } = usage;
        self.families.budget.with_label_values(&[municipality]).set(count(cases_a_day));
        self.families.budget_used.with_label_values(&[municipality]).set(count(cases_out));
        self.families.waiting_alerts.with_label_values(&[municipality]).set(count(waiting));
    }

    /// What is kept of a carer is something else than before.
    pub(in crate::service) fn baseline(
        &self,
        known: &mut Restrained,
        before: Option<&Rolling>,
        now: Option<&Rolling>,
    ) {
        for (rolling, sign) in [(before, -1), (now, 1)] {
            let Some(rolling) = rolling else { continue };
            let warm = usize::from(WARM_OBSERVATIONS <= rolling.observations);
            known.carers[warm] += sign;
            self.families.baseline_carers.with_label_values(&[labels::BASELINES[warm]]).add(sign);
        }
    }

    /// The municipality is not this instance's any more.
    pub(in crate::service) fn forget_restrained(&self, known: &Restrained) {
        for rule in &known.breakers {
            self.families.breakers.with_label_values(&[rule]).dec();
        }
        for (state, carers) in labels::BASELINES.iter().zip(known.carers) {
            self.families.baseline_carers.with_label_values(&[state]).sub(carers);
        }
    }

    /// So many registrations were assessed, and so many of them have a combined p-value of at most 1,
    /// 0.1, and so on.
    pub(in crate::service) fn weighed(&self, assessed: u64, at_most: [u64; 5]) {
        for (bound, count) in labels::AT_MOST_VALUES.iter().zip(at_most) {
            self.families.p_values.with_label_values(&[bound]).inc_by(count);
        }
        let cold = assessed.saturating_sub(at_most[0]);
        self.families.cold_registrations.with_label_values::<&str>(&[]).inc_by(cold);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carers_warm_up_and_go_with_their_municipality() {
        let (metrics, mut known) = (Metrics::new(&[]), Restrained::default());
        let seen = |observations| Rolling { observations, ..Rolling::default() };
        metrics.baseline(&mut known, None, Some(&seen(19)));
        metrics.baseline(&mut known, None, Some(&seen(2)));
        metrics.baseline(&mut known, Some(&seen(19)), Some(&seen(20)));
        let says = |line: &str| assert!(metrics.text().contains(line), "{line}\n{}", metrics.text());
        says("tidvakt_baseline_carers{state=\"cold\"} 1");
        says("tidvakt_baseline_carers{state=\"warm\"} 1");
        metrics.forget_restrained(&known);
        says("tidvakt_baseline_carers{state=\"warm\"} 0");
    }

    #[test]
    fn what_has_no_combined_value_is_cold() {
        let metrics = Metrics::new(&[]);
        metrics.weighed(5, [3, 2, 0, 0, 0]);
        let text = metrics.text();
        assert!(text.contains("tidvakt_p_values_total{at_most=\"0.1\"} 2"), "{text}");
        assert!(text.contains("tidvakt_baseline_cold_registrations_total 2"), "{text}");
    }
}
