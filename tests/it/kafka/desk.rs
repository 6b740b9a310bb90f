//! The control unit's loop on Kafka: a contradiction becomes a case, a decision on the page releases its hold.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

use serde_json::Value;

use super::broker::{Topics, broker, flush, send};
use super::run::{home, visit};
use super::service::{Service, standing, wait_until};

const CASE: &str = "0181:carer:carer-8f3a:2026-03";

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Status and body of what the control unit's process answers to a reviewer who may release.
fn ask(address: SocketAddr, method: &str, path: &str, body: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\norigin: http://{address}\r\n\
         x-forwarded-user: reviewer-3\r\nx-forwarded-groups: release\r\nx-tidvakt-municipalities: 0181\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head[9..12].parse().ok()?, body.to_owned()))
}

fn hold_state(topics: &Topics) -> Option<Value> {
    let stands = standing(topics.read("alerts").iter().map(|kept| kept.json()));
    Some(stands.get("0181:registration:R-2")?["hold"]["state"].clone())
}

fn page(address: SocketAddr) -> String {
    ask(address, "GET", &format!("/sv/cases/{CASE}"), "").map(|(_, page)| page).unwrap_or_default()
}

#[test]
fn a_decision_on_the_page_releases_the_hold_and_both_processes_may_be_killed_between() {
    let name = "a_decision_on_the_page_releases_the_hold_and_both_processes_may_be_killed_between";
    let Some((address, _turn)) = broker(name) else { return };
    let topics = Topics::make(address, "desk", 2);
    let folder = tempfile::tempdir().unwrap();
    let producer = topics.producer();
    for (key, fact) in [home("client-1", "hh-1"), home("client-2", "hh-2")] {
        send(&producer, &topics.name("reference"), 0, key.as_bytes(), fact.to_string().as_bytes());
    }
    for record in
        [visit("R-1", 1, "client-1", "08:00", "08:30"), visit("R-2", 1, "client-2", "08:15", "08:45")]
    {
        send(&producer, &topics.name("registrations"), 1, b"0181", record.to_string().as_bytes());
    }
    flush(&producer);
    let mut service = Service::start(&topics, folder.path(), "one");
    let at = free_address();
    let mut desk = Service::start_desk(at, &topics, folder.path(), "desk");

    wait_until("the case with its hold", &mut [&mut service, &mut desk], || {
        page(at).contains("0181:hold:R-2:1") || page(at).contains("Förslag att hålla inne ersättning")
    });
    assert_eq!(hold_state(&topics), Some("proposed".into()));

    // The page's process owns no truth: killed and started again, it shows the same.
    desk.kill();
    let mut desk = Service::start_desk(at, &topics, folder.path(), "desk");
    wait_until("the case again", &mut [&mut service, &mut desk], || page(at).contains(r#"name="token""#));
    let shown = page(at);
    let (_, rest) = shown.split_once(r#"name="token" value=""#).unwrap();
    let form = |action: &str| {
        format!("token={}&action={action}&outcome=acceptable_explanation&reason=ringde", &rest[..64])
    };
    // The service is down while the reviewer decides.
    service.kill();
    let decisions = format!("/sv/cases/{CASE}/decisions");
    assert_eq!(ask(at, "POST", &decisions, &form("take")).unwrap().0, 303);
    assert_eq!(ask(at, "POST", &decisions, &form("release")).unwrap().0, 303);
    assert!(page(at).contains("släppte tiden till ersättning"), "the reviewer sees the decision at once");
    let written = topics.read("decisions");
    let keys: Vec<String> =
        written.iter().map(|kept| String::from_utf8_lossy(&kept.key).into_owned()).collect();
    assert!(keys.contains(&"0181:registration:R-2".to_owned()), "{keys:?}");
    assert!(keys.contains(&"0181:registration:R-2|desk".to_owned()), "{keys:?}");

    let mut service = Service::start(&topics, folder.path(), "one");
    wait_until("the released hold", &mut [&mut service, &mut desk], || {
        hold_state(&topics) == Some("released".into())
    });
    wait_until("the released hold on the page", &mut [&mut service, &mut desk], || {
        page(at).contains("Släppt: tiden kan ersättas")
    });
    // Both start anew: the same stands on the topic and on the page.
    desk.kill();
    let mut desk = Service::start_desk(at, &topics, folder.path(), "desk");
    wait_until("the same after a restart", &mut [&mut service, &mut desk], || {
        let page = page(at);
        page.contains("Släppt: tiden kan ersättas") && page.contains("släppte tiden till ersättning")
    });
    let (code, api) = ask(at, "GET", &format!("/v1/cases/{CASE}"), "").unwrap();
    assert_eq!(code, 200);
    let api: Value = serde_json::from_str(&api).unwrap();
    assert_eq!(api["held_ore"], 0, "{api}");
}
