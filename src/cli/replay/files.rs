//! The input files as a log, and the outputs as its topics.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use indicatif::ProgressBar;
use serde_json::json;

use super::reader::LineEntry;
use super::tally::Tallies;
use super::timed::{TimedBatch, TimedReader};
use crate::cli::exit::Failure;
use crate::cli::input::{InputError, RecordKind, Refusal};
use crate::domain::Reason;
use crate::service::log::{
    EachKept, EachQuarantined, Header, Log, LogError, NoHeaders, Outgoing, OutputTopic, Record, Watermarks,
};

/// There is one partition.
pub(super) const PARTITION: i32 = 0;

/// Where the topics go.
pub(in crate::cli) struct Sinks {
    /// Alerts, one a line.
    pub(in crate::cli) alerts: Box<dyn Write + Send>,
    /// Keep the last state of each alert to the end.
    pub(in crate::cli) only_final: bool,
    /// Lines that can't be used.
    pub(in crate::cli) quarantine: Option<Box<dyn Write + Send>>,
}

/// Why a replay ended before the end of its input.
pub(super) enum Broken {
    /// An input can't be read.
    Input(InputError),
    /// An output can't be written.
    Output(io::Error),
    /// The files can't be read from their beginning again.
    ReadAgain,
}

/// The input files as a log with one partition, read once from its beginning to its end.
pub(in crate::cli) struct FileLog {
    batches: TimedReader,
    batch: Option<TimedBatch>,
    /// The next entry of the batch.
    next: usize,
    position: Option<i64>,
    /// All was taken.
    pub(super) is_at_end: bool,
    /// Files with the offset of their first line, by their place in the tallies.
    begins: Vec<(i64, usize)>,
    pub(super) tallies: Tallies,
    sinks: Sinks,
    last: BTreeMap<Vec<u8>, Vec<u8>>,
    published: u64,
    bar: ProgressBar,
    broken: Option<Broken>,
}

impl FileLog {
    pub(super) fn new(batches: TimedReader, sinks: Sinks, bar: ProgressBar) -> Self {
        Self {
            batches,
            batch: None,
            next: 0,
            position: None,
            is_at_end: false,
            begins: Vec::new(),
            tallies: Tallies::default(),
            sinks,
            last: BTreeMap::new(),
            published: 0,
            bar,
            broken: None,
        }
    }

    /// Writes what was kept to the end.
    pub(in crate::cli) fn finish(&mut self) -> io::Result<()> {
        self.bar.finish_and_clear();
        for value in std::mem::take(&mut self.last).into_values() {
            write_line(&mut self.sinks.alerts, &value)?;
        }
        self.sinks.alerts.flush()?;
        self.sinks.quarantine.as_mut().map_or(Ok(()), Write::flush)
    }

    /// Fails where a file was a wrong one, as `Tallies` has it; of the `strict` kinds every line has to be usable.
    pub(in crate::cli) fn verdict(&self, strict: &[RecordKind]) -> Result<(), Failure> {
        self.tallies.verdict(strict)
    }

    /// Lines that cannot be used.
    pub(in crate::cli) fn refused(&self) -> u64 {
        self.tallies.refused()
    }

    /// What it broke on, where it did.
    pub(super) fn take_broken(&mut self) -> Option<Broken> {
        self.broken.take()
    }

    /// Waits for the next batch; `false` at the end.
    fn next_batch(&mut self) -> Result<bool, LogError> {
        match self.batches.next() {
            Ok(Some(batch)) => {
                let lines = batch.lines.lines();
                for (first, path) in &lines.begins {
                    self.begins.push((*first, self.tallies.begin(path, RecordKind::Registration)));
                }
                self.bar.set_position(lines.taken_bytes);
                (self.batch, self.next) = (Some(batch), 0);
                Ok(true)
            }
            Ok(None) => {
                self.is_at_end = true;
                Ok(false)
            }
            Err(error) => Err(self.breaks(Broken::Input(error))),
        }
    }

    fn breaks(&mut self, broken: Broken) -> LogError {
        self.broken = Some(broken);
        LogError::Refused("the replay has to end here".to_owned())
    }

    /// The place in the tallies of the file that `offset` lies in.
    fn file(&self, offset: i64) -> usize {
        let file = self.begins.partition_point(|(first, _)| *first <= offset).checked_sub(1);
        file.map_or(0, |file| self.begins[file].1)
    }

    /// The line at `offset`, which was taken in this step, with its bytes.
    fn entry(&self, offset: i64) -> Option<(&LineEntry, &[u8])> {
        let lines = self.batch.as_ref()?.lines.lines();
        let place = lines.entries.binary_search_by_key(&offset, |entry| entry.offset).ok()?;
        let entry = &lines.entries[place];
        Some((entry, &lines.data[entry.bytes.clone()]))
    }

    fn write(&mut self, out: Outgoing<'_>) -> io::Result<()> {
        let value = out.value.unwrap_or_default();
        match out.topic {
            OutputTopic::Alerts if self.sinks.only_final => {
                self.last.insert(out.key.unwrap_or_default().to_vec(), value.to_vec());
                Ok(())
            }
            OutputTopic::Alerts => write_line(&mut self.sinks.alerts, value),
            OutputTopic::Progress => Ok(()),
            OutputTopic::Quarantine => {
                let header = |name| header(out.headers, name);
                let offset: i64 = header("__connect.errors.offset").parse().unwrap_or_default();
                let code = header("__connect.errors.exception.class.name");
                let detail = header("__connect.errors.exception.message");
                let reason = Reason::ALL.iter().find(|reason| reason.code() == code);
                let mut refusal = Refusal { reason: reason.map_or("", |reason| reason.code()), detail };
                let mut place = (offset.unsigned_abs() + 1, value.to_vec());
                if let Some((entry, bytes)) = self.entry(offset) {
                    place = (entry.line, bytes.to_vec());
                    refusal = entry.refusal.as_deref().cloned().unwrap_or(refusal);
                }
                self.refuse(self.file(offset), place.0, &refusal, &place.1)
            }
        }
    }

    /// Counts a line that can't be used, and writes it to the quarantine.
    pub(super) fn refuse(
        &mut self,
        file: usize,
        line: u64,
        refusal: &Refusal,
        bytes: &[u8],
    ) -> io::Result<()> {
        self.tallies.refuse(file, line, refusal, bytes);
        let Some(sink) = &mut self.sinks.quarantine else { return Ok(()) };
        let Refusal { reason, detail } = refusal;
        let (file, original) =
            (self.tallies.path(file).display().to_string(), String::from_utf8_lossy(bytes));
        let record =
            json!({"file": file, "line": line, "reason": reason, "detail": detail, "original": original});
        write_line(sink, record.to_string().as_bytes())
    }
}

fn header(headers: &[Header], name: &str) -> String {
    let found = headers.iter().find(|(known, _)| known == name).and_then(|(_, value)| value.as_deref());
    String::from_utf8_lossy(found.unwrap_or_default()).into_owned()
}

pub(super) fn write_line(sink: &mut impl Write, line: &[u8]) -> io::Result<()> {
    sink.write_all(line)?;
    sink.write_all(b"\n")
}

impl Log for FileLog {
    fn extent(&mut self, _partition: i32) -> Result<Watermarks, LogError> {
        Ok(Watermarks { low: 0, high: 0, committed: None })
    }

    fn read_back(
        &mut self,
        _topic: OutputTopic,
        _partition: i32,
        _each: &mut EachKept<'_>,
    ) -> Result<(), LogError> {
        Ok(())
    }

    fn read_quarantined(
        &mut self,
        _partition: i32,
        _from: i64,
        _each: &mut EachQuarantined<'_>,
    ) -> Result<(), LogError> {
        Ok(())
    }

    fn start(&mut self, _partition: i32, from: i64) -> Result<(), LogError> {
        if self.position.is_some() {
            return Err(self.breaks(Broken::ReadAgain));
        }
        self.position = Some(from);
        Ok(())
    }

    fn stop(&mut self, _partition: i32) {}

    fn take(
        &mut self,
        _wait: Duration,
        max: usize,
        each: &mut dyn FnMut(Record<'_>),
    ) -> Result<usize, LogError> {
        if self.position.is_none() {
            return Ok(0);
        }
        while self.batch.as_ref().is_none_or(|batch| batch.times.len() <= self.next) {
            if self.is_at_end || !self.next_batch()? {
                return Ok(0);
            }
        }
        let Some(TimedBatch { lines, times }) = &self.batch else { return Ok(0) };
        let taken = (times.len() - self.next).min(max);
        for (number, appended) in times.iter().enumerate().skip(self.next).take(taken) {
            let entry = &lines.lines().entries[number];
            self.position = Some(entry.offset + 1);
            let file = self.file(entry.offset);
            self.tallies.line(file);
            if appended.leaps {
                self.tallies.leap(file, entry.line);
            }
            // What cannot be a record goes on as an empty one, so that it is counted like any other.
            let bytes = if entry.refusal.is_none() { entry.bytes.clone() } else { 0..0 };
            each(Record {
                partition: PARTITION,
                offset: entry.offset,
                appended_at: appended.at,
                key: None,
                value: Some(&lines.lines().data[bytes]),
                decoded: lines.decoded()[number].registration.as_ref(),
                headers: &NoHeaders,
            });
        }
        self.next += taken;
        Ok(taken)
    }

    fn position(&mut self, _partition: i32) -> Result<i64, LogError> {
        Ok(self.position.unwrap_or(0))
    }

    fn publish(&mut self, out: Outgoing<'_>) -> Result<(), LogError> {
        self.write(out).map_err(|error| self.breaks(Broken::Output(error)))?;
        self.published += 1;
        Ok(())
    }

    fn acknowledged(&mut self) -> Result<u64, LogError> {
        Ok(self.published)
    }

    fn commit(&mut self, _partition: i32, _next_offset: i64) -> Result<(), LogError> {
        Ok(())
    }
}
