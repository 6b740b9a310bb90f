//! Rows of CSV: one reader says where a row ends and what is in it.
//!
//! A row that ends within the line it began in is read as leniently as spreadsheets do. One that goes on over a line
//! break has to be quoted as RFC 4180 says, since a stray quote would else take the lines after it along: where it
//! is not, or where its quote is never closed, its first line is refused, and the lines after it are rows again.

use std::collections::VecDeque;
use std::io;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};

use super::lines::Lines;
use super::{KEPT_BYTES_MAX, Refusal};

/// The rows of a file, one at a time.
pub(super) struct Rows {
    lines: Lines,
    reader: Reader,
    delimiter: u8,
    /// Lines that were read and turned out to be no part of the row that was begun.
    again: VecDeque<Vec<u8>>,
    /// The row as it stands in the file, with its line breaks.
    raw: Vec<u8>,
    /// Lengths of its lines in `raw`.
    taken: Vec<usize>,
    /// Its cells, one after the other, and where each ends.
    cells: Vec<u8>,
    ends: Vec<usize>,
    count: usize,
    /// Lines before the row.
    before: u64,
}

/// What was read.
pub(super) enum Row {
    /// A row with cells.
    Cells,
    /// A row without any content.
    Blank,
    /// A line that cannot be a row, or a part of one.
    Refused(Refusal),
}

impl Rows {
    /// Rows with cells that `delimiter` parts; before them lie `before` lines and then `first`, which was read already.
    pub(super) fn new(lines: Lines, delimiter: u8, before: u64, first: Vec<Vec<u8>>) -> Self {
        // A carriage return before the line feed is taken off with it.
        let reader = ReaderBuilder::new().delimiter(delimiter).terminator(Terminator::Any(b'\n')).build();
        Self {
            lines,
            reader,
            delimiter,
            again: first.into(),
            raw: Vec::new(),
            taken: Vec::new(),
            cells: vec![0; 1_024],
            ends: vec![0; 32],
            count: 0,
            before,
        }
    }

    /// The lines taken so far before the row that was read last.
    pub(super) fn lines_before(&self) -> u64 {
        self.before
    }

    /// The row that was read last, as it stands in the file.
    pub(super) fn raw(&self) -> &[u8] {
        self.raw.strip_suffix(b"\n").unwrap_or(&self.raw)
    }

    pub(super) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// The cells of the row that was read last.
    pub(super) fn cells(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        let begin = move |cell: usize| if cell == 0 { 0 } else { self.ends[cell - 1] };
        (0..self.count).map(move |cell| &self.cells[begin(cell)..self.ends[cell]])
    }

    /// Reads a row; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Row>> {
        self.before += self.taken.len() as u64;
        self.raw.clear();
        self.taken.clear();
        self.reader.reset();
        self.count = 0;
        let mut cell_bytes = 0;
        loop {
            let fed = self.raw.len();
            if !self.take_line()? {
                return Ok((fed != 0).then(|| self.give_up("a quote opens a cell and is never closed")));
            }
            let length = self.raw.len() - fed;
            if fed == 0 && self.raw.iter().all(u8::is_ascii_whitespace) {
                return Ok(Some(Row::Blank));
            }
            if KEPT_BYTES_MAX < self.raw.len() {
                let text = "a quote opens a cell and is not closed within the longest row";
                return Ok(Some(if length < self.raw.len() { self.give_up(text) } else { too_long() }));
            }
            let ended = self.feed(fed, &mut cell_bytes);
            let goes_on = 1 < self.taken.len() || !ended;
            if goes_on && self.raw[fed..].contains(&b'"') && !is_well_quoted(&self.raw, self.delimiter) {
                return Ok(Some(self.give_up("a quote within or after a cell's text is not written twice")));
            }
            if ended {
                let blank = self.cells[..cell_bytes].iter().all(u8::is_ascii_whitespace);
                return Ok(Some(if blank { Row::Blank } else { Row::Cells }));
            }
        }
    }

    /// Appends a line with its end to the row; `false` where there is none.
    fn take_line(&mut self) -> io::Result<bool> {
        let fed = self.raw.len();
        if let Some(line) = self.again.pop_front() {
            self.raw.extend_from_slice(&line);
        } else if self.lines.next()? {
            self.raw.extend_from_slice(&self.lines.kept);
        } else {
            return Ok(false);
        }
        self.raw.push(b'\n');
        self.taken.push(self.raw.len() - fed);
        Ok(true)
    }

    /// Lets the reader read the row from `fed` on; is the row at its end?
    fn feed(&mut self, fed: usize, cell_bytes: &mut usize) -> bool {
        let mut fed = fed;
        loop {
            let (cells, ends) = (&mut self.cells[*cell_bytes..], &mut self.ends[self.count..]);
            let (result, taken, written, ended) = self.reader.read_record(&self.raw[fed..], cells, ends);
            fed += taken;
            *cell_bytes += written;
            self.count += ended;
            match result {
                ReadRecordResult::OutputFull => self.cells.resize(2 * self.cells.len(), 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(2 * self.ends.len(), 0),
                ReadRecordResult::InputEmpty => return false,
                ReadRecordResult::Record | ReadRecordResult::End => return true,
            }
        }
    }

    /// Refuses the first line of the row; the others are read again.
    fn give_up(&mut self, why: &str) -> Row {
        let first = self.taken[0];
        let mut end = self.raw.len();
        while let Some(length) = self.taken.pop_if(|_| first < end) {
            self.again.push_front(self.raw[end - length..end - 1].to_vec());
            end -= length;
        }
        self.raw.truncate(first);
        Row::Refused(Refusal::new("open-quote", why))
    }
}

fn too_long() -> Row {
    Row::Refused(Refusal::new("too-large", format!("the row has more than {} bytes", KEPT_BYTES_MAX - 1)))
}

/// Is every quoted cell of `row`, as far as it goes, closed by a quote that a delimiter or the line's end follows?
fn is_well_quoted(row: &[u8], delimiter: u8) -> bool {
    #[derive(Clone, Copy)]
    enum At {
        Begin,
        Plain,
        Quoted,
        Quote,
    }
    let mut at = At::Begin;
    for byte in row {
        at = match (at, *byte) {
            (At::Begin, b'"') | (At::Quote, b'"') => At::Quoted,
            (At::Quoted, b'"') => At::Quote,
            (At::Quoted, _) => At::Quoted,
            (_, byte) if byte == delimiter || byte == b'\n' => At::Begin,
            (At::Quote, _) => return false,
            _ => At::Plain,
        };
    }
    true
}
