//! Calibration of raw signal values to p-values, by each signal's own past.
//!
//! A raw value only orders visits by how unusual they are. One table per signal maps it to the share of visits that
//! were at least as unusual. The table is learnt from closed days and frozen during the running day, so that a
//! p-value depends on the signal's past and not on other registrations of the day. Below the level that fifty visits
//! reached, the tail is continued exponentially (a generalised Pareto tail of
//! shape 0, as in S. Coles, "An Introduction to Statistical Modeling of Extreme Values", 2001).
//!
//! The p-values of one visit are combined by the Cauchy combination (Y. Liu and J. Xie, J. Amer. Statist.
//! Assoc. 115, 2020), which stays valid in the tail where signals depend on each other. The combined value is
//! calibrated once more.
//!
//! Calibration alone depends on the order of the feed. It ranks visits; no alert depends on it.

use crate::domain::Day;
use crate::engine::model::signal::Signal;

/// Bins of a table: eight per octave, over forty octaves (twelve decades).
const BINS: usize = 320;
/// Index of the table of the combined value, after those of the signals.
const COMBINED: usize = Signal::COUNT;
const TABLES: usize = Signal::COUNT + 1;
/// Prior visits of a table, distributed as the raw values say.
const PRIOR_VISITS: f64 = 200.0;
/// Visits below which the tail is continued exponentially.
const TAIL_VISITS: f64 = 50.0;
/// Daily fading factor of the counts: about two months of visits count.
const KEPT_A_DAY: f64 = 1.0 - 1.0 / 60.0;
/// First days on which the combined value is not learnt: the signals' own tables are still their priors.
const LEARNING_DAYS: u32 = 3;
/// Upper limit of a p-value in the combination: one near 1 must not cancel a small one.
const P_MAX: f64 = 0.99;

/// Whether the signal ranks visits. The others are context only: in the combination they cost more recall than
/// they bring.
const fn is_strong(signal: Signal) -> bool {
    !matches!(signal, Signal::Start | Signal::Lag | Signal::Count)
}

/// The table of one signal: frozen p-values, and the counts for the next freeze.
struct CalibrationTable {
    /// Visits of closed days, faded, by bin.
    past: Box<[f64]>,
    /// Visits of the running day, by bin.
    today: Box<[u32]>,
    /// P-value by bin.
    p: Box<[f64]>,
    /// Cauchy term by bin.
    term: Box<[f64]>,
}

/// Bin of a raw value in 0 to 1: the smaller the value, the higher the bin.
fn bin(raw: f64) -> usize {
    const ONE: u32 = 1.0_f32.to_bits();
    let raw = (raw as f32).clamp(f32::MIN_POSITIVE, 1.0);
    // The bit patterns of positive floats are ordered, with 2²³ of them per octave.
    (((ONE - raw.to_bits()) >> 20) as usize).min(BINS - 1)
}

/// Raw value at the lower edge of a bin.
fn edge(bin: usize) -> f64 {
    f64::from(f32::from_bits(1.0_f32.to_bits() - ((bin as u32) << 20)))
}

fn cauchy_term(p: f64) -> f64 {
    let p = p.min(P_MAX);
    if p < 1e-8 { 1.0 / (std::f64::consts::PI * p) } else { (std::f64::consts::PI * (0.5 - p)).tan() }
}

impl CalibrationTable {
    fn new() -> Self {
        let mut table = Self {
            past: vec![0.0; BINS].into(),
            today: vec![0; BINS].into(),
            p: vec![1.0; BINS].into(),
            term: vec![0.0; BINS].into(),
        };
        table.freeze();
        table
    }

    fn close_day(&mut self) {
        for (past, today) in self.past.iter_mut().zip(&mut self.today) {
            *past = *past * KEPT_A_DAY + f64::from(std::mem::take(today));
        }
        self.freeze();
    }

    fn freeze(&mut self) {
        let all: f64 = self.past.iter().sum();
        let mut above = 0.0;
        // The bin from which the tail is continued.
        let mut tail = None;
        for bin in (0..BINS).rev() {
            let (here, at_least) = (self.past[bin], above + self.past[bin]);
            // Mid-p: half of the visits in the bin count as more unusual.
            let nominal = (edge(bin) + edge(bin + 1)) / 2.0;
            self.p[bin] = (above + here / 2.0 + PRIOR_VISITS * nominal) / (all + PRIOR_VISITS);
            above = at_least;
            if tail.is_none() && TAIL_VISITS <= at_least {
                tail = Some(bin);
            }
        }
        if let Some(from) = tail {
            self.continue_tail(from);
        }
        for (term, p) in self.term.iter_mut().zip(&self.p) {
            *term = cauchy_term(*p);
        }
    }

    /// Counts a visit of the running day; returns its Cauchy term.
    fn learn(&mut self, bin: usize) -> f64 {
        self.today[bin] += 1;
        self.term[bin]
    }

    /// Replaces the p-values beyond bin `from` by an exponential tail, whose mean in bins is that of the visits
    /// beyond, with two prior visits at the nominal distance.
    fn continue_tail(&mut self, from: usize) {
        const NOMINAL_BINS: f64 = 8.0 / std::f64::consts::LN_2;
        let beyond = || self.past.iter().enumerate().skip(from + 1);
        let count: f64 = beyond().map(|(_, visits)| visits).sum();
        let distance: f64 = beyond().map(|(bin, visits)| (bin - from) as f64 * visits).sum();
        let mean = (distance + 2.0 * NOMINAL_BINS) / (count + 2.0);
        let (mut p, step) = (self.p[from], (-1.0 / mean).exp());
        for beyond in &mut self.p[from + 1..] {
            p *= step;
            *beyond = p;
        }
    }
}

/// The calibrated, combined p-value of a visit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::engine) struct CombinedPValue {
    /// Combination of all strong signals; `None` without any.
    pub(in crate::engine) combined: Option<f64>,
}

/// The tables of a municipality.
pub(in crate::engine) struct Calibration {
    tables: Vec<CalibrationTable>,
    day: Option<Day>,
    days: u32,
}

/// Sum and number of the Cauchy terms of strong signals.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine) struct Terms {
    sum: f64,
    count: f64,
}

impl Default for Calibration {
    fn default() -> Self {
        Self { tables: (0..TABLES).map(|_| CalibrationTable::new()).collect(), day: None, days: 0 }
    }
}

impl Calibration {
    /// Closes the running day and freezes the tables, where `day` is later than the running day.
    pub(in crate::engine) fn advance(&mut self, day: Day) {
        if self.day.is_none_or(|known| known < day) {
            if self.day.is_some() {
                self.tables.iter_mut().for_each(CalibrationTable::close_day);
            }
            self.day = Some(day);
            self.days += 1;
        }
    }

    /// Counts the signals of a visit, or of its carer's pay period; returns the terms of the strong ones.
    pub(in crate::engine) fn learn(&mut self, signals: impl Iterator<Item = (Signal, f64)>) -> Terms {
        let mut terms = Terms::default();
        for (signal, raw) in signals {
            let term = self.tables[signal as usize].learn(bin(raw));
            if is_strong(signal) {
                terms = Terms { sum: terms.sum + term, count: terms.count + 1.0 };
            }
        }
        terms
    }

    /// Combines the terms of a visit and of its carer's period, and counts the combined value.
    pub(in crate::engine) fn weigh(&mut self, of_visit: Terms, of_carer: Terms) -> CombinedPValue {
        let strong = of_visit.count + of_carer.count;
        if strong == 0.0 {
            return CombinedPValue { combined: None };
        }
        let statistic = (of_visit.sum + of_carer.sum) / strong;
        let raw = if statistic > 1e7 {
            1.0 / (std::f64::consts::PI * statistic)
        } else {
            0.5 - statistic.atan() / std::f64::consts::PI
        };
        let bin = bin(raw);
        let table = &mut self.tables[COMBINED];
        if LEARNING_DAYS < self.days {
            table.today[bin] += 1;
        }
        CombinedPValue { combined: Some(table.p[bin]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values evenly spread over 0 to 1, in a scattered order.
    fn uniform(count: usize) -> impl Iterator<Item = f64> {
        (0..count).map(move |i| ((i * 7919) % count) as f64 / count as f64 + 0.5 / count as f64)
    }

    fn weigh<const N: usize>(calibration: &mut Calibration, signals: [(Signal, f64); N]) -> CombinedPValue {
        let terms = calibration.learn(signals.into_iter());
        calibration.weigh(terms, Terms::default())
    }

    #[test]
    fn a_table_without_visits_returns_the_raw_value() {
        let table = CalibrationTable::new();
        for raw in [0.5, 1e-2, 1e-4, 1e-6] {
            let p = table.p[bin(raw)];
            assert!((0.8..1.25).contains(&(p / raw)), "{raw} {p}");
        }
    }

    #[test]
    fn raw_values_that_are_too_small_are_calibrated() {
        let mut calibration = Calibration::default();
        for day in 0..30 {
            calibration.advance(Day(day));
            for u in uniform(5000) {
                // A raw value far too small in the tail: the true p-value is u.
                weigh(&mut calibration, [(Signal::Long, u.powi(2))]);
            }
        }
        calibration.advance(Day(30));
        for level in [1e-1, 1e-2, 1e-3] {
            let weighed = weigh(&mut calibration, [(Signal::Long, f64::powi(level, 2))]);
            let p = weighed.combined.expect("one strong signal");
            assert!((0.7..1.5).contains(&(p / level)), "{level}: {p}");
        }
    }

    #[test]
    fn the_running_day_is_not_learnt_yet() {
        let mut calibration = Calibration::default();
        calibration.advance(Day(1));
        let first = weigh(&mut calibration, [(Signal::Long, 1e-3)]);
        let again = weigh(&mut calibration, [(Signal::Long, 1e-3)]);
        assert_eq!(first, again);
        calibration.advance(Day(2));
        assert_ne!(weigh(&mut calibration, [(Signal::Long, 1e-3)]), first);
    }

    #[test]
    fn a_context_signal_has_no_combined_value() {
        let mut calibration = Calibration::default();
        assert_eq!(weigh(&mut calibration, [(Signal::Lag, 1e-9)]).combined, None);
    }
}
