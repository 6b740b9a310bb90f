//! A broker inside the process, for the demo and for tests: librdkafka's mock cluster.
//!
//! It keeps everything in memory, forgets the oldest beyond 5 MiB a partition without a word, and
//! knows neither compaction nor fencing. Good for looking, not for any claim about delivery.

use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;

use rdkafka::ClientConfig;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, DefaultProducerContext, Producer};

/// The running broker; it ends when this is dropped.
pub struct Broker {
    servers: String,
    // Dropped first: that is the sign to end.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Broker {
    /// Starts a broker with the given topics, each with its number of partitions.
    ///
    /// # Errors
    /// Where the client library can't make it, as text.
    pub fn start(topics: &[(&str, i32)]) -> Result<Self, String> {
        let topics: Vec<(String, i32)> =
            topics.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
        let (stop, stopped) = mpsc::channel::<()>();
        let (sender, servers) = mpsc::channel();
        // The cluster is bound to the thread that made it.
        let thread = std::thread::Builder::new()
            .name("broker".to_owned())
            .spawn(move || match start(&topics) {
                Ok((owner, address)) => {
                    // Nobody may be listening any more; then this ends at once.
                    let _ = sender.send(Ok(address));
                    let _ = stopped.recv();
                    drop(owner);
                }
                Err(reason) => drop(sender.send(Err(reason))),
            })
            .map_err(|error| error.to_string())?;
        let servers = servers.recv().map_err(|error| error.to_string())??;
        Ok(Self { servers, stop: Some(stop), thread: Some(thread) })
    }

    /// Its addresses, as clients take them.
    #[must_use]
    pub fn servers(&self) -> &str {
        &self.servers
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there is logged already.
            let _ = thread.join();
        }
    }
}

fn start(topics: &[(String, i32)]) -> Result<(BaseProducer, String), String> {
    let mut config = ClientConfig::new();
    // The owner of the cluster says nothing of its own.
    config.set("test.mock.num.brokers", "1").set("log_level", "0");
    let owner: BaseProducer = config.create().map_err(|error| error.to_string())?;
    let address = {
        let cluster = owner.client().mock_cluster().ok_or("the client library has no mock cluster")?;
        for (name, partitions) in topics {
            cluster.create_topic(name, *partitions, 1).map_err(|error| error.to_string())?;
        }
        let address = cluster.bootstrap_servers();
        join_groups_at_once(&owner, &cluster);
        address
    };
    Ok((owner, address))
}

/// A group's first members are let in without the three seconds that the mock waits for more.
#[expect(unsafe_code, reason = "rdkafka has no safe call for this one switch of the mock cluster")]
fn join_groups_at_once(owner: &BaseProducer, _cluster: &MockCluster<'_, DefaultProducerContext>) {
    // SAFETY: the handle belongs to `owner`, which lives through the call, and was made with a mock
    // cluster: `_cluster` is borrowed from it, so the pointer is not null. The function
    // takes the cluster's own lock and keeps neither pointer.
    unsafe {
        let cluster = rdkafka_sys::rd_kafka_handle_mock_cluster(owner.client().native_ptr());
        rdkafka_sys::rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, 0);
    }
}
