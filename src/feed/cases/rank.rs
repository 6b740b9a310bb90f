//! What a case is worth: kronor at risk, times the probability that it is right, times how near the payout run is.

use super::Rules;
use super::case::{Case, at_risk, gravest};
use super::chance::{Chance, Chances};
use crate::domain::{HoldState, UtcSecond};

/// An alert without a price counts as this many öre: time that is not paid by the second has no amount at risk, and
/// somebody should look all the same.
const UNPRICED_ORE: i64 = 10_000;
/// Days to the payout run after which a case has half the urgency.
const HALF_URGENCY_DAYS: f64 = 14.0;
/// Urgency where the payout run has been: what was paid can only be claimed back.
const AFTER_PAYOUT: f64 = 0.25;
const DAY_SECONDS: i64 = 86_400;

/// What a case ranks by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worth {
    /// Kronor, times probability, times urgency.
    pub kronor: f64,
    /// Kronor at risk, in öre.
    pub at_risk_ore: i64,
    /// Probability that its most probable alert is right.
    pub chance: Chance,
    /// The payout run that is decided for: the next one at which an open hold begins to withhold or is void, else the one
    /// in which the pay period is paid.
    pub payout_run: Option<UtcSecond>,
    /// Whole days to that; `None` where the run has been.
    pub days_left: Option<i64>,
}

impl Worth {
    pub(super) fn of(case: &Case, chances: &Chances, rules: &Rules, now: UtcSecond) -> Self {
        let mut expected_ore = 0.0;
        let mut best: Option<Chance> = None;
        for alert in case.open_alerts() {
            let Some(finding) = gravest(alert) else { continue };
            let chance = chances.of(&finding.rule, finding.grade);
            let ore = match at_risk(alert) {
                0 => UNPRICED_ORE,
                ore => ore,
            };
            expected_ore += ore as f64 * chance.mean;
            if best.is_none_or(|best| best.mean < chance.mean) {
                best = Some(chance);
            }
        }
        let payout_run =
            held_run(case, now).or_else(|| case.pay_period().map(|month| rules.payout_run(month)));
        let left = payout_run.map(|run| run.since(now)).filter(|left| 0 < *left);
        let days_left = left.map(|left| left / DAY_SECONDS);
        Self {
            kronor: expected_ore / 100.0 * urgency(days_left),
            at_risk_ore: case.at_risk_ore(),
            chance: best.unwrap_or(Chance { right: 0, decided: 0, mean: 0.0 }),
            payout_run,
            days_left,
        }
    }
}

/// The next payout run at which an open hold of `case` begins to withhold, or is void.
fn held_run(case: &Case, now: UtcSecond) -> Option<UtcSecond> {
    let runs = case.open_holds().flat_map(|hold| {
        let void = (hold.state == HoldState::Proposed).then_some(hold.expires_at);
        [Some(hold.withholds_from), void]
    });
    runs.flatten().filter(|run| now < *run).min()
}

/// 1 on the day of the payout run, a half two weeks before, a quarter once it has been.
#[must_use]
pub fn urgency(days_left: Option<i64>) -> f64 {
    days_left.map_or(AFTER_PAYOUT, |days| HALF_URGENCY_DAYS / (HALF_URGENCY_DAYS + days as f64))
}
