//! Files of another kind, each by its name.

use super::*;

fn is(name: &str, bytes: &[u8]) -> String {
    match open(name, bytes) {
        Err(InputError::Kind { wrong, .. }) => wrong.is,
        Err(error) => panic!("{name}: {error}"),
        Ok(_) => panic!("{name} is read"),
    }
}

fn utf16(text: &str, big: bool, marked: bool) -> Vec<u8> {
    let marked = if marked { "\u{feff}" } else { "" };
    let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
    marked.encode_utf16().chain(text.encode_utf16()).flat_map(bytes).collect()
}

#[test]
fn spreadsheets_and_archives_are_named() {
    let zip = |inner: &str| format!("PK\x03\x04\x14\0\x06\0\x08\0{inner}\0\0\0\0").into_bytes();
    for name in ["visits.xlsx", "visits.csv", "visits.jsonl"] {
        assert_eq!(is(name, &zip("[Content_Types].xml....xl/workbook.xml")), "an Excel workbook");
        assert_eq!(
            is(name, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0"),
            "an old Excel workbook or another old Office file"
        );
    }
    assert_eq!(
        is("x.ods", &zip("mimetypeapplication/vnd.oasis.opendocument.spreadsheet")),
        "an OpenDocument spreadsheet"
    );
    assert_eq!(is("x.csv", &zip("word/document.xml[Content_Types].xml")), "an Office document");
    assert_eq!(is("x.csv", &zip("visits.csv")), "a ZIP archive");
}

#[test]
fn programs_and_other_formats_are_named() {
    for (bytes, name) in [
        (&b"\x7fELF\x02\x01\x01\0"[..], "a program (ELF)"),
        (b"MZ\x90\0\x03", "a program for Windows"),
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF"),
        (b"PAR1\x15\x04", "a Parquet file"),
        (b"SQLite format 3\0\x10\0", "an SQLite database"),
        (b"BZh91AY&SY", "packed with bzip2"),
        (b"{\\rtf1\\ansi", "an RTF text"),
        (b"<?xml version=\"1.0\"?>", "XML"),
        (b"<!DOCTYPE html><html>", "a web page (HTML)"),
        (&[0; 5_000], "no text but binary data"),
        (b"\x01\x02\x03\x04\x05\x06abc", "no text but binary data"),
    ] {
        assert_eq!(is("x.jsonl", bytes), name);
        assert_eq!(is("x.csv", bytes), name);
    }
    assert_eq!(is("x.jsonl.gz", &gzip(b"\x7fELF\x02")), "a program (ELF)");
    assert_eq!(is("x.jsonl.gz", &gzip(&gzip(b"{}"))), "packed twice with gzip");
}

#[test]
fn other_encodings_are_named() {
    let text = String::from_utf8(table("kommentar", &["på väg", "ok", "hjälp", "Åsa"])).unwrap();
    for (big, marked) in [(false, true), (true, true), (false, false), (true, false)] {
        assert_eq!(is("x.csv", &utf16(&text, big, marked)), "UTF-16");
        assert_eq!(is("x.jsonl", &utf16("{\"a\": \"på väg\"}\n", big, marked)), "UTF-16");
    }
    let windows: Vec<u8> = text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
    assert_eq!(is("x.csv", &windows), "not UTF-8 but Windows-1252");
    assert_eq!(
        is(
            "x.csv",
            &windows
                .iter()
                .map(|byte| if *byte == b'\n' { b'\r' } else { *byte })
                .filter(u8::is_ascii)
                .collect::<Vec<_>>()
        ),
        "a file whose lines end with a carriage return alone"
    );
    // UTF-8 with one broken line is UTF-8 with one broken line.
    let mut mixed = text.into_bytes();
    mixed.extend_from_slice(format!("{ROW},").as_bytes());
    mixed.extend_from_slice(b"p\xe5 v\xe4g\n");
    let found = rows("x.csv", &mixed);
    assert_eq!(found.iter().filter(|(_, row)| row.is_ok()).count(), 4);
    assert_eq!(found[4].1, Err("not-utf8"));
}

#[test]
fn json_and_tables_under_each_others_names_are_named() {
    for array in ["[{\"a\":1}]", " [\n  {\n", "[]"] {
        assert_eq!(is("x.jsonl", array.as_bytes()), "one JSON array");
        assert_eq!(is("x.csv", array.as_bytes()), "one JSON array");
    }
    assert_eq!(is("x.jsonl", b"{\n  \"registration_id\": \"R\"\n}\n"), "JSON over several lines");
    assert_eq!(is("x.csv", b"{\"registration_id\": \"R\"}\n"), "JSON Lines, although it is called `.csv`");
    assert_eq!(is("x.jsonl", &table("trainee", &["true"])), "CSV, although it is not called so");
    assert_eq!(is("x.jsonl", b"Brukare;Personal;Start\nb1;p1;08:00\n"), "CSV, although it is not called so");
}

#[test]
fn odd_lines_make_no_file_a_wrong_one() {
    for text in [
        "",
        "\n\n",
        "{}\n[1,2]\n",
        "[2026-03-02 08:00] started\n{}\n",
        "nonsense\n{}\n",
        "null\n",
        "{\"a\": \"p\u{e5} v\u{e4}g\"}\n",
        "{}\n\0\0\0\0\0\0\0\0\n{}\n{\"a\": 1, \"b\": 2, \"c\": 3, \"d\": 4, \"e\": 5, \"f\": 6, \"g\": 7}\n{}\n",
        "x,y\n",
        "warning, low disk, 3 %\nwarning, low disk, 2 %\n{}\n",
    ] {
        assert!(open("x.jsonl", text.as_bytes()).is_ok(), "{text}");
    }
}
