//! Resolution of a source: the grid on which a provider's system writes its times, and whether it captures places.
//!
//! A system that writes whole quarters of an hour puts two visits that follow each other into one quarter, so that
//! they seem to overlap by up to a quarter. No fact states the grid; it shows in the times. Counted are ends that a
//! machine or a button captured: typed times are round at every source, and closed ones belong to no clock.
//!
//! Some systems have a button for every visit, and no tag, lock or position at any: that no visit there was captured at
//! the place is a property of the system, not of a visit.
//!
//! The step of a pay period is read from that period and the one before, so that it is known from the first day of a
//! month on. It is a function of quantized counts: a source half of whose times lie on a grid moves it once in
//! hundreds of registrations.

use crate::domain::{CaptureMethod, Month, UtcSecond};
use crate::engine::model::interner::ProviderId;
use crate::engine::model::visit::Visit;
use crate::engine::stats::peers::quantize;
use crate::engine::totals::count::Change;
use crate::engine::totals::two_periods::{Counts, TwoPeriods};

/// Captured ends below which a grid is unknown: of 40 ends in whole minutes, half lie on full five minutes by a
/// chance of one in seven thousand (Chernoff's bound).
const ENDS_MIN: u32 = 40;
/// Share of ends from which the grid is the rule. Of whole minutes a fifth lie on full five minutes.
const SHARE_MIN: f64 = 0.5;
/// Share of ends, captured by something bound to the place, from which a source is one that captures places. Below it
/// they are a phone of another house, or a call.
const AT_PLACE_MIN: f64 = 0.1;
/// The grids, in seconds, coarsest first.
const STEPS: [i64; 2] = [900, 300];

/// Captured ends of a provider in a pay period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ends {
    all: u32,
    /// Ends on each grid of [`STEPS`].
    on: [u32; STEPS.len()],
    /// Ends that something bound to the place captured.
    at_place: u32,
}

impl Ends {
    fn apply(&mut self, visit: &Visit, change: Change) {
        let span = visit.span;
        for (at, method) in [(span.start(), visit.start_method), (span.end(), visit.end_method)] {
            if method.is_manual() || method == CaptureMethod::AutoClosed {
                continue;
            }
            change.count(&mut self.all, 1);
            change.count(&mut self.at_place, u32::from(method.is_electronic()));
            for (on, step) in self.on.iter_mut().zip(STEPS) {
                change.count(on, u32::from(is_on(at, step)));
            }
        }
    }

    /// The coarsest grid that is the rule, in seconds; 0 without one.
    fn step(self) -> i64 {
        let is_rule = |on: u32| SHARE_MIN * quantize(f64::from(self.all)) < quantize(f64::from(on));
        let step = STEPS.into_iter().zip(self.on).find(|(_, on)| is_rule(*on));
        step.filter(|_| ENDS_MIN <= self.all).map_or(0, |(step, _)| step)
    }

    fn captures_places(self) -> bool {
        0 < self.at_place
            && AT_PLACE_MIN * quantize(f64::from(self.all)) <= quantize(f64::from(self.at_place))
    }
}

impl Counts for Ends {
    /// The step in seconds, 0 without a grid; whether it captures places.
    type Conclusion = (i64, bool);

    fn add(self, other: Self) -> Self {
        let mut sum = Self { all: self.all + other.all, at_place: self.at_place + other.at_place, ..self };
        sum.on.iter_mut().zip(other.on).for_each(|(on, more)| *on += more);
        sum
    }

    fn conclusion(self) -> (i64, bool) {
        (self.step(), self.captures_places())
    }
}

/// An instant on a grid in UTC is on it in every zone.
const fn is_on(at: UtcSecond, step: i64) -> bool {
    at.0.rem_euclid(step) == 0
}

/// Captured ends by provider and pay period.
#[derive(Default)]
pub(in crate::engine) struct Resolutions(TwoPeriods<ProviderId, Ends>);

impl Resolutions {
    /// Inserts or retracts a visit.
    pub(in crate::engine) fn apply(&mut self, visit: &Visit, change: Change) {
        if !visit.open && self.0.has(visit.pay_period) {
            self.0.apply(visit.provider, visit.pay_period, |ends| ends.apply(visit, change));
        }
    }

    /// The step of the provider's times in a pay period, in seconds; 0 where no grid is known.
    pub(in crate::engine) fn step(&self, provider: ProviderId, month: Month) -> i64 {
        self.0.conclusion(provider, month).0
    }

    /// Whether something bound to the place captures the provider's visits, at least a tenth of them.
    pub(in crate::engine) fn captures_places(&self, provider: ProviderId, month: Month) -> bool {
        self.0.conclusion(provider, month).1
    }

    /// Providers and pay periods of which the step, or whether places are captured, changed since the last call, each once.
    pub(in crate::engine) fn take_changed(&mut self) -> Vec<(ProviderId, Month)> {
        self.0.take_changed()
    }

    /// Drops the pay periods before `month`.
    pub(in crate::engine) fn expire(&mut self, month: Month) {
        self.0.expire(month);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(all: u32, quarters: u32, fives: u32) -> i64 {
        Ends { all, on: [quarters, fives], at_place: 0 }.step()
    }

    #[test]
    fn the_grid_of_most_ends_is_the_step_and_the_coarsest_one_counts() {
        assert_eq!(step(200, 190, 200), 900);
        assert_eq!(step(200, 60, 180), 300);
        assert_eq!(step(200, 14, 40), 0, "whole minutes");
        assert_eq!(step(39, 39, 39), 0, "too few to decide");
    }

    #[test]
    fn a_source_captures_places_where_a_tenth_of_its_ends_do() {
        let captures = |all, at_place| Ends { all, at_place, ..Ends::default() }.captures_places();
        assert!(captures(200, 200) && captures(200, 25));
        assert!(!captures(200, 10) && !captures(200, 0) && !captures(0, 0));
    }

    #[test]
    fn an_instant_on_a_grid_has_no_seconds() {
        assert!(is_on(UtcSecond(1_772_409_600), 900));
        assert!(is_on(UtcSecond(1_772_409_900), 300) && !is_on(UtcSecond(1_772_409_900), 900));
        assert!(!is_on(UtcSecond(1_772_409_901), 300));
    }
}
