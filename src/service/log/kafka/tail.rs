//! The feed, read in batches: what the partitions hold comes to one queue, of which many messages are
//! taken with one call. Taken one by one, a message would cost more than its decoding.
//!
//! The binding has no such call, hence the unsafe code, which is all in here. The rules: a message is
//! destroyed once, by the [`Batch`] that holds it; what borrows from a message borrows from the batch;
//! messages go before the queues, and these before the consumer.

#![expect(unsafe_code, reason = "the batch call of librdkafka has no safe binding")]

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_void};
use std::ptr::{NonNull, null, null_mut};
use std::slice;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::topic_partition_list::Offset;
use rdkafka_sys as sys;

use super::client::{Clients, Reporting};
use super::reader::{answer, at, refused};
use crate::service::log::{Headers, LogError};

/// Reads partitions of the feed at offsets of its own.
pub(in crate::service) struct FeedConsumer {
    // In the order in which they have to go.
    batch: Batch,
    queue: EventQueue,
    partitions: BTreeMap<i32, EventQueue>,
    consumer: BaseConsumer<Reporting>,
    feed: String,
}

impl FeedConsumer {
    pub(in crate::service) fn new(
        clients: &Clients,
        feed: &str,
        reporting: Reporting,
    ) -> Result<Self, LogError> {
        let consumer: BaseConsumer<Reporting> =
            clients.tail().create_with_context(reporting).map_err(|error| refused(&error))?;
        // SAFETY: the client lives as long as the consumer, which goes after the queue.
        let queue = EventQueue::of(unsafe { sys::rd_kafka_queue_new(consumer.client().native_ptr()) })?;
        let partitions = BTreeMap::new();
        Ok(Self { batch: Batch::default(), queue, partitions, consumer, feed: feed.to_owned() })
    }

    /// For requests.
    pub(in crate::service) fn consumer(&self) -> &BaseConsumer<Reporting> {
        &self.consumer
    }

    /// Reads `partition` as well, beginning at offset `from`.
    pub(in crate::service) fn start(&mut self, partition: i32, from: i64) -> Result<(), LogError> {
        let queue = self.partition_queue(partition)?;
        // Before the first message comes, so that none takes the way of events.
        queue.forward_to(&self.queue);
        self.partitions.insert(partition, queue);
        let list = at(&self.feed, partition, Offset::Offset(from))?;
        self.consumer.incremental_assign(&list).map_err(|error| answer(&error))
    }

    /// Reads `partition` no more; what was read of it and not given is forgotten.
    pub(in crate::service) fn stop(&mut self, partition: i32) -> Result<(), LogError> {
        self.batch.forget(partition);
        self.partitions.remove(&partition);
        let list = at(&self.feed, partition, Offset::Invalid)?;
        self.consumer.incremental_unassign(&list).map_err(|error| answer(&error))
    }

    /// Errors of the client as a whole. Has to be polled in every round: polling also serves the client's
    /// callbacks. A partition that is named instead was cut off its queue, and has to
    /// be started again from where it was.
    pub(in crate::service) fn event(&self) -> Option<KafkaResult<i32>> {
        self.consumer.poll(Duration::ZERO).map(|event| event.map(|message| message.partition()))
    }

    /// The next message of the batch, or the partition in which something went wrong in its place, and what.
    pub(in crate::service) fn next(&mut self) -> Option<Result<FeedMessage<'_>, (i32, KafkaError)>> {
        self.batch.next()
    }

    /// Waits for messages and makes a batch of at most `max` of those that are there. To be called
    /// when there is no next one.
    pub(in crate::service) fn fill(&mut self, wait: Duration, max: usize) {
        // A partition that was stopped and started again may have been cut off in between.
        self.partitions.values().for_each(|partition| partition.forward_to(&self.queue));
        self.batch.fill(&self.queue, wait, max);
    }

    fn partition_queue(&self, partition: i32) -> Result<EventQueue, LogError> {
        let name = CString::new(self.feed.as_str()).map_err(|error| LogError::Refused(error.to_string()))?;
        let client = self.consumer.client().native_ptr();
        // SAFETY: the client lives as long as the consumer, which goes after the queue; the name is
        // only read during the call.
        EventQueue::of(unsafe { sys::rd_kafka_queue_get_partition(client, name.as_ptr(), partition) })
    }
}

/// A reference to a queue of the client.
struct EventQueue(NonNull<sys::rd_kafka_queue_t>);

// SAFETY: librdkafka's queues are locked inside and bound to no thread.
unsafe impl Send for EventQueue {}

impl EventQueue {
    fn of(queue: *mut sys::rd_kafka_queue_t) -> Result<Self, LogError> {
        let none = || LogError::Refused("the client library has no queue for the feed".to_owned());
        NonNull::new(queue).map(Self).ok_or_else(none)
    }

    /// What comes to this one, and what is in it, goes to `other`.
    fn forward_to(&self, other: &Self) {
        // SAFETY: both are references that are held here; the library counts its own.
        unsafe { sys::rd_kafka_queue_forward(self.0.as_ptr(), other.0.as_ptr()) }
    }
}

impl Drop for EventQueue {
    fn drop(&mut self) {
        // SAFETY: the reference is this value's own and was not given back before.
        unsafe { sys::rd_kafka_queue_destroy(self.0.as_ptr()) }
    }
}

/// Messages that were taken off the queue; those from `next` on are still to be given.
#[derive(Default)]
struct Batch {
    messages: Vec<NonNull<sys::rd_kafka_message_t>>,
    next: usize,
}

// SAFETY: messages are bound to no thread, and nobody else knows these.
unsafe impl Send for Batch {}

impl Batch {
    fn next(&mut self) -> Option<Result<FeedMessage<'_>, (i32, KafkaError)>> {
        let message = *self.messages.get(self.next)?;
        self.next += 1;
        // SAFETY: a message of this batch, which lives until the batch is filled or cleared; both need
        // the batch for themselves, and what is given here borrows it.
        let native = unsafe { message.as_ref() };
        Some(match native.err {
            sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(FeedMessage(native)),
            sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR__PARTITION_EOF => {
                Err((native.partition, KafkaError::PartitionEOF(native.partition)))
            }
            error => Err((native.partition, KafkaError::MessageConsumption(RDKafkaErrorCode::from(error)))),
        })
    }

    fn fill(&mut self, queue: &EventQueue, wait: Duration, max: usize) {
        self.clear();
        self.messages.reserve(max);
        // The call waits until it has all that it may take: it is let wait for one, and then take
        // what is there.
        let wait_millis = i32::try_from(wait.as_micros().div_ceil(1_000)).unwrap_or(i32::MAX);
        self.take(queue, wait_millis, max.min(1));
        if !self.messages.is_empty() {
            self.take(queue, 0, max - 1);
        }
    }

    /// Takes up to `max` messages more, for which there is room.
    fn take(&mut self, queue: &EventQueue, wait_millis: i32, max: usize) {
        let room = self.messages.spare_capacity_mut();
        let max = max.min(room.len());
        // SAFETY: there is room for `max` pointers, and a pointer to a message that is not null, as
        // the library gives them, is laid out as the place for it is.
        unsafe {
            let place = room.as_mut_ptr().cast::<*mut sys::rd_kafka_message_t>();
            let taken = sys::rd_kafka_consume_batch_queue(queue.0.as_ptr(), wait_millis, place, max);
            // Negative: nothing was taken; the reason comes as an event.
            self.messages.set_len(self.messages.len() + usize::try_from(taken).unwrap_or(0));
        }
    }

    fn forget(&mut self, partition: i32) {
        let given = self.next;
        let mut at = 0;
        self.messages.retain(|message| {
            at += 1;
            // SAFETY: a message of this batch, not destroyed yet.
            let forgotten = given < at && unsafe { message.as_ref() }.partition == partition;
            if forgotten {
                destroy(*message);
            }
            !forgotten
        });
    }

    fn clear(&mut self) {
        self.next = 0;
        self.messages.drain(..).for_each(destroy);
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.clear();
    }
}

/// To be called once for each message, when it is taken out of its batch.
fn destroy(message: NonNull<sys::rd_kafka_message_t>) {
    // SAFETY: the batch owned it and has released it; nothing borrows from the batch meanwhile.
    unsafe { sys::rd_kafka_message_destroy(message.as_ptr()) }
}

/// A message of the feed, borrowed from its batch.
pub(in crate::service) struct FeedMessage<'a>(&'a sys::rd_kafka_message_t);

impl FeedMessage<'_> {
    pub(in crate::service) fn partition(&self) -> i32 {
        self.0.partition
    }

    pub(in crate::service) fn offset(&self) -> i64 {
        self.0.offset
    }

    pub(in crate::service) fn key(&self) -> Option<&[u8]> {
        // SAFETY: what the library says of its message, which lives as long as the borrow.
        unsafe { bytes(self.0, self.0.key, self.0.key_len) }
    }

    pub(in crate::service) fn value(&self) -> Option<&[u8]> {
        // SAFETY: as for the key.
        unsafe { bytes(self.0, self.0.payload, self.0.len) }
    }

    /// Milliseconds since 1970; `None` where the record has no time.
    pub(in crate::service) fn timestamp_millis(&self) -> Option<i64> {
        // SAFETY: the message lives; the kind of time is not requested.
        let millis = unsafe { sys::rd_kafka_message_timestamp(self.0, null_mut()) };
        (millis != -1).then_some(millis)
    }
}

impl Headers for FeedMessage<'_> {
    fn each(&self, each: &mut dyn FnMut(&str, Option<&[u8]>)) {
        let mut headers = null_mut();
        // SAFETY: the message lives; the library parses its headers now and keeps them with it.
        let error = unsafe { sys::rd_kafka_message_headers(self.0, &mut headers) };
        if error != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            // It has none, or they are broken.
            return;
        }
        for number in 0.. {
            let (mut name, mut value, mut length) = (null(), null(), 0);
            // SAFETY: `headers` belongs to the message, which lives; the places are ours.
            let error =
                unsafe { sys::rd_kafka_header_get_all(headers, number, &mut name, &mut value, &mut length) };
            if error != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
                break;
            }
            // SAFETY: a name ends in a zero byte, and both live as long as the message.
            let (name, value) = unsafe { (CStr::from_ptr(name), bytes(self.0, value.cast_mut(), length)) };
            each(&name.to_string_lossy(), value);
        }
    }
}

/// The bytes at `start`, which belong to the message; `None` where there is nothing.
///
/// # Safety
/// Where `start` is not null, `length` bytes can be read there as long as the message lives.
unsafe fn bytes(_of: &sys::rd_kafka_message_t, start: *mut c_void, length: usize) -> Option<&[u8]> {
    // SAFETY: as the caller says.
    NonNull::new(start)
        .map(|start| unsafe { slice::from_raw_parts(start.as_ptr().cast::<u8>().cast_const(), length) })
}
