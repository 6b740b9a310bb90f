//! The settings of access tokens.

use std::path::PathBuf;

use jsonwebtoken::{Algorithm, AlgorithmFamily};

use crate::config::reader::SectionReader;

/// Access tokens of an identity provider.
#[derive(Clone, Debug)]
pub struct JwtConfig {
    /// Issuer, as in the claim `iss`.
    pub issuer: String,
    /// Audience that the claim `aud` has to name.
    pub audience: String,
    /// Algorithms that are accepted; asymmetric, at least one.
    pub algorithms: Vec<Algorithm>,
    /// File with the issuer's keys, a JWK Set.
    pub keys_file: PathBuf,
    /// Type that a token's header has to name.
    pub token_type: TokenType,
    /// Tolerated difference between the clocks, in seconds.
    pub leeway_seconds: u64,
    /// Claim with the reviewer's pseudonym.
    pub name_claim: String,
    /// Claim with roles.
    pub roles_claim: String,
    /// Claim with municipality codes.
    pub municipalities_claim: String,
}

/// Type in a token's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// `at+jwt`: an access token by RFC 9068.
    AccessToken,
    /// `JWT`, or none.
    Any,
}

impl SectionReader<'_> {
    /// The group `jwt`, where access is by tokens.
    pub(super) fn jwt(&mut self) -> Option<JwtConfig> {
        let users = ["feed.access", "http.api_access"];
        let user = users.into_iter().find(|path| self.text(path) == "jwt")?;
        Some(JwtConfig {
            issuer: self.needed("jwt.issuer", user),
            audience: self.needed("jwt.audience", user),
            algorithms: self.algorithms(),
            keys_file: self.needed("jwt.keys_file", user).into(),
            token_type: match self.text("jwt.token_type").as_str() {
                "at+jwt" => TokenType::AccessToken,
                _ => TokenType::Any,
            },
            leeway_seconds: self.integer("jwt.leeway_seconds"),
            name_claim: self.needed("jwt.name_claim", user),
            roles_claim: self.needed("jwt.roles_claim", user),
            municipalities_claim: self.needed("jwt.municipalities_claim", user),
        })
    }

    fn needed(&mut self, path: &str, user: &str) -> String {
        let text = self.text(path);
        if text.is_empty() {
            self.wrong(path, format!("`{path}` is empty, expected text, as `{user}` is `jwt`"));
        }
        text
    }

    /// The algorithms; a symmetric one would make the public key a secret that everybody has.
    fn algorithms(&mut self) -> Vec<Algorithm> {
        const PATH: &str = "jwt.algorithms";
        let text = self.text(PATH);
        let names: Vec<&str> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        let asymmetric = |name: &&str| {
            name.parse::<Algorithm>().ok().filter(|algorithm| algorithm.family() != AlgorithmFamily::Hmac)
        };
        let algorithms: Vec<Algorithm> = names.iter().filter_map(asymmetric).collect();
        if algorithms.is_empty() || algorithms.len() < names.len() {
            let expected = "expected some of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA";
            self.wrong(PATH, format!("`{PATH}` is `{text}`, {expected}"));
        }
        algorithms
    }
}
