//! Sinks for the answers of rules.

use crate::domain::{Lowered, MissingFact, UtcSecond};
use crate::engine::model::mark::{Mark, Marks};
use crate::engine::model::signal::Signal;
use crate::engine::model::visit::{Slot, Visit};
use crate::engine::rule::hit::{EVERY_VISIT, Hit, RuleHit, Wording};
use crate::engine::rule::pairs::Pairs;
use crate::engine::rule::sight::Sight;

/// Natural logarithm of a length ratio at which the ratio is clipped in the totals, so that one outlier moves a
/// month's mean little.
pub const LENGTH_LOG_MAX: f64 = 1.5;

/// Sink for a rule's answers about one visit.
pub struct Report<'r> {
    pub(in crate::engine) rule: u16,
    pub(in crate::engine) hits: &'r mut Vec<RuleHit>,
    pub(in crate::engine) undetermined: &'r mut Vec<(u16, MissingFact)>,
    pub(in crate::engine) visit_marks: &'r mut VisitMarks,
    pub(in crate::engine) counterparts: &'r mut Vec<Slot>,
    /// The findings of the rule that runs on the visit and another one.
    pub(in crate::engine) pairs: Pairs,
    /// Whether findings get their sentences.
    pub(in crate::engine) is_worded: bool,
    /// The greatest time at which any record says that it was sent.
    pub(in crate::engine) clock: UtcSecond,
    /// When the first finding that is not due yet is.
    pub(in crate::engine) wait_until: &'r mut Option<UtcSecond>,
}

/// Marks and signals of one visit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::engine) struct VisitMarks {
    pub(in crate::engine) marks: Marks,
    pub(in crate::engine) signals: [Option<f64>; Signal::VISIT_COUNT],
}

impl Report<'_> {
    /// Adds a finding. Several of one rule on one visit are published as one.
    pub fn hit(&mut self, hit: Hit<impl Wording>) {
        self.hits.push(RuleHit::of_visit(self.rule, hit, self.is_worded));
    }

    /// Takes the answers that `rule` gives on the visit in `sight`; makes one finding of all that it finds.
    pub(in crate::engine) fn of_rule(
        &mut self,
        rule: u16,
        sight: &Sight<'_>,
        answer: impl FnOnce(&mut Self),
    ) {
        self.rule = rule;
        let first = self.hits.len();
        answer(self);
        if first < self.hits.len() || !self.pairs.is_empty() {
            self.join_hits(first, sight);
        }
    }

    /// Makes one finding of the pairs and the hits from `first` on. Hardly any rule finds something.
    #[cold]
    fn join_hits(&mut self, first: usize, sight: &Sight<'_>) {
        self.hits.extend(self.pairs.take(self.rule, sight, self.is_worded));
        if first + 1 < self.hits.len() {
            let further: Vec<RuleHit> = self.hits.drain(first + 1..).collect();
            further.into_iter().for_each(|hit| self.hits[first].join(hit));
        }
    }

    /// Adds a finding on the visit in sight and on `other`, where it falls on the visit in sight: it falls on one of
    /// the two, whichever is in sight, or on both by the settings.
    pub fn pair<T: Wording>(&mut self, sight: &Sight<'_>, other: &Visit, hit: impl FnOnce() -> Hit<T>) {
        let is_weaker = sight.is_weaker(other);
        self.pair_on(sight, is_weaker, other, hit);
    }

    /// The same where the rule itself decides on which of the two the finding falls.
    pub fn pair_on<T: Wording>(
        &mut self,
        sight: &Sight<'_>,
        is_subject: bool,
        other: &Visit,
        hit: impl FnOnce() -> Hit<T>,
    ) {
        self.counterpart(other);
        if is_subject || sight.are_both_subjects() {
            self.pairs.add(sight, other, hit(), self.is_worded);
        }
    }

    /// Notes that findings of `other` depend on the visit in sight, which need not name it: `other` is assessed again
    /// when this one comes, changes or goes.
    pub fn counterpart(&mut self, other: &Visit) {
        self.counterparts.push(other.slot);
    }

    /// Adds a finding that is due at `due`; until a record that was sent then or later has come, there is none.
    pub fn hit_from(&mut self, due: UtcSecond, hit: Hit<impl Wording>) {
        if due <= self.clock {
            return self.hit(hit);
        }
        *self.wait_until = Some(self.wait_until.map_or(due, |known| known.min(due)));
    }

    /// Counts that the rule cannot decide, because `fact` is missing; no finding.
    pub fn undetermined(&mut self, fact: MissingFact) {
        self.undetermined.push((self.rule, fact));
    }

    /// Counts the visit as eligible for `mark`, and as marked where `bears`.
    pub fn mark(&mut self, mark: Mark, bears: bool) {
        self.visit_marks.marks.note(mark, bears);
    }

    /// Sets the visit's length: the natural logarithm of registered over planned length, and the same minus the
    /// client's mean. Both are rounded to thousandths and clipped at [`LENGTH_LOG_MAX`].
    pub fn length(&mut self, log_ratio: f64, residual: f64) {
        let thousandths = |value: f64| (value.clamp(-LENGTH_LOG_MAX, LENGTH_LOG_MAX) * 1000.0).round() as i16;
        self.visit_marks.marks.note_length(thousandths(log_ratio), thousandths(residual));
    }

    /// Sets a signal: `raw` is any falling function of how unusual the visit is, 0 to 1. It need not be a p-value, as
    /// it is calibrated by its own past.
    pub fn signal(&mut self, signal: Signal, raw: f64) {
        if let Some(place) = self.visit_marks.signals.get_mut(signal as usize) {
            *place = Some(raw);
        }
    }
}

/// Sink for a rule's findings about one pay period.
pub struct PeriodReport<'r> {
    pub(in crate::engine) rule: u16,
    pub(in crate::engine) hits: &'r mut Vec<RuleHit>,
}

impl PeriodReport<'_> {
    /// Adds a finding to which no single visit contributes.
    pub fn hit(&mut self, hit: Hit<impl Wording>) {
        self.push(0, hit);
    }

    /// Adds a finding to which the visits with `mark` contribute.
    pub fn hit_marked(&mut self, mark: Mark, hit: Hit<impl Wording>) {
        self.push(1 << mark as u32, hit);
    }

    /// Adds a finding to which all visits of the period contribute.
    pub fn hit_all(&mut self, hit: Hit<impl Wording>) {
        self.push(EVERY_VISIT, hit);
    }

    fn push(&mut self, contributing: u32, hit: Hit<impl Wording>) {
        self.hits.push(RuleHit::new(self.rule, hit, contributing));
    }

    /// The findings that `report` adds, for a rule outside of an engine.
    #[must_use]
    pub fn hits_of(report: impl FnOnce(&mut PeriodReport<'_>)) -> Vec<Hit> {
        let mut hits = Vec::new();
        report(&mut PeriodReport { rule: 0, hits: &mut hits });
        hits.into_iter().map(|rule_hit| rule_hit.hit).collect()
    }
}

/// Numbers of a rule's answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleCounts {
    /// The rule's id.
    pub rule: &'static str,
    /// New findings by grade: observe, review, hold.
    pub hits: [u64; 3],
    /// New findings whose grade was lowered, by reason.
    pub lowered: [u64; Lowered::COUNT],
    /// Undetermined answers by missing fact.
    pub undetermined: Vec<(&'static str, u64)>,
}

impl RuleCounts {
    pub(in crate::engine) const fn new(rule: &'static str) -> Self {
        Self { rule, hits: [0; 3], lowered: [0; Lowered::COUNT], undetermined: Vec::new() }
    }

    pub(in crate::engine) fn undetermined(&mut self, fact: MissingFact) {
        let fact = fact.as_str();
        match self.undetermined.iter_mut().find(|(known, _)| *known == fact) {
            Some((_, count)) => *count += 1,
            None => self.undetermined.push((fact, 1)),
        }
    }
}
