//! The thread of a worker: assignment events from the group, and steps in between.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::time::{Duration, Instant};

use crate::service::deliver::worker::Worker;
use crate::service::log::LogError;
use crate::service::log::kafka::{AssignmentEvent, Group, KafkaLog};
use crate::service::observe::metrics::Metrics;
use crate::service::observe::observer::Observer;
use crate::service::observe::status::{Beat, Status};

/// Pause after a transient error.
const PAUSE: Duration = Duration::from_millis(200);
/// Interval at which partitions are opened again that the group assigns to this instance although a commit was
/// refused.
const RETAKE_AFTER: Duration = Duration::from_secs(2);
/// A second transaction without an outcome so soon after the first ends the process: it needs an operator.
const UNDETERMINED_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// So long the log may fail before the instance is not ready: a broker that takes over needs a few seconds.
const HINDERED_AFTER: Duration = Duration::from_secs(10);

/// A worker with all that it needs at its thread.
pub(in crate::service) struct WorkerThread {
    pub(in crate::service) worker: Worker<Observer>,
    pub(in crate::service) log: KafkaLog,
    /// Makes a new log in the place of one that is of no use any more.
    pub(in crate::service) open: Box<dyn Fn() -> Result<KafkaLog, LogError> + Send>,
    /// When that was last done.
    pub(in crate::service) replaced: Option<Instant>,
    /// Name of its thread, and since when calls of the log fail.
    pub(in crate::service) name: String,
    pub(in crate::service) failing: Option<Instant>,
    /// Pauses of the process that this worker knows of.
    pub(in crate::service) pauses: u64,
    pub(in crate::service) notes: Receiver<AssignmentEvent>,
    pub(in crate::service) group: Arc<Group>,
    pub(in crate::service) status: Arc<Status>,
    pub(in crate::service) metrics: Arc<Metrics>,
    pub(in crate::service) stop: Arc<AtomicBool>,
    pub(in crate::service) beat: Beat,
    pub(in crate::service) began: Instant,
}

impl WorkerThread {
    /// Runs until the stop flag is set, or until a permanent error of the log.
    pub(in crate::service) fn work(mut self) -> Result<(), LogError> {
        let mut retaken = Instant::now();
        let mut mine = BTreeSet::new();
        while !self.stop.load(Ordering::Acquire) {
            self.beat.now();
            loop {
                match self.notes.try_recv() {
                    Ok(AssignmentEvent::Take(partition)) => {
                        mine.insert(partition);
                        self.group.take_up(partition);
                        self.status.taken(partition);
                        self.worker.assign(partition);
                    }
                    Ok(AssignmentEvent::Release(partition, deadline, done)) => {
                        mine.remove(&partition);
                        self.release(partition, deadline, &done)?;
                    }
                    Ok(AssignmentEvent::Drop(partition)) => {
                        mine.remove(&partition);
                        self.worker.revoke(&mut self.log, partition);
                    }
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return Ok(()),
                }
            }
            self.drop_after_pause()?;
            let now_millis = self.now_millis();
            let stepped = self.worker.step(&mut self.log, now_millis);
            self.pass(stepped)?;
            if RETAKE_AFTER <= retaken.elapsed() {
                retaken = Instant::now();
                self.retake(&mine);
            }
        }
        Ok(())
    }

    /// Publishes and commits everything, then closes the partition.
    fn release(&mut self, partition: i32, deadline: Instant, done: &Sender<()>) -> Result<(), LogError> {
        while Instant::now() < deadline {
            let now_millis = self.now_millis();
            let drained = self.worker.drain(&mut self.log, now_millis);
            if self.pass(drained)?.unwrap_or(false) {
                break;
            }
            self.beat.now();
            std::thread::sleep(Duration::from_millis(1));
        }
        self.worker.revoke(&mut self.log, partition);
        // The receiver may have stopped waiting.
        let _ = done.send(());
        Ok(())
    }

    /// Waits after a transient error; a permanent one ends the thread.
    fn pass<T>(&mut self, done: Result<T, LogError>) -> Result<Option<T>, LogError> {
        match done {
            Ok(done) => {
                if self.failing.take().is_some() {
                    self.status.unhindered(&self.name);
                }
                Ok(Some(done))
            }
            Err(error) => {
                tracing::debug!(%error, "a call of the log failed");
                self.metrics.log_error(&error);
                if HINDERED_AFTER <= self.failing.get_or_insert_with(Instant::now).elapsed() {
                    self.status.hindered(&self.name, format!("{}: {error}", self.name));
                }
                match error {
                    LogError::Unavailable(_) => std::thread::sleep(PAUSE),
                    // The worker handles it.
                    LogError::Unreadable { .. } => {}
                    LogError::Fenced { partition } | LogError::Truncated { partition, .. } => {
                        self.worker.revoke(&mut self.log, partition);
                    }
                    LogError::Undetermined(_) if !self.was_replaced_just_now() => self.begin_anew()?,
                    LogError::Refused(_) | LogError::Undetermined(_) => return Err(error),
                }
                Ok(None)
            }
        }
    }

    /// A process that lay still for longer than a session has lost its partitions: nothing of them is published any
    /// more. What is this instance's after all is taken up anew.
    fn drop_after_pause(&mut self) -> Result<(), LogError> {
        let pauses = self.group.pauses();
        if std::mem::replace(&mut self.pauses, pauses) != pauses {
            self.log.purge();
            self.worker.reset();
            self.log = (self.open)()?;
        }
        Ok(())
    }

    fn was_replaced_just_now(&self) -> bool {
        self.replaced.is_some_and(|at| at.elapsed() < UNDETERMINED_AGAIN_AFTER)
    }

    /// Gives the worker a new log; its partitions are taken up anew.
    fn begin_anew(&mut self) -> Result<(), LogError> {
        let partitions: Vec<i32> = self.worker.partitions().collect();
        tracing::warn!(?partitions, "what the topics hold is not known: the partitions are taken up anew");
        self.worker.reset();
        self.log = (self.open)()?;
        self.replaced = Some(Instant::now());
        for partition in partitions {
            self.status.taken(partition);
            self.worker.assign(partition);
        }
        Ok(())
    }

    /// What the group still says is ours and the worker let go is taken up again: deriving and
    /// comparing once more does no harm, a partition that nobody works on does.
    fn retake(&mut self, mine: &BTreeSet<i32>) {
        let held: Vec<i32> = self.worker.partitions().collect();
        for partition in mine.iter().filter(|partition| !held.contains(partition)) {
            if self.group.renew(*partition) {
                tracing::warn!(partition, "the partition is still this instance's: taken up anew");
                self.status.taken(*partition);
                self.worker.assign(*partition);
            }
        }
    }

    fn now_millis(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
