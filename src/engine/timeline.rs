//! The visits of one carer or one client, in order of start.

use std::cmp::Ordering;

use super::visit::Slot;
use crate::domain::{Span, UtcSecond};

/// One visit on a timeline: its presence and where the rest of it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) span: Span,
    pub(super) slot: Slot,
}

/// Marks in order of (start, end, registration id), so that the order does not depend on arrival.
#[derive(Clone, Debug, Default)]
pub(super) struct Timeline {
    marks: Vec<Mark>,
    /// No mark here is longer than this.
    longest_seconds: i64,
    /// Visits here that have a standing finding.
    pub(super) standing: u32,
}

impl Timeline {
    pub(super) const EMPTY: Self = Self { marks: Vec::new(), longest_seconds: 0, standing: 0 };

    /// Puts `mark` in its place; `by_id` compares registration ids and is asked only on ties.
    pub(super) fn insert(&mut self, mark: Mark, by_id: impl Fn(Slot, Slot) -> Ordering) {
        let after = |other: &Mark| match other.span.cmp(&mark.span) {
            Ordering::Equal => by_id(other.slot, mark.slot) == Ordering::Less,
            order => order == Ordering::Less,
        };
        let at = if self.marks.last().is_none_or(after) {
            self.marks.len()
        } else {
            self.marks.partition_point(after)
        };
        self.marks.insert(at, mark);
        self.longest_seconds = self.longest_seconds.max(mark.span.seconds());
    }

    /// Takes `mark` out; `longest_seconds` stays, as an upper bound.
    pub(super) fn remove(&mut self, mark: Mark) {
        let from = self.marks.partition_point(|other| other.span < mark.span);
        if let Some(at) = self.marks[from..].iter().position(|other| other.slot == mark.slot) {
            self.marks.remove(from + at);
        }
    }

    /// Every mark, in order.
    pub(super) fn all(&self) -> &[Mark] {
        &self.marks
    }

    /// The marks that begin in `from..to`.
    pub(super) fn starting(&self, from: UtcSecond, to: UtcSecond) -> &[Mark] {
        let first = self.marks.partition_point(|mark| mark.span.start() < from);
        let last = first + self.marks[first..].partition_point(|mark| mark.span.start() < to);
        &self.marks[first..last]
    }

    /// The marks that could reach into `span`: each begins before its end, and none that was left
    /// out is long enough to touch it.
    pub(super) fn reaching(&self, span: Span) -> &[Mark] {
        self.starting(span.start().plus(-self.longest_seconds), span.end())
    }

    /// Lets go of what began before `horizon` and hands it to `each`.
    pub(super) fn expire(&mut self, horizon: UtcSecond, mut each: impl FnMut(Slot)) {
        let kept_from = self.marks.partition_point(|mark| mark.span.start() < horizon);
        if kept_from > 0 {
            self.marks.drain(..kept_from).for_each(|mark| each(mark.slot));
            self.longest_seconds = self.marks.iter().map(|mark| mark.span.seconds()).max().unwrap_or(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(start: i64, end: i64, slot: u32) -> Mark {
        let span = Span::new(UtcSecond(start), UtcSecond(end)).expect("ordered");
        Mark { span, slot: Slot(slot) }
    }

    #[test]
    fn order_does_not_depend_on_arrival_and_reach_sees_long_visits() {
        let marks = [mark(0, 1000, 0), mark(100, 110, 1), mark(200, 210, 2), mark(200, 210, 3)];
        let mut forward = Timeline::default();
        let mut backward = Timeline::default();
        marks.iter().for_each(|m| forward.insert(*m, |a, b| a.cmp(&b)));
        marks.iter().rev().for_each(|m| backward.insert(*m, |a, b| a.cmp(&b)));
        assert_eq!(forward.all(), backward.all());
        let reaching = forward.reaching(marks[2].span);
        assert!(reaching.contains(&marks[0]) && reaching.contains(&marks[3]));
        forward.remove(marks[2]);
        assert_eq!(forward.all(), &[marks[0], marks[1], marks[3]]);
    }
}
