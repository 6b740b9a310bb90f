//! What a reviewer sees first: the visits of which a pattern is made rank with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidvakt::domain::{Class, Sentence, SubjectKind};
use tidvakt::engine::{
    Answered, Definition, Hit, Mark, Output, Parts, PeriodReport, PeriodRule, PeriodSight, RegisteredRule,
    Report, Sight, VisitRule,
};

use crate::draft::{Draft, instant};
use crate::engines::{Driver, engine_of};

/// Marks visits with a trainee, and finds a carer's period in which three are. A visit that is not billed is
/// a contradiction.
struct Trainees;

static TRAINEES: Definition = Definition {
    id: "trainees",
    version: 1,
    class: Class::Contradiction,
    summary_sv: "",
    summary_en: "",
    build: |_| Ok(Parts::default()),
};

impl VisitRule for Trainees {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        report.mark(Mark::Manual, sight.visit().trainee);
        if !sight.visit().billable {
            report.hit(Hit::review().text(Sentence::default));
        }
    }
}

impl PeriodRule for Trainees {
    type Answer = ();

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::CarerPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<()> {
        (3 <= sight.tally().count(Mark::Manual).marked).then_some(()).into()
    }

    fn report(&self, (): &(), _: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        report.hit_marked(Mark::Manual, Hit::review().p_value(1e-3).text(Sentence::default));
    }
}

/// A carer's visits, with the score that each had last.
struct Queue {
    driver: Driver,
    scores: BTreeMap<String, f64>,
}

impl Queue {
    fn new() -> Self {
        let rule = Arc::new(Trainees);
        let visit: Arc<dyn VisitRule> = rule.clone();
        let parts = Parts { visit: Some(visit), period: Some(rule) };
        let rules = vec![RegisteredRule { definition: &TRAINEES, shadow: false, parts }];
        Self { driver: Driver::new(engine_of(rules.into())), scores: BTreeMap::new() }
    }

    fn register(&mut self, draft: &Draft) {
        let mut out = Vec::new();
        self.driver.register(draft, &mut out);
        for output in out {
            if let Output::Assessed(assessed) = output {
                let assessment = self.driver.engine.assessment(&assessed);
                self.scores.insert(assessment.registration_id, assessment.score);
            }
        }
    }

    /// Ids from the highest score on; without those below a decade, which any visit may have.
    fn ranked(&self) -> Vec<&str> {
        let mut scores: Vec<(f64, &str)> =
            self.scores.iter().map(|(id, score)| (*score, id.as_str())).collect();
        scores.retain(|(score, _)| 1.0 <= *score);
        scores.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        scores.into_iter().map(|(_, id)| id).collect()
    }
}

fn visit(id: &str, carer: &str, hour: i64, trainee: bool) -> Draft {
    let start = instant("2026-03-02T00:00").unwrap().plus(3600 * hour);
    Draft { trainee, ..Draft::new(id, 1, carer, "bo", start, start.plus(1800)) }
}

#[test]
fn visits_before_and_after_rank_with_the_pattern_that_they_are_part_of_and_no_others() {
    let mut queue = Queue::new();
    for (id, hour, trainee) in [("R1", 1, true), ("R2", 2, false), ("R3", 3, true)] {
        queue.register(&visit(id, "ann", hour, trainee));
        assert!(queue.ranked().is_empty());
    }
    queue.register(&visit("R4", "eva", 4, true));
    queue.register(&visit("R5", "ann", 5, true));
    assert_eq!(queue.ranked(), ["R1", "R3", "R5"]);
    queue.register(&visit("R6", "ann", 6, true));
    assert_eq!(queue.ranked(), ["R1", "R3", "R5", "R6"]);
}

#[test]
fn a_hard_finding_ranks_before_the_pattern() {
    let mut queue = Queue::new();
    let contradiction = Draft { billable: false, ..visit("R9", "ann", 9, true) };
    for draft in [visit("R1", "ann", 1, true), visit("R2", "ann", 2, true), contradiction] {
        queue.register(&draft);
    }
    assert_eq!(queue.ranked(), ["R9", "R1", "R2"]);
}

#[test]
fn visits_fall_back_where_the_pattern_is_gone() {
    let mut queue = Queue::new();
    for (id, hour) in [("R1", 1), ("R2", 2), ("R3", 3)] {
        queue.register(&visit(id, "ann", hour, true));
    }
    assert_eq!(queue.ranked(), ["R1", "R2", "R3"]);
    queue.register(&Draft { version: 2, ..visit("R2", "ann", 2, false) });
    assert!(queue.ranked().is_empty(), "{:?}", queue.scores);
}
