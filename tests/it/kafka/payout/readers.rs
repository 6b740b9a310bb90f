//! The two readers as processes.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::super::broker::Topics;
use super::super::service::PROGRAM;
use crate::architecture::root;

/// What a reader says, by registration.
pub type Reading = BTreeMap<String, Value>;

/// The fields in which the two have to agree.
const FIELDS: [&str; 6] =
    ["municipality", "version", "positions", "state", "payable_seconds", "held_seconds"];

fn reading<'a>(lines: impl Iterator<Item = &'a Value>) -> Reading {
    let row = |line: &Value| FIELDS.iter().map(|name| ((*name).to_owned(), line[*name].clone())).collect();
    lines.map(|line| (line["registration_id"].as_str().unwrap().to_owned(), row(line))).collect()
}

fn lines(text: &[u8]) -> Vec<Value> {
    text.split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

fn run_holds(settings: &Path, more: &[&str]) -> std::process::Output {
    Command::new(PROGRAM).args(["holds", "--config"]).arg(settings).args(more).output().unwrap()
}

/// `tidvakt holds`, for the run that is scheduled at `at`.
pub fn holds(settings: &Path, at: &str) -> Reading {
    let output = run_holds(settings, &["--json", "--at", at]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    reading(lines(&output.stdout).iter())
}

/// The same as a table for people, with what it says beside it.
pub fn table(settings: &Path, at: &str) -> String {
    let output = run_holds(settings, &["--at", at]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

/// What `tidvakt holds` says where it ends with an exit code.
pub fn failing_holds(settings: &Path, code: i32) -> String {
    let output = run_holds(settings, &[]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    said
}

/// The second reader, and what it says of the digests; `None` where its client cannot be had here.
pub fn second_reader(topics: &Topics, at: &str) -> Option<(Reading, Vec<Value>)> {
    let mut command = Command::new(root().join("tests/payout/run.sh"));
    command.args(["--bootstrap", topics.address, "--at", at]);
    for (flag, topic) in [("--feed", "registrations"), ("--alerts", "alerts"), ("--progress", "progress")] {
        command.arg(flag).arg(topics.name(topic));
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(69) && std::env::var_os("TEST_REQUIRE_KAFKA").is_none() {
        println!("the second reader was not run: {said}");
        return None;
    }
    assert!(output.status.success(), "{said}");
    let lines = lines(&output.stdout);
    let is = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).collect::<Vec<_>>();
    Some((reading(is("registration").into_iter()), is("digest").into_iter().cloned().collect()))
}

/// The digest of each municipality's progress is the one that the alert topic gives.
pub fn check_digests(digests: &[Value]) {
    assert!(!digests.is_empty(), "no digest");
    for digest in digests {
        assert_eq!(digest["recomputed"], digest["published"], "{digest}");
        assert!(0 < digest["open_alerts"].as_i64().unwrap(), "{digest}");
    }
}
