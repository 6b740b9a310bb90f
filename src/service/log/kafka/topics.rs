//! Are the topics there, and are they as they should be?

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::types::RDKafkaRespErr;

use super::asker::{Asker, Obstacle, Unanswered};
use super::check_line::CheckLine;
use super::client::Clients;
use crate::config::Topics;
use crate::service::Fault;
use crate::service::log::OutputTopic;

/// How long a broker may take to answer at the start.
pub(in crate::service) const ANSWER_WAIT: Duration = Duration::from_secs(10);
/// Days that the feed has to reach back beyond what is kept, for a restart after a long stop.
pub(in crate::service) const RETENTION_MARGIN_DAYS: i64 = 14;
pub(in crate::service) const DAY_MILLIS: i64 = 86_400_000;

/// The topics with their numbers of partitions.
#[derive(Clone, Debug)]
pub(in crate::service) struct Layout {
    pub(in crate::service) feed: String,
    pub(in crate::service) feed_partitions: i32,
    pub(in crate::service) reference: (String, i32),
    pub(in crate::service) decisions: (String, i32),
    alerts: (String, i32),
    pub(in crate::service) progress: (String, i32),
    quarantine: (String, i32),
}

impl Layout {
    /// The topics as they were found: kind, name, partitions.
    pub(in crate::service) fn topics(&self) -> [(&'static str, &str, i32); 6] {
        [
            ("registrations", &self.feed, self.feed_partitions),
            ("reference", &self.reference.0, self.reference.1),
            ("decisions", &self.decisions.0, self.decisions.1),
            ("alerts", &self.alerts.0, self.alerts.1),
            ("progress", &self.progress.0, self.progress.1),
            ("quarantine", &self.quarantine.0, self.quarantine.1),
        ]
    }

    /// Where records of the feed's `partition` go on an output topic.
    pub(in crate::service) fn target(&self, topic: OutputTopic, partition: i32) -> (&str, i32) {
        let (name, count) = match topic {
            OutputTopic::Alerts => &self.alerts,
            OutputTopic::Progress => &self.progress,
            OutputTopic::Quarantine => &self.quarantine,
        };
        (name, partition % (*count).max(1))
    }

    /// Of topics that were `found`.
    pub(super) fn of(topics: &Topics, found: &BTreeMap<&'static str, LookedUp>) -> Self {
        let with_count = |name: &str| (topic_name(topics, name).to_owned(), count(found, name).unwrap_or(0));
        let (feed, feed_partitions) = with_count("registrations");
        Self {
            feed,
            feed_partitions,
            reference: with_count("reference"),
            decisions: with_count("decisions"),
            alerts: with_count("alerts"),
            progress: with_count("progress"),
            quarantine: with_count("quarantine"),
        }
    }
}

/// The number of partitions of a topic that is there.
fn count(found: &BTreeMap<&'static str, LookedUp>, name: &str) -> Option<i32> {
    match found.get(name)? {
        LookedUp::Partitions(count) => Some(*count),
        LookedUp::Missing | LookedUp::Forbidden => None,
    }
}

/// A line for each of the topics that needs as many partitions as the feed and has another number: what is published
/// about a municipality is read back from the partition with the number of its feed partition.
pub(super) fn partition_counts(
    clients: &Clients,
    topics: &Topics,
    found: &BTreeMap<&'static str, LookedUp>,
) -> Vec<CheckLine> {
    let feed = topic_name(topics, "registrations");
    let Some(expected) = count(found, "registrations") else { return Vec::new() };
    let others = ["alerts", "progress"].into_iter().filter_map(|kind| Some((kind, count(found, kind)?)));
    let line = |(kind, count): (&str, i32)| {
        let name = topic_name(topics, kind);
        let text = format!("{count}, expected {expected} as of `{feed}`");
        let (widened, to) = if count < expected { (name, expected) } else { (feed, count) };
        CheckLine::new(Some(Fault::Unavailable), format!("partitions of `{name}`"), text).remedy(format!(
            "kafka-topics.sh --bootstrap-server {} --alter --topic {widened} --partitions {to}\n\
             only before the first alert; later both topics have to be made anew",
            clients.servers()
        ))
    };
    others.filter(|(_, count)| *count != expected).map(line).collect()
}

/// What the broker says of one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::service) enum LookedUp {
    Partitions(i32),
    Missing,
    Forbidden,
}

/// What a topic is for decides how it should be.
pub(in crate::service) struct TopicKind {
    pub(in crate::service) name: &'static str,
    pub(in crate::service) compacted: bool,
    /// Does the engine read time from it?
    pub(in crate::service) timed: bool,
    written: bool,
}

pub(in crate::service) const KINDS: [TopicKind; 6] = [
    TopicKind { name: "registrations", compacted: false, timed: true, written: false },
    TopicKind { name: "reference", compacted: true, timed: false, written: false },
    TopicKind { name: "decisions", compacted: true, timed: false, written: false },
    TopicKind { name: "alerts", compacted: true, timed: false, written: true },
    TopicKind { name: "progress", compacted: true, timed: false, written: true },
    TopicKind { name: "quarantine", compacted: false, timed: false, written: true },
];

pub(in crate::service) fn topic_name<'a>(topics: &'a Topics, kind: &str) -> &'a str {
    match kind {
        "registrations" => &topics.registrations,
        "reference" => &topics.reference,
        "decisions" => &topics.decisions,
        "alerts" => &topics.alerts,
        "progress" => &topics.progress,
        _ => &topics.quarantine,
    }
}

/// What the brokers say.
pub(super) struct LookUp {
    /// Of each topic.
    pub(super) found: BTreeMap<&'static str, LookedUp>,
    /// They answer for the settings of topics.
    pub(super) has_settings: bool,
}

/// What the brokers say of each topic.
///
/// # Errors
/// Why none of them answers.
pub(super) fn look_up(clients: &Clients, topics: &Topics) -> Result<LookUp, Unanswered> {
    let asker = Asker::new(clients)?;
    let all = asker.metadata(None, ANSWER_WAIT)?;
    let mut found = BTreeMap::new();
    for kind in &KINDS {
        let name = topic_name(topics, kind.name);
        let seen = all.topics().iter().find(|topic| topic.name() == name);
        let seen = seen.filter(|topic| topic.error().is_none() && !topic.partitions().is_empty());
        let answer = match seen {
            Some(topic) => LookedUp::Partitions(i32::try_from(topic.partitions().len()).unwrap_or(i32::MAX)),
            // A list of all leaves out what this user may not see; asked by name, the broker says so.
            None => ask_by_name(&asker, name)?,
        };
        found.insert(kind.name, answer);
    }
    Ok(LookUp { found, has_settings: !asker.is_mock() })
}

/// What the brokers say of the topic `name`.
///
/// # Errors
/// Why none of them answers.
pub(super) fn ask_by_name(asker: &Asker, name: &str) -> Result<LookedUp, Unanswered> {
    let answer = match asker.metadata(Some(name), ANSWER_WAIT) {
        Err(Unanswered { obstacle: Obstacle::Authorization, .. }) => return Ok(LookedUp::Forbidden),
        answer => answer?,
    };
    let topic = answer.topics().iter().find(|topic| topic.name() == name);
    Ok(match topic.and_then(|topic| topic.error()) {
        Some(RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) => LookedUp::Forbidden,
        Some(_) => LookedUp::Missing,
        None => match topic.map_or(0, |topic| topic.partitions().len()) {
            0 => LookedUp::Missing,
            count => LookedUp::Partitions(i32::try_from(count).unwrap_or(i32::MAX)),
        },
    })
}

fn settings_of(kind: &TopicKind, retained_days: u16) -> Vec<(&'static str, String)> {
    let mut settings = Vec::new();
    if kind.compacted {
        settings.push(("cleanup.policy", "compact".to_owned()));
        settings.push(("segment.ms", "3600000".to_owned()));
        settings.push(("max.compaction.lag.ms", "86400000".to_owned()));
    } else {
        settings.push(("cleanup.policy", "delete".to_owned()));
        settings.push(("retention.ms", retention_millis(retained_days).to_string()));
    }
    if kind.timed {
        settings.push(("message.timestamp.type", "LogAppendTime".to_owned()));
    }
    settings
}

pub(in crate::service) fn retention_millis(retained_days: u16) -> i64 {
    (i64::from(retained_days) + RETENTION_MARGIN_DAYS) * DAY_MILLIS
}

pub(in crate::service) fn create_command(
    clients: &Clients,
    topics: &Topics,
    kind: &TopicKind,
    retained_days: u16,
) -> String {
    let mut command = format!(
        "  kafka-topics.sh --bootstrap-server {} --create --topic {} --partitions 12",
        clients.servers(),
        topic_name(topics, kind.name)
    );
    for (name, value) in settings_of(kind, retained_days) {
        command.push_str(&format!(" --config {name}={value}"));
    }
    command
}

pub(in crate::service) fn acl_remedy(clients: &Clients, topics: &Topics, kinds: &[&str]) -> String {
    let lines: Vec<String> = KINDS
        .iter()
        .filter(|kind| kinds.contains(&kind.name))
        .map(|kind| {
            let write = if kind.written { " --operation Write" } else { "" };
            format!(
                "  kafka-acls.sh --bootstrap-server {} --add --allow-principal User:NAME --topic {} \
                 --operation Describe --operation Read{write}",
                clients.servers(),
                topic_name(topics, kind.name)
            )
        })
        .collect();
    format!("give this user the permission:\n{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn lines(feed: i32, alerts: i32) -> Vec<CheckLine> {
        let found = [
            ("registrations", LookedUp::Partitions(feed)),
            ("alerts", LookedUp::Partitions(alerts)),
            ("progress", LookedUp::Missing),
        ];
        let clients = Clients::new([("bootstrap.servers".to_owned(), "b:9092".to_owned())].into(), "g", None);
        partition_counts(&clients, &Config::defaults().topics, &found.into())
    }

    #[test]
    fn alerts_need_as_many_partitions_as_the_feed() {
        assert_eq!(lines(12, 12), []);
        let [line] = &lines(12, 4)[..] else { panic!("one line is expected") };
        assert_eq!(line.found, "4, expected 12 as of `tidvakt.registrations.v1`");
        let remedy = line.remedy.as_deref().unwrap_or_default();
        assert!(remedy.contains("--alter --topic tidvakt.alerts.v1 --partitions 12"), "{remedy}");
        // Partitions can't be taken away: the feed gets more.
        let [line] = &lines(4, 12)[..] else { panic!("one line is expected") };
        let remedy = line.remedy.as_deref().unwrap_or_default();
        assert!(remedy.contains("--alter --topic tidvakt.registrations.v1 --partitions 12"), "{remedy}");
    }
}
