//! A registration as the engine keeps it: small, with ids as numbers.

use crate::domain::{
    CaptureMethod, Day, EventType, Geo, Month, PaymentMode, Span, UtcSecond, VisitKind, VisitOutcome,
};
use crate::engine::model::interner::{CarerId, ClientId, ProviderId, TextId};

/// Where a registration is kept; valid as long as the registration is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub(in crate::engine) u32);

/// An instant, or none, in the room of an instant; the first that there is stands for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct OptionalTime(i64);

impl From<Option<UtcSecond>> for OptionalTime {
    fn from(at: Option<UtcSecond>) -> Self {
        Self(at.map_or(i64::MIN, |at| at.0))
    }
}

impl OptionalTime {
    fn get(self) -> Option<UtcSecond> {
        (self.0 != i64::MIN).then_some(UtcSecond(self.0))
    }
}

/// The version of a registration that counts.
///
/// In the order in which it lies in memory: what is asked of a neighbour comes first and shares one cache line.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct Visit {
    /// Registered start and end; of no length while the visit is still open.
    pub span: Span,
    pub(in crate::engine) planned_start: OptionalTime,
    pub(in crate::engine) planned_seconds: u32,
    /// The carer.
    pub carer: CarerId,
    /// The client.
    pub client: ClientId,
    /// The provider.
    pub provider: ProviderId,
    /// The local day of its start.
    pub day: Day,
    /// The pay period.
    pub pay_period: Month,
    /// Kind of visit and first task: visits of one service are compared with each other.
    pub service: TextId,
    /// Which registration.
    pub slot: Slot,
    /// The minute of that local day, 0 to 1439.
    pub minute: u16,
    /// No end is registered yet.
    pub open: bool,
    /// What came of it.
    pub outcome: VisitOutcome,
    /// Kind of visit.
    pub kind: VisitKind,
    /// How the start was captured.
    pub start_method: CaptureMethod,
    /// How the end was captured.
    pub end_method: CaptureMethod,
    /// Is it billed?
    pub billable: bool,
    /// The phone or device at the start.
    pub start_device: Option<TextId>,
    /// The phone or device at the end.
    pub end_device: Option<TextId>,
    /// The tag read at the start.
    pub start_tag: Option<TextId>,
    /// The tag read at the end.
    pub end_tag: Option<TextId>,
    /// The order, where the record names one.
    pub order: Option<TextId>,
    /// The tariff.
    pub tariff: Option<TextId>,
    /// Kind of visit and all its tasks; [`crate::engine::Sight::task_codes`] tells them.
    pub tasks: TextId,
    /// Groups the registrations of one visit to several clients of a home.
    pub shared_visit: Option<TextId>,
    /// What few visits have.
    pub extras: Option<Box<VisitExtras>>,
    pub(in crate::engine) synced_at: OptionalTime,
    pub(in crate::engine) emitted_at: OptionalTime,
    /// When the last of its two ends was recorded; the registered end where the source does not say.
    pub recorded_at: UtcSecond,
    /// Billed seconds, where they differ from the length.
    pub billable_seconds: Option<u32>,
    /// Which version of it.
    pub version: u32,
    /// Carers it needs, where the record says so.
    pub required_staff: Option<u8>,
    /// What happened in the source: an approval, a correction.
    pub event: EventType,
    /// What the payment is reckoned by.
    pub payment_mode: PaymentMode,
    /// Is the carer a trainee who goes along?
    pub trainee: bool,
    /// How many tasks were ticked.
    pub tasks_count: u8,
}

/// What few visits have, kept apart so that the others stay small.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VisitExtras {
    /// Registration ids of the other carers of the same visit.
    pub partners: Box<[Box<str>]>,
    /// Changes by hand.
    pub edits: Box<[Edited]>,
    /// Position at the start.
    pub start_geo: Option<Geo>,
    /// Position at the end.
    pub end_geo: Option<Geo>,
}

/// A change by hand of one end of the visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edited {
    /// Which end; `None` for anything else in the record.
    pub end: Option<End>,
    /// By how many seconds it moved that end later.
    pub moved_seconds: i64,
    /// Who changed it.
    pub editor: Option<TextId>,
    /// When.
    pub at: UtcSecond,
    /// Was a reason given?
    pub has_reason: bool,
}

/// One end of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// `start_at`.
    Start,
    /// `end_at`.
    End,
}

impl Edited {
    /// By how many seconds it made the visit longer; negative where shorter.
    #[must_use]
    pub const fn lengthened_seconds(&self) -> i64 {
        match self.end {
            Some(End::Start) => -self.moved_seconds,
            Some(End::End) => self.moved_seconds,
            None => 0,
        }
    }
}

impl Visit {
    /// Planned start and end.
    #[must_use]
    pub fn planned(&self) -> Option<Span> {
        let start = self.planned_start.get()?;
        Span::new(start, start.plus(i64::from(self.planned_seconds)))
    }

    /// When its end reached the server; `None` where the source does not say.
    #[must_use]
    pub fn synced_at(&self) -> Option<UtcSecond> {
        self.synced_at.get()
    }

    /// When the source sent this version.
    #[must_use]
    pub fn emitted_at(&self) -> Option<UtcSecond> {
        self.emitted_at.get()
    }

    /// Registration ids of the other carers of the same visit.
    #[must_use]
    pub fn partners(&self) -> &[Box<str>] {
        self.extras.as_ref().map_or(&[], |extras| &extras.partners)
    }

    /// Changes by hand.
    #[must_use]
    pub fn edits(&self) -> &[Edited] {
        self.extras.as_ref().map_or(&[], |extras| &extras.edits)
    }

    /// Positions at start and end, where they were taken.
    #[must_use]
    pub fn geo(&self) -> [Option<Geo>; 2] {
        self.extras.as_ref().map_or([None; 2], |extras| [extras.start_geo, extras.end_geo])
    }

    /// Seconds from its end until it reached the server, at least 0.
    #[must_use]
    pub fn sync_delay_seconds(&self) -> Option<i64> {
        self.synced_at().map(|arrived| arrived.since(self.span.end()).max(0))
    }

    /// Does it begin on an evening (from 18), at night (before 7) or at a weekend?
    #[must_use]
    pub const fn is_off_hours(&self) -> bool {
        // 1970-01-01 was a Thursday.
        (self.day.0 + 3).rem_euclid(7) >= 5 || self.minute < 7 * 60 || self.minute >= 18 * 60
    }

    /// Seconds that are paid for: those billed, else the registered length.
    #[must_use]
    pub fn paid_seconds(&self) -> i64 {
        self.billable_seconds.map_or(self.seconds(), i64::from)
    }

    /// The part of the visit that changes by hand have added: before its start or at its end, where more
    /// was added. `None` where the changes that `counts` made it no longer.
    #[must_use]
    pub fn added_by(&self, counts: impl Fn(&Edited) -> bool) -> Option<Span> {
        let (mut before, mut after) = (0_i64, 0_i64);
        for edit in self.edits().iter().filter(|edit| counts(edit)) {
            match edit.end {
                Some(End::Start) => before = before.saturating_sub(edit.moved_seconds),
                Some(End::End) => after = after.saturating_add(edit.moved_seconds),
                None => {}
            }
        }
        let (start, end) = (self.span.start(), self.span.end());
        let (before, after) = (before.clamp(0, self.seconds()), after.clamp(0, self.seconds()));
        let added = if after < before {
            Span::new(start, start.plus(before))
        } else {
            Span::new(end.plus(-after), end)
        };
        added.filter(|added| 0 < added.seconds())
    }

    /// Was it carried out, in whole or in part, and is it over?
    #[must_use]
    pub const fn is_performed(&self) -> bool {
        !self.open && matches!(self.outcome, VisitOutcome::Performed | VisitOutcome::Partly)
    }

    /// The registered length in seconds.
    #[must_use]
    pub const fn seconds(&self) -> i64 {
        self.span.seconds()
    }

    /// When the carer is claimed to have been there: the registered span, but for a visit that the
    /// source closed by itself, whose end is no evidence. That one is clipped at its planned end, or
    /// to nothing where it has no plan.
    #[must_use]
    pub fn presence(&self) -> Span {
        if self.end_method != CaptureMethod::AutoClosed {
            return self.span;
        }
        let start = self.span.start();
        let end = self.planned().map_or(start, |plan| plan.end().min(self.span.end()).max(start));
        Span::new(start, end).expect("`end` was not let below `start`")
    }

    /// Were both ends captured by something bound to the place?
    #[must_use]
    pub const fn is_electronic(&self) -> bool {
        self.start_method.is_electronic() && self.end_method.is_electronic()
    }

    /// Was one of the ends typed in afterwards?
    #[must_use]
    pub const fn is_manual(&self) -> bool {
        self.start_method.is_manual() || self.end_method.is_manual()
    }

    /// Was the client's home entered, so that the carer was at that place? Declined visits, calls
    /// and work outside the home say nothing about the place.
    #[must_use]
    pub const fn is_at_home(&self) -> bool {
        !self.open
            && matches!(self.outcome, VisitOutcome::Performed | VisitOutcome::Partly)
            && !matches!(self.kind, VisitKind::Remote | VisitKind::Errand | VisitKind::Escort)
    }

    /// Does another version claim the same?
    pub(in crate::engine) fn claims_the_same(&self, other: &Self) -> bool {
        // When and why a version was sent is no claim, and no neighbour sees it.
        let Self { version, event, emitted_at, .. } = *other;
        Self { version, event, emitted_at, ..self.clone() } == *other
    }

    /// How well its two ends are evidenced, higher is better: a capture bound to the place before a
    /// button, a button before what the source does not say, that before what a person typed in.
    #[must_use]
    pub const fn evidence(&self) -> u8 {
        evidence(self.start_method) + evidence(self.end_method)
    }

    /// The natural logarithm of registered over planned length: 0 as planned, 0.69 twice as long.
    /// `None` without a plan or where a length is no evidence (open, closed by itself, nobody met).
    #[must_use]
    pub fn log_ratio(&self) -> Option<f64> {
        let planned = self.planned()?.seconds();
        self.is_measured().then(|| (self.seconds() as f64 / planned as f64).ln())
    }

    /// Has it such a logarithm?
    #[must_use]
    pub fn is_measured(&self) -> bool {
        matches!(self.outcome, VisitOutcome::Performed)
            && !self.open
            && self.end_method != CaptureMethod::AutoClosed
            && self.planned_start.get().is_some()
            && 0 < self.planned_seconds
            && 0 < self.seconds()
    }
}

const fn evidence(method: CaptureMethod) -> u8 {
    match method {
        CaptureMethod::AppButton => 3,
        CaptureMethod::Unknown => 2,
        CaptureMethod::ManualCarer | CaptureMethod::ManualOffice => 1,
        CaptureMethod::AutoClosed => 0,
        _ => 4,
    }
}
