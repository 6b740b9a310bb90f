//! Why a record could not be used.

use std::fmt;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident => $code:literal,)*) => {
        /// The closed list of reasons; each is a metric label and a header on the quarantine topic.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason { $($(#[$doc])* $name,)* }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code on the quarantine topic.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }
        }
    };
}

reasons! {
    /// No value at all, or only white space.
    Empty => "empty",
    /// Larger than a record may be.
    TooLarge => "too-large",
    /// Nested deeper than a record may be.
    TooDeep => "too-deep",
    /// More fields, tasks or edits than a record may have.
    TooMany => "too-many-items",
    /// Not valid UTF-8.
    NotUtf8 => "not-utf8",
    /// Begins with a byte-order mark.
    ByteOrderMark => "byte-order-mark",
    /// Not JSON.
    NotJson => "not-json",
    /// JSON, but no object.
    NotObject => "not-an-object",
    /// One key twice.
    DuplicateField => "duplicate-field",
    /// A version of the shape that is not known.
    SchemaVersion => "unknown-schema-version",
    /// A required field is missing.
    MissingField => "missing-field",
    /// A field has the wrong type or an impossible number.
    BadField => "bad-field",
    /// A word outside its closed list.
    UnknownValue => "unknown-value",
    /// An id is empty, too long or has control characters.
    BadId => "bad-id",
    /// A municipality code that is not four digits.
    BadMunicipality => "bad-municipality",
    /// A text is too long.
    TextTooLong => "text-too-long",
    /// An id looks like a personal identity number.
    PersonalId => "personal-id",
    /// Not a time with an offset, or outside the accepted years.
    BadTime => "bad-time",
    /// The end lies before the start.
    EndBeforeStart => "end-before-start",
    /// Longer than 24 hours.
    TooLong => "longer-than-24-hours",
    /// More than five minutes after it was appended.
    Future => "in-the-future",
    /// Outside the Earth.
    BadPosition => "bad-position",
    /// This version is known with another content.
    ConflictingVersion => "conflicting-version",
    /// A lower version than the known one, sent after it, with another content.
    VersionOrder => "version-order",
    /// The registration, by its id or by the gateway's header, is another provider's.
    NotOwner => "not-owner",
    /// So late that the registrations to compare it with are no longer kept.
    OlderThanKept => "older-than-kept",
    /// More new ids than a municipality can have.
    TooManyEntities => "too-many-entities",
    /// The municipality is already fed by another partition.
    OtherPartition => "municipality-in-another-partition",
    /// The batch that it came in cannot be read.
    Unreadable => "unreadable-batch",
    /// The program failed on it.
    Internal => "internal",
}

/// A record that could not be used, and why. The detail never holds a personal reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// From the closed list.
    pub reason: Reason,
    /// What was found and what was expected.
    pub detail: String,
}

impl Rejection {
    /// A rejection for `reason`.
    #[must_use]
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.code(), self.detail)
    }
}

impl std::error::Error for Rejection {}
