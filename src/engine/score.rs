//! Which subject to look at first.

use super::rule::Weighed;
use crate::domain::Grade;

/// Hard findings begin here; a p-value reaches at most just below.
const HARD_SCORE: f64 = 6.0;
/// A finding that proposes a hold ranks above one of the same length that asks for a review.
const HOLD_SCORE: f64 = 1.0;

/// The smallest p-value among the hits.
pub(super) fn p_value(hits: &[Weighed]) -> Option<f64> {
    hits.iter().filter_map(|weighed| weighed.hit.p_value).min_by(f64::total_cmp)
}

/// A p-value by its decades, below every hard finding however small it is.
pub(super) fn of_p_value(p: f64) -> f64 {
    (-p.max(1e-300).log10()).clamp(0.0, HARD_SCORE - 0.01)
}

/// 0 = nothing unusual. A hard finding scores from 6 up, by its minutes; a p-value below 6. What is
/// only observed ranks, but below what asks for a person: half its score.
pub(super) fn score(hits: &[Weighed]) -> f64 {
    let of = |weighed: &Weighed| {
        let hit = &weighed.hit;
        let minutes = hit.seconds() as f64 / 60.0;
        let hard = HARD_SCORE + (1.0 + minutes).log10();
        match (hit.p_value, hit.grade) {
            (Some(p), _) => of_p_value(p),
            (None, Grade::Hold) => hard + HOLD_SCORE,
            (None, Grade::Review) => hard,
            (None, Grade::Observe) => hard / 2.0,
        }
    };
    hits.iter().map(of).fold(0.0, f64::max)
}
