//! The issuer's public keys, from a file that somebody else keeps fresh.

use std::path::PathBuf;
use std::sync::Arc;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use serde_json::Value;

use crate::config::{FileFault, Followed, FollowedWords};

/// A key of the issuer, and the algorithms that it is for: one family, and of the settings.
pub(super) struct VerificationKey {
    kid: Option<String>,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) key: DecodingKey,
}

/// What the log says of the file.
const WORDS: FollowedWords = FollowedWords {
    changed: "the issuer's keys have changed",
    unusable: "the issuer's keys can't be used; those before stay in use",
};

/// The keys in a file.
pub(super) struct IssuerKeys(Followed<Arc<[Arc<VerificationKey>]>>);

impl IssuerKeys {
    /// The keys in the file at `path` for the algorithms that are `accepted`.
    ///
    /// # Errors
    /// With what is wrong with the file.
    pub(super) fn open(path: PathBuf, accepted: Vec<Algorithm>) -> Result<Self, FileFault> {
        let file = path.clone();
        let keys = move |texts: &[String]| {
            parse(&texts[0], &accepted).map(Arc::from).map_err(|fault| FileFault::new(&file, fault))
        };
        Followed::open(vec![path], WORDS, keys).map(Self)
    }

    /// The key with this id for this algorithm. A token without an id is for a key without one.
    pub(super) fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<Arc<VerificationKey>> {
        let fits =
            |key: &&Arc<VerificationKey>| key.kid.as_deref() == kid && key.algorithms.contains(&algorithm);
        self.0.current().iter().find(fits).cloned()
    }
}

/// The usable keys of a JWK Set. Keys of another use or kind are passed over: an issuer may have any beside.
fn parse(text: &str, accepted: &[Algorithm]) -> Result<Vec<Arc<VerificationKey>>, String> {
    let set: Value = serde_json::from_str(text).map_err(|error| format!("no JSON: {error}"))?;
    let listed = set.get("keys").and_then(Value::as_array).ok_or("no JWK Set: it has no list `keys`")?;
    let keys: Vec<Arc<VerificationKey>> = listed
        .iter()
        .filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok())
        .filter_map(|jwk| usable(&jwk, accepted).map(Arc::new))
        .collect();
    if keys.is_empty() {
        return Err(format!("none of its {} keys is for an algorithm in `jwt.algorithms`", listed.len()));
    }
    Ok(keys)
}

fn usable(jwk: &Jwk, accepted: &[Algorithm]) -> Option<VerificationKey> {
    let common = &jwk.common;
    let verifies = |uses: &Vec<KeyOperations>| uses.contains(&KeyOperations::Verify);
    let is_for_signatures = common.public_key_use.as_ref().is_none_or(|of| *of == PublicKeyUse::Signature)
        && common.key_operations.as_ref().is_none_or(verifies);
    let own = possible(&jwk.algorithm);
    let named = common.key_algorithm.map(Algorithm::try_from);
    let algorithms: Vec<Algorithm> = own
        .iter()
        .filter(|algorithm| accepted.contains(algorithm))
        .filter(|algorithm| named.as_ref().is_none_or(|named| named.as_ref() == Ok(*algorithm)))
        .copied()
        .collect();
    if !is_for_signatures || algorithms.is_empty() {
        return None;
    }
    Some(VerificationKey { kid: common.key_id.clone(), algorithms, key: DecodingKey::from_jwk(jwk).ok()? })
}

/// The algorithms that a key of this kind can be for; none for a symmetric one.
fn possible(parameters: &AlgorithmParameters) -> &'static [Algorithm] {
    match parameters {
        AlgorithmParameters::RSA(_) => AlgorithmFamily::Rsa.algorithms(),
        AlgorithmParameters::EllipticCurve(of) if of.curve == EllipticCurve::P256 => &[Algorithm::ES256],
        AlgorithmParameters::EllipticCurve(of) if of.curve == EllipticCurve::P384 => &[Algorithm::ES384],
        AlgorithmParameters::OctetKeyPair(of) if of.curve == EllipticCurve::Ed25519 => &[Algorithm::EdDSA],
        _ => &[],
    }
}
