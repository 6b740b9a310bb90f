//! What a client of the server sees.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::Server;
use crate::feed::fixtures::{desk, overlapping};
use crate::feed::topics::Memory;
use crate::service::{Stopper, stopper};

fn serve() -> (Server, Memory, Stopper) {
    let scope = crate::feed::cases::Scope::every();
    let memory = Memory::new(desk().within(&scope).rules().clone());
    let (stop, shutdown) = stopper();
    let server = Server::start(([127, 0, 0, 1], 0).into(), memory.clone(), shutdown).expect("a free port");
    (server, memory, stop)
}

fn get(address: SocketAddr, path: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("the request goes out");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("head and body");
    (head[9..12].parse().expect("a status"), head.to_lowercase(), body.to_owned())
}

#[test]
fn pages_and_api_answer_with_hardened_headers() {
    let (server, memory, stop) = serve();
    let address = server.address();
    assert_eq!(get(address, "/readyz").0, 503);
    memory.write(|desk| *desk = overlapping());
    memory.loaded();
    assert_eq!((get(address, "/readyz").0, get(address, "/healthz").0), (200, 200));

    let (code, head, _) = get(address, "/");
    assert_eq!(code, 303);
    assert!(head.contains("location: /sv/cases"), "{head}");
    let (code, head, body) = get(address, "/sv/cases");
    assert_eq!(code, 200);
    assert!(body.contains("Samma medarbetare"), "{body}");
    for part in ["default-src 'none'", "nosniff", "no-store", "frame-ancestors 'none'", "same-origin"] {
        assert!(head.contains(part), "`{part}` is missing in {head}");
    }
    assert_eq!(get(address, "/en/cases/0181:carer:ann:2026-03").0, 200);
    assert_eq!(get(address, "/sv/cases/0181:carer:nobody:2026-03").0, 404);
    assert_eq!(get(address, "/de/cases").0, 404);
    assert_eq!(get(address, "/nothing/at/all").0, 404);
    assert_eq!(get(address, "/sv/cases?unknown=1").0, 200, "an address written by hand shows the list");
    assert!(get(address, "/assets/feed.css").1.contains("text/css"));

    let (code, _, body) = get(address, "/v1/cases?status=open&grade=hold&rule=carer-overlap&limit=1");
    assert_eq!(code, 200);
    for part in [r#""case_id":"0181:carer:ann:2026-03""#, r#""total":1"#, r#""amount_at_risk_ore":12900"#] {
        assert!(body.contains(part), "{body}");
    }
    assert_eq!(get(address, "/v1/cases?status=closed").0, 400);
    assert_eq!(get(address, "/v1/cases?unknown=1").0, 400);
    assert_eq!(get(address, "/v1/cases?municipality=9999").0, 404);
    let (code, _, body) = get(address, "/v1/cases/0181:carer:ann:2026-03");
    assert_eq!(code, 200);
    assert!(body.contains(r#""decisions":[]"#) && body.contains(r#""hold_id":"0181:hold:R-2:1""#), "{body}");
    let (code, _, body) = get(address, "/v1/alerts/0181:registration:R-2");
    assert_eq!(code, 200);
    assert!(body.starts_with(r#"{"schema_version":1,"alert_id":"0181:registration:R-2""#), "{body}");
    assert_eq!(get(address, "/v1/alerts/0181:registration:R-9").0, 404);
    stop.stop();
    server.stop();
}
