//! One partition of the feed as a worker holds it.

mod settle;
mod start;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::log::Record;
use super::municipality::{Municipality, Panicked, Telling};
use super::outbox::Origin;
use super::shared::Shared;
use super::watch::{Fate, Phase, Place, Trouble, Watch};
use crate::contract::{self, Progress};
use crate::domain::{Reason, Rejection, UtcSecond};
use crate::engine::Position;

/// Stands for the records whose municipality cannot be told.
const NOBODY: &str = "";
/// Sweden has 290 municipalities; more in one partition is a broken or hostile source.
const MUNICIPALITIES_MAX: usize = 1_000;
const DAY_SECONDS: i64 = 86_400;

/// Inputs that the program failed on; they are left out from then on.
#[derive(Debug, Default)]
pub(super) struct Poison {
    records: BTreeSet<(i32, i64)>,
    /// Partitions in which each record is looked at by itself: one of them is to be found out.
    searching: BTreeSet<i32>,
    news: BTreeSet<(String, usize)>,
}

/// A record that cannot be used.
struct Refused {
    rejection: Rejection,
    /// Whose it is, where that is known for sure and its engine was told.
    municipality: Option<String>,
}

/// A partition: its municipalities, and how far it has come.
pub(super) struct Partition {
    pub(super) id: i32,
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
    settled: Option<i64>,
    /// The same within what the log holds: from here on records are worked on for the first time.
    unsettled_from: i64,
    /// Where the log begins in the middle, the offset at which to remember what was derived by then.
    remember_at: Option<i64>,
    /// The offset at which the replay is over.
    replay_to: i64,
    /// The smallest offset at which a municipality that is still muted goes live.
    next_live: Option<i64>,
    pub(super) live: bool,
    /// It has to be built up from the log again.
    pub(super) broken: bool,
    /// Everything below was committed.
    pub(super) committed: i64,
    /// Offsets whose outputs have arrived once so many records are acknowledged.
    marks: VecDeque<(u64, i64)>,
    /// Everything below has its outputs on the topics.
    arrived: i64,
    /// Progress to be told once so many records are acknowledged.
    pending: Option<(u64, Vec<Progress>)>,
    last_progress_millis: u64,
    last_commit_millis: u64,
    /// When the alert topic is to be read once more.
    pub(super) second_look_millis: Option<u64>,
}

impl Partition {
    /// Works on one record.
    pub(super) fn record(
        &mut self,
        record: &Record<'_>,
        poison: &mut Poison,
        told: &mut Telling<'_, impl Watch>,
    ) {
        if self.broken {
            return;
        }
        self.arrive_at(record.offset, poison, told);
        if self.broken {
            return;
        }
        self.appended_at = self.appended_at.max(record.appended_at);
        self.oldest = self.oldest.or(Some(record.appended_at));
        let at = Position { offset: record.offset, appended_at: self.appended_at };
        let queued = told.queue.waiting();
        let scored = if poison.records.contains(&(self.id, record.offset)) {
            let rejection = Rejection::new(Reason::Internal, "the program failed on this record");
            Ok(Err(Refused { rejection, municipality: None }))
        } else {
            self.score(record, at, poison, told)
        };
        told.queue.trace(queued, record.headers);
        let done = match scored {
            Ok(Ok(())) => Ok(()),
            Ok(Err(refused)) => self.quarantine(record, at, refused, told),
            Err(panicked) => Err(panicked),
        };
        match done {
            Ok(()) => self.next = record.offset + 1,
            Err(Panicked::News(name, number)) => self.broken_by_news(&name, number, poison, told.watch),
            Err(Panicked::Record) => {
                poison.records.insert((self.id, record.offset));
                self.broken = true;
                told.watch.trouble(self.id, Trouble::Panicked { offset: Some(record.offset) });
            }
            Err(Panicked::Records) => self.search(record.offset, poison, told.watch),
        }
    }

    /// Decodes a record and gives it to the engine of its municipality.
    fn score(
        &mut self,
        record: &Record<'_>,
        at: Position,
        poison: &Poison,
        told: &mut Telling<'_, impl Watch>,
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
            if let Err(rejection) = self.admit(name, told.watch) {
                return Ok(Err(refused(rejection)));
            }
            self.awake(name, poison, told)?;
        }
        let place = self.place(at, name);
        let municipality = self.municipalities.get_mut(name).expect("it is awake");
        let registered = municipality.register(&registration, at, told)?;
        if poison.searching.contains(&self.id) {
            municipality.look_at_periods(told).map_err(|_| Panicked::Record)?;
        }
        Ok(match registered {
            Ok(fate) => {
                municipality.count(fate);
                told.watch.registration(place, &registration, fate);
                told.watch.record(place, fate);
                Ok(())
            }
            Err(rejection) => Err(Refused { rejection, municipality: Some(name.to_owned()) }),
        })
    }

    /// May a municipality that has no engine here have one?
    fn admit(&mut self, name: &str, watch: &mut impl Watch) -> Result<(), Rejection> {
        let awake = self.municipalities.values().filter(|known| known.engine.is_some()).count();
        if MUNICIPALITIES_MAX <= awake {
            let detail = format!("more than {MUNICIPALITIES_MAX} municipalities in one partition");
            return Err(Rejection::new(Reason::TooManyEntities, detail));
        }
        if let Err(owner) = self.shared.owners.claim(name, self.id) {
            watch.trouble(self.id, Trouble::OtherPartition { municipality: name.to_owned(), owner });
            let detail = format!("partition {owner} feeds this municipality already");
            return Err(Rejection::new(Reason::OtherPartition, detail));
        }
        Ok(())
    }

    /// Gives a municipality its engine, and the engine all that is known beside the feed.
    fn awake(
        &mut self,
        name: &str,
        poison: &Poison,
        told: &mut Telling<'_, impl Watch>,
    ) -> Result<(), Panicked> {
        let shared = Arc::clone(&self.shared);
        let begins_in_the_middle = 0 < self.low;
        let (complete_from, before, next) = (self.complete_from(), self.reached(), self.next);
        // All that an earlier owner told of for sure lies before its first record.
        let was_told_up_to_here = 0 < self.low && self.remember_at.is_none();
        let municipality = self.known(name);
        municipality.outbox.complete_from(complete_from);
        municipality.awake(&shared, begins_in_the_middle);
        municipality.learn(&shared, &|name, number| poison.has_news(name, number), told)?;
        if municipality.live_from <= next {
            municipality.go_live(before, told);
        } else {
            let live_from = municipality.live_from;
            if was_told_up_to_here {
                municipality.remember();
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
        told: &mut Telling<'_, impl Watch>,
    ) -> Result<(), Panicked> {
        let name = match municipality {
            Some(name) => name,
            None => {
                // Only a municipality that a good record has named: a broken one may name anything.
                let peeked = record.value.and_then(contract::peek_municipality);
                let awake = |name: &String| self.municipalities.get(name).is_some_and(|m| m.engine.is_some());
                let name = peeked.filter(awake).unwrap_or_else(|| NOBODY.to_owned());
                self.known(&name).pass_over(at, told)?;
                name
            }
        };
        self.known(&name).count(Fate::Quarantined);
        let place = self.place(at, &name);
        if !place.muted {
            told.queue.quarantine(&self.shared.setup.feed_topic, record, &rejection);
        }
        told.watch.quarantined(place, &rejection);
        told.watch.record(place, Fate::Quarantined);
        Ok(())
    }

    /// Takes in what came to be known beside the feed.
    pub(super) fn learn(&mut self, poison: &mut Poison, told: &mut Telling<'_, impl Watch>) {
        let shared = Arc::clone(&self.shared);
        let mut failed = None;
        for municipality in self.municipalities.values_mut() {
            let learned = municipality.learn(&shared, &|name, number| poison.has_news(name, number), told);
            if let Err(Panicked::News(name, number)) = learned {
                failed = Some((name, number));
            }
        }
        if let Some((name, number)) = failed {
            self.broken_by_news(&name, number, poison, told.watch);
        }
    }

    /// Looks at the pay periods that were changed.
    pub(super) fn look_at_periods(&mut self, poison: &mut Poison, told: &mut Telling<'_, impl Watch>) {
        let mut looks = self.municipalities.values_mut().map(|known| known.look_at_periods(told));
        if !self.broken && looks.any(|looked| looked.is_err()) {
            self.search(self.next - 1, poison, told.watch);
        }
    }

    /// One of the records up to `offset` is one that the program fails on.
    fn search(&mut self, offset: i64, poison: &mut Poison, watch: &mut impl Watch) {
        poison.searching.insert(self.id);
        self.broken = true;
        watch.trouble(self.id, Trouble::Searching { offset });
    }

    /// Everything below `offset` is worked on, or holds nothing: who was muted up to here goes live.
    pub(super) fn arrive_at(&mut self, offset: i64, poison: &mut Poison, told: &mut Telling<'_, impl Watch>) {
        if self.remember_at.into_iter().chain(self.next_live).any(|awaited| awaited <= offset) {
            self.look_at_periods(poison, told);
            if self.broken {
                return;
            }
        }
        if self.remember_at.is_some_and(|remember_at| remember_at <= offset) {
            self.remember_at = None;
            let muted = |known: &&mut Municipality| known.may_go_live() && offset < known.live_from;
            self.municipalities.values_mut().filter(muted).for_each(Municipality::remember);
        }
        if self.next_live.is_some_and(|next_live| next_live <= offset) {
            let before = self.reached();
            self.next_live = None;
            for municipality in self.municipalities.values_mut().filter(|known| known.may_go_live()) {
                let live_from = municipality.live_from;
                if live_from <= offset {
                    municipality.go_live(before, told);
                } else {
                    self.next_live = Some(self.next_live.map_or(live_from, |next| next.min(live_from)));
                }
            }
        }
        if !self.live && self.replay_to <= offset {
            self.live = true;
            if self.appended_at < self.complete_from() {
                let until = self.complete_from();
                told.watch.trouble(self.id, Trouble::BaselineIncomplete { until });
            }
            told.watch.phase(self.id, Phase::Live);
        }
    }

    fn broken_by_news(&mut self, name: &str, number: usize, poison: &mut Poison, watch: &mut impl Watch) {
        poison.news.insert((name.to_owned(), number));
        self.broken = true;
        watch.trouble(self.id, Trouble::Panicked { offset: None });
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

    fn place<'a>(&self, at: Position, municipality: &'a str) -> Place<'a> {
        let Position { offset, appended_at } = at;
        let muted = offset < self.unsettled_from;
        Place { partition: self.id, offset, appended_at, municipality, muted }
    }

    fn live_at(&mut self, offset: i64) {
        self.next_live = Some(self.next_live.map_or(offset, |next| next.min(offset)));
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
    fn has_news(&self, municipality: &str, number: usize) -> bool {
        !self.news.is_empty() && self.news.contains(&(municipality.to_owned(), number))
    }
}
