//! The rule of clearance: examples, properties, and the order of reading.

mod examples;
mod properties;
mod reading;

use serde_json::{Value, json};

use tidvakt::clearance::{Clearance, FeedPosition, Payability, Unassessed, Verdict};
use tidvakt::domain::{UtcSecond, Zone};

/// 2026-04-06T16:00:00Z, the payout run of March.
const RUN: UtcSecond = UtcSecond(1_775_491_200);

/// What is read, record by record.
struct Topics(Clearance);

impl Topics {
    fn new() -> Self {
        Self(Clearance::new(Zone::named("Europe/Stockholm").unwrap()))
    }

    fn feed(&mut self, offset: i64, record: &Value) -> &mut Self {
        self.0.registration(
            FeedPosition { partition: 0, offset },
            Some(b"0181"),
            Some(record.to_string().as_bytes()),
        );
        self
    }

    fn bytes(&mut self, offset: i64, value: Option<&[u8]>) -> &mut Self {
        self.0.registration(FeedPosition { partition: 0, offset }, Some(b"0181"), value);
        self
    }

    /// The records of the municipality and of the partition.
    fn assessed(&mut self, through: i64, unassessed: &Value) -> &mut Self {
        self.progress("0181", &municipality(through)).progress("partition|0", &partition(through, unassessed))
    }

    fn progress(&mut self, key: &str, record: &Value) -> &mut Self {
        self.0.progress(0, Some(key.as_bytes()), Some(record.to_string().as_bytes()));
        self
    }

    fn alert(&mut self, record: &Value) -> &mut Self {
        let key = record["alert_id"].as_str().unwrap().as_bytes();
        self.0.alert(Some(key), Some(record.to_string().as_bytes()));
        self
    }

    fn verdict(&self, id: &str) -> Verdict {
        self.0.verdict("0181", id, Some(RUN)).unwrap()
    }

    fn state(&self, id: &str) -> Payability {
        self.verdict(id).state
    }

    fn why(&self, id: &str) -> Vec<Unassessed> {
        self.verdict(id).unassessed.into_iter().collect()
    }
}

/// A visit of half an hour.
fn visit(id: &str, version: u32) -> Value {
    json!({"schema_version": 1, "event_type": "recorded", "registration_id": id, "version": version,
        "municipality": "0181", "provider_id": "P-07", "carer_ref": "carer-1", "client_ref": "client-1",
        "start_at": "2026-03-02T07:00:00Z", "end_at": "2026-03-02T07:30:00Z"})
}

/// An alert of a registration with a hold of 15 minutes.
fn alert(id: &str, revision: u32, hold_state: &str) -> Value {
    json!({"schema_version": 1, "alert_id": format!("0181:registration:{id}"), "municipality": "0181",
        "state": "revised", "revision": revision,
        "hold": {"hold_id": format!("{id}/{revision}"), "registration_id": id, "version": 1,
            "seconds_in_question": 900, "amount_ore": 12_900, "state": hold_state, "reason_codes": ["carer-overlap"],
            "expires_at": "2026-05-06T16:00:00Z"}})
}

fn municipality(through: i64) -> Value {
    json!({"schema_version": 1, "kind": "municipality", "municipality": "0181", "partition": 0,
        "assessed_through_offset": through, "append_time": "2026-03-31T00:00:00Z", "scored": 0, "repeats": 0, "stale": 0,
        "quarantined": 0, "open_alerts": 0, "open_holds": 0, "digest": "", "config_hash": "", "breakers_open": [],
        "held_shares_capped": [], "baseline_incomplete": false})
}

fn partition(through: i64, unassessed: &Value) -> Value {
    json!({"schema_version": 1, "kind": "partition", "partition": 0, "from_offset": 0, "through_offset": through,
        "append_time": "2026-03-31T00:00:00Z", "unassessed": unassessed, "unattributed": 0})
}
