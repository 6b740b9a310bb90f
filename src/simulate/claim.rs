//! Claims: what carers register of their visits, by tag, by hand, late, or not at all.

use super::clients::ServiceKind;
use super::lives::last_order;
use super::owned::{OwnedCapture, OwnedRegistration};
use super::places::{moved, travel_seconds};
use super::random::Random;
use super::town::Town;
use super::walk::ActualVisit;
use crate::domain::{CaptureMethod, EventType, Geo, PaymentMode, UtcSecond, VisitKind, VisitOutcome};

/// A change that a source makes later, planted with the claim.
#[derive(Clone, Copy, Debug)]
pub(super) struct Later {
    pub(super) at: UtcSecond,
    /// The end is moved by this, with the billed time.
    pub(super) longer_seconds: i64,
    /// Made by the owner, who changes the registrations of all carers, instead of the unit's planner.
    pub(super) by_owner: bool,
    pub(super) reason: Option<&'static str>,
    /// It was approved; the approval is taken back before, and given again after.
    pub(super) approved: bool,
}

/// A registration as its source will hold it, beside the visit as it took place.
#[derive(Clone, Debug)]
pub(super) struct SimulatedClaim {
    pub(super) registration: OwnedRegistration,
    pub(super) carer: usize,
    pub(super) client: usize,
    /// When it really began and ended.
    pub(super) start: UtcSecond,
    pub(super) end: UtcSecond,
    pub(super) service: ServiceKind,
    /// Half of the time is billed with the spouse's registration.
    pub(super) halved: bool,
    /// Part of a planted pattern: nothing corrects it.
    pub(super) frozen: bool,
    /// What is still to be changed in it.
    pub(super) later: Option<Later>,
}

impl SimulatedClaim {
    /// The registered end; claims always have one.
    pub(super) fn registered_end(&self) -> UtcSecond {
        self.registration.end_at.unwrap_or(self.registration.start_at)
    }

    pub(super) fn is_electronic(&self) -> bool {
        self.registration.start_capture.method.is_electronic()
            && self.registration.end_capture.method.is_electronic()
    }

    /// Computes the billed seconds again, after the times were changed.
    pub(super) fn bill(&mut self) {
        let registration = &mut self.registration;
        let end = registration.end_at.unwrap_or(registration.start_at);
        let seconds = end.since(registration.start_at);
        let plan = registration.planned.map(|plan| plan.seconds());
        let billed = match (registration.mode, registration.outcome) {
            (PaymentMode::Granted, _) => plan.unwrap_or(seconds),
            (PaymentMode::StandardMinutes, _) => {
                self.service.standard_minutes().map_or(seconds, |minutes| i64::from(minutes) * 60)
            }
            // The contract pays half of what was planned for a visit that the client declined.
            (_, VisitOutcome::Declined | VisitOutcome::CancelledLate) => {
                plan.map_or(seconds, |plan| plan / 2)
            }
            // The source bills no more than the plan where nobody logged out.
            _ if registration.end_capture.method == CaptureMethod::AutoClosed => {
                seconds.min(plan.unwrap_or(0))
            }
            _ => seconds,
        };
        let billed = if self.halved { billed / 2 } else { billed };
        registration.billable_seconds = (!registration.trainee).then_some(billed.max(0) as u32);
    }
}

/// Until when each carer's phone is without coverage.
pub(super) struct Phones(Vec<UtcSecond>);

impl Phones {
    pub(super) fn new(carers: usize) -> Self {
        Self(vec![UtcSecond(i64::MIN); carers])
    }

    /// When something that `carer`'s phone noted at `at` reaches the server: at once, or with a
    /// whole burst when there is coverage again (median 20 minutes, one in a hundred after a day).
    fn synced(&mut self, carer: usize, at: UtcSecond, random: &mut Random) -> UtcSecond {
        if self.0[carer] <= at {
            if !random.chance(0.016) {
                return at.plus(random.between(1, 4));
            }
            let lag = random.log_normal(1_200.0, 1.84).clamp(120.0, 150_000.0);
            self.0[carer] = at.plus(lag as i64);
        }
        self.0[carer].plus(random.between(0, 40))
    }
}

/// The claims of a day's visits, by carer and time.
pub(super) fn claims(
    town: &Town,
    mut visits: Vec<ActualVisit>,
    phones: &mut Phones,
    random: &mut Random,
) -> Vec<SimulatedClaim> {
    visits.sort_by_key(|visit| (visit.carer, visit.start, visit.end));
    let mut claims = Vec::with_capacity(visits.len());
    for (index, visit) in visits.iter().enumerate() {
        let provider = town.provider_of(visit.carer);
        let mut claim = plain(town, visit);
        let manners = town.units[town.carers[visit.carer].unit].manners;
        let by_hand = manners.manual * town.carers[visit.carer].by_hand;
        let both = random.chance(0.7 * by_hand);
        let hands = (both || random.chance(0.3 * by_hand), both || random.chance(0.3 * by_hand));
        let later = visits[index + 1..].iter().take_while(|later| later.carer == visit.carer);
        if !hands.1 && random.chance(manners.forgets) {
            forget(town, &mut claim, visit, later, random);
        }
        locate(town, &mut claim, random);
        sync(&mut claim, phones, random);
        if hands.0 || hands.1 {
            enter_by_hand(&mut claim, hands, random);
        }
        tick(town, &mut claim, random);
        claim.bill();
        if random.chance(provider.bare) {
            bare(&mut claim.registration);
        }
        claims.push(claim);
    }
    claims
}

/// The claim where nothing goes wrong.
pub(super) fn plain(town: &Town, visit: &ActualVisit) -> SimulatedClaim {
    let client = &town.clients[visit.client];
    let unit = &town.units[town.carers[visit.carer].unit];
    let provider = &town.providers[unit.provider];
    let need = client.needs.iter().find(|need| need.service == visit.service);
    let known = !matches!(visit.kind, VisitKind::Alarm);
    let gone = client.life.goes.is_some_and(|end| i64::from(end.day) <= town.day_of(visit.start));
    let order = match gone && client.life.goes.is_some_and(|end| end.cleaned_on.is_some()) {
        true => Some(last_order(visit.client)),
        false => need.map(|need| town.orders[need.order].id.clone()),
    };
    let minutes = visit.planned.map_or(visit.end.since(visit.start), |plan| plan.seconds()) / 60;
    let (start_capture, end_capture) = captures(town, visit);
    let mut claim = SimulatedClaim {
        registration: OwnedRegistration {
            event_type: EventType::Recorded,
            id: visit.id.clone(),
            version: 1,
            municipality: town.municipality.clone(),
            provider: provider.id.clone(),
            unit: unit.id.clone(),
            carer: town.carers[visit.carer].reference.clone(),
            client: client.reference.clone(),
            order: order.filter(|_| known),
            planned: visit.planned,
            start_at: visit.start,
            end_at: Some(visit.end),
            start_capture,
            end_capture,
            kind: visit.kind,
            outcome: visit.outcome,
            tasks: vec![(visit.service.code(), minutes.max(1) as u16)],
            required_staff: Some(visit.staff),
            partner: visit.partner.clone(),
            trainee: visit.trainee,
            shared_visit: visit.shared_visit.clone(),
            edits: Vec::new(),
            mode: mode(town, visit, provider.standard_minutes),
            billable_seconds: None,
            tariff: tariff(town, visit.start),
            pay_period: town.zone.month(visit.start),
            system: provider.system,
            event_id: visit.id.clone(),
            emitted_at: visit.end.plus(2),
        },
        carer: visit.carer,
        client: visit.client,
        start: visit.start,
        end: visit.end,
        service: visit.service,
        halved: visit.halved,
        frozen: false,
        later: None,
    };
    claim.bill();
    claim
}

fn mode(town: &Town, visit: &ActualVisit, standard_minutes: bool) -> PaymentMode {
    if standard_minutes && visit.service.standard_minutes().is_some() {
        PaymentMode::StandardMinutes
    } else if town.clients[visit.client].life.by_grant {
        PaymentMode::Granted
    } else {
        PaymentMode::Performed
    }
}

/// Ticks what else was done: now and then another task of the order, or all of them by a template.
pub(super) fn tick(town: &Town, claim: &mut SimulatedClaim, random: &mut Random) {
    let all = town.provider_of(claim.carer).template_tasks;
    let &[(_, minutes), ..] = &*claim.registration.tasks else { return };
    for &code in &claim.service.tasks()[1..] {
        if all || random.chance(0.35) {
            claim.registration.tasks.push((code, 5));
        }
    }
    let others = 5 * (claim.registration.tasks.len() as u16 - 1);
    claim.registration.tasks[0].1 = minutes.saturating_sub(others).max(1);
}

fn captures(town: &Town, visit: &ActualVisit) -> (OwnedCapture, OwnedCapture) {
    let client = &town.clients[visit.client];
    let at_home = |at: UtcSecond| OwnedCapture {
        method: client.method,
        tag: client.tag_at(at),
        device: match client.method {
            CaptureMethod::Telephony | CaptureMethod::FixedDevice => None,
            _ => Some(town.device(visit.carer, at)),
        },
        recorded_at: Some(at),
        synced_at: Some(at.plus(2)),
        geo: None,
    };
    let elsewhere = |at: UtcSecond| OwnedCapture {
        method: CaptureMethod::AppButton,
        tag: None,
        device: Some(town.device(visit.carer, at)),
        recorded_at: Some(at),
        synced_at: Some(at.plus(2)),
        geo: None,
    };
    match visit.kind {
        VisitKind::Errand | VisitKind::Remote => (elsewhere(visit.start), elsewhere(visit.end)),
        VisitKind::Escort => (at_home(visit.start), elsewhere(visit.end)),
        _ => (at_home(visit.start), at_home(visit.end)),
    }
}

pub(super) fn tariff(town: &Town, start: UtcSecond) -> &'static str {
    let hour = town.zone.second_of_day(start) / 3600;
    let weekend = 5 <= (i64::from(town.zone.day(start).0) + 3).rem_euclid(7);
    match hour {
        0..6 | 22.. => "N1",
        18.. => "K1",
        _ if weekend => "K1",
        _ => "D1",
    }
}

/// Where the phone gives its position: beside the home by some metres, now and then by some streets.
pub(super) fn locate(town: &Town, claim: &mut SimulatedClaim, random: &mut Random) {
    let home = town.clients[claim.client].home;
    for capture in [&mut claim.registration.start_capture, &mut claim.registration.end_capture] {
        let by_tag = capture.method == CaptureMethod::NfcTag && random.chance(0.12);
        if capture.method == CaptureMethod::GpsApp || by_tag {
            let drifts = random.chance(0.015);
            let spread = if drifts { 180.0 } else { 15.0 };
            let place = moved(home, spread * random.normal(), spread * random.normal());
            let accuracy = if drifts { random.between(40, 160) } else { random.between(4, 30) };
            capture.geo = Some(Geo { place, accuracy_metres: Some(accuracy as f64) });
        }
    }
}

fn sync(claim: &mut SimulatedClaim, phones: &mut Phones, random: &mut Random) {
    for capture in [&mut claim.registration.start_capture, &mut claim.registration.end_capture] {
        if let (Some(at), Some(_)) = (capture.recorded_at, &capture.device) {
            capture.synced_at = Some(phones.synced(claim.carer, at, random));
        }
    }
}

/// Enters one end or both afterwards: most at the next five minutes, the rest at the minute.
pub(super) fn enter_by_hand(claim: &mut SimulatedClaim, (start, end): (bool, bool), random: &mut Random) {
    let office = random.chance(0.2);
    let method = if office { CaptureMethod::ManualOffice } else { CaptureMethod::ManualCarer };
    let lag = if office {
        random.between(12 * 3600, 60 * 3600)
    } else {
        random.log_normal(3_600.0, 1.2).clamp(60.0, 260_000.0) as i64
    };
    let entered = claim.registered_end().plus(lag);
    let capture = OwnedCapture {
        method,
        tag: None,
        device: None,
        recorded_at: Some(entered),
        synced_at: Some(entered),
        geo: None,
    };
    let grid = if random.chance(0.7) { 300 } else { 60 };
    let near = |at: UtcSecond| UtcSecond((at.0 + grid / 2).div_euclid(grid) * grid);
    let registration = &mut claim.registration;
    if start {
        registration.start_at = near(claim.start);
        registration.start_capture = capture.clone();
    }
    if end {
        registration.end_at = Some(near(claim.end));
        registration.end_capture = capture;
    }
    registration.end_at = registration.end_at.map(|end| end.max(registration.start_at.plus(60)));
}

/// Forgets to log out: the source closes it, or the button is pressed when it is noticed, or the
/// office enters the end.
fn forget<'a>(
    town: &Town,
    claim: &mut SimulatedClaim,
    visit: &ActualVisit,
    later: impl Iterator<Item = &'a ActualVisit> + Clone,
    random: &mut Random,
) {
    let next = later.clone().next();
    let (mut at, method) = match random.weighted(&[0.45, 0.40, 0.15]) {
        0 => {
            let closed = visit.start.plus(4 * 3600).max(visit.end.plus(300));
            (closed, CaptureMethod::AutoClosed)
        }
        1 => {
            let noticed = match next {
                Some(next) => next.start.plus(random.between(200, 1_100)),
                None => visit.end.plus(random.between(600, 9_000)),
            };
            (noticed, CaptureMethod::AppButton)
        }
        _ => (visit.end, CaptureMethod::ManualOffice),
    };
    // A button pressed just before the next home, or apparently so after rounding by hand, would make the way
    // impossible: it is pressed well inside the next visit instead.
    // Where the source closed the visit, its planned end takes the place of the real one; it must leave time for
    // the way to the next home.
    if method == CaptureMethod::AutoClosed {
        let plan = visit.planned.map_or(visit.start, |plan| plan.end());
        if next.is_some_and(|next| next.start < plan.plus(travel_seconds_between(town, visit, next))) {
            return;
        }
    } else if method == CaptureMethod::AppButton {
        for next in later {
            let way = travel_seconds_between(town, visit, next);
            if at < next.start.plus(200) && next.start < at.plus(way) {
                at = next.start.plus(random.between(200, 500));
            }
        }
    }
    claim.registration.end_at = Some(at);
    claim.registration.end_capture = OwnedCapture {
        method,
        tag: None,
        device: (method == CaptureMethod::AppButton).then(|| town.device(claim.carer, at)),
        recorded_at: Some(at),
        synced_at: Some(at.plus(if method == CaptureMethod::ManualOffice { 86_400 } else { 5 })),
        geo: None,
    };
}

fn travel_seconds_between(town: &Town, from: &ActualVisit, to: &ActualVisit) -> i64 {
    travel_seconds(town.clients[from.client].home, town.clients[to.client].home) as i64
}

/// Some sources know nothing of plans and orders.
fn bare(registration: &mut OwnedRegistration) {
    registration.planned = None;
    registration.order = None;
    registration.tasks.clear();
    registration.required_staff = None;
}

/// Was somebody helped at home, so that the place is certain?
pub(super) const fn is_at_home(kind: VisitKind, outcome: VisitOutcome) -> bool {
    matches!(outcome, VisitOutcome::Performed)
        && matches!(kind, VisitKind::Planned | VisitKind::Unplanned | VisitKind::NightTour)
}
