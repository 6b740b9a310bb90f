//! Bodies of reference facts, with interned references.

use crate::domain::{
    AbsenceKind, CarerAbsenceConfirmedBy, CarerAbsenceKind, ClientAbsenceConfirmedBy, Coordinates, Exception,
    GrantPer, Month, ProviderKind, UtcSecond, Validity,
};
use crate::engine::model::interner::{CarerId, ClientId, ProviderId, TextId};
use crate::engine::model::interners::Interners;

/// A client's home.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Home {
    /// The household, shared by all who live together.
    pub household: Option<TextId>,
    /// Position of the home.
    pub place: Option<Coordinates>,
}

/// An order, as far as rules read it.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// The order's id.
    pub id: TextId,
    /// The client.
    pub client: ClientId,
    /// The provider, where the order names one.
    pub provider: Option<ProviderId>,
    /// Covered task codes; empty where the order names none.
    pub tasks: Box<[Box<str>]>,
    /// Granted minutes, and the period that they are granted per.
    pub grant: Option<(u32, GrantPer)>,
    /// Carers per visit.
    pub required_staff: Option<u8>,
    /// Validity.
    pub valid: Validity,
}

/// A client's absence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Absence {
    /// Validity.
    pub valid: Validity,
    /// Kind of absence.
    pub kind: AbsenceKind,
    /// The confirming party.
    pub confirmed_by: ClientAbsenceConfirmedBy,
}

/// A carer's absence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CarerAbsence {
    /// Validity.
    pub valid: Validity,
    /// Kind of absence.
    pub kind: CarerAbsenceKind,
    /// The confirming party.
    pub confirmed_by: CarerAbsenceConfirmedBy,
}

/// A provider.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProviderFact {
    /// Kind of provider.
    pub kind: ProviderKind,
    /// Pay period and paid hours of its staff in it.
    pub paid_staff_hours: Option<(Month, f64)>,
}

/// Dates of a pay period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PayDates {
    /// End of changes.
    pub locks_at: UtcSecond,
    /// The payout run.
    pub payout_run_at: UtcSecond,
}

/// Scope of an exception, with interned references.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::engine) struct ExceptionScope {
    pub(in crate::engine) rule: Box<str>,
    pub(in crate::engine) carer: Option<CarerId>,
    pub(in crate::engine) client: Option<ClientId>,
    pub(in crate::engine) provider: Option<ProviderId>,
}

impl ExceptionScope {
    pub(in crate::engine) fn of(exception: &Exception, interners: &mut Interners) -> Self {
        Self {
            rule: exception.rule.as_str().into(),
            carer: exception.carer_ref.as_deref().map(|name| interners.carers.intern(name)),
            client: exception.client_ref.as_deref().map(|name| interners.clients.intern(name)),
            provider: exception.provider_id.as_deref().map(|name| interners.providers.intern(name)),
        }
    }

    pub(in crate::engine) const fn affects(&self) -> Affects {
        match (self.carer, self.client, self.provider) {
            (Some(carer), _, _) => Affects::Carer(carer),
            (None, Some(client), _) => Affects::Client(client),
            (None, None, Some(provider)) => Affects::Provider(provider),
            (None, None, None) => Affects::Everything,
        }
    }
}

/// The registrations that a changed fact affects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::engine) enum Affects {
    Nothing,
    Client(ClientId),
    /// Those of the client, and those captured with a tag of that home.
    Home(ClientId),
    Carer(CarerId),
    Provider(ProviderId),
    /// Those captured with the tag.
    Tag(TextId),
    /// Those of the pay period, and the dates of all holds.
    Month(Month),
    /// None; the prices in alerts change.
    Money,
    Everything,
}
