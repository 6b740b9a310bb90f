//! Takes the answers of the rules.

use crate::domain::MissingFact;
use crate::engine::model::mark::{Mark, Marks};
use crate::engine::model::signal::Signal;
use crate::engine::rule::hit::{EVERY_VISIT, Hit, RuleHit, Text};

/// A length counts at most as so many e-folds more or less than planned: one odd visit moves a
/// month's mean little.
pub const LENGTH_LOG_MAX: f64 = 1.5;

/// Takes a rule's answers about one visit.
pub struct Report<'r> {
    pub(in crate::engine) rule: u16,
    pub(in crate::engine) hits: &'r mut Vec<RuleHit>,
    pub(in crate::engine) undetermined: &'r mut Vec<(u16, MissingFact)>,
    pub(in crate::engine) visit_marks: &'r mut VisitMarks,
}

/// What rules noted about one visit beside findings.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::engine) struct VisitMarks {
    pub(in crate::engine) marks: Marks,
    pub(in crate::engine) signals: [Option<f64>; Signal::VISIT_COUNT],
}

impl Report<'_> {
    /// The rule found something.
    pub fn hit(&mut self, hit: Hit<impl Text>) {
        self.hits.push(RuleHit::new(self.rule, hit, 0));
    }

    /// The rule cannot decide, because `fact` is missing: it is counted and makes no finding.
    pub fn undetermined(&mut self, fact: MissingFact) {
        self.undetermined.push((self.rule, fact));
    }

    /// Counts the visit among those that could bear `mark`, and says whether it does.
    pub fn mark(&mut self, mark: Mark, bears: bool) {
        self.visit_marks.marks.note(mark, bears);
    }

    /// How long the visit is: natural logarithms of registered over planned length, and of the same
    /// less what is usual for the client. Both are counted to thousandths, at most [`LENGTH_LOG_MAX`].
    pub fn length(&mut self, log_ratio: f64, residual: f64) {
        let thousandths = |value: f64| (value.clamp(-LENGTH_LOG_MAX, LENGTH_LOG_MAX) * 1000.0).round() as i16;
        self.visit_marks.marks.note_length(thousandths(log_ratio), thousandths(residual));
    }

    /// How odd the visit is in one respect: `raw` is any falling function of the oddness, 0 to 1. It
    /// need not be a true probability, as it is compared with its own past before it counts.
    pub fn signal(&mut self, signal: Signal, raw: f64) {
        if let Some(place) = self.visit_marks.signals.get_mut(signal as usize) {
            *place = Some(raw);
        }
    }
}

/// Takes a rule's findings about one pay period.
pub struct PeriodReport<'r> {
    pub(in crate::engine) rule: u16,
    pub(in crate::engine) hits: &'r mut Vec<RuleHit>,
}

impl PeriodReport<'_> {
    /// The rule found something that no single visit stands for.
    pub fn hit(&mut self, hit: Hit<impl Text>) {
        self.push(0, hit);
    }

    /// The rule found something that the visits with `mark` make up.
    pub fn hit_marked(&mut self, mark: Mark, hit: Hit<impl Text>) {
        self.push(1 << mark as u32, hit);
    }

    /// The rule found something that all visits of the period make up.
    pub fn hit_all(&mut self, hit: Hit<impl Text>) {
        self.push(EVERY_VISIT, hit);
    }

    fn push(&mut self, contributing: u32, hit: Hit<impl Text>) {
        self.hits.push(RuleHit::new(self.rule, hit, contributing));
    }

    /// The findings that `report` makes, by themselves: to see what a rule says outside of an engine.
    #[must_use]
    pub fn hits_of(report: impl FnOnce(&mut PeriodReport<'_>)) -> Vec<Hit> {
        let mut hits = Vec::new();
        report(&mut PeriodReport { rule: 0, hits: &mut hits });
        hits.into_iter().map(|rule_hit| rule_hit.hit).collect()
    }
}

/// How often one rule has given which answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleCounts {
    /// The rule's id.
    pub rule: &'static str,
    /// Findings that came new, by grade: observe, review, hold.
    pub hits: [u64; 3],
    /// Findings that came new and weigh less than the rule says, by reason.
    pub lowered: [u64; 4],
    /// Answers "undetermined", by the fact that was missing.
    pub undetermined: Vec<(&'static str, u64)>,
}

impl RuleCounts {
    pub(in crate::engine) const fn new(rule: &'static str) -> Self {
        Self { rule, hits: [0; 3], lowered: [0; 4], undetermined: Vec::new() }
    }

    pub(in crate::engine) fn undetermined(&mut self, fact: MissingFact) {
        let fact = fact.as_str();
        match self.undetermined.iter_mut().find(|(known, _)| *known == fact) {
            Some((_, count)) => *count += 1,
            None => self.undetermined.push((fact, 1)),
        }
    }
}
