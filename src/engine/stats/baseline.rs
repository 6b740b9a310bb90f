//! Rolling baseline of visit lengths.
//!
//! A normal model with unknown mean and variance and a normal–inverse-gamma prior; the predictive
//! distribution of the next observation is Student's t (K. P. Murphy, "Conjugate Bayesian analysis
//! of the Gaussian distribution", 2007, equations 86 to 110). Observations fade (a power discount of
//! the sufficient statistics), and each is clipped at [`CLIP`] scales before it is learned, so that an
//! outlier widens the baseline little. Scoring does not clip.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Predictive scales from the centre at which a learned observation is clipped.
const CLIP: f64 = 3.0;
/// Counter of this thread's evaluations of Student's t, which cost more than anything else here; a test limits
/// their number.
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

/// Prior of a baseline, as pseudo-observations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prior {
    /// Mean of the natural logarithm of a length ratio; 0 = as planned.
    pub mean: f64,
    /// Standard deviation of that logarithm.
    pub sd: f64,
    /// Weight of `mean`, in observations.
    pub mean_weight: f64,
    /// Weight of `sd`, in observations.
    pub sd_weight: f64,
    /// Effective number of observations under fading.
    pub observations_effective: f64,
}

/// A baseline with its observations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Baseline {
    prior: Prior,
    /// Faded count of observations.
    count: f64,
    /// Faded mean.
    mean: f64,
    /// Faded sum of squared deviations from the mean.
    squares: f64,
    /// Observations, unfaded.
    observations: u32,
}

/// Student's t distribution of the next observation, a natural logarithm of a length ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Predictive {
    /// Median and mean.
    pub centre: f64,
    /// Scale.
    pub scale: f64,
    /// Degrees of freedom.
    pub freedom: f64,
}

impl Baseline {
    /// The baseline without observations.
    #[must_use]
    pub const fn new(prior: Prior) -> Self {
        Self { prior, count: 0.0, mean: 0.0, squares: 0.0, observations: 0 }
    }

    /// Learns one observation.
    pub fn learn(&mut self, value: f64) {
        let Predictive { centre, scale, .. } = self.predictive();
        let value = value.clamp(centre - CLIP * scale, centre + CLIP * scale);
        let keep = 1.0 - 1.0 / self.prior.observations_effective;
        let count = self.count * keep + 1.0;
        let delta = value - self.mean;
        self.squares = self.squares * keep + delta * delta * (count - 1.0) / count;
        self.mean += delta / count;
        self.count = count;
        self.observations += 1;
    }

    /// Observations, unfaded.
    #[must_use]
    pub const fn observations(&self) -> u32 {
        self.observations
    }

    /// Weight of the prior in the centre, 0 to 1.
    #[must_use]
    pub fn prior_share(&self) -> f64 {
        self.prior.mean_weight / (self.prior.mean_weight + self.count)
    }

    /// The distribution of the next observation.
    #[must_use]
    pub fn predictive(&self) -> Predictive {
        let Prior { mean, sd, mean_weight, sd_weight, .. } = self.prior;
        let weight = mean_weight + self.count;
        let centre = (mean_weight * mean + self.count * self.mean) / weight;
        let freedom = sd_weight + self.count;
        let apart = self.mean - mean;
        let squares_total =
            sd_weight * sd * sd + self.squares + mean_weight * self.count * apart * apart / weight;
        Predictive { centre, scale: (squares_total / freedom * (1.0 + 1.0 / weight)).sqrt(), freedom }
    }

    /// Probability that the next observation is `value` or greater; `None` where it exceeds `p_max`.
    #[must_use]
    pub fn upper_tail(&self, value: f64, p_max: f64) -> Option<f64> {
        let Predictive { centre, scale, freedom } = self.predictive();
        let scales = (value - centre) / scale;
        // Student's tail is at least the normal tail, which is at least this bound (R. D. Gordon, Ann. Math.
        // Statist. 12, 1941): most values need no incomplete beta function.
        let normal = (-scales * scales / 2.0).exp() / std::f64::consts::TAU.sqrt();
        if scales.is_nan() || scales <= 0.0 || p_max < normal * scales / (1.0 + scales * scales) {
            return None;
        }
        #[cfg(test)]
        evaluations::one_more();
        let tail = StudentsT::new(0.0, 1.0, freedom).ok().map(|t| t.sf(scales));
        tail.filter(|p| *p <= p_max)
    }

    /// Upper quantile: the value that the next observation reaches with probability `tail`.
    #[must_use]
    pub fn upper_quantile(&self, tail: f64) -> f64 {
        let Predictive { centre, scale, freedom } = self.predictive();
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
    fn a_baseline_without_observations_is_its_prior() {
        let baseline = Baseline::new(PRIOR);
        let Predictive { centre, scale, freedom } = baseline.predictive();
        assert_eq!((centre, freedom), (0.0, 8.0));
        assert!((scale - 0.3 * (1.0_f64 + 1.0 / 3.0).sqrt()).abs() < 1e-12);
        assert!((baseline.prior_share() - 1.0).abs() < 1e-12);
        assert_eq!(baseline.upper_tail(0.1, 0.05), None);
    }

    #[test]
    fn the_centre_follows_the_observations_and_one_outlier_hardly_moves_it() {
        let mut baseline = Baseline::new(PRIOR);
        for i in 0..200 {
            baseline.learn(0.5 + 0.1 * f64::from(i % 3 - 1));
        }
        let Predictive { centre: before, scale, .. } = baseline.predictive();
        assert!((before - 0.5).abs() < 0.03, "{before}");
        baseline.learn(40.0);
        let after = baseline.predictive().centre;
        assert!(after - before <= CLIP * scale / 50.0, "{before} {after}");
        assert!(baseline.upper_tail(3.0, 0.1).expect("far out") < 1e-6);
        let edge = baseline.upper_quantile(0.01);
        assert!((baseline.upper_tail(edge, 0.02).expect("likely enough") - 0.01).abs() < 1e-6);
    }
}
