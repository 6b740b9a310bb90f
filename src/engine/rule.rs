//! What a rule is: it looks at a registration, or at a period, and answers.

use std::sync::Arc;

use super::sight::{PeriodSight, Sight};
use super::visit::Slot;
use crate::domain::{Class, Grade, Measure, Sentence, Span};

/// Looks, and changes nothing; at visits or at periods, as its [`Listed`] says. A rule is clear where it reports nothing.
pub trait Rule: Send + Sync {
    /// Looks at one registration.
    fn visit(&self, _sight: &Sight<'_>, _report: &mut Report<'_>) {}

    /// Looks at what one carer or provider has registered in one pay period.
    fn period(&self, _sight: &PeriodSight<'_>, _report: &mut Report<'_>) {}

    /// A number that is 0 where [`Rule::period`] would report nothing and changes whenever it would
    /// report something else: periods are looked at after every visit, and most say what they said.
    fn period_word(&self, _sight: &PeriodSight<'_>) -> u64 {
        0
    }
}

/// A rule with what the engine needs to know about it.
pub struct Listed {
    /// Fixed name.
    pub id: &'static str,
    /// Rises when the rule answers otherwise than before.
    pub version: u32,
    /// Kind of trouble that it finds.
    pub class: Class,
    /// Does it read earlier days of the carer or client? Then a late registration makes it look
    /// again at the days after.
    pub reads_history: bool,
    /// Does it look at periods, and not at single visits?
    pub looks_at_periods: bool,
    /// The rule.
    pub rule: Box<dyn Rule>,
}

/// The rules of an engine, in the order in which findings are listed.
pub type RuleSet = Arc<[Listed]>;

/// One answer "hit" with its evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// What should follow.
    pub grade: Grade,
    /// How likely by chance; `None` for hard contradictions.
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
    pub excluded: &'static [&'static str],
    /// Facts that were missing, by which the grade dropped.
    pub not_tested: Vec<&'static str>,
    /// The sentence.
    pub text: Sentence,
}

impl Hit {
    /// Seconds in question.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.disputed.map_or(0, Span::seconds)
    }
}

/// Takes a rule's answers.
pub struct Report<'r> {
    pub(super) rule: u16,
    pub(super) hits: &'r mut Vec<(u16, Hit)>,
    pub(super) undetermined: &'r mut Vec<(u16, &'static str)>,
}

impl Report<'_> {
    /// The rule found something.
    pub fn hit(&mut self, hit: Hit) {
        self.hits.push((self.rule, hit));
    }

    /// The rule cannot decide, because `fact` is missing: it is counted and makes no finding.
    pub fn undetermined(&mut self, fact: &'static str) {
        self.undetermined.push((self.rule, fact));
    }
}
