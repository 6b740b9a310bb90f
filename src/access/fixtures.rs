//! An issuer whose keys are made for the test, and tokens of all kinds.

use std::path::PathBuf;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use serde_json::{Value, json};

use crate::config::{Config, JwtConfig, SettingSources};

/// `{"alg":"none","typ":"at+jwt","kid":"rsa-1"}`, and the same with `nOnE`.
const NONE: [&str; 2] = [
    "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0Iiwia2lkIjoicnNhLTEifQ",
    "eyJhbGciOiJuT25FIiwidHlwIjoiYXQrand0Iiwia2lkIjoicnNhLTEifQ",
];
/// Bytes of a PKCS #8 key of 2,048 bits before its PKCS #1 key.
const PKCS8_HEAD: usize = 26;

/// A token, and which input of the list of wrong ones it is.
pub(crate) struct WrongToken {
    pub(crate) input: &'static str,
    pub(crate) token: String,
}

pub(crate) struct Issuer {
    folder: tempfile::TempDir,
    /// By id of the key: algorithm and private key.
    keys: [(&'static str, Algorithm, EncodingKey); 3],
    rsa_public_der: Vec<u8>,
}

impl Issuer {
    /// An issuer with a key of each family, whose JWK Set is written.
    pub(crate) fn new() -> Self {
        let rsa = KeyPair::generate(KeySize::Rsa2048).expect("an RSA key");
        let pkcs8 = rsa.as_der().expect("its PKCS #8");
        let random = SystemRandom::new();
        let ec = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("an EC key");
        let ed = Ed25519KeyPair::generate_pkcs8v1(&random).expect("an Ed25519 key");
        let issuer = Self {
            folder: tempfile::tempdir().expect("a folder"),
            keys: [
                ("rsa-1", Algorithm::RS256, EncodingKey::from_rsa_der(&pkcs8.as_ref()[PKCS8_HEAD..])),
                ("ec-1", Algorithm::ES256, EncodingKey::from_ec_der(ec.as_ref())),
                ("ed-1", Algorithm::EdDSA, EncodingKey::from_ed_der(ed.as_ref())),
            ],
            rsa_public_der: rsa.public_key().as_der().expect("its public key").as_ref().to_vec(),
        };
        issuer.write(&issuer.jwks());
        issuer
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("jwks.json")
    }

    pub(crate) fn write(&self, jwks: &Value) {
        std::fs::write(self.path(), jwks.to_string()).expect("the key file is written");
    }

    pub(crate) fn jwks(&self) -> Value {
        let keys = self.keys.iter().map(|(kid, algorithm, key)| {
            let mut jwk = json!(Jwk::from_encoding_key(key, *algorithm).expect("a JWK"));
            jwk["kid"] = json!(kid);
            jwk["use"] = json!("sig");
            jwk
        });
        json!({"keys": keys.collect::<Vec<_>>()})
    }

    /// `--set` of access by its tokens.
    pub(crate) fn settings(&self) -> Vec<String> {
        let set = ["jwt.issuer=https://issuer.example", "jwt.audience=tidvakt"];
        let keys_file = format!("jwt.keys_file={}", self.path().display());
        set.map(str::to_owned).into_iter().chain([keys_file]).collect()
    }

    /// The settings of access by its tokens, with `more`.
    pub(crate) fn config(&self, more: &[&str]) -> JwtConfig {
        let more = more.iter().map(|set| (*set).to_owned());
        let set = self.settings().into_iter().chain(["feed.access=jwt".to_owned()]).chain(more).collect();
        let config = Config::load(&SettingSources { set, ..SettingSources::default() }).expect("settings");
        config.jwt.clone().expect("access by tokens")
    }

    /// The claims of a reviewer of 0181, whose token is valid for ten minutes.
    pub(crate) fn claims() -> Value {
        let now = get_current_timestamp();
        json!({
            "iss": "https://issuer.example", "aud": "tidvakt", "exp": now + 600, "nbf": now - 10,
            "sub": "reviewer-7", "roles": ["offline_access", "reviewer"], "municipalities": ["0181"],
        })
    }

    /// The claims with `name` as `value`; without it where that is `null`.
    pub(crate) fn claims_with(name: &str, value: Value) -> Value {
        let mut claims = Self::claims();
        let members = claims.as_object_mut().expect("an object");
        members.remove(name);
        if !value.is_null() {
            members.insert(name.to_owned(), value);
        }
        claims
    }

    /// A token with these claims, signed by the key called `kid`; `change` changes its header.
    pub(crate) fn sign(&self, kid: &str, claims: &Value, change: impl FnOnce(&mut Header)) -> String {
        let (_, algorithm, key) = self.keys.iter().find(|(own, ..)| *own == kid).expect("a key");
        let mut header = Header::new(*algorithm);
        (header.typ, header.kid) = (Some("at+jwt".to_owned()), Some(kid.to_owned()));
        change(&mut header);
        encode(&header, claims, key).expect("a token")
    }

    pub(crate) fn token(&self, claims: &Value) -> String {
        self.sign("rsa-1", claims, |_| {})
    }

    /// A token by HS256, whose secret is the public key in one of its forms.
    fn by_public_key(&self, secret: &[u8]) -> String {
        let mut header = Header::new(Algorithm::HS256);
        (header.typ, header.kid) = (Some("at+jwt".to_owned()), Some("rsa-1".to_owned()));
        encode(&header, &Self::claims(), &EncodingKey::from_secret(secret).expect("a secret"))
            .expect("a token")
    }

    /// The inputs B31 to B40 and their siblings: none proves anything. `key_url` is where a key is offered.
    pub(crate) fn wrong_tokens(&self, key_url: &str) -> Vec<WrongToken> {
        let now = get_current_timestamp();
        let with = |name, value| self.token(&Self::claims_with(name, value));
        let headed = |change: fn(&mut Header, &str)| {
            self.sign("rsa-1", &Self::claims(), |header| change(header, key_url))
        };
        let right = self.token(&Self::claims());
        let (message, signature) = right.rsplit_once('.').expect("a signature");
        let payload = message.split_once('.').expect("a payload").1;
        let public_jwk = self.jwks()["keys"][0].to_string();
        [
            ("B31", format!("{}.{payload}.", NONE[0])),
            ("B31", format!("{}.{payload}.{signature}", NONE[1])),
            ("B31", format!("{message}.")),
            ("B32", self.by_public_key(&self.rsa_public_der)),
            ("B32", self.by_public_key(public_jwk.as_bytes())),
            ("B33", headed(|header, _| header.kid = Some("../../x".to_owned()))),
            ("B33", headed(|header, url| header.kid = Some(url.to_owned()))),
            ("B33", headed(|header, _| header.kid = None)),
            ("B33", headed(|header, _| header.kid = Some("ec-1".to_owned()))),
            ("B34", headed(|header, url| header.jku = Some(url.to_owned()))),
            ("B34", headed(|header, url| header.x5u = Some(url.to_owned()))),
            ("B34", headed(|header, _| header.x5c = Some(vec!["AA==".to_owned()]))),
            ("B35", with("aud", json!("another"))),
            ("B35", with("aud", json!(["another", "tidvakt2"]))),
            ("B35", with("aud", Value::Null)),
            ("B36", with("iss", json!("https://issuer.example.evil"))),
            ("B36", with("iss", Value::Null)),
            ("B37", with("exp", json!(now - 61))),
            ("B37", with("exp", Value::Null)),
            ("B37", with("exp", json!("tomorrow"))),
            ("B38", with("nbf", json!(now + 120))),
            ("B39", headed(|header, _| header.typ = Some("JWT".to_owned()))),
            ("B39", headed(|header, _| header.typ = None)),
            ("B39", with("at_hash", json!("MTIzNDU2Nzg5MDEyMzQ1Ng"))),
            ("B40", with("more", json!("x".repeat(8_200)))),
            ("signed by another", Self::new().token(&Self::claims())),
            ("a byte of the claims changed", right.replacen(payload, &flipped(payload), 1)),
            ("critical header", headed(|header, _| header.crit = Some(vec!["exp".to_owned()]))),
            ("nobody", with("sub", Value::Null)),
            ("control characters in the name", with("sub", json!("reviewer\n7"))),
            ("no JWT", "not.a.token".to_owned()),
        ]
        .map(|(input, token)| WrongToken { input, token })
        .into_iter()
        .collect()
    }
}

/// Another text of the same length.
fn flipped(text: &str) -> String {
    let last = if text.ends_with('A') { "Q" } else { "A" };
    format!("{}{last}", &text[..text.len() - 1])
}
