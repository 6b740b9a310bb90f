//! Observes a replay and collects what quality is computed from.

use std::collections::{BTreeSet, HashMap};

use super::desk::About;
use crate::cli::replay::Listener;
use crate::domain::{
    AlertState, EventType, FactBody, FactChange, Grade, Month, ProviderKind, PublishedAlert, Registration,
    SubjectKind, UtcSecond, Zone,
};
use crate::engine::{Assessed, Disposition, Engine};
use crate::service::deliver::events::{Incident, RecordPosition, WorkerObserver};

/// Texts by number.
#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: HashMap<String, u32>,
    texts: Vec<String>,
}

impl Names {
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = self.texts.len() as u32;
        self.numbers.insert(text.to_owned(), number);
        self.texts.push(text.to_owned());
        number
    }

    pub(super) fn find(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    pub(super) fn text(&self, number: u32) -> &str {
        &self.texts[number as usize]
    }
}

/// A registration, by its latest version and its assessments.
#[derive(Clone, Debug, Default)]
pub(super) struct EvaluatedVisit {
    pub(super) carer: u32,
    pub(super) client: u32,
    pub(super) provider: u32,
    pub(super) unit: u32,
    pub(super) month: Option<Month>,
    pub(super) tariff: Option<u32>,
    pub(super) is_cancelled: bool,
    pub(super) is_manual: bool,
    /// The local day on which the version arrived that changed its content last.
    pub(super) came: i32,
    content: u64,
    /// Highest score at any time, and the registrations of that evidence.
    pub(super) score: f64,
    pub(super) related: Vec<u32>,
    /// Of the latest assessment.
    pub(super) p_value: Option<f64>,
}

/// An alert over all of its states.
#[derive(Clone, Debug)]
pub(super) struct AlertHistory {
    pub(super) kind: SubjectKind,
    /// Carer, client or tag; `None` for a provider's.
    pub(super) about: Option<About>,
    pub(super) carer: Option<u32>,
    pub(super) client: Option<u32>,
    pub(super) provider: u32,
    pub(super) month: Month,
    /// The registrations that it ever named, with its subject.
    pub(super) named: BTreeSet<u32>,
    pub(super) rules: BTreeSet<String>,
    pub(super) was_hold: bool,
}

/// A published state of an alert.
#[derive(Clone, Copy, Debug)]
pub(super) struct AlertUpdate {
    pub(super) day: i32,
    pub(super) alert: u32,
    pub(super) score: f64,
}

/// Everything collected from one replay.
#[derive(Debug, Default)]
pub(super) struct Collector {
    zone: Option<Zone>,
    /// Registrations, carers, clients, providers, units, tariffs and tags.
    pub(super) names: Names,
    pub(super) visits: HashMap<u32, EvaluatedVisit>,
    alerts_by_id: HashMap<String, u32>,
    pub(super) alerts: Vec<AlertHistory>,
    pub(super) shown: Vec<AlertUpdate>,
    pub(super) municipal: BTreeSet<u32>,
    pub(super) ore_per_hour: HashMap<u32, i64>,
    pub(super) first_day: Option<i32>,
    pub(super) last_day: i32,
    failed_on: Option<i64>,
}

impl Collector {
    pub(super) fn new(zone: Zone) -> Self {
        Self { zone: Some(zone), ..Self::default() }
    }

    fn day(&self, at: UtcSecond) -> i32 {
        self.zone.as_ref().map_or(0, |zone| zone.day(at).0)
    }

    /// The number of the alert, new where it was not published before.
    fn alert_of(&mut self, published: &PublishedAlert) -> u32 {
        let alert = &published.alert;
        if let Some(&known) = self.alerts_by_id.get(&alert.alert_id) {
            return known;
        }
        let number = self.alerts.len() as u32;
        let carer = alert.carer_ref.as_deref().map(|carer| self.names.number(carer));
        let client = alert.client_ref.as_deref().map(|client| self.names.number(client));
        let about = match (alert.subject.kind, carer, client) {
            (SubjectKind::ProviderPeriod, ..) => None,
            (SubjectKind::ClientPeriod, _, Some(client)) => Some(About::Client(client)),
            (_, Some(carer), _) => Some(About::Carer(carer)),
            (_, None, Some(client)) => Some(About::Client(client)),
            (_, None, None) => Some(About::Tag(number)),
        };
        self.alerts.push(AlertHistory {
            kind: alert.subject.kind,
            about,
            carer,
            client,
            provider: self.names.number(&alert.provider_id),
            month: alert.pay_period,
            named: BTreeSet::new(),
            rules: BTreeSet::new(),
            was_hold: false,
        });
        self.alerts_by_id.insert(alert.alert_id.clone(), number);
        number
    }
}

/// A hash of the claim: two versions with one hash claim the same.
fn content(registration: &Registration<'_>) -> u64 {
    let end = registration.end_at.unwrap_or_default().0.cast_unsigned();
    let start = registration.start_at.0.cast_unsigned();
    let billed = registration.payment.billable_seconds.map_or(u64::MAX, u64::from);
    let mixed = [end, billed, registration.outcome as u64, registration.edits.len() as u64];
    mixed
        .into_iter()
        .fold(start, |hash, part| hash.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23) ^ part)
}

impl Listener for Collector {
    fn fact(&mut self, fact: &FactChange) {
        let FactChange::Put(fact) = fact else { return };
        match &fact.body {
            FactBody::Provider { provider_id, kind: ProviderKind::Municipal, .. } => {
                let provider = self.names.number(provider_id);
                self.municipal.insert(provider);
            }
            FactBody::Tariff { tariff_code, ore_per_hour } => {
                let tariff = self.names.number(tariff_code);
                self.ore_per_hour.insert(tariff, *ore_per_hour);
            }
            _ => {}
        }
    }

    fn failed_on(&self) -> Option<i64> {
        self.failed_on
    }
}

impl WorkerObserver for Collector {
    fn registration(
        &mut self,
        position: RecordPosition<'_>,
        registration: &Registration<'_>,
        disposition: &Disposition,
    ) {
        if *disposition != Disposition::Scored {
            return;
        }
        let day = self.day(position.appended_at);
        self.first_day = self.first_day.or(Some(day));
        self.last_day = self.last_day.max(self.day(registration.start_at));
        let month = self.zone.as_ref().map(|zone| zone.month(registration.start_at));
        let id = self.names.number(registration.registration_id);
        let carer = self.names.number(registration.carer_ref);
        let client = self.names.number(registration.client_ref);
        let provider = self.names.number(registration.provider_id);
        let unit = self.names.number(registration.unit_id.unwrap_or(registration.provider_id));
        let tariff = registration.payment.tariff_code.map(|tariff| self.names.number(tariff));
        let visit = self.visits.entry(id).or_default();
        (visit.carer, visit.client, visit.provider, visit.unit) = (carer, client, provider, unit);
        visit.month = registration.payment.pay_period.or(month);
        visit.tariff = tariff;
        visit.is_cancelled = registration.event_type == EventType::Cancelled;
        visit.is_manual = registration.end_capture.method.is_manual();
        let content = content(registration);
        if visit.content != content {
            (visit.content, visit.came) = (content, day);
        }
    }

    fn assessed(&mut self, engine: &Engine, assessed: &Assessed) {
        let assessment = engine.assessment(assessed);
        let id = self.names.number(&assessment.registration_id);
        let better = self.visits.get(&id).is_none_or(|visit| visit.score < assessment.score);
        let related = match better {
            true => assessment.related.iter().map(|other| self.names.number(other)).collect(),
            false => Vec::new(),
        };
        let visit = self.visits.entry(id).or_default();
        visit.p_value = assessment.p_value.or(visit.p_value);
        if better {
            (visit.score, visit.related) = (assessment.score, related);
        }
    }

    fn alert(&mut self, published: &PublishedAlert) {
        if published.state == AlertState::Withdrawn {
            return;
        }
        let number = self.alert_of(published);
        let alert = &published.alert;
        let mut named = BTreeSet::new();
        if alert.subject.kind == SubjectKind::Registration {
            named.insert(self.names.number(&alert.subject.id));
        }
        for finding in alert.findings.iter().filter(|finding| finding.grade != Grade::Observe) {
            named.extend(finding.related.iter().map(|id| self.names.number(id)));
        }
        let history = &mut self.alerts[number as usize];
        history.named.append(&mut named);
        let published_findings = alert.findings.iter().filter(|finding| finding.grade != Grade::Observe);
        history.rules.extend(published_findings.map(|finding| finding.rule.clone()));
        history.was_hold |= alert.grade == Grade::Hold;
        let day = self.day(alert.assessed_at);
        self.shown.push(AlertUpdate { day, alert: number, score: alert.score });
    }

    fn incident(&mut self, _partition: i32, incident: Incident) {
        match incident {
            Incident::Isolating { offset } => self.failed_on = Some(offset),
            Incident::Panicked { offset } => self.failed_on = offset,
            _ => {}
        }
    }
}
