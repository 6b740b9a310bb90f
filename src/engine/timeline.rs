//! The visits of one carer or one client, in order of start.

use std::cmp::Ordering;

use super::visit::Slot;
use crate::domain::{Span, UtcSecond};

/// One visit on a timeline: its presence and where the rest of it is kept. Four of them share a cache line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pin {
    start: UtcSecond,
    seconds: u32,
    pub(super) slot: Slot,
}

impl Pin {
    /// Of the visit in `slot`, whose presence is `span`; beyond 136 years its end is not told.
    pub(super) fn new(span: Span, slot: Slot) -> Self {
        Self { start: span.start(), seconds: u32::try_from(span.seconds()).unwrap_or(u32::MAX), slot }
    }

    pub(super) const fn start(&self) -> UtcSecond {
        self.start
    }

    pub(super) const fn end(&self) -> UtcSecond {
        UtcSecond(self.start.0 + self.seconds as i64)
    }

    pub(super) fn span(&self) -> Span {
        Span::new(self.start, self.end()).expect("a length is not negative")
    }

    /// First by start, then by end.
    const fn key(&self) -> (UtcSecond, u32) {
        (self.start, self.seconds)
    }
}

/// So many marks at the end are searched first, then twice as many before them, and so on: most
/// registrations are of today, and most of what is asked about them is of this week.
const NEAR_THE_END: usize = 8;
/// And the last of all one by one.
const LAST: usize = 3;

/// Marks in order of (start, end, registration id), so that the order does not depend on arrival.
#[derive(Clone, Debug, Default)]
pub(super) struct Timeline {
    /// The first `gone` of these are no longer kept; they are cut off once they are the half.
    marks: Vec<Pin>,
    gone: u32,
    /// No mark here is longer than this.
    longest_seconds: u32,
}

impl Timeline {
    /// Puts `mark` in its place; `by_id` compares registration ids and is asked only on ties.
    pub(super) fn insert(&mut self, mark: Pin, by_id: impl Fn(Slot, Slot) -> Ordering) {
        let at = self.first_not(|other| match other.key().cmp(&mark.key()) {
            Ordering::Equal => by_id(other.slot, mark.slot) == Ordering::Less,
            order => order == Ordering::Less,
        });
        self.marks.insert(self.gone as usize + at, mark);
        self.longest_seconds = self.longest_seconds.max(mark.seconds);
    }

    /// Takes `mark` out; `longest_seconds` stays, as an upper bound.
    pub(super) fn remove(&mut self, mark: Pin) {
        if let Some(at) = self.place_of(mark) {
            self.marks.remove(self.gone as usize + at);
        }
    }

    /// What is round `mark`, which stands here.
    pub(super) fn placed(&self, mark: Pin) -> Placed<'_> {
        let at = self.place_of(mark).expect("a visit that counts is on its timelines");
        Placed { marks: self.all(), at, longest_seconds: self.longest_seconds }
    }

    fn place_of(&self, mark: Pin) -> Option<usize> {
        let from = self.first_not(|other| other.key() < mark.key());
        let after = self.all()[from..].iter().position(|other| other.slot == mark.slot)?;
        Some(from + after)
    }

    /// Every mark, in order.
    pub(super) fn all(&self) -> &[Pin] {
        &self.marks[self.gone as usize..]
    }

    /// The marks that begin in `from..to`.
    pub(super) fn starting(&self, from: UtcSecond, to: UtcSecond) -> &[Pin] {
        let later = self.starting_from(from);
        let count = later.iter().position(|mark| to <= mark.start).unwrap_or(later.len());
        &later[..count]
    }

    /// The marks that begin at `from` or later.
    pub(super) fn starting_from(&self, from: UtcSecond) -> &[Pin] {
        &self.all()[self.first_not(|mark| mark.start < from)..]
    }

    /// The marks that could reach into `span`: each begins before its end, and none that was left
    /// out is long enough to touch it.
    pub(super) fn reaching(&self, span: Span) -> &[Pin] {
        self.starting(span.start().plus(-i64::from(self.longest_seconds)), span.end())
    }

    /// The place of the first mark that is not `before`, where all that are stand first.
    fn first_not(&self, before: impl Fn(&Pin) -> bool) -> usize {
        let marks = self.all();
        let (mut end, mut step) = (marks.len(), NEAR_THE_END);
        // The very last are told apart one by one: nothing else of the timeline is touched for them.
        while marks.len() - end < LAST {
            if end == 0 || before(&marks[end - 1]) {
                return end;
            }
            end -= 1;
        }
        loop {
            let begin = end.saturating_sub(step);
            if begin == 0 || before(&marks[begin]) {
                return begin + marks[begin..end].partition_point(before);
            }
            (end, step) = (begin, 2 * step);
        }
    }

    /// Lets go of what began before `horizon` and hands it to `each`.
    pub(super) fn expire(&mut self, horizon: UtcSecond, each: impl FnMut(Slot)) {
        // Day by day only the first few go, and nothing else of the timeline is touched for them.
        let kept = self.all().iter().position(|mark| horizon <= mark.start).unwrap_or(self.all().len());
        self.all()[..kept].iter().map(|mark| mark.slot).for_each(each);
        let gone = self.gone as usize + kept;
        self.gone = u32::try_from(gone).expect("slots are fewer");
        if self.marks.len() < 2 * gone {
            self.marks.drain(..gone);
            self.gone = 0;
            self.longest_seconds = self.marks.iter().map(|mark| mark.seconds).max().unwrap_or(0);
        }
    }
}

/// One mark of a timeline and what stands round it, found by walking from it: most of what is asked is
/// next to it.
#[derive(Clone, Copy)]
pub(super) struct Placed<'a> {
    marks: &'a [Pin],
    at: usize,
    longest_seconds: u32,
}

impl<'a> Placed<'a> {
    /// The mark itself.
    pub(super) fn own(&self) -> &'a Pin {
        &self.marks[self.at]
    }

    /// The marks before it that begin at most `seconds` before it does, the nearest first.
    pub(super) fn earlier(&self, seconds: i64) -> impl Iterator<Item = &'a Pin> + use<'a> {
        let from = self.own().start.plus(-seconds);
        self.marks[..self.at].iter().rev().take_while(move |mark| from <= mark.start)
    }

    /// The marks after it that begin at most `seconds` after it does, the nearest first.
    pub(super) fn later(&self, seconds: i64) -> impl Iterator<Item = &'a Pin> + use<'a> {
        let to = self.own().start.plus(seconds);
        self.marks[self.at + 1..].iter().take_while(move |mark| mark.start <= to)
    }

    /// All other marks that begin within `seconds` of it, in order.
    pub(super) fn starting_near(&self, seconds: i64) -> impl Iterator<Item = &'a Pin> + use<'a> {
        let earlier = self.earlier(seconds).count();
        self.marks[self.at - earlier..self.at].iter().chain(self.later(seconds))
    }

    /// All other marks that could share time with it, in order: see [`Timeline::reaching`].
    pub(super) fn reaching(&self) -> impl Iterator<Item = &'a Pin> + use<'a> {
        let end = self.own().end();
        let earlier = self.earlier(i64::from(self.longest_seconds)).count();
        let later = self.marks[self.at + 1..].iter().take_while(move |mark| mark.start < end);
        self.marks[self.at - earlier..self.at].iter().chain(later)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(start: i64, end: i64, slot: u32) -> Pin {
        let span = Span::new(UtcSecond(start), UtcSecond(end)).expect("ordered");
        Pin::new(span, Slot(slot))
    }

    #[test]
    fn order_does_not_depend_on_arrival_and_reach_sees_long_visits() {
        let marks = [mark(0, 1000, 0), mark(100, 110, 1), mark(200, 210, 2), mark(200, 210, 3)];
        let mut forward = Timeline::default();
        let mut backward = Timeline::default();
        marks.iter().for_each(|m| forward.insert(*m, |a, b| a.cmp(&b)));
        marks.iter().rev().for_each(|m| backward.insert(*m, |a, b| a.cmp(&b)));
        assert_eq!(forward.all(), backward.all());
        let reaching = forward.reaching(marks[2].span());
        assert!(reaching.contains(&marks[0]) && reaching.contains(&marks[3]));
        forward.remove(marks[2]);
        assert_eq!(forward.all(), &[marks[0], marks[1], marks[3]]);
    }
}
