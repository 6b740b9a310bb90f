//! A month of registrations: each story with the records that are sent, and the state that it ends in.

use serde_json::{Value, json};
use tidvakt::domain::UtcSecond;

pub const MUNICIPALITY: &str = "0181";
/// Partition of the feed that the municipality lives in.
pub const PARTITION: i32 = 1;
const DAY: i64 = 86_400;

/// Records, and the state of every registration in them.
pub struct Story {
    pub records: Vec<Vec<u8>>,
    pub expected: Vec<(&'static str, &'static str)>,
}

/// The pay period that is paid next, by the clock: the service takes a hold of an earlier one for void.
pub struct Month {
    now: UtcSecond,
    name: String,
}

impl Month {
    pub fn of_the_clock() -> Self {
        let since_1970 = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let now = UtcSecond(i64::try_from(since_1970).unwrap());
        Self { now, name: now.to_string()[..7].to_owned() }
    }

    pub fn now(&self) -> String {
        self.now.to_string()
    }

    /// The visit of `carer` at `client`, `days` ago, from `minute` of the day on, by `provider`.
    fn visit(
        &self,
        id: &str,
        provider: &str,
        carer: &str,
        client: &str,
        (days, minute): (i64, i64),
    ) -> Value {
        let midnight = self.now.0 / DAY * DAY - days * DAY;
        let start = UtcSecond(midnight + minute * 60);
        let capture = json!({"method": "nfc_tag", "tag_ref": format!("tag-{client}")});
        json!({"schema_version": 1, "event_type": "recorded", "registration_id": id, "version": 1,
            "municipality": MUNICIPALITY, "provider_id": provider, "carer_ref": carer, "client_ref": client,
            "start_at": start.to_string(), "end_at": start.plus(1800).to_string(),
            "start_capture": capture, "end_capture": capture,
            "payment": {"mode": "performed", "pay_period": self.name}})
    }

    /// One visit of a carer of its own.
    fn alone(&self, id: &str, days: i64) -> Value {
        self.visit(id, "P-07", &format!("carer-{id}"), &format!("client-{id}"), (days, 480))
    }

    /// Two visits of one carer that overlap by a quarter of an hour; the hold falls on the second.
    fn pair(&self, ids: [&str; 2], provider: &str, days: i64) -> [Value; 2] {
        let carer = format!("carer-{}", ids[0]);
        let visit =
            |id: &str, minute| self.visit(id, provider, &carer, &format!("client-{id}"), (days, minute));
        [visit(ids[0], 480), visit(ids[1], 495)]
    }

    /// Every client has a household of its own.
    pub fn facts(&self) -> Vec<(String, Value)> {
        let ids = self.stories();
        let ids = ids.iter().flat_map(|story| &story.expected).map(|(id, _)| *id);
        let home = |id: &str| {
            let fact_id = format!("home-{id}");
            let fact = json!({"schema_version": 1, "municipality": MUNICIPALITY, "fact_id": fact_id,
                "type": "client_home", "valid_from": "2026-01-01T00:00:00Z", "valid_to": null,
                "recorded_at": "2026-01-01T00:00:00Z",
                "body": {"client_ref": format!("client-{id}"), "household_ref": format!("household-{id}")}});
            (format!("{MUNICIPALITY}|{fact_id}"), fact)
        };
        ids.map(home).collect()
    }

    pub fn stories(&self) -> Vec<Story> {
        let mut stories = self.assessed();
        stories.extend(self.refused());
        stories.extend(self.capped());
        stories
    }

    /// What is assessed: payable, or held.
    fn assessed(&self) -> Vec<Story> {
        let plain = self.alone("R-plain", 9);
        let held = self.pair(["R-held-1", "R-held-2"], "P-07", 9);
        let confirmed = self.pair(["R-confirmed-1", "R-confirmed-2"], "P-07", 8);
        let released = self.pair(["R-released-1", "R-released-2"], "P-08", 7);
        let corrected = self.pair(["R-corrected-1", "R-corrected-2"], "P-09", 6);
        let correction = later(&corrected[1], 2, |record| moved(record, 900));
        let cancelled = self.pair(["R-cancelled-1", "R-cancelled-2"], "P-09", 5);
        let cancellation = later(&cancelled[1], 2, |record| record["event_type"] = json!("cancelled"));
        let leaping = self.alone("R-leaping", 4);
        let leapt = later(&leaping, 1_772_000_000, |record| record["event_type"] = json!("approved"));
        let late = self.alone("R-late", 70);
        let repeated = self.alone("R-repeated", 3);
        let two = |ids: [&'static str; 2], states: [&'static str; 2]| {
            vec![(ids[0], states[0]), (ids[1], states[1])]
        };
        vec![
            story(&[plain], vec![("R-plain", "payable")]),
            story(&held, two(["R-held-1", "R-held-2"], ["payable", "hold"])),
            story(&confirmed, two(["R-confirmed-1", "R-confirmed-2"], ["payable", "hold"])),
            story(&released, two(["R-released-1", "R-released-2"], ["payable", "hold"])),
            story(
                &[corrected[0].clone(), corrected[1].clone(), correction],
                two(["R-corrected-1", "R-corrected-2"], ["payable"; 2]),
            ),
            story(
                &[cancelled[0].clone(), cancelled[1].clone(), cancellation],
                two(["R-cancelled-1", "R-cancelled-2"], ["payable"; 2]),
            ),
            story(&[leaping, leapt], vec![("R-leaping", "payable")]),
            story(&[late], vec![("R-late", "payable")]),
            story(&[repeated.clone(), repeated], vec![("R-repeated", "payable")]),
        ]
    }

    /// What is refused: the highest version of a registration, another version of it, or nobody's.
    fn refused(&self) -> Vec<Story> {
        let good = |id: &str| self.alone(id, 12);
        let backwards =
            later(&good("R-backwards"), 2, |record| record["end_at"] = json!("2026-01-01T00:00:00Z"));
        let conflicting = later(&good("R-conflicting"), 1, |record| moved(record, 900));
        let unreadable = later(&good("R-unreadable"), 1, |record| record["version"] = json!("two"));
        let renumbered = |version: u32, emitted_days: i64| {
            later(&good("R-renumbered"), version, |record| {
                record["emitted_at"] = json!(self.now.plus(-emitted_days * DAY).to_string());
                moved(record, i64::from(version) * 60);
            })
        };
        let wrong_code = later(&good("R-wrong-code"), 2, |record| record["municipality"] = json!("181"));
        let mended = later(&good("R-mended"), 2, |record| record["end_at"] = json!("2026-01-01T00:00:00Z"));
        let mend = later(&good("R-mended"), 3, |record| moved(record, 60));
        let old = self.alone("R-old", 150);
        let one = |id: &'static str, state: &'static str| vec![(id, state)];
        let mut nobody = story(&[], Vec::new());
        nobody.records = vec![
            b"{\"municipality\": \"0181\", \"registration_id\": \"R-plain\"".to_vec(),
            b"\xff\xfe".to_vec(),
        ];
        vec![
            story(&[good("R-backwards"), backwards], one("R-backwards", "unassessed")),
            story(&[good("R-conflicting"), conflicting], one("R-conflicting", "unassessed")),
            story(&[good("R-unreadable"), unreadable], one("R-unreadable", "unassessed")),
            // Only the version that was sent later under a lower number is refused: the highest is assessed.
            story(&[renumbered(5, 3), renumbered(4, 2)], one("R-renumbered", "payable")),
            story(&[good("R-wrong-code"), wrong_code], one("R-wrong-code", "unassessed")),
            story(&[good("R-mended"), mended, mend], one("R-mended", "payable")),
            story(&[old], one("R-old", "unassessed")),
            nobody,
        ]
    }

    /// More overlaps of one provider than may be held: two holds of a quarter of an hour fit. Which two is the
    /// service's choice.
    fn capped(&self) -> Vec<Story> {
        const IDS: [[&str; 2]; 4] = [
            ["R-cap-1a", "R-cap-1b"],
            ["R-cap-2a", "R-cap-2b"],
            ["R-cap-3a", "R-cap-3b"],
            ["R-cap-4a", "R-cap-4b"],
        ];
        let pair = |(at, ids): (i64, &[&'static str; 2])| {
            let state = "two of them hold";
            story(&self.pair(*ids, "P-cap", 10 + at), vec![(ids[0], "payable"), (ids[1], state)])
        };
        (0..).zip(&IDS).map(pair).collect()
    }

    /// What comes in the outage: a new registration, a correction of what is payable, one that gives way.
    pub fn tail(&self) -> Vec<Vec<u8>> {
        let plain = later(&self.alone("R-plain", 9), 2, |record| moved(record, 60));
        let [_, held] = self.pair(["R-held-1", "R-held-2"], "P-07", 9);
        let held = later(&held, 2, |record| moved(record, 900));
        story(&[self.alone("R-tail", 2), plain, held], Vec::new()).records
    }
}

fn story(records: &[Value], expected: Vec<(&'static str, &'static str)>) -> Story {
    Story { records: records.iter().map(|record| record.to_string().into_bytes()).collect(), expected }
}

/// A later version of a record.
fn later(record: &Value, version: u32, change: impl FnOnce(&mut Value)) -> Value {
    let mut record = record.clone();
    record["version"] = json!(version);
    record["event_type"] = json!("amended");
    change(&mut record);
    record
}

/// The visit begins and ends so many seconds later.
fn moved(record: &mut Value, seconds: i64) {
    for name in ["start_at", "end_at"] {
        let at: jiff::Timestamp = record[name].as_str().unwrap().parse().unwrap();
        record[name] = json!(UtcSecond(at.as_second() + seconds).to_string());
    }
}
