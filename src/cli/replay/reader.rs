//! Reads the registrations ahead of the engine: one thread unpacks the files and splits them into lines, others decode
//! these. Each line is decoded once; the worker takes the decoded record.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use self_cell::self_cell;

use super::clock::Named;
use crate::cli::input::{InputError, InputFile, InputLine, Refusal};
use crate::contract::{self, Decoded, RegistrationRecord};
use crate::domain::{Rejection, UtcSecond};

/// Lines of a batch: few enough for the decoded records of one to lie in a core's cache.
const BATCH_LINES: usize = 256;
/// A batch is handed over with fewer lines once it has so many bytes.
const BATCH_BYTES: usize = 1 << 20;
/// Batches that wait on either side of a decoder, at most.
const BATCHES_AHEAD: usize = 2;
/// Decoders at most: one engine is busy with less than what so many decode.
const DECODERS_MAX: usize = 3;

/// A line of the input, as a record of the feed.
#[derive(Clone, Debug)]
pub(super) struct LineEntry {
    /// Lines before it, over all files.
    pub(super) offset: i64,
    /// The line that it begins in, counted from 1 within its file.
    pub(super) line: u64,
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
    /// Whether the last line is the last of its file.
    pub(super) ends_file: bool,
}

/// A decoded line.
#[derive(Default)]
pub(super) struct DecodedLine<'a> {
    /// `None` where the line cannot be a record.
    pub(super) registration: Option<Decoded<'a>>,
    /// The times that it names. What the contract refuses names none.
    pub(super) named: Option<Named>,
}

/// Of each line; `None` where it cannot be a record.
type BatchRecords<'a> = Vec<Option<Result<RegistrationRecord<'a>, Rejection>>>;
type DecodedLines<'a> = Vec<DecodedLine<'a>>;

self_cell!(
    /// Lines with their records, which borrow from them.
    struct RecordBatch {
        owner: LineBatch,
        #[covariant]
        dependent: BatchRecords,
    }
);

self_cell!(
    /// Records with their registrations, which borrow from them.
    pub(super) struct DecodedBatch {
        owner: RecordBatch,
        #[covariant]
        dependent: DecodedLines,
    }
);

impl DecodedBatch {
    fn decode(lines: LineBatch) -> Self {
        Self::new(RecordBatch::new(lines, records), decoded)
    }

    /// The lines.
    pub(super) fn lines(&self) -> &LineBatch {
        self.borrow_owner().borrow_owner()
    }

    /// What they were decoded to.
    pub(super) fn decoded(&self) -> &[DecodedLine<'_>] {
        self.borrow_dependent()
    }
}

/// Batches or, as the last thing, why reading failed.
type Batches<T> = Receiver<Result<T, InputError>>;

/// The threads that read ahead.
pub(super) struct LineReader {
    /// Of each decoder; batches come from one after the other.
    decoded: Vec<Batches<DecodedBatch>>,
    turn: usize,
    threads: Vec<JoinHandle<()>>,
}

impl LineReader {
    /// Begins to read `inputs` one after the other.
    pub(super) fn start(inputs: Vec<(PathBuf, InputFile)>) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let decoders = cores.saturating_sub(1).clamp(1, DECODERS_MAX);
        let (mut senders, mut decoded, mut threads) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..decoders {
            let (sender, lines) = sync_channel(BATCHES_AHEAD);
            let (decoder, receiver) = sync_channel(BATCHES_AHEAD);
            threads.push(thread::spawn(move || decode_all(&lines, &decoder)));
            senders.push(sender);
            decoded.push(receiver);
        }
        let mut splitter = Splitter { senders, turn: 0, batch: LineBatch::default(), is_gone: false };
        threads.push(thread::spawn(move || {
            if let Err(error) = splitter.split(inputs) {
                splitter.hand_over(true);
                splitter.send(Err(error));
            }
        }));
        Self { decoded, turn: 0, threads }
    }

    /// The next batch; `None` at the end.
    ///
    /// # Errors
    /// As the last thing, where reading fails.
    pub(super) fn next(&mut self) -> Option<Result<DecodedBatch, InputError>> {
        let next = self.decoded[self.turn].recv().ok();
        self.turn = (self.turn + 1) % self.decoded.len();
        if next.is_none() {
            // What a thread failed on must not pass for the end of the input.
            for thread in self.threads.drain(..) {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            }
        }
        next
    }
}

/// Splits files into lines.
struct Splitter {
    /// To each decoder; batches go to one after the other.
    senders: Vec<SyncSender<Result<LineBatch, InputError>>>,
    turn: usize,
    batch: LineBatch,
    /// The command has ended and takes no more.
    is_gone: bool,
}

impl Splitter {
    fn split(&mut self, inputs: Vec<(PathBuf, InputFile)>) -> Result<(), InputError> {
        let mut first = 0;
        let mut taken_before = 0;
        for (path, mut input) in inputs {
            self.batch.begins.push((first, path));
            while let Some(line) = input.next_line()? {
                let offset = first + i64::try_from(line.number).expect("no file has so many lines");
                self.line(offset, line);
                self.batch.taken_bytes = taken_before + input.taken_bytes();
                if BATCH_LINES <= self.batch.entries.len() || BATCH_BYTES <= self.batch.data.len() {
                    self.hand_over(false);
                }
                if self.is_gone {
                    return Ok(());
                }
            }
            first += i64::try_from(input.lines()).expect("no file has so many lines");
            taken_before += input.taken_bytes();
            self.batch.taken_bytes = taken_before;
            self.hand_over(true);
        }
        Ok(())
    }

    fn line(&mut self, offset: i64, InputLine { line, bytes, refusal, .. }: InputLine<'_>) {
        let start = self.batch.data.len();
        self.batch.data.extend_from_slice(bytes);
        let bytes = start..self.batch.data.len();
        self.batch.entries.push(LineEntry { offset, line, bytes, refusal: refusal.map(Box::new) });
    }

    fn hand_over(&mut self, ends_file: bool) {
        let (bytes, taken_bytes) = (self.batch.data.len(), self.batch.taken_bytes);
        self.batch.ends_file = ends_file;
        let next = LineBatch {
            data: Vec::with_capacity(bytes),
            entries: Vec::with_capacity(BATCH_LINES),
            taken_bytes,
            ..LineBatch::default()
        };
        let batch = std::mem::replace(&mut self.batch, next);
        self.send(Ok(batch));
    }

    fn send(&mut self, batch: Result<LineBatch, InputError>) {
        self.is_gone |= self.senders[self.turn].send(batch).is_err();
        self.turn = (self.turn + 1) % self.senders.len();
    }
}

/// Decodes batches until there are no more, or nobody takes them.
fn decode_all(lines: &Batches<LineBatch>, decoded: &SyncSender<Result<DecodedBatch, InputError>>) {
    for batch in lines {
        let batch = batch.map(DecodedBatch::decode);
        if decoded.send(batch).is_err() {
            return;
        }
    }
}

fn records(batch: &LineBatch) -> BatchRecords<'_> {
    let parse = |entry: &LineEntry| contract::parse_registration(&batch.data[entry.bytes.clone()]);
    batch.entries.iter().map(|entry| entry.refusal.is_none().then(|| parse(entry))).collect()
}

fn decoded(batch: &RecordBatch) -> DecodedLines<'_> {
    batch.borrow_dependent().iter().map(|record| DecodedLine::of(record.as_ref())).collect()
}

impl<'a> DecodedLine<'a> {
    fn of(record: Option<&'a Result<RegistrationRecord<'a>, Rejection>>) -> Self {
        let Some(record) = record else { return Self::default() };
        let checked = |record: &'a RegistrationRecord<'a>| record.registration(UtcSecond(i64::MAX));
        let registration = record.as_ref().map_err(Clone::clone).and_then(checked);
        let named = registration.as_ref().ok().map(|registration| Named {
            sent: registration.sent_at(),
            end: registration.end_at.unwrap_or(registration.start_at),
        });
        Self { registration: Some(registration), named }
    }
}
