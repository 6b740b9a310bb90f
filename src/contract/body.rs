//! Bodies of facts, one shape per type. The checks of their fields are in `fact_body`.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::scalar::{optional_whole, whole};
use super::text::{Id, List, Long, Short};
use super::time::{PayPeriod, Time};
use super::words::{FactType, Word};
use crate::domain::{
    AbsenceKind, CarerAbsenceConfirmedBy, CarerAbsenceKind, ClientAbsenceConfirmedBy, GrantPer, ProviderKind,
};

/// Where a client lives, and in which household.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "'de: 'a"))]
#[schemars(rename = "ClientHome")]
pub(super) struct ClientHomeBody<'a> {
    /// The client.
    pub(super) client_ref: Id<'a>,
    /// Shared by all who live together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) household_ref: Option<Id<'a>>,
    /// The home's degrees north; counts only together with `lon`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -90, max = 90))]
    pub(super) lat: Option<f64>,
    /// The home's degrees east; counts only together with `lat`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -180, max = 180))]
    pub(super) lon: Option<f64>,
}

/// An order with its grant (beställning, beviljad tid).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "'de: 'a"))]
#[schemars(rename = "Order")]
pub(super) struct OrderBody<'a> {
    /// The order.
    pub(super) order_id: Id<'a>,
    /// Its client.
    pub(super) client_ref: Id<'a>,
    /// Its provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) provider_id: Option<Id<'a>>,
    /// The tasks it covers; all where absent or empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) task_codes: Option<List<Short<'a>>>,
    /// Granted minutes.
    #[serde(default, deserialize_with = "optional_whole", skip_serializing_if = "Option::is_none")]
    pub(super) granted_minutes: Option<u32>,
    /// Over which period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) granted_per: Option<Word<GrantPer>>,
    /// Carers per visit.
    #[serde(default, deserialize_with = "optional_whole", skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub(super) required_staff: Option<u8>,
}

/// A client is away.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "'de: 'a"))]
#[schemars(rename = "ClientAbsence")]
pub(super) struct ClientAbsenceBody<'a> {
    /// The client.
    pub(super) client_ref: Id<'a>,
    /// Why.
    pub(super) kind: Word<AbsenceKind>,
    /// Who confirmed it.
    pub(super) confirmed_by: Word<ClientAbsenceConfirmedBy>,
}

/// A carer works for a provider.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "'de: 'a"))]
#[schemars(rename = "Employment")]
pub(super) struct EmploymentBody<'a> {
    /// The carer.
    pub(super) carer_ref: Id<'a>,
    /// The provider.
    pub(super) provider_id: Id<'a>,
}

/// A carer is away.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "'de: 'a"))]
#[schemars(rename = "CarerAbsence")]
pub(super) struct CarerAbsenceBody<'a> {
    /// The carer.
    pub(super) carer_ref: Id<'a>,
    /// Why.
    pub(super) kind: Word<CarerAbsenceKind>,
    /// Who confirmed it.
    pub(super) confirmed_by: Word<CarerAbsenceConfirmedBy>,
}

/// A tag or lock is mounted at a client's home.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "'de: 'a"))]
#[schemars(rename = "Tag")]
pub(super) struct TagBody<'a> {
    /// The tag.
    pub(super) tag_ref: Id<'a>,
    /// The client.
    pub(super) client_ref: Id<'a>,
}

/// What an hour costs.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "'de: 'a"))]
#[schemars(rename = "Tariff")]
pub(super) struct TariffBody<'a> {
    /// The tariff.
    pub(super) tariff_code: Short<'a>,
    /// Öre per hour.
    #[serde(deserialize_with = "whole")]
    #[schemars(range(min = 0))]
    pub(super) ore_per_hour: i64,
}

/// When a pay period is locked and paid.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Calendar")]
pub(super) struct CalendarBody {
    /// The period, a calendar month.
    pub(super) pay_period: PayPeriod,
    /// No changes after this (spärrdatum).
    pub(super) locks_at: Time,
    /// The payout run.
    pub(super) payout_run_at: Time,
}

/// A provider.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "'de: 'a"))]
#[schemars(rename = "Provider")]
pub(super) struct ProviderBody<'a> {
    /// The provider.
    pub(super) provider_id: Id<'a>,
    /// Who runs it.
    pub(super) kind: Word<ProviderKind>,
    /// Paid hours of its staff in `pay_period`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub(super) paid_staff_hours: Option<f64>,
    /// The period of `paid_staff_hours`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pay_period: Option<PayPeriod>,
}

/// An accepted exception: the rule makes no finding about these.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "'de: 'a"))]
#[schemars(rename = "Exception")]
pub(super) struct ExceptionBody<'a> {
    /// The rule's id.
    pub(super) rule: Id<'a>,
    /// Only this carer, where given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) carer_ref: Option<Id<'a>>,
    /// Only this client, where given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_ref: Option<Id<'a>>,
    /// Only this provider, where given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) provider_id: Option<Id<'a>>,
    /// Who decided it.
    pub(super) author: Id<'a>,
    /// Why.
    pub(super) reason: Long<'a>,
}

/// The schema of each type's body.
pub(super) fn schemas(generator: &mut SchemaGenerator) -> [(FactType, Schema); 10] {
    [
        (FactType::ClientHome, generator.subschema_for::<ClientHomeBody<'_>>()),
        (FactType::Order, generator.subschema_for::<OrderBody<'_>>()),
        (FactType::ClientAbsence, generator.subschema_for::<ClientAbsenceBody<'_>>()),
        (FactType::Employment, generator.subschema_for::<EmploymentBody<'_>>()),
        (FactType::CarerAbsence, generator.subschema_for::<CarerAbsenceBody<'_>>()),
        (FactType::Tag, generator.subschema_for::<TagBody<'_>>()),
        (FactType::Tariff, generator.subschema_for::<TariffBody<'_>>()),
        (FactType::Calendar, generator.subschema_for::<CalendarBody>()),
        (FactType::Provider, generator.subschema_for::<ProviderBody<'_>>()),
        (FactType::Exception, generator.subschema_for::<ExceptionBody<'_>>()),
    ]
}
