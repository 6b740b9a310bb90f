//! A registration that owns its words, with everything that a test does not care about filled in.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use tidvakt::domain::{
    Capture, CaptureMethod, Edit, EventType, Month, Outcome, Payment, Registration, Source, Span, Task,
    UtcSecond, VisitKind,
};

pub const MUNICIPALITY: &str = "0181";

/// One version of a registration.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    pub event: EventType,
    pub id: String,
    pub version: u32,
    pub provider: String,
    pub carer: String,
    pub client: String,
    pub order: Option<String>,
    pub planned: Option<Span>,
    pub start: UtcSecond,
    pub end: Option<UtcSecond>,
    /// How start and end were captured.
    pub methods: [CaptureMethod; 2],
    pub tag: Option<String>,
    pub recorded_at: Option<UtcSecond>,
    pub kind: VisitKind,
    pub outcome: Outcome,
    pub task: Option<String>,
    pub staff: Option<u8>,
    pub partners: Vec<String>,
    pub trainee: bool,
    pub billable: bool,
    pub shared: Option<String>,
    pub tariff: Option<String>,
    pub period: Option<Month>,
    /// When the log takes it in.
    pub appended_at: UtcSecond,
}

impl Draft {
    /// A planned visit with both ends read from the client's own tag, arriving when it ends.
    pub fn new(id: &str, version: u32, carer: &str, client: &str, start: UtcSecond, end: UtcSecond) -> Self {
        Self {
            event: if version == 1 { EventType::Recorded } else { EventType::Amended },
            id: id.to_owned(),
            version,
            provider: "P1".to_owned(),
            carer: carer.to_owned(),
            client: client.to_owned(),
            order: None,
            planned: None,
            start,
            end: Some(end),
            methods: [CaptureMethod::NfcTag; 2],
            tag: Some(format!("tag-{client}")),
            recorded_at: None,
            kind: VisitKind::Planned,
            outcome: Outcome::Performed,
            task: None,
            staff: None,
            partners: Vec::new(),
            trainee: false,
            billable: true,
            shared: None,
            tariff: None,
            period: None,
            appended_at: end,
        }
    }

    /// The same as the engine and the contract take it.
    pub fn registration(&self) -> Registration<'_> {
        let [start_capture, end_capture] = self.methods.map(|method| Capture {
            method,
            tag_ref: self.tag.as_deref().filter(|_| method.is_electronic()),
            recorded_at: self.recorded_at,
            ..Capture::default()
        });
        Registration {
            event_type: self.event,
            registration_id: &self.id,
            version: self.version,
            municipality: MUNICIPALITY,
            provider_id: &self.provider,
            unit_id: None,
            carer_ref: &self.carer,
            client_ref: &self.client,
            order_id: self.order.as_deref(),
            planned: self.planned,
            start_at: self.start,
            end_at: self.end,
            start_capture,
            end_capture,
            visit_kind: self.kind,
            outcome: self.outcome,
            tasks: self.task.iter().map(|code| Task { code, minutes: None }).collect(),
            required_staff: self.staff,
            partner_registration_ids: self.partners.iter().map(String::as_str).collect(),
            trainee: self.trainee,
            billable: self.billable,
            shared_visit_id: self.shared.as_deref(),
            edits: Vec::<Edit<'_>>::new(),
            payment: Payment {
                tariff_code: self.tariff.as_deref(),
                pay_period: self.period,
                ..Payment::default()
            },
            source: Source::default(),
            emitted_at: Some(self.appended_at),
        }
    }
}

/// The instant of a local time in Stockholm: `2026-03-02T08:00`, with seconds or without, or a date
/// alone for its midnight.
pub fn instant(local: &str) -> Option<UtcSecond> {
    let date_time: DateTime = local.parse().ok()?;
    let zoned = date_time.to_zoned(TimeZone::get("Europe/Stockholm").ok()?).ok()?;
    Some(UtcSecond(zoned.timestamp().as_second()))
}
