//! What the visits of a household's other clients say about who of them is away.

use crate::domain::{Day, Validity, VisitKind};
use crate::engine::model::BASELINE_DAYS_MAX;
use crate::engine::model::interner::ClientId;
use crate::engine::model::visit::Visit;
use crate::engine::rule::sight::Sight;

/// Days before an absence that show how often somebody is visited.
pub(in crate::engine) const USUAL_DAYS_MAX: i32 = 7;

impl Sight<'_> {
    /// Whether the clients of both visits share a household; `None` where a household is unknown, and where two are known
    /// at one position: registries often enter those who live together as a household each, and neighbours of one house
    /// have its position. They share one where one plan has the carer at both at the same time.
    #[must_use]
    pub fn one_household(&self, other: &Visit) -> Option<bool> {
        let own = self.visit();
        if own.client == other.client {
            return Some(true);
        }
        let (home, others_home) = (self.home(own)?, self.home(other)?);
        let is_one_place = home.place.is_some() && home.place == others_home.place;
        let is_one_plan = own.planned().is_some() && own.planned() == other.planned();
        let (household, others_household) = (home.household, others_home.household);
        match household.zip(others_household).map(|(own, other)| own == other) {
            Some(true) => Some(true),
            _ if is_one_place && is_one_plan && own.carer == other.carer => Some(true),
            Some(false) if !is_one_place => Some(false),
            _ => None,
        }
    }

    /// Whether another client who lives there is away by the life that its visits show, from `first` up to the day
    /// before `end`: not visited at all, without an absence of its own that would explain it, after at least a visit a
    /// day on as many days, at most seven, before the day that precedes `first`. False for days too long
    /// ago for their visits to be known.
    #[must_use]
    pub fn is_housemate_away_instead(&self, first: Day, end: Day) -> bool {
        let days = (end.0 - first.0).clamp(0, USUAL_DAYS_MAX);
        let began = Day(first.0.saturating_sub(1));
        let usual_from = Day(began.0.saturating_sub(days));
        if days == 0 || usual_from.0 < self.visit().day.0.saturating_sub(BASELINE_DAYS_MAX) {
            return false;
        }
        let (from, to) = (self.zone().start_of(first), self.zone().start_of(end));
        let touches = |valid: Validity| valid.from < to && valid.to.is_none_or(|until| from < until);
        let facts = &self.state.facts;
        let mates = facts.housemates(self.visit().client, self.visit().span.start());
        mates.into_iter().any(|mate| {
            self.visits_at_home(mate, first, end).next().is_none()
                && self.visits_at_home(mate, usual_from, began).nth(days as usize - 1).is_some()
                && !facts.absences(mate).any(|absence| touches(absence.valid))
        })
    }

    /// Visits in the home of a client that began on days from `first` up to the day before `end`.
    fn visits_at_home(&self, client: ClientId, first: Day, end: Day) -> impl Iterator<Item = &Visit> {
        let end = self.zone().start_of(end);
        let pins = self.state.client(client).timeline.starting_from(self.zone().start_of(first)).iter();
        let visits = pins.take_while(move |pin| pin.start() < end).map(|pin| self.state.look(pin.slot));
        visits.filter(|visit| visit.is_at_home() && visit.kind != VisitKind::MealDelivery)
    }
}
