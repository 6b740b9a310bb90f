//! The offsets of a partition that are not assessed: those of its records in quarantine.
//!
//! Rebuilt by every replay, as it handles the same records again. All ranges are kept in memory, 24 bytes each; of
//! them the oldest [`UNASSESSED_RANGES_MAX`] fit into a record, and progress stays before the first that does not.

use std::collections::VecDeque;

use crate::contract::UNASSESSED_RANGES_MAX;
use crate::domain::UtcSecond;
use crate::engine::Position;

/// Neighbouring offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    first: i64,
    last: i64,
    /// Append time of the record before `first`.
    append_time_before: UtcSecond,
}

/// Ranges of offsets, ascending and disjoint.
#[derive(Debug, Default)]
pub(in crate::service) struct UnassessedOffsets {
    ranges: VecDeque<Range>,
}

impl UnassessedOffsets {
    /// Adds an offset above all others; `before` is the position before it.
    pub(in crate::service) fn add(&mut self, offset: i64, before: Position) {
        match self.ranges.back_mut() {
            Some(range) if offset == range.last + 1 => range.last = offset,
            last => {
                debug_assert!(
                    last.is_none_or(|range| range.last < offset),
                    "{offset} is not above the others"
                );
                let append_time_before = before.appended_at;
                self.ranges.push_back(Range { first: offset, last: offset, append_time_before });
            }
        }
    }

    /// Drops the offsets below `low`, which the log no longer holds. Returns whether there were any.
    pub(in crate::service) fn drop_below(&mut self, low: i64) -> bool {
        let gone = self.ranges.partition_point(|range| range.last < low);
        self.ranges.drain(..gone);
        match self.ranges.front_mut().filter(|range| range.first < low) {
            Some(range) => {
                range.first = low;
                true
            }
            None => 0 < gone,
        }
    }

    /// The last position that progress may name, where not all ranges fit into a record.
    pub(in crate::service) fn limit(&self) -> Option<Position> {
        let first_outside = self.ranges.get(UNASSESSED_RANGES_MAX)?;
        Some(Position { offset: first_outside.first - 1, appended_at: first_outside.append_time_before })
    }

    /// The ranges that fit into a record: first and last offset of each.
    pub(in crate::service) fn published(&self) -> Vec<(i64, i64)> {
        self.ranges.iter().take(UNASSESSED_RANGES_MAX).map(|range| (range.first, range.last)).collect()
    }

    /// The number of all ranges.
    pub(in crate::service) fn len(&self) -> usize {
        self.ranges.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(offsets: impl IntoIterator<Item = i64>) -> UnassessedOffsets {
        let mut unassessed = UnassessedOffsets::default();
        for offset in offsets {
            unassessed.add(offset, Position { offset: offset - 1, appended_at: UtcSecond(offset * 10) });
        }
        unassessed
    }

    #[test]
    fn neighbours_are_one_range() {
        let unassessed = with([3, 5, 6, 7, 9]);
        assert_eq!(unassessed.published(), [(3, 3), (5, 7), (9, 9)]);
        assert_eq!((unassessed.len(), unassessed.limit()), (3, None));
    }

    #[test]
    fn what_the_log_dropped_is_dropped() {
        let mut unassessed = with([3, 5, 6, 7, 9]);
        assert!(!unassessed.drop_below(3));
        assert!(unassessed.drop_below(6));
        assert_eq!(unassessed.published(), [(6, 7), (9, 9)]);
        assert!(unassessed.drop_below(8));
        assert!(!unassessed.drop_below(9));
        assert_eq!(unassessed.published(), [(9, 9)]);
        assert!(unassessed.drop_below(100));
        assert_eq!(unassessed.published(), []);
    }

    #[test]
    fn progress_stays_before_the_first_range_that_does_not_fit() {
        let most = UNASSESSED_RANGES_MAX as i64;
        let mut unassessed = with((0..most).map(|number| 2 * number));
        assert_eq!(unassessed.limit(), None);
        let next = 2 * most;
        unassessed.add(next, Position { offset: next - 1, appended_at: UtcSecond(7) });
        unassessed.add(next + 1, Position { offset: next, appended_at: UtcSecond(8) });
        unassessed.add(next + 5, Position { offset: next + 4, appended_at: UtcSecond(9) });
        let limit = Position { offset: next - 1, appended_at: UtcSecond(7) };
        assert_eq!((unassessed.limit(), unassessed.len()), (Some(limit), UNASSESSED_RANGES_MAX + 2));
        assert!(unassessed.published().iter().all(|(_, last)| *last <= limit.offset));
        // The log drops two ranges: there is room for the two that did not fit.
        assert!(unassessed.drop_below(4));
        assert_eq!(unassessed.limit(), None);
        assert_eq!(unassessed.published().last(), Some(&(next + 5, next + 5)));
    }
}
