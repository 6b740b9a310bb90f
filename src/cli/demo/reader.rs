//! A reader of the topics: a line for each alert, and a summary.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::PARTITIONS;
use crate::cli::alert_line::{AlertLine, OutputLanguage, gravest, kronor};
use crate::cli::exit::{Exit, Failure, OrExit};
use crate::config::{Config, Topics};
use crate::contract::{self, Progress};
use crate::domain::{AlertState, Grade, HoldState, PublishedAlert};

/// Reads alerts and progress.
pub(super) struct AlertReader {
    consumer: BaseConsumer,
    alerts_topic: String,
    line: AlertLine,
    open: BTreeMap<String, OpenAlert>,
    opened: BTreeMap<(String, Grade), u64>,
    progress: BTreeMap<String, Progress>,
}

/// An open alert, as far as the summary needs it.
struct OpenAlert {
    rule: String,
    grade: Grade,
    at_risk_ore: i64,
    held_ore: Option<i64>,
}

impl AlertReader {
    pub(super) fn new(
        servers: &str,
        topics: &Topics,
        language: OutputLanguage,
        config: &Config,
    ) -> Result<Self, Failure> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", servers)
            .set("group.id", "demo-reader")
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "earliest")
            .set("fetch.wait.max.ms", "10")
            .set("log_level", "2")
            .create()
            .or_exit(Exit::Software, "the alerts can't be read")?;
        let mut list = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            for topic in [&topics.alerts, &topics.progress] {
                list.add_partition_offset(topic, partition, Offset::Beginning)
                    .or_exit(Exit::Software, "the alerts can't be read")?;
            }
        }
        consumer.assign(&list).or_exit(Exit::Software, "the alerts can't be read")?;
        Ok(Self {
            consumer,
            alerts_topic: topics.alerts.clone(),
            line: AlertLine::new(language, config.engine.zone.clone()),
            open: BTreeMap::new(),
            opened: BTreeMap::new(),
            progress: BTreeMap::new(),
        })
    }

    /// The alerts that came within `wait`, as lines.
    pub(super) fn look(&mut self, wait: Duration) -> String {
        let deadline = Instant::now() + wait;
        let mut lines = String::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let (alert, progress) = match self.consumer.poll(left) {
                Some(Ok(message)) if message.topic() == self.alerts_topic => {
                    (message.payload().and_then(|value| contract::parse_alert(value).ok()), None)
                }
                Some(Ok(message)) => {
                    (None, message.payload().and_then(|value| contract::parse_progress(value).ok().flatten()))
                }
                Some(Err(error)) => {
                    tracing::debug!(%error, "the topics can't be read just now");
                    (None, None)
                }
                None => return lines,
            };
            if let Some(alert) = alert {
                if self.is_news(&alert) {
                    self.line(&alert, &mut lines);
                }
                self.note(&alert);
            }
            if let Some(progress) = progress {
                self.progress.insert(progress.key(), progress);
            }
            if left.is_zero() {
                return lines;
            }
        }
    }

    /// Records that progress counts, by whatever disposition.
    pub(super) fn assessed(&self) -> u64 {
        self.counts().iter().sum()
    }

    /// Records by disposition: scored, repeats, stale, quarantined.
    fn counts(&self) -> [u64; 4] {
        self.progress.values().fold(
            [0; 4],
            |[scored, repeats, stale, quarantined], progress| match progress {
                Progress::Municipality(of) => {
                    [scored + of.scored, repeats + of.repeats, stale + of.stale, quarantined + of.quarantined]
                }
                Progress::Partition(of) => [scored, repeats, stale, quarantined + of.unattributed],
            },
        )
    }

    /// A revision that only changes figures a little gets no line.
    fn is_news(&self, alert: &PublishedAlert) -> bool {
        let before = self.open.get(&alert.alert.alert_id);
        let (Some(before), Some(finding)) = (before, gravest(alert)) else { return true };
        before.rule != finding.rule || before.grade != alert.alert.grade
    }

    fn line(&self, alert: &PublishedAlert, lines: &mut String) {
        let before = || self.open.get(&alert.alert.alert_id).map_or("", |before| before.rule.as_str());
        let rule = gravest(alert).map_or_else(before, |finding| finding.rule.as_str());
        self.line.write(alert, rule, lines);
    }

    fn note(&mut self, alert: &PublishedAlert) {
        let id = alert.alert.alert_id.clone();
        let Some(finding) = gravest(alert).filter(|_| alert.state != AlertState::Withdrawn) else {
            self.open.remove(&id);
            return;
        };
        if alert.state == AlertState::Opened {
            *self.opened.entry((finding.rule.clone(), alert.alert.grade)).or_default() += 1;
        }
        let open = |state| matches!(state, HoldState::Proposed | HoldState::Confirmed | HoldState::Upheld);
        let known = OpenAlert {
            rule: finding.rule.clone(),
            grade: alert.alert.grade,
            at_risk_ore: alert.alert.amount_at_risk_ore,
            held_ore: alert.alert.hold.as_ref().filter(|hold| open(hold.state)).map(|hold| hold.amount_ore),
        };
        self.open.insert(id, known);
    }

    /// The summary.
    pub(super) fn summary(&self, sent: u64, took: Duration) -> String {
        let [scored, repeats, stale, quarantined] = self.counts();
        let mut text = format!(
            "\n{sent} registrations sent in {} s: {scored} scored, {repeats} repeats, {stale} stale, \
             {quarantined} quarantined\n\n",
            took.as_secs(),
        );
        let mut rows: BTreeMap<(&str, Grade), (u64, i64)> = BTreeMap::new();
        for OpenAlert { rule, grade, at_risk_ore, .. } in self.open.values() {
            let row = rows.entry((rule, *grade)).or_default();
            *row = (row.0 + 1, row.1 + at_risk_ore);
        }
        let keys = self.opened.keys().map(|(rule, grade)| (rule.as_str(), *grade));
        for key in keys.collect::<Vec<_>>() {
            rows.entry(key).or_default();
        }
        let _ =
            writeln!(text, "{:<24} {:<9} {:>7} {:>7} {:>12}", "rule", "grade", "opened", "open", "kronor");
        for ((rule, grade), (open, ore)) in rows {
            let opened = self.opened.get(&(rule.to_owned(), grade)).copied().unwrap_or_default();
            let _ =
                writeln!(text, "{rule:<24} {:<9} {opened:>7} {open:>7} {:>12}", grade.as_str(), kronor(ore));
        }
        let held: Vec<i64> = self.open.values().filter_map(|alert| alert.held_ore).collect();
        let _ = writeln!(
            text,
            "\n{} alerts are open; {} holds over {} kronor are proposed.",
            self.open.len(),
            held.len(),
            kronor(held.iter().sum())
        );
        text
    }
}
