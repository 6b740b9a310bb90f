//! Who works in the municipality: providers with their units, carers with shifts, phones and leave.

use std::sync::Arc;

use crate::domain::Coordinates;

/// When a carer works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shift {
    Day,
    Evening,
    Night,
}

impl Shift {
    /// First and last second of work, counted from local midnight of the day that it begins on.
    pub(super) const fn hours(self) -> (i32, i32) {
        match self {
            Self::Day => (7 * 3600, 15 * 3600 + 1800),
            Self::Evening => (14 * 3600 + 1800, 22 * 3600 + 1200),
            Self::Night => (21 * 3600 + 1800, 31 * 3600 + 900),
        }
    }
}

/// How carefully a unit's staff registers, as shares.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manners {
    /// Ends that are entered by hand.
    pub(super) manual: f64,
    /// Visits whose log-out is forgotten.
    pub(super) forgets: f64,
}

pub(super) const CLEAN: Manners = Manners { manual: 0.05, forgets: 0.005 };
pub(super) const USUAL: Manners = Manners { manual: 0.12, forgets: 0.015 };
pub(super) const MESSY: Manners = Manners { manual: 0.25, forgets: 0.035 };
/// One of the municipality's own units: honest, with the most manual entries and forgotten log-outs.
pub(super) const MESSIEST: Manners = Manners { manual: 0.28, forgets: 0.04 };

/// A provider.
#[derive(Debug)]
pub(super) struct Provider {
    pub(super) id: Arc<str>,
    pub(super) municipal: bool,
    /// Share of its registrations without plan, order and tasks.
    pub(super) bare: f64,
    /// Its system sends a record at the start of a visit, and one at its end.
    pub(super) live: bool,
    /// It approves each week's registrations.
    pub(super) approves: bool,
    /// Paid by standard minutes for what is done outside the home, such as shopping.
    pub(super) standard_minutes: bool,
    /// Its app ticks every task of the order.
    pub(super) template_tasks: bool,
    /// Granted minutes for each planned one.
    pub(super) grant_ratio: f64,
    /// Paid hours for each hour on the roster; less where the owner works unpaid.
    pub(super) paid_ratio: f64,
    pub(super) system: &'static str,
}

/// A group of carers with an area of its own.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) id: Arc<str>,
    pub(super) provider: usize,
    pub(super) manners: Manners,
    pub(super) office: Coordinates,
    pub(super) planner: Arc<str>,
    pub(super) carers: Vec<usize>,
    pub(super) clients: Vec<usize>,
    /// Goes along with the first carer of the day.
    pub(super) trainee: Option<usize>,
    /// Phones that lie at the office for whoever has none.
    pub(super) pool: Vec<Arc<str>>,
}

/// Days on which a carer does not work, counted from the first day.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leave {
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) ill: bool,
    /// Reported by the provider one day too long: the carer came back earlier.
    pub(super) overstated: bool,
}

/// A carer.
#[derive(Debug)]
pub(super) struct Carer {
    pub(super) reference: Arc<str>,
    pub(super) device: Arc<str>,
    pub(super) unit: usize,
    pub(super) shift: Shift,
    /// Every third day is off, with this offset; `None` where nobody else has the shift.
    pub(super) off: Option<usize>,
    /// Natural logarithm of its visit length relative to others'.
    pub(super) pace: f64,
    /// Factor on the unit's share of manual entries.
    pub(super) by_hand: f64,
    /// Days off ill or on leave.
    pub(super) away: Vec<Leave>,
    /// Half-open range of days of employment: a substitute.
    pub(super) hired: Option<(u32, u32)>,
    /// Days from the start of the employment until it became known; negative where before.
    pub(super) known_after_days: i64,
    /// Takes a phone from the unit's pool: the offset of its rotation by day.
    pub(super) pool: Option<usize>,
    /// Works here only on days off at the main job: index of the main job's carer, and the day off, 0 to 2.
    pub(super) second_job: Option<(usize, usize)>,
    /// Is on the provider's list of staff.
    pub(super) listed: bool,
}

impl Carer {
    /// Two days on, one day off, unless away.
    pub(super) fn works(&self, day: u32) -> bool {
        let rota = match (self.second_job, self.off) {
            (Some((_, off)), _) => (day as usize + off).is_multiple_of(3) && (day / 3).is_multiple_of(2),
            (None, off) => off.is_none_or(|off| !(day as usize + off).is_multiple_of(3)),
        };
        rota && self.hired.is_none_or(|(from, until)| (from..until).contains(&day)) && !self.is_away(day)
    }

    pub(super) fn is_away(&self, day: u32) -> bool {
        self.away.iter().any(|leave| leave.first <= day && day <= leave.last)
    }
}

/// A carer's shift and days off.
pub(super) struct Rota {
    pub(super) shift: Shift,
    pub(super) off: Option<usize>,
}
