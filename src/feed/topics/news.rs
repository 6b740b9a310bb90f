//! What is new since the topics were read: a ring of opened alerts, for readers of events.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

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

    /// Takes an alert that opened, or came out.
    pub(super) fn alert(&self, municipality: String, alert_id: String) {
        let mut ring = self.ring();
        let number = *self.latest.borrow() + 1;
        if KEPT_MAX <= ring.len() {
            ring.pop_front();
        }
        ring.push_back(Opened { number, municipality, alert_id });
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

#[cfg(test)]
mod tests {
    use crate::feed::cases::Scope;
    use crate::feed::fixtures::{desk, review_alert};
    use crate::feed::topics::Memory;

    #[test]
    fn what_waits_below_the_budget_is_news_once_it_comes_out() {
        let memory = Memory::new(desk().within(&Scope::every()).rules().clone());
        memory.loaded();
        let take = |revision: u32, waiting: bool| {
            let mut alert = review_alert("ann", waiting);
            if 1 < revision {
                (alert.revision, alert.state) = (revision, crate::domain::AlertState::Revised);
            }
            memory.write(|desk| memory.alert(desk, alert));
            memory.news().after(0).0.len()
        };
        assert_eq!(take(1, true), 0);
        assert_eq!(take(2, true), 0);
        assert_eq!(take(3, false), 1, "it came out");
        assert_eq!(take(3, false), 1, "the same revision again");
        assert_eq!(take(4, false), 1, "it was out before");
    }
}
