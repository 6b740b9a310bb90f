//! The settings as the rest of the program sees them: typed and checked.

use std::collections::{BTreeMap, BTreeSet};

mod feed;
mod jwt;
mod log;
mod tls;

pub use feed::{Access, FeedConfig};
pub use jwt::{JwtConfig, TokenType};
pub use log::{LogConfig, LogFormat};
pub use tls::TlsConfig;

use super::http::Http;
use super::kafka::Kafka;
use super::layers::{Gathered, Secrets};
use super::reader::{SectionReader, name_fault};
use crate::domain::{Area, Zone};
use crate::engine::{Bounds, HoldTarget, Settings};

/// All settings, by group.
#[derive(Debug)]
pub struct SettingGroups {
    /// How the program talks to Kafka.
    pub kafka: Kafka,
    /// What the topics are called.
    pub topics: Topics,
    /// Settings of the engines, without a municipality: [`Settings::of`] names one.
    pub engine: Settings,
    /// The municipalities that may come; any where there is none.
    pub municipalities: BTreeSet<String>,
    /// Threads and pace.
    pub service: ServiceConfig,
    /// The page, the metrics and the health checks.
    pub http: Http,
    /// The control unit's process.
    pub feed: FeedConfig,
    /// Access tokens; `None` = nothing is opened by them.
    pub jwt: Option<JwtConfig>,
    /// Encryption of what is served about persons; `None` = a proxy does it.
    pub tls: Option<TlsConfig>,
    /// Logs.
    pub log: LogConfig,
    /// The parameters of each rule, with `enabled`, by its id.
    pub rules: BTreeMap<String, toml::Table>,
}

/// What the topics are called; no two alike.
#[derive(Clone, Debug)]
pub struct Topics {
    /// Registrations.
    pub registrations: String,
    /// Reference facts.
    pub reference: String,
    /// Reviewers' decisions.
    pub decisions: String,
    /// Alerts.
    pub alerts: String,
    /// Progress.
    pub progress: String,
    /// What could not be used.
    pub quarantine: String,
    /// Who looked at what, and who decided.
    pub audit: String,
}

/// Threads and pace.
#[derive(Clone, Debug)]
pub struct ServiceConfig {
    /// Threads that assess; 0 = one per core.
    pub workers: usize,
    /// Longest time between two progress records while records arrive, in milliseconds.
    pub progress_interval_ms: u64,
    /// Shortest time between two commits of offsets, in milliseconds.
    pub commit_interval_ms: u64,
    /// How long a stop waits for what is under way, in seconds.
    pub drain_seconds: u64,
}

/// Makes the parts of the values in `gathered`; where it can't, the problem is noted there and what
/// is returned is of no use.
pub(super) fn build(gathered: &mut Gathered, secrets: Secrets) -> SettingGroups {
    let mut reader = SectionReader { gathered };
    let kafka = reader.kafka(secrets);
    let insecure = kafka.insecure;
    SettingGroups {
        http: reader.http(secrets, insecure),
        kafka,
        topics: reader.topics(),
        engine: reader.engine(),
        municipalities: reader.municipalities(),
        service: ServiceConfig {
            workers: reader.integer("service.workers"),
            progress_interval_ms: reader.integer("service.progress_interval_ms"),
            commit_interval_ms: reader.integer("service.commit_interval_ms"),
            drain_seconds: reader.integer("service.drain_seconds"),
        },
        feed: reader.feed(),
        jwt: reader.jwt(),
        tls: reader.tls(secrets, insecure),
        log: reader.log(),
        rules: reader.rules(),
    }
}

impl SectionReader<'_> {
    fn topics(&mut self) -> Topics {
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        let mut topic = |name: &str| {
            let path = format!("topics.{name}");
            let topic = self.text(&path);
            if let Some(fault) = name_fault(&topic) {
                self.wrong(&path, format!("`{path}` is `{topic}`, {fault}"));
            } else if let Some(other) = seen.insert(topic.clone(), path.clone()) {
                // Of the two, the one that somebody wrote.
                let origin = |path: &String| self.gathered.entries.get(path).map(|entry| &entry.origin);
                let (wrong, right) =
                    if origin(&path) < origin(&other) { (other, path) } else { (path, other) };
                let text = format!("`{wrong}` is `{topic}`, as is `{right}`, expected seven different names");
                self.wrong(&wrong, text);
            }
            topic
        };
        Topics {
            registrations: topic("registrations"),
            reference: topic("reference"),
            decisions: topic("decisions"),
            alerts: topic("alerts"),
            progress: topic("progress"),
            quarantine: topic("quarantine"),
            audit: topic("audit"),
        }
    }

    fn engine(&mut self) -> Settings {
        let name = self.text("engine.zone");
        let zone = Zone::named(&name).unwrap_or_else(|| {
            let text = format!("`engine.zone` is `{name}`, expected an IANA zone such as `Europe/Stockholm`");
            self.wrong("engine.zone", text);
            Zone::utc()
        });
        let area = Area {
            south: self.real("engine.area.south"),
            north: self.real("engine.area.north"),
            west: self.real("engine.area.west"),
            east: self.real("engine.area.east"),
        };
        Settings {
            municipality: String::new(),
            zone,
            area,
            retained_days: self.integer("engine.retained_days"),
            hold_on: if self.text("engine.hold_on") == "both" {
                HoldTarget::Both
            } else {
                HoldTarget::Weaker
            },
            default_ore_per_hour: self.integer("engine.default_ore_per_hour"),
            default_payout_day: self.integer("engine.default_payout_day"),
            default_payout_hour: self.integer("engine.default_payout_hour"),
            bounds: Bounds {
                rule_holds_a_day_max: self.integer("engine.rule_holds_a_day_max"),
                rule_holds_share_max: self.real("engine.rule_holds_share_max"),
                provider_held_share_max: self.real("engine.provider_held_share_max"),
                provider_held_seconds_min: self.integer("engine.provider_held_seconds_min"),
                habit_share: self.real("engine.habit_share"),
                desk_cases_a_day: self.integer("engine.desk_cases_a_day"),
            },
        }
    }

    fn municipalities(&mut self) -> BTreeSet<String> {
        const PATH: &str = "engine.municipalities";
        let text = self.text(PATH);
        let codes = text.split(',').map(str::trim).filter(|code| !code.is_empty());
        let (right, wrong): (Vec<&str>, Vec<&str>) =
            codes.partition(|code| code.len() == 4 && code.bytes().all(|digit| digit.is_ascii_digit()));
        if let Some(wrong) = wrong.first() {
            let text = format!("`{PATH}` has `{wrong}`, expected codes of four digits, separated by commas");
            self.wrong(PATH, text);
        }
        right.into_iter().map(str::to_owned).collect()
    }

    fn rules(&mut self) -> BTreeMap<String, toml::Table> {
        let mut sections: BTreeMap<String, toml::Table> = BTreeMap::new();
        for (path, entry) in &self.gathered.entries {
            if let Some((rule, key)) = path.strip_prefix("rules.").and_then(|rest| rest.split_once('.')) {
                let section = sections.entry(rule.to_owned()).or_default();
                section.insert(key.to_owned(), entry.value.to_value());
            }
        }
        if let Err(error) = crate::rules::build(&sections) {
            let at = format!("rules.{}.enabled", error.rule);
            self.wrong(&at, error.to_string());
        }
        sections
    }
}
