//! Carers or clients by the day on which something of them may expire, so that a day's expiry visits no others.

use std::collections::BTreeMap;

use crate::domain::UtcSecond;
use crate::engine::model::DAY_SECONDS;

/// Entities by UTC day. One with a visit is listed under the day of its first visit or an earlier one.
#[derive(Default)]
pub(in crate::engine) struct ExpiryDays(BTreeMap<i64, Vec<u32>>);

impl ExpiryDays {
    /// The first visit of `entity` starts at `start` now.
    pub(in crate::engine) fn list(&mut self, entity: u32, start: UtcSecond) {
        self.0.entry(start.0.div_euclid(DAY_SECONDS)).or_default().push(entity);
    }

    /// Removes the entities that may have a visit before `horizon`, and returns each once, ascending.
    pub(in crate::engine) fn take_before(&mut self, horizon: UtcSecond) -> Vec<u32> {
        let first_whole = horizon.0.saturating_add(DAY_SECONDS - 1).div_euclid(DAY_SECONDS);
        let later = self.0.split_off(&first_whole);
        let mut entities: Vec<u32> = std::mem::replace(&mut self.0, later).into_values().flatten().collect();
        entities.sort_unstable();
        entities.dedup();
        entities
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_is_due_once_when_the_horizon_has_passed_the_start_of_its_day() {
        let at = |day: i64, second: i64| UtcSecond(day * DAY_SECONDS + second);
        let mut days = ExpiryDays::default();
        days.list(7, at(2, 500));
        days.list(3, at(1, 0));
        days.list(7, at(1, 80_000));
        assert_eq!(days.take_before(at(1, 0)), [0; 0]);
        assert_eq!(days.take_before(at(2, 0)), [3, 7]);
        assert_eq!(days.take_before(at(2, 0)), [0; 0]);
        days.list(7, at(2, 500));
        assert_eq!(days.take_before(at(2, 1)), [7], "within a day, and listed twice");
    }
}
