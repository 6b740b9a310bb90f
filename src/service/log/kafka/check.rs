//! Looking at the broker without starting the service.

use std::collections::BTreeMap;

use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};

use super::client::{Clients, Quiet};
use super::topics::{
    ANSWER_WAIT, DAY_MILLIS, Found, KINDS, Kind, RETENTION_MARGIN_DAYS, acl_remedy, create_command, look_up,
    retention_millis, topic_name,
};
use crate::config::{Config, Topics};

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
