//! Who asks, and what they may see and do. Every handler of cases takes a [`Visitor`], and a scope comes from nowhere
//! else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use sha2::{Digest, Sha256};

use crate::access::{TokenRefusal, TokenVerifier, is_name};
use crate::config::{Access, FeedConfig};
use crate::domain::{Role, Scope};

/// Name of the cookie of a session.
const COOKIE: &str = "tidvakt_session";
/// Requests a second of one visitor, and how many at once.
const REQUESTS_A_SECOND: f64 = 30.0;
const BURST: f64 = 60.0;
/// Visitors whose rate is remembered: more than any control unit has.
const VISITORS_MAX: usize = 1_000;
/// Name of whoever came by the printed link.
const BY_LINK: &str = "reviewer-1";

/// Somebody who asks.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    /// A pseudonym.
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) scope: Scope,
    /// What a form has to bring back.
    pub(super) token: String,
}

/// Why somebody does not come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoEntry {
    /// Nothing says who it is.
    Unknown,
    /// It is known who it is, and they have no role here.
    NoRole,
}

/// Decides who comes in.
pub(in crate::feed) struct Door {
    access: Access,
    user_header: String,
    roles_header: String,
    municipalities_header: String,
    /// Whether connections are encrypted by this program.
    is_encrypted: bool,
    /// For access by tokens.
    verifier: Option<Arc<TokenVerifier>>,
    secret: [u8; 32],
    /// The key of the printed link, until it is used.
    key: Mutex<Option<String>>,
    sessions: Mutex<Vec<String>>,
    rates: Mutex<HashMap<String, (Instant, f64)>>,
}

impl Door {
    /// A door as the settings say; `verifier` is for access by tokens, `is_encrypted` whether this program encrypts.
    ///
    /// # Errors
    /// Where the system gives no random numbers.
    pub(in crate::feed) fn new(
        feed: &FeedConfig,
        verifier: Option<Arc<TokenVerifier>>,
        is_encrypted: bool,
    ) -> std::io::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            access: feed.access,
            user_header: feed.user_header.clone(),
            roles_header: feed.roles_header.clone(),
            municipalities_header: feed.municipalities_header.clone(),
            is_encrypted,
            verifier,
            secret: random()?,
            key: Mutex::new(Some(hex(&random()?[..16]))),
            sessions: Mutex::default(),
            rates: Mutex::default(),
        }))
    }

    /// The path of the link that lets one browser in, until it is used.
    pub(in crate::feed) fn link(&self) -> Option<String> {
        let by_link = self.access == Access::Link;
        by_link.then(|| open(&self.key).as_ref().map(|key| format!("/enter/{key}")))?
    }

    /// The scheme of addresses here.
    pub(in crate::feed) const fn scheme(&self) -> &'static str {
        if self.is_encrypted { "https" } else { "http" }
    }

    /// Lets a browser in by the key of the link; returns the cookie that it has to keep.
    pub(super) fn enter(&self, key: &str) -> Option<String> {
        let mut known = open(&self.key);
        if self.access != Access::Link || !known.as_ref().is_some_and(|known| same(known, key)) {
            return None;
        }
        let session = hex(&random().ok()?);
        *known = None;
        open(&self.sessions).push(session.clone());
        let secure = if self.is_encrypted { "; Secure" } else { "" };
        Some(format!("{COOKIE}={session}; Path=/; HttpOnly; SameSite=Strict{secure}"))
    }

    pub(super) fn visitor(&self, headers: &HeaderMap) -> Result<Visitor, NoEntry> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        match self.access {
            Access::Link => {
                let session = cookie(headers).ok_or(NoEntry::Unknown)?;
                let is_known = open(&self.sessions).iter().any(|known| same(known, session));
                let visitor = || Visitor {
                    name: BY_LINK.to_owned(),
                    role: Role::Release,
                    scope: Scope::every(),
                    token: self.token(session),
                };
                is_known.then(visitor).ok_or(NoEntry::Unknown)
            }
            Access::Header => {
                let name = text(&self.user_header).filter(|name| is_name(name)).ok_or(NoEntry::Unknown)?;
                let words = |name: &str| text(name).unwrap_or_default().split([',', ' ']);
                let role = Role::greatest(words(&self.roles_header)).ok_or(NoEntry::NoRole)?;
                let scope = Scope::of_codes(words(&self.municipalities_header));
                Ok(Visitor { name: name.to_owned(), role, scope, token: self.token(name) })
            }
            Access::Jwt => {
                let authorization = text(header::AUTHORIZATION.as_str()).ok_or(NoEntry::Unknown)?;
                let verifier = self.verifier.as_ref().ok_or(NoEntry::Unknown)?;
                let principal = verifier.principal(authorization).map_err(|refusal| {
                    tracing::debug!(%refusal, "a token is refused");
                    match refusal {
                        TokenRefusal::Invalid(_) => NoEntry::Unknown,
                        TokenRefusal::NoRole => NoEntry::NoRole,
                    }
                })?;
                let token = self.token(&principal.name);
                Ok(Visitor { name: principal.name, role: principal.role, scope: principal.scope, token })
            }
        }
    }

    /// A refusal that says by which scheme a client has to come.
    pub(super) fn challenge(&self, mut refusal: Response) -> Response {
        if self.access == Access::Jwt {
            refusal.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        refusal
    }

    /// What the forms of a session bring back: nobody else can know it.
    fn token(&self, of: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(self.secret);
        hash.update(of.as_bytes());
        hex(&hash.finalize())
    }

    /// Has this visitor a request left?
    pub(super) fn is_within_rate(&self, name: &str) -> bool {
        let mut rates = open(&self.rates);
        if VISITORS_MAX < rates.len() {
            rates.clear();
        }
        let now = Instant::now();
        let (at, left) = rates.entry(name.to_owned()).or_insert((now, BURST));
        *left = (*left + now.duration_since(*at).as_secs_f64() * REQUESTS_A_SECOND).min(BURST);
        *at = now;
        let may = 1.0 <= *left;
        if may {
            *left -= 1.0;
        }
        may
    }
}

impl Visitor {
    /// Why a form is not taken from this visitor: it comes from another page, or they may not decide.
    pub(super) fn objection(&self, headers: &HeaderMap, token: &str, needed: Role) -> Option<StatusCode> {
        let is_own = is_same_origin(headers) && same(token, &self.token);
        (!is_own || self.role < needed).then_some(StatusCode::FORBIDDEN)
    }
}

/// Was the form on one of these pages? A browser says where a form comes from.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    match text(header::ORIGIN) {
        Some(origin) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        None => text(header::HeaderName::from_static("sec-fetch-site")) == Some("same-origin"),
    }
}

/// Does a page of elsewhere send this? What is no browser says nothing of it, and has no session either.
pub(super) fn is_foreign(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    let says_so = site.is_some_and(|site| !matches!(site, "same-origin" | "none"));
    says_so || (headers.contains_key(header::ORIGIN) && !is_same_origin(headers))
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(name, value)| (name == COOKIE).then_some(value))
}

/// Compares without telling by the time taken where they differ.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len()
        && one.bytes().zip(other.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

fn random() -> std::io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| std::io::Error::other(error.to_string()))?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn open<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Names a run of the process.
pub(in crate::feed) fn run_id() -> std::io::Result<String> {
    Ok(hex(&random()?[..4]))
}

/// A new id of a decision: 48 bits of milliseconds since 1970, and 48 random ones. Of two decisions of one second the one
/// with the greater id counts, which has to be the later one.
pub(super) fn decision_id() -> std::io::Result<String> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    Ok(format!("D-{}{}", hex(&millis.to_be_bytes()[2..]), hex(&random()?[..6])))
}
