//! Counts per carer, client and provider in a pay period.
//!
//! Whole numbers only, so that taking a registration out again leaves what was before it came.

use super::mark::{Mark, Marks, bits};
use super::names::{CarerId, ProviderId, TextId};
use super::visit::Visit;
use crate::domain::{Day, Month, PaymentMode, VisitKind};

/// How many visits bear a mark, out of those that could.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Visits that could bear it.
    pub of: u32,
    /// Visits that do.
    pub borne: u32,
}

impl Count {
    /// The share, 0 to 1; 0 where nothing was counted.
    #[must_use]
    pub fn share(self) -> f64 {
        if self.of == 0 { 0.0 } else { f64::from(self.borne) / f64::from(self.of) }
    }
}

/// A sum of logarithms of length ratios.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many were added.
    pub count: u32,
    /// Their sum, in thousandths.
    pub total: i64,
    /// The sum of their squares, in millionths.
    pub squares: i64,
}

impl Sum {
    /// The mean logarithm; 0 where nothing was added.
    #[must_use]
    pub fn mean(self) -> f64 {
        if self.count == 0 { 0.0 } else { self.total as f64 / f64::from(self.count) / 1000.0 }
    }

    fn change(&mut self, value: Option<i16>, add: bool) {
        let Some(value) = value.map(i64::from) else { return };
        let sign = if add { 1 } else { -1 };
        self.count = if add { self.count + 1 } else { self.count - 1 };
        self.total += sign * value;
        self.squares += sign * value * value;
    }
}

/// What one carer does at a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The carer.
    pub carer: CarerId,
    /// Visits carried out.
    pub visits: u32,
    /// Those of them that were not planned.
    pub unplanned: u32,
    /// Those of them on evenings (from 18), nights and weekends.
    pub off_hours: u32,
    /// Their registered minutes.
    pub minutes: u32,
}

/// What was registered in a period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Visits that were carried out.
    pub visits: u32,
    /// Their registered seconds.
    pub seconds: i64,
    /// Their paid seconds, where the visit is billed.
    pub paid_seconds: i64,
    /// Those of them that draw on the client's grants: all but answers to alarms and visits for which
    /// the granted time or a fixed sum is paid, whatever was registered.
    pub drawn_seconds: i64,
    /// Carried out visits for which the granted time is paid.
    pub paid_by_grant: u32,
    /// Carried out visits that were captured electronically at one end at least.
    pub seen: u32,
    /// Registered over planned length.
    pub ratio: Sum,
    /// The same less what is usual for the clients.
    pub residual: Sum,
    marks: [Count; Mark::COUNT],
    /// Closed visits per provider, carried out or not, in order of first appearance; few.
    providers: Vec<(ProviderId, u32)>,
    detail: Detail,
    /// Of a provider: clients with a visit of its own. Of a carer: those with one that was carried out.
    pub(super) clients: u32,
}

/// What only one side has. A municipality has thousands of tallies, and one list is less than three.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Detail {
    #[default]
    Nothing,
    /// Of a carer: registered minutes per day.
    Days(Vec<(Day, u32)>),
    /// Of a client: what each carer does there, in order of first appearance.
    Shares(Vec<Share>),
    /// Of a provider: changes by hand per editor, in order of first appearance.
    Editors(Vec<(TextId, u32)>),
}

// The list of a side, which is the only one that its tally ever has.
macro_rules! list {
    ($tally:ident, $side:ident) => {{
        if matches!($tally.detail, Detail::Nothing) {
            $tally.detail = Detail::$side(Vec::new());
        }
        match &mut $tally.detail {
            Detail::$side(list) => list,
            _ => unreachable!("a tally belongs to one side"),
        }
    }};
}

/// What nobody has registered.
pub(super) static NOTHING: Tally = Tally {
    visits: 0,
    seconds: 0,
    paid_seconds: 0,
    drawn_seconds: 0,
    paid_by_grant: 0,
    seen: 0,
    ratio: Sum { count: 0, total: 0, squares: 0 },
    residual: Sum { count: 0, total: 0, squares: 0 },
    marks: [Count { of: 0, borne: 0 }; Mark::COUNT],
    providers: Vec::new(),
    detail: Detail::Nothing,
    clients: 0,
};

/// Whose first visit it is in the period, or was the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FirstOrLast {
    /// Its provider's.
    pub(super) provider: bool,
    /// Of a client: its carer's, of those carried out.
    pub(super) carer: bool,
}

/// Whose tally takes the visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Carer,
    Client,
    Provider,
}

impl Tally {
    /// How many visits bear `mark`.
    #[must_use]
    pub const fn count(&self, mark: Mark) -> Count {
        self.marks[mark as usize]
    }

    /// All of them, in the order of the marks.
    pub(super) const fn counts(&self) -> &[Count; Mark::COUNT] {
        &self.marks
    }

    /// Clients with a visit by this provider, or with one that this carer carried out; 0 for clients.
    #[must_use]
    pub const fn clients(&self) -> u32 {
        self.clients
    }

    /// The providers with their visits.
    #[must_use]
    pub fn providers(&self) -> &[(ProviderId, u32)] {
        &self.providers
    }

    /// Of a carer: registered minutes per local day, without those of visits that the source closed
    /// beyond their plan; in no order that means anything.
    #[must_use]
    pub fn days(&self) -> &[(Day, u32)] {
        if let Detail::Days(days) = &self.detail { days } else { &[] }
    }

    /// Of a client: what each carer does there.
    #[must_use]
    pub fn shares(&self) -> &[Share] {
        if let Detail::Shares(shares) = &self.detail { shares } else { &[] }
    }

    /// Of a provider: changes by hand per editor.
    #[must_use]
    pub fn editors(&self) -> &[(TextId, u32)] {
        if let Detail::Editors(editors) = &self.detail { editors } else { &[] }
    }

    /// Registered minutes of a carer on `day`.
    #[must_use]
    pub fn minutes_on(&self, day: Day) -> u32 {
        self.days().iter().find(|(known, _)| *known == day).map_or(0, |(_, minutes)| *minutes)
    }

    /// Takes a visit in or out.
    pub(super) fn change(&mut self, visit: &Visit, side: Side, add: bool) -> FirstOrLast {
        let step = |count: &mut u32| *count = if add { *count + 1 } else { *count - 1 };
        let sign = if add { 1 } else { -1 };
        if side == Side::Provider {
            for editor in visit.edits().iter().filter_map(|edit| edit.editor) {
                count_in(list!(self, Editors), editor, add);
            }
        }
        let provider = count_in(&mut self.providers, visit.provider, add);
        if !visit.is_performed() {
            return FirstOrLast { provider, carer: false };
        }
        step(&mut self.visits);
        self.seconds += sign * visit.seconds();
        if visit.billable {
            self.paid_seconds += sign * visit.paid_seconds();
            let fixed = matches!(visit.payment_mode, PaymentMode::Granted | PaymentMode::Fixed);
            if !fixed && visit.kind != VisitKind::Alarm {
                self.drawn_seconds += sign * visit.paid_seconds();
            }
        }
        if visit.payment_mode == PaymentMode::Granted {
            step(&mut self.paid_by_grant);
        }
        if visit.start_method.is_electronic() || visit.end_method.is_electronic() {
            step(&mut self.seen);
        }
        if side == Side::Carer {
            self.change_day(visit, add);
        }
        FirstOrLast { provider, carer: side == Side::Client && self.change_share(visit, add) }
    }

    fn change_day(&mut self, visit: &Visit, add: bool) {
        // Nobody worked on until the source closed the visit.
        let minutes = u32::try_from(visit.presence().seconds() / 60).unwrap_or(0);
        let days = list!(self, Days);
        match days.iter().position(|(day, _)| *day == visit.day) {
            Some(at) if add => days[at].1 += minutes,
            Some(at) => {
                days[at].1 -= minutes;
                if days[at].1 == 0 {
                    days.swap_remove(at);
                }
            }
            None if 0 < minutes => days.push((visit.day, minutes)),
            None => {}
        }
    }

    /// True where it is the carer's first, or was the last.
    fn change_share(&mut self, visit: &Visit, add: bool) -> bool {
        let shares = list!(self, Shares);
        let at = shares.iter().position(|share| share.carer == visit.carer).unwrap_or_else(|| {
            let nothing = Share { carer: visit.carer, visits: 0, unplanned: 0, off_hours: 0, minutes: 0 };
            shares.push(nothing);
            shares.len() - 1
        });
        let share = &mut shares[at];
        let step = |count: &mut u32, by: bool| {
            let by = u32::from(by);
            *count = if add { *count + by } else { *count - by };
        };
        step(&mut share.visits, true);
        step(&mut share.unplanned, visit.kind == VisitKind::Unplanned);
        step(&mut share.off_hours, visit.is_off_hours());
        let minutes = minutes(visit);
        share.minutes = if add { share.minutes + minutes } else { share.minutes - minutes };
        let left = share.visits;
        if left == 0 {
            shares.swap_remove(at);
        }
        left == u32::from(add)
    }

    /// Takes the marks of a visit in or out.
    pub(super) fn change_marks(&mut self, marks: &Marks, add: bool) {
        for mark in bits(marks.of) {
            let count = &mut self.marks[mark];
            let borne = u32::from(marks.borne >> mark & 1 == 1);
            if add {
                *count = Count { of: count.of + 1, borne: count.borne + borne };
            } else {
                *count = Count { of: count.of - 1, borne: count.borne - borne };
            }
        }
        self.ratio.change(marks.ratio, add);
        self.residual.change(marks.residual, add);
    }

    /// Is anything counted here at all?
    pub(super) fn is_empty(&self) -> bool {
        self.providers.is_empty() && self.marks.iter().all(|count| count.of == 0) && self.editors().is_empty()
    }
}

/// Registered minutes; a visit has at most 24 hours.
fn minutes(visit: &Visit) -> u32 {
    u32::try_from(visit.seconds() / 60).unwrap_or(0)
}

/// Counts one more or one less of `key`; true where it is the first or was the last.
pub(super) fn count_in<K: PartialEq>(counts: &mut Vec<(K, u32)>, key: K, add: bool) -> bool {
    match counts.iter().position(|(known, _)| *known == key) {
        Some(at) if add => {
            counts[at].1 += 1;
            false
        }
        Some(at) => {
            counts[at].1 -= 1;
            if counts[at].1 == 0 {
                counts.swap_remove(at);
                return true;
            }
            false
        }
        None => {
            // Most carers and clients have one provider only.
            if counts.is_empty() {
                counts.reserve_exact(1);
            }
            counts.push((key, 1));
            true
        }
    }
}

/// The tallies of one carer, client or provider by pay period; few, in order. Each in a place of its own:
/// when thousands of parties get their next month in one week, what they grew out of would lie idle.
#[derive(Clone, Debug, Default)]
pub(super) struct Months(Vec<(Month, Box<Tally>)>);

impl Months {
    pub(super) const EMPTY: Self = Self(Vec::new());

    pub(super) fn get(&self, month: Month) -> Option<&Tally> {
        // The latest is asked for most.
        self.0.iter().rev().find(|(known, _)| *known == month).map(|(_, tally)| &**tally)
    }

    pub(super) fn entry(&mut self, month: Month) -> &mut Tally {
        let at = self.0.iter().rposition(|(known, _)| *known <= month);
        match at {
            Some(at) if self.0[at].0 == month => &mut self.0[at].1,
            _ => {
                let at = at.map_or(0, |at| at + 1);
                self.0.insert(at, (month, Box::default()));
                &mut self.0[at].1
            }
        }
    }

    /// Lets go of a tally that counts nothing any more.
    pub(super) fn tidy(&mut self, month: Month) {
        self.0.retain(|(known, tally)| *known != month || !tally.is_empty());
    }

    /// Lets go of what is before `month`.
    pub(super) fn expire(&mut self, month: Month) {
        self.0.retain(|(known, _)| month <= *known);
    }

    pub(super) fn months(&self) -> impl Iterator<Item = Month> {
        self.0.iter().map(|(month, _)| *month)
    }
}
