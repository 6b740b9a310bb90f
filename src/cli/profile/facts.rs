//! Which subjects of the registrations there are facts about.

use std::collections::HashSet;

use super::coverage::{Coverage, hash_of};
use crate::domain::{FactBody, FactChange, Month, Registration};

/// A kind of fact, with the subject whose coverage is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum FactKind {
    Home,
    Household,
    Order,
    NamedOrder,
    ClientAbsence,
    Employment,
    CarerAbsence,
    Tag,
    Tariff,
    Calendar,
    PaidHours,
}

impl FactKind {
    pub(super) const ALL: [Self; 11] = [
        Self::Home,
        Self::Household,
        Self::Order,
        Self::NamedOrder,
        Self::ClientAbsence,
        Self::Employment,
        Self::CarerAbsence,
        Self::Tag,
        Self::Tariff,
        Self::Calendar,
        Self::PaidHours,
    ];

    /// The fact's type in the contract, with the field that counts.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Home => "client_home (lat, lon)",
            Self::Household => "client_home (household_ref)",
            Self::Order => "order (client_ref)",
            Self::NamedOrder => "order (order_id)",
            Self::ClientAbsence => "client_absence",
            Self::Employment => "employment",
            Self::CarerAbsence => "carer_absence",
            Self::Tag => "tag",
            Self::Tariff => "tariff",
            Self::Calendar => "calendar",
            Self::PaidHours => "provider (paid_staff_hours)",
        }
    }

    /// What is counted.
    pub(super) const fn subjects(self) -> &'static str {
        match self {
            Self::Home | Self::Household | Self::Order | Self::ClientAbsence => "clients",
            Self::NamedOrder => "orders that visits name",
            Self::Employment | Self::CarerAbsence => "carers",
            Self::Tag => "tags that visits name",
            Self::Tariff => "tariffs that visits name",
            Self::Calendar | Self::PaidHours => "pay periods",
        }
    }

    /// Is a small share usual, since few subjects are ever in that situation?
    pub(super) const fn is_of_few(self) -> bool {
        matches!(self, Self::ClientAbsence | Self::CarerAbsence)
    }
}

/// The facts that were sent, by hash of kind, municipality and subject.
#[derive(Debug, Default)]
pub(super) struct KnownFacts {
    known: HashSet<u64>,
    /// Changes that were read.
    pub(super) count: u64,
}

impl KnownFacts {
    pub(super) fn add(&mut self, change: &FactChange) {
        self.count += 1;
        let FactChange::Put(fact) = change else { return };
        let mut add = |kind: FactKind, subject: &str| {
            self.known.insert(hash_of((kind, &*fact.municipality, subject)));
        };
        match &fact.body {
            FactBody::ClientHome { client_ref, household_ref, place } => {
                if place.is_some() {
                    add(FactKind::Home, client_ref);
                }
                if household_ref.is_some() {
                    add(FactKind::Household, client_ref);
                }
            }
            FactBody::Order { order_id, client_ref, .. } => {
                add(FactKind::Order, client_ref);
                add(FactKind::NamedOrder, order_id);
            }
            FactBody::ClientAbsence { client_ref, .. } => add(FactKind::ClientAbsence, client_ref),
            FactBody::Employment { carer_ref, .. } => add(FactKind::Employment, carer_ref),
            FactBody::CarerAbsence { carer_ref, .. } => add(FactKind::CarerAbsence, carer_ref),
            FactBody::Tag { tag_ref, .. } => add(FactKind::Tag, tag_ref),
            FactBody::Tariff { tariff_code, .. } => add(FactKind::Tariff, tariff_code),
            FactBody::Calendar { pay_period, .. } => add(FactKind::Calendar, &pay_period.to_string()),
            FactBody::Provider {
                provider_id, paid_staff_hours: Some(_), pay_period: Some(month), ..
            } => {
                add(FactKind::PaidHours, &paid_hours_of(provider_id, *month));
            }
            FactBody::Provider { .. } | FactBody::Exception(_) => {}
        }
    }

    fn has(&self, kind: FactKind, municipality: &str, subject: &str) -> bool {
        self.known.contains(&hash_of((kind, municipality, subject)))
    }
}

fn paid_hours_of(provider: &str, month: Month) -> String {
    format!("{provider} {month}")
}

/// Coverage of a provider's subjects by each kind of fact.
#[derive(Debug, Default)]
pub(super) struct FactCoverage {
    of_kind: [Coverage; FactKind::ALL.len()],
}

impl FactCoverage {
    pub(super) fn note(&mut self, facts: &KnownFacts, visit: &Registration<'_>, month: Month) {
        let mut note = |kind: FactKind, subject: &str| {
            let is_known = facts.has(kind, visit.municipality, subject);
            self.of_kind[kind as usize].note((visit.municipality, subject), is_known);
        };
        for kind in [FactKind::Home, FactKind::Household, FactKind::Order, FactKind::ClientAbsence] {
            note(kind, visit.client_ref);
        }
        for kind in [FactKind::Employment, FactKind::CarerAbsence] {
            note(kind, visit.carer_ref);
        }
        if let Some(order) = visit.order_id {
            note(FactKind::NamedOrder, order);
        }
        for tag in [visit.start_capture.tag_ref, visit.end_capture.tag_ref].into_iter().flatten() {
            note(FactKind::Tag, tag);
        }
        if let Some(tariff) = visit.payment.tariff_code {
            note(FactKind::Tariff, tariff);
        }
        note(FactKind::Calendar, &month.to_string());
        note(FactKind::PaidHours, &paid_hours_of(visit.provider_id, month));
    }

    /// Covered subjects, and all of them.
    pub(super) fn of(&self, kind: FactKind) -> (u64, u64) {
        let coverage = &self.of_kind[kind as usize];
        (coverage.covered(), coverage.count())
    }

    /// Distinct clients and carers.
    pub(super) fn clients_and_carers(&self) -> (u64, u64) {
        (self.of(FactKind::Home).1, self.of(FactKind::Employment).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_numbered_as_they_are_listed() {
        for (number, kind) in FactKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, number, "{}", kind.as_str());
        }
    }
}
