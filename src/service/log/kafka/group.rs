//! Membership of the consumer group: owned partitions and commits.

mod fence;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, Statistics};

use super::flood::library_line;
use super::reader::{answer, at};
use crate::service::log::LogError;
use crate::service::observe::metrics::{ClientRole, Metrics, Rebalanced, Reporter};

/// Commits in a row that are refused for an old generation, after which the partition has another owner. A few
/// are usual, when a commit crosses a rebalance that leaves the partition where it was.
const STALE_COMMITS_MAX: u32 = 3;

/// How long a wait for a worker goes without a sign of life.
const LOOK: Duration = Duration::from_millis(100);

/// A note to a worker. The callback that sends it touches nothing of the worker.
#[derive(Debug)]
pub(in crate::service) enum AssignmentEvent {
    /// The partition is this worker's from now on.
    Take(i32),
    /// Publish, await, commit, stop, then answer; by then at the latest.
    Release(i32, Instant, Sender<()>),
    /// The partition is somebody else's already: stop at once.
    Drop(i32),
}

#[derive(Clone, Copy, Debug, Default)]
struct Ownership {
    /// The worker has taken the partition up since it was assigned: what it has is of this ownership.
    taken: bool,
    fenced: bool,
    stale_commits: u32,
    /// Being revoked: commits are synchronous.
    leaving: bool,
}

/// State that the callbacks, the workers and the supervisor share.
pub(in crate::service) struct Group {
    feed: String,
    consumer: OnceLock<Weak<BaseConsumer<Callbacks>>>,
    owned: Mutex<BTreeMap<i32, Ownership>>,
    workers: Mutex<Vec<Sender<AssignmentEvent>>>,
    handover: Duration,
    metrics: Arc<Metrics>,
    settled: AtomicBool,
    failure: Mutex<Option<String>>,
    /// After so long without a sign of life the group gives the partitions to others.
    session: Duration,
    /// When the elector polled last; `None` before the first time.
    polled: Mutex<Option<Instant>>,
    /// How often the process lay still for longer than a session.
    pauses: AtomicU64,
}

impl Group {
    /// Partitions of `feed` go to `workers`, by number. On a revocation at most `handover` is waited.
    pub(in crate::service) fn new(
        feed: &str,
        workers: Vec<Sender<AssignmentEvent>>,
        (handover, session): (Duration, Duration),
        metrics: Arc<Metrics>,
    ) -> Arc<Self> {
        Arc::new(Self {
            feed: feed.to_owned(),
            consumer: OnceLock::new(),
            owned: Mutex::default(),
            workers: Mutex::new(workers),
            handover,
            metrics,
            settled: AtomicBool::new(false),
            failure: Mutex::default(),
            session,
            polled: Mutex::default(),
            pauses: AtomicU64::new(0),
        })
    }

    pub(in crate::service) fn bind(&self, consumer: &Arc<BaseConsumer<Callbacks>>) {
        // A group is bound once, when its elector is made.
        let _ = self.consumer.set(Arc::downgrade(consumer));
    }

    /// Whether the group has assigned partitions, possibly none to this instance.
    pub(in crate::service) fn is_settled(&self) -> bool {
        self.settled.load(Ordering::Acquire)
    }

    /// The partitions that this instance owns.
    pub(in crate::service) fn owned(&self) -> Vec<i32> {
        lock(&self.owned).keys().copied().collect()
    }

    /// Why the membership ended, where it did.
    pub(in crate::service) fn failure(&self) -> Option<String> {
        lock(&self.failure).clone()
    }

    /// Before the process ends: waits, for a bounded time, until the workers have published and committed everything.
    /// False where the time was too short.
    pub(in crate::service) fn give_back_all(&self, within: Duration) -> bool {
        self.hand_over(&self.owned(), within)
    }

    /// The worker takes `partition` up, now that it was assigned.
    pub(in crate::service) fn take_up(&self, partition: i32) {
        if let Some(own) = lock(&self.owned).get_mut(&partition) {
            own.taken = true;
        }
    }

    /// The worker takes `partition` up again after a refused commit: it begins anew. False where the partition is not
    /// this instance's any more.
    pub(in crate::service) fn renew(&self, partition: i32) -> bool {
        let begun = Ownership { taken: true, ..Ownership::default() };
        lock(&self.owned).get_mut(&partition).map(|tenure| *tenure = begun).is_some()
    }

    /// The next offset of `partition` to work on. The answer comes later, and shows at the next
    /// commit; while draining it is waited for.
    pub(in crate::service) fn commit(&self, partition: i32, next_offset: i64) -> Result<(), LogError> {
        let is_own = |tenure: &Ownership| tenure.taken && !tenure.fenced;
        let tenure = lock(&self.owned).get(&partition).copied().filter(is_own);
        let consumer = self.consumer.get().and_then(Weak::upgrade);
        let (Some(tenure), Some(consumer)) = (tenure, consumer) else {
            return Err(LogError::Fenced { partition });
        };
        let mode = if tenure.leaving { CommitMode::Sync } else { CommitMode::Async };
        let offsets = at(&self.feed, partition, Offset::Offset(next_offset))?;
        match consumer.commit(&offsets, mode) {
            Ok(()) => Ok(()),
            Err(error) => {
                self.commit_failed(partition, &error);
                if is_fence(&error) { Err(LogError::Fenced { partition }) } else { Err(answer(&error)) }
            }
        }
    }

    fn commit_failed(&self, partition: i32, error: &KafkaError) {
        let stale = error.rdkafka_error_code() == Some(RDKafkaErrorCode::IllegalGeneration);
        let mut owned = lock(&self.owned);
        // Of a partition that is not ours any more the answer only comes late.
        let fenced = owned.get_mut(&partition).is_none_or(|tenure| {
            tenure.stale_commits += u32::from(stale);
            tenure.fenced |= is_fence(error) || STALE_COMMITS_MAX <= tenure.stale_commits;
            tenure.fenced
        });
        self.metrics.commit_failed(partition, error, fenced);
    }

    fn commit_succeeded(&self, partition: i32) {
        if let Some(tenure) = lock(&self.owned).get_mut(&partition) {
            tenure.stale_commits = 0;
        }
    }

    pub(in crate::service) fn fail(&self, reason: String) {
        lock(&self.failure).get_or_insert(reason);
    }

    fn send(&self, partition: i32, note: AssignmentEvent) {
        let workers = lock(&self.workers);
        let count = i32::try_from(workers.len()).unwrap_or(i32::MAX).max(1);
        if let Some(worker) = workers.get((partition % count).unsigned_abs() as usize) {
            // A worker that has gone is noticed by the supervisor, which ends the process.
            let _ = worker.send(note);
        }
    }

    fn assigned(&self, consumer: &BaseConsumer<Callbacks>, list: &TopicPartitionList) -> KafkaResult<()> {
        let mut list = list.clone();
        // The elector reads nothing: no committed offset need be looked up for it.
        list.set_all_offsets(Offset::End)?;
        match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_assign(&list)?,
            _ => consumer.assign(&list)?,
        }
        consumer.pause(&list)?;
        let partitions = partitions(&list);
        self.metrics.rebalanced(Rebalanced::Assigned, &partitions);
        for partition in partitions {
            lock(&self.owned).insert(partition, Ownership::default());
            self.send(partition, AssignmentEvent::Take(partition));
        }
        self.settled.store(true, Ordering::Release);
        Ok(())
    }

    fn revoked(&self, consumer: &BaseConsumer<Callbacks>, list: &TopicPartitionList) -> KafkaResult<()> {
        let lost = consumer.assignment_lost();
        let partitions = partitions(list);
        let kind = if lost { Rebalanced::Lost } else { Rebalanced::Revoked };
        self.metrics.rebalanced(kind, &partitions);
        if lost {
            self.settled.store(false, Ordering::Release);
            for partition in &partitions {
                lock(&self.owned).remove(partition);
                self.send(*partition, AssignmentEvent::Drop(*partition));
            }
        } else {
            self.hand_over(&partitions, self.handover);
        }
        match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_unassign(list),
            _ => consumer.unassign(),
        }
    }

    /// Waits, for a bounded time, until the workers have published and committed everything of `partitions`. A worker
    /// that is not done by then is fenced by its next commit; the next owner derives the same.
    fn hand_over(&self, partitions: &[i32], within: Duration) -> bool {
        let (done, answers) = mpsc::channel();
        let deadline = Instant::now() + within;
        let mut requests = 0;
        for partition in partitions {
            let Some(()) = lock(&self.owned).get_mut(partition).map(|tenure| tenure.leaving = true) else {
                continue;
            };
            self.send(*partition, AssignmentEvent::Release(*partition, deadline, done.clone()));
            requests += 1;
        }
        drop(done);
        let answered = (0..requests).all(|_| self.await_answer(&answers, deadline));
        if !answered {
            tracing::warn!(?partitions, "partitions were given back before all was committed");
        }
        let mut owned = lock(&self.owned);
        owned.retain(|partition, _| !partitions.contains(partition));
        answered
    }

    /// Waits for a worker until `deadline`. The elector may wait here instead of polling, which is no pause.
    fn await_answer(&self, answers: &Receiver<()>, deadline: Instant) -> bool {
        loop {
            self.polls();
            let left = deadline.saturating_duration_since(Instant::now());
            match answers.recv_timeout(left.min(LOOK)) {
                Ok(()) => return true,
                Err(RecvTimeoutError::Timeout) if !left.is_zero() => {}
                Err(_) => return false,
            }
        }
    }
}

/// Callbacks of librdkafka, on the elector's thread.
pub(in crate::service) struct Callbacks {
    pub(in crate::service) group: Arc<Group>,
    pub(in crate::service) reporter: Reporter,
}

impl Callbacks {
    pub(in crate::service) fn new(group: &Arc<Group>) -> Self {
        let reporter = Reporter::new(group.metrics.clone(), ClientRole::Group);
        Self { group: group.clone(), reporter }
    }
}

impl ClientContext for Callbacks {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        library_line(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(target: "librdkafka", %error, reason, "group error");
    }

    fn stats(&self, statistics: Statistics) {
        self.reporter.report(&statistics);
    }
}

impl ConsumerContext for Callbacks {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, event: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let done = match event {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => self.group.assigned(consumer, list),
            _ => self.group.revoked(consumer, list),
        };
        if let Err(error) = done {
            self.group.fail(format!("the assignment of partitions failed: {error}"));
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, offsets: &TopicPartitionList) {
        for element in offsets.elements() {
            match result.clone().and(element.error()) {
                Ok(()) => self.group.commit_succeeded(element.partition()),
                Err(error) => self.group.commit_failed(element.partition(), &error),
            }
        }
    }
}

/// Whether the group has removed this member.
fn is_fence(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(RDKafkaErrorCode::UnknownMemberId | RDKafkaErrorCode::FencedInstanceId)
    )
}

fn partitions(list: &TopicPartitionList) -> Vec<i32> {
    list.elements().iter().map(|element| element.partition()).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
