//! The way of a step's outputs to the log, in both modes of delivery.
//!
//! Transactional: alerts, quarantine, progress and offsets of a step go in one transaction, so that progress may count
//! what is only queued. Every transaction names an offset of each partition that it has outputs of, also where the
//! offset did not advance: that is what the log fences by. Reconciled: progress and offsets follow once everything
//! before them is acknowledged.

use super::Worker;
use crate::config::DeliveryMode;
use crate::service::deliver::events::WorkerObserver;
use crate::service::log::{Log, LogError};

impl<W: WorkerObserver> Worker<W> {
    /// Completes what the log could not do in the last step.
    pub(super) fn complete_last_step(&mut self, log: &mut dyn Log, now_millis: u64) -> Result<(), LogError> {
        self.queue.delivery = log.delivery();
        match self.queue.delivery {
            DeliveryMode::Transactional if self.queue.waiting() == 0 => Ok(()),
            DeliveryMode::Transactional => self.transact(log, false, now_millis),
            DeliveryMode::Reconciled => self.flush(log),
        }
    }

    /// Delivers what the engines derived: outputs, progress, offsets, as far as each is due.
    pub(super) fn deliver(
        &mut self,
        log: &mut dyn Log,
        urgent: bool,
        now_millis: u64,
    ) -> Result<(), LogError> {
        self.queue.delivery = log.delivery();
        if self.queue.delivery == DeliveryMode::Reconciled {
            self.flush(log)?;
        }
        let total = self.queue.total();
        self.partitions.values_mut().for_each(|partition| partition.record_barrier(total));
        self.queue.refresh_acknowledged(log)?;
        let pace = self.shared.setup.pace;
        let Self { partitions, queue, observer, .. } = self;
        for partition in partitions.values_mut() {
            partition.advance_progress(queue, pace, urgent, now_millis, observer);
        }
        match self.queue.delivery {
            DeliveryMode::Transactional => self.transact(log, urgent, now_millis),
            DeliveryMode::Reconciled => {
                self.flush(log)?;
                self.commit(log, urgent, now_millis)
            }
        }
    }

    /// Publishes what waits, one by one; a partition that has another owner by now is dropped.
    fn flush(&mut self, log: &mut dyn Log) -> Result<(), LogError> {
        loop {
            match self.queue.flush(log) {
                Err(LogError::Fenced { partition }) => self.revoke(log, partition),
                flushed => return flushed,
            }
        }
    }

    /// Commits the offsets that are due.
    fn commit(&mut self, log: &mut dyn Log, urgent: bool, now_millis: u64) -> Result<(), LogError> {
        let pace = self.shared.setup.pace;
        let Self { partitions, observer, .. } = self;
        let mut lost = Vec::new();
        for partition in partitions.values_mut() {
            let Some(offset) = partition.commit_due(pace, urgent, now_millis) else { continue };
            match log.commit(partition.id, offset) {
                Err(LogError::Fenced { .. }) => lost.push(partition.id),
                committed => {
                    committed?;
                    partition.set_committed(offset, now_millis, observer);
                }
            }
        }
        lost.into_iter().for_each(|partition| self.revoke(log, partition));
        Ok(())
    }

    /// Makes the next transaction, where something waits or an offset is due; a partition that has another owner by
    /// now is dropped with what waits of it.
    fn transact(&mut self, log: &mut dyn Log, urgent: bool, now_millis: u64) -> Result<(), LogError> {
        loop {
            let (records, with_outputs) = self.queue.next_transaction();
            // What covers all that is queued goes with the last of it.
            let is_last = records == self.queue.waiting();
            let pace = self.shared.setup.pace;
            let offset = |partition: &super::Partition| {
                let delivered_to = match with_outputs.contains(&partition.id) {
                    true => Some(partition.delivered_to().unwrap_or_else(|| partition.committed())),
                    false => partition.commit_due(pace, urgent, now_millis),
                };
                let offset = if is_last { delivered_to } else { delivered_to.map(|_| partition.committed()) };
                offset.map(|offset| (partition.id, offset))
            };
            let offsets: Vec<(i32, i64)> = self.partitions.values().filter_map(offset).collect();
            if records == 0 && offsets.is_empty() {
                return Ok(());
            }
            match self.queue.transact(log, records, &offsets) {
                Err(LogError::Fenced { partition }) => self.revoke(log, partition),
                done => {
                    done?;
                    let Self { partitions, observer, .. } = self;
                    for (partition, offset) in offsets {
                        let of = partitions.get_mut(&partition).into_iter();
                        of.for_each(|of| of.set_committed(offset, now_millis, observer));
                    }
                    return Ok(());
                }
            }
        }
    }
}
