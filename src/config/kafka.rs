//! The settings of the way to Kafka.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use super::client::{self, PROPERTIES, SECRET_FILES};
use super::layers::Secrets;
use super::reader::{SectionReader, host_name, name_fault};
use super::security;

/// How the program talks to Kafka.
pub struct Kafka {
    /// Properties of librdkafka, those read from secret files among them.
    pub client: BTreeMap<String, String>,
    /// The consumer group.
    pub group_id: String,
    /// This instance's name in the group; never empty.
    pub instance_id: String,
    /// How outputs reach their topics.
    pub delivery: DeliveryMode,
    /// Connections may be unencrypted, brokers unverified, and secrets in files that every user can read.
    pub insecure: bool,
}

/// How the outputs of a step reach their topics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeliveryMode {
    /// In one transaction with the offsets that they cover: a reader of committed records sees all of a step or
    /// nothing, and nothing of an instance that lost its partition.
    Transactional,
    /// One by one. What an instance that lost its partition still writes is visible until the owner has published
    /// again what it changed.
    #[default]
    Reconciled,
}

/// Without secrets.
impl fmt::Debug for Kafka {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client, group_id, instance_id, delivery, insecure } = self;
        f.debug_struct("Kafka")
            .field("client", &client.keys())
            .field("group_id", group_id)
            .field("instance_id", instance_id)
            .field("delivery", delivery)
            .field("insecure", insecure)
            .finish()
    }
}

impl SectionReader<'_> {
    /// The group `kafka`.
    pub(super) fn kafka(&mut self, secrets: Secrets) -> Kafka {
        let insecure = self.flag("kafka.insecure");
        let client = self.client(secrets, insecure);
        for (name, text) in security::faults(&client).into_iter().filter(|_| !insecure) {
            self.wrong(&format!("{PROPERTIES}.{name}"), text);
        }
        let group_id = self.group_id("kafka.group_id");
        let mut instance_id = self.text("kafka.instance_id");
        if instance_id.is_empty() {
            instance_id = host_name().unwrap_or_default();
        }
        if let Some(fault) = name_fault(&instance_id) {
            let text = format!("`kafka.instance_id` is `{instance_id}`, {fault}");
            self.wrong("kafka.instance_id", text);
        }
        let delivery = if self.text("kafka.delivery") == "transactional" {
            DeliveryMode::Transactional
        } else {
            DeliveryMode::Reconciled
        };
        Kafka { client, group_id, instance_id, delivery, insecure }
    }

    fn client(&mut self, secrets: Secrets, insecure: bool) -> BTreeMap<String, String> {
        let mut properties = BTreeMap::new();
        for (name, value) in self.free(PROPERTIES) {
            let path = format!("{PROPERTIES}.{name}");
            if let Some(objection) = client::objection(&name, &value) {
                self.wrong(&path, format!("librdkafka does not take `{name}`{objection}"));
            }
            properties.insert(name, value);
        }
        if properties.get("bootstrap.servers").is_some_and(|servers| servers.trim().is_empty()) {
            let text = "`bootstrap.servers` is empty, expected host:port, separated by commas";
            self.wrong(&format!("{PROPERTIES}.bootstrap.servers"), text.to_owned());
        }
        for (name, file) in self.free(SECRET_FILES) {
            let path = format!("{SECRET_FILES}.{name}");
            if properties.contains_key(&name) {
                self.wrong(
                    &path,
                    format!("`{name}` stands in `[{PROPERTIES}]` as well, one of them has to go"),
                );
            }
            if secrets == Secrets::Leave {
                continue;
            }
            match client::read_secret(Path::new(&file), insecure) {
                Ok(secret) => {
                    if let Some(objection) = client::objection(&name, &secret) {
                        self.wrong(&path, format!("librdkafka does not take `{name}`{objection}"));
                    }
                    properties.insert(name, secret);
                }
                Err(text) => self.wrong(&path, format!("the secret file of `{name}`: {text}")),
            }
        }
        properties
    }
}
