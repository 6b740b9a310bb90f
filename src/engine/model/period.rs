//! Subjects of pay period patterns.

use crate::domain::{Month, SubjectKind};
use crate::engine::model::interner::{CarerId, ClientId, ProviderId, TextId};

/// A subject that period rules assess.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeriodSubject {
    /// A carer.
    Carer(CarerId),
    /// A client.
    Client(ClientId),
    /// A carer at one client.
    Pair(CarerId, ClientId),
    /// A provider.
    Provider(ProviderId),
    /// A tag or lock at a home.
    Tag(TextId),
}

impl PeriodSubject {
    /// The kinds of subject that have pay periods.
    pub const KINDS: [SubjectKind; 5] = [
        SubjectKind::CarerPeriod,
        SubjectKind::ClientPeriod,
        SubjectKind::PairPeriod,
        SubjectKind::ProviderPeriod,
        SubjectKind::Tag,
    ];

    /// The kind of the alert's subject.
    #[must_use]
    pub const fn kind(self) -> SubjectKind {
        match self {
            Self::Carer(_) => SubjectKind::CarerPeriod,
            Self::Client(_) => SubjectKind::ClientPeriod,
            Self::Pair(..) => SubjectKind::PairPeriod,
            Self::Provider(_) => SubjectKind::ProviderPeriod,
            Self::Tag(_) => SubjectKind::Tag,
        }
    }
}

/// One pay period of one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectPeriod {
    /// The pay period.
    pub month: Month,
    /// The subject.
    pub subject: PeriodSubject,
}
