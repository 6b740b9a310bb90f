//! One finding of a rule: its evidence, its grade and its sentence.

use crate::domain::{Explanation, Grade, Lowered, Measure, MissingFact, Sentence, Span, UtcSecond};
use crate::engine::model::visit::Slot;

/// Writes the sentence of a finding, where somebody is to read it.
pub trait Text: FnOnce() -> Sentence {}

impl<F: FnOnce() -> Sentence> Text for F {}

/// One finding with its evidence. `T` is its sentence: none yet (`()`), the closure that writes it ([`Text`]),
/// or the sentence itself.
///
/// ```ignore
/// Hit::review()
///     .related([other.slot])
///     .disputed(shared)
///     .observed([Measure::whole("overlap_seconds", shared.seconds())])
///     .excluded(&[Explanation::OneHousehold])
///     .text(move || sentence(sight, other))
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Hit<T = Sentence> {
    /// What should follow.
    pub grade: Grade,
    /// Probability of at most this by chance; `None` for hard contradictions.
    pub p_value: Option<f64>,
    /// The other registrations of the evidence.
    pub related: Vec<Slot>,
    /// The part of the registration that is in question.
    pub disputed: Option<Span>,
    /// What was seen.
    pub observed: Vec<Measure>,
    /// What was expected.
    pub expected: Vec<Measure>,
    /// Lawful explanations that were tested and do not apply.
    pub excluded: &'static [Explanation],
    /// Facts that were missing, by which the grade dropped.
    pub not_tested: Vec<MissingFact>,
    /// The sentence.
    pub text: T,
}

impl Hit<()> {
    /// A finding of this grade, without evidence.
    #[must_use]
    pub const fn new(grade: Grade) -> Self {
        Self {
            grade,
            p_value: None,
            related: Vec::new(),
            disputed: None,
            observed: Vec::new(),
            expected: Vec::new(),
            excluded: &[],
            not_tested: Vec::new(),
            text: (),
        }
    }

    /// The disputed seconds should not be paid before a person has looked.
    #[must_use]
    pub const fn hold() -> Self {
        Self::new(Grade::Hold)
    }

    /// A person should look.
    #[must_use]
    pub const fn review() -> Self {
        Self::new(Grade::Review)
    }

    /// Noted; makes no alert alone.
    #[must_use]
    pub const fn observe() -> Self {
        Self::new(Grade::Observe)
    }

    /// Probability of at most this by chance.
    #[must_use]
    pub const fn p_value(mut self, p_value: f64) -> Self {
        self.p_value = Some(p_value);
        self
    }

    /// The other registrations of the evidence.
    #[must_use]
    pub fn related(mut self, slots: impl IntoIterator<Item = Slot>) -> Self {
        self.related.extend(slots);
        self
    }

    /// The part of the registration that is in question; `None` where no single second is.
    #[must_use]
    pub fn disputed(mut self, span: impl Into<Option<Span>>) -> Self {
        self.disputed = span.into();
        self
    }

    /// What was seen.
    #[must_use]
    pub fn observed(mut self, measures: impl IntoIterator<Item = Measure>) -> Self {
        self.observed.extend(measures);
        self
    }

    /// What was expected.
    #[must_use]
    pub fn expected(mut self, measures: impl IntoIterator<Item = Measure>) -> Self {
        self.expected.extend(measures);
        self
    }

    /// Lawful explanations that were tested and do not apply.
    #[must_use]
    pub const fn excluded(mut self, explanations: &'static [Explanation]) -> Self {
        self.excluded = explanations;
        self
    }

    /// Facts that were missing, by which the grade dropped.
    #[must_use]
    pub fn not_tested(mut self, facts: impl IntoIterator<Item = MissingFact>) -> Self {
        self.not_tested.extend(facts);
        self
    }

    /// The sentence, written where somebody is to read it.
    #[must_use]
    pub fn text<T: Text>(self, write: T) -> Hit<T> {
        self.with_text(|()| write)
    }
}

impl<T> Hit<T> {
    /// Seconds in question.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.disputed.map_or(0, Span::seconds)
    }

    /// The same with another text, made of this one's.
    fn with_text<U>(self, text: impl FnOnce(T) -> U) -> Hit<U> {
        let Self { grade, p_value, related, disputed, observed, expected, excluded, not_tested, text: own } =
            self;
        let text = text(own);
        Hit { grade, p_value, related, disputed, observed, expected, excluded, not_tested, text }
    }
}

/// A hit with the place of its rule in the list, and with the grade at which it is published.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::engine) struct RuleHit {
    pub(in crate::engine) rule: u16,
    pub(in crate::engine) hit: Hit,
    pub(in crate::engine) lowered: Option<Lowered>,
    /// Of a period: bit per mark; the visits that bear any of them make up what was found.
    pub(in crate::engine) contributing: u32,
}

/// As a mark that every visit bears: the bit above the last one of [`Mark`](crate::engine::Mark).
pub(in crate::engine) const EVERY_VISIT: u32 = 1 << 31;

impl RuleHit {
    pub(in crate::engine) fn new<T: Text>(rule: u16, hit: Hit<T>, contributing: u32) -> Self {
        Self { rule, hit: hit.with_text(|write| write()), lowered: None, contributing }
    }

    /// Lets the hit weigh no more than `grade`, for this reason.
    pub(in crate::engine) fn lower(&mut self, grade: Grade, reason: Lowered) {
        if grade < self.hit.grade || reason == Lowered::Shadow {
            self.hit.grade = self.hit.grade.min(grade);
            self.lowered = Some(reason);
        }
    }
}

/// Seconds that are in question by any of the hits, each counted once.
pub(in crate::engine) fn union_seconds<'h>(hits: impl Iterator<Item = &'h RuleHit>) -> i64 {
    let mut spans: Vec<Span> = hits.filter_map(|rule_hit| rule_hit.hit.disputed).collect();
    spans.sort_unstable();
    let mut until = UtcSecond(i64::MIN);
    let mut seconds = 0;
    for span in spans {
        let start = span.start().max(until);
        if start < span.end() {
            seconds += span.end().since(start);
            until = span.end();
        }
    }
    seconds
}
