//! All that is known of one municipality: its registrations in place, its facts, its counts.

use std::ops::Range;
use std::sync::Arc;

use hashbrown::HashMap;

use super::BASELINE_DAYS_MAX;
use super::baseline::{Baseline, Prior};
use super::facts::Facts;
use super::ledger::Ledger;
use super::names::{CarerId, ClientId};
use super::registry::Registry;
use super::sight::NEIGHBOUR_GAP_SECONDS_MAX;
use super::tally::{Period, Tally, is_tallied};
use super::timeline::{Mark, Timeline};
use super::visit::{Slot, Visit};
use crate::domain::{Day, EventType, Month, Registration, Span, UtcSecond, Zone};

/// On which registration of a contradicting pair the hold falls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HoldOn {
    /// The one with the weaker evidence.
    #[default]
    Weaker,
    /// Both.
    Both,
}

/// What the engine of a municipality goes by.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Municipality code.
    pub municipality: String,
    /// Its time zone.
    pub zone: Zone,
    /// Days that registrations are kept, by their start.
    pub retained_days: u16,
    /// On which registration of a pair the hold falls.
    pub hold_on: HoldOn,
    /// The price where no tariff is known, in öre per hour.
    pub default_ore_per_hour: i64,
    /// Day of the next month on which a period is paid where no calendar is known.
    pub default_payout_day: i8,
    /// Local hour of that payout run.
    pub default_payout_hour: i8,
}

/// A carer or a client.
#[derive(Default)]
pub(super) struct Party {
    pub(super) timeline: Timeline,
    /// Changed since the read model last asked.
    pub(super) touched: bool,
}

/// All that is known of one municipality.
pub(super) struct World {
    pub(super) settings: Arc<Settings>,
    pub(super) registry: Registry,
    pub(super) ledger: Ledger,
    pub(super) facts: Facts,
    pub(super) tallies: HashMap<Period, Tally>,
    pub(super) carers: Vec<Party>,
    pub(super) clients: Vec<Party>,
    /// Carers and clients that changed since the read model last asked, each once.
    pub(super) touched: Vec<Changed>,
    /// What began before this is no longer kept.
    pub(super) horizon: UtcSecond,
    /// The local month of `horizon`: it and those before are no longer whole.
    pub(super) horizon_month: Option<Month>,
    calendar: Calendar,
}

/// The local day and month of the last quarter of an hour that was asked about. No zone changes
/// its offset within one.
#[derive(Default)]
struct Calendar {
    quarter: i64,
    known: Option<(Day, Month)>,
}

impl Calendar {
    const QUARTER_SECONDS: i64 = 900;

    fn of(&mut self, zone: &Zone, at: UtcSecond) -> (Day, Month) {
        let quarter = at.0.div_euclid(Self::QUARTER_SECONDS);
        match self.known {
            Some(known) if self.quarter == quarter => known,
            _ => {
                self.quarter = quarter;
                *self.known.insert((zone.day(at), zone.month(at)))
            }
        }
    }
}

/// Who changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Changed {
    Carer(CarerId),
    Client(ClientId),
}

static NOBODY: Party = Party { timeline: Timeline::EMPTY, touched: false };

impl World {
    pub(super) fn new(settings: Arc<Settings>) -> Self {
        Self {
            settings,
            registry: Registry::default(),
            ledger: Ledger::default(),
            facts: Facts::default(),
            tallies: HashMap::new(),
            carers: Vec::new(),
            clients: Vec::new(),
            touched: Vec::new(),
            horizon: UtcSecond(i64::MIN),
            horizon_month: None,
            calendar: Calendar::default(),
        }
    }

    pub(super) fn carer(&self, carer: CarerId) -> &Party {
        self.carers.get(carer.0 as usize).unwrap_or(&NOBODY)
    }

    pub(super) fn client(&self, client: ClientId) -> &Party {
        self.clients.get(client.0 as usize).unwrap_or(&NOBODY)
    }

    /// The registration as it is kept here.
    pub(super) fn visit(&mut self, registration: &Registration<'_>, slot: Slot) -> Visit {
        let start = registration.start_at;
        let (day, month) = self.calendar.of(&self.settings.zone, start);
        let registry = &mut self.registry;
        let end = registration.end_at.unwrap_or(start);
        let span = Span::new(start, end).unwrap_or_else(|| Span::new(start, start).expect("equal ends"));
        let (first, last) = (&registration.start_capture, &registration.end_capture);
        let recorded_at = first.recorded_at.max(last.recorded_at).unwrap_or(end);
        let mut text = |name: Option<&str>| name.map(|name| registry.texts.intern(name));
        Visit {
            slot,
            version: registration.version,
            order: text(registration.order_id),
            start_tag: text(first.tag_ref),
            end_tag: text(last.tag_ref),
            shared_visit: text(registration.shared_visit_id),
            tariff: text(registration.payment.tariff_code),
            carer: registry.carers.intern(registration.carer_ref),
            client: registry.clients.intern(registration.client_ref),
            provider: registry.providers.intern(registration.provider_id),
            span,
            open: registration.end_at.is_none() || registration.event_type == EventType::Started,
            planned: registration.planned,
            start_method: first.method,
            end_method: last.method,
            recorded_at,
            kind: registration.visit_kind,
            outcome: registration.outcome,
            required_staff: registration.required_staff,
            trainee: registration.trainee,
            billable: registration.billable,
            partners: (!registration.partner_registration_ids.is_empty())
                .then(|| registration.partner_registration_ids.iter().map(|id| (*id).into()).collect()),
            service: registry
                .service(registration.visit_kind as u8, registration.tasks.first().map(|task| task.code)),
            payment_mode: registration.payment.mode,
            billable_seconds: registration.payment.billable_seconds,
            pay_period: registration.payment.pay_period.unwrap_or(month),
            day,
        }
    }

    /// Puts a visit on the timelines and into the counts.
    pub(super) fn place(&mut self, visit: Visit) {
        let mark = Mark { span: visit.presence(), slot: visit.slot };
        let ledger = &self.ledger;
        let by_id = |a, b| ledger.id(a).cmp(ledger.id(b));
        party(&mut self.carers, visit.carer.0).timeline.insert(mark, by_id);
        party(&mut self.clients, visit.client.0).timeline.insert(mark, by_id);
        self.touch(&visit);
        if is_tallied(&visit) {
            for period in periods(&visit) {
                self.tallies.entry(period).or_default().add(&visit);
            }
        }
        let slot = visit.slot;
        self.ledger.entry_mut(slot).visit = Some(visit);
    }

    /// Takes a visit out again: what is left is as if it had never been placed.
    pub(super) fn lift(&mut self, slot: Slot) -> Option<Visit> {
        let visit = self.ledger.entry_mut(slot).visit.take()?;
        let mark = Mark { span: visit.presence(), slot };
        for party in [party(&mut self.carers, visit.carer.0), party(&mut self.clients, visit.client.0)] {
            party.timeline.remove(mark);
        }
        self.touch(&visit);
        if is_tallied(&visit) {
            for period in periods(&visit) {
                if let Some(tally) = self.tallies.get_mut(&period) {
                    tally.take(&visit);
                }
            }
        }
        Some(visit)
    }

    fn touch(&mut self, visit: &Visit) {
        let carer = &mut self.carers[visit.carer.0 as usize];
        if !std::mem::replace(&mut carer.touched, true) {
            self.touched.push(Changed::Carer(visit.carer));
        }
        let client = &mut self.clients[visit.client.0 as usize];
        if !std::mem::replace(&mut client.touched, true) {
            self.touched.push(Changed::Client(visit.client));
        }
    }

    /// Visits of the same carer or client that are near enough in time to be judged together.
    pub(super) fn near(&self, visit: &Visit, into: &mut Vec<Slot>) {
        for party in [self.carer(visit.carer), self.client(visit.client)] {
            into.extend(party.timeline.reaching(widened(visit)).iter().map(|mark| mark.slot));
        }
    }

    /// Those of them about which something `stands`.
    pub(super) fn near_standing(&self, visit: &Visit, stands: impl Fn(Slot) -> bool, into: &mut Vec<Slot>) {
        for party in [self.carer(visit.carer), self.client(visit.client)] {
            if 0 < party.timeline.standing {
                let marks = party.timeline.reaching(widened(visit)).iter();
                into.extend(marks.map(|mark| mark.slot).filter(|slot| stands(*slot)));
            }
        }
    }

    /// Visits of later days whose baseline the visit belongs to.
    pub(super) fn after(&self, visit: &Visit, into: &mut Vec<Slot>) {
        if visit.log_ratio().is_none() {
            return;
        }
        let from = visit.span.start();
        let last = Day(visit.day.0.saturating_add(BASELINE_DAYS_MAX));
        for party in [self.carer(visit.carer), self.client(visit.client)] {
            let later = party.timeline.starting_from(from.plus(1));
            let days = later.iter().map(|mark| (self.ledger.counted(mark.slot).day, mark.slot));
            let until_last = days.take_while(|(day, _)| *day <= last);
            into.extend(until_last.filter(|(day, _)| visit.day < *day).map(|(_, slot)| slot));
        }
    }

    /// Folds the length ratios of the visits that begin on `days` and that `fits`.
    pub(super) fn baseline(
        &self,
        marks: &[Mark],
        prior: Prior,
        days: Range<Day>,
        fits: impl Fn(&Visit) -> bool,
    ) -> Baseline {
        let mut baseline = Baseline::new(prior);
        // Two days wider in UTC than the local days are; the days decide.
        let from = UtcSecond((i64::from(days.start.0) - 1) * 86_400);
        let first = marks.partition_point(|mark| mark.span.start() < from);
        for mark in &marks[first..] {
            let visit = self.ledger.counted(mark.slot);
            if days.end <= visit.day {
                break;
            }
            if days.start <= visit.day
                && fits(visit)
                && let Some(value) = visit.log_ratio()
            {
                baseline.learn(value);
            }
        }
        baseline
    }

    /// Lets go of everything that began before `horizon`; each registration that goes is told.
    pub(super) fn expire(&mut self, horizon: UtcSecond, mut gone: impl FnMut(Slot)) {
        self.horizon = horizon;
        self.carers.iter_mut().for_each(|carer| carer.timeline.expire(horizon, |_| ()));
        for client in &mut self.clients {
            let ledger = &mut self.ledger;
            client.timeline.expire(horizon, |slot| {
                gone(slot);
                ledger.forget(slot);
            });
        }
        self.ledger.expire_cancelled(horizon);
        let month = self.settings.zone.month(horizon);
        self.horizon_month = Some(month);
        self.tallies.retain(|period, _| month <= period.month());
    }
}

/// The time in which another visit can say something about this one.
fn widened(visit: &Visit) -> Span {
    let span = visit.presence();
    let (start, end) = (span.start(), span.end());
    Span::new(start.plus(-NEIGHBOUR_GAP_SECONDS_MAX), end.plus(NEIGHBOUR_GAP_SECONDS_MAX + 1))
        .expect("a span stays one when it is widened")
}

/// The periods that a visit counts in.
pub(super) const fn periods(visit: &Visit) -> [Period; 2] {
    [Period::Carer(visit.carer, visit.pay_period), Period::Provider(visit.provider, visit.pay_period)]
}

fn party(parties: &mut Vec<Party>, number: u32) -> &mut Party {
    let at = number as usize;
    if parties.len() <= at {
        parties.resize_with(at + 1, Party::default);
    }
    &mut parties[at]
}
