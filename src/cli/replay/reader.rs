//! Reads the registrations on a thread of its own, so that unpacking a file and looking at when its
//! lines were sent does not hold up the engine.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::clock::{AFTER_MAX, Clock, Named};
use crate::cli::input::{InputError, InputFile, InputLine, Refusal};
use crate::contract;
use crate::domain::UtcSecond;

/// Lines that are handed over at once.
const BATCH_LINES: usize = 512;
/// A batch is handed over with fewer lines once it has so many bytes.
const BATCH_BYTES: usize = 1 << 20;
/// Batches that wait for the engine, at most.
const BATCHES_AHEAD: usize = 4;

/// A line of the input, as a record of the feed.
#[derive(Clone, Debug)]
pub(super) struct LineEntry {
    /// Lines before it, over all files.
    pub(super) offset: i64,
    /// The line that it begins in, counted from 1 within its file.
    pub(super) line: u64,
    pub(super) appended_at: UtcSecond,
    /// The lines after it did not confirm the time that it names.
    pub(super) leaps: bool,
    /// Where its bytes are in the batch.
    pub(super) bytes: Range<usize>,
    /// Why it cannot be a record; else the contract says so.
    pub(super) refusal: Option<Box<Refusal>>,
}

/// Lines one after the other.
#[derive(Default)]
pub(super) struct LineBatch {
    pub(super) data: Vec<u8>,
    pub(super) entries: Vec<LineEntry>,
    /// Files that begin here, with the offset of their first line.
    pub(super) begins: Vec<(i64, PathBuf)>,
    /// Bytes taken from all files so far.
    pub(super) taken_bytes: u64,
}

impl LineBatch {
    /// The first `count` lines; the others stay.
    fn split(&mut self, count: usize) -> Self {
        let rest = self.entries.split_off(count);
        let end = rest.first().map_or(self.data.len(), |entry| entry.bytes.start);
        let moved =
            |entry: LineEntry| LineEntry { bytes: entry.bytes.start - end..entry.bytes.end - end, ..entry };
        let rest = Self {
            data: self.data.split_off(end),
            entries: rest.into_iter().map(moved).collect(),
            begins: Vec::new(),
            taken_bytes: self.taken_bytes,
        };
        std::mem::replace(self, rest)
    }
}

/// Begins to read `inputs` one after the other. The receiver gets every batch in order, and an error
/// as the last thing where reading fails.
pub(super) fn start(inputs: Vec<(PathBuf, InputFile)>) -> Receiver<Result<LineBatch, InputError>> {
    let (sender, receiver) = sync_channel(BATCHES_AHEAD);
    thread::spawn(move || {
        let mut reader = LineReader {
            sender,
            batch: LineBatch::default(),
            named: Vec::new(),
            settled: 0,
            clock: Clock::default(),
            gone: false,
        };
        if let Err(error) = reader.read(inputs) {
            reader.settle(0);
            reader.hand_over(0);
            // Nobody is there to hear it where the command has ended.
            let _ = reader.sender.send(Err(error));
        }
    });
    receiver
}

struct LineReader {
    sender: SyncSender<Result<LineBatch, InputError>>,
    batch: LineBatch,
    /// The times that each line of the batch names.
    named: Vec<Option<Named>>,
    /// Lines of the batch that have their append time.
    settled: usize,
    clock: Clock,
    /// The command has ended; nobody wants more.
    gone: bool,
}

impl LineReader {
    fn read(&mut self, inputs: Vec<(PathBuf, InputFile)>) -> Result<(), InputError> {
        let mut first = 0;
        let mut taken_before = 0;
        for (path, mut input) in inputs {
            self.batch.begins.push((first, path));
            while let Some(line) = input.next_line()? {
                let offset = first + i64::try_from(line.number).expect("no file has so many lines");
                self.line(offset, line);
                self.batch.taken_bytes = taken_before + input.taken_bytes();
                self.settle(AFTER_MAX);
                self.hand_over(BATCH_LINES);
                if self.gone {
                    return Ok(());
                }
            }
            // The lines of another file confirm no times of this one: it may be another municipality's, from its first
            // month on.
            self.settle(0);
            first += i64::try_from(input.lines()).expect("no file has so many lines");
            taken_before += input.taken_bytes();
        }
        self.batch.taken_bytes = taken_before;
        self.hand_over(0);
        Ok(())
    }

    fn line(&mut self, offset: i64, InputLine { line, bytes, refusal, .. }: InputLine<'_>) {
        self.named.push(if refusal.is_none() { named(bytes) } else { None });
        let start = self.batch.data.len();
        self.batch.data.extend_from_slice(bytes);
        self.batch.entries.push(LineEntry {
            offset,
            line,
            appended_at: UtcSecond(i64::MIN),
            leaps: false,
            bytes: start..self.batch.data.len(),
            refusal: refusal.map(Box::new),
        });
    }

    /// Gives lines their append times, but for the last `after`.
    fn settle(&mut self, after: usize) {
        while self.settled + after < self.named.len() {
            let number = self.settled;
            let end = self.named.len().min(number + 1 + AFTER_MAX);
            let (now, confirmed) = self.clock.take(self.named[number], &self.named[number + 1..end]);
            let entry = &mut self.batch.entries[number];
            (entry.appended_at, entry.leaps) = (now, !confirmed);
            self.settled += 1;
        }
    }

    fn hand_over(&mut self, lines: usize) {
        let settled_bytes = self.settled.checked_sub(1).map_or(0, |last| self.batch.entries[last].bytes.end);
        if lines <= self.settled || BATCH_BYTES <= settled_bytes {
            let batch = self.batch.split(self.settled);
            self.named.drain(..self.settled);
            self.settled = 0;
            self.gone = self.sender.send(Ok(batch)).is_err();
        }
    }
}

/// The times that a registration names. What the contract refuses says nothing.
fn named(bytes: &[u8]) -> Option<Named> {
    let record = contract::parse_registration(bytes).ok()?;
    let registration = record.registration(UtcSecond(i64::MAX)).ok()?;
    let end = registration.end_at.unwrap_or(registration.start_at);
    Some(Named { sent: registration.sent_at(), end })
}
