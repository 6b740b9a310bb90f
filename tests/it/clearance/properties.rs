//! What must hold whatever the topics hold: nothing unassessed and nothing under an open hold is ever payable, and no
//! damage makes anything payable.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Payability, RUN, Topics, alert, municipality, partition, visit};

/// A record of the feed as the service handled it.
#[derive(Clone, Debug)]
enum Record {
    /// A version of `R-<id>`, assessed.
    Assessed { id: u8, version: u32 },
    /// A version of `R-<id>`, in quarantine; `None`: its version cannot be read.
    Quarantined { id: u8, version: Option<u32> },
    /// Bytes that name no registration, in quarantine.
    Nameless,
}

/// What the topics hold.
#[derive(Clone, Debug)]
struct Town {
    feed: Vec<Record>,
    /// Records that progress of the municipality, and of the partition, covers.
    covered: (usize, usize),
    /// Alerts as (id, revision, state of the hold, days from the run to its expiry).
    alerts: Vec<(u8, u32, usize, i64)>,
}

const HOLD_STATES: [&str; 7] =
    ["proposed", "confirmed", "upheld", "released", "expired", "superseded", "of-tomorrow"];

impl Town {
    fn unassessed(&self) -> Value {
        let mut ranges: Vec<(usize, usize)> = Vec::new();
        for (offset, record) in self.feed.iter().take(self.covered.1).enumerate() {
            match (record, ranges.last_mut()) {
                (Record::Assessed { .. }, _) => {}
                (_, Some(last)) if last.1 + 1 == offset => last.1 = offset,
                _ => ranges.push((offset, offset)),
            }
        }
        json!(ranges)
    }

    /// The records of progress and alerts, by topic.
    fn outputs(&self) -> Vec<Output> {
        let through = |covered: usize| i64::try_from(covered).unwrap() - 1;
        let mut outputs = vec![
            Output::Progress("0181".to_owned(), municipality(through(self.covered.0))),
            Output::Progress(
                "partition|0".to_owned(),
                partition(through(self.covered.1), &self.unassessed()),
            ),
        ];
        outputs.extend(self.alerts.iter().map(|(id, revision, state, days)| {
            let mut alert = alert(&format!("R-{id}"), *revision, HOLD_STATES[*state]);
            alert["hold"]["expires_at"] = json!(RUN.plus(days * 86_400).to_string());
            Output::Alert(alert)
        }));
        outputs
    }

    fn read(&self, outputs: &[Output]) -> Topics {
        let mut topics = Topics::new();
        for output in outputs {
            match output {
                Output::Progress(key, record) => drop(topics.progress(key, record)),
                Output::Alert(record) => drop(topics.alert(record)),
                Output::Damaged(key, true) => {
                    topics.0.progress(0, Some(key.as_bytes()), Some(b"{\"kind\":7}"))
                }
                Output::Damaged(key, false) => topics.0.alert(Some(key.as_bytes()), Some(b"{\"kind\":7}")),
            }
        }
        for (offset, record) in self.feed.iter().enumerate() {
            let offset = i64::try_from(offset).unwrap();
            match record {
                Record::Assessed { id, version } => topics.feed(offset, &visit(&format!("R-{id}"), *version)),
                Record::Quarantined { id, version } => {
                    let mut record = visit(&format!("R-{id}"), version.unwrap_or(1));
                    record["end_at"] = json!("2026-03-01T07:00:00Z");
                    if version.is_none() {
                        record["version"] = json!(-1);
                    }
                    topics.feed(offset, &record)
                }
                Record::Nameless => topics.bytes(offset, Some(b"{\"registration_id\": ")),
            };
        }
        topics
    }

    /// Slow, and without the module: may `R-<id>` be paid?
    fn may_be_paid(&self, id: u8) -> bool {
        let versions = |record: &Record| match record {
            Record::Assessed { id: of, version } if *of == id => Some(Some(*version)),
            Record::Quarantined { id: of, version } if *of == id => Some(*version),
            _ => None,
        };
        let all: Vec<(usize, Option<u32>)> =
            self.feed.iter().enumerate().filter_map(|(at, record)| Some((at, versions(record)?))).collect();
        let highest = all.iter().map(|(_, version)| version.unwrap_or(u32::MAX)).max().unwrap();
        let is_assessed = |at: usize| {
            at < self.covered.0.min(self.covered.1) && matches!(self.feed[at], Record::Assessed { .. })
        };
        let mut highest = all.iter().filter(|(_, version)| version.unwrap_or(u32::MAX) == highest);
        let revision = self.alerts.iter().filter(|alert| alert.0 == id).map(|alert| alert.1).max();
        let withholds = self.alerts.iter().any(|(of, number, state, days)| {
            let is_latest = *of == id && Some(*number) == revision;
            is_latest && (matches!(state, 1 | 2 | 6) || *state == 0 && 0 < *days)
        });
        highest.all(|(at, _)| is_assessed(*at)) && !withholds
    }
}

#[derive(Clone, Debug)]
enum Output {
    Progress(String, Value),
    Alert(Value),
    /// An unreadable record under this key, of progress or else of alerts.
    Damaged(String, bool),
}

impl Output {
    fn damaged(&self) -> Self {
        match self {
            Self::Progress(key, _) => Self::Damaged(key.clone(), true),
            Self::Alert(record) => Self::Damaged(record["alert_id"].as_str().unwrap().to_owned(), false),
            Self::Damaged(..) => self.clone(),
        }
    }
}

fn town() -> impl Strategy<Value = Town> {
    let version = || prop_oneof![1..4_u32, Just(1_772_000_000)];
    let record = prop_oneof![
        6 => (0..4_u8, version()).prop_map(|(id, version)| Record::Assessed { id, version }),
        2 => (0..4_u8, proptest::option::of(version())).prop_map(|(id, version)| Record::Quarantined { id, version }),
        1 => Just(Record::Nameless),
    ];
    let alert = (0..4_u8, 1..4_u32, 0..HOLD_STATES.len(), -1..2_i64);
    (proptest::collection::vec(record, 1..12), proptest::collection::vec(alert, 0..6)).prop_flat_map(
        |(feed, alerts)| {
            let most = feed.len();
            (0..=most, 0..=most).prop_map(move |covered| Town {
                feed: feed.clone(),
                covered,
                alerts: alerts.clone(),
            })
        },
    )
}

fn payable_seconds(topics: &Topics) -> BTreeMap<String, (bool, i64)> {
    let verdicts = topics.0.verdicts(Some(RUN));
    verdicts
        .map(|it| (it.claim.registration_id.clone(), (it.state == Payability::Payable, it.payable_seconds())))
        .collect()
}

proptest! {
    #[test]
    fn payable_is_what_is_assessed_and_under_no_open_hold(town in town()) {
        let topics = town.read(&town.outputs());
        for (id, (payable, seconds)) in payable_seconds(&topics) {
            let expected = town.may_be_paid(id[2..].parse().unwrap());
            prop_assert_eq!(payable, expected, "{}", id);
            prop_assert!(topics.state(&id) != Payability::Unassessed || seconds == 0);
        }
    }

    #[test]
    fn no_unreadable_and_no_missing_record_makes_anything_payable(
        town in town(), at in any::<prop::sample::Index>(), removed in any::<bool>(),
    ) {
        let outputs = town.outputs();
        let before = payable_seconds(&town.read(&outputs));
        let mut damaged = outputs.clone();
        let at = at.index(damaged.len());
        match (&damaged[at], removed) {
            // Compaction never removes the last record of an alert; a record of progress that is not there yet is usual.
            (Output::Progress(..), true) => drop(damaged.remove(at)),
            _ => damaged[at] = damaged[at].damaged(),
        }
        // An alert is damaged after its earlier revisions, as the last of its key.
        damaged.sort_by_key(|output| matches!(output, Output::Damaged(..)));
        for (id, (payable, seconds)) in payable_seconds(&town.read(&damaged)) {
            let (payable_before, seconds_before) = before[&id];
            prop_assert!(!payable || payable_before, "{} became payable", id);
            prop_assert!(seconds <= seconds_before, "{}: {} instead of {} s", id, seconds, seconds_before);
        }
    }

    #[test]
    fn the_order_of_alerts_does_not_matter(town in town()) {
        let mut outputs = town.outputs();
        let before = payable_seconds(&town.read(&outputs));
        outputs.reverse();
        prop_assert_eq!(payable_seconds(&town.read(&outputs)), before);
    }
}
