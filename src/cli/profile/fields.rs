//! Optional fields of a registration, and which of them each rule reads.

use crate::domain::{MissingFact, Registration};

/// An optional field of a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Field {
    Planned,
    OrderId,
    UnitId,
    StartMethod,
    EndMethod,
    Position,
    TagRef,
    DeviceRef,
    RecordedAt,
    SyncedAt,
    Tasks,
    RequiredStaff,
    Partners,
    SharedVisit,
    Edits,
    BillableSeconds,
    TariffCode,
    PayPeriod,
    EmittedAt,
    SourceSystem,
}

impl Field {
    pub(super) const COUNT: usize = Self::ALL.len();
    pub(super) const ALL: [Self; 20] = [
        Self::Planned,
        Self::OrderId,
        Self::UnitId,
        Self::StartMethod,
        Self::EndMethod,
        Self::Position,
        Self::TagRef,
        Self::DeviceRef,
        Self::RecordedAt,
        Self::SyncedAt,
        Self::Tasks,
        Self::RequiredStaff,
        Self::Partners,
        Self::SharedVisit,
        Self::Edits,
        Self::BillableSeconds,
        Self::TariffCode,
        Self::PayPeriod,
        Self::EmittedAt,
        Self::SourceSystem,
    ];

    /// The name in the contract.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned_start, planned_end",
            Self::OrderId => "order_id",
            Self::UnitId => "unit_id",
            Self::StartMethod => "start_capture.method",
            Self::EndMethod => "end_capture.method",
            Self::Position => "start_capture.geo or end_capture.geo",
            Self::TagRef => "start_capture.tag_ref or end_capture.tag_ref",
            Self::DeviceRef => "start_capture.device_ref or end_capture.device_ref",
            Self::RecordedAt => "end_capture.recorded_at",
            Self::SyncedAt => "start_capture.synced_at or end_capture.synced_at",
            Self::Tasks => "tasks",
            Self::RequiredStaff => "required_staff",
            Self::Partners => "partner_registration_ids",
            Self::SharedVisit => "shared_visit_id",
            Self::Edits => "edits",
            Self::BillableSeconds => "payment.billable_seconds",
            Self::TariffCode => "payment.tariff_code",
            Self::PayPeriod => "payment.pay_period",
            Self::EmittedAt => "emitted_at",
            Self::SourceSystem => "source.system",
        }
    }

    /// The missing fact as which rules name it, where they do.
    pub(super) fn fact(self) -> Option<&'static str> {
        match self {
            Self::Planned => Some(MissingFact::Plan.as_str()),
            Self::SyncedAt => Some(MissingFact::SyncedAt.as_str()),
            _ => None,
        }
    }

    /// Fields that most visits rightly lack: their absence is nothing to mend.
    pub(super) const fn is_of_few(self) -> bool {
        matches!(self, Self::Partners | Self::SharedVisit | Self::Edits | Self::RequiredStaff)
    }

    pub(super) fn is_in(self, registration: &Registration<'_>) -> bool {
        use crate::domain::CaptureMethod::Unknown;
        let (start, end) = (&registration.start_capture, &registration.end_capture);
        match self {
            Self::Planned => registration.planned.is_some(),
            Self::OrderId => registration.order_id.is_some(),
            Self::UnitId => registration.unit_id.is_some(),
            Self::StartMethod => start.method != Unknown,
            Self::EndMethod => end.method != Unknown,
            Self::Position => start.geo.is_some() || end.geo.is_some(),
            Self::TagRef => start.tag_ref.is_some() || end.tag_ref.is_some(),
            Self::DeviceRef => start.device_ref.is_some() || end.device_ref.is_some(),
            Self::RecordedAt => end.recorded_at.is_some(),
            Self::SyncedAt => start.synced_at.is_some() || end.synced_at.is_some(),
            Self::Tasks => !registration.tasks.is_empty(),
            Self::RequiredStaff => registration.required_staff.is_some(),
            Self::Partners => !registration.partner_registration_ids.is_empty(),
            Self::SharedVisit => registration.shared_visit_id.is_some(),
            Self::Edits => !registration.edits.is_empty(),
            Self::BillableSeconds => registration.payment.billable_seconds.is_some(),
            Self::TariffCode => registration.payment.tariff_code.is_some(),
            Self::PayPeriod => registration.payment.pay_period.is_some(),
            Self::EmittedAt => registration.emitted_at.is_some(),
            Self::SourceSystem => registration.source.system.is_some(),
        }
    }
}

/// Fields without which a rule finds nothing in a registration, beside the facts that it asks the engine for. A rule
/// that is not listed reads required fields only.
const READS: &[(&str, &[Field])] = &[
    ("billed-above-registered", &[Field::BillableSeconds]),
    ("editor-concentration", &[Field::Edits]),
    ("far-from-home", &[Field::Position]),
    ("late-lengthening", &[Field::Edits]),
    ("manual-share", &[Field::EndMethod]),
    ("moved-tag", &[Field::TagRef]),
    ("padding-rate", &[Field::Planned]),
    ("plan-copy", &[Field::Planned]),
    ("rounded-times", &[Field::EndMethod]),
    ("shared-device", &[Field::DeviceRef]),
    ("split-visits", &[Field::Planned]),
    ("task-pattern", &[Field::Tasks]),
    ("unusual-duration", &[Field::Planned]),
    ("unusual-lag", &[Field::SyncedAt]),
    ("unusual-start", &[Field::Planned]),
];

/// The fields that `rule` reads.
pub(super) fn reads(rule: &str) -> &'static [Field] {
    READS.iter().find(|(id, _)| *id == rule).map_or(&[], |(_, fields)| fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::RULES;

    #[test]
    fn every_rule_that_is_listed_exists_and_is_listed_once() {
        for (number, (id, fields)) in READS.iter().enumerate() {
            assert!(RULES.iter().any(|rule| rule.id == *id), "{id}");
            assert!(READS[..number].iter().all(|(other, _)| other < id), "{id} is out of order");
            assert!(!fields.is_empty(), "{id}");
        }
    }

    #[test]
    fn fields_are_numbered_as_they_are_listed() {
        for (number, field) in Field::ALL.into_iter().enumerate() {
            assert_eq!(field as usize, number, "{}", field.as_str());
        }
    }
}
