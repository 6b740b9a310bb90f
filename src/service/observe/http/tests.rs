use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::*;
use crate::access::TokenVerifier;
use crate::access::fixtures::Issuer;
use crate::config::{Api, ApiAccess, Http, Token};
use crate::engine::{Rolling, RuleCounts};
use crate::service::deliver::events::Phase;
use crate::service::fixtures::alert;
use crate::service::process::shutdown::{Stopper, stopper};

const TOKEN: &str = "0123456789abcdef";

fn site() -> ObservedSite {
    let metrics = Arc::new(Metrics::new(&["carer-overlap"]));
    let (status, view) = (Status::new(metrics.clone()), View::new());
    ObservedSite { metrics, status, view }
}

fn server(site: &ObservedSite) -> (ProbeServer, Stopper) {
    server_for(site, ApiAccess::Token(Token::new(TOKEN)), None)
}

fn server_for(
    site: &ObservedSite,
    access: ApiAccess,
    verifier: Option<Arc<TokenVerifier>>,
) -> (ProbeServer, Stopper) {
    let (stop, shutdown) = stopper();
    let any: SocketAddr = ([127, 0, 0, 1], 0).into();
    let api = Some(Api { listen: any, access });
    let http = Http { listen: Some(any), hosts: vec!["tidvakt".to_owned()], api };
    let server = ProbeServer::start(&http, verifier, None, site, &shutdown);
    (server.expect("a free port").expect("it is served"), stop)
}

/// Status, head and body of the answer to a request with these headers.
fn ask_with(address: SocketAddr, path: &str, headers: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    let request = format!("GET {path} HTTP/1.1\r\n{headers}connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("the request goes out");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("head and body");
    (head[9..12].parse().expect("a status"), head.to_owned(), body.to_owned())
}

fn ask(address: SocketAddr, path: &str) -> (u16, String, String) {
    ask_with(address, path, "host: localhost\r\n")
}

fn ask_api(address: SocketAddr, path: &str) -> (u16, String, String) {
    ask_with(address, path, &format!("host: localhost\r\nauthorization: Bearer {TOKEN}\r\n"))
}

#[test]
fn pages_answer_with_hardened_headers() {
    let site = site();
    site.status.wait_for("reference", "the reference topic is being read");
    let (server, stop) = server(&site);
    let address = server.address();

    let (code, head, body) = ask(address, "/readyz");
    assert_eq!(code, 503);
    assert!(body.contains("the reference topic is being read"), "{body}");
    let (code, _, body) = ask(address, "/startupz");
    assert_eq!(code, 503);
    assert!(body.contains(r#""stage":"starting""#), "{body}");
    assert_eq!(ask(address, "/healthz").0, 200, "who starts does not hang");
    assert!(head.contains("nosniff") && head.contains("no-store"), "{head}");
    site.status.done("reference");
    site.status.phase(2, Phase::Replaying { from: 4, to: 9 });
    assert_eq!(ask(address, "/startupz").0, 200);
    let (code, _, body) = ask(address, "/readyz");
    assert_eq!(code, 503);
    assert!(body.contains(r#""stage":"replaying""#) && body.contains("at offset 4 of 9"), "{body}");
    site.status.phase(2, Phase::Live);
    assert_eq!(ask(address, "/readyz").0, 200);
    site.status.hindered("topic a", "topic `a` is gone");
    let (code, _, body) = ask(address, "/readyz");
    assert!(code == 503 && body.contains("topic `a` is gone"), "{body}");
    site.status.unhindered("topic a");
    assert_eq!(ask(address, "/readyz").0, 200);
    assert!(ask(address, "/metrics").2.contains("tidvakt_instance_phase{phase=\"live\"} 1"));
    assert!(ask(address, "/").2.contains("/v1/alerts"));
    let undetermined = vec![("client_home", 105)];
    let counts = RuleCounts { rule: "carer-overlap", hits: [0; 3], lowered: [0; 4], undetermined };
    site.view.answered("0181", 2, vec![counts]);
    let body = ask(address, "/v1/partitions").2;
    let partition = r#""partition":2,"phase":"live""#;
    let waits =
        r#"{"fact":"client_home","lowered_findings":0,"rule":"carer-overlap","undetermined_answers":105}"#;
    assert!(body.contains(partition) && body.contains(waits), "{body}");
    assert_eq!(ask(address, "/nothing").0, 404);
    assert_eq!(ask(address, "/v1/alerts").0, 404, "what is about persons is elsewhere");
    stop.stop();
    server.stop();
}

#[test]
fn what_is_about_persons_is_shown_to_who_has_the_token() {
    let site = site();
    let (server, stop) = server(&site);
    let address = server.api_address().expect("it is served");
    for wrong in ["", "authorization: Bearer 0123456789abcdeF\r\n", "authorization: Basic eA==\r\n"] {
        let (code, head, body) = ask_with(address, "/v1/alerts", &format!("host: localhost\r\n{wrong}"));
        assert!(code == 401 && head.contains("nosniff") && !body.contains("alerts"), "{head} {body}");
    }
    assert_eq!(ask_api(address, "/v1/carers/nobody").0, 404);
    let rolling = Rolling { visits: 4, ..Rolling::default() };
    site.view.rolled(EntityRef::Carer("carer-1"), "0181", Some(rolling));
    let (code, _, body) = ask_api(address, "/v1/carers/carer-1");
    assert_eq!(code, 200);
    assert!(body.contains(r#""visits":4"#) && body.contains(r#""municipality":"0181""#), "{body}");

    assert_eq!(ask_api(address, "/v1/alerts").2, r#"{"alerts":[]}"#);
    site.view.alert(&alert("0181", "R1", 2.0));
    let (code, _, body) = ask_api(address, "/v1/alerts?municipality=0181&limit=1");
    assert_eq!(code, 200);
    assert!(body.contains(r#""alert_id":"0181:registration:R1""#), "{body}");
    assert_eq!(ask_api(address, "/v1/alerts?limit=-1").0, 400);
    stop.stop();
    server.stop();
}

/// The same tokens that the control unit's process takes, each within its scope.
#[test]
fn an_access_token_shows_the_persons_of_its_municipalities() {
    let issuer = Issuer::new();
    let verifier = TokenVerifier::new(&issuer.config(&[])).expect("keys");
    let site = site();
    let (server, stop) = server_for(&site, ApiAccess::Jwt, Some(verifier));
    let address = server.api_address().expect("it is served");
    let by = |path: &str, token: &str| {
        ask_with(address, path, &format!("host: localhost\r\nauthorization: Bearer {token}\r\n"))
    };
    for municipality in ["0180", "0181"] {
        let rolling = Rolling { visits: 4, ..Rolling::default() };
        site.view.rolled(EntityRef::Carer("carer-1"), municipality, Some(rolling));
        site.view.rolled(EntityRef::Client("client-1"), municipality, Some(rolling));
        site.view.alert(&alert(municipality, "R1", 2.0));
    }
    site.view.rolled(EntityRef::Carer("carer-2"), "0180", Some(Rolling::default()));
    let token = issuer.token(&Issuer::claims());
    for path in ["/v1/alerts", "/v1/alerts?municipality=0181", "/v1/carers/carer-1", "/v1/clients/client-1"] {
        let (code, _, body) = by(path, &token);
        assert!(code == 200 && body.contains("0181") && !body.contains("0180"), "{path}: {code} {body}");
    }
    assert_eq!(by("/v1/alerts?municipality=0180", &token).2, r#"{"alerts":[]}"#);
    let unknown = by("/v1/carers/carer-9", &token);
    assert_eq!(unknown.0, 404);
    assert_eq!(by("/v1/carers/carer-2", &token).2, unknown.2.replace("carer-9", "carer-2"));
    for wrong in issuer.wrong_tokens("http://127.0.0.1:1/") {
        assert_eq!(by("/v1/alerts", &wrong.token).0, 401, "{}", wrong.input);
    }
    assert_eq!(by("/v1/alerts", TOKEN).0, 401, "the secret of the other kind of access");
    let nobody = issuer.token(&Issuer::claims_with("roles", serde_json::json!([])));
    assert_eq!(by("/v1/alerts", &nobody).0, 403);
    stop.stop();
    server.stop();
}

#[test]
fn a_name_that_is_not_this_host_s_gets_no_answer() {
    let (server, stop) = server(&site());
    for address in [server.address(), server.api_address().expect("it is served")] {
        assert_eq!(ask_with(address, "/metrics", "host: evil.example\r\n").0, 421);
        assert_ne!(ask_with(address, "/metrics", "host: tidvakt:9464\r\n").0, 421);
    }
    stop.stop();
    server.stop();
}

#[test]
fn who_does_not_finish_a_request_is_cut_off() {
    let (server, stop) = server(&site());
    let mut slow = TcpStream::connect(server.address()).expect("the server listens");
    slow.write_all(b"GET /metrics HTTP/1.1\r\nhost: loc").expect("the beginning goes out");
    slow.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit");
    let began = Instant::now();
    let mut answer = Vec::new();
    slow.read_to_end(&mut answer).expect("the server closes the connection");
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    stop.stop();
    server.stop();
}
