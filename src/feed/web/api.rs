//! The JSON API.

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{nothing, wrong};
use super::door::Visitor;
use super::site::{Site, clock};
use crate::contract;
use crate::domain::{Decision, Grade, PublishedAlert, UtcSecond};
use crate::feed::cases::{Book, Case, CaseHit, CaseKind, CaseStatus, CaseVisit, Filter, Worth};
use crate::feed::pages::{OngoingQuery, ongoing};

/// Without `limit`, so many cases.
const CASES_DEFAULT: usize = 100;
/// At most so many.
const CASES_MAX: usize = 500;

/// What a list of cases is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    municipality: Option<String>,
    status: Option<String>,
    grade: Option<String>,
    rule: Option<String>,
    provider: Option<String>,
    limit: Option<usize>,
    offset: Option<usize>,
}

pub(super) async fn cases(
    State(site): State<Site>,
    visitor: Visitor,
    Query(wanted): Query<Wanted>,
) -> Response {
    let status = match wanted.status.as_deref() {
        None => None,
        Some(word) => match CaseStatus::parse(word) {
            Some(status) => Some(status),
            None => {
                return wrong("`status` is one of open, taken, waiting, below_budget, decided, withdrawn");
            }
        },
    };
    let grade = match wanted.grade.as_deref() {
        None => None,
        Some(word) => match [Grade::Hold, Grade::Review].into_iter().find(|grade| grade.as_str() == word) {
            Some(grade) => Some(grade),
            None => return wrong("`grade` is one of hold, review"),
        },
    };
    let filter = Filter { status, grade, rule: wanted.rule, provider: wanted.provider, ..Filter::default() };
    let limit = wanted.limit.unwrap_or(CASES_DEFAULT).min(CASES_MAX);
    let desk = site.memory.read();
    let seen = desk.within(&visitor.scope);
    let book = match wanted.municipality.as_deref() {
        Some(code) => seen.book(code),
        None => seen.books().next(),
    };
    let Some(book) = book else {
        return if wanted.municipality.is_some() {
            nothing()
        } else {
            axum::Json(json!({"cases": [], "total": 0})).into_response()
        };
    };
    let hits = book.ranked(&filter, clock());
    let shown: Vec<Value> = hits.iter().skip(wanted.offset.unwrap_or(0)).take(limit).map(summary).collect();
    axum::Json(json!({"municipality": book.municipality(), "total": hits.len(), "cases": shown}))
        .into_response()
}

pub(super) async fn case(State(site): State<Site>, visitor: Visitor, Path(id): Path<String>) -> Response {
    let desk = site.memory.read();
    match desk.within(&visitor.scope).case(&id) {
        Some((book, case)) => axum::Json(whole(book, case, clock())).into_response(),
        None => nothing(),
    }
}

pub(super) async fn alert(State(site): State<Site>, visitor: Visitor, Path(id): Path<String>) -> Response {
    let desk = site.memory.read();
    let Some(alert) = desk.within(&visitor.scope).alert(&id) else { return nothing() };
    let mut text = Vec::new();
    contract::write_alert(alert, &mut text);
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

pub(super) async fn ongoing_visits(
    State(site): State<Site>,
    visitor: Visitor,
    Query(wanted): Query<OngoingQuery>,
) -> Response {
    let desk = site.memory.read();
    let Some(book) = desk.within(&visitor.scope).book_or_first(&wanted.municipality) else {
        return nothing();
    };
    let provider = (!wanted.provider.is_empty()).then_some(wanted.provider.as_str());
    let visit = |visit: &CaseVisit| {
        json!({
            "registration_id": &*visit.id,
            "version": visit.version,
            "provider_id": &*visit.provider,
            "carer_ref": &*visit.carer,
            "client_ref": &*visit.client,
            "start_at": visit.start.to_string(),
            "is_electronic": visit.start_method.is_electronic(),
        })
    };
    let visits: Vec<Value> = ongoing(book, provider).into_iter().map(visit).collect();
    axum::Json(json!({"municipality": book.municipality(), "visits": visits})).into_response()
}

/// A case in a list.
fn summary(hit: &CaseHit<'_>) -> Value {
    let CaseHit { case, status, worth } = hit;
    let mut value = json!({
        "case_id": case.id(),
        "kind": kind(case.kind()),
        "reference": case.reference(),
        "status": status.as_str(),
        "grade": case.grade().as_str(),
        "rules": case.rules(),
        "provider_id": case.provider_id(),
        "pay_period": case.pay_period().map(|month| month.to_string()),
        "alerts": case.open_alerts().len(),
        "amount_at_risk_ore": worth.at_risk_ore,
        "held_ore": case.open_holds().map(|hold| hold.amount_ore).sum::<i64>(),
        "assessed_at": case.assessed_at().to_string(),
    });
    value["rank"] = rank(worth);
    value
}

/// What a case ranks by: kronor at risk × probability × urgency.
fn rank(worth: &Worth) -> Value {
    json!({
        "worth_kronor": round(worth.kronor),
        "probability": round(worth.chance.mean),
        "decided": worth.chance.decided,
        "right": worth.chance.right,
        "payout_run_at": worth.payout_run.map(|at| at.to_string()),
        "days_left": worth.days_left,
    })
}

fn whole(book: &Book, case: &Case, clock: UtcSecond) -> Value {
    let worth = book.worth(case, &book.chances(clock));
    let hit = CaseHit { case, status: book.status(case, clock), worth };
    let mut value = summary(&hit);
    value["alerts"] = case.alerts().into_iter().map(record).collect();
    value["decisions"] = case.decisions().into_iter().map(decision).collect();
    value["taken_by"] = case
        .taken_by(clock)
        .map_or(Value::Null, |(by, until)| json!({"reviewer": by, "until": until.to_string()}));
    value
}

/// The record as it is on its topic.
fn record(alert: &PublishedAlert) -> Value {
    let mut text = Vec::new();
    contract::write_alert(alert, &mut text);
    serde_json::from_slice(&text).unwrap_or_default()
}

fn decision(decision: &Decision) -> Value {
    let mut text = Vec::new();
    contract::write_decision(decision, &mut text);
    serde_json::from_slice(&text).unwrap_or_default()
}

const fn kind(kind: CaseKind) -> &'static str {
    match kind {
        CaseKind::Carer => "carer",
        CaseKind::Client => "client",
        CaseKind::Provider => "provider",
        CaseKind::Tag => "tag",
    }
}

/// Four significant digits.
pub(super) fn round(value: f64) -> f64 {
    crate::domain::round_significant(value, 4)
}
