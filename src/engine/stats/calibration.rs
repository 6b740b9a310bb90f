//! From "how odd" to "how likely": each signal is held against its own past.
//!
//! A raw value says only which of two visits is odder. One table per signal turns it into the share of
//! visits that were at least as odd, learnt from the days that are over and frozen for the day that runs,
//! so that a value depends on the signal's past and not on the other registrations of the day. Below the
//! level that fifty visits reached, the tail is continued exponentially (a generalised Pareto tail of
//! shape 0, as in S. Coles, "An Introduction to Statistical Modeling of Extreme Values", 2001).
//!
//! The values of one visit are combined by the Cauchy combination (Y. Liu and J. Xie, J. Amer. Statist.
//! Assoc. 115, 2020), which stays valid in the tail where the signals depend on each other; what comes
//! out is held against its own past once more.
//!
//! This is the one thing in the engine that depends on the order of the feed. It ranks visits; no alert
//! stands or falls by it.

use crate::domain::Day;
use crate::engine::model::signal::Signal;

/// Steps of a table: eight an octave, over forty octaves (twelve decades).
const BINS: usize = 320;
/// The combined value has a table of its own, after those of the signals.
const COMBINED: usize = Signal::COUNT;
const TABLES: usize = Signal::COUNT + 1;
/// How many visits that behaved as the raw values say a table begins with.
const PRIOR_VISITS: f64 = 200.0;
/// The tail is continued from where fewer visits than this are left.
const TAIL_VISITS: f64 = 50.0;
/// What a day's visits still weigh the day after: about two months count.
const KEPT_A_DAY: f64 = 1.0 - 1.0 / 60.0;
/// In so many first days the signals' own tables know nothing, and what comes out of them is nothing
/// to learn from.
const LEARNING_DAYS: u32 = 3;
/// One certain value must not cancel a rare one.
const P_MAX: f64 = 0.99;

/// Do findings about it rank a visit? The others are context: they cost more than they bring.
const fn is_strong(signal: Signal) -> bool {
    !matches!(signal, Signal::Start | Signal::Lag | Signal::Count)
}

/// One table: frozen probabilities, and the counts that the next one is made of.
struct Table {
    /// Visits of the days before, faded, by bin.
    past: Box<[f64]>,
    /// Visits of the running day, by bin.
    today: Box<[u32]>,
    /// The probability of each bin.
    p: Box<[f64]>,
    /// The Cauchy term of each bin.
    term: Box<[f64]>,
}

/// The bin of a raw value in 0 to 1: the odder, the higher.
fn bin(raw: f64) -> usize {
    const ONE: u32 = 1.0_f32.to_bits();
    let raw = (raw as f32).clamp(f32::MIN_POSITIVE, 1.0);
    // The bits of a float grow with it, and an octave is 2²³ of them.
    (((ONE - raw.to_bits()) >> 20) as usize).min(BINS - 1)
}

/// The raw value at the lower edge of a bin.
fn edge(bin: usize) -> f64 {
    f64::from(f32::from_bits(1.0_f32.to_bits() - ((bin as u32) << 20)))
}

fn cauchy_term(p: f64) -> f64 {
    let p = p.min(P_MAX);
    if p < 1e-8 { 1.0 / (std::f64::consts::PI * p) } else { (std::f64::consts::PI * (0.5 - p)).tan() }
}

impl Table {
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
        // Decades beyond the level from which the tail is continued, and how many visits lie there.
        let mut tail = None;
        for bin in (0..BINS).rev() {
            let (here, at_least) = (self.past[bin], above + self.past[bin]);
            // The middle of a bin: half of those in it count as odder.
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

    /// Replaces what lies beyond `from` by an exponential in the bins: its mean is that of the visits
    /// beyond, with two visits at the nominal distance.
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

/// How likely a visit is, by what was seen of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::engine) struct CombinedPValue {
    /// All strong signals together; `None` where no signal spoke.
    pub(in crate::engine) combined: Option<f64>,
}

/// The tables of a municipality.
pub(in crate::engine) struct Calibration {
    tables: Vec<Table>,
    day: Option<Day>,
    days: u32,
}

/// The terms of the strong signals of one visit.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine) struct Terms {
    sum: f64,
    count: f64,
}

impl Default for Calibration {
    fn default() -> Self {
        Self { tables: (0..TABLES).map(|_| Table::new()).collect(), day: None, days: 0 }
    }
}

impl Calibration {
    /// Freezes the tables anew where `day` is a later one than the last.
    pub(in crate::engine) fn advance(&mut self, day: Day) {
        if self.day.is_none_or(|known| known < day) {
            if self.day.is_some() {
                self.tables.iter_mut().for_each(Table::close_day);
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

    /// Weighs all terms of a visit, and learns from that too.
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

    /// Evenly spread in 0 to 1, without a random number.
    fn icc(count: usize) -> impl Iterator<Item = f64> {
        (0..count).map(move |i| ((i * 7919) % count) as f64 / count as f64 + 0.5 / count as f64)
    }

    fn weigh<const N: usize>(calibration: &mut Calibration, signals: [(Signal, f64); N]) -> CombinedPValue {
        let terms = calibration.learn(signals.into_iter());
        calibration.weigh(terms, Terms::default())
    }

    #[test]
    fn an_empty_table_believes_the_raw_value() {
        let table = Table::new();
        for raw in [0.5, 1e-2, 1e-4, 1e-6] {
            let p = table.p[bin(raw)];
            assert!((0.8..1.25).contains(&(p / raw)), "{raw} {p}");
        }
    }

    #[test]
    fn a_raw_value_that_is_too_small_a_hundred_times_is_put_right() {
        let mut calibration = Calibration::default();
        for day in 0..30 {
            calibration.advance(Day(day));
            for u in icc(5000) {
                // Far too bold in the tail: the true probability is u.
                weigh(&mut calibration, [(Signal::Long, u.powi(2))]);
            }
        }
        calibration.advance(Day(30));
        for level in [1e-1, 1e-2, 1e-3] {
            let odds = weigh(&mut calibration, [(Signal::Long, f64::powi(level, 2))]);
            let p = odds.combined.expect("one strong signal");
            assert!((0.7..1.5).contains(&(p / level)), "{level}: {p}");
        }
    }

    #[test]
    fn the_running_day_does_not_count_yet() {
        let mut calibration = Calibration::default();
        calibration.advance(Day(1));
        let first = weigh(&mut calibration, [(Signal::Long, 1e-3)]);
        let again = weigh(&mut calibration, [(Signal::Long, 1e-3)]);
        assert_eq!(first, again);
        calibration.advance(Day(2));
        assert_ne!(weigh(&mut calibration, [(Signal::Long, 1e-3)]), first);
    }

    #[test]
    fn what_is_context_does_not_rank() {
        let mut calibration = Calibration::default();
        assert_eq!(weigh(&mut calibration, [(Signal::Lag, 1e-9)]).combined, None);
    }
}
