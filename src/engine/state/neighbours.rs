//! Visits that can affect each other, for [`crate::engine::assess::affected`].

use crate::domain::{Day, Month, Span};
use crate::engine::model::interner::{CarerId, ClientId, ProviderId, TextId};
use crate::engine::model::visit::{Slot, Visit};
use crate::engine::model::{BASELINE_DAYS_MAX, NEIGHBOUR_GAP_SECONDS_MAX};
use crate::engine::state::municipality::State;
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
        for entity in [self.carer(visit.carer), self.client(visit.client)] {
            into.extend(entity.timeline.reaching(widened(visit)).iter().map(|pin| pin.slot));
        }
    }

    /// Neighbours of `visit` that `have_findings`.
    pub(in crate::engine) fn neighbours_with_findings(
        &self,
        visit: &Visit,
        have_findings: impl Fn(Slot) -> bool,
        into: &mut Vec<Slot>,
    ) {
        for entity in [self.carer(visit.carer), self.client(visit.client)] {
            if 0 < entity.visits_with_findings {
                let pins = entity.timeline.reaching(widened(visit)).iter();
                into.extend(pins.map(|pin| pin.slot).filter(|slot| have_findings(*slot)));
            }
        }
    }

    /// Visits of the same carer or client that start no earlier, up to [`BASELINE_DAYS_MAX`] days later.
    pub(in crate::engine) fn later(&self, visit: &Visit) -> impl Iterator<Item = LaterVisit<'_>> {
        let (slot, start, neighbours_until) = (visit.slot, visit.span.start(), widened(visit).end());
        let last = Day(visit.day.0.saturating_add(BASELINE_DAYS_MAX));
        let ledger = &self.ledger;
        let entities = [self.carer(visit.carer), self.client(visit.client)];
        entities.into_iter().flat_map(move |entity| {
            let later = entity.timeline.starting_from(start).iter().filter(move |pin| pin.slot != slot);
            let visits = later.map(move |pin| LaterVisit {
                visit: ledger.counted(pin.slot),
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

    /// Visits to other clients that were captured with a tag ever mounted at the client's home.
    pub(in crate::engine) fn visits_with_a_tag_of(&self, client: ClientId, into: &mut Vec<Slot>) {
        let tags = self.facts.tags_of(client);
        if tags.is_empty() {
            return;
        }
        let is_mounted = |tag: Option<TextId>| tag.is_some_and(|tag| tags.contains(&tag));
        self.visits_where(
            |visit| visit.client != client && (is_mounted(visit.start_tag) || is_mounted(visit.end_tag)),
            into,
        );
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
        let zone = &self.settings.zone;
        for (day, _) in visit.days(zone) {
            let counted = entity.months.get(visit.pay_period).map_or(0, |tally| tally.minutes_on(day));
            if minutes < counted {
                let pins = entity.timeline.reaching(zone.span_of(day)).iter();
                into.extend(pins.map(|pin| pin.slot));
            }
        }
    }
}

/// The span in which another visit is a neighbour.
fn widened(visit: &Visit) -> Span {
    let span = visit.presence();
    let (start, end) = (span.start(), span.end());
    Span::new(start.plus(-NEIGHBOUR_GAP_SECONDS_MAX), end.plus(NEIGHBOUR_GAP_SECONDS_MAX + 1))
        .expect("a span stays one when it is widened")
}
