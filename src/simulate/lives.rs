//! Changes in a client's life: coming, going, reassessed needs, a lost tag.

use std::sync::Arc;

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
    /// The decision is backdated: days from its validity until it became known.
    pub(super) known_after_days: u32,
}

/// A tag that was lost, and a new one put up.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewTag {
    pub(super) from: UtcSecond,
    pub(super) known_at: UtcSecond,
}

/// A client's life over the simulated days.
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

impl Life {
    /// Are visits wanted on `day`?
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
