//! The records that others build on: golden files, published schemas, and the way there and back.
//!
//! `TIDVAKT_BLESS=1` rewrites the committed schemas and the AsyncAPI document from the types.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tidvakt::contract::{
    CLEARANCE, PartitionProgress, Progress, UNASSESSED_RANGES_MAX, alert_headers, asyncapi, content_hash,
    parse_alert, parse_audit, parse_decision, parse_fact, parse_progress, parse_registration,
    progress_headers, schemas, write_alert, write_assessment, write_audit, write_decision, write_fact,
    write_progress, write_registration,
};
use tidvakt::domain::{Alert, Assessment, FactChange, Grade, UtcSecond};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The golden records of `kind`: name and text. A golden file is named `<kind>` or `<kind>-<what>`.
fn golden(kind: &str) -> Vec<(String, String)> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(root().join("tests/golden")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let found: Vec<_> = files
        .into_iter()
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path))
        .filter(|(name, _)| {
            name.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        })
        .map(|(name, path)| (name, fs::read_to_string(path).unwrap()))
        .collect();
    assert!(!found.is_empty(), "no golden record of `{kind}`");
    found
}

/// Late enough for every golden record.
const APPENDED_AT: UtcSecond = UtcSecond(1_772_600_000);

/// Our own records have to be the golden bytes, up to the line break at the end.
#[track_caller]
fn same_bytes(name: &str, text: &str, write: impl FnOnce(&mut Vec<u8>)) {
    let mut out = Vec::new();
    write(&mut out);
    assert_eq!(String::from_utf8(out).unwrap(), text.trim_end(), "{name}");
}

#[test]
fn golden_registrations_are_read_and_say_the_same_when_written_again() {
    for (name, text) in golden("registration") {
        let record = parse_registration(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let registration = record.registration(APPENDED_AT).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut out = Vec::new();
        write_registration(&registration, &mut out);
        let again = parse_registration(&out).unwrap();
        assert_eq!(again.registration(APPENDED_AT), Ok(registration), "{name}");
        valid("registration.schema.json", &name, &String::from_utf8(out).unwrap());
    }
}

#[test]
fn the_sample_record_is_read_field_by_field() {
    let text = fs::read_to_string(root().join("tests/golden/registration-recorded.json")).unwrap();
    let record = parse_registration(text.as_bytes()).unwrap();
    insta::assert_debug_snapshot!(record.registration(APPENDED_AT).unwrap());
}

#[test]
fn what_we_write_is_the_golden_bytes() {
    for (name, text) in golden("reference-fact") {
        let change =
            parse_fact(None, Some(text.as_bytes()), None).unwrap_or_else(|error| panic!("{name}: {error}"));
        let FactChange::Put(fact) = change else { panic!("{name}: {change:?}") };
        same_bytes(&name, &text, |out| write_fact(&fact, out));
    }
    for (name, text) in golden("decision") {
        let decision =
            parse_decision(Some(text.as_bytes()), None).unwrap_or_else(|error| panic!("{name}: {error}"));
        same_bytes(&name, &text, |out| write_decision(&decision, out));
    }
    for (name, text) in golden("alert") {
        let alert = parse_alert(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        same_bytes(&name, &text, |out| write_alert(&alert, out));
    }
    for (name, text) in golden("progress") {
        let progress = parse_progress(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        same_bytes(&name, &text, |out| write_progress(&progress.expect("it has a kind"), out));
    }
    for (name, text) in golden("audit") {
        let link = parse_audit(Some(text.as_bytes())).unwrap_or_else(|error| panic!("{name}: {error}"));
        same_bytes(&name, &text, |out| write_audit(&link, out));
    }
}

#[test]
fn a_progress_record_from_before_there_were_two_kinds_says_nothing() {
    let (_, text) = golden("progress").remove(0);
    let mut record: Value = serde_json::from_str(&text).unwrap();
    record.as_object_mut().unwrap().remove("kind");
    assert_eq!(parse_progress(record.to_string().as_bytes()), Ok(None));
}

#[test]
fn the_largest_progress_record_can_be_read_back() {
    let range = |number: i64| (i64::MAX - 30_000 + 2 * number, i64::MAX - 30_000 + 2 * number);
    let progress = Progress::Partition(PartitionProgress {
        partition: i32::MAX,
        from_offset: i64::MAX - 30_000,
        through_offset: i64::MAX,
        append_time: APPENDED_AT,
        unassessed: (0..i64::try_from(UNASSESSED_RANGES_MAX).unwrap()).map(range).collect(),
        unattributed: u64::MAX,
    });
    let mut value = Vec::new();
    write_progress(&progress, &mut value);
    assert!(value.len() < 1_000_000, "a broker takes no more by default: {}", value.len());
    assert_eq!(parse_progress(&value), Ok(Some(progress)));
}

#[test]
fn assessments_are_the_golden_bytes() {
    let nothing = Assessment {
        registration_id: "R-123".to_owned(),
        version: 1,
        score: 0.0,
        p_value: None,
        grade: None,
        rules: Vec::new(),
        related: Vec::new(),
        undetermined: Vec::new(),
        assessed_at: UtcSecond(1_772_433_102),
    };
    let of = |score, p_value, grade, rules: &[&'static str], related: &[&str]| Assessment {
        score,
        p_value,
        grade: Some(grade),
        rules: rules.to_vec(),
        related: related.iter().map(|&id| id.to_owned()).collect(),
        ..nothing.clone()
    };
    let hard = ["carer-overlap", "duplicate-registration"];
    let assessments = [
        of(108.2, None, Grade::Hold, &hard, &["R-122"]),
        nothing.clone(),
        of(1.2, Some(0.0631), Grade::Observe, &["unusual-start"], &[]),
        of(3.91, Some(0.000_123), Grade::Review, &["unusual-duration"], &[]),
        Assessment {
            undetermined: vec![("impossible-travel", "client_home"), ("no-valid-order", "order")],
            ..nothing.clone()
        },
    ];
    let files = golden("assessment");
    assert_eq!(files.len(), assessments.len());
    for ((name, text), assessment) in files.iter().zip(&assessments) {
        same_bytes(name, text, |out| write_assessment(assessment, out));
    }
}

fn schema(file: &str) -> Value {
    schemas().into_iter().find(|(name, _)| *name == file).unwrap().1
}

#[track_caller]
fn valid(file: &str, name: &str, text: &str) {
    let validator = jsonschema::validator_for(&schema(file)).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(&serde_json::from_str(text).unwrap())
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{name} against {file}: {errors:#?}");
}

const KINDS: [&str; 7] =
    ["registration", "reference-fact", "decision", "alert", "progress", "assessment", "audit"];

#[test]
fn golden_records_are_valid_by_their_schemas() {
    assert_eq!(schemas().len(), KINDS.len());
    for kind in KINDS {
        let file = format!("{kind}.schema.json");
        jsonschema::meta::validate(&schema(&file)).unwrap();
        for (name, text) in golden(kind) {
            valid(&file, &name, &text);
        }
    }
}

#[test]
fn schemas_refuse_what_the_contract_refuses() {
    let sample = |kind: &str| serde_json::from_str::<Value>(&golden(kind)[0].1).unwrap();
    for (kind, pointer, value) in [
        ("registration", "/end_at", Value::Null),
        ("registration", "/version", 0.into()),
        ("registration", "/event_type", "paid".into()),
        ("registration", "/carer_ref", "".into()),
        ("registration", "/schema_version", 2.into()),
        ("registration", "/version", 1.5.into()),
        ("registration", "/municipality", "181".into()),
        ("reference-fact-tag", "/municipality", "01811".into()),
        ("decision", "/alert_id", "181:registration:R-123".into()),
        ("reference-fact-tag", "/type", "employment".into()),
        ("reference-fact-tag", "/body/tag_ref", Value::Null),
        ("decision", "/action", "pay".into()),
        ("alert", "/subject/kind", "house".into()),
        ("alert", "/findings/0/observed", Value::Array(Vec::new())),
        ("progress-restrained", "/kind", "partition".into()),
        ("progress-restrained", "/assessed_through_offset", "1".into()),
        ("progress-partition", "/unassessed/0", Value::Array(vec![1.into()])),
        ("progress-partition", "/kind", "municipality".into()),
        ("audit", "/previous", "0".into()),
        ("audit", "/role", "auditor".into()),
        ("audit", "/status", 20.into()),
    ] {
        let mut record = sample(kind);
        *record.pointer_mut(pointer).unwrap_or_else(|| panic!("{kind} has no {pointer}")) = value;
        let kind = ["reference-fact", "progress"].into_iter().find(|of| kind.starts_with(of)).unwrap_or(kind);
        let validator = jsonschema::validator_for(&schema(&format!("{kind}.schema.json"))).unwrap();
        assert!(!validator.is_valid(&record), "{kind} {pointer}");
    }
}

/// Every word of every closed list of a schema, and every field, stands in some golden record.
#[test]
fn golden_records_use_every_word_and_field() {
    for kind in KINDS {
        let (mut words, mut fields) = (BTreeSet::new(), BTreeSet::new());
        for (_, text) in golden(kind) {
            collect(&serde_json::from_str(&text).unwrap(), &mut words, &mut fields);
        }
        declared(&schema(&format!("{kind}.schema.json")), &mut |kind_of, name| {
            let known = if kind_of == "word" { &words } else { &fields };
            assert!(known.contains(name), "no golden {kind} has the {kind_of} `{name}`");
        });
    }
}

/// Texts and names of fields in `value`.
fn collect(value: &Value, words: &mut BTreeSet<String>, fields: &mut BTreeSet<String>) {
    match value {
        Value::String(word) => drop(words.insert(word.clone())),
        Value::Array(items) => items.iter().for_each(|item| collect(item, words, fields)),
        Value::Object(map) => {
            for (name, value) in map {
                fields.insert(name.clone());
                collect(value, words, fields);
            }
        }
        _ => (),
    }
}

/// Calls `each` for every word and every property that a schema declares.
fn declared(schema: &Value, each: &mut dyn FnMut(&str, &str)) {
    match schema {
        Value::Array(items) => items.iter().for_each(|item| declared(item, each)),
        Value::Object(map) => {
            for (name, value) in map {
                match (&**name, value) {
                    ("enum", Value::Array(words)) => {
                        words.iter().filter_map(Value::as_str).for_each(|word| each("word", word));
                    }
                    ("properties", Value::Object(properties)) => {
                        properties.keys().for_each(|field| each("field", field));
                        properties.values().for_each(|value| declared(value, each));
                    }
                    _ => declared(value, each),
                }
            }
        }
        _ => (),
    }
}

#[test]
fn the_committed_schemas_are_current() {
    for (name, schema) in schemas() {
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        current(&root().join("config/schemas").join(name), &text);
    }
    current(&root().join("config/asyncapi.yaml"), &asyncapi());
}

fn current(path: &Path, text: &str) {
    if std::env::var_os("TIDVAKT_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert!(committed == text, "`{}` is not current: run the tests with TIDVAKT_BLESS=1", path.display());
}

/// README, AsyncAPI and the schema of progress carry one rule.
#[test]
fn the_rule_of_clearance_is_the_same_wherever_it_is_written() {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, section) = readme.split_once("### Clearance\n").expect("the section is there");
    let mut rule = section.replace("**", "");
    for number in 1..=3 {
        rule = rule.replace(&format!("\n{number}. "), &format!("\n({number}) "));
    }
    assert!(words(&rule).starts_with(CLEARANCE), "{}\n{CLEARANCE}", words(&rule));
    assert!(words(&asyncapi()).contains(CLEARANCE));
    assert!(words(&schema("progress.schema.json").to_string().replace("\\n", " ")).contains(CLEARANCE));
}

#[test]
fn no_output_schema_forbids_new_fields() {
    for (name, schema) in schemas() {
        assert!(!schema.to_string().contains(r#""additionalProperties":false"#), "{name}");
    }
}

#[test]
fn the_hash_is_of_what_is_told_and_of_nothing_else() {
    let (_, text) = golden("alert-opened").remove(0);
    let published = parse_alert(text.as_bytes()).unwrap();
    let hash = content_hash(&published.alert);
    let mut other = published.clone();
    other.alert.offset += 1;
    other.alert.assessed_at = other.alert.assessed_at.plus(1);
    other.alert.hold.as_mut().unwrap().proposed_at = other.alert.assessed_at;
    assert_eq!(content_hash(&other.alert), hash);
    let changes: [fn(&mut Alert); 9] = [
        |alert| alert.findings[0].seconds_in_question += 1,
        |alert| alert.findings.clear(),
        |alert| alert.hold = None,
        |alert| alert.hold.as_mut().unwrap().expires_at = UtcSecond(0),
        |alert| alert.hold.as_mut().unwrap().withholds_from = UtcSecond(0),
        |alert| alert.hold.as_mut().unwrap().disputed.clear(),
        |alert| alert.score += 0.1,
        |alert| alert.subject.version = Some(2),
        |alert| alert.event_time = UtcSecond(0),
    ];
    for change in changes {
        let mut other = published.alert.clone();
        change(&mut other);
        assert_ne!(content_hash(&other), hash);
    }
}

/// An alert with numbers that print long must read back as it was hashed, or every restart would
/// publish it again.
#[test]
fn numbers_of_an_alert_survive_their_way_over_the_topic() {
    let (_, text) = golden("alert-pair-period").remove(0);
    let mut published = parse_alert(text.as_bytes()).unwrap();
    let numbers = [0.1 + 0.2, 1.0 / 3.0, 1.234e-300, 5e-324, 6.02e23, 123_456.789, 1e15, f64::MAX, -0.0];
    for number in numbers {
        published.alert.p_value = Some(number);
        published.alert.score = number;
        let mut bytes = Vec::new();
        write_alert(&published, &mut bytes);
        let back = parse_alert(&bytes).unwrap();
        assert_eq!(content_hash(&back.alert), content_hash(&published.alert), "{number:e}");
        let mut again = Vec::new();
        write_alert(&back, &mut again);
        assert_eq!(bytes, again);
    }
}

#[test]
fn records_of_ours_have_cloud_events_headers() {
    let alert = parse_alert(golden("alert-opened")[0].1.as_bytes()).unwrap();
    let progress = golden("progress").into_iter().map(|(_, text)| {
        let progress = parse_progress(text.as_bytes()).unwrap().expect("it has a kind");
        progress_headers(&progress, text.as_bytes())
    });
    for headers in progress.chain([alert_headers(&alert)]) {
        let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
        let expected = ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "content-type"];
        assert_eq!(names, expected);
        assert_eq!(headers[4].1, "2026-03-02T06:31:42Z");
    }
    assert_eq!(alert_headers(&alert)[1].1, "0181:registration:R-123/1");
}
