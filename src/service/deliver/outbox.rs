//! What the alert topic says, and what has to be published so that it says what should stand.
//!
//! One outbox per municipality. The engine derives what should stand; the topic is read back at
//! the start; only differences go out, each with the next revision. Hence a restart publishes
//! nothing that already stands, and a crash between any two steps is mended by deriving again and
//! comparing. Pure: it publishes nothing itself.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::contract;
use crate::domain::{Alert, AlertState, HoldState, Provenance, PublishedAlert, Subject, UtcSecond};
use crate::engine::Position;

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

/// What the topic says about one alert id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TopicState {
    /// The highest one seen.
    revision: u32,
    state: AlertState,
    /// `None` where the topic's last record is not the only one of the highest revision: another
    /// owner wrote at the same time, and what stands has to be said again.
    content: Option<[u8; 16]>,
    open_hold: bool,
    /// Provenance of the record, where it is of this feed partition; else −1.
    offset: i64,
}

impl TopicState {
    fn is_open(&self) -> bool {
        self.state != AlertState::Withdrawn
    }
}

/// What the topic says about the alerts of one municipality.
#[derive(Debug)]
pub struct Outbox {
    origin: Origin,
    told: BTreeMap<String, TopicState>,
    /// Open alerts whose bodies were read back: until they are reconciled, and after that those
    /// that the engine does not know, so that they can be withdrawn should it come to know them.
    orphaned: BTreeMap<String, Box<PublishedAlert>>,
    /// Sum of a hash of every open alert; a sum, so that the order in which they came is no matter.
    digest: u128,
    open_alerts: u64,
    open_holds: u64,
}

impl Outbox {
    /// An outbox for an empty topic.
    #[must_use]
    pub fn new(origin: Origin) -> Self {
        Self {
            origin,
            told: BTreeMap::new(),
            orphaned: BTreeMap::new(),
            digest: 0,
            open_alerts: 0,
            open_holds: 0,
        }
    }

    /// Where its alerts come from.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Alerts assessed before `from` are marked as resting on an incomplete baseline.
    pub fn complete_from(&mut self, from: UtcSecond) {
        self.origin.complete_from = from;
    }

    /// Takes in a record of the topic, in the order of the topic. Readers keep the highest revision
    /// of an alert id, compaction keeps the last record: where these differ, or one revision has two
    /// contents, the next comparison publishes again.
    pub fn read_back(&mut self, alert: PublishedAlert) {
        let content = contract::content_hash(&alert.alert);
        let of_this_feed = alert.provenance.topic == self.origin.topic
            && alert.provenance.partition == self.origin.partition;
        let mut told = TopicState {
            revision: alert.revision,
            state: alert.state,
            content: Some(content),
            open_hold: has_open_hold(&alert.alert),
            offset: if of_this_feed { alert.provenance.offset } else { -1 },
        };
        let id = alert.alert.alert_id.clone();
        if let Some(before) = self.told.get(&id) {
            let same = before.revision == told.revision && before.content == told.content;
            if alert.revision <= before.revision && !same {
                told.content = None;
                told.revision = before.revision;
            }
            told.offset = told.offset.max(before.offset);
        }
        if told.is_open() || told.content.is_none() {
            self.orphaned.insert(id.clone(), Box::new(alert));
        } else {
            self.orphaned.remove(&id);
        }
        self.set(id, told);
    }

    /// The greatest offset of this feed partition that an alert on the topic was derived from.
    #[must_use]
    pub fn greatest_offset(&self) -> Option<i64> {
        self.told.values().map(|told| told.offset).max().filter(|offset| 0 <= *offset)
    }

    /// What has to be published so that the topic says of this subject what the engine derives.
    /// `None` where it does already.
    pub fn diff(&mut self, mut alert: Alert) -> Option<PublishedAlert> {
        self.orphaned.remove(&alert.alert_id);
        let known = self.told.get(&alert.alert_id).copied();
        let stands = !alert.findings.is_empty();
        if let Some(hold) = alert.hold.as_mut().filter(|_| !stands) {
            hold.state = HoldState::Superseded;
        }
        let state = match known {
            None if !stands => return None,
            Some(told) if !stands && !told.is_open() && told.content.is_some() => return None,
            _ if !stands => AlertState::Withdrawn,
            Some(told) if told.is_open() => AlertState::Revised,
            _ => AlertState::Opened,
        };
        let content = contract::content_hash(&alert);
        if stands && known.is_some_and(|told| told.is_open() && told.content == Some(content)) {
            return None;
        }
        let revision = known.map_or(1, |told| told.revision.saturating_add(1));
        Some(self.tell(alert, state, revision, content))
    }

    /// Compares all that should stand with the topic, as of `at`. What is open there is taken back
    /// only where the engine `knows` the subject: what it does not know, it cannot clear. Where it
    /// knows in part only, because the log before is gone, what it derived when all of it `was_told`
    /// is no news either: then more was known. What stays as it is on the topic is given to
    /// `unchanged`.
    pub fn reconcile(
        &mut self,
        standing: Vec<Alert>,
        at: Position,
        knows: &dyn Fn(&Subject) -> bool,
        was_told: &dyn Fn(&Alert) -> bool,
        unchanged: &mut dyn FnMut(&PublishedAlert),
    ) -> Vec<PublishedAlert> {
        let mut read = std::mem::take(&mut self.orphaned);
        let mut changes = Vec::new();
        for alert in standing {
            let id = alert.alert_id.clone();
            let before = read.remove(&id);
            let leave = !knows(&alert.subject) && was_told(&alert);
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
                changes.extend(self.diff(nothing_stands(*alert, at)));
            } else {
                unchanged(&alert);
                self.orphaned.insert(id, alert);
            }
        }
        changes
    }

    /// Is there an alert that the engine did not know at the last comparison?
    #[must_use]
    pub fn has_orphans(&self) -> bool {
        !self.orphaned.is_empty()
    }

    /// Takes back an alert that was left alone because the engine did not know its subject, now that
    /// it does and derives nothing. To be called after what it derives was offered.
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
        self.diff(nothing_stands(*alert, at))
    }

    /// Goes by the topic as it was just read into `self` from now on, where it was `before` that it
    /// said something else: was there another writer? What that one wrote in the place of a record of
    /// ours is in doubt, and the next comparison publishes again.
    pub fn adopt_topic_state(&mut self, before: &Self) -> bool {
        let mut doubts = Vec::new();
        let mut differs = self.told.len() != before.told.len();
        for (id, ours) in &before.told {
            let read = self.told.get(id);
            let key = |told: &TopicState| (told.revision, told.state, told.content);
            if read.map(key) != Some(key(ours)) {
                differs = true;
                let doubtful =
                    read.filter(|read| read.revision <= ours.revision && (read.is_open() || ours.is_open()));
                doubts
                    .extend(doubtful.map(|read| (id.clone(), TopicState { content: None, ..*ours }, *read)));
            }
        }
        for (id, mut told, read) in doubts {
            told.state = read.state;
            told.open_hold = read.open_hold;
            self.set(id, told);
        }
        differs
    }

    /// 32 hex digits over the open alerts, their states and contents; their order is no matter.
    #[must_use]
    pub fn digest(&self) -> String {
        format!("{:032x}", self.digest)
    }

    /// Alerts that stand on the topic.
    #[must_use]
    pub fn open_alerts(&self) -> u64 {
        self.open_alerts
    }

    /// Holds that stand on the topic and keep seconds from being paid.
    #[must_use]
    pub fn open_holds(&self) -> u64 {
        self.open_holds
    }

    fn tell(&mut self, alert: Alert, state: AlertState, revision: u32, content: [u8; 16]) -> PublishedAlert {
        let told = TopicState {
            revision,
            state,
            content: Some(content),
            open_hold: has_open_hold(&alert),
            offset: alert.offset,
        };
        self.set(alert.alert_id.clone(), told);
        let provenance = Provenance {
            topic: self.origin.topic.clone(),
            partition: self.origin.partition,
            offset: alert.offset,
            engine: env!("CARGO_PKG_VERSION").to_owned(),
            config_hash: self.origin.config_hash.clone(),
            baseline_incomplete: alert.assessed_at < self.origin.complete_from,
        };
        PublishedAlert { alert, state, revision, provenance }
    }

    fn set(&mut self, id: String, told: TopicState) {
        if told.is_open() {
            self.digest = self.digest.wrapping_add(digest_of(&id, &told));
            self.open_alerts += 1;
            self.open_holds += u64::from(told.open_hold);
        }
        if let Some(before) = self.told.get(&id).copied().filter(TopicState::is_open) {
            self.digest = self.digest.wrapping_sub(digest_of(&id, &before));
            self.open_alerts -= 1;
            self.open_holds -= u64::from(before.open_hold);
        }
        self.told.insert(id, told);
    }
}

/// The alert as it is when nothing stands any more; it keeps its body.
fn nothing_stands(published: PublishedAlert, at: Position) -> Alert {
    let mut alert = published.alert;
    alert.offset = at.offset;
    alert.assessed_at = at.appended_at;
    alert.findings.clear();
    alert.score = 0.0;
    alert.p_value = None;
    alert.amount_at_risk_ore = 0;
    alert
}

/// Does the alert keep seconds from being paid?
fn has_open_hold(alert: &Alert) -> bool {
    let open = |state| matches!(state, HoldState::Proposed | HoldState::Confirmed | HoldState::Upheld);
    alert.hold.as_ref().is_some_and(|hold| open(hold.state))
}

fn digest_of(id: &str, told: &TopicState) -> u128 {
    let state = match told.state {
        AlertState::Opened => "opened",
        AlertState::Revised => "revised",
        AlertState::Withdrawn => "withdrawn",
    };
    let mut hash = Sha256::new();
    for part in [id.as_bytes(), &[0], state.as_bytes(), &[0], &told.content.unwrap_or_default()] {
        hash.update(part);
    }
    let bytes: [u8; 32] = hash.finalize().into();
    let mut first = [0; 16];
    first.copy_from_slice(&bytes[..16]);
    u128::from_be_bytes(first)
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
