//! Chance by seed: the same seed draws the same numbers everywhere.
//!
//! xoshiro256++ with its state filled by SplitMix64 (D. Blackman and S. Vigna, "Scrambled Linear
//! Pseudorandom Number Generators", ACM TOMS 47, 2021). Written here so that no library's change of
//! method changes a simulated municipality.

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub(super) struct Random([u64; 4]);

impl Random {
    /// The stream number `stream` of `seed`; streams are independent of each other, so that drawing
    /// more in one part of the simulation changes nothing in another.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut state = seed ^ stream.wrapping_mul(0xD1B5_4A32_D192_ED03);
        Self(std::array::from_fn(|_| split_mix(&mut state)))
    }

    /// 64 random bits.
    pub(super) fn bits(&mut self) -> u64 {
        let s = &mut self.0;
        let drawn = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let shifted = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= shifted;
        s[3] = s[3].rotate_left(45);
        drawn
    }

    /// Evenly from 0 up to, and without, 1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True in a share `p` of all draws.
    pub(super) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Evenly one of `least..=most`.
    pub(super) fn between(&mut self, least: i64, most: i64) -> i64 {
        let span = u128::from(most.abs_diff(least)) + 1;
        least + ((u128::from(self.bits()) * span) >> 64) as i64
    }

    /// Evenly one of `0..count`; 0 where `count` is 0.
    pub(super) fn index(&mut self, count: usize) -> usize {
        self.between(0, (count as i64 - 1).max(0)) as usize
    }

    /// Evenly one of `from`, or `None` where there is none.
    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.index(from.len()))
    }

    /// The index of one of `weights`, each as often as it weighs.
    pub(super) fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return index;
            }
        }
        weights.len().saturating_sub(1)
    }

    /// Standard normal, by Box and Muller.
    pub(super) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Student's t with five degrees of freedom: a bell with heavy tails.
    pub(super) fn student_5(&mut self) -> f64 {
        let centre = self.normal();
        let chi_squared: f64 = (0..5).map(|_| self.normal().powi(2)).sum();
        centre / (chi_squared / 5.0).sqrt()
    }

    /// Log-normal, by its median and the standard deviation of its logarithm.
    pub(super) fn log_normal(&mut self, median: f64, sd_log: f64) -> f64 {
        median * (sd_log * self.normal()).exp()
    }
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn split_mix_draws_the_published_numbers() {
        let mut state = 1_234_567;
        assert_eq!(split_mix(&mut state), 6_457_827_717_110_365_317);
        assert_eq!(split_mix(&mut state), 3_203_168_211_198_807_973);
    }

    #[test]
    fn draws_stay_inside_and_spread_over_their_range() {
        let mut random = Random::new(1, 2);
        let mut seen = [0_u32; 7];
        for _ in 0..7_000 {
            seen[(random.between(-3, 3) + 3) as usize] += 1;
        }
        assert!(seen.iter().all(|count| (850..1150).contains(count)), "{seen:?}");
        let mean = (0..20_000).map(|_| random.normal()).sum::<f64>() / 20_000.0;
        let spread = (0..20_000).map(|_| random.student_5().powi(2)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (1.4..2.0).contains(&spread), "{mean} {spread}");
    }
}
