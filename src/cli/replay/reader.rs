//! Reads the registrations on a thread of its own, so that unpacking a file and looking at when its
//! lines were sent does not hold up the engine.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::cli::input::{Input, InputError};
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
pub(super) struct Entry {
    /// Lines before it, over all files.
    pub(super) offset: i64,
    pub(super) appended_at: UtcSecond,
    /// Where its bytes are in the batch.
    pub(super) bytes: Range<usize>,
}

/// Lines one after the other.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) data: Vec<u8>,
    pub(super) entries: Vec<Entry>,
    /// Files that begin here, with the offset of their first line.
    pub(super) begins: Vec<(i64, PathBuf)>,
    /// Bytes taken from all files so far.
    pub(super) taken_bytes: u64,
}

/// Begins to read `inputs` one after the other. The receiver gets every batch in order, and an error
/// as the last thing where reading fails.
pub(super) fn start(inputs: Vec<(PathBuf, Input)>) -> Receiver<Result<Batch, InputError>> {
    let (sender, receiver) = sync_channel(BATCHES_AHEAD);
    thread::spawn(move || {
        let mut reader =
            Reader { sender, batch: Batch::default(), appended_at: UtcSecond(i64::MIN), gone: false };
        if let Err(error) = reader.read(inputs) {
            // Nobody is there to hear it where the command has ended.
            let _ = reader.sender.send(Err(error));
        }
    });
    receiver
}

struct Reader {
    sender: SyncSender<Result<Batch, InputError>>,
    batch: Batch,
    appended_at: UtcSecond,
    /// The command has ended; nobody wants more.
    gone: bool,
}

impl Reader {
    fn read(&mut self, inputs: Vec<(PathBuf, Input)>) -> Result<(), InputError> {
        let mut first = 0;
        let mut taken_before = 0;
        for (path, mut input) in inputs {
            self.batch.begins.push((first, path));
            while let Some(line) = input.next_line()? {
                let offset = first + i64::try_from(line.number).expect("no file has so many lines");
                self.line(offset, line.bytes);
                self.batch.taken_bytes = taken_before + input.taken_bytes();
                self.hand_over(BATCH_LINES);
                if self.gone {
                    return Ok(());
                }
            }
            first += i64::try_from(input.lines()).expect("no file has so many lines");
            taken_before += input.taken_bytes();
        }
        self.batch.taken_bytes = taken_before;
        self.hand_over(0);
        Ok(())
    }

    fn line(&mut self, offset: i64, bytes: &[u8]) {
        if let Some(sent_at) = sent_at(bytes) {
            self.appended_at = self.appended_at.max(sent_at);
        }
        let start = self.batch.data.len();
        self.batch.data.extend_from_slice(bytes);
        let bytes = start..self.batch.data.len();
        self.batch.entries.push(Entry { offset, appended_at: self.appended_at, bytes });
    }

    fn hand_over(&mut self, lines: usize) {
        if lines <= self.batch.entries.len() || BATCH_BYTES <= self.batch.data.len() {
            let taken_bytes = self.batch.taken_bytes;
            let batch = std::mem::replace(&mut self.batch, Batch { taken_bytes, ..Batch::default() });
            self.gone = self.sender.send(Ok(batch)).is_err();
        }
    }
}

/// When a registration was sent, as well as the record says. What the contract refuses says nothing:
/// a broken year would carry all that follows with it.
fn sent_at(bytes: &[u8]) -> Option<UtcSecond> {
    let record = contract::parse_registration(bytes).ok()?;
    let registration = record.registration(UtcSecond(i64::MAX)).ok()?;
    Some(registration.emitted_at.or(registration.end_at).unwrap_or(registration.start_at))
}
