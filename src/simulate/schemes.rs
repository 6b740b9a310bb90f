//! How each pattern is planted: one function per pattern, each on one day and by one carer.

use std::sync::Arc;

use super::claim::{Claim, is_at_home, plain};
use super::clients::Service;
use super::random::Random;
use super::town::{Town, travel_seconds};
use super::walk::{Ids, Visit};
use crate::domain::{AbsenceKind, CaptureMethod, Outcome, Span, UtcSecond, VisitKind};

/// A home is far away from here: nobody drives that in the minute or two between two registrations.
const FAR_METRES: f64 = 5_500.0;

/// The day that patterns are planted on.
pub(super) struct Scene<'a> {
    pub(super) town: &'a Town,
    pub(super) day: u32,
    pub(super) claims: &'a mut Vec<Claim>,
    pub(super) ids: &'a mut Ids,
    pub(super) random: &'a mut Random,
}

/// The planted registration and its seconds that were not worked.
type Planted = (Arc<str>, i64);

impl Scene<'_> {
    /// Plants `pattern` on this day by `actor`; `None` where nothing of the day fits.
    pub(super) fn plant(&mut self, pattern: &str, actor: usize) -> Option<Planted> {
        match pattern {
            "carer-overlap" => self.carer_overlap(actor),
            "client-overlap" => self.client_overlap(actor),
            "impossible-travel" => self.impossible_travel(actor),
            "client-absent" => self.client_absent(actor),
            "duplicate-registration" => self.duplicate_registration(actor),
            "missing-log-out" => self.missing_log_out(actor),
            _ => self.unusual_duration(actor),
        }
    }

    /// A visit to another household while the carer really is at a client's.
    fn carer_overlap(&mut self, actor: usize) -> Option<Planted> {
        let base = self.pick_own(actor, |claim| 900 <= claim.end.since(claim.start))?;
        let (start, end) = (self.claims[base].start, self.claims[base].end);
        let begin = start.plus(end.since(start) / 3);
        let span = Span::new(begin, begin.plus(self.random.between(1_200, 2_400)))?;
        let client = self.pick_client(actor, span, |_| true)?;
        self.claims[base].frozen = true;
        Some(self.invent(actor, client, span))
    }

    /// A second carer at a visit that needs one.
    fn client_overlap(&mut self, actor: usize) -> Option<Planted> {
        let provider = self.provider(actor);
        let fits = |scene: &Self, index: usize| {
            let claim = &scene.claims[index];
            claim.carer != actor
                && scene.provider(claim.carer) == provider
                && 900 <= claim.end.since(claim.start)
                && scene.is_plain(claim)
                && scene.is_free(actor, span(claim), 2_400)
        };
        let fitting: Vec<usize> = (0..self.claims.len()).filter(|&index| fits(self, index)).collect();
        let &base = self.random.pick(&fitting)?;
        let (start, end) = (self.claims[base].start, self.claims[base].end);
        let shift = self.random.between(-90, 120);
        let span = Span::new(start.plus(shift), end.plus(self.random.between(-60, 180)))?;
        self.claims[base].frozen = true;
        self.claims[base].registration.required_staff = Some(1);
        let client = self.claims[base].client;
        Some(self.invent(actor, client, span))
    }

    /// A visit far away, a minute after another one ended.
    fn impossible_travel(&mut self, actor: usize) -> Option<Planted> {
        let seconds = self.random.between(900, 1_800);
        let base = self.pick_own(actor, |_| true)?;
        let (left, home) = (self.claims[base].end, self.home(base));
        let begin = left.plus(self.random.between(40, 110));
        let span = Span::new(begin, begin.plus(seconds))?;
        let town = self.town;
        let client =
            self.pick_client(actor, span, |client| FAR_METRES < home.metres_to(town.clients[client].home))?;
        let back = travel_seconds(town.clients[client].home, home) as i64 + 1_200;
        if !self.is_free(actor, Span::new(left.plus(1), span.end().plus(back))?, 0) {
            return None;
        }
        self.claims[base].frozen = true;
        Some(self.invent(actor, client, span))
    }

    /// A visit to a client who is in hospital from before this day until after it.
    fn client_absent(&mut self, actor: usize) -> Option<Planted> {
        let begin = self.town.at(self.day, 8 * 3600 + self.random.between(0, 36_000) as i32);
        let span = Span::new(begin, begin.plus(self.random.between(1_200, 2_700)))?;
        let town = self.town;
        let inside = |client: usize| {
            town.clients[client].stays.iter().any(|stay| {
                let whole = stay.whole_days.and_then(|days| days.intersection(span));
                stay.kind == AbsenceKind::Hospital && whole == Some(span)
            })
        };
        if !self.is_free(actor, span, 2_400) {
            return None;
        }
        let fits = |client: &usize| inside(*client) && town.clients[*client].spouse.is_none();
        let clients: Vec<usize> =
            self.clients(actor).filter(fits).filter(|&client| self.is_alone(client, span, 600)).collect();
        let &client = self.random.pick(&clients)?;
        Some(self.invent(actor, client, span))
    }

    /// The same visit once more under another id.
    fn duplicate_registration(&mut self, actor: usize) -> Option<Planted> {
        let base = self.pick_own(actor, |_| true)?;
        self.claims[base].frozen = true;
        let (start, end) = (self.claims[base].start, self.claims[base].end);
        let begin = start.plus(self.random.between(2, 90));
        let span = Span::new(begin, end.plus(self.random.between(-30, 60)).max(begin.plus(60)))?;
        let client = self.claims[base].client;
        let service = self.claims[base].service;
        let planted = self.invent(actor, client, span);
        let button = self.random.chance(0.5);
        let planned = self.claims[base].registration.planned;
        let copy = self.claims.last_mut()?;
        copy.registration.planned = planned;
        copy.registration.task = copy.registration.task.map(|(_, minutes)| (service.code(), minutes));
        if button {
            for capture in [&mut copy.registration.start_capture, &mut copy.registration.end_capture] {
                capture.method = CaptureMethod::AppButton;
                capture.tag = None;
            }
        }
        Some(planted)
    }

    /// The day's last visit is left open for hours, and billed.
    fn missing_log_out(&mut self, actor: usize) -> Option<Planted> {
        let own = self.own(actor);
        let &base = own.last().filter(|&&base| self.is_plain(&self.claims[base]))?;
        let seconds = self.random.between(4 * 3600, 8 * 3600);
        Some(self.lengthen(base, seconds, CaptureMethod::AppButton))
    }

    /// One visit is made three times as long, where nothing stands against it.
    fn unusual_duration(&mut self, actor: usize) -> Option<Planted> {
        let fits = |scene: &Self, index: usize| {
            let claim = &scene.claims[index];
            let seconds = claim.end.since(claim.start);
            let home = scene.home(index);
            let padded = claim.end.plus(2 * seconds);
            let until = scene.next_start(actor, claim.end, |next| {
                travel_seconds(home, scene.town.clients[next.client].home) as i64 + 60
            });
            let rest = Span::new(claim.end, padded.plus(600));
            (600..=2_700).contains(&seconds)
                && claim.registration.planned.is_some()
                && scene.is_plain(claim)
                && padded <= until
                && rest.is_some_and(|rest| scene.is_alone(claim.client, rest, 0))
        };
        let fitting: Vec<usize> = self.own(actor).into_iter().filter(|&index| fits(self, index)).collect();
        let &base = self.random.pick(&fitting)?;
        let seconds = 2 * self.claims[base].end.since(self.claims[base].start);
        let method = self.claims[base].registration.end_capture.method;
        Some(self.lengthen(base, seconds, method))
    }

    fn lengthen(&mut self, base: usize, seconds: i64, method: CaptureMethod) -> Planted {
        let claim = &mut self.claims[base];
        let end = claim.end.plus(seconds);
        claim.registration.end_at = Some(end);
        let capture = &mut claim.registration.end_capture;
        capture.recorded_at = Some(end);
        capture.synced_at = Some(end.plus(3));
        if capture.method != method {
            capture.tag = None;
            capture.geo = None;
        }
        capture.method = method;
        claim.frozen = true;
        claim.bill();
        (claim.registration.id.clone(), seconds)
    }

    /// Adds a registration of a visit that was never made, with everything that a real one has.
    fn invent(&mut self, carer: usize, client: usize, span: Span) -> Planted {
        let need = self.town.clients[client].needs.iter().find(|need| need.staff == 1);
        let start = UtcSecond((span.start().0 + 150).div_euclid(300) * 300);
        let minutes = ((span.seconds() + 150) / 300).max(1) * 300;
        let visit = Visit {
            id: self.ids.next(),
            carer,
            client,
            start: span.start(),
            end: span.end(),
            planned: Span::new(start, start.plus(minutes)),
            service: need.map_or(Service::Hygiene, |need| need.service),
            kind: VisitKind::Planned,
            outcome: Outcome::Performed,
            staff: 1,
            partner: None,
            shared_visit: None,
            halved: false,
            trainee: false,
        };
        let mut claim = plain(self.town, &visit);
        claim.frozen = true;
        self.claims.push(claim);
        (visit.id, span.seconds())
    }

    fn provider(&self, carer: usize) -> usize {
        self.town.units[self.town.carers[carer].unit].provider
    }

    fn home(&self, claim: usize) -> crate::domain::Place {
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
        let at_home = |client: usize| {
            let client = &self.town.clients[client];
            client.spouse.is_none() && client.away_at(span.start()).is_none() && !client.away_during(span)
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
    fn pick_own(&mut self, carer: usize, fits: impl Fn(&Claim) -> bool) -> Option<usize> {
        let plain = |&index: &usize| self.is_plain(&self.claims[index]) && fits(&self.claims[index]);
        let fitting: Vec<usize> = self.own(carer).into_iter().filter(plain).collect();
        self.random.pick(&fitting).copied()
    }

    /// One carer, one client, tags at both ends, untouched so far: good ground for a pattern.
    fn is_plain(&self, claim: &Claim) -> bool {
        let registration = &claim.registration;
        let alone = registration.partner.is_none()
            && registration.shared_visit.is_none()
            && self.town.clients[claim.client].spouse.is_none();
        let late = claim.registered_end() != claim.end;
        let helped = is_at_home(registration.kind, registration.outcome);
        alone && helped && !late && !claim.frozen && claim.is_electronic() && !registration.trainee
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
    fn next_start(&self, carer: usize, end: UtcSecond, way: impl Fn(&Claim) -> i64) -> UtcSecond {
        let after = self.claims.iter().filter(|claim| claim.carer == carer && end <= claim.start);
        after.map(|claim| claim.start.plus(-way(claim))).min().unwrap_or(UtcSecond(i64::MAX))
    }
}

fn lies_apart(claim: &Claim, span: Span, margin: i64) -> bool {
    let (start, end) = (claim.registration.start_at, claim.registered_end().max(claim.end));
    end.plus(margin) <= span.start() || span.end().plus(margin) <= start
}

fn span(claim: &Claim) -> Span {
    Span::new(claim.start, claim.end).expect("visits have a length")
}
