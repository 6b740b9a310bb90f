//! The decoded lines with their append times, which depend on the lines that follow.

use std::collections::VecDeque;

use super::clock::{AFTER_MAX, Clock, Named};
use super::reader::{DecodedBatch, LineReader};
use crate::cli::input::InputError;
use crate::domain::UtcSecond;

/// The append time of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct AppendTime {
    pub(super) at: UtcSecond,
    /// The lines after it did not confirm the time that it names.
    pub(super) leaps: bool,
}

/// Lines with their append times.
pub(super) struct TimedBatch {
    pub(super) lines: DecodedBatch,
    pub(super) times: Vec<AppendTime>,
}

/// Gives lines their append times.
pub(super) struct TimedReader {
    reader: LineReader,
    clock: Clock,
    /// Batches that were read ahead.
    ahead: VecDeque<DecodedBatch>,
    /// Nothing follows what was read ahead; the error with which reading ended.
    end: Option<Option<InputError>>,
}

impl TimedReader {
    pub(super) fn new(reader: LineReader) -> Self {
        Self { reader, clock: Clock::default(), ahead: VecDeque::new(), end: None }
    }

    /// The next batch; `None` at the end.
    ///
    /// # Errors
    /// As the last thing, where reading fails.
    pub(super) fn next(&mut self) -> Result<Option<TimedBatch>, InputError> {
        self.read_ahead();
        let Some(lines) = self.ahead.pop_front() else {
            return self.end.take().flatten().map_or(Ok(None), Err);
        };
        let own = lines.decoded().len();
        let named: Vec<Option<Named>> = self.named(&lines);
        let times = (0..own).map(|number| {
            let end = named.len().min(number + 1 + AFTER_MAX);
            let (at, confirmed) = self.clock.take(named[number], &named[number + 1..end]);
            AppendTime { at, leaps: !confirmed }
        });
        let times = times.collect();
        Ok(Some(TimedBatch { lines, times }))
    }

    /// Reads one batch and what the times of its last line depend on. The lines of another file confirm no times of this
    /// one: it may be another municipality's, from its first month on.
    fn read_ahead(&mut self) {
        while self.end.is_none() {
            let lines = |batch: &DecodedBatch| batch.decoded().len();
            let of_file = self.ahead.iter().position(|batch| batch.lines().ends_file);
            if of_file.is_some() || AFTER_MAX <= self.ahead.iter().skip(1).map(lines).sum() {
                return;
            }
            match self.reader.next() {
                Some(Ok(batch)) => self.ahead.push_back(batch),
                Some(Err(error)) => self.end = Some(Some(error)),
                None => self.end = Some(None),
            }
        }
    }

    /// The times that the lines of a batch and those after it in the same file name.
    fn named(&self, batch: &DecodedBatch) -> Vec<Option<Named>> {
        let mut named: Vec<Option<Named>> = batch.decoded().iter().map(|line| line.named).collect();
        let (mut last, until) = (batch, named.len() + AFTER_MAX);
        for batch in &self.ahead {
            if last.lines().ends_file || until <= named.len() {
                break;
            }
            named.extend(batch.decoded().iter().map(|line| line.named));
            last = batch;
        }
        named
    }
}
