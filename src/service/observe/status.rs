//! Is the service alive, has it started, and is it ready?

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::contract::UNASSESSED_RANGES_MAX;
use crate::service::deliver::events::Phase;
use crate::service::observe::contact::Contact;
use crate::service::observe::metrics::{Metrics, PHASES};

/// A thread that did not come round for so long hangs: the longest request to a broker is shorter.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// A thread says with it that it comes round.
#[derive(Clone)]
pub(in crate::service) struct Beat {
    began: Instant,
    last_millis: Arc<AtomicU64>,
}

impl Beat {
    pub(in crate::service) fn now(&self) {
        let millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_millis.store(millis, Ordering::Relaxed);
    }

    fn age(&self) -> Duration {
        self.began.elapsed().saturating_sub(Duration::from_millis(self.last_millis.load(Ordering::Relaxed)))
    }
}

struct PartitionStatus {
    phase: Phase,
    since: Instant,
    next: Arc<AtomicI64>,
    /// Progress was published for all below.
    progressed_to: i64,
    /// The offset at which progress stays, because more is unassessed than fits into a record.
    limit: Option<i64>,
}

/// How far a partition of this instance is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PartitionRow {
    /// Its number.
    pub partition: i32,
    /// `replaying` or `live`.
    pub phase: &'static str,
    /// The next offset to be worked on.
    pub next_offset: i64,
    /// All up to it is covered by progress records; -1 where nothing is.
    pub assessed_through_offset: i64,
}

/// The stage of the whole instance; in this order, and back to replaying with another partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// It reads facts, or waits for the group.
    Starting,
    /// It reads the log again.
    Replaying,
    /// It publishes what it derives.
    Live,
    /// It finishes what is under way.
    Draining,
}

impl Stage {
    /// As metrics and probes call it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        PHASES[self as usize]
    }
}

/// Since when the instance is at its stage, and how long it was starting and replaying.
struct Course {
    stage: Stage,
    since: Instant,
    lasted: [Duration; 2],
}

/// What the threads say of themselves.
pub struct Status {
    metrics: Arc<Metrics>,
    beats: Mutex<Vec<(String, Beat)>>,
    partitions: Mutex<BTreeMap<i32, PartitionStatus>>,
    waiting: Mutex<BTreeMap<&'static str, String>>,
    /// What keeps the work from going on as it should, by its name.
    hindrances: Mutex<BTreeMap<String, String>>,
    stopping: AtomicBool,
    course: Mutex<Course>,
    contact: Mutex<Contact>,
}

impl Status {
    /// Nothing has begun.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self {
            metrics,
            beats: Mutex::default(),
            partitions: Mutex::default(),
            waiting: Mutex::default(),
            hindrances: Mutex::default(),
            stopping: AtomicBool::new(false),
            course: Mutex::new(Course {
                stage: Stage::Starting,
                since: Instant::now(),
                lasted: [Duration::ZERO; 2],
            }),
            contact: Mutex::new(Contact::new()),
        })
    }

    /// From now on the thread `name` has to come round.
    pub(in crate::service) fn beat(&self, name: impl Into<String>) -> Beat {
        let beat = Beat { began: Instant::now(), last_millis: Arc::default() };
        lock(&self.beats).push((name.into(), beat.clone()));
        beat
    }

    /// The service is not ready before `what` is done; `reason` says why.
    pub(in crate::service) fn wait_for(&self, what: &'static str, reason: impl Into<String>) {
        lock(&self.waiting).insert(what, reason.into());
    }

    /// `what` is done.
    pub(in crate::service) fn done(&self, what: &'static str) {
        lock(&self.waiting).remove(what);
    }

    /// The service is not ready while `what` hinders it, for `reason`.
    pub(in crate::service) fn hindered(&self, what: &str, reason: impl Into<String>) {
        lock(&self.hindrances).insert(what.to_owned(), reason.into());
    }

    /// `what` hinders it no more.
    pub(in crate::service) fn unhindered(&self, what: &str) {
        lock(&self.hindrances).remove(what);
    }

    /// The service is on its way out.
    pub(in crate::service) fn stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// A broker answered.
    pub(in crate::service) fn answered(&self) {
        if let Some(silence) = lock(&self.contact).answer(Instant::now()) {
            tracing::info!(silent_seconds = silence.as_secs(), "a broker answers again");
        }
    }

    /// No broker answers; `reason` is the client library's.
    pub(in crate::service) fn unanswered(&self, reason: &str) {
        if lock(&self.contact).silence(Instant::now(), reason) {
            tracing::error!(reason, "no broker answers: nothing is assessed until one does");
        }
    }

    /// `partition` goes because no broker answers, or the session with the group ended for that: what was known of it
    /// is the newest there is.
    pub(in crate::service) fn is_out_of_contact(&self, partition: i32) -> bool {
        lock(&self.contact).is_doubtful() || self.metrics.was_lost(partition)
    }

    /// A partition was given to this instance; its phase follows once a worker takes it up.
    pub(in crate::service) fn taken(&self, partition: i32) {
        let fresh = || PartitionStatus {
            phase: Phase::Replaying { from: 0, to: 0 },
            since: Instant::now(),
            next: Arc::default(),
            progressed_to: 0,
            limit: None,
        };
        lock(&self.partitions).entry(partition).or_insert_with(fresh);
        self.metrics.partition_taken(partition);
    }

    /// A partition entered a phase.
    pub(in crate::service) fn phase(&self, partition: i32, phase: Phase) {
        let now = Instant::now();
        let mut partitions = lock(&self.partitions);
        let before = partitions.get(&partition).map(|status| (status.phase, status.since));
        match (phase, before) {
            (Phase::Gone, _) => {
                partitions.remove(&partition);
                self.metrics.forget_partition(partition, self.is_out_of_contact(partition));
            }
            (Phase::Live, Some((Phase::Replaying { from, to }, since))) => {
                self.metrics.replayed(partition, to - from, now.duration_since(since).as_secs_f64());
                partitions.entry(partition).and_modify(|status| status.phase = phase);
            }
            _ => {
                let next = partitions.remove(&partition).map(|status| status.next).unwrap_or_default();
                let mut progressed_to = 0;
                if let Phase::Replaying { from, to } = phase {
                    next.store(from, Ordering::Relaxed);
                    progressed_to = to;
                }
                let status = PartitionStatus { phase, since: now, next, progressed_to, limit: None };
                partitions.insert(partition, status);
            }
        }
    }

    /// Progress was published for all of `partition` below `next_offset`.
    pub(in crate::service) fn progressed(&self, partition: i32, next_offset: i64) {
        if let Some(status) = lock(&self.partitions).get_mut(&partition) {
            status.progressed_to = status.progressed_to.max(next_offset);
        }
    }

    /// Progress of `partition` stays at `limit`, or is free.
    pub(in crate::service) fn limited(&self, partition: i32, limit: Option<i64>) {
        if let Some(status) = lock(&self.partitions).get_mut(&partition) {
            status.limit = limit;
        }
    }

    /// Where the next offset of `partition` is to be noted.
    pub(in crate::service) fn position(&self, partition: i32) -> Arc<AtomicI64> {
        lock(&self.partitions).get(&partition).map(|status| status.next.clone()).unwrap_or_default()
    }

    /// Brings the metrics up to date that nobody's work changes: phases, beats, what waits.
    pub(in crate::service) fn measure(&self) {
        let (stage, lasted) = self.course(Instant::now());
        self.metrics.instance(stage as usize, lasted);
        self.metrics.contact(lock(&self.contact).age(Instant::now()));
        if stage == Stage::Live && !lock(&self.contact).is_doubtful() {
            self.metrics.forget_stale(Instant::now());
        }
        for (name, beat) in lock(&self.beats).iter() {
            self.metrics.beat(name, beat.age());
        }
        let highs = self.metrics.highs();
        let partitions = lock(&self.partitions);
        let live = partitions.values().filter(|status| status.phase == Phase::Live).count();
        self.metrics.partitions(partitions.len() - live, live);
        for (partition, status) in partitions.iter() {
            if let Some(high) = highs.get(partition) {
                let next = status.next.load(Ordering::Relaxed);
                self.metrics.lag(*partition, high - next, high - status.progressed_to);
            }
        }
    }

    /// The stage that the instance is at.
    #[must_use]
    pub fn stage(&self) -> Stage {
        if self.stopping.load(Ordering::Relaxed) {
            Stage::Draining
        } else if !self.starting().is_empty() {
            Stage::Starting
        } else if lock(&self.partitions).values().any(|status| status.phase != Phase::Live) {
            Stage::Replaying
        } else {
            Stage::Live
        }
    }

    /// The stage, and how long starting and replaying have lasted or took, as of `now`.
    fn course(&self, now: Instant) -> (Stage, [Duration; 2]) {
        let stage = self.stage();
        let mut course = lock(&self.course);
        let (before, lasted) = (course.stage as usize, now.duration_since(course.since));
        if let Some(known) = course.lasted.get_mut(before) {
            *known = lasted;
        }
        if course.stage != stage {
            course.stage = stage;
            course.since = now;
        }
        (stage, course.lasted)
    }

    /// Why the service has not started; empty once it has.
    #[must_use]
    pub fn starting(&self) -> Vec<String> {
        lock(&self.waiting).values().cloned().collect()
    }

    /// The threads that hang; empty where all is well.
    #[must_use]
    pub fn hanging(&self) -> Vec<String> {
        self.silent_for(SILENCE_MAX)
    }

    fn silent_for(&self, longest: Duration) -> Vec<String> {
        let beats = lock(&self.beats);
        let silent = beats.iter().filter(|(_, beat)| longest < beat.age());
        silent
            .map(|(name, beat)| format!("`{name}` has not come round for {} s", beat.age().as_secs()))
            .collect()
    }

    /// The partitions of this instance, ascending.
    #[must_use]
    pub fn partitions(&self) -> Vec<PartitionRow> {
        let partitions = lock(&self.partitions);
        let row = |(partition, standing): (&i32, &PartitionStatus)| PartitionRow {
            partition: *partition,
            phase: if standing.phase == Phase::Live { Stage::Live } else { Stage::Replaying }.as_str(),
            next_offset: standing.next.load(Ordering::Relaxed),
            assessed_through_offset: standing.progressed_to - 1,
        };
        partitions.iter().map(row).collect()
    }

    /// Why the service is not ready; empty where it is.
    #[must_use]
    pub fn unready(&self) -> Vec<String> {
        let mut reasons = self.starting();
        reasons.extend(lock(&self.contact).lost(Instant::now()));
        if self.stopping.load(Ordering::Relaxed) {
            reasons.push("the service is stopping".to_owned());
        }
        reasons.extend(lock(&self.hindrances).values().cloned());
        for (partition, standing) in lock(&self.partitions).iter() {
            if let Phase::Replaying { to, .. } = standing.phase {
                let next = standing.next.load(Ordering::Relaxed);
                reasons.push(format!("partition {partition} is replaying: at offset {next} of {to}"));
            }
            if let Some(limit) = standing.limit {
                reasons.push(format!(
                    "progress of partition {partition} stays at offset {limit}: more than {UNASSESSED_RANGES_MAX} \
                     ranges of records are in quarantine"
                ));
            }
        }
        reasons
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_only_when_nothing_is_waited_for_and_all_partitions_are_live() {
        let status = Status::new(Arc::new(Metrics::new(&[])));
        status.wait_for("reference", "the reference topic is being read");
        assert_eq!(status.unready(), ["the reference topic is being read"]);
        status.done("reference");
        status.taken(3);
        status.phase(3, Phase::Replaying { from: 5, to: 9 });
        assert_eq!(status.unready(), ["partition 3 is replaying: at offset 5 of 9"]);
        status.phase(3, Phase::Live);
        assert_eq!(status.unready(), Vec::<String>::new());
        status.stopping();
        assert_eq!(status.unready().len(), 1);
    }

    #[test]
    fn a_thread_that_comes_round_does_not_hang_whatever_it_is_at() {
        let status = Status::new(Arc::new(Metrics::new(&[])));
        let [worker, stuck] = ["worker-0", "elector"].map(|name| status.beat(name));
        status.phase(0, Phase::Replaying { from: 0, to: 9 });
        std::thread::sleep(Duration::from_millis(20));
        worker.now();
        assert_eq!(status.hanging(), Vec::<String>::new());
        let silent = status.silent_for(Duration::from_millis(10));
        assert_eq!(silent, ["`elector` has not come round for 0 s"]);
        stuck.now();
        assert_eq!(status.silent_for(Duration::from_millis(10)), Vec::<String>::new());
    }

    #[test]
    fn the_stages_follow_each_other_and_their_times_stay() {
        let metrics = Arc::new(Metrics::new(&[]));
        let status = Status::new(metrics.clone());
        let after = |seconds: u64| Instant::now() + Duration::from_secs(seconds);
        status.wait_for("group", "the group has not said");
        assert_eq!(status.course(after(10)).0, Stage::Starting);
        status.taken(3);
        status.done("group");
        assert_eq!(status.course(after(20)).0, Stage::Replaying);
        status.phase(3, Phase::Replaying { from: 5, to: 9 });
        status.phase(3, Phase::Live);
        let (stage, lasted) = status.course(after(50));
        assert_eq!(stage, Stage::Live);
        assert_eq!(lasted.map(|lasted| lasted.as_secs().div_ceil(10)), [2, 3]);
        assert_eq!(status.course(after(90)).1, lasted, "what is over lasts no longer");
        status.stopping();
        status.measure();
        let text = metrics.text();
        for line in ["{phase=\"draining\"} 1", "{phase=\"live\"} 0"] {
            assert!(text.contains(&format!("tidvakt_instance_phase{line}")), "{text}");
        }
        assert!(text.contains("tidvakt_partitions{phase=\"live\"} 1"));
    }
}
