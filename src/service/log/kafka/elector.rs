//! The thread that is the group's member: it polls, and reads nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;

use super::client::Clients;
use super::group::{Callbacks, Group};
use super::reader::{answer, refused};
use crate::service::log::LogError;
use crate::service::observe::status::Beat;

const POLL: Duration = Duration::from_millis(100);

/// The running member of the group.
pub(in crate::service) struct GroupMember {
    consumer: Arc<BaseConsumer<Callbacks>>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl GroupMember {
    /// Joins the group for `feed`.
    ///
    /// # Errors
    /// Where the client library refuses the settings.
    pub(in crate::service) fn start(
        clients: &Clients,
        feed: &str,
        group: &Arc<Group>,
        beat: Beat,
    ) -> Result<Self, LogError> {
        let consumer: BaseConsumer<Callbacks> =
            clients.elector().create_with_context(Callbacks::new(group)).map_err(|error| refused(&error))?;
        let consumer = Arc::new(consumer);
        group.bind(&consumer);
        consumer.subscribe(&[feed]).map_err(|error| refused(&error))?;
        let stop = Arc::new(AtomicBool::new(false));
        let thread = {
            let (consumer, group, stop) = (consumer.clone(), group.clone(), stop.clone());
            std::thread::Builder::new()
                .name("elector".to_owned())
                .spawn(move || poll(&consumer, &group, &stop, &beat))
                .map_err(|error| LogError::Refused(error.to_string()))?
        };
        Ok(Self { consumer, stop, thread })
    }

    /// Leaves the group, once its workers are done, within `deadline`; closing can hang on a broker
    /// that does not answer, and is then left to the end of the process.
    pub(in crate::service) fn stop(self, deadline: Duration) {
        self.stop.store(true, Ordering::Release);
        let Self { consumer, thread, .. } = self;
        let closing = std::thread::spawn(move || {
            // A panic there is logged already.
            let _ = thread.join();
            drop(consumer);
        });
        let until = Instant::now() + deadline;
        while !closing.is_finished() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn poll(consumer: &BaseConsumer<Callbacks>, group: &Group, stop: &AtomicBool, beat: &Beat) {
    while !stop.load(Ordering::Acquire) {
        beat.now();
        group.polls();
        match consumer.poll(POLL) {
            // Fetched before its partition was paused: the tail reads it.
            None | Some(Ok(_)) => {}
            Some(Err(error)) => trouble(group, &error),
        }
    }
}

fn trouble(group: &Group, error: &KafkaError) {
    match error {
        KafkaError::MessageConsumptionFatal(code) => group.fail(format!(
            "the group ended the membership of this instance: {code}; is its `instance_id` used twice?"
        )),
        error => match answer(error) {
            LogError::Unavailable(reason) => tracing::debug!(reason, "the group can't be reached just now"),
            other => group.fail(other.to_string()),
        },
    }
}
