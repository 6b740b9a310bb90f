//! The inspection of the broker, the topics and their settings: the same for `tidvakt check` and for the start of the
//! service, so that the one starts on nothing that the other calls a failure.

use std::collections::BTreeMap;

use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::producer::{BaseProducer, Producer as _};

use super::asker::Unanswered;
use super::check_line::CheckLine;
use super::client::{Clients, Quiet};
use super::topics::{
    ANSWER_WAIT, DAY_MILLIS, KINDS, Layout, LookUp, LookedUp, RETENTION_MARGIN_DAYS, TopicKind, acl_remedy,
    create_command, look_up, partition_counts, retention_millis, topic_name,
};
use crate::config::{Config, DeliveryMode, Topics};
use crate::service::{Fault, ServiceError};

/// Inspects the broker, the topics and their settings. Waits up to some ten seconds.
#[must_use]
pub fn check_broker(config: &Config) -> Vec<CheckLine> {
    let clients = Clients::of(config);
    match look_up(&clients, &config.topics) {
        Ok(looked_up) => {
            let mut lines = inspect(config, &clients, &looked_up);
            if clients.delivery() == DeliveryMode::Transactional && looked_up.has_settings {
                lines.push(check_transactions(&clients));
            }
            lines
        }
        Err(unanswered) => vec![unanswered_line(&clients, &unanswered)],
    }
}

/// The topics with their numbers of partitions, where the inspection finds no fault. Advice goes to the log.
///
/// # Errors
/// Where no broker answers, or anything is not as it must be: all of it, each with what to do.
pub(in crate::service) fn inspected_layout(
    clients: &Clients,
    config: &Config,
) -> Result<Layout, ServiceError> {
    let looked_up = look_up(clients, &config.topics).map_err(|unanswered| ServiceError::Unreachable {
        servers: clients.servers().to_owned(),
        unanswered,
    })?;
    let lines = inspect(config, clients, &looked_up);
    for CheckLine { what, found, remedy, .. } in lines.iter().filter(|line| line.is_ok()) {
        if let Some(remedy) = remedy {
            tracing::warn!(found, remedy, "{what}");
        }
    }
    match lines.iter().find_map(|line| line.fault) {
        None => Ok(Layout::of(&config.topics, &looked_up.found)),
        Some(fault) => Err(ServiceError::Inspection {
            fault,
            lines: lines.into_iter().filter(|line| !line.is_ok()).collect(),
        }),
    }
}

fn unanswered_line(clients: &Clients, unanswered: &Unanswered) -> CheckLine {
    let fault = if unanswered.obstacle.is_settings() { Fault::Settings } else { Fault::Unavailable };
    let line = CheckLine::new(Some(fault), format!("broker `{}`", clients.servers()), unanswered.to_string());
    line.remedy(unanswered.obstacle.remedy())
}

/// What was found, line by line.
fn inspect(config: &Config, clients: &Clients, LookUp { found, has_settings }: &LookUp) -> Vec<CheckLine> {
    let mut lines = vec![CheckLine::new(None, format!("broker `{}`", clients.servers()), "answers")];
    let days = config.engine.retained_days;
    let settings =
        if *has_settings { topic_settings(clients, &config.topics, found) } else { Ok(BTreeMap::new()) };
    for kind in &KINDS {
        let name = topic_name(&config.topics, kind.name);
        let what = format!("topic `{name}`");
        lines.push(match &found[kind.name] {
            LookedUp::Partitions(count) => CheckLine::new(None, what, format!("{count} partitions")),
            LookedUp::Missing => CheckLine::new(Some(Fault::Unavailable), what, "missing")
                .remedy(create_command(clients, &config.topics, kind, days).trim().to_owned()),
            LookedUp::Forbidden => CheckLine::new(Some(Fault::Permission), what, "no permission to see it")
                .remedy(acl_remedy(clients, &config.topics, &[kind.name])),
        });
        match settings.as_ref().map(|settings| settings.get(name)) {
            Ok(Some(settings)) => lines.extend(judge(kind, name, settings, days)),
            Ok(None) => {}
            Err(reason) if kind.name == "registrations" => {
                let line = CheckLine::new(None, "settings of the topics", format!("can't be read: {reason}"));
                lines
                    .push(line.remedy("give this user `DescribeConfigs` on the topics to have them checked"));
            }
            Err(_) => {}
        }
    }
    lines.extend(partition_counts(clients, &config.topics, found));
    lines
}

/// Makes a transactional producer, as each worker does at the start.
fn check_transactions(clients: &Clients) -> CheckLine {
    let producer = clients.transaction_check().create_with_context::<_, BaseProducer<Quiet>>(Quiet);
    let what = "transactions (`kafka.delivery`)";
    match producer.and_then(|producer| producer.init_transactions(ANSWER_WAIT)) {
        Ok(()) => CheckLine::new(None, what, "the coordinator answers"),
        Err(error) => CheckLine::new(Some(Fault::Unavailable), what, error.to_string()).remedy(format!(
            "kafka-acls.sh --bootstrap-server {} --add --allow-principal User:NAME --transactional-id {}- \
             --resource-pattern-type prefixed --operation Describe --operation Write\n\
             or, with fewer brokers than `transaction.state.log.replication.factor`, lower that; or, without \
             transactions, `--set kafka.delivery=reconciled`",
            clients.servers(),
            clients.group_id()
        )),
    }
}

type TopicSettings = BTreeMap<String, String>;

fn topic_settings(
    clients: &Clients,
    topics: &Topics,
    found: &BTreeMap<&str, LookedUp>,
) -> Result<BTreeMap<String, TopicSettings>, String> {
    let names: Vec<&str> = KINDS
        .iter()
        .filter(|kind| matches!(found.get(kind.name), Some(LookedUp::Partitions(_))))
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
        let settings = entries
            .filter_map(|entry| entry.value.map(|value| (entry.name, value)))
            .collect::<TopicSettings>();
        all.insert((*name).to_owned(), settings);
    }
    Ok(all)
}

/// A fault of the brokers' side, unless it is `right`.
fn unless(right: bool) -> Option<Fault> {
    (!right).then_some(Fault::Unavailable)
}

/// What the settings of a topic are worth for what it is for.
fn judge(kind: &TopicKind, name: &str, settings: &TopicSettings, retained_days: u16) -> Vec<CheckLine> {
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
    let line = CheckLine::new(unless(right), what, format!("`{policy}`, expected `{wanted}`"));
    lines.push(if right { line } else { line.remedy(alter("cleanup.policy", wanted)) });
    if kind.name == "registrations" {
        let needed = retention_millis(retained_days);
        let kept: i64 = setting("retention.ms").parse().unwrap_or(0);
        let enough = kept < 0 || needed <= kept;
        let found = if kept < 0 { "unlimited".to_owned() } else { format!("{} days", kept / DAY_MILLIS) };
        let days = i64::from(retained_days) + RETENTION_MARGIN_DAYS;
        let found =
            format!("{found}, expected at least {days} (`engine.retained_days` + {RETENTION_MARGIN_DAYS})");
        let line = CheckLine::new(unless(enough), format!("`retention.ms` of `{name}`"), found);
        lines.push(if enough { line } else { line.remedy(alter("retention.ms", &needed.to_string())) });
    }
    if kind.timed {
        let stamp = setting("message.timestamp.type");
        let line =
            CheckLine::new(None, format!("`message.timestamp.type` of `{name}`"), format!("`{stamp}`"));
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

    fn settings(given: &[(&str, &str)]) -> TopicSettings {
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
        let oks: Vec<bool> = lines.iter().map(CheckLine::is_ok).collect();
        assert_eq!(oks, [true, false, true]);
        assert!(lines[1].found.contains("7 days, expected at least 114"), "{}", lines[1].found);
        assert!(lines[1].remedy.as_ref().is_some_and(|remedy| remedy.contains("retention.ms=9849600000")));
        assert!(lines[2].remedy.as_ref().is_some_and(|remedy| remedy.contains("LogAppendTime")));
        let forever = settings(&[("cleanup.policy", "delete"), ("retention.ms", "-1")]);
        assert!(judge(&KINDS[0], "feed", &forever, 100)[1].is_ok());
    }

    #[test]
    fn an_alert_topic_that_deletes_is_wrong() {
        let both = settings(&[("cleanup.policy", "compact,delete")]);
        assert!(!judge(&KINDS[3], "alerts", &both, 100)[0].is_ok());
        let compact = settings(&[("cleanup.policy", "compact")]);
        assert!(judge(&KINDS[3], "alerts", &compact, 100)[0].is_ok());
    }
}
