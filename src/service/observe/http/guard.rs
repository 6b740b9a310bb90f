//! Who gets an answer, and what a browser may do with it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::access::{TokenRefusal, TokenVerifier};
use crate::config::{ApiAccess, Token};
use crate::domain::Scope;

/// Answers `routes` only under a known name of this host, with hardened headers.
pub(super) fn guarded(routes: Router, hosts: Arc<[String]>) -> Router {
    routes
        .layer(middleware::from_fn(move |request, next| known_host(hosts.clone(), request, next)))
        .layer(middleware::from_fn(harden))
}

/// A page of another site, whose name was made to point here, must not read answers in a visitor's browser: a name has
/// to be one of `hosts`. An address can't be made to point elsewhere.
async fn known_host(hosts: Arc<[String]>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    if host.is_some_and(|host| is_known(host, &hosts)) {
        return next.run(request).await;
    }
    let error = "this is no name of this host: see `http.hosts`";
    (StatusCode::MISDIRECTED_REQUEST, axum::Json(json!({"error": error}))).into_response()
}

fn is_known(host: &str, hosts: &[String]) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, _)) => name,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.parse::<IpAddr>().is_ok()
        || name.eq_ignore_ascii_case("localhost")
        || hosts.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Who is let in where persons are shown.
#[derive(Clone)]
pub(super) enum ApiGuard {
    /// Whoever has this token sees every municipality.
    Token(Token),
    /// Whoever has an access token with a role sees its municipalities. Without a verifier none counts.
    Jwt(Option<Arc<TokenVerifier>>),
}

impl ApiGuard {
    pub(super) fn new(access: &ApiAccess, verifier: Option<Arc<TokenVerifier>>) -> Self {
        match access {
            ApiAccess::Token(token) => Self::Token(token.clone()),
            ApiAccess::Jwt => Self::Jwt(verifier),
        }
    }

    /// The scope of who sends `authorization`.
    fn scope(&self, authorization: &str) -> Result<Scope, StatusCode> {
        match self {
            Self::Token(token) => {
                let given = authorization.strip_prefix("Bearer ").map(str::trim);
                let is_right = given.is_some_and(|given| token.is(given));
                is_right.then(Scope::every).ok_or(StatusCode::UNAUTHORIZED)
            }
            Self::Jwt(verifier) => {
                let verifier = verifier.as_ref().ok_or(StatusCode::UNAUTHORIZED)?;
                let principal = verifier.principal(authorization).map_err(|refusal| {
                    tracing::debug!(%refusal, "a token is refused");
                    match refusal {
                        TokenRefusal::Invalid(_) => StatusCode::UNAUTHORIZED,
                        TokenRefusal::NoRole => StatusCode::FORBIDDEN,
                    }
                })?;
                Ok(principal.scope)
            }
        }
    }
}

/// Only with a token; handlers get its [`Scope`].
pub(super) async fn authorized(guard: ApiGuard, mut request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    match guard.scope(given.unwrap_or_default()) {
        Ok(scope) => {
            request.extensions_mut().insert(scope);
            next.run(request).await
        }
        Err(StatusCode::FORBIDDEN) => {
            let error = axum::Json(json!({"error": "the token names no role"}));
            (StatusCode::FORBIDDEN, error).into_response()
        }
        Err(code) => {
            let error = axum::Json(json!({"error": "the token is missing or wrong"}));
            (code, [(header::WWW_AUTHENTICATE, "Bearer")], error).into_response()
        }
    }
}

/// Nothing here is to be kept by a browser, guessed at, or shown inside another page.
async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_to_be_known_and_an_address_does_not() {
        let hosts = ["tidvakt".to_owned()];
        for known in ["127.0.0.1:9464", "10.1.2.3", "[::1]:9464", "localhost:1", "TIDVAKT:9464", "tidvakt"] {
            assert!(is_known(known, &hosts), "{known}");
        }
        for unknown in
            ["evil.example", "tidvakt.evil.example:9464", "", "127.0.0.1.evil.example", "localhost.evil"]
        {
            assert!(!is_known(unknown, &hosts), "{unknown}");
        }
    }
}
