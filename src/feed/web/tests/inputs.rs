//! The inputs B40 to B58 of the list in `tests/README.md`, as a client sends them.

use std::time::Instant;

use axum::Router;
use axum::routing::get;

use super::super::guard::guarded;
use super::matrix::stream_status;
use super::*;
use crate::domain::PublishedAlert;

/// Sends `request` as it is, and reads until the server closes the connection or `enough` has come.
fn raw(address: SocketAddr, request: &[u8], enough: impl Fn(&str) -> bool) -> String {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time limit");
    // A server that has seen enough closes before everything is sent.
    let _ = stream.write_all(request);
    let (mut answer, mut bytes) = (String::new(), [0; 4_096]);
    while !enough(&answer) {
        match stream.read(&mut bytes) {
            Ok(0) | Err(_) => break,
            Ok(count) => answer.push_str(&String::from_utf8_lossy(&bytes[..count])),
        }
    }
    answer
}

fn code(answer: &str) -> Option<u16> {
    answer.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

/// An alert whose provider, carer and sentence are `text`.
fn named_by(text: &str, revision: u32) -> PublishedAlert {
    let mut alert = overlap_alert("R-2", 12_900);
    alert.revision = revision;
    alert.alert.provider_id = text.to_owned();
    alert.alert.carer_ref = Some(text.to_owned());
    alert.alert.findings[0].text.sv = text.to_owned();
    alert.alert.findings[0].related = vec![text.to_owned()];
    alert
}

/// The pages and the JSON of a case whose names are `text`, each answered with 200.
fn shown(served: &Served, text: &str, revision: u32) -> [String; 3] {
    served.memory.write(|desk| {
        desk.alert(named_by(text, revision));
    });
    let by = named("viewer", &format!("0181,{revision}"));
    [CASE, "/sv/cases", "/v1/cases/0181:carer:ann:2026-03"].map(|path| {
        let (code, head, body) = ask(served.server.address(), "GET", path, &by, "");
        assert_eq!(code, 200, "{path}: {text}");
        assert!(head.contains("nosniff") && head.contains("script-src 'self'"), "{head}");
        body
    })
}

/// B41 to B43.
#[test]
fn markup_in_names_is_text_on_the_pages_and_in_json() {
    let served = serve("header");
    fill(&served);
    let markup = [
        "<img src=x onerror=alert(1)>",
        "</script><svg/onload=alert(1)>",
        "javascript:alert(1)",
        "\"onclick=x ",
    ];
    for (revision, text) in (2..).zip(markup) {
        let [case, queue, json] = shown(&served, text, revision);
        for page in [case, queue] {
            for tag in ["<img src=x", "<svg/onload", "href=\"javascript", "\"onclick=x"] {
                assert!(!page.contains(tag), "`{text}` came out as {tag}:\n{page}");
            }
        }
        let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert!(json.to_string().contains(&serde_json::json!(text).to_string()), "{json}");
    }
}

/// B44 to B46.
#[test]
fn writing_that_deceives_the_eye_is_made_visible_or_cut() {
    let served = serve("header");
    fill(&served);
    let marks = format!("P{}", "\u{301}".repeat(10_000));
    let deceiving = [
        ("P\u{202e}70", "P⟨U+202E⟩70"),
        ("P\u{200b}07", "P⟨U+200B⟩07"),
        (&marks, "P\u{301}\u{301}\u{301}"),
        ("\u{420}-07", "⟨U+0420⟩-07"),
    ];
    for (revision, (text, expected)) in (2..).zip(deceiving) {
        let [case, ..] = shown(&served, text, revision);
        assert!(case.contains(expected), "{expected} is missing in {case}");
        for raw in ["\u{202e}", "\u{200b}", "\u{301}\u{301}\u{301}\u{301}", "\u{420}"] {
            assert!(!case.contains(raw), "{raw:?} is in {case}");
        }
    }
}

/// B47 to B49.
#[test]
fn another_site_decides_nothing_and_reads_no_stream() {
    let served = serve("header");
    fill(&served);
    let address = served.server.address();
    let by = named("release", "0181");
    let (_, _, page) = ask(address, "GET", CASE, &by, "");
    let path = format!("{CASE}/decisions");
    let form = format!("token={}&action=release&outcome=rule_fault&reason=x", token(&page));
    let foreign = format!("{by}origin: https://elsewhere.example\r\n");
    assert_eq!(ask(address, "POST", &path, &foreign, &form).0, 403, "B47");
    assert_eq!(ask(address, "POST", &path, &foreign, &form.replace(&token(&page), "")).0, 403, "B47");
    assert_eq!(ask(address, "GET", &format!("{path}?{form}"), &by, "").0, 405, "B48");
    assert_eq!(stream_status(address, &foreign), 403, "B49");
    let cross = format!("{by}sec-fetch-site: cross-site\r\n");
    assert_eq!(stream_status(address, &cross), 403, "B49");
    let upgrade = format!("{foreign}upgrade: websocket\r\nsec-websocket-version: 13\r\n");
    assert_eq!(stream_status(address, &upgrade), 403, "B49");
    let here = format!("{by}sec-fetch-site: same-origin\r\norigin: http://{address}\r\n");
    assert!(events(address, &here, |read| read.contains("text/event-stream")).contains("200 OK"));
}

/// B50: in a path, a query and a cursor.
#[test]
fn what_belongs_to_another_municipality_is_not_there() {
    let served = serve("header");
    fill(&served);
    let address = served.server.address();
    let by = named("admin", "0180");
    for path in [
        CASE,
        "/v1/cases/0181:carer:ann:2026-03",
        "/v1/alerts/0181:registration:R-2",
        "/v1/cases?municipality=0181",
        "/v1/ongoing?municipality=0181",
    ] {
        assert_eq!(ask(address, "GET", path, &by, "").0, 404, "{path}");
    }
    // The first event of this run is one of 0181: a cursor before it shows it to nobody else.
    served.memory.write(|desk| served.memory.alert(desk, overlap_alert("N-1", 100)));
    let id = format!("{}-0", site_run(&served));
    let mut own = overlap_alert("R-9", 100);
    own.alert.municipality = "0180".to_owned();
    own.alert.alert_id = "0180:registration:N-2".to_owned();
    served.memory.write(|desk| served.memory.alert(desk, own));
    let read = events(address, &format!("{by}last-event-id: {id}\r\n"), |read| read.contains("0180:"));
    assert!(!read.contains("0181"), "{read}");
}

/// Names this run in ids of events.
fn site_run(served: &Served) -> String {
    let address = served.server.address();
    let first = |read: &str| read.contains("\nid: ");
    let mut is_first = true;
    let read = events(address, &named("viewer", "1480"), |read| {
        if is_first && read.contains("text/event-stream") {
            is_first = false;
            let mut alert = overlap_alert("R-1480", 100);
            alert.alert.municipality = "1480".to_owned();
            alert.alert.alert_id = "1480:registration:R-1480".to_owned();
            served.memory.write(|desk| served.memory.alert(desk, alert));
        }
        first(read)
    });
    let id = read.lines().find_map(|line| line.strip_prefix("id: ")).expect("an id");
    id.rsplit_once('-').expect("run and number").0.to_owned()
}

/// B51: nothing is exported as CSV, whatever a client accepts; an id that is a formula names nothing.
#[test]
fn no_answer_is_a_spreadsheet() {
    let served = serve("header");
    fill(&served);
    let formulas = ["=HYPERLINK(\"http://x\")", "+1", "-1", "@x", "\tx"];
    for (revision, formula) in (2..).zip(formulas) {
        shown(&served, formula, revision);
    }
    let by = format!("{}accept: text/csv, application/vnd.ms-excel\r\n", named("admin", "0181"));
    for path in
        [CASE, "/sv/cases", "/sv/providers", "/v1/cases", "/v1/ongoing", "/v1/alerts/0181:registration:R-2"]
    {
        let (_, head, _) = ask(served.server.address(), "GET", path, &by, "");
        let is_known =
            head.contains("content-type: text/html") || head.contains("content-type: application/json");
        assert!(is_known, "{path}: {head}");
    }
    for id in ["%3DHYPERLINK(1)", "%2B1", "-1", "@x", "%09x"] {
        assert_eq!(ask(served.server.address(), "GET", &format!("/v1/cases/{id}"), &by, "").0, 404, "{id}");
    }
}

async fn fails() -> &'static str {
    panic!("offset 4711 of secret-topic at /src/feed");
}

/// B52.
#[test]
fn a_fault_of_the_program_is_answered_by_a_number_alone() {
    let (_stop, shutdown) = stopper();
    let plain = || async { axum::http::StatusCode::INTERNAL_SERVER_ERROR };
    let routes =
        Router::new().route("/sv/x", get(fails)).route("/v1/x", get(fails)).route("/v1/plain", get(plain));
    let server = FeedServer::start_routes(([127, 0, 0, 1], 0).into(), guarded(routes), None, shutdown);
    let server = server.expect("a free port");
    for path in ["/sv/x", "/v1/x", "/v1/plain"] {
        let (code, head, body) = ask(server.address(), "GET", path, "", "");
        assert_eq!(code, 500, "{path}");
        for inner in ["4711", "secret-topic", "src/feed", "panick", "expect"] {
            assert!(!body.contains(inner) && !head.contains(inner), "{body}");
        }
        assert!(body.contains("incident") || body.contains("Uppge numret"), "{body}");
        assert!(head.contains("default-src 'none'") && head.contains("no-store"), "{head}");
    }
}

/// B53.
#[test]
fn a_request_with_two_lengths_is_refused_and_hides_no_other() {
    let served = serve("header");
    fill(&served);
    let address = served.server.address();
    let by = named("admin", "*");
    let hidden = format!("GET /v1/cases HTTP/1.1\r\nhost: {address}\r\n{by}\r\n");
    let length = format!("content-length: {}\r\n", hidden.len() + 5);
    let chunked = "transfer-encoding: chunked\r\n";
    for lengths in [
        format!("{length}{chunked}"),
        format!("{chunked}{length}"),
        chunked.to_owned(),
        chunked.replace("chunked", "x, chunked"),
    ] {
        let request = format!(
            "POST {CASE}/decisions HTTP/1.1\r\nhost: {address}\r\n{by}{lengths}\r\n0\r\n\r\n{hidden}"
        );
        let answer = raw(address, request.as_bytes(), |_| false);
        assert_eq!(code(&answer), Some(400), "{lengths}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{lengths}: {answer}");
    }
    let twice = "content-length: 5\r\ncontent-length: 6\r\n";
    let request = format!("POST {CASE}/decisions HTTP/1.1\r\nhost: {address}\r\n{by}{twice}\r\nabcdef");
    assert_eq!(code(&raw(address, request.as_bytes(), |_| false)), Some(400));
}

/// B54, and B40: a token of a megabyte.
#[test]
fn a_head_that_is_too_large_is_refused() {
    let served = serve("header");
    let address = served.server.address();
    for header in [
        format!("x-padding: {}\r\n", "x".repeat(65_536)),
        format!("authorization: Bearer {}\r\n", "e".repeat(1_000_000)),
        "x: y\r\n".repeat(5_000),
    ] {
        let request = format!("GET /healthz HTTP/1.1\r\nhost: {address}\r\n{header}\r\n");
        let answer = raw(address, request.as_bytes(), |read| read.contains("\r\n\r\n"));
        assert_eq!(code(&answer), Some(431), "{answer}");
    }
    let fits = format!("x-padding: {}\r\n", "x".repeat(8_000));
    assert_eq!(ask(address, "GET", "/healthz", &fits, "").0, 200);
}

/// B55.
#[test]
fn a_form_that_comes_a_byte_a_second_is_cut_off() {
    let served = serve("header");
    fill(&served);
    let address = served.server.address();
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time limit");
    let head = format!(
        "POST {CASE}/decisions HTTP/1.1\r\nhost: {address}\r\n{}content-length: 60000\r\n\r\n",
        named("release", "0181")
    );
    stream.write_all(head.as_bytes()).expect("the head goes out");
    let mut sender = stream.try_clone().expect("the same stream");
    let trickle = std::thread::spawn(move || {
        while sender.write_all(b"a").is_ok() {
            std::thread::sleep(Duration::from_secs(1));
        }
    });
    let began = Instant::now();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert_eq!(code(&answer), Some(408), "{answer}");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    trickle.join().expect("the sender sees that the connection is closed");
}

/// B58: what waits for one that never reads is bounded, and the connection goes once all buffers are full.
#[test]
fn a_reader_that_never_reads_is_dropped_and_the_others_go_on() {
    let served = serve("header");
    fill(&served);
    let address = served.server.address();
    let mut never = TcpStream::connect(address).expect("the server listens");
    let request = format!("GET /v1/events HTTP/1.1\r\nhost: {address}\r\n{}\r\n", named("viewer", "0181"));
    never.write_all(request.as_bytes()).expect("the request goes out");
    // More than the buffers of a connection on loopback hold.
    let long = "x".repeat(20_000);
    let began = Instant::now();
    let mut number = 0;
    while served.streams_of("r-viewer-0181") == 0 {
        assert!(began.elapsed() < Duration::from_secs(20), "the stream does not begin");
        std::thread::sleep(Duration::from_millis(10));
    }
    while 0 < served.streams_of("r-viewer-0181") {
        assert!(began.elapsed() < Duration::from_secs(60), "after {number} events it is still there");
        for _ in 0..10 {
            number += 1;
            let mut alert = overlap_alert("R-2", 100);
            alert.alert.alert_id = format!("0181:registration:N-{number}{long}");
            served.memory.write(|desk| served.memory.alert(desk, alert));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(ask(address, "GET", "/v1/cases?limit=1", &named("viewer", "0181"), "").0, 200);
}

/// A visitor has five streams, and another one theirs.
#[test]
fn one_visitor_does_not_take_all_streams() {
    let served = serve("header");
    fill(&served);
    let address = served.server.address();
    let open = |by: &str| {
        let mut stream = TcpStream::connect(address).expect("the server listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time limit");
        let request = format!("GET /v1/events HTTP/1.1\r\nhost: {address}\r\n{by}\r\n");
        stream.write_all(request.as_bytes()).expect("the request goes out");
        let mut bytes = [0; 12];
        stream.read_exact(&mut bytes).expect("a status");
        (stream, String::from_utf8_lossy(&bytes[9..]).into_owned())
    };
    let by = named("viewer", "0181");
    let streams: Vec<_> = (0..6).map(|_| open(&by)).collect();
    let codes: Vec<&str> = streams.iter().map(|(_, code)| code.as_str()).collect();
    assert_eq!(codes, ["200", "200", "200", "200", "200", "429"]);
    assert_eq!(open(&named("viewer", "0180")).1, "200");
}
