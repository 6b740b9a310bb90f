//! How each pattern is planted: one function per pattern, each on one day and by one carer; a file for
//! each family of patterns.

mod contradictions;
mod devices;
mod edits;
mod habits;
mod lengths;
mod orders;
mod pays;
mod plot;
mod providers;
mod set_up;
mod staff;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::claim::{SimulatedClaim, is_at_home, locate, plain, tick};
use super::clients::ServiceKind;
use super::places::travel_seconds;
use super::random::Random;
use super::town::Town;
use super::walk::{ActualVisit, Ids};
use crate::domain::{
    CaptureMethod, Coordinates, Month, PaymentMode, Span, UtcSecond, VisitKind, VisitOutcome,
};

pub(super) use plot::{BEGINS, Plot};
use providers::provider_day;
pub(super) use set_up::set_up;

/// One planted registration.
#[derive(Debug)]
pub(super) struct Planted {
    pub(super) id: Arc<str>,
    pub(super) actor: Arc<str>,
    /// Registered or billed seconds that were not worked.
    pub(super) seconds: i64,
}

/// State of a scheme from day to day.
#[derive(Debug, Default)]
pub(super) struct PlotMemory {
    /// Clients that it is about.
    clients: Vec<usize>,
    /// Another carer's entry: a second job, a made-up person, a colleague.
    other: Option<usize>,
    /// Start (seconds after midnight) and length of what is copied, by client and half day.
    copied: BTreeMap<(usize, i64), (i64, i64)>,
    /// Registered seconds, by order and month.
    used: BTreeMap<(Arc<str>, Month), i64>,
    /// Months that have their label.
    labelled_months: Vec<Month>,
}

/// The day that patterns are planted on.
pub(super) struct Scene<'a> {
    pub(super) town: &'a Town,
    pub(super) day: u32,
    pub(super) claims: &'a mut Vec<SimulatedClaim>,
    pub(super) ids: &'a mut Ids,
    pub(super) random: &'a mut Random,
    pub(super) memory: &'a mut PlotMemory,
    pub(super) out: &'a mut Vec<Planted>,
}

impl Scene<'_> {
    /// Plants `pattern` on this day by `actor`, on the scheme's day number `age`; `None` where nothing
    /// of the day fits.
    pub(super) fn plant(&mut self, pattern: &str, actor: usize, age: u32) -> Option<()> {
        match pattern {
            "carer-overlap" => self.carer_overlap(actor, actor),
            "cross-provider-overlap" => self.carer_overlap(actor, self.memory.other?),
            "impossible-travel" => self.impossible_travel(actor),
            "client-overlap" => self.client_overlap(actor),
            "partial-double-staffing" => self.partial_double_staffing(actor),
            "client-absent" => self.client_absent(actor),
            "after-death" | "after-order-end" => self.after_the_end(actor, pattern == "after-death"),
            "duplicate-registration" => self.duplicate_registration(actor),
            "no-valid-order" => self.no_valid_order(actor),
            "above-grant" => self.above_grant(actor),
            "travel-log-in" => self.travel_log_in(actor),
            "moved-tag" => self.moved_tag(actor),
            "batch-logging" => self.batch_logging(actor),
            "shared-device" => self.shared_device(actor),
            "far-from-home" => self.far_from_home(actor),
            "carer-hours" => self.carer_hours(actor),
            "carer-absent" => self.carer_absent(actor),
            "new-identity" => self.new_identity(actor),
            "unlisted-carer" => self.unlisted_carer(actor),
            "manual-share" => self.by_hand(actor),
            "rounded-times" => self.rounded_times(actor),
            "plan-copy" => self.plan_copy(actor),
            "copied-day" => self.copied_day(actor),
            "task-pattern" => self.task_pattern(actor),
            "tariff-edge" => self.tariff_edge(actor),
            "pair-concentration" => self.pair_concentration(),
            "declined-share" => self.declined(actor),
            "first-day-absences" => self.first_day_absence(actor),
            "billed-above-registered" => self.billed_above_registered(actor),
            "split-visits" => self.split_visit(actor),
            "merged-visits" => self.merged_visit(actor),
            "service-without-presence" => self.service_without_presence(),
            "missed-visit" => self.missed_visit(),
            "shared-household-double" => self.shared_household_double(actor),
            "late-lengthening" => self.late_lengthening(actor),
            "editor-concentration" => self.edited_by_the_owner(actor),
            "locked-period-change" => self.locked_period_change(actor),
            "missing-log-out" => self.missing_log_out(actor),
            "single-long-visit" => self.stretched(actor, 3.0, 600),
            "padding" => {
                let factor = 1.1 + 0.3 * self.random.unit();
                self.stretched(actor, factor, 300)
            }
            "creeping-padding" => self.stretched(actor, 1.0 + (0.02 * f64::from(age)).clamp(0.04, 0.6), 300),
            "phantom-visits" => self.phantom_visit(actor),
            _ => None,
        }
    }

    /// Labels the claim at `index`; from now on nothing corrects it.
    fn label(&mut self, index: usize, seconds: i64) {
        let claim = &mut self.claims[index];
        claim.frozen = true;
        let (id, actor) = (claim.registration.id.clone(), claim.registration.carer.clone());
        self.out.push(Planted { id, actor, seconds });
    }

    /// Adds a registration of a visit that was never made, complete like a real one; returns its index.
    fn invent(&mut self, carer: usize, client: usize, span: Span, kind: VisitKind) -> usize {
        let need = self.town.clients[client].needs.iter().find(|need| need.staff == 1);
        let start = UtcSecond((span.start().0 + 150).div_euclid(300) * 300);
        let minutes = ((span.seconds() + 150) / 300).max(1) * 300;
        let visit = ActualVisit {
            id: self.ids.next(),
            carer,
            client,
            start: span.start(),
            end: span.end(),
            planned: Span::new(start, start.plus(minutes)).filter(|_| kind == VisitKind::Planned),
            service: need.map_or(ServiceKind::Hygiene, |need| need.service),
            kind,
            outcome: VisitOutcome::Performed,
            staff: 1,
            partner: None,
            shared_visit: None,
            halved: false,
            trainee: false,
        };
        let mut claim = plain(self.town, &visit);
        // A made-up visit is one to somebody's home, whatever the order is for.
        claim.registration.kind = kind;
        locate(self.town, &mut claim, self.random);
        tick(self.town, &mut claim, self.random);
        for capture in [&mut claim.registration.start_capture, &mut claim.registration.end_capture] {
            capture.synced_at = capture.recorded_at.map(|at| at.plus(self.random.between(1, 4)));
        }
        claim.frozen = true;
        self.claims.push(claim);
        self.claims.len() - 1
    }

    /// Moves a registered end, with what recorded it.
    fn set_end(&mut self, index: usize, end: UtcSecond) {
        let lag = self.random.between(1, 4);
        let claim = &mut self.claims[index];
        claim.registration.end_at = Some(end);
        claim.registration.end_capture.recorded_at = Some(end);
        claim.registration.end_capture.synced_at = Some(end.plus(lag));
        claim.bill();
    }

    /// Moves a registered start, with what recorded it, its tariff and its month.
    fn set_start(&mut self, index: usize, start: UtcSecond) {
        let lag = self.random.between(1, 4);
        let claim = &mut self.claims[index];
        claim.registration.start_at = start;
        claim.registration.start_capture.recorded_at = Some(start);
        claim.registration.start_capture.synced_at = Some(start.plus(lag));
        claim.registration.tariff = super::claim::tariff(self.town, start);
        claim.registration.pay_period = self.town.zone.month(start);
        claim.bill();
    }

    fn provider(&self, carer: usize) -> usize {
        self.town.units[self.town.carers[carer].unit].provider
    }

    fn home(&self, claim: usize) -> Coordinates {
        self.town.clients[self.claims[claim].client].home
    }

    /// Clients of the carer's provider.
    fn clients(&self, carer: usize) -> impl Iterator<Item = usize> {
        let (town, provider) = (self.town, self.provider(carer));
        town.units
            .iter()
            .filter(move |unit| unit.provider == provider)
            .flat_map(|unit| unit.clients.iter().copied())
    }

    /// Another household of the carer's provider where somebody is at home and nobody else comes.
    fn pick_client(&mut self, carer: usize, span: Span, fits: impl Fn(usize) -> bool) -> Option<usize> {
        let (town, day) = (self.town, self.day);
        let at_home = |client: usize| {
            let client = &town.clients[client];
            client.spouse.is_none()
                && client.life.is_client(day)
                && !client.life.by_grant
                && client.away_at(span.start()).is_none()
                && !client.away_during(span)
        };
        let clients: Vec<usize> = self
            .clients(carer)
            .filter(|&client| at_home(client) && fits(client) && self.is_alone(client, span, 600))
            .collect();
        self.random.pick(&clients).copied()
    }

    /// The carer's claims, in order of start.
    fn own(&self, carer: usize) -> Vec<usize> {
        let mut own: Vec<usize> =
            (0..self.claims.len()).filter(|&index| self.claims[index].carer == carer).collect();
        own.sort_by_key(|&index| (self.claims[index].registration.start_at, index));
        own
    }

    /// One of the carer's plain claims that `fits`.
    fn pick_own(&mut self, carer: usize, fits: impl Fn(&SimulatedClaim) -> bool) -> Option<usize> {
        let plain = |&index: &usize| self.is_plain(&self.claims[index]) && fits(&self.claims[index]);
        let fitting: Vec<usize> = self.own(carer).into_iter().filter(plain).collect();
        self.random.pick(&fitting).copied()
    }

    /// One carer, one client, tags at both ends, paid by time, untouched so far: good ground for a
    /// pattern.
    fn is_plain(&self, claim: &SimulatedClaim) -> bool {
        let registration = &claim.registration;
        let alone = registration.partner.is_none()
            && registration.shared_visit.is_none()
            && self.town.clients[claim.client].spouse.is_none();
        let late = claim.registered_end() != claim.end;
        let helped = is_at_home(registration.kind, registration.outcome);
        let by_time = registration.mode == PaymentMode::Performed;
        alone && helped && by_time && !late && !claim.frozen && claim.is_electronic() && !registration.trainee
    }

    /// Does the carer register nothing within `margin` seconds of `span`?
    fn is_free(&self, carer: usize, span: Span, margin: i64) -> bool {
        self.claims.iter().filter(|claim| claim.carer == carer).all(|claim| lies_apart(claim, span, margin))
    }

    /// Does nobody register at the client within `margin` seconds of `span`?
    fn is_alone(&self, client: usize, span: Span, margin: i64) -> bool {
        self.claims.iter().filter(|claim| claim.client == client).all(|claim| lies_apart(claim, span, margin))
    }

    /// The first instant after `end` at which the carer has to set out for the next client.
    fn next_start(&self, carer: usize, end: UtcSecond, way: impl Fn(&SimulatedClaim) -> i64) -> UtcSecond {
        let after = self.claims.iter().filter(|claim| claim.carer == carer && end <= claim.start);
        let starts = after.map(|claim| claim.start.min(claim.registration.start_at).plus(-way(claim)));
        starts.min().unwrap_or(UtcSecond(i64::MAX))
    }

    /// Can the carer drive there and back between what is registered before and after `span`?
    fn can_reach(&self, carer: usize, client: usize, span: Span) -> bool {
        let home = self.town.clients[client].home;
        self.claims.iter().filter(|claim| claim.carer == carer).all(|claim| {
            let way = travel_seconds(self.town.clients[claim.client].home, home) as i64 + 30;
            lies_apart(claim, span, way)
        })
    }
}

fn lies_apart(claim: &SimulatedClaim, span: Span, margin: i64) -> bool {
    let start = claim.registration.start_at.min(claim.start);
    let end = claim.registered_end().max(claim.end);
    end.plus(margin) <= span.start() || span.end().plus(margin) <= start
}

fn span(claim: &SimulatedClaim) -> Span {
    Span::new(claim.start, claim.end).expect("visits have a length")
}

/// The button in the app instead of the tag.
fn press_button(claim: &mut SimulatedClaim) {
    for capture in [&mut claim.registration.start_capture, &mut claim.registration.end_capture] {
        capture.method = CaptureMethod::AppButton;
        capture.tag = None;
    }
}
