//! The routes, and the handlers of the pages.

use std::time::{SystemTime, UNIX_EPOCH};

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;

use super::{api, headers};
use crate::domain::UtcSecond;
use crate::feed::cases::Scope;
use crate::feed::pages::{CasePage, MessagePage, QueuePage, QueueQuery, STYLE, Shown};
use crate::feed::topics::Memory;
use crate::feed::words::{Language, Texts};

/// What the handlers read.
#[derive(Clone)]
pub(super) struct Site {
    pub(super) memory: Memory,
}

impl Site {
    pub(super) fn shown(&self, language: Language) -> Shown {
        Shown { language, clock: clock(), is_loaded: self.memory.is_loaded() }
    }
}

/// The reviewers' time.
pub(super) fn clock() -> UtcSecond {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UtcSecond(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

pub(super) fn router(site: Site) -> Router {
    Router::new()
        .route("/", get(|| async { Redirect::to("/sv/cases") }))
        .route("/assets/feed.css", get(style))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/v1/cases", get(api::cases))
        .route("/v1/cases/{id}", get(api::case))
        .route("/v1/alerts/{id}", get(api::alert))
        .route("/{language}", get(to_cases))
        .route("/{language}/cases", get(queue))
        .route("/{language}/cases/{id}", get(case))
        .fallback(|| async { not_found(Language::Sv) })
        .layer(middleware::from_fn(headers::harden))
        .with_state(site)
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")], STYLE)
}

async fn healthz() -> impl IntoResponse {
    axum::Json(serde_json::json!({"healthy": true}))
}

async fn readyz(State(site): State<Site>) -> impl IntoResponse {
    let ready = site.memory.is_loaded();
    let code = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, axum::Json(serde_json::json!({"ready": ready})))
}

async fn to_cases(Path(code): Path<String>) -> Response {
    match Language::parse(&code) {
        Some(language) => Redirect::to(&format!("/{}/cases", language.code())).into_response(),
        None => not_found(Language::Sv),
    }
}

async fn queue(
    State(site): State<Site>,
    Path(code): Path<String>,
    query: Result<Query<QueueQuery>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let Some(language) = Language::parse(&code) else { return not_found(Language::Sv) };
    // An address that somebody wrote by hand shows the whole list.
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let page = {
        let desk = site.memory.read();
        QueuePage::new(desk.within(&Scope::every()), &site.shown(language), &query)
    };
    html(StatusCode::OK, &page)
}

async fn case(State(site): State<Site>, Path((code, id)): Path<(String, String)>) -> Response {
    let Some(language) = Language::parse(&code) else { return not_found(Language::Sv) };
    let page = {
        let desk = site.memory.read();
        let scope = Scope::every();
        let seen = desk.within(&scope);
        seen.case(&id).map(|(book, case)| CasePage::new(seen, &site.shown(language), book, case))
    };
    page.map_or_else(|| not_found(language), |page| html(StatusCode::OK, &page))
}

fn not_found(language: Language) -> Response {
    let t = Texts(language);
    let page = MessagePage::plain(language, t.not_found_title(), t.not_found_text().to_owned());
    html(StatusCode::NOT_FOUND, &page)
}

/// A rendered page; a template that fails is a fault of the program, and its text goes to the log alone.
pub(super) fn html(code: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => (code, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page can't be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
