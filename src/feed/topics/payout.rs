//! Clearance as a payout service applies it, kept up to date: the progress, the alert and the feed topic are read on in
//! rounds, in the order that the rule demands.
//!
//! Within a round the feed is known to its end before the alerts count, and the alerts before progress does. So at any
//! moment the verdicts are those of a reader that began a moment ago: never of an alert whose cause is not seen, never
//! of progress whose alerts are not.

use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::clearance::{Clearance, FeedPosition, Verdict};
use crate::config::{Config, Topics};
use crate::domain::{Scope, UtcSecond, Zone};
use crate::feed::FeedError;
use crate::service::{ReadPositions, ServiceError, Shutdown, TopicEnd, TopicReader};

/// Pause between two rounds.
const ROUND_PAUSE: Duration = Duration::from_secs(1);
/// How soon a stop is noticed in a pause.
const LOOK: Duration = Duration::from_millis(50);

/// Which registrations may be paid, as far as the last round came.
#[derive(Clone)]
pub(in crate::feed) struct PayoutMemory {
    zone: Zone,
    known: Arc<RwLock<KnownPayout>>,
}

struct KnownPayout {
    clearance: Clearance,
    /// Has a round been whole?
    is_whole: bool,
}

impl PayoutMemory {
    pub(in crate::feed) fn new(zone: Zone) -> Self {
        let known = KnownPayout { clearance: Clearance::new(zone.clone()), is_whole: false };
        Self { zone, known: Arc::new(RwLock::new(known)) }
    }

    /// The verdict on one registration in the run that is scheduled at `run_at`; `None` where the feed has none, or it is
    /// out of `scope`.
    ///
    /// # Errors
    /// Until a round has been whole.
    pub(in crate::feed) fn verdict(
        &self,
        scope: &Scope,
        municipality: &str,
        registration_id: &str,
        run_at: Option<UtcSecond>,
    ) -> Result<Option<Verdict>, NotRead> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if !known.is_whole {
            return Err(NotRead);
        }
        Ok(known
            .clearance
            .verdict(municipality, registration_id, run_at)
            .filter(|of| scope.covers(&of.municipality)))
    }

    fn change(&self, change: impl FnOnce(&mut KnownPayout)) {
        change(&mut self.known.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Takes a record of the feed.
    pub(in crate::feed) fn registration(&self, at: FeedPosition, key: Option<&[u8]>, value: Option<&[u8]>) {
        self.change(|known| known.clearance.registration(at, key, value));
    }

    /// Takes what a round has read beside the feed.
    pub(in crate::feed) fn finish(&self, round: RoundRecords) {
        self.change(|known| {
            for (key, value) in round.alerts {
                known.clearance.alert(key.as_deref(), value.as_deref());
            }
            for (partition, key, value) in round.progress {
                known.clearance.progress(partition, key.as_deref(), value.as_deref());
            }
            known.is_whole = true;
        });
    }

    fn forget(&self) {
        let clearance = Clearance::new(self.zone.clone());
        self.change(|known| *known = KnownPayout { clearance, is_whole: false });
    }
}

/// The topics are not read to their ends yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::feed) struct NotRead;

pub(in crate::feed) type Bytes = Option<Vec<u8>>;

/// What a round has read of the progress and the alert topic; it counts once the feed is read as far.
#[derive(Default)]
pub(in crate::feed) struct RoundRecords {
    /// Partition, key and value.
    pub(in crate::feed) progress: Vec<(i32, Bytes, Bytes)>,
    /// Key and value.
    pub(in crate::feed) alerts: Vec<(Bytes, Bytes)>,
}

/// The thread that reads in rounds.
pub(in crate::feed) struct PayoutThread(JoinHandle<()>);

impl PayoutThread {
    /// Begins to read.
    ///
    /// # Errors
    /// Where the client library refuses a property, or no thread can be started.
    pub(in crate::feed) fn start(
        config: &Config,
        memory: PayoutMemory,
        shutdown: Shutdown,
    ) -> Result<Self, FeedError> {
        let reader = TopicReader::new(config)?;
        let mut rounds = PayoutRounds {
            reader,
            topics: config.topics.clone(),
            memory,
            positions: [const { ReadPositions::new() }; 3],
            waiting: RoundRecords::default(),
        };
        let work = move || {
            while !shutdown.is_requested() {
                if let Err(error) = rounds.round() {
                    tracing::debug!(%error, "the topics can't be read just now, for clearance");
                }
                let looks = ROUND_PAUSE.as_millis() / LOOK.as_millis();
                (0..looks).take_while(|_| !shutdown.is_requested()).for_each(|_| std::thread::sleep(LOOK));
            }
        };
        let thread = std::thread::Builder::new().name("feed-payout".to_owned());
        Ok(Self(thread.spawn(work).map_err(FeedError::Thread)?))
    }

    pub(in crate::feed) fn has_ended(&self) -> bool {
        self.0.is_finished()
    }

    pub(in crate::feed) fn join(self) -> Result<(), FeedError> {
        self.0.join().map_err(|_| FeedError::BrokeOff)
    }
}

struct PayoutRounds {
    reader: TopicReader,
    topics: Topics,
    memory: PayoutMemory,
    /// Of the progress, the alert and the feed topic.
    positions: [ReadPositions; 3],
    /// What a round that broke off has read: it counts with the next one.
    waiting: RoundRecords,
}

impl PayoutRounds {
    fn round(&mut self) -> Result<(), ServiceError> {
        let Self { reader, topics, memory, positions: [progress, alerts, feed], waiting } = self;
        let bytes = |text: Option<&[u8]>| text.map(<[u8]>::to_vec);
        let mut are_same = reader.read_on(&topics.progress, TopicEnd::Written, progress, &mut |record| {
            waiting.progress.push((record.partition, bytes(record.key), bytes(record.value)));
        })?;
        are_same &= reader.read_on(&topics.alerts, TopicEnd::Written, alerts, &mut |record| {
            waiting.alerts.push((bytes(record.key), bytes(record.value)));
        })?;
        are_same &= reader.read_on(&topics.registrations, TopicEnd::Committed, feed, &mut |record| {
            let at = FeedPosition { partition: record.partition, offset: record.offset };
            memory.registration(at, record.key, record.value);
        })?;
        if are_same {
            memory.finish(std::mem::take(waiting));
        } else {
            tracing::warn!("a topic was made anew: clearance is read from its beginning");
            memory.forget();
            (self.positions, self.waiting) = ([const { ReadPositions::new() }; 3], RoundRecords::default());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_before_a_round_is_whole() {
        let (memory, scope) = (PayoutMemory::new(Zone::utc()), Scope::every());
        memory.registration(FeedPosition { partition: 0, offset: 0 }, Some(b"0181"), Some(b"{}"));
        assert_eq!(memory.verdict(&scope, "0181", "R-1", None), Err(NotRead));
        memory.finish(RoundRecords::default());
        assert_eq!(memory.verdict(&scope, "0181", "R-1", None), Ok(None));
        memory.forget();
        assert_eq!(memory.verdict(&scope, "0181", "R-1", None), Err(NotRead));
    }
}
