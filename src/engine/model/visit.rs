//! A registration in the engine's memory: interned ids, compact fields.
//!
//! | Type | Bytes | Layout |
//! |---|---|---|
//! | [`Visit`] | fits with its ledger entry into 192 (three cache lines) | `repr(C)`: the fields read of neighbours lie in the first line |
//! | [`OptionalTime`] | 8 | a sentinel instead of a discriminant |
//! | [`VisitExtras`] | boxed | absent for most visits |

use crate::domain::{
    CaptureMethod, Day, EventType, Geo, Month, PaymentMode, Span, UtcSecond, VisitKind, VisitOutcome, Zone,
};
use crate::engine::model::interner::{CarerId, ClientId, ProviderId, TextId};

/// Index of a registration in the ledger; valid while the registration is retained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub(in crate::engine) u32);

/// Optional timestamp in 8 bytes; `i64::MIN` is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct OptionalTime(i64);

impl From<Option<UtcSecond>> for OptionalTime {
    fn from(at: Option<UtcSecond>) -> Self {
        Self(at.map_or(i64::MIN, |at| at.0))
    }
}

/// Optional time in 4 bytes, of the years 1970 to 2106; 0 is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct ShortTime(u32);

impl From<Option<UtcSecond>> for ShortTime {
    fn from(at: Option<UtcSecond>) -> Self {
        Self(at.map_or(0, |at| u32::try_from(at.0.max(1)).unwrap_or(u32::MAX)))
    }
}

impl ShortTime {
    pub(in crate::engine) fn get(self) -> Option<UtcSecond> {
        (self.0 != 0).then_some(UtcSecond(i64::from(self.0)))
    }
}

/// Optional length in 4 bytes; `u32::MAX` is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct OptionalSeconds(u32);

impl From<Option<u32>> for OptionalSeconds {
    fn from(seconds: Option<u32>) -> Self {
        Self(seconds.unwrap_or(u32::MAX))
    }
}

impl OptionalTime {
    fn get(self) -> Option<UtcSecond> {
        (self.0 != i64::MIN).then_some(UtcSecond(self.0))
    }
}

/// The version of a registration that counts.
///
/// Fields in memory order: those read of neighbours come first and share one cache line.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub struct Visit {
    /// Registered start and end; of length zero while the visit is open.
    pub span: Span,
    pub(in crate::engine) planned_start: OptionalTime,
    pub(in crate::engine) planned_seconds: u32,
    /// The carer.
    pub carer: CarerId,
    /// The client.
    pub client: ClientId,
    /// The provider.
    pub provider: ProviderId,
    /// Local day of the start.
    pub day: Day,
    /// The pay period.
    pub pay_period: Month,
    /// Kind of visit and first task: visits of one service are compared with each other.
    pub service: TextId,
    /// The ledger index.
    pub slot: Slot,
    /// Minute of that local day, 0 to 1439.
    pub minute: u16,
    /// Whether no end is registered yet.
    pub open: bool,
    /// Outcome of the visit.
    pub outcome: VisitOutcome,
    /// Kind of visit.
    pub kind: VisitKind,
    /// Capture method of the start.
    pub start_method: CaptureMethod,
    /// Capture method of the end.
    pub end_method: CaptureMethod,
    /// Whether it is billed.
    pub billable: bool,
    /// Device at the start.
    pub start_device: Option<TextId>,
    /// Device at the end.
    pub end_device: Option<TextId>,
    /// Tag read at the start.
    pub start_tag: Option<TextId>,
    /// Tag read at the end.
    pub end_tag: Option<TextId>,
    /// The order, where the record names one.
    pub order: Option<TextId>,
    /// The tariff.
    pub tariff: Option<TextId>,
    /// Kind of visit and all its tasks; [`crate::engine::Sight::task_codes`] gives the codes.
    pub tasks: TextId,
    /// Groups the registrations of one visit to several clients of a home.
    pub shared_visit: Option<TextId>,
    /// Fields that few visits have.
    pub extras: Option<Box<VisitExtras>>,
    pub(in crate::engine) synced_at: OptionalTime,
    /// When the later of its two ends was recorded by the device; the registered end where that is unknown.
    pub recorded_at: UtcSecond,
    pub(in crate::engine) billed: OptionalSeconds,
    /// Version of the registration.
    pub version: u32,
    /// The low 32 bits of this version's offset: enough for the order of two that are retained at one time.
    pub(in crate::engine) offset: u32,
    pub(in crate::engine) emitted_at: ShortTime,
    /// Carers that the visit needs, where the record says so.
    pub required_staff: Option<u8>,
    /// Event of the version in the source: an approval, a correction.
    pub event: EventType,
    /// Basis of the payment.
    pub payment_mode: PaymentMode,
    /// Whether the carer is a trainee who accompanies another.
    pub trainee: bool,
    /// Number of ticked tasks.
    pub tasks_count: u8,
}

/// Fields that few visits have, boxed so that the others stay small.
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
    /// The changed end; `None` for any other field.
    pub end: Option<End>,
    /// Seconds by which that end moved later; negative where earlier.
    pub moved_seconds: i64,
    /// The editor.
    pub editor: Option<TextId>,
    /// When it was changed.
    pub at: UtcSecond,
    /// Whether a reason was given.
    pub has_reason: bool,
}

/// The day on which the clocks are put forward.
const SHORTEST_DAY_SECONDS: i64 = 23 * 3600;

/// One end of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// `start_at`.
    Start,
    /// `end_at`.
    End,
}

impl Edited {
    /// Seconds by which it lengthened the visit; negative where shortened.
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

    /// When the end reached the server; `None` where unknown.
    #[must_use]
    pub fn synced_at(&self) -> Option<UtcSecond> {
        self.synced_at.get()
    }

    /// When the source sent this version.
    #[must_use]
    pub fn emitted_at(&self) -> Option<UtcSecond> {
        self.emitted_at.get()
    }

    /// When the source sent this version, or the visit's end where it does not say.
    #[must_use]
    pub fn sent_at(&self) -> UtcSecond {
        self.emitted_at().unwrap_or(self.span.end())
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

    /// Seconds from the end until it reached the server, at least 0; `None` where unknown.
    #[must_use]
    pub fn sync_delay_seconds(&self) -> Option<i64> {
        self.synced_at().map(|arrived| arrived.since(self.span.end()).max(0))
    }

    /// Whether it begins in the evening (from 18:00), at night (before 07:00) or at a weekend, local time.
    #[must_use]
    pub const fn is_off_hours(&self) -> bool {
        self.day.is_weekend() || self.minute < 7 * 60 || self.minute >= 18 * 60
    }

    /// Billed seconds, where they differ from the registered length.
    #[must_use]
    pub fn billable_seconds(&self) -> Option<u32> {
        (self.billed.0 != u32::MAX).then_some(self.billed.0)
    }

    /// Paid seconds: the billed ones, else the registered length.
    #[must_use]
    pub fn paid_seconds(&self) -> i64 {
        self.billable_seconds().map_or(self.seconds(), i64::from)
    }

    /// The span that the edits selected by `counts` added: at the start or at the end, whichever grew more.
    /// `None` where they added nothing.
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

    /// Whether it is closed and was carried out, in whole or in part.
    #[must_use]
    pub const fn is_performed(&self) -> bool {
        !self.open && matches!(self.outcome, VisitOutcome::Performed | VisitOutcome::Partly)
    }

    /// Registered length in seconds.
    #[must_use]
    pub const fn seconds(&self) -> i64 {
        self.span.seconds()
    }

    /// The span in which the carer is claimed to have been present: the registered span; for a visit that the
    /// source closed automatically, whose end is no evidence, clipped at the planned end, or of length zero
    /// without a plan.
    #[must_use]
    pub fn presence(&self) -> Span {
        if self.end_method != CaptureMethod::AutoClosed {
            return self.span;
        }
        let start = self.span.start();
        let end = self.planned().map_or(start, |plan| plan.end().min(self.span.end()).max(start));
        Span::new(start, end).expect("`end` was not let below `start`")
    }

    /// The local days that its presence lies in, each with its part.
    pub fn days(&self, zone: &Zone) -> impl Iterator<Item = (Day, Span)> {
        let presence = self.presence();
        // A day has at least 23 hours: most visits end hours before it does, and need no look-up.
        let until = 60 * (i64::from(self.minute) + 1) + presence.seconds();
        let within = until < SHORTEST_DAY_SECONDS;
        let one = (within && 0 < presence.seconds()).then_some((self.day, presence));
        one.into_iter().chain((!within).then(|| zone.days_in(presence)).into_iter().flatten())
    }

    /// Whether both ends were captured by a device bound to the place.
    #[must_use]
    pub const fn is_electronic(&self) -> bool {
        self.start_method.is_electronic() && self.end_method.is_electronic()
    }

    /// Whether an end was entered by hand afterwards.
    #[must_use]
    pub const fn is_manual(&self) -> bool {
        self.start_method.is_manual() || self.end_method.is_manual()
    }

    /// Whether the visit took place in the client's home. Declined visits, calls and errands are no evidence of a
    /// place.
    #[must_use]
    pub const fn is_at_home(&self) -> bool {
        !self.open
            && matches!(self.outcome, VisitOutcome::Performed | VisitOutcome::Partly)
            && !matches!(self.kind, VisitKind::Remote | VisitKind::Errand | VisitKind::Escort)
    }

    /// Whether another version makes the same claim; when and why it was sent is no claim.
    pub(in crate::engine) fn claims_the_same(&self, other: &Self) -> bool {
        let Self { version, event, emitted_at, offset, .. } = *other;
        Self { version, event, emitted_at, offset, ..self.clone() } == *other
    }

    /// Whether this is the one with the weaker evidence of two registrations that contradict each other: by the capture
    /// methods of both ends, then the later sent, then the later in the feed. Of two it is always exactly one.
    #[must_use]
    pub fn is_weaker_than(&self, other: &Self) -> bool {
        let key = |visit: &Self| (std::cmp::Reverse(visit.evidence()), visit.sent_at());
        let later = self.offset.wrapping_sub(other.offset) as i32;
        key(self).cmp(&key(other)).then(later.cmp(&0)).is_gt()
    }

    /// Strength of evidence, 0 to 8: the sum over both ends of electronic capture 4, app button 3, unknown 2,
    /// entered by hand 1, closed automatically 0.
    #[must_use]
    pub const fn evidence(&self) -> u8 {
        evidence(self.start_method) + evidence(self.end_method)
    }

    /// Natural logarithm of registered over planned length: 0 as planned, 0.69 twice as long. `None` without a
    /// plan or where the length is no evidence (open, closed automatically, client not met).
    #[must_use]
    pub fn log_ratio(&self) -> Option<f64> {
        let planned = self.planned()?.seconds();
        self.is_measured().then(|| (self.seconds() as f64 / planned as f64).ln())
    }

    /// Whether [`Visit::log_ratio`] is known.
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
