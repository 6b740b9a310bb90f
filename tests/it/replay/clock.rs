//! A time out of one line never moves what others are held against.

use super::*;

/// A visit of 3 March that overlaps another by twenty minutes, and one of the day before.
fn three() -> [Value; 3] {
    let day = |id: &str, client: &str, start: &str, end: &str| {
        let (start, end) = (format!("2026-03-03T{start}:00+01:00"), format!("2026-03-03T{end}:00+01:00"));
        with(visit(id, "08:00", "08:30"), json!({"client_ref": client, "start_at": start, "end_at": end}))
    };
    [visit("R1", "08:00", "08:30"), day("R2", "cl-a", "08:00", "08:30"), day("R3", "cl-b", "08:10", "08:40")]
}

fn wrong_year() -> Value {
    let more = json!({"carer_ref": "cx", "client_ref": "cl-x", "start_at": "2062-03-02T09:00:00+01:00",
                      "end_at": "2062-03-02T09:30:00+01:00"});
    with(visit("BAD", "09:00", "09:30"), more)
}

fn sent_in_a_wrong_year() -> Value {
    let more = json!({"carer_ref": "cx", "client_ref": "cl-x", "emitted_at": "2062-03-02T09:31:00+01:00"});
    with(visit("BAD", "09:00", "09:30"), more)
}

/// The registrations that hold seconds, in the last state of the alerts, and which lines were refused.
fn outcome(records: &[Value]) -> (Vec<(String, i64)>, Vec<String>) {
    let facts = jsonl(&[home("cl-a", "h1"), home("cl-b", "h2")]);
    let folder = folder(&[("visits.jsonl", &jsonl(records)), ("facts.jsonl", &facts)]);
    let args = ["--final", "--reference", "facts.jsonl", "--quarantine", "refused.jsonl", "visits.jsonl"];
    let alerts = stdout(&replay(folder.path(), &args).success());
    let held = alerts.iter().filter(|alert| alert["hold"].is_object());
    let held = held.map(|alert| {
        let hold = &alert["hold"];
        (hold["registration_id"].as_str().unwrap().to_owned(), hold["seconds_in_question"].as_i64().unwrap())
    });
    let refused = lines(&std::fs::read(folder.path().join("refused.jsonl")).unwrap());
    let id = |line: &Value| {
        let original: Value = serde_json::from_str(line["original"].as_str().unwrap()).unwrap();
        format!("{} {}", original["registration_id"].as_str().unwrap(), line["reason"].as_str().unwrap())
    };
    (held.collect(), refused.iter().map(id).collect())
}

#[test]
fn a_wrong_year_costs_its_own_line_and_no_other_wherever_it_stands() {
    let (held, _) = outcome(&three());
    assert!(held.iter().map(|(_, seconds)| *seconds).eq([1_200]), "{held:?}");
    for place in 0..=3 {
        let mut records = three().to_vec();
        records.insert(place, wrong_year());
        assert_eq!(outcome(&records), (held.clone(), vec!["BAD in-the-future".to_owned()]), "at {place}");
        let mut records = three().to_vec();
        records.insert(place, sent_in_a_wrong_year());
        assert_eq!(outcome(&records), (held.clone(), vec![]), "sent, at {place}");
    }
}

#[test]
fn the_last_lines_of_a_file_are_not_judged_by_the_file_after_it() {
    let of = |municipality: &str, month: &str, days: std::ops::RangeInclusive<i32>| {
        let each = days.map(|day| {
            let id = format!("{municipality}-{day}");
            let (start, end) = (format!("{month}-{day:02}T08:00:00+01:00"), format!("{month}-{day:02}T08:30:00+01:00"));
            let more = json!({"municipality": municipality, "registration_id": id, "start_at": start, "end_at": end});
            with(visit("R", "08:00", "08:30"), more)
        });
        jsonl(&each.collect::<Vec<_>>())
    };
    let files = [("a.jsonl", &*of("0180", "2026-03", 1..=28)), ("b.jsonl", &*of("0181", "2026-02", 1..=28))];
    let folder = folder(&files);
    let said = stderr(&replay(folder.path(), &["--final", "a.jsonl", "b.jsonl"]).success());
    assert!(said.contains("56") && !said.contains("in-the-future"), "{said}");
}

/// What alerts say, but for the place of their records.
fn said(alerts: Vec<Value>) -> Vec<Value> {
    let without = |mut alert: Value| {
        alert.as_object_mut().unwrap().remove("provenance");
        alert
    };
    alerts.into_iter().map(without).collect()
}

#[test]
fn many_wrong_years_change_nothing_of_a_town() {
    let folder = tempfile::tempdir().unwrap();
    let (registrations, reference) = town(folder.path());
    let text = std::fs::read_to_string(&registrations).unwrap();
    let good: Vec<&str> = text.lines().collect();
    let run = |path: &Path| {
        let args = ["--final", "--reference", reference.to_str().unwrap(), path.to_str().unwrap()];
        let assert = replay(folder.path(), &args).success();
        (said(stdout(&assert)), stderr(&assert))
    };
    let (expected, _) = run(&registrations);
    assert!(!expected.is_empty());
    let mut wrong = Vec::new();
    for (number, line) in good.iter().enumerate() {
        if number % 9 == 0 {
            let record: Value = serde_json::from_str(line).unwrap();
            let years = 2027 + number % 60;
            let later = |name: &str| record[name].as_str().map(|time| format!("{years}{}", &time[4..]));
            let mut bad = with(
                record.clone(),
                json!({"registration_id": format!("BAD-{number}"), "start_at": later("start_at")}),
            );
            for name in ["end_at", "emitted_at"] {
                if let Some(time) = later(name) {
                    bad[name] = time.into();
                }
            }
            wrong.push(bad.to_string());
        }
        wrong.push((*line).to_owned());
    }
    wrong.push(wrong_year().to_string());
    let path = folder.path().join("wrong.jsonl");
    std::fs::write(&path, wrong.join("\n")).unwrap();
    let (found, summary) = run(&path);
    assert!(found == expected, "{} alerts instead of {}", found.len(), expected.len());
    assert!(!summary.contains("older-than-kept") && summary.contains("in-the-future"), "{summary}");
    assert!(summary.contains("lines name times far ahead of the lines around them"), "{summary}");
}
