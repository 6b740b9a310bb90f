//! `tidvakt run` as a process, and what it must have left on its topics.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::broker::{Kept, PATIENCE, Topics};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_tidvakt");

/// A running service. One that is dropped is killed.
pub struct Service {
    child: Child,
    pub log: PathBuf,
}

impl Service {
    /// Starts an instance on the test's topics; its settings and log are written to `folder`.
    pub fn start(topics: &Topics, folder: &Path, instance: &str) -> Self {
        Self::start_with(&settings_text(topics, instance), folder, instance)
    }

    /// Starts one that answers HTTP at `address`.
    pub fn start_at(address: SocketAddr, topics: &Topics, folder: &Path, instance: &str) -> Self {
        let text = settings_text(topics, instance);
        let listen = text.replace("listen = \"\"", &format!("listen = \"{address}\""));
        Self::start_with(&listen, folder, instance)
    }

    /// Starts the control unit's process, which serves whoever a proxy names at `address`.
    pub fn start_desk(address: SocketAddr, topics: &Topics, folder: &Path, instance: &str) -> Self {
        let text = settings_text(topics, instance);
        let feed = format!("{text}[feed]\nlisten = \"{address}\"\naccess = \"header\"\n");
        Self::start_command("feed", &feed, folder, instance)
    }

    /// Starts one with settings of its own, `text`.
    pub fn start_with(text: &str, folder: &Path, instance: &str) -> Self {
        Self::start_command("run", text, folder, instance)
    }

    fn start_command(command: &str, text: &str, folder: &Path, instance: &str) -> Self {
        let settings = folder.join(format!("{instance}.toml"));
        std::fs::write(&settings, text).unwrap();
        let log = folder.join(format!("{instance}.log"));
        let file = File::options().create(true).append(true).open(&log).unwrap();
        let child = Command::new(PROGRAM)
            .args([command, "--config"])
            .arg(&settings)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .unwrap();
        Self { child, log }
    }

    /// As `kill -9` does it.
    pub fn kill(&mut self) {
        self.assert_running();
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Stops it where it is, as a machine without a processor for it; [`Service::resume`] lets it go on.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// As Kubernetes does it.
    pub fn terminate(mut self) -> ExitStatus {
        self.assert_running();
        self.signal("-TERM");
        self.wait()
    }

    /// How it ended, in the time that it has.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "still running after {PATIENCE:?}:\n{}", self.last_words());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn assert_running(&mut self) {
        let ended = self.child.try_wait().unwrap();
        assert!(ended.is_none(), "ended by itself: {ended:?}\n{}", self.last_words());
    }

    pub fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn settings_text(topics: &Topics, instance: &str) -> String {
    let names = ["registrations", "reference", "decisions", "alerts", "progress", "quarantine", "audit"];
    let named: Vec<String> = names.iter().map(|name| format!("{name} = \"{}\"", topics.name(name))).collect();
    format!(
        "[kafka]\ngroup_id = \"{}\"\ninstance_id = \"{instance}\"\n\
         [kafka.client]\n\"bootstrap.servers\" = \"{}\"\n\
         [topics]\n{}\n\
         [engine]\nhabit_share = 1.0\n\
         [service]\nworkers = 1\nprogress_interval_ms = 200\n\
         [http]\nlisten = \"\"\n",
        topics.name("group"),
        topics.address,
        named.join("\n"),
    )
}

/// Waits until `what` is there, while the services go on running.
pub fn wait_until(what: &str, services: &mut [&mut Service], mut is_there: impl FnMut() -> bool) {
    let deadline = Instant::now() + 2 * PATIENCE;
    while !is_there() {
        for service in services.iter_mut() {
            service.assert_running();
        }
        let words: String = services.iter().map(|service| service.last_words()).collect();
        assert!(Instant::now() < deadline, "{what}: not there after {:?}\n{words}", 2 * PATIENCE);
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The newest progress of each municipality.
pub fn progress(topics: &Topics) -> BTreeMap<String, Value> {
    let mut progress = all_progress(topics);
    progress.retain(|_, record| record["kind"] == "municipality");
    progress
}

/// The newest progress record of each key.
pub fn all_progress(topics: &Topics) -> BTreeMap<String, Value> {
    let kept = topics.read("progress").into_iter();
    kept.map(|kept| (String::from_utf8(kept.key.clone()).unwrap(), kept.json())).collect()
}

/// The final state by alert id, of alerts that are not withdrawn.
pub fn latest(alerts: impl IntoIterator<Item = Value>) -> BTreeMap<String, Value> {
    let mut last: BTreeMap<String, Value> = BTreeMap::new();
    for alert in alerts {
        let id = alert["alert_id"].as_str().unwrap().to_owned();
        let known = last.get(&id).and_then(|known| known["revision"].as_u64());
        if known.is_none_or(|known| known < alert["revision"].as_u64().unwrap()) {
            last.insert(id, alert);
        }
    }
    last.retain(|_, alert| alert["state"] != "withdrawn");
    last
}

/// The same without fields that depend on when and how often it was published.
pub fn standing(alerts: impl IntoIterator<Item = Value>) -> BTreeMap<String, Value> {
    let mut last = latest(alerts);
    last.values_mut().for_each(timeless);
    last.values_mut().for_each(without_payout_runs);
    last
}

/// The payout run in which a hold withholds follows from when the broker took the record, which a replay does not know.
fn without_payout_runs(alert: &mut Value) {
    if let Some(hold) = alert.get_mut("hold").and_then(Value::as_object_mut) {
        for name in ["withholds_from", "expires_at"] {
            assert!(hold.remove(name).is_some(), "no `{name}`");
        }
    }
}

fn timeless(alert: &mut Value) {
    let fields = alert.as_object_mut().unwrap();
    for name in ["revision", "state", "assessed_at", "provenance"] {
        assert!(fields.remove(name).is_some(), "no `{name}`");
    }
    if let Some(hold) = fields.get_mut("hold").and_then(Value::as_object_mut) {
        hold.remove("proposed_at");
    }
}

/// Revisions rise one by one, states follow each other as they must, and no record repeats what the
/// one before said.
pub fn check_histories(alerts: &[Kept]) {
    let mut histories: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for kept in alerts {
        let alert = kept.json();
        assert_eq!(alert["alert_id"].as_str().unwrap().as_bytes(), kept.key, "the key is the alert id");
        histories.entry(alert["alert_id"].as_str().unwrap().to_owned()).or_default().push(alert);
    }
    for (id, history) in &mut histories {
        for (at, alert) in history.iter().enumerate() {
            assert_eq!(alert["revision"], at + 1, "`{id}`: {history:#?}");
            let before = at.checked_sub(1).map(|before| history[before]["state"].as_str().unwrap());
            let state = alert["state"].as_str().unwrap();
            let follows = match before {
                None | Some("withdrawn") => state == "opened",
                Some(_) => state == "revised" || state == "withdrawn",
            };
            assert!(follows, "`{id}`: `{state}` after {before:?}");
            assert_eq!(state == "withdrawn", alert["findings"].as_array().unwrap().is_empty());
        }
        let states: Vec<Value> = history.iter().map(|alert| alert["state"].clone()).collect();
        history.iter_mut().for_each(timeless);
        for at in 1..history.len() {
            let repeats = history[at] == history[at - 1]
                && (states[at] == "withdrawn") == (states[at - 1] == "withdrawn");
            assert!(!repeats, "`{id}`: revision {} says what stood already: {:#?}", at + 1, history[at]);
        }
    }
}

/// Says which alerts differ, not only that some do. Which of them wait for the desk depends on the order of arrival.
pub fn assert_same(found: &BTreeMap<String, Value>, expected: &BTreeMap<String, Value>) {
    let without_waiting = |alerts: &BTreeMap<String, Value>| {
        let mut alerts = alerts.clone();
        alerts.values_mut().filter_map(Value::as_object_mut).for_each(|alert| drop(alert.remove("waiting")));
        alerts
    };
    let (found, expected) = (&without_waiting(found), &without_waiting(expected));
    let ids = found.keys().chain(expected.keys()).collect::<std::collections::BTreeSet<_>>();
    let differing: Vec<_> = ids.into_iter().filter(|id| found.get(*id) != expected.get(*id)).collect();
    let first = differing.first().map(|id| (found.get(*id), expected.get(*id)));
    assert!(
        differing.is_empty(),
        "{} of {} alerts differ, such as {:?}; found and expected: {first:#?}",
        differing.len(),
        expected.len(),
        differing.first()
    );
}

/// What `tidvakt replay --final` makes of the same records.
pub fn replayed(folder: &Path, registrations: &[PathBuf], reference: &[PathBuf]) -> BTreeMap<String, Value> {
    let out = folder.join("replayed.jsonl");
    let mut command = Command::new(PROGRAM);
    // As the services of these tests: their feeds consist of findings, which are no habit.
    command.args(["replay", "--set", "engine.habit_share=1.0", "--final", "--out"]).arg(&out);
    for file in reference {
        command.arg("--reference").arg(file);
    }
    let output = command.args(registrations).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(out).unwrap();
    standing(text.lines().map(|line| serde_json::from_str(line).unwrap()))
}
