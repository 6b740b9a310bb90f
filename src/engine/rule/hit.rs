//! A finding of a rule: evidence, grade and sentence.

use crate::domain::{Explanation, Grade, Lowered, Measure, MissingFact, Sentence, Span};
use crate::engine::model::NEIGHBOURS_MAX;
use crate::engine::model::visit::Slot;

/// Writes the sentence of a finding; called only where the finding is published.
pub trait Wording: FnOnce() -> Sentence {}

impl<F: FnOnce() -> Sentence> Wording for F {}

/// One finding with its evidence. `T` is its sentence: none yet (`()`), the closure that writes it ([`Wording`]),
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
    /// The proposed consequence.
    pub grade: Grade,
    /// Upper bound of the p-value; `None` for hard findings.
    pub p_value: Option<f64>,
    /// Other registrations of the evidence, at most [`NEIGHBOURS_MAX`].
    pub related: Vec<Slot>,
    /// How many more there are.
    pub related_more: u32,
    /// The disputed parts of the registration: ascending and disjoint.
    pub disputed: Vec<Span>,
    /// Observed measures.
    pub observed: Vec<Measure>,
    /// Expected measures.
    pub expected: Vec<Measure>,
    /// Lawful explanations that were tested and do not apply.
    pub excluded: &'static [Explanation],
    /// Missing facts, for which the grade was lowered.
    pub not_tested: Vec<MissingFact>,
    /// Whether it is about what one person did at many carers' visits, so that it is no habit of the provider.
    pub is_of_one_person: bool,
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
            related_more: 0,
            disputed: Vec::new(),
            observed: Vec::new(),
            expected: Vec::new(),
            excluded: &[],
            not_tested: Vec::new(),
            is_of_one_person: false,
            text: (),
        }
    }

    /// A finding of grade hold: the disputed seconds are withheld until a person decides.
    #[must_use]
    pub const fn hold() -> Self {
        Self::new(Grade::Hold)
    }

    /// A finding of grade review: a person decides.
    #[must_use]
    pub const fn review() -> Self {
        Self::new(Grade::Review)
    }

    /// A finding of grade observe: no alert by itself.
    #[must_use]
    pub const fn observe() -> Self {
        Self::new(Grade::Observe)
    }

    /// Sets the p-value.
    #[must_use]
    pub const fn p_value(mut self, p_value: f64) -> Self {
        self.p_value = Some(p_value);
        self
    }

    /// Adds other registrations of the evidence.
    #[must_use]
    pub fn related(mut self, slots: impl IntoIterator<Item = Slot>) -> Self {
        self.related.extend(slots);
        self
    }

    /// Sets the disputed part of the registration; `None` where no single second is disputed.
    #[must_use]
    pub fn disputed(mut self, span: impl Into<Option<Span>>) -> Self {
        self.disputed = span.into().into_iter().collect();
        self
    }

    /// Adds observed measures.
    #[must_use]
    pub fn observed(mut self, measures: impl IntoIterator<Item = Measure>) -> Self {
        self.observed.extend(measures);
        self
    }

    /// Adds expected measures.
    #[must_use]
    pub fn expected(mut self, measures: impl IntoIterator<Item = Measure>) -> Self {
        self.expected.extend(measures);
        self
    }

    /// Sets the lawful explanations that were tested and do not apply.
    #[must_use]
    pub const fn excluded(mut self, explanations: &'static [Explanation]) -> Self {
        self.excluded = explanations;
        self
    }

    /// Adds missing facts, and lowers the grade for them: by one step however many they are, and not below `floor`.
    #[must_use]
    pub fn lowered_without(self, facts: impl IntoIterator<Item = MissingFact>, floor: Grade) -> Self {
        let grade = self.grade;
        let hit = self.not_tested(facts);
        let lowered = if hit.not_tested.is_empty() { grade } else { grade.lowered().max(floor.min(grade)) };
        Self { grade: lowered, ..hit }
    }

    /// Adds missing facts, for which the grade has been lowered.
    #[must_use]
    pub fn not_tested(mut self, facts: impl IntoIterator<Item = MissingFact>) -> Self {
        self.not_tested.extend(facts);
        self
    }

    /// Sets whether it is about what one person did at many carers' visits.
    #[must_use]
    pub const fn of_one_person(mut self, is_of_one_person: bool) -> Self {
        self.is_of_one_person = is_of_one_person;
        self
    }

    /// Sets the sentence.
    #[must_use]
    pub fn text<T: Wording>(self, write: T) -> Hit<T> {
        self.with_text(|()| write)
    }
}

impl<T> Hit<T> {
    /// Seconds in question.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.disputed.iter().map(|span| span.seconds()).sum()
    }

    /// At most [`NEIGHBOURS_MAX`] other registrations, the first ones.
    fn bound_related(&mut self) {
        let more = self.related.len().saturating_sub(NEIGHBOURS_MAX);
        self.related_more = self.related_more.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
        self.related.truncate(NEIGHBOURS_MAX);
    }

    /// Replaces the text.
    pub(in crate::engine) fn with_text<U>(self, text: impl FnOnce(T) -> U) -> Hit<U> {
        let Self {
            grade,
            p_value,
            related,
            related_more,
            disputed,
            observed,
            expected,
            excluded,
            not_tested,
            is_of_one_person,
            text: own,
        } = self;
        let text = text(own);
        Hit {
            grade,
            p_value,
            related,
            related_more,
            disputed,
            observed,
            expected,
            excluded,
            not_tested,
            is_of_one_person,
            text,
        }
    }
}

/// A hit with the index of its rule, at its published grade. A visit's hit has its sentence only where it is published.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::engine) struct RuleHit {
    pub(in crate::engine) rule: u16,
    pub(in crate::engine) hit: Hit,
    pub(in crate::engine) lowered: Option<Lowered>,
    /// Of a visit's hit of grade review or hold: half decades by which such hits are rarer than visits at its source.
    pub(in crate::engine) surprise: Option<u8>,
    /// Of a period: bit per mark; visits with any of them contribute to the finding.
    pub(in crate::engine) contributing: u32,
}

/// Pseudo-mark of every visit: a bit above the last one of [`Mark`](crate::engine::Mark).
pub(in crate::engine) const EVERY_VISIT: u32 = 1 << 31;

impl RuleHit {
    pub(in crate::engine) fn new<T: Wording>(rule: u16, hit: Hit<T>, contributing: u32) -> Self {
        let mut hit = hit.with_text(|write| write());
        hit.bound_related();
        Self { rule, hit, lowered: None, surprise: None, contributing }
    }

    /// A visit's hit; with its sentence where it `is_worded`.
    pub(in crate::engine) fn of_visit<T: Wording>(rule: u16, hit: Hit<T>, is_worded: bool) -> Self {
        let mut hit = hit.with_text(|write| if is_worded { write() } else { Sentence::default() });
        hit.bound_related();
        Self { rule, hit, lowered: None, surprise: None, contributing: 0 }
    }

    /// Whether both say the same but for the sentence.
    pub(in crate::engine) fn has_numbers_of(&self, other: &Self) -> bool {
        // All fields by name: a new one has to be compared as well.
        let Self { rule, hit, lowered, surprise, contributing } = self;
        let Hit {
            grade,
            p_value,
            related,
            related_more,
            disputed,
            observed,
            expected,
            excluded,
            not_tested,
            is_of_one_person,
            text: _,
        } = hit;
        let (than, of) = (other, &other.hit);
        (rule, lowered, surprise, contributing)
            == (&than.rule, &than.lowered, &than.surprise, &than.contributing)
            && (grade, p_value, related_more) == (&of.grade, &of.p_value, &of.related_more)
            && (related, disputed) == (&of.related, &of.disputed)
            && (observed, expected) == (&of.observed, &of.expected)
            && (excluded, not_tested) == (&of.excluded, &of.not_tested)
            && *is_of_one_person == of.is_of_one_person
    }

    /// Adds another finding of the same rule on the same visit: the graver one first, and what both dispute at the
    /// graver grade.
    pub(in crate::engine) fn join(&mut self, mut other: Self) {
        if self.hit.grade < other.hit.grade {
            std::mem::swap(self, &mut other);
        }
        let (hit, other) = (&mut self.hit, other.hit);
        if hit.grade == other.grade {
            hit.disputed = union([&hit.disputed[..], &other.disputed[..]].concat());
        }
        let new = other.related.into_iter().filter(|slot| !hit.related.contains(slot)).collect::<Vec<_>>();
        hit.related.extend(new);
        hit.related_more = hit.related_more.saturating_add(other.related_more);
        hit.observed.extend(other.observed);
        hit.expected.extend(other.expected);
        hit.not_tested.extend(other.not_tested);
        hit.not_tested.dedup();
        if !other.text.sv.is_empty() {
            hit.text.sv = format!("{} {}", hit.text.sv, other.text.sv);
            hit.text.en = format!("{} {}", hit.text.en, other.text.en);
        }
        hit.bound_related();
    }

    /// Lowers the hit to `grade` at most, for `reason`.
    pub(in crate::engine) fn lower(&mut self, grade: Grade, reason: Lowered) {
        if grade < self.hit.grade || reason == Lowered::Shadow {
            self.hit.grade = self.hit.grade.min(grade);
            self.lowered = Some(reason);
        }
    }
}

/// The union of the hits' disputed spans: ascending and disjoint.
pub(in crate::engine) fn union_spans<'h>(hits: impl Iterator<Item = &'h RuleHit>) -> Vec<Span> {
    union(hits.flat_map(|rule_hit| rule_hit.hit.disputed.iter().copied()).collect())
}

/// The union of spans: ascending and disjoint, without empty ones.
pub(in crate::engine) fn union(mut spans: Vec<Span>) -> Vec<Span> {
    spans.retain(|span| 0 < span.seconds());
    spans.sort_unstable();
    let mut union: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match union.last_mut() {
            Some(last) if span.start() <= last.end() => {
                *last = Span::clamped(last.start(), span.end().max(last.end()));
            }
            _ => union.push(span),
        }
    }
    union
}

/// Seconds in the union of the hits' disputed spans.
pub(in crate::engine) fn union_seconds<'h>(hits: impl Iterator<Item = &'h RuleHit>) -> i64 {
    union_spans(hits).into_iter().map(Span::seconds).sum()
}
