//! `tidvakt replay` as a user meets it: files in, files out.

mod clock;
mod explain;
mod field_cases;
mod maps;
mod reasons;
mod summary;
mod tables;
mod wrong;

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use serde_json::{Value, json};

fn tidvakt() -> Command {
    let mut command = Command::cargo_bin("tidvakt").unwrap();
    command.env_remove("TIDVAKT_CONFIG").env("NO_COLOR", "1");
    command
}

fn town(folder: &Path) -> (PathBuf, PathBuf) {
    let out = folder.join("town");
    let plan = ["simulate", "--seed", "5", "--days", "20", "--clients", "60", "--out"];
    tidvakt().args(plan).arg(&out).assert().success();
    (out.join("registrations.jsonl"), out.join("reference.jsonl"))
}

/// A visit of 2 March 2026 by `ca` at `cl-a`.
fn visit(id: &str, start: &str, end: &str) -> Value {
    json!({"schema_version": 1, "event_type": "recorded", "registration_id": id, "version": 1,
           "municipality": "0181", "provider_id": "P-1", "carer_ref": "ca", "client_ref": "cl-a",
           "start_at": format!("2026-03-02T{start}:00+01:00"), "end_at": format!("2026-03-02T{end}:00+01:00"),
           "start_capture": {"method": "nfc_tag"}, "end_capture": {"method": "nfc_tag"}})
}

/// `record` with the fields of `more`.
fn with(mut record: Value, more: Value) -> Value {
    record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    record
}

/// Where `client` lives.
fn home(client: &str, household: &str) -> Value {
    json!({"schema_version": 1, "municipality": "0181", "fact_id": format!("home-{client}"), "type": "client_home",
           "valid_from": "2025-01-01T00:00:00+01:00", "recorded_at": "2025-01-01T00:00:00+01:00",
           "body": {"client_ref": client, "household_ref": household}})
}

/// A folder with a file of each name.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn jsonl(records: &[Value]) -> Vec<u8> {
    records.iter().map(|record| format!("{record}\n")).collect::<String>().into_bytes()
}

/// `tidvakt replay` with `args` in `folder`.
fn replay(folder: &Path, args: &[&str]) -> Assert {
    tidvakt().current_dir(folder).arg("replay").args(args).assert()
}

fn stdout(assert: &Assert) -> Vec<Value> {
    lines(&assert.get_output().stdout)
}

fn stderr(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    String::from_utf8(bytes.to_vec())
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn the_same_input_gives_the_same_bytes_however_it_is_packed() {
    let folder = tempfile::tempdir().unwrap();
    let (registrations, reference) = town(folder.path());
    let replay = |files: &[&Path]| {
        let mut command = tidvakt();
        command.arg("replay").arg("--reference").arg(&reference).args(files);
        command.assert().success().get_output().stdout.clone()
    };
    let whole = replay(&[&registrations]);
    assert!(!whole.is_empty());
    let text = std::fs::read(&registrations).unwrap();
    let packed = folder.path().join("packed.jsonl.zst");
    std::fs::write(&packed, zstd::encode_all(&text[..], 1).unwrap()).unwrap();
    assert!(replay(&[&packed]) == whole, "packed");

    let half = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(300).unwrap().0 + 1;
    let parts = [folder.path().join("a.jsonl"), folder.path().join("b.jsonl")];
    std::fs::write(&parts[0], &text[..half]).unwrap();
    std::fs::write(&parts[1], &text[half..]).unwrap();
    assert!(replay(&[&parts[0], &parts[1]]) == whole, "in two files, with offsets going on");
}

#[test]
fn final_gives_the_last_state_of_each_alert_in_order_of_id() {
    let folder = tempfile::tempdir().unwrap();
    let (registrations, reference) = town(folder.path());
    let replay = |flags: &[&str]| {
        let mut command = tidvakt();
        command.arg("replay").args(flags).arg("--reference").arg(&reference).arg(&registrations);
        lines(&command.assert().success().get_output().stdout)
    };
    let (all, last) = (replay(&[]), replay(&["--final"]));
    let mut expected: std::collections::BTreeMap<String, Value> = Default::default();
    for alert in all {
        expected.insert(alert["alert_id"].as_str().unwrap().to_owned(), alert);
    }
    assert_eq!(last, expected.into_values().collect::<Vec<_>>());
}

#[test]
fn every_version_that_counts_has_its_line_of_assessment() {
    let folder = tempfile::tempdir().unwrap();
    let (registrations, reference) = town(folder.path());
    let out = folder.path().join("assessments.jsonl");
    let mut command = tidvakt();
    command.args(["replay", "--assessments"]).arg(&out);
    command.arg("--reference").arg(reference).arg(&registrations).assert().success();
    let assessed: std::collections::BTreeSet<String> = lines(&std::fs::read(out).unwrap())
        .iter()
        .map(|line| line["registration_id"].as_str().unwrap().to_owned())
        .collect();
    let cancelled = |line: &&Value| line["event_type"] == "cancelled";
    for line in lines(&std::fs::read(registrations).unwrap()).iter().filter(|line| !cancelled(line)) {
        let id = line["registration_id"].as_str().unwrap();
        assert!(assessed.contains(id), "`{id}` was not assessed");
    }
}

#[test]
fn lines_that_cannot_be_used_are_written_out_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let good = visit("R-1", "08:00", "08:30").to_string();
    std::fs::write(path("good.jsonl"), format!("\n{good}\n\n")).unwrap();
    let other = visit("R-2", "10:00", "10:30").to_string();
    std::fs::write(path("bad.jsonl"), format!("\nnonsense\n{good}\n{{\"schema_version\": 7}}\n{other}\n"))
        .unwrap();
    let home = home("cl-1", "h1").to_string();
    std::fs::write(path("facts.jsonl"), format!("{home}\nnull\n")).unwrap();
    let replay = |strict: &[&str]| {
        let mut command = tidvakt();
        command.current_dir(folder.path()).arg("replay").args(strict);
        command.args([
            "--quarantine",
            "refused.jsonl",
            "--reference",
            "facts.jsonl",
            "good.jsonl",
            "bad.jsonl",
        ]);
        command.assert()
    };
    replay(&[]).success();
    let said = stderr(&replay(&["--strict"]).code(65));
    for part in [
        "1 of the 2 lines of `facts.jsonl`",
        "2 of the 4 lines of `bad.jsonl`",
        "line 4: unknown-schema-version",
    ] {
        assert!(said.contains(part), "{said}");
    }
    let refused = lines(&std::fs::read(path("refused.jsonl")).unwrap());
    let rejections: Vec<_> = refused
        .iter()
        .map(|line| (&line["file"], &line["line"], &line["reason"], &line["original"]))
        .map(|(file, line, reason, original)| format!("{file} {line} {reason} {original}"))
        .collect();
    assert_eq!(
        rejections,
        [
            r#""facts.jsonl" 2 "not-an-object" "null""#,
            r#""bad.jsonl" 2 "not-json" "nonsense""#,
            r#""bad.jsonl" 4 "unknown-schema-version" "{\"schema_version\": 7}""#,
        ]
    );
}

#[test]
fn a_file_that_is_not_there_ends_with_66() {
    tidvakt().args(["replay", "nowhere.jsonl"]).assert().code(66);
}
