//! Reading a partition from its beginning, or its last records, to its end.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::client::{Clients, Quiet};
use crate::service::log::LogError;

/// How long a request to the broker may take.
pub(in crate::service) const REQUEST_WAIT: Duration = Duration::from_secs(10);
/// So long without a single record, and the reading is given up to be tried again.
const SILENCE: Duration = Duration::from_secs(20);

/// Records that are read first of the end of a partition.
const TAIL_RECORDS: i64 = 1_000;

/// Reads partitions, one after the other.
pub(in crate::service) struct Reader(BaseConsumer<Quiet>);

impl Reader {
    pub(in crate::service) fn new(clients: &Clients) -> Result<Self, LogError> {
        clients.tail().create_with_context(Quiet).map(Self).map_err(|error| refused(&error))
    }

    /// Gives `each` what `partition` of `topic` holds as of now, oldest first, and returns the offset
    /// behind it.
    pub(in crate::service) fn read(
        &self,
        topic: &str,
        partition: i32,
        each: &mut dyn FnMut(&BorrowedMessage<'_>),
    ) -> Result<i64, LogError> {
        let (low, high) =
            self.0.fetch_watermarks(topic, partition, REQUEST_WAIT).map_err(|error| answer(&error))?;
        if low < high {
            self.assign(topic, partition, low)?;
            let read = self.read_on(topic, partition, high, each);
            self.0.unassign().map_err(|error| answer(&error))?;
            read?;
        }
        Ok(high)
    }

    /// Gives `each` the last records of `partition` of `topic`, oldest first: as many as it takes until `each` has
    /// returned `true` for one of them, else all. Where more are read, those before come as well, and `each` sees
    /// records again.
    pub(in crate::service) fn read_tail(
        &self,
        topic: &str,
        partition: i32,
        each: &mut dyn FnMut(&BorrowedMessage<'_>) -> bool,
    ) -> Result<(), LogError> {
        let (low, high) =
            self.0.fetch_watermarks(topic, partition, REQUEST_WAIT).map_err(|error| answer(&error))?;
        let mut records = if low < high { TAIL_RECORDS } else { return Ok(()) };
        loop {
            let from = low.max(high - records);
            let mut is_enough = false;
            self.assign(topic, partition, from)?;
            let read = self.read_on(topic, partition, high, &mut |message| is_enough |= each(message));
            self.0.unassign().map_err(|error| answer(&error))?;
            read?;
            if is_enough || from == low {
                return Ok(());
            }
            records = records.saturating_mul(8);
        }
    }

    fn assign(&self, topic: &str, partition: i32, from: i64) -> Result<(), LogError> {
        let list = at(topic, partition, Offset::Offset(from))?;
        self.0.assign(&list).map_err(|error| answer(&error))
    }

    fn read_on(
        &self,
        topic: &str,
        partition: i32,
        high: i64,
        each: &mut dyn FnMut(&BorrowedMessage<'_>),
    ) -> Result<(), LogError> {
        let mut last_event = Instant::now();
        loop {
            match self.0.poll(Duration::from_millis(100)) {
                Some(Ok(message)) => {
                    last_event = Instant::now();
                    each(&message);
                    if high <= message.offset() + 1 {
                        return Ok(());
                    }
                }
                // The end: what is left below `high` is nothing for a reader.
                Some(Err(KafkaError::PartitionEOF(_))) => return Ok(()),
                Some(Err(error)) if is_out_of_range(&error) => {
                    let watermarks = self.0.fetch_watermarks(topic, partition, REQUEST_WAIT);
                    let (low, _) = watermarks.map_err(|error| answer(&error))?;
                    self.assign(topic, partition, low)?;
                }
                Some(Err(error)) => match answer(&error) {
                    LogError::Unavailable(_) => {}
                    refused => return Err(refused),
                },
                None if SILENCE < last_event.elapsed() => {
                    return Err(LogError::Unavailable(format!(
                        "no record of `{topic}` came for {} s",
                        SILENCE.as_secs()
                    )));
                }
                None => {}
            }
        }
    }
}

/// One partition at one offset.
pub(in crate::service) fn at(
    topic: &str,
    partition: i32,
    offset: Offset,
) -> Result<TopicPartitionList, LogError> {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, partition, offset).map_err(|error| refused(&error))?;
    Ok(list)
}

/// The requested offset is not in the log, or not any more.
pub(in crate::service) fn is_out_of_range(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::AutoOffsetReset
                | RDKafkaErrorCode::OffsetOutOfRange
                | RDKafkaErrorCode::LogTruncation
        )
    )
}

/// What an error of the client means to the worker: some need an operator, the rest may pass.
pub(in crate::service) fn answer(error: &KafkaError) -> LogError {
    use RDKafkaErrorCode as Code;
    match error.rdkafka_error_code() {
        Some(
            Code::TopicAuthorizationFailed
            | Code::GroupAuthorizationFailed
            | Code::ClusterAuthorizationFailed
            | Code::TransactionalIdAuthorizationFailed
            | Code::SaslAuthenticationFailed
            | Code::UnsupportedSASLMechanism
            | Code::UnsupportedForMessageFormat
            | Code::UnsupportedVersion
            | Code::MessageSizeTooLarge
            | Code::InvalidTopic
            | Code::InvalidRecord
            | Code::Fatal
            | Code::FencedInstanceId,
        ) => refused(error),
        _ => LogError::Unavailable(error.to_string()),
    }
}

pub(in crate::service) fn refused(error: &KafkaError) -> LogError {
    LogError::Refused(error.to_string())
}
