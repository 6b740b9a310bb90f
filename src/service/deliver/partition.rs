//! One partition of the feed as a worker holds it.

mod settle;
mod start;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::contract::{self, Progress};
use crate::domain::{Reason, Rejection, UtcSecond};
use crate::engine::Position;
use crate::service::deliver::events::{Fate, Incident, Phase, RecordPosition, WorkerObserver};
use crate::service::deliver::municipality::{Municipality, Panicked, Sink};
use crate::service::deliver::outbox::Origin;
use crate::service::deliver::shared::Shared;
use crate::service::log::Record;

/// Stands for the records whose municipality cannot be told.
const NOBODY: &str = "";
/// Sweden has 290 municipalities; more in one partition is a broken or hostile source.
const MUNICIPALITIES_MAX: usize = 1_000;
const DAY_SECONDS: i64 = 86_400;

/// Inputs that the program failed on; they are left out from then on.
#[derive(Debug, Default)]
pub(in crate::service) struct Poison {
    records: BTreeSet<(i32, i64)>,
    /// Partitions in which each record is looked at by itself: one of them is to be found out.
    isolating: BTreeSet<i32>,
    reference_updates: BTreeSet<(String, usize)>,
}

/// A record that cannot be used.
struct Refused {
    rejection: Rejection,
    /// Whose it is, where that is known for sure and its engine was told.
    municipality: Option<String>,
}

/// A partition: its municipalities, and how far it has come.
pub(in crate::service) struct Partition {
    pub(in crate::service) id: i32,
    shared: Arc<Shared>,
    municipalities: BTreeMap<String, Municipality>,
    /// The next offset to work on.
    next: i64,
    /// The latest append time so far.
    appended_at: UtcSecond,
    /// Append time of the oldest record, once it was seen.
    oldest: Option<UtcSecond>,
    /// What the log held when the partition was taken up.
    low: i64,
    high: i64,
    /// The first offset whose fate an earlier owner did not settle, as far as it said so.
    committed_hint: Option<i64>,
    /// The same within what the log holds: from here on records are worked on for the first time.
    unsettled_from: i64,
    /// Where the log begins in the middle, the offset at which to remember what was derived by then.
    snapshot_at: Option<i64>,
    /// The offset at which the replay is over.
    replay_to: i64,
    /// The smallest offset at which a municipality that is still muted goes live.
    next_live_at: Option<i64>,
    pub(in crate::service) live: bool,
    /// It has to be built up from the log again.
    pub(in crate::service) broken: bool,
    /// Everything below was committed.
    pub(in crate::service) committed: i64,
    /// Offsets whose outputs have arrived once so many records are acknowledged.
    marks: VecDeque<(u64, i64)>,
    /// Everything below has its outputs on the topics.
    arrived: i64,
    /// Progress to be told once so many records are acknowledged.
    pending: Option<(u64, Vec<Progress>)>,
    last_progress_millis: u64,
    last_commit_millis: u64,
    /// When the alert topic is to be read once more.
    pub(in crate::service) second_look_millis: Option<u64>,
}

impl Partition {
    /// Works on one record.
    pub(in crate::service) fn record(
        &mut self,
        record: &Record<'_>,
        poison: &mut Poison,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) {
        if self.broken {
            return;
        }
        self.arrive_at(record.offset, poison, sink);
        if self.broken {
            return;
        }
        self.appended_at = self.appended_at.max(record.appended_at);
        self.oldest = self.oldest.or(Some(record.appended_at));
        let at = Position { offset: record.offset, appended_at: self.appended_at };
        let queued = sink.queue.waiting();
        let scored = if poison.records.contains(&(self.id, record.offset)) {
            let rejection = Rejection::new(Reason::Internal, "the program failed on this record");
            Ok(Err(Refused { rejection, municipality: None }))
        } else {
            self.score(record, at, poison, sink)
        };
        sink.queue.trace(queued, record.headers);
        let done = match scored {
            Ok(Ok(())) => Ok(()),
            Ok(Err(refused)) => self.quarantine(record, at, refused, sink),
            Err(panicked) => Err(panicked),
        };
        match done {
            Ok(()) => self.next = record.offset + 1,
            Err(Panicked::ReferenceUpdate(name, number)) => {
                self.broken_by_reference(&name, number, poison, sink.watch)
            }
            Err(Panicked::Record) => {
                poison.records.insert((self.id, record.offset));
                self.broken = true;
                sink.watch.trouble(self.id, Incident::Panicked { offset: Some(record.offset) });
            }
            Err(Panicked::Records) => self.isolate(record.offset, poison, sink.watch),
        }
    }

    /// Decodes a record and gives it to the engine of its municipality.
    fn score(
        &mut self,
        record: &Record<'_>,
        at: Position,
        poison: &Poison,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) -> Result<Result<(), Refused>, Panicked> {
        let refused = |rejection| Refused { rejection, municipality: None };
        let value = record.value.ok_or_else(|| Rejection::new(Reason::Empty, "the record has no value"));
        let parsed = match value.and_then(contract::parse_registration) {
            Ok(parsed) => parsed,
            Err(rejection) => return Ok(Err(refused(rejection))),
        };
        let registration = match parsed.registration(record.appended_at) {
            Ok(registration) => registration,
            Err(rejection) => return Ok(Err(refused(rejection))),
        };
        let name = registration.municipality;
        if self.municipalities.get(name).is_none_or(|known| known.engine.is_none()) {
            if let Err(rejection) = self.admit(name, sink.watch) {
                return Ok(Err(refused(rejection)));
            }
            self.start_engine(name, poison, sink)?;
        }
        let place = self.place(at, name);
        let municipality = self.municipalities.get_mut(name).expect("it is awake");
        let registered = municipality.register(&registration, at, sink)?;
        if poison.isolating.contains(&self.id) {
            municipality.assess_dirty_periods(sink).map_err(|_| Panicked::Record)?;
        }
        Ok(match registered {
            Ok(fate) => {
                municipality.count(fate);
                sink.watch.registration(place, &registration, fate);
                sink.watch.record(place, fate);
                Ok(())
            }
            Err(rejection) => Err(Refused { rejection, municipality: Some(name.to_owned()) }),
        })
    }

    /// May a municipality that has no engine here have one?
    fn admit(&mut self, name: &str, watch: &mut impl WorkerObserver) -> Result<(), Rejection> {
        let start_engine = self.municipalities.values().filter(|known| known.engine.is_some()).count();
        if MUNICIPALITIES_MAX <= start_engine {
            let detail = format!("more than {MUNICIPALITIES_MAX} municipalities in one partition");
            return Err(Rejection::new(Reason::TooManyEntities, detail));
        }
        if let Err(owner) = self.shared.owners.claim(name, self.id) {
            watch.trouble(self.id, Incident::OtherPartition { municipality: name.to_owned(), owner });
            let detail = format!("partition {owner} feeds this municipality already");
            return Err(Rejection::new(Reason::OtherPartition, detail));
        }
        Ok(())
    }

    /// Gives a municipality its engine, and the engine all that is known beside the feed.
    fn start_engine(
        &mut self,
        name: &str,
        poison: &Poison,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) -> Result<(), Panicked> {
        let shared = Arc::clone(&self.shared);
        let history_truncated = 0 < self.low;
        let (complete_from, before, next) = (self.complete_from(), self.reached(), self.next);
        // All that an earlier owner told of for sure lies before its first record.
        let was_told_up_to_here = 0 < self.low && self.snapshot_at.is_none();
        let municipality = self.known(name);
        municipality.outbox.complete_from(complete_from);
        municipality.start_engine(&shared, history_truncated);
        municipality.learn(&shared, &|name, number| poison.has_reference(name, number), sink)?;
        if municipality.live_from <= next {
            municipality.go_live(before, sink);
        } else {
            let live_from = municipality.live_from;
            if was_told_up_to_here {
                municipality.snapshot_open_alerts();
            }
            self.live_at(live_from);
        }
        Ok(())
    }

    /// Counts a record that cannot be used, and publishes it unless that was done before.
    fn quarantine(
        &mut self,
        record: &Record<'_>,
        at: Position,
        Refused { rejection, municipality }: Refused,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) -> Result<(), Panicked> {
        let name = match municipality {
            Some(name) => name,
            None => {
                // Only a municipality that a good record has named: a broken one may name anything.
                let peeked = record.value.and_then(contract::peek_municipality);
                let start_engine =
                    |name: &String| self.municipalities.get(name).is_some_and(|m| m.engine.is_some());
                let name = peeked.filter(start_engine).unwrap_or_else(|| NOBODY.to_owned());
                self.known(&name).skip(at, sink)?;
                name
            }
        };
        self.known(&name).count(Fate::Quarantined);
        let place = self.place(at, &name);
        if !place.muted {
            sink.queue.quarantine(&self.shared.setup.feed_topic, record, &rejection);
        }
        sink.watch.quarantined(place, &rejection);
        sink.watch.record(place, Fate::Quarantined);
        Ok(())
    }

    /// Takes in what came to be known beside the feed.
    pub(in crate::service) fn learn(
        &mut self,
        poison: &mut Poison,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) {
        let shared = Arc::clone(&self.shared);
        let mut failed = None;
        for municipality in self.municipalities.values_mut() {
            let learned =
                municipality.learn(&shared, &|name, number| poison.has_reference(name, number), sink);
            if let Err(Panicked::ReferenceUpdate(name, number)) = learned {
                failed = Some((name, number));
            }
        }
        if let Some((name, number)) = failed {
            self.broken_by_reference(&name, number, poison, sink.watch);
        }
    }

    /// Looks at the pay periods that were changed.
    pub(in crate::service) fn assess_dirty_periods(
        &mut self,
        poison: &mut Poison,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) {
        let mut looks = self.municipalities.values_mut().map(|known| known.assess_dirty_periods(sink));
        if !self.broken && looks.any(|looked| looked.is_err()) {
            self.isolate(self.next - 1, poison, sink.watch);
        }
    }

    /// One of the records up to `offset` is one that the program fails on.
    fn isolate(&mut self, offset: i64, poison: &mut Poison, watch: &mut impl WorkerObserver) {
        poison.isolating.insert(self.id);
        self.broken = true;
        watch.trouble(self.id, Incident::Isolating { offset });
    }

    /// Everything below `offset` is worked on, or holds nothing: who was muted up to here goes live.
    pub(in crate::service) fn arrive_at(
        &mut self,
        offset: i64,
        poison: &mut Poison,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) {
        if self.snapshot_at.into_iter().chain(self.next_live_at).any(|awaited| awaited <= offset) {
            self.assess_dirty_periods(poison, sink);
            if self.broken {
                return;
            }
        }
        if self.snapshot_at.is_some_and(|snapshot_at| snapshot_at <= offset) {
            self.snapshot_at = None;
            let muted = |known: &&mut Municipality| known.may_go_live() && offset < known.live_from;
            self.municipalities.values_mut().filter(muted).for_each(Municipality::snapshot_open_alerts);
        }
        if self.next_live_at.is_some_and(|next_live_at| next_live_at <= offset) {
            let before = self.reached();
            self.next_live_at = None;
            for municipality in self.municipalities.values_mut().filter(|known| known.may_go_live()) {
                let live_from = municipality.live_from;
                if live_from <= offset {
                    municipality.go_live(before, sink);
                } else {
                    self.next_live_at = Some(self.next_live_at.map_or(live_from, |next| next.min(live_from)));
                }
            }
        }
        if !self.live && self.replay_to <= offset {
            self.live = true;
            if self.appended_at < self.complete_from() {
                let until = self.complete_from();
                sink.watch.trouble(self.id, Incident::BaselineIncomplete { until });
            }
            sink.watch.phase(self.id, Phase::Live);
        }
    }

    fn broken_by_reference(
        &mut self,
        name: &str,
        number: usize,
        poison: &mut Poison,
        watch: &mut impl WorkerObserver,
    ) {
        poison.reference_updates.insert((name.to_owned(), number));
        self.broken = true;
        watch.trouble(self.id, Incident::Panicked { offset: None });
    }

    /// The last offset that was worked on.
    fn reached(&self) -> Position {
        Position { offset: self.next - 1, appended_at: self.appended_at }
    }

    /// Append time from which on the baseline is whole.
    fn complete_from(&self) -> UtcSecond {
        let retained = i64::from(self.shared.setup.engine.retained_days) * DAY_SECONDS;
        let oldest = self.oldest.filter(|_| 0 < self.low);
        oldest.map_or(UtcSecond(i64::MIN), |oldest| oldest.plus(retained))
    }

    fn place<'a>(&self, at: Position, municipality: &'a str) -> RecordPosition<'a> {
        let Position { offset, appended_at } = at;
        let muted = offset < self.unsettled_from;
        RecordPosition { partition: self.id, offset, appended_at, municipality, muted }
    }

    fn live_at(&mut self, offset: i64) {
        self.next_live_at = Some(self.next_live_at.map_or(offset, |next| next.min(offset)));
    }

    fn known(&mut self, name: &str) -> &mut Municipality {
        if !self.municipalities.contains_key(name) {
            let origin = Origin {
                topic: self.shared.setup.feed_topic.clone(),
                partition: self.id,
                config_hash: self.shared.setup.config_hash.clone(),
                complete_from: self.complete_from(),
            };
            let municipality = Municipality::new(name, origin, self.unsettled_from);
            if municipality.may_go_live() {
                self.live_at(municipality.live_from);
            }
            self.municipalities.insert(name.to_owned(), municipality);
        }
        self.municipalities.get_mut(name).expect("just seen to")
    }
}

impl Poison {
    fn has_reference(&self, municipality: &str, number: usize) -> bool {
        !self.reference_updates.is_empty()
            && self.reference_updates.contains(&(municipality.to_owned(), number))
    }
}
