//! Access tokens as a client sends them.

use std::net::TcpListener;

use serde_json::{Value, json};

use super::*;
use crate::access::fixtures::Issuer;

fn serve_for(issuer: &Issuer) -> Served {
    let served = serve_with("jwt", issuer.settings());
    fill(&served);
    served
}

fn bearing(token: &str) -> String {
    format!("authorization: Bearer {token}\r\n")
}

/// B31 to B40: nothing that a client can make up opens anything, and nothing is requested for it.
#[test]
fn tokens_that_prove_nothing_are_answered_with_401() {
    let issuer = Issuer::new();
    let served = serve_for(&issuer);
    let address = served.server.address();
    let offered = TcpListener::bind("127.0.0.1:0").expect("a free port");
    offered.set_nonblocking(true).expect("a listener that does not wait");
    let url = format!("http://{}/jwks.json", offered.local_addr().expect("an address"));
    let wrong = issuer.wrong_tokens(&url);
    for number in 31..=40 {
        assert!(wrong.iter().any(|wrong| wrong.input == format!("B{number}")), "B{number} is not tried");
    }
    for wrong in &wrong {
        let by = bearing(&wrong.token);
        for path in ["/v1/cases", CASE] {
            let (code, head, body) = ask(address, "GET", path, &by, "");
            assert_eq!(code, 401, "{}: {body}", wrong.input);
            assert!(head.contains("www-authenticate: bearer"), "{head}");
            assert!(!body.contains("ann") && !body.contains("0181"), "{body}");
        }
    }
    assert!(offered.accept().is_err(), "a key was fetched from where a token said");
    assert_eq!(ask(address, "GET", "/v1/cases", "", "").0, 401);
    assert_eq!(ask(address, "GET", "/v1/cases", &named("admin", "*"), "").0, 401, "headers of no proxy");
}

#[test]
fn a_token_opens_what_its_role_and_municipalities_say() {
    let issuer = Issuer::new();
    let served = serve_for(&issuer);
    let address = served.server.address();
    let by = bearing(&issuer.token(&Issuer::claims()));
    assert_eq!(ask(address, "GET", "/v1/cases/0181:carer:ann:2026-03", &by, "").0, 200);
    let (code, _, page) = ask(address, "GET", CASE, &by, "");
    assert_eq!(code, 200, "pages open as well, where a proxy sends the token on");
    // A reviewer takes no release: 403 before anything is written.
    let form = format!("token={}&action=release&outcome=rule_fault&reason=x", token(&page));
    let from_here = format!("{by}origin: http://{address}\r\n");
    assert_eq!(ask(address, "POST", &format!("{CASE}/decisions"), &from_here, &form).0, 403);

    let codes = |claim: &str, value: Value| {
        let by = bearing(&issuer.token(&Issuer::claims_with(claim, value)));
        ["/v1/cases/0181:carer:ann:2026-03", CASE].map(|path| ask(address, "GET", path, &by, "").0)
    };
    assert_eq!(codes("municipalities", json!(["0180"])), [404, 404], "wrong municipality");
    assert_eq!(codes("municipalities", Value::Null), [404, 404], "no municipality");
    assert_eq!(codes("roles", json!(["offline_access"])), [403, 403], "no role");
    assert_eq!(codes("roles", Value::Null), [403, 403], "no role");
}
