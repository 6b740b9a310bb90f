#![expect(clippy::unwrap_used, reason = "a test may fail and say why")]

use std::io::Write;

use serde_json::{Value, json};

use super::*;

fn open(name: &str, bytes: &[u8]) -> Result<Input, InputError> {
    Input::new(Path::new(name), Box::new(io::Cursor::new(bytes.to_vec())), Some(bytes.len() as u64))
}

fn lines(name: &str, bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let mut input = open(name, bytes).unwrap();
    let mut found = Vec::new();
    while let Some(line) = input.next_line().unwrap() {
        found.push((line.number, line.bytes.to_vec()));
    }
    assert_eq!(input.taken_bytes(), bytes.len() as u64);
    found
}

fn rows(bytes: &[u8]) -> Vec<Value> {
    lines("x.csv", bytes).iter().map(|(_, row)| serde_json::from_slice(row).unwrap()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn lines_are_numbered_and_blank_ones_are_counted_but_not_given() {
    let found = lines("x.jsonl", b"{\"a\":1}\r\n\n  \n{\"b\":2}");
    assert_eq!(found, [(0, b"{\"a\":1}".to_vec()), (3, b"{\"b\":2}".to_vec())]);
    assert!(lines("x.jsonl", b"").is_empty());
    assert!(lines("x.jsonl", b"\n").is_empty());
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_line() {
    assert_eq!(lines("x.jsonl", b"\xef\xbb\xbf{}\n"), [(0, b"{}".to_vec())]);
    assert_eq!(lines("x.jsonl", b"{}"), [(0, b"{}".to_vec())]);
}

#[test]
fn bytes_that_are_not_text_are_given_as_they_are() {
    assert_eq!(lines("x.jsonl", b"\xff\xfe\0\n{}"), [(0, b"\xff\xfe\0".to_vec()), (1, b"{}".to_vec())]);
}

#[test]
fn compressed_files_are_known_by_their_first_bytes() {
    let text = b"{\"a\":1}\n{\"b\":2}\n";
    let expected = lines("x", text);
    assert_eq!(lines("x.jsonl.gz", &gzip(text)), expected);
    assert_eq!(lines("x.jsonl", &zstd::encode_all(&text[..], 1).unwrap()), expected);
    // Files put one after the other are one file.
    assert_eq!(lines("x.gz", &[gzip(&text[..8]), gzip(&text[8..])].concat()), expected);
}

#[test]
fn a_compressed_file_that_is_cut_off_is_an_error_and_not_an_end() {
    let text: Vec<u8> = (0..200_000).flat_map(|n| format!("{{\"n\":{n}}}\n").into_bytes()).collect();
    for whole in [gzip(&text), zstd::encode_all(&text[..], 1).unwrap()] {
        let mut input = open("x.jsonl", &whole[..whole.len() / 2]).unwrap();
        let end = loop {
            match input.next_line() {
                Ok(Some(_)) => {}
                other => break other.map(|line| line.is_some()),
            }
        };
        assert!(matches!(end, Err(InputError::Read { .. })), "{end:?}");
    }
}

#[test]
fn of_a_line_that_is_too_long_just_enough_is_kept_and_the_next_one_is_whole() {
    let mut text = vec![b'x'; 3_000_000];
    text.extend_from_slice(b"\n{}\n");
    let found = lines("x.jsonl", &text);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].1.len(), KEPT_BYTES_MAX);
    assert_eq!(found[1], (1, b"{}".to_vec()));
    // Just fitting lines are whole.
    let text = vec![b'x'; 65_536];
    assert_eq!(lines("x.jsonl", &text), [(0, text)]);
}

#[test]
fn csv_rows_become_records() {
    let found = rows(
        b"schema_version,registration_id,municipality,trainee,start_capture.method,start_capture.geo.lat,tasks\n\
          1,R-1,0181,false,nfc_tag,59.25,\"[{\"\"code\"\": \"\"shower\"\", \"\"minutes\"\": 30}]\"\n\
          1,12,0181,TRUE,,,\n",
    );
    assert_eq!(
        found,
        [
            json!({"schema_version": 1, "registration_id": "R-1", "municipality": "0181", "trainee": false,
                   "start_capture": {"method": "nfc_tag", "geo": {"lat": 59.25}},
                   "tasks": [{"code": "shower", "minutes": 30}]}),
            json!({"schema_version": 1, "registration_id": "12", "municipality": "0181", "trainee": true}),
        ]
    );
}

#[test]
fn cells_that_are_not_of_their_kind_stay_text_for_the_contract_to_refuse() {
    let found = rows(b"version,billable,tasks\none,perhaps,shower\n1e400,,\"\"\"x\"\"\"\n");
    assert_eq!(
        found,
        [
            json!({"version": "one", "billable": "perhaps", "tasks": "shower"}),
            json!({"version": "1e400", "tasks": "\"x\""})
        ]
    );
}

#[test]
fn swedish_spreadsheets_part_cells_with_semicolons() {
    let found = rows(b"\xef\xbb\xbfregistration_id;source.system\r\nR-1;\"a,b;c\"\r\n");
    assert_eq!(found, [json!({"registration_id": "R-1", "source": {"system": "a,b;c"}})]);
}

#[test]
fn a_line_break_within_quotes_belongs_to_the_cell() {
    let found = lines("x.csv.gz", &gzip(b"a,b\n1,\"x\ny\"\n2,z\n"));
    let values: Vec<(u64, Value)> =
        found.iter().map(|(number, row)| (*number, serde_json::from_slice(row).unwrap())).collect();
    assert_eq!(values, [(0, json!({"a": "1", "b": "x\ny"})), (1, json!({"a": "2", "b": "z"}))]);
}

#[test]
fn rows_that_do_not_fit_the_header_are_given_as_they_are() {
    let found = lines("x.csv", b"a,b\n1\n1,2,3\n\xff,1\n");
    assert_eq!(found, [(0, b"1".to_vec()), (1, b"1,2,3".to_vec()), (2, b"\xff,1".to_vec())]);
}

#[test]
fn a_quote_that_is_never_closed_takes_a_bounded_part_of_the_file() {
    let mut text = b"a,b\n\"x,1\n".to_vec();
    text.extend(std::iter::repeat_n(&b"2,3\n"[..], 40_000).flatten());
    let found = lines("x.csv", &text);
    assert_eq!(found[0].1.len(), KEPT_BYTES_MAX);
    assert!(20_000 < found.len());
}

#[test]
fn headers_that_can_not_be_used_are_refused() {
    let refusal = |header: &[u8]| match open("x.csv", header) {
        Err(error) => error.to_string(),
        Ok(_) => String::new(),
    };
    assert_eq!(refusal(b"a,b,a\n"), "`x.csv`: the header has the column `a` twice");
    assert_eq!(
        refusal(b"a,,b\n"),
        "`x.csv`: the header has a column called ``, expected a field's dotted name"
    );
    assert_eq!(
        refusal(b"payment,payment.mode\n"),
        "`x.csv`: the header has both the column `payment` and the column `payment.mode` inside it"
    );
    assert!(lines("x.csv", b"").is_empty());
}

#[test]
fn what_is_not_there_is_named() {
    let error = Input::open(Path::new("no/such/file.jsonl")).err().unwrap();
    assert_eq!(error.to_string(), "`no/such/file.jsonl` can't be opened");
    assert!(matches!(Input::open(Path::new("/")), Err(InputError::Open { .. })));
}
