//! Inputs of an engine.

use crate::domain::{Decision, Fact, FactBody, FactChange, Reason, Registration, Rejection, UtcSecond};
use crate::engine::model::{BASELINE_DAYS_MAX, DAY_SECONDS};
use crate::engine::state::ledger::{Version, VersionCheck};
use crate::engine::state::municipality::State;
use crate::engine::totals::count::Change;
use crate::engine::{Engine, Output};

/// Position of a record in the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Offset in its partition.
    pub offset: i64,
    /// Append time by the broker: the engine's only clock.
    pub appended_at: UtcSecond,
}

/// An input of an engine.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// A record of the feed that the contract accepted.
    Registered {
        /// The registration.
        registration: &'a Registration<'a>,
        /// Its position in the feed.
        at: Position,
    },
    /// A record of the feed that could not be used: only its position matters.
    Quarantined {
        /// Its position in the feed.
        at: Position,
    },
    /// A reference fact was put or removed.
    Referenced(&'a FactChange),
    /// A reviewer's decision.
    Decided(&'a Decision),
}

/// How a record of the feed was handled: exactly one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// A registration, or a new version of one, was inserted and assessed.
    Scored,
    /// This version was known.
    Repeat,
    /// A later version was known.
    Stale,
    /// It cannot be used; nothing was inserted.
    Quarantined(Rejection),
}

impl Engine {
    /// Applies one input; what follows from it is added to `out`. What follows for pay periods may wait until
    /// [`Engine::assess_dirty_periods`]: a month changes little with one visit, and where many registrations come at
    /// once it need not be assessed after each of them. The disposition is that of a registration; of any other
    /// input there is none.
    pub fn apply(&mut self, input: Input<'_>, out: &mut Vec<Output>) -> Option<Disposition> {
        match input {
            Input::Registered { registration, at } => {
                self.advance(registration, at, out);
                return Some(self.registered(registration, out));
            }
            Input::Quarantined { at } => self.at = at,
            Input::Referenced(_) | Input::Decided(_) => {
                self.apply_reference(input, out);
                self.derive_all_fact_consequences(out);
            }
        }
        None
    }

    /// Applies a fact or a decision; what a fact leads to for registrations is left to
    /// [`Engine::derive_fact_consequences`]. Other inputs are passed over.
    pub fn apply_reference(&mut self, input: Input<'_>, out: &mut Vec<Output>) {
        match input {
            Input::Referenced(change) => self.change_fact(change),
            Input::Decided(decision) => self.apply_decision(decision, out),
            Input::Registered { .. } | Input::Quarantined { .. } => {}
        }
    }

    /// Advances the watermark, and expires old state once a day. The watermark is the greatest time at which a record
    /// was sent by its source, clipped at its append time: so a month that is fed in anew is assessed as it was when
    /// it was new.
    fn advance(&mut self, registration: &Registration<'_>, at: Position, out: &mut Vec<Output>) {
        let event_time = registration.sent_at().min(at.appended_at).max(self.watermark);
        if self.history_truncated && self.watermark == UtcSecond(i64::MIN) {
            self.complete_from = event_time.plus((i64::from(BASELINE_DAYS_MAX) + 2) * DAY_SECONDS);
        }
        let day = |at: UtcSecond| at.0.div_euclid(DAY_SECONDS);
        if day(self.watermark) < day(event_time) {
            // Before the state that they depend on expires.
            self.assess_dirty_periods(out);
            let retained = i64::from(self.state.settings.retained_days) * DAY_SECONDS;
            self.expire(UtcSecond(day(event_time) * DAY_SECONDS - retained));
        }
        let before = self.watermark;
        self.at = at;
        self.watermark = event_time;
        self.publish_expired(before, out);
        self.assess_due(registration.sent_at(), out);
    }

    fn expire(&mut self, horizon: UtcSecond) {
        let gone = self.state.expire(horizon);
        for current in gone.iter().filter_map(|slot| self.visits.remove(slot)) {
            current.entities.iter().for_each(|of| self.state.count_findings(*of, Change::Retract));
        }
        let month = self.state.settings.zone.month(horizon);
        self.periods.retain(|period, _| month <= period.month);
        // The alert of a pay period outlives the first of its visits.
        let ledger = &self.state.ledger;
        let hits = self.periods.values_mut().flat_map(|current| &mut current.hits);
        hits.for_each(|rule_hit| rule_hit.hit.related.retain(|slot| ledger.is_retained(*slot)));
        self.carer_signals.retain(|(_, of), _| month < *of);
        self.pattern_scores.expire(month);
        self.hold_limits.expire(horizon, self.state.settings.zone.day(horizon), month);
    }

    fn registered(&mut self, registration: &Registration<'_>, out: &mut Vec<Output>) -> Disposition {
        let names = [registration.carer_ref, registration.client_ref, registration.provider_id];
        if let Some(detail) = self.state.too_many(names, self.at.appended_at) {
            return Disposition::Quarantined(Rejection::new(Reason::TooManyEntities, detail));
        }
        let (id, number) = (registration.registration_id, registration.version);
        let claim = self.state.ledger.claim(registration);
        let is_open = registration.end_at.is_none();
        let version = Version { number, claim, emitted_at: registration.emitted_at, is_open };
        let check = self.state.ledger.check_version(id, &version);
        let slot = match check {
            VersionCheck::Repeat => return Disposition::Repeat,
            VersionCheck::Stale | VersionCheck::SentAfter(_) | VersionCheck::Newer(_)
                if !self.is_owner(id, registration.provider_id) =>
            {
                let detail = "another provider registered under this id first";
                return Disposition::Quarantined(Rejection::new(Reason::NotOwner, detail));
            }
            VersionCheck::Stale => return Disposition::Stale,
            VersionCheck::Conflict => {
                let detail =
                    format!("version {number} is known with another content; a change needs a higher one");
                return Disposition::Quarantined(Rejection::new(Reason::ConflictingVersion, detail));
            }
            VersionCheck::SentAfter(known) => {
                let detail = format!(
                    "version {number} was sent after version {known}, which is known, with another content; a change \
                     needs a higher one"
                );
                return Disposition::Quarantined(Rejection::new(Reason::VersionOrder, detail));
            }
            VersionCheck::New if registration.start_at < self.state.horizon => {
                let days = self.state.settings.retained_days;
                let detail =
                    format!("began more than {days} days ago, and what it would be compared with is gone");
                return Disposition::Quarantined(Rejection::new(Reason::OlderThanKept, detail));
            }
            VersionCheck::Newer(slot) => Some(slot),
            VersionCheck::New => None,
        };
        let known = self.state.known();
        self.replace(registration, &version, slot, out);
        self.state.count_newcomers(known, registration.provider_id);
        Disposition::Scored
    }

    /// Whether the registration of this id is the provider's.
    fn is_owner(&self, id: &str, provider_id: &str) -> bool {
        let State { ledger, interners, .. } = &self.state;
        let owner = ledger.find(id).and_then(|slot| ledger.owner(slot));
        owner.is_none_or(|owner| interners.providers.text(owner) == provider_id)
    }

    /// Applies a decision. The latest on an alert counts, whatever the order of arrival, and with it its exception:
    /// the compacted topic keeps no other.
    fn apply_decision(&mut self, decision: &Decision, out: &mut Vec<Output>) {
        if decision.action.is_of_desk() {
            return;
        }
        let key = |decision: &Decision| (decision.decided_at, decision.decision_id.clone());
        let known = self.decisions.get(&decision.alert_id);
        if known.is_some_and(|known| key(decision) <= key(known)) {
            return;
        }
        let before = self.decisions.insert(decision.alert_id.clone(), decision.clone());
        let municipality = || self.state.settings.municipality.clone();
        let fact_id = |decision: &Decision| format!("decision:{}", decision.decision_id);
        let mut changes = Vec::new();
        if let Some(before) = before.filter(|before| before.exception.is_some()) {
            changes.push(FactChange::Remove { municipality: municipality(), fact_id: fact_id(&before) });
        }
        if let Some((exception, valid)) = &decision.exception {
            changes.push(FactChange::Put(Fact {
                municipality: municipality(),
                fact_id: fact_id(decision),
                valid: *valid,
                recorded_at: decision.decided_at,
                body: FactBody::Exception(exception.clone()),
            }));
        }
        changes.iter().for_each(|change| self.change_fact(change));
        if let Some(slot) = self.affected_by_decision(decision) {
            let current = &self.visits[&slot];
            let alert = self.visit_alert(self.state.ledger.counted(slot), current, current);
            out.push(Output::Alert(Box::new(alert)));
        }
    }
}
