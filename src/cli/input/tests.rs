#![expect(clippy::unwrap_used, reason = "a test may fail and say why")]

use std::io::Write;

use serde_json::{Value, json};

use super::*;

/// A file of registrations, read by `manner`.
fn open_as(name: &str, bytes: &[u8], manner: &Manner) -> Result<InputFile, InputError> {
    let (length, reader) = (Some(bytes.len() as u64), Box::new(io::Cursor::new(bytes.to_vec())));
    InputFile::new(Path::new(name), reader, length, RecordKind::Registration, manner)
}

fn open(name: &str, bytes: &[u8]) -> Result<InputFile, InputError> {
    open_as(name, bytes, &Manner::default())
}

fn mapped(map: &str, zone: Option<&str>) -> Manner {
    Manner { maps: Maps::parse(map).unwrap(), times: zone.map(|zone| LocalTimes::named(zone).unwrap()) }
}

/// Each line: its record, or why there is none, with the line that it begins in.
fn read_as(name: &str, bytes: &[u8], manner: &Manner) -> Vec<(u64, Result<Value, &'static str>)> {
    let mut input = open_as(name, bytes, manner).unwrap();
    let mut found = Vec::new();
    while let Some(line) = input.next_line().unwrap() {
        let record = line
            .refusal
            .map_or_else(|| Ok(serde_json::from_slice(line.bytes).unwrap()), |why| Err(why.reason));
        found.push((line.line, record));
    }
    found
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

/// The contract's required fields, as a header and as the beginning of a row, and as the record that they are.
const HEADER: &str = "schema_version,event_type,registration_id,version,municipality,provider_id,carer_ref,client_ref,\
                      start_at,end_at";
const ROW: &str = "1,recorded,R-1,1,0181,P-1,ca-1,cl-1,2026-03-02T08:00:00+01:00,2026-03-02T08:30:00+01:00";

fn record() -> Value {
    json!({"schema_version": 1, "event_type": "recorded", "registration_id": "R-1", "version": 1,
           "municipality": "0181", "provider_id": "P-1", "carer_ref": "ca-1", "client_ref": "cl-1",
           "start_at": "2026-03-02T08:00:00+01:00", "end_at": "2026-03-02T08:30:00+01:00"})
}

/// The record with the fields of `more`.
fn record_and(more: Value) -> Value {
    let mut record = record();
    record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    record
}

/// A table: the required columns, and those of `columns` with the cells of each row.
fn table(columns: &str, rows: &[&str]) -> Vec<u8> {
    let rows: String = rows.iter().map(|row| format!("{ROW},{row}\n")).collect();
    format!("{HEADER},{columns}\n{rows}").into_bytes()
}

fn rows(name: &str, bytes: &[u8]) -> Vec<(u64, Result<Value, &'static str>)> {
    read_as(name, bytes, &Manner::default())
}

/// With `;` for what parts cells.
fn swedish(table: &[u8]) -> Vec<u8> {
    String::from_utf8(table.to_vec()).unwrap().replace(',', ";").replace('|', ",").into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

mod csv;
mod maps;
mod packed;
mod wrong;

#[test]
fn lines_are_numbered_and_blank_ones_are_counted_but_not_given() {
    let found = lines("x.jsonl", b"{\"a\":1}\r\n\n  \n{\"b\":2}");
    assert_eq!(found, [(0, b"{\"a\":1}".to_vec()), (3, b"{\"b\":2}".to_vec())]);
    assert!(lines("x.jsonl", b"").is_empty());
    assert!(lines("x.jsonl", b"\n").is_empty());
}

#[test]
fn a_byte_order_mark_at_the_beginning_is_left_out_and_said() {
    assert_eq!(lines("x.jsonl", b"\xef\xbb\xbf{}\n"), [(0, b"{}".to_vec())]);
    assert_eq!(lines("x.jsonl", b"{}"), [(0, b"{}".to_vec())]);
    let marked = open("x.jsonl", b"\xef\xbb\xbf{}\n").unwrap();
    assert_eq!(marked.notes(), ["begins with a byte-order mark, which is left out"]);
    assert!(open("x.jsonl", b"{}\n").unwrap().notes().is_empty());
    // Elsewhere it stays, and the contract refuses it as over Kafka.
    let within = lines("x.jsonl", b"{}\n\xef\xbb\xbf{}\n");
    assert_eq!(within[1].1, b"\xef\xbb\xbf{}");
}

#[test]
fn bytes_that_are_not_text_are_given_as_they_are() {
    assert_eq!(lines("x.jsonl", b"{}\n\xff\xfe\0\n{}")[1], (1, b"\xff\xfe\0".to_vec()));
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
fn what_is_not_there_is_named() {
    let (kind, manner) = (RecordKind::Registration, Manner::default());
    let error = InputFile::open(Path::new("no/such/file.jsonl"), kind, &manner).err().unwrap();
    assert_eq!(error.to_string(), "`no/such/file.jsonl` can't be opened");
    assert!(matches!(InputFile::open(Path::new("/"), kind, &manner), Err(InputError::Open { .. })));
}
