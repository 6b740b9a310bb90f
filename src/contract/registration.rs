//! The record of `tidvakt.registrations.v1`: one version of a registration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::checks::{optional_id, staff};
use super::parts::{CaptureRecord, EditRecord, PaymentRecord, SourceRecord, TaskRecord};
use super::read::{SchemaVersion, check_depth, object, text};
use super::scalar::{optional_whole, whole};
use super::text::{Id, List, MunicipalityCode, Object, Text};
use super::time::{AHEAD_SECONDS_MAX, Time};
use super::words::Word;
use super::{RECORD_BYTES_MAX, append};
use crate::domain::{
    Capture, EventType, Payment, Reason, Registration, Rejection, Source, Span, UtcSecond, VisitKind,
    VisitOutcome,
};

/// A visit longer than a day is a forgotten log-out, not a visit.
const VISIT_SECONDS_MAX: i64 = 24 * 3600;
/// 2000-01-01T00:00:00Z. Visits before it are a device that has lost its clock.
const EARLIEST: UtcSecond = UtcSecond(946_684_800);
/// The highest version, 2³¹.
const VERSION_MAX: u32 = 1 << 31;

/// One version of the claim "this carer was at this client from then to then".
///
/// Key: the municipality code. The highest version of a registration counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "'de: 'a"))]
#[schemars(title = "registration", extend("allOf" = [{
    "if": {"properties": {"event_type": {"const": "started"}}},
    "else": {"required": ["end_at"], "properties": {"end_at": {"type": "string"}}}
}]))]
pub struct RegistrationRecord<'a> {
    /// Version of this shape.
    schema_version: SchemaVersion,
    /// The event in the source system that led to this version.
    event_type: Word<EventType>,
    /// Stable id of the registration.
    registration_id: Id<'a>,
    /// Rising from 1; the highest version counts.
    #[serde(deserialize_with = "whole")]
    #[schemars(range(min = 1, max = 2_147_483_648_u32))]
    version: u32,
    /// Municipality code (kommunkod), four digits.
    #[schemars(regex(pattern = "^[0-9]{4}$"))]
    municipality: MunicipalityCode<'a>,
    /// The provider (utförare).
    provider_id: Id<'a>,
    /// The provider's unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit_id: Option<Id<'a>>,
    /// The carer, a pseudonym; never a personal identity number.
    carer_ref: Id<'a>,
    /// The client (brukare), a pseudonym; never a personal identity number.
    client_ref: Id<'a>,
    /// The order (beställning).
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<Id<'a>>,
    /// When the visit was planned to begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    planned_start: Option<Time>,
    /// When the visit was planned to end.
    #[serde(skip_serializing_if = "Option::is_none")]
    planned_end: Option<Time>,
    /// When the visit began; at most five minutes after the record is appended.
    start_at: Time,
    /// When the visit ended, at most 24 hours after it began; only `started` may lack it.
    #[serde(skip_serializing_if = "Option::is_none")]
    end_at: Option<Time>,
    /// How the start was captured.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_capture: Option<Object<CaptureRecord<'a>>>,
    /// How the end was captured.
    #[serde(skip_serializing_if = "Option::is_none")]
    end_capture: Option<Object<CaptureRecord<'a>>>,
    /// Kind of visit; `planned` where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    visit_kind: Option<Word<VisitKind>>,
    /// Outcome of the visit; `performed` where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Word<VisitOutcome>>,
    /// The tasks (insatser) that were done.
    #[serde(skip_serializing_if = "Option::is_none")]
    tasks: Option<List<Object<TaskRecord<'a>>>>,
    /// How many carers the visit needs; the order's number where absent, else 1.
    #[serde(default, deserialize_with = "optional_whole", skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    required_staff: Option<u8>,
    /// Registrations of the other carers of the same visit.
    #[serde(skip_serializing_if = "Option::is_none")]
    partner_registration_ids: Option<List<Id<'a>>>,
    /// Is the carer a trainee who goes along? False where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    trainee: Option<bool>,
    /// Is the visit billed? True where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    billable: Option<bool>,
    /// Groups the registrations of one visit to several clients of a home.
    #[serde(skip_serializing_if = "Option::is_none")]
    shared_visit_id: Option<Id<'a>>,
    /// Changes by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    edits: Option<List<Object<EditRecord<'a>>>>,
    /// Pricing.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<Object<PaymentRecord<'a>>>,
    /// The system that the registration comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Object<SourceRecord<'a>>>,
    /// When the source sent this version.
    #[serde(skip_serializing_if = "Option::is_none")]
    emitted_at: Option<Time>,
}

/// Reads a record: size, depth, UTF-8, JSON, shape. Its fields are checked by
/// [`RegistrationRecord::registration`].
#[inline]
pub fn parse_registration(bytes: &[u8]) -> Result<RegistrationRecord<'_>, Rejection> {
    let text = text(bytes, RECORD_BYTES_MAX)?;
    let record: RegistrationRecord<'_> = object(text)?;
    check_depth(text, record.containers())?;
    Ok(record)
}

/// Refuses a registration that ends more than five minutes after its record was appended. For one that was
/// decoded with the latest possible append time.
pub fn check_not_ahead(registration: &Registration<'_>, appended_at: UtcSecond) -> Result<(), Rejection> {
    not_ahead(registration.end_at.unwrap_or(registration.start_at), appended_at)
}

#[inline]
fn not_ahead(last: UtcSecond, appended_at: UtcSecond) -> Result<(), Rejection> {
    let ahead = last.since(appended_at);
    if ahead <= AHEAD_SECONDS_MAX {
        return Ok(());
    }
    let text = format!("ends {ahead} s after the log took it, at most {AHEAD_SECONDS_MAX} s are accepted");
    Err(Rejection::new(Reason::Future, text))
}

/// Appends the record of `registration` to `out`. What is absent or at its default is left out.
pub fn write_registration(registration: &Registration<'_>, out: &mut Vec<u8>) {
    append(&RegistrationRecord::of(registration), out);
}

impl RegistrationRecord<'_> {
    /// The registration, its ids, texts, times and numbers checked; `appended_at` is the append time of the
    /// record.
    pub fn registration(&self, appended_at: UtcSecond) -> Result<Registration<'_>, Rejection> {
        let end_at = self.end()?;
        let last = self.end_at.unwrap_or(self.start_at).0;
        if let Err(ahead) = not_ahead(last, appended_at) {
            return Err(self.why_ahead(ahead));
        }
        Ok(Registration {
            event_type: self.event_type.0,
            registration_id: self.registration_id.id("registration_id")?,
            version: self.checked_version()?,
            municipality: self.municipality.municipality()?,
            provider_id: self.provider_id.id("provider_id")?,
            unit_id: optional_id(self.unit_id.as_ref(), "unit_id")?,
            carer_ref: self.carer_ref.id("carer_ref")?,
            client_ref: self.client_ref.id("client_ref")?,
            order_id: optional_id(self.order_id.as_ref(), "order_id")?,
            planned: self.planned()?,
            start_at: self.start_at.0,
            end_at,
            start_capture: self
                .start_capture
                .as_ref()
                .map_or(Ok(Capture::default()), |Object(capture)| capture.capture())?,
            end_capture: self
                .end_capture
                .as_ref()
                .map_or(Ok(Capture::default()), |Object(capture)| capture.capture())?,
            visit_kind: self.visit_kind.map_or(VisitKind::default(), |kind| kind.0),
            outcome: self.outcome.map_or(VisitOutcome::default(), |outcome| outcome.0),
            tasks: items(self.tasks.as_ref(), |Object(task)| task.task())?,
            required_staff: staff(self.required_staff)?,
            partner_registration_ids: items(self.partner_registration_ids.as_ref(), |partner| {
                partner.id("partner_registration_ids")
            })?,
            trainee: self.trainee.unwrap_or(false),
            billable: self.billable.unwrap_or(true),
            shared_visit_id: optional_id(self.shared_visit_id.as_ref(), "shared_visit_id")?,
            edits: items(self.edits.as_ref(), |Object(edit)| edit.edit())?,
            payment: self
                .payment
                .as_ref()
                .map_or(Ok(Payment::default()), |Object(payment)| payment.payment())?,
            source: self.source.as_ref().map_or(Ok(Source::default()), |Object(source)| source.source())?,
            emitted_at: self.emitted_at.map(|at| at.0),
        })
    }

    /// Objects and arrays among its known fields, with itself.
    fn containers(&self) -> usize {
        let of_capture = |capture: &Option<Object<CaptureRecord<'_>>>| {
            capture.as_ref().map_or(0, |Object(it)| it.containers())
        };
        1 + of_capture(&self.start_capture)
            + of_capture(&self.end_capture)
            + self.tasks.as_ref().map_or(0, |tasks| 1 + tasks.0.len())
            + usize::from(self.partner_registration_ids.is_some())
            + self.edits.as_ref().map_or(0, |edits| 1 + edits.0.len())
            + usize::from(self.payment.is_some())
            + usize::from(self.source.is_some())
    }

    fn of<'a>(of: &Registration<'a>) -> RegistrationRecord<'a> {
        RegistrationRecord {
            schema_version: SchemaVersion,
            event_type: Word(of.event_type),
            registration_id: Text::new(of.registration_id),
            version: of.version,
            municipality: Text::new(of.municipality),
            provider_id: Text::new(of.provider_id),
            unit_id: Text::option(of.unit_id),
            carer_ref: Text::new(of.carer_ref),
            client_ref: Text::new(of.client_ref),
            order_id: Text::option(of.order_id),
            planned_start: of.planned.map(|planned| Time(planned.start())),
            planned_end: of.planned.map(|planned| Time(planned.end())),
            start_at: Time(of.start_at),
            end_at: Time::option(of.end_at),
            start_capture: CaptureRecord::of(&of.start_capture).map(Object),
            end_capture: CaptureRecord::of(&of.end_capture).map(Object),
            visit_kind: (of.visit_kind != VisitKind::default()).then_some(Word(of.visit_kind)),
            outcome: (of.outcome != VisitOutcome::default()).then_some(Word(of.outcome)),
            tasks: list(&of.tasks, |task| Object(TaskRecord::of(task))),
            required_staff: of.required_staff,
            partner_registration_ids: list(&of.partner_registration_ids, |id| Text::new(id)),
            trainee: of.trainee.then_some(true),
            billable: (!of.billable).then_some(false),
            shared_visit_id: Text::option(of.shared_visit_id),
            edits: list(&of.edits, |edit| Object(EditRecord::of(edit))),
            payment: PaymentRecord::of(&of.payment).map(Object),
            source: SourceRecord::of(&of.source).map(Object),
            emitted_at: Time::option(of.emitted_at),
        }
    }

    fn checked_version(&self) -> Result<u32, Rejection> {
        if (1..=VERSION_MAX).contains(&self.version) {
            Ok(self.version)
        } else {
            Err(Rejection::new(
                Reason::BadField,
                format!("`version` is {}, expected 1 to {VERSION_MAX}", self.version),
            ))
        }
    }

    /// The end, held against the start.
    fn end(&self) -> Result<Option<UtcSecond>, Rejection> {
        let start = self.start_at.0;
        let end = self.end_at.map(|at| at.0);
        if end.is_none() && self.event_type.0 != EventType::Started {
            return Err(Rejection::new(
                Reason::MissingField,
                "`end_at` is missing, only `started` may lack it",
            ));
        }
        span("start_at", start, "end_at", end.unwrap_or(start))?;
        Ok(end)
    }

    /// Why a record that lies ahead is refused. What is wrong with the record by itself comes first, so that
    /// its reason does not hang on when it is read.
    #[cold]
    fn why_ahead(&self, ahead: Rejection) -> Rejection {
        self.registration(UtcSecond(i64::MAX)).err().unwrap_or(ahead)
    }

    /// The plan; a plan with one end only is none.
    fn planned(&self) -> Result<Option<Span>, Rejection> {
        match (self.planned_start, self.planned_end) {
            (Some(start), Some(end)) => span("planned_start", start.0, "planned_end", end.0).map(Some),
            _ => Ok(None),
        }
    }
}

/// A span of at most a day, in years that can be meant.
fn span(from: &str, start: UtcSecond, to: &str, end: UtcSecond) -> Result<Span, Rejection> {
    if start < EARLIEST {
        return Err(Rejection::new(Reason::BadTime, format!("`{from}` lies before {EARLIEST}")));
    }
    let Some(span) = Span::new(start, end) else {
        let back = start.since(end);
        return Err(Rejection::new(Reason::EndBeforeStart, format!("`{to}` lies {back} s before `{from}`")));
    };
    if span.seconds() > VISIT_SECONDS_MAX {
        return Err(Rejection::new(
            Reason::TooLong,
            format!("from `{from}` to `{to}` are {} s, at most {VISIT_SECONDS_MAX} s", span.seconds()),
        ));
    }
    Ok(span)
}

fn items<'a, T, U>(
    list: Option<&'a List<T>>,
    item: impl Fn(&'a T) -> Result<U, Rejection>,
) -> Result<Vec<U>, Rejection> {
    list.map_or(Ok(Vec::new()), |list| list.0.iter().map(item).collect())
}

fn list<T, U>(items: &[T], item: impl Fn(&T) -> U) -> Option<List<U>> {
    (!items.is_empty()).then(|| List(items.iter().map(item).collect()))
}
