//! Counts per carer, client and provider in a pay period.
//!
//! Whole numbers only, so that taking a registration out again leaves what was before it came.

use smallvec::SmallVec;

use super::mark::{Mark, Marks, bits};
use super::names::{CarerId, ProviderId, TextId};
use super::shares::{Share, Shares};
use super::visit::Visit;
use crate::domain::{Day, PaymentMode, VisitKind};

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
        step(&mut self.count, 1, add);
        self.total += sign * value;
        self.squares += sign * value * value;
    }
}

/// What was registered in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    marked: Marked,
    /// Closed visits per provider, carried out or not, in order of first appearance; few.
    providers: Counted<ProviderId>,
    detail: Detail,
    /// Of a provider: clients with a visit of its own. Of a carer: those with one that was carried out.
    pub(super) clients: u32,
}

/// How often each of a few occurs; most carers and clients have one provider only.
pub(super) type Counted<K> = SmallVec<[(K, u32); 2]>;

/// How many visits bear each mark. A municipality has thousands of clients' tallies, and nobody asks for more
/// than one mark of them.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Marked {
    OfClient(Count),
    Each(Box<[Count; Mark::COUNT]>),
}

/// What only one side has.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Detail {
    /// Of a carer: registered minutes per day.
    Days(Vec<(Day, u32)>),
    /// Of a client: what each carer does there.
    Shares(Shares),
    /// Of a provider: changes by hand per editor, in order of first appearance.
    Editors(Counted<TextId>),
}

/// What nobody has registered.
pub(super) static NOTHING: Tally =
    Tally::new(Marked::OfClient(Count { of: 0, borne: 0 }), Detail::Shares(Shares::EMPTY));

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
    const fn new(marked: Marked, detail: Detail) -> Self {
        const NO_SUM: Sum = Sum { count: 0, total: 0, squares: 0 };
        Self {
            visits: 0,
            seconds: 0,
            paid_seconds: 0,
            drawn_seconds: 0,
            paid_by_grant: 0,
            seen: 0,
            ratio: NO_SUM,
            residual: NO_SUM,
            marked,
            providers: SmallVec::new_const(),
            detail,
            clients: 0,
        }
    }

    /// One that counts nothing yet.
    pub(super) fn of(side: Side) -> Self {
        let each = || Marked::Each(Box::default());
        match side {
            Side::Carer => Self::new(each(), Detail::Days(Vec::new())),
            Side::Client => Self::new(Marked::OfClient(Count::default()), Detail::Shares(Shares::EMPTY)),
            Side::Provider => Self::new(each(), Detail::Editors(SmallVec::new())),
        }
    }

    /// How many visits bear `mark`; of a client only [`Mark::OF_CLIENTS`] is counted.
    #[must_use]
    pub fn count(&self, mark: Mark) -> Count {
        match &self.marked {
            Marked::Each(counts) => counts[mark as usize],
            Marked::OfClient(count) => {
                debug_assert!(mark == Mark::OF_CLIENTS, "{mark:?} is not counted for clients");
                if mark == Mark::OF_CLIENTS { *count } else { Count::default() }
            }
        }
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
        if let Detail::Shares(shares) = &self.detail { shares.each() } else { &[] }
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

    /// Of a client: the carers with a large part of its visits, or of the unplanned ones; few.
    pub(super) fn close_carers(&self) -> impl Iterator<Item = CarerId> {
        let shares = if let Detail::Shares(shares) = &self.detail { Some(shares) } else { None };
        shares.into_iter().flat_map(|shares| shares.close(self.visits))
    }

    /// Takes a visit in or out.
    pub(super) fn change(&mut self, visit: &Visit, add: bool) -> FirstOrLast {
        let sign = if add { 1 } else { -1 };
        if let Detail::Editors(editors) = &mut self.detail {
            for editor in visit.edits().iter().filter_map(|edit| edit.editor) {
                count_in(editors, editor, add);
            }
        }
        let provider = count_in(&mut self.providers, visit.provider, add);
        if !visit.is_performed() {
            return FirstOrLast { provider, carer: false };
        }
        step(&mut self.visits, 1, add);
        self.seconds += sign * visit.seconds();
        if visit.billable {
            self.paid_seconds += sign * visit.paid_seconds();
            let fixed = matches!(visit.payment_mode, PaymentMode::Granted | PaymentMode::Fixed);
            if !fixed && visit.kind != VisitKind::Alarm {
                self.drawn_seconds += sign * visit.paid_seconds();
            }
        }
        if visit.payment_mode == PaymentMode::Granted {
            step(&mut self.paid_by_grant, 1, add);
        }
        if visit.start_method.is_electronic() || visit.end_method.is_electronic() {
            step(&mut self.seen, 1, add);
        }
        let carer = match &mut self.detail {
            Detail::Days(days) => {
                change_day(days, visit, add);
                false
            }
            Detail::Shares(shares) => shares.change(visit, add, self.visits),
            Detail::Editors(_) => false,
        };
        FirstOrLast { provider, carer }
    }

    /// Takes the marks of a visit in or out; `each` is told how often a mark was counted before and after.
    pub(super) fn change_marks(
        &mut self,
        marks: &Marks,
        add: bool,
        mut each: impl FnMut(usize, Count, Count),
    ) {
        let mut change = |count: &mut Count, mark: usize| {
            let before = *count;
            step(&mut count.of, 1, add);
            step(&mut count.borne, marks.borne >> mark & 1, add);
            each(mark, before, *count);
        };
        match &mut self.marked {
            Marked::Each(counts) => bits(marks.of).for_each(|mark| change(&mut counts[mark], mark)),
            Marked::OfClient(count) if marks.could_bear(Mark::OF_CLIENTS) => {
                change(count, Mark::OF_CLIENTS as usize);
            }
            Marked::OfClient(_) => {}
        }
        self.ratio.change(marks.ratio(), add);
        self.residual.change(marks.residual(), add);
    }

    /// Is anything counted here at all?
    pub(super) fn is_empty(&self) -> bool {
        let marked = match &self.marked {
            Marked::OfClient(count) => std::slice::from_ref(count),
            Marked::Each(counts) => &counts[..],
        };
        self.providers.is_empty() && marked.iter().all(|count| count.of == 0) && self.editors().is_empty()
    }
}

/// Counts so many more, or so many less.
pub(super) const fn step(count: &mut u32, by: u32, add: bool) {
    *count = if add { *count + by } else { *count - by };
}

fn change_day(days: &mut Vec<(Day, u32)>, visit: &Visit, add: bool) {
    // Nobody worked on until the source closed the visit.
    let minutes = u32::try_from(visit.presence().seconds() / 60).unwrap_or(0);
    // Most visits are of the last day.
    match days.iter().rposition(|(day, _)| *day == visit.day) {
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

/// Counts one more or one less of `key`; true where it is the first or was the last.
pub(super) fn count_in<K: PartialEq>(counts: &mut Counted<K>, key: K, add: bool) -> bool {
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
            counts.push((key, 1));
            true
        }
    }
}
