//! Which one of a household is away, as the visits of its other clients show it.

use jiff::ToSpan as _;
use proptest::prelude::*;
use tidvakt::domain::{
    AbsenceKind, ClientAbsenceConfirmedBy, Coordinates, Fact, FactBody, FactChange, UtcSecond, Validity,
    VisitKind,
};

use super::{Oracle, at, local_date, midnight};
use crate::draft::{Draft, MUNICIPALITY};
use crate::feed::{Arrival, Feed, rich_feeds};
use crate::oracle::in_the_home;

/// Visits of the other clients are only known for so many days before a visit.
const KNOWN_DAYS: i64 = 56;

impl Oracle {
    /// Somebody else of the household was visited daily before the absence, by as many days as it has whole ones and at
    /// most seven, not at all on its whole days, and has no absence that reaches into them.
    pub fn is_housemate_away(&self, visit: &Draft, absence: Validity) -> bool {
        let Some(to) = absence.to else { return false };
        let began = local_date(absence.from);
        let (first, end) = (began.tomorrow().unwrap(), local_date(to.plus(-1)));
        let days = i64::from((end - first).get_days()).min(7);
        let usual = began.checked_sub(days.days()).unwrap();
        if days < 1 || usual < local_date(visit.start).checked_sub(KNOWN_DAYS.days()).unwrap() {
            return false;
        }
        self.visits.iter().map(|other| &other.client).any(|mate| {
            *mate != visit.client
                && self.live_together(&visit.client, mate, visit.start)
                && self.visits_in_the_home(mate, midnight(first), midnight(end)) == 0
                && days <= self.visits_in_the_home(mate, midnight(usual), midnight(began))
                && !self.has_absence(mate, midnight(first), midnight(end))
        })
    }

    pub fn is_in_a_doubted_absence(&self, visit: &Draft) -> bool {
        self.facts.iter().any(|fact| match &fact.body {
            FactBody::ClientAbsence { client_ref, .. } => {
                *client_ref == visit.client
                    && in_the_home(visit)
                    && fact.valid.covers(visit.start)
                    && self.is_housemate_away(visit, fact.valid)
            }
            _ => false,
        })
    }

    fn visits_in_the_home(&self, client: &str, from: i64, to: i64) -> i64 {
        let counts = |visit: &&Draft| {
            visit.client == client
                && in_the_home(visit)
                && visit.kind != VisitKind::MealDelivery
                && (from..to).contains(&visit.start.0)
        };
        self.visits.iter().filter(counts).count() as i64
    }

    fn has_absence(&self, client: &str, from: i64, to: i64) -> bool {
        self.facts.iter().any(|fact| {
            let is_of =
                matches!(&fact.body, FactBody::ClientAbsence { client_ref, .. } if client_ref == client);
            is_of && fact.valid.from.0 < to && fact.valid.to.is_none_or(|until| from < until.0)
        })
    }

    /// In one household, or nobody else at the position that both have. Of each client one home is known.
    fn live_together(&self, client: &str, mate: &str, when: UtcSecond) -> bool {
        let homes = || {
            self.facts.iter().filter(|fact| fact.valid.covers(when)).filter_map(|fact| match &fact.body {
                FactBody::ClientHome { client_ref, household_ref, place } => {
                    Some((client_ref, household_ref, place))
                }
                _ => None,
            })
        };
        let of = |name: &str| homes().find(|(client, ..)| *client == name);
        let Some(((_, household, place), (_, others_household, others_place))) = of(client).zip(of(mate))
        else {
            return false;
        };
        let at_place = homes().filter(|(.., known)| *known == place).count();
        household.is_some() && household == others_household
            || place.is_some() && place == others_place && at_place == 2
    }
}

/// Random feeds in which the first client visited is often written as absent for a day, and has company at home: in one
/// household, or in two at one position.
pub fn feeds_with_a_couple(visits: usize) -> impl Strategy<Value = Feed> {
    (rich_feeds(visits), proptest::option::weighted(0.7, (0..4_u8, any::<bool>(), any::<bool>()))).prop_map(
        |(mut feed, couple)| {
            let first = feed.drafts().next().cloned();
            if let Some((first, (mate, comes_last, is_one))) = first.zip(couple) {
                let at = if comes_last { feed.0.len() } else { 0 };
                feed.0.splice(at..at, facts_of_a_couple(&first.client, &format!("c{mate}"), is_one));
            }
            feed
        },
    )
}

fn facts_of_a_couple(client: &str, mate: &str, is_one: bool) -> Vec<Arrival> {
    let home = |client: &str| FactBody::ClientHome {
        client_ref: client.to_owned(),
        household_ref: Some(if is_one { "couple".to_owned() } else { format!("household-{client}") }),
        place: (!is_one).then_some(Coordinates { lat: 59.5, lon: 17.5 }),
    };
    let absence = FactBody::ClientAbsence {
        client_ref: client.to_owned(),
        kind: AbsenceKind::Hospital,
        confirmed_by: ClientAbsenceConfirmedBy::Hospital,
    };
    let noon = |day: i8| UtcSecond(at(jiff::civil::date(2026, 3, day), 12));
    let ever = Validity { from: UtcSecond(1_767_222_000), to: None };
    let away = Validity { from: noon(3), to: Some(noon(5)) };
    let put = |(fact_id, valid, body): (String, Validity, FactBody)| {
        // Recorded after those of the random feed, in whose place they are put.
        let recorded_at = UtcSecond(1000);
        Arrival::Fact(FactChange::Put(Fact {
            municipality: MUNICIPALITY.to_owned(),
            fact_id,
            valid,
            recorded_at,
            body,
        }))
    };
    let homes = [client, mate].map(|client| (format!("home-{client}"), ever, home(client)));
    homes.into_iter().chain([(format!("absence-{client}"), away, absence)]).map(put).collect()
}
