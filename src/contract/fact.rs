//! The record of `tidvakt.reference.v1`: a fact with its validity.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fact_body::{Body, body};
use super::fields::Fields;
use super::read::{SchemaVersion, empty, read};
use super::text::{Id, MunicipalityCode, Text};
use super::time::{Time, check_not_ahead};
use super::words::{FactType, Word};
use super::{RECORD_BYTES_MAX, append};
use crate::domain::{Fact, FactChange, Reason, Rejection, UtcSecond, Validity};

/// Something known beside the registrations, valid for a time and recorded at a time.
///
/// Key: municipality code, `|`, fact id. A fact with the same id and a later `recorded_at` replaces
/// the earlier one; an empty record (tombstone) removes it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "B: Deserialize<'de>"))]
#[schemars(title = "reference fact", rename = "ReferenceFact")]
pub(super) struct FactRecord<'a, B> {
    /// Version of this shape.
    schema_version: SchemaVersion,
    /// Municipality code (kommunkod), four digits.
    #[serde(borrow)]
    #[schemars(regex(pattern = "^[0-9]{4}$"))]
    municipality: MunicipalityCode<'a>,
    /// Stable id of the fact.
    #[serde(borrow)]
    fact_id: Id<'a>,
    /// Type of `body`.
    r#type: Word<FactType>,
    /// First second at which it is valid.
    valid_from: Time,
    /// First second at which it is no longer valid; open-ended where absent.
    valid_to: Option<Time>,
    /// When it became known.
    recorded_at: Time,
    /// Content, by `type`.
    body: B,
}

/// Reads a fact, or the removal of one: an empty record under its key. `appended_at` is the append time of the record,
/// where it has one.
///
/// # Errors
/// Where the record cannot be used, with the reason.
pub fn parse_fact(
    key: Option<&[u8]>,
    value: Option<&[u8]>,
    appended_at: Option<UtcSecond>,
) -> Result<FactChange, Rejection> {
    match value {
        None | Some([]) => removal(key.unwrap_or_default()),
        Some(value) => {
            let fact = read::<FactRecord<'_, Fields>>(value, RECORD_BYTES_MAX)?.fact()?;
            check_not_ahead("recorded_at", fact.recorded_at, appended_at)?;
            Ok(FactChange::Put(fact))
        }
    }
}

fn removal(key: &[u8]) -> Result<FactChange, Rejection> {
    if key.is_empty() {
        return Err(empty());
    }
    let (municipality, fact_id) = std::str::from_utf8(key)
        .ok()
        .and_then(|key| key.split_once('|'))
        .ok_or_else(|| Rejection::new(Reason::BadId, "the key is not `<municipality>|<fact_id>`"))?;
    Ok(FactChange::Remove {
        municipality: MunicipalityCode::new(municipality).municipality()?.to_owned(),
        fact_id: Id::new(fact_id).id("fact_id")?.to_owned(),
    })
}

/// Appends the record of `fact` to `out`.
pub fn write_fact(fact: &Fact, out: &mut Vec<u8>) {
    let body = Body::of(&fact.body);
    let record = FactRecord {
        schema_version: SchemaVersion,
        municipality: Text::new(&fact.municipality),
        fact_id: Text::new(&fact.fact_id),
        r#type: Word(body.kind()),
        valid_from: Time(fact.valid.from),
        valid_to: Time::option(fact.valid.to),
        recorded_at: Time(fact.recorded_at),
        body,
    };
    append(&record, out);
}

impl FactRecord<'_, Fields> {
    fn fact(self) -> Result<Fact, Rejection> {
        Ok(Fact {
            municipality: self.municipality.municipality()?.to_owned(),
            fact_id: self.fact_id.id("fact_id")?.to_owned(),
            valid: validity(self.valid_from, self.valid_to)?,
            recorded_at: self.recorded_at.0,
            body: body(self.r#type.0, &self.body)?,
        })
    }
}

/// When a fact is valid; an empty span is accepted, a reversed one is not.
pub(super) fn validity(from: Time, to: Option<Time>) -> Result<Validity, Rejection> {
    let (Time(from), to): (_, Option<UtcSecond>) = (from, to.map(|to| to.0));
    if to.is_some_and(|to| to < from) {
        return Err(Rejection::new(Reason::EndBeforeStart, "`valid_to` lies before `valid_from`"));
    }
    Ok(Validity { from, to })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail and say why")]

    use super::*;

    #[test]
    fn facts_are_put_removed_and_refused() {
        let fact = r#"{"schema_version":1,"municipality":"0181","fact_id":"f","type":"tag",
            "valid_from":"1970-01-01T00:00:00Z","recorded_at":"2026-01-01T00:00:00Z",
            "body":{"tag_ref":"t","client_ref":"c"}}"#;
        let put = |from: &str, to: &str| {
            assert!(fact.contains(from));
            parse_fact(None, Some(fact.replacen(from, to, 1).as_bytes()), None)
        };
        assert!(matches!(put("tag", "tag"), Ok(FactChange::Put(_))));
        for (from, to, reason) in [
            ("tag", "tags", Reason::UnknownValue),
            (r#""tag_ref":"t","#, "", Reason::MissingField),
            (r#""tag_ref":"t","#, r#""tag_ref":"t","tag_ref":"t","#, Reason::DuplicateField),
            (r#""t""#, "8112189876", Reason::BadField),
            (r#""t""#, r#""8112189876""#, Reason::PersonalId),
            (r#"{"tag_ref":"t","client_ref":"c"}"#, r#"["t","c"]"#, Reason::BadField),
            (r#""type":"tag","#, "", Reason::MissingField),
            (r#""recorded_at""#, r#""valid_to":"1969-12-31T23:00:00-05:00","recorded_at""#, Reason::BadTime),
            (
                r#""recorded_at""#,
                r#""valid_to":"1970-01-01T00:00:00+05:00","recorded_at""#,
                Reason::EndBeforeStart,
            ),
            ("0181", "a|b", Reason::BadMunicipality),
            ("0181", "181", Reason::BadMunicipality),
        ] {
            let rejection = put(from, to).unwrap_err();
            assert_eq!(rejection.reason, reason, "{rejection}");
            assert!(!rejection.detail.contains("9876"));
        }
        let removed = FactChange::Remove { municipality: "0181".into(), fact_id: "a|b".into() };
        assert_eq!(parse_fact(Some(b"0181|a|b"), None, None), Ok(removed.clone()));
        assert_eq!(parse_fact(Some(b"0181|a|b"), Some(b""), None), Ok(removed));
        for (key, reason) in [
            (None, Reason::Empty),
            (Some(&b"0181"[..]), Reason::BadId),
            (Some(b"|f"), Reason::BadMunicipality),
            (Some(b"181|f"), Reason::BadMunicipality),
            (Some(b"0181|"), Reason::BadId),
            (Some(b"0181|198112189876"), Reason::PersonalId),
            (Some(b"\xff|f"), Reason::BadId),
        ] {
            assert_eq!(parse_fact(key, None, None).unwrap_err().reason, reason);
        }
        assert_eq!(parse_fact(Some(b"0181|f"), Some(b" "), None).unwrap_err().reason, Reason::Empty);
    }

    #[test]
    fn a_fact_from_the_future_is_refused_and_five_minutes_are_a_clock() {
        let fact = br#"{"schema_version":1,"municipality":"0181","fact_id":"f","type":"tag",
            "valid_from":"2030-01-01T00:00:00Z","recorded_at":"2026-01-01T00:05:00Z",
            "body":{"tag_ref":"t","client_ref":"c"}}"#;
        let recorded_at: jiff::Timestamp = "2026-01-01T00:05:00Z".parse().unwrap();
        let appended = |before: i64| Some(UtcSecond(recorded_at.as_second() - before));
        for accepted in [appended(300), appended(0), appended(-86_400), None] {
            assert!(parse_fact(None, Some(fact), accepted).is_ok(), "{accepted:?}");
        }
        let refused = parse_fact(None, Some(fact), appended(301)).unwrap_err();
        assert_eq!(refused.reason, Reason::Future);
        assert!(refused.detail.starts_with("`recorded_at` lies 301 s after"), "{refused}");
    }

    #[test]
    fn a_missing_field_of_a_body_is_named() {
        let fact = br#"{"schema_version":1,"municipality":"0181","fact_id":"f","type":"tariff",
            "valid_from":"1970-01-01T00:00:00Z","recorded_at":"2026-01-01T00:00:00Z","body":{"tariff_code":"D1"}}"#;
        assert_eq!(parse_fact(None, Some(fact), None).unwrap_err().detail, "`body.ore_per_hour` is missing");
    }
}
