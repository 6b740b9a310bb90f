//! `tidvakt test` as a user meets it: folders of registrations in and alerts expected.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::json;
use tempfile::TempDir;

fn test(folder: &Path, args: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("tidvakt").unwrap();
    command
        .env_remove("TIDVAKT_CONFIG")
        .env("NO_COLOR", "1")
        .current_dir(folder)
        .arg("test")
        .args(args)
        .assert()
}

fn stdout(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

const HEADER: &str = "schema_version,event_type,registration_id,version,municipality,provider_id,carer_ref,client_ref,\
                      start_at,end_at,start_capture.method,end_capture.method";

fn row(id: &str, client: &str, start: &str, end: &str) -> String {
    format!(
        "1,recorded,{id},1,0181,P-1,carer-1,{client},2026-03-02T{start}:00+01:00,2026-03-02T{end}:00+01:00,\
         nfc_tag,nfc_tag"
    )
}

fn home(client: u32, lat: f64) -> String {
    let known = "2025-01-01T00:00:00+01:00";
    let body = json!({
        "client_ref": format!("client-{client}"), "household_ref": format!("hh-{client}"), "lat": lat, "lon": 17.6,
    });
    let fact = json!({
        "schema_version": 1, "municipality": "0181", "fact_id": format!("home-{client}"), "type": "client_home",
        "valid_from": known, "recorded_at": known, "body": body,
    });
    format!("{fact}\n")
}

/// One carer at two clients at once, and one after the other.
fn scenarios() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, second) in [("at-once", ["08:10", "08:40"]), ("one-after-the-other", ["09:00", "09:30"])] {
        let scenario = folder.path().join("scenarios").join(name);
        fs::create_dir_all(&scenario).unwrap();
        let rows = [
            HEADER.to_owned(),
            row("R-1", "client-1", "08:00", "08:30"),
            row("R-2", "client-2", second[0], second[1]),
        ];
        fs::write(scenario.join("registrations.csv"), rows.join("\n")).unwrap();
        fs::write(scenario.join("reference.jsonl"), home(1, 59.10) + &home(2, 59.20)).unwrap();
        fs::write(scenario.join("expected.jsonl"), "").unwrap();
    }
    folder
}

#[test]
fn what_is_found_beside_what_is_expected_fails_a_scenario_and_blessing_mends_it() {
    let folder = scenarios();
    let failed = test(folder.path(), &["--junit", "report.xml", "scenarios"]).code(1);
    let text = stdout(&failed);
    assert!(text.contains("FAILED   scenarios/at-once ("), "{text}");
    assert!(text.contains("         not expected: 0181:registration:R-2 (hold): "), "{text}");
    assert!(text.contains("ok       scenarios/one-after-the-other (no alert)"), "{text}");
    assert!(text.ends_with("2 scenarios, 1 failed\n"), "{text}");
    let report = fs::read_to_string(folder.path().join("report.xml")).unwrap();
    assert!(
        report.contains("tests=\"2\" failures=\"1\"") && report.contains("<failure message="),
        "{report}"
    );

    test(folder.path(), &["--bless", "scenarios"]).success();
    let expected = fs::read_to_string(folder.path().join("scenarios/at-once/expected.jsonl")).unwrap();
    assert!(expected.contains(r#""alert_id":"0181:registration:R-2","grade":"hold""#), "{expected}");
    assert!(stdout(&test(folder.path(), &["scenarios"]).success()).ends_with("2 scenarios, 0 failed\n"));
}

#[test]
fn an_expected_alert_is_compared_in_what_the_line_names() {
    let folder = scenarios();
    test(folder.path(), &["--bless", "scenarios"]).success();
    let expected = folder.path().join("scenarios/at-once/expected.jsonl");
    let blessed = fs::read_to_string(&expected).unwrap();
    fs::write(&expected, blessed.replace(r#""grade":"hold""#, r#""grade":"review""#)).unwrap();
    let text = stdout(&test(folder.path(), &["scenarios/at-once"]).code(1));
    assert!(text.contains("differs: 0181:registration:R-2: grade is hold, expected review"), "{text}");
    fs::write(&expected, format!("{blessed}{{\"alert_id\": \"0181:registration:R-9\"}}\n")).unwrap();
    let text = stdout(&test(folder.path(), &["scenarios/at-once"]).code(1));
    assert!(text.contains("missing: 0181:registration:R-9"), "{text}");
}

#[test]
fn what_is_no_scenario_is_named() {
    let folder = scenarios();
    fs::create_dir(folder.path().join("empty")).unwrap();
    let stderr = |args: &[&str], code| {
        String::from_utf8(test(folder.path(), args).code(code).get_output().stderr.clone()).unwrap()
    };
    assert!(stderr(&["empty"], 66).contains("`empty` holds no scenario"));
    assert!(stderr(&["absent"], 66).contains("`absent` can't be read"));
    let expected = folder.path().join("scenarios/at-once/expected.jsonl");
    fs::write(&expected, "{\"alert\": 1}\n").unwrap();
    assert!(
        stderr(&["scenarios"], 65)
            .contains("line 1 of `scenarios/at-once/expected.jsonl`: unknown field `alert`")
    );
    fs::remove_file(&expected).unwrap();
    assert!(stderr(&["scenarios"], 66).contains("--bless DIR"));
    let registrations = folder.path().join("scenarios/at-once/registrations.csv");
    let mut text = fs::read_to_string(&registrations).unwrap();
    text.push_str("\n1,recorded,R-3,1,0181,P-1,carer-1,client-1,yesterday,,,");
    fs::write(&registrations, text).unwrap();
    assert!(
        stderr(&["--bless", "scenarios"], 65).contains("bad-time"),
        "a line that cannot be used is a slip"
    );
}
