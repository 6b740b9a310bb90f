//! What facts say, with references as numbers.

use crate::domain::{
    AbsenceKind, CarerAbsenceConfirmedBy, CarerAbsenceKind, ClientAbsenceConfirmedBy, Coordinates, Exception,
    GrantPer, Month, ProviderKind, UtcSecond, Validity,
};
use crate::engine::model::interner::{CarerId, ClientId, ProviderId, TextId};
use crate::engine::model::interners::Interners;

/// Where a client lives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Home {
    /// Shared by all who live together.
    pub household: Option<TextId>,
    /// The home's position.
    pub place: Option<Coordinates>,
}

/// What an order says that rules need.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// Its id.
    pub id: TextId,
    /// Its client.
    pub client: ClientId,
    /// Its provider, where it names one.
    pub provider: Option<ProviderId>,
    /// The task codes it covers; empty where it does not say.
    pub tasks: Box<[Box<str>]>,
    /// Granted minutes, and over which period.
    pub grant: Option<(u32, GrantPer)>,
    /// Carers per visit.
    pub required_staff: Option<u8>,
    /// From when to when.
    pub valid: Validity,
}

/// A time that a client is away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Absence {
    /// From when to when.
    pub valid: Validity,
    /// Why.
    pub kind: AbsenceKind,
    /// Who says so.
    pub confirmed_by: ClientAbsenceConfirmedBy,
}

/// A time that a carer is away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CarerAbsence {
    /// From when to when.
    pub valid: Validity,
    /// Why.
    pub kind: CarerAbsenceKind,
    /// Who says so.
    pub confirmed_by: CarerAbsenceConfirmedBy,
}

/// What is known of a provider.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProviderFact {
    /// Who runs it.
    pub kind: ProviderKind,
    /// Paid hours of its staff, and of which pay period.
    pub paid_staff_hours: Option<(Month, f64)>,
}

/// The dates of a pay period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PayDates {
    /// No changes after this.
    pub locks_at: UtcSecond,
    /// When it is paid.
    pub payout_run_at: UtcSecond,
}

/// An exception with its references as numbers.
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

/// Whose registrations a changed fact touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Affects {
    Nothing,
    Client(ClientId),
    /// Those of the client, and those that were captured with a tag from there.
    Home(ClientId),
    Carer(CarerId),
    Provider(ProviderId),
    /// Those that were captured with this tag.
    Tag(TextId),
    /// Those of this pay period, and the dates that hang on them.
    Month(Month),
    /// Prices: the findings stay, what hangs on them changes.
    Money,
    Everything,
}
