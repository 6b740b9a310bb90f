//! What has arrived, and what may be said because of it.
//!
//! A progress record is told only once every output up to its offset is acknowledged, and an offset
//! is committed only then. Neither ever goes back.

use super::Partition;
use crate::service::deliver::events::WorkerObserver;
use crate::service::deliver::municipality::Municipality;
use crate::service::deliver::queue::Queue;
use crate::service::deliver::shared::Pace;
use crate::service::log::{Log, LogError};

impl Partition {
    /// What was worked on so far is handed over: its outputs have arrived once `published` records are
    /// acknowledged. Not while any are owed.
    pub(in crate::service) fn mark(&mut self, published: u64) {
        let last = self.marks.back().map_or(self.arrived, |(_, next)| *next);
        if last < self.next && !self.has_dirty_periods() {
            self.marks.push_back((published, self.next));
        }
    }

    /// The log holds nothing more below `position` (ends of transactions): it is worked on.
    pub(in crate::service) fn skip_to(&mut self, position: i64) {
        self.next = self.next.max(position);
    }

    /// Draws what follows from the acknowledgements: progress to be told goes to `queue`.
    pub(in crate::service) fn settle(
        &mut self,
        queue: &mut Queue,
        pace: Pace,
        urgent: bool,
        now_millis: u64,
        watch: &mut impl WorkerObserver,
    ) {
        while let Some((_, next)) = self.marks.front().filter(|(mark, _)| *mark <= queue.acknowledged) {
            self.arrived = *next;
            self.marks.pop_front();
        }
        if (urgent || self.tells(pace, now_millis)) && self.live && self.pending.is_none() {
            self.last_progress_millis = now_millis;
            let (id, at) = (self.id, self.reached());
            let hash = &self.shared.setup.config_hash;
            let progress: Vec<_> =
                self.municipalities.values_mut().filter_map(|known| known.progress(id, at, hash)).collect();
            self.pending = (!progress.is_empty()).then_some((queue.published, progress));
            // At the pace of progress: what a carer has registered is counted anew each time.
            self.municipalities.values_mut().for_each(|municipality| municipality.show(watch));
        }
        self.municipalities.values_mut().for_each(|municipality| municipality.publish_rolling(urgent, watch));
        if self.pending.as_ref().is_some_and(|(mark, _)| *mark <= queue.acknowledged) {
            for progress in self.pending.take().into_iter().flat_map(|(_, progress)| progress) {
                queue.progress(&progress);
                watch.progress(&progress);
            }
        }
    }

    /// Is it time to tell progress?
    pub(in crate::service) const fn tells(&self, pace: Pace, now_millis: u64) -> bool {
        self.last_progress_millis.saturating_add(pace.progress_interval_millis) <= now_millis
    }

    /// Must any engine look at pay periods before all is told of what was worked on?
    pub(in crate::service) fn has_dirty_periods(&self) -> bool {
        self.municipalities.values().any(Municipality::has_dirty_periods)
    }

    /// Commits what has arrived, where it is time. Nothing while a municipality is still muted.
    pub(in crate::service) fn commit(
        &mut self,
        log: &mut dyn Log,
        pace: Pace,
        urgent: bool,
        now_millis: u64,
        watch: &mut impl WorkerObserver,
    ) -> Result<(), LogError> {
        let due = urgent || self.last_commit_millis.saturating_add(pace.commit_interval_millis) <= now_millis;
        if !due || !self.live || self.next_live_at.is_some() || self.arrived <= self.committed {
            return Ok(());
        }
        log.commit(self.id, self.arrived)?;
        self.committed = self.arrived;
        self.last_commit_millis = now_millis;
        watch.committed(self.id, self.committed);
        Ok(())
    }

    /// Is all that was worked on told and committed?
    pub(in crate::service) fn is_settled(&self) -> bool {
        let committed = !self.live || self.next_live_at.is_some() || self.next <= self.committed;
        self.pending.is_none() && committed
    }

    /// The next offset to work on.
    pub(in crate::service) fn next(&self) -> i64 {
        self.next
    }
}
