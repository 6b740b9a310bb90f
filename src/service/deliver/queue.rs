//! Encoded records that wait to be handed to the log, in order.

use std::borrow::Cow;
use std::collections::{BTreeSet, VecDeque};

use crate::config::DeliveryMode;
use crate::contract::{self, Progress, Trace};
use crate::domain::{PublishedAlert, Rejection};
use crate::service::log::{Header, Headers, Log, LogError, Outgoing, OutputTopic, Record, TraceSpan};

struct QueuedRecord {
    topic: OutputTopic,
    partition: i32,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<Header>,
    span: Option<TraceSpan>,
}

impl QueuedRecord {
    fn outgoing(&self) -> Outgoing<'_> {
        let Self { topic, partition, key, value, headers, span } = self;
        Outgoing {
            topic: *topic,
            partition: *partition,
            key: key.as_deref(),
            value: value.as_deref(),
            headers,
            span: *span,
        }
    }
}

/// Records of one transaction, and bytes of their keys and values, at most: what is larger becomes visible in several.
const TRANSACTION_RECORDS_MAX: usize = 5_000;
const TRANSACTION_BYTES_MAX: usize = 16 << 20;

/// Encoded records in the order in which they are to be published.
#[derive(Default)]
pub(in crate::service) struct Queue {
    waiting: VecDeque<QueuedRecord>,
    /// How they reach the log.
    pub(in crate::service) delivery: DeliveryMode,
    /// Handed to the log so far.
    pub(in crate::service) published: u64,
    /// Of those, acknowledged.
    pub(in crate::service) acknowledged: u64,
}

impl Queue {
    /// Queues an alert. `cause` are the headers of the record that led to it: where they name a trace, the alert
    /// carries it on.
    pub(in crate::service) fn alert(&mut self, alert: &PublishedAlert, cause: &dyn Headers) {
        let mut value = Vec::new();
        contract::write_alert(alert, &mut value);
        let mut headers = owned(contract::alert_headers(alert));
        let span = traced(cause).map(|(parent, state)| {
            let id = headers.iter().find(|(name, _)| name == contract::EVENT_ID);
            let own = parent.child(id.and_then(|(_, id)| id.as_deref()).unwrap_or_default());
            headers.push((Cow::Borrowed(contract::TRACEPARENT), Some(own.to_string().into_bytes())));
            headers.extend(state.map(|state| (Cow::Borrowed(contract::TRACESTATE), Some(state))));
            TraceSpan { parent, own }
        });
        self.waiting.push_back(QueuedRecord {
            topic: OutputTopic::Alerts,
            partition: alert.provenance.partition,
            key: Some(alert.alert.alert_id.clone().into_bytes()),
            value: Some(value),
            headers,
            span,
        });
    }

    /// Queues a progress record.
    pub(in crate::service) fn progress(&mut self, progress: &Progress) {
        let mut value = Vec::new();
        contract::write_progress(progress, &mut value);
        self.waiting.push_back(QueuedRecord {
            topic: OutputTopic::Progress,
            partition: progress.partition(),
            key: Some(progress.key().into_bytes()),
            headers: owned(contract::progress_headers(progress, &value)),
            value: Some(value),
            span: None,
        });
    }

    /// Queues a tombstone for the progress of a municipality that the feed's `partition` does not feed.
    pub(in crate::service) fn retire_progress(&mut self, partition: i32, municipality: &str) {
        self.waiting.push_back(QueuedRecord {
            topic: OutputTopic::Progress,
            partition,
            key: Some(municipality.as_bytes().to_vec()),
            headers: Vec::new(),
            value: None,
            span: None,
        });
    }

    /// Queues a record that could not be used: as it came, with the reason in its headers.
    pub(in crate::service) fn quarantine(
        &mut self,
        feed_topic: &str,
        record: &Record<'_>,
        rejection: &Rejection,
    ) {
        let mut headers: Vec<Header> = Vec::new();
        record.headers.each(&mut |name, value| {
            headers.push((Cow::Owned(name.to_owned()), value.map(<[u8]>::to_vec)));
        });
        let reason = contract::quarantine_headers(feed_topic, record.partition, record.offset, rejection);
        headers.extend(owned(reason));
        self.waiting.push_back(QueuedRecord {
            topic: OutputTopic::Quarantine,
            partition: record.partition,
            key: record.key.map(<[u8]>::to_vec),
            value: record.value.map(<[u8]>::to_vec),
            headers,
            span: None,
        });
    }

    /// Hands all that waits to the log, one by one. After an error the rest goes on waiting.
    pub(in crate::service) fn flush(&mut self, log: &mut dyn Log) -> Result<(), LogError> {
        while let Some(next) = self.waiting.front() {
            log.publish(next.outgoing())?;
            self.waiting.pop_front();
            self.published += 1;
        }
        Ok(())
    }

    /// The oldest waiting records that fit into one transaction: how many, and the feed's partitions that they belong to.
    pub(in crate::service) fn next_transaction(&self) -> (usize, BTreeSet<i32>) {
        let (mut records, mut bytes, mut partitions) = (0, 0, BTreeSet::new());
        for waiting in self.waiting.iter().take(TRANSACTION_RECORDS_MAX) {
            let length = |part: &Option<Vec<u8>>| part.as_ref().map_or(0, Vec::len);
            bytes += length(&waiting.key) + length(&waiting.value);
            if 0 < records && TRANSACTION_BYTES_MAX < bytes {
                break;
            }
            records += 1;
            partitions.insert(waiting.partition);
        }
        (records, partitions)
    }

    /// Makes the first `records` that wait visible, with `offsets`. After an error they go on waiting.
    pub(in crate::service) fn transact(
        &mut self,
        log: &mut dyn Log,
        records: usize,
        offsets: &[(i32, i64)],
    ) -> Result<(), LogError> {
        let outgoing: Vec<Outgoing<'_>> =
            self.waiting.iter().take(records).map(QueuedRecord::outgoing).collect();
        log.transact(&outgoing, offsets)?;
        self.waiting.drain(..records);
        self.published += records as u64;
        self.acknowledged = self.published;
        Ok(())
    }

    /// The number of records after which what is queued now is published.
    pub(in crate::service) fn total(&self) -> u64 {
        self.published + self.waiting.len() as u64
    }

    /// What may follow in the log now: that which presupposes so many records. Within a transaction, all that is queued.
    pub(in crate::service) fn settled(&self) -> u64 {
        match self.delivery {
            DeliveryMode::Transactional => self.total(),
            DeliveryMode::Reconciled => self.acknowledged,
        }
    }

    /// Takes over the log's count of acknowledged records; those of a transaction are counted with it.
    pub(in crate::service) fn refresh_acknowledged(&mut self, log: &mut dyn Log) -> Result<(), LogError> {
        if self.delivery == DeliveryMode::Transactional {
            return Ok(());
        }
        self.acknowledged = log.acknowledged()?;
        assert!(self.acknowledged <= self.published, "more acknowledged than was ever published");
        Ok(())
    }

    /// Records that are not handed over yet.
    pub(in crate::service) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Records that are handed over and not yet acknowledged.
    pub(in crate::service) fn in_flight(&self) -> u64 {
        self.published - self.acknowledged
    }

    /// Is all that was ever queued acknowledged?
    pub(in crate::service) fn is_settled(&self) -> bool {
        self.waiting.is_empty() && self.in_flight() == 0
    }

    /// Drops what waits of a partition that another owner has.
    pub(in crate::service) fn forget(&mut self, partition: i32) {
        self.waiting.retain(|waiting| waiting.partition != partition);
    }
}

/// The trace that headers name, with the vendors' state. The first header of a name counts.
fn traced(headers: &dyn Headers) -> Option<(Trace, Option<Vec<u8>>)> {
    let (mut parent, mut state) = (None, None);
    headers.each(&mut |name, value| match (name, value) {
        (contract::TRACEPARENT, Some(value)) if parent.is_none() => parent = Some(Trace::parse(value)),
        (contract::TRACESTATE, Some(value)) if value.len() <= contract::TRACESTATE_BYTES_MAX => {
            state.get_or_insert_with(|| value.to_vec());
        }
        _ => {}
    });
    parent.flatten().map(|parent| (parent, state))
}

fn owned(headers: Vec<(&'static str, String)>) -> Vec<Header> {
    let bytes = |(name, value): (&'static str, String)| (Cow::Borrowed(name), Some(value.into_bytes()));
    headers.into_iter().map(bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::fixtures::alert;
    use crate::service::log::NoHeaders;

    const GIVEN: &[u8] = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn header(name: &'static str, value: &[u8]) -> Header {
        (Cow::Borrowed(name), Some(value.to_vec()))
    }

    #[test]
    fn an_alert_carries_on_the_trace_of_its_cause() {
        let mut queue = Queue::default();
        let cause = vec![header("traceparent", GIVEN), header("tracestate", b"vendor=1")];
        queue.alert(&alert("0181", "R0", 1.0), &NoHeaders);
        queue.alert(&alert("0181", "R1", 1.0), &cause);
        queue.alert(&alert("0181", "R2", 1.0), &cause);
        let parent = Trace::parse(GIVEN).expect("it is well formed");
        let value = |number: usize, name: &str| {
            let of = queue.waiting[number].headers.iter().find(|(known, _)| known == name);
            of.and_then(|(_, value)| value.clone())
        };
        assert_eq!((value(0, "traceparent"), queue.waiting[0].span), (None, None));
        for (number, id) in [(1, "0181:registration:R1/1"), (2, "0181:registration:R2/1")] {
            let own = parent.child(id.as_bytes());
            assert_eq!(value(number, "traceparent"), Some(own.to_string().into_bytes()));
            assert_eq!(value(number, "tracestate"), Some(b"vendor=1".to_vec()));
            assert_eq!(queue.waiting[number].span, Some(TraceSpan { parent, own }));
        }
    }

    #[test]
    fn a_malformed_trace_is_not_carried_on() {
        let mut queue = Queue::default();
        let cause = vec![header("traceparent", b"00-1-2-3"), header("tracestate", b"vendor=1")];
        queue.alert(&alert("0181", "R1", 1.0), &cause);
        assert!(queue.waiting[0].headers.iter().all(|(name, _)| !name.starts_with("trace")));
    }
}
