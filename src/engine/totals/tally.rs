//! Totals of a carer, client or provider in a pay period.
//!
//! Whole numbers only, so that a retraction restores the totals exactly.

use smallvec::SmallVec;

use crate::domain::{Day, PaymentMode, VisitKind, Zone};
use crate::engine::model::interner::{CarerId, ProviderId, TextId};
use crate::engine::model::mark::{Mark, Marks, bits};
use crate::engine::model::visit::Visit;
use crate::engine::totals::count::{Change, Count, Counted, Sum};
use crate::engine::totals::shares::{Share, Shares};

/// Totals of one pay period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Performed visits.
    pub visits: u32,
    /// Registered seconds of performed visits.
    pub seconds: i64,
    /// Paid seconds of billed, performed visits.
    pub paid_seconds: i64,
    /// Paid seconds that draw on the client's grants: without alarm visits, and without visits for which the
    /// granted time or a fixed sum is paid.
    pub grant_chargeable_seconds: i64,
    /// Performed visits for which the granted time is paid.
    pub paid_by_grant: u32,
    /// Performed visits with at least one electronic capture.
    pub electronic_visits: u32,
    /// Logarithms of registered over planned length.
    pub ratio: Sum,
    /// The same minus the clients' means of the month before.
    pub residual: Sum,
    mark_counts: MarkCounts,
    /// Closed visits by provider, performed or not, in order of first appearance.
    providers: Counted<ProviderId>,
    detail: Detail,
    /// Of a provider: clients with a closed visit. Of a carer: clients with a performed visit. Of a client: 0.
    pub(in crate::engine) clients: u32,
}

/// Counts by mark. A municipality has thousands of client tallies, and rules read a single mark of them.
#[derive(Clone, Debug, PartialEq, Eq)]
enum MarkCounts {
    OfClient(Count),
    Each(Box<[Count; Mark::COUNT]>),
}

/// Totals that only one kind of entity has.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Detail {
    /// Of a carer: registered minutes by local day.
    Days(Vec<(Day, u32)>),
    /// Of a client: the carers' shares.
    Shares(Shares),
    Provider(Box<OfProvider>),
}

/// Totals that only a provider has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct OfProvider {
    /// Edits by editor, in order of first appearance.
    editors: Counted<TextId>,
    /// Counts by mark of each local day, ascending.
    days: Vec<(Day, Box<[Count; Mark::COUNT]>)>,
}

/// The empty tally.
pub(in crate::engine) static NOTHING: Tally =
    Tally::new(MarkCounts::OfClient(Count { eligible: 0, marked: 0 }), Detail::Shares(Shares::EMPTY));

/// Whether a visit is the first, or was the last, of the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Boundary {
    /// Of its provider.
    pub(in crate::engine) provider: bool,
    /// Of its carer at the client, among performed visits.
    pub(in crate::engine) carer: bool,
}

/// The kind of entity that a tally belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum EntityKind {
    Carer,
    Client,
    Provider,
}

impl Tally {
    const fn new(mark_counts: MarkCounts, detail: Detail) -> Self {
        const NO_SUM: Sum = Sum { count: 0, total: 0, squares: 0 };
        Self {
            visits: 0,
            seconds: 0,
            paid_seconds: 0,
            grant_chargeable_seconds: 0,
            paid_by_grant: 0,
            electronic_visits: 0,
            ratio: NO_SUM,
            residual: NO_SUM,
            mark_counts,
            providers: SmallVec::new_const(),
            detail,
            clients: 0,
        }
    }

    /// An empty tally of this kind of entity.
    pub(in crate::engine) fn of(side: EntityKind) -> Self {
        let each = || MarkCounts::Each(Box::default());
        match side {
            EntityKind::Carer => Self::new(each(), Detail::Days(Vec::new())),
            EntityKind::Client => {
                Self::new(MarkCounts::OfClient(Count::default()), Detail::Shares(Shares::EMPTY))
            }
            EntityKind::Provider => Self::new(each(), Detail::Provider(Box::default())),
        }
    }

    /// The count of `mark`; for a client only [`Mark::OF_CLIENTS`] is counted.
    #[must_use]
    pub fn count(&self, mark: Mark) -> Count {
        match &self.mark_counts {
            MarkCounts::Each(counts) => counts[mark as usize],
            MarkCounts::OfClient(count) => {
                debug_assert!(mark == Mark::OF_CLIENTS, "{mark:?} is not counted for clients");
                if mark == Mark::OF_CLIENTS { *count } else { Count::default() }
            }
        }
    }

    /// Of a provider: clients with a closed visit. Of a carer: clients with a performed visit. Of a client: 0.
    #[must_use]
    pub const fn clients(&self) -> u32 {
        self.clients
    }

    /// Closed visits by provider.
    #[must_use]
    pub fn providers(&self) -> &[(ProviderId, u32)] {
        &self.providers
    }

    /// Of a carer: minutes of presence by local day, unordered; a visit over midnight counts to both days, and one
    /// that the source closed automatically up to its planned end.
    #[must_use]
    pub fn days(&self) -> &[(Day, u32)] {
        if let Detail::Days(days) = &self.detail { days } else { &[] }
    }

    /// Of a client: the carers' shares.
    #[must_use]
    pub fn shares(&self) -> &[Share] {
        if let Detail::Shares(shares) = &self.detail { shares.each() } else { &[] }
    }

    /// Of a provider: edits by editor.
    #[must_use]
    pub fn editors(&self) -> &[(TextId, u32)] {
        if let Detail::Provider(of) = &self.detail { &of.editors } else { &[] }
    }

    /// Minutes of presence of a carer on `day`.
    #[must_use]
    pub fn minutes_on(&self, day: Day) -> u32 {
        self.days().iter().find(|(known, _)| *known == day).map_or(0, |(_, minutes)| *minutes)
    }

    /// Of a client: the few carers with a large share of its visits, or of its unplanned visits.
    pub(in crate::engine) fn close_carers(&self) -> impl Iterator<Item = CarerId> {
        let shares = if let Detail::Shares(shares) = &self.detail { Some(shares) } else { None };
        shares.into_iter().flat_map(|shares| shares.close(self.visits))
    }

    /// Inserts or retracts a visit.
    pub(in crate::engine) fn apply(&mut self, visit: &Visit, change: Change, zone: &Zone) -> Boundary {
        let sign = change.sign();
        if let Detail::Provider(of) = &mut self.detail {
            for editor in visit.edits().iter().filter_map(|edit| edit.editor) {
                change.count_key(&mut of.editors, editor);
            }
        }
        let provider = change.count_key(&mut self.providers, visit.provider);
        if !visit.is_performed() {
            return Boundary { provider, carer: false };
        }
        change.count(&mut self.visits, 1);
        self.seconds += sign * visit.seconds();
        if visit.billable {
            self.paid_seconds += sign * visit.paid_seconds();
            let fixed = matches!(visit.payment_mode, PaymentMode::Granted | PaymentMode::Fixed);
            if !fixed && visit.kind != VisitKind::Alarm {
                self.grant_chargeable_seconds += sign * visit.paid_seconds();
            }
        }
        if visit.payment_mode == PaymentMode::Granted {
            change.count(&mut self.paid_by_grant, 1);
        }
        if visit.start_method.is_electronic() || visit.end_method.is_electronic() {
            change.count(&mut self.electronic_visits, 1);
        }
        let carer = match &mut self.detail {
            Detail::Days(days) => {
                apply_to_days(days, visit, change, zone);
                false
            }
            Detail::Shares(shares) => shares.apply(visit, change, self.visits),
            Detail::Provider(_) => false,
        };
        Boundary { provider, carer }
    }

    /// Of a provider: the count of `mark` by local day, ascending.
    pub fn count_by_day(&self, mark: Mark) -> impl Iterator<Item = (Day, Count)> {
        let days = if let Detail::Provider(of) = &self.detail { &of.days[..] } else { &[] };
        days.iter().map(move |(day, counts)| (*day, counts[mark as usize]))
    }

    /// Of a provider: inserts or retracts the marks of a visit on `day` by day.
    pub(in crate::engine) fn apply_marks_of_day(&mut self, day: Day, marks: &Marks, change: Change) {
        let Detail::Provider(of) = &mut self.detail else { return };
        if marks.eligible == 0 {
            return;
        }
        let at = match of.days.binary_search_by_key(&day, |(known, _)| *known) {
            Ok(at) => at,
            Err(at) => {
                of.days.insert(at, (day, Box::default()));
                at
            }
        };
        let counts = &mut of.days[at].1;
        for mark in bits(marks.eligible) {
            change.count(&mut counts[mark].eligible, 1);
            change.count(&mut counts[mark].marked, marks.marked >> mark & 1);
        }
        if counts.iter().all(|count| count.eligible == 0) {
            of.days.remove(at);
        }
    }

    /// Inserts or retracts the marks of a visit; `each` gets every changed mark with its count before and after.
    pub(in crate::engine) fn apply_marks(
        &mut self,
        marks: &Marks,
        change: Change,
        mut each: impl FnMut(usize, Count, Count),
    ) {
        let mut count_mark = |count: &mut Count, mark: usize| {
            let before = *count;
            change.count(&mut count.eligible, 1);
            change.count(&mut count.marked, marks.marked >> mark & 1);
            each(mark, before, *count);
        };
        match &mut self.mark_counts {
            MarkCounts::Each(counts) => {
                bits(marks.eligible).for_each(|mark| count_mark(&mut counts[mark], mark))
            }
            MarkCounts::OfClient(count) if marks.could_bear(Mark::OF_CLIENTS) => {
                count_mark(count, Mark::OF_CLIENTS as usize);
            }
            MarkCounts::OfClient(_) => {}
        }
        self.ratio.apply(marks.ratio(), change);
        self.residual.apply(marks.residual(), change);
    }

    /// Whether nothing is counted.
    pub(in crate::engine) fn is_empty(&self) -> bool {
        let marked = match &self.mark_counts {
            MarkCounts::OfClient(count) => std::slice::from_ref(count),
            MarkCounts::Each(counts) => &counts[..],
        };
        self.providers.is_empty()
            && marked.iter().all(|count| count.eligible == 0)
            && self.editors().is_empty()
    }
}

/// A visit counts to each local day that it lies in, by its part.
fn apply_to_days(days: &mut Vec<(Day, u32)>, visit: &Visit, change: Change, zone: &Zone) {
    for (of, part) in visit.days(zone) {
        let minutes = u32::try_from(part.seconds() / 60).unwrap_or(0);
        // Most visits are of the last day.
        let at = days.iter().rposition(|(day, _)| *day == of);
        match (at, change) {
            (Some(at), Change::Insert) => days[at].1 += minutes,
            (Some(at), Change::Retract) => {
                days[at].1 -= minutes;
                if days[at].1 == 0 {
                    days.swap_remove(at);
                }
            }
            (None, _) if 0 < minutes => days.push((of, minutes)),
            (None, _) => {}
        }
    }
}
