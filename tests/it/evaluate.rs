//! `tidvakt evaluate` as a user meets it, over small simulated municipalities.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

fn tidvakt() -> Command {
    let mut command = Command::cargo_bin("tidvakt").unwrap();
    command.env_remove("TIDVAKT_CONFIG").env("NO_COLOR", "1");
    command
}

fn town(folder: &Path, flags: &[&str]) -> PathBuf {
    let out = folder.join(format!("town{}", flags.join("")));
    let plan = ["simulate", "--seed", "8", "--days", "28", "--clients", "150", "--out"];
    tidvakt().args(plan).arg(&out).args(flags).assert().success();
    out
}

fn share(value: &Value) -> f64 {
    let share = value.as_f64().unwrap();
    assert!((0.0..=1.0).contains(&share), "{share}");
    share
}

#[test]
fn what_is_planted_is_held_against_what_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let out = town(folder.path(), &["--only", "carer-overlap,client-absent,duplicate-registration"]);
    let page = folder.path().join("page.html");
    let run = || {
        let mut command = tidvakt();
        command.arg("evaluate").arg(&out).args(["--json", "--html"]).arg(&page);
        command.assert().success().get_output().stdout.clone()
    };
    let output = run();
    assert!(run() == output, "the same directory gives the same figures");
    let report: Value = serde_json::from_slice(&output).unwrap();
    let town = &report["towns"][0];
    let labels = std::fs::read_to_string(out.join("truth.jsonl")).unwrap().lines().count();
    assert_eq!(town["planted"], labels);
    // Two facts that cannot both be so: nearly all of it is found, and on the day.
    assert!(0.8 <= share(&town["cases"]["recall"]), "{town:#}");
    assert!(0.8 <= share(&town["money"]), "{town:#}");
    assert!(0.3 <= share(&town["average_precision"]), "{town:#}");
    assert_eq!(town["delay_days_median"], 0.0);
    let rows = report["patterns"].as_array().unwrap();
    let numbers: Vec<u64> = rows.iter().map(|row| row["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 6, 23]);
    assert!(rows.iter().all(|row| row["covered_by"][0][0] == row["rule"]), "{rows:#?}");
    let page = std::fs::read_to_string(&page).unwrap();
    assert!(page.contains("duplicate-registration") && page.contains("<polyline"));
    let text = tidvakt().arg("evaluate").arg(&out).assert().success().get_output().stdout.clone();
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("average precision") && text.contains(" 23  duplicate-registration"), "{text}");
}

#[test]
fn an_honest_municipality_tells_calibration_and_false_alarms() {
    let folder = tempfile::tempdir().unwrap();
    let out = town(folder.path(), &["--clean"]);
    let output =
        tidvakt().arg("evaluate").arg(&out).arg("--json").assert().success().get_output().stdout.clone();
    let report: Value = serde_json::from_slice(&output).unwrap();
    let town = &report["towns"][0];
    assert_eq!((&town["planted"], &town["hold_alerts"]), (&Value::from(0), &Value::from(0)));
    assert!(town["average_precision"].is_null() && town["cases"]["precision"].is_null());
    assert_eq!(town["calibration"][0]["signal"], "combined");
    assert!(report["figures"].as_array().unwrap().is_empty());
    let kinds: Vec<&str> =
        town["kinds"].as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["municipal", "private", "all", "messiest municipal unit"]);
}

#[test]
fn a_seed_is_simulated_and_evaluated_at_once_and_nothing_stays() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["evaluate", "--simulate", "3,4", "--clients", "40", "--days", "18", "--planted", "0.02"];
    let output = tidvakt().args(args).env("TMPDIR", folder.path()).assert().success().get_output().clone();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("seed 3, 40 clients, 18 days") && text.contains("over all directories"), "{text}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_is_missing_or_broken_is_told_with_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let fails = |code: i32| {
        let mut command = tidvakt();
        let assert = command.arg("evaluate").arg(folder.path()).assert().code(code);
        String::from_utf8(assert.get_output().stderr.clone()).unwrap()
    };
    let output = fails(66);
    assert!(output.contains("truth.jsonl") && output.contains("tidvakt simulate"), "{output}");
    std::fs::write(folder.path().join("truth.jsonl"), "{}\n").unwrap();
    assert!(fails(65).contains("line 1"));
    std::fs::write(folder.path().join("truth.jsonl"), "").unwrap();
    assert!(fails(66).contains("registrations.jsonl"));
    std::fs::write(folder.path().join("registrations.jsonl"), "").unwrap();
    std::fs::write(folder.path().join("reference.jsonl"), "").unwrap();
    assert!(fails(65).contains("holds no record"));
    tidvakt().arg("evaluate").assert().code(64);
}
