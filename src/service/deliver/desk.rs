//! The desk of a control unit: which alerts of grade review come out on a day, and which wait.
//!
//! Reviewers open a number of cases a day. What comes while there is room comes out at once; what comes after that
//! waits, on the topic as well. A new day begins with the waiting cases that rank highest. An alert that came out stays
//! out until it is withdrawn, and takes the other alerts of its case along: a case is opened as a whole. Holds never wait
//! and take no room. What waits depends on the order of arrival, as a desk's day does; nothing else of an alert does.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Alert, Day, Grade, PublishedAlert, Zone};
use crate::engine::Position;

/// Use of a desk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeskUse {
    /// Cases that it takes a day.
    pub cases_a_day: usize,
    /// Cases that came out on its latest day.
    pub cases_out: usize,
    /// Open alerts that wait.
    pub waiting: usize,
}

/// The desk of one municipality.
#[derive(Clone, Debug)]
pub struct DailyDesk {
    zone: Zone,
    cases_a_day: usize,
    /// The latest day on which a record came.
    day: Option<Day>,
    /// Cases of which an alert came out on that day.
    cases_out: BTreeSet<String>,
    /// Alerts that wait, by alert id.
    waiting: BTreeMap<String, Box<Alert>>,
}

impl DailyDesk {
    /// An empty desk.
    #[must_use]
    pub const fn new(zone: Zone, cases_a_day: usize) -> Self {
        Self { zone, cases_a_day, day: None, cases_out: BTreeSet::new(), waiting: BTreeMap::new() }
    }

    /// Its use.
    #[must_use]
    pub fn usage(&self) -> DeskUse {
        DeskUse {
            cases_a_day: self.cases_a_day,
            cases_out: self.cases_out.len(),
            waiting: self.waiting.len(),
        }
    }

    /// Whether `alert`, which is open and of which the topic says `known`, waits. Notes it as out or waiting.
    pub(super) fn admit(&mut self, alert: &Alert, known: Option<OnDesk>) -> bool {
        let comes_out =
            alert.grade == Grade::Hold || known == Some(OnDesk::Out) || self.has_room(&alert.case_id);
        if comes_out {
            self.remove(&alert.alert_id);
            if alert.grade == Grade::Review && known != Some(OnDesk::Out) {
                self.cases_out.insert(alert.case_id.clone());
            }
            return false;
        }
        self.waiting.insert(alert.alert_id.clone(), Box::new(Alert { waiting: true, ..alert.clone() }));
        true
    }

    /// The alert is withdrawn, or out.
    pub(super) fn remove(&mut self, alert_id: &str) {
        self.waiting.remove(alert_id);
    }

    /// Begins the day of `at` where it is a new one; returns the waiting alerts that come out: those of the cases that
    /// rank highest, as many cases as the desk takes.
    pub(super) fn begin_day(&mut self, at: Position) -> Vec<Alert> {
        let day = self.zone.day(at.appended_at);
        if Some(day) <= self.day {
            return Vec::new();
        }
        self.day = Some(day);
        self.cases_out.clear();
        let mut ranks: BTreeMap<&str, (f64, i64)> = BTreeMap::new();
        for alert in self.waiting.values() {
            let (score, ore) = ranks.entry(&alert.case_id).or_default();
            *score = score.max(alert.score);
            *ore += alert.amount_at_risk_ore;
        }
        let mut cases: Vec<(&str, (f64, i64))> = ranks.into_iter().collect();
        cases.sort_by(|(a, (a_score, a_ore)), (b, (b_score, b_ore))| {
            b_score.total_cmp(a_score).then(b_ore.cmp(a_ore)).then(a.cmp(b))
        });
        let best = cases.into_iter().take(self.cases_a_day);
        self.cases_out = best.map(|(case, _)| case.to_owned()).collect();
        let all = std::mem::take(&mut self.waiting);
        let (out, waiting) = all.into_iter().partition(|(_, alert)| self.cases_out.contains(&alert.case_id));
        self.waiting = waiting;
        let out: BTreeMap<String, Box<Alert>> = out;
        out.into_values()
            .map(|alert| Alert { waiting: false, offset: at.offset, assessed_at: at.appended_at, ..*alert })
            .collect()
    }

    /// Takes up the day of `at` after a start: the cases that came out on it are those of the topic's alerts.
    pub(super) fn resume<'a>(&mut self, at: Position, topic: impl Iterator<Item = &'a PublishedAlert>) {
        let day = self.zone.day(at.appended_at);
        if self.day.is_some() {
            return;
        }
        self.day = Some(day);
        let out_today = |alert: &&Alert| {
            alert.grade == Grade::Review && !alert.waiting && self.zone.day(alert.assessed_at) == day
        };
        self.cases_out = topic
            .map(|published| &published.alert)
            .filter(out_today)
            .map(|alert| alert.case_id.clone())
            .collect();
    }

    fn has_room(&self, case_id: &str) -> bool {
        self.cases_out.len() < self.cases_a_day || self.cases_out.contains(case_id)
    }
}

/// Where the desk has an open alert of the topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnDesk {
    /// It came out.
    Out,
    /// It waits.
    Waiting,
}
