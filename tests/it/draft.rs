//! A registration that owns its words, with everything that a test does not care about filled in.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use tidvakt::domain::{
    Capture, CaptureMethod, Edit, EventType, Geo, Month, Payment, PaymentMode, Registration, Source, Span,
    Task, UtcSecond, VisitKind, VisitOutcome,
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
    /// The tags read at start and end; left out of the record where that end is not electronic.
    pub tags: [Option<String>; 2],
    pub devices: [Option<String>; 2],
    pub geo: [Option<Geo>; 2],
    /// By the device, of both ends.
    pub recorded_at: Option<UtcSecond>,
    /// When the server got both ends.
    pub synced_at: Option<UtcSecond>,
    pub kind: VisitKind,
    pub outcome: VisitOutcome,
    pub tasks: Vec<String>,
    pub staff: Option<u8>,
    pub partners: Vec<String>,
    pub trainee: bool,
    pub billable: bool,
    pub shared: Option<String>,
    pub edits: Vec<Change>,
    pub mode: PaymentMode,
    pub billed_seconds: Option<u32>,
    pub tariff: Option<String>,
    pub period: Option<Month>,
    /// When the source sent it; when the log took it in, where nothing else is said.
    pub emitted_at: Option<UtcSecond>,
    /// When the log takes it in.
    pub appended_at: UtcSecond,
    /// Its offset in the feed, where that is not the order in which it is given to the engine.
    pub offset: Option<i64>,
}

/// A change by hand that owns its words.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub field: &'static str,
    pub old: String,
    pub new: String,
    pub editor: Option<String>,
    pub role: Option<String>,
    pub at: UtcSecond,
    pub reason: Option<String>,
}

impl Change {
    fn edit(&self) -> Edit<'_> {
        Edit {
            field: self.field,
            old: Some(&self.old),
            new: Some(&self.new),
            editor_ref: self.editor.as_deref(),
            editor_role: self.role.as_deref(),
            at: self.at,
            reason_code: self.reason.as_deref(),
        }
    }
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
            tags: [Some(format!("tag-{client}")), Some(format!("tag-{client}"))],
            devices: [None, None],
            geo: [None; 2],
            recorded_at: None,
            synced_at: None,
            kind: VisitKind::Planned,
            outcome: VisitOutcome::Performed,
            tasks: Vec::new(),
            staff: None,
            partners: Vec::new(),
            trainee: false,
            billable: true,
            shared: None,
            edits: Vec::new(),
            mode: PaymentMode::Performed,
            billed_seconds: None,
            tariff: None,
            period: None,
            emitted_at: None,
            appended_at: end,
            offset: None,
        }
    }

    /// The same as the engine and the contract take it.
    pub fn registration(&self) -> Registration<'_> {
        let [start_capture, end_capture] = [0, 1].map(|end| Capture {
            method: self.methods[end],
            tag_ref: self.tags[end].as_deref().filter(|_| self.methods[end].is_electronic()),
            device_ref: self.devices[end].as_deref(),
            recorded_at: self.recorded_at,
            synced_at: self.synced_at,
            geo: self.geo[end],
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
            tasks: self.tasks.iter().map(|code| Task { code, minutes: None }).collect(),
            required_staff: self.staff,
            partner_registration_ids: self.partners.iter().map(String::as_str).collect(),
            trainee: self.trainee,
            billable: self.billable,
            shared_visit_id: self.shared.as_deref(),
            edits: self.edits.iter().map(Change::edit).collect(),
            payment: Payment {
                mode: self.mode,
                billable_seconds: self.billed_seconds,
                tariff_code: self.tariff.as_deref(),
                pay_period: self.period,
            },
            source: Source::default(),
            emitted_at: Some(self.emitted_at.unwrap_or(self.appended_at)),
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
