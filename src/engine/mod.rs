//! What stands in contradiction or far outside the usual, derived from registrations and facts.
//!
//! One engine per municipality, one writer, no clock, no random numbers, nothing that waits. All
//! that it derives is a function of the registrations that count (their highest versions), of the
//! facts as known and of the decisions: the order in which they came shows only in
//! [`Alert::assessed_at`], [`Alert::offset`] and a hold's `proposed_at`. Every input is taken; none
//! can make it fail.
//!
//! `engine` never names `rules`, `contract`, `config` or `service`: it must run from a text file.

mod alerts;
mod asked;
mod assess;
mod assess_period;
mod baseline;
mod budget;
mod calibration;
mod counts;
mod devices;
mod facts;
mod kept;
mod ledger;
mod mark;
mod months;
mod names;
mod near;
mod owed;
mod pairs;
mod peers;
mod period;
mod period_sight;
mod registry;
mod replace;
mod restraint;
mod rolling;
mod rule;
mod score;
mod shares;
mod sight;
mod signal;
mod tally;
mod timeline;
mod visit;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;

pub use assess::Assessed;
pub use assess_period::LENGTH_EXCESS_LOG_MIN;
#[cfg(test)]
pub(crate) use baseline::reckoned;
pub use baseline::{Baseline, Prior};
pub use budget::PatternBudget;
pub use devices::DEVICE_CARERS_MAX;
pub use facts::{Absence, CarerAway, Home, Order, PayDates, ProviderFact};
pub use mark::Mark;
pub use names::{CarerId, ClientId, ProviderId, TextId};
pub use peers::{Rate, Usual, UsualLength, chernoff};
pub use period::{Period, Whose};
pub use period_sight::{Excess, PeriodSight, ShareFloor, ShareTest};
pub use restraint::Bounds;
pub use rolling::{Rolling, Touched};
pub use rule::{Hit, LENGTH_LOG_MAX, Listed, Looks, Report, Rule, RuleCounts, RuleSet};
pub use shares::{PAIR_SHARE_MIN, Share};
pub use sight::{NEIGHBOUR_GAP_SECONDS_MAX, Sight};
pub use signal::Signal;
pub use tally::{Count, Sum, Tally};
pub use visit::{Edited, End, Rare, Slot, Visit};
pub use world::{HoldOn, Settings};

use crate::domain::{
    Alert, Day, Decision, FactChange, Month, Reason, Registration, Rejection, SubjectKind, UtcSecond,
};
use assess::Stand;
use assess_period::PeriodSignals;
use calibration::Calibration;
use ledger::Standing;
use owed::Owed;
use restraint::Restraint;
use rule::Looking;
use world::World;

/// No baseline looks further back than this many days; after a log that begins in the middle, what
/// happened within so many days of its beginning cannot be derived again exactly.
pub const BASELINE_DAYS_MAX: i32 = 56;
const DAY_SECONDS: i64 = 86_400;
/// More carers, clients or providers than this are a broken or hostile source, not a municipality.
const ENTITIES_MAX: usize = 2_000_000;

/// Where in the feed a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Its offset.
    pub offset: i64,
    /// When the broker appended it: the engine's only time.
    pub appended_at: UtcSecond,
}

/// What the engine can be told.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// A record of the feed that the contract accepted.
    Registered {
        /// What it says.
        registration: &'a Registration<'a>,
        /// Where it stands.
        at: Position,
    },
    /// A record of the feed that could not be used: it is counted.
    Quarantined {
        /// Where it stands.
        at: Position,
    },
    /// A reference fact came, changed or went.
    Referenced(&'a FactChange),
    /// A reviewer decided.
    Decided(&'a Decision),
}

/// What became of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A registration, or a new version of one, was taken in and assessed.
    Scored,
    /// This version was known.
    Repeat,
    /// A later version was known.
    Stale,
    /// It cannot be used; counted as quarantined.
    Rejected(Rejection),
    /// A fact, a decision or a quarantined record was noted.
    Noted,
}

/// What the engine says.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// A registration was assessed.
    Assessed(Assessed),
    /// What should stand about a subject changed. No finding: nothing should stand any more.
    Alert(Box<Alert>),
}

/// Totals since the first record, and sizes now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records taken in and assessed.
    pub scored: u64,
    /// Records whose version was known.
    pub repeats: u64,
    /// Records older than what was known.
    pub stale: u64,
    /// Records that could not be used.
    pub quarantined: u64,
    /// Registrations kept now.
    pub kept_registrations: usize,
    /// Carers seen.
    pub carers: usize,
    /// Clients seen or told of.
    pub clients: usize,
    /// Alerts that stand now.
    pub open_alerts: usize,
    /// Holds that stand now.
    pub open_holds: usize,
}

/// The engine of one municipality.
pub struct Engine {
    world: World,
    rules: RuleSet,
    /// The rules that look at each kind of subject.
    looking: [Vec<Looking>; SubjectKind::COUNT],
    /// The marks for which a client's period is looked at again with the one after.
    reading_on: Vec<Mark>,
    /// Those that read earlier days.
    reading_history: Vec<u16>,
    /// A carer's day with more registered minutes is looked at as a whole.
    long_day_minutes: Option<u32>,
    visits: HashMap<Slot, Stand>,
    periods: HashMap<Period, Stand>,
    decisions: BTreeMap<String, Decision>,
    counts: Counts,
    rule_counts: Vec<RuleCounts>,
    at: Position,
    event_time: UtcSecond,
    begins_in_the_middle: bool,
    /// Exactly derived from here on; everything where the log was seen from its beginning.
    complete_from: UtcSecond,
    scratch: assess::Scratch,
    restraint: Restraint,
    calibration: Calibration,
    carer_signals: HashMap<(CarerId, Month), PeriodSignals>,
    asked: asked::Asked,
    /// Patterns that wait, in order.
    over_budget: Vec<Period>,
    /// Pay periods that are to be looked at.
    owed: Owed,
    /// What the budget is reckoned by has changed.
    budget_moved: bool,
}

impl Engine {
    /// An engine that has seen nothing.
    #[must_use]
    pub fn new(settings: Arc<Settings>, rules: RuleSet) -> Self {
        let rule_counts = rules.iter().map(|listed| RuleCounts::new(listed.id)).collect();
        let looking = SubjectKind::ALL.map(|kind| Looking::at(kind, &rules));
        let reading_on = rules.iter().filter_map(|listed| listed.rule.reads_on()).collect();
        Self {
            world: World::new(settings),
            long_day_minutes: rules.iter().filter_map(|listed| listed.rule.long_day_minutes()).min(),
            reading_history: (0u16..)
                .zip(rules.iter())
                .filter_map(|(rule, listed)| listed.reads_history.then_some(rule))
                .collect(),
            rules,
            looking,
            reading_on,
            visits: HashMap::new(),
            periods: HashMap::new(),
            decisions: BTreeMap::new(),
            counts: Counts::default(),
            rule_counts,
            at: Position { offset: -1, appended_at: UtcSecond(i64::MIN) },
            event_time: UtcSecond(i64::MIN),
            begins_in_the_middle: false,
            complete_from: UtcSecond(i64::MIN),
            scratch: assess::Scratch::default(),
            restraint: Restraint::default(),
            calibration: Calibration::default(),
            carer_signals: HashMap::new(),
            asked: asked::Asked::default(),
            over_budget: Vec::new(),
            owed: Owed::default(),
            budget_moved: false,
        }
    }

    /// Says that the log before the first record is gone: what happened soon after it is derived
    /// from less than there was, and [`Engine::knows`] says so.
    pub fn begins_in_the_middle(&mut self) {
        self.begins_in_the_middle = true;
    }

    /// Takes one input in; what follows from it is added to `out`. What follows for pay periods may wait until
    /// [`Engine::look_at_periods`]: a month changes little with one visit, and where many registrations come at
    /// once it need not be looked at after each of them.
    pub fn apply(&mut self, input: Input<'_>, out: &mut Vec<Output>) -> Outcome {
        match input {
            Input::Registered { registration, at } => {
                self.advance(registration, at, out);
                self.registered(registration, out)
            }
            Input::Quarantined { at } => {
                self.at = at;
                self.counts.quarantined += 1;
                Outcome::Noted
            }
            Input::Referenced(change) => {
                let touches = self.world.facts.change(change, &mut self.world.registry);
                touches.into_iter().for_each(|touches| self.touch(touches, out));
                Outcome::Noted
            }
            Input::Decided(decision) => {
                self.decided(decision, out);
                Outcome::Noted
            }
        }
    }

    /// Moves event time on, and once a day lets go of what is too old. Event time is when the source
    /// sent the record, as far as it was appended by then: so old months that are fed in anew are
    /// judged as they were when they were new.
    fn advance(&mut self, registration: &Registration<'_>, at: Position, out: &mut Vec<Output>) {
        let sent_at = registration.emitted_at.or(registration.end_at).unwrap_or(registration.start_at);
        let event_time = sent_at.min(at.appended_at).max(self.event_time);
        if self.begins_in_the_middle && self.event_time == UtcSecond(i64::MIN) {
            self.complete_from = event_time.plus((i64::from(BASELINE_DAYS_MAX) + 2) * DAY_SECONDS);
        }
        let day = |at: UtcSecond| at.0.div_euclid(DAY_SECONDS);
        if day(self.event_time) < day(event_time) {
            // Before what they hang on is let go of.
            self.look_at_periods(out);
            let kept = i64::from(self.world.settings.retained_days) * DAY_SECONDS;
            self.expire(UtcSecond(day(event_time) * DAY_SECONDS - kept));
            // Each day adds to what may be told.
            self.budget_moved = true;
        }
        self.at = at;
        self.event_time = event_time;
    }

    fn expire(&mut self, horizon: UtcSecond) {
        let gone = self.world.expire(horizon);
        for stand in gone.iter().filter_map(|slot| self.visits.remove(slot)) {
            self.world.unmark(&stand);
        }
        let month = self.world.settings.zone.month(horizon);
        self.periods.retain(|period, _| month <= period.month);
        self.over_budget.retain(|period| month <= period.month);
        self.carer_signals.retain(|(_, of), _| month < *of);
        self.asked.expire(month);
        self.restraint.expire(horizon, self.world.settings.zone.day(horizon), month);
    }

    fn registered(&mut self, registration: &Registration<'_>, out: &mut Vec<Output>) -> Outcome {
        if ENTITIES_MAX <= self.world.registry.largest() {
            self.counts.quarantined += 1;
            let detail = format!("more than {ENTITIES_MAX} carers, clients or providers");
            return Outcome::Rejected(Rejection::new(Reason::TooManyEntities, detail));
        }
        let slot = match self.world.ledger.standing(registration.registration_id, registration.version) {
            Standing::Repeat => {
                self.counts.repeats += 1;
                return Outcome::Repeat;
            }
            Standing::Stale => {
                self.counts.stale += 1;
                return Outcome::Stale;
            }
            Standing::Leap(known) => {
                self.counts.quarantined += 1;
                let detail = format!("version {} follows version {known}", registration.version);
                return Outcome::Rejected(Rejection::new(Reason::VersionLeap, detail));
            }
            Standing::New if registration.start_at < self.world.horizon => {
                self.counts.quarantined += 1;
                let days = self.world.settings.retained_days;
                let detail =
                    format!("began more than {days} days ago, and what it would be compared with is gone");
                return Outcome::Rejected(Rejection::new(Reason::OlderThanKept, detail));
            }
            Standing::Newer(slot) => Some(slot),
            Standing::New => None,
        };
        self.counts.scored += 1;
        self.replace(registration, slot, out);
        Outcome::Scored
    }

    /// Totals and sizes.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let World { ledger, registry, .. } = &self.world;
        let stands = || self.visits.values().chain(self.periods.values());
        Counts {
            kept_registrations: ledger.len(),
            carers: registry.carers.len(),
            clients: registry.clients.len(),
            open_alerts: stands().filter(|stand| stand.is_alert()).count(),
            open_holds: stands().filter(|stand| stand.is_hold()).count(),
            ..self.counts
        }
    }

    /// Rules whose holds of a day wait for a person, because there are more than is plausible: the rule's
    /// id and the local day.
    #[must_use]
    pub fn breakers_open(&self) -> Vec<(&'static str, Day)> {
        let mut open: Vec<_> = self
            .restraint
            .open()
            .iter()
            .map(|(rule, day)| (self.rules[usize::from(*rule)].id, *day))
            .collect();
        open.sort_unstable();
        open
    }

    /// Providers of which no more may be held by the machine in a pay period.
    #[must_use]
    pub fn held_shares_capped(&self) -> Vec<(String, Month)> {
        let name = |provider| self.world.registry.providers.text(provider).to_owned();
        let mut capped: Vec<_> =
            self.restraint.capped().map(|(provider, month)| (name(provider), month)).collect();
        capped.sort_unstable();
        capped
    }

    /// What each rule answered so far, in the order of the rules.
    #[must_use]
    pub fn findings_by_rule(&self) -> &[RuleCounts] {
        &self.rule_counts
    }
}
