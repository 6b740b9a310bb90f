//! What waits to be handed to the log, in order.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::log::{Header, Log, LogError, Out, Outgoing, Record};
use crate::contract::{self, Progress};
use crate::domain::{PublishedAlert, Rejection};

struct Waiting {
    topic: Out,
    partition: i32,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<Header>,
}

/// Encoded records in the order in which they are to be published.
#[derive(Default)]
pub(super) struct Queue {
    waiting: VecDeque<Waiting>,
    /// Handed to the log so far.
    pub(super) published: u64,
    /// Of those, acknowledged.
    pub(super) acknowledged: u64,
}

impl Queue {
    /// Queues an alert.
    pub(super) fn alert(&mut self, alert: &PublishedAlert) {
        let mut value = Vec::new();
        contract::write_alert(alert, &mut value);
        self.waiting.push_back(Waiting {
            topic: Out::Alerts,
            partition: alert.provenance.partition,
            key: Some(alert.alert.alert_id.clone().into_bytes()),
            value: Some(value),
            headers: owned(contract::alert_headers(alert)),
        });
    }

    /// Queues a progress record.
    pub(super) fn progress(&mut self, progress: &Progress) {
        let mut value = Vec::new();
        contract::write_progress(progress, &mut value);
        self.waiting.push_back(Waiting {
            topic: Out::Progress,
            partition: progress.partition,
            key: Some(progress.municipality.clone().into_bytes()),
            value: Some(value),
            headers: owned(contract::progress_headers(progress)),
        });
    }

    /// Queues what could not be used: as it came, with the reason in its headers.
    pub(super) fn quarantine(&mut self, feed_topic: &str, record: &Record<'_>, rejection: &Rejection) {
        let mut headers: Vec<Header> = Vec::new();
        record.headers.each(&mut |name, value| {
            headers.push((Cow::Owned(name.to_owned()), value.map(<[u8]>::to_vec)));
        });
        let reason = contract::quarantine_headers(feed_topic, record.partition, record.offset, rejection);
        headers.extend(owned(reason));
        self.waiting.push_back(Waiting {
            topic: Out::Quarantine,
            partition: record.partition,
            key: record.key.map(<[u8]>::to_vec),
            value: record.value.map(<[u8]>::to_vec),
            headers,
        });
    }

    /// Hands all that waits to the log. After an error the rest still waits.
    pub(super) fn flush(&mut self, log: &mut dyn Log) -> Result<(), LogError> {
        while let Some(next) = self.waiting.front() {
            let Waiting { topic, partition, key, value, headers } = next;
            log.publish(Outgoing {
                topic: *topic,
                partition: *partition,
                key: key.as_deref(),
                value: value.as_deref(),
                headers,
            })?;
            self.waiting.pop_front();
            self.published += 1;
        }
        Ok(())
    }

    /// Asks the log how much has arrived.
    pub(super) fn look_up_acknowledged(&mut self, log: &mut dyn Log) -> Result<(), LogError> {
        self.acknowledged = log.acknowledged()?;
        assert!(self.acknowledged <= self.published, "more acknowledged than was ever published");
        Ok(())
    }

    /// Records that are not handed over yet.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Records that are handed over and not yet acknowledged.
    pub(super) fn in_flight(&self) -> u64 {
        self.published - self.acknowledged
    }

    /// Has all that was ever queued arrived?
    pub(super) fn is_settled(&self) -> bool {
        self.waiting.is_empty() && self.in_flight() == 0
    }

    /// Drops what waits for a partition that another owner has.
    pub(super) fn forget(&mut self, partition: i32) {
        self.waiting.retain(|waiting| waiting.partition != partition);
    }
}

fn owned(headers: Vec<(&'static str, String)>) -> Vec<Header> {
    let bytes = |(name, value): (&'static str, String)| (Cow::Borrowed(name), Some(value.into_bytes()));
    headers.into_iter().map(bytes).collect()
}
