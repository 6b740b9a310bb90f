//! What HTTP shows: health and metrics to whoever can reach it; open alerts and rolling statistics, which are about
//! persons, at an address of their own to who has a token, within its scope.

mod guard;
mod server;

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use serde_json::json;

use crate::contract;
use crate::domain::{PublishedAlert, Scope};
use crate::engine::EntityRef;
use crate::service::observe::metrics::Metrics;
use crate::service::observe::status::{PartitionRow, Status};
use crate::service::observe::view::{RollingRow, View};
use guard::ApiGuard;
pub(in crate::service) use server::ProbeServer;

/// Without `limit`, so many alerts.
const ALERTS_DEFAULT: usize = 100;
/// More than a person reads, and an answer of a few megabytes.
const ALERTS_MAX: usize = 1_000;

const INDEX: &str = "Tidvakt

/metrics            metrics for Prometheus
/healthz            does every thread come round: if not, it hangs
/startupz           are the facts read and the partitions given: if not, it starts
/readyz             is all that was waiting assessed: if not, it says how far the replay is
/v1/partitions      how far each partition is, and which rules could not answer for want of which fact

At the address `http.api_listen`, with `Authorization: Bearer` and the token (`http.api_access`):
/v1/alerts          open alerts, gravest first; ?municipality= and ?limit= (at most 1000)
/v1/carers/{ref}    rolling statistics of a carer
/v1/clients/{ref}   rolling statistics of a client
";

/// What the handlers read.
#[derive(Clone)]
pub(in crate::service) struct ObservedSite {
    pub(in crate::service) metrics: Arc<Metrics>,
    pub(in crate::service) status: Arc<Status>,
    pub(in crate::service) view: Arc<View>,
}

/// Probes, metrics and the list of pages.
fn pages(site: ObservedSite, hosts: Arc<[String]>) -> Router {
    let routes = Router::new()
        .route("/", get(|| async { INDEX }))
        .route("/metrics", get(metrics))
        .route("/healthz", get(healthz))
        .route("/startupz", get(startupz))
        .route("/readyz", get(readyz))
        .route("/v1/partitions", get(partitions))
        .with_state(site);
    guard::guarded(routes.fallback(nowhere), hosts)
}

/// What is about persons: only with a token, and within its scope.
fn api(site: ObservedSite, hosts: Arc<[String]>, guard: ApiGuard) -> Router {
    let routes = Router::new()
        .route("/v1/alerts", get(alerts))
        .route("/v1/carers/{reference}", get(carer))
        .route("/v1/clients/{reference}", get(client))
        .with_state(site)
        .fallback(nowhere)
        .layer(middleware::from_fn(move |request, next| guard::authorized(guard.clone(), request, next)));
    guard::guarded(routes, hosts)
}

async fn nowhere() -> impl IntoResponse {
    (StatusCode::NOT_FOUND, axum::Json(json!({"error": "there is no such page"})))
}

async fn metrics(State(site): State<ObservedSite>) -> impl IntoResponse {
    site.status.measure();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], site.metrics.text())
}

async fn healthz(State(site): State<ObservedSite>) -> impl IntoResponse {
    let hanging = site.status.hanging();
    answer("healthy", &site.status, hanging)
}

async fn startupz(State(site): State<ObservedSite>) -> impl IntoResponse {
    let reasons = site.status.starting();
    answer("started", &site.status, reasons)
}

async fn readyz(State(site): State<ObservedSite>) -> impl IntoResponse {
    let reasons = site.status.unready();
    answer("ready", &site.status, reasons)
}

/// The answer to a probe: yes, or no with reasons; with the stage of the instance.
fn answer(probe: &str, status: &Status, reasons: Vec<String>) -> Response {
    let yes = reasons.is_empty();
    let code = if yes { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, axum::Json(json!({probe: yes, "stage": status.stage().as_str(), "reasons": reasons})))
        .into_response()
}

/// How far each partition is; of its municipalities, what waits for which fact.
async fn partitions(State(site): State<ObservedSite>) -> impl IntoResponse {
    let partition = |row: PartitionRow| {
        let waiting = site.view.waiting(row.partition).into_iter();
        let municipalities: Vec<_> = waiting
            .map(|(municipality, waiting)| json!({"municipality": municipality, "waiting": waiting}))
            .collect();
        let mut partition = json!(row);
        partition["municipalities"] = json!(municipalities);
        partition
    };
    let partitions: Vec<_> = site.status.partitions().into_iter().map(partition).collect();
    axum::Json(json!({"partitions": partitions}))
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct AlertQuery {
    municipality: Option<String>,
    limit: Option<usize>,
}

async fn alerts(
    State(site): State<ObservedSite>,
    Extension(scope): Extension<Scope>,
    Query(wanted): Query<AlertQuery>,
) -> impl IntoResponse {
    let limit = wanted.limit.unwrap_or(ALERTS_DEFAULT).min(ALERTS_MAX);
    let is_wanted = |code: &str| wanted.municipality.as_deref().is_none_or(|wanted| wanted == code);
    let alerts = site.view.open_alerts(&|code| scope.covers(code) && is_wanted(code), limit);
    ([(header::CONTENT_TYPE, "application/json")], alerts_as_json(&alerts))
}

fn alerts_as_json(alerts: &[Arc<PublishedAlert>]) -> Vec<u8> {
    let mut json = br#"{"alerts":["#.to_vec();
    for (at, alert) in alerts.iter().enumerate() {
        if 0 < at {
            json.push(b',');
        }
        contract::write_alert(alert, &mut json);
    }
    json.extend_from_slice(b"]}");
    json
}

async fn carer(
    State(site): State<ObservedSite>,
    Extension(scope): Extension<Scope>,
    Path(reference): Path<String>,
) -> Response {
    statistics("carer_ref", &reference, site.view.statistics(EntityRef::Carer(&reference)), &scope)
}

async fn client(
    State(site): State<ObservedSite>,
    Extension(scope): Extension<Scope>,
    Path(reference): Path<String>,
) -> Response {
    statistics("client_ref", &reference, site.view.statistics(EntityRef::Client(&reference)), &scope)
}

/// Somebody who is known in municipalities out of scope alone is not known.
fn statistics(name: &str, reference: &str, mut seen: Vec<RollingRow>, scope: &Scope) -> Response {
    seen.retain(|row| scope.covers(&row.municipality));
    if seen.is_empty() {
        let error = format!("nothing is kept of this `{name}`");
        return (StatusCode::NOT_FOUND, axum::Json(json!({"error": error}))).into_response();
    }
    let one = |seen: &RollingRow| {
        let rolling = &seen.rolling;
        json!({
            "municipality": seen.municipality,
            "visits": rolling.visits,
            "seconds": rolling.seconds,
            "manual_share": rolling.manual_share,
            "electronic_share": rolling.electronic_share,
            "usual_ratio": rolling.usual_ratio,
            "ratio_sd_log": rolling.ratio_sd_log,
            "observations": rolling.observations,
        })
    };
    let statistics: Vec<_> = seen.iter().map(one).collect();
    axum::Json(json!({name: reference, "statistics": statistics})).into_response()
}

#[cfg(test)]
mod tests;
