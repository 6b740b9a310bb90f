//! Registrations as a case page shows them: the days of carers and clients, planned beside registered.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::domain::{
    CaptureMethod, Day, EventType, Registration, Span, UtcSecond, VisitKind, VisitOutcome, Zone,
};

/// Earlier versions that are kept of one registration, the latest ones.
const EARLIER_MAX: usize = 4;
/// Visits of one day that are shown: a carer with more is a placeholder in the source.
const DAY_VISITS_MAX: usize = 200;

/// The latest version of a registration.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseVisit {
    /// Its id.
    pub id: Arc<str>,
    /// Its version.
    pub version: u32,
    /// The provider.
    pub provider: Arc<str>,
    /// The carer.
    pub carer: Arc<str>,
    /// The client.
    pub client: Arc<str>,
    /// When it was planned.
    pub planned: Option<Span>,
    /// When it began.
    pub start: UtcSecond,
    /// When it ended; `None` while it goes on.
    pub end: Option<UtcSecond>,
    /// How the start was captured.
    pub start_method: CaptureMethod,
    /// How the end was captured.
    pub end_method: CaptureMethod,
    /// Its kind.
    pub kind: VisitKind,
    /// Its outcome.
    pub outcome: VisitOutcome,
    /// Carers that it needs, where the record says so.
    pub required_staff: Option<u8>,
    /// Changes by hand.
    pub edits: u16,
    /// It no longer counts.
    pub is_cancelled: bool,
    /// When its source sent this version.
    pub sent_at: UtcSecond,
    /// The versions before, oldest first.
    pub earlier: Vec<Earlier>,
}

/// Times of an earlier version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// The version.
    pub version: u32,
    /// When it began.
    pub start: UtcSecond,
    /// When it ended.
    pub end: Option<UtcSecond>,
    /// How the start was captured.
    pub start_method: CaptureMethod,
    /// How the end was captured.
    pub end_method: CaptureMethod,
    /// When its source sent it.
    pub sent_at: UtcSecond,
}

impl CaseVisit {
    /// Its end, or its start while it goes on.
    #[must_use]
    pub fn end_or_start(&self) -> UtcSecond {
        self.end.unwrap_or(self.start)
    }

    /// Does it go on?
    #[must_use]
    pub const fn is_ongoing(&self) -> bool {
        self.end.is_none() && !self.is_cancelled
    }
}

type DayKey = (Arc<str>, Day);

/// The registrations of one municipality, by id and by the day of carer and client.
pub struct Visits {
    zone: Zone,
    retained_days: u16,
    by_id: HashMap<Arc<str>, CaseVisit>,
    carers: HashMap<DayKey, Vec<Arc<str>>>,
    clients: HashMap<DayKey, Vec<Arc<str>>>,
    days: BTreeMap<Day, HashSet<Arc<str>>>,
    ongoing: BTreeSet<(UtcSecond, Arc<str>)>,
    names: HashMap<Box<str>, Arc<str>>,
    horizon: Day,
}

impl Visits {
    pub(super) fn new(zone: Zone, retained_days: u16) -> Self {
        Self {
            zone,
            retained_days,
            by_id: HashMap::new(),
            carers: HashMap::new(),
            clients: HashMap::new(),
            days: BTreeMap::new(),
            ongoing: BTreeSet::new(),
            names: HashMap::new(),
            horizon: Day(i32::MIN),
        }
    }

    pub(super) fn take(&mut self, registration: &Registration<'_>, now: UtcSecond) {
        self.expire(Day(self.zone.day(now).0 - i32::from(self.retained_days)));
        let day = self.zone.day(registration.start_at);
        if day < self.horizon {
            return;
        }
        let known = self.by_id.get(registration.registration_id);
        if known.is_some_and(|known| registration.version <= known.version) {
            return;
        }
        let earlier = known.cloned().map(|known| {
            self.unlink(&known);
            let CaseVisit { version, start, end, start_method, end_method, sent_at, mut earlier, .. } = known;
            earlier.push(Earlier { version, start, end, start_method, end_method, sent_at });
            if EARLIER_MAX < earlier.len() {
                earlier.remove(0);
            }
            earlier
        });
        let visit = self.visit(registration, earlier.unwrap_or_default());
        self.link(visit, day);
    }

    fn visit(&mut self, registration: &Registration<'_>, earlier: Vec<Earlier>) -> CaseVisit {
        CaseVisit {
            id: Arc::from(registration.registration_id),
            version: registration.version,
            provider: self.name(registration.provider_id),
            carer: self.name(registration.carer_ref),
            client: self.name(registration.client_ref),
            planned: registration.planned,
            start: registration.start_at,
            end: registration.end_at,
            start_method: registration.start_capture.method,
            end_method: registration.end_capture.method,
            kind: registration.visit_kind,
            outcome: registration.outcome,
            required_staff: registration.required_staff,
            edits: u16::try_from(registration.edits.len()).unwrap_or(u16::MAX),
            is_cancelled: registration.event_type == EventType::Cancelled,
            sent_at: registration.sent_at(),
            earlier,
        }
    }

    /// One allocation for each name.
    fn name(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.get(name) {
            return known.clone();
        }
        let new: Arc<str> = Arc::from(name);
        self.names.insert(Box::from(name), new.clone());
        new
    }

    fn link(&mut self, visit: CaseVisit, day: Day) {
        let id = visit.id.clone();
        for (days, who) in [(&mut self.carers, &visit.carer), (&mut self.clients, &visit.client)] {
            days.entry((who.clone(), day)).or_default().push(id.clone());
        }
        self.days.entry(day).or_default().insert(id.clone());
        if visit.is_ongoing() {
            self.ongoing.insert((visit.start, id.clone()));
        }
        self.by_id.insert(id, visit);
    }

    fn unlink(&mut self, visit: &CaseVisit) {
        let day = self.zone.day(visit.start);
        for (days, who) in [(&mut self.carers, &visit.carer), (&mut self.clients, &visit.client)] {
            let key = (who.clone(), day);
            if let Some(ids) = days.get_mut(&key) {
                ids.retain(|id| *id != visit.id);
                if ids.is_empty() {
                    days.remove(&key);
                }
            }
        }
        if let Some(ids) = self.days.get_mut(&day) {
            ids.remove(&visit.id);
        }
        self.ongoing.remove(&(visit.start, visit.id.clone()));
        self.by_id.remove(&visit.id);
    }

    /// Forgets what began before `horizon`.
    fn expire(&mut self, horizon: Day) {
        if horizon <= self.horizon {
            return;
        }
        self.horizon = horizon;
        let kept = self.days.split_off(&horizon);
        let gone = std::mem::replace(&mut self.days, kept);
        for id in gone.into_values().flatten() {
            if let Some(visit) = self.by_id.get(&id).cloned() {
                self.unlink(&visit);
            }
        }
        self.names.retain(|_, name| 1 < Arc::strong_count(name));
    }

    /// The latest version of a registration.
    #[must_use]
    pub fn get(&self, registration_id: &str) -> Option<&CaseVisit> {
        self.by_id.get(registration_id)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Are there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// A carer's visits of a local day, by their start.
    #[must_use]
    pub fn of_carer(&self, carer: &str, day: Day) -> Vec<&CaseVisit> {
        self.of_day(&self.carers, carer, day)
    }

    /// A client's visits of a local day, by their start.
    #[must_use]
    pub fn of_client(&self, client: &str, day: Day) -> Vec<&CaseVisit> {
        self.of_day(&self.clients, client, day)
    }

    fn of_day(&self, days: &HashMap<DayKey, Vec<Arc<str>>>, who: &str, day: Day) -> Vec<&CaseVisit> {
        let Some(who) = self.names.get(who) else { return Vec::new() };
        let ids = days.get(&(who.clone(), day)).map_or(&[][..], Vec::as_slice);
        let mut visits: Vec<&CaseVisit> = ids.iter().filter_map(|id| self.by_id.get(id)).collect();
        visits.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
        visits.truncate(DAY_VISITS_MAX);
        visits
    }

    /// Visits that have begun and not ended, latest first.
    pub fn ongoing(&self) -> impl Iterator<Item = &CaseVisit> {
        self.ongoing.iter().rev().filter_map(|(_, id)| self.by_id.get(id))
    }

    /// Every visit of a local day, in no order.
    pub fn of_local_day(&self, day: Day) -> impl Iterator<Item = &CaseVisit> {
        self.days.get(&day).into_iter().flatten().filter_map(|id| self.by_id.get(id))
    }
}
