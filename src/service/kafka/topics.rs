//! Are the topics there, and are they as they should be?

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::types::RDKafkaRespErr;

use super::client::{Clients, Quiet};
use crate::config::{Config, Topics};
use crate::service::ServiceError;
use crate::service::log::Out;

/// How long a broker may take to answer at the start.
const ANSWER_WAIT: Duration = Duration::from_secs(10);
/// Days that the feed has to reach back beyond what is kept, for a restart after a long stop.
const RETENTION_MARGIN_DAYS: i64 = 14;
const DAY_MILLIS: i64 = 86_400_000;

/// The topics with their numbers of partitions.
#[derive(Clone, Debug)]
pub(in crate::service) struct Layout {
    pub(in crate::service) feed: String,
    pub(in crate::service) feed_partitions: i32,
    pub(super) reference: (String, i32),
    pub(super) decisions: (String, i32),
    alerts: (String, i32),
    progress: (String, i32),
    quarantine: (String, i32),
}

impl Layout {
    /// Where records of the feed's `partition` go on an output topic.
    pub(super) fn target(&self, topic: Out, partition: i32) -> (&str, i32) {
        let (name, count) = match topic {
            Out::Alerts => &self.alerts,
            Out::Progress => &self.progress,
            Out::Quarantine => &self.quarantine,
        };
        (name, partition % (*count).max(1))
    }
}

/// What the broker says of one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
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
struct Kind {
    name: &'static str,
    compacted: bool,
    /// Does the engine read time from it?
    timed: bool,
    written: bool,
}

const KINDS: [Kind; 6] = [
    Kind { name: "registrations", compacted: false, timed: true, written: false },
    Kind { name: "reference", compacted: true, timed: false, written: false },
    Kind { name: "decisions", compacted: true, timed: false, written: false },
    Kind { name: "alerts", compacted: true, timed: false, written: true },
    Kind { name: "progress", compacted: true, timed: false, written: true },
    Kind { name: "quarantine", compacted: false, timed: false, written: true },
];

fn topic_name<'a>(topics: &'a Topics, kind: &str) -> &'a str {
    match kind {
        "registrations" => &topics.registrations,
        "reference" => &topics.reference,
        "decisions" => &topics.decisions,
        "alerts" => &topics.alerts,
        "progress" => &topics.progress,
        _ => &topics.quarantine,
    }
}

fn look_up(clients: &Clients, topics: &Topics) -> Result<BTreeMap<&'static str, Found>, ServiceError> {
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

fn retention_millis(retained_days: u16) -> i64 {
    (i64::from(retained_days) + RETENTION_MARGIN_DAYS) * DAY_MILLIS
}

fn create_command(clients: &Clients, topics: &Topics, kind: &Kind, retained_days: u16) -> String {
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

fn acl_remedy(clients: &Clients, topics: &Topics, kinds: &[&str]) -> String {
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

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckLine {
    /// Is it as it must be?
    pub ok: bool,
    /// What was looked at.
    pub what: String,
    /// What was found.
    pub found: String,
    /// What to do about it; where all is well, at most advice.
    pub remedy: Option<String>,
}

impl CheckLine {
    fn new(ok: bool, what: impl Into<String>, found: impl Into<String>) -> Self {
        Self { ok, what: what.into(), found: found.into(), remedy: None }
    }

    fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }
}

/// Looks at the broker, the topics and their settings. Waits up to some ten seconds.
#[must_use]
pub fn check_broker(config: &Config) -> Vec<CheckLine> {
    let clients = Clients::of(config);
    let found = match look_up(&clients, &config.topics) {
        Ok(found) => found,
        Err(error) => {
            let line = CheckLine::new(false, format!("broker `{}`", clients.servers()), error.to_string());
            return vec![line.remedy(error.remedy().unwrap_or_default())];
        }
    };
    let mut lines = vec![CheckLine::new(true, format!("broker `{}`", clients.servers()), "answers")];
    let days = config.engine.retained_days;
    let settings = topic_settings(&clients, &config.topics, &found);
    for kind in &KINDS {
        let name = topic_name(&config.topics, kind.name);
        let what = format!("topic `{name}`");
        lines.push(match &found[kind.name] {
            Found::Partitions(count) => CheckLine::new(true, what, format!("{count} partitions")),
            Found::Missing => CheckLine::new(false, what, "missing")
                .remedy(create_command(&clients, &config.topics, kind, days).trim().to_owned()),
            Found::Forbidden => CheckLine::new(false, what, "no permission to see it").remedy(acl_remedy(
                &clients,
                &config.topics,
                &[kind.name],
            )),
        });
        match settings.as_ref().map(|settings| settings.get(name)) {
            Ok(Some(settings)) => lines.extend(judge(kind, name, settings, days)),
            Ok(None) => {}
            Err(reason) if kind.name == "registrations" => {
                let line = CheckLine::new(true, "settings of the topics", format!("can't be read: {reason}"));
                lines
                    .push(line.remedy("give this user `DescribeConfigs` on the topics to have them checked"));
            }
            Err(_) => {}
        }
    }
    lines
}

type Settings = BTreeMap<String, String>;

fn topic_settings(
    clients: &Clients,
    topics: &Topics,
    found: &BTreeMap<&str, Found>,
) -> Result<BTreeMap<String, Settings>, String> {
    let names: Vec<&str> = KINDS
        .iter()
        .filter(|kind| matches!(found.get(kind.name), Some(Found::Partitions(_))))
        .map(|kind| topic_name(topics, kind.name))
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let admin: AdminClient<Quiet> =
        clients.plain().create_with_context(Quiet).map_err(|error| error.to_string())?;
    let specifiers: Vec<_> = names.iter().map(|name| ResourceSpecifier::Topic(name)).collect();
    let options = AdminOptions::new().request_timeout(Some(ANSWER_WAIT));
    let answers =
        runtime.block_on(admin.describe_configs(&specifiers, &options)).map_err(|error| error.to_string())?;
    let mut all = BTreeMap::new();
    for (name, answer) in names.iter().zip(answers) {
        let resource = answer.map_err(|error| error.to_string())?;
        let entries = resource.entries.into_iter();
        let settings =
            entries.filter_map(|entry| entry.value.map(|value| (entry.name, value))).collect::<Settings>();
        all.insert((*name).to_owned(), settings);
    }
    Ok(all)
}

/// What the settings of a topic are worth for what it is for.
fn judge(kind: &Kind, name: &str, settings: &Settings, retained_days: u16) -> Vec<CheckLine> {
    let setting = |key: &str| settings.get(key).map_or("", String::as_str);
    let alter = |key: &str, value: &str| {
        format!(
            "kafka-configs.sh --alter --entity-type topics --entity-name {name} --add-config {key}={value}"
        )
    };
    let mut lines = Vec::new();
    let policy = setting("cleanup.policy");
    let compacts = policy.split(',').any(|word| word.trim() == "compact");
    let deletes = policy.split(',').any(|word| word.trim() == "delete");
    let what = format!("`cleanup.policy` of `{name}`");
    let right = if kind.compacted { compacts && !deletes } else { deletes && !compacts };
    let wanted = if kind.compacted { "compact" } else { "delete" };
    let line = CheckLine::new(right, what, format!("`{policy}`, expected `{wanted}`"));
    lines.push(if right { line } else { line.remedy(alter("cleanup.policy", wanted)) });
    if kind.name == "registrations" {
        let needed = retention_millis(retained_days);
        let kept: i64 = setting("retention.ms").parse().unwrap_or(0);
        let enough = kept < 0 || needed <= kept;
        let found = if kept < 0 { "unlimited".to_owned() } else { format!("{} days", kept / DAY_MILLIS) };
        let days = i64::from(retained_days) + RETENTION_MARGIN_DAYS;
        let found =
            format!("{found}, expected at least {days} (`engine.retained_days` + {RETENTION_MARGIN_DAYS})");
        let line = CheckLine::new(enough, format!("`retention.ms` of `{name}`"), found);
        lines.push(if enough { line } else { line.remedy(alter("retention.ms", &needed.to_string())) });
    }
    if kind.timed {
        let stamp = setting("message.timestamp.type");
        let line =
            CheckLine::new(true, format!("`message.timestamp.type` of `{name}`"), format!("`{stamp}`"));
        let advice = format!(
            "advised is `LogAppendTime`, or a writer's wrong clock becomes the time of assessment: {}",
            alter("message.timestamp.type", "LogAppendTime")
        );
        lines.push(if stamp == "LogAppendTime" { line } else { line.remedy(advice) });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(given: &[(&str, &str)]) -> Settings {
        given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_feed_that_forgets_too_early_is_told_of_with_the_remedy() {
        let week = settings(&[
            ("cleanup.policy", "delete"),
            ("retention.ms", "604800000"),
            ("message.timestamp.type", "CreateTime"),
        ]);
        let lines = judge(&KINDS[0], "feed", &week, 100);
        let oks: Vec<bool> = lines.iter().map(|line| line.ok).collect();
        assert_eq!(oks, [true, false, true]);
        assert!(lines[1].found.contains("7 days, expected at least 114"), "{}", lines[1].found);
        assert!(lines[1].remedy.as_ref().is_some_and(|remedy| remedy.contains("retention.ms=9849600000")));
        assert!(lines[2].remedy.as_ref().is_some_and(|remedy| remedy.contains("LogAppendTime")));
        let forever = settings(&[("cleanup.policy", "delete"), ("retention.ms", "-1")]);
        assert!(judge(&KINDS[0], "feed", &forever, 100)[1].ok);
    }

    #[test]
    fn an_alert_topic_that_deletes_is_wrong() {
        let both = settings(&[("cleanup.policy", "compact,delete")]);
        assert!(!judge(&KINDS[3], "alerts", &both, 100)[0].ok);
        let compact = settings(&[("cleanup.policy", "compact")]);
        assert!(judge(&KINDS[3], "alerts", &compact, 100)[0].ok);
    }
}
