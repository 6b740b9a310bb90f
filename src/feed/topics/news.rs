//! What is new since the topics were read: a ring of opened alerts, for readers of events.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::domain::{AlertState, PublishedAlert};

/// News that a reader may have missed and still gets: an hour of a large municipality.
const KEPT_MAX: usize = 2_000;

/// An alert that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::feed) struct Opened {
    /// Number of the news, rising by one.
    pub(in crate::feed) number: u64,
    pub(in crate::feed) municipality: String,
    pub(in crate::feed) alert_id: String,
}

/// The latest news. Readers pull: one that does not read costs nothing.
#[derive(Clone)]
pub(in crate::feed) struct News {
    ring: Arc<Mutex<VecDeque<Opened>>>,
    latest: Arc<watch::Sender<u64>>,
}

impl News {
    pub(super) fn new() -> Self {
        Self { ring: Arc::default(), latest: Arc::new(watch::Sender::new(0)) }
    }

    /// Takes an alert that is newer than what was known.
    pub(super) fn alert(&self, alert: &PublishedAlert) {
        if alert.state != AlertState::Opened {
            return;
        }
        let mut ring = self.ring();
        let number = *self.latest.borrow() + 1;
        if KEPT_MAX <= ring.len() {
            ring.pop_front();
        }
        ring.push_back(Opened {
            number,
            municipality: alert.alert.municipality.clone(),
            alert_id: alert.alert.alert_id.clone(),
        });
        self.latest.send_replace(number);
    }

    /// Says when there is more than a number.
    pub(in crate::feed) fn watch(&self) -> watch::Receiver<u64> {
        self.latest.subscribe()
    }

    /// The news after `number`, oldest first, and whether some of them are forgotten.
    pub(in crate::feed) fn after(&self, number: u64) -> (Vec<Opened>, bool) {
        let ring = self.ring();
        let is_gap = ring.front().is_some_and(|oldest| number + 1 < oldest.number);
        (ring.iter().filter(|one| number < one.number).cloned().collect(), is_gap)
    }

    fn ring(&self) -> MutexGuard<'_, VecDeque<Opened>> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
