//! The issuer's public keys, from a file that somebody else keeps fresh.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use serde_json::Value;

use crate::config::read_small;

/// A change of the file counts at the first request after so long.
const READ_EVERY: Duration = Duration::from_secs(1);
/// An issuer has a handful of keys of at most a few kilobytes.
const FILE_BYTES_MAX: u64 = 262_144;

/// A key of the issuer, and the algorithms that it is for: one family, and of the settings.
pub(super) struct VerificationKey {
    kid: Option<String>,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) key: DecodingKey,
}

/// The keys in a file.
pub(super) struct IssuerKeys {
    path: PathBuf,
    accepted: Vec<Algorithm>,
    known: Mutex<KnownKeys>,
}

struct KnownKeys {
    keys: Vec<Arc<VerificationKey>>,
    /// What the file had when it was read last.
    text: String,
    read_at: Instant,
    is_faulty: bool,
}

impl IssuerKeys {
    /// The keys in the file at `path` for the algorithms that are `accepted`.
    ///
    /// # Errors
    /// With what is wrong with the file.
    pub(super) fn open(path: PathBuf, accepted: Vec<Algorithm>) -> Result<Self, String> {
        let text = read_small(&path, FILE_BYTES_MAX).map_err(|error| format!("can't be read: {error}"))?;
        let keys = parse(&text, &accepted)?;
        let known = KnownKeys { keys, text, read_at: Instant::now(), is_faulty: false };
        Ok(Self { path, accepted, known: Mutex::new(known) })
    }

    /// The key with this id for this algorithm. A token without an id is for a key without one.
    pub(super) fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<Arc<VerificationKey>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if READ_EVERY <= known.read_at.elapsed() {
            self.read_again(&mut known);
        }
        let fits =
            |key: &&Arc<VerificationKey>| key.kid.as_deref() == kid && key.algorithms.contains(&algorithm);
        known.keys.iter().find(fits).cloned()
    }

    /// A file that can't be used leaves the keys as they are: whoever writes it may be in the middle of it.
    fn read_again(&self, known: &mut KnownKeys) {
        known.read_at = Instant::now();
        let text = read_small(&self.path, FILE_BYTES_MAX).map_err(|error| format!("can't be read: {error}"));
        let read = match text {
            Ok(text) if text == known.text => Ok(None),
            Ok(text) => parse(&text, &self.accepted).map(|keys| Some((keys, text))),
            Err(fault) => Err(fault),
        };
        let path = self.path.display();
        match read {
            Ok(None) => known.is_faulty = false,
            Ok(Some((keys, text))) => {
                tracing::info!(%path, keys = keys.len(), "the issuer's keys have changed");
                (known.keys, known.text, known.is_faulty) = (keys, text, false);
            }
            Err(fault) if !known.is_faulty => {
                tracing::error!(%path, fault, "the issuer's keys can't be used; those before stay in use");
                known.is_faulty = true;
            }
            Err(_) => {}
        }
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
