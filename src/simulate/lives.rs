//! What changes for a client while the days go by: they come, go, need more, lose a tag.

use std::sync::Arc;

use super::random::Random;
use super::town::Town;
use crate::domain::UtcSecond;

/// Why a client's orders end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaves {
    /// To a nursing home.
    Moves,
    Dies,
}

/// The end of a client's orders.
#[derive(Clone, Copy, Debug)]
pub(super) struct Farewell {
    /// The first day without visits, counted from the first day.
    pub(super) day: u32,
    pub(super) why: Leaves,
    /// On this day the home is cleaned out, by an order of its own.
    pub(super) cleaned_on: Option<u32>,
    /// Days until the municipality's register has it.
    pub(super) known_after_days: u32,
}

/// A need that was reassessed: visits take longer (or shorter), and the grant follows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reassessed {
    pub(super) day: u32,
    pub(super) factor: f64,
    /// The decision is dated back: it becomes known so many days after it began to hold.
    pub(super) known_after_days: u32,
}

/// A tag that was lost, and a new one put up.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewTag {
    pub(super) from: UtcSecond,
    pub(super) known_at: UtcSecond,
}

/// A client's story.
#[derive(Clone, Debug, Default)]
pub(super) struct Life {
    /// The first day with visits, where that is not the first of all.
    pub(super) comes: Option<u32>,
    pub(super) goes: Option<Farewell>,
    pub(super) reassessed: Option<Reassessed>,
    pub(super) new_tag: Option<NewTag>,
    /// Share of visits that the client declines.
    pub(super) declines: f64,
    /// In and out of hospital.
    pub(super) frail: bool,
    /// Paid by granted time, by an old contract.
    pub(super) by_grant: bool,
}

/// Declined by most, and by a client whose memory fails.
const DECLINES: f64 = 0.010;
const DECLINES_OFTEN: f64 = 0.14;

/// Draws the story of a client; who lives together stays through it together.
pub(super) fn draw(town: &Town, couple: bool, random: &mut Random) -> Life {
    let mut life = Life {
        declines: if random.chance(0.02) { DECLINES_OFTEN } else { DECLINES },
        frail: random.chance(0.012),
        by_grant: !couple && random.chance(0.12),
        ..Life::default()
    };
    let day = |random: &mut Random| random.between(1, i64::from(town.days.max(2)) - 1) as u32;
    // A new tag for one in two hundred and a half each month.
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

impl Life {
    /// Are there visits on a wish for `day`?
    pub(super) fn is_client(&self, day: u32) -> bool {
        self.comes.is_none_or(|first| first <= day) && self.goes.is_none_or(|end| day < end.day)
    }

    /// Minutes of a visit that was planned as `minutes` on the first day.
    pub(super) fn minutes(&self, minutes: i64, day: u32) -> i64 {
        let factor = self.reassessed.filter(|it| it.day <= day).map_or(1.0, |it| it.factor);
        ((minutes as f64 * factor / 5.0).round() as i64 * 5).max(5)
    }
}

/// The order by which a home is cleaned out.
pub(super) fn last_order(client: usize) -> Arc<str> {
    format!("O-{client}-last").into()
}
