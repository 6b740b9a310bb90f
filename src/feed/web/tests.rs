//! What a client of the server sees.

mod audit;
mod clearance;
mod inputs;
mod load;
mod matrix;
mod tls;
mod tokens;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use super::{DecisionRules, Door, FeedServer, Site};
use crate::access::TokenVerifier;
use crate::config::{Config, SettingSources};
use crate::domain::{Action, AuditEntry};
use crate::feed::cases::Scope;
use crate::feed::fixtures::{desk, overlap_alert, overlapping};
use crate::feed::pages::{Role, action_word};
use crate::feed::topics::{AuditWriter, DecisionWriter, Memory, PayoutMemory};
use crate::service::gate::Gate;
use crate::service::tls::TlsIdentity;
use crate::service::{Stopper, stopper};

const CASE: &str = "/sv/cases/0181:carer:ann:2026-03";

struct Served {
    server: FeedServer,
    memory: Memory,
    payout: PayoutMemory,
    audit: Receiver<AuditEntry>,
    auditing: AuditWriter,
    link: Option<String>,
    streams: Arc<Gate<String>>,
    _stop: Stopper,
}

fn serve(access: &str) -> Served {
    serve_with(access, Vec::new())
}

fn serve_with(access: &str, more: Vec<String>) -> Served {
    let mut set = vec![format!("feed.access={access}"), "feed.two_persons_from_ore=20000".to_owned()];
    set.extend(more);
    // Nobody listens there: what is written is not acknowledged.
    let client = vec!["bootstrap.servers=127.0.0.1:1".to_owned()];
    let config =
        Config::load(&SettingSources { set, client, ..SettingSources::default() }).expect("settings");
    let scope = Scope::every();
    let memory = Memory::new(desk().within(&scope).rules().clone());
    let verifier = config.jwt.as_ref().map(|jwt| TokenVerifier::new(jwt).expect("keys"));
    let tls = config.tls.as_ref().map(|files| TlsIdentity::open(files).expect("a certificate"));
    let door = Door::new(&config.feed, verifier, tls.is_some()).expect("random numbers");
    let (stop, shutdown) = stopper();
    let link = door.link();
    let rules = DecisionRules { take_seconds: 1_800, two_persons_from_ore: config.feed.two_persons_from_ore };
    let writer = DecisionWriter::new(&config).expect("a producer");
    let payout = PayoutMemory::new(config.engine.zone.clone());
    let (auditing, audit) = AuditWriter::channel();
    let site = Site::new(memory.clone(), payout.clone(), writer, auditing.clone(), door, rules)
        .expect("random numbers");
    let streams = site.streams.clone();
    let server = FeedServer::start(([127, 0, 0, 1], 0).into(), site, tls, shutdown).expect("a free port");
    Served { server, memory, payout, audit, auditing, link, streams, _stop: stop }
}

impl Served {
    /// Streams of events that a visitor has open.
    fn streams_of(&self, name: &str) -> usize {
        self.streams.inside(name)
    }
}

/// Two municipalities with a case each.
fn fill(served: &Served) {
    served.memory.write(|desk| {
        *desk = overlapping();
        let mut other = overlap_alert("R-9", 100);
        other.alert.municipality = "0180".to_owned();
        other.alert.alert_id = "0180:registration:R-9".to_owned();
        other.alert.case_id = "0180:carer:ann:2026-03".to_owned();
        desk.alert(other);
    });
    served.memory.loaded();
}

fn ask(address: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time limit");
    let length = if method == "POST" {
        format!("content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n", body.len())
    } else {
        String::new()
    };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}{length}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).expect("the request goes out");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("head and body");
    (head[9..12].parse().expect("a status"), head.to_lowercase(), body.to_owned())
}

fn named(role: &str, municipalities: &str) -> String {
    // Each has a rate of their own.
    format!(
        "x-forwarded-user: r-{role}-{municipalities}\r\nx-forwarded-groups: {role}\r\nx-tidvakt-municipalities: {municipalities}\r\n"
    )
}

fn token(page: &str) -> String {
    let (_, rest) = page.split_once(r#"name="token" value=""#).expect("a form");
    rest[..64].to_owned()
}

#[test]
fn pages_and_api_answer_with_hardened_headers() {
    let served = serve("header");
    let address = served.server.address();
    let by = named("viewer", "0181");
    let get = |path: &str| ask(address, "GET", path, &by, "");
    assert_eq!(get("/readyz").0, 503);
    fill(&served);
    assert_eq!((get("/readyz").0, get("/healthz").0), (200, 200));
    let (code, head, _) = get("/");
    assert_eq!(code, 303);
    assert!(head.contains("location: /sv/cases"), "{head}");
    let (code, head, body) = get("/sv/cases");
    assert_eq!(code, 200);
    assert!(body.contains("Samma medarbetare"), "{body}");
    for part in ["default-src 'none'", "nosniff", "no-store", "frame-ancestors 'none'", "same-origin"] {
        assert!(head.contains(part), "`{part}` is missing in {head}");
    }
    assert_eq!(get("/en/cases/0181:carer:ann:2026-03").0, 200);
    for path in
        ["/sv/cases/0181:carer:nobody:2026-03", "/de/cases", "/nothing/at/all", "/v1/cases?municipality=9999"]
    {
        assert_eq!(get(path).0, 404, "{path}");
    }
    for (path, language) in [("/en/nothing", "en"), ("/nothing", "sv"), ("/sv/accessibility", "sv")] {
        let page = ask(address, "GET", path, "", "");
        assert_eq!(page.0, if path.ends_with("accessibility") { 200 } else { 404 }, "{path}");
        assert!(page.2.contains(&format!("<html lang=\"{language}\">")), "{path}: {}", page.2);
    }
    assert_eq!(get("/sv/cases?unknown=1").0, 200, "an address written by hand shows the list");
    assert!(get("/assets/feed.css").1.contains("text/css"));
    let (code, _, body) = get("/v1/cases?status=open&grade=hold&rule=carer-overlap&limit=1");
    assert_eq!(code, 200);
    for part in [r#""case_id":"0181:carer:ann:2026-03""#, r#""total":1"#, r#""amount_at_risk_ore":12900"#] {
        assert!(body.contains(part), "{body}");
    }
    assert_eq!((get("/v1/cases?status=closed").0, get("/v1/cases?unknown=1").0), (400, 400));
    let (code, _, body) = get("/v1/cases/0181:carer:ann:2026-03");
    assert_eq!(code, 200);
    assert!(body.contains(r#""decisions":[]"#) && body.contains(r#""hold_id":"0181:hold:R-2:1""#), "{body}");
    let (code, _, body) = get("/v1/alerts/0181:registration:R-2");
    assert_eq!(code, 200);
    assert!(body.starts_with(r#"{"schema_version":1,"alert_id":"0181:registration:R-2""#), "{body}");
}

#[test]
fn the_printed_link_lets_one_browser_in_once() {
    let served = serve("link");
    fill(&served);
    let address = served.server.address();
    assert_eq!(ask(address, "GET", "/sv/cases", "", "").0, 401);
    assert_eq!(ask(address, "GET", "/v1/cases", "", "").0, 401);
    assert_eq!(ask(address, "GET", "/enter/0123", "", "").0, 403);
    // A header of a proxy is nothing where no proxy is trusted.
    assert_eq!(ask(address, "GET", "/sv/cases", &named("admin", "*"), "").0, 401);
    let link = served.link.as_deref().expect("a link");
    let (code, head, _) = ask(address, "GET", link, "", "");
    assert_eq!(code, 303);
    let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
    assert!(cookie.contains("httponly") && cookie.contains("samesite=strict"), "{cookie}");
    let session = format!("cookie: other=1; {}\r\n", cookie.split(';').next().expect("a pair"));
    assert_eq!(ask(address, "GET", "/sv/cases", &session, "").0, 200);
    assert_eq!(ask(address, "GET", link, "", "").0, 403, "it is used");
    assert_eq!(ask(address, "GET", "/sv/cases", "cookie: tidvakt_session=\r\n", "").0, 401);
}

/// Every role × municipality × route: what is not there and what is out of scope answer alike, and nobody decides
/// beyond their role.
#[test]
fn nobody_sees_or_decides_beyond_their_scope_and_role() {
    let served = serve("header");
    fill(&served);
    let address = served.server.address();
    for role in Role::ALL {
        for (scope, own) in [("0181", true), ("0180", false), ("", false), ("*", true)] {
            let by = named(role.as_str(), scope);
            let expected = if own { 200 } else { 404 };
            for path in [CASE, "/v1/cases/0181:carer:ann:2026-03", "/v1/alerts/0181:registration:R-2"] {
                assert_eq!(ask(address, "GET", path, &by, "").0, expected, "{role:?} {scope} {path}");
            }
            let (_, _, list) = ask(address, "GET", "/v1/cases?municipality=0181", &by, "");
            assert_eq!(list.contains("R-2") || list.contains("0181:carer"), own, "{role:?} {scope}");
            let (_, _, queue) = ask(address, "GET", "/sv/cases?status=open&municipality=0181", &by, "");
            assert_eq!(queue.contains("0181:carer"), own, "{role:?} {scope}");
            let outcomes = "/v1/outcomes?municipality=0181";
            assert_eq!(ask(address, "GET", outcomes, &by, "").0, expected, "{role:?} {scope} {outcomes}");
            let outcomes = "/sv/outcomes?municipality=0181";
            let (_, _, page) = ask(address, "GET", outcomes, &by, "");
            assert_eq!(page.contains("129\u{a0}kr"), own, "{role:?} {scope}: {page}");
            if own && role >= Role::Reviewer {
                decides_within_role(address, &by, role);
            }
        }
    }
    assert_eq!(
        ask(address, "GET", CASE, "x-forwarded-user: r-7\r\nx-tidvakt-municipalities: *\r\n", "").0,
        403
    );
}

fn decides_within_role(address: SocketAddr, by: &str, role: Role) {
    let (_, _, page) = ask(address, "GET", CASE, by, "");
    let token = token(&page);
    let headers = format!("{by}origin: http://{address}\r\n");
    for action in [Action::Release, Action::Uphold] {
        // Without a reason: 422 for a role that may decide, 403 for the others, and no record is written.
        let body = format!("token={token}&action={}", action_word(action));
        let code = ask(address, "POST", &format!("{CASE}/decisions"), &headers, &body).0;
        let expected = if Role::for_action(action) <= role { 422 } else { 403 };
        assert_eq!(code, expected, "{role:?} {action:?}");
        assert_eq!(page.contains(&format!(r#"value="{}""#, action_word(action))), expected == 422);
    }
}

#[test]
fn a_form_of_another_page_decides_nothing() {
    let served = serve("header");
    fill(&served);
    let address = served.server.address();
    let by = named("release", "0181");
    let path = format!("{CASE}/decisions");
    let (_, _, page) = ask(address, "GET", CASE, &by, "");
    let own = token(&page);
    let complete = |token: &str| format!("token={token}&action=release&outcome=rule_fault&reason=x");
    let from = |origin: &str| format!("{by}origin: {origin}\r\n");
    let here = from(&format!("http://{address}"));
    for (headers, body) in [
        (from("https://elsewhere.example"), complete(&own)),
        (from("null"), complete(&own)),
        (by.clone(), complete(&own)),
        (here.clone(), complete("")),
        (here.clone(), complete(&"0".repeat(64))),
        (format!("{by}sec-fetch-site: cross-site\r\n"), complete(&own)),
    ] {
        assert_eq!(ask(address, "POST", &path, &headers, &body).0, 403, "{headers} {body}");
    }
    assert_eq!(ask(address, "GET", &path, &here, "").0, 405, "a GET decides nothing");
    let (code, _, body) =
        ask(address, "POST", &path, &here, &format!("token={own}&action=wait&until=2020-01-01"));
    assert_eq!(code, 422);
    for part in
        ["Skriv en motivering.", "Ange ett datum efter i dag", r#"role="alert""#, r#"value="2020-01-01""#]
    {
        assert!(body.contains(part), "`{part}` is missing in {body}");
    }
    let long = format!("token={own}&action=dismiss&outcome=rule_fault&reason={}", "x".repeat(70_000));
    assert_eq!(ask(address, "POST", &path, &here, &long).0, 413);
    // No broker answers: no record is written, and the error page repeats the reason that was typed.
    let written = format!("token={own}&action=release&outcome=rule_fault&reason=ringde+utf%C3%B6raren");
    let (code, _, body) = ask(address, "POST", &path, &here, &written);
    assert_eq!(code, 503);
    assert!(body.contains("kunde inte sparas") && body.contains("ringde utföraren"), "{body}");
    assert!(body.contains("Inga beslut än."), "{body}");
}

#[test]
fn a_large_amount_needs_two_persons() {
    let served = serve("header");
    fill(&served);
    served.memory.write(|desk| {
        let mut large = overlap_alert("R-2", 30_000);
        large.revision = 2;
        desk.alert(large);
    });
    let address = served.server.address();
    let by = format!("{}origin: http://{address}\r\n", named("release", "0181"));
    let (_, _, page) = ask(address, "GET", CASE, &by, "");
    let body = format!("token={}&action=release&outcome=rule_fault&reason=x", token(&page));
    let (code, _, body) = ask(address, "POST", &format!("{CASE}/decisions"), &by, &body);
    assert_eq!(code, 409);
    assert!(body.contains("Beloppet kräver två personer"), "{body}");
}

#[test]
fn too_many_requests_are_refused_for_a_while() {
    let served = serve("header");
    fill(&served);
    let address = served.server.address();
    let by = named("viewer", "0181");
    let codes: Vec<u16> = (0..200).map(|_| ask(address, "GET", "/v1/cases", &by, "").0).collect();
    assert_eq!(codes[0], 200);
    assert!(codes.contains(&429), "200 requests at once are too many");
    assert_eq!(
        ask(address, "GET", "/v1/cases", &by.replace("r-viewer", "s-viewer"), "").0,
        200,
        "others are not hit"
    );
}

/// Reads events until `enough` have come; returns what came.
fn events(address: SocketAddr, headers: &str, mut enough: impl FnMut(&str) -> bool) -> String {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time limit");
    let request = format!("GET /v1/events HTTP/1.1\r\nhost: {address}\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).expect("the request goes out");
    let (mut read, mut bytes) = (String::new(), [0; 4_096]);
    while !enough(&read) {
        let count = stream.read(&mut bytes).expect("an event in time");
        read.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    read
}

#[test]
fn three_alerts_are_three_events_and_a_reader_that_comes_back_misses_none() {
    let served = serve("header");
    fill(&served);
    let address = served.server.address();
    let open = |number: u32, municipality: &str| {
        let mut alert = overlap_alert(&format!("N-{number}"), 100);
        alert.alert.municipality = municipality.to_owned();
        alert.alert.alert_id = format!("{municipality}:registration:N-{number}");
        served.memory.write(|desk| served.memory.alert(desk, alert));
    };
    let by = named("viewer", "0181");
    let mut is_first = true;
    let read = events(address, &by, |read| {
        // The reader is connected once its head has come.
        if is_first && read.contains("text/event-stream") {
            is_first = false;
            for (number, municipality) in [(1, "0181"), (2, "0180"), (3, "0181"), (4, "0181")] {
                open(number, municipality);
            }
        }
        read.matches("event: alert").count() == 3
    });
    assert!(!read.contains("0180"), "an alert of another municipality came: {read}");
    let ids: Vec<&str> = read.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
    open(5, "0181");
    let again = events(address, &format!("{by}last-event-id: {}\r\n", ids[0]), |read| read.contains("N-5"));
    for number in ["N-3", "N-4", "N-5"] {
        assert!(again.contains(number), "{number} is lost: {again}");
    }
    assert!(!again.contains("N-1"), "{again}");
    let other =
        events(address, &format!("{by}last-event-id: 00000000-3\r\n"), |read| read.contains("event:"));
    assert!(other.contains("event: reset"), "an id of another run: {other}");
    assert_eq!(ask(address, "GET", "/v1/events", "", "").0, 401);
}

/// Every path of the API is described and answers as described; no other is described.
#[test]
fn the_description_of_the_api_is_what_answers() {
    let described: serde_json::Value = serde_json::from_str(super::routes::OPENAPI).expect("JSON");
    let paths = described["paths"].as_object().expect("paths");
    let routed: std::collections::BTreeSet<&str> =
        include_str!("routes.rs").split('"').filter(|text| text.starts_with("/v1/")).collect();
    assert_eq!(paths.keys().map(String::as_str).collect::<std::collections::BTreeSet<_>>(), routed);
    let served = serve("header");
    fill(&served);
    clearance::read_topics(&served);
    let address = served.server.address();
    let by = named("viewer", "0181");
    for (path, at) in paths.iter().filter(|(path, _)| *path != "/v1/events") {
        let sample = if path.contains("alerts") { "0181:registration:R-2" } else { "0181:carer:ann:2026-03" };
        let path = path.replace("{id}", sample).replace("{registration_id}", "R-2");
        let (code, _, body) = ask(address, "GET", &path, &by, "");
        assert_eq!(code, 200, "{path}");
        let answer: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        let schema = &at["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        let mut schema = schema.clone();
        schema["components"] = described["components"].clone();
        let faults = jsonschema::validate(&schema, &answer);
        assert!(faults.is_ok(), "{path}: {faults:?}");
    }
}
