//! `tidvakt run` from end to end.

use serde_json::{Value, json};

use super::broker::{Kept, Topics, broker, flush, send};
use super::service::{Service, check_histories, progress, standing, wait_until};

/// Homes of clients stand side by side: two at one position may be one household.
pub fn home(client: &str, household: &str) -> (String, Value) {
    let lat = 59.1955 + 0.0005 * f64::from(client.as_bytes().last().copied().unwrap_or_default() % 10);
    let body = json!({"client_ref": client, "household_ref": household, "lat": lat, "lon": 17.6253});
    let fact_id = format!("home-{client}");
    let fact = json!({"schema_version": 1, "municipality": "0181", "fact_id": fact_id, "type": "client_home",
        "valid_from": "2026-01-01T00:00:00+01:00", "valid_to": null,
        "recorded_at": "2026-01-01T00:00:00+01:00", "body": body});
    (format!("0181|{fact_id}"), fact)
}

pub fn visit(id: &str, version: u32, client: &str, from: &str, to: &str) -> Value {
    let capture = json!({"method": "nfc_tag", "tag_ref": format!("tag-{client}")});
    json!({"schema_version": 1, "event_type": if version == 1 { "recorded" } else { "amended" },
        "registration_id": id, "version": version, "municipality": "0181", "provider_id": "P-07",
        "carer_ref": "carer-8f3a", "client_ref": client,
        "start_at": format!("2026-03-02T{from}:00+01:00"), "end_at": format!("2026-03-02T{to}:00+01:00"),
        "start_capture": capture, "end_capture": capture})
}

#[test]
fn a_contradiction_is_published_corrected_and_not_published_again() {
    let Some((address, _turn)) = broker("a_contradiction_is_published_corrected_and_not_published_again")
    else {
        return;
    };
    let topics = Topics::make(address, "run", 2);
    let folder = tempfile::tempdir().unwrap();
    let producer = topics.producer();
    for (key, fact) in [home("client-1", "hh-1"), home("client-2", "hh-2")] {
        send(&producer, &topics.name("reference"), 0, key.as_bytes(), fact.to_string().as_bytes());
    }
    let feed = topics.name("registrations");
    let register = |record: &[u8]| {
        send(&producer, &feed, 1, b"0181", record);
        flush(&producer);
    };
    register(visit("R-1", 1, "client-1", "08:00", "08:30").to_string().as_bytes());
    register(visit("R-2", 1, "client-2", "08:15", "08:45").to_string().as_bytes());
    register(b"{\"municipality\": \"0181\", \"carer_ref\": \"carer-8f3a\"");
    let mut service = Service::start(&topics, folder.path(), "one");

    wait_until("the alert", &mut [&mut service], || topics.read("alerts").len() == 1);
    check_alerts(&topics.read("alerts"));
    wait_until("the broken record", &mut [&mut service], || topics.read("quarantine").len() == 1);
    check_refused(&topics.read("quarantine")[0], &feed);

    // The correction comes while the service is stopped: published after the restart; nothing else is.
    let offset =
        |municipality: &str| progress(&topics).get(municipality)?["assessed_through_offset"].as_i64();
    wait_until("progress", &mut [&mut service], || offset("0181") == Some(2));
    assert_eq!(service.terminate().code(), Some(0));
    register(visit("R-2", 2, "client-2", "08:30", "08:45").to_string().as_bytes());
    let mut service = Service::start(&topics, folder.path(), "one");
    wait_until("its withdrawal", &mut [&mut service], || topics.read("alerts").len() == 2);
    wait_until("progress", &mut [&mut service], || offset("0181") == Some(3));
    let alerts = topics.read("alerts");
    assert_eq!(standing(alerts.iter().map(|kept| kept.json())).len(), 0);
    check_histories(&alerts);
    let said = &progress(&topics)["0181"];
    assert_eq!(
        (&said["scored"], &said["quarantined"], &said["open_alerts"]),
        (&json!(3), &json!(1), &json!(0))
    );

    // A restart with nothing new says nothing.
    assert_eq!(service.terminate().code(), Some(0));
    let mut service = Service::start(&topics, folder.path(), "one");
    register(visit("R-3", 1, "client-1", "10:00", "10:30").to_string().as_bytes());
    wait_until("progress", &mut [&mut service], || offset("0181") == Some(4));
    assert_eq!(service.terminate().code(), Some(0));
    assert_eq!(topics.read("alerts").len(), 2);
    assert_eq!(topics.read("quarantine").len(), 1);
}

fn check_alerts(alerts: &[Kept]) {
    let stands = standing(alerts.iter().map(|kept| kept.json()));
    let held = &stands["0181:registration:R-2"];
    assert_eq!(held["grade"], "hold");
    assert_eq!(held["hold"]["seconds_in_question"], 900);
    assert_eq!(held["findings"][0]["rule"], "carer-overlap");
    assert_eq!(held["findings"][0]["related"], json!(["R-1"]));
    assert_eq!(stands.len(), 1, "a pair is one alert");
    for kept in alerts {
        assert_eq!(kept.partition, 1, "an alert lies in the partition of its municipality");
        assert_eq!(kept.header("ce_specversion"), Some("1.0"), "{:?}", kept.headers);
        for name in ["ce_id", "ce_source", "ce_type", "ce_time", "content-type"] {
            assert!(kept.header(name).is_some_and(|value| !value.is_empty()), "{name}: {:?}", kept.headers);
        }
    }
}

fn check_refused(refused: &Kept, feed: &str) {
    assert_eq!(refused.value, b"{\"municipality\": \"0181\", \"carer_ref\": \"carer-8f3a\"");
    assert_eq!(refused.header("__connect.errors.topic"), Some(feed));
    assert_eq!(refused.header("__connect.errors.partition"), Some("1"));
    assert_eq!(refused.header("__connect.errors.offset"), Some("2"));
    assert_eq!(refused.header("__connect.errors.exception.class.name"), Some("not-json"));
    assert!(!refused.header("__connect.errors.exception.message").unwrap().contains("carer-8f3a"));
}

#[test]
fn a_missing_topic_is_named_at_once_with_what_to_do() {
    let Some((address, _turn)) = broker("a_missing_topic_is_named_at_once_with_what_to_do") else { return };
    let topics = Topics::make_but(address, "missing", 1, "alerts");
    let folder = tempfile::tempdir().unwrap();
    let began = std::time::Instant::now();
    let mut service = Service::start(&topics, folder.path(), "one");
    let status = service.wait();
    let words = service.last_words();
    assert_eq!(status.code(), Some(69), "{words}");
    assert!(began.elapsed().as_secs() < 30, "it took {:?}", began.elapsed());
    assert!(words.contains(&topics.name("alerts")), "{words}");
    assert!(words.contains("create"), "no remedy is named: {words}");
}
