//! Conversion of a registration into a visit.

use crate::domain::{Edit, EventType, Registration, Span};
use crate::engine::model::interner::{CarerId, ClientId, Interner, TextId};
use crate::engine::model::interners::Interners;
use crate::engine::model::visit::{Edited, End, Slot, Visit, VisitExtras};
use crate::engine::state::facts::Facts;
use crate::engine::state::municipality::State;

impl State {
    /// Converts the registration at `offset` of the feed, interning its texts.
    pub(in crate::engine) fn visit(
        &mut self,
        registration: &Registration<'_>,
        slot: Slot,
        offset: i64,
    ) -> Visit {
        let (day, month, minute) = self.calendar.of(&self.settings.zone, registration.start_at);
        let Self { interners, ledger, carers, clients, facts, .. } = self;
        // Hints for the interner: the version before, else the last visits of the carer and of the client, mostly
        // name the same.
        let before = ledger.visit(slot);
        let carer: CarerId =
            interners.carers.intern_with_hint(registration.carer_ref, before.map(|visit| visit.carer));
        let client: ClientId =
            interners.clients.intern_with_hint(registration.client_ref, before.map(|visit| visit.client));
        let of_carer = before.or_else(|| ledger.last_of(&carers.get(carer.0 as usize)?.timeline));
        let of_client = before.or_else(|| ledger.last_of(&clients.get(client.0 as usize)?.timeline));
        let (first, last) = (&registration.start_capture, &registration.end_capture);
        let span = span_of(registration);
        let tasks = registration.tasks.iter().map(|task| task.code);
        let likely = of_client.map(|visit| (visit.service, visit.tasks));
        let (service, tasks) = interners.service(registration.visit_kind as u8, tasks, likely);
        let provider = of_carer.map(|visit| visit.provider);
        let provider = interners.providers.intern_with_hint(registration.provider_id, provider);
        let texts = &mut interners.texts;
        let tags = of_client.map(|visit| [visit.start_tag, visit.end_tag]);
        let tags = both(texts, [first.tag_ref, last.tag_ref], tags);
        let devices = of_carer.map(|visit| [visit.start_device, visit.end_device]);
        let devices = both(texts, [first.device_ref, last.device_ref], devices);
        let mut text = |name, likely: Option<_>| text(texts, name, likely.flatten());
        Visit {
            slot,
            version: registration.version,
            offset: offset as u32,
            order: text(registration.order_id, of_client.map(|visit| visit.order)),
            start_tag: tags[0],
            end_tag: tags[1],
            start_device: devices[0],
            end_device: devices[1],
            synced_at: last.synced_at.into(),
            event: registration.event_type,
            emitted_at: registration.emitted_at.into(),
            shared_visit: text(registration.shared_visit_id, before.map(|visit| visit.shared_visit)),
            tariff: text(registration.payment.tariff_code, of_client.map(|visit| visit.tariff)),
            extras: extras(registration, facts, interners),
            carer,
            client,
            provider,
            span,
            open: registration.end_at.is_none() || registration.event_type == EventType::Started,
            planned_start: registration.planned.map(Span::start).into(),
            planned_seconds: planned_seconds(registration),
            start_method: first.method,
            end_method: last.method,
            recorded_at: first.recorded_at.max(last.recorded_at).unwrap_or(span.end()),
            kind: registration.visit_kind,
            outcome: registration.outcome,
            required_staff: registration.required_staff,
            trainee: registration.trainee,
            billable: registration.billable,
            service,
            tasks,
            tasks_count: u8::try_from(registration.tasks.len()).unwrap_or(u8::MAX),
            payment_mode: registration.payment.mode,
            billed: registration.payment.billable_seconds.into(),
            pay_period: registration.payment.pay_period.unwrap_or(month),
            day,
            minute,
        }
    }
}

/// From the start to the end, or to the start where there is no end after it.
fn span_of(registration: &Registration<'_>) -> Span {
    let start = registration.start_at;
    let end = registration.end_at.unwrap_or(start);
    Span::new(start, end).unwrap_or_else(|| Span::new(start, start).expect("equal ends"))
}

fn planned_seconds(registration: &Registration<'_>) -> u32 {
    u32::try_from(registration.planned.map_or(0, Span::seconds)).unwrap_or(u32::MAX)
}

fn text(texts: &mut Interner, name: Option<&str>, likely: Option<TextId>) -> Option<TextId> {
    name.map(|name| texts.intern_with_hint(name, likely))
}

/// Interns the tags or devices of both ends, which are mostly equal.
fn both(
    texts: &mut Interner,
    [first, last]: [Option<&str>; 2],
    likely: Option<[Option<TextId>; 2]>,
) -> [Option<TextId>; 2] {
    let likely = likely.unwrap_or_default();
    let start = text(texts, first, likely[0]);
    [start, if first == last { start } else { text(texts, last, likely[1]) }]
}

/// Fields that few visits have; `None` for the others.
fn extras(
    registration: &Registration<'_>,
    facts: &mut Facts,
    interners: &mut Interners,
) -> Option<Box<VisitExtras>> {
    let geo = [registration.start_capture.geo, registration.end_capture.geo];
    let geo = geo.map(|geo| geo.filter(|geo| facts.accept(geo.place).is_some()));
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
        editor: edit.editor_ref.map(|name| interners.texts.intern(name)),
        at: edit.at,
        has_reason: edit.reason_code.is_some(),
    };
    Some(Box::new(VisitExtras {
        edits: edits.iter().map(edited).collect(),
        partners: partners.iter().map(|id| (*id).into()).collect(),
        start_geo: geo[0],
        end_geo: geo[1],
    }))
}
