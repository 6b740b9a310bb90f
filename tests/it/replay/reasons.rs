//! A line that cannot be used has the reason that it would have over Kafka.

use tidvakt::contract::parse_registration;
use tidvakt::domain::UtcSecond;

use super::*;

/// Lines that are broken in one way each, all later than the last good one.
fn broken() -> Vec<String> {
    let late = || visit("R-9", "20:00", "20:30");
    let changed = |more: Value| with(late(), more).to_string();
    let without = |name: &str| {
        let mut record = late();
        record.as_object_mut().unwrap().remove(name);
        record.to_string()
    };
    vec![
        changed(json!({"carer_ref": "198112189876"})),
        changed(json!({"client_ref": ""})),
        changed(json!({"version": 0})),
        changed(json!({"version": 1.5})),
        changed(json!({"municipality": "181"})),
        changed(json!({"provider_id": "x".repeat(200)})),
        changed(json!({"required_staff": 0})),
        changed(json!({"start_capture": {"method": "nfc_tag", "geo": {"lat": 91.0, "lon": 17.0}}})),
        changed(json!({"start_capture": {"method": "stamp"}})),
        changed(json!({"end_at": "2026-03-02T19:30:00+01:00"})),
        changed(json!({"end_at": "2026-03-04T19:30:00+01:00"})),
        changed(json!({"planned_start": "2026-03-02T21:00:00Z", "planned_end": "2026-03-02T20:00:00Z"})),
        changed(json!({"start_at": "2026-03-02 20:00"})),
        changed(json!({"tasks": [{"code": "x".repeat(300)}]})),
        without("carer_ref"),
        without("end_at"),
        format!("\u{feff}{}", late()),
        late().to_string()[1..].to_owned(),
        "null".to_owned(),
    ]
}

#[test]
fn reasons_are_those_of_the_contract_whatever_time_it_is() {
    let broken = broken();
    let good: Vec<String> = (0..30).map(|n| visit(&format!("R-{n}"), "08:00", "08:30").to_string()).collect();
    let text = [good.as_slice(), &broken].concat().join("\n");
    let folder = folder(&[("visits.jsonl", text.as_bytes())]);
    replay(folder.path(), &["--quarantine", "refused.jsonl", "visits.jsonl"]).success();
    let refused = lines(&std::fs::read(folder.path().join("refused.jsonl")).unwrap());
    let found: Vec<&str> = refused.iter().map(|line| line["reason"].as_str().unwrap()).collect();
    let expected: Vec<&str> = broken
        .iter()
        .map(|line| {
            let record = parse_registration(line.as_bytes());
            record
                .and_then(|record| record.registration(UtcSecond(i64::MAX)).map(drop))
                .unwrap_err()
                .reason
                .code()
        })
        .collect();
    assert_eq!(found, expected);
    assert!(!expected.contains(&"in-the-future"));
    assert_eq!(expected[16], "byte-order-mark");
}
