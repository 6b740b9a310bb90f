//! The offsets of a partition at which something begins, fixed when it is opened.

use crate::service::deliver::events::Incident;
use crate::service::log::Watermarks;

/// The plan of a replay. Always `low ≤ unsettled_from ≤ live_at ≤ high`, and a municipality goes live between
/// `unsettled_from` and `live_at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::service) struct ReplayPlan {
    /// The oldest offset in the log: the replay begins here.
    pub(super) low: i64,
    /// The first offset that no earlier owner settled, by a commit or a progress record: from here on records are
    /// handled for the first time.
    pub(super) unsettled_from: i64,
    /// With a truncated log, the offset at which the derived alerts are remembered: `unsettled_from`.
    pub(super) snapshot_at: Option<i64>,
    /// The offset at which the replay is over: above every offset that an output on the topics names.
    pub(super) live_at: i64,
    /// The end of the log when the partition was opened.
    pub(super) high: i64,
    /// `unsettled_from` before it was clamped to the log.
    settled: i64,
    /// `live_at` before it was clamped to the log.
    expected: i64,
}

impl ReplayPlan {
    /// Plans the replay of a log, given the greatest offset that a progress record covers and the greatest that an
    /// alert names.
    pub(super) fn new(
        extent: Watermarks,
        assessed_through: Option<i64>,
        alerted_through: Option<i64>,
    ) -> Self {
        let Watermarks { low, high, committed } = extent;
        let settled = committed.max(assessed_through.map(|offset| offset + 1)).unwrap_or(low);
        let expected = settled.max(alerted_through.map_or(low, |offset| offset + 1));
        let unsettled_from = settled.clamp(low, high);
        let plan = Self {
            low,
            unsettled_from,
            snapshot_at: (0 < low).then_some(unsettled_from),
            live_at: expected.clamp(low, high),
            high,
            settled,
            expected,
        };
        debug_assert!(plan.is_in_order(), "{plan:?}");
        plan
    }

    /// The offset from which a municipality publishes, given the greatest one that its alerts name: neither
    /// committed, nor covered by progress, nor the source of an alert. To compare earlier would publish states that
    /// are past. Where the log ends before that, all publish from its end on.
    pub(super) fn live_from(&self, alerted_through: Option<i64>) -> i64 {
        let after_alerts = alerted_through.map_or(self.low, |offset| offset + 1);
        let live_from = self.settled.max(after_alerts).clamp(self.low, self.high);
        debug_assert!((self.unsettled_from..=self.live_at).contains(&live_from), "{live_from} of {self:?}");
        live_from
    }

    /// Does the log begin in the middle?
    pub(super) const fn is_truncated(&self) -> bool {
        0 < self.low
    }

    /// Where records were deleted before they were settled.
    pub(super) fn gap(&self) -> Option<Incident> {
        (self.settled < self.low).then_some(Incident::Gap { from: self.settled, to: self.low })
    }

    /// Where the log ends before an offset that was handled: it was created anew, or lost its end.
    pub(super) fn recreated(&self) -> Option<Incident> {
        (self.high < self.expected)
            .then_some(Incident::Recreated { expected: self.expected, high: self.high })
    }

    fn is_in_order(&self) -> bool {
        let snapshot_at = self.snapshot_at.unwrap_or(self.unsettled_from);
        let offsets = [self.low, self.unsettled_from, snapshot_at, self.live_at, self.high];
        offsets.is_sorted() && snapshot_at == self.unsettled_from
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(low: i64, high: i64, committed: Option<i64>) -> Watermarks {
        Watermarks { low, high, committed }
    }

    #[test]
    fn the_offsets_are_in_order_whatever_the_topics_say() {
        let offsets = [None, Some(-1), Some(0), Some(3), Some(7), Some(10), Some(25)];
        for (low, high) in [(0, 0), (0, 10), (5, 5), (5, 10), (30, 40)] {
            for committed in offsets {
                for assessed_through in offsets {
                    for alerted_through in offsets {
                        let log = log(low, high, committed.filter(|offset| 0 <= *offset));
                        let plan = ReplayPlan::new(log, assessed_through, alerted_through);
                        assert!(plan.is_in_order(), "{plan:?}");
                        for of_municipality in offsets.into_iter().filter(|of| *of <= alerted_through) {
                            let live_from = plan.live_from(of_municipality);
                            assert!((plan.unsettled_from..=plan.live_at).contains(&live_from), "{plan:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_settled_is_not_published_again() {
        let plan = ReplayPlan::new(log(0, 100, Some(40)), Some(49), Some(59));
        assert_eq!((plan.unsettled_from, plan.live_at, plan.snapshot_at), (50, 60, None));
        assert_eq!([plan.live_from(None), plan.live_from(Some(10)), plan.live_from(Some(59))], [50, 50, 60]);
        assert_eq!((plan.gap(), plan.recreated()), (None, None));
    }

    #[test]
    fn a_log_that_lost_records_is_named() {
        let truncated = ReplayPlan::new(log(70, 100, Some(50)), None, None);
        assert_eq!(truncated.gap(), Some(Incident::Gap { from: 50, to: 70 }));
        assert_eq!((truncated.unsettled_from, truncated.snapshot_at), (70, Some(70)));
        let recreated = ReplayPlan::new(log(0, 10, Some(50)), None, Some(80));
        assert_eq!(recreated.recreated(), Some(Incident::Recreated { expected: 81, high: 10 }));
        assert_eq!((recreated.unsettled_from, recreated.live_at, recreated.live_from(None)), (10, 10, 10));
    }
}
