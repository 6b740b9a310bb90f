//! The alerts on the topic, and the records that bring them in line with the engine's.
//!
//! One outbox per municipality. The engine derives the alerts that should be open; the topic is read back at
//! the start; only differences are published, each with the next revision. Hence a restart publishes nothing
//! that is on the topic already, and a crash between any two steps is mended by deriving again and comparing.
//! Pure: it returns what has to be published.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use crate::contract;
use crate::domain::{Alert, AlertState, HoldState, Provenance, PublishedAlert, Subject, UtcSecond};
use crate::engine::Position;
use crate::service::deliver::desk::{DailyDesk, DeskUse, OnDesk};

/// Where the alerts of an outbox come from; the same for all of them.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The feed's topic.
    pub topic: String,
    /// The feed's partition.
    pub partition: i32,
    /// Hash of the settings that matter.
    pub config_hash: String,
    /// Alerts assessed before this rest on a log that no longer reaches back over the baseline.
    pub complete_from: UtcSecond,
}

/// The state of one alert id on the topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TopicState {
    /// The highest one seen.
    revision: u32,
    state: AlertState,
    /// `None` where the topic's last record is not the only one of the highest revision: another owner wrote at
    /// the same time, and the alert has to be published again.
    content: Option<[u8; 16]>,
    /// SHA-256 of the record's value.
    value: [u8; 32],
    open_hold: bool,
    waiting: bool,
    /// Provenance of the record, where it is of this feed partition; else −1.
    offset: i64,
}

impl TopicState {
    fn is_open(&self) -> bool {
        self.state != AlertState::Withdrawn
    }

    /// Where the desk has it, while it is open.
    fn on_desk(&self) -> Option<OnDesk> {
        self.is_open().then_some(if self.waiting { OnDesk::Waiting } else { OnDesk::Out })
    }
}

/// The alerts of one municipality on the topic.
#[derive(Debug)]
pub struct Outbox {
    origin: Origin,
    desk: DailyDesk,
    published: BTreeMap<String, TopicState>,
    /// Open alerts whose bodies were read back: until they are reconciled, and after that those whose subject
    /// the engine does not know, so that they can be withdrawn once it does.
    orphaned: BTreeMap<String, Box<PublishedAlert>>,
    /// Computed when it is first needed after an open alert has changed, which is once a progress record at most.
    digest: OnceLock<String>,
    open_alerts: u64,
    open_holds: u64,
}

impl Outbox {
    /// An outbox for an empty topic.
    #[must_use]
    pub fn new(origin: Origin, desk: DailyDesk) -> Self {
        Self {
            origin,
            desk,
            published: BTreeMap::new(),
            orphaned: BTreeMap::new(),
            digest: OnceLock::new(),
            open_alerts: 0,
            open_holds: 0,
        }
    }

    /// One for the same alerts, with nothing of the topic in it yet.
    #[must_use]
    pub fn emptied(&self) -> Self {
        Self::new(self.origin.clone(), self.desk.clone())
    }

    /// Where its alerts come from.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Marks alerts assessed before `from` as resting on an incomplete baseline.
    pub fn complete_from(&mut self, from: UtcSecond) {
        self.origin.complete_from = from;
    }

    /// Applies a record of the topic and its value's bytes, in the order of the topic. Readers keep the highest revision of an alert
    /// id, compaction keeps the last record: where these differ, or one revision has two contents, the next
    /// comparison publishes again.
    pub fn read_back(&mut self, alert: PublishedAlert, value: &[u8]) {
        let content = contract::content_hash(&alert.alert);
        let of_this_feed = alert.provenance.topic == self.origin.topic
            && alert.provenance.partition == self.origin.partition;
        let mut read = TopicState {
            revision: alert.revision,
            state: alert.state,
            content: Some(content),
            value: Sha256::digest(value).into(),
            open_hold: has_open_hold(&alert.alert),
            waiting: alert.alert.waiting,
            offset: if of_this_feed { alert.provenance.offset } else { -1 },
        };
        let id = alert.alert.alert_id.clone();
        if let Some(before) = self.published.get(&id) {
            let same = before.revision == read.revision && before.content == read.content;
            if alert.revision <= before.revision && !same {
                read.content = None;
                read.revision = before.revision;
            }
            read.offset = read.offset.max(before.offset);
        }
        if read.is_open() || read.content.is_none() {
            self.orphaned.insert(id.clone(), Box::new(alert));
        } else {
            self.orphaned.remove(&id);
        }
        self.set(id, read);
    }

    /// The greatest offset of this feed partition that an alert on the topic was derived from.
    #[must_use]
    pub fn greatest_offset(&self) -> Option<i64> {
        self.published.values().map(|state| state.offset).max().filter(|offset| 0 <= *offset)
    }

    /// The record to be published so that the topic agrees with what the engine derives for this subject; `None`
    /// where it does already.
    pub fn diff(&mut self, mut alert: Alert) -> Option<PublishedAlert> {
        self.orphaned.remove(&alert.alert_id);
        let known = self.published.get(&alert.alert_id).copied();
        let is_open = !alert.findings.is_empty();
        if let Some(hold) = alert.hold.as_mut().filter(|_| !is_open) {
            hold.state = HoldState::Superseded;
        }
        let state = match known {
            None if !is_open => return None,
            Some(known) if !is_open && !known.is_open() && known.content.is_some() => return None,
            _ if !is_open => AlertState::Withdrawn,
            Some(known) if known.is_open() => AlertState::Revised,
            _ => AlertState::Opened,
        };
        if is_open {
            alert.waiting = self.desk.admit(&alert, known.and_then(|known| known.on_desk()));
        } else {
            self.desk.remove(&alert.alert_id);
        }
        let content = contract::content_hash(&alert);
        if is_open && known.is_some_and(|known| known.is_open() && known.content == Some(content)) {
            return None;
        }
        let revision = known.map_or(1, |known| known.revision.saturating_add(1));
        Some(self.publish(alert, state, revision, content))
    }

    /// Compares the alerts that should be open, `derived`, with the topic, as of `at`. An alert of the topic is
    /// withdrawn only where the engine `knows` its subject: about others it cannot decide. With a truncated log, an
    /// alert that `was_derived` at hand-over already is left alone: the earlier owner had more history. What stays
    /// as it is on the topic is passed to `unchanged`.
    pub fn reconcile(
        &mut self,
        mut derived: Vec<Alert>,
        at: Position,
        knows: &dyn Fn(&Subject) -> bool,
        was_derived: &dyn Fn(&Alert) -> bool,
        unchanged: &mut dyn FnMut(&PublishedAlert),
    ) -> Vec<PublishedAlert> {
        let mut read = std::mem::take(&mut self.orphaned);
        self.desk.resume(at, read.values().map(|alert| &**alert));
        // Where the desk has not room for all that is new, it takes the best.
        derived.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.alert_id.cmp(&b.alert_id)));
        let mut changes = Vec::new();
        for alert in derived {
            let id = alert.alert_id.clone();
            let before = read.remove(&id);
            let leave = !knows(&alert.subject) && was_derived(&alert);
            if let Some(change) = (!leave).then(|| self.diff(alert)).flatten() {
                changes.push(change);
            } else if let Some(before) = before {
                unchanged(&before);
                if leave {
                    self.orphaned.insert(id, before);
                }
            }
        }
        for (id, alert) in read {
            if knows(&alert.alert.subject) {
                changes.extend(self.diff(withdrawn(*alert, at)));
            } else {
                unchanged(&alert);
                self.orphaned.insert(id, alert);
            }
        }
        changes
    }

    /// Begins the desk's day of `at` where it is a new one; returns the records of the alerts that come out.
    pub fn begin_day(&mut self, at: Position) -> Vec<PublishedAlert> {
        let out = self.desk.begin_day(at);
        let records = out.into_iter().filter_map(|alert| {
            let known = *self.published.get(&alert.alert_id)?;
            let content = contract::content_hash(&alert);
            Some(self.publish(alert, AlertState::Revised, known.revision.saturating_add(1), content))
        });
        records.collect()
    }

    /// Use of the desk.
    #[must_use]
    pub fn desk_use(&self) -> DeskUse {
        self.desk.usage()
    }

    /// Whether the engine did not know the subject of some alert at the last comparison.
    #[must_use]
    pub fn has_orphans(&self) -> bool {
        !self.orphaned.is_empty()
    }

    /// Withdraws an alert that was left alone because the engine did not know its subject, once it does and
    /// derives nothing. To be called after [`Outbox::diff`] of what it derives.
    pub fn resolve_orphan(
        &mut self,
        alert_id: &str,
        at: Position,
        knows: &dyn Fn(&Subject) -> bool,
    ) -> Option<PublishedAlert> {
        let alert = self.orphaned.get(alert_id)?;
        if !knows(&alert.alert.subject) {
            return None;
        }
        let alert = self.orphaned.remove(alert_id)?;
        self.diff(withdrawn(*alert, at))
    }

    /// Merges the state `ours` into the topic's state, as just read again into `self`; returns whether another
    /// writer changed the topic. What that one wrote in the place of a record of ours is in doubt, and the next
    /// comparison publishes it again.
    pub fn adopt_topic_state(&mut self, ours: &Self) -> bool {
        self.desk = ours.desk.clone();
        let mut doubts = Vec::new();
        let mut differs = self.published.len() != ours.published.len();
        for (id, own) in &ours.published {
            let read = self.published.get(id);
            let key = |state: &TopicState| (state.revision, state.state, state.content);
            // The same alert in other bytes is no doubt, but another record, which the digest has to be about.
            differs |= read.is_some_and(|read| read.value != own.value);
            if read.map(key) != Some(key(own)) {
                differs = true;
                let doubtful =
                    read.filter(|read| read.revision <= own.revision && (read.is_open() || own.is_open()));
                doubts.extend(doubtful.map(|read| (id.clone(), TopicState { content: None, ..*own }, *read)));
            }
        }
        for (id, mut doubtful, read) in doubts {
            doubtful.state = read.state;
            doubtful.open_hold = read.open_hold;
            doubtful.waiting = read.waiting;
            self.set(id, doubtful);
        }
        differs
    }

    /// The digest of the open alerts, as the contract describes it: SHA-256 over a line for each of them, in order of
    /// alert id. Some 100 bytes are hashed for each, less than a millisecond for a thousand.
    #[must_use]
    pub fn digest(&self) -> &str {
        self.digest.get_or_init(|| {
            let mut hash = Sha256::new();
            for (id, state) in self.published.iter().filter(|(_, state)| state.is_open()) {
                hash.update(format!("{id} {} {}\n", state.revision, hex(&state.value)));
            }
            hex(&hash.finalize().into())
        })
    }

    /// Open alerts on the topic.
    #[must_use]
    pub fn open_alerts(&self) -> u64 {
        self.open_alerts
    }

    /// Open holds on the topic: those that keep seconds from being paid.
    #[must_use]
    pub fn open_holds(&self) -> u64 {
        self.open_holds
    }

    fn publish(
        &mut self,
        alert: Alert,
        state: AlertState,
        revision: u32,
        content: [u8; 16],
    ) -> PublishedAlert {
        let provenance = Provenance {
            topic: self.origin.topic.clone(),
            partition: self.origin.partition,
            offset: alert.offset,
            engine: env!("CARGO_PKG_VERSION").to_owned(),
            config_hash: self.origin.config_hash.clone(),
            baseline_incomplete: alert.assessed_at < self.origin.complete_from,
        };
        let published = PublishedAlert { alert, state, revision, provenance };
        let mut value = Vec::with_capacity(2048);
        contract::write_alert(&published, &mut value);
        let on_topic = TopicState {
            revision,
            state,
            content: Some(content),
            value: Sha256::digest(&value).into(),
            open_hold: has_open_hold(&published.alert),
            waiting: published.alert.waiting,
            offset: published.alert.offset,
        };
        self.set(published.alert.alert_id.clone(), on_topic);
        published
    }

    fn set(&mut self, id: String, state: TopicState) {
        if state.is_open() {
            self.digest.take();
            self.open_alerts += 1;
            self.open_holds += u64::from(state.open_hold);
        }
        if let Some(before) = self.published.get(&id).copied().filter(TopicState::is_open) {
            self.digest.take();
            self.open_alerts -= 1;
            self.open_holds -= u64::from(before.open_hold);
        }
        self.published.insert(id, state);
    }
}

/// The alert without findings; it keeps the rest of its body.
fn withdrawn(published: PublishedAlert, at: Position) -> Alert {
    let mut alert = published.alert;
    alert.offset = at.offset;
    alert.assessed_at = at.appended_at;
    alert.findings.clear();
    alert.waiting = false;
    alert.score = 0.0;
    alert.p_value = None;
    alert.amount_at_risk_ore = 0;
    alert
}

/// Whether the alert keeps seconds from being paid.
fn has_open_hold(alert: &Alert) -> bool {
    let open = |state| matches!(state, HoldState::Proposed | HoldState::Confirmed | HoldState::Upheld);
    alert.hold.as_ref().is_some_and(|hold| open(hold.state))
}

fn hex(bytes: &[u8; 32]) -> String {
    let mut text = String::with_capacity(64);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
