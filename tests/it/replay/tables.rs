//! Tables and packed files from end to end: every row is counted once.

use super::*;

const HEADER: &str = "schema_version,event_type,registration_id,version,municipality,provider_id,carer_ref,client_ref,\
                      start_at,end_at,start_capture.method,end_capture.method";

fn row(number: usize, more: &str) -> String {
    format!(
        "1,recorded,R-{number},1,0181,P-1,ca-{number},cl-{number},2026-03-02T08:00:00+01:00,2026-03-02T08:30:00+01:00,\
         nfc_tag,nfc_tag{more}\n"
    )
}

/// Twenty rows with a comment each.
fn twenty(comment: impl Fn(usize) -> &'static str) -> String {
    let rows: String = (1..=20).map(|number| row(number, &format!(",{}", comment(number)))).collect();
    format!("{HEADER},kommentar\n{rows}")
}

/// The exit code of `--strict`, the registrations and the refused lines.
fn counts(name: &str, bytes: &[u8]) -> (i32, u64, u64) {
    let folder = folder(&[(name, bytes)]);
    let assert = replay(folder.path(), &["--strict", name]);
    let said = stderr(&assert);
    let number = |of: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(of)).unwrap_or_else(|| panic!("{said}"));
        line.split_whitespace().next().unwrap().parse().unwrap()
    };
    (assert.get_output().status.code().unwrap(), number("registrations"), number("refused lines"))
}

#[test]
fn every_row_is_scored_or_refused_whatever_quotes_stand_in_it() {
    let quoted = |rows: &'static [usize], cell: &'static str| {
        counts("x.csv", twenty(|number| if rows.contains(&number) { cell } else { "ok" }).as_bytes())
    };
    assert_eq!(quoted(&[3], "skylt 5\" hoger"), (0, 20, 0));
    assert_eq!(quoted(&[3, 8], "skylt 5\" hoger"), (0, 20, 0));
    assert_eq!(quoted(&[3], "\"skylt 5\"\" hoger\nandra raden\""), (0, 20, 0));
    assert_eq!(quoted(&[3], "\"skylt hoger"), (65, 19, 1));
    assert_eq!(quoted(&[3, 8], "\"skylt hoger"), (65, 18, 2));
    assert_eq!(quoted(&[20], "\"skylt hoger"), (65, 19, 1));
}

#[test]
fn facts_do_not_vanish_behind_a_quote() {
    let facts = "schema_version,municipality,fact_id,type,valid_from,recorded_at,body.client_ref,body.household_ref,anm\n\
                 1,0181,h-a,client_home,2025-01-01T00:00:00Z,2025-01-01T00:00:00Z,cl-a,h1,\"port 3\n\
                 1,0181,h-b,client_home,2025-01-01T00:00:00Z,2025-01-01T00:00:00Z,cl-b,h2,ok\n\
                 1,0181,h-c,client_home,2025-01-01T00:00:00Z,2025-01-01T00:00:00Z,cl-c,h3,port \"4\" inne\n";
    let visits = jsonl(&[visit("R-1", "08:00", "08:30")]);
    let folder = folder(&[("facts.csv", facts.as_bytes()), ("visits.jsonl", &visits)]);
    let said = stderr(&replay(folder.path(), &["--reference", "facts.csv", "visits.jsonl"]).success());
    assert!(said.contains("(1 row, 2 facts)") && said.contains("(open-quote 1)"), "{said}");
}

#[test]
fn a_table_as_a_spreadsheet_set_to_swedish_saves_it_is_read() {
    let columns = "start_capture.geo.lat,start_capture.geo.lon,trainee,billable,required_staff";
    let table = format!(
        "{HEADER},{columns},,\n{}{}{}",
        row(1, ",59|1955,17|6253,,,2|0,,"),
        row(2, ",,,FALSKT,SANT,,,"),
        ",".repeat(18)
    );
    let swedish = format!("\u{feff}{}\n", table.replace(',', ";").replace('|', ",")).replace('\n', "\r\n");
    assert_eq!(counts("x.csv", swedish.as_bytes()), (0, 2, 0));
}

#[test]
fn a_number_without_a_fraction_is_whole_in_lines_and_in_tables() {
    let whole = json!({"schema_version": 1.0, "version": 1.0, "required_staff": 2.0, "tasks": [{"code": "shower", "minutes": 30.0}],
                       "payment": {"mode": "performed", "billable_seconds": 1800.0}});
    let half = with(visit("R-2", "09:00", "09:30"), json!({"required_staff": 1.5}));
    let records = [with(visit("R-1", "08:00", "08:30"), whole), half, visit("R-3", "10:00", "10:30")];
    assert_eq!(counts("x.jsonl", &jsonl(&records)), (65, 2, 1));
    let table =
        format!("{HEADER},required_staff\n{}{}", row(1, ",2.0").replacen("1,", "1.0,", 1), row(2, ",1"));
    assert_eq!(counts("x.csv", table.as_bytes()), (0, 2, 0));
}

#[test]
fn packed_files_are_read_with_all_their_frames_and_members() {
    let records: Vec<Value> = (0..10)
        .map(|n| with(visit(&format!("R-{n}"), "08:00", "08:30"), json!({"carer_ref": format!("ca-{n}")})))
        .collect();
    let text = jsonl(&records);
    let half = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(4).unwrap().0 + 1;
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    let skippable = [0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4];
    assert_eq!(counts("x.jsonl.zst", &[&skippable, &zstd(&text)[..]].concat()), (0, 10, 0));
    assert_eq!(counts("x.jsonl.zst", &[zstd(&text[..half]), zstd(&text[half..])].concat()), (0, 10, 0));
}
