//! The claim of a registration as bytes, to compare two records of one id.

use crate::domain::{
    Capture, Coordinates, Edit, EventType, Geo, Payment, Registration, Span, Task, UtcSecond,
};

/// Writes the claim of a registration to `bytes`: two registrations have equal bytes where they claim the same. Its id
/// and version, when and by which system it was sent, and the kind of event are no claim: an approval claims what the
/// record before did. A cancellation and an open visit are.
pub(in crate::engine) fn write_claim(registration: &Registration<'_>, bytes: &mut Vec<u8>) {
    // Without `..`: a new field does not compile before it is a claim or none.
    let Registration {
        event_type,
        registration_id: _,
        version: _,
        municipality: _,
        provider_id,
        unit_id,
        carer_ref,
        client_ref,
        order_id,
        planned,
        start_at,
        end_at,
        start_capture,
        end_capture,
        visit_kind,
        outcome,
        tasks,
        required_staff,
        partner_registration_ids,
        trainee,
        billable,
        shared_visit_id,
        edits,
        payment,
        source: _,
        emitted_at: _,
    } = registration;
    let mut claim = ClaimWriter(bytes);
    claim.byte(match event_type {
        EventType::Cancelled => 1,
        EventType::Started => 2,
        EventType::Ended
        | EventType::Recorded
        | EventType::Amended
        | EventType::Approved
        | EventType::ApprovalWithdrawn => 0,
    });
    [provider_id, carer_ref, client_ref].into_iter().for_each(|text| claim.text(text));
    [unit_id, order_id, shared_visit_id].into_iter().for_each(|text| claim.optional_text(*text));
    claim.optional(*planned, |claim, planned: Span| {
        claim.time(planned.start());
        claim.time(planned.end());
    });
    claim.time(*start_at);
    claim.optional(*end_at, ClaimWriter::time);
    [start_capture, end_capture].into_iter().for_each(|capture| claim.capture(capture));
    [*visit_kind as u8, *outcome as u8].into_iter().for_each(|word| claim.byte(word));
    claim.list(tasks, |claim, Task { code, minutes }| {
        claim.text(code);
        claim.optional(*minutes, |claim, minutes| claim.number(u64::from(minutes)));
    });
    claim.optional(*required_staff, ClaimWriter::byte);
    claim.list(partner_registration_ids, |claim, partner| claim.text(partner));
    [trainee, billable].into_iter().for_each(|answer| claim.byte(u8::from(*answer)));
    claim.list(edits, ClaimWriter::edit);
    let Payment { mode, billable_seconds, tariff_code, pay_period } = payment;
    claim.byte(*mode as u8);
    claim.optional(*billable_seconds, |claim, seconds| claim.number(u64::from(seconds)));
    claim.optional_text(*tariff_code);
    claim.optional(*pay_period, |claim, month| {
        claim.number(u64::from(month.year().unsigned_abs()) << 8 | u64::from(month.month().unsigned_abs()));
    });
}

/// Fields one after the other, each with its length or of a fixed one, so that no two lists of fields have one
/// sequence of bytes.
struct ClaimWriter<'a>(&'a mut Vec<u8>);

impl ClaimWriter<'_> {
    fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn time(&mut self, at: UtcSecond) {
        self.0.extend_from_slice(&at.0.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.byte(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }

    fn optional_text(&mut self, text: Option<&str>) {
        self.optional(text, Self::text);
    }

    fn list<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.number(items.len() as u64);
        items.iter().for_each(|item| write(self, item));
    }

    fn capture(&mut self, capture: &Capture<'_>) {
        let Capture { method, tag_ref, device_ref, recorded_at, synced_at, geo } = capture;
        self.byte(*method as u8);
        self.optional_text(*tag_ref);
        self.optional_text(*device_ref);
        self.optional(*recorded_at, Self::time);
        self.optional(*synced_at, Self::time);
        self.optional(*geo, |claim, Geo { place: Coordinates { lat, lon }, accuracy_metres }| {
            [lat, lon].into_iter().for_each(|degrees| claim.number(degrees.to_bits()));
            claim.optional(accuracy_metres, |claim, metres: f64| claim.number(metres.to_bits()));
        });
    }

    fn edit(&mut self, edit: &Edit<'_>) {
        let Edit { field, old, new, editor_ref, editor_role, at, reason_code } = edit;
        self.text(field);
        [old, new, editor_ref, editor_role, reason_code]
            .into_iter()
            .for_each(|text| self.optional_text(*text));
        self.time(*at);
    }
}

#[cfg(test)]
pub(in crate::engine) mod tests {
    use super::*;
    use crate::domain::{CaptureMethod, Month, PaymentMode, Source, VisitKind, VisitOutcome};

    fn bytes(registration: &Registration<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_claim(registration, &mut bytes);
        bytes
    }

    /// A registration of which nothing is known but its ids and its times.
    pub(in crate::engine) fn registration() -> Registration<'static> {
        Registration {
            event_type: EventType::Recorded,
            registration_id: "R-1",
            version: 1,
            municipality: "0181",
            provider_id: "P-1",
            unit_id: None,
            carer_ref: "carer",
            client_ref: "client",
            order_id: None,
            planned: None,
            start_at: UtcSecond(1_000),
            end_at: Some(UtcSecond(2_000)),
            start_capture: Capture::default(),
            end_capture: Capture::default(),
            visit_kind: VisitKind::default(),
            outcome: VisitOutcome::default(),
            tasks: Vec::new(),
            required_staff: None,
            partner_registration_ids: Vec::new(),
            trainee: false,
            billable: true,
            shared_visit_id: None,
            edits: Vec::new(),
            payment: Payment::default(),
            source: Source::default(),
            emitted_at: None,
        }
    }

    #[test]
    fn when_and_why_a_record_was_sent_is_no_claim() {
        let changes: [fn(&mut Registration<'_>); 5] = [
            |registration| registration.version = 2,
            |registration| registration.event_type = EventType::Approved,
            |registration| registration.event_type = EventType::Amended,
            |registration| registration.emitted_at = Some(UtcSecond(5)),
            |registration| registration.source.event_id = Some("e-2"),
        ];
        for change in changes {
            let mut other = registration();
            change(&mut other);
            assert_eq!(bytes(&other), bytes(&registration()), "{other:?}");
        }
    }

    #[test]
    fn every_other_field_is_a_claim() {
        let geo = Geo { place: Coordinates { lat: 59.0, lon: 17.0 }, accuracy_metres: None };
        let edit = Edit {
            field: "end_at",
            old: None,
            new: None,
            editor_ref: None,
            editor_role: None,
            at: UtcSecond(0),
            reason_code: None,
        };
        let base = registration();
        let with = |change: &dyn Fn(&mut Registration<'static>)| {
            let mut other = base.clone();
            change(&mut other);
            bytes(&other)
        };
        let all = [
            bytes(&base),
            with(&|it| it.event_type = EventType::Cancelled),
            with(&|it| it.event_type = EventType::Started),
            with(&|it| it.provider_id = "P-2"),
            with(&|it| it.unit_id = Some("U")),
            with(&|it| it.carer_ref = "other"),
            with(&|it| it.client_ref = "other"),
            with(&|it| it.order_id = Some("O")),
            with(&|it| it.shared_visit_id = Some("O")),
            with(&|it| it.planned = Span::new(UtcSecond(0), UtcSecond(9))),
            with(&|it| it.start_at = UtcSecond(1_001)),
            with(&|it| it.end_at = None),
            with(&|it| it.end_at = Some(UtcSecond(2_001))),
            with(&|it| it.start_capture.method = CaptureMethod::NfcTag),
            with(&|it| it.end_capture.method = CaptureMethod::NfcTag),
            with(&|it| it.start_capture.tag_ref = Some("t")),
            with(&|it| it.start_capture.device_ref = Some("t")),
            with(&|it| it.start_capture.recorded_at = Some(UtcSecond(1))),
            with(&|it| it.start_capture.synced_at = Some(UtcSecond(1))),
            with(&|it| it.start_capture.geo = Some(geo)),
            with(&|it| it.start_capture.geo = Some(Geo { accuracy_metres: Some(1.0), ..geo })),
            with(&|it| it.visit_kind = VisitKind::Alarm),
            with(&|it| it.outcome = VisitOutcome::Declined),
            with(&|it| it.tasks = vec![Task { code: "x", minutes: None }]),
            with(&|it| it.tasks = vec![Task { code: "x", minutes: Some(3) }]),
            with(&|it| it.required_staff = Some(2)),
            with(&|it| it.partner_registration_ids = vec!["x"]),
            with(&|it| it.trainee = true),
            with(&|it| it.billable = false),
            with(&|it| it.edits = vec![edit]),
            with(&|it| it.edits = vec![Edit { old: Some("a"), ..edit }]),
            with(&|it| it.edits = vec![Edit { new: Some("a"), ..edit }]),
            with(&|it| it.payment.mode = PaymentMode::Fixed),
            with(&|it| it.payment.billable_seconds = Some(1)),
            with(&|it| it.payment.tariff_code = Some("T")),
            with(&|it| it.payment.pay_period = Month::new(2026, 3)),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(
                all[..at].iter().all(|other| other != one),
                "change {at} is the same claim as one before"
            );
        }
    }
}
