//! What a request passes before a route gets it, and a failure before a client does.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use futures_util::FutureExt as _;
use serde_json::json;

use super::answer::fault;
use super::door::run_id;
use super::headers;

/// Largest form that is read.
const BODY_BYTES_MAX: usize = 65_536;
/// So long a client may take for a form.
const BODY_WAIT: Duration = Duration::from_secs(10);

/// Answers `routes` with hardened headers, whole and small bodies, and no word about what failed inside.
pub(super) fn guarded(routes: Router) -> Router {
    routes
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn(whole_body))
        .layer(middleware::from_fn(unbroken))
        .layer(middleware::from_fn(headers::harden))
}

/// A body comes whole, in time, and with its length: two lengths in one head are two requests for whoever reads the
/// other one, and no form of a browser comes in chunks.
async fn whole_body(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    if request.headers().contains_key(header::TRANSFER_ENCODING) {
        let (sv, en) = ("Begäran måste ange sin längd.", "A request has to state its length.");
        return closing(fault(&path, StatusCode::BAD_REQUEST, sv, en));
    }
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    if request.body().size_hint().exact().is_none_or(|bytes| bytes > BODY_BYTES_MAX as u64) {
        let (sv, en) = ("Formuläret är för stort.", "The form is too large.");
        return closing(fault(&path, StatusCode::PAYLOAD_TOO_LARGE, sv, en));
    }
    let (parts, body) = request.into_parts();
    match tokio::time::timeout(BODY_WAIT, to_bytes(body, BODY_BYTES_MAX)).await {
        Ok(Ok(bytes)) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Ok(Err(_)) => closing(fault(
            &path,
            StatusCode::BAD_REQUEST,
            "Formuläret kunde inte läsas.",
            "The form could not be read.",
        )),
        Err(_) => closing(fault(
            &path,
            StatusCode::REQUEST_TIMEOUT,
            "Formuläret kom för långsamt.",
            "The form came too slowly.",
        )),
    }
}

/// What fails inside is answered by a number, which the log has as well; why it failed is for the log alone.
async fn unbroken(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) if response.status() != StatusCode::INTERNAL_SERVER_ERROR => response,
        Ok(_) | Err(_) => {
            let incident = run_id().unwrap_or_default();
            tracing::error!(incident, "a request failed by a fault of the program");
            if path.starts_with("/v1/") {
                let body = json!({"error": "a fault of the program", "incident": incident});
                return (StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response();
            }
            let sv = format!("Programmet gjorde fel. Uppge numret {incident} för den som sköter det.");
            let en = format!("The program failed. Give the number {incident} to whoever operates it.");
            fault(&path, StatusCode::INTERNAL_SERVER_ERROR, &sv, &en)
        }
    }
}

/// What is left on the connection is not read.
fn closing(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
