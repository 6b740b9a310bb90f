//! Alerts on contradictions and unusual patterns, derived from registrations, facts and decisions.
//!
//! One engine per municipality: single writer, synchronous, without clock and random numbers. Open alerts are a
//! function of the latest version of every registration, the known facts and the decisions; the order of arrival
//! shows only in [`Alert::assessed_at`], [`Alert::offset`] and a hold's `proposed_at`. The engine is total: no input
//! makes it fail.
//!
//! `engine` never names `rules`, `contract`, `config` or `service`: it must run from a text file.

mod alert;
mod assess;
mod inputs;
mod model;
mod read;
mod rule;
mod state;
mod stats;
mod totals;

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;

pub use alert::assessed::Assessed;
pub use assess::affected::LENGTH_EXCESS_LOG_MIN;
pub use inputs::{Disposition, Input, Position};
pub use model::interner::{CarerId, ClientId, ProviderId, TextId};
pub use model::mark::Mark;
pub use model::period::{PeriodSubject, SubjectPeriod};
pub use model::settings::{Bounds, HoldTarget, Settings};
pub use model::signal::Signal;
pub use model::visit::{Edited, End, Slot, Visit, VisitExtras};
pub use model::{ASSESSMENT_WORK, BASELINE_DAYS_MAX, NEIGHBOUR_GAP_SECONDS_MAX, NEIGHBOURS_MAX};
pub use read::{EntityRef, Rolling};
pub use rule::hit::{Hit, Wording};
pub use rule::interface::{
    Answered, AnyPeriodRule, Definition, Digest, Parts, PeriodRule, RegisteredRule, RuleSet, VisitRule,
};
pub use rule::label::Label;
pub use rule::period_sight::{Excess, Gap, PeriodSight, ShareTest};
pub use rule::report::{LENGTH_LOG_MAX, PeriodReport, Report, RuleCounts};
pub use rule::sight::Sight;
pub use state::devices::DEVICE_CARERS_MAX;
pub use state::facts::{Absence, CarerAbsence, Home, Order, PayDates, ProviderFact};
#[cfg(test)]
pub(crate) use stats::baseline::evaluations;
pub use stats::baseline::{Baseline, Predictive, Prior};
pub use stats::peers::{PeerBaseline, PeerLengthBaseline, Rate, chernoff};
pub use totals::count::{Count, Sum};
pub use totals::shares::{PAIR_SHARE_MIN, Share};
pub use totals::tally::Tally;

use crate::domain::{Alert, Decision, Month, PositionFault, UtcSecond};
use alert::limits::HoldLimits;
use alert::subject::SubjectState;
use assess::deferred::Deferred;
use assess::dirty::DirtyPeriods;
use assess::facts::FactConsequences;
use model::signal::PeriodSignals;
use rule::interface::ActiveRules;
use state::municipality::State;
use stats::calibration::Calibration;

/// An output of the engine.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// A registration was assessed.
    Assessed(Assessed),
    /// The alert on a subject changed; without findings it is withdrawn.
    Alert(Box<Alert>),
}

/// The sizes of an engine's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Retained registrations.
    pub kept_registrations: usize,
    /// Carers with an id.
    pub carers: usize,
    /// Clients with an id, from registrations or facts.
    pub clients: usize,
}

/// The engine of one municipality.
pub struct Engine {
    state: State,
    rules: RuleSet,
    /// The rules by the kind of subject that they assess.
    active_rules: ActiveRules,
    /// Marks that make a client's period depend on the next one.
    marks_reading_next_period: Vec<Mark>,
    /// Minutes of a carer's local day, above which all its visits depend on each other.
    long_day_minutes: Option<u32>,
    visits: HashMap<Slot, SubjectState>,
    periods: HashMap<SubjectPeriod, SubjectState>,
    decisions: BTreeMap<String, Decision>,
    rule_counts: Vec<RuleCounts>,
    at: Position,
    watermark: UtcSecond,
    /// The first payout run after the watermark, when proposed holds become void.
    next_payout_run: UtcSecond,
    /// Findings that are not due yet.
    deferred: Deferred,
    history_truncated: bool,
    /// Start of complete history: alerts on later visits are derived exactly.
    complete_from: UtcSecond,
    scratch: assess::visits::Scratch,
    hold_limits: HoldLimits,
    calibration: Calibration,
    carer_signals: HashMap<(CarerId, Month), PeriodSignals>,
    pattern_scores: alert::patterns::PatternScores,
    /// Pay periods to assess.
    dirty: DirtyPeriods,
    /// What changed facts lead to and is not derived yet.
    facts: FactConsequences,
}

impl Engine {
    /// An engine without inputs.
    #[must_use]
    pub fn new(settings: Arc<Settings>, rules: RuleSet) -> Self {
        let rule_counts = rules.iter().map(|listed| RuleCounts::new(listed.definition.id)).collect();
        let active_rules = ActiveRules::new(&rules);
        Self {
            state: State::new(settings, active_rules.counts_read()),
            long_day_minutes: active_rules.long_day_minutes(),
            marks_reading_next_period: active_rules.marks_reading_next_period(),
            rules,
            active_rules,
            visits: HashMap::new(),
            periods: HashMap::new(),
            decisions: BTreeMap::new(),
            rule_counts,
            at: Position { offset: -1, appended_at: UtcSecond(i64::MIN) },
            watermark: UtcSecond(i64::MIN),
            next_payout_run: UtcSecond(i64::MIN),
            deferred: Deferred::default(),
            history_truncated: false,
            complete_from: UtcSecond(i64::MIN),
            scratch: assess::visits::Scratch::default(),
            hold_limits: HoldLimits::default(),
            calibration: Calibration::default(),
            carer_signals: HashMap::new(),
            pattern_scores: alert::patterns::PatternScores::default(),
            dirty: DirtyPeriods::default(),
            facts: FactConsequences::default(),
        }
    }

    /// Marks the history as truncated: the log before the first record is gone, and [`Engine::knows`] is false for
    /// what is derived from incomplete history.
    pub fn truncate_history(&mut self) {
        self.history_truncated = true;
    }

    /// The sizes of its state.
    #[must_use]
    pub fn sizes(&self) -> Sizes {
        let State { ledger, interners, .. } = &self.state;
        Sizes {
            kept_registrations: ledger.len(),
            carers: interners.carers.len(),
            clients: interners.clients.len(),
        }
    }

    /// Work since the first input, in visits looked at; an assessment counts as [`ASSESSMENT_WORK`] of them. What follows
    /// from a registration is bounded in it.
    #[must_use]
    pub fn work(&self) -> u64 {
        self.state.work.get()
    }

    /// Ids of the rules with an open breaker on any day, each once, ascending.
    #[must_use]
    pub fn breakers_open(&self) -> Vec<&'static str> {
        let rules = self.hold_limits.open().iter();
        let mut open: Vec<_> = rules.map(|(rule, _)| self.rules[usize::from(*rule)].definition.id).collect();
        open.sort_unstable();
        open.dedup();
        open
    }

    /// Ids of the providers with holds beyond the cap of any pay period, each once, ascending.
    #[must_use]
    pub fn held_shares_capped(&self) -> Vec<String> {
        let capped = self.hold_limits.capped();
        let mut capped: Vec<_> =
            capped.map(|(provider, _)| self.state.interners.providers.text(provider).to_owned()).collect();
        capped.sort_unstable();
        capped.dedup();
        capped
    }

    /// How many positions were taken for none since the first input, by [`PositionFault`].
    #[must_use]
    pub const fn ignored_positions(&self) -> [u64; PositionFault::ALL.len()] {
        self.state.facts.places.ignored()
    }

    /// Numbers of each rule's answers since the first input, in the order of the rules.
    #[must_use]
    pub fn findings_by_rule(&self) -> &[RuleCounts] {
        &self.rule_counts
    }
}
