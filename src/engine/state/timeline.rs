//! The visits of one carer or one client, in order of start.

use std::cmp::Ordering;

use crate::domain::{Span, UtcSecond};
use crate::engine::model::visit::Slot;

/// One visit on a timeline: its presence and where the rest of it is kept. Four of them share a cache line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Pin {
    start: UtcSecond,
    seconds: u32,
    pub(in crate::engine) slot: Slot,
}

impl Pin {
    /// Of the visit in `slot`, whose presence is `span`; beyond 136 years its end is not told.
    pub(in crate::engine) fn new(span: Span, slot: Slot) -> Self {
        Self { start: span.start(), seconds: u32::try_from(span.seconds()).unwrap_or(u32::MAX), slot }
    }

    pub(in crate::engine) const fn start(&self) -> UtcSecond {
        self.start
    }

    pub(in crate::engine) const fn end(&self) -> UtcSecond {
        UtcSecond(self.start.0 + self.seconds as i64)
    }

    pub(in crate::engine) fn span(&self) -> Span {
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
pub(in crate::engine) struct Timeline {
    /// The first `gone` of these are no longer kept; they are cut off once they are the half.
    pins: Vec<Pin>,
    gone: u32,
    /// No mark here is longer than this.
    longest_seconds: u32,
}

impl Timeline {
    /// Puts `pin` in its place; `by_id` compares registration ids and is asked only on ties.
    pub(in crate::engine) fn insert(&mut self, pin: Pin, by_id: impl Fn(Slot, Slot) -> Ordering) {
        let at = self.first_not(|other| match other.key().cmp(&pin.key()) {
            Ordering::Equal => by_id(other.slot, pin.slot) == Ordering::Less,
            order => order == Ordering::Less,
        });
        self.pins.insert(self.gone as usize + at, pin);
        self.longest_seconds = self.longest_seconds.max(pin.seconds);
    }

    /// Takes `pin` out; `longest_seconds` stays, as an upper bound.
    pub(in crate::engine) fn remove(&mut self, pin: Pin) {
        if let Some(at) = self.place_of(pin) {
            self.pins.remove(self.gone as usize + at);
        }
    }

    /// What is round `pin`, which stands here.
    pub(in crate::engine) fn placed(&self, pin: Pin) -> Placed<'_> {
        let at = self.place_of(pin).expect("a visit that counts is on its timelines");
        Placed { pins: self.all(), at, longest_seconds: self.longest_seconds }
    }

    fn place_of(&self, pin: Pin) -> Option<usize> {
        let from = self.first_not(|other| other.key() < pin.key());
        let after = self.all()[from..].iter().position(|other| other.slot == pin.slot)?;
        Some(from + after)
    }

    /// Every mark, in order.
    pub(in crate::engine) fn all(&self) -> &[Pin] {
        &self.pins[self.gone as usize..]
    }

    /// The marks that begin in `from..to`.
    pub(in crate::engine) fn starting(&self, from: UtcSecond, to: UtcSecond) -> &[Pin] {
        let later = self.starting_from(from);
        let count = later.iter().position(|pin| to <= pin.start).unwrap_or(later.len());
        &later[..count]
    }

    /// The marks that begin at `from` or later.
    pub(in crate::engine) fn starting_from(&self, from: UtcSecond) -> &[Pin] {
        &self.all()[self.first_not(|pin| pin.start < from)..]
    }

    /// The marks that could reach into `span`: each begins before its end, and none that was left
    /// out is long enough to touch it.
    pub(in crate::engine) fn reaching(&self, span: Span) -> &[Pin] {
        self.starting(span.start().plus(-i64::from(self.longest_seconds)), span.end())
    }

    /// The place of the first mark that is not `before`, where all that are stand first.
    fn first_not(&self, before: impl Fn(&Pin) -> bool) -> usize {
        let pins = self.all();
        let (mut end, mut step) = (pins.len(), NEAR_THE_END);
        // The very last are told apart one by one: nothing else of the timeline is touched for them.
        while pins.len() - end < LAST {
            if end == 0 || before(&pins[end - 1]) {
                return end;
            }
            end -= 1;
        }
        loop {
            let begin = end.saturating_sub(step);
            if begin == 0 || before(&pins[begin]) {
                return begin + pins[begin..end].partition_point(before);
            }
            (end, step) = (begin, 2 * step);
        }
    }

    /// Lets go of what began before `horizon` and hands it to `each`.
    pub(in crate::engine) fn expire(&mut self, horizon: UtcSecond, each: impl FnMut(Slot)) {
        // Day by day only the first few go, and nothing else of the timeline is touched for them.
        let kept = self.all().iter().position(|pin| horizon <= pin.start).unwrap_or(self.all().len());
        self.all()[..kept].iter().map(|pin| pin.slot).for_each(each);
        let gone = self.gone as usize + kept;
        self.gone = u32::try_from(gone).expect("slots are fewer");
        if self.pins.len() < 2 * gone {
            self.pins.drain(..gone);
            self.gone = 0;
            self.longest_seconds = self.pins.iter().map(|pin| pin.seconds).max().unwrap_or(0);
        }
    }
}

/// One mark of a timeline and what stands round it, found by walking from it: most of what is asked is
/// next to it.
#[derive(Clone, Copy)]
pub(in crate::engine) struct Placed<'a> {
    pins: &'a [Pin],
    at: usize,
    longest_seconds: u32,
}

impl<'a> Placed<'a> {
    /// The mark itself.
    pub(in crate::engine) fn own(&self) -> &'a Pin {
        &self.pins[self.at]
    }

    /// The marks before it that begin at most `seconds` before it does, the nearest first.
    pub(in crate::engine) fn earlier(&self, seconds: i64) -> impl Iterator<Item = &'a Pin> + use<'a> {
        let from = self.own().start.plus(-seconds);
        self.pins[..self.at].iter().rev().take_while(move |pin| from <= pin.start)
    }

    /// The marks after it that begin at most `seconds` after it does, the nearest first.
    pub(in crate::engine) fn later(&self, seconds: i64) -> impl Iterator<Item = &'a Pin> + use<'a> {
        let to = self.own().start.plus(seconds);
        self.pins[self.at + 1..].iter().take_while(move |pin| pin.start <= to)
    }

    /// All other marks that begin within `seconds` of it, in order.
    pub(in crate::engine) fn starting_near(&self, seconds: i64) -> impl Iterator<Item = &'a Pin> + use<'a> {
        let earlier = self.earlier(seconds).count();
        self.pins[self.at - earlier..self.at].iter().chain(self.later(seconds))
    }

    /// All other marks that could share time with it, in order: see [`Timeline::reaching`].
    pub(in crate::engine) fn reaching(&self) -> impl Iterator<Item = &'a Pin> + use<'a> {
        let end = self.own().end();
        let earlier = self.earlier(i64::from(self.longest_seconds)).count();
        let later = self.pins[self.at + 1..].iter().take_while(move |pin| pin.start < end);
        self.pins[self.at - earlier..self.at].iter().chain(later)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(start: i64, end: i64, slot: u32) -> Pin {
        let span = Span::new(UtcSecond(start), UtcSecond(end)).expect("ordered");
        Pin::new(span, Slot(slot))
    }

    #[test]
    fn order_does_not_depend_on_arrival_and_reach_sees_long_visits() {
        let pins = [pin(0, 1000, 0), pin(100, 110, 1), pin(200, 210, 2), pin(200, 210, 3)];
        let mut forward = Timeline::default();
        let mut backward = Timeline::default();
        pins.iter().for_each(|m| forward.insert(*m, |a, b| a.cmp(&b)));
        pins.iter().rev().for_each(|m| backward.insert(*m, |a, b| a.cmp(&b)));
        assert_eq!(forward.all(), backward.all());
        let reaching = forward.reaching(pins[2].span());
        assert!(reaching.contains(&pins[0]) && reaching.contains(&pins[3]));
        forward.remove(pins[2]);
        assert_eq!(forward.all(), &[pins[0], pins[1], pins[3]]);
    }
}
