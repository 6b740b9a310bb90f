//! An object whose type is known only later.

use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::read::classify;
use crate::domain::Rejection;

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
