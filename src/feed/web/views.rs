//! The handlers of the pages.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::answer::{html, not_found};
use super::door::Visitor;
use super::site::Site;
use crate::feed::cases::Seen;
use crate::feed::pages::{
    CasePage, Deciding, OngoingPage, OngoingQuery, ProvidersPage, ProvidersQuery, QueuePage, QueueQuery,
    Shown, StatementPage, action_word, all_actions,
};
use crate::feed::words::Language;

/// Open to everybody: whoever cannot use the pages has to be able to say so.
pub(super) async fn statement(State(site): State<Site>, Path(code): Path<String>) -> Response {
    match Language::parse(&code) {
        Some(language) => html(StatusCode::OK, &StatementPage::new(language, &site.accessibility_contact)),
        None => not_found(Language::Sv),
    }
}

/// The query of a list.
pub(super) type ListQuery<Q> = Result<Query<Q>, QueryRejection>;

pub(super) async fn queue(
    State(site): State<Site>,
    visitor: Visitor,
    Path(code): Path<String>,
    query: ListQuery<QueueQuery>,
) -> Response {
    list(&site, &visitor, &code, query, QueuePage::new)
}

pub(super) async fn ongoing_visits(
    State(site): State<Site>,
    visitor: Visitor,
    Path(code): Path<String>,
    query: ListQuery<OngoingQuery>,
) -> Response {
    list(&site, &visitor, &code, query, OngoingPage::new)
}

pub(super) async fn providers(
    State(site): State<Site>,
    visitor: Visitor,
    Path(code): Path<String>,
    query: ListQuery<ProvidersQuery>,
) -> Response {
    list(&site, &visitor, &code, query, ProvidersPage::new)
}

/// A page that lists what the visitor may see.
pub(super) fn list<Q: Default, P: Template>(
    site: &Site,
    visitor: &Visitor,
    code: &str,
    query: ListQuery<Q>,
    page: impl FnOnce(Seen<'_>, &Shown, &Q) -> P,
) -> Response {
    let Some(language) = Language::parse(code) else { return not_found(Language::Sv) };
    // An address that somebody wrote by hand shows the whole list.
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let page = {
        let desk = site.memory.read();
        page(desk.within(&visitor.scope), &site.shown(language), &query)
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
