//! Own exports: how their columns and words are called in the contract.
//!
//! A map is a TOML file:
//!
//! ```toml
//! record = "registration"          # or "reference-fact", "decision"; "registration" where absent
//! files = ["visits.csv"]           # only files of these names; all of its record where absent
//!
//! [columns]                        # the export's column = the contract's field
//! Brukare = "client_ref"
//! Personal = "carer_ref"
//! Registrering = ["start_capture.method", "end_capture.method"]
//! Sommartid = "start_at.offset"    # which of two it is in the hour that comes twice
//!
//! [joined]                         # a field = columns, put together with a space
//! start_at = ["Datum", "Start"]
//!
//! [words.start_capture.method]     # the export's word = the contract's, by field
//! "NFC" = "nfc_tag"
//! "Manuell" = "manual_office"
//!
//! [constants]                      # fields that a row lacks
//! municipality = "0181"
//! provider_id = "P-1"
//! ```
//!
//! Columns of JSON Lines are names of fields, those of an object within the record joined by dots. Columns that are
//! called as a field of the contract need no entry. `schema_version` is 1 where neither a column nor a constant says
//! so: a map is written for the contract as it is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use toml::Value as Toml;

use super::fields::{FieldSet, RecordKind};
use crate::cli::exit::{Exit, Failure};
use crate::config;

/// A map is written by hand.
const MAP_BYTES_MAX: u64 = 1 << 20;

/// One map.
#[derive(Clone, Debug)]
pub(super) struct ColumnMap {
    record: RecordKind,
    files: Vec<String>,
    /// Fields by column.
    pub(super) columns: BTreeMap<String, Vec<String>>,
    /// Columns by field.
    pub(super) joined: BTreeMap<String, Vec<String>>,
    /// By field: the contract's word by the export's.
    pub(super) words: BTreeMap<String, BTreeMap<String, String>>,
    /// By field.
    pub(super) constants: BTreeMap<String, Value>,
    /// It was given, and is not the one that changes nothing.
    pub(super) is_given: bool,
}

impl ColumnMap {
    /// The map that changes nothing.
    pub(super) const NONE: Self = Self {
        record: RecordKind::Registration,
        files: Vec::new(),
        columns: BTreeMap::new(),
        joined: BTreeMap::new(),
        words: BTreeMap::new(),
        constants: BTreeMap::new(),
        is_given: false,
    };

    /// Is `name` a column that is read?
    pub(super) fn has_column(&self, name: &str) -> bool {
        self.columns.contains_key(name) || self.joined.values().flatten().any(|column| column == name)
    }

    /// Every column that it names.
    pub(super) fn all_columns(&self) -> impl Iterator<Item = &String> {
        self.columns.keys().chain(self.joined.values().flatten())
    }

    fn parse(text: &str) -> Result<Self, String> {
        let table: toml::Table = text.parse().map_err(|error| format!("{error}"))?;
        let mut map = Self { is_given: true, ..Self::NONE };
        for (section, value) in &table {
            match (section.as_str(), value) {
                ("record", Toml::String(name)) => map.record = record(name)?,
                ("files", Toml::Array(names)) => map.files = texts(names, "files")?,
                ("columns", Toml::Table(_)) => each(value, &mut Vec::new(), &mut |path, value| {
                    let fields = one_or_more(value, &path.join("."))?;
                    map.columns.insert(path.join("."), fields);
                    Ok(())
                })?,
                ("joined", Toml::Table(_)) => each(value, &mut Vec::new(), &mut |path, value| {
                    let columns = one_or_more(value, &path.join("."))?;
                    map.joined.insert(path.join("."), columns);
                    Ok(())
                })?,
                ("words", Toml::Table(_)) => each(value, &mut Vec::new(), &mut |path, value| {
                    let (word, field) = path.split_last().expect("a value has a name");
                    let Toml::String(ours) = value else {
                        return Err(format!(
                            "the word `{word}` stands for a {}, expected text",
                            value.type_str()
                        ));
                    };
                    map.words.entry(field.join(".")).or_default().insert((*word).to_owned(), ours.clone());
                    Ok(())
                })?,
                ("constants", Toml::Table(_)) => each(value, &mut Vec::new(), &mut |path, value| {
                    map.constants.insert(path.join("."), json(value));
                    Ok(())
                })?,
                ("record" | "files" | "columns" | "joined" | "words" | "constants", value) => {
                    return Err(format!("`{section}` is of type {}", value.type_str()));
                }
                _ => {
                    let known = "`record`, `files`, `[columns]`, `[joined]`, `[words]`, `[constants]`";
                    return Err(format!("nothing is called `{section}` here, there are {known}"));
                }
            }
        }
        map.constants.entry("schema_version".to_owned()).or_insert(Value::from(1));
        map.check().map(|()| map)
    }

    /// Are all fields that it names fields of its record, each said once?
    fn check(&self) -> Result<(), String> {
        let fields = FieldSet::of(self.record);
        let mut said: BTreeMap<&str, &str> = BTreeMap::new();
        let of_columns =
            self.columns.iter().flat_map(|(column, fields)| fields.iter().map(move |field| (field, column)));
        for (field, column) in of_columns.chain(self.joined.keys().map(|field| (field, field))) {
            if let Some(other) = said.insert(field, column) {
                return Err(format!("the field `{field}` is said by `{other}` and by `{column}`"));
            }
        }
        let words = self.words.keys().chain(self.constants.keys());
        for field in said.into_keys().chain(words.map(String::as_str)) {
            if !fields.is_column(field) {
                let record = self.record.plural();
                return Err(format!("{record} have no field `{field}`: `tidvakt schema` lists them"));
            }
        }
        Ok(())
    }

    fn is_for(&self, record: RecordKind, path: &Path) -> bool {
        let name = path.file_name().map(|name| name.to_string_lossy());
        let named =
            self.files.is_empty() || name.is_some_and(|name| self.files.iter().any(|file| *file == name));
        self.record == record && named
    }
}

/// The maps that were given.
#[derive(Clone, Debug, Default)]
pub struct Maps(Vec<ColumnMap>);

impl Maps {
    /// Reads maps.
    ///
    /// # Errors
    /// Where one can't be read or is none.
    pub fn read(paths: &[PathBuf]) -> Result<Self, Failure> {
        let read = |path: &PathBuf| {
            let shown = path.display();
            let text = config::read_small(path, MAP_BYTES_MAX).map_err(|error| {
                Failure::new(Exit::NoInput, format!("the map `{shown}` can't be read: {error}"))
            })?;
            ColumnMap::parse(&text).map_err(|error| {
                Failure::new(Exit::Config, format!("the map `{shown}` can't be used: {}", error.trim_end()))
                    .remedy("`tidvakt replay --help` shows one")
            })
        };
        paths.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// The map for a file of `record`: of several the first.
    pub(super) fn of(&self, record: RecordKind, path: &Path) -> &ColumnMap {
        static NONE: ColumnMap = ColumnMap::NONE;
        self.0.iter().find(|map| map.is_for(record, path)).unwrap_or(&NONE)
    }

    #[cfg(test)]
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        ColumnMap::parse(text).map(|map| Self(vec![map]))
    }
}

fn record(name: &str) -> Result<RecordKind, String> {
    match name {
        "registration" => Ok(RecordKind::Registration),
        "reference-fact" => Ok(RecordKind::Fact),
        "decision" => Ok(RecordKind::Decision),
        _ => Err(format!("`record` is `{name}`, expected `registration`, `reference-fact` or `decision`")),
    }
}

/// Is called with a value and where it stands.
type EachValue<'f> = dyn FnMut(&[&str], &Toml) -> Result<(), String> + 'f;

/// Calls `found` for all that is no table: names with dots that were written without quotes come as tables.
fn each<'a>(value: &'a Toml, path: &mut Vec<&'a str>, found: &mut EachValue<'_>) -> Result<(), String> {
    let Toml::Table(table) = value else { return found(path, value) };
    for (name, value) in table {
        path.push(name);
        each(value, path, found)?;
        path.pop();
    }
    Ok(())
}

fn texts(values: &[Toml], name: &str) -> Result<Vec<String>, String> {
    let text = |value: &Toml| {
        let found = || format!("`{name}` holds a value of type {}, expected text", value.type_str());
        value.as_str().map(str::to_owned).ok_or_else(found)
    };
    values.iter().map(text).collect()
}

fn one_or_more(value: &Toml, name: &str) -> Result<Vec<String>, String> {
    let texts = match value {
        Toml::Array(values) => texts(values, name)?,
        value => texts(std::slice::from_ref(value), name)?,
    };
    if texts.is_empty() { Err(format!("`{name}` is empty")) } else { Ok(texts) }
}

fn json(value: &Toml) -> Value {
    match value {
        Toml::String(text) => Value::from(text.as_str()),
        Toml::Integer(number) => Value::from(*number),
        Toml::Float(number) => Value::from(*number),
        Toml::Boolean(switch) => Value::from(*switch),
        Toml::Datetime(time) => Value::from(time.to_string()),
        Toml::Array(values) => values.iter().map(json).collect(),
        Toml::Table(table) => table.iter().map(|(name, value)| (name.clone(), json(value))).collect(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail and say why")]

    use super::*;

    const MAP: &str = r#"
        files = ["visits.csv"]
        [columns]
        Brukare = "client_ref"
        besok.personal = "carer_ref"
        Metod = ["start_capture.method", "end_capture.method"]
        [joined]
        start_at = ["Datum", "Start"]
        [words.start_capture.method]
        "NFC" = "nfc_tag"
        "man. reg." = "manual_office"
        [words."end_capture.method"]
        "NFC" = "nfc_tag"
        [constants]
        municipality = "0181"
        version = 1
        payment.mode = "granted"
    "#;

    #[test]
    fn columns_words_and_constants_are_found_under_their_fields() {
        let map = ColumnMap::parse(MAP).unwrap();
        assert_eq!(map.columns["besok.personal"], ["carer_ref"]);
        assert_eq!(map.columns["Metod"], ["start_capture.method", "end_capture.method"]);
        assert_eq!(map.words["start_capture.method"]["man. reg."], "manual_office");
        assert_eq!(map.words["end_capture.method"]["NFC"], "nfc_tag");
        assert_eq!(map.joined["start_at"], ["Datum", "Start"]);
        assert_eq!(map.constants["payment.mode"], "granted");
        assert_eq!(map.constants["schema_version"], 1);
        assert!(map.has_column("Datum") && !map.has_column("Slut"));
    }

    #[test]
    fn a_map_is_for_the_files_and_the_record_that_it_names() {
        let homes = "record = 'reference-fact'\n[columns]\nGata = 'body.household_ref'";
        let maps = Maps(vec![ColumnMap::parse(MAP).unwrap(), ColumnMap::parse(homes).unwrap()]);
        let given = |record, path: &str| maps.of(record, Path::new(path)).is_given;
        assert!(given(RecordKind::Registration, "some/where/visits.csv"));
        assert!(!given(RecordKind::Registration, "other.csv"));
        assert!(given(RecordKind::Fact, "other.csv") && !given(RecordKind::Decision, "other.csv"));
    }

    #[test]
    fn a_map_that_can_not_be_used_says_why() {
        for (text, why) in [
            ("[columns]\nBrukare = 'client'", "registrations have no field `client`"),
            (
                "[columns]\nA = 'client_ref'\nB = 'client_ref'",
                "the field `client_ref` is said by `A` and by `B`",
            ),
            ("[columns]\nA = 'start_at'\n[joined]\nstart_at = ['B', 'C']", "the field `start_at` is said by"),
            ("[columns]\nA = 7", "`A` holds a value of type integer, expected text"),
            ("[columns]\nA = []", "`A` is empty"),
            ("[words]\n\"NFC\" = 'nfc_tag'", "registrations have no field ``"),
            ("[words.outcome]\nA = 1", "the word `A` stands for a integer"),
            ("[constants]\nkommun = '0181'", "registrations have no field `kommun`"),
            ("record = 'visit'", "`record` is `visit`, expected"),
            ("columns = 'x'", "`columns` is of type string"),
            ("[column]\nA = 'x'", "nothing is called `column` here"),
            ("[columns\n", "TOML parse error at line 1"),
        ] {
            let error = ColumnMap::parse(text).unwrap_err();
            assert!(error.starts_with(why), "{text}: {error}");
        }
    }
}
