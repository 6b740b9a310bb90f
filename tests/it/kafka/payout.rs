//! What a payout service reads: a month with everything that can happen to a registration, read by `tidvakt holds` and by
//! a second reader that was written from the contract alone. They agree on everything, and nothing that is unassessed
//! or under an open hold is payable at any moment.

mod month;
mod readers;

use std::collections::BTreeMap;

use rdkafka::producer::{BaseProducer, Producer as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::broker::{PATIENCE, Topics, broker, flush, read, send};
use super::service::{Service, all_progress, latest, settings_text, wait_until};
use crate::architecture::root;
use month::{MUNICIPALITY, Month, PARTITION, Story};
use readers::{Reading, check_digests, holds, second_reader, table};

/// Two of P-cap's holds fit, and no more.
const LIMITS: &str = "[engine]\nprovider_held_share_max = 0.0\nprovider_held_seconds_min = 1800\n";

/// A town on its topics, with the service that assesses it.
struct Town {
    topics: Topics,
    folder: tempfile::TempDir,
    producer: BaseProducer,
    month: Month,
}

impl Town {
    fn start(&self) -> Service {
        let text = settings_text(&self.topics, "one").replace("[engine]\n", LIMITS);
        Service::start_with(&text, self.folder.path(), "one")
    }

    fn send(&self, topic: &str, key: &str, value: &[u8]) {
        send(&self.producer, &self.topics.name(topic), PARTITION, key.as_bytes(), value);
    }

    fn register(&self, records: &[Vec<u8>]) {
        records.iter().for_each(|record| self.send("registrations", MUNICIPALITY, record));
        flush(&self.producer);
    }

    fn wait_assessed(&self, service: &mut Service) {
        let last = i64::try_from(self.topics.read("registrations").len()).unwrap() - 1;
        let keys = [MUNICIPALITY.to_owned(), format!("partition|{PARTITION}")];
        let fields = ["assessed_through_offset", "through_offset"];
        wait_until("all is assessed", &mut [service], || {
            let progress = all_progress(&self.topics);
            let through =
                |(key, field): (&String, _)| progress.get(key).and_then(|record| record[field].as_i64());
            let is_through = keys.iter().zip(fields).all(|at| through(at) == Some(last));
            // Progress says of the alerts what the topic does: nothing more is on the way.
            is_through && progress[MUNICIPALITY]["digest"] == json!(self.digest())
        });
    }

    /// The digest of the open alerts, as the schema of progress describes it.
    fn digest(&self) -> String {
        let mut latest = BTreeMap::new();
        for kept in self.topics.read("alerts") {
            let alert = kept.json();
            let line = format!("{} {:x}", alert["revision"], Sha256::digest(&kept.value));
            latest.insert(kept.key, (alert["state"] != "withdrawn").then_some(line));
        }
        let mut hash = Sha256::new();
        for (key, line) in latest.into_iter().filter_map(|(key, line)| Some((key, line?))) {
            hash.update(format!("{} {line}\n", String::from_utf8(key).unwrap()));
        }
        format!("{:x}", hash.finalize())
    }

    fn alerts(&self) -> BTreeMap<String, Value> {
        latest(self.topics.read("alerts").iter().map(|kept| kept.json()))
    }

    /// Both readings, which agree.
    fn read(&self, at: &str) -> Reading {
        let settings = self.folder.path().join("one.toml");
        let ours = holds(&settings, at);
        if let Some((theirs, digests)) = second_reader(&self.topics, at) {
            assert_eq!(theirs, ours, "the second reader disagrees at {at}");
            check_digests(&digests);
        }
        ours
    }

    /// A decision on the hold of a registration, made now: one from before the registration was appended does not count.
    fn decide(&self, id: &str, action: &str) {
        let alert_id = format!("{MUNICIPALITY}:registration:{id}");
        let hold_id = self.alerts()[&alert_id]["hold"]["hold_id"].clone();
        let decision = json!({"schema_version": 1, "decision_id": format!("D-{id}"), "alert_id": alert_id,
            "hold_id": hold_id, "action": action, "outcome": "acceptable_explanation", "reason": "ringde utföraren",
            "decided_by": "reviewer-3", "decided_at": Month::of_the_clock().now()});
        self.send("decisions", &alert_id, decision.to_string().as_bytes());
        flush(&self.producer);
    }
}

/// The states that the stories lead to: every registration is in one, and is in it by both readers.
fn assert_states(reading: &Reading, stories: &[Story], moment: &str) {
    let expected: BTreeMap<&str, &str> =
        stories.iter().flat_map(|story| story.expected.iter().map(|(id, state)| (*id, *state))).collect();
    let found: BTreeMap<&str, &str> =
        reading.iter().map(|(id, row)| (id.as_str(), row["state"].as_str().unwrap())).collect();
    assert_eq!(found, expected, "{moment}");
    for (id, row) in reading {
        let payable = row["payable_seconds"].as_i64().unwrap();
        assert!(row["state"] != "unassessed" || payable == 0, "{moment}: {id} is unassessed, and payable");
        let held = row["held_seconds"].as_i64().unwrap();
        assert!(row["state"] != "hold" || 0 < held, "{moment}: {id} is held for no second");
    }
}

/// Of the capped provider two registrations are held, the others payable: from now on, these.
fn settle_capped(stories: &mut [Story], reading: &Reading) {
    let mut held = 0;
    let expected = stories.iter_mut().flat_map(|story| &mut story.expected);
    for (id, state) in expected.filter(|(_, state)| *state == "two of them hold") {
        *state = if reading[*id]["state"] == "hold" { "hold" } else { "payable" };
        held += usize::from(*state == "hold");
    }
    assert_eq!(held, 2, "registrations of P-cap under a hold");
}

/// The stories with other states for some registrations, and with more registrations.
fn with(stories: &[Story], changed: &[(&'static str, &'static str)]) -> Vec<Story> {
    let change = |(id, state): &(&'static str, &'static str)| {
        let now = changed.iter().find(|(of, _)| of == id);
        (*id, now.map_or(*state, |(_, state)| *state))
    };
    let mut stories: Vec<Story> = stories
        .iter()
        .map(|story| Story { records: Vec::new(), expected: story.expected.iter().map(change).collect() })
        .collect();
    let known: Vec<&str> =
        stories.iter().flat_map(|story| story.expected.iter().map(|(id, _)| *id)).collect();
    let new = changed.iter().filter(|(id, _)| !known.contains(id)).copied().collect();
    stories.push(Story { records: Vec::new(), expected: new });
    stories
}

#[test]
fn a_month_is_read_alike_by_two_readers_and_what_is_unassessed_is_never_payable() {
    let name = "kafka::payout::a_month_is_read_alike_by_two_readers_and_what_is_unassessed_is_never_payable";
    let Some((address, _turn)) = broker(name) else { return };
    let topics = Topics::make(address, "payout", 2);
    let (folder, producer) = (tempfile::tempdir().unwrap(), topics.producer());
    let town = Town { topics, folder, producer, month: Month::of_the_clock() };
    for (key, fact) in town.month.facts() {
        town.send("reference", &key, fact.to_string().as_bytes());
    }
    let mut stories = town.month.stories();
    stories.iter().for_each(|story| town.register(&story.records));
    let mut service = town.start();
    town.wait_assessed(&mut service);

    // Before the run in which the first hold expires, and at it.
    let expiries: Vec<String> =
        town.alerts().values().filter_map(|alert| text(&alert["hold"]["expires_at"])).collect();
    let (before, last) = (town.month.now(), expiries.iter().max().unwrap().clone());
    let reading = town.read(&before);
    settle_capped(&mut stories, &reading);
    assert_states(&reading, &stories, "assessed");
    println!("{}", table(&town.folder.path().join("one.toml"), &before));
    let progress = &all_progress(&town.topics)[MUNICIPALITY];
    assert_eq!(progress["held_shares_capped"], json!(["P-cap"]));
    check_quarantine(&town.topics, &reading);
    let expired: Vec<(&str, &str)> = reading
        .iter()
        .filter(|(_, row)| row["state"] == "hold")
        .map(|(id, _)| (static_id(&stories, id), "payable"))
        .collect();
    assert_states(
        &town.read(&last),
        &with(&stories, &expired),
        "at the run in which proposed holds are void",
    );

    // A person confirms one hold, which then does not expire, and releases another.
    town.decide("R-confirmed-2", "confirm");
    town.decide("R-released-2", "release");
    wait_until("the decisions", &mut [&mut service], || {
        let alerts = town.alerts();
        let state = |id: &str| alerts[&format!("{MUNICIPALITY}:registration:{id}")]["hold"]["state"].clone();
        state("R-confirmed-2") == "confirmed" && state("R-released-2") == "released"
    });
    town.wait_assessed(&mut service);
    let decided = with(&stories, &[("R-released-2", "payable")]);
    assert_states(&town.read(&before), &decided, "decided");
    let mut expired: Vec<_> = expired.into_iter().filter(|(id, _)| *id != "R-confirmed-2").collect();
    expired.push(("R-released-2", "payable"));
    assert_states(&town.read(&last), &with(&stories, &expired), "decided, at the last run");

    // The service dies; what comes meanwhile is unassessed, a correction of what was payable too.
    service.kill();
    town.register(&town.month.tail());
    let tail = [("R-tail", "unassessed"), ("R-plain", "unassessed"), ("R-held-2", "unassessed")];
    let in_outage = with(&decided, &tail);
    assert_states(&town.read(&before), &in_outage, "in the outage");
    check_transactions(&town, &before, &in_outage);
    println!("{}", table(&town.folder.path().join("one.toml"), &before));

    // It comes back: the correction that gives way takes the hold back.
    let mut service = town.start();
    town.wait_assessed(&mut service);
    let back = with(&decided, &[("R-tail", "payable"), ("R-plain", "payable"), ("R-held-2", "payable")]);
    assert_states(&town.read(&before), &back, "assessed again");
    println!("{}", table(&town.folder.path().join("one.toml"), &before));
    check_keys(&town.topics);
    assert_eq!(service.terminate().code(), Some(0));
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn static_id(stories: &[Story], id: &str) -> &'static str {
    stories.iter().flat_map(|story| &story.expected).find(|(of, _)| *of == id).unwrap().0
}

/// Every offset on the quarantine topic that is one of a highest version makes its registration unassessed.
fn check_quarantine(topics: &Topics, reading: &Reading) {
    let refused = topics.read("quarantine");
    let offset =
        |kept: &super::broker::Kept| kept.header("__connect.errors.offset").unwrap().parse::<i64>().unwrap();
    let offsets: Vec<i64> = refused.iter().map(offset).collect();
    let mut count = 0;
    for (id, row) in reading {
        let positions = row["positions"].as_array().unwrap();
        if positions.iter().any(|at| offsets.contains(&at[1].as_i64().unwrap())) {
            assert_eq!(row["state"], "unassessed", "{id}: {row}");
            count += 1;
        }
    }
    assert!(4 <= count, "only {count} highest versions are in quarantine");
}

/// What a transaction leaves behind that is aborted is not read, and one that is left open clears nothing.
fn check_transactions(town: &Town, at: &str, expected: &[Story]) {
    let mut config = town.topics.client();
    let producer: BaseProducer = config.set("transactional.id", "payout-zombie").create().unwrap();
    producer.init_transactions(PATIENCE).unwrap();
    let alert_id = format!("{MUNICIPALITY}:registration:R-confirmed-2");
    let mut released =
        town.topics.read("alerts").iter().rfind(|kept| kept.key == alert_id.as_bytes()).unwrap().json();
    released["hold"]["state"] = json!("released");
    released["revision"] = json!(released["revision"].as_i64().unwrap() + 1);
    let write = || {
        producer.begin_transaction().unwrap();
        let value = released.to_string();
        send(&producer, &town.topics.name("alerts"), PARTITION, alert_id.as_bytes(), value.as_bytes());
        flush(&producer);
    };
    write();
    producer.abort_transaction(PATIENCE).unwrap();
    assert_states(&town.read(at), expected, "after a transaction that was aborted");
    write();
    let said = readers::failing_holds(&town.folder.path().join("one.toml"), 69);
    assert!(said.contains("a transaction is open"), "{said}");
    producer.abort_transaction(PATIENCE).unwrap();
    assert_states(&town.read(at), expected, "once it is closed");
    // By the broker itself there is such a record, which only those see who do not ask for committed ones.
    let mut uncommitted = town.topics.client();
    uncommitted.set("isolation.level", "read_uncommitted");
    let all = read(&mut uncommitted, &town.topics.name("alerts"), town.topics.partitions);
    assert_eq!(all.iter().filter(|kept| kept.value == released.to_string().as_bytes()).count(), 2);
}

/// The key of every record of every topic is the one that AsyncAPI describes.
fn check_keys(topics: &Topics) {
    let asyncapi = std::fs::read_to_string(root().join("config/asyncapi.yaml")).unwrap();
    let feed = topics.read("registrations");
    for topic in ["registrations", "reference", "decisions", "alerts", "progress", "quarantine"] {
        let head = format!("\n    {topic}:\n      name: {topic}\n");
        let message = asyncapi.split_once(&head).unwrap().1;
        let message = message.split_once("bindingVersion").unwrap().0;
        let pattern = message.split_once("pattern: '").map(|(_, rest)| rest.split_once('\'').unwrap().0);
        let schema = pattern.map_or(json!({}), |pattern| json!({"pattern": pattern}));
        let schema = jsonschema::validator_for(&schema).unwrap();
        assert_eq!(pattern.is_none(), topic == "quarantine", "{topic}");
        let records = topics.read(topic);
        assert!(!records.is_empty(), "{topic} is empty");
        for kept in records {
            let key = String::from_utf8(kept.key.clone()).unwrap();
            assert!(schema.is_valid(&json!(key)), "{topic}: `{key}` does not match {pattern:?}");
            let record = || kept.json();
            let expected = match topic {
                "reference" => {
                    format!("{}|{}", field(&record(), "municipality"), field(&record(), "fact_id"))
                }
                "decisions" if ["take", "wait"].contains(&&*field(&record(), "action")) => {
                    field(&record(), "alert_id") + "|desk"
                }
                "decisions" | "alerts" => field(&record(), "alert_id"),
                "progress" if record()["kind"] == "municipality" => field(&record(), "municipality"),
                "progress" => format!("partition|{}", record()["partition"]),
                "quarantine" => {
                    let at: usize = kept.header("__connect.errors.offset").unwrap().parse().unwrap();
                    let partition = kept.header("__connect.errors.partition").unwrap();
                    let mut of = feed.iter().filter(|source| source.partition.to_string() == partition);
                    let source = of.nth(at).unwrap();
                    assert_eq!(source.value, kept.value);
                    String::from_utf8(source.key.clone()).unwrap()
                }
                // What could not be used has no municipality to compare with.
                _ => MUNICIPALITY.to_owned(),
            };
            assert_eq!(key, expected, "{topic}");
        }
    }
}

fn field(record: &Value, name: &str) -> String {
    record[name].as_str().unwrap_or_else(|| panic!("no `{name}` in {record}")).to_owned()
}
