//! Bad records, each with its reason; and laws over all records.

#![expect(clippy::unwrap_used, reason = "a test may fail and say why")]

use proptest::prelude::*;

use super::*;
use crate::domain::{EventType, Reason, Registration, Rejection, UtcSecond};

mod persons;
mod whole;

/// 2026-03-02T06:31:42Z.
const APPENDED_AT: UtcSecond = UtcSecond(1_772_433_102);

const GOOD: &str = r#"{"schema_version":1,"event_type":"recorded","registration_id":"R-1","version":1,
    "municipality":"0181","provider_id":"P-07","carer_ref":"carer-1","client_ref":"client-1",
    "start_at":"2026-03-02T07:03:11+01:00","end_at":"2026-03-02T07:31:40+01:00",
    "start_capture":{"method":"nfc_tag","geo":{"lat":59.1,"lon":17.6}},
    "tasks":[{"code":"shower","minutes":30}],"required_staff":1,"edits":[],"billable":true}"#;

/// The good record with `from` replaced by `to`.
fn with(from: &str, to: &str) -> Vec<u8> {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replacen(from, to, 1).into_bytes()
}

/// The good record with a field more.
fn and(field: &str) -> Vec<u8> {
    with("{", &format!("{{{field},"))
}

fn refusal(bytes: &[u8]) -> Option<Rejection> {
    parse_registration(bytes).and_then(|record| record.registration(APPENDED_AT).map(drop)).err()
}

#[track_caller]
fn refused(bytes: &[u8], reason: Reason) -> String {
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(400)]);
    let rejection = refusal(bytes).unwrap_or_else(|| panic!("accepted: {shown}"));
    assert_eq!(rejection.reason, reason, "{rejection}: {shown}");
    rejection.detail
}

#[test]
fn the_good_record_is_good() {
    assert_eq!(refusal(GOOD.as_bytes()), None);
    assert_eq!(refusal(format!(" \r\n\t{GOOD}\n ").as_bytes()), None);
}

#[test]
fn what_is_no_object_has_its_own_reasons() {
    for (bytes, reason) in [
        (&b""[..], Reason::Empty),
        (b" \r\n\t ", Reason::Empty),
        (b"null", Reason::NotObject),
        (b"17", Reason::NotObject),
        (b"\"text\"", Reason::NotObject),
        (b"[\"a\",1,2,null]", Reason::NotObject),
        (b"hello", Reason::NotJson),
        (b"[1,2", Reason::NotJson),
        (b"{", Reason::NotJson),
        (b"{}", Reason::MissingField),
        (b"{} {}", Reason::NotJson),
        (b"\xef\xbb\xbf{}", Reason::ByteOrderMark),
        (b"\xff\xfe{\0}\0", Reason::ByteOrderMark),
        (b"{\"a\":\"\xff\"}", Reason::NotUtf8),
        (b"\x1f\x8b\x08\x00", Reason::NotUtf8),
    ] {
        refused(bytes, reason);
    }
}

#[test]
fn json_at_its_edges() {
    let id = r#""R-1""#;
    for (bytes, reason) in [
        (and(r#""version":1"#), Reason::DuplicateField),
        (with(r#""lat":59.1"#, r#""lat":59.1,"lat":59.1"#), Reason::DuplicateField),
        (with(r#""version":1"#, r#""version":1e999"#), Reason::BadField),
        (with(r#""version":1"#, r#""version":1.5"#), Reason::BadField),
        (with(r#""version":1"#, r#""version":1e300"#), Reason::BadField),
        (with(r#""version":1"#, r#""version":-1.0"#), Reason::BadField),
        (with(r#""version":1"#, r#""version":4294967296.0"#), Reason::BadField),
        (with(r#""version":1"#, r#""version":9223372036854775808"#), Reason::BadField),
        (with(r#""version":1"#, r#""version":-1"#), Reason::BadField),
        (with(r#""version":1"#, r#""version":"1""#), Reason::BadField),
        (with(r#""version":1"#, r#""version":0"#), Reason::BadField),
        (with(r#""version":1"#, r#""version":2147483649"#), Reason::BadField),
        (with(r#""version":1"#, r#""version":NaN"#), Reason::NotJson),
        (with(id, r#""\ud800""#), Reason::NotJson),
        (with(id, "\"R\n1\""), Reason::NotJson),
        (with(id, r#""R\u00001""#), Reason::BadId),
        (with(id, "\"R\u{7f}1\""), Reason::BadId),
        (with(id, "\"R\u{85}1\""), Reason::BadId),
        (with(id, r#""""#), Reason::BadId),
        (with(id, "null"), Reason::BadField),
        (with(id, r#"["R-1"]"#), Reason::BadField),
        (format!("{GOOD}x").into_bytes(), Reason::NotJson),
        (format!("{GOOD}{GOOD}").into_bytes(), Reason::NotJson),
        (GOOD.as_bytes()[..GOOD.len() - 1].to_vec(), Reason::NotJson),
        (with(id, &format!("\"{}\"", "\\u0041".repeat(200_000))), Reason::TooLarge),
    ] {
        refused(&bytes, reason);
    }
}

#[test]
fn what_is_wrong_with_a_record_does_not_hang_on_when_it_is_read() {
    let early = UtcSecond(APPENDED_AT.0 - 86_400);
    let good = parse_registration(GOOD.as_bytes()).unwrap();
    assert_eq!(good.registration(early).unwrap_err().reason, Reason::Future);
    for (from, to, reason) in [
        (r#""R-1""#, r#""""#, Reason::BadId),
        ("carer-1", "198112189876", Reason::PersonalId),
        (r#""version":1"#, r#""version":0"#, Reason::BadField),
        ("0181", "181", Reason::BadMunicipality),
        ("59.1", "91", Reason::BadPosition),
        (
            r#""edits":[]"#,
            r#""edits":[],"planned_start":"1999-01-01T00:00:00Z","planned_end":"1999-01-01T00:00:00Z""#,
            Reason::BadTime,
        ),
    ] {
        let record = with(from, to);
        let record = parse_registration(&record).unwrap();
        for appended_at in [APPENDED_AT, early] {
            assert_eq!(record.registration(appended_at).unwrap_err().reason, reason, "{to}");
        }
    }
}

#[test]
fn a_municipality_code_is_four_digits() {
    for (code, detail) in [
        ("181", "`municipality` has 3 digits, expected 4: a zero in front is part of the code"),
        ("", "`municipality` is not four digits"),
        ("01811", "`municipality` is not four digits"),
        ("01:1", "`municipality` is not four digits"),
        ("018|", "`municipality` is not four digits"),
        ("018１", "`municipality` is not four digits"),
        ("Salem", "`municipality` is not four digits"),
    ] {
        assert_eq!(refused(&with("0181", code), Reason::BadMunicipality), detail, "{code}");
    }
    refused(&with(r#""0181""#, "181"), Reason::BadField);
}

#[test]
fn objects_are_not_read_by_position() {
    for (from, to) in [
        (r#"{"lat":59.1,"lon":17.6}"#, "[59.1,17.6,1.0]"),
        (r#"{"code":"shower","minutes":30}"#, r#"["shower",30]"#),
        (r#"{"method":"nfc_tag","geo":{"lat":59.1,"lon":17.6}}"#, r#"["nfc_tag"]"#),
    ] {
        refused(&with(from, to), Reason::BadField);
    }
}

#[test]
fn depth_is_limited_in_known_and_unknown_fields() {
    let nest = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(refusal(&and(&format!(r#""later":{}"#, nest(7)))), None);
    assert_eq!(refusal(&and(&format!(r#""later":[{}]"#, vec!["[]"; 100].join(",")))), None);
    refused(&and(&format!(r#""later":{}"#, nest(8))), Reason::TooDeep);
    refused(&and(&format!(r#""later":{}"#, nest(30_000))), Reason::TooDeep);
    refused(&and(&format!(r#""later":{}"#, r#"{"a":"#.repeat(9) + "1" + &"}".repeat(9))), Reason::TooDeep);
    let geo = r#""lat":59.1"#;
    assert_eq!(refusal(&with(geo, &format!(r#"{geo},"later":{}"#, nest(5)))), None);
    refused(&with(geo, &format!(r#"{geo},"later":{}"#, nest(6))), Reason::TooDeep);
    refused(&with(r#""edits":[]"#, &format!(r#""edits":{}"#, nest(9))), Reason::TooDeep);
    // Brackets in texts are no depth.
    assert_eq!(refusal(&and(r#""unit_id":"[[[[[[[[[[[[{{{{""#)), None);
}

/// Each replacement in the good record has its reason, and a detail without what stood there.
#[track_caller]
fn each_refused(reason: Reason, cases: &[(&str, &str, &str)]) {
    for (from, to, detail) in cases {
        let found = refused(&with(from, to), reason);
        assert!(found.starts_with(detail), "{found}");
        assert!(!found.contains("9876"), "{found}");
    }
}

#[test]
fn another_version_is_the_reason_whatever_failed_first() {
    let detail = "`schema_version` is 2, expected 1";
    let (version, later) =
        (r#""schema_version":1,"event_type":"recorded""#, r#""event_type":"new","schema_version":2"#);
    each_refused(
        Reason::SchemaVersion,
        &[(r#""schema_version":1"#, r#""schema_version":2"#, detail), (version, later, detail)],
    );
}

#[test]
fn missing_fields_are_named() {
    let end = r#""end_at":"2026-03-02T07:31:40+01:00","#;
    each_refused(
        Reason::MissingField,
        &[
            (r#""schema_version":1,"#, "", "`schema_version` is missing"),
            (r#""carer_ref":"carer-1","#, "", "`carer_ref` is missing"),
            (r#","lon":17.6"#, "", "`start_capture.geo.lon` is missing"),
            (r#""code":"shower","#, "", "`tasks.code` is missing"),
            (end, "", "`end_at` is missing, only `started` may lack it"),
        ],
    );
}

#[test]
fn fields_have_their_types_and_words() {
    each_refused(
        Reason::UnknownValue,
        &[
            ("recorded", "Recorded", "`event_type`: expected one of `started`, `ended`"),
            ("nfc_tag", "19811218-9876", "`start_capture.method`: expected one of `nfc_tag`"),
        ],
    );
    let (staff, billable) = (r#""required_staff":1"#, r#""billable":true"#);
    each_refused(
        Reason::BadField,
        &[
            ("59.1", r#""19811218-9876""#, "`start_capture.geo.lat`: expected a number"),
            (r#""carer-1""#, "198112189876", "`carer_ref`: expected a string"),
            (r#""carer-1""#, r#"{"expected 198112189876":1}"#, "`carer_ref`: expected a string"),
            (staff, r#""required_staff":256"#, "`required_staff`: expected a whole number"),
            (staff, r#""required_staff":0"#, "`required_staff` is 0"),
            (billable, r#""billable":"yes, expected 198112189876""#, "`billable`: expected a boolean"),
            (r#""edits":[]"#, r#""edits":{}"#, "`edits`: expected an array"),
            ("17.6", r#"17.6,"accuracy_m":-1"#, "`accuracy_m` is negative"),
            ("shower", r"\n", "`code` has a control"),
        ],
    );
}

#[test]
fn ids_texts_and_lists_have_their_limits() {
    let list = |count: usize| {
        format!(r#""partner_registration_ids":[{}],"edits":[]"#, vec![r#""R""#; count].join(","))
    };
    let edits = r#""edits":[]"#;
    each_refused(Reason::BadId, &[("carer-1", &"é".repeat(129), "`carer_ref` is longer")]);
    each_refused(Reason::TextTooLong, &[("shower", &"x".repeat(257), "`code` is longer")]);
    each_refused(Reason::TooMany, &[(edits, &list(65), "`partner_registration_ids`: at most 64")]);
    each_refused(
        Reason::BadPosition,
        &[("59.1", "91", "expected `lat`"), ("17.6", "-180.1", "expected `lat`")],
    );
    each_refused(
        Reason::BadTime,
        &[(edits, r#""payment":{"pay_period":"2026-13"}"#, "`payment.pay_period`: expected a month")],
    );
    assert_eq!(refusal(&with("carer-1", &"é".repeat(128))), None);
    assert_eq!(refusal(&with("shower", &"é".repeat(256))), None);
    assert_eq!(refusal(&with(edits, &list(64))), None);
}

#[test]
fn times_and_spans() {
    let start = "2026-03-02T07:03:11+01:00";
    let end = "2026-03-02T07:31:40+01:00";
    for (bytes, reason) in [
        (with(end, "2026-03-02T07:03:10+01:00"), Reason::EndBeforeStart),
        (with(start, "2026-03-01T06:31:40+01:00"), Reason::TooLong),
        (with(end, "2026-03-02T07:36:43+01:00"), Reason::Future),
        (with(start, "0001-01-01T00:00:00Z"), Reason::BadTime),
        (with(start, "1999-12-31T23:59:59Z"), Reason::BadTime),
        (with(end, "9999-12-31T23:59:59Z"), Reason::BadTime),
        (with(end, "2026-02-30T07:31:40+01:00"), Reason::BadTime),
        (with(end, "2025-10-26T02:30:00"), Reason::BadTime),
        (with(end, "2026-03-29 02:30"), Reason::BadTime),
        (with(end, ""), Reason::BadTime),
        (with(&format!("\"{end}\""), "1772433100"), Reason::BadField),
        (and(&format!(r#""planned_start":"{end}","planned_end":"{start}""#)), Reason::EndBeforeStart),
        (
            and(r#""planned_start":"2026-03-01T00:00:00Z","planned_end":"2026-03-02T00:00:01Z""#),
            Reason::TooLong,
        ),
    ] {
        refused(&bytes, reason);
    }
    // Nothing of a visit is refused for being short, late or half planned.
    for bytes in [
        with(end, start),
        with(start, "2026-03-01T07:31:40+01:00"),
        with(end, "2026-03-02T07:36:42+01:00"),
        and(&format!(r#""planned_start":"{start}""#)),
        GOOD.replace("2026-", "2001-").into_bytes(),
    ] {
        assert_eq!(refusal(&bytes), None);
    }
    let lone = and(&format!(r#""planned_end":"{start}""#));
    assert_eq!(parse_registration(&lone).unwrap().registration(APPENDED_AT).unwrap().planned, None);
    let started = with("recorded", "started");
    let open = String::from_utf8(started).unwrap().replace(&format!(r#""end_at":"{end}","#), "");
    let record = parse_registration(open.as_bytes()).unwrap();
    let registration = record.registration(APPENDED_AT).unwrap();
    assert_eq!((registration.event_type, registration.end_at), (EventType::Started, None));
}

#[test]
fn a_personal_number_in_any_id_is_refused_and_not_repeated() {
    let fields = [
        r#""unit_id":"?""#,
        r#""order_id":"?""#,
        r#""shared_visit_id":"?""#,
        r#""partner_registration_ids":["?"]"#,
        r#""end_capture":{"tag_ref":"?"}"#,
        r#""end_capture":{"device_ref":"?"}"#,
        r#""source":{"event_id":"?"}"#,
    ];
    for number in ["198112189876", "19811218-9876", "8112189876", "811218+9876", "19811278-9873"] {
        let required = ["R-1", "0181", "P-07", "carer-1", "client-1"];
        let records = required.iter().map(|id| with(id, number));
        for record in records.chain(fields.iter().map(|field| and(&field.replace('?', number)))) {
            let detail = refused(&record, Reason::PersonalId);
            assert!(!detail.bytes().any(|byte| byte.is_ascii_digit()), "{detail}");
        }
        let edit =
            format!(r#""edits":[{{"field":"x","at":"2026-03-02T07:00:00Z","editor_ref":"{number}"}}]"#);
        refused(&with(r#""edits":[]"#, &edit), Reason::PersonalId);
    }
}

#[test]
fn texts_with_escapes_and_unknown_fields_are_read() {
    let record = with("carer-1", r"v\u00e5rdare \ud83d\ude00 \/");
    let record = parse_registration(&record).unwrap();
    assert_eq!(record.registration(APPENDED_AT).unwrap().carer_ref, "vårdare 😀 /");
    assert_eq!(refusal(&and(r#""later":{"a":[1,null,"x",{}]}"#)), None);
}

fn again(registration: &Registration<'_>) {
    let mut bytes = Vec::new();
    write_registration(registration, &mut bytes);
    let record = parse_registration(&bytes).unwrap();
    let found = record.registration(UtcSecond(i64::MAX)).unwrap();
    assert_eq!(&found, registration, "{}", String::from_utf8_lossy(&bytes));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        drop(refusal(&bytes));
        drop(parse_fact(Some(&bytes), Some(&bytes), None));
        drop(parse_fact(Some(&bytes), None, None));
        drop(parse_decision(Some(&bytes), None));
        drop(parse_alert(&bytes));
        drop(parse_progress(&bytes));
        drop(peek_municipality(&bytes));
    }

    #[test]
    fn no_json_like_text_makes_it_panic(text in r#"\{("[a-z_]{1,6}"|[\[\]{},:]|-?[0-9.e]{1,4}|null|true|\\u[d0][8c0]00){0,40}\}"#) {
        drop(refusal(text.as_bytes()));
        drop(parse_fact(None, Some(text.as_bytes()), None));
    }

    /// A good record with a few bytes changed is refused, or says the same when written again.
    #[test]
    fn what_is_decoded_can_be_written(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4)) {
        let mut bytes = include_bytes!("../../tests/golden/registration-recorded.json").to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(record) = parse_registration(&bytes)
            && let Ok(registration) = record.registration(UtcSecond(i64::MAX)) {
            again(&registration);
        }
    }

    #[test]
    fn a_record_cut_anywhere_is_refused(at in 0..GOOD.len()) {
        prop_assert!(refusal(&GOOD.as_bytes()[..at]).is_some());
    }
}
