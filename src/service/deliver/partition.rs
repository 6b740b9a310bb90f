//! One partition of the feed of a worker.

mod delivery;
mod facts;
mod open;
mod plan;
mod quarantine;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::contract::{self, Decoded, RegistrationRecord};
use crate::domain::{Reason, Registration, Rejection, UtcSecond};
use crate::engine::{Disposition, Position};
use crate::service::deliver::events::{Incident, Phase, RecordPosition, WorkerObserver};
use crate::service::deliver::municipality::{Municipality, Panicked, Sink};
use crate::service::deliver::outbox::Origin;
use crate::service::deliver::shared::Shared;
use crate::service::log::{Headers, Record};
use delivery::Delivery;
use plan::ReplayPlan;
use quarantine::Quarantine;

const DAY_SECONDS: i64 = 86_400;

/// Inputs that the program failed on; they are left out from then on.
#[derive(Debug, Default)]
pub(in crate::service) struct Poison {
    records: BTreeSet<(i32, i64)>,
    /// Partitions in which the consequences of each record are derived by themselves, to find the one that fails.
    isolating: BTreeSet<i32>,
    reference_updates: BTreeSet<(String, usize)>,
}

/// A record of the feed with its position and the one before.
#[derive(Clone, Copy)]
struct Arrival<'a> {
    record: &'a Record<'a>,
    at: Position,
    before: Position,
}

/// What a partition is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::service) enum PartitionState {
    /// The log is read again; single municipalities may be live already.
    Replaying {
        /// The next offset at which something begins: the snapshot, a municipality, or the whole partition.
        next_milestone: i64,
        /// The snapshot of derived alerts was taken, where the plan has one.
        snapshot_taken: bool,
    },
    /// It publishes what it derives.
    Live,
    /// The program failed: it has to be rebuilt from the log.
    Failed,
}

/// A partition: its municipalities, and how far it has come.
pub(in crate::service) struct Partition {
    pub(in crate::service) id: i32,
    shared: Arc<Shared>,
    municipalities: BTreeMap<String, Municipality>,
    plan: ReplayPlan,
    pub(in crate::service) state: PartitionState,
    /// The next offset to be handled.
    next: i64,
    /// The latest append time so far.
    appended_at: UtcSecond,
    /// Append time of the oldest record, once it was read.
    oldest: Option<UtcSecond>,
    delivery: Delivery,
    quarantine: Quarantine,
    /// The oldest offset that the log holds, as far as known.
    log_low: i64,
    /// When that is to be read again.
    pub(in crate::service) refresh_low_at_millis: u64,
    /// When the output topics are to be read once more.
    pub(in crate::service) recheck: Recheck,
}

/// When the output topics are to be read once more, for records of another owner.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::service) struct Recheck {
    /// Another owner has written.
    pub(in crate::service) has_foreign: bool,
    /// Not before this.
    pub(in crate::service) next_millis: u64,
}

impl Partition {
    /// Handles one record.
    pub(in crate::service) fn record(
        &mut self,
        record: &Record<'_>,
        poison: &mut Poison,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) {
        sink.observer.goes_on();
        self.advance_to(record.offset, poison, sink);
        if self.state == PartitionState::Failed {
            return;
        }
        let before = self.reached();
        self.appended_at = self.appended_at.max(record.appended_at);
        self.oldest = self.oldest.or(Some(record.appended_at));
        let at = Position { offset: record.offset, appended_at: self.appended_at };
        let arrival = Arrival { record, at, before };
        let mut sink = sink.caused_by(record.headers);
        let handled = if poison.records.contains(&(self.id, record.offset)) {
            let rejection = Rejection::new(Reason::Internal, "the program failed on this record");
            self.quarantine(arrival, None, rejection, &mut sink)
        } else {
            self.score(arrival, poison, &mut sink)
        };
        match handled {
            Ok(()) => self.next = record.offset + 1,
            Err(Panicked::ReferenceUpdate(name, number)) => {
                self.fail_on_reference_update(&name, number, poison, sink.observer)
            }
            Err(Panicked::Record) => {
                poison.records.insert((self.id, record.offset));
                self.state = PartitionState::Failed;
                sink.observer.incident(self.id, Incident::Panicked { offset: Some(record.offset) });
            }
            Err(Panicked::Records) => self.isolate(record.offset, poison, sink.observer),
        }
    }

    /// Decodes a record and applies it to the engine of its municipality.
    fn score(
        &mut self,
        arrival: Arrival<'_>,
        poison: &Poison,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) -> Result<(), Panicked> {
        let Arrival { record, at, .. } = arrival;
        let (parsed, registration_here);
        let registration = match record.decoded {
            Some(decoded) => checked(decoded, record.appended_at),
            None => {
                parsed = parse(record.value);
                let known = parsed.as_ref().map_err(Clone::clone);
                registration_here = known.and_then(|parsed| parsed.registration(record.appended_at));
                registration_here.as_ref().map_err(Clone::clone)
            }
        };
        let registration = match registration {
            Ok(registration) => registration,
            Err(rejection) => return self.quarantine(arrival, None, rejection, sink),
        };
        if let Err(rejection) = check_provider(record.headers, registration.provider_id) {
            return self.quarantine(arrival, None, rejection, sink);
        }
        let name = registration.municipality;
        if self.municipalities.get(name).is_none_or(|known| known.engine.is_none()) {
            if let Err(rejection) = self.admit(name, sink.observer) {
                return self.quarantine(arrival, None, rejection, sink);
            }
            self.start_engine(name, poison, sink)?;
        }
        let position = self.record_position(at, name);
        let municipality = self.municipalities.get_mut(name).expect("its engine was started");
        let disposition = municipality.register(registration, at, sink)?;
        if poison.isolating.contains(&self.id) {
            municipality.assess_dirty_periods(sink).map_err(|_| Panicked::Record)?;
        }
        if let Disposition::Quarantined(rejection) = disposition {
            return self.quarantine(arrival, Some(name), rejection, sink);
        }
        municipality.count(at.offset, &disposition);
        sink.observer.registration(position, registration, &disposition);
        sink.observer.record(position, &disposition);
        Ok(())
    }

    /// Whether a municipality that has no engine here may have one.
    fn admit(&mut self, name: &str, observer: &mut impl WorkerObserver) -> Result<(), Rejection> {
        // There are no more codes than four digits have, so that no invented one takes the place of an honest one.
        let expected = &self.shared.setup.municipalities;
        if !expected.is_empty() && !expected.contains(name) {
            let detail = "none of those that `engine.municipalities` names";
            return Err(Rejection::new(Reason::BadMunicipality, detail));
        }
        if let Err(owner) = self.shared.owners.claim(name, self.id) {
            observer.incident(self.id, Incident::OtherPartition { municipality: name.to_owned(), owner });
            let detail = format!("partition {owner} feeds this municipality already");
            return Err(Rejection::new(Reason::OtherPartition, detail));
        }
        Ok(())
    }

    /// Whether it assesses a municipality that belongs to another partition.
    pub(in crate::service) fn is_displaced(&self) -> bool {
        let owners = &self.shared.owners;
        let mut assessed = self.municipalities.values().filter(|known| known.engine.is_some());
        assessed.any(|known| owners.owner(&known.name).is_some_and(|owner| owner != self.id))
    }

    /// Gives a municipality an engine, with all facts and decisions applied.
    fn start_engine(
        &mut self,
        name: &str,
        poison: &Poison,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) -> Result<(), Panicked> {
        let shared = Arc::clone(&self.shared);
        let (plan, complete_from) = (self.plan, self.complete_from());
        let (before, next) = (self.reached(), self.next);
        // All that an earlier owner published for sure lies before its first record.
        let snapshot_passed = plan.snapshot_at.is_some_and(|snapshot_at| snapshot_at <= next);
        let municipality = self.municipality_mut(name);
        municipality.outbox.complete_from(complete_from);
        municipality.start_engine(&shared, plan.is_truncated());
        let skip = |name: &str, number| poison.has_reference_update(name, number);
        municipality.apply_reference_updates(&shared, &skip, sink)?;
        municipality.derive_fact_consequences(usize::MAX, sink)?;
        if municipality.live_from <= next {
            municipality.go_live(before, sink);
        } else {
            let live_from = municipality.live_from;
            if snapshot_passed {
                municipality.snapshot_open_alerts();
            }
            self.await_milestone(live_from);
        }
        Ok(())
    }

    /// Assesses the pay periods that have changed.
    pub(in crate::service) fn assess_dirty_periods(
        &mut self,
        poison: &mut Poison,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) {
        if self.state == PartitionState::Failed {
            return;
        }
        for municipality in self.municipalities.values_mut() {
            if municipality.assess_dirty_periods(sink).is_err() {
                // The other municipalities are rebuilt with the partition.
                return self.isolate(self.next - 1, poison, sink.observer);
            }
        }
    }

    /// The program fails on one of the records up to `offset`: they are applied again one by one.
    fn isolate(&mut self, offset: i64, poison: &mut Poison, observer: &mut impl WorkerObserver) {
        poison.isolating.insert(self.id);
        self.state = PartitionState::Failed;
        observer.incident(self.id, Incident::Isolating { offset });
    }

    /// Everything below `offset` is handled, or holds nothing for a reader (ends of transactions): what the plan has
    /// due by then begins.
    pub(in crate::service) fn advance_to(
        &mut self,
        offset: i64,
        poison: &mut Poison,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) {
        if self.state != PartitionState::Failed {
            self.next = self.next.max(offset);
        }
        let PartitionState::Replaying { next_milestone, snapshot_taken } = self.state else { return };
        if offset < next_milestone {
            return;
        }
        let takes_snapshot = !snapshot_taken && self.plan.snapshot_at.is_some_and(|at| at <= offset);
        let goes_live = |known: &Municipality| known.has_yet_to_go_live() && known.live_from <= offset;
        if takes_snapshot || self.municipalities.values().any(goes_live) {
            self.derive_fact_consequences(usize::MAX, poison, sink);
            self.assess_dirty_periods(poison, sink);
            if self.state == PartitionState::Failed {
                return;
            }
        }
        let before = self.reached();
        for municipality in self.municipalities.values_mut().filter(|known| known.has_yet_to_go_live()) {
            if municipality.live_from <= offset {
                municipality.go_live(before, sink);
            } else if takes_snapshot {
                municipality.snapshot_open_alerts();
            }
        }
        if offset < self.plan.live_at {
            let next_milestone = self.plan.live_at;
            let snapshot_taken = snapshot_taken || takes_snapshot;
            self.state = PartitionState::Replaying { next_milestone, snapshot_taken };
            let muted = self.municipalities.values().filter(|known| known.has_yet_to_go_live());
            let live_from: Vec<i64> = muted.map(|known| known.live_from).collect();
            live_from.into_iter().for_each(|offset| self.await_milestone(offset));
            return;
        }
        self.state = PartitionState::Live;
        if self.appended_at < self.complete_from() {
            let until = self.complete_from();
            sink.observer.incident(self.id, Incident::BaselineIncomplete { until });
        }
        sink.observer.phase(self.id, Phase::Live);
    }

    /// The last offset that was handled.
    fn reached(&self) -> Position {
        Position { offset: self.next - 1, appended_at: self.appended_at }
    }

    /// Append time from which on the baseline is whole.
    fn complete_from(&self) -> UtcSecond {
        let retained = i64::from(self.shared.setup.engine.retained_days) * DAY_SECONDS;
        let oldest = self.oldest.filter(|_| self.plan.is_truncated());
        oldest.map_or(UtcSecond(i64::MIN), |oldest| oldest.plus(retained))
    }

    fn record_position<'a>(&self, at: Position, municipality: &'a str) -> RecordPosition<'a> {
        let Position { offset, appended_at } = at;
        let muted = offset < self.plan.unsettled_from;
        RecordPosition { partition: self.id, offset, appended_at, municipality, muted }
    }

    /// Something begins at `offset`.
    fn await_milestone(&mut self, offset: i64) {
        if let PartitionState::Replaying { next_milestone, .. } = &mut self.state {
            *next_milestone = offset.min(*next_milestone);
        }
    }

    fn municipality_mut(&mut self, name: &str) -> &mut Municipality {
        if !self.municipalities.contains_key(name) {
            let origin = Origin {
                topic: self.shared.setup.feed_topic.clone(),
                partition: self.id,
                config_hash: self.shared.setup.config_hash.clone(),
                complete_from: self.complete_from(),
            };
            let desk = self.shared.setup.desk();
            let municipality = Municipality::new(name, origin, desk, self.plan.live_from(None));
            self.municipalities.insert(name.to_owned(), municipality);
        }
        self.municipalities.get_mut(name).expect("inserted above")
    }
}

fn parse(value: Option<&[u8]>) -> Result<RegistrationRecord<'_>, Rejection> {
    let value = value.ok_or_else(|| Rejection::new(Reason::Empty, "the record has no value"));
    value.and_then(contract::parse_registration)
}

fn checked<'a>(decoded: &'a Decoded<'a>, appended_at: UtcSecond) -> Result<&'a Registration<'a>, Rejection> {
    let registration = decoded.as_ref().map_err(Clone::clone)?;
    contract::check_not_ahead(registration, appended_at).map(|()| registration)
}

/// Compares every header in which a gateway names a provider with the record's.
fn check_provider(headers: &dyn Headers, provider_id: &str) -> Result<(), Rejection> {
    let mut checked = Ok(());
    headers.each(&mut |name, value| {
        if name == contract::PROVIDER && checked.is_ok() {
            checked = contract::check_provider(value, provider_id);
        }
    });
    checked
}

impl Poison {
    fn has_reference_update(&self, municipality: &str, number: usize) -> bool {
        !self.reference_updates.is_empty()
            && self.reference_updates.contains(&(municipality.to_owned(), number))
    }
}
