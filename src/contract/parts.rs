//! The parts of a registration record, and the domain values they stand for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::checks::{optional_id, optional_text};
use super::scalar::optional_whole;
use super::text::{Id, Long, Object, Short, Text};
use super::time::{PayPeriod, Time};
use super::words::Word;
use crate::domain::{
    Capture, CaptureMethod, Coordinates, Edit, Geo, Payment, PaymentMode, Reason, Rejection, Source, Task,
};

/// How, where and when one end of a visit was captured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "'de: 'a"))]
#[schemars(rename = "Capture")]
pub(super) struct CaptureRecord<'a> {
    /// By what; `unknown` where absent.
    method: Option<Word<CaptureMethod>>,
    /// The tag or lock that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    tag_ref: Option<Id<'a>>,
    /// The phone or device that read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_ref: Option<Id<'a>>,
    /// Time by the device's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded_at: Option<Time>,
    /// Time at which the server received it.
    #[serde(skip_serializing_if = "Option::is_none")]
    synced_at: Option<Time>,
    /// The position, where it is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    geo: Option<Object<GeoRecord>>,
}

/// A position (WGS 84).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Geo")]
pub(super) struct GeoRecord {
    /// Degrees north.
    #[schemars(range(min = -90, max = 90))]
    lat: f64,
    /// Degrees east.
    #[schemars(range(min = -180, max = 180))]
    lon: f64,
    /// Radius of uncertainty in metres.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    accuracy_m: Option<f64>,
}

/// A task (insats).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "'de: 'a"))]
#[schemars(rename = "Task")]
pub(super) struct TaskRecord<'a> {
    /// Its code.
    code: Short<'a>,
    /// Minutes, where they are recorded per task.
    #[serde(default, deserialize_with = "optional_whole", skip_serializing_if = "Option::is_none")]
    minutes: Option<u16>,
}

/// A change that was made by hand after the visit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "'de: 'a"))]
#[schemars(rename = "Edit")]
pub(super) struct EditRecord<'a> {
    /// Name of the field in this record.
    field: Short<'a>,
    /// The value before.
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<Long<'a>>,
    /// The value after.
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<Long<'a>>,
    /// Who changed it, a pseudonym.
    #[serde(skip_serializing_if = "Option::is_none")]
    editor_ref: Option<Id<'a>>,
    /// In which role.
    #[serde(skip_serializing_if = "Option::is_none")]
    editor_role: Option<Short<'a>>,
    /// When.
    at: Time,
    /// Why, as a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_code: Option<Short<'a>>,
}

/// What the payment system needs to price the visit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "'de: 'a"))]
#[schemars(rename = "Payment")]
pub(super) struct PaymentRecord<'a> {
    /// What it is based on; `performed` where absent.
    mode: Option<Word<PaymentMode>>,
    /// Seconds that are billed, where they differ from the visit's length.
    #[serde(default, deserialize_with = "optional_whole", skip_serializing_if = "Option::is_none")]
    billable_seconds: Option<u32>,
    /// The tariff.
    #[serde(skip_serializing_if = "Option::is_none")]
    tariff_code: Option<Short<'a>>,
    /// The pay period; the local month of the start where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pay_period: Option<PayPeriod>,
}

/// The system that a registration comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "'de: 'a"))]
#[schemars(rename = "Source")]
pub(super) struct SourceRecord<'a> {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<Short<'a>>,
    /// Its own id of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<Id<'a>>,
}

impl<'a> CaptureRecord<'a> {
    /// `None` where the capture has only defaults.
    pub(super) fn of(capture: &Capture<'a>) -> Option<Self> {
        (*capture != Capture::default()).then(|| Self {
            method: Some(Word(capture.method)),
            tag_ref: Text::option(capture.tag_ref),
            device_ref: Text::option(capture.device_ref),
            recorded_at: Time::option(capture.recorded_at),
            synced_at: Time::option(capture.synced_at),
            geo: capture.geo.map(|geo| {
                Object(GeoRecord { lat: geo.place.lat, lon: geo.place.lon, accuracy_m: geo.accuracy_metres })
            }),
        })
    }

    /// Objects among its fields, with itself.
    pub(super) fn containers(&self) -> usize {
        1 + usize::from(self.geo.is_some())
    }

    pub(super) fn capture(&self) -> Result<Capture<'_>, Rejection> {
        Ok(Capture {
            method: self.method.map_or(CaptureMethod::default(), |method| method.0),
            tag_ref: optional_id(self.tag_ref.as_ref(), "tag_ref")?,
            device_ref: optional_id(self.device_ref.as_ref(), "device_ref")?,
            recorded_at: self.recorded_at.map(|at| at.0),
            synced_at: self.synced_at.map(|at| at.0),
            geo: self.geo.as_ref().map(|Object(geo)| geo.geo()).transpose()?,
        })
    }
}

impl GeoRecord {
    fn geo(&self) -> Result<Geo, Rejection> {
        if self.accuracy_m.is_some_and(|metres| metres < 0.0) {
            return Err(Rejection::new(Reason::BadField, "`accuracy_m` is negative"));
        }
        Ok(Geo { place: place(self.lat, self.lon)?, accuracy_metres: self.accuracy_m })
    }
}

/// A place on the Earth. The position is not repeated in the error: it may be a home.
pub(super) fn place(lat: f64, lon: f64) -> Result<Coordinates, Rejection> {
    let inside = (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
    inside.then_some(Coordinates { lat, lon }).ok_or_else(|| {
        Rejection::new(Reason::BadPosition, "expected `lat` from -90 to 90 and `lon` from -180 to 180")
    })
}

impl<'a> TaskRecord<'a> {
    pub(super) const fn of(task: &Task<'a>) -> Self {
        Self { code: Text::new(task.code), minutes: task.minutes }
    }

    pub(super) fn task(&self) -> Result<Task<'_>, Rejection> {
        Ok(Task { code: self.code.checked("code")?, minutes: self.minutes })
    }
}

impl<'a> EditRecord<'a> {
    pub(super) fn of(edit: &Edit<'a>) -> Self {
        Self {
            field: Text::new(edit.field),
            old: Text::option(edit.old),
            new: Text::option(edit.new),
            editor_ref: Text::option(edit.editor_ref),
            editor_role: Text::option(edit.editor_role),
            at: Time(edit.at),
            reason_code: Text::option(edit.reason_code),
        }
    }

    pub(super) fn edit(&self) -> Result<Edit<'_>, Rejection> {
        Ok(Edit {
            field: self.field.checked("field")?,
            old: self.old.as_ref().map(|value| value.value("old")).transpose()?,
            new: self.new.as_ref().map(|value| value.value("new")).transpose()?,
            editor_ref: optional_id(self.editor_ref.as_ref(), "editor_ref")?,
            editor_role: optional_text(self.editor_role.as_ref(), "editor_role")?,
            at: self.at.0,
            reason_code: optional_text(self.reason_code.as_ref(), "reason_code")?,
        })
    }
}

impl<'a> PaymentRecord<'a> {
    /// `None` where the payment has only defaults.
    pub(super) fn of(payment: &Payment<'a>) -> Option<Self> {
        (*payment != Payment::default()).then(|| Self {
            mode: Some(Word(payment.mode)),
            billable_seconds: payment.billable_seconds,
            tariff_code: Text::option(payment.tariff_code),
            pay_period: payment.pay_period.map(PayPeriod),
        })
    }

    pub(super) fn payment(&self) -> Result<Payment<'_>, Rejection> {
        Ok(Payment {
            mode: self.mode.map_or(PaymentMode::default(), |mode| mode.0),
            billable_seconds: self.billable_seconds,
            tariff_code: optional_text(self.tariff_code.as_ref(), "tariff_code")?,
            pay_period: self.pay_period.map(|period| period.0),
        })
    }
}

impl<'a> SourceRecord<'a> {
    /// `None` where the source is not named.
    pub(super) fn of(source: &Source<'a>) -> Option<Self> {
        (*source != Source::default())
            .then(|| Self { system: Text::option(source.system), event_id: Text::option(source.event_id) })
    }

    pub(super) fn source(&self) -> Result<Source<'_>, Rejection> {
        Ok(Source {
            system: optional_text(self.system.as_ref(), "system")?,
            event_id: optional_id(self.event_id.as_ref(), "event_id")?,
        })
    }
}
