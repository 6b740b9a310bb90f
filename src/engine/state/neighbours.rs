//! Visits that can affect each other, for [`crate::engine::assess::affected`].

use crate::domain::{Day, Month, Span};
use crate::engine::model::interner::{CarerId, ClientId, ProviderId};
use crate::engine::model::period::PeriodSubject;
use crate::engine::model::visit::{Slot, Visit};
use crate::engine::model::{BASELINE_DAYS_MAX, DAY_SECONDS, NEIGHBOUR_GAP_SECONDS_MAX};
use crate::engine::state::crowds::{Crowd, is_in};
use crate::engine::state::municipality::{EntityState, State};
use crate::engine::state::timeline::Pin;
use crate::engine::totals::tally::Tally;

/// A visit that starts no earlier than another one of the same carer or client.
pub(in crate::engine) struct LaterVisit<'a> {
    pub(in crate::engine) visit: &'a Visit,
    /// Whether it lies within [`NEIGHBOUR_GAP_SECONDS_MAX`].
    pub(in crate::engine) is_neighbour: bool,
}

impl State {
    /// Neighbours of `visit`, itself included: visits of the same carer or client within
    /// [`NEIGHBOUR_GAP_SECONDS_MAX`].
    pub(in crate::engine) fn neighbours(&self, visit: &Visit, into: &mut Vec<Slot>) {
        for (entity, crowds) in self.comparable(visit) {
            into.extend(near(entity, crowds, visit).map(|pin| pin.slot));
        }
    }

    /// Neighbours of `visit` that `have_findings`.
    pub(in crate::engine) fn neighbours_with_findings(
        &self,
        visit: &Visit,
        have_findings: impl Fn(Slot) -> bool,
        into: &mut Vec<Slot>,
    ) {
        for (entity, crowds) in self.comparable(visit) {
            if 0 < entity.visits_with_findings {
                let pins = near(entity, crowds, visit);
                into.extend(pins.map(|pin| pin.slot).filter(|slot| have_findings(*slot)));
            }
        }
    }

    /// Visits of the same carer or client that start no earlier, up to [`BASELINE_DAYS_MAX`] days later.
    pub(in crate::engine) fn later(&self, visit: &Visit) -> impl Iterator<Item = LaterVisit<'_>> {
        let (slot, start, neighbours_until) = (visit.slot, visit.span.start(), widened(visit).end());
        let last = Day(visit.day.0.saturating_add(BASELINE_DAYS_MAX));
        self.comparable(visit).flat_map(move |(entity, crowds)| {
            let later = entity.timeline.starting_from(start).iter();
            let later = later.filter(move |pin| pin.slot != slot && !is_in(crowds, pin.start()));
            let visits = later.map(move |pin| LaterVisit {
                visit: self.look(pin.slot),
                is_neighbour: pin.start() < neighbours_until,
            });
            visits.take_while(move |later| later.visit.day <= last)
        })
    }

    /// The client's visits.
    pub(in crate::engine) fn visits_of_client(&self, client: ClientId, into: &mut Vec<Slot>) {
        into.extend(self.client(client).timeline.all().iter().map(|pin| pin.slot));
    }

    /// The client's visits of a pay period.
    pub(in crate::engine) fn visits_of_client_in(
        &self,
        client: ClientId,
        month: Month,
        into: &mut Vec<Slot>,
    ) {
        let slots = self.client(client).timeline.all().iter().map(|pin| pin.slot);
        into.extend(slots.filter(|slot| self.ledger.counted(*slot).pay_period == month));
    }

    /// The carer's visits.
    pub(in crate::engine) fn visits_of_carer(&self, carer: CarerId, into: &mut Vec<Slot>) {
        into.extend(self.carer(carer).timeline.all().iter().map(|pin| pin.slot));
    }

    /// All counted visits for which `fits` is true.
    pub(in crate::engine) fn visits_where(&self, fits: impl Fn(&Visit) -> bool, into: &mut Vec<Slot>) {
        into.extend(self.ledger.visits().filter(|visit| fits(visit)).map(|visit| visit.slot));
    }

    /// Carers with a closed visit at a provider in a pay period.
    pub(in crate::engine) fn carers_at(
        &self,
        provider: ProviderId,
        month: Month,
    ) -> impl Iterator<Item = CarerId> {
        let is_at = move |tally: &Tally| tally.providers().iter().any(|(known, _)| *known == provider);
        let carers = (0u32..).zip(&self.carers);
        carers
            .filter(move |(_, entity)| entity.months.get(month).is_some_and(is_at))
            .map(|(id, _)| CarerId::from(id))
    }

    /// The carer's visits on the local days of a counted visit, where together they exceed `minutes` of one.
    pub(in crate::engine) fn long_days(&self, visit: &Visit, minutes: u32, into: &mut Vec<Slot>) {
        let entity = self.carer(visit.carer);
        let crowds = self.crowds.of(PeriodSubject::Carer(visit.carer));
        if is_in(crowds, visit.span.start()) {
            return;
        }
        let zone = &self.settings.zone;
        for (day, _) in visit.days(zone) {
            let counted = entity.months.get(visit.pay_period).map_or(0, |tally| tally.minutes_on(day));
            if minutes < counted {
                let pins = entity.timeline.reaching(zone.span_of(day)).iter();
                into.extend(pins.filter(|pin| !is_in(crowds, pin.start())).map(|pin| pin.slot));
            }
        }
    }

    /// The visits of a day that became a crowd or ceased to be one, and those that are or were compared with them.
    pub(in crate::engine) fn visits_about_crowd(
        &self,
        subject: PeriodSubject,
        day: Span,
        into: &mut Vec<Slot>,
    ) {
        let from = day.start().plus(-NEIGHBOUR_GAP_SECONDS_MAX);
        let to = day.end().plus((i64::from(BASELINE_DAYS_MAX) + 1) * DAY_SECONDS);
        let crowds = self.crowds.of(subject);
        let is_about = |pin: &&Pin| {
            (day.start() <= pin.start() && pin.start() < day.end()) || !is_in(crowds, pin.start())
        };
        let pins = self.entity(subject).timeline.reaching(Span::clamped(from, to)).iter();
        into.extend(pins.filter(is_about).map(|pin| pin.slot));
    }
}

/// The visits of a carer or a client that are neighbours of `visit`, itself included, without crowds.
fn near<'s>(
    entity: &'s EntityState,
    crowds: &'s [Crowd],
    visit: &Visit,
) -> impl Iterator<Item = &'s Pin> + use<'s> {
    let span = widened(visit);
    let pins = entity.timeline.reaching(span).iter();
    pins.filter(move |pin| span.start() <= pin.end() && !is_in(crowds, pin.start()))
}

/// The span in which another visit is a neighbour.
fn widened(visit: &Visit) -> Span {
    let span = visit.presence();
    let (start, end) = (span.start(), span.end());
    Span::new(start.plus(-NEIGHBOUR_GAP_SECONDS_MAX), end.plus(NEIGHBOUR_GAP_SECONDS_MAX + 1))
        .expect("a span stays one when it is widened")
}
