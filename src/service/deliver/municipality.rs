//! One municipality as a worker holds it: its engine, its outbox and its counts.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::contract::{self, Progress};
use crate::domain::{Alert, Registration, Rejection};
use crate::engine::{Disposition, Engine, Input, Output, Position};
use crate::service::deliver::events::{Fate, WorkerObserver};
use crate::service::deliver::outbox::{Origin, Outbox};
use crate::service::deliver::queue::Queue;
use crate::service::deliver::reference_log::ReferenceUpdate;
use crate::service::deliver::shared::Shared;

/// Carers and clients that are shown to the read model in one step: folding their statistics must
/// not keep an alert waiting for milliseconds.
const SHOWN_AT_ONCE_MAX: usize = 32;
/// And while more waits to be worked on, as all of them change again and again then.
const SHOWN_MEANWHILE_MAX: usize = 4;

/// The program failed; the engine is not to be used any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::service) enum Panicked {
    /// On a record of the feed.
    Record,
    /// On what this record of the feed has changed, or on what others before it have.
    Records,
    /// On a fact or decision of a municipality, by its number.
    ReferenceUpdate(String, usize),
}

/// What became of the records so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::service) struct Dispositions {
    scored: u64,
    repeats: u64,
    stale: u64,
    quarantined: u64,
}

/// One municipality of one partition. Without an engine it is known from the alert topic only, or
/// it stands for the records whose municipality cannot be told.
pub(in crate::service) struct Municipality {
    pub(in crate::service) name: String,
    pub(in crate::service) engine: Option<Engine>,
    pub(in crate::service) outbox: Outbox,
    tally: Dispositions,
    /// From this offset on its alerts are told; before, they were told already.
    pub(in crate::service) live_from: i64,
    pub(in crate::service) live: bool,
    /// Where more was worked on than was told for sure: the contents that it derived when all was
    /// told, by alert id.
    snapshot: Option<BTreeMap<String, [u8; 16]>>,
    /// How much of the shared knowledge the engine has taken.
    reference_taken: usize,
    /// The progress that was told last.
    pub(in crate::service) told: Option<Progress>,
    /// Something is to be told by the next progress record.
    dirty: bool,
    /// The read model has to look again.
    pub(in crate::service) changed: bool,
    /// So many carers and clients are to be shown to it.
    to_show: usize,
}

impl Municipality {
    pub(in crate::service) fn new(name: &str, origin: Origin, live_from: i64) -> Self {
        Self {
            name: name.to_owned(),
            engine: None,
            outbox: Outbox::new(origin),
            tally: Dispositions::default(),
            live_from,
            live: false,
            snapshot: None,
            reference_taken: 0,
            told: None,
            dirty: false,
            changed: false,
            to_show: 0,
        }
    }

    /// Has it anything to tell that must wait for its time? Without an engine it has not, but for the
    /// counts of records that nobody can be named for.
    pub(in crate::service) fn may_go_live(&self) -> bool {
        !self.live && (self.engine.is_some() || self.name.is_empty())
    }

    /// Gives it an engine that has seen nothing but the facts.
    pub(in crate::service) fn start_engine(&mut self, shared: &Shared, history_truncated: bool) {
        let mut engine = Engine::new(shared.setup.settings(&self.name), shared.setup.rules.clone());
        if history_truncated {
            engine.truncate_history();
        }
        self.engine = Some(engine);
    }

    pub(in crate::service) fn count(&mut self, fate: Fate) {
        let Dispositions { scored, repeats, stale, quarantined } = &mut self.tally;
        *match fate {
            Fate::Scored => scored,
            Fate::Repeat => repeats,
            Fate::Stale => stale,
            Fate::Quarantined => quarantined,
        } += 1;
        self.dirty = true;
    }

    /// Lets the engine take a registration in. `Err(Panicked)`: it must be built up again without.
    pub(in crate::service) fn register(
        &mut self,
        registration: &Registration<'_>,
        at: Position,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) -> Result<Result<Fate, Rejection>, Panicked> {
        let alone = !self.has_dirty_periods();
        let outcome = self.apply(Input::Registered { registration, at }, sink);
        let outcome = outcome.map_err(|_| if alone { Panicked::Record } else { Panicked::Records })?;
        self.changed = true;
        let fate = match outcome {
            Disposition::Repeat => Fate::Repeat,
            Disposition::Stale => Fate::Stale,
            Disposition::Rejected(rejection) => return Ok(Err(rejection)),
            Disposition::Scored | Disposition::Noted => Fate::Scored,
        };
        if fate == Fate::Scored && self.live && self.outbox.has_orphans() {
            self.resolve_orphan(registration.registration_id, at, sink);
        }
        Ok(Ok(fate))
    }

    /// Tells the engine of a record that cannot be used.
    pub(in crate::service) fn skip(
        &mut self,
        at: Position,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) -> Result<(), Panicked> {
        self.apply(Input::Quarantined { at }, sink).map(|_| ())
    }

    /// Takes in what came to be known since the last time, but for what `skip` says.
    pub(in crate::service) fn learn(
        &mut self,
        shared: &Shared,
        skip: &dyn Fn(&str, usize) -> bool,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) -> Result<(), Panicked> {
        if self.engine.is_none() {
            return Ok(());
        }
        let mut failed = None;
        let name = self.name.clone();
        let taken = self.reference_taken;
        self.reference_taken = shared.reference_log.since(&name, taken, &mut |number, reference_updates| {
            if failed.is_some() || skip(&name, number) {
                return;
            }
            let input = match reference_updates {
                ReferenceUpdate::Fact(change) => Input::Referenced(change),
                ReferenceUpdate::Decision(decision) => Input::Decided(decision),
            };
            if self.apply(input, sink).is_err() {
                failed = Some(Panicked::ReferenceUpdate(name.clone(), number));
            }
        });
        self.changed |= taken < self.reference_taken;
        failed.map_or(Ok(()), Err)
    }

    /// Lets the engine look at the pay periods that have changed.
    pub(in crate::service) fn assess_dirty_periods(
        &mut self,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) -> Result<(), Panicked> {
        if !self.has_dirty_periods() {
            return Ok(());
        }
        let looked = self.run_engine(sink, |engine, outputs| engine.assess_dirty_periods(outputs));
        looked.map(|_| ()).map_err(|_| Panicked::Records)
    }

    /// Must the engine look at pay periods before all is told that follows from what it has taken in?
    pub(in crate::service) fn has_dirty_periods(&self) -> bool {
        self.engine.as_ref().is_some_and(Engine::has_dirty_periods)
    }

    fn apply(
        &mut self,
        input: Input<'_>,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) -> Result<Disposition, Panicked> {
        let outcome = self.run_engine(sink, |engine, outputs| engine.apply(input, outputs))?;
        Ok(outcome.unwrap_or(Disposition::Noted))
    }

    /// Lets the engine do something, and hands on what it tells; `None` where there is no engine.
    fn run_engine<T>(
        &mut self,
        sink: &mut Sink<'_, impl WorkerObserver>,
        what: impl FnOnce(&mut Engine, &mut Vec<Output>) -> T,
    ) -> Result<Option<T>, Panicked> {
        let Some(engine) = &mut self.engine else { return Ok(None) };
        sink.outputs.clear();
        let outputs = &mut *sink.outputs;
        // The state behind the reference is not looked at again after a panic: it is built anew.
        let done = catch_unwind(AssertUnwindSafe(|| what(engine, outputs)));
        let Ok(done) = done else { return Err(Panicked::Record) };
        if !self.live {
            return Ok(Some(done));
        }
        let mut outputs = std::mem::take(sink.outputs);
        for output in outputs.drain(..) {
            match output {
                Output::Assessed(assessed) => sink.watch.assessed(engine, &assessed),
                Output::Alert(alert) => {
                    if let Some(alert) = self.outbox.diff(*alert) {
                        sink.queue.alert(&alert);
                        sink.watch.alert(&alert);
                        self.dirty = true;
                    }
                }
            }
        }
        *sink.outputs = outputs;
        Ok(Some(done))
    }

    /// An alert was left alone because the engine did not know its registration; now it does.
    fn resolve_orphan(
        &mut self,
        registration_id: &str,
        at: Position,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) {
        let Some(engine) = &self.engine else { return };
        let kind = crate::domain::SubjectKind::Registration.as_str();
        let alert_id = format!("{}:{kind}:{registration_id}", self.name);
        if let Some(alert) = self.outbox.resolve_orphan(&alert_id, at, &|subject| engine.knows(subject)) {
            sink.queue.alert(&alert);
            sink.watch.alert(&alert);
        }
    }

    /// Everything up to here was told by an earlier owner, but it stays muted for a while. To be called once
    /// pay periods were looked at.
    pub(in crate::service) fn snapshot_open_alerts(&mut self) {
        let standing = self.engine.as_ref().map(Engine::open_alerts).unwrap_or_default();
        let content = |alert: Alert| (alert.alert_id.clone(), contract::content_hash(&alert));
        self.snapshot = Some(standing.into_iter().map(content).collect());
    }

    /// From here on it tells: what differs from the topic at once. To be called once pay periods were looked at.
    pub(in crate::service) fn go_live(&mut self, at: Position, sink: &mut Sink<'_, impl WorkerObserver>) {
        self.live = true;
        let Some(engine) = &self.engine else { return };
        let snapshot = self.snapshot.take();
        let was_told = |alert: &Alert| {
            let content = || contract::content_hash(alert);
            snapshot.as_ref().is_none_or(|told| told.get(&alert.alert_id) == Some(&content()))
        };
        let Sink { queue, watch, .. } = sink;
        let changes = self.outbox.reconcile(
            engine.open_alerts(),
            at,
            &|subject| engine.knows(subject),
            &was_told,
            &mut |unchanged| watch.standing(unchanged),
        );
        for alert in changes {
            queue.alert(&alert);
            watch.alert(&alert);
        }
        self.dirty = true;
        self.changed = true;
    }

    /// The topic says this, whatever was told: told again by the next progress where it differs.
    pub(in crate::service) fn told_is(&mut self, progress: Progress) {
        self.told = Some(progress);
        self.dirty = true;
    }

    /// The progress record as of `at`, where it says something new. The caller tells it once all
    /// that was published up to now is acknowledged.
    pub(in crate::service) fn progress(
        &mut self,
        partition: i32,
        at: Position,
        config_hash: &str,
    ) -> Option<Progress> {
        let told_through = self.told.as_ref().map_or(-1, |told| told.assessed_through_offset);
        if !self.live || !self.dirty || at.offset < told_through {
            return None;
        }
        self.dirty = false;
        let Dispositions { scored, repeats, stale, quarantined } = self.tally;
        let mut breakers_open: Vec<String> =
            self.engine.iter().flat_map(Engine::breakers_open).map(|(rule, _)| rule.to_owned()).collect();
        breakers_open.dedup();
        let capped = self.engine.iter().flat_map(Engine::held_shares_capped);
        let mut held_shares_capped: Vec<String> = capped.map(|(provider, _)| provider).collect();
        held_shares_capped.dedup();
        let progress = Progress {
            municipality: self.name.clone(),
            partition,
            assessed_through_offset: at.offset,
            append_time: at.appended_at,
            scored,
            repeats,
            stale,
            quarantined,
            open_alerts: self.outbox.open_alerts(),
            open_holds: self.outbox.open_holds(),
            breakers_open,
            held_shares_capped,
            digest: self.outbox.digest(),
            config_hash: config_hash.to_owned(),
        };
        if self.told.as_ref().is_some_and(|told| says_the_same(told, &progress)) {
            return None;
        }
        self.told = Some(progress.clone());
        Some(progress)
    }

    /// Lets the read model look at what changed: counts at once, carers and clients little by little.
    pub(in crate::service) fn show(&mut self, watch: &mut impl WorkerObserver) {
        if let Some(engine) = self.engine.as_ref().filter(|_| self.live && self.changed) {
            watch.changed(&self.name, engine);
            self.changed = false;
            self.to_show = engine.changed_count();
        }
    }

    /// Goes on with the carers and clients that changed before the last [`Municipality::show`].
    pub(in crate::service) fn publish_rolling(&mut self, rests: bool, watch: &mut impl WorkerObserver) {
        if 0 < self.to_show
            && let Some(engine) = &mut self.engine
        {
            let max = self.to_show.min(if rests { SHOWN_AT_ONCE_MAX } else { SHOWN_MEANWHILE_MAX });
            watch.rolled(&self.name, engine, max);
            self.to_show -= max;
        }
    }
}

/// Do both say the same but for how far the partition has come? Then no record of the municipality
/// lies between them.
fn says_the_same(told: &Progress, now: &Progress) -> bool {
    let Progress { assessed_through_offset, append_time, .. } = *told;
    *told == Progress { assessed_through_offset, append_time, ..now.clone() }
}

/// Where a municipality's words go.
pub(in crate::service) struct Sink<'a, W> {
    pub(in crate::service) queue: &'a mut Queue,
    pub(in crate::service) watch: &'a mut W,
    /// Used again for every record.
    pub(in crate::service) outputs: &'a mut Vec<Output>,
}
