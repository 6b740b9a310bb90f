//! Is the service alive, and is it ready?

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::metrics::Metrics;
use super::watch::Phase;

/// A thread that did not come round for so long hangs: the longest request to a broker is shorter.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// A thread says with it that it comes round.
#[derive(Clone)]
pub(super) struct Beat {
    began: Instant,
    last_millis: Arc<AtomicU64>,
}

impl Beat {
    pub(super) fn now(&self) {
        let millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_millis.store(millis, Ordering::Relaxed);
    }

    fn age(&self) -> Duration {
        self.began.elapsed().saturating_sub(Duration::from_millis(self.last_millis.load(Ordering::Relaxed)))
    }
}

struct Standing {
    phase: Phase,
    since: Instant,
    next: Arc<AtomicI64>,
}

/// What the threads say of themselves.
pub struct Status {
    metrics: Arc<Metrics>,
    beats: Mutex<Vec<(String, Beat)>>,
    partitions: Mutex<BTreeMap<i32, Standing>>,
    waiting: Mutex<BTreeMap<&'static str, String>>,
    stopping: AtomicBool,
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
            stopping: AtomicBool::new(false),
        })
    }

    /// From now on the thread `name` has to come round.
    pub(super) fn beat(&self, name: impl Into<String>) -> Beat {
        let beat = Beat { began: Instant::now(), last_millis: Arc::default() };
        lock(&self.beats).push((name.into(), beat.clone()));
        beat
    }

    /// The service is not ready before `what` is done; `reason` says why.
    pub(super) fn wait_for(&self, what: &'static str, reason: impl Into<String>) {
        lock(&self.waiting).insert(what, reason.into());
    }

    /// `what` is done.
    pub(super) fn done(&self, what: &'static str) {
        lock(&self.waiting).remove(what);
    }

    /// The service is on its way out.
    pub(super) fn stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// A partition was given to this instance; its phase follows once a worker takes it up.
    pub(super) fn taken(&self, partition: i32) {
        let fresh = || Standing {
            phase: Phase::Replaying { from: 0, to: 0 },
            since: Instant::now(),
            next: Arc::default(),
        };
        lock(&self.partitions).entry(partition).or_insert_with(fresh);
        self.count_phases();
    }

    /// A partition entered a phase.
    pub(super) fn phase(&self, partition: i32, phase: Phase) {
        let now = Instant::now();
        let mut partitions = lock(&self.partitions);
        let before = partitions.get(&partition).map(|standing| (standing.phase, standing.since));
        match (phase, before) {
            (Phase::Gone, _) => {
                partitions.remove(&partition);
                self.metrics.forget_partition(partition);
            }
            (Phase::Live, Some((Phase::Replaying { from, to }, since))) => {
                self.metrics.replayed(partition, to - from, now.duration_since(since).as_secs_f64());
                partitions.entry(partition).and_modify(|standing| standing.phase = phase);
            }
            _ => {
                let next = partitions.remove(&partition).map(|standing| standing.next).unwrap_or_default();
                if let Phase::Replaying { from, .. } = phase {
                    next.store(from, Ordering::Relaxed);
                }
                partitions.insert(partition, Standing { phase, since: now, next });
            }
        }
        drop(partitions);
        self.count_phases();
    }

    /// Where the next offset of `partition` is to be noted.
    pub(super) fn position(&self, partition: i32) -> Arc<AtomicI64> {
        lock(&self.partitions).get(&partition).map(|standing| standing.next.clone()).unwrap_or_default()
    }

    /// The partitions that are worked on, with the next offset of each.
    pub(super) fn positions(&self) -> Vec<(i32, i64)> {
        let partitions = lock(&self.partitions);
        partitions.iter().map(|(id, standing)| (*id, standing.next.load(Ordering::Relaxed))).collect()
    }

    /// The threads that hang; empty where all is well.
    #[must_use]
    pub fn hanging(&self) -> Vec<String> {
        let beats = lock(&self.beats);
        let silent = beats.iter().filter(|(_, beat)| SILENCE_MAX < beat.age());
        silent
            .map(|(name, beat)| format!("`{name}` has not come round for {} s", beat.age().as_secs()))
            .collect()
    }

    /// Why the service is not ready; empty where it is.
    #[must_use]
    pub fn unready(&self) -> Vec<String> {
        let mut reasons: Vec<String> = lock(&self.waiting).values().cloned().collect();
        if self.stopping.load(Ordering::Relaxed) {
            reasons.push("the service is stopping".to_owned());
        }
        for (partition, standing) in lock(&self.partitions).iter() {
            if let Phase::Replaying { to, .. } = standing.phase {
                let next = standing.next.load(Ordering::Relaxed);
                reasons.push(format!("partition {partition} is replaying: at offset {next} of {to}"));
            }
        }
        reasons
    }

    fn count_phases(&self) {
        let partitions = lock(&self.partitions);
        let live = partitions.values().filter(|standing| standing.phase == Phase::Live).count();
        self.metrics.phases(partitions.len() - live, live);
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
    fn a_thread_that_comes_round_does_not_hang() {
        let status = Status::new(Arc::new(Metrics::new(&[])));
        status.beat("worker-0").now();
        assert_eq!(status.hanging(), Vec::<String>::new());
    }
}
