//! Peer baselines: pooled counts of all carers of a municipality.
//!
//! The pool of a pay period covers that period and the one before. All sums are whole numbers, changed with every
//! visit, so that they are a function of the registrations that count. Rules read them quantized to a coarse grid,
//! and only a moved quantized value makes patterns dirty; so findings do not depend on the order of arrival.
//!
//! Shares vary between honest carers. The intraclass correlation (`icc`) measures how much, estimated from pairs of
//! visits of one carer: the probability that both have the mark, minus that under independence (H. Smith, "The average correlation", as for any clustered binary
//! outcome). A carer's `n` visits then weigh as `n / (1 + (n − 1) · icc)` independent ones (L.
//! Kish's design effect, "Survey Sampling", 1965).

use crate::engine::model::mark::Mark;
use crate::engine::totals::count::{Count, Sum};

/// Lower bound of the intraclass correlation: no two carers work under the same conditions.
pub(in crate::engine) const ICC_MIN: f64 = 0.005;
/// Upper bound of the intraclass correlation: above it no share could be significant.
const ICC_MAX: f64 = 0.5;

/// Marked visits below which a carer has no pattern.
pub(in crate::engine) const MARKED_MIN: u32 = 3;

/// Sums over the carers of one month, for one mark. Never negative; signed because those convert to floats in one
/// instruction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct Pool {
    eligible: i64,
    marked: i64,
    /// Ordered pairs of eligible visits of one carer.
    pairs: i64,
    /// Pairs of which both visits are marked.
    both: i64,
}

impl Pool {
    fn add(self, other: Self) -> Self {
        Self {
            eligible: self.eligible + other.eligible,
            marked: self.marked + other.marked,
            pairs: self.pairs + other.pairs,
            both: self.both + other.both,
        }
    }

    fn of(count: Count) -> Self {
        let (eligible, marked) = (i64::from(count.eligible), i64::from(count.marked));
        Self { eligible, marked, pairs: eligible * (eligible - 1), both: marked * (marked - 1) }
    }

    /// Replaces a carer's count.
    pub(in crate::engine) fn change(&mut self, before: Count, after: Count) {
        // Changes of a count and of its ordered pairs: n (n − 1) − m (m − 1) = (n − m) (n + m − 1).
        let more = |before: u32, after: u32| {
            let (before, after) = (i64::from(before), i64::from(after));
            (after - before, (after - before) * (after + before - 1))
        };
        let ((of, pairs), (marked, both)) =
            (more(before.eligible, after.eligible), more(before.marked, after.marked));
        self.eligible += of;
        self.pairs += pairs;
        self.marked += marked;
        self.both += both;
    }
}

/// Sums over the carers of one month, of logarithms of length ratios.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct LengthPool {
    all: Sum,
    carers: i64,
    /// Sum over carers of (their total)² / (their count).
    between: i64,
    /// Ratios to the plan; without squares.
    ratio: Sum,
}

impl LengthPool {
    fn add(self, other: Self) -> Self {
        Self {
            all: Sum {
                count: self.all.count + other.all.count,
                total: self.all.total + other.all.total,
                squares: self.all.squares + other.all.squares,
            },
            carers: self.carers + other.carers,
            between: self.between + other.between,
            ratio: Sum {
                count: self.ratio.count + other.ratio.count,
                total: self.ratio.total + other.ratio.total,
                squares: 0,
            },
        }
    }

    const fn between(sum: Sum) -> i64 {
        if sum.count == 0 { 0 } else { sum.total * sum.total / sum.count as i64 }
    }

    pub(in crate::engine) fn change(&mut self, before: Sum, after: Sum) {
        self.all.count = self.all.count - before.count + after.count;
        self.all.total += after.total - before.total;
        self.all.squares += after.squares - before.squares;
        self.carers += i64::from(0 < after.count) - i64::from(0 < before.count);
        self.between += Self::between(after) - Self::between(before);
    }

    pub(in crate::engine) fn change_ratio(&mut self, before: Sum, after: Sum) {
        self.ratio.count = self.ratio.count - before.count + after.count;
        self.ratio.total += after.total - before.total;
    }
}

/// Quantized share of a mark among all carers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PeerBaseline {
    /// Eligible visits.
    pub eligible: f64,
    /// Share of marked visits, 0 to 1.
    pub share: f64,
    /// Ordered pairs of eligible visits of one carer.
    pairs: f64,
    /// Share of those pairs of which both are marked, 0 to 1.
    both: f64,
}

/// Quantized lengths among all carers: natural logarithms of length ratios.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PeerLengthBaseline {
    /// Visits with a residual.
    pub count: f64,
    /// Mean residual, corrected for the clients.
    pub mean: f64,
    /// Standard deviation of residuals within one carer.
    pub within: f64,
    /// Standard deviation between carers' means.
    pub between: f64,
    /// Mean number of visits of a carer.
    pub visits_of_one: f64,
    /// Visits with a plan.
    pub ratio_count: f64,
    /// Mean logarithm of the ratio to the plan.
    pub ratio_mean: f64,
}

/// `value` rounded towards 0 to a grid of 16 steps per octave.
pub(in crate::engine) fn quantize(value: f64) -> f64 {
    const KEPT_BITS: u32 = 4;
    f64::from_bits(value.to_bits() & !((1 << (52 - KEPT_BITS)) - 1))
}

/// A mean logarithm rounded to a grid of 0.02.
fn quantize_log(value: f64) -> f64 {
    (value * 50.0).round() / 50.0
}

impl PeerBaseline {
    fn of(pool: Pool) -> Self {
        if pool.eligible == 0 {
            return Self::default();
        }
        let share = |part: i64, whole: i64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        Self {
            eligible: quantize(pool.eligible as f64),
            // One step up, so that quantization never makes a share significant.
            share: (quantize(share(pool.marked, pool.eligible)) * 17.0 / 16.0).min(1.0),
            pairs: quantize(pool.pairs as f64),
            both: quantize(share(pool.both, pool.pairs)),
        }
    }

    /// The share of a provider's visits of two pay periods; without pairs of one carer.
    pub(in crate::engine) fn of_counts(now: Count, before: Count) -> Self {
        let sum = |now: u32, before: u32| i64::from(now) + i64::from(before);
        Self::of(Pool {
            eligible: sum(now.eligible, before.eligible),
            marked: sum(now.marked, before.marked),
            pairs: 0,
            both: 0,
        })
    }

    /// The others' rate: without `own`, shrunk towards `prior` with the weight of `weight` visits.
    #[must_use]
    pub fn leave_one_out(&self, own: Count, prior: f64, weight: f64) -> Rate {
        let (of, marked) = (f64::from(own.eligible), f64::from(own.marked));
        let others = (self.eligible - of).max(0.0);
        let others_marked = (self.share * self.eligible - marked).clamp(0.0, others);
        let share = (others_marked + prior * weight) / (others + weight).max(f64::MIN_POSITIVE);
        let own_pairs = Pool::of(own);
        let pairs = self.pairs - own_pairs.pairs as f64;
        let both = (self.both * self.pairs - own_pairs.both as f64).max(0.0);
        let variance = share * (1.0 - share);
        let icc =
            if 0.0 < pairs && 0.0 < variance { (both / pairs - share * share) / variance } else { ICC_MIN };
        let of_one = if 0.0 < self.eligible { 1.0 + self.pairs / self.eligible } else { 1.0 };
        Rate { share, icc: icc.clamp(ICC_MIN, ICC_MAX), visits_of_one: of_one }
    }
}

impl PeerLengthBaseline {
    fn of(pool: LengthPool) -> Self {
        let (count, carers) = (f64::from(pool.all.count), pool.carers as f64);
        if count <= carers || carers < 2.0 {
            return Self::default();
        }
        let mean = pool.all.mean();
        let within = (pool.all.squares - pool.between) as f64 / (count - carers);
        let about_mean = pool.between as f64 - (pool.all.total as f64).powi(2) / count;
        // Method of moments in the one-way random-effects model, with about equal numbers of visits by carer.
        let between = (about_mean / (carers - 1.0) - within) * carers / count;
        Self {
            count: quantize(count),
            mean: quantize_log(mean),
            within: quantize(within.max(0.0).sqrt() / 1000.0),
            between: quantize(between.max(0.0).sqrt() / 1000.0),
            visits_of_one: quantize(count / carers),
            ratio_count: quantize(f64::from(pool.ratio.count)),
            ratio_mean: quantize_log(pool.ratio.mean()),
        }
    }

    /// Mean residual of the others: without `own`, shrunk towards 0 with the weight of `weight` visits.
    #[must_use]
    pub fn mean_leave_one_out(&self, own: Sum, weight: f64) -> f64 {
        Self::leave_one_out(self.count, self.mean, own, weight)
    }

    /// Mean logarithm of the others' ratio to the plan, shrunk alike.
    #[must_use]
    pub fn ratio_leave_one_out(&self, own: Sum, weight: f64) -> f64 {
        Self::leave_one_out(self.ratio_count, self.ratio_mean, own, weight)
    }

    fn leave_one_out(count: f64, mean: f64, own: Sum, weight: f64) -> f64 {
        let of_own = f64::from(own.count);
        let others = (count - of_own).max(0.0);
        (count * mean - of_own * own.mean()) / (others + weight).max(1.0)
    }
}

/// The others' share of a mark, with which a carer's or provider's share is compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Share among the others, 0 to 1.
    pub share: f64,
    /// Intraclass correlation, 0 to 1.
    pub icc: f64,
    /// Size-weighted mean number of visits of a carer.
    visits_of_one: f64,
}

impl Rate {
    /// Upper bound of the p-value of a share of `seen` or higher under this rate: Chernoff's bound (H. Chernoff,
    /// Ann. Math. Statist. 23, 1952) with the effective number of independent visits. 1 where the share is no
    /// higher.
    #[must_use]
    pub fn p_value(&self, seen: Count, of_one_carer: bool) -> f64 {
        let (of, share) = (f64::from(seen.eligible), seen.share());
        if share <= self.share {
            return 1.0;
        }
        let cluster = if of_one_carer { of } else { self.visits_of_one.min(of) };
        let weight = of / (1.0 + (cluster - 1.0).max(0.0) * self.icc);
        chernoff(weight, share, self.share)
    }
}

/// Chernoff's bound: upper bound of the probability of a share of `seen` or more among `visits` where the true
/// share is `expected`.
#[must_use]
pub fn chernoff(visits: f64, seen: f64, expected: f64) -> f64 {
    if seen <= expected {
        return 1.0;
    }
    let part = |seen: f64, expected: f64| if seen > 0.0 { seen * (seen / expected).ln() } else { 0.0 };
    (-visits * (part(seen, expected) + part(1.0 - seen, 1.0 - expected))).exp()
}

/// Pools and baselines of one month.
#[derive(Clone, Debug)]
pub(in crate::engine) struct MonthPool {
    marks: [Pool; Mark::COUNT],
    /// Carers with at least [`MARKED_MIN`] marked visits, by mark.
    pub(in crate::engine) carers_marked: [u32; Mark::COUNT],
    pub(in crate::engine) length: LengthPool,
    pub(in crate::engine) baselines: [PeerBaseline; Mark::COUNT],
    pub(in crate::engine) length_baseline: PeerLengthBaseline,
}

impl Default for MonthPool {
    fn default() -> Self {
        Self {
            marks: [Pool::default(); Mark::COUNT],
            carers_marked: [0; Mark::COUNT],
            length: LengthPool::default(),
            baselines: [PeerBaseline::default(); Mark::COUNT],
            length_baseline: PeerLengthBaseline::default(),
        }
    }
}

impl MonthPool {
    /// Replaces a carer's count of one mark.
    pub(in crate::engine) fn change(&mut self, mark: usize, before: Count, after: Count) {
        self.marks[mark].change(before, after);
        let is_enough = |count: Count| u32::from(MARKED_MIN <= count.marked);
        self.carers_marked[mark] = self.carers_marked[mark] + is_enough(after) - is_enough(before);
    }

    /// Recomputes the baseline of one mark from this month and the one before; returns whether it changed.
    pub(in crate::engine) fn refresh(&mut self, mark: usize, before: Option<&Self>) -> bool {
        let pool = self.marks[mark].add(before.map_or_else(Pool::default, |before| before.marks[mark]));
        let baseline = PeerBaseline::of(pool);
        std::mem::replace(&mut self.baselines[mark], baseline) != baseline
    }

    /// Recomputes the baseline of lengths; returns whether it changed.
    pub(in crate::engine) fn refresh_length(&mut self, before: Option<&Self>) -> bool {
        let pool = self.length.add(before.map_or_else(LengthPool::default, |before| before.length));
        let baseline = PeerLengthBaseline::of(pool);
        std::mem::replace(&mut self.length_baseline, baseline) != baseline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(counts: &[(u32, u32)]) -> Pool {
        let mut pool = Pool::default();
        for (of, marked) in counts {
            pool.change(Count::default(), Count { eligible: *of, marked: *marked });
        }
        pool
    }

    #[test]
    fn a_replaced_count_leaves_no_trace() {
        let mut changed = pool(&[(100, 10), (200, 4)]);
        changed.change(Count { eligible: 200, marked: 4 }, Count { eligible: 201, marked: 5 });
        changed.change(Count { eligible: 201, marked: 5 }, Count { eligible: 200, marked: 4 });
        assert_eq!(changed, pool(&[(200, 4), (100, 10)]));
    }

    #[test]
    fn a_carer_is_compared_with_the_others_only() {
        let mut counts = vec![(100, 5); 99];
        counts.push((100, 100));
        let baseline = PeerBaseline::of(pool(&counts));
        let own = Count { eligible: 100, marked: 100 };
        let rate = baseline.leave_one_out(own, 0.05, 100.0);
        assert!((rate.share - 0.05).abs() < 0.005, "{rate:?}");
        assert!(rate.icc < 0.05, "{rate:?}");
        assert!(rate.p_value(own, true) < 1e-6);
        assert!(rate.p_value(Count { eligible: 100, marked: 8 }, true) > 0.05);
    }

    #[test]
    fn a_high_share_is_less_significant_where_carers_differ() {
        let alike = PeerBaseline::of(pool(&[(200, 40); 50]));
        let unlike: Vec<(u32, u32)> = (0..50).map(|i| (200, if i % 2 == 0 { 10 } else { 70 })).collect();
        let unlike = PeerBaseline::of(pool(&unlike));
        let own = Count { eligible: 200, marked: 80 };
        let p_value =
            |baseline: &PeerBaseline| baseline.leave_one_out(Count::default(), 0.2, 1.0).p_value(own, true);
        assert!(p_value(&alike) < 1e-3);
        assert!(p_value(&unlike) > 0.05, "{}", p_value(&unlike));
    }

    #[test]
    fn quantization_lowers_a_value_by_less_than_7_percent() {
        for value in [0.001, 0.05, 0.3, 7.0, 12_345.0] {
            assert!((0.93..=1.0).contains(&(quantize(value) / value)), "{value}");
        }
    }
}
