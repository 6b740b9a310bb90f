//! The closed lists of words on the topics, and which domain value each word stands for.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::tagged;
use super::scalar::{Written, written};
use crate::domain::{
    AbsenceKind, Action, AlertState, AuditAction, CaptureMethod, CarerAbsenceConfirmedBy, CarerAbsenceKind,
    Class, ClientAbsenceConfirmedBy, DecisionOutcome, EventType, Grade, GrantPer, HoldState, Lowered,
    PaymentMode, ProviderKind, Reason, Role, SubjectKind, VisitKind, VisitOutcome,
};

/// A domain value that is one of a closed list of words.
pub(super) trait Words: Copy + 'static {
    /// Name of the list in the schema.
    const NAME: &'static str;
    /// Every word, in the order of the contract.
    const WORDS: &'static [&'static str];
    /// The word.
    fn word(self) -> &'static str;
    /// The value that `word` stands for.
    fn from_word(word: &str) -> Option<Self>;
}

// `word` is an exhaustive match: a new variant does not compile before it has its word here.
macro_rules! words {
    ($($list:ident { $($variant:ident = $word:literal),* $(,)? })*) => {$(
        impl Words for $list {
            const NAME: &'static str = stringify!($list);
            const WORDS: &'static [&'static str] = &[$($word),*];

            fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            #[inline]
            fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    )*};
}

/// The type of a fact, as in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FactType {
    ClientHome,
    Order,
    ClientAbsence,
    Employment,
    CarerAbsence,
    Tag,
    Tariff,
    Calendar,
    Provider,
    Exception,
}

/// What a progress record is about, as `kind` of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProgressKind {
    Municipality,
    Partition,
}

words! {
    EventType {
        Started = "started", Ended = "ended", Recorded = "recorded", Amended = "amended",
        Cancelled = "cancelled", Approved = "approved", ApprovalWithdrawn = "approval_withdrawn",
    }
    CaptureMethod {
        NfcTag = "nfc_tag", DigitalLock = "digital_lock", Beacon = "beacon", GpsApp = "gps_app",
        Telephony = "telephony", FixedDevice = "fixed_device", AppButton = "app_button",
        ManualCarer = "manual_carer", ManualOffice = "manual_office", AutoClosed = "auto_closed",
        Unknown = "unknown",
    }
    VisitKind {
        Planned = "planned", Unplanned = "unplanned", Alarm = "alarm", NightTour = "night_tour",
        Errand = "errand", Escort = "escort", Remote = "remote", MealDelivery = "meal_delivery",
    }
    VisitOutcome {
        Performed = "performed", Partly = "partly", Declined = "declined",
        ClientAbsent = "client_absent", CancelledLate = "cancelled_late",
    }
    PaymentMode {
        Performed = "performed", Granted = "granted", StandardMinutes = "standard_minutes",
        PerVisit = "per_visit", Fixed = "fixed",
    }
    FactType {
        ClientHome = "client_home", Order = "order", ClientAbsence = "client_absence",
        Employment = "employment", CarerAbsence = "carer_absence", Tag = "tag", Tariff = "tariff",
        Calendar = "calendar", Provider = "provider", Exception = "exception",
    }
    ProgressKind { Municipality = "municipality", Partition = "partition" }
    AbsenceKind { Hospital = "hospital", ShortTerm = "short_term", Away = "away", Deceased = "deceased" }
    ClientAbsenceConfirmedBy {
        Hospital = "hospital", Registry = "registry", Client = "client", Provider = "provider",
    }
    CarerAbsenceKind { Leave = "leave", Sick = "sick", Other = "other" }
    CarerAbsenceConfirmedBy { Payroll = "payroll", Provider = "provider" }
    GrantPer { Day = "day", Week = "week", Month = "month" }
    ProviderKind { Municipal = "municipal", Private = "private" }
    Class { Error = "error", Deviation = "deviation", Contradiction = "contradiction", Pattern = "pattern" }
    Lowered {
        Shadow = "shadow", Breaker = "breaker", HeldShareCap = "held-share-cap", Habit = "habit",
    }
    Grade { Hold = "hold", Review = "review", Observe = "observe" }
    AlertState { Opened = "opened", Revised = "revised", Withdrawn = "withdrawn" }
    HoldState {
        Proposed = "proposed", Confirmed = "confirmed", Released = "released", Upheld = "upheld",
        Expired = "expired", Superseded = "superseded",
    }
    SubjectKind {
        Registration = "registration", CarerPeriod = "carer_period", ClientPeriod = "client_period",
        PairPeriod = "pair_period", ProviderPeriod = "provider_period", Tag = "tag",
    }
    Action {
        Take = "take", Wait = "wait", Confirm = "confirm", Release = "release", Uphold = "uphold", Dismiss = "dismiss", Reopen = "reopen",
    }
    DecisionOutcome {
        RegistrationError = "registration_error", AcceptableExplanation = "acceptable_explanation",
        NeedsInquiry = "needs_inquiry", RuleFault = "rule_fault",
    }
    Role { Viewer = "viewer", Reviewer = "reviewer", Release = "release", Admin = "admin" }
    AuditAction { View = "view", Decide = "decide" }
}

/// The word of a hold's state.
#[must_use]
pub fn hold_state_word(state: HoldState) -> &'static str {
    state.word()
}

/// A domain value, read and written as its word.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Word<T>(pub T);

impl<T: Words> Serialize for Word<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.word())
    }
}

impl<T: Words> Written<'_> for Word<T> {
    const EXPECTED: &'static str = "a string";

    #[inline]
    fn from_text<E: Error>(word: Cow<'_, str>) -> Result<Self, E> {
        T::from_word(&word).map(Word).ok_or_else(|| {
            tagged(Reason::UnknownValue, format_args!("expected one of `{}`", T::WORDS.join("`, `")))
        })
    }
}

impl<'de, T: Words> Deserialize<'de> for Word<T> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        written(deserializer)
    }
}

impl<T: Words> JsonSchema for Word<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::NAME.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "enum": T::WORDS})
    }
}
