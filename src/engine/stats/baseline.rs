//! What is usual: the rolling baseline of visit lengths.
//!
//! A normal model with unknown mean and variance and a normal–inverse-gamma prior; the predictive
//! distribution of the next observation is Student's t (K. P. Murphy, "Conjugate Bayesian analysis
//! of the Gaussian distribution", 2007, equations 86 to 110). Observations fade (a power discount of
//! the sufficient statistics), and each is pulled in to [`CLIP`] scales before it is learned, so
//! that an outlier widens the baseline little; it is scored as it is.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// An observation counts for the baseline at most this many predictive scales from its centre.
const CLIP: f64 = 3.0;
/// How many tails and quantiles of Student's t this thread has reckoned: they cost more than anything
/// else here, and a test holds them to few.
#[cfg(test)]
pub(crate) mod evaluations {
    use std::cell::Cell;

    thread_local! { static COUNT: Cell<u64> = const { Cell::new(0) }; }

    pub(in crate::engine) fn one_more() {
        COUNT.set(COUNT.get() + 1);
    }

    pub(crate) fn so_far() -> u64 {
        COUNT.get()
    }
}

/// What is believed before anything was seen, as pseudo-observations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prior {
    /// Centre: 0 = as planned.
    pub mean: f64,
    /// Standard deviation (natural logarithm of a ratio).
    pub sd: f64,
    /// Weight of the mean, in observations.
    pub mean_weight: f64,
    /// Weight of the standard deviation, in observations.
    pub sd_weight: f64,
    /// Fading: about this many observations count.
    pub observations_effective: f64,
}

/// A baseline after some observations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Baseline {
    prior: Prior,
    /// Faded count, mean and sum of squares about the mean.
    count: f64,
    mean: f64,
    squares: f64,
    /// How many observations were learned, unfaded.
    observations: u32,
}

impl Baseline {
    /// The baseline that knows only its prior.
    #[must_use]
    pub const fn new(prior: Prior) -> Self {
        Self { prior, count: 0.0, mean: 0.0, squares: 0.0, observations: 0 }
    }

    /// Learns one observation.
    pub fn learn(&mut self, value: f64) {
        let (centre, scale, _) = self.predictive();
        let value = value.clamp(centre - CLIP * scale, centre + CLIP * scale);
        let keep = 1.0 - 1.0 / self.prior.observations_effective;
        let count = self.count * keep + 1.0;
        let delta = value - self.mean;
        self.squares = self.squares * keep + delta * delta * (count - 1.0) / count;
        self.mean += delta / count;
        self.count = count;
        self.observations += 1;
    }

    /// How many observations were learned.
    #[must_use]
    pub const fn observations(&self) -> u32 {
        self.observations
    }

    /// The share of the centre that comes from the prior, 0 to 1.
    #[must_use]
    pub fn prior_share(&self) -> f64 {
        self.prior.mean_weight / (self.prior.mean_weight + self.count)
    }

    /// Centre, scale and degrees of freedom of the next observation.
    #[must_use]
    pub fn predictive(&self) -> (f64, f64, f64) {
        let Prior { mean, sd, mean_weight, sd_weight, .. } = self.prior;
        let weight = mean_weight + self.count;
        let centre = (mean_weight * mean + self.count * self.mean) / weight;
        let freedom = sd_weight + self.count;
        let apart = self.mean - mean;
        let squares_total =
            sd_weight * sd * sd + self.squares + mean_weight * self.count * apart * apart / weight;
        (centre, (squares_total / freedom * (1.0 + 1.0 / weight)).sqrt(), freedom)
    }

    /// How likely the next observation is at least `value`, where that is at most `p_max`.
    #[must_use]
    pub fn upper_tail(&self, value: f64, p_max: f64) -> Option<f64> {
        let (centre, scale, freedom) = self.predictive();
        let scales = (value - centre) / scale;
        // Student's tail is no lighter than the normal one, and that no less than this (R. D. Gordon,
        // Ann. Math. Statist. 12, 1941): most values need no incomplete beta function.
        let normal = (-scales * scales / 2.0).exp() / std::f64::consts::TAU.sqrt();
        if scales.is_nan() || scales <= 0.0 || p_max < normal * scales / (1.0 + scales * scales) {
            return None;
        }
        #[cfg(test)]
        evaluations::one_more();
        let tail = StudentsT::new(0.0, 1.0, freedom).ok().map(|t| t.sf(scales));
        tail.filter(|p| *p <= p_max)
    }

    /// The value that only `tail` of the next observations reach; the prior's centre and squares_total
    /// where nothing was learned.
    #[must_use]
    pub fn upper_quantile(&self, tail: f64) -> f64 {
        let (centre, scale, freedom) = self.predictive();
        #[cfg(test)]
        evaluations::one_more();
        StudentsT::new(0.0, 1.0, freedom).map_or(centre, |t| centre + scale * t.inverse_cdf(1.0 - tail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIOR: Prior =
        Prior { mean: 0.0, sd: 0.3, mean_weight: 3.0, sd_weight: 8.0, observations_effective: 60.0 };

    #[test]
    fn an_empty_baseline_is_its_prior() {
        let baseline = Baseline::new(PRIOR);
        let (centre, scale, freedom) = baseline.predictive();
        assert_eq!((centre, freedom), (0.0, 8.0));
        assert!((scale - 0.3 * (1.0_f64 + 1.0 / 3.0).sqrt()).abs() < 1e-12);
        assert!((baseline.prior_share() - 1.0).abs() < 1e-12);
        assert_eq!(baseline.upper_tail(0.1, 0.05), None);
    }

    #[test]
    fn it_moves_to_what_it_sees_and_one_outlier_hardly_moves_it() {
        let mut baseline = Baseline::new(PRIOR);
        for i in 0..200 {
            baseline.learn(0.5 + 0.1 * f64::from(i % 3 - 1));
        }
        let (before, scale, _) = baseline.predictive();
        assert!((before - 0.5).abs() < 0.03, "{before}");
        baseline.learn(40.0);
        let (after, _, _) = baseline.predictive();
        assert!(after - before <= CLIP * scale / 50.0, "{before} {after}");
        assert!(baseline.upper_tail(3.0, 0.1).expect("far out") < 1e-6);
        let edge = baseline.upper_quantile(0.01);
        assert!((baseline.upper_tail(edge, 0.02).expect("likely enough") - 0.01).abs() < 1e-6);
    }
}
