//! Which subject to look at first.

use crate::domain::{Class, Grade, SubjectKind};
use crate::engine::rule::interface::{RuleHit, RuleSet};

/// Contradictions and agreements broken begin here; a p-value reaches at most just below.
const HARD_SCORE: f64 = 6.0;
/// A contradiction ranks above what is merely outside an agreement.
const CONTRADICTION_SCORE: f64 = 1.0;
/// A finding that proposes a hold ranks above one that asks for a review.
const HOLD_SCORE: f64 = 2.0;
/// A slip that a person should look at is worth it, but after what is unlikely to be one.
const SLIP_SCORE: f64 = 3.0;

/// So many decades rarer is something as odd among pay periods than among visits: a carer has hundreds of
/// visits in one.
const PERIOD_DECADES: f64 = 2.0;

/// The smallest p-value among the hits.
pub(in crate::engine) fn p_value(hits: &[RuleHit]) -> Option<f64> {
    hits.iter().filter_map(|rule_hit| rule_hit.hit.p_value).min_by(f64::total_cmp)
}

/// A p-value by its decades, below every hard finding however small it is.
pub(in crate::engine) fn of_p_value(p: f64) -> f64 {
    below_hard(-p.max(1e-300).log10())
}

const fn below_hard(decades: f64) -> f64 {
    decades.clamp(0.0, HARD_SCORE - 0.01)
}

/// 0 = nothing unusual. A hard finding by its class and grade, and within them by its minutes; a
/// p-value by its decades, of which a pay period has [`PERIOD_DECADES`] more. What is only observed ranks
/// like a p-value of one in ten.
pub(in crate::engine) fn score(hits: &[RuleHit], of_a: SubjectKind, rules: &RuleSet) -> f64 {
    let of = |rule_hit: &RuleHit| {
        let hit = &rule_hit.hit;
        let length = (1.0 + hit.seconds() as f64 / 60.0).log10().min(3.0) / 3.0;
        let class = rules[usize::from(rule_hit.rule)].class;
        match (hit.grade, class, hit.p_value) {
            (Grade::Observe, _, None) => 1.0,
            (Grade::Observe, _, Some(p)) => of_p_value(p).min(HARD_SCORE / 2.0),
            (_, _, Some(p)) if of_a != SubjectKind::Registration => {
                below_hard(of_p_value(p) + PERIOD_DECADES)
            }
            (_, _, Some(p)) => of_p_value(p),
            (Grade::Hold, _, _) => HARD_SCORE + HOLD_SCORE + length,
            (Grade::Review, Class::Contradiction, _) => HARD_SCORE + CONTRADICTION_SCORE + length,
            (Grade::Review, Class::Error, _) => SLIP_SCORE + length,
            (Grade::Review, _, _) => HARD_SCORE + length,
        }
    };
    hits.iter().map(of).fold(0.0, f64::max)
}
