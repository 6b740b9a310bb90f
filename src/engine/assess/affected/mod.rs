//! Invalidation: what is assessed again when something changes. No other module decides it.
//!
//! | Changed | Assessed again | Row |
//! |---|---|---|
//! | a late visit | neighbours with findings, which it may withdraw; later visits that depend on it; its carer's long days | [`affected_by_late_visit`] |
//! | a visit | visits with findings of the household's other clients during absences that it may call in question | [`affected_housemates`] |
//! | a version | neighbours of the retracted version, later visits that depend on it, its carer's long days | [`affected_by_retracted_version`] |
//! | a cancellation | registrations that the cancelled one's findings name, and its counterparts, wherever they are | [`affected_by_cancellation`] |
//! | findings of a visit | registrations named before or now, and counterparts: those on which a finding on both falls | [`affected_by_findings`] |
//! | the clock | visits with findings that are due now | [`assess_due`] |
//! | facts | visits and periods of their scope | [`affected_by_facts`], [`periods_affected_by_facts`] |
//! | a decision | the alert of the decided hold; the scope of the decision's exception, as for a fact | [`affected_by_decision`] |
//! | a client's mean length | the client's visits of the next month | [`affected_by_client_baseline`] |
//! | a peer baseline | periods that can have a pattern under the new baseline, or have one | [`periods_affected_by_baseline`] |
//! | a device's carers | visits with the device on that day | [`affected_by_devices`] |
//! | a crowd | the visits of its day, those around it and the later ones that could be compared with them | [`affected_by_crowds`] |
//! | the resolution of a source, or whether it captures places | the provider's visits of the pay period | [`affected_by_resolution`] |
//! | the days after which an office has made its corrections | the provider's visits of the pay period with findings, made or waiting | [`affected_by_corrections`] |
//! | whether an editor only makes visits longer | the visits of the pay period that the editor changed | [`affected_by_editors`] |
//! | the class of a base rate | visits with findings of the rule at the source; the provider's period where habits change | [`affected_by_rates`] |
//! | a limit on holds | visits of a breaker that opened or closed; visits that are beyond a cap now, or no longer | [`affected_by_breaker`], [`affected_by_caps`] |
//! | a visit's totals | the periods of its carer, client and provider | [`DirtyPeriods::mark`] |
//! | a period | the next period; where it opened or emptied, the one before; the client's and carer's pairs | [`periods_affected_by_periods`] |
//!
//! A visit on the right side is run through all rules again; a period is digested, and its findings are derived where
//! its fingerprint changed. A superset is always right and costs time; debug builds check after every registration
//! that later visits are up to date. Queries on the state are in [`crate::engine::state::neighbours`].
//!
//! [`affected_by_late_visit`]: Engine::affected_by_late_visit
//! [`affected_housemates`]: Engine::affected_housemates
//! [`affected_by_retracted_version`]: Engine::affected_by_retracted_version
//! [`affected_by_cancellation`]: Engine::affected_by_cancellation
//! [`affected_by_findings`]: Engine::affected_by_findings
//! [`assess_due`]: Engine::assess_due
//! [`affected_by_facts`]: Engine::affected_by_facts
//! [`periods_affected_by_facts`]: Engine::periods_affected_by_facts
//! [`affected_by_decision`]: Engine::affected_by_decision
//! [`affected_by_client_baseline`]: Engine::affected_by_client_baseline
//! [`periods_affected_by_baseline`]: Engine::periods_affected_by_baseline
//! [`affected_by_devices`]: Engine::affected_by_devices
//! [`affected_by_crowds`]: Engine::affected_by_crowds
//! [`affected_by_resolution`]: Engine::affected_by_resolution
//! [`affected_by_corrections`]: Engine::affected_by_corrections
//! [`affected_by_editors`]: Engine::affected_by_editors
//! [`affected_by_rates`]: Engine::affected_by_rates
//! [`affected_by_breaker`]: Engine::affected_by_breaker
//! [`affected_by_caps`]: Engine::affected_by_caps
//! [`DirtyPeriods::mark`]: crate::engine::assess::dirty::DirtyPeriods::mark
//! [`periods_affected_by_periods`]: Engine::periods_affected_by_periods

mod housemates;
mod periods;
#[cfg(test)]
mod tests;

use hashbrown::HashSet;

use crate::domain::{Day, Decision, Month, SubjectKind};
use crate::engine::Engine;
use crate::engine::alert::subject::SubjectState;
use crate::engine::model::interner::{ClientId, ProviderId, TextId};
use crate::engine::model::mark::bits64;
use crate::engine::model::period::{PeriodSubject, SubjectPeriod};
use crate::engine::model::visit::{Slot, Visit};
use crate::engine::rule::sight::Sight;
use crate::engine::state::facts::Affects;
use crate::engine::state::municipality::State;
use crate::engine::state::neighbours::LaterVisit;
use crate::engine::state::rates::Findings;

pub use periods::LENGTH_EXCESS_LOG_MIN;

impl Engine {
    /// Row *late visit*: `visit` was inserted. It can withdraw a neighbour's finding; it can cause one only where a
    /// rule depends on it, or where its own findings name the other.
    pub(in crate::engine) fn affected_by_late_visit(&self, visit: &Visit, into: &mut Vec<Slot>) {
        // Open visits are invisible to neighbours.
        if visit.open {
            return;
        }
        let has_findings = |slot| self.visits.get(&slot).is_some_and(|current| !current.hits.is_empty());
        self.state.neighbours_with_findings(visit, has_findings, into);
        self.dependents(visit, into);
    }

    /// Row *version*: `visit`, which is still inserted, will be retracted.
    pub(in crate::engine) fn affected_by_retracted_version(&self, visit: &Visit, into: &mut Vec<Slot>) {
        if visit.open {
            return;
        }
        self.state.neighbours(visit, into);
        self.dependents(visit, into);
    }

    /// Row *cancellation*: a registration with the findings `before` was retracted for good.
    pub(in crate::engine) fn affected_by_cancellation(before: &SubjectState, into: &mut Vec<Slot>) {
        into.extend(before.related());
    }

    /// Row *findings*: the registrations that a visit's findings name or named, and its counterparts.
    pub(in crate::engine) fn affected_by_findings(
        before: &SubjectState,
        now: &SubjectState,
        into: &mut Vec<Slot>,
    ) {
        into.extend(before.related().chain(now.related()));
    }

    /// Later visits that depend on `visit` by their rules' own word, and the carer's days where those are long.
    fn dependents(&self, visit: &Visit, into: &mut Vec<Slot>) {
        let mut sight = None;
        for LaterVisit { visit: later, is_neighbour } in self.state.later(visit) {
            if later.open {
                continue;
            }
            let sight = sight.get_or_insert_with(|| Sight::new(&self.state, visit));
            let mut rules =
                self.active_rules.visit.iter().filter(|active| is_neighbour || active.reads_history);
            if rules.any(|active| active.run.depends_on(sight, later)) {
                into.push(later.slot);
            }
        }
        if let Some(minutes) = self.long_day_minutes {
            self.state.long_days(visit, minutes, into);
        }
        self.affected_housemates(visit, into);
    }

    /// Row *fact*: the visits in the scope of changed facts. All registrations are searched once at most, however many facts
    /// changed.
    pub(in crate::engine) fn affected_by_facts(&self, affects: &HashSet<Affects>, into: &mut Vec<Slot>) {
        let state = &self.state;
        if affects.contains(&Affects::Everything) {
            return state.visits_where(|_| true, into);
        }
        let (mut homes, mut tags, mut months) = (HashSet::new(), HashSet::new(), Vec::new());
        let mut has_provider = false;
        for affects in affects {
            match *affects {
                Affects::Nothing | Affects::Money | Affects::Everything => {}
                Affects::Client(client) => {
                    state.visits_of_client(client, into);
                    self.housemates_with_findings(client, into);
                }
                Affects::Home(client) => {
                    self.affected_by_home(client, into);
                    self.housemates_with_findings(client, into);
                    homes.insert(client);
                }
                Affects::Carer(carer) => state.visits_of_carer(carer, into),
                Affects::Provider(_) => has_provider = true,
                Affects::Tag(tag) => drop(tags.insert(tag)),
                Affects::Month(month) => months.push(month),
            }
        }
        // Visits to other clients that were captured with a tag of the home.
        tags.extend(state.facts.tags_of(&homes));
        let has_tag = |tag: Option<TextId>| tag.is_some_and(|tag| tags.contains(&tag));
        let is_affected = |visit: &Visit| {
            let is_in = |month: &Month| {
                visit.pay_period == *month || visit.pay_period < *month && state.is_late(visit)
            };
            has_provider && affects.contains(&Affects::Provider(visit.provider))
                || has_tag(visit.start_tag)
                || has_tag(visit.end_tag)
                || months.iter().any(is_in)
        };
        if has_provider || !tags.is_empty() || !months.is_empty() {
            state.visits_where(is_affected, into);
        }
    }

    /// The visits at a home that changed, and the next ones of their carers: the ways to those begin there.
    fn affected_by_home(&self, client: ClientId, into: &mut Vec<Slot>) {
        let state = &self.state;
        let first = into.len();
        state.visits_of_client(client, into);
        let next = |slot: &Slot| {
            let sight = Sight::new(state, state.ledger.counted(*slot));
            sight.after_at_carer(Visit::is_at_home).map(|next| next.slot)
        };
        let next: Vec<Slot> = into[first..].iter().filter_map(next).collect();
        into.extend(next);
    }

    /// Row *decision*: the registration whose hold was decided, where it has an alert. A decision's exception changes
    /// a fact, with that row's scope.
    pub(in crate::engine) fn affected_by_decision(&self, decision: &Decision) -> Option<Slot> {
        let kind = SubjectKind::Registration.as_str();
        let of_kind = decision.alert_id.strip_prefix(&self.state.settings.municipality)?.strip_prefix(':')?;
        let id = of_kind.strip_prefix(kind)?.strip_prefix(':')?;
        let slot = self.state.ledger.find(id)?;
        self.visits.get(&slot).is_some_and(SubjectState::is_alert).then_some(slot)
    }

    /// Row *a client's mean length*: that of `month` changed, and the marks of the client's next month are corrected
    /// by it.
    pub(in crate::engine) fn affected_by_client_baseline(
        &self,
        client: ClientId,
        month: Month,
        into: &mut Vec<Slot>,
    ) {
        if self.state.client(client).months.get(month.next()).is_some() {
            self.state.visits_of_client_in(client, month.next(), into);
        }
    }

    /// Row *device*: visits with a device that other carers began or ceased to use on the same day.
    pub(in crate::engine) fn affected_by_devices(&mut self, into: &mut Vec<Slot>) {
        self.state.take_visits_with_changed_devices(into);
    }

    /// Row *crowd*: the visits of a carer's or a client's day that became a crowd or ceased to be one, and the visits
    /// that are compared with them, or were.
    pub(in crate::engine) fn affected_by_crowds(&mut self, into: &mut Vec<Slot>) {
        for (subject, day) in self.state.crowds.take_changed() {
            self.state.visits_about_crowd(subject, day, into);
        }
    }

    /// Row *resolution*: the visits of providers and pay periods whose times turned out to lie on a grid, or whose visits to
    /// be captured at the place, or not any more.
    pub(in crate::engine) fn affected_by_resolution(&mut self, into: &mut Vec<Slot>) {
        let changed = self.state.resolutions.take_changed();
        if changed.is_empty() {
            return;
        }
        self.state.visits_where(|visit| changed.contains(&(visit.provider, visit.pay_period)), into);
    }

    /// Row *corrections*: the visits of providers and pay periods whose slips are due on another day now. A slip that was
    /// found is among the findings of its visit, or waits.
    pub(in crate::engine) fn affected_by_corrections(&mut self, into: &mut Vec<Slot>) {
        let changed = self.state.corrections.take_changed();
        if changed.is_empty() {
            return;
        }
        let State { corrections, ledger, .. } = &self.state;
        let is_affected = |visit: &Visit| {
            let (provider, month) = (visit.provider, visit.pay_period);
            changed.contains(&(Some(provider), month))
                || changed.contains(&(None, month)) && corrections.are_few(provider, month)
        };
        let found = self.visits.iter().filter(|(_, current)| !current.hits.is_empty()).map(|(slot, _)| *slot);
        let slots = found.chain(self.deferred.waiting()).filter(|slot| ledger.is_kept(*slot));
        into.extend(slots.filter(|slot| is_affected(ledger.counted(*slot))));
    }

    /// Row *editor*: the visits that were changed by editors who turned out to make visits longer only, or not any more.
    pub(in crate::engine) fn affected_by_editors(&mut self, into: &mut Vec<Slot>) {
        let changed = self.state.editors.take_changed();
        if changed.is_empty() {
            return;
        }
        let is_by = |visit: &Visit| {
            let mut editors = visit.edits().iter().filter_map(|edit| edit.editor);
            editors.any(|editor| changed.contains(&(editor, visit.pay_period)))
        };
        self.state.visits_where(is_by, into);
    }

    /// Row *rates*: visits with findings of a rule whose base rate at their source changed its class. A provider's
    /// period has a finding about each habit.
    pub(in crate::engine) fn affected_by_rates(&mut self, into: &mut Vec<Slot>) {
        let habits = self.state.rates.take_changed_habits();
        self.dirty.periods.extend(
            habits
                .into_iter()
                .map(|(provider, month)| SubjectPeriod { month, subject: PeriodSubject::Provider(provider) }),
        );
        if !self.state.rates.has_changed() {
            return;
        }
        let changed = self.state.rates.take_changed();
        let is_affected = |current: &SubjectState| {
            let of =
                |Findings { source, rules, .. }| bits64(rules).any(|rule| changed.contains(&(source, rule)));
            current.counted.is_some_and(of)
        };
        into.extend(self.visits.iter().filter(|(_, current)| is_affected(current)).map(|(slot, _)| *slot));
    }

    /// Row *limits*: the breaker of `rule` on `day` opened or closed.
    pub(in crate::engine) fn affected_by_breaker(&self, rule: u16, day: Day, into: &mut Vec<Slot>) {
        let proposing =
            self.visits.iter().filter(|(_, current)| current.rules_proposing_hold >> rule & 1 == 1);
        let on_day = |slot: &Slot| self.state.ledger.visit(*slot).is_some_and(|visit| visit.day == day);
        into.extend(proposing.map(|(slot, _)| *slot).filter(on_day));
    }

    /// Row *limits*: visits that are beyond a provider's recomputed cap now, or no longer.
    pub(in crate::engine) fn affected_by_caps(&mut self, into: &mut Vec<Slot>) {
        let state = &self.state;
        let paid = |(provider, month): (ProviderId, Month)| {
            let months = state.provider(provider);
            let paid = |month| months.get(month).map_or(0, |tally| tally.paid_seconds);
            // The paid seconds of an incomplete month are unknown: its cap stays.
            (state.horizon_month < Some(month)).then(|| paid(month).max(paid(month.previous())))
        };
        self.hold_limits.update_caps(&state.settings.bounds, paid, into);
    }
}
