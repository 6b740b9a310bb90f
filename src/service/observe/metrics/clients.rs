//! What the client library says of itself: how its brokers answer, and how far the feed reaches.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use rdkafka::Statistics;
use rdkafka::statistics::Broker;

use super::{Metrics, labels, now_seconds};

/// What a client is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::service) enum ClientRole {
    /// Reads the feed.
    Feed,
    /// Is the member of the group.
    Group,
    /// Writes.
    Producer,
    /// Reads facts and decisions.
    Reference,
}

/// What a broker's connection is like.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Connection {
    up: bool,
    /// Round trip at the median and at p99, in microseconds.
    rtt: Option<[i64; 2]>,
}

/// What one client said last. Counts are totals since it was made.
#[derive(Clone, Debug, Default)]
struct Said {
    errors: u64,
    timeouts: u64,
    received: u64,
    sent: u64,
    queue: i64,
    brokers: BTreeMap<i32, Connection>,
}

/// What all clients of the process said last.
#[derive(Debug, Default)]
pub(super) struct ClientStatistics {
    made: u64,
    said: BTreeMap<(ClientRole, u64), Said>,
    /// One more than the newest offset of a partition of the feed.
    highs: BTreeMap<i32, i64>,
}

/// Passes on what one client says; once it is dropped, the client is forgotten.
pub(in crate::service) struct Reporter {
    metrics: Arc<Metrics>,
    client: ClientRole,
    number: u64,
}

impl Reporter {
    pub(in crate::service) fn new(metrics: Arc<Metrics>, client: ClientRole) -> Self {
        let mut clients = metrics.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.made += 1;
        let number = clients.made;
        drop(clients);
        Self { metrics, client, number }
    }

    /// The client's statistics came.
    pub(in crate::service) fn report(&self, statistics: &Statistics) {
        self.metrics.client_said((self.client, self.number), statistics);
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        let mut clients = self.metrics.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.said.remove(&(self.client, self.number));
    }
}

impl Metrics {
    /// Ends of the feed's partitions, as the client library last saw them.
    pub(in crate::service) fn highs(&self) -> BTreeMap<i32, i64> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).highs.clone()
    }

    fn client_said(&self, who: (ClientRole, u64), statistics: &Statistics) {
        let now = said(statistics);
        let name = labels::CLIENTS[who.0 as usize];
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if who.0 == ClientRole::Feed {
            let partitions = statistics.topics.values().flat_map(|topic| topic.partitions.values());
            let seen = partitions.filter(|partition| 0 <= partition.partition && 0 <= partition.hi_offset);
            for partition in seen {
                clients.highs.insert(partition.partition, partition.hi_offset);
            }
        }
        let before = clients.said.get(&who).cloned().unwrap_or_default();
        let families = &self.families;
        let more = |now: u64, before: u64| now.saturating_sub(before);
        families.kafka_errors.with_label_values(&[name]).inc_by(more(now.errors, before.errors));
        families.kafka_timeouts.with_label_values(&[name]).inc_by(more(now.timeouts, before.timeouts));
        for (direction, bytes) in
            [("received", more(now.received, before.received)), ("sent", more(now.sent, before.sent))]
        {
            families.kafka_bytes.with_label_values(&[name, direction]).inc_by(bytes);
        }
        families.kafka_statistics.with_label_values(&[name]).set(now_seconds());
        clients.said.insert(who, now);
        let of_its_kind: Vec<&Said> =
            clients.said.iter().filter(|((kind, _), _)| *kind == who.0).map(|(_, said)| said).collect();
        families.kafka_queue.with_label_values(&[name]).set(of_its_kind.iter().map(|said| said.queue).sum());
        for (node, connection) in together(&of_its_kind) {
            let node = node.to_string();
            families.kafka_up.with_label_values(&[name, &node]).set(i64::from(connection.up));
            for (percentile, micros) in ["50", "99"].iter().zip(connection.rtt.into_iter().flatten()) {
                let rtt = families.kafka_rtt.with_label_values(&[name, &node, percentile]);
                rtt.set(micros as f64 / 1e6);
            }
        }
    }
}

/// The connections of several clients of a kind: as good as the worst of them.
fn together(said: &[&Said]) -> BTreeMap<i32, Connection> {
    let mut worst: BTreeMap<i32, Connection> = BTreeMap::new();
    for (node, connection) in said.iter().flat_map(|said| &said.brokers) {
        let known = worst.entry(*node).or_insert(*connection);
        known.up &= connection.up;
        known.rtt = match (known.rtt, connection.rtt) {
            (Some(one), Some(other)) => Some([one[0].max(other[0]), one[1].max(other[1])]),
            (one, other) => one.or(other),
        };
    }
    worst
}

fn said(statistics: &Statistics) -> Said {
    let brokers = || statistics.brokers.values();
    let sum = |of: fn(&Broker) -> u64| brokers().map(of).sum();
    let partitions = statistics.topics.values().flat_map(|topic| topic.partitions.values());
    let fetched: i64 = partitions.map(|partition| partition.fetchq_cnt).sum();
    let mut connections: BTreeMap<i32, Connection> = BTreeMap::new();
    // A client connects only where it has to, and once to the coordinator under a name of its own.
    for broker in brokers().filter(|broker| 0 <= broker.nodeid && 0 < broker.connects.unwrap_or(0)) {
        let rtt = broker.rtt.as_ref().filter(|rtt| 0 < rtt.cnt).map(|rtt| [rtt.p50, rtt.p99]);
        let known = connections.entry(broker.nodeid).or_default();
        known.up |= matches!(broker.state.as_str(), "UP" | "UPDATE");
        known.rtt = known.rtt.max(rtt);
    }
    Said {
        errors: sum(|broker| broker.txerrs + broker.rxerrs),
        timeouts: sum(|broker| broker.req_timeouts),
        received: sum(|broker| broker.rxbytes),
        sent: sum(|broker| broker.txbytes),
        queue: fetched + i64::try_from(statistics.msg_cnt).unwrap_or(i64::MAX),
        brokers: connections,
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::statistics::{Partition, Topic, Window};

    use super::*;

    fn statistics(received: u64, p99: i64, state: &str) -> Statistics {
        let rtt = Window { cnt: 3, p50: 1_000, p99, ..Window::default() };
        let broker = Broker {
            nodeid: 1,
            state: state.to_owned(),
            rxbytes: received,
            connects: Some(1),
            rtt: Some(rtt),
            ..Broker::default()
        };
        let partition = Partition { partition: 2, hi_offset: 40, fetchq_cnt: 5, ..Partition::default() };
        let topic = Topic { partitions: [(2, partition)].into(), ..Topic::default() };
        Statistics {
            brokers: [("b".to_owned(), broker)].into(),
            topics: [("feed".to_owned(), topic)].into(),
            ..Statistics::default()
        }
    }

    #[test]
    fn totals_become_what_is_new_and_the_slowest_of_a_kind_counts() {
        let metrics = Arc::new(Metrics::new(&[]));
        let [one, two] = [(); 2].map(|()| Reporter::new(metrics.clone(), ClientRole::Feed));
        one.report(&statistics(100, 2_000, "UP"));
        one.report(&statistics(130, 2_000, "UP"));
        two.report(&statistics(7, 9_000, "DOWN"));
        let text = metrics.text();
        for line in [
            "tidvakt_kafka_bytes_total{client=\"feed\",direction=\"received\"} 137",
            "tidvakt_kafka_broker_rtt_seconds{broker=\"1\",client=\"feed\",percentile=\"99\"} 0.009",
            "tidvakt_kafka_broker_up{broker=\"1\",client=\"feed\"} 0",
            "tidvakt_kafka_queue_messages{client=\"feed\"} 10",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
        assert_eq!(metrics.highs(), [(2, 40)].into());
        drop(two);
        one.report(&statistics(130, 2_000, "UP"));
        assert!(metrics.text().contains("tidvakt_kafka_broker_up{broker=\"1\",client=\"feed\"} 1"));
    }
}
