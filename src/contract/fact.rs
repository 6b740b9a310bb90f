//! The record of `tidvakt.reference.v1`: a fact with its validity.

use std::fmt;

use schemars::JsonSchema;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::fact_body::{Body, body};
use super::read::{Record, SchemaVersion, classify, empty, read};
use super::text::{Id, Text};
use super::time::Time;
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
    /// Municipality code (kommunkod), without `:` and `|`.
    #[serde(borrow)]
    municipality: Id<'a>,
    /// Stable id of the fact.
    #[serde(borrow)]
    fact_id: Id<'a>,
    /// What `body` says.
    r#type: Word<FactType>,
    /// First second that it holds.
    valid_from: Time,
    /// First second that it no longer holds; open-ended where absent.
    valid_to: Option<Time>,
    /// When it became known.
    recorded_at: Time,
    /// What it says, by `type`.
    body: B,
}

impl<B> Record for FactRecord<'_, B> {}

/// The fields of an object whose shape is known only when the rest of its record has been read.
#[derive(Clone, Debug)]
pub(super) struct Fields(Value);

impl Fields {
    /// The fields as a `T`.
    pub(super) fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Rejection> {
        T::deserialize(&self.0).map_err(|error| classify(&error, "body.*"))
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Map::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if fields.insert(name, value).is_some() {
                return Err(A::Error::custom("duplicate field `body.*`"));
            }
        }
        Ok(Fields(Value::Object(fields)))
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

/// Reads a fact, or the removal of one: an empty record under its key.
pub fn parse_fact(key: Option<&[u8]>, value: Option<&[u8]>) -> Result<FactChange, Rejection> {
    match value {
        None | Some([]) => removal(key.unwrap_or_default()),
        Some(value) => read::<FactRecord<'_, Fields>>(value, RECORD_BYTES_MAX)?.fact().map(FactChange::Put),
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
        municipality: Id::new(municipality).municipality()?.to_owned(),
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

/// When a fact holds; an empty span is taken, a reversed one is not.
pub(super) fn validity(from: Time, to: Option<Time>) -> Result<Validity, Rejection> {
    let (Time(from), to): (_, Option<UtcSecond>) = (from, to.map(|to| to.0));
    if to.is_some_and(|to| to < from) {
        return Err(Rejection::new(Reason::EndBeforeStart, "`valid_to` lies before `valid_from`"));
    }
    Ok(Validity { from, to })
}
