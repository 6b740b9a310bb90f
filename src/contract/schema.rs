//! JSON Schemas (draft 2020-12) of all records, made from the types that read and write them.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::alert::AlertRecord;
use super::assessment::AssessmentRecord;
use super::audit::AuditRecord;
use super::body;
use super::decision::DecisionRecord;
use super::fact::FactRecord;
use super::progress::{CLEARANCE, MunicipalityRecord, PartitionRecord};
use super::registration::RegistrationRecord;
use super::words::{ProgressKind, Words};

/// Each record's schema, with the name of its file. All are open: fields may be added.
#[must_use]
pub fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("registration.schema.json", input::<RegistrationRecord<'_>>()),
        ("reference-fact.schema.json", fact().to_value()),
        ("decision.schema.json", input::<DecisionRecord<'_>>()),
        ("alert.schema.json", output::<AlertRecord<'_>>()),
        ("progress.schema.json", progress()),
        ("assessment.schema.json", output::<AssessmentRecord<'_>>()),
        ("audit.schema.json", output::<AuditRecord<'_>>()),
    ]
}

/// The schema for reading: a field with a default may be absent.
fn input<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value()
}

/// The schema for writing: only a field that can be left out may be absent.
fn output<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>().to_value()
}

/// One of two records, distinguished by `kind`.
fn progress() -> Value {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let of = |kind: ProgressKind, mut schema: Schema| {
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert("kind".to_owned(), json!({"type": "string", "const": kind.word()}));
        }
        schema
    };
    let municipality = MunicipalityRecord::json_schema(&mut generator);
    let partition = PartitionRecord::json_schema(&mut generator);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "progress",
        "description": format!("How far a municipality is assessed, or what of a partition is not.\n\n{CLEARANCE}"),
        "oneOf": [of(ProgressKind::Municipality, municipality), of(ProgressKind::Partition, partition)],
    })
}

/// A fact's body depends on its type.
fn fact() -> Schema {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let bodies: Vec<Value> = body::schemas(&mut generator)
        .into_iter()
        .map(|(kind, body)| {
            json!({
                "if": {"properties": {"type": {"const": kind.word()}}},
                "then": {"properties": {"body": body}},
            })
        })
        .collect();
    let mut schema = generator.into_root_schema_for::<FactRecord<'_, Map<String, Value>>>();
    schema.insert("allOf".to_owned(), Value::Array(bodies));
    schema
}
