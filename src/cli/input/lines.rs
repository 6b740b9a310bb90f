//! Lines of bounded length.

use std::io::{self, BufRead};

use super::KEPT_BYTES_MAX;

/// The lines of a file, one at a time.
pub(super) struct Lines {
    reader: Box<dyn BufRead + Send>,
    /// The line read last, without its end; of a longer one the first [`KEPT_BYTES_MAX`] bytes.
    pub(super) kept: Vec<u8>,
}

impl Lines {
    pub(super) fn new(reader: Box<dyn BufRead + Send>) -> Self {
        Self { reader, kept: Vec::new() }
    }

    /// Reads a line; `false` at the end.
    pub(super) fn next(&mut self) -> io::Result<bool> {
        self.kept.clear();
        let found = self.append()?;
        if self.kept.ends_with(b"\r") {
            self.kept.pop();
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
            let end = memchr::memchr(b'\n', buffer);
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
