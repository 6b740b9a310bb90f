//! Contradictions: two homes at once, two carers at once, nobody at home, one visit twice.

use super::*;
use crate::domain::AbsenceKind;
use crate::simulate::lives::Leaves;

/// A home is far away from here: nobody drives that in the minute or two between two registrations.
const FAR_METRES: f64 = 5_500.0;

impl Scene<'_> {
    /// A visit to another household while the carer really is at a client's; by `other`, the same
    /// person at another provider, or by the same entry.
    pub(super) fn carer_overlap(&mut self, actor: usize, other: usize) -> Option<()> {
        let base = self.pick_own(actor, |claim| 900 <= claim.end.since(claim.start))?;
        let (start, end) = (self.claims[base].start, self.claims[base].end);
        let begin = start.plus(end.since(start) / 3);
        let span = Span::new(begin, begin.plus(self.random.between(1_200, 2_400)))?;
        let client = self.pick_client(other, span, |_| true)?;
        self.claims[base].frozen = true;
        let planted = self.invent(other, client, span, VisitKind::Planned);
        self.label(planted, span.seconds());
        Some(())
    }

    /// A second carer at a visit that needs one.
    pub(super) fn client_overlap(&mut self, actor: usize) -> Option<()> {
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
        let planted = self.invent(actor, self.claims[base].client, span, VisitKind::Planned);
        self.label(planted, span.seconds());
        Some(())
    }

    /// The second carer of two is gone after a third of the visit, and bills all of it.
    pub(super) fn partial_double_staffing(&mut self, actor: usize) -> Option<()> {
        let fits = |claim: &&SimulatedClaim| {
            let registration = &claim.registration;
            let helped = is_at_home(registration.kind, registration.outcome);
            claim.carer == actor && registration.partner.is_some() && !claim.frozen && helped
        };
        let place = self
            .claims
            .iter()
            .position(|claim| fits(&claim) && claim.is_electronic() && 900 <= claim.end.since(claim.start))?;
        let partner = self.claims[place].registration.partner.clone()?;
        let other = self.claims.iter().position(|claim| claim.registration.id == partner)?;
        let seconds = self.claims[place].end.since(self.claims[place].start);
        let stays = seconds * self.random.between(22, 45) / 100;
        let billed = self.claims[place].registration.billable_seconds;
        let end = self.claims[place].start.plus(stays);
        self.claims[other].frozen = true;
        self.set_end(place, end);
        self.claims[place].registration.billable_seconds = billed;
        self.label(place, seconds - stays);
        Some(())
    }

    /// A visit far away, a minute after another one ended.
    pub(super) fn impossible_travel(&mut self, actor: usize) -> Option<()> {
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
        let planted = self.invent(actor, client, span, VisitKind::Planned);
        self.label(planted, span.seconds());
        Some(())
    }

    /// A visit to a client who is in hospital from before this day until after it.
    pub(super) fn client_absent(&mut self, actor: usize) -> Option<()> {
        let span = self.some_time(actor)?;
        let (town, day) = (self.town, self.day);
        let inside = |client: usize| {
            town.clients[client].stays.iter().any(|stay| {
                let whole = stay.whole_days.and_then(|days| days.intersection(span));
                stay.kind == AbsenceKind::Hospital && whole == Some(span)
            })
        };
        let fits = |&client: &usize| {
            let person = &town.clients[client];
            inside(client) && person.spouse.is_none() && person.life.is_client(day) && !person.life.by_grant
        };
        self.visit_in_vain(actor, span, fits)
    }

    /// A visit to a client who has died, or has moved to a nursing home.
    pub(super) fn after_the_end(&mut self, actor: usize, died: bool) -> Option<()> {
        let span = self.some_time(actor)?;
        let (town, day) = (self.town, self.day);
        let fits = |&client: &usize| {
            let end = town.clients[client].life.goes;
            end.is_some_and(|end| {
                (end.why == Leaves::Dies) == died
                    && end.cleaned_on.is_none()
                    && (end.day + 1..end.day + 25).contains(&day)
            })
        };
        self.visit_in_vain(actor, span, fits)
    }

    /// A time of the working day at which the carer registers nothing.
    pub(super) fn some_time(&mut self, actor: usize) -> Option<Span> {
        let begin = self.town.at(self.day, 8 * 3600 + self.random.between(0, 36_000) as i32);
        let span = Span::new(begin, begin.plus(self.random.between(1_200, 2_700)))?;
        self.is_free(actor, span, 1_500).then_some(span)
    }

    fn visit_in_vain(&mut self, actor: usize, span: Span, fits: impl Fn(&usize) -> bool) -> Option<()> {
        let clients: Vec<usize> =
            self.clients(actor).filter(fits).filter(|&client| self.is_alone(client, span, 600)).collect();
        let &client = self.random.pick(&clients)?;
        let planted = self.invent(actor, client, span, VisitKind::Planned);
        self.label(planted, span.seconds());
        Some(())
    }

    /// The same visit once more under another id.
    pub(super) fn duplicate_registration(&mut self, actor: usize) -> Option<()> {
        let base = self.pick_own(actor, |_| true)?;
        self.claims[base].frozen = true;
        let (start, end) = (self.claims[base].start, self.claims[base].end);
        let begin = start.plus(self.random.between(2, 90));
        let span = Span::new(begin, end.plus(self.random.between(-30, 60)).max(begin.plus(60)))?;
        let planted = self.invent(actor, self.claims[base].client, span, VisitKind::Planned);
        let button = self.random.chance(0.5);
        let of = self.claims[base].registration.clone();
        let copy = &mut self.claims[planted];
        copy.registration.planned = of.planned;
        copy.registration.order = of.order;
        copy.registration.tasks = of.tasks;
        if button {
            press_button(copy);
        }
        self.label(planted, span.seconds());
        Some(())
    }
}
