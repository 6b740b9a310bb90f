//! A log in memory that several instances share: with crashes, lost acknowledgements, takeovers,
//! fencing and truncation, all drawn from one seed.
//!
//! It stands for Kafka in tests: the worker runs against it in one thread, and a run that fails can
//! be run again from its seed.

mod log;
mod random;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use random::Random;
use tidvakt::config::DeliveryMode;
use tidvakt::domain::UtcSecond;
use tidvakt::service::log::{Header, LogError, OutputTopic};

/// What goes wrong, per 1,000 calls.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// The instance dies, before or after it did what it was asked. Of what it had under way, some
    /// arrives.
    pub crashes: u64,
    /// The log can't be reached.
    pub unavailable: u64,
    /// A record or a transaction arrives, but it is not known that it did.
    pub lost_acknowledgements: u64,
    /// Acknowledgements come late, records come in small batches.
    pub slow: bool,
    /// An instance that lost a partition may write on until it learns of it. Without: it is fenced
    /// at once, as by transactions.
    pub writes_of_former_owners: bool,
    /// How outputs reach the log.
    pub delivery: DeliveryMode,
}

/// A record on an output topic, in order of arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The topic.
    pub topic: OutputTopic,
    /// The feed partition that it belongs to.
    pub partition: i32,
    /// The key.
    pub key: Option<Vec<u8>>,
    /// The value.
    pub value: Option<Vec<u8>>,
    /// The headers.
    pub headers: Vec<Header>,
}

struct Fed {
    appended_at: UtcSecond,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
}

#[derive(Default)]
struct Feed {
    low: i64,
    records: VecDeque<Fed>,
    committed: Option<i64>,
    owner: Option<u64>,
}

impl Feed {
    fn high(&self) -> i64 {
        self.low + i64::try_from(self.records.len()).expect("fits in memory")
    }
}

struct Kept {
    record: Written,
    /// The instance that wrote it.
    writer: u64,
    /// A later record of the key came, and this one is no longer read back.
    compacted: bool,
}

#[derive(Default)]
struct Disk {
    feeds: BTreeMap<i32, Feed>,
    written: Vec<Kept>,
    commits: Vec<(i32, i64)>,
    instances: u64,
}

impl Disk {
    /// Keeps the last record of each key.
    fn compact(&mut self, topic: OutputTopic, partition: i32) {
        let mut later = BTreeSet::new();
        for kept in self.written.iter_mut().rev() {
            if (kept.record.topic, kept.record.partition) == (topic, partition) {
                kept.compacted = !later.insert(kept.record.key.clone());
            }
        }
    }
}

/// The log that instances share.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Disk>>);

impl Memory {
    /// An empty log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a record to the feed; returns its offset.
    pub fn append(
        &self,
        partition: i32,
        appended_at: UtcSecond,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
    ) -> i64 {
        let mut disk = self.disk();
        let feed = disk.feeds.entry(partition).or_default();
        let (key, value) = (key.map(<[u8]>::to_vec), value.map(<[u8]>::to_vec));
        feed.records.push_back(Fed { appended_at, key, value });
        feed.high() - 1
    }

    /// Deletes the records of the feed below `low`, as retention does.
    pub fn truncate(&self, partition: i32, low: i64) {
        let mut disk = self.disk();
        let feed = disk.feeds.entry(partition).or_default();
        while feed.low < low && feed.records.pop_front().is_some() {
            feed.low += 1;
        }
    }

    /// Forgets the committed offsets, as a group does that was empty for a week.
    pub fn forget_commits(&self) {
        self.disk().feeds.values_mut().for_each(|feed| feed.committed = None);
    }

    /// Everything that ever arrived, in order of arrival, also what compaction took.
    #[must_use]
    pub fn history(&self) -> Vec<Written> {
        self.disk().written.iter().map(|kept| kept.record.clone()).collect()
    }

    /// What of that arrived on `topic`.
    #[must_use]
    pub fn written(&self, topic: OutputTopic) -> Vec<Written> {
        let mut history = self.history();
        history.retain(|record| record.topic == topic);
        history
    }

    /// Every commit: partition and next offset.
    #[must_use]
    pub fn commits(&self) -> Vec<(i32, i64)> {
        self.disk().commits.clone()
    }

    /// A new instance, that meets `faults` drawn from `seed`.
    #[must_use]
    pub fn open(&self, seed: u64, faults: Faults) -> MemoryLog {
        let mut disk = self.disk();
        disk.instances += 1;
        MemoryLog {
            memory: self.clone(),
            instance: disk.instances,
            faults,
            random: Random::new(seed),
            crashed: false,
            refused: false,
            positions: BTreeMap::new(),
            under_way: VecDeque::new(),
            published: 0,
            looked_to: BTreeMap::new(),
        }
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One instance's view of a [`Memory`].
pub struct MemoryLog {
    memory: Memory,
    instance: u64,
    faults: Faults,
    random: Random,
    crashed: bool,
    refused: bool,
    positions: BTreeMap<i32, i64>,
    /// Records that have not arrived, with their numbers in the order of publishing.
    under_way: VecDeque<(u64, Written)>,
    published: u64,
    /// What was written before this was read back or looked at, by topic and partition.
    looked_to: BTreeMap<(OutputTopic, i32), usize>,
}

impl MemoryLog {
    /// Did the instance die? Then every call is in vain.
    #[must_use]
    pub fn is_crashed(&self) -> bool {
        self.crashed
    }

    /// From now on nothing goes wrong any more.
    pub fn heal(&mut self) {
        let Faults { writes_of_former_owners, delivery, .. } = self.faults;
        self.faults = Faults { writes_of_former_owners, delivery, ..Faults::default() };
    }

    /// The instance dies: of what it had under way, some arrives.
    pub fn crash(&mut self) {
        let arriving = self.random.below(self.under_way.len() as u64 + 1);
        self.arrive(arriving);
        self.under_way.clear();
        self.crashed = true;
    }

    /// Does `act`, unless something goes wrong before; something may go wrong after it as well.
    fn call<T>(&mut self, act: impl FnOnce(&mut Self) -> Result<T, LogError>) -> Result<T, LogError> {
        let crashed = || LogError::Unavailable("the instance has crashed".to_owned());
        if self.random.per_mille(self.faults.crashes) {
            self.crash();
        }
        if self.crashed {
            return Err(crashed());
        }
        if self.random.per_mille(self.faults.unavailable) {
            return Err(LogError::Unavailable("a passing fault".to_owned()));
        }
        let done = act(self);
        if self.random.per_mille(self.faults.crashes) {
            self.crash();
            return Err(crashed());
        }
        done
    }

    fn owns(&self, partition: i32) -> bool {
        self.memory.disk().feeds.get(&partition).is_some_and(|feed| feed.owner == Some(self.instance))
    }

    /// Lets `count` of the records that are under way arrive: in order within a partition of a topic,
    /// in any order between them.
    fn arrive(&mut self, count: u64) {
        for _ in 0..count {
            let any = self.random.below(self.under_way.len() as u64) as usize;
            let Some(target) = self.under_way.get(any).map(|(_, record)| (record.topic, record.partition))
            else {
                return;
            };
            let of_target = |(_, record): &(u64, Written)| (record.topic, record.partition) == target;
            let first = self.under_way.iter().position(of_target).unwrap_or(any);
            let Some((_, record)) = self.under_way.remove(first) else { return };
            if self.faults.writes_of_former_owners || self.owns(record.partition) {
                let writer = self.instance;
                self.memory.disk().written.push(Kept { record, writer, compacted: false });
            } else {
                self.refused = true;
            }
        }
    }
}
