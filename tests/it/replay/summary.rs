//! What the summary and the assessments say of what is missing.

use super::*;

#[test]
fn a_municipality_code_without_its_zero_is_refused_and_a_foreign_one_is_named() {
    let records = [
        visit("R-1", "08:00", "08:30"),
        with(visit("R-2", "09:00", "09:30"), json!({"municipality": "181"})),
        with(visit("R-3", "10:00", "10:30"), json!({"municipality": "0118"})),
        visit("R-4", "11:00", "11:30"),
    ];
    let facts = jsonl(&[home("cl-a", "h1"), with(home("cl-b", "h2"), json!({"municipality": "181"}))]);
    let folder = folder(&[("visits.jsonl", &jsonl(&records)), ("facts.jsonl", &facts)]);
    let said = stderr(&replay(folder.path(), &["--reference", "facts.jsonl", "visits.jsonl"]).success());
    assert!(said.contains("refused lines             2  (bad-municipality 2)\n"), "{said}");
    let expected =
        "municipality           0118  (1 row, no fact)\n                       0181  (2 rows, 1 fact)\n";
    assert!(said.contains(expected), "{said}");
}

/// Two visits of one carer at once, at clients of whose homes nothing is known.
fn overlap() -> [Value; 2] {
    let place = json!({"method": "gps_app", "geo": {"lat": 59.2, "lon": 17.6}});
    let captures = json!({"start_capture": place, "end_capture": place});
    let other = with(visit("R-2", "08:10", "08:40"), json!({"client_ref": "cl-b"}));
    [with(visit("R-1", "08:00", "08:30"), captures.clone()), with(other, captures)]
}

#[test]
fn rules_that_could_not_answer_are_listed_with_what_waits_for_which_fact() {
    let facts = jsonl(&[home("cl-a", "h1"), home("cl-b", "h2")]);
    let folder = folder(&[("visits.jsonl", &jsonl(&overlap())), ("facts.jsonl", &facts)]);
    let run = |args: &[&str]| {
        let args = [args, &["--assessments", "assessments.jsonl", "visits.jsonl"]].concat();
        let said = stderr(&replay(folder.path(), &args).success());
        (said, lines(&std::fs::read(folder.path().join("assessments.jsonl")).unwrap()))
    };
    let (said, assessments) = run(&[]);
    assert!(said.contains("  rules that could not answer\n"), "{said}");
    let line = |fact: &str| {
        said.lines()
            .find(|line| line.starts_with(&format!("  no {fact}: ")))
            .unwrap_or_else(|| panic!("{said}"))
    };
    assert!(line("`client_home`").contains("2 registrations (far-from-home)"), "{said}");
    assert!(line("`order`").contains("2 registrations (no-valid-order)"), "{said}");
    assert!(line("`employment`").ends_with(" waiting"), "{said}");
    for assessment in &assessments {
        assert_eq!(assessment["undetermined"]["no-valid-order"], "order", "{assessment}");
        assert_eq!(assessment["undetermined"]["far-from-home"], "client_home", "{assessment}");
    }
    // With the homes, what they were wanted for is no longer said.
    let place = json!({"client_ref": "cl-a", "household_ref": "h1", "lat": 59.2, "lon": 17.6});
    let other = with(place.clone(), json!({"client_ref": "cl-b", "household_ref": "h2"}));
    let facts =
        [with(home("cl-a", "h1"), json!({"body": place})), with(home("cl-b", "h2"), json!({"body": other}))];
    std::fs::write(folder.path().join("facts.jsonl"), jsonl(&facts)).unwrap();
    let (said, assessments) = run(&["--reference", "facts.jsonl"]);
    assert!(!said.contains("no `client_home`"), "{said}");
    assert!(assessments.iter().all(|line| line["undetermined"].get("far-from-home").is_none()));
}
