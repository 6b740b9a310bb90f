//! Wrong files: each ends with 65 and says what it is and what would help.

use super::*;

fn ten() -> Vec<Value> {
    (0..10)
        .map(|n| with(visit(&format!("R-{n}"), "08:00", "08:30"), json!({"carer_ref": format!("ca-{n}")})))
        .collect()
}

const TABLE: &str = "schema_version;event_type;registration_id;version;municipality;provider_id;carer_ref;client_ref;\
                     start_at;end_at;kommentar\n\
                     1;recorded;R-1;1;0181;P-1;ca;cl;2026-03-02T08:00:00+01:00;2026-03-02T08:30:00+01:00;på väg\n\
                     1;recorded;R-2;1;0181;P-1;ca;cl;2026-03-02T09:00:00+01:00;2026-03-02T09:30:00+01:00;hjälp\n";

/// What is said of a file that is refused as a whole.
fn refused(name: &str, bytes: &[u8]) -> String {
    let folder = folder(&[(name, bytes)]);
    let assert = replay(folder.path(), &[name]).code(65);
    assert!(assert.get_output().stdout.is_empty());
    stderr(&assert)
}

#[test]
fn a_file_of_another_kind_is_named_with_what_would_help() {
    let utf16: Vec<u8> =
        "\u{feff}".encode_utf16().chain(TABLE.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let windows: Vec<u8> = TABLE.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
    let array = serde_json::to_vec_pretty(&ten()).unwrap();
    let elf = std::fs::read(env!("CARGO_BIN_EXE_tidvakt")).unwrap();
    for (name, bytes, is, help) in [
        (
            "visits.xlsx",
            &b"PK\x03\x04\x14\0\x06\0[Content_Types].xml xl/workbook.xml"[..],
            "an Excel workbook",
            "CSV UTF-8",
        ),
        (
            "visits.csv",
            &b"PK\x03\x04\x14\0\x06\0[Content_Types].xml xl/workbook.xml"[..],
            "an Excel workbook",
            "CSV UTF-8",
        ),
        ("array.jsonl", &array, "one JSON array", "jq -c '.[]'"),
        ("table.jsonl", TABLE.as_bytes(), "CSV, although it is not called so", "call it `.csv`"),
        ("lines.csv", &jsonl(&ten()), "JSON Lines, although it is called `.csv`", "call it `.jsonl`"),
        ("program.jsonl", &elf[..4_096], "a program (ELF)", "give the file with the records"),
        ("utf16.csv", &utf16, "UTF-16", "iconv -f UTF-16LE -t UTF-8"),
        ("windows.csv", &windows, "not UTF-8 but Windows-1252", "iconv -f WINDOWS-1252 -t UTF-8"),
        ("lines.jsonl.zst", &jsonl(&ten()), "no zstd file, although it is called `.zst`", "write it anew"),
        ("lines.jsonl.gz", &jsonl(&ten()), "no gzip file, although it is called `.gz`", "write it anew"),
    ] {
        let said = refused(name, bytes);
        assert!(said.starts_with(&format!("error: `{name}` is {is}")), "{said}");
        assert!(said.contains("\n  help: ") && said.contains(help), "{said}");
    }
}

#[test]
fn a_file_of_which_no_line_can_be_used_shows_the_first_three() {
    let said = refused("rubbish.jsonl", b"\nno\nrecord\n\n{}\nat all\n");
    for part in [
        "none of the 4 lines of `rubbish.jsonl` can be used as registrations\n  line 2: not-json",
        "\n  line 3: not-json",
        "\n  line 5: missing-field: `schema_version` is missing\n  and 1 more\n  help: `--quarantine FILE`",
    ] {
        assert!(said.contains(part), "{said}");
    }
    for (name, bytes) in [
        ("empty.jsonl", &b""[..]),
        ("blank.jsonl", b"\n\n"),
        ("header.csv", TABLE.lines().next().unwrap().as_bytes()),
    ] {
        let said = refused(name, bytes);
        assert!(
            said.contains(&format!("`{name}` holds no record, registrations are expected there")),
            "{said}"
        );
    }
}

#[test]
fn a_file_of_which_more_than_half_can_not_be_used_is_a_wrong_one() {
    let with_broken = |broken: usize| {
        let mut records = ten();
        records[10 - broken..].iter_mut().for_each(|record| record["carer_ref"] = "".into());
        folder(&[("half.jsonl", &jsonl(&records))])
    };
    replay(with_broken(5).path(), &["half.jsonl"]).success();
    let said = stderr(&replay(with_broken(6).path(), &["half.jsonl"]).code(65));
    assert!(
        said.contains("6 of the 10 lines of `half.jsonl` can't be used as registrations\n  line 5: bad-id"),
        "{said}"
    );
    // What can be used is assessed all the same, and the summary is there.
    assert!(said.contains("registrations             4\n"), "{said}");
}

#[test]
fn records_of_another_kind_are_sent_where_they_belong() {
    let facts: Vec<Value> = (0..3).map(|n| home(&format!("cl-{n}"), "h")).collect();
    let decision = json!({"schema_version": 1, "decision_id": "D", "alert_id": "0181:registration:R-1"});
    let alert = json!({"schema_version": 1, "alert_id": "0181:registration:R-1", "state": "opened"});
    let folder = folder(&[
        ("visits.jsonl", &jsonl(&ten())),
        ("facts.jsonl", &jsonl(&facts)),
        ("decisions.jsonl", &jsonl(&[decision])),
        ("alerts.jsonl", &jsonl(&[alert])),
    ]);
    for (args, is, help) in [
        (
            &["--reference", "visits.jsonl", "visits.jsonl"][..],
            "can be used as reference facts",
            "these are registrations",
        ),
        (
            &["--decisions", "facts.jsonl", "visits.jsonl"],
            "can be used as decisions",
            "these are reference facts",
        ),
        (&["facts.jsonl"], "can be used as registrations", "with `--reference FILE`"),
        (&["decisions.jsonl"], "registrations are expected there", "with `--decisions FILE`"),
        (&["alerts.jsonl"], "registrations are expected there", "these are alerts"),
    ] {
        let assert = replay(folder.path(), args).code(65);
        let said = stderr(&assert);
        assert!(said.contains(is) && said.contains(help), "{said}");
        assert!(assert.get_output().stdout.is_empty());
    }
}

#[test]
fn an_empty_file_is_one_among_others_or_a_wrong_one() {
    let folder = folder(&[("visits.jsonl", &jsonl(&ten())), ("empty.jsonl", b"")]);
    let said = stderr(
        &replay(folder.path(), &["--decisions", "empty.jsonl", "visits.jsonl", "empty.jsonl"]).success(),
    );
    assert!(said.contains("note: `empty.jsonl`: holds no record\n"), "{said}");
    let said = stderr(&replay(folder.path(), &["--reference", "empty.jsonl", "visits.jsonl"]).code(65));
    assert!(said.contains("`empty.jsonl` holds no record, reference facts are expected there"), "{said}");
}

#[test]
fn a_byte_order_mark_is_left_out_and_said() {
    let marked = |bytes: &[u8]| [b"\xef\xbb\xbf", bytes].concat();
    let folder =
        folder(&[("lines.jsonl", &marked(&jsonl(&ten()))), ("table.csv", &marked(TABLE.as_bytes()))]);
    for (name, registrations) in [("lines.jsonl", 10), ("table.csv", 2)] {
        let said = stderr(&replay(folder.path(), &["--strict", name]).success());
        assert!(said.contains(&format!("registrations  {registrations:>12}\n")), "{said}");
        assert!(
            said.contains(&format!("note: `{name}`: begins with a byte-order mark, which is left out\n")),
            "{said}"
        );
    }
}

#[test]
fn evaluate_names_wrong_files_as_well() {
    let plan = |folder: &Path| {
        tidvakt()
            .args(["simulate", "--seed", "5", "--days", "16", "--clients", "20", "--out"])
            .arg(folder)
            .assert()
            .success();
    };
    let folder = tempfile::tempdir().unwrap();
    plan(folder.path());
    for (name, bytes, says) in [
        ("truth.jsonl", &b"PK\x03\x04\x14\0xl/workbook.xml"[..], "is an Excel workbook"),
        ("truth.jsonl", b"[{\"registration_id\": 1}]", "is one JSON array"),
        ("reference.jsonl", b"{}\n", "the only line of"),
        ("registrations.jsonl", b"nothing\nat all\n", "none of the 2 lines of"),
    ] {
        let kept = std::fs::read(folder.path().join(name)).unwrap();
        std::fs::write(folder.path().join(name), bytes).unwrap();
        let assert = tidvakt().arg("evaluate").arg(folder.path()).assert().code(65);
        assert!(stderr(&assert).contains(says), "{}", stderr(&assert));
        std::fs::write(folder.path().join(name), kept).unwrap();
    }
    tidvakt().arg("evaluate").arg(folder.path()).assert().success();
}

#[test]
fn a_settings_file_or_a_map_without_an_end_is_refused() {
    let folder = folder(&[("visits.jsonl", &jsonl(&ten()))]);
    for (flag, code) in [("--config", 78), ("--map", 66)] {
        let assert = replay(folder.path(), &[flag, "/dev/zero", "visits.jsonl"]).code(code);
        assert!(stderr(&assert).contains("it has more than 1048576 bytes"), "{}", stderr(&assert));
    }
    assert!(stderr(&replay(folder.path(), &["/dev/zero"]).code(65)).contains("binary data"));
}
