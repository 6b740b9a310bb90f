//! A small feed with everything that a feed can have.

use crate::delivery::memory::Random;
use serde_json::{Value, json};
use tidvakt::domain::{Coordinates, Fact, FactBody, FactChange, UtcSecond, Validity};

/// 2026-03-02 06:00 UTC, a Monday.
const MORNING: i64 = 1_772_431_200;

/// A record of the feed before it is appended.
pub struct Line {
    pub partition: i32,
    pub appended_at: UtcSecond,
    pub value: Option<Vec<u8>>,
}

/// Overlapping visits with corrections, repeats, stale versions, cancellations and garbage, over two
/// partitions: municipalities 0180 and 0181 share the first one, 1480 has the other to itself.
pub fn feed(seed: u64, records: usize) -> Vec<Line> {
    let mut random = Random::new(seed);
    let mut lines: Vec<Line> = Vec::new();
    let mut sent: Vec<(i32, Value)> = Vec::new();
    for number in 0..records {
        let appended_at = UtcSecond(MORNING + 86_400 + 600 * i64::try_from(number).unwrap());
        let again = (!sent.is_empty()).then(|| random.below(sent.len() as u64) as usize);
        let (partition, value) = match (random.below(100), again) {
            (0..15, Some(at)) => {
                let (partition, mut value) = sent[at].clone();
                correct(&mut value, &mut random);
                sent.push((partition, value.clone()));
                (partition, Some(value.to_string().into_bytes()))
            }
            (15..22, Some(at)) => (sent[at].0, Some(sent[at].1.to_string().into_bytes())),
            (22..27, _) => (random.below(2) as i32, garbage(&mut random)),
            _ => {
                let municipality = ["0180", "0181", "1480"][random.below(3) as usize];
                let partition = i32::from(municipality == "1480");
                let value = visit(number, municipality, &mut random);
                sent.push((partition, value.clone()));
                (partition, Some(value.to_string().into_bytes()))
            }
        };
        lines.push(Line { partition, appended_at, value });
    }
    lines
}

/// The homes of the clients; some are known before the feed, the others come during it.
pub fn facts() -> Vec<FactChange> {
    let home = |municipality: &str, client: u32| {
        FactChange::Put(Fact {
            municipality: municipality.to_owned(),
            fact_id: format!("home-{client}"),
            valid: Validity { from: UtcSecond(MORNING - 1_000_000), to: None },
            recorded_at: UtcSecond(MORNING - 1_000_000),
            body: FactBody::ClientHome {
                client_ref: format!("client-{client}"),
                household_ref: Some(format!("household-{}", client / 2)),
                place: Some(Coordinates { lat: 59.0 + f64::from(client) * 0.05, lon: 17.0 }),
            },
        })
    };
    (0..6).flat_map(|client| ["0180", "1480"].map(|municipality| home(municipality, client))).collect()
}

fn visit(number: usize, municipality: &str, random: &mut Random) -> Value {
    let start = MORNING + 300 * random.below(250) as i64;
    let method = ["nfc_tag", "manual_carer", "gps_app"][random.below(3) as usize];
    let id = format!("{municipality}-R{number}");
    let mut value = json!({
        "schema_version": 1,
        "event_type": "recorded",
        "registration_id": id,
        "version": 1,
        "municipality": municipality,
        "provider_id": format!("P-{}", random.below(2)),
        "carer_ref": format!("carer-{}", random.below(5)),
        "client_ref": format!("client-{}", random.below(6)),
        "start_capture": {"method": method},
        "end_capture": {"method": method},
    });
    set_times(&mut value, start, 600 + 60 * random.below(60) as i64);
    value
}

fn correct(value: &mut Value, random: &mut Random) {
    let version = value["version"].as_u64().unwrap();
    value["version"] = json!(version + 1);
    match random.below(4) {
        0 => value["event_type"] = json!("cancelled"),
        1 => value["carer_ref"] = json!(format!("carer-{}", random.below(5))),
        _ => {
            let start = MORNING + 300 * random.below(250) as i64;
            value["event_type"] = json!("amended");
            set_times(value, start, 600 + 60 * random.below(60) as i64);
        }
    }
}

fn set_times(value: &mut Value, start: i64, seconds: i64) {
    value["start_at"] = json!(UtcSecond(start).to_string());
    value["end_at"] = json!(UtcSecond(start + seconds).to_string());
}

fn garbage(random: &mut Random) -> Option<Vec<u8>> {
    let broken = [
        "",
        "not json",
        "[1,2]",
        r#"{"schema_version": 1, "municipality": "0180"}"#,
        r#"{"schema_version": 9, "municipality": "nobody"}"#,
    ];
    match random.below(6) {
        5 => None,
        which => Some(broken[which as usize].as_bytes().to_vec()),
    }
}
