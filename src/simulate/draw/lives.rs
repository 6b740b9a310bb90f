//! Draws the changes in a client's life.

use crate::simulate::lives::{Farewell, Leaves, Life, NewTag, Reassessed};
use crate::simulate::random::Random;
use crate::simulate::town::Town;

/// Share of visits that most clients decline, and that a client with failing memory declines.
const DECLINES: f64 = 0.010;
const DECLINES_OFTEN: f64 = 0.14;

/// Draws the life of a client; couples neither come, go nor change their needs.
pub(super) fn draw(town: &Town, couple: bool, random: &mut Random) -> Life {
    let mut life = Life {
        declines: if random.chance(0.02) { DECLINES_OFTEN } else { DECLINES },
        frail: random.chance(0.012),
        by_grant: !couple && random.chance(0.12),
        ..Life::default()
    };
    let day = |random: &mut Random| random.between(1, i64::from(town.days.max(2)) - 1) as u32;
    // A new tag for 1.5 per cent of the clients each month.
    let months = f64::from(town.days) / 30.0;
    if random.chance(0.015 * months) {
        let from = town.at(day(random), random.between(7 * 3600, 18 * 3600) as i32);
        let late = random.chance(0.4);
        let known_at = from.plus(if late { random.between(7_200, 3 * 86_400) } else { -600 });
        life.new_tag = Some(NewTag { from, known_at });
    }
    if couple {
        return life;
    }
    if random.chance(0.022 * months) {
        life.comes = Some(day(random));
    } else if random.chance(0.02 * months) {
        let why = if random.chance(0.5) { Leaves::Dies } else { Leaves::Moves };
        let day = day(random).max(3);
        let cleaned = why == Leaves::Dies && random.chance(0.3);
        life.goes = Some(Farewell {
            day,
            why,
            cleaned_on: cleaned.then(|| day + random.between(3, 12) as u32),
            known_after_days: random.between(0, 4) as u32,
        });
    } else if random.chance(0.03 * months) {
        let factor = if random.chance(0.75) { 1.2 + 0.3 * random.unit() } else { 0.75 };
        let known_after_days = random.between(0, 12) as u32;
        life.reassessed = Some(Reassessed { day: day(random), factor, known_after_days });
    }
    life
}
