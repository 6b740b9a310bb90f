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
/// Base score of a visit's finding of grade review, to which its surprise is added: one on a visit in a thousand scores
/// as a hard finding about a pay period.
const REVIEW_SCORE: f64 = 3.0;

/// Base score of an error about a pay period, a gap in the data: below everything about money.
const GAP_SCORE: f64 = 0.5;

/// Decades by which a p-value of a pay period scores above the same p-value of a visit: a carer has hundreds of
/// visits per period.
const PERIOD_DECADES: f64 = 2.0;

/// The smallest p-value among the hits.
pub(in crate::engine) fn p_value(hits: &[RuleHit]) -> Option<f64> {
    hits.iter().filter_map(|rule_hit| rule_hit.hit.p_value).min_by(f64::total_cmp)
}

/// The highest score of a finding that is no hold.
const BELOW_HOLDS: f64 = HARD_SCORE + HOLD_SCORE - 0.01;

/// Score of a p-value: its decades, below every hard finding.
pub(in crate::engine) fn of_p_value(p: f64) -> f64 {
    below_hard(-p.max(1e-300).log10())
}

const fn below_hard(decades: f64) -> f64 {
    decades.clamp(0.0, HARD_SCORE - 0.01)
}

/// The highest score among the hits; 0 = nothing unusual. A hard finding of grade hold scores by its grade, then by its
/// minutes; one of grade review about a visit by its surprise under the base rate of its source, its class and its
/// minutes, below all holds; one about a pay period by class and minutes; a gap in the data
/// below all. A p-value scores by its decades, with
/// [`PERIOD_DECADES`] more for a pay period. A hard finding of grade observe scores as a p-value of 1 in 10.
pub(in crate::engine) fn score(hits: &[RuleHit], of_a: SubjectKind, rules: &RuleSet) -> f64 {
    let of = |rule_hit: &RuleHit| {
        let hit = &rule_hit.hit;
        let length = (1.0 + hit.seconds() as f64 / 60.0).log10().min(3.0) / 3.0;
        let class = rules[usize::from(rule_hit.rule)].definition.class;
        match (hit.grade, class, hit.p_value, rule_hit.surprise) {
            (Grade::Observe, _, None, _) => 1.0,
            (Grade::Observe, _, Some(p), _) => of_p_value(p).min(HARD_SCORE / 2.0),
            (_, _, Some(p), _) if of_a != SubjectKind::Registration => {
                below_hard(of_p_value(p) + PERIOD_DECADES)
            }
            (_, _, Some(p), _) => of_p_value(p),
            (Grade::Hold, _, _, _) => HARD_SCORE + HOLD_SCORE + length,
            (Grade::Review, _, _, Some(half_decades)) => {
                let gravity = match class {
                    Class::Contradiction => CONTRADICTION_SCORE,
                    Class::Error => SLIP_SCORE - HARD_SCORE,
                    Class::Deviation | Class::Pattern => 0.0,
                };
                let surprise = f64::from(half_decades) / 2.0;
                (REVIEW_SCORE + surprise + gravity + length).min(BELOW_HOLDS)
            }
            (Grade::Review, Class::Contradiction, _, None) => HARD_SCORE + CONTRADICTION_SCORE + length,
            (Grade::Review, Class::Error, _, None) if of_a != SubjectKind::Registration => GAP_SCORE,
            (Grade::Review, Class::Error, _, None) => SLIP_SCORE + length,
            (Grade::Review, _, _, None) => HARD_SCORE + length,
        }
    };
    hits.iter().map(of).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::{Sentence, Span, UtcSecond};
    use crate::engine::rule::hit::Hit;
    use crate::engine::rule::interface::{Definition, Parts, RegisteredRule};

    const fn definition(id: &'static str, class: Class) -> Definition {
        Definition {
            id,
            version: 1,
            class,
            summary_sv: "",
            summary_en: "",
            build: |_| Ok(Parts { visit: None, period: None }),
        }
    }

    /// A rule of each class, by its place.
    static DEFINITIONS: [Definition; 4] = [
        definition("error", Class::Error),
        definition("deviation", Class::Deviation),
        definition("contradiction", Class::Contradiction),
        definition("pattern", Class::Pattern),
    ];

    fn rules() -> RuleSet {
        let listed = |definition| RegisteredRule { definition, shadow: false, parts: Parts::default() };
        Arc::from(DEFINITIONS.iter().map(listed).collect::<Vec<_>>())
    }

    fn hit(class: Class, hit: Hit<()>) -> RuleHit {
        RuleHit::new(class as u16, hit.text(Sentence::default), 0)
    }

    fn of_visit(hits: &[RuleHit]) -> f64 {
        score(hits, SubjectKind::Registration, &rules())
    }

    fn minutes(minutes: i64) -> Option<Span> {
        Span::new(UtcSecond(0), UtcSecond(60 * minutes))
    }

    #[test]
    fn holds_rank_before_contradictions_before_deviations_before_slips_before_notes() {
        let review = |class, length| hit(class, Hit::review().disputed(minutes(length)));
        let queue = [
            hit(Class::Error, Hit::hold().disputed(minutes(1))),
            review(Class::Contradiction, 600),
            review(Class::Contradiction, 1),
            review(Class::Deviation, 10_000),
            review(Class::Deviation, 0),
            hit(Class::Pattern, Hit::review().p_value(1e-200)),
            review(Class::Error, 30),
            hit(Class::Deviation, Hit::observe().p_value(1e-9)),
            hit(Class::Deviation, Hit::review().p_value(1e-2)),
            hit(Class::Contradiction, Hit::observe().disputed(minutes(600))),
        ];
        let scores: Vec<f64> = queue.iter().map(|one| of_visit(std::slice::from_ref(one))).collect();
        assert!(scores.is_sorted_by(|first, then| first > then), "{scores:?}");
        assert!((of_visit(&[]) - 0.0).abs() < f64::EPSILON);
    }

    #[test]
    fn the_rarer_a_finding_is_at_its_source_the_higher_it_ranks_and_no_review_reaches_a_hold() {
        let of = |class, half_decades| {
            let found = hit(class, Hit::review().disputed(minutes(30)));
            of_visit(&[RuleHit { surprise: Some(half_decades), ..found }])
        };
        let queue = [
            of_visit(&[hit(Class::Error, Hit::hold())]),
            of(Class::Contradiction, 200),
            of(Class::Contradiction, 6),
            of(Class::Contradiction, 3),
            of(Class::Pattern, 3),
            of(Class::Error, 6),
        ];
        assert!(queue.is_sorted_by(|first, then| first > then), "{queue:?}");
    }

    #[test]
    fn the_highest_score_counts_and_findings_do_not_add_up() {
        let [small, large] =
            [10, 100].map(|length| hit(Class::Deviation, Hit::review().disputed(minutes(length))));
        let note = hit(Class::Deviation, Hit::observe());
        let all = of_visit(&[note, small, large.clone()]);
        assert!((all - of_visit(&[large])).abs() < f64::EPSILON);
    }

    #[test]
    fn a_p_value_of_a_pay_period_scores_two_decades_above_that_of_a_visit_and_below_hard_findings() {
        for (p_value, visit, period) in
            [(1e-2, 2.0, 4.0), (1e-5, 5.0, 5.99), (0.0, 5.99, 5.99), (1.0, 0.0, 2.0)]
        {
            let hits = [hit(Class::Pattern, Hit::review().p_value(p_value))];
            assert!((of_visit(&hits) - visit).abs() < 1e-9, "{p_value}");
            let of_period = score(&hits, SubjectKind::CarerPeriod, &rules());
            assert!((of_period - period).abs() < 1e-9, "{p_value}: {of_period}");
        }
    }

    #[test]
    fn the_smallest_p_value_of_several_is_that_of_the_alert() {
        let hits = [1e-3, 1e-7, 0.5].map(|p_value| hit(Class::Pattern, Hit::review().p_value(p_value)));
        assert_eq!(p_value(&hits), Some(1e-7));
        assert_eq!(p_value(&[hit(Class::Pattern, Hit::review())]), None);
    }
}
