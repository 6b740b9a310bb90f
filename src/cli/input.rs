//! Records from files: JSON Lines or CSV, plain or compressed, one at a time.
//!
//! Memory stays bounded whatever the file holds: of a line that is longer than a record may be, only
//! as much is kept as the contract needs to refuse it for its size. A file of another kind is refused as
//! a whole and by name; within a file that can be read, a line that cannot be a record is refused by itself.

mod cells;
mod csv;
mod fields;
mod lines;
mod local;
mod map;
mod objects;
mod packed;
mod rows;
#[cfg(test)]
mod tests;
mod wrong;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cells::CellFormat;
use clap::Args;
use csv::CsvTable;
use fields::FieldSet;
pub use fields::RecordKind;
pub(super) use fields::{Seems, seems};
use lines::Lines;
pub use local::LocalTimes;
pub use map::Maps;
use objects::Objects;
use rows::Row;
pub use wrong::Wrong;
pub(super) use wrong::is_windows_1252;

use super::exit::{Exit, Failure};
use crate::contract::RECORD_BYTES_MAX;
use crate::domain::Rejection;

/// One byte more than a record may have, so that the contract sees that it is too long.
const KEPT_BYTES_MAX: usize = RECORD_BYTES_MAX + 1;
/// Of a file, its kind is known by so many bytes.
const HEAD_BYTES: usize = 8_192;
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// Why an input can't be read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// It can't be opened.
    #[error("`{}` can't be opened", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It can't be read to its end; a cut-off compressed file is one such.
    #[error("`{}` can't be read on after {bytes} bytes", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// How far it was read, in bytes of the file.
        bytes: u64,
        /// Why.
        source: io::Error,
    },
    /// The first line of a CSV file is no header.
    #[error("`{}`: the header {text}", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        text: String,
    },
    /// It is of a kind that is not read.
    #[error("`{}` is {}", path.display(), wrong.is)]
    Kind {
        /// The file.
        path: PathBuf,
        /// Of which.
        wrong: Wrong,
    },
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Self {
        let (exit, remedy) = match &error {
            InputError::Open { .. } => (Exit::NoInput, None),
            InputError::Read { .. } => (Exit::InputOutput, None),
            InputError::Header { .. } => {
                let help = "the header names the contract's fields; `--map FILE` says which field an own column is, \
                            and gives constants for those that the export lacks (`tidvakt replay --help`)";
                (Exit::Data, Some(help.to_owned()))
            }
            InputError::Kind { wrong, .. } => (Exit::Data, Some(wrong.help.clone())),
        };
        Self { exit, error: error.into(), remedy }
    }
}

/// Why a line cannot be a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// A code: one of the contract's reasons, or one of a file's own.
    pub reason: &'static str,
    /// What was found and what was expected.
    pub detail: String,
}

impl Refusal {
    fn new(reason: &'static str, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}

impl From<&Rejection> for Refusal {
    fn from(rejection: &Rejection) -> Self {
        Self { reason: rejection.reason.code(), detail: rejection.detail.clone() }
    }
}

/// A record of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputLine<'a> {
    /// Its line, counted from 0; in a CSV file its row, the header not counted.
    pub number: u64,
    /// The line that it begins in, counted from 1 as editors do.
    pub line: u64,
    /// Its JSON, at most one byte more than a record may have; where it is refused, the line as it stands.
    pub bytes: &'a [u8],
    /// Why it cannot be a record.
    pub refusal: Option<Refusal>,
}

/// How files are read.
#[derive(Clone, Debug, Default)]
pub struct Manner {
    /// For own exports.
    pub maps: Maps,
    /// For times without an offset.
    pub times: Option<LocalTimes>,
}

/// The flags of [`Manner`], for every command that reads files.
#[derive(Args, Clone, Debug, Default)]
pub struct MannerArgs {
    /// What the columns and words of an own export are called in the contract (TOML); may be given several times
    #[arg(long, value_name = "FILE")]
    pub map: Vec<PathBuf>,
    /// The time zone of times without an offset: Europe/Stockholm
    #[arg(long, value_name = "ZONE", value_parser = LocalTimes::named)]
    pub time_zone: Option<LocalTimes>,
}

impl MannerArgs {
    /// Reads the maps.
    pub(super) fn manner(&self) -> Result<Manner, Failure> {
        Ok(Manner { maps: Maps::read(&self.map)?, times: self.time_zone.clone() })
    }
}

/// What a file holds.
enum Form {
    /// The contract's records.
    Lines(Lines),
    /// Objects of somebody's own, or with times without an offset.
    Objects(Lines, Box<Objects>),
    Table(Box<CsvTable>),
}

/// A file that is being read, or standard input.
pub struct InputFile {
    path: PathBuf,
    form: Form,
    times: Option<LocalTimes>,
    record: Vec<u8>,
    length: Option<u64>,
    taken: Arc<AtomicU64>,
    number: u64,
    /// What was noticed and left out, in words for the user.
    notes: Vec<String>,
}

impl InputFile {
    /// Opens `path`, a file of records of `kind`; `-` is standard input. What is compressed is known by its first
    /// bytes, CSV by the name (`.csv`, `.csv.gz`, `.csv.zst`).
    ///
    /// # Errors
    /// Where it can't be opened, is of a kind that is not read, or where a CSV file has no header that can be used.
    pub fn open(path: &Path, kind: RecordKind, manner: &Manner) -> Result<Self, InputError> {
        let opened = |source| InputError::Open { path: path.to_owned(), source };
        let (reader, length): (Box<dyn Read + Send>, _) = if path.as_os_str() == "-" {
            (Box::new(io::stdin()), None)
        } else {
            let file = File::open(path).map_err(opened)?;
            let about = file.metadata().map_err(opened)?;
            if about.is_dir() {
                return Err(opened(io::Error::from(io::ErrorKind::IsADirectory)));
            }
            (Box::new(file), about.is_file().then_some(about.len()))
        };
        Self::new(path, reader, length, kind, manner)
    }

    fn new(
        path: &Path,
        reader: Box<dyn Read + Send>,
        length: Option<u64>,
        kind: RecordKind,
        manner: &Manner,
    ) -> Result<Self, InputError> {
        let opened = |source| InputError::Open { path: path.to_owned(), source };
        let wrong = |wrong| InputError::Kind { path: path.to_owned(), wrong };
        let taken = Arc::new(AtomicU64::new(0));
        let counted = CountingReader { reader, taken: Arc::clone(&taken) };
        let mut reader = packed::unpacked(path, counted).map_err(opened)?.map_err(wrong)?;
        let mut head = Vec::new();
        let broken =
            |source| InputError::Read { path: path.to_owned(), bytes: taken.load(Ordering::Relaxed), source };
        reader.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head).map_err(broken)?;
        let mut notes = Vec::new();
        let whole = head.len() < HEAD_BYTES;
        if head.starts_with(BYTE_ORDER_MARK) {
            head.drain(..BYTE_ORDER_MARK.len());
            notes.push("begins with a byte-order mark, which is left out".to_owned());
        }
        let (map, is_csv) = (manner.maps.of(kind, path), is_csv(path));
        let is_plain = !is_csv && !map.is_given && manner.times.is_none();
        // The contract knows its own fields; here they are for tables, and for telling that a file is one.
        let are_fields_needed = !is_plain || !head.trim_ascii_start().starts_with(b"{");
        let fields = if are_fields_needed { FieldSet::of(kind) } else { FieldSet::default() };
        if let Some(found) = wrong::recognise(&head, whole, is_csv, (&fields, map)) {
            return Err(wrong(found));
        }
        let lines = Lines::new(Box::new(io::Cursor::new(head).chain(reader)));
        let form = if is_csv {
            let table = csv::table(lines, &fields, map).map_err(|error| match error {
                csv::HeaderError::Read(source) => broken(source),
                csv::HeaderError::Text(text) => InputError::Header { path: path.to_owned(), text },
            })?;
            if !table.columns.unknown.is_empty() {
                notes.push(format!("columns that are not read: {}", csv::listed(&table.columns.unknown)));
            }
            Form::Table(Box::new(table))
        } else if is_plain {
            Form::Lines(lines)
        } else {
            Form::Objects(lines, Box::new(Objects { fields, map: map.clone() }))
        };
        let times = manner.times.clone();
        Ok(Self { path: path.to_owned(), form, times, record: Vec::new(), length, taken, number: 0, notes })
    }

    /// The next record; `None` at the end. Blank lines are no records, but are counted as lines.
    ///
    /// # Errors
    /// Where reading fails.
    pub fn next_line(&mut self) -> Result<Option<InputLine<'_>>, InputError> {
        let (written, refusal) = loop {
            match self.step().map_err(|source| self.broken(source))? {
                ReadStep::End => return Ok(None),
                ReadStep::Blank => self.number += 1,
                ReadStep::Line { written, refusal } => break (written, refusal),
            }
        };
        let number = self.number;
        self.number += 1;
        let (raw, line) = match &self.form {
            Form::Lines(lines) | Form::Objects(lines, _) => (lines.kept.as_slice(), number + 1),
            Form::Table(table) => (table.rows.raw(), table.rows.lines_before() + 1),
        };
        let bytes = if written { &self.record } else { raw };
        Ok(Some(InputLine { number, line, bytes: &bytes[..bytes.len().min(KEPT_BYTES_MAX)], refusal }))
    }

    /// Reads a line, or a row; what it stands for is in `record` where that was written.
    fn step(&mut self) -> io::Result<ReadStep> {
        let raw = match &mut self.form {
            Form::Table(table) => match table.rows.next()? {
                None => return Ok(ReadStep::End),
                Some(Row::Blank) => return Ok(ReadStep::Blank),
                Some(Row::Refused(refusal)) => {
                    return Ok(ReadStep::Line { written: false, refusal: Some(refusal) });
                }
                Some(Row::Cells) => table.rows.raw(),
            },
            Form::Lines(lines) | Form::Objects(lines, _) => match lines.next()? {
                false => return Ok(ReadStep::End),
                true if lines.kept.iter().all(u8::is_ascii_whitespace) => return Ok(ReadStep::Blank),
                true => lines.kept.as_slice(),
            },
        };
        // What is too long is refused for that by the contract.
        let fits = raw.len() < KEPT_BYTES_MAX;
        let times = self.times.as_ref();
        let found = match &self.form {
            Form::Objects(lines, objects) if fits => {
                objects.write(&lines.kept, CellFormat { times, decimal_comma: false }, &mut self.record)
            }
            Form::Table(table) if fits => {
                let reading = CellFormat { times, decimal_comma: table.rows.delimiter() != b',' };
                table.columns.write(table.rows.cells(), reading, &mut self.record)
            }
            _ => return Ok(ReadStep::Line { written: false, refusal: None }),
        };
        Ok(match found {
            Ok(()) => ReadStep::Line { written: true, refusal: None },
            Err(refusal) => ReadStep::Line { written: false, refusal: Some(refusal) },
        })
    }

    /// Lines read so far, blank ones as well.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.number
    }

    /// Size of the file, compressed as it is; `None` for standard input and pipes.
    #[must_use]
    pub fn length_bytes(&self) -> Option<u64> {
        self.length
    }

    /// Bytes of the file taken so far, for a progress bar; runs a buffer ahead of the records.
    #[must_use]
    pub fn taken_bytes(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// What was noticed about the file as a whole, as in "begins with a byte-order mark, which is left out".
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    fn broken(&self, source: io::Error) -> InputError {
        InputError::Read { path: self.path.clone(), bytes: self.taken_bytes(), source }
    }
}

/// What reading on came to.
enum ReadStep {
    Line {
        /// The record that it stands for was written.
        written: bool,
        refusal: Option<Refusal>,
    },
    Blank,
    End,
}

/// Is `path` named as CSV, compressed or not?
fn is_csv(path: &Path) -> bool {
    let name = path.to_string_lossy().to_lowercase();
    let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
    name.ends_with(".csv")
}

/// Counts what is taken from `reader`.
struct CountingReader {
    reader: Box<dyn Read + Send>,
    taken: Arc<AtomicU64>,
}

impl Read for CountingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.taken.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
