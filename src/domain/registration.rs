//! One version of the claim "this carer was at this client from then to then".

use super::{Coordinates, Span, UtcSecond};

/// The event in the source system (*tidregistrering*) that led to this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventType {
    /// The carer logged in; there may be no end yet.
    Started,
    /// The carer logged out.
    Ended,
    /// The whole visit was recorded at once.
    Recorded,
    /// Something in it was changed.
    Amended,
    /// It no longer counts.
    Cancelled,
    /// Approved for payment.
    Approved,
    /// The approval was taken back.
    ApprovalWithdrawn,
}

/// How one end of a visit was captured. The first six are bound to the place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CaptureMethod {
    /// A tag in the home was read.
    NfcTag,
    /// A digital lock was opened or closed.
    DigitalLock,
    /// A radio beacon in the home was seen.
    Beacon,
    /// The phone's position was taken.
    GpsApp,
    /// A call from the client's telephone.
    Telephony,
    /// A device mounted in the home.
    FixedDevice,
    /// A button in the app, pressed anywhere.
    AppButton,
    /// Entered afterwards by the carer.
    ManualCarer,
    /// Entered afterwards at the office.
    ManualOffice,
    /// Closed by the source system because nobody logged out.
    AutoClosed,
    /// The source does not say.
    #[default]
    Unknown,
}

impl CaptureMethod {
    /// Every method, in the order of the contract.
    pub const ALL: [Self; 11] = [
        Self::NfcTag,
        Self::DigitalLock,
        Self::Beacon,
        Self::GpsApp,
        Self::Telephony,
        Self::FixedDevice,
        Self::AppButton,
        Self::ManualCarer,
        Self::ManualOffice,
        Self::AutoClosed,
        Self::Unknown,
    ];

    /// Was it captured by something bound to the place (the first six)?
    #[must_use]
    pub const fn is_electronic(self) -> bool {
        (self as u8) <= (Self::FixedDevice as u8)
    }

    /// Was it typed in afterwards by a person?
    #[must_use]
    pub const fn is_manual(self) -> bool {
        matches!(self, Self::ManualCarer | Self::ManualOffice)
    }
}

/// The kind of visit (*besök*).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VisitKind {
    /// As planned.
    #[default]
    Planned,
    /// Not in the plan.
    Unplanned,
    /// An answer to a safety alarm.
    Alarm,
    /// On the night patrol's round.
    NightTour,
    /// Shopping, laundry: work outside the home.
    Errand,
    /// Going with the client somewhere.
    Escort,
    /// By phone or video.
    Remote,
    /// A meal brought to the door.
    MealDelivery,
}

/// The outcome of a visit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VisitOutcome {
    /// Done.
    #[default]
    Performed,
    /// Done in part.
    Partly,
    /// The client declined.
    Declined,
    /// The client was not at home.
    ClientAbsent,
    /// Cancelled too late to be unpaid.
    CancelledLate,
}

/// What the payment is based on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaymentMode {
    /// Performed time.
    #[default]
    Performed,
    /// Granted time, whatever was performed.
    Granted,
    /// Standard minutes per service.
    StandardMinutes,
    /// Per visit.
    PerVisit,
    /// A fixed sum.
    Fixed,
}

/// A position with its uncertainty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Geo {
    /// Where.
    pub place: Coordinates,
    /// Radius of uncertainty in metres.
    pub accuracy_metres: Option<f64>,
}

/// How, where and when one end of the visit was captured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Capture<'a> {
    /// By what.
    pub method: CaptureMethod,
    /// The tag or lock that was read.
    pub tag_ref: Option<&'a str>,
    /// The phone or device that read it.
    pub device_ref: Option<&'a str>,
    /// Time by the device's clock.
    pub recorded_at: Option<UtcSecond>,
    /// Time at which the server received it.
    pub synced_at: Option<UtcSecond>,
    /// The position, where it is taken.
    pub geo: Option<Geo>,
}

/// A task (*insats*) done during the visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task<'a> {
    /// Its code.
    pub code: &'a str,
    /// Minutes, where they are recorded per task.
    pub minutes: Option<u16>,
}

/// A change that was made by hand after the visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edit<'a> {
    /// The field's name in the record.
    pub field: &'a str,
    /// The value before.
    pub old: Option<&'a str>,
    /// The value after.
    pub new: Option<&'a str>,
    /// Who changed it.
    pub editor_ref: Option<&'a str>,
    /// In which role.
    pub editor_role: Option<&'a str>,
    /// When.
    pub at: UtcSecond,
    /// Why, as a code.
    pub reason_code: Option<&'a str>,
}

impl Registration<'_> {
    /// When its source sent it; without that, when the visit ended, else began.
    #[must_use]
    pub fn sent_at(&self) -> UtcSecond {
        self.emitted_at.or(self.end_at).unwrap_or(self.start_at)
    }
}

impl Edit<'_> {
    /// By how many seconds the change moved a time later; `None` where it did not change one time
    /// into another.
    #[must_use]
    pub fn moved_seconds(&self) -> Option<i64> {
        let second = |text: &str| text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second);
        Some(second(self.new?)? - second(self.old?)?)
    }
}

/// What the payment system needs to price the visit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Payment<'a> {
    /// What it is based on.
    pub mode: PaymentMode,
    /// Seconds that are billed, where they differ from the visit's length.
    pub billable_seconds: Option<u32>,
    /// The tariff.
    pub tariff_code: Option<&'a str>,
    /// The pay period; the local month of the start where absent.
    pub pay_period: Option<super::Month>,
}

/// The system that the registration comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Source<'a> {
    /// Its name.
    pub system: Option<&'a str>,
    /// Its own id of the event.
    pub event_id: Option<&'a str>,
}

/// One version of a registration, borrowed from the record it was decoded from.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration<'a> {
    /// The event.
    pub event_type: EventType,
    /// Stable id.
    pub registration_id: &'a str,
    /// 1 to 2³¹; the highest version counts.
    pub version: u32,
    /// Municipality code (*kommunkod*).
    pub municipality: &'a str,
    /// The provider (*utförare*).
    pub provider_id: &'a str,
    /// The provider's unit.
    pub unit_id: Option<&'a str>,
    /// The carer, a pseudonym.
    pub carer_ref: &'a str,
    /// The client (*brukare*), a pseudonym.
    pub client_ref: &'a str,
    /// The order (*beställning*).
    pub order_id: Option<&'a str>,
    /// When it was planned.
    pub planned: Option<Span>,
    /// When it began.
    pub start_at: UtcSecond,
    /// When it ended; `None` only for `Started`.
    pub end_at: Option<UtcSecond>,
    /// How the start was captured.
    pub start_capture: Capture<'a>,
    /// How the end was captured.
    pub end_capture: Capture<'a>,
    /// Kind of visit.
    pub visit_kind: VisitKind,
    /// The outcome.
    pub outcome: VisitOutcome,
    /// The tasks.
    pub tasks: Vec<Task<'a>>,
    /// How many carers the visit needs, where the record says so.
    pub required_staff: Option<u8>,
    /// Registrations of the other carers of the same visit.
    pub partner_registration_ids: Vec<&'a str>,
    /// Is the carer a trainee who goes along?
    pub trainee: bool,
    /// Is it billed at all?
    pub billable: bool,
    /// Groups the registrations of one visit to several clients of a home.
    pub shared_visit_id: Option<&'a str>,
    /// Changes by hand.
    pub edits: Vec<Edit<'a>>,
    /// Pricing.
    pub payment: Payment<'a>,
    /// The source system.
    pub source: Source<'a>,
    /// When the source sent this version.
    pub emitted_at: Option<UtcSecond>,
}
