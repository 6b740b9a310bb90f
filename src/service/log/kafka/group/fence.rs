//! What this instance may publish: of partitions that it owns, as long as the group counts it as a member.

use std::sync::Weak;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerGroupMetadata};
use rdkafka::error::KafkaError;

use super::{Callbacks, Group, lock};
use crate::service::log::LogError;

impl Group {
    /// The elector polls now.
    pub(in crate::service) fn polls(&self) {
        self.pauses();
        *lock(&self.polled) = Some(Instant::now());
    }

    /// How often this process lay still for longer than a session, by the monotonic clock: stopped, or without a
    /// processor. Then the partitions have other owners, whatever is known here, and all of them are fenced. Whichever
    /// thread runs first afterwards notices it.
    pub(in crate::service) fn pauses(&self) -> u64 {
        let mut polled = lock(&self.polled);
        let silent = polled.map_or(Duration::ZERO, |at| at.elapsed());
        if self.session < silent {
            *polled = Some(Instant::now());
            lock(&self.owned).values_mut().for_each(|own| own.fenced = true);
            self.pauses.fetch_add(1, Ordering::AcqRel);
            tracing::warn!(
                seconds = silent.as_secs_f64(),
                "this process lay still for longer than a session"
            );
        }
        self.pauses.load(Ordering::Acquire)
    }

    /// May outputs of `partition` be handed over?
    ///
    /// # Errors
    /// [`LogError::Fenced`] where it has, or may have, another owner.
    pub(in crate::service) fn owns(&self, partition: i32) -> Result<(), LogError> {
        self.pauses();
        let owned = lock(&self.owned);
        match owned.get(&partition) {
            Some(own) if own.taken && !own.fenced => Ok(()),
            _ => Err(LogError::Fenced { partition }),
        }
    }

    /// The membership in which this instance owns `partitions`. It goes with the offsets of a transaction: a membership
    /// that was replaced is refused by the broker.
    ///
    /// # Errors
    /// [`LogError::Fenced`] with a partition that is not this instance's; [`LogError::Unavailable`] while the group is
    /// joined, as the broker takes the offsets of one that is no member.
    pub(in crate::service) fn membership(
        &self,
        partitions: &[i32],
    ) -> Result<ConsumerGroupMetadata, LogError> {
        self.pauses();
        let joining = || LogError::Unavailable("this instance is joining the group".to_owned());
        let consumer = self.consumer.get().and_then(Weak::upgrade).ok_or_else(joining)?;
        // Before ownership is looked up: a partition that goes after that takes the generation with it.
        let generation = generation(&consumer);
        let metadata = consumer.group_metadata().filter(|_| generation.is_some()).ok_or_else(joining)?;
        if self::generation(&consumer) != generation {
            return Err(joining());
        }
        let owned = lock(&self.owned);
        let is_own = |partition: &i32| owned.get(partition).is_some_and(|own| own.taken && !own.fenced);
        match partitions.iter().find(|partition| !is_own(partition)) {
            Some(partition) => Err(LogError::Fenced { partition: *partition }),
            None => Ok(metadata),
        }
    }

    /// The group took offsets of `partitions`.
    pub(in crate::service) fn committed(&self, partitions: &[i32]) {
        partitions.iter().for_each(|partition| self.commit_succeeded(*partition));
    }

    /// The group refused offsets of `partitions`: what that means to their worker.
    pub(in crate::service) fn offsets_refused(&self, partitions: &[i32], error: &KafkaError) -> LogError {
        partitions.iter().for_each(|partition| self.commit_failed(*partition, error));
        let owned = lock(&self.owned);
        let is_fenced = |partition: &&i32| owned.get(partition).is_none_or(|own| own.fenced);
        match partitions.iter().find(is_fenced) {
            Some(partition) => LogError::Fenced { partition: *partition },
            None => LogError::Unavailable(format!("the group refused the offsets: {error}")),
        }
    }
}

/// The generation of the group that the client is a member of; `None` while it is none.
#[expect(unsafe_code, reason = "rdkafka shows a group's metadata to its own producer only")]
fn generation(consumer: &BaseConsumer<Callbacks>) -> Option<i32> {
    // SAFETY: the client lives as long as `consumer`; the metadata is this function's own, is read before it is
    // destroyed, and destroyed once.
    let generation = unsafe {
        let metadata = rdkafka_sys::rd_kafka_consumer_group_metadata(consumer.client().native_ptr());
        if metadata.is_null() {
            return None;
        }
        let generation = rdkafka_sys::rd_kafka_consumer_group_metadata_generation_id(metadata);
        rdkafka_sys::rd_kafka_consumer_group_metadata_destroy(metadata);
        generation
    };
    (0..).contains(&generation).then_some(generation)
}
