//! The outputs of a step and the offsets that they cover, in one transaction.
//!
//! Two fences, both at the broker. The offsets go with the generation of the group in which this instance owned the
//! partitions: a member that was replaced is refused, and with the offsets its outputs (KIP-447). And a producer that
//! is made under the name of another one ends that one's transaction and shuts it out: an instance that restarts is
//! not kept waiting by its former self.
//!
//! A transaction that was rolled back is made again from the records that the caller kept; nothing is derived again.
//! Where it is not known whether the broker committed, the caller derives everything again and compares. A call that
//! timed out may still be under way to the broker, and could act on the next transaction: the producer is replaced
//! then, which raises its epoch.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::producer::Producer;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::client::Clients;
use super::group::Group;
use super::publisher::{Publisher, Visible};
use super::reader::{answer, refused};
use super::topics::Layout;
use crate::service::log::{LogError, Outgoing};
use crate::service::observe::metrics::{Metrics, Sent};

/// One call of a transaction to the broker; it is made again until [`OUTCOME_WAIT`].
const CALL_WAIT: Duration = Duration::from_secs(5);
/// So long the broker may take for each of records, offsets, and commit or abort. Within it a broker fails over, and all
/// together stay below what the health check takes for a thread that hangs.
const OUTCOME_WAIT: Duration = Duration::from_secs(15);

/// The transactions of one worker.
pub(in crate::service) struct Transactions {
    clients: Clients,
    worker: usize,
    writer: String,
    layout: Arc<Layout>,
    group: Arc<Group>,
    metrics: Arc<Metrics>,
    /// `None` before the first transaction, and where the last producer is not to be used any more.
    publisher: Option<Publisher>,
    initialised: bool,
}

/// Why a transaction was not made.
enum TransactionFailure {
    /// It can be rolled back.
    Abort(LogError),
    /// It can be rolled back; the group refused its offsets.
    Stale(KafkaError),
    /// The producer is of no use any more, and the transaction was not committed.
    Lost(String),
    /// The producer is of no use any more, and the transaction may have been committed.
    Undetermined(String),
}

impl Transactions {
    pub(in crate::service) fn new(
        clients: &Clients,
        (worker, writer): (usize, &str),
        layout: Arc<Layout>,
        group: Arc<Group>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let (clients, writer) = (clients.clone(), writer.to_owned());
        Self { clients, worker, writer, layout, group, metrics, publisher: None, initialised: false }
    }

    /// Ends what a former producer of this name left open, and shuts it out. To be called before the output topics are
    /// read back: what is committed there by then is all there is of it.
    ///
    /// # Errors
    /// As [`LogError`] says; may be called again.
    pub(in crate::service) fn ready(&mut self) -> Result<&mut Publisher, LogError> {
        let publisher = match self.publisher.take() {
            Some(publisher) => publisher,
            None => {
                self.initialised = false;
                let config = self.clients.transactional_producer(self.worker);
                Publisher::new(&config, self.metrics.clone(), Visible::OnceCommitted, &self.writer)?
            }
        };
        if !self.initialised {
            if let Err(error) = publisher.producer().init_transactions(CALL_WAIT) {
                if is_retriable(&error) {
                    self.publisher = Some(publisher);
                } else {
                    publisher.close();
                }
                return Err(match answer(&error) {
                    LogError::Unavailable(reason) => LogError::Unavailable(format!(
                        "the transaction coordinator: {reason} (brokers without one: `kafka.delivery`)"
                    )),
                    refused => refused,
                });
            }
            self.initialised = true;
        }
        Ok(self.publisher.insert(publisher))
    }

    /// As [`Log::transact`](crate::service::log::Log::transact) says; `sent` is what the metrics remember of each
    /// record.
    pub(in crate::service) fn transact(
        &mut self,
        records: &[Outgoing<'_>],
        sent: &[Sent],
        offsets: &[(i32, i64)],
    ) -> Result<(), LogError> {
        self.ready()?;
        let partitions: Vec<i32> = offsets.iter().map(|(partition, _)| *partition).collect();
        let membership = self.group.membership(&partitions)?;
        let mut list = TopicPartitionList::new();
        for (partition, next) in offsets {
            let added = list.add_partition_offset(&self.layout.feed, *partition, Offset::Offset(*next));
            added.map_err(|error| refused(&error))?;
        }
        let done = self.attempt(records, sent, &list, &membership);
        match done {
            Ok(is_clean) => {
                for sent in sent {
                    self.metrics.published(sent.topic);
                    self.metrics.acknowledged(sent);
                }
                self.group.committed(&partitions);
                if !is_clean {
                    self.replace();
                }
                Ok(())
            }
            Err(TransactionFailure::Abort(error)) => {
                self.roll_back();
                Err(error)
            }
            Err(TransactionFailure::Stale(error)) => {
                self.roll_back();
                Err(self.group.offsets_refused(&partitions, &error))
            }
            Err(TransactionFailure::Lost(reason)) => {
                self.replace();
                Err(LogError::Unavailable(reason))
            }
            Err(TransactionFailure::Undetermined(reason)) => {
                self.replace();
                Err(LogError::Undetermined(reason))
            }
        }
    }

    /// Makes the transaction. False where a call had to be made again: the producer is to be replaced.
    fn attempt(
        &mut self,
        records: &[Outgoing<'_>],
        sent: &[Sent],
        offsets: &TopicPartitionList,
        membership: &ConsumerGroupMetadata,
    ) -> Result<bool, TransactionFailure> {
        let (layout, publisher) = (&self.layout, self.publisher.as_mut());
        let publisher = publisher.ok_or_else(|| TransactionFailure::Lost("no producer".to_owned()))?;
        publisher.forget();
        publisher
            .producer()
            .begin_transaction()
            .map_err(|error| TransactionFailure::Lost(error.to_string()))?;
        for (out, sent) in records.iter().zip(sent) {
            let target = layout.target(out.topic, out.partition);
            let queued = publisher.publish(target, (out.key, out.value), out.headers, *sent);
            // A transaction that its broker has given up takes no more records: it is rolled back and made again.
            queued.map_err(|error| failed(publisher, answer(&error)))?;
        }
        publisher.drain(OUTCOME_WAIT).map_err(|error| failed(publisher, answer(&error)))?;
        let producer = publisher.producer();
        let mut is_clean = true;
        let send = || producer.send_offsets_to_transaction(offsets, membership, CALL_WAIT);
        again(send, &mut is_clean).map_err(|error| match error.rdkafka_error_code() {
            Some(code) if is_stale(code) => TransactionFailure::Stale(error),
            _ => failed(publisher, answer(&error)),
        })?;
        let commit = || producer.commit_transaction(CALL_WAIT);
        again(commit, &mut is_clean).map_err(|error| match requires_abort(&error) {
            true => failed(publisher, answer(&error)),
            false => TransactionFailure::Undetermined(error.to_string()),
        })?;
        Ok(is_clean)
    }

    /// Lets go of the producer: the next transaction begins with a new one.
    fn replace(&mut self) {
        if let Some(publisher) = self.publisher.take() {
            publisher.close();
        }
    }

    /// Rolls the open transaction back; where that fails, the next producer of this name does.
    fn roll_back(&mut self) {
        let Some(publisher) = &mut self.publisher else { return };
        let mut is_clean = true;
        let aborted = again(|| publisher.producer().abort_transaction(CALL_WAIT), &mut is_clean);
        match aborted {
            Ok(()) if is_clean && publisher.producer().client().fatal_error().is_none() => publisher.forget(),
            Ok(()) => self.replace(),
            Err(error) => {
                tracing::warn!(%error, "a transaction was not rolled back: its producer is replaced");
                self.replace();
            }
        }
    }
}

impl Drop for Transactions {
    fn drop(&mut self) {
        self.replace();
    }
}

/// Calls until it is done, or fails for good, or [`OUTCOME_WAIT`] is over. `is_clean` becomes false where one call was
/// not enough.
fn again(mut call: impl FnMut() -> KafkaResult<()>, is_clean: &mut bool) -> KafkaResult<()> {
    let deadline = Instant::now() + OUTCOME_WAIT;
    loop {
        match call() {
            Err(error) if is_retriable(&error) && Instant::now() < deadline => *is_clean = false,
            done => return done,
        }
    }
}

/// What a failure before the commit means: with a producer that is shut out, nothing can be rolled back.
fn failed(publisher: &Publisher, error: LogError) -> TransactionFailure {
    match publisher.producer().client().fatal_error() {
        Some((code, reason)) => TransactionFailure::Lost(format!("{reason} ({code})")),
        None => TransactionFailure::Abort(error),
    }
}

fn is_retriable(error: &KafkaError) -> bool {
    matches!(error, KafkaError::Transaction(error) if error.is_retriable())
        || matches!(error, KafkaError::Flush(RDKafkaErrorCode::OperationTimedOut))
}

fn requires_abort(error: &KafkaError) -> bool {
    matches!(error, KafkaError::Transaction(error) if error.txn_requires_abort())
}

/// The group has another generation, or another member in the place of this one.
fn is_stale(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        code,
        Code::IllegalGeneration | Code::UnknownMemberId | Code::FencedInstanceId | Code::RebalanceInProgress
    )
}
