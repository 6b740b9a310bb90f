//! Small inputs from the field, each with what is right and why; a correction or an honest twin beside it.

use super::*;

/// A visit by a carer at a client, between two times with offsets.
fn at(id: &str, carer: &str, client: &str, start: &str, end: &str) -> Value {
    let times = json!({"carer_ref": carer, "client_ref": client, "start_at": start, "end_at": end});
    with(visit(id, "08:00", "08:30"), times)
}

/// Three clients, each in a household of its own.
fn homes() -> Vec<Value> {
    [("cl-a", "h1"), ("cl-b", "h2"), ("cl-c", "h3")].map(|(client, household)| home(client, household)).into()
}

/// What came of a file: its holds with their seconds and rules, and the reasons of what was refused.
#[derive(Debug, PartialEq)]
struct Came {
    holds: Vec<(String, i64, String)>,
    refused: Vec<String>,
}

fn came(holds: &[(&str, i64, &str)], refused: &[&str]) -> Came {
    Came {
        holds: holds
            .iter()
            .map(|(id, seconds, rule)| ((*id).to_owned(), *seconds, (*rule).to_owned()))
            .collect(),
        refused: refused.iter().map(|reason| (*reason).to_owned()).collect(),
    }
}

/// Replays a file of that name, with facts.
fn replayed(name: &str, bytes: &[u8], facts: &[Value]) -> Came {
    let folder = folder(&[(name, bytes), ("facts.jsonl", &jsonl(facts))]);
    let reference: &[&str] = if facts.is_empty() { &[] } else { &["--reference", "facts.jsonl"] };
    let args = [reference, &["--final", "--quarantine", "refused.jsonl", name]].concat();
    let assert = replay(folder.path(), &args);
    let hold = |alert: Value| {
        let hold = alert.get("hold")?;
        let rule = hold["reason_codes"][0].as_str()?.to_owned();
        Some((hold["registration_id"].as_str()?.to_owned(), hold["seconds_in_question"].as_i64()?, rule))
    };
    let refused = lines(&std::fs::read(folder.path().join("refused.jsonl")).unwrap());
    Came {
        holds: stdout(&assert).into_iter().filter_map(hold).collect(),
        refused: refused.iter().map(|line| line["reason"].as_str().unwrap().to_owned()).collect(),
    }
}

fn records(records: &[Value], facts: &[Value]) -> Came {
    replayed("visits.jsonl", &jsonl(records), facts)
}

fn table(header: &str, rows: &[&str]) -> Vec<u8> {
    format!("{header}\n{}\n", rows.join("\n")).into_bytes()
}

const COLUMNS: &str = "schema_version;event_type;registration_id;version;municipality;provider_id;carer_ref;client_ref;\
                       start_at;end_at";
const ROW: &str = "1;recorded;R-1;1;0181;P-1;ca;cl-a;2026-03-02T08:00:00+01:00;2026-03-02T08:30:00+01:00";

#[test]
fn case_1_one_row_with_a_wrong_year_costs_no_other() {
    let wrong = at("BAD", "cx", "cl-x", "2062-03-02T09:00:00+01:00", "2062-03-02T09:30:00+01:00");
    let right = [
        at("R1", "ca", "cl-a", "2026-03-02T08:00:00+01:00", "2026-03-02T08:30:00+01:00"),
        at("R2", "ca", "cl-a", "2026-03-03T08:00:00+01:00", "2026-03-03T08:30:00+01:00"),
        at("R3", "ca", "cl-b", "2026-03-03T08:10:00+01:00", "2026-03-03T08:40:00+01:00"),
    ];
    for place in 0..=3 {
        let mut feed = right.to_vec();
        feed.insert(place, wrong.clone());
        assert_eq!(
            records(&feed, &homes()),
            came(&[("R3", 1200, "carer-overlap")], &["in-the-future"]),
            "{place}"
        );
    }
}

#[test]
fn case_2_a_stray_quote_costs_no_row() {
    let header = COLUMNS.replace(';', ",") + ",kommentar";
    let row = |number: usize| {
        let note = if number == 3 { "skylt 5\" hoger" } else { "ok" };
        ROW.replace("R-1", &format!("R-{number}"))
            .replace("ca;cl-a", &format!("c{number};l{number}"))
            .replace(';', ",")
            + ","
            + note
    };
    let rows: Vec<String> = (1..=20).map(row).collect();
    let file = table(&header, &rows.iter().map(String::as_str).collect::<Vec<_>>());
    let folder = folder(&[("x.csv", &file)]);
    let said = stderr(&replay(folder.path(), &["--strict", "x.csv"]).success());
    assert!(said.lines().any(|line| line.starts_with("registrations") && line.ends_with(" 20")), "{said}");
}

#[test]
fn case_3_the_day_of_discharge_ends_at_midnight_on_days_of_23_and_25_hours() {
    let absence = |from: &str, to: &str| {
        json!({"schema_version": 1, "municipality": "0181", "fact_id": "absence", "type": "client_absence",
               "valid_from": from, "valid_to": to, "recorded_at": "2025-01-01T00:00:00+01:00",
               "body": {"client_ref": "cl-a", "kind": "hospital", "confirmed_by": "hospital"}})
    };
    let held = came(&[("V", 3000, "client-absent")], &[]);
    for (from, to, start, end, right) in [
        (
            "2026-10-20T10:00+02:00",
            "2026-10-25T15:00+01:00",
            "2026-10-25T00:05+02:00",
            "2026-10-25T00:55+02:00",
            false,
        ),
        (
            "2026-10-20T10:00+02:00",
            "2026-10-25T15:00+01:00",
            "2026-10-24T23:05+02:00",
            "2026-10-24T23:55+02:00",
            true,
        ),
        (
            "2026-03-20T10:00+01:00",
            "2026-03-29T15:00+02:00",
            "2026-03-28T23:05+01:00",
            "2026-03-28T23:55+01:00",
            true,
        ),
        (
            "2026-03-20T10:00+01:00",
            "2026-03-29T15:00+02:00",
            "2026-03-29T00:05+01:00",
            "2026-03-29T00:55+01:00",
            false,
        ),
        (
            "2026-10-12T10:00+02:00",
            "2026-10-18T15:00+02:00",
            "2026-10-18T00:05+02:00",
            "2026-10-18T00:55+02:00",
            false,
        ),
    ] {
        let seconds = |text: &str| text.replacen('+', ":00+", 1);
        let visit = at("V", "ca", "cl-a", &seconds(start), &seconds(end));
        let found = records(&[visit], &[absence(&seconds(from), &seconds(to))]);
        assert_eq!(
            found,
            if right { Came { holds: held.holds.clone(), refused: vec![] } } else { came(&[], &[]) },
            "{start}"
        );
    }
}

#[test]
fn case_4_hours_after_midnight_are_of_their_own_day() {
    let night = [
        at("D1", "ca", "cl-a", "2026-03-03T00:00:00+01:00", "2026-03-03T08:00:00+01:00"),
        at("D2", "ca", "cl-b", "2026-03-03T19:00:00+01:00", "2026-03-04T08:30:00+01:00"),
    ];
    assert_eq!(records(&night, &homes()), came(&[], &[]));
    // 23.5 hours of one day stay held.
    let day = [
        at("D1", "ca", "cl-a", "2026-03-03T00:00:00+01:00", "2026-03-03T12:00:00+01:00"),
        at("D2", "ca", "cl-b", "2026-03-03T12:20:00+01:00", "2026-03-03T23:50:00+01:00"),
    ];
    assert_eq!(records(&day, &homes()), came(&[("D2", 12_600, "carer-hours")], &[]));
}

#[test]
fn case_5_versions_that_are_times_or_have_gaps_are_accepted() {
    let time = with(visit("V1", "08:00", "08:30"), json!({"version": 1_772_434_991}));
    let first = with(visit("G1", "10:00", "10:30"), json!({"carer_ref": "cb"}));
    let leap = with(first.clone(), json!({"version": 250, "event_type": "amended"}));
    assert_eq!(records(&[time, first, leap], &[]), came(&[], &[]));
}

#[test]
fn case_6_another_visit_under_a_known_id_and_version_is_no_repeat() {
    let of = |id: &str, provider: &str, carer: &str, client: &str, start: &str, end: &str| {
        with(
            visit(id, start, end),
            json!({"provider_id": provider, "carer_ref": carer, "client_ref": client}),
        )
    };
    let first = of("1001", "P-1", "ca", "cl-a", "08:00", "08:30");
    let other = of("2001", "P-2", "cb", "cl-b", "08:00", "08:30");
    let under_its_id = of("1001", "P-2", "cb", "cl-c", "08:05", "08:35");
    assert_eq!(
        records(&[first.clone(), other.clone(), under_its_id], &homes()),
        came(&[], &["conflicting-version"])
    );
    assert_eq!(records(&[first.clone(), other, first], &homes()), came(&[], &[]));
}

#[test]
fn case_7_a_position_that_cannot_be_meant_is_none() {
    let place = |client: &str, household: &str, lat: f64, lon: f64| {
        with(
            home(client, household),
            json!({"body": {"client_ref": client, "household_ref": household, "lat": lat, "lon": lon}}),
        )
    };
    let day = |day: u8| {
        let at = |id: &str, client: &str, start: &str, end: &str| {
            let time = |clock: &str| format!("2026-03-{day:02}T{clock}:00+01:00");
            at(&format!("{id}{day}"), "ca", client, &time(start), &time(end))
        };
        [
            at("A", "cl-a", "08:00", "08:30"),
            at("C", "cl-c", "08:32", "09:00"),
            at("B", "cl-b", "09:01", "09:30"),
        ]
    };
    let visits = [day(2), day(3)].concat();
    let street = |lat: f64, lon: f64| {
        let others = [("cl-a", "h1", 59.200), ("cl-b", "h2", 59.202), ("cl-d", "h4", 59.204)];
        let mut homes = others.map(|(client, household, lat)| place(client, household, lat, 17.6)).to_vec();
        homes.push(place("cl-c", "h3", lat, lon));
        homes
    };
    for (lat, lon, reason) in [
        (0.0, 0.0, "zero"),
        (59.203, 0.0, "zero"),
        (17.60, 59.20, "swapped"),
        (52.52, 13.40, "outside-area"),
        (57.70, 11.97, "far-from-all"),
    ] {
        assert_eq!(records(&visits, &street(lat, lon)), came(&[], &[]), "{lat} {lon}");
        let folder = folder(&[("v.jsonl", &jsonl(&visits)), ("f.jsonl", &jsonl(&street(lat, lon)))]);
        let said = stderr(&replay(folder.path(), &["--reference", "f.jsonl", "v.jsonl"]).success());
        let line =
            said.lines().find(|line| line.starts_with("no position")).unwrap_or_else(|| panic!("{said}"));
        assert!(line.contains(reason), "{line}");
    }
    // A home that is meant, and too far for two minutes.
    assert!(!records(&visits, &street(59.400, 17.600)).holds.is_empty());
    assert_eq!(records(&visits, &street(59.203, 17.600)), came(&[], &[]));
}

#[test]
fn case_8_1_0_is_a_whole_number_and_1_5_is_none() {
    let whole = json!({"schema_version": 1.0, "version": 1.0, "required_staff": 2.0,
                       "payment": {"mode": "performed", "billable_seconds": 1800.0},
                       "tasks": [{"code": "shower", "minutes": 30.0}]});
    assert_eq!(records(&[with(visit("R", "08:00", "08:30"), whole)], &[]), came(&[], &[]));
    let broken = with(visit("R", "08:00", "08:30"), json!({"version": 1.5}));
    assert_eq!(records(&[visit("S", "10:00", "10:30"), broken], &[]), came(&[], &["bad-field"]));
}

#[test]
fn case_9_a_zst_file_may_begin_with_a_skippable_frame() {
    let pair = jsonl(&[
        visit("R1", "08:00", "08:30"),
        with(visit("R2", "08:15", "08:45"), json!({"client_ref": "cl-b"})),
    ]);
    let frame = [0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4];
    let packed = [&frame[..], &zstd::encode_all(&pair[..], 1).unwrap()].concat();
    let right = came(&[("R2", 900, "carer-overlap")], &[]);
    assert_eq!(replayed("visits.jsonl.zst", &packed, &homes()), right);
    assert_eq!(replayed("visits.jsonl", &pair, &homes()), right);
}

#[test]
fn case_10_a_table_set_to_swedish_has_decimal_commas_and_its_own_switches() {
    let header = format!("{COLUMNS};start_capture.geo.lat;start_capture.geo.lon;trainee;billable");
    let rows = [
        format!("{ROW};59,1955;17,6253;;"),
        format!("{};;;FALSKT;SANT", ROW.replace("R-1", "R-2").replace("T08", "T09")),
    ];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    assert_eq!(replayed("x.csv", &table(&header, &rows), &[]), came(&[], &[]));
}

#[test]
fn case_11_emptied_rows_and_nameless_columns_are_no_records() {
    assert_eq!(replayed("x.csv", &table(COLUMNS, &[ROW, ";;;;;;;;;"]), &[]), came(&[], &[]));
    let wide = format!("{COLUMNS};;");
    assert_eq!(replayed("x.csv", &table(&wide, &[&format!("{ROW};;")]), &[]), came(&[], &[]));
}

#[test]
fn case_12_an_overlap_in_the_hour_that_comes_twice_is_held() {
    let twice = [
        at("W1", "ca", "cl-a", "2026-10-25T02:40:00+02:00", "2026-10-25T02:10:00+01:00"),
        at("W2", "ca", "cl-b", "2026-10-25T02:05:00+01:00", "2026-10-25T02:35:00+01:00"),
    ];
    assert_eq!(records(&twice, &homes()), came(&[("W2", 300, "carer-overlap")], &[]));
    // By the clock on the wall they overlap; an hour lies between.
    let apart = [
        at("W1", "ca", "cl-a", "2026-10-25T02:05:00+02:00", "2026-10-25T02:35:00+02:00"),
        at("W2", "ca", "cl-b", "2026-10-25T02:05:00+01:00", "2026-10-25T02:35:00+01:00"),
    ];
    assert_eq!(records(&apart, &homes()), came(&[], &[]));
}

#[test]
fn case_13_a_municipality_code_that_lost_its_zero_is_refused() {
    let header = format!("{COLUMNS};start_capture.method;end_capture.method");
    let first = format!("{ROW};nfc_tag;nfc_tag");
    let second = first
        .replace("R-1", "R-2")
        .replace("cl-a", "cl-b")
        .replace("08:00:00", "08:10:00")
        .replace("08:30:00", "08:40:00");
    let lost = second.replace(";0181;", ";181;");
    assert_eq!(
        replayed("x.csv", &table(&header, &[&first, &lost]), &homes()),
        came(&[], &["bad-municipality"])
    );
    let right = came(&[("R-2", 1200, "carer-overlap")], &[]);
    assert_eq!(replayed("x.csv", &table(&header, &[&first, &second]), &homes()), right);
}
