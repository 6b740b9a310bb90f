//! `tidvakt profile` as a user meets it: what an export contains, and what its rules lack.

use std::path::Path;

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

fn tidvakt(folder: &Path, args: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("tidvakt").unwrap();
    command.env_remove("TIDVAKT_CONFIG").env("NO_COLOR", "1").current_dir(folder).args(args).assert()
}

fn visit(number: u32, provider: &str, start: &str, end: &str, more: Value) -> String {
    let mut record = json!({
        "schema_version": 1, "event_type": "recorded", "registration_id": format!("R-{number}"), "version": 1,
        "municipality": "0181", "provider_id": provider, "carer_ref": format!("carer-{provider}"),
        "client_ref": format!("client-{number}"),
        "start_at": format!("2026-03-02T{start}+01:00"), "end_at": format!("2026-03-02T{end}+01:00"),
    });
    let Value::Object(more) = more else { panic!("an object") };
    record.as_object_mut().unwrap().extend(more);
    format!("{record}\n")
}

/// A provider whose phones send everything, and one whose office types quarters of an hour into a sheet.
fn export() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let phone = json!({
        "planned_start": "2026-03-02T07:00:00+01:00", "planned_end": "2026-03-02T07:30:00+01:00",
        "start_capture": {"method": "nfc_tag", "tag_ref": "tag-1"}, "end_capture": {"method": "nfc_tag"},
        "emitted_at": "2026-03-02T12:00:00+01:00", "source": {"system": "phones"},
    });
    let registrations = [
        visit(1, "P-1", "07:00:13", "07:29:41", phone.clone()),
        visit(2, "P-1", "08:02:07", "08:31:55", phone),
        visit(3, "P-2", "07:00:00", "07:15:00", json!({})),
        visit(4, "P-2", "08:15:00", "08:45:00", json!({})),
        visit(5, "P-2", "09:00:00", "09:30:00", json!({"event_type": "cancelled"})),
    ];
    std::fs::write(folder.path().join("visits.jsonl"), registrations.concat()).unwrap();
    let fact = |id: &str, kind: &str, body: Value| {
        let valid = "2026-01-01T00:00:00+01:00";
        let fact = json!({
            "schema_version": 1, "municipality": "0181", "fact_id": id, "type": kind, "valid_from": valid,
            "valid_to": null, "recorded_at": valid, "body": body,
        });
        format!("{fact}\n")
    };
    let facts = [
        fact(
            "h1",
            "client_home",
            json!({"client_ref": "client-1", "household_ref": "hh", "lat": 59.2, "lon": 17.6}),
        ),
        fact("h3", "client_home", json!({"client_ref": "client-3", "household_ref": "hx"})),
        fact("t1", "tag", json!({"tag_ref": "tag-1", "client_ref": "client-1"})),
    ];
    std::fs::write(folder.path().join("facts.jsonl"), facts.concat()).unwrap();
    folder
}

fn named<'a>(list: &'a Value, key: &str, name: &str) -> &'a Value {
    let list = list.as_array().unwrap();
    list.iter().find(|entry| entry[key] == name).unwrap_or_else(|| panic!("{name} in {list:#?}"))
}

#[test]
fn each_provider_is_described_by_what_it_sends() {
    let folder = export();
    let run = || {
        let args = ["profile", "--json", "--reference", "facts.jsonl", "visits.jsonl"];
        tidvakt(folder.path(), &args).success().get_output().stdout.clone()
    };
    let json = run();
    assert!(run() == json, "the same files give the same profile");
    let profile: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(profile["registrations"], 5);
    assert_eq!(profile["dates"], json!(["2026-03-02", "2026-03-02"]));
    let phones = named(&profile["providers"], "provider_id", "P-1");
    let office = named(&profile["providers"], "provider_id", "P-2");
    assert_eq!(
        (&phones["versions"], &office["versions"]),
        (&json!(2), &json!(2)),
        "the cancelled one has no content"
    );
    assert_eq!((&phones["resolution_seconds"], &office["resolution_seconds"]), (&json!(1), &json!(900)));
    assert_eq!(phones["start_methods"], json!([{"name": "nfc_tag", "share": 1.0}]));
    assert_eq!(office["start_methods"], json!([{"name": "unknown", "share": 1.0}]));
    assert_eq!(phones["source_systems"], json!(["phones"]));
    assert_eq!(phones["delay_seconds"]["ninety_nine_in_hundred"], 16_219);
    assert_eq!(office["delay_seconds"], Value::Null);
    for (field, share) in [("planned_start, planned_end", 1.0), ("emitted_at", 1.0), ("tasks", 0.0)] {
        assert_eq!(named(&phones["fields"], "name", field)["share"], share, "{field}");
        assert_eq!(named(&office["fields"], "name", field)["share"], 0.0, "{field}");
    }
    let covered = |provider: &Value, fact: &str| {
        let fact = named(&provider["facts"], "name", fact);
        (fact["covered"].as_u64().unwrap(), fact["count"].as_u64().unwrap())
    };
    assert_eq!(covered(phones, "client_home (lat, lon)"), (1, 2));
    assert_eq!(covered(office, "client_home (lat, lon)"), (0, 2), "a home without a position");
    assert_eq!(covered(office, "client_home (household_ref)"), (1, 2));
    assert_eq!((covered(phones, "tag"), covered(office, "tag")), ((1, 1), (0, 0)));
}

#[test]
fn a_rule_answers_about_the_part_of_the_visits_that_have_what_it_reads() {
    let folder = export();
    let args = ["profile", "--json", "--reference", "facts.jsonl", "visits.jsonl"];
    let profile: Value =
        serde_json::from_slice(&tidvakt(folder.path(), &args).success().get_output().stdout).unwrap();
    let answered = |rule: &str| named(&profile["rules"], "rule", rule)["answered_share"].as_f64().unwrap();
    assert_eq!(profile["rules"].as_array().unwrap().len(), tidvakt::rules::RULES.len());
    assert_eq!(answered("carer-overlap"), 1.0, "needs required fields only");
    assert_eq!(answered("plan-copy"), 0.5, "only one provider sends plans");
    assert_eq!(answered("task-pattern"), 0.0);
    assert_eq!(answered("late-lengthening"), 0.0, "nobody sends edits at all");
    let missing = &named(&profile["rules"], "rule", "plan-copy")["missing"];
    assert_eq!(*missing, json!([{"what": "planned_start, planned_end", "count": 2, "of": "versions"}]));
    let proposal = named(&profile["proposals"], "setting", "rules.task-pattern.enabled=false");
    assert_eq!(proposal["reason"], "until the files have tasks: it can answer about nothing");
    // What is proposed can be set.
    let proposals = profile["proposals"].as_array().unwrap();
    let settings = proposals.iter().flat_map(|proposal| ["--set", proposal["setting"].as_str().unwrap()]);
    let args: Vec<&str> = ["profile", "--reference", "facts.jsonl"].into_iter().chain(settings).collect();
    tidvakt(folder.path(), &[&args[..], &["visits.jsonl"]].concat()).success();
}

#[test]
fn the_table_and_the_page_say_the_same_and_the_page_needs_nothing_else() {
    let folder = export();
    let args = ["profile", "--html", "page.html", "--reference", "facts.jsonl", "visits.jsonl"];
    let text =
        String::from_utf8(tidvakt(folder.path(), &args).success().get_output().stdout.clone()).unwrap();
    assert!(text.contains("P-2: 2 versions, 1 carers, 2 clients"), "{text}");
    assert!(text.contains("to the quarter of an hour: 100 % on a quarter"), "{text}");
    assert!(text.contains("`emitted_at` is missing: unknown"), "{text}");
    let page = std::fs::read_to_string(folder.path().join("page.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    for text in ["P-1", "to the quarter of an hour", "plan-copy", "rules.task-pattern.enabled=false"] {
        assert!(page.contains(text), "{text}");
    }
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("src="));
    for tag in ["table", "svg", "tr", "td", "th", "div", "dl"] {
        let open = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(open, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
}

#[test]
fn a_file_of_another_kind_is_no_profile_of_nothing() {
    let folder = export();
    let failed = tidvakt(folder.path(), &["profile", "facts.jsonl"]).code(65);
    let text = String::from_utf8(failed.get_output().stderr.clone()).unwrap();
    assert!(text.contains("--reference FILE"), "{text}");
    assert!(failed.get_output().stdout.is_empty());
}
