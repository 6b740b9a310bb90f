//! The patterns that can be planted: name in the labels, number in the catalogue of forty, and the rule that
//! should find it. No other place lists them.

/// What a label names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternScope {
    /// The registration is wrong, or part of a pattern that is.
    Registration,
    /// The provider's month is wrong; the label names one registration of it.
    Provider,
    /// The registration is part of an observe-only pattern: no alert is expected.
    Observed,
}

/// Who plants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PatternActors {
    /// A few carers, who plant single contradictions of several kinds.
    Few,
    /// One carer over some weeks, who plants nothing else.
    One,
    /// A provider, in its months.
    Provider,
    /// All carers of a provider; planted only where named in the plan.
    All,
}

/// A pattern of error that can be planted.
#[derive(Debug)]
pub struct Pattern {
    /// Its name in the labels.
    pub name: &'static str,
    /// Its number in the catalogue of forty; `None` for patterns that only statistics of length and count can
    /// find.
    pub number: Option<u8>,
    /// The rule that should find it.
    pub rule: &'static str,
    /// What its labels name.
    pub scope: PatternScope,
    pub(super) by: PatternActors,
    /// Registrations of one scheme in a municipality that is not small; a habit touches most of the carer's
    /// visits while it lasts.
    pub(super) size: u32,
    /// Days that it goes on.
    pub(super) days: u32,
}

const fn few(name: &'static str, number: u8, rule: &'static str, size: u32) -> Pattern {
    Pattern {
        name,
        number: Some(number),
        rule,
        scope: PatternScope::Registration,
        by: PatternActors::Few,
        size,
        days: 46,
    }
}

const fn one(name: &'static str, number: u8, rule: &'static str, (size, days): (u32, u32)) -> Pattern {
    Pattern {
        name,
        number: Some(number),
        rule,
        scope: PatternScope::Registration,
        by: PatternActors::One,
        size,
        days,
    }
}

const fn observed(name: &'static str, number: u8, rule: &'static str, (size, days): (u32, u32)) -> Pattern {
    Pattern {
        name,
        number: Some(number),
        rule,
        scope: PatternScope::Observed,
        by: PatternActors::One,
        size,
        days,
    }
}

const fn provider(name: &'static str, number: u8, rule: &'static str) -> Pattern {
    Pattern {
        name,
        number: Some(number),
        rule,
        scope: PatternScope::Provider,
        by: PatternActors::Provider,
        size: 0,
        days: u32::MAX,
    }
}

const fn uncounted(
    name: &'static str,
    rule: &'static str,
    by: PatternActors,
    (size, days): (u32, u32),
) -> Pattern {
    Pattern { name, number: None, rule, scope: PatternScope::Registration, by, size, days }
}

/// Every pattern, in the order of the catalogue.
pub static PATTERNS: &[Pattern] = &[
    few("carer-overlap", 1, "carer-overlap", 10),
    one("cross-provider-overlap", 2, "carer-overlap", (8, 46)),
    few("impossible-travel", 3, "impossible-travel", 8),
    few("client-overlap", 4, "client-overlap", 10),
    few("partial-double-staffing", 5, "partial-double-staffing", 8),
    few("client-absent", 6, "client-absent", 10),
    few("after-death", 7, "client-absent", 5),
    few("after-order-end", 7, "no-valid-order", 6),
    few("no-valid-order", 8, "no-valid-order", 8),
    one("above-grant", 9, "above-grant", (14, 14)),
    provider("full-delivery", 10, "full-delivery"),
    one("travel-log-in", 11, "travel-log-in", (14, 30)),
    few("moved-tag", 12, "moved-tag", 10),
    one("batch-logging", 13, "batch-logging", (34, 30)),
    one("shared-device", 14, "shared-device", (18, 30)),
    one("carer-hours", 15, "carer-hours", (34, 30)),
    one("carer-absent", 16, "carer-absent", (10, 5)),
    provider("provider-capacity", 17, "provider-capacity"),
    one("manual-share", 18, "manual-share", (85, 24)),
    one("rounded-times", 19, "rounded-times", (40, 24)),
    one("plan-copy", 19, "plan-copy", (55, 24)),
    few("late-lengthening", 20, "late-lengthening", 16),
    observed("editor-concentration", 21, "editor-concentration", (20, 30)),
    few("locked-period-change", 22, "locked-period-change", 10),
    few("duplicate-registration", 23, "duplicate-registration", 9),
    few("missing-log-out", 24, "missing-log-out", 7),
    one("billed-above-registered", 25, "billed-above-registered", (40, 24)),
    one("split-visits", 26, "split-visits", (30, 24)),
    few("merged-visits", 26, "split-visits", 6),
    one("declined-share", 27, "declined-share", (50, 24)),
    one("first-day-absences", 28, "declined-share", (16, 40)),
    one("tariff-edge", 29, "tariff-edge", (24, 44)),
    one("service-without-presence", 30, "service-without-presence", (40, 46)),
    one("pair-concentration", 31, "pair-concentration", (130, 42)),
    provider("provider-surge", 32, "provider-surge"),
    provider("hours-drop", 33, "provider-surge"),
    one("copied-day", 34, "copied-day", (45, 28)),
    observed("task-pattern", 35, "task-pattern", (40, 24)),
    one("far-from-home", 36, "far-from-home", (70, 24)),
    one("new-identity", 37, "new-identity", (20, 14)),
    one("missed-visit", 38, "missed-visit", (30, 46)),
    few("shared-household-double", 39, "shared-household-double", 12),
    one("unlisted-carer", 40, "unlisted-carer", (40, 24)),
    uncounted("padding", "padding-rate", PatternActors::One, (55, 24)),
    uncounted("creeping-padding", "padding-rate", PatternActors::One, (60, 40)),
    uncounted("phantom-visits", "unusual-count", PatternActors::One, (60, 28)),
    uncounted("single-long-visit", "unusual-duration", PatternActors::Few, (8, 46)),
    uncounted("provider-padding", "padding-rate", PatternActors::All, (0, u32::MAX)),
    uncounted("provider-ramp", "padding-rate", PatternActors::All, (0, u32::MAX)),
];

/// The pattern called `name`.
#[must_use]
pub fn pattern(name: &str) -> Option<&'static Pattern> {
    PATTERNS.iter().find(|pattern| pattern.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn all_forty_are_there_under_names_of_their_own() {
        let numbers: BTreeSet<u8> = PATTERNS.iter().filter_map(|pattern| pattern.number).collect();
        assert_eq!(numbers, (1..=40).collect());
        let names: BTreeSet<&str> = PATTERNS.iter().map(|pattern| pattern.name).collect();
        assert_eq!(names.len(), PATTERNS.len());
        assert!(PATTERNS.iter().all(|it| std::ptr::eq(pattern(it.name).expect("it is listed"), it)));
    }
}
