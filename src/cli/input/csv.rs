//! Rows of CSV as the records they stand for.

use std::collections::BTreeSet;

use ::csv::{ByteRecord, ReaderBuilder};
use serde_json::{Map, Value};

/// Fields that are numbers, by their dotted names; of registrations, facts and decisions.
const NUMBERS: [&str; 16] = [
    "schema_version",
    "version",
    "required_staff",
    "payment.billable_seconds",
    "start_capture.geo.lat",
    "start_capture.geo.lon",
    "start_capture.geo.accuracy_m",
    "end_capture.geo.lat",
    "end_capture.geo.lon",
    "end_capture.geo.accuracy_m",
    "body.lat",
    "body.lon",
    "body.granted_minutes",
    "body.required_staff",
    "body.ore_per_hour",
    "body.paid_staff_hours",
];
/// Fields that are `true` or `false`.
const SWITCHES: [&str; 2] = ["trainee", "billable"];
/// Fields whose cell is JSON.
const NESTED: [&str; 6] =
    ["tasks", "edits", "partner_registration_ids", "body.task_codes", "exception", "payment"];

/// How a cell becomes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Switch,
    Nested,
}

impl Kind {
    fn of(field: &str) -> Self {
        if NUMBERS.contains(&field) {
            Self::Number
        } else if SWITCHES.contains(&field) {
            Self::Switch
        } else if NESTED.contains(&field) {
            Self::Nested
        } else {
            Self::Text
        }
    }

    /// The value of a cell. One that is not of its kind stays text: the contract says what is wrong
    /// with it.
    fn value(self, cell: &str) -> Value {
        let typed = match self {
            Self::Text => None,
            Self::Number => serde_json::from_str(cell.trim()).ok().filter(Value::is_number),
            Self::Switch => cell.trim().to_ascii_lowercase().parse().ok().map(Value::Bool),
            Self::Nested => {
                serde_json::from_str(cell).ok().filter(|value: &Value| value.is_array() || value.is_object())
            }
        };
        typed.unwrap_or_else(|| Value::String(cell.to_owned()))
    }
}

/// What the columns of a file mean.
#[derive(Debug, Default)]
pub(super) struct Columns {
    delimiter: u8,
    fields: Vec<(Vec<String>, Kind)>,
}

impl Columns {
    /// Reads the header; `;` and tab part cells as well as `,`, since spreadsheets set to Swedish
    /// write them.
    pub(super) fn from_header(header: &[u8]) -> Result<Self, String> {
        let count = |delimiter: u8| header.iter().filter(|byte| **byte == delimiter).count();
        let mut delimiter = b',';
        for other in [b';', b'\t'] {
            if count(delimiter) < count(other) {
                delimiter = other;
            }
        }
        let record = cells(header, delimiter).ok_or("can't be read as CSV")?;
        let mut seen = BTreeSet::new();
        let mut fields = Vec::new();
        for cell in &record {
            let name = std::str::from_utf8(cell).map_err(|_| "is not UTF-8".to_owned())?.trim();
            if name.is_empty() || name.split('.').any(str::is_empty) {
                return Err(format!("has a column called `{name}`, expected a field's dotted name"));
            }
            if !seen.insert(name.to_owned()) {
                return Err(format!("has the column `{name}` twice"));
            }
            fields.push((name.split('.').map(str::to_owned).collect(), Kind::of(name)));
        }
        for name in &seen {
            let below = format!("{name}.");
            if let Some(inner) = seen.iter().find(|other| other.starts_with(&below)) {
                return Err(format!("has both the column `{name}` and the column `{inner}` inside it"));
            }
        }
        Ok(Self { delimiter, fields })
    }

    /// Writes the record that `row` stands for; empty cells are absent fields. A row that does not
    /// fit the header is written as it is: it is no JSON and the contract says so.
    pub(super) fn write(&self, row: &[u8], out: &mut Vec<u8>) {
        out.clear();
        let fits = cells(row, self.delimiter).filter(|record| record.len() == self.fields.len());
        let written = fits.and_then(|record| {
            let mut object = Map::new();
            for ((path, kind), cell) in self.fields.iter().zip(&record) {
                if !cell.is_empty() {
                    place(&mut object, path, kind.value(std::str::from_utf8(cell).ok()?));
                }
            }
            serde_json::to_writer(&mut *out, &object).ok()
        });
        if written.is_none() {
            out.clear();
            out.extend_from_slice(row);
        }
    }
}

/// The cells of one row.
fn cells(row: &[u8], delimiter: u8) -> Option<ByteRecord> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .buffer_capacity(row.len().clamp(64, 8_192))
        .from_reader(row);
    let mut record = ByteRecord::new();
    reader.read_byte_record(&mut record).ok()?.then_some(record)
}

/// Puts `value` where `path` leads, making the objects on the way.
fn place(object: &mut Map<String, Value>, path: &[String], value: Value) {
    match path {
        [] => {}
        [name] => {
            object.insert(name.clone(), value);
        }
        [name, rest @ ..] => {
            let inner = object.entry(name.clone()).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                place(inner, rest, value);
            }
        }
    }
}
