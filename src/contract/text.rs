//! Parts of records: borrowed texts, lists with a limit, objects that are not read by position, and numbers
//! that read back as they were written.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::tagged;
use super::scalar::{Written, written};
use crate::domain::{Reason, Value, round_significant};

/// A text borrowed from the record, or owned where the record writes it with escapes. `MIN` and
/// `MAX` are lengths in characters: the schema states them, `checks` enforces them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text<'a, const MIN: usize, const MAX: usize>(pub Cow<'a, str>);

/// An id.
pub(super) type Id<'a> = Text<'a, 1, 128>;
/// A municipality code.
pub(super) type MunicipalityCode<'a> = Text<'a, 4, 4>;
/// The id of an alert, which is put together from other ids.
pub(super) type AlertId<'a> = Text<'a, 1, 512>;
/// A code or a name.
pub(super) type Short<'a> = Text<'a, 0, 256>;
/// A value that was edited, or a reason in a person's words.
pub(super) type Long<'a> = Text<'a, 0, 2_000>;
/// A text that the program itself has written.
pub(super) type Plain<'a> = Text<'a, 0, { usize::MAX }>;

impl<'a, const MIN: usize, const MAX: usize> Text<'a, MIN, MAX> {
    /// A text for writing.
    pub(super) const fn new(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// The text by itself.
    pub(super) fn into_owned(self) -> String {
        self.0.into_owned()
    }

    /// An optional text for writing.
    pub(super) fn option(text: Option<&'a str>) -> Option<Self> {
        text.map(Self::new)
    }
}

impl<const MIN: usize, const MAX: usize> Serialize for Text<'_, MIN, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de: 'a, 'a, const MIN: usize, const MAX: usize> Written<'de> for Text<'a, MIN, MAX> {
    const EXPECTED: &'static str = "a string";

    #[inline]
    fn from_text<E: Error>(text: Cow<'de, str>) -> Result<Self, E> {
        Ok(Self(text))
    }
}

impl<'de: 'a, 'a, const MIN: usize, const MAX: usize> Deserialize<'de> for Text<'a, MIN, MAX> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        written(deserializer)
    }
}

impl<const MIN: usize, const MAX: usize> JsonSchema for Text<'_, MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn schema_id() -> Cow<'static, str> {
        format!("Text{MIN}to{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = json_schema!({"type": "string"});
        if MIN > 0 {
            schema.insert("minLength".into(), MIN.into());
        }
        if MAX < usize::MAX {
            schema.insert("maxLength".into(), MAX.into());
        }
        schema
    }
}

/// Tasks, edits, partners and codes of one record: a visit with more is a broken source.
pub(super) const ITEMS_MAX: usize = 64;

/// A list of at most [`ITEMS_MAX`] items.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct List<T>(pub Vec<T>);

impl<T: Serialize> Serialize for List<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            if list.len() == ITEMS_MAX {
                return Err(tagged(Reason::TooMany, format_args!("at most {ITEMS_MAX} items are read")));
            }
            list.push(item);
        }
        Ok(List(list))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for List<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("ListOf{}", T::schema_name()).into()
    }

    fn schema_id() -> Cow<'static, str> {
        format!("ListOf{}", T::schema_id()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "array", "items": generator.subschema_for::<T>(), "maxItems": ITEMS_MAX})
    }
}

/// A struct that is read from an object only: derived code would also take an array by position.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Object<T>(pub T);

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

impl<T: Serialize> Serialize for Object<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<T: JsonSchema> JsonSchema for Object<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A list of texts that the program itself has written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(super) struct JsonTexts<'a>(pub Cow<'a, [String]>);

/// Significant digits of a real number on the output topics. The reader's fast conversion may be
/// wrong in the 16th digit; rounding both ways to fewer gives back exactly what was written.
const REAL_DIGITS: usize = 12;

/// A real number of an output record; infinities and NaN become 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Real(pub f64);

impl Real {
    fn rounded(self) -> f64 {
        // Up to six decimals is what almost every value has, and needs no detour over text.
        let short = (self.0 * 1e6).round() / 1e6;
        if short == self.0 && short.abs() < 1e6 { short } else { round_significant(self.0, REAL_DIGITS) }
    }
}

impl Serialize for Real {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.rounded())
    }
}

impl<'de> Deserialize<'de> for Real {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::deserialize(deserializer).map(|value| Self(Self(value).rounded()))
    }
}

impl JsonSchema for Real {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Real".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "number"})
    }
}

/// Evidence: an object of names with a number or a word each, in the order given.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measures<'a>(pub Cow<'a, [(String, Value)]>);

struct Evidence<V>(V);

impl Serialize for Evidence<&Value> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Whole(number) => serializer.serialize_i64(*number),
            Value::Real(number) => Real(*number).serialize(serializer),
            Value::Text(text) => serializer.serialize_str(text),
        }
    }
}

struct EvidenceVisitor;

impl Visitor<'_> for EvidenceVisitor {
    type Value = Evidence<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a string")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Evidence(Value::Whole(number)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        i64::try_from(number)
            .map(|number| Evidence(Value::Whole(number)))
            .map_err(|_| E::custom("expected a number below 2^63"))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Evidence(Value::Real(Real(number).rounded())))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Evidence(Value::Text(text.to_owned())))
    }
}

impl<'de> Deserialize<'de> for Evidence<Value> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EvidenceVisitor)
    }
}

impl Serialize for Measures<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, Evidence(value))))
    }
}

struct MeasuresVisitor;

impl<'de> Visitor<'de> for MeasuresVisitor {
    type Value = Measures<'static>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of numbers and strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut measures = Vec::new();
        while let Some((name, Evidence(value))) = map.next_entry::<String, Evidence<Value>>()? {
            measures.push((name, value));
        }
        Ok(Measures(Cow::Owned(measures)))
    }
}

impl<'de> Deserialize<'de> for Measures<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MeasuresVisitor)
    }
}

impl JsonSchema for Measures<'_> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Measures".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "object", "additionalProperties": {"type": ["number", "string"]}})
    }
}
