//! Scores, by which a reviewer's queue is ordered.

use crate::domain::{Class, Grade, SubjectKind};
use crate::engine::rule::hit::RuleHit;
use crate::engine::rule::interface::RuleSet;

/// Base score of hard findings; a p-value scores at most just below.
const HARD_SCORE: f64 = 6.0;
/// Added for a contradiction of grade review.
const CONTRADICTION_SCORE: f64 = 1.0;
/// Added for the grade hold.
const HOLD_SCORE: f64 = 2.0;
/// Base score of an error of grade review: below hard findings, above a p-value of 1 in 1,000.
const SLIP_SCORE: f64 = 3.0;

/// Decades by which a p-value of a pay period scores above the same p-value of a visit: a carer has hundreds of
/// visits per period.
const PERIOD_DECADES: f64 = 2.0;

/// The smallest p-value among the hits.
pub(in crate::engine) fn p_value(hits: &[RuleHit]) -> Option<f64> {
    hits.iter().filter_map(|rule_hit| rule_hit.hit.p_value).min_by(f64::total_cmp)
}

/// Score of a p-value: its decades, below every hard finding.
pub(in crate::engine) fn of_p_value(p: f64) -> f64 {
    below_hard(-p.max(1e-300).log10())
}

const fn below_hard(decades: f64) -> f64 {
    decades.clamp(0.0, HARD_SCORE - 0.01)
}

/// The highest score among the hits; 0 = nothing unusual. A hard finding scores by class and grade, then by its
/// minutes; a p-value by its decades, with [`PERIOD_DECADES`] more for a pay period. A hard finding of grade observe
/// scores as a p-value of 1 in 10.
pub(in crate::engine) fn score(hits: &[RuleHit], of_a: SubjectKind, rules: &RuleSet) -> f64 {
    let of = |rule_hit: &RuleHit| {
        let hit = &rule_hit.hit;
        let length = (1.0 + hit.seconds() as f64 / 60.0).log10().min(3.0) / 3.0;
        let class = rules[usize::from(rule_hit.rule)].definition.class;
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
