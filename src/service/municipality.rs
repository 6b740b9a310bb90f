//! One municipality as a worker holds it: its engine, its outbox and its counts.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::knowledge::News;
use super::outbox::{Origin, Outbox};
use super::queue::Queue;
use super::shared::Shared;
use super::watch::{Fate, Watch};
use crate::contract::{self, Progress};
use crate::domain::{Alert, Registration, Rejection};
use crate::engine::{Engine, Input, Outcome, Output, Position};

/// Carers and clients that are shown to the read model in one step: folding their statistics must
/// not keep an alert waiting for milliseconds.
const SHOWN_AT_ONCE_MAX: usize = 32;
/// And while more waits to be worked on, as all of them change again and again then.
const SHOWN_MEANWHILE_MAX: usize = 4;

/// The program failed; the engine is not to be used any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Panicked {
    /// On a record of the feed.
    Record,
    /// On what this record of the feed has changed, or on what others before it have.
    Records,
    /// On a fact or decision of a municipality, by its number.
    News(String, usize),
}

/// What became of the records so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    scored: u64,
    repeats: u64,
    stale: u64,
    quarantined: u64,
}

/// One municipality of one partition. Without an engine it is known from the alert topic only, or
/// it stands for the records whose municipality cannot be told.
pub(super) struct Municipality {
    pub(super) name: String,
    pub(super) engine: Option<Engine>,
    pub(super) outbox: Outbox,
    tally: Tally,
    /// From this offset on its alerts are told; before, they were told already.
    pub(super) live_from: i64,
    pub(super) live: bool,
    /// Where more was worked on than was told for sure: the contents that it derived when all was
    /// told, by alert id.
    remembered: Option<BTreeMap<String, [u8; 16]>>,
    /// How much of the shared knowledge the engine has taken.
    taken_news: usize,
    /// The progress that was told last.
    pub(super) told: Option<Progress>,
    /// Something is to be told by the next progress record.
    dirty: bool,
    /// The read model has to look again.
    pub(super) changed: bool,
    /// So many carers and clients are to be shown to it.
    to_show: usize,
}

impl Municipality {
    pub(super) fn new(name: &str, origin: Origin, live_from: i64) -> Self {
        Self {
            name: name.to_owned(),
            engine: None,
            outbox: Outbox::new(origin),
            tally: Tally::default(),
            live_from,
            live: false,
            remembered: None,
            taken_news: 0,
            told: None,
            dirty: false,
            changed: false,
            to_show: 0,
        }
    }

    /// Has it anything to tell that must wait for its time? Without an engine it has not, but for the
    /// counts of records that nobody can be named for.
    pub(super) fn may_go_live(&self) -> bool {
        !self.live && (self.engine.is_some() || self.name.is_empty())
    }

    /// Gives it an engine that has seen nothing but the facts.
    pub(super) fn awake(&mut self, shared: &Shared, begins_in_the_middle: bool) {
        let mut engine = Engine::new(shared.setup.settings(&self.name), shared.setup.rules.clone());
        if begins_in_the_middle {
            engine.begins_in_the_middle();
        }
        self.engine = Some(engine);
    }

    pub(super) fn count(&mut self, fate: Fate) {
        let Tally { scored, repeats, stale, quarantined } = &mut self.tally;
        *match fate {
            Fate::Scored => scored,
            Fate::Repeat => repeats,
            Fate::Stale => stale,
            Fate::Quarantined => quarantined,
        } += 1;
        self.dirty = true;
    }

    /// Lets the engine take a registration in. `Err(Panicked)`: it must be built up again without.
    pub(super) fn register(
        &mut self,
        registration: &Registration<'_>,
        at: Position,
        told: &mut Telling<'_, impl Watch>,
    ) -> Result<Result<Fate, Rejection>, Panicked> {
        let alone = !self.owes_a_look();
        let outcome = self.apply(Input::Registered { registration, at }, told);
        let outcome = outcome.map_err(|_| if alone { Panicked::Record } else { Panicked::Records })?;
        self.changed = true;
        let fate = match outcome {
            Outcome::Repeat => Fate::Repeat,
            Outcome::Stale => Fate::Stale,
            Outcome::Rejected(rejection) => return Ok(Err(rejection)),
            Outcome::Scored | Outcome::Noted => Fate::Scored,
        };
        if fate == Fate::Scored && self.live && self.outbox.has_unexplained() {
            self.explain(registration.registration_id, at, told);
        }
        Ok(Ok(fate))
    }

    /// Tells the engine of a record that cannot be used.
    pub(super) fn pass_over(
        &mut self,
        at: Position,
        told: &mut Telling<'_, impl Watch>,
    ) -> Result<(), Panicked> {
        self.apply(Input::Quarantined { at }, told).map(|_| ())
    }

    /// Takes in what came to be known since the last time, but for what `skip` says.
    pub(super) fn learn(
        &mut self,
        shared: &Shared,
        skip: &dyn Fn(&str, usize) -> bool,
        told: &mut Telling<'_, impl Watch>,
    ) -> Result<(), Panicked> {
        if self.engine.is_none() {
            return Ok(());
        }
        let mut failed = None;
        let name = self.name.clone();
        let taken = self.taken_news;
        self.taken_news = shared.knowledge.since(&name, taken, &mut |number, news| {
            if failed.is_some() || skip(&name, number) {
                return;
            }
            let input = match news {
                News::Fact(change) => Input::Referenced(change),
                News::Decision(decision) => Input::Decided(decision),
            };
            if self.apply(input, told).is_err() {
                failed = Some(Panicked::News(name.clone(), number));
            }
        });
        self.changed |= taken < self.taken_news;
        failed.map_or(Ok(()), Err)
    }

    /// Lets the engine look at the pay periods that have changed.
    pub(super) fn look_at_periods(&mut self, told: &mut Telling<'_, impl Watch>) -> Result<(), Panicked> {
        if !self.owes_a_look() {
            return Ok(());
        }
        let looked = self.let_tell(told, |engine, outputs| engine.look_at_periods(outputs));
        looked.map(|_| ()).map_err(|_| Panicked::Records)
    }

    /// Must the engine look at pay periods before all is told that follows from what it has taken in?
    pub(super) fn owes_a_look(&self) -> bool {
        self.engine.as_ref().is_some_and(Engine::owes_a_look)
    }

    fn apply(&mut self, input: Input<'_>, told: &mut Telling<'_, impl Watch>) -> Result<Outcome, Panicked> {
        let outcome = self.let_tell(told, |engine, outputs| engine.apply(input, outputs))?;
        Ok(outcome.unwrap_or(Outcome::Noted))
    }

    /// Lets the engine do something, and hands on what it tells; `None` where there is no engine.
    fn let_tell<T>(
        &mut self,
        told: &mut Telling<'_, impl Watch>,
        what: impl FnOnce(&mut Engine, &mut Vec<Output>) -> T,
    ) -> Result<Option<T>, Panicked> {
        let Some(engine) = &mut self.engine else { return Ok(None) };
        told.outputs.clear();
        let outputs = &mut *told.outputs;
        // The state behind the reference is not looked at again after a panic: it is built anew.
        let done = catch_unwind(AssertUnwindSafe(|| what(engine, outputs)));
        let Ok(done) = done else { return Err(Panicked::Record) };
        if !self.live {
            return Ok(Some(done));
        }
        let mut outputs = std::mem::take(told.outputs);
        for output in outputs.drain(..) {
            match output {
                Output::Assessed(assessed) => told.watch.assessed(engine, &assessed),
                Output::Alert(alert) => {
                    if let Some(alert) = self.outbox.offer(*alert) {
                        told.queue.alert(&alert);
                        told.watch.alert(&alert);
                        self.dirty = true;
                    }
                }
            }
        }
        *told.outputs = outputs;
        Ok(Some(done))
    }

    /// An alert was left alone because the engine did not know its registration; now it does.
    fn explain(&mut self, registration_id: &str, at: Position, told: &mut Telling<'_, impl Watch>) {
        let Some(engine) = &self.engine else { return };
        let kind = crate::domain::SubjectKind::Registration.as_str();
        let alert_id = format!("{}:{kind}:{registration_id}", self.name);
        if let Some(alert) = self.outbox.explain(&alert_id, at, &|subject| engine.knows(subject)) {
            told.queue.alert(&alert);
            told.watch.alert(&alert);
        }
    }

    /// Everything up to here was told by an earlier owner, but it stays muted for a while. To be called once
    /// pay periods were looked at.
    pub(super) fn remember(&mut self) {
        let standing = self.engine.as_ref().map(Engine::standing).unwrap_or_default();
        let content = |alert: Alert| (alert.alert_id.clone(), contract::content_hash(&alert));
        self.remembered = Some(standing.into_iter().map(content).collect());
    }

    /// From here on it tells: what differs from the topic at once. To be called once pay periods were looked at.
    pub(super) fn go_live(&mut self, at: Position, told: &mut Telling<'_, impl Watch>) {
        self.live = true;
        let Some(engine) = &self.engine else { return };
        let remembered = self.remembered.take();
        let was_told = |alert: &Alert| {
            let content = || contract::content_hash(alert);
            remembered.as_ref().is_none_or(|told| told.get(&alert.alert_id) == Some(&content()))
        };
        let Telling { queue, watch, .. } = told;
        let changes = self.outbox.reconcile(
            engine.standing(),
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
    pub(super) fn told_is(&mut self, progress: Progress) {
        self.told = Some(progress);
        self.dirty = true;
    }

    /// The progress record as of `at`, where it says something new. The caller tells it once all
    /// that was published up to now is acknowledged.
    pub(super) fn progress(&mut self, partition: i32, at: Position, config_hash: &str) -> Option<Progress> {
        let told_through = self.told.as_ref().map_or(-1, |told| told.assessed_through_offset);
        if !self.live || !self.dirty || at.offset < told_through {
            return None;
        }
        self.dirty = false;
        let Tally { scored, repeats, stale, quarantined } = self.tally;
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
    pub(super) fn show(&mut self, watch: &mut impl Watch) {
        if let Some(engine) = self.engine.as_ref().filter(|_| self.live && self.changed) {
            watch.changed(&self.name, engine);
            self.changed = false;
            self.to_show = engine.touched_count();
        }
    }

    /// Goes on with the carers and clients that changed before the last [`Municipality::show`].
    pub(super) fn show_on(&mut self, rests: bool, watch: &mut impl Watch) {
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
pub(super) struct Telling<'a, W> {
    pub(super) queue: &'a mut Queue,
    pub(super) watch: &'a mut W,
    /// Used again for every record.
    pub(super) outputs: &'a mut Vec<Output>,
}
