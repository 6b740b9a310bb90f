//! Clients who are away for some days: mostly in hospital.

use crate::domain::{AbsenceKind, ClientAbsenceConfirmedBy, Span};
use crate::simulate::random::Random;
use crate::simulate::stays::Stay;
use crate::simulate::town::Town;

/// Share of client-days that a stay begins on; with a mean of six days in hospital, a client is
/// away on one day in forty.
const STAYS_PER_DAY: f64 = 0.0045;

/// Draws everybody's stays.
pub(super) fn add_stays(town: &mut Town, random: &mut Random) {
    for client in 0..town.clients.len() {
        let life = &town.clients[client].life;
        let last = life.goes.map_or(i64::from(town.days), |end| i64::from(end.day) - 1);
        let mut stays = Vec::new();
        // From some weeks before, so that some are away when the first day begins.
        let frail = town.clients[client].life.frail;
        let begins = if frail { 6.0 * STAYS_PER_DAY } else { STAYS_PER_DAY };
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
