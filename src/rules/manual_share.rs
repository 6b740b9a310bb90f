//! `manual-share`: too large a share of a carer's or a provider's visits is typed in afterwards.
//!
//! Why: what is typed in proves nothing about time or place, and contracts allow only a small share.
//!
//! Finds, per carer and per provider in a pay period, visits carried out of which one end or both
//! were typed in, when their share is above `share_max`, there are at least `visits_min` visits
//! (`provider_visits_min` for a provider), and so many would be typed in with a probability of at
//! most `p_max` were `share_max` the true share (upper tail of the binomial distribution).
//!
//! Not a finding: declined or cancelled visits, visits still open, ends captured by a button. New
//! phones, a place without coverage or an outage are accepted by an `exception` fact.
//!
//! Grade: review. No single second is in question. What is told is rounded (visits down to tens, a
//! provider's to hundreds, the share down to five per cent, the probability up to a power of ten), so
//! that the alert is not revised with every visit.

use serde::Deserialize;
use statrs::distribution::{Binomial, DiscreteCDF};

use super::{Definition, from_table};
use crate::domain::{Class, Grade, Measure, Sentence};
use crate::engine::{Hit, Period, PeriodSight, Report, Rule, Tally};

pub(super) const RULE: Definition = Definition {
    id: "manual-share",
    version: 1,
    class: Class::Pattern,
    patterns: &[18],
    reads_history: false,
    looks_at_periods: true,
    summary_sv: "En för stor andel av besöken är inskrivna i efterhand.",
    summary_en: "Too large a share of the visits is typed in afterwards.",
    build: from_table::<ManualShare>,
};

/// The share is told in steps of five per cent.
const SHARE_STEPS: f64 = 20.0;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ManualShare {
    /// The share that is accepted, 0 to 1.
    share_max: f64,
    /// Fewer visits of a carer in a period say nothing.
    visits_min: u32,
    /// Fewer visits of a provider in a period say nothing.
    provider_visits_min: u32,
    /// At most this likely by chance.
    p_max: f64,
}

impl Rule for ManualShare {
    fn period(&self, sight: &PeriodSight<'_>, report: &mut Report<'_>) {
        let tally = sight.tally();
        let visits_min = match sight.period() {
            Period::Carer(..) => self.visits_min,
            Period::Provider(..) => self.provider_visits_min,
        };
        let visits = f64::from(tally.visits);
        let manual = f64::from(tally.manual);
        if tally.visits < visits_min || manual <= self.share_max * visits {
            return;
        }
        let chance = Binomial::new(self.share_max, u64::from(tally.visits))
            .map_or(1.0, |binomial| binomial.sf(u64::from(tally.manual) - 1));
        if chance <= self.p_max {
            report.hit(self.hit(sight.period(), tally, chance));
        }
    }
}

impl ManualShare {
    fn hit(&self, period: Period, tally: &Tally, chance: f64) -> Hit {
        let (step, whose_sv, whose_en) = match period {
            Period::Carer(..) => (10, "omsorgspersonens", "the carer's"),
            Period::Provider(..) => (100, "utförarens", "the provider's"),
        };
        let visits = tally.visits / step * step;
        let share =
            (SHARE_STEPS * f64::from(tally.manual) / f64::from(tally.visits)).floor() * 100.0 / SHARE_STEPS;
        let accepted = (100.0 * self.share_max).round();
        let month = period.month();
        Hit {
            grade: Grade::Review,
            p_value: Some(10_f64.powf(chance.max(1e-12).log10().ceil())),
            related: Vec::new(),
            disputed: None,
            observed: vec![
                Measure::whole("visits_min", i64::from(visits)),
                Measure::real("manual_share_min", share / 100.0),
            ],
            expected: vec![
                Measure::real("manual_share_max", self.share_max),
                Measure::real("p_value_min", self.p_max),
            ],
            excluded: &["declined-visit", "few-visits"],
            not_tested: Vec::new(),
            text: Sentence {
                sv: format!(
                    "Minst {share} procent av {whose_sv} besök i {month} är inskrivna i efterhand (minst {visits} \
                     besök räknade); högst {accepted} procent godtas."
                ),
                en: format!(
                    "At least {share} per cent of {whose_en} visits in {month} were typed in afterwards (at least \
                     {visits} visits counted); at most {accepted} per cent is accepted."
                ),
            },
        }
    }
}
