//! Whole numbers, as the published schemas mean them.

use super::super::*;
use super::{APPENDED_AT, refusal, refused, with};
use crate::domain::Reason;

#[test]
fn a_number_without_a_fraction_is_whole_however_it_is_written() {
    let payment = r#""edits":[],"payment":{"billable_seconds":1800.0}"#;
    for (from, to) in [
        (r#""version":1"#, r#""version":1.0"#),
        (r#""version":1"#, r#""version":1e0"#),
        (r#""schema_version":1"#, r#""schema_version":1.0"#),
        (r#""required_staff":1"#, r#""required_staff":2.0"#),
        (r#""minutes":30"#, r#""minutes":30.0"#),
        (r#""edits":[]"#, payment),
    ] {
        assert_eq!(refusal(&with(from, to)), None, "{to}");
    }
    let (record, whole) = (with(r#""edits":[]"#, payment), with(r#""edits":[]"#, &payment.replace(".0", "")));
    let read = |bytes: &[u8]| format!("{:?}", parse_registration(bytes).unwrap().registration(APPENDED_AT));
    assert_eq!(read(&record), read(&whole));
    refused(&with(r#""required_staff":1"#, r#""required_staff":1.5"#), Reason::BadField);
    let version = refused(&with(r#""schema_version":1"#, r#""schema_version":2.0"#), Reason::SchemaVersion);
    assert_eq!(version, "`schema_version` is 2, expected 1");

    let fact = |kind: &str, body: &str| {
        let fact = format!(
            r#"{{"schema_version":1.0,"municipality":"0181","fact_id":"f","type":"{kind}",
                "valid_from":"2026-01-01T00:00:00Z","recorded_at":"2026-01-01T00:00:00Z","body":{body}}}"#
        );
        parse_fact(None, Some(fact.as_bytes()), None)
    };
    let order = r#"{"order_id":"O","client_ref":"c","granted_minutes":60.0,"required_staff":2.0}"#;
    let tariff = r#"{"tariff_code":"D1","ore_per_hour":40000.0}"#;
    for (kind, body) in [("order", order), ("tariff", tariff)] {
        assert_eq!(fact(kind, body), fact(kind, &body.replace(".0", "")));
        assert!(fact(kind, body).is_ok(), "{:?}", fact(kind, body));
        let broken = fact(kind, &body.replace(".0", ".5")).unwrap_err();
        assert_eq!(broken.reason, Reason::BadField);
        assert!(broken.detail.ends_with("expected a whole number in range"), "{broken}");
    }
}
