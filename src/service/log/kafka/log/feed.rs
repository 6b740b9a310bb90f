//! Reading the feed: batches, the ends of partitions, and what goes wrong.

use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::super::reader::{REQUEST_WAIT, answer, is_out_of_range};
use super::super::tail::FeedMessage;
use super::step_over::{Next, StepOver};
use super::{Cursor, KafkaLog};
use crate::domain::UtcSecond;
use crate::service::log::{Log, LogError, Record};

/// A partition that has given nothing for so long is compared with the broker: longer than a broker takes to fail over.
const SILENCE: Duration = Duration::from_secs(10);
/// So long the comparison may take: the other partitions wait for it.
const COMPARISON_WAIT: Duration = Duration::from_secs(1);

impl KafkaLog {
    /// As [`Log::take`] says.
    pub(super) fn take_records(
        &mut self,
        wait: Duration,
        max: usize,
        each: &mut dyn FnMut(Record<'_>),
    ) -> Result<usize, LogError> {
        let deadline = Instant::now() + wait;
        let mut taken = 0;
        self.cursors.values_mut().for_each(|cursor| cursor.appended_millis = None);
        match self.tail.event() {
            Some(Err(error)) => self.trouble(None, &error)?,
            Some(Ok(partition)) => {
                if let Some(cursor) = self.cursors.get(&partition) {
                    self.start(partition, cursor.next)?;
                }
            }
            None => {}
        }
        let mut filled = false;
        while taken < max {
            match self.tail.next() {
                Some(Ok(message)) if self.broken.contains_key(&message.partition()) => {
                    let partition = message.partition();
                    self.probe_worked(partition)?;
                }
                Some(Ok(message)) => {
                    let Some(cursor) = self.cursors.get_mut(&message.partition()) else { continue };
                    if message.offset() < cursor.next {
                        continue;
                    }
                    cursor.next = message.offset() + 1;
                    cursor.last_event = Instant::now();
                    if std::mem::take(&mut self.drained) && cursor.reached_end {
                        self.metrics.read_at_the_end(message.timestamp_millis().unwrap_or_default());
                    }
                    give(&message, cursor, each);
                    taken += 1;
                }
                Some(Err((partition, error))) if is_broken_batch(&error) => {
                    self.probe_failed(partition, &error)?;
                }
                Some(Err((partition, error))) => {
                    self.trouble(Some(partition), &error)?;
                    self.drained |= matches!(error, KafkaError::PartitionEOF(_));
                    // The worker may have waited for the end of a partition.
                    if taken == 0 && matches!(error, KafkaError::PartitionEOF(_)) {
                        break;
                    }
                }
                None if filled && (0 < taken || deadline <= Instant::now()) => {
                    self.drained = true;
                    self.resume_silent()?;
                    break;
                }
                None => {
                    let wait = if taken == 0 {
                        deadline.saturating_duration_since(Instant::now())
                    } else {
                        Duration::ZERO
                    };
                    self.tail.fill(wait, max - taken);
                    filled = true;
                }
            }
        }
        Ok(taken)
    }

    /// What an error of the tail, of `partition` where it is known, means; `Ok` where it mends itself.
    fn trouble(&mut self, partition: Option<i32>, error: &KafkaError) -> Result<(), LogError> {
        match error {
            KafkaError::PartitionEOF(partition) if self.broken.contains_key(partition) => {
                self.probe_worked(*partition)
            }
            KafkaError::PartitionEOF(partition) => {
                if let Some(cursor) = self.cursors.get_mut(partition) {
                    cursor.reached_end = true;
                    cursor.last_event = Instant::now();
                }
                Ok(())
            }
            error if is_out_of_range(error) => self.broken_off(partition, error),
            error => match answer(error) {
                LogError::Unavailable(reason) => {
                    tracing::debug!(reason, "the feed can't be read just now");
                    Ok(())
                }
                refused => Err(refused),
            },
        }
    }

    /// The library has stopped to read `of`, or a partition that it does not name: the offset is gone, or a broker that
    /// has just taken over does not know it yet. In the second case reading starts again where it was.
    fn broken_off(&mut self, of: Option<i32>, error: &KafkaError) -> Result<(), LogError> {
        let places = self.cursors.iter().filter(|(partition, _)| of.is_none_or(|of| of == **partition));
        let places: Vec<(i32, i64)> = places.map(|(partition, cursor)| (*partition, cursor.next)).collect();
        for (partition, next) in places {
            let watermarks = self.watermarks_within(partition, REQUEST_WAIT);
            let (low, high) = watermarks.map_err(|error| answer(&error))?;
            if next < low || high < next {
                return Err(LogError::Truncated { partition, wanted: next, low });
            }
            tracing::warn!(partition, offset = next, %error, "reading of the feed broke off, and starts again");
            self.tail.stop(partition)?;
            self.tail.start(partition, next)?;
        }
        Ok(())
    }

    /// Starts to read one partition again that gives nothing while the log holds more of it: after a broker has taken
    /// over, the library can wait for an answer that never comes.
    fn resume_silent(&mut self) -> Result<(), LogError> {
        let is_silent = |cursor: &Cursor| SILENCE <= cursor.last_event.elapsed();
        let silent = self.cursors.iter_mut().find(|(_, cursor)| is_silent(cursor));
        let Some((partition, next)) = silent.map(|(partition, cursor)| {
            cursor.last_event = Instant::now();
            (*partition, cursor.next)
        }) else {
            return Ok(());
        };
        // Without an answer there is nothing to compare with.
        let Ok((_, high)) = self.watermarks_within(partition, COMPARISON_WAIT) else { return Ok(()) };
        let Some(cursor) = self.cursors.get_mut(&partition) else { return Ok(()) };
        // What lies below the end may be no record, such as the mark of a transaction: once for each end.
        if self.broken.contains_key(&partition) || high <= next || high == cursor.resumed_below {
            return Ok(());
        }
        cursor.resumed_below = high;
        tracing::warn!(partition, offset = next, end = high, "the feed gives nothing: reading starts again");
        self.tail.stop(partition)?;
        self.tail.start(partition, next)
    }

    fn watermarks_within(&self, partition: i32, wait: Duration) -> Result<(i64, i64), KafkaError> {
        self.tail.consumer().fetch_watermarks(&self.layout.feed, partition, wait)
    }

    /// A batch of `partition` can't be read from where reading started last.
    fn probe_failed(&mut self, partition: i32, error: &KafkaError) -> Result<(), LogError> {
        let Some(next) = self.cursors.get(&partition).map(|cursor| cursor.next) else { return Ok(()) };
        tracing::warn!(partition, %error, offset = next, "a batch of the feed can't be read");
        let watermarks = self.tail.consumer().fetch_watermarks(&self.layout.feed, partition, REQUEST_WAIT);
        let (_, end) = watermarks.map_err(|error| answer(&error))?;
        let search = self.broken.entry(partition).or_insert_with(|| StepOver::new(next));
        let next = search.failed(end);
        self.probe(partition, next)
    }

    /// Reading `partition` works from where it started last.
    fn probe_worked(&mut self, partition: i32) -> Result<(), LogError> {
        let Some(search) = self.broken.get_mut(&partition) else { return Ok(()) };
        match search.worked() {
            Some(next) => self.probe(partition, next),
            None => {
                let from = search.from();
                self.start(partition, from)
            }
        }
    }

    fn probe(&mut self, partition: i32, next: Next) -> Result<(), LogError> {
        match next {
            Next::ReadFrom(offset) => {
                self.tail.stop(partition)?;
                self.tail.start(partition, offset)
            }
            Next::Behind(to) => {
                let from = self.broken.get(&partition).map_or(to, StepOver::from);
                self.start(partition, to)?;
                Err(LogError::Unreadable { partition, from, to })
            }
        }
    }
}

fn is_broken_batch(error: &KafkaError) -> bool {
    let code = error.rdkafka_error_code();
    matches!(code, Some(RDKafkaErrorCode::BadMessage | RDKafkaErrorCode::BadCompression))
}

fn give(message: &FeedMessage<'_>, cursor: &mut Cursor, each: &mut dyn FnMut(Record<'_>)) {
    let appended_millis = message.timestamp_millis().unwrap_or_default();
    cursor.appended_millis.get_or_insert(appended_millis);
    each(Record {
        partition: message.partition(),
        offset: message.offset(),
        appended_at: UtcSecond(appended_millis.div_euclid(1_000)),
        key: message.key(),
        value: message.value(),
        decoded: None,
        headers: message,
    });
}
