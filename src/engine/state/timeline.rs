//! The visits of one carer or one client, in order of start.

use std::cmp::Ordering;

use crate::domain::{Span, UtcSecond};
use crate::engine::model::visit::Slot;

/// A visit on a timeline: its presence and its ledger slot, in 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Pin {
    start: UtcSecond,
    seconds: u32,
    pub(in crate::engine) slot: Slot,
}

impl Pin {
    /// The pin of the visit in `slot` with presence `span`; a length above 136 years is clipped.
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

    /// Order by start, then by end.
    const fn key(&self) -> (UtcSecond, u32) {
        (self.start, self.seconds)
    }
}

/// First step of the galloping search from the end (J. L. Bentley and A. C. Yao, Inform. Process. Lett. 5, 1976):
/// most registrations are of today, and most queries about them are of this week.
const GALLOP_STEP: usize = 8;
/// Pins at the end that are compared one by one before the search gallops.
const LAST: usize = 3;

/// Pins in order of (start, end, registration id), so that the order does not depend on arrival.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct Timeline {
    pins: Vec<Pin>,
    /// Number of leading pins that are expired; they are removed once they are half of the list.
    expired: u32,
    /// Upper bound of the pins' lengths.
    longest_seconds: u32,
}

impl Timeline {
    /// Inserts `pin`; `by_id` compares registration ids, on ties only. Returns whether it is the first now.
    pub(in crate::engine) fn insert(&mut self, pin: Pin, by_id: impl Fn(Slot, Slot) -> Ordering) -> bool {
        let at = self.first_not(|other| match other.key().cmp(&pin.key()) {
            Ordering::Equal => by_id(other.slot, pin.slot) == Ordering::Less,
            order => order == Ordering::Less,
        });
        self.pins.insert(self.expired as usize + at, pin);
        self.longest_seconds = self.longest_seconds.max(pin.seconds);
        at == 0
    }

    /// Removes `pin`; `longest_seconds` stays an upper bound.
    pub(in crate::engine) fn remove(&mut self, pin: Pin) {
        if let Some(at) = self.position_of(pin) {
            self.pins.remove(self.expired as usize + at);
        }
    }

    /// The position of `pin`.
    ///
    /// # Panics
    /// Where `pin` is not on this timeline.
    pub(in crate::engine) fn placed(&self, pin: Pin) -> Placed<'_> {
        let at = self.position_of(pin).expect("a visit that counts is on its timelines");
        Placed { pins: self.all(), at, longest_seconds: self.longest_seconds }
    }

    fn position_of(&self, pin: Pin) -> Option<usize> {
        let from = self.first_not(|other| other.key() < pin.key());
        let after = self.all()[from..].iter().position(|other| other.slot == pin.slot)?;
        Some(from + after)
    }

    /// All retained pins, in order.
    pub(in crate::engine) fn all(&self) -> &[Pin] {
        &self.pins[self.expired as usize..]
    }

    /// Pins that start in `from..to`.
    pub(in crate::engine) fn starting(&self, from: UtcSecond, to: UtcSecond) -> &[Pin] {
        let later = self.starting_from(from);
        let count = later.iter().position(|pin| to <= pin.start).unwrap_or(later.len());
        &later[..count]
    }

    /// Pins that start at `from` or later.
    pub(in crate::engine) fn starting_from(&self, from: UtcSecond) -> &[Pin] {
        &self.all()[self.first_not(|pin| pin.start < from)..]
    }

    /// A superset of the pins that overlap `span`: those that start before its end, from the start minus the
    /// longest length.
    pub(in crate::engine) fn reaching(&self, span: Span) -> &[Pin] {
        self.starting(span.start().plus(-i64::from(self.longest_seconds)), span.end())
    }

    /// Index of the first pin that is not `before`; the pins are partitioned by `before`.
    fn first_not(&self, before: impl Fn(&Pin) -> bool) -> usize {
        let pins = self.all();
        let (mut end, mut step) = (pins.len(), GALLOP_STEP);
        // Touches one cache line for the very last pins.
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

    /// Expires the pins that start before `horizon` and passes their slots to `each`.
    pub(in crate::engine) fn expire(&mut self, horizon: UtcSecond, each: impl FnMut(Slot)) {
        // Only the first few expire each day: a linear search touches no other part of the timeline.
        let count = self.all().iter().position(|pin| horizon <= pin.start).unwrap_or(self.all().len());
        self.all()[..count].iter().map(|pin| pin.slot).for_each(each);
        let expired = self.expired as usize + count;
        self.expired = u32::try_from(expired).expect("slots are fewer");
        if self.pins.len() < 2 * expired {
            self.pins.drain(..expired);
            self.expired = 0;
            self.longest_seconds = self.pins.iter().map(|pin| pin.seconds).max().unwrap_or(0);
        }
    }
}

/// A pin's position on its timeline. Queries walk from it, as most of their results are next to it.
#[derive(Clone, Copy)]
pub(in crate::engine) struct Placed<'a> {
    pins: &'a [Pin],
    at: usize,
    longest_seconds: u32,
}

impl<'a> Placed<'a> {
    /// The pin at the position.
    pub(in crate::engine) fn own(&self) -> &'a Pin {
        &self.pins[self.at]
    }

    /// The same pin on a timeline of its own.
    pub(in crate::engine) fn alone(self) -> Self {
        Self { pins: &self.pins[self.at..=self.at], at: 0, longest_seconds: 0 }
    }

    /// Pins before it that start at most `seconds` earlier, the nearest first.
    pub(in crate::engine) fn earlier(&self, seconds: i64) -> impl Iterator<Item = &'a Pin> + use<'a> {
        let from = self.own().start.plus(-seconds);
        self.pins[..self.at].iter().rev().take_while(move |pin| from <= pin.start)
    }

    /// Pins after it that start at most `seconds` later, the nearest first.
    pub(in crate::engine) fn later(&self, seconds: i64) -> impl Iterator<Item = &'a Pin> + use<'a> {
        let to = self.own().start.plus(seconds);
        self.pins[self.at + 1..].iter().take_while(move |pin| pin.start <= to)
    }

    /// Other pins that start within `seconds` of it, in order.
    pub(in crate::engine) fn starting_near(&self, seconds: i64) -> impl Iterator<Item = &'a Pin> + use<'a> {
        let earlier = self.earlier(seconds).count();
        self.pins[self.at - earlier..self.at].iter().chain(self.later(seconds))
    }

    /// A superset of the other pins that overlap it, in order: see [`Timeline::reaching`].
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
    fn order_is_independent_of_arrival_and_reaching_contains_long_visits() {
        let pins = [pin(0, 1000, 0), pin(100, 110, 1), pin(200, 210, 2), pin(200, 210, 3)];
        let mut forward = Timeline::default();
        let mut backward = Timeline::default();
        let by_slot = |a: Slot, b: Slot| a.cmp(&b);
        assert_eq!(pins.map(|pin| forward.insert(pin, by_slot)), [true, false, false, false]);
        assert!(pins.iter().rev().all(|pin| backward.insert(*pin, by_slot)));
        assert_eq!(forward.all(), backward.all());
        let reaching = forward.reaching(pins[2].span());
        assert!(reaching.contains(&pins[0]) && reaching.contains(&pins[3]));
        forward.remove(pins[2]);
        assert_eq!(forward.all(), &[pins[0], pins[1], pins[3]]);
    }
}
