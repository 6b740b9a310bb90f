//! Alerts and holds: what the control unit and the payment system receive.

use super::{Class, Finding, Grade, Month, Span, UtcSecond};

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectKind {
    /// One registration.
    Registration,
    /// A carer in a pay period.
    CarerPeriod,
    /// A client in a pay period.
    ClientPeriod,
    /// A carer at a client in a pay period.
    PairPeriod,
    /// A provider in a pay period.
    ProviderPeriod,
    /// A tag or lock.
    Tag,
}

impl SubjectKind {
    /// How many kinds there are.
    pub const COUNT: usize = 6;
    /// All of them, in order.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Registration,
        Self::CarerPeriod,
        Self::ClientPeriod,
        Self::PairPeriod,
        Self::ProviderPeriod,
        Self::Tag,
    ];

    /// The word on the topics and in the alert id.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::CarerPeriod => "carer_period",
            Self::ClientPeriod => "client_period",
            Self::PairPeriod => "pair_period",
            Self::ProviderPeriod => "provider_period",
            Self::Tag => "tag",
        }
    }
}

/// Version of the registration that an alert is about.
pub type SubjectVersion = Option<u32>;

/// The subject of an alert.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// Its kind.
    pub kind: SubjectKind,
    /// The registration id, or `<who>:<period>`.
    pub id: String,
    /// Only for registrations.
    pub version: SubjectVersion,
}

/// State of a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HoldState {
    /// Proposed by the service.
    Proposed,
    /// Confirmed by a person: the seconds wait.
    Confirmed,
    /// Released by a person: the seconds may be paid.
    Released,
    /// Upheld by a person: the seconds are not paid.
    Upheld,
    /// Not confirmed in time.
    Expired,
    /// Replaced by a newer version, or withdrawn.
    Superseded,
}

impl HoldState {
    /// Is the time of such a hold not to be paid?
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Proposed | Self::Confirmed | Self::Upheld)
    }
}

/// A proposal not to pay certain seconds of one registration before a person has looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Derived from the registration and version, so that a replay names it the same.
    pub hold_id: String,
    /// The registration.
    pub registration_id: String,
    /// Its version.
    pub version: u32,
    /// The order, where known.
    pub order_id: Option<String>,
    /// The tariff, where known.
    pub tariff_code: Option<String>,
    /// The pay period.
    pub pay_period: Month,
    /// Only the disputed seconds: the sum of the disputed spans.
    pub seconds_in_question: i64,
    /// The disputed spans, ascending and disjoint.
    pub disputed: Vec<Span>,
    /// Their price in öre.
    pub amount_ore: i64,
    /// The rules that led to it, ascending.
    pub reason_codes: Vec<String>,
    /// Its state.
    pub state: HoldState,
    /// When it was first proposed (append time of the record that led to it).
    pub proposed_at: UtcSecond,
    /// The payout run from which it withholds: the one in which the registration would be paid.
    pub withholds_from: UtcSecond,
    /// The payout run after that, at which a proposed hold is void without a further record.
    pub expires_at: UtcSecond,
}

/// From which input, program and settings an alert was derived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// The feed's topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset of the record that led to this state.
    pub offset: i64,
    /// Version of the engine.
    pub engine: String,
    /// Hash of the settings that matter.
    pub config_hash: String,
    /// The log did not reach back over the whole baseline.
    pub baseline_incomplete: bool,
}

/// The alert about one subject, as the engine derives it. Without findings, a published alert is withdrawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// `<municipality>:<subject kind>:<subject id>`.
    pub alert_id: String,
    /// Municipality code.
    pub municipality: String,
    /// What it is about.
    pub subject: Subject,
    /// The case that the alert belongs to, what a reviewer opens at once: `<municipality>:<kind>:<ref>:<month>`, where
    /// the kind is `carer`, `client`, `provider` or `tag`.
    pub case_id: String,
    /// The provider.
    pub provider_id: String,
    /// The carer, where the subject has one.
    pub carer_ref: Option<String>,
    /// The client, where the subject has one.
    pub client_ref: Option<String>,
    /// The pay period.
    pub pay_period: Month,
    /// The gravest class among the findings.
    pub class: Class,
    /// The gravest grade among the findings.
    pub grade: Grade,
    /// Beyond the desk's budget of the day: it is published, and comes out later. Never true of a hold.
    pub waiting: bool,
    /// 0 = nothing unusual; higher = look first.
    pub score: f64,
    /// The smallest p-value, where all findings are statistical.
    pub p_value: Option<f64>,
    /// What the seconds in question would cost, in öre.
    pub amount_at_risk_ore: i64,
    /// The findings.
    pub findings: Vec<Finding>,
    /// The hold, where the grade is hold or a hold was superseded.
    pub hold: Option<Hold>,
    /// Start of the visit, or of the pay period.
    pub event_time: UtcSecond,
    /// The offset of the record that led to this state.
    pub offset: i64,
    /// Append time of the record that led to this state.
    pub assessed_at: UtcSecond,
}

/// State of an alert on its topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlertState {
    /// Published for the first time, or again after a withdrawal.
    Opened,
    /// Changed.
    Revised,
    /// No finding is left.
    Withdrawn,
}

/// An alert as published: the derived one with its state, revision and provenance.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedAlert {
    /// The alert.
    pub alert: Alert,
    /// Its state.
    pub state: AlertState,
    /// 1 when first opened, one more with every change.
    pub revision: u32,
    /// Input, program and settings that it was derived from.
    pub provenance: Provenance,
}
