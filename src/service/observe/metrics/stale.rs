//! Series of partitions and municipalities that this instance lost while no broker answered.
//!
//! The series that guard the payout must not vanish with the brokers: an alert on a series that is not there cannot
//! fire. They stay at their last value, with `tidvakt_broker_answer_age_seconds` as their age, until the instance is
//! live again; what has not come back by then is another instance's, and goes.

use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::{Metrics, Rebalanced, labels};

/// After an assignment the workers take up their partitions, within a moment; until then none of them is this
/// instance's, and nothing is to be concluded from that.
const TAKE_UP: Duration = Duration::from_secs(10);

/// What is to be forgotten once the instance is live again.
#[derive(Debug, Default)]
pub(super) struct Stale {
    /// The session of the member ended, and with it the ownership of these.
    lost: BTreeSet<i32>,
    partitions: BTreeSet<i32>,
    municipalities: BTreeSet<String>,
    /// When the group last assigned partitions; `None` since the session ended.
    assigned_at: Option<Instant>,
}

impl Metrics {
    /// The group changed who owns `partitions`.
    pub(super) fn reassigned(&self, kind: Rebalanced, partitions: &[i32]) {
        let mut stale = self.stale();
        match kind {
            Rebalanced::Assigned => stale.assigned_at = Some(Instant::now()),
            Rebalanced::Revoked => {}
            Rebalanced::Lost => {
                stale.assigned_at = None;
                stale.lost.extend(partitions);
            }
        }
    }

    /// The partition was not taken back in good order: the session of the member ended.
    pub(in crate::service) fn was_lost(&self, partition: i32) -> bool {
        self.stale().lost.contains(&partition)
    }

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

    /// The instance is live at `now`: what it lost and did not get back is forgotten.
    pub(in crate::service) fn forget_stale(&self, now: Instant) {
        let mut stale = self.stale();
        if stale.assigned_at.is_none_or(|at| now.saturating_duration_since(at) < TAKE_UP) {
            return;
        }
        stale.lost.clear();
        let partitions = std::mem::take(&mut stale.partitions);
        let municipalities = std::mem::take(&mut stale.municipalities);
        drop(stale);
        partitions.into_iter().for_each(|partition| self.forget_partition(partition, false));
        municipalities.iter().for_each(|code| self.forget_municipality(code, false));
    }

    /// The partition is this instance's (again).
    pub(in crate::service) fn partition_taken(&self, partition: i32) {
        let mut stale = self.stale();
        stale.partitions.remove(&partition);
        stale.lost.remove(&partition);
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
        metrics.rebalanced(Rebalanced::Lost, &[3, 4]);
        assert!(metrics.was_lost(3) && !metrics.was_lost(5));
        [3, 4].into_iter().for_each(|partition| metrics.forget_partition(partition, true));
        ["0180", "0181"].into_iter().for_each(|code| metrics.forget_municipality(code, true));
        let guards = [
            "tidvakt_unassessed_records{partition=\"3\"} 7",
            "tidvakt_unassessed_records{partition=\"4\"} 9",
            "tidvakt_next_payout_timestamp_seconds{municipality=\"0180\"} 1000",
            "tidvakt_next_payout_timestamp_seconds{municipality=\"0181\"} 1000",
        ];
        assert!(guards.iter().all(|line| says(line)), "{}", metrics.text());
        let later = || Instant::now() + TAKE_UP;
        metrics.forget_stale(later());
        assert!(guards.iter().all(|line| says(line)), "nothing has been assigned since");
        // They are back: one partition with its municipality comes back here, the other is another instance's.
        metrics.rebalanced(Rebalanced::Assigned, &[3]);
        metrics.forget_stale(Instant::now());
        assert!(guards.iter().all(|line| says(line)), "the partitions are being taken up");
        metrics.partition_taken(3);
        metrics.begin_municipality("0181");
        metrics.forget_stale(later());
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
