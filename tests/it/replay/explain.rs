//! `tidvakt explain`: why, why not, and what could not be decided.

use serde_json::json;

use super::{folder, home, jsonl, stderr, tidvakt, visit, with};

/// Text, and the exit code, of an explanation of what is in `files`.
fn explain(files: &tempfile::TempDir, args: &[&str]) -> (String, i32) {
    let assert = tidvakt().current_dir(files.path()).arg("explain").args(args).assert();
    let text = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    let said = if text.is_empty() { stderr(&assert) } else { text };
    (said, assert.get_output().status.code().unwrap())
}

/// One carer at two clients at once, whose second registration is corrected later.
fn overlap() -> tempfile::TempDir {
    let there = with(visit("R-2", "08:15", "08:45"), json!({"client_ref": "cl-b"}));
    let corrected = with(
        there.clone(),
        json!({"version": 2, "event_type": "amended", "start_at": "2026-03-02T08:40:00+01:00",
               "end_at": "2026-03-02T09:10:00+01:00", "emitted_at": "2026-03-03T10:00:00+01:00"}),
    );
    let feed = jsonl(&[visit("R-1", "08:00", "08:30"), there, corrected]);
    let facts = jsonl(&[home("cl-a", "hh-1"), home("cl-b", "hh-2")]);
    folder(&[("feed.jsonl", &feed), ("facts.jsonl", &facts)])
}

#[test]
fn a_registration_is_followed_from_its_version_to_its_alert_and_to_the_correction() {
    let files = overlap();
    let args = ["R-2", "--reference", "facts.jsonl", "feed.jsonl"];
    let (text, code) = explain(&files, &args);
    assert_eq!(code, 0, "{text}");
    let parts = [
        "version 1 of R-2, assessed",
        "found: carer-overlap",
        "undetermined: ",
        "nothing found: ",
        "alert 0181:registration:R-2 revision 1, opened, hold, 129 kr",
        "observed: overlap_seconds 900",
        "with: R-1",
        "does not apply: clients of one household",
        "version 2 of R-2, assessed",
        "alert 0181:registration:R-2 revision 2, withdrawn",
    ];
    let mut rest = text.as_str();
    for part in parts {
        rest =
            rest.split_once(part).unwrap_or_else(|| panic!("`{part}` is not there, or too early:\n{text}")).1;
    }
    assert_eq!(explain(&files, &args).0, text, "the same input gives the same bytes");
    let (swedish, _) = explain(&files, &[&args[..], &["--lang", "sv"]].concat());
    assert!(swedish.contains("brukare i samma hushåll"), "{swedish}");
}

#[test]
fn the_other_registration_is_evidence_and_an_alert_is_found_by_its_id() {
    let files = overlap();
    let (text, _) = explain(&files, &["R-1", "--reference", "facts.jsonl", "feed.jsonl"]);
    assert!(text.contains("version 1 of R-1, assessed"), "{text}");
    assert!(text.contains("evidence of alert 0181:registration:R-2 revision 1, opened"), "{text}");
    let of_alert = explain(&files, &["0181:registration:R-2", "--reference", "facts.jsonl", "feed.jsonl"]);
    let of_id = explain(&files, &["R-2", "--reference", "facts.jsonl", "feed.jsonl"]);
    assert_eq!(of_alert, of_id);
}

#[test]
fn without_facts_it_says_what_could_not_be_decided() {
    let files = overlap();
    let (text, _) = explain(&files, &["R-2", "feed.jsonl"]);
    assert!(
        text.contains("for want of where the client lives") || text.contains("which household"),
        "{text}"
    );
}

#[test]
fn what_the_files_say_nothing_about_is_an_error() {
    let files = overlap();
    for unknown in ["R-9", "0181:registration:R-9", "0181:tag:t-9:2026-03"] {
        let (said, code) = explain(&files, &[unknown, "feed.jsonl"]);
        assert_eq!(code, 65, "{said}");
        assert!(said.contains(unknown), "{said}");
    }
}
