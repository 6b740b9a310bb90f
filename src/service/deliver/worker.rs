//! The worker: owns the engines of the partitions it was given and carries what they say to the log.
//!
//! One step takes a batch, lets the engines work on it, hands over what they say, and commits what
//! has arrived. Time comes in as an argument and the log is an interface, so that the same code runs
//! against Kafka, against files, and against a log in memory that crashes by seed.
//!
//! What an error of the log means: after [`LogError::Unavailable`] the same call may be made again,
//! nothing is lost. After [`LogError::Refused`] it is not known what arrived: the owner makes a new
//! log, calls [`Worker::reset`], and assigns the partitions again. A partition that has another
//! owner by now, or whose records were deleted, is seen to here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::engine::Output;
use crate::service::deliver::events::{Phase, WorkerObserver};
use crate::service::deliver::municipality::Sink;
use crate::service::deliver::partition::{Partition, Poison};
use crate::service::deliver::queue::Queue;
use crate::service::deliver::shared::Shared;
use crate::service::log::{Log, LogError};

/// With more published records under way than this, no more are taken: the log is the slower one.
const IN_FLIGHT_MAX: u64 = 20_000;

/// What a step came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Records of the feed that were worked on.
    pub records: usize,
    /// All partitions are live, all that was worked on is told and committed.
    pub settled: bool,
}

/// Owns the engines of its partitions.
pub struct Worker<W> {
    shared: Arc<Shared>,
    watch: W,
    partitions: BTreeMap<i32, Partition>,
    /// Partitions to be taken up, once all that was published has arrived: what is read back from the
    /// topics must be all there is.
    wanted: BTreeSet<i32>,
    queue: Queue,
    poison: Poison,
    /// The version of the shared knowledge that the engines have taken.
    reference_log: u64,
    /// When records were taken last.
    taken_millis: u64,
    outputs: Vec<Output>,
}

impl<W: WorkerObserver> Worker<W> {
    /// A worker without partitions, that `watch` looks in on.
    #[must_use]
    pub fn new(shared: Arc<Shared>, watch: W) -> Self {
        Self {
            shared,
            watch,
            partitions: BTreeMap::new(),
            wanted: BTreeSet::new(),
            queue: Queue::default(),
            poison: Poison::default(),
            reference_log: 0,
            taken_millis: 0,
            outputs: Vec::new(),
        }
    }

    /// Gives it a partition; the next steps read back what the topics say, and replay the log.
    pub fn assign(&mut self, partition: i32) {
        if !self.partitions.contains_key(&partition) {
            self.wanted.insert(partition);
        }
    }

    /// Lets a partition go at once; what is not committed is left to the next owner.
    pub fn revoke(&mut self, log: &mut dyn Log, partition: i32) {
        if self.wanted.remove(&partition) | self.partitions.remove(&partition).is_some() {
            log.stop(partition);
            self.queue.forget(partition);
            self.shared.owners.release(partition);
            self.watch.phase(partition, Phase::Gone);
        }
    }

    /// Lets all partitions go without a word to the log: it is broken, and a new one takes its place.
    pub fn reset(&mut self) {
        self.wanted.clear();
        for partition in std::mem::take(&mut self.partitions).into_keys() {
            self.shared.owners.release(partition);
            self.watch.phase(partition, Phase::Gone);
        }
        self.queue = Queue::default();
    }

    /// The partitions that it has.
    pub fn partitions(&self) -> impl Iterator<Item = i32> {
        self.partitions.keys().chain(&self.wanted).copied()
    }

    /// Are all its partitions past their replay?
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.wanted.is_empty() && self.partitions.values().all(|partition| partition.live)
    }

    /// The next offset that it will work on in a partition that it has.
    #[must_use]
    pub fn next_offset(&self, partition: i32) -> Option<i64> {
        self.partitions.get(&partition).map(Partition::next)
    }

    /// Who looks in on it.
    pub fn watch(&mut self) -> &mut W {
        &mut self.watch
    }

    /// Takes a batch and does all that follows from it. `now_millis` rises from call to call.
    ///
    /// # Errors
    /// As the log says; see the head of this file.
    pub fn step(&mut self, log: &mut dyn Log, now_millis: u64) -> Result<Step, LogError> {
        self.flush(log)?;
        self.take_up(log, now_millis)?;
        self.learn();
        let held_back = !self.wanted.is_empty() || IN_FLIGHT_MAX <= self.queue.in_flight();
        let records = if held_back { 0 } else { self.take(log)? };
        let idle = records == 0 && !held_back;
        if !idle {
            self.taken_millis = now_millis;
        }
        // A breath between two records is no rest: nothing is told and committed for each of them.
        let rests = self.taken_millis.saturating_add(self.shared.setup.pace.idle_after_millis) <= now_millis;
        self.notice_ends(log, idle)?;
        self.assess_dirty_periods(idle, now_millis);
        self.set_aside_broken(log);
        self.hand_over(log)?;
        self.settle(log, idle && rests, now_millis)?;
        let looked = self.look_again(log, now_millis)?;
        self.watch.stepped(self.queue.waiting(), self.queue.in_flight());
        // What another owner told may have to be told anew by the next step.
        Ok(Step { records, settled: idle && !looked && self.is_settled() })
    }

    /// Takes nothing more, and brings what was worked on to its end: outputs, progress, commits. To be
    /// called until it answers `true`; then the partitions can be let go and nothing is done twice.
    ///
    /// # Errors
    /// As the log says.
    pub fn drain(&mut self, log: &mut dyn Log, now_millis: u64) -> Result<bool, LogError> {
        self.assess_dirty_periods(true, now_millis);
        self.set_aside_broken(log);
        self.hand_over(log)?;
        self.settle(log, true, now_millis)?;
        self.watch.stepped(self.queue.waiting(), self.queue.in_flight());
        Ok(self.queue.is_settled() && self.partitions.values().all(Partition::is_settled))
    }

    /// Applies facts and decisions that came since the last time.
    fn learn(&mut self) {
        let version = self.shared.reference_log.version();
        if version == self.reference_log {
            return;
        }
        self.reference_log = version;
        let Self { partitions, queue, watch, outputs, poison, .. } = self;
        let mut sink = Sink { queue, watch, outputs };
        partitions.values_mut().for_each(|partition| partition.learn(poison, &mut sink));
    }

    fn take(&mut self, log: &mut dyn Log) -> Result<usize, LogError> {
        let pace = self.shared.setup.pace;
        let Self { partitions, queue, watch, outputs, poison, .. } = self;
        // Where something is owed yet, it is only asked whether anything else waits.
        let owes = partitions.values().any(Partition::has_dirty_periods);
        let wait = if owes { Duration::ZERO } else { pace.wait };
        let mut sink = Sink { queue, watch, outputs };
        let taken = log.take(wait, pace.batch_records_max, &mut |record| {
            if let Some(partition) = partitions.get_mut(&record.partition) {
                partition.record(&record, poison, &mut sink);
            }
        });
        match taken {
            Err(LogError::Fenced { partition }) => {
                self.revoke(log, partition);
                Ok(1)
            }
            Err(LogError::Truncated { partition, .. }) => {
                self.set_aside(log, partition);
                Ok(1)
            }
            taken => taken,
        }
    }

    /// Lets who was muted up to the end of what was read go live.
    fn notice_ends(&mut self, log: &mut dyn Log, idle: bool) -> Result<(), LogError> {
        let Self { partitions, queue, watch, outputs, poison, .. } = self;
        let mut sink = Sink { queue, watch, outputs };
        for partition in partitions.values_mut() {
            if idle || !partition.live {
                let position = log.position(partition.id)?;
                partition.arrive_at(position, poison, &mut sink);
                partition.skip_to(position);
            }
        }
        Ok(())
    }

    /// Looks at the pay periods that were changed, where nothing else waits or all is to be told.
    fn assess_dirty_periods(&mut self, idle: bool, now_millis: u64) {
        let pace = self.shared.setup.pace;
        let Self { partitions, queue, watch, outputs, poison, .. } = self;
        let mut sink = Sink { queue, watch, outputs };
        for partition in
            partitions.values_mut().filter(|known| idle || known.live && known.tells(pace, now_millis))
        {
            partition.assess_dirty_periods(poison, &mut sink);
        }
    }

    /// Hands over what waits; a partition that another owner has by now is let go.
    fn flush(&mut self, log: &mut dyn Log) -> Result<(), LogError> {
        loop {
            match self.queue.flush(log) {
                Err(LogError::Fenced { partition }) => self.revoke(log, partition),
                flushed => return flushed,
            }
        }
    }

    /// Hands over all that the engines said, and notes what that covers.
    fn hand_over(&mut self, log: &mut dyn Log) -> Result<(), LogError> {
        self.flush(log)?;
        let published = self.queue.published;
        self.partitions.values_mut().for_each(|partition| partition.mark(published));
        Ok(())
    }

    /// Tells progress and commits, as far as everything before has arrived.
    fn settle(&mut self, log: &mut dyn Log, urgent: bool, now_millis: u64) -> Result<(), LogError> {
        let pace = self.shared.setup.pace;
        self.queue.look_up_acknowledged(log)?;
        let Self { partitions, queue, watch, .. } = self;
        for partition in partitions.values_mut() {
            partition.settle(queue, pace, urgent, now_millis, watch);
        }
        self.flush(log)?;
        let Self { partitions, watch, .. } = self;
        let mut lost = Vec::new();
        for partition in partitions.values_mut() {
            match partition.commit(log, pace, urgent, now_millis, watch) {
                Err(LogError::Fenced { .. }) => lost.push(partition.id),
                committed => committed?,
            }
        }
        lost.into_iter().for_each(|partition| self.revoke(log, partition));
        Ok(())
    }

    /// Some time after a partition was taken over, looks whether the owner before wrote on. True where it
    /// looked.
    fn look_again(&mut self, log: &mut dyn Log, now_millis: u64) -> Result<bool, LogError> {
        let Self { partitions, queue, watch, outputs, .. } = self;
        let due = |partition: &&mut Partition| {
            partition.live && partition.second_look_millis.is_some_and(|due| due <= now_millis)
        };
        let mut looked = false;
        for partition in partitions.values_mut().filter(due) {
            if !queue.is_settled() {
                break;
            }
            partition.look_again(log, &mut Sink { queue, watch, outputs })?;
            partition.second_look_millis = None;
            looked = true;
        }
        Ok(looked)
    }

    /// Takes up the partitions that wait for it.
    fn take_up(&mut self, log: &mut dyn Log, now_millis: u64) -> Result<(), LogError> {
        if self.wanted.is_empty() {
            return Ok(());
        }
        self.queue.look_up_acknowledged(log)?;
        while let Some(id) = self.wanted.first().copied().filter(|_| self.queue.is_settled()) {
            let shared = Arc::clone(&self.shared);
            let mut partition = Partition::take_up(id, shared, log, &mut self.watch)?;
            partition.second_look_millis =
                Some(now_millis.saturating_add(self.shared.setup.pace.second_look_millis));
            self.partitions.insert(id, partition);
            self.wanted.remove(&id);
        }
        Ok(())
    }

    /// Partitions that the program failed in are taken up anew, without what it failed on.
    fn set_aside_broken(&mut self, log: &mut dyn Log) {
        let broken =
            self.partitions.values().filter(|partition| partition.broken).map(|partition| partition.id);
        broken.collect::<Vec<_>>().into_iter().for_each(|partition| self.set_aside(log, partition));
    }

    fn set_aside(&mut self, log: &mut dyn Log, partition: i32) {
        log.stop(partition);
        self.partitions.remove(&partition);
        self.wanted.insert(partition);
    }

    fn is_settled(&self) -> bool {
        let settled = |partition: &Partition| partition.live && partition.is_settled();
        self.queue.is_settled() && self.partitions.values().all(settled)
    }
}
