//! Clients who are away for some days: mostly in hospital.

use super::clients::Client;
use super::random::Random;
use super::town::Town;
use crate::domain::{AbsenceKind, ClientAbsenceConfirmedBy, Span, UtcSecond};

/// A time that a client is away.
#[derive(Clone, Debug)]
pub(super) struct Stay {
    pub(super) kind: AbsenceKind,
    pub(super) confirmed_by: ClientAbsenceConfirmedBy,
    /// From leaving home to coming back.
    pub(super) from: UtcSecond,
    pub(super) to: UtcSecond,
    /// When the municipality gets to know.
    pub(super) recorded_at: UtcSecond,
    /// The whole local days in between, on which nobody can have been at home.
    pub(super) whole_days: Option<Span>,
}

/// Share of client-days that a stay begins on; with a mean of six days in hospital, a client is
/// away on one day in forty.
const BEGINS: f64 = 0.0045;

/// Draws everybody's stays.
pub(super) fn add_stays(town: &mut Town, random: &mut Random) {
    for client in 0..town.clients.len() {
        let life = &town.clients[client].life;
        let last = life.goes.map_or(i64::from(town.days), |end| i64::from(end.day) - 1);
        let mut stays = Vec::new();
        // From some weeks before, so that some are away when the first day begins.
        let frail = town.clients[client].life.frail;
        let begins = if frail { 6.0 * BEGINS } else { BEGINS };
        let mut day = (-(1.0 - random.unit()).ln() / begins) as i64 - 25;
        while day < last {
            let stay = draw(town, day, frail, random);
            day = town.day_of(stay.to) + 1 + (-(1.0 - random.unit()).ln() / begins) as i64;
            if town.at(0, 0) < stay.to {
                stays.push(stay);
            }
        }
        town.clients[client].stays = stays;
    }
}

fn draw(town: &Town, day: i64, frail: bool, random: &mut Random) -> Stay {
    let hospital = random.chance(0.9);
    let nights = (1 + (-(1.0 - random.unit()).ln() * if frail { 1.0 } else { 4.8 }) as i64).min(20);
    let from = town.at(day, random.between(9 * 3600, 19 * 3600) as i32);
    let to = town.at(day + nights, random.between(10 * 3600, 16 * 3600) as i32);
    let late = random.chance(0.3);
    let delay = if late { random.between(86_400, 5 * 86_400) } else { random.between(1_800, 8 * 3600) };
    let whole_days =
        Span::new(town.at(day + 1, 0), town.at(day + nights, 0)).filter(|span| 0 < span.seconds());
    let (kind, confirmed_by) = match (hospital, random.chance(0.5)) {
        (true, _) => (AbsenceKind::Hospital, ClientAbsenceConfirmedBy::Hospital),
        (false, true) => (AbsenceKind::ShortTerm, ClientAbsenceConfirmedBy::Provider),
        (false, false) => (AbsenceKind::Away, ClientAbsenceConfirmedBy::Client),
    };
    Stay { kind, confirmed_by, from, to, recorded_at: from.plus(delay), whole_days }
}

impl Client {
    /// The stay that leaves nobody at home at `at`. One is helped off up to two hours after leaving
    /// is noted, and expected back from an hour before the return is.
    pub(super) fn away_at(&self, at: UtcSecond) -> Option<&Stay> {
        self.stays.iter().find(|stay| stay.from.plus(7_200) <= at && at < stay.to.plus(-3_600))
    }

    /// Does `span` touch a whole day away?
    pub(super) fn away_during(&self, span: Span) -> bool {
        self.stays.iter().any(|stay| stay.whole_days.is_some_and(|days| days.intersection(span).is_some()))
    }
}
