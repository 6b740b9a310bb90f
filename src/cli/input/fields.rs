//! The fields of a record, as its published schema lists them: what a column may be called, and what a
//! cell becomes.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::contract;

/// What the records of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordKind {
    /// Registrations.
    Registration,
    /// Reference facts.
    Fact,
    /// Reviewers' decisions.
    Decision,
    /// Labels of planted registrations.
    Label,
}

impl RecordKind {
    /// How people call several of them.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Registration => "registrations",
            Self::Fact => "reference facts",
            Self::Decision => "decisions",
            Self::Label => "labels",
        }
    }

    /// The published schema; labels have none.
    fn schema(self) -> Option<Value> {
        let wanted = match self {
            Self::Registration => "registration.schema.json",
            Self::Fact => "reference-fact.schema.json",
            Self::Decision => "decision.schema.json",
            Self::Label => return None,
        };
        contract::schemas().into_iter().find(|(name, _)| *name == wanted).map(|(_, schema)| schema)
    }
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueKind {
    Text,
    /// An id or a reference.
    Id,
    Number,
    /// `true` or `false`.
    Switch,
    Time,
    /// An object or an array.
    Nested,
}

/// The fields of a kind of record, by their dotted names; those within an array have `[]` after its name.
#[derive(Clone, Debug, Default)]
pub(super) struct FieldSet {
    kinds: BTreeMap<String, ValueKind>,
    required: Vec<String>,
}

impl FieldSet {
    pub(super) fn of(record: RecordKind) -> Self {
        let mut fields = Self::default();
        let Some(schema) = record.schema() else { return fields };
        let root = SchemaNode { root: &schema };
        fields.gather(root, &schema, "");
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        fields.required = required.map(str::to_owned).collect();
        fields
    }

    pub(super) fn kind(&self, name: &str) -> Option<ValueKind> {
        self.kinds.get(name).copied()
    }

    /// The fields that every record has to have.
    pub(super) fn required(&self) -> impl Iterator<Item = &str> {
        self.required.iter().map(String::as_str)
    }

    /// The field whose UTC offset is called `name`: `start_at.offset`.
    pub(super) fn offset_of<'a>(&self, name: &'a str) -> Option<&'a str> {
        name.strip_suffix(".offset").filter(|field| self.kind(field) == Some(ValueKind::Time))
    }

    /// May a column stand for `name`?
    pub(super) fn is_column(&self, name: &str) -> bool {
        !name.contains('[') && (self.kinds.contains_key(name) || self.offset_of(name).is_some())
    }

    fn gather(&mut self, root: SchemaNode<'_>, schema: &Value, path: &str) {
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            let name = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let inner = root.resolved(inner);
            self.kinds.insert(name.clone(), kind(&name, inner));
            self.gather(root, inner, &name);
            let item = root.resolved(&inner["items"]);
            self.gather(root, item, &format!("{name}[]"));
        }
        // What a fact's body holds depends on its type.
        for branch in schema["allOf"].as_array().into_iter().flatten() {
            self.gather(root, &branch["then"], path);
        }
    }
}

/// A schema within which references are resolved.
#[derive(Clone, Copy)]
struct SchemaNode<'a> {
    root: &'a Value,
}

impl<'a> SchemaNode<'a> {
    /// What `schema` stands for where it is not `null`.
    fn resolved(self, schema: &'a Value) -> &'a Value {
        let choices = schema["anyOf"].as_array().into_iter().flatten();
        let schema = choices.into_iter().find(|choice| choice["type"] != "null").unwrap_or(schema);
        let target = schema["$ref"].as_str().and_then(|name| name.strip_prefix('#'));
        target.and_then(|name| self.root.pointer(name)).unwrap_or(schema)
    }
}

fn kind(name: &str, schema: &Value) -> ValueKind {
    let types = |wanted: &str| match &schema["type"] {
        Value::Array(types) => types.iter().any(|known| known == wanted),
        known => known == wanted,
    };
    if types("integer") || types("number") {
        ValueKind::Number
    } else if types("boolean") {
        ValueKind::Switch
    } else if types("object") || types("array") {
        ValueKind::Nested
    } else if schema["format"] == "date-time" {
        ValueKind::Time
    } else if name.ends_with("_id") || name.ends_with("_ref") {
        ValueKind::Id
    } else {
        ValueKind::Text
    }
}

/// The kind of record that an object with these fields seems to be.
pub(in crate::cli) fn seems(object: &Map<String, Value>) -> Option<Seems> {
    let has = |name| object.contains_key(name);
    Some(if has("decision_id") {
        Seems::Record(RecordKind::Decision)
    } else if has("fact_id") || has("body") {
        Seems::Record(RecordKind::Fact)
    } else if has("alert_id") {
        Seems::Alert
    } else if has("pattern") && has("actor") {
        Seems::Record(RecordKind::Label)
    } else if has("score") && has("assessed_at") {
        Seems::Assessment
    } else if has("registration_id") || has("carer_ref") {
        Seems::Record(RecordKind::Registration)
    } else {
        return None;
    })
}

/// What an object seems to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::cli) enum Seems {
    /// A record that is read somewhere.
    Record(RecordKind),
    /// An alert.
    Alert,
    /// A line of `--assessments`.
    Assessment,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_those_of_the_published_schemas() {
        let registration = FieldSet::of(RecordKind::Registration);
        for (name, kind) in [
            ("schema_version", ValueKind::Number),
            ("version", ValueKind::Number),
            ("municipality", ValueKind::Text),
            ("carer_ref", ValueKind::Id),
            ("start_at", ValueKind::Time),
            ("end_at", ValueKind::Time),
            ("start_capture", ValueKind::Nested),
            ("start_capture.method", ValueKind::Text),
            ("start_capture.device_ref", ValueKind::Id),
            ("end_capture.geo.accuracy_m", ValueKind::Number),
            ("start_capture.recorded_at", ValueKind::Time),
            ("tasks", ValueKind::Nested),
            ("tasks[].minutes", ValueKind::Number),
            ("edits[].at", ValueKind::Time),
            ("trainee", ValueKind::Switch),
            ("payment.billable_seconds", ValueKind::Number),
            ("payment.pay_period", ValueKind::Text),
        ] {
            assert_eq!(registration.kind(name), Some(kind), "{name}");
        }
        assert_eq!(registration.kind("kommentar"), None);
        assert!(registration.is_column("start_at.offset") && !registration.is_column("edits[].at"));
        assert!(!registration.is_column("version.offset"));
        assert!(registration.required().any(|name| name == "client_ref"));
        let fact = FieldSet::of(RecordKind::Fact);
        for (name, kind) in [
            ("body.lat", ValueKind::Number),
            ("body.task_codes", ValueKind::Nested),
            ("body.ore_per_hour", ValueKind::Number),
            ("body.household_ref", ValueKind::Id),
            ("body.locks_at", ValueKind::Time),
        ] {
            assert_eq!(fact.kind(name), Some(kind), "{name}");
        }
        assert_eq!(FieldSet::of(RecordKind::Decision).kind("exception.body.carer_ref"), Some(ValueKind::Id));
    }
}
