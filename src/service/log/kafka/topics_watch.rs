//! Whether the topics stay as they were when the service started.
//!
//! A topic that is deleted, or has another number of partitions, shows in its metadata. One that was created anew with
//! the same number shows where it is read: the offsets that were expected are gone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::client::Clients;
use super::topics::{Layout, LookUp, LookedUp, look_up};
use crate::config::Topics;
use crate::service::deliver::events::Incident;
use crate::service::log::LogError;
use crate::service::observe::metrics::Metrics;
use crate::service::observe::status::{Beat, Status};

/// How often the brokers are asked.
const LOOK_EVERY: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

/// The thread that asks.
pub(in crate::service) struct TopicsWatch(JoinHandle<()>);

impl TopicsWatch {
    /// Begins to ask. It ends when `stop` is set.
    ///
    /// # Errors
    /// Where the client library refuses the settings.
    pub(in crate::service) fn start(
        clients: &Clients,
        topics: &Topics,
        layout: Arc<Layout>,
        (status, metrics): (Arc<Status>, Arc<Metrics>),
        stop: Arc<AtomicBool>,
    ) -> Result<Self, LogError> {
        let clients = clients.clone();
        let (topics, beat) = (topics.clone(), status.beat("topics"));
        let thread = std::thread::Builder::new().name("topics".to_owned()).spawn(move || {
            let mut known = BTreeMap::new();
            let mut looked = Instant::now();
            while !stop.load(Ordering::Acquire) {
                Beat::now(&beat);
                std::thread::sleep(PAUSE);
                if LOOK_EVERY <= looked.elapsed() {
                    looked = Instant::now();
                    match look_up(&clients, &topics) {
                        Ok(LookUp { found, .. }) => report(&layout, &found, &mut known, &status, &metrics),
                        Err(unanswered) => {
                            tracing::debug!(%unanswered, "the topics can't be looked up just now")
                        }
                    }
                }
            }
        });
        thread.map(Self).map_err(|error| LogError::Refused(error.to_string()))
    }

    /// Waits for its end, until `deadline`: a request to a broker that does not answer takes longer.
    pub(in crate::service) fn join(self, deadline: Instant) {
        while !self.0.is_finished() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(2));
        }
        if self.0.is_finished() {
            // A panic there has been reported by its hook.
            let _ = self.0.join();
        }
    }
}

/// Reports what changed since the last time, which `known` has.
fn report(
    layout: &Layout,
    found: &BTreeMap<&'static str, LookedUp>,
    known: &mut BTreeMap<String, String>,
    status: &Status,
    metrics: &Metrics,
) {
    for (kind, topic, partitions) in layout.topics() {
        let what = format!("topic {topic}");
        match found.get(kind).and_then(|found| change(found, partitions)) {
            None => {
                known.remove(topic);
                status.unhindered(&what);
            }
            Some(change) => {
                status.hindered(&what, format!("topic `{topic}` {change}"));
                if known.insert(topic.to_owned(), change.clone()).as_ref() != Some(&change) {
                    metrics.incident(-1, &Incident::TopicChanged { topic: topic.to_owned(), found: change });
                }
            }
        }
    }
}

/// How a topic that had so many `partitions` differs now.
fn change(found: &LookedUp, partitions: i32) -> Option<String> {
    match found {
        LookedUp::Partitions(now) if *now == partitions => None,
        LookedUp::Partitions(now) => {
            Some(format!("has {now} partitions and had {partitions}: restart every instance"))
        }
        LookedUp::Missing => Some("is gone: create it again".to_owned()),
        LookedUp::Forbidden => Some("may not be seen any more: give the permission back".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_that_is_gone_or_grown_differs() {
        assert_eq!(change(&LookedUp::Partitions(4), 4), None);
        assert!(
            change(&LookedUp::Partitions(5), 4)
                .is_some_and(|change| change.contains("5 partitions and had 4"))
        );
        assert!(change(&LookedUp::Missing, 4).is_some());
        assert!(change(&LookedUp::Forbidden, 4).is_some());
    }
}
