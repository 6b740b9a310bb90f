//! Own exports come in by a map and a time zone.

use super::*;

const VISITS: &str = "Nr;Brukare;Personal;Datum;Start;Slut;Registrering;Sommartid;Lat;Debiteras\n\
                      1;17;p-1;2026-03-02;08:00;08:30;NFC;;;\n\
                      2;18;p-1;2026-03-02;08:10;08:40;NFC;;;\n\
                      3;17;p-2;2026-10-25;02:30;03:30;NFC;;;\n\
                      4;17;p-2;2026-10-25;02:30;03:30;NFC;S;;\n\
                      5;17;p-2;2026-03-29;02:30;03:30;NFC;;;\n";
const VISITS_MAP: &str = include_str!("visits.toml");
const HOMES: &str = "Kund;Hushall;Lat;Lon\n17;h1;59,1955;17,6253\n18;h2;59,2055;17,6253\n";
const HOMES_MAP: &str = r#"
    record = "reference-fact"
    [columns]
    Kund = ["fact_id", "body.client_ref"]
    Hushall = "body.household_ref"
    Lat = "body.lat"
    Lon = "body.lon"
    [constants]
    municipality = "0181"
    type = "client_home"
    valid_from = "2025-01-01 00:00"
    recorded_at = "2025-01-01 00:00"
"#;

fn export() -> tempfile::TempDir {
    folder(&[
        ("visits.csv", VISITS.as_bytes()),
        ("visits.toml", VISITS_MAP.as_bytes()),
        ("homes.csv", HOMES.as_bytes()),
        ("homes.toml", HOMES_MAP.as_bytes()),
    ])
}

#[test]
fn an_own_export_is_assessed_as_the_contracts_records_would_be() {
    let folder = export();
    let args = [
        "--map",
        "visits.toml",
        "--map",
        "homes.toml",
        "--time-zone",
        "Europe/Stockholm",
        "--reference",
        "homes.csv",
        "--quarantine",
        "refused.jsonl",
        "--final",
        "visits.csv",
    ];
    let assert = replay(folder.path(), &args).success();
    let alerts = stdout(&assert);
    let held: Vec<_> = alerts.iter().filter(|alert| alert["hold"].is_object()).collect();
    assert_eq!(held.len(), 1);
    assert_eq!(held[0]["hold"]["seconds_in_question"], 1_200);
    let refused = lines(&std::fs::read(folder.path().join("refused.jsonl")).unwrap());
    let why: Vec<_> = refused
        .iter()
        .map(|line| (line["line"].as_u64().unwrap(), line["reason"].as_str().unwrap()))
        .collect();
    assert_eq!(why, [(4, "ambiguous-time"), (6, "no-such-time")]);
    assert!(
        refused[0]["detail"].as_str().unwrap().contains("2026-10-25 02:30 comes twice in Europe/Stockholm")
    );
    assert_eq!(refused[0]["original"], "3;17;p-2;2026-10-25;02:30;03:30;NFC;;;");
}

#[test]
fn what_an_export_lacks_is_named_before_a_row_is_read() {
    let folder = export();
    let said = |args: &[&str], code: i32| stderr(&replay(folder.path(), args).code(code));
    let bare = said(&["visits.csv"], 65);
    assert!(
        bare.contains("the header names no field: it has `Brukare`, `Datum`") && bare.contains("--map FILE"),
        "{bare}"
    );
    // Times without an offset and without a zone.
    let local = said(&["--map", "visits.toml", "visits.csv"], 65);
    assert!(local.contains("bad-time") && local.contains("`--time-zone Europe/Stockholm`"), "{local}");
    std::fs::write(folder.path().join("short.toml"), VISITS_MAP.replace("provider_id = \"P-1\"", ""))
        .unwrap();
    let short = said(&["--map", "short.toml", "visits.csv"], 65);
    assert!(short.contains("lacks what every record must have: `provider_id`"), "{short}");
    std::fs::write(folder.path().join("wrong.toml"), "[columns]\nBrukare = \"kund\"\n").unwrap();
    let wrong = said(&["--map", "wrong.toml", "visits.csv"], 78);
    assert!(
        wrong.contains("the map `wrong.toml` can't be used: registrations have no field `kund`"),
        "{wrong}"
    );
    said(&["--map", "nowhere.toml", "visits.csv"], 66);
    said(&["--time-zone", "Europe/Salem", "visits.csv"], 64);
}

#[test]
fn the_map_in_the_help_can_be_used() {
    let help = String::from_utf8(tidvakt().args(["replay", "--help"]).output().unwrap().stdout).unwrap();
    let begin = help.find("  record = \"registration\"").unwrap();
    let map = help[begin..].split("\n\n").next().unwrap();
    let folder = export();
    std::fs::write(folder.path().join("help.toml"), map).unwrap();
    let export = VISITS.replace("Nr;", "registration_id;");
    std::fs::write(folder.path().join("visits.csv"), export).unwrap();
    let args = ["--map", "help.toml", "--time-zone", "Europe/Stockholm", "visits.csv"];
    let said = stderr(&replay(folder.path(), &args).success());
    assert!(said.contains("registrations             3\n"), "{said}");
}
