//! The routes, and the handlers of the pages.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, Uri, header};
use axum::middleware;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use super::access::{Door, Visitor, run_id};
use super::api;
use super::audit::audited;
use super::clearance::clearance;
use super::decide::{DecisionRules, decide};
use super::events::{STREAMS_MAX, STREAMS_PER_VISITOR_MAX, events};
use super::guard::guarded;
use super::outcomes;
use crate::domain::UtcSecond;
use crate::feed::pages::{
    CasePage, Deciding, MessagePage, OngoingPage, OngoingQuery, ProvidersPage, ProvidersQuery, QueuePage,
    QueueQuery, SCRIPT, STYLE, Shown, StatementPage,
};
use crate::feed::topics::{AuditWriter, DecisionWriter, Memory, PayoutMemory};
use crate::feed::words::{Language, Texts};
use crate::service::gate::Gate;

/// Describes the JSON API.
pub(super) const OPENAPI: &str = include_str!("../assets/openapi.json");

/// What the handlers read.
#[derive(Clone)]
pub(in crate::feed) struct Site {
    pub(super) memory: Memory,
    pub(super) payout: PayoutMemory,
    pub(super) writer: DecisionWriter,
    pub(super) audit: AuditWriter,
    pub(super) door: Arc<Door>,
    pub(super) rules: DecisionRules,
    /// A place for each stream of events, by visitor.
    pub(super) streams: Arc<Gate<String>>,
    /// The contact of the accessibility statement.
    pub(super) accessibility_contact: Arc<str>,
    /// Names this run, so that ids of events of another one are not taken for its own.
    pub(super) started: Arc<str>,
}

impl Site {
    /// # Errors
    /// Where the system gives no random numbers.
    pub(in crate::feed) fn new(
        memory: Memory,
        payout: PayoutMemory,
        writer: DecisionWriter,
        audit: AuditWriter,
        door: Arc<Door>,
        rules: DecisionRules,
    ) -> std::io::Result<Self> {
        let streams = Gate::new(STREAMS_MAX, STREAMS_PER_VISITOR_MAX);
        let accessibility_contact = Arc::from("");
        let started = run_id()?.into();
        Ok(Self { memory, payout, writer, audit, door, rules, streams, accessibility_contact, started })
    }

    /// The same with the contact of the accessibility statement.
    pub(in crate::feed) fn with_accessibility_contact(self, contact: &str) -> Self {
        Self { accessibility_contact: contact.into(), ..self }
    }

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
        .route("/{language}/cases", get(queue))
        .route("/{language}/ongoing", get(ongoing_visits))
        .route("/{language}/providers", get(providers))
        .route("/{language}/outcomes", get(outcomes::page))
        .route("/{language}/accessibility", get(statement))
        .route("/{language}/cases/{id}", get(case))
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
            "Länken är redan använd, eller gäller inte. Den gäller en gång, i en webbläsare.",
        ),
    }
}

/// Open to everybody: whoever cannot use the pages has to be able to say so.
async fn statement(State(site): State<Site>, Path(code): Path<String>) -> Response {
    match Language::parse(&code) {
        Some(language) => html(StatusCode::OK, &StatementPage::new(language, &site.accessibility_contact)),
        None => not_found(Language::Sv),
    }
}

async fn queue(
    State(site): State<Site>,
    visitor: Visitor,
    Path(code): Path<String>,
    query: Result<Query<QueueQuery>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let Some(language) = Language::parse(&code) else { return not_found(Language::Sv) };
    // An address that somebody wrote by hand shows the whole list.
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let page = {
        let desk = site.memory.read();
        QueuePage::new(desk.within(&visitor.scope), &site.shown(language), &query)
    };
    html(StatusCode::OK, &page)
}

async fn ongoing_visits(
    State(site): State<Site>,
    visitor: Visitor,
    Path(code): Path<String>,
    query: Result<Query<OngoingQuery>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let Some(language) = Language::parse(&code) else { return not_found(Language::Sv) };
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let page = {
        let desk = site.memory.read();
        OngoingPage::new(desk.within(&visitor.scope), &site.shown(language), &query)
    };
    html(StatusCode::OK, &page)
}

async fn providers(
    State(site): State<Site>,
    visitor: Visitor,
    Path(code): Path<String>,
    query: Result<Query<ProvidersQuery>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let Some(language) = Language::parse(&code) else { return not_found(Language::Sv) };
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let page = {
        let desk = site.memory.read();
        ProvidersPage::new(desk.within(&visitor.scope), &site.shown(language), &query)
    };
    html(StatusCode::OK, &page)
}

/// How a case is shown.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Asked {
    saved: String,
}

async fn case(
    State(site): State<Site>,
    visitor: Visitor,
    Path((code, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    let Some(language) = Language::parse(&code) else { return not_found(Language::Sv) };
    let is_saved = asked.saved == "1";
    let deciding = Deciding { token: &visitor.token, role: visitor.role, form: None, faults: &[], is_saved };
    let page = case_page(&site, &visitor, language, &id, &deciding);
    page.map_or_else(|| not_found(language), |page| html(StatusCode::OK, &page))
}

/// The page of a case, where it is in scope.
pub(super) fn case_page(
    site: &Site,
    visitor: &Visitor,
    language: Language,
    id: &str,
    deciding: &Deciding<'_>,
) -> Option<CasePage> {
    let desk = site.memory.read();
    let seen = desk.within(&visitor.scope);
    seen.case(id).map(|(book, case)| CasePage::new(seen, &site.shown(language), book, case, deciding))
}

pub(super) fn not_found(language: Language) -> Response {
    let t = Texts(language);
    let page = MessagePage::plain(language, t.not_found_title(), t.not_found_text().to_owned());
    html(StatusCode::NOT_FOUND, &page)
}

/// A page that says why not.
pub(super) fn message(language: Language, code: StatusCode, text: &str) -> Response {
    html(code, &MessagePage::plain(language, Texts(language).error_title(), text.to_owned()))
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
