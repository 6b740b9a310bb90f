//! One municipality of a worker: its engine, its outbox and its counts.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::contract::{self, MunicipalityProgress};
use crate::domain::{Alert, PublishedAlert, Registration};
use crate::engine::{Disposition, Engine, Input, Output, Position};
use crate::service::deliver::desk::DailyDesk;
use crate::service::deliver::events::{DispositionCounts, WorkerObserver};
use crate::service::deliver::outbox::{Origin, Outbox};
use crate::service::deliver::queue::Queue;
use crate::service::deliver::reference_log::ReferenceUpdate;
use crate::service::deliver::shared::Shared;
use crate::service::log::Headers;

/// Carers and clients whose statistics are read for the read model in one step: reading them must not keep an
/// alert waiting for milliseconds.
const ROLLING_PER_STEP_MAX: usize = 32;
/// The same while records wait, as the statistics then change again and again.
const ROLLING_PER_BUSY_STEP_MAX: usize = 4;

/// The program failed; the engine must not be used any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::service) enum Panicked {
    /// On a record of the feed.
    Record,
    /// On the consequences of this record of the feed, or of others before it.
    Records,
    /// On a fact or decision of a municipality, by its number.
    ReferenceUpdate(String, usize),
}

/// One municipality of one partition. Without an engine it is known from the output topics only.
pub(in crate::service) struct Municipality {
    pub(in crate::service) name: String,
    pub(in crate::service) engine: Option<Engine>,
    pub(in crate::service) outbox: Outbox,
    counts: DispositionCounts,
    /// The offset of its last record.
    last_offset: i64,
    /// The offset from which it publishes; an earlier owner published what follows from those before.
    pub(in crate::service) live_from: i64,
    pub(in crate::service) live: bool,
    /// With a truncated log: content by alert id of what was derived when all below the unsettled offsets was
    /// applied.
    snapshot: Option<BTreeMap<String, [u8; 16]>>,
    /// Reference updates that the engine has applied.
    reference_applied: usize,
    /// The latest progress record on the topic.
    pub(in crate::service) published_progress: Option<MunicipalityProgress>,
    /// The next progress record will differ.
    progress_dirty: bool,
    /// The read model is out of date.
    pub(in crate::service) changed: bool,
}

impl Municipality {
    pub(in crate::service) fn new(name: &str, origin: Origin, desk: DailyDesk, live_from: i64) -> Self {
        Self {
            name: name.to_owned(),
            engine: None,
            outbox: Outbox::new(origin, desk),
            counts: DispositionCounts::default(),
            last_offset: -1,
            live_from,
            live: false,
            snapshot: None,
            reference_applied: 0,
            published_progress: None,
            progress_dirty: false,
            changed: false,
        }
    }

    /// Whether it has yet to go live. Without an engine it has nothing to publish.
    pub(in crate::service) fn has_yet_to_go_live(&self) -> bool {
        !self.live && self.engine.is_some()
    }

    /// Gives it an empty engine.
    pub(in crate::service) fn start_engine(&mut self, shared: &Shared, history_truncated: bool) {
        let mut engine = Engine::new(shared.setup.settings(&self.name), shared.setup.rules.clone());
        if history_truncated {
            engine.truncate_history();
        }
        self.engine = Some(engine);
    }

    pub(in crate::service) fn count(&mut self, offset: i64, disposition: &Disposition) {
        self.counts.count(disposition);
        self.last_offset = offset;
        self.progress_dirty = true;
    }

    /// Applies a registration. After `Err(Panicked)` the engine must be rebuilt without it.
    pub(in crate::service) fn register(
        &mut self,
        registration: &Registration<'_>,
        at: Position,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) -> Result<Disposition, Panicked> {
        let alone = !self.has_dirty_periods();
        let applied = self.apply(Input::Registered { registration, at }, sink);
        let applied = applied.map_err(|_| if alone { Panicked::Record } else { Panicked::Records })?;
        self.changed = true;
        if self.live {
            for alert in self.outbox.begin_day(at) {
                sink.publish(&alert);
                self.progress_dirty = true;
            }
        }
        let disposition = applied.expect("an engine was started, and a registration has a disposition");
        if disposition == Disposition::Scored && self.live && self.outbox.has_orphans() {
            self.resolve_orphan(registration.registration_id, at, sink);
        }
        Ok(disposition)
    }

    /// Applies the position of a record that cannot be used.
    pub(in crate::service) fn skip(
        &mut self,
        at: Position,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) -> Result<(), Panicked> {
        self.apply(Input::Quarantined { at }, sink).map(|_| ())
    }

    /// Applies the facts and decisions that are new since the last time, except those that `skip` names.
    pub(in crate::service) fn apply_reference_updates(
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
        let applied = self.reference_applied;
        self.reference_applied = shared.reference_log.since(&name, applied, &mut |number, update| {
            if failed.is_some() || skip(&name, number) {
                return;
            }
            let input = match update {
                ReferenceUpdate::Fact(change) => Input::Referenced(change),
                ReferenceUpdate::Decision(decision) => Input::Decided(decision),
            };
            if self.run_engine(sink, |engine, outputs| engine.apply_reference(input, outputs)).is_err() {
                failed = Some(Panicked::ReferenceUpdate(name.clone(), number));
            }
        });
        self.changed |= applied < self.reference_applied;
        failed.map_or(Ok(()), Err)
    }

    /// Whether changed facts have consequences that are not derived yet.
    pub(in crate::service) fn has_fact_consequences(&self) -> bool {
        self.engine.as_ref().is_some_and(Engine::has_fact_consequences)
    }

    /// How many open alerts changed facts may move.
    pub(in crate::service) fn alerts_in_question(&self) -> usize {
        self.engine.as_ref().map_or(0, Engine::alerts_in_question)
    }

    /// Derives what follows from changed facts, for at most `visits_max` registrations.
    pub(in crate::service) fn derive_fact_consequences(
        &mut self,
        visits_max: usize,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) -> Result<(), Panicked> {
        if !self.has_fact_consequences() {
            return Ok(());
        }
        self.changed = true;
        let derived =
            self.run_engine(sink, |engine, outputs| engine.derive_fact_consequences(visits_max, outputs));
        derived.map(|_| ()).map_err(|_| Panicked::Records)
    }

    /// Assesses the pay periods that have changed.
    pub(in crate::service) fn assess_dirty_periods(
        &mut self,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) -> Result<(), Panicked> {
        if !self.has_dirty_periods() {
            return Ok(());
        }
        let assessed = self.run_engine(sink, |engine, outputs| engine.assess_dirty_periods(outputs));
        assessed.map(|_| ()).map_err(|_| Panicked::Records)
    }

    /// Whether pay periods have yet to be assessed before all that follows from the applied records is published.
    pub(in crate::service) fn has_dirty_periods(&self) -> bool {
        self.engine.as_ref().is_some_and(Engine::has_dirty_periods)
    }

    fn apply(
        &mut self,
        input: Input<'_>,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) -> Result<Option<Disposition>, Panicked> {
        Ok(self.run_engine(sink, |engine, outputs| engine.apply(input, outputs))?.flatten())
    }

    /// Runs `run` on the engine and passes its outputs on; `None` where there is no engine.
    fn run_engine<T>(
        &mut self,
        sink: &mut Sink<'_, impl WorkerObserver>,
        run: impl FnOnce(&mut Engine, &mut Vec<Output>) -> T,
    ) -> Result<Option<T>, Panicked> {
        let Some(engine) = &mut self.engine else { return Ok(None) };
        sink.outputs.clear();
        let outputs = &mut *sink.outputs;
        // The state behind the reference is not used after a panic: it is rebuilt.
        let before = engine.work();
        let done = catch_unwind(AssertUnwindSafe(|| run(engine, outputs)));
        let Ok(done) = done else { return Err(Panicked::Record) };
        *sink.work += engine.work() - before;
        if !self.live {
            return Ok(Some(done));
        }
        let mut outputs = std::mem::take(sink.outputs);
        for output in outputs.drain(..) {
            match output {
                Output::Assessed(assessed) => sink.observer.assessed(engine, &assessed),
                Output::Alert(alert) => {
                    if let Some(alert) = self.outbox.diff(contract::fitting(*alert)) {
                        sink.publish(&alert);
                        self.progress_dirty = true;
                    }
                }
            }
        }
        *sink.outputs = outputs;
        Ok(Some(done))
    }

    /// Withdraws an alert that was left alone while the engine did not know its registration.
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
            sink.publish(&alert);
        }
    }

    /// Remembers what is derived at the unsettled offset, up to which an earlier owner published everything. To
    /// be called once dirty periods are assessed.
    pub(in crate::service) fn snapshot_open_alerts(&mut self) {
        let open = self.engine.as_ref().map(fitting_open_alerts).unwrap_or_default();
        let content = |alert: Alert| (alert.alert_id.clone(), contract::content_hash(&alert));
        self.snapshot = Some(open.into_iter().map(content).collect());
    }

    /// Publishes from here on, what differs from the topic at once. To be called once dirty periods are assessed.
    pub(in crate::service) fn go_live(&mut self, at: Position, sink: &mut Sink<'_, impl WorkerObserver>) {
        self.live = true;
        let Some(engine) = &self.engine else { return };
        let snapshot = self.snapshot.take();
        let was_derived = |alert: &Alert| {
            let content = || contract::content_hash(alert);
            snapshot.as_ref().is_none_or(|contents| contents.get(&alert.alert_id) == Some(&content()))
        };
        let changes = self.outbox.reconcile(
            fitting_open_alerts(engine),
            at,
            &|subject| engine.knows(subject),
            &was_derived,
            &mut |unchanged| sink.observer.already_published(unchanged),
        );
        changes.iter().for_each(|alert| sink.publish(alert));
        self.progress_dirty = true;
        self.changed = true;
    }

    /// What the topic holds of its progress is to be read again.
    pub(in crate::service) fn forget_progress(&mut self) {
        self.published_progress = None;
        self.progress_dirty = true;
    }

    /// Adopts a progress record of the topic; the next one is published where it differs.
    pub(in crate::service) fn adopt_progress(&mut self, progress: MunicipalityProgress) {
        self.published_progress = Some(progress);
        self.progress_dirty = true;
    }

    /// The progress record as of `at`, where it differs from the one on the topic. The caller publishes it once
    /// all that was queued up to now is acknowledged.
    pub(in crate::service) fn progress(
        &mut self,
        partition: i32,
        at: Position,
        config_hash: &str,
    ) -> Option<MunicipalityProgress> {
        let published = self.published_progress.as_ref();
        let published_through = published.map_or(-1, |published| published.assessed_through_offset);
        if !self.live || !self.progress_dirty || at.offset < published_through {
            return None;
        }
        // Progress may have to stay before its last record.
        self.progress_dirty = at.offset < self.last_offset;
        let DispositionCounts { scored, repeats, stale, quarantined } = self.counts;
        let breakers_open = self.engine.iter().flat_map(Engine::breakers_open).map(str::to_owned).collect();
        let held_shares_capped = self.engine.iter().flat_map(Engine::held_shares_capped).collect();
        let progress = MunicipalityProgress {
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
            digest: self.outbox.digest().to_owned(),
            config_hash: config_hash.to_owned(),
            baseline_incomplete: at.appended_at < self.outbox.origin().complete_from,
        };
        // The position alone is no difference, unless a record of the municipality lies between the two.
        let covers_all = self.last_offset.min(at.offset) <= published_through;
        if covers_all && published.is_some_and(|published| differ_in_position_only(published, &progress)) {
            return None;
        }
        self.published_progress = Some(progress.clone());
        Some(progress)
    }

    /// Reports the engine's counts and sizes, where records or facts were applied since the last time.
    pub(in crate::service) fn report_changes(&mut self, observer: &mut impl WorkerObserver) {
        if let Some(engine) = self.engine.as_ref().filter(|_| self.live && self.changed) {
            observer.changed(&self.name, engine);
            observer.desk_changed(&self.name, self.outbox.desk_use());
            self.changed = false;
        }
    }

    /// Reports the statistics of some carers and clients that changed; of more while `idle`.
    pub(in crate::service) fn report_rolling(&mut self, idle: bool, observer: &mut impl WorkerObserver) {
        if let Some(engine) = self.engine.as_mut().filter(|_| self.live) {
            let max = if idle { ROLLING_PER_STEP_MAX } else { ROLLING_PER_BUSY_STEP_MAX };
            observer.rolling_changed(&self.name, engine, max);
        }
    }
}

/// The engine's open alerts as they are published.
fn fitting_open_alerts(engine: &Engine) -> Vec<Alert> {
    engine.open_alerts().into_iter().map(contract::fitting).collect()
}

/// Whether two progress records differ in the position of the partition at most.
fn differ_in_position_only(published: &MunicipalityProgress, now: &MunicipalityProgress) -> bool {
    let MunicipalityProgress { assessed_through_offset, append_time, .. } = *published;
    *published == MunicipalityProgress { assessed_through_offset, append_time, ..now.clone() }
}

/// Receives what the engines of a worker derive.
pub(in crate::service) struct Sink<'a, W> {
    pub(in crate::service) queue: &'a mut Queue,
    pub(in crate::service) observer: &'a mut W,
    /// Reused for every record.
    pub(in crate::service) outputs: &'a mut Vec<Output>,
    /// Work of the engines so far.
    pub(in crate::service) work: &'a mut u64,
    /// Of the record that is applied; their trace is carried on.
    pub(in crate::service) headers: &'a dyn Headers,
}

impl<W: WorkerObserver> Sink<'_, W> {
    /// The same for the outputs of a record with these headers.
    pub(in crate::service) fn caused_by<'a>(&'a mut self, headers: &'a dyn Headers) -> Sink<'a, W> {
        Sink { queue: self.queue, observer: self.observer, outputs: self.outputs, work: self.work, headers }
    }

    fn publish(&mut self, alert: &PublishedAlert) {
        self.queue.alert(alert, self.headers);
        self.observer.alert(alert);
    }
}
