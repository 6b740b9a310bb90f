//! What a rule has found: its evidence, its weight and the sentence for people.

/// What kind of trouble a finding is; the later, the graver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A slip: a forgotten log-out, a double tap.
    Error,
    /// Outside what is agreed or usual.
    Deviation,
    /// Two recorded facts exclude each other.
    Contradiction,
    /// Something seen only over many visits.
    Pattern,
}

/// What should follow; the later, the graver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// Counts only together with others; alone it makes no alert.
    Observe,
    /// A person should look.
    Review,
    /// The disputed seconds should not be paid before a person has looked.
    Hold,
}

impl Grade {
    /// One step down; `Observe` stays.
    #[must_use]
    pub const fn lowered(self) -> Self {
        match self {
            Self::Hold => Self::Review,
            Self::Review | Self::Observe => Self::Observe,
        }
    }

    /// The word on the topics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Review => "review",
            Self::Observe => "observe",
        }
    }
}

/// Why a finding has a lower grade than its rule gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lowered {
    /// The rule runs in shadow: it is counted and has no effect.
    Shadow,
    /// The rule proposed more holds on that day than is plausible.
    Breaker,
    /// The service would hold too large a share of the provider's pay period.
    HeldShareCap,
    /// The rule finds as much in so many of the provider's visits that it describes how the provider works.
    Habit,
}

impl Lowered {
    /// The number of reasons.
    pub const COUNT: usize = 4;
}

/// A number or word of evidence.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A count, seconds, metres: anything whole.
    Whole(i64),
    /// A ratio or probability, rounded to at most six significant digits.
    Real(f64),
    /// A word from a closed list, a date.
    Text(String),
}

/// One named piece of evidence; the unit is the name's last word.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// Such as `overlap_seconds`.
    pub name: &'static str,
    /// The value.
    pub value: Value,
}

impl Measure {
    /// A whole number.
    #[must_use]
    pub const fn whole(name: &'static str, value: i64) -> Self {
        Self { name, value: Value::Whole(value) }
    }

    /// A real number, rounded to four significant digits so that it reads the same everywhere.
    #[must_use]
    pub fn real(name: &'static str, value: f64) -> Self {
        Self { name, value: Value::Real(round_significant(value, 4)) }
    }

    /// A word or date.
    #[must_use]
    pub fn text(name: &'static str, value: impl Into<String>) -> Self {
        Self { name, value: Value::Text(value.into()) }
    }
}

/// `value` with `digits` significant digits; infinities and NaN become 0.
#[must_use]
pub fn round_significant(value: f64, digits: usize) -> f64 {
    if !value.is_finite() {
        return 0.0;
    }
    format!("{value:.*e}", digits.saturating_sub(1)).parse().unwrap_or(0.0)
}

/// One sentence in two languages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sentence {
    /// Swedish.
    pub sv: String,
    /// English.
    pub en: String,
}

/// What one rule found about one subject, ready to be published.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule's id.
    pub rule: String,
    /// The rule's version.
    pub rule_version: u32,
    /// Kind of trouble.
    pub class: Class,
    /// What should follow.
    pub grade: Grade,
    /// Probability of something as unusual by chance; absent for hard contradictions.
    pub p_value: Option<f64>,
    /// The other registrations of the evidence, ascending; of many the gravest.
    pub related: Vec<String>,
    /// How many more there are.
    pub related_more: u32,
    /// Seconds in question.
    pub seconds_in_question: i64,
    /// What was observed.
    pub observed: Vec<(String, Value)>,
    /// What was expected.
    pub expected: Vec<(String, Value)>,
    /// Lawful explanations that were tested and do not apply.
    pub excluded: Vec<String>,
    /// Missing facts, because of which the grade is lower.
    pub not_tested: Vec<String>,
    /// The sentence.
    pub text: Sentence,
    /// Why the grade is lower than the rule gives.
    pub lowered_by: Option<Lowered>,
}
