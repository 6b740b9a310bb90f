//! Access: from the text behind `Authorization: Bearer` to somebody with a role and a scope, and the chain of what
//! they looked at and decided ([`AuditChain`]).
//!
//! A token counts by a key of the issuer that is known beforehand (`keys.rs`), never by one that it names or brings,
//! and by an algorithm of the settings, never by its own word. Why a token is refused is for the log: a client that
//! learns it can search for one that is not.

mod chain;
#[cfg(test)]
pub(crate) mod fixtures;
mod keys;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header};
use serde_json::Value;

use crate::config::{FileFault, JwtConfig, TokenType};
use crate::domain::{Role, Scope};
pub use chain::{AuditChain, ChainBreak, ChainCheck, ChainFault, ChainReport};
use keys::{IssuerKeys, VerificationKey};

/// Bytes of a token, at most; the heads of requests are hardly larger.
const TOKEN_BYTES_MAX: usize = 8_192;
/// Characters of a pseudonym, at most.
const NAME_CHARACTERS_MAX: usize = 128;
/// Claims that only an ID token has (OpenID Connect Core 1.0, 3.1.3.6 and 3.3.2.11).
const ID_TOKEN_CLAIMS: [&str; 2] = ["at_hash", "c_hash"];

/// Why the issuer's keys can't be used.
#[derive(Debug, thiserror::Error)]
#[error("`jwt.keys_file` is `{}`: {fault}", path.display())]
pub struct KeysError {
    path: PathBuf,
    fault: String,
}

impl KeysError {
    /// What to do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        "write the issuer's JWK Set there: its address is `jwks_uri` in the issuer's metadata"
    }
}

/// Somebody whose token counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// A pseudonym.
    pub name: String,
    /// The greatest role that the token names.
    pub role: Role,
    /// The municipalities that it names.
    pub scope: Scope,
}

/// Why a token does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    /// It proves nothing.
    #[error("{0}")]
    Invalid(String),
    /// It proves who somebody is, and gives no role here.
    #[error("it names no role")]
    NoRole,
}

/// Verifies access tokens.
pub struct TokenVerifier {
    config: JwtConfig,
    keys: IssuerKeys,
}

impl TokenVerifier {
    /// A verifier as the settings say, with the keys that the file has now.
    ///
    /// # Errors
    /// Where the file can't be read, or has no key for one of the algorithms.
    pub fn new(config: &JwtConfig) -> Result<Arc<Self>, KeysError> {
        let keys = IssuerKeys::open(config.keys_file.clone(), config.algorithms.clone())
            .map_err(|FileFault { path, fault }| KeysError { path, fault })?;
        Ok(Arc::new(Self { config: config.clone(), keys }))
    }

    /// Whom `authorization`, the value of that header, stands for.
    ///
    /// # Errors
    /// Where it is no bearer token, or one that does not count.
    pub fn principal(&self, authorization: &str) -> Result<Principal, TokenRefusal> {
        let token = bearer(authorization).ok_or_else(|| invalid("it is no bearer token"))?;
        if TOKEN_BYTES_MAX < token.len() {
            return Err(invalid("it is too long"));
        }
        let header = decode_header(token).map_err(|error| invalid(&error.to_string()))?;
        self.check_header(&header)?;
        let key = self.keys.find(header.kid.as_deref(), header.alg);
        let key = key.ok_or_else(|| invalid("its key is not known"))?;
        let decoded = decode::<Value>(token, &key.key, &self.validation(&key));
        let claims = decoded.map_err(|error| invalid(&error.to_string()))?.claims;
        if ID_TOKEN_CLAIMS.iter().any(|claim| claims.get(claim).is_some()) {
            return Err(invalid("it is an ID token"));
        }
        let name = found(&claims, &self.config.name_claim).and_then(Value::as_str).unwrap_or_default();
        if !is_name(name) {
            return Err(invalid("it names nobody"));
        }
        let roles = words(&claims, &self.config.roles_claim);
        let role = Role::greatest(roles.iter().map(String::as_str)).ok_or(TokenRefusal::NoRole)?;
        let codes = words(&claims, &self.config.municipalities_claim);
        Ok(Principal {
            name: name.to_owned(),
            role,
            scope: Scope::of_codes(codes.iter().map(String::as_str)),
        })
    }

    /// What can be refused before any key is used.
    fn check_header(&self, header: &Header) -> Result<(), TokenRefusal> {
        if header.jku.is_some() || header.jwk.is_some() || header.x5u.is_some() || header.x5c.is_some() {
            return Err(invalid("it brings its own key"));
        }
        let token_type = header.typ.as_deref().unwrap_or("JWT").to_ascii_lowercase();
        let token_type = token_type.strip_prefix("application/").unwrap_or(&token_type);
        match (self.config.token_type, token_type) {
            (_, "at+jwt") | (TokenType::Any, "jwt") => Ok(()),
            _ => Err(invalid("it is of another type")),
        }
    }

    fn validation(&self, key: &VerificationKey) -> Validation {
        let mut validation = Validation::new(Algorithm::default());
        validation.algorithms.clone_from(&key.algorithms);
        validation.leeway = self.config.leeway_seconds;
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.config.issuer]);
        validation.set_audience(&[&self.config.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation
    }
}

fn invalid(fault: &str) -> TokenRefusal {
    TokenRefusal::Invalid(fault.to_owned())
}

/// The token behind the scheme, whose case does not matter.
fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}

/// The claim called `path`: by its whole name, which may be an address with dots, else through objects.
fn found<'a>(claims: &'a Value, path: &str) -> Option<&'a Value> {
    claims.get(path).or_else(|| path.split('.').try_fold(claims, |inner, name| inner.get(name)))
}

/// The words in a claim: a list of texts, or a text with commas or spaces.
fn words(claims: &Value, path: &str) -> BTreeSet<String> {
    let texts: Vec<&str> = match found(claims, path) {
        Some(Value::String(text)) => text.split([',', ' ']).collect(),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    texts.into_iter().filter(|text| !text.is_empty()).map(str::to_owned).collect()
}

/// A pseudonym as it may stand in a decision.
#[must_use]
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= NAME_CHARACTERS_MAX && !name.chars().any(char::is_control)
}
