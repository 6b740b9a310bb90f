//! Whose pay period a pattern is about.

use crate::domain::{Month, SubjectKind};
use crate::engine::model::interner::{CarerId, ClientId, ProviderId, TextId};

/// Who is looked at over a pay period.
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
    /// A tag or lock.
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

/// Somebody's pay period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectPeriod {
    /// The pay period.
    pub month: Month,
    /// Whose.
    pub subject: PeriodSubject,
}

impl SubjectPeriod {
    /// One number in the order of the periods: thousands are sorted at a time.
    pub(in crate::engine) fn key(&self) -> u128 {
        let (kind, first, second): (u8, u32, u32) = match self.subject {
            PeriodSubject::Carer(carer) => (0, carer.into(), 0),
            PeriodSubject::Client(client) => (1, client.into(), 0),
            PeriodSubject::Pair(carer, client) => (2, carer.into(), client.into()),
            PeriodSubject::Provider(provider) => (3, provider.into(), 0),
            PeriodSubject::Tag(tag) => (4, tag.into(), 0),
        };
        // No month has a negative year.
        let month =
            u128::from(self.month.year().unsigned_abs()) << 8 | u128::from(self.month.month().unsigned_abs());
        month << 72 | u128::from(kind) << 64 | u128::from(first) << 32 | u128::from(second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_the_order_of_periods() {
        let months = [(0, 1), (2026, 2), (2026, 11), (2027, 1)].map(|(year, month)| Month::new(year, month));
        let subject = |number: u32| {
            let (carer, client) = (CarerId::from(number), ClientId::from(number));
            let pairs = [PeriodSubject::Pair(carer, 1.into()), PeriodSubject::Pair(1.into(), client)];
            [
                PeriodSubject::Carer(carer),
                PeriodSubject::Client(client),
                PeriodSubject::Provider(number.into()),
                PeriodSubject::Tag(number.into()),
            ]
            .into_iter()
            .chain(pairs)
        };
        let all = months.into_iter().flatten().flat_map(|month| {
            [0, 1, 7, 70_000]
                .into_iter()
                .flat_map(subject)
                .map(move |subject| SubjectPeriod { month, subject })
        });
        let all: Vec<SubjectPeriod> = all.collect();
        for (one, other) in all.iter().flat_map(|one| all.iter().map(move |other| (one, other))) {
            assert_eq!(one.cmp(other), one.key().cmp(&other.key()), "{one:?} {other:?}");
        }
    }
}
