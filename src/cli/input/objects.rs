//! JSON Lines of somebody's own, or with times without an offset, as the records they stand for.

use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map as Object, Value};

use super::Refusal;
use super::cells::{CellFormat, CellValue, scalar};
use super::fields::{FieldSet, ValueKind};
use super::map::ColumnMap;

/// How the objects of a file become records.
#[derive(Debug)]
pub(super) struct Objects {
    pub(super) fields: FieldSet,
    pub(super) map: ColumnMap,
}

impl Objects {
    /// Writes the record that `line` stands for. What is no object is written as it is: the contract says so.
    pub(super) fn write(
        &self,
        line: &[u8],
        reading: CellFormat<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        out.clear();
        let object = serde_json::from_slice(line).map(|Unique(value)| value);
        let mut object = match object {
            Ok(Value::Object(object)) => object,
            Err(error) if error.is_data() => {
                return Err(Refusal::new("duplicate-field", "a name stands twice in one object"));
            }
            _ => {
                out.extend_from_slice(line);
                return Ok(());
            }
        };
        let mut offsets = self.rename(&mut object);
        for (field, words) in &self.map.words {
            if let Some(value) = inner_mut(&mut object, field)
                && let Some(word) = text_of(value).and_then(|text| words.get(text.trim()))
            {
                *value = Value::from(word.as_str());
            }
            let offset = offsets.iter_mut().find(|(name, _)| name == field);
            if let Some((_, text)) = offset
                && let Some(word) = words.get(text.trim())
            {
                text.clone_from(word);
            }
        }
        for (field, constant) in &self.map.constants {
            if inner(&object, field).is_none_or(Value::is_null) {
                place(&mut object, field, constant.clone());
            }
        }
        self.convert(&mut object, "", &offsets, reading)?;
        serde_json::to_writer(out, &object).expect("a vector takes every byte");
        Ok(())
    }

    /// Puts values where the map says; answers with the offsets of times, by `start_at.offset`.
    fn rename(&self, object: &mut Object<String, Value>) -> Vec<(String, String)> {
        let mut offsets = Vec::new();
        let mut placed = Vec::new();
        let join = |columns: &Vec<String>| {
            let texts = columns.iter().filter_map(|column| inner(object, column).and_then(text_of));
            texts.collect::<Vec<_>>().join(" ")
        };
        let joined: Vec<_> = self.map.joined.iter().map(|(field, columns)| (field, join(columns))).collect();
        for (column, fields) in &self.map.columns {
            let Some(value) = take(object, column).filter(|value| !value.is_null()) else { continue };
            placed.extend(fields.iter().map(|field| (field, value.clone())));
        }
        placed.extend(
            joined.into_iter().filter(|(_, text)| !text.is_empty()).map(|(field, text)| (field, text.into())),
        );
        for (field, value) in placed {
            match (self.fields.offset_of(field), text_of(&value)) {
                (Some(_), Some(text)) => offsets.push((field.clone(), text)),
                (Some(_), None) => {}
                (None, _) => place(object, field, value),
            }
        }
        offsets
    }

    /// Reads texts as what their fields hold.
    fn convert(
        &self,
        object: &mut Object<String, Value>,
        path: &str,
        offsets: &[(String, String)],
        reading: CellFormat<'_>,
    ) -> Result<(), Refusal> {
        for (name, value) in object {
            let name = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let Some(kind) = self.fields.kind(&name) else { continue };
            match value {
                Value::Object(inner) => self.convert(inner, &name, offsets, reading)?,
                Value::Array(items) => {
                    for item in items.iter_mut().filter_map(Value::as_object_mut) {
                        self.convert(item, &format!("{name}[]"), offsets, reading)?;
                    }
                }
                Value::String(text) if kind == ValueKind::Time || self.map.is_given => {
                    let offset =
                        offsets.iter().find(|(of, _)| of.strip_suffix(".offset") == Some(name.as_str()));
                    let offset = offset.map(|(_, text)| text.as_str()).filter(|text| !text.trim().is_empty());
                    *value = match scalar(&name, kind, text, offset, reading)? {
                        CellValue::Text(text) => Value::from(text),
                        CellValue::Json(json) => serde_json::from_str(&json).unwrap_or(Value::Null),
                    };
                }
                // Ids that are numbers in somebody's own export.
                Value::Number(number)
                    if self.map.is_given && matches!(kind, ValueKind::Id | ValueKind::Text) =>
                {
                    *value = Value::from(number.to_string());
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// JSON in which no object has a name twice.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E: Error>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }

            fn visit_bool<E: Error>(self, switch: bool) -> Result<Value, E> {
                Ok(switch.into())
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
                Ok(number.into())
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
                Ok(number.into())
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
                Ok(number.into())
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
                Ok(text.into())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
                let mut array = Vec::new();
                while let Some(Unique(item)) = items.next_element()? {
                    array.push(item);
                }
                Ok(array.into())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
                let mut object = Object::new();
                while let Some((name, Unique(value))) = fields.next_entry::<String, Unique>()? {
                    if object.insert(name, value).is_some() {
                        return Err(A::Error::custom("twice"));
                    }
                }
                Ok(object.into())
            }
        }

        deserializer.deserialize_any(Any).map(Self)
    }
}

/// What a value that is neither an object nor an array says.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

fn inner<'a>(object: &'a Object<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(value) = object.get(path) {
        return Some(value);
    }
    let (name, rest) = path.split_once('.')?;
    inner(object.get(name)?.as_object()?, rest)
}

fn inner_mut<'a>(object: &'a mut Object<String, Value>, path: &str) -> Option<&'a mut Value> {
    match path.split_once('.') {
        Some((name, rest)) if !object.contains_key(path) => {
            inner_mut(object.get_mut(name)?.as_object_mut()?, rest)
        }
        _ => object.get_mut(path),
    }
}

fn take(object: &mut Object<String, Value>, path: &str) -> Option<Value> {
    match path.split_once('.') {
        Some((name, rest)) if !object.contains_key(path) => {
            take(object.get_mut(name)?.as_object_mut()?, rest)
        }
        _ => object.remove(path),
    }
}

/// Puts `value` where `path` leads, making the objects on the way.
fn place(object: &mut Object<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => drop(object.insert(path.to_owned(), value)),
        Some((name, rest)) => {
            let inner = object.entry(name).or_insert_with(|| Value::Object(Object::new()));
            if !inner.is_object() {
                *inner = Value::Object(Object::new());
            }
            if let Value::Object(inner) = inner {
                place(inner, rest, value);
            }
        }
    }
}
