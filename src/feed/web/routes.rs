//! The routes, and the handlers of what is no page.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri, header};
use axum::middleware;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use super::answer::{message, not_found};
use super::audit::audited;
use super::clearance::clearance;
use super::decide::decide;
use super::events::events;
use super::guard::guarded;
use super::site::Site;
use super::{api, outcomes, views};
use crate::feed::pages::{SCRIPT, STYLE};
use crate::feed::words::Language;

/// Describes the JSON API.
pub(super) const OPENAPI: &str = include_str!("../assets/openapi.json");

pub(super) fn router(site: Site) -> Router {
    let routes = Router::new()
        .route("/", get(|| async { Redirect::to("/sv/cases") }))
        .route("/assets/feed.css", get(style))
        .route("/assets/feed.js", get(script))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/v1/cases", get(api::cases))
        .route("/v1/cases/{id}", get(api::case))
        .route("/v1/alerts/{id}", get(api::alert))
        .route("/v1/clearance/{registration_id}", get(clearance))
        .route("/v1/events", get(events))
        .route("/v1/openapi.json", get(openapi))
        .route("/v1/ongoing", get(api::ongoing_visits))
        .route("/v1/outcomes", get(outcomes::outcomes))
        .route("/enter/{key}", get(enter))
        .route("/{language}", get(to_cases))
        .route("/{language}/cases", get(views::queue))
        .route("/{language}/ongoing", get(views::ongoing_visits))
        .route("/{language}/providers", get(views::providers))
        .route("/{language}/outcomes", get(outcomes::page))
        .route("/{language}/accessibility", get(views::statement))
        .route("/{language}/cases/{id}", get(views::case))
        .route("/{language}/cases/{id}/decisions", post(decide))
        .route_layer(middleware::from_fn_with_state(site.clone(), audited))
        .fallback(unknown);
    guarded(routes.with_state(site))
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")], STYLE)
}

async fn script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")], SCRIPT)
}

async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI)
}

async fn healthz() -> impl IntoResponse {
    axum::Json(serde_json::json!({"healthy": true}))
}

async fn readyz(State(site): State<Site>) -> impl IntoResponse {
    let ready = site.memory.is_loaded();
    let code = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, axum::Json(serde_json::json!({"ready": ready})))
}

/// No such address, in the language that it begins with.
async fn unknown(uri: Uri) -> Response {
    not_found(if uri.path().starts_with("/en/") { Language::En } else { Language::Sv })
}

async fn to_cases(Path(code): Path<String>) -> Response {
    match Language::parse(&code) {
        Some(language) => Redirect::to(&format!("/{}/cases", language.code())).into_response(),
        None => not_found(Language::Sv),
    }
}

/// Lets the browser in that has the printed link, once.
async fn enter(State(site): State<Site>, Path(key): Path<String>) -> Response {
    match site.door.enter(&key) {
        Some(cookie) => ([(header::SET_COOKIE, cookie)], Redirect::to("/sv/cases")).into_response(),
        None => message(
            Language::Sv,
            StatusCode::FORBIDDEN,
            "Länken är redan använd, eller gäller inte. Den gäller en gång, i en webbläsare. Fortsätt i den webbläsare där den öppnades, eller starta programmet på nytt för att få en ny länk.",
        ),
    }
}
