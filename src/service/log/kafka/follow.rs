//! A topic as it grows, for commands that print what comes.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::client::{Clients, Quiet};
use super::reader::{answer, refused};
use super::whole::{TopicReader, TopicRecord};
use crate::config::Config;
use crate::service::ServiceError;
use crate::service::log::LogError;

/// Where following begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FollowFrom {
    /// At the oldest record.
    Beginning,
    /// At the next record.
    End,
}

/// Follows a topic; sees committed records only. It joins no group and commits nothing.
pub struct TopicFollower(BaseConsumer<Quiet>);

impl TopicFollower {
    /// Follows every partition of `topic`.
    ///
    /// # Errors
    /// Where no broker answers, or the topic is missing or hidden from this user.
    pub fn new(config: &Config, topic: &str, from: FollowFrom) -> Result<Self, ServiceError> {
        let partitions = TopicReader::new(config)?.partitions(topic)?;
        let refused = |error: KafkaError| ServiceError::Log(refused(&error));
        let consumer: BaseConsumer<Quiet> =
            Clients::of(config).tail().create_with_context(Quiet).map_err(refused)?;
        let offset = match from {
            FollowFrom::Beginning => Offset::Beginning,
            FollowFrom::End => Offset::End,
        };
        let mut list = TopicPartitionList::new();
        for partition in 0..partitions {
            list.add_partition_offset(topic, partition, offset).map_err(refused)?;
        }
        consumer.assign(&list).map_err(refused)?;
        Ok(Self(consumer))
    }

    /// Waits for a record, and gives `each` those that are there. A broker that cannot be reached is waited for.
    ///
    /// # Errors
    /// Where the broker refuses.
    pub fn poll(&self, wait: Duration, each: &mut dyn FnMut(TopicRecord<'_>)) -> Result<(), ServiceError> {
        let mut wait = wait;
        while let Some(polled) = self.0.poll(wait) {
            wait = Duration::ZERO;
            match polled {
                Ok(message) => each(TopicRecord {
                    partition: message.partition(),
                    offset: message.offset(),
                    key: message.key(),
                    value: message.payload(),
                }),
                Err(KafkaError::PartitionEOF(_)) => {}
                // No group is joined, so its permissions do not matter.
                Err(error)
                    if error.rdkafka_error_code() == Some(RDKafkaErrorCode::GroupAuthorizationFailed) => {}
                Err(error) => match answer(&error) {
                    LogError::Unavailable(reason) => {
                        tracing::debug!(reason, "the topic cannot be read just now")
                    }
                    refused => return Err(ServiceError::Log(refused)),
                },
            }
        }
        Ok(())
    }
}
