//! Writes audit records to their topic, one after the other: each has the hash of the one before.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::util::Timeout;

use crate::access::AuditChain;
use crate::config::Config;
use crate::domain::AuditEntry;
use crate::feed::FeedError;
use crate::service::Shutdown;
use crate::service::log::kafka::{Clients, Quiet};

/// Entries that may wait for the broker; with more, nothing is shown until they are written.
const WAITING_MAX: usize = 10_000;
/// Longest wait for the acknowledgement of a record; it is sent again after it.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(10);
/// So long a stop waits for what is not written yet.
const STOP_WAIT: Duration = Duration::from_secs(5);
/// How soon a stop is noticed.
const LOOK: Duration = Duration::from_millis(100);

/// Takes entries; they are written in order by a thread of its own.
#[derive(Clone)]
pub(in crate::feed) struct AuditWriter(SyncSender<AuditEntry>);

/// The audit records cannot be written, and too many wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::feed) struct NotRecorded;

impl AuditWriter {
    /// A writer whose entries come out at the receiver.
    pub(in crate::feed) fn channel() -> (Self, Receiver<AuditEntry>) {
        let (sender, receiver) = sync_channel(WAITING_MAX);
        (Self(sender), receiver)
    }

    /// Takes an entry.
    ///
    /// # Errors
    /// Where too many wait: what the entry is about must not be shown.
    pub(in crate::feed) fn record(&self, entry: AuditEntry) -> Result<(), NotRecorded> {
        self.0.try_send(entry).map_err(|_| NotRecorded)
    }
}

/// The thread that writes.
pub(in crate::feed) struct AuditThread(JoinHandle<()>);

impl AuditThread {
    /// Begins a chain called `name` with the entries that come out of `entries`.
    ///
    /// # Errors
    /// Where the client library refuses a property, or no thread can be started.
    pub(in crate::feed) fn start(
        config: &Config,
        name: String,
        entries: Receiver<AuditEntry>,
        shutdown: Shutdown,
    ) -> Result<Self, FeedError> {
        let clients = Clients::new(config.kafka.client.clone(), &config.feed.group_id, None);
        let mut settings = clients.producer();
        settings.set("message.timeout.ms", ACKNOWLEDGED_WITHIN.as_millis().to_string());
        let producer = settings.create_with_context(Quiet)?;
        let chain = AuditChain::new(name);
        let log = AuditLog { producer, topic: config.topics.audit.clone(), chain };
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(FeedError::Thread)?;
        let thread = std::thread::Builder::new().name("feed-audit".to_owned());
        let work = move || runtime.block_on(log.run(&entries, &shutdown));
        Ok(Self(thread.spawn(work).map_err(FeedError::Thread)?))
    }

    pub(in crate::feed) fn has_ended(&self) -> bool {
        self.0.is_finished()
    }

    pub(in crate::feed) fn join(self) -> Result<(), FeedError> {
        self.0.join().map_err(|_| FeedError::BrokeOff)
    }
}

struct AuditLog {
    producer: FutureProducer<Quiet>,
    topic: String,
    chain: AuditChain,
}

impl AuditLog {
    async fn run(mut self, entries: &Receiver<AuditEntry>, shutdown: &Shutdown) {
        let mut stop_at = None;
        loop {
            if shutdown.is_requested() {
                stop_at.get_or_insert_with(|| Instant::now() + STOP_WAIT);
            }
            match entries.recv_timeout(LOOK) {
                Ok(entry) => {
                    let record = self.chain.append(entry);
                    self.write(&record, &mut stop_at, shutdown).await;
                }
                Err(RecvTimeoutError::Timeout) if stop_at.is_none() => {}
                Err(_) => return,
            }
        }
    }

    /// Sends a record until it is acknowledged: the next one is its successor. A stop waits for a while.
    async fn write(&self, record: &[u8], stop_at: &mut Option<Instant>, shutdown: &Shutdown) {
        let mut is_first = true;
        loop {
            let record = FutureRecord::to(&self.topic).key(self.chain.name()).payload(record);
            let Err((error, _)) = self.producer.send(record, Timeout::After(ACKNOWLEDGED_WITHIN)).await
            else {
                return;
            };
            if std::mem::take(&mut is_first) {
                tracing::error!(%error, "an audit record was not acknowledged; it is sent again");
            }
            if shutdown.is_requested() {
                let stop_at = *stop_at.get_or_insert_with(|| Instant::now() + STOP_WAIT);
                if stop_at <= Instant::now() {
                    return;
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
