//! Which tokens count.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};

use super::fixtures::Issuer;
use super::*;

fn of(verifier: &TokenVerifier, token: &str) -> Result<Principal, TokenRefusal> {
    verifier.principal(&format!("Bearer {token}"))
}

fn verifier(issuer: &Issuer, more: &[&str]) -> Arc<TokenVerifier> {
    TokenVerifier::new(&issuer.config(more)).expect("keys")
}

#[test]
fn a_token_stands_for_a_pseudonym_with_a_role_and_a_scope() {
    let issuer = Issuer::new();
    let verifier = verifier(&issuer, &[]);
    for kid in ["rsa-1", "ec-1", "ed-1"] {
        let principal = of(&verifier, &issuer.sign(kid, &Issuer::claims(), |_| {})).expect(kid);
        assert_eq!((principal.name.as_str(), principal.role), ("reviewer-7", Role::Reviewer));
        assert_eq!(principal.scope, Scope::only(["0181".to_owned()]));
    }
    let token = issuer.token(&Issuer::claims());
    assert!(
        verifier.principal(&format!("bearer  {token}")).is_ok(),
        "the case of the scheme does not matter"
    );
    for wrong in [token.clone(), format!("Basic {token}"), "Bearer ".to_owned(), String::new()] {
        assert!(verifier.principal(&wrong).is_err(), "{wrong}");
    }
    // Clocks may differ by the leeway, and a token may name several audiences.
    let now = jsonwebtoken::get_current_timestamp();
    for (claim, value) in
        [("exp", json!(now - 20)), ("nbf", json!(now + 20)), ("aud", json!(["a", "tidvakt"]))]
    {
        let token = issuer.token(&Issuer::claims_with(claim, value));
        assert!(of(&verifier, &token).is_ok(), "{claim}");
    }
}

#[test]
fn a_wrong_token_stands_for_nobody_and_no_key_is_fetched() {
    let issuer = Issuer::new();
    let offered = TcpListener::bind("127.0.0.1:0").expect("a free port");
    offered.set_nonblocking(true).expect("a listener that does not wait");
    let url = format!("http://{}/jwks.json", offered.local_addr().expect("an address"));
    let verifier = verifier(&issuer, &[]);
    for wrong in issuer.wrong_tokens(&url) {
        let refusal = of(&verifier, &wrong.token);
        assert!(matches!(refusal, Err(TokenRefusal::Invalid(_))), "{}: {refusal:?}", wrong.input);
    }
    assert!(offered.accept().is_err(), "a key was fetched from where a token said");
}

#[test]
fn an_algorithm_that_is_not_in_the_settings_does_not_count() {
    let issuer = Issuer::new();
    let verifier = verifier(&issuer, &["jwt.algorithms=ES256"]);
    assert!(of(&verifier, &issuer.sign("ec-1", &Issuer::claims(), |_| {})).is_ok());
    assert!(of(&verifier, &issuer.token(&Issuer::claims())).is_err());
    // The key's own algorithm counts as well: RS512 by a key for RS256.
    let all = TokenVerifier::new(&issuer.config(&["jwt.algorithms=RS256,RS512"])).expect("keys");
    let other = |header: &mut Header| header.alg = Algorithm::RS512;
    assert!(of(&all, &issuer.sign("rsa-1", &Issuer::claims(), other)).is_err());
}

#[test]
fn without_a_role_nobody_comes_in_and_without_a_municipality_nothing_is_in_scope() {
    let issuer = Issuer::new();
    let verifier = verifier(&issuer, &[]);
    for roles in [json!([]), json!(["Admin", "viewers"]), json!({"viewer": true}), json!(7), Value::Null] {
        let token = issuer.token(&Issuer::claims_with("roles", roles.clone()));
        assert_eq!(of(&verifier, &token), Err(TokenRefusal::NoRole), "{roles}");
    }
    for (codes, expected) in [
        (json!("0181, 0180"), Scope::only(["0180".to_owned(), "0181".to_owned()])),
        (json!(["*"]), Scope::every()),
        (json!([181]), Scope::only([])),
        (Value::Null, Scope::only([])),
    ] {
        let token = issuer.token(&Issuer::claims_with("municipalities", codes.clone()));
        assert_eq!(of(&verifier, &token).expect("a token").scope, expected, "{codes}");
    }
}

#[test]
fn claims_are_found_by_their_whole_name_or_within_objects() {
    let issuer = Issuer::new();
    let more = [
        "jwt.roles_claim=realm_access.roles",
        "jwt.municipalities_claim=https://tidvakt.example/codes",
        "jwt.name_claim=ext.name",
        "jwt.token_type=JWT",
    ];
    let verifier = verifier(&issuer, &more);
    let mut claims = Issuer::claims_with("roles", Value::Null);
    claims["realm_access"] = json!({"roles": ["viewer", "release"]});
    claims["https://tidvakt.example/codes"] = json!("0180");
    claims["ext"] = json!({"name": "r-1"});
    let token = issuer.sign("ed-1", &claims, |header| header.typ = None);
    let principal = of(&verifier, &token).expect("a token");
    assert_eq!((principal.name.as_str(), principal.role), ("r-1", Role::Release));
    assert_eq!(principal.scope, Scope::only(["0180".to_owned()]));
}

#[test]
fn keys_follow_their_file_and_a_broken_file_takes_none_away() {
    let issuer = Issuer::new();
    let verifier = verifier(&issuer, &[]);
    let next = || std::thread::sleep(Duration::from_millis(1_100));
    let (old, new) = (issuer.token(&Issuer::claims()), issuer.sign("ed-1", &Issuer::claims(), |_| {}));
    assert!(of(&verifier, &old).is_ok());
    std::fs::write(issuer.path(), "{\"keys\": [").expect("half a file");
    next();
    assert!(of(&verifier, &old).is_ok());
    let mut jwks = issuer.jwks();
    jwks["keys"] = json!([jwks["keys"][2]]);
    issuer.write(&jwks);
    next();
    assert!(of(&verifier, &old).is_err(), "a key that was taken away does not count");
    assert!(of(&verifier, &new).is_ok());
}

#[test]
fn keys_of_another_use_and_symmetric_ones_are_no_keys() {
    let issuer = Issuer::new();
    let refused = |jwks: Value| {
        issuer.write(&jwks);
        TokenVerifier::new(&issuer.config(&[])).map(drop).map_err(|error| error.to_string())
    };
    let right = issuer.jwks()["keys"][0].clone();
    let with = |name: &str, value: Value| {
        let mut key = right.clone();
        key[name] = value;
        json!({"keys": [key]})
    };
    for wrong in [
        json!({"keys": []}),
        with("use", json!("enc")),
        with("key_ops", json!(["encrypt"])),
        with("alg", json!("RSA-OAEP")),
        with("kty", json!("XYZ")),
        with("n", json!("not base64!")),
        json!({"keys": [{"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQ", "kid": "rsa-1"}]}),
    ] {
        let fault = refused(wrong.clone()).expect_err("it is refused");
        assert!(fault.contains("keys is for an algorithm"), "{wrong}: {fault}");
    }
    assert!(refused(json!([])).expect_err("a list").contains("no JWK Set"));
    // One odd key beside a right one costs nothing.
    let odd = json!({"keys": [{"kty": "oct", "k": "AA"}, {"kid": 7}, right]});
    assert_eq!(refused(odd), Ok(()));
    std::fs::remove_file(issuer.path()).expect("the file goes");
    let fault = TokenVerifier::new(&issuer.config(&[])).map(drop).expect_err("there is no file").to_string();
    assert!(fault.contains("can't be read") && fault.contains("jwt.keys_file"), "{fault}");
}
