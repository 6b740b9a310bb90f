//! Clearance as a client of the API sees it.

use serde_json::{Value, json};

use super::*;
use crate::clearance::FeedPosition;
use crate::contract;
use crate::feed::topics::RoundRecords;

/// The feed has of 0181 and R-9 of 0180; R-2 is under a hold, R-3 lies above progress.
pub(super) fn read_topics(served: &Served) {
    let registrations = [("0181", "R-1"), ("0181", "R-2"), ("0181", "R-3"), ("0180", "R-9")];
    for (offset, (municipality, id)) in (0..).zip(registrations) {
        let record = json!({
            "schema_version": 1, "event_type": "recorded", "registration_id": id, "version": 1,
            "municipality": municipality, "provider_id": "P-07", "carer_ref": "ann", "client_ref": "bo",
            "start_at": "2026-03-02T08:00:00+01:00", "end_at": "2026-03-02T08:30:00+01:00",
        });
        let at = FeedPosition { partition: 0, offset };
        served.payout.registration(at, Some(municipality.as_bytes()), Some(record.to_string().as_bytes()));
    }
    let mut alert = Vec::new();
    contract::write_alert(&overlap_alert("R-2", 12_900), &mut alert);
    let municipality = |code: &str, through: i64| {
        let record = json!({
            "schema_version": 1, "kind": "municipality", "municipality": code, "partition": 0,
            "assessed_through_offset": through, "append_time": "2026-03-02T08:31:00Z", "scored": 1, "repeats": 0,
            "stale": 0, "quarantined": 0, "open_alerts": 0, "open_holds": 0, "digest": "0".repeat(64),
            "config_hash": "0123456789abcdef", "breakers_open": [], "held_shares_capped": [],
            "baseline_incomplete": false,
        });
        (0, Some(code.as_bytes().to_vec()), Some(record.to_string().into_bytes()))
    };
    let partition = json!({
        "schema_version": 1, "kind": "partition", "partition": 0, "from_offset": 0, "through_offset": 3,
        "append_time": "2026-03-02T08:31:00Z", "unassessed": [], "unattributed": 0,
    });
    let of_partition = (0, Some(b"partition|0".to_vec()), Some(partition.to_string().into_bytes()));
    served.payout.finish(RoundRecords {
        progress: vec![municipality("0181", 1), municipality("0180", 3), of_partition],
        alerts: vec![(Some(b"0181:registration:R-2".to_vec()), Some(alert))],
    });
}

fn clearance(served: &Served, by: &str, of: &str) -> (u16, Value) {
    let (code, _, body) = ask(served.server.address(), "GET", &format!("/v1/clearance/{of}"), by, "");
    (code, serde_json::from_str(&body).expect("JSON"))
}

#[test]
fn a_registration_is_payable_held_or_unassessed_with_reasons() {
    let served = serve("header");
    fill(&served);
    let by = named("viewer", "0181");
    assert_eq!(clearance(&served, &by, "R-1").0, 503, "nothing is said before the topics are read");
    read_topics(&served);
    let state = |of: &str| {
        let (code, verdict) = clearance(&served, &by, of);
        assert_eq!(code, 200, "{verdict}");
        (verdict["state"].clone(), verdict["reasons"].clone(), verdict["payable_seconds"].clone())
    };
    assert_eq!(state("R-1"), (json!("payable"), json!([]), json!(1_800)));
    assert_eq!(state("R-2"), (json!("hold"), json!(["carer-overlap"]), json!(900)));
    assert_eq!(state("R-3"), (json!("unassessed"), json!(["above-progress"]), json!(0)));
    // A proposed hold is void in a run at or after its expiry.
    let expires_at = overlap_alert("R-2", 0).alert.hold.expect("a hold").expires_at;
    assert_eq!(state(&format!("R-2?at={expires_at}")).0, json!("payable"));
    assert_eq!(state(&format!("R-2?at={}", expires_at.plus(-1))).0, json!("hold"));
    assert_eq!(state("R-2?municipality=0181").0, json!("hold"));
}

#[test]
fn a_registration_out_of_scope_is_one_that_is_not_there() {
    let served = serve("header");
    fill(&served);
    read_topics(&served);
    let by = named("admin", "0181");
    let unknown = clearance(&served, &by, "R-0");
    assert_eq!(unknown.0, 404);
    for of in ["R-9", "R-9?municipality=0180", "R-0?municipality=0180", "R-9?municipality=9999"] {
        assert_eq!(clearance(&served, &by, of), unknown, "{of}");
    }
    assert_eq!(clearance(&served, &named("admin", "0180"), "R-9").0, 200);
    assert_eq!(clearance(&served, &named("admin", ""), "R-9?municipality=0180"), unknown);
    // With more than one municipality in scope the id alone is not enough.
    let all = named("admin", "*");
    for wrong in ["R-9", "R-9?at=yesterday", "R-9?municipality=0180&at=2026-04-06", "R-9?code=0180"] {
        assert_eq!(
            ask(served.server.address(), "GET", &format!("/v1/clearance/{wrong}"), &all, "").0,
            400,
            "{wrong}"
        );
    }
    assert_eq!(clearance(&served, &all, "R-9?municipality=0180").1["state"], json!("payable"));
}
