//! The columns of a table, and rows as the records they stand for.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde_json::Value;

use super::Refusal;
use super::cells::{CellFormat, CellValue, scalar};
use super::fields::{FieldSet, ValueKind};
use super::lines::Lines;
use super::map::ColumnMap;
use super::rows::{Row, Rows};

/// Columns that a note or an error names at most.
const NAMED_MAX: usize = 8;

/// A table: what its columns mean, and its rows.
pub(super) struct CsvTable {
    pub(super) columns: Columns,
    pub(super) rows: Rows,
}

/// Why a table cannot be read.
pub(super) enum HeaderError {
    /// Reading failed.
    Read(io::Error),
    /// What is wrong with the header.
    Text(String),
}

/// Reads the header of a table. `;` and tab part cells as well as `,`, since spreadsheets set to Swedish write them;
/// Excel's `sep=;` before the header says so itself.
pub(super) fn table(mut lines: Lines, fields: &FieldSet, map: &ColumnMap) -> Result<CsvTable, HeaderError> {
    let mut before = 0;
    let mut said = None;
    let mut first = Vec::new();
    while lines.next().map_err(HeaderError::Read)? {
        match lines.kept.as_slice() {
            [b's', b'e', b'p', b'=', delimiter] if before == 0 => said = Some(*delimiter),
            line if line.iter().all(u8::is_ascii_whitespace) => {}
            line => {
                first.push(line.to_vec());
                break;
            }
        }
        before += 1;
    }
    let delimiter = said.unwrap_or_else(|| delimiter(first.first().map_or(&[], Vec::as_slice)));
    let mut rows = Rows::new(lines, delimiter, before, first);
    let header: Vec<String> = match rows.next().map_err(HeaderError::Read)? {
        // No header, no rows.
        None | Some(Row::Blank) => return Ok(CsvTable { columns: Columns::default(), rows }),
        Some(Row::Refused(refusal)) => {
            return Err(HeaderError::Text(format!("is no row: {}", refusal.detail)));
        }
        Some(Row::Cells) => {
            let names = rows.cells().map(|cell| std::str::from_utf8(cell).map(|name| name.trim().to_owned()));
            names.collect::<Result<_, _>>().map_err(|_| HeaderError::Text("is not UTF-8".to_owned()))?
        }
    };
    let columns = Columns::from_header(&header, fields, map).map_err(HeaderError::Text)?;
    Ok(CsvTable { columns, rows })
}

fn delimiter(header: &[u8]) -> u8 {
    let count = |delimiter: u8| header.iter().filter(|byte| **byte == delimiter).count();
    let more = |most: u8, other: u8| if count(most) < count(other) { other } else { most };
    [b';', b'\t'].into_iter().fold(b',', more)
}

/// What the columns of a file mean.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// The fields that rows say, without those that are constant.
    fields: Vec<FieldOfRow>,
    /// Of each column.
    sources: Vec<ColumnSource>,
    /// The record, in the order of writing.
    shape: Vec<Node>,
    /// Columns that are not read.
    pub(super) unknown: Vec<String>,
}

/// A field of the record.
#[derive(Debug)]
struct FieldOfRow {
    name: String,
    kind: ValueKind,
    words: BTreeMap<String, String>,
    /// What it is where a row says nothing of it.
    constant: Option<Value>,
    /// Its text is put together from these columns.
    joined: Vec<usize>,
    /// The column with its UTC offset, and what the words in it stand for.
    offset: Option<(usize, BTreeMap<String, String>)>,
}

/// What a column says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ColumnSource {
    /// The values of these fields; none where it is not read.
    Fields(Vec<usize>),
    /// It has no name, and so must have no content.
    Nameless,
}

#[derive(Debug)]
enum Node {
    /// A field, with its name as JSON.
    Field(String, usize),
    /// An object, with its name as JSON.
    Object(String, Vec<Self>),
}

impl Columns {
    /// Reads the header.
    pub(super) fn from_header(header: &[String], fields: &FieldSet, map: &ColumnMap) -> Result<Self, String> {
        let mut columns = Self::default();
        let mut seen = BTreeSet::new();
        for name in header {
            if !name.is_empty() && !seen.insert(name.as_str()) {
                return Err(format!("has the column `{name}` twice"));
            }
            let source = columns.source(name, fields, map)?;
            columns.sources.push(source);
        }
        let mut missing = map.all_columns().filter(|name| !seen.contains(name.as_str())).peekable();
        if missing.peek().is_some() {
            return Err(format!(
                "lacks columns that the map names: {}; it has {}",
                listed(missing),
                listed(&seen)
            ));
        }
        for (name, parts) in &map.joined {
            let field = columns.field(name, fields, map)?;
            let place = |part: &String| header.iter().position(|name| name == part);
            columns.fields[field].joined = parts.iter().filter_map(place).collect();
        }
        if columns.fields.is_empty() {
            return Err(format!("names no field: it has {}", listed(&seen)));
        }
        for (name, constant) in &map.constants {
            let field = columns.field(name, fields, map)?;
            columns.fields[field].constant = Some(constant.clone());
        }
        columns.place_offsets(header, fields, map)?;
        columns.check(fields)?;
        columns.shape = shape(&columns.fields);
        Ok(columns)
    }

    fn source(&mut self, name: &str, fields: &FieldSet, map: &ColumnMap) -> Result<ColumnSource, String> {
        if name.is_empty() {
            return Ok(ColumnSource::Nameless);
        }
        let own = [name.to_owned()];
        let targets: &[String] = match map.columns.get(name) {
            Some(targets) => targets,
            None if fields.is_column(name) => &own,
            None => {
                if !map.has_column(name) {
                    self.unknown.push(name.to_owned());
                }
                return Ok(ColumnSource::Fields(Vec::new()));
            }
        };
        let read = targets.iter().filter(|target| fields.offset_of(target).is_none());
        let mut places = Vec::new();
        for target in read {
            if self.fields.iter().any(|known| known.name == *target) {
                return Err(format!("says the field `{target}` twice"));
            }
            places.push(self.field(target, fields, map)?);
        }
        Ok(ColumnSource::Fields(places))
    }

    /// The place of the field `name`.
    fn field(&mut self, name: &str, fields: &FieldSet, map: &ColumnMap) -> Result<usize, String> {
        if let Some(known) = self.fields.iter().position(|known| known.name == name) {
            return Ok(known);
        }
        let kind = fields.kind(name).ok_or_else(|| format!("names the field `{name}`, which is none"))?;
        let words = map.words.get(name).cloned().unwrap_or_default();
        let name = name.to_owned();
        self.fields.push(FieldOfRow { name, kind, words, constant: None, joined: Vec::new(), offset: None });
        Ok(self.fields.len() - 1)
    }

    /// Gives times the columns with their offsets.
    fn place_offsets(&mut self, header: &[String], fields: &FieldSet, map: &ColumnMap) -> Result<(), String> {
        for (column, name) in header.iter().enumerate() {
            let own = std::slice::from_ref(name);
            for target in map.columns.get(name).map_or(own, Vec::as_slice) {
                let Some(time) = fields.offset_of(target) else { continue };
                let Some(field) = self.fields.iter_mut().find(|known| known.name == time) else {
                    return Err(format!("has `{target}` and no column for `{time}`"));
                };
                field.offset = Some((column, map.words.get(target).cloned().unwrap_or_default()));
            }
        }
        Ok(())
    }

    /// Can the columns make up a record?
    fn check(&self, fields: &FieldSet) -> Result<(), String> {
        let names: BTreeSet<&str> = self.fields.iter().map(|field| field.name.as_str()).collect();
        for name in &names {
            let below = format!("{name}.");
            if let Some(inner) = names.iter().find(|other| other.starts_with(&below)) {
                return Err(format!("has both the column `{name}` and the column `{inner}` inside it"));
            }
        }
        let is_there = |wanted: &str| {
            let below = format!("{wanted}.");
            names.iter().any(|name| *name == wanted || name.starts_with(&below))
        };
        let mut missing = fields.required().filter(|wanted| !is_there(wanted)).peekable();
        if missing.peek().is_some() {
            return Err(format!("lacks what every record must have: {}", listed(missing)));
        }
        Ok(())
    }

    /// Writes the record that a row stands for; empty cells are absent fields.
    pub(super) fn write<'a>(
        &self,
        cells: impl ExactSizeIterator<Item = &'a [u8]>,
        reading: CellFormat<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        let texts: Vec<&str> = cells
            .map(std::str::from_utf8)
            .collect::<Result<_, _>>()
            .map_err(|_| Refusal::new("not-utf8", "a cell is not UTF-8"))?;
        self.check_length(&texts)?;
        let mut values: Vec<Cow<'_, str>> = vec![Cow::Borrowed(""); self.fields.len()];
        for (column, (source, text)) in self.sources.iter().zip(&texts).enumerate() {
            match source {
                ColumnSource::Fields(fields) => {
                    fields.iter().for_each(|field| values[*field] = Cow::Borrowed(*text))
                }
                ColumnSource::Nameless if text.trim().is_empty() => {}
                ColumnSource::Nameless => {
                    let text = format!("cell {} has content, and its column has no name", column + 1);
                    return Err(Refusal::new("bad-row", text));
                }
            }
        }
        for (field, value) in
            self.fields.iter().zip(&mut values).filter(|(field, _)| !field.joined.is_empty())
        {
            let parts =
                field.joined.iter().map(|column| texts[*column].trim()).filter(|part| !part.is_empty());
            *value = Cow::Owned(parts.collect::<Vec<_>>().join(" "));
        }
        out.clear();
        let mut writer = Writer { fields: &self.fields, values: &values, texts: &texts, reading, out };
        writer.object(&self.shape, None).map(|_| ())
    }

    fn check_length(&self, texts: &[&str]) -> Result<(), Refusal> {
        let (found, expected) = (texts.len(), self.sources.len());
        let excess = texts.get(expected..).unwrap_or_default();
        if found < expected || excess.iter().any(|text| !text.trim().is_empty()) {
            let text = format!("the row has {found} cells, and the header {expected}");
            return Err(Refusal::new("bad-row", text));
        }
        Ok(())
    }
}

struct Writer<'a> {
    fields: &'a [FieldOfRow],
    values: &'a [Cow<'a, str>],
    texts: &'a [&'a str],
    reading: CellFormat<'a>,
    out: &'a mut Vec<u8>,
}

impl Writer<'_> {
    /// Writes an object with its name before it; one without content is not written. Was it written?
    fn object(&mut self, nodes: &[Node], name: Option<&str>) -> Result<bool, Refusal> {
        let begin = self.out.len();
        if let Some(name) = name {
            self.name(name);
        }
        self.out.push(b'{');
        let mut any = false;
        for node in nodes {
            let before = self.out.len();
            if any {
                self.out.push(b',');
            }
            let written = match node {
                Node::Object(name, inner) => self.object(inner, Some(name))?,
                Node::Field(name, field) => self.field(name, *field)?,
            };
            if !written {
                self.out.truncate(before);
            }
            any |= written;
        }
        self.out.push(b'}');
        if !any && name.is_some() {
            self.out.truncate(begin);
        }
        Ok(any)
    }

    fn name(&mut self, name: &str) {
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b':');
    }

    fn field(&mut self, key: &str, number: usize) -> Result<bool, Refusal> {
        let (fields, values, texts) = (self.fields, self.values, self.texts);
        let FieldOfRow { name, kind, words, constant, offset, .. } = &fields[number];
        let cell: &str = &values[number];
        let constant = match constant {
            Some(constant) if cell.trim().is_empty() => constant,
            _ if cell.is_empty() => return Ok(false),
            _ => &Value::Null,
        };
        let text = match constant {
            Value::Null => cell,
            Value::String(text) => text,
            other => {
                self.name(key);
                self.json(other);
                return Ok(true);
            }
        };
        let text = words.get(text.trim()).map_or(text, String::as_str);
        let offset = offset.as_ref().map(|(column, words)| {
            let text = texts[*column].trim();
            words.get(text).map_or(text, String::as_str)
        });
        let value = scalar(name, *kind, text, offset.filter(|offset| !offset.is_empty()), self.reading)?;
        self.name(key);
        match &value {
            CellValue::Text(text) => self.json(text.as_ref()),
            CellValue::Json(json) => self.out.extend_from_slice(json.as_bytes()),
        }
        Ok(true)
    }

    fn json(&mut self, value: &(impl serde::Serialize + ?Sized)) {
        serde_json::to_writer(&mut *self.out, value).expect("a vector takes every byte");
    }
}

/// The order in which fields are written: those of one object together, where the first of them stands.
fn shape(fields: &[FieldOfRow]) -> Vec<Node> {
    let mut shape = Vec::new();
    for (number, field) in fields.iter().enumerate() {
        let mut nodes = &mut shape;
        let mut parts = field.name.split('.').map(|part| Value::from(part).to_string()).peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                nodes.push(Node::Field(part, number));
                break;
            }
            let is_it = |node: &Node| matches!(node, Node::Object(name, _) if *name == part);
            let at = nodes.iter().position(is_it).unwrap_or(nodes.len());
            if at == nodes.len() {
                nodes.push(Node::Object(part, Vec::new()));
            }
            let Node::Object(_, inner) = &mut nodes[at] else { break };
            nodes = inner;
        }
    }
    shape
}

/// `a`, `b` and so on, the first few.
pub(super) fn listed<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    let mut names = names.into_iter();
    let shown: Vec<String> =
        names.by_ref().take(NAMED_MAX).map(|name| format!("`{}`", name.as_ref())).collect();
    let more = names.count();
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more}", shown.join(", "))
}
