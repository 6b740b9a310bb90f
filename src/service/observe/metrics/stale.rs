//! Series of partitions and municipalities that this instance lost while no broker answered.
//!
//! The series that guard the payout must not vanish with the brokers: an alert on a series that is not there cannot
//! fire. They stay at their last value, with `tidvakt_broker_answer_age_seconds` as their age, until the instance is
//! live again; what has not come back by then is another instance's, and goes.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use super::{Metrics, labels};

/// What is to be forgotten once the instance is live again.
#[derive(Debug, Default)]
pub(super) struct Stale {
    partitions: BTreeSet<i32>,
    municipalities: BTreeSet<String>,
}

impl Metrics {
    /// The partition is not this instance's any more; out of contact its series stay.
    pub(in crate::service) fn forget_partition(&self, partition: i32, is_out_of_contact: bool) {
        if is_out_of_contact {
            self.stale().partitions.insert(partition);
        } else {
            let partition = partition.to_string();
            self.families.each().for_each(|(_, family)| family.forget(labels::PARTITION.name, &partition));
        }
    }

    /// The municipality is not this instance's any more; out of contact its series stay.
    pub(in crate::service) fn forget_municipality(&self, code: &str, is_out_of_contact: bool) {
        if is_out_of_contact {
            self.stale().municipalities.insert(code.to_owned());
        } else {
            self.families.each().for_each(|(_, family)| family.forget(labels::MUNICIPALITY.name, code));
        }
    }

    /// The instance is live: what it lost and did not get back is forgotten.
    pub(in crate::service) fn forget_stale(&self) {
        let Stale { partitions, municipalities } = std::mem::take(&mut *self.stale());
        partitions.into_iter().for_each(|partition| self.forget_partition(partition, false));
        municipalities.iter().for_each(|code| self.forget_municipality(code, false));
    }

    /// The partition is this instance's (again).
    pub(in crate::service) fn partition_taken(&self, partition: i32) {
        self.stale().partitions.remove(&partition);
    }

    /// The municipality is this instance's (again).
    pub(super) fn municipality_taken(&self, code: &str) {
        self.stale().municipalities.remove(code);
    }

    fn stale(&self) -> std::sync::MutexGuard<'_, Stale> {
        self.stale.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::UtcSecond;

    #[test]
    fn what_guards_the_payout_stays_until_the_instance_is_live_again() {
        let metrics = Metrics::new(&[]);
        for code in ["0180", "0181"] {
            metrics.begin_municipality(code);
            metrics.next_payout(code, UtcSecond(1_000));
        }
        metrics.lag(3, 5, 7);
        metrics.lag(4, 0, 9);
        let says = |line: &str| metrics.text().contains(line);
        // The brokers are gone, and with them the assignment.
        [3, 4].into_iter().for_each(|partition| metrics.forget_partition(partition, true));
        ["0180", "0181"].into_iter().for_each(|code| metrics.forget_municipality(code, true));
        let guards = [
            "tidvakt_unassessed_records{partition=\"3\"} 7",
            "tidvakt_unassessed_records{partition=\"4\"} 9",
            "tidvakt_next_payout_timestamp_seconds{municipality=\"0180\"} 1000",
            "tidvakt_next_payout_timestamp_seconds{municipality=\"0181\"} 1000",
        ];
        assert!(guards.iter().all(|line| says(line)), "{}", metrics.text());
        // They are back: one partition with its municipality comes back here, the other is another instance's.
        metrics.partition_taken(3);
        metrics.begin_municipality("0181");
        metrics.forget_stale();
        assert_eq!(guards.map(says), [true, false, false, true], "{}", metrics.text());
    }

    #[test]
    fn what_the_group_takes_back_in_good_order_goes_at_once() {
        let metrics = Metrics::new(&[]);
        metrics.lag(3, 5, 7);
        metrics.forget_partition(3, false);
        assert!(!metrics.text().contains("partition=\"3\""), "{}", metrics.text());
    }
}
