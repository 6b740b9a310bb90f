//! What rules have in common whose patterns open at one line and close at another.
//!
//! A share that lies at a line crosses it with every second visit, and an alert with it. So a pattern opens where
//! chance gives it with at most `p`, and closes only where that exceeds the square root of `p`; between the two it
//! stays what it was. What it was is no memory of the program: it follows from the counts as they grew by the visits'
//! own order, so that late records and another order of arrival end in the same.

use crate::domain::SubjectKind;
use crate::engine::{Count, Mark, PeriodSight};

/// Where a count lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PatternLine {
    /// A pattern opens.
    Open,
    /// A pattern stays as it was.
    Between,
    /// A pattern closes.
    Closed,
}

impl PatternLine {
    /// Of a probability that opens a pattern up to `p_max`.
    pub(super) fn of(p_value: f64, p_max: f64) -> Self {
        if p_value <= p_max {
            Self::Open
        } else if p_value <= p_max.sqrt() {
            Self::Between
        } else {
            Self::Closed
        }
    }

    /// Of two tests, both of which must open a pattern, and each of which closes it.
    pub(super) const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Closed, _) | (_, Self::Closed) => Self::Closed,
            (Self::Open, Self::Open) => Self::Open,
            _ => Self::Between,
        }
    }
}

/// Whether a pattern of `mark` stands, by where each count lies: that of a carer with its last visit, that of a
/// provider with the last day that is over.
pub(super) fn stands(sight: &PeriodSight<'_>, mark: Mark, line: impl Fn(Count) -> PatternLine) -> bool {
    if sight.period().subject.kind() == SubjectKind::CarerPeriod {
        // Most carers lie far from both lines.
        match line(sight.tally().count(mark)) {
            PatternLine::Open => return true,
            PatternLine::Closed => return false,
            PatternLine::Between => {}
        }
    }
    let mut grown = sight.growth(mark).into_iter().rev().map(line);
    grown.find(|line| *line != PatternLine::Between) == Some(PatternLine::Open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_opens_at_one_line_and_closes_at_another() {
        let lines = [1e-5, 1e-4, 2e-4, 9e-3, 1e-2, 2e-2, 1.0].map(|p_value| PatternLine::of(p_value, 1e-4));
        use PatternLine::{Between, Closed, Open};
        assert_eq!(lines, [Open, Open, Between, Between, Between, Closed, Closed]);
        assert_eq!(Open.and(Open), Open);
        assert_eq!([Open.and(Between), Between.and(Open), Between.and(Between)], [Between; 3]);
        assert_eq!([Open.and(Closed), Closed.and(Between)], [Closed; 2]);
    }
}
