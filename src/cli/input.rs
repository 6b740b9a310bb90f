//! Records from files: JSON Lines or CSV, plain or compressed, one at a time.
//!
//! Memory stays bounded whatever the file holds: of a line that is longer than a record may be, only
//! as much is kept as the contract needs to refuse it for its size.

mod csv;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::Columns;

use crate::contract::RECORD_BYTES_MAX;

/// One byte more than a record may have, so that the contract sees that it is too long.
const KEPT_BYTES_MAX: usize = RECORD_BYTES_MAX + 1;
const BUFFER_BYTES: usize = 1 << 16;
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
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
}

/// A record of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Its line, counted from 0; in a CSV file its row, the header not counted.
    pub number: u64,
    /// Its JSON; at most one byte more than a record may have.
    pub bytes: &'a [u8],
}

/// A file that is being read, or standard input.
pub struct Input {
    path: PathBuf,
    lines: Lines,
    columns: Option<Columns>,
    row: Vec<u8>,
    length: Option<u64>,
    taken: Arc<AtomicU64>,
    number: u64,
}

impl Input {
    /// Opens `path`; `-` is standard input. What is compressed is known by its first bytes, CSV by
    /// the name (`.csv`, `.csv.gz`, `.csv.zst`).
    ///
    /// # Errors
    /// Where it can't be opened, or a CSV file has no header that can be used.
    pub fn open(path: &Path) -> Result<Self, InputError> {
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
        Self::new(path, reader, length)
    }

    fn new(path: &Path, reader: Box<dyn Read + Send>, length: Option<u64>) -> Result<Self, InputError> {
        let taken = Arc::new(AtomicU64::new(0));
        let counted = Counted { reader, taken: Arc::clone(&taken) };
        let lines = plain(counted).and_then(Lines::new);
        let lines = lines.map_err(|source| InputError::Open { path: path.to_owned(), source })?;
        let mut input =
            Self { path: path.to_owned(), lines, columns: None, row: Vec::new(), length, taken, number: 0 };
        if is_csv(path) {
            input.read_header()?;
        }
        Ok(input)
    }

    /// The next record; `None` at the end. Blank lines are no records, but are counted as lines.
    ///
    /// # Errors
    /// Where reading fails.
    pub fn next_line(&mut self) -> Result<Option<Line<'_>>, InputError> {
        loop {
            let read = match &self.columns {
                Some(_) => self.lines.next_row(),
                None => self.lines.next(),
            };
            if !read.map_err(|source| self.broken(source))? {
                return Ok(None);
            }
            let number = self.number;
            self.number += 1;
            if self.lines.kept.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let bytes = match &self.columns {
                Some(columns) if self.lines.kept.len() < KEPT_BYTES_MAX => {
                    columns.write(&self.lines.kept, &mut self.row);
                    &self.row
                }
                _ => &self.lines.kept,
            };
            return Ok(Some(Line { number, bytes: &bytes[..bytes.len().min(KEPT_BYTES_MAX)] }));
        }
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

    fn read_header(&mut self) -> Result<(), InputError> {
        if !self.lines.next_row().map_err(|source| self.broken(source))? {
            // No header, no rows.
            self.columns = Some(Columns::default());
            return Ok(());
        }
        let columns = Columns::from_header(&self.lines.kept)
            .map_err(|text| InputError::Header { path: self.path.clone(), text })?;
        self.columns = Some(columns);
        Ok(())
    }

    fn broken(&self, source: io::Error) -> InputError {
        InputError::Read { path: self.path.clone(), bytes: self.taken_bytes(), source }
    }
}

/// Is `path` named as CSV, compressed or not?
fn is_csv(path: &Path) -> bool {
    let name = path.to_string_lossy().to_lowercase();
    let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
    name.ends_with(".csv")
}

/// Takes the compression off, where there is one.
fn plain(reader: Counted) -> io::Result<Box<dyn BufRead + Send>> {
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, reader);
    let mut head = Vec::new();
    reader.by_ref().take(ZSTD.len() as u64).read_to_end(&mut head)?;
    let whole = io::Cursor::new(head.clone()).chain(reader);
    Ok(if head.starts_with(GZIP) {
        Box::new(BufReader::with_capacity(BUFFER_BYTES, flate2::bufread::MultiGzDecoder::new(whole)))
    } else if head.starts_with(ZSTD) {
        Box::new(BufReader::with_capacity(BUFFER_BYTES, zstd::Decoder::with_buffer(whole)?))
    } else {
        Box::new(whole)
    })
}

/// Counts what is taken from `reader`.
struct Counted {
    reader: Box<dyn Read + Send>,
    taken: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.taken.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Lines of bounded length.
struct Lines {
    reader: Box<dyn BufRead + Send>,
    /// The line read last, without its end; of a longer one the first [`KEPT_BYTES_MAX`] bytes.
    kept: Vec<u8>,
}

impl Lines {
    fn new(mut reader: Box<dyn BufRead + Send>) -> io::Result<Self> {
        let mut head = Vec::new();
        reader.by_ref().take(BYTE_ORDER_MARK.len() as u64).read_to_end(&mut head)?;
        if head == BYTE_ORDER_MARK {
            head.clear();
        }
        let reader = Box::new(io::Cursor::new(head).chain(reader));
        Ok(Self { reader, kept: Vec::new() })
    }

    /// Reads a line; `false` at the end.
    fn next(&mut self) -> io::Result<bool> {
        self.kept.clear();
        let found = self.append()?;
        if self.kept.ends_with(b"\r") {
            self.kept.pop();
        }
        Ok(found)
    }

    /// Reads a row of CSV: a line break within quotes belongs to the cell.
    fn next_row(&mut self) -> io::Result<bool> {
        let found = self.next()?;
        while found && self.kept.len() < KEPT_BYTES_MAX && has_open_quote(&self.kept) {
            self.kept.push(b'\n');
            if !self.append()? {
                break;
            }
        }
        Ok(found)
    }

    /// Appends the rest of the line; `false` where there was nothing left to read.
    fn append(&mut self) -> io::Result<bool> {
        let mut found = false;
        loop {
            let buffer = match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                buffer => buffer?,
            };
            if buffer.is_empty() {
                return Ok(found);
            }
            found = true;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let part = &buffer[..end.unwrap_or(buffer.len())];
            let room = KEPT_BYTES_MAX.saturating_sub(self.kept.len());
            self.kept.extend_from_slice(&part[..part.len().min(room)]);
            let used = end.map_or(buffer.len(), |end| end + 1);
            self.reader.consume(used);
            if end.is_some() {
                return Ok(true);
            }
        }
    }
}

/// Does the row end within quotes? A quote in a cell is written twice, so parity tells.
fn has_open_quote(row: &[u8]) -> bool {
    row.iter().filter(|byte| **byte == b'"').count() % 2 == 1
}

#[cfg(test)]
mod tests;
