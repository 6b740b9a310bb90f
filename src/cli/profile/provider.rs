//! What the records of one provider contain.

use std::collections::BTreeSet;

use super::facts::{FactCoverage, KnownFacts};
use super::fields::Field;
use crate::domain::{CaptureMethod, EventType, Month, Registration, UtcSecond};

/// Names of source systems that are listed, at most.
const SYSTEMS_MAX: usize = 5;
/// Steps that times may lie on, in seconds, the longest first.
pub(super) const STEPS_SECONDS: [i64; 3] = [900, 300, 60];

/// Counts over a provider's versions: records of a visit with an end that are not cancelled.
#[derive(Debug, Default)]
pub(super) struct ProviderCounts {
    pub(super) versions: u64,
    pub(super) with_field: [u64; Field::COUNT],
    /// Versions by method of the start and of the end.
    pub(super) methods: [[u64; CaptureMethod::ALL.len()]; 2],
    /// Times of starts and ends, and those that lie on each of [`STEPS_SECONDS`].
    pub(super) times: u64,
    pub(super) on_step: [u64; STEPS_SECONDS.len()],
    /// Seconds from the end of a visit until its first version was sent.
    pub(super) delays_seconds: Vec<u32>,
    pub(super) systems: BTreeSet<String>,
    pub(super) facts: FactCoverage,
}

impl ProviderCounts {
    pub(super) fn version(
        &mut self,
        facts: &KnownFacts,
        visit: &Registration<'_>,
        end: UtcSecond,
        month: Month,
    ) {
        self.versions += 1;
        for field in Field::ALL.into_iter().filter(|field| field.is_in(visit)) {
            self.with_field[field as usize] += 1;
        }
        for (counts, capture) in self.methods.iter_mut().zip([&visit.start_capture, &visit.end_capture]) {
            counts[capture.method as usize] += 1;
        }
        for UtcSecond(at) in [visit.start_at, end] {
            self.times += 1;
            for (count, step) in self.on_step.iter_mut().zip(STEPS_SECONDS) {
                *count += u64::from(at.rem_euclid(step) == 0);
            }
        }
        if let Some(sent) = visit.emitted_at.filter(|_| is_first(visit.event_type)) {
            self.delays_seconds.push(u32::try_from(sent.since(end).max(0)).unwrap_or(u32::MAX));
        }
        if let Some(system) = visit.source.system
            && self.systems.len() < SYSTEMS_MAX
            && !self.systems.contains(system)
        {
            self.systems.insert(system.to_owned());
        }
        self.facts.note(facts, visit, month);
    }

    pub(super) fn field_share(&self, field: Field) -> f64 {
        self.with_field[field as usize] as f64 / self.versions.max(1) as f64
    }

    /// The step that most times lie on, in seconds; 1 where there is none.
    pub(super) fn resolution_seconds(&self) -> i64 {
        let steps = STEPS_SECONDS.into_iter().zip(self.on_step);
        steps.into_iter().find(|(_, count)| self.times < 2 * count).map_or(1, |(step, _)| step)
    }
}

/// Corrections are sent whenever somebody corrects: only the first word on a visit says how long records take.
const fn is_first(event: EventType) -> bool {
    matches!(event, EventType::Ended | EventType::Recorded)
}

/// The value below which `share` of `sorted` lie; `None` of nothing.
pub(super) fn quantile(sorted: &[u32], share: f64) -> Option<u32> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((share * last as f64).round() as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_nothing_one_and_many() {
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[7], 0.99), Some(7));
        let hundred: Vec<u32> = (0..=100).collect();
        assert_eq!([0.0, 0.5, 0.9, 1.0].map(|share| quantile(&hundred, share)), [0, 50, 90, 100].map(Some));
    }

    #[test]
    fn times_have_the_longest_step_that_most_of_them_lie_on() {
        let counts = |on_step| ProviderCounts { times: 10, on_step, ..ProviderCounts::default() };
        assert_eq!(counts([6, 7, 9]).resolution_seconds(), 900);
        assert_eq!(counts([5, 7, 9]).resolution_seconds(), 300);
        assert_eq!(counts([0, 1, 10]).resolution_seconds(), 60);
        assert_eq!(counts([0, 0, 1]).resolution_seconds(), 1);
        assert_eq!(ProviderCounts::default().resolution_seconds(), 1);
    }
}
