//! Own exports: their columns, words and times.

use super::*;

/// The map that the tests of the program use too.
const MAP: &str = include_str!("../../../../tests/it/replay/visits.toml");
const COLUMNS: &str = "Nr;Brukare;Personal;Datum;Start;Slut;Registrering;Sommartid;Lat;Debiteras;Anm";

fn expected(start: &str, end: &str) -> Value {
    let capture = json!({"method": "nfc_tag"});
    record_and(json!({"start_at": start, "end_at": end, "start_capture": capture, "end_capture": capture}))
}

#[test]
fn an_own_table_comes_in_by_a_map() {
    let table = format!(
        "{COLUMNS}\nR-1;cl-1;ca-1;2026-03-02;08:00;08:30;NFC;;;;\nR-1;cl-1;ca-1;2026-10-25;02:10;03:30;NFC;V;;;x\n\
         R-1;cl-1;ca-1;2026-10-25;02:10;03:30;NFC;;;;\nR-1;cl-1;ca-1;2026-03-02;08:00;08:30;NFC;;59,5;SANT;\n"
    );
    let manner = mapped(MAP, Some("Europe/Stockholm"));
    let found = read_as("export.csv", table.as_bytes(), &manner);
    let day = ("2026-03-02T08:00:00+01:00", "2026-03-02T08:30:00+01:00");
    let mut last = expected(day.0, day.1);
    last["start_capture"]["geo"] = json!({"lat": 59.5});
    last["billable"] = json!(true);
    assert_eq!(
        found,
        [
            (2, Ok(expected(day.0, day.1))),
            (3, Ok(expected("2026-10-25T02:10:00+01:00", "2026-10-25T03:30:00+01:00"))),
            (4, Err("ambiguous-time")),
            (5, Ok(last)),
        ]
    );
    let input = open_as("export.csv", table.as_bytes(), &manner).unwrap();
    assert_eq!(input.notes(), ["columns that are not read: `Anm`"]);
}

#[test]
fn own_json_lines_come_in_by_a_map() {
    let map = MAP.replace("Brukare =", "\"besok.brukare\" =");
    let line = |start: &str| {
        json!({"Nr": "R-1", "besok": {"brukare": "cl-1"}, "Personal": "ca-1", "Datum": "2026-10-25", "Start": start,
               "Slut": "04:00", "Registrering": "NFC", "Sommartid": "S", "edits": [{"field": "x", "at": "2026-10-26 08:00"}]})
    };
    let text = format!("{}\n{}\n", line("02:30"), line("03:30"));
    let found = read_as("export.jsonl", text.as_bytes(), &mapped(&map, Some("Europe/Stockholm")));
    let mut record = expected("2026-10-25T02:30:00+02:00", "2026-10-25T04:00:00+01:00");
    record["edits"] = json!([{"field": "x", "at": "2026-10-26T08:00:00+01:00"}]);
    // What the map does not name stays, and is passed over by the contract as any unknown field.
    record["besok"] = json!({});
    record["Datum"] = json!("2026-10-25");
    record["Start"] = json!("02:30");
    record["Slut"] = json!("04:00");
    assert_eq!(found[0], (1, Ok(record)));
    // At half past three there is no summer time any more.
    assert_eq!(found[1], (2, Err("no-such-time")));
}

#[test]
fn times_without_an_offset_need_a_zone_and_no_map() {
    let manner =
        Manner { maps: Maps::default(), times: Some(LocalTimes::named("Europe/Stockholm").unwrap()) };
    let with = |start: &str| record_and(json!({"start_at": start}));
    for (start, found) in [
        ("2026-03-02 08:00", Ok("2026-03-02T08:00:00+01:00")),
        ("2026-03-02T07:00:00Z", Ok("2026-03-02T07:00:00Z")),
        ("2026-03-29 02:30", Err("no-such-time")),
        ("2026-10-25 02:30", Err("ambiguous-time")),
    ] {
        let expected = (1, found.map(with));
        assert_eq!(read_as("x.jsonl", with(start).to_string().as_bytes(), &manner), [expected]);
        let row = format!("{HEADER}\n{}\n", ROW.replace("2026-03-02T08:00:00+01:00", start));
        assert_eq!(read_as("x.csv", row.as_bytes(), &manner), [(2, found.map(with))]);
    }
    // What is no record stays as it is, for the contract.
    for line in ["nonsense", "[1]", "{\"a\":"] {
        let mut input = open_as("x.jsonl", format!("{{}}\n{line}").as_bytes(), &manner).unwrap();
        input.next_line().unwrap();
        assert_eq!(input.next_line().unwrap().unwrap().bytes, line.as_bytes());
    }
    assert_eq!(read_as("x.jsonl", b"{\"a\":1,\"a\":2}", &manner), [(1, Err("duplicate-field"))]);
}

#[test]
fn constants_stand_where_a_row_says_nothing() {
    let map = "[constants]\nprovider_id = 'P-9'\nmunicipality = '0181'\nrequired_staff = 2\nstart_capture.method = 'beacon'";
    let header = HEADER.replace("municipality,", "");
    let row = |provider: &str| ROW.replace("0181,P-1", provider);
    let table = format!("{header}\n{}\n{}\n", row("P-1"), row(""));
    let more = json!({"required_staff": 2, "start_capture": {"method": "beacon"}});
    let (own, constant) = (record_and(more.clone()), record_and(more));
    let mut constant = constant;
    constant["provider_id"] = json!("P-9");
    let manner = mapped(map, None);
    assert_eq!(read_as("x.csv", table.as_bytes(), &manner), [(2, Ok(own.clone())), (3, Ok(constant))]);
    let mut line = record();
    line.as_object_mut().unwrap().remove("municipality");
    assert_eq!(read_as("x.jsonl", line.to_string().as_bytes(), &manner), [(1, Ok(own))]);
}

#[test]
fn a_table_that_lacks_what_its_map_names_is_refused() {
    let error = |table: &str, map: &str| {
        open_as("x.csv", table.as_bytes(), &mapped(map, None)).err().unwrap().to_string()
    };
    let lacking = error(&COLUMNS.replace("Personal;", ""), MAP);
    assert!(
        lacking.starts_with("`x.csv`: the header lacks columns that the map names: `Personal`; it has `Anm`"),
        "{lacking}"
    );
    let twice = error(&format!("{COLUMNS};client_ref"), MAP);
    assert_eq!(twice, "`x.csv`: the header says the field `client_ref` twice");
    let lonely = error("Nr;z;client_ref;carer_ref", "[columns]\nz = 'end_at.offset'\nNr = 'registration_id'");
    assert_eq!(lonely, "`x.csv`: the header has `end_at.offset` and no column for `end_at`");
}

#[test]
fn numbers_that_are_ids_in_an_own_export_become_texts() {
    let mut line = record();
    line["Kundnr"] = json!(17);
    line.as_object_mut().unwrap().remove("client_ref");
    let found =
        read_as("x.jsonl", line.to_string().as_bytes(), &mapped("[columns]\nKundnr = 'client_ref'", None));
    assert_eq!(found, [(1, Ok(record_and(json!({"client_ref": "17"}))))]);
}
