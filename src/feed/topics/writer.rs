//! Writes decisions to their topic.

use std::time::Duration;

use rdkafka::error::KafkaError;
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::util::Timeout;

use crate::config::Config;
use crate::contract;
use crate::domain::Decision;
use crate::service::log::kafka::{Clients, Quiet};

/// Longest wait for the acknowledgement of a decision; after it the page shows that nothing is stored.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(10);

/// Writes decisions; a decision is made once the broker has acknowledged it.
#[derive(Clone)]
pub(in crate::feed) struct DecisionWriter {
    producer: FutureProducer<Quiet>,
    topic: String,
}

impl DecisionWriter {
    pub(in crate::feed) fn new(config: &Config) -> Result<Self, KafkaError> {
        let clients = Clients::new(config.kafka.client.clone(), &config.feed.group_id, None);
        let mut settings = clients.producer();
        settings.set("message.timeout.ms", ACKNOWLEDGED_WITHIN.as_millis().to_string());
        Ok(Self { producer: settings.create_with_context(Quiet)?, topic: config.topics.decisions.clone() })
    }

    /// Writes `decisions` in order and waits for the acknowledgement of each.
    ///
    /// # Errors
    /// At the first that was not acknowledged, with how many were: those are made.
    pub(in crate::feed) async fn write(&self, decisions: &[Decision]) -> Result<(), (usize, KafkaError)> {
        for (at, decision) in decisions.iter().enumerate() {
            let (key, mut value) = (decision.key(), Vec::new());
            contract::write_decision(decision, &mut value);
            let record = FutureRecord::to(&self.topic).key(&key).payload(&value);
            let sent = self.producer.send(record, Timeout::After(ACKNOWLEDGED_WITHIN)).await;
            sent.map_err(|(error, _)| (at, error))?;
        }
        Ok(())
    }
}
