//! Acknowledged outputs, and the progress and commits that they allow.
//!
//! A progress record is published only once every output up to its offset is acknowledged, and an offset is
//! committed only then. Neither ever goes back.

use std::collections::VecDeque;

use super::{Partition, PartitionState};
use crate::contract::Progress;
use crate::service::deliver::events::WorkerObserver;
use crate::service::deliver::municipality::Municipality;
use crate::service::deliver::queue::Queue;
use crate::service::deliver::shared::Pace;
use crate::service::log::{Log, LogError};

/// How far the outputs of a partition are delivered.
pub(in crate::service) struct Delivery {
    /// Numbers of published records with the offset below which all is delivered once so many are acknowledged.
    ack_barriers: VecDeque<(u64, i64)>,
    /// The outputs of everything below are acknowledged.
    acknowledged_to: i64,
    /// Everything below is committed.
    pub(super) committed: i64,
    /// Progress to be published once so many records are acknowledged.
    pending: Option<(u64, Vec<Progress>)>,
    last_progress_millis: u64,
    last_commit_millis: u64,
}

impl Delivery {
    /// Nothing is delivered above `low`; everything below `committed` is committed.
    pub(super) fn new(low: i64, committed: i64) -> Self {
        Self {
            ack_barriers: VecDeque::new(),
            acknowledged_to: low,
            committed,
            pending: None,
            last_progress_millis: 0,
            last_commit_millis: 0,
        }
    }
}

impl Partition {
    /// Records a barrier: everything below `next` is delivered once `published` records are acknowledged. Not while
    /// pay periods have yet to be assessed.
    pub(in crate::service) fn record_barrier(&mut self, published: u64) {
        let Delivery { ack_barriers, acknowledged_to, .. } = &self.delivery;
        let last = ack_barriers.back().map_or(*acknowledged_to, |(_, next)| *next);
        if last < self.next && !self.has_dirty_periods() {
            self.delivery.ack_barriers.push_back((published, self.next));
        }
    }

    /// Takes over what was acknowledged; progress that this allows is queued. `urgent`: whatever the pace.
    pub(in crate::service) fn advance_progress(
        &mut self,
        queue: &mut Queue,
        pace: Pace,
        urgent: bool,
        now_millis: u64,
        observer: &mut impl WorkerObserver,
    ) {
        let is_acknowledged = |published: u64| published <= queue.acknowledged;
        let delivery = &mut self.delivery;
        while let Some((_, next)) =
            delivery.ack_barriers.front().filter(|(published, _)| is_acknowledged(*published))
        {
            delivery.acknowledged_to = *next;
            delivery.ack_barriers.pop_front();
        }
        let is_due = urgent || self.is_progress_due(pace, now_millis);
        if is_due && self.state == PartitionState::Live && self.delivery.pending.is_none() {
            self.delivery.last_progress_millis = now_millis;
            let (id, at) = (self.id, self.reached());
            let hash = &self.shared.setup.config_hash;
            let changed = self.municipalities.values_mut().filter_map(|known| known.progress(id, at, hash));
            let changed: Vec<_> = changed.collect();
            self.delivery.pending = (!changed.is_empty()).then_some((queue.published, changed));
            self.municipalities.values_mut().for_each(|known| known.report_changes(observer));
        }
        self.municipalities.values_mut().for_each(|known| known.report_rolling(urgent, observer));
        let pending = self.delivery.pending.take_if(|(published, _)| is_acknowledged(*published));
        for progress in pending.into_iter().flat_map(|(_, progress)| progress) {
            queue.progress(&progress);
            observer.progress(&progress);
        }
    }

    /// Whether the pace asks for progress.
    pub(in crate::service) const fn is_progress_due(&self, pace: Pace, now_millis: u64) -> bool {
        self.delivery.last_progress_millis.saturating_add(pace.progress_interval_millis) <= now_millis
    }

    /// Whether pay periods have yet to be assessed before all that follows from the handled records is published.
    pub(in crate::service) fn has_dirty_periods(&self) -> bool {
        self.municipalities.values().any(Municipality::has_dirty_periods)
    }

    /// Commits what is delivered, where the pace or `urgent` asks for it. Nothing during a replay.
    pub(in crate::service) fn commit(
        &mut self,
        log: &mut dyn Log,
        pace: Pace,
        urgent: bool,
        now_millis: u64,
        observer: &mut impl WorkerObserver,
    ) -> Result<(), LogError> {
        let Delivery { acknowledged_to, committed, last_commit_millis, .. } = &mut self.delivery;
        let is_due = urgent || last_commit_millis.saturating_add(pace.commit_interval_millis) <= now_millis;
        if !is_due || self.state != PartitionState::Live || *acknowledged_to <= *committed {
            return Ok(());
        }
        debug_assert!(*acknowledged_to <= self.next, "delivered before it was handled");
        log.commit(self.id, *acknowledged_to)?;
        *committed = *acknowledged_to;
        *last_commit_millis = now_millis;
        observer.committed(self.id, *committed);
        Ok(())
    }

    /// Whether all that was handled is published and committed; a replay commits nothing.
    pub(in crate::service) fn is_settled(&self) -> bool {
        let Delivery { pending, committed, .. } = &self.delivery;
        pending.is_none() && (self.state != PartitionState::Live || self.next <= *committed)
    }
}
