//! Collects the profile from one replay.

use std::collections::BTreeMap;

use super::facts::KnownFacts;
use super::provider::ProviderCounts;
use crate::cli::replay::{Listener, WaitingRules};
use crate::domain::{
    AlertState, EventType, FactChange, Grade, PublishedAlert, Registration, SubjectKind, UtcSecond, Zone,
};
use crate::engine::{Assessed, Disposition, Engine};
use crate::service::deliver::events::{Incident, RecordPosition, WorkerObserver};

/// A finding of an alert that is not withdrawn.
#[derive(Clone, Debug)]
pub(super) struct OpenFinding {
    pub(super) rule: String,
    pub(super) grade: Grade,
    pub(super) text_sv: String,
}

/// An alert that is not withdrawn.
#[derive(Clone, Debug)]
pub(super) struct ProfiledAlert {
    pub(super) provider: String,
    pub(super) is_of_visit: bool,
    pub(super) score: f64,
    pub(super) amount_ore: i64,
    pub(super) findings: Vec<OpenFinding>,
}

/// Looks in on the worker.
#[derive(Default)]
pub(super) struct Profiler {
    zone: Option<Zone>,
    pub(super) facts: KnownFacts,
    pub(super) waiting: WaitingRules,
    pub(super) providers: BTreeMap<String, ProviderCounts>,
    /// By alert id.
    pub(super) alerts: BTreeMap<String, ProfiledAlert>,
    /// First and last local date of a visit.
    pub(super) dates: Option<(String, String)>,
    /// Times of the first and last start.
    bounds: Option<(UtcSecond, UtcSecond)>,
    failed_on: Option<i64>,
}

impl Profiler {
    pub(super) fn new(zone: Zone) -> Self {
        Self { zone: Some(zone), ..Self::default() }
    }

    fn version(&mut self, visit: &Registration<'_>) {
        let (Some(end), Some(zone)) = (visit.end_at, &self.zone) else { return };
        if visit.event_type == EventType::Cancelled {
            return;
        }
        let month = visit.payment.pay_period.unwrap_or_else(|| zone.month(visit.start_at));
        let start = visit.start_at;
        let (first, last) =
            self.bounds.map_or((start, start), |(first, last)| (first.min(start), last.max(start)));
        if self.bounds != Some((first, last)) {
            self.bounds = Some((first, last));
            self.dates = Some((zone.date(first), zone.date(last)));
        }
        if !self.providers.contains_key(visit.provider_id) {
            self.providers.insert(visit.provider_id.to_owned(), ProviderCounts::default());
        }
        let provider = self.providers.get_mut(visit.provider_id).expect("inserted where it was missing");
        provider.version(&self.facts, visit, end, month);
    }
}

impl Listener for Profiler {
    fn fact(&mut self, fact: &FactChange) {
        self.facts.add(fact);
    }

    fn failed_on(&self) -> Option<i64> {
        self.failed_on
    }
}

impl WorkerObserver for Profiler {
    fn registration(
        &mut self,
        _position: RecordPosition<'_>,
        registration: &Registration<'_>,
        disposition: &Disposition,
    ) {
        self.waiting.registration(registration.municipality, registration.registration_id);
        if *disposition == Disposition::Scored {
            self.version(registration);
        }
    }

    fn changed(&mut self, municipality: &str, engine: &Engine) {
        self.waiting.answered(municipality, engine);
    }

    fn assessed(&mut self, engine: &Engine, assessed: &Assessed) {
        self.waiting.assessed(engine, assessed);
    }

    fn alert(&mut self, published: &PublishedAlert) {
        let alert = &published.alert;
        if published.state == AlertState::Withdrawn {
            self.alerts.remove(&alert.alert_id);
            return;
        }
        let findings = alert.findings.iter().map(|finding| OpenFinding {
            rule: finding.rule.clone(),
            grade: finding.grade,
            text_sv: finding.text.sv.clone(),
        });
        let open = ProfiledAlert {
            provider: alert.provider_id.clone(),
            is_of_visit: alert.subject.kind == SubjectKind::Registration,
            score: alert.score,
            amount_ore: alert.amount_at_risk_ore,
            findings: findings.collect(),
        };
        self.alerts.insert(alert.alert_id.clone(), open);
    }

    fn incident(&mut self, _partition: i32, incident: Incident) {
        match incident {
            Incident::Isolating { offset } => self.failed_on = Some(offset),
            Incident::Panicked { offset } => self.failed_on = offset,
            _ => {}
        }
    }
}
