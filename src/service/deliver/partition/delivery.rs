//! Acknowledged outputs, and the progress and commits that they allow.
//!
//! A progress record is published only once every output up to its offset is acknowledged, and an offset is
//! committed only then. Neither ever goes back.

use std::collections::VecDeque;

use super::{Partition, PartitionState};
use crate::contract::{PartitionProgress, Progress};
use crate::engine::Position;
use crate::service::deliver::events::{Incident, WorkerObserver};
use crate::service::deliver::municipality::Municipality;
use crate::service::deliver::queue::Queue;
use crate::service::deliver::shared::Pace;

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
    /// The partition's latest progress record on the topic.
    pub(super) published_progress: Option<PartitionProgress>,
    /// The next one will differ.
    pub(super) progress_dirty: bool,
    /// That progress is limited was reported.
    limit_reported: bool,
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
            published_progress: None,
            progress_dirty: true,
            limit_reported: false,
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
        let settled = queue.settled();
        let is_acknowledged = |published: u64| published <= settled;
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
            let changed = self.changed_progress(observer);
            self.delivery.pending = (!changed.is_empty()).then_some((queue.total(), changed));
            self.municipalities.values_mut().for_each(|known| known.report_changes(observer));
        }
        self.municipalities.values_mut().for_each(|known| known.report_rolling(urgent, observer));
        self.retire_progress(queue);
        let pending = self.delivery.pending.take_if(|(published, _)| is_acknowledged(*published));
        for progress in pending.into_iter().flat_map(|(_, progress)| progress) {
            queue.progress(&progress);
            observer.progress(&progress);
        }
    }

    /// Removes the progress of municipalities that belong to another partition: two records of one municipality
    /// contradict each other. Their alerts stay, so that nothing is paid that was held.
    fn retire_progress(&mut self, queue: &mut Queue) {
        if self.state != PartitionState::Live {
            return;
        }
        let owners = &self.shared.owners;
        for known in self.municipalities.values_mut().filter(|known| known.engine.is_none()) {
            let is_elsewhere = owners.owner(&known.name).is_some_and(|owner| owner != self.id);
            if is_elsewhere && known.published_progress.take().is_some() {
                queue.retire_progress(self.id, &known.name);
                owners.retired(&known.name, |partition| partition == self.id);
            }
        }
    }

    /// The progress records that differ from those on the topic; the partition's before those of its
    /// municipalities, which a reader believes only together with it.
    fn changed_progress(&mut self, observer: &mut impl WorkerObserver) -> Vec<Progress> {
        let (id, at) = (self.id, self.progress_position(observer));
        let hash = &self.shared.setup.config_hash;
        let municipalities = self.municipalities.values_mut();
        let changed: Vec<_> = municipalities.filter_map(|known| known.progress(id, at, hash)).collect();
        let partition = self.partition_progress(at, !changed.is_empty());
        let partition = partition.map(Progress::Partition).into_iter();
        partition.chain(changed.into_iter().map(Progress::Municipality)).collect()
    }

    /// The position that progress may name: the last that was handled, or the one before the first range of
    /// unassessed offsets that does not fit into a record.
    fn progress_position(&mut self, observer: &mut impl WorkerObserver) -> Position {
        let unassessed = &self.quarantine.unassessed;
        let limit = unassessed.limit();
        if self.delivery.progress_dirty {
            observer.unassessed(self.id, unassessed.len(), limit.map(|limit| limit.offset));
        }
        let Some(limit) = limit else {
            self.delivery.limit_reported = false;
            return self.reached();
        };
        if !std::mem::replace(&mut self.delivery.limit_reported, true) {
            observer.incident(self.id, Incident::TooManyUnassessed { assessed_through: limit.offset });
        }
        limit
    }

    /// The partition's progress record as of `at`, where it differs from the one on the topic. A position alone is
    /// a difference where a municipality's record names it (`is_named`).
    fn partition_progress(&mut self, at: Position, is_named: bool) -> Option<PartitionProgress> {
        let is_due = is_named || self.delivery.progress_dirty;
        // Before the first record there is no time that the record could name.
        if !is_due || self.oldest.is_none() {
            return None;
        }
        self.delivery.progress_dirty = false;
        let progress = PartitionProgress {
            partition: self.id,
            from_offset: self.log_low,
            through_offset: at.offset,
            append_time: at.appended_at,
            unassessed: self.quarantine.unassessed.published(),
            unattributed: self.quarantine.unattributed,
        };
        let is_same = |published: &PartitionProgress| match is_named {
            true => *published == progress,
            false => {
                let PartitionProgress { through_offset, append_time, .. } = *published;
                *published == PartitionProgress { through_offset, append_time, ..progress.clone() }
            }
        };
        if self.delivery.published_progress.as_ref().is_some_and(is_same) {
            return None;
        }
        self.delivery.published_progress = Some(progress.clone());
        Some(progress)
    }

    /// Whether progress is due.
    pub(in crate::service) const fn is_progress_due(&self, pace: Pace, now_millis: u64) -> bool {
        self.delivery.last_progress_millis.saturating_add(pace.progress_interval_millis) <= now_millis
    }

    /// Whether pay periods have yet to be assessed before all that follows from the handled records is published.
    pub(in crate::service) fn has_dirty_periods(&self) -> bool {
        self.municipalities.values().any(Municipality::has_dirty_periods)
    }

    /// The offset to be committed, where the pace or `urgent` asks for it. None during a replay.
    pub(in crate::service) fn commit_due(&self, pace: Pace, urgent: bool, now_millis: u64) -> Option<i64> {
        let last = self.delivery.last_commit_millis;
        let is_due = urgent || last.saturating_add(pace.commit_interval_millis) <= now_millis;
        self.delivered_to().filter(|_| is_due)
    }

    /// The offset below which everything is delivered, where it is above the committed one. In a transaction it is that
    /// once all that is queued became visible.
    pub(in crate::service) fn delivered_to(&self) -> Option<i64> {
        let Delivery { acknowledged_to, committed, .. } = self.delivery;
        debug_assert!(acknowledged_to <= self.next, "delivered before it was handled");
        let is_live = self.state == PartitionState::Live;
        (is_live && committed < acknowledged_to).then_some(acknowledged_to)
    }

    /// The offset below which everything is committed.
    pub(in crate::service) fn committed(&self) -> i64 {
        self.delivery.committed
    }

    /// Everything below `offset` was committed.
    pub(in crate::service) fn set_committed(
        &mut self,
        offset: i64,
        now_millis: u64,
        observer: &mut impl WorkerObserver,
    ) {
        if self.delivery.committed < offset {
            self.delivery.committed = offset;
            self.delivery.last_commit_millis = now_millis;
            observer.committed(self.id, offset);
        }
    }

    /// Whether all that was handled is published and committed; a replay commits nothing.
    pub(in crate::service) fn is_settled(&self) -> bool {
        let Delivery { pending, committed, .. } = &self.delivery;
        pending.is_none() && (self.state != PartitionState::Live || self.next <= *committed)
    }
}
