//! The worker: owns the engines of its partitions and publishes what they derive to the log.
//!
//! One step takes a batch, applies it to the engines, publishes what they derive, and commits what is
//! acknowledged. Time is an argument and the log an interface, so that the same code runs against Kafka, against
//! files, and against a log in memory that crashes by seed.
//!
//! Errors of the log: after [`LogError::Unavailable`] the same call may be made again, nothing is lost. After
//! [`LogError::Refused`] and [`LogError::Undetermined`] it is not known which outputs arrived: the caller makes a new
//! log, calls [`Worker::reset`], and assigns the partitions again. A partition that has another owner by now, or whose
//! records were deleted, is handled here.

mod outputs;
mod pace;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::config::DeliveryMode;
use crate::engine::Output;
use crate::service::deliver::events::{Phase, WorkerObserver};
use crate::service::deliver::municipality::Sink;
use crate::service::deliver::partition::{Partition, PartitionState, Poison};
use crate::service::deliver::queue::Queue;
use crate::service::deliver::shared::Shared;
use crate::service::log::{Log, LogError, NoHeaders};
use pace::{FactPause, StepSize};

/// With more unacknowledged records than this, no more are taken: the log is the slower one.
const IN_FLIGHT_MAX: u64 = 20_000;

/// The result of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Records of the feed that were handled.
    pub records: usize,
    /// All partitions are live, and all that was handled is published and committed.
    pub settled: bool,
}

/// Registrations for which a step derives what changed facts lead to.
const SLICE_VISITS: usize = 1_000;

/// Owns the engines of its partitions.
pub struct Worker<W> {
    shared: Arc<Shared>,
    observer: W,
    partitions: BTreeMap<i32, Partition>,
    /// Partitions to be opened once all that was published is acknowledged: what is read back from the output
    /// topics must be all there is.
    to_open: BTreeSet<i32>,
    queue: Queue,
    poison: Poison,
    /// The version of the reference log that the engines have applied.
    reference_version: u64,
    facts: FactPause,
    /// The version of the owners that the partitions go by.
    owners_version: u64,
    /// When records were taken last.
    taken_millis: u64,
    batch: StepSize,
    outputs: Vec<Output>,
}

impl<W: WorkerObserver> Worker<W> {
    /// A worker without partitions.
    #[must_use]
    pub fn new(shared: Arc<Shared>, observer: W) -> Self {
        Self {
            shared,
            observer,
            partitions: BTreeMap::new(),
            to_open: BTreeSet::new(),
            queue: Queue::default(),
            poison: Poison::default(),
            reference_version: 0,
            facts: FactPause::default(),
            owners_version: 0,
            taken_millis: 0,
            batch: StepSize::default(),
            outputs: Vec::new(),
        }
    }

    /// Gives it a partition; the next steps read back its output topics and replay its log.
    pub fn assign(&mut self, partition: i32) {
        if !self.partitions.contains_key(&partition) {
            self.to_open.insert(partition);
        }
    }

    /// Drops a partition at once; what is not committed is left to the next owner.
    pub fn revoke(&mut self, log: &mut dyn Log, partition: i32) {
        if self.to_open.remove(&partition) | self.partitions.remove(&partition).is_some() {
            log.stop(partition);
            self.queue.forget(partition);
            self.shared.owners.release(partition);
            self.observer.phase(partition, Phase::Gone);
        }
    }

    /// Drops all partitions without a call to the log: it is broken, and a new one takes its place.
    pub fn reset(&mut self) {
        self.to_open.clear();
        for partition in std::mem::take(&mut self.partitions).into_keys() {
            self.shared.owners.release(partition);
            self.observer.phase(partition, Phase::Gone);
        }
        self.queue = Queue::default();
    }

    /// The partitions that it has.
    pub fn partitions(&self) -> impl Iterator<Item = i32> {
        self.partitions.keys().chain(&self.to_open).copied()
    }

    /// Its observer.
    pub fn observer(&mut self) -> &mut W {
        &mut self.observer
    }

    /// Takes a batch and does all that follows from it. `now_millis` rises from call to call.
    ///
    /// # Errors
    /// As the log says; see the head of this file.
    pub fn step(&mut self, log: &mut dyn Log, now_millis: u64) -> Result<Step, LogError> {
        self.complete_last_step(log, now_millis)?;
        self.open_assigned(log, now_millis)?;
        self.apply_reference_updates(now_millis);
        let held_back =
            !self.to_open.is_empty() || 0 < self.queue.waiting() || IN_FLIGHT_MAX <= self.queue.in_flight();
        let records = if held_back { 0 } else { self.take(log)? };
        let idle = records == 0 && !held_back;
        if !idle {
            self.taken_millis = now_millis;
        }
        // A short gap between two records is not idle: progress and commits are not made for each of them.
        let is_quiet =
            self.taken_millis.saturating_add(self.shared.setup.pace.idle_after_millis) <= now_millis;
        self.advance_to_positions(log, idle)?;
        self.assess_dirty_periods(idle, now_millis);
        self.reopen_failed(log);
        self.reopen_displaced(log);
        self.deliver(log, idle && is_quiet, now_millis)?;
        let rechecked = self.recheck_output_topics(log, now_millis)?;
        self.refresh_low(log, now_millis)?;
        self.observer.stepped(self.queue.waiting(), self.queue.in_flight());
        // What another owner wrote may have to be published again by the next step.
        Ok(Step {
            records,
            settled: idle && !rechecked && self.is_settled() && !self.has_fact_consequences(),
        })
    }

    /// Takes nothing more, and completes what was handled: outputs, progress, commits. To be called until it
    /// returns `true`; after that the next owner repeats nothing.
    ///
    /// # Errors
    /// As the log says.
    pub fn drain(&mut self, log: &mut dyn Log, now_millis: u64) -> Result<bool, LogError> {
        self.assess_dirty_periods(true, now_millis);
        self.reopen_failed(log);
        self.deliver(log, true, now_millis)?;
        self.observer.stepped(self.queue.waiting(), self.queue.in_flight());
        Ok(self.queue.is_settled() && self.partitions.values().all(Partition::is_settled))
    }

    /// Splits the worker: its partitions, the inputs to leave out, and the sink of their engines.
    fn parts(&mut self) -> (&mut BTreeMap<i32, Partition>, &mut Poison, Sink<'_, W>) {
        let Self { partitions, queue, observer, outputs, poison, batch, .. } = self;
        (partitions, poison, Sink { queue, observer, outputs, work: &mut batch.work, headers: &NoHeaders })
    }

    /// Applies facts and decisions that are new since the last time. What they lead to is derived once no more come, a
    /// slice in each step.
    fn apply_reference_updates(&mut self, now_millis: u64) {
        let version = self.shared.reference_log.version();
        if version != self.reference_version {
            self.reference_version = version;
            self.facts.changed(now_millis);
            let (partitions, poison, mut sink) = self.parts();
            for partition in partitions.values_mut() {
                partition.apply_reference_updates(poison, &mut sink);
            }
        }
        let quiet_millis = self.shared.setup.pace.facts_quiet_millis;
        if !self.has_fact_consequences() || !self.facts.is_due(now_millis, quiet_millis) {
            return;
        }
        let is_first = std::mem::take(&mut self.facts.is_new);
        let (partitions, poison, mut sink) = self.parts();
        for partition in partitions.values_mut() {
            if is_first {
                partition.report_large_changes(sink.observer);
            }
            sink.observer.goes_on();
            partition.derive_fact_consequences(SLICE_VISITS, poison, &mut sink);
        }
    }

    fn has_fact_consequences(&self) -> bool {
        self.partitions.values().any(Partition::has_fact_consequences)
    }

    fn take(&mut self, log: &mut dyn Log) -> Result<usize, LogError> {
        let pace = self.shared.setup.pace;
        let records_max = self.batch.records_max.min(pace.batch_records_max);
        let (partitions, poison, mut sink) = self.parts();
        // With dirty periods it does not wait for records.
        let is_dirty = partitions.values().any(Partition::has_dirty_periods);
        let wait = if is_dirty { Duration::ZERO } else { pace.wait };
        let taken = log.take(wait, records_max, &mut |record| {
            if let Some(partition) = partitions.get_mut(&record.partition) {
                partition.record(&record, poison, &mut sink);
            }
        });
        let full = matches!(taken, Ok(records) if records_max <= records);
        let taken = match taken {
            Err(LogError::Fenced { partition }) => {
                self.revoke(log, partition);
                Ok(1)
            }
            Err(LogError::Truncated { partition, .. }) => {
                self.reopen(log, partition);
                Ok(1)
            }
            Err(LogError::Unreadable { partition, from, to }) => {
                if let Some(of) = partitions.get_mut(&partition) {
                    of.step_over(from..to, poison, &mut sink);
                }
                Ok(1)
            }
            taken => taken,
        };
        self.batch.took(full, self.queue.waiting());
        taken
    }

    /// Advances partitions over what holds nothing for a reader, at the end of what was read.
    fn advance_to_positions(&mut self, log: &mut dyn Log, idle: bool) -> Result<(), LogError> {
        let (partitions, poison, mut sink) = self.parts();
        for partition in partitions.values_mut() {
            if idle || partition.state != PartitionState::Live {
                let position = log.position(partition.id)?;
                partition.advance_to(position, poison, &mut sink);
            }
        }
        Ok(())
    }

    /// Assesses the pay periods that have changed, while no records wait, or before progress.
    fn assess_dirty_periods(&mut self, idle: bool, now_millis: u64) {
        let pace = self.shared.setup.pace;
        let (partitions, poison, mut sink) = self.parts();
        for partition in partitions.values_mut() {
            let is_live = partition.state == PartitionState::Live;
            if idle || is_live && partition.is_progress_due(pace, now_millis) {
                partition.assess_dirty_periods(poison, &mut sink);
            }
        }
    }

    /// Where another owner has written to the output topics of a partition, reads them again and publishes what should
    /// be there. Returns whether it did.
    fn recheck_output_topics(&mut self, log: &mut dyn Log, now_millis: u64) -> Result<bool, LogError> {
        let interval_millis = self.shared.setup.pace.recheck_interval_millis;
        let (partitions, _, mut sink) = self.parts();
        let mut rechecked = false;
        for partition in partitions.values_mut().filter(|known| known.state == PartitionState::Live) {
            if log.has_foreign_outputs(partition.id)? {
                partition.recheck.has_foreign = true;
            }
            let is_due = partition.recheck.next_millis <= now_millis && sink.queue.is_settled();
            if partition.recheck.has_foreign && is_due {
                partition.recheck.next_millis = now_millis.saturating_add(interval_millis);
                partition.recheck_output_topics(log, &mut sink)?;
                partition.recheck.has_foreign = false;
                rechecked = true;
            }
        }
        Ok(rechecked)
    }

    /// Now and then, reads which offsets the log has dropped.
    fn refresh_low(&mut self, log: &mut dyn Log, now_millis: u64) -> Result<(), LogError> {
        let next = now_millis.saturating_add(self.shared.setup.pace.refresh_low_after_millis);
        let is_due = |partition: &&mut Partition| {
            partition.state == PartitionState::Live && partition.refresh_low_at_millis <= now_millis
        };
        for partition in self.partitions.values_mut().filter(is_due) {
            partition.drop_below(log.extent(partition.id)?.low);
            partition.refresh_low_at_millis = next;
        }
        Ok(())
    }

    /// Opens the partitions that wait for it.
    fn open_assigned(&mut self, log: &mut dyn Log, now_millis: u64) -> Result<(), LogError> {
        if self.to_open.is_empty() {
            return Ok(());
        }
        self.queue.refresh_acknowledged(log)?;
        while let Some(id) = self.to_open.first().copied().filter(|_| self.queue.is_settled()) {
            let shared = Arc::clone(&self.shared);
            let mut partition = Partition::open(id, shared, log, &mut self.observer)?;
            let refresh_low_after_millis = self.shared.setup.pace.refresh_low_after_millis;
            partition.refresh_low_at_millis = now_millis.saturating_add(refresh_low_after_millis);
            self.partitions.insert(id, partition);
            self.to_open.remove(&id);
        }
        Ok(())
    }

    /// Partitions that the program failed in are opened again, without the input that it failed on.
    fn reopen_failed(&mut self, log: &mut dyn Log) {
        let failed = self.partitions.values().filter(|partition| partition.state == PartitionState::Failed);
        let failed: Vec<i32> = failed.map(|partition| partition.id).collect();
        failed.into_iter().for_each(|partition| self.reopen(log, partition));
    }

    /// Partitions that assess a municipality of another partition, as the log shows by now, are opened again without it.
    fn reopen_displaced(&mut self, log: &mut dyn Log) {
        let version = self.shared.owners.version();
        if std::mem::replace(&mut self.owners_version, version) == version {
            return;
        }
        let displaced = self.partitions.values().filter(|partition| partition.is_displaced());
        let displaced: Vec<i32> = displaced.map(|partition| partition.id).collect();
        for partition in displaced {
            self.shared.owners.release(partition);
            self.queue.forget(partition);
            self.reopen(log, partition);
        }
    }

    fn reopen(&mut self, log: &mut dyn Log, partition: i32) {
        log.stop(partition);
        if self.partitions.remove(&partition).is_some() && self.queue.delivery == DeliveryMode::Transactional
        {
            // Without a partition there is no offset that its outputs could go with; they are derived again.
            self.queue.forget(partition);
        }
        self.to_open.insert(partition);
    }

    fn is_settled(&self) -> bool {
        let is_settled =
            |partition: &Partition| partition.state == PartitionState::Live && partition.is_settled();
        self.queue.is_settled() && self.partitions.values().all(is_settled)
    }
}
