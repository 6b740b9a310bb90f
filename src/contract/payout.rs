//! What a payout service reads of the feed and of the alerts: the fields that the rule of clearance needs, and no others.
//!
//! These readers are more lenient than those of the service. A record of the feed counts with its version also where it
//! cannot be used, and a word that is not known elsewhere in an alert must not hide its hold. What a field cannot be
//! read as is `None`, which the rule takes as withholding.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer as _, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::text::MunicipalityCode;
use super::time::parse_time;
use super::words::Words;
use crate::domain::{EventType, HoldState, Month, Span, UtcSecond};

/// The highest version that a record may have, 2³¹.
const VERSION_MAX: u64 = 1 << 31;

/// What a record of the feed says of which registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// MunicipalityCode code; `None` where the record has no valid one.
    pub municipality: Option<String>,
    /// The registration.
    pub registration_id: String,
    /// Its version, 1 to 2³¹; `None` where it cannot be read.
    pub version: Option<u32>,
    /// The event that led to this version.
    pub event_type: Option<EventType>,
    /// The provider.
    pub provider_id: Option<String>,
    /// The pay period that the record names.
    pub pay_period: Option<Month>,
    /// Start of the visit.
    pub start_at: Option<UtcSecond>,
    /// End of the visit.
    pub end_at: Option<UtcSecond>,
}

/// The hold of an alert, as a payout service reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertHold {
    /// The alert.
    pub alert_id: String,
    /// MunicipalityCode code.
    pub municipality: String,
    /// Of one alert id the highest counts.
    pub revision: u32,
    /// The hold; `None` where the alert has none.
    pub hold: Option<PayoutHold>,
}

/// A hold, as a payout service reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutHold {
    /// The hold's id; empty where it cannot be read.
    pub hold_id: String,
    /// The registration that it names.
    pub registration_id: String,
    /// Its state; `None` where the word is not known.
    pub state: Option<HoldState>,
    /// The scheduled time of the first payout run in which a `proposed` hold is void.
    pub expires_at: Option<UtcSecond>,
    /// The disputed seconds; `None` where they cannot be read.
    pub seconds_in_question: Option<i64>,
    /// The disputed spans; empty where the record has none or one of them cannot be read.
    pub disputed: Vec<Span>,
    /// Price of the disputed seconds, in öre; 0 where it cannot be read.
    pub amount_ore: i64,
    /// The rules that led to it.
    pub reason_codes: Vec<String>,
}

/// Reads what a record of the feed says of which registration. `None` where it names none: it is no JSON object, or
/// has no `registration_id` that is a string.
#[must_use]
pub fn read_claim(value: &[u8]) -> Option<Claim> {
    let names = [
        "registration_id",
        "municipality",
        "version",
        "event_type",
        "provider_id",
        "payment",
        "start_at",
        "end_at",
    ];
    let [id, municipality, version, event, provider, payment, start, end] = &members(value, &names)?;
    let pay_period = payment.get("pay_period").and_then(Value::as_str).and_then(Month::parse);
    Some(Claim {
        municipality: municipality.as_str().and_then(municipality_code),
        registration_id: id.as_str()?.to_owned(),
        version: whole(version).and_then(version_number),
        event_type: event.as_str().and_then(EventType::from_word),
        provider_id: text(provider),
        pay_period,
        start_at: start.as_str().and_then(parse_time),
        end_at: end.as_str().and_then(parse_time),
    })
}

/// `code`, where it is a municipality code: four digits.
#[must_use]
pub fn municipality_code(code: &str) -> Option<String> {
    MunicipalityCode::new(code).municipality().ok().map(str::to_owned)
}

/// Reads the hold of an alert. `None` where the record is no JSON object, or its `alert_id`, `municipality`, `revision`
/// or the registration of its hold cannot be read.
#[must_use]
pub fn read_alert_hold(value: &[u8]) -> Option<AlertHold> {
    let [id, municipality, revision, hold] =
        &members(value, &["alert_id", "municipality", "revision", "hold"])?;
    Some(AlertHold {
        alert_id: text(id)?,
        municipality: text(municipality)?,
        revision: whole(revision).and_then(version_number)?,
        hold: if hold.is_null() { None } else { Some(payout_hold(hold)?) },
    })
}

fn payout_hold(hold: &Value) -> Option<PayoutHold> {
    let disputed = hold.get("disputed").and_then(Value::as_array);
    let spans = disputed.map(|spans| spans.iter().map(span).collect::<Option<Vec<Span>>>());
    let codes = hold.get("reason_codes").and_then(Value::as_array);
    Some(PayoutHold {
        hold_id: hold.get("hold_id").and_then(text).unwrap_or_default(),
        registration_id: hold.get("registration_id").and_then(text)?,
        state: hold.get("state").and_then(Value::as_str).and_then(HoldState::from_word),
        expires_at: hold.get("expires_at").and_then(Value::as_str).and_then(parse_time),
        seconds_in_question: hold.get("seconds_in_question").and_then(whole).filter(|seconds| 0 <= *seconds),
        disputed: spans.flatten().unwrap_or_default(),
        amount_ore: hold.get("amount_ore").and_then(whole).unwrap_or_default(),
        reason_codes: codes.into_iter().flatten().filter_map(text).collect(),
    })
}

fn span(value: &Value) -> Option<Span> {
    let time = |name| value.get(name).and_then(Value::as_str).and_then(parse_time);
    Span::new(time("from")?, time("to")?)
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// An integer by JSON Schema: `1.0` is one.
fn whole(value: &Value) -> Option<i64> {
    /// Beyond 2⁵³ neighbouring whole numbers are one.
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    let exact = |number: &f64| number.fract() == 0.0 && number.abs() <= EXACT_MAX;
    value.as_i64().or_else(|| value.as_f64().filter(exact).map(|number| number as i64))
}

fn version_number(number: i64) -> Option<u32> {
    u64::try_from(number).ok().filter(|number| (1..=VERSION_MAX).contains(number))?.try_into().ok()
}

/// The members of `bytes`, a JSON object, by `names`; `null` for one that is absent, the last of a name that is there
/// twice. Members of other names are skipped unread, however deep they are nested.
fn members<const N: usize>(bytes: &[u8], names: &[&str; N]) -> Option<[Value; N]> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let found = reader.deserialize_map(SelectedMembers(names)).ok()?;
    reader.end().ok()?;
    Some(found)
}

struct SelectedMembers<'n, const N: usize>(&'n [&'n str; N]);

impl<'de, const N: usize> Visitor<'de> for SelectedMembers<'_, N> {
    type Value = [Value; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<[Value; N], A::Error> {
        let mut found = [const { Value::Null }; N];
        while let Some(place) = fields.next_key_seed(SelectedMember(self.0))? {
            match place {
                Some(at) => found[at] = fields.next_value()?,
                None => drop(fields.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

/// Reads a name as its place in the list.
struct SelectedMember<'n>(&'n [&'n str]);

impl<'de> DeserializeSeed<'de> for SelectedMember<'_> {
    type Value = Option<usize>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Option<usize>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for SelectedMember<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Option<usize>, E> {
        Ok(self.0.iter().position(|wanted| *wanted == name))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail and say why")]

    use super::*;

    #[test]
    fn a_record_that_cannot_be_used_counts_with_its_version() {
        let claim = |text: &str| read_claim(text.as_bytes());
        let version = |text: &str| claim(text).unwrap().version;
        let end_before_start = r#"{"registration_id":"R-1","municipality":"0181","version":2,
            "start_at":"2026-03-02T08:00:00+01:00","end_at":"2026-03-02T07:00:00+01:00"}"#;
        assert_eq!(version(end_before_start), Some(2));
        assert_eq!(
            version(r#"{"registration_id":"R-1","version":2.0}"#),
            Some(2),
            "an integer by JSON Schema"
        );
        assert_eq!(version(r#"{"registration_id":"R-1","version":2147483648}"#), Some(1 << 31));
        for unreadable in ["\"two\"", "0", "-1", "2147483649", "1.5", "null", "[2]", "1e30"] {
            let text = format!(r#"{{"registration_id":"R-1","version":{unreadable}}}"#);
            assert_eq!(version(&text), None, "{unreadable}");
        }
        assert_eq!(version(r#"{"registration_id":"R-1"}"#), None);
        let deep = "[".repeat(30_000) + &"]".repeat(30_000);
        assert_eq!(version(&format!(r#"{{"registration_id":"R-1","version":1,"x":{deep}}}"#)), Some(1));
        for nobody in ["", "null", "[]", "{", r#"{"registration_id":7}"#, r#"{"version":1}"#, "{} {}"] {
            assert_eq!(claim(nobody), None, "{nobody}");
        }
        assert_eq!(claim(r#"{"registration_id":"R-1","municipality":"181"}"#).unwrap().municipality, None);
    }

    #[test]
    fn an_alert_of_which_a_part_is_not_known_keeps_its_hold() {
        let text = r#"{"alert_id":"a","municipality":"0181","revision":3,"state":"of-tomorrow","class":7,
            "hold":{"registration_id":"R-1","state":"suspended","seconds_in_question":-5,"expires_at":"soon",
            "disputed":[{"from":"2026-03-02T06:16:00Z"}]}}"#;
        let read = read_alert_hold(text.as_bytes()).unwrap();
        let hold = read.hold.unwrap();
        assert_eq!((read.revision, hold.registration_id.as_str()), (3, "R-1"));
        assert_eq!((hold.state, hold.expires_at, hold.seconds_in_question), (None, None, None));
        assert!(hold.disputed.is_empty());
        for unreadable in [
            r#"{"alert_id":"a","municipality":"0181","revision":0}"#,
            r#"{"alert_id":"a","municipality":"0181"}"#,
            r#"{"alert_id":"a","municipality":"0181","revision":1,"hold":[]}"#,
            r#"{"alert_id":"a","municipality":"0181","revision":1,"hold":{"state":"released"}}"#,
            r#"{"alert_id":"a","revision":1,"hold":null}"#,
        ] {
            assert_eq!(read_alert_hold(unreadable.as_bytes()), None, "{unreadable}");
        }
    }

    #[test]
    fn the_golden_alerts_are_read_as_the_service_reads_them() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let alerts = files.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("alert-"));
        let mut count = 0;
        for path in alerts {
            let bytes = std::fs::read(&path).unwrap();
            let (whole, read) =
                (super::super::parse_alert(&bytes).unwrap(), read_alert_hold(&bytes).unwrap());
            let hold = |state: Option<HoldState>, expires_at, seconds| (state, expires_at, seconds);
            let known = whole.alert.hold.as_ref();
            let known =
                known.map(|it| hold(Some(it.state), Some(it.expires_at), Some(it.seconds_in_question)));
            let found = read.hold.as_ref().map(|it| hold(it.state, it.expires_at, it.seconds_in_question));
            assert_eq!(found, known, "{}", path.display());
            assert_eq!((read.alert_id, read.revision), (whole.alert.alert_id, whole.revision));
            count += 1;
        }
        assert!(5 < count, "{count} golden alerts");
    }
}
