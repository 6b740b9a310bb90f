//! Are the topics there, and are they as they should be?

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::types::RDKafkaRespErr;

use super::client::{Clients, Quiet};
use crate::config::Topics;
use crate::service::ServiceError;
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
    progress: (String, i32),
    quarantine: (String, i32),
}

impl Layout {
    /// Where records of the feed's `partition` go on an output topic.
    pub(in crate::service) fn target(&self, topic: OutputTopic, partition: i32) -> (&str, i32) {
        let (name, count) = match topic {
            OutputTopic::Alerts => &self.alerts,
            OutputTopic::Progress => &self.progress,
            OutputTopic::Quarantine => &self.quarantine,
        };
        (name, partition % (*count).max(1))
    }
}

/// What the broker says of one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::service) enum Found {
    Partitions(i32),
    Missing,
    Forbidden,
}

/// Looks all topics up.
///
/// # Errors
/// Where the broker does not answer, or a topic is missing or hidden from this user; all of them are
/// named, with what to do.
pub(in crate::service) fn look_up_layout(
    clients: &Clients,
    topics: &Topics,
    days: u16,
) -> Result<Layout, ServiceError> {
    let found = look_up(clients, topics)?;
    let named = |wanted: &Found| -> Vec<&'static str> {
        let kinds = KINDS.iter().filter(|kind| found.get(kind.name) == Some(wanted));
        kinds.map(|kind| kind.name).collect()
    };
    let (missing, forbidden) = (named(&Found::Missing), named(&Found::Forbidden));
    if !forbidden.is_empty() {
        let names: Vec<&str> = forbidden.iter().map(|name| topic_name(topics, name)).collect();
        return Err(ServiceError::Topics {
            text: format!("no permission to see {}", quoted(&names)),
            remedy: acl_remedy(clients, topics, &forbidden),
        });
    }
    if !missing.is_empty() {
        let names: Vec<&str> = missing.iter().map(|name| topic_name(topics, name)).collect();
        let commands: Vec<String> = KINDS
            .iter()
            .filter(|kind| missing.contains(&kind.name))
            .map(|kind| create_command(clients, topics, kind, days))
            .collect();
        return Err(ServiceError::Topics {
            text: format!("{} missing at `{}`", is_are(&names), clients.servers()),
            remedy: format!("create what is missing:\n{}", commands.join("\n")),
        });
    }
    let with_count = |name: &str| {
        let count = match found.get(name) {
            Some(Found::Partitions(count)) => *count,
            _ => 0,
        };
        (topic_name(topics, name).to_owned(), count)
    };
    let (feed, feed_partitions) = with_count("registrations");
    Ok(Layout {
        feed,
        feed_partitions,
        reference: with_count("reference"),
        decisions: with_count("decisions"),
        alerts: with_count("alerts"),
        progress: with_count("progress"),
        quarantine: with_count("quarantine"),
    })
}

/// What a topic is for decides how it should be.
pub(in crate::service) struct Kind {
    pub(in crate::service) name: &'static str,
    pub(in crate::service) compacted: bool,
    /// Does the engine read time from it?
    pub(in crate::service) timed: bool,
    written: bool,
}

pub(in crate::service) const KINDS: [Kind; 6] = [
    Kind { name: "registrations", compacted: false, timed: true, written: false },
    Kind { name: "reference", compacted: true, timed: false, written: false },
    Kind { name: "decisions", compacted: true, timed: false, written: false },
    Kind { name: "alerts", compacted: true, timed: false, written: true },
    Kind { name: "progress", compacted: true, timed: false, written: true },
    Kind { name: "quarantine", compacted: false, timed: false, written: true },
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

pub(in crate::service) fn look_up(
    clients: &Clients,
    topics: &Topics,
) -> Result<BTreeMap<&'static str, Found>, ServiceError> {
    let unreachable = |error: KafkaError| ServiceError::Unreachable {
        servers: clients.servers().to_owned(),
        reason: error.to_string(),
    };
    let asker: BaseConsumer<Quiet> = clients.plain().create_with_context(Quiet).map_err(unreachable)?;
    let all = asker.fetch_metadata(None, ANSWER_WAIT).map_err(unreachable)?;
    let mut found = BTreeMap::new();
    for kind in &KINDS {
        let name = topic_name(topics, kind.name);
        let seen = all.topics().iter().find(|topic| topic.name() == name);
        let seen = seen.filter(|topic| topic.error().is_none() && !topic.partitions().is_empty());
        let answer = match seen {
            Some(topic) => Found::Partitions(i32::try_from(topic.partitions().len()).unwrap_or(i32::MAX)),
            // A list of all leaves out what this user may not see; asked by name, the broker says so.
            None => ask_by_name(&asker, name).map_err(unreachable)?,
        };
        found.insert(kind.name, answer);
    }
    Ok(found)
}

fn ask_by_name(asker: &BaseConsumer<Quiet>, name: &str) -> Result<Found, KafkaError> {
    let answer = match asker.fetch_metadata(Some(name), ANSWER_WAIT) {
        Err(error) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::TopicAuthorizationFailed) => {
            return Ok(Found::Forbidden);
        }
        answer => answer?,
    };
    let topic = answer.topics().iter().find(|topic| topic.name() == name);
    Ok(match topic.and_then(|topic| topic.error()) {
        Some(RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) => Found::Forbidden,
        _ => Found::Missing,
    })
}

fn settings_of(kind: &Kind, retained_days: u16) -> Vec<(&'static str, String)> {
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
    kind: &Kind,
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

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn is_are(names: &[&str]) -> String {
    let (what, verb) = if names.len() == 1 { ("topic", "is") } else { ("topics", "are") };
    format!("the {what} {} {verb}", quoted(names))
}
