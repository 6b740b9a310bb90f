//! A registration that owns its texts, so that it can wait until it is sent.

use std::sync::Arc;

use crate::domain::{
    Capture, CaptureMethod, Edit, EventType, Geo, Month, Payment, PaymentMode, Registration, Source, Span,
    Task, UtcSecond, VisitKind, VisitOutcome,
};

/// One end of a visit, as captured.
#[derive(Clone, Debug, Default)]
pub(super) struct OwnedCapture {
    pub(super) method: CaptureMethod,
    pub(super) tag: Option<Arc<str>>,
    pub(super) device: Option<Arc<str>>,
    pub(super) recorded_at: Option<UtcSecond>,
    pub(super) synced_at: Option<UtcSecond>,
    pub(super) geo: Option<Geo>,
}

impl OwnedCapture {
    fn borrow(&self) -> Capture<'_> {
        Capture {
            method: self.method,
            tag_ref: self.tag.as_deref(),
            device_ref: self.device.as_deref(),
            recorded_at: self.recorded_at,
            synced_at: self.synced_at,
            geo: self.geo,
        }
    }
}

/// A change by hand.
#[derive(Clone, Debug)]
pub(super) struct OwnedEdit {
    pub(super) field: &'static str,
    pub(super) old: String,
    pub(super) new: String,
    pub(super) editor: Arc<str>,
    pub(super) role: &'static str,
    pub(super) at: UtcSecond,
    pub(super) reason: Option<&'static str>,
}

/// One record of the feed that owns its texts; [`OwnedRegistration::borrow`] gives the domain's view.
#[derive(Clone, Debug)]
pub struct OwnedRegistration {
    pub(super) event_type: EventType,
    pub(super) id: Arc<str>,
    pub(super) version: u32,
    pub(super) municipality: Arc<str>,
    pub(super) provider: Arc<str>,
    pub(super) unit: Arc<str>,
    pub(super) carer: Arc<str>,
    pub(super) client: Arc<str>,
    pub(super) order: Option<Arc<str>>,
    pub(super) planned: Option<Span>,
    pub(super) start_at: UtcSecond,
    pub(super) end_at: Option<UtcSecond>,
    pub(super) start_capture: OwnedCapture,
    pub(super) end_capture: OwnedCapture,
    pub(super) kind: VisitKind,
    pub(super) outcome: VisitOutcome,
    pub(super) tasks: Vec<(&'static str, u16)>,
    pub(super) required_staff: Option<u8>,
    pub(super) partner: Option<Arc<str>>,
    pub(super) trainee: bool,
    pub(super) shared_visit: Option<Arc<str>>,
    pub(super) edits: Vec<OwnedEdit>,
    pub(super) mode: PaymentMode,
    pub(super) billable_seconds: Option<u32>,
    pub(super) tariff: &'static str,
    pub(super) pay_period: Month,
    pub(super) system: &'static str,
    pub(super) event_id: Arc<str>,
    pub(super) emitted_at: UtcSecond,
}

impl OwnedRegistration {
    /// The record as the domain sees it.
    #[must_use]
    pub fn borrow(&self) -> Registration<'_> {
        Registration {
            event_type: self.event_type,
            registration_id: &self.id,
            version: self.version,
            municipality: &self.municipality,
            provider_id: &self.provider,
            unit_id: Some(&self.unit),
            carer_ref: &self.carer,
            client_ref: &self.client,
            order_id: self.order.as_deref(),
            planned: self.planned,
            start_at: self.start_at,
            end_at: self.end_at,
            start_capture: self.start_capture.borrow(),
            end_capture: self.end_capture.borrow(),
            visit_kind: self.kind,
            outcome: self.outcome,
            tasks: self.tasks.iter().map(|&(code, minutes)| Task { code, minutes: Some(minutes) }).collect(),
            required_staff: self.required_staff,
            partner_registration_ids: self.partner.iter().map(|id| &**id).collect(),
            trainee: self.trainee,
            billable: !self.trainee,
            shared_visit_id: self.shared_visit.as_deref(),
            edits: self.edits.iter().map(borrow_edit).collect(),
            payment: Payment {
                mode: self.mode,
                billable_seconds: self.billable_seconds,
                tariff_code: Some(self.tariff),
                pay_period: Some(self.pay_period),
            },
            source: Source { system: Some(self.system), event_id: Some(&self.event_id) },
            emitted_at: Some(self.emitted_at),
        }
    }
}

fn borrow_edit(edit: &OwnedEdit) -> Edit<'_> {
    Edit {
        field: edit.field,
        old: Some(&edit.old),
        new: Some(&edit.new),
        editor_ref: Some(&edit.editor),
        editor_role: Some(edit.role),
        at: edit.at,
        reason_code: edit.reason,
    }
}
