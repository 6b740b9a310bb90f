//! The handlers of the pages.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::answer::{html, not_found};
use super::door::Visitor;
use super::site::Site;
use crate::feed::pages::{
    CasePage, Deciding, OngoingPage, OngoingQuery, ProvidersPage, ProvidersQuery, QueuePage, QueueQuery,
    StatementPage, action_word, all_actions,
};
use crate::feed::words::Language;

/// Open to everybody: whoever cannot use the pages has to be able to say so.
pub(super) async fn statement(State(site): State<Site>, Path(code): Path<String>) -> Response {
    match Language::parse(&code) {
        Some(language) => html(StatusCode::OK, &StatementPage::new(language, &site.accessibility_contact)),
        None => not_found(Language::Sv),
    }
}

pub(super) async fn queue(
    State(site): State<Site>,
    visitor: Visitor,
    Path(code): Path<String>,
    query: Result<Query<QueueQuery>, QueryRejection>,
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

pub(super) async fn ongoing_visits(
    State(site): State<Site>,
    visitor: Visitor,
    Path(code): Path<String>,
    query: Result<Query<OngoingQuery>, QueryRejection>,
) -> Response {
    let Some(language) = Language::parse(&code) else { return not_found(Language::Sv) };
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let page = {
        let desk = site.memory.read();
        OngoingPage::new(desk.within(&visitor.scope), &site.shown(language), &query)
    };
    html(StatusCode::OK, &page)
}

pub(super) async fn providers(
    State(site): State<Site>,
    visitor: Visitor,
    Path(code): Path<String>,
    query: Result<Query<ProvidersQuery>, QueryRejection>,
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
pub(super) struct CaseQuery {
    saved: String,
}

pub(super) async fn case(
    State(site): State<Site>,
    visitor: Visitor,
    Path((code, id)): Path<(String, String)>,
    Query(query): Query<CaseQuery>,
) -> Response {
    let Some(language) = Language::parse(&code) else { return not_found(Language::Sv) };
    let saved = all_actions().find(|action| action_word(*action) == query.saved);
    let deciding = Deciding { token: &visitor.token, role: visitor.role, form: None, faults: &[], saved };
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
