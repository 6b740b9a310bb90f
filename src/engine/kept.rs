//! From a registration as it came to a visit as it is kept.

use super::registry::Registry;
use super::visit::{Edited, End, Rare, Slot, Visit};
use super::world::World;
use crate::domain::{Edit, EventType, Registration, Span};

impl World {
    /// The registration as it is kept here.
    pub(super) fn visit(&mut self, registration: &Registration<'_>, slot: Slot) -> Visit {
        let start = registration.start_at;
        let (day, month, minute) = self.calendar.of(&self.settings.zone, start);
        let registry = &mut self.registry;
        let end = registration.end_at.unwrap_or(start);
        let span = Span::new(start, end).unwrap_or_else(|| Span::new(start, start).expect("equal ends"));
        let (first, last) = (&registration.start_capture, &registration.end_capture);
        let recorded_at = first.recorded_at.max(last.recorded_at).unwrap_or(end);
        let tasks_count = u8::try_from(registration.tasks.len()).unwrap_or(u8::MAX);
        let tasks = registration.tasks.iter().map(|task| task.code);
        let (service, tasks) = registry.service(registration.visit_kind as u8, tasks);
        let mut text = |name: Option<&str>| name.map(|name| registry.texts.intern(name));
        let start_tag = text(first.tag_ref);
        let start_device = text(first.device_ref);
        let same = |a: Option<&str>, b: Option<&str>| a == b;
        Visit {
            slot,
            version: registration.version,
            order: text(registration.order_id),
            // Most visits end with what they began with.
            end_tag: if same(first.tag_ref, last.tag_ref) { start_tag } else { text(last.tag_ref) },
            end_device: if same(first.device_ref, last.device_ref) {
                start_device
            } else {
                text(last.device_ref)
            },
            start_tag,
            start_device,
            arrived_at: last.synced_at,
            event: registration.event_type,
            emitted_at: registration.emitted_at,
            shared_visit: text(registration.shared_visit_id),
            tariff: text(registration.payment.tariff_code),
            rare: rare(registration, registry),
            carer: registry.carers.intern(registration.carer_ref),
            client: registry.clients.intern(registration.client_ref),
            provider: registry.providers.intern(registration.provider_id),
            span,
            open: registration.end_at.is_none() || registration.event_type == EventType::Started,
            planned: registration.planned,
            start_method: first.method,
            end_method: last.method,
            recorded_at,
            kind: registration.visit_kind,
            outcome: registration.outcome,
            required_staff: registration.required_staff,
            trainee: registration.trainee,
            billable: registration.billable,
            service,
            tasks,
            tasks_count,
            payment_mode: registration.payment.mode,
            billable_seconds: registration.payment.billable_seconds,
            pay_period: registration.payment.pay_period.unwrap_or(month),
            day,
            minute,
        }
    }
}

/// What few visits have; `None` for the others.
fn rare(registration: &Registration<'_>, registry: &mut Registry) -> Option<Box<Rare>> {
    let geo = [registration.start_capture.geo, registration.end_capture.geo];
    let (partners, edits) = (&registration.partner_registration_ids, &registration.edits);
    if partners.is_empty() && edits.is_empty() && geo == [None, None] {
        return None;
    }
    let edited = |edit: &Edit<'_>| Edited {
        end: match edit.field {
            "start_at" => Some(End::Start),
            "end_at" => Some(End::End),
            _ => None,
        },
        moved_seconds: edit.moved_seconds().unwrap_or(0),
        editor: edit.editor_ref.map(|name| registry.texts.intern(name)),
        at: edit.at,
        has_reason: edit.reason_code.is_some(),
    };
    Some(Box::new(Rare {
        edits: edits.iter().map(edited).collect(),
        partners: partners.iter().map(|id| (*id).into()).collect(),
        start_geo: geo[0],
        end_geo: geo[1],
    }))
}
