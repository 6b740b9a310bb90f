//! Whether a registration may be paid, by the rule of clearance.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::answer::{nothing, wrong};
use super::door::Visitor;
use super::site::Site;
use crate::clearance::VerdictLine;
use crate::domain::UtcSecond;

/// What clearance is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClearanceQuery {
    /// The municipality code: ids of registrations are unique within one. Needed where more than one is in scope.
    municipality: Option<String>,
    /// The scheduled time of the payout run, by which proposed holds are void; without it none is.
    at: Option<String>,
}

pub(super) async fn clearance(
    State(site): State<Site>,
    visitor: Visitor,
    Path(registration_id): Path<String>,
    Query(wanted): Query<ClearanceQuery>,
) -> Response {
    let run_at = match wanted.at.as_deref().map(str::parse::<jiff::Timestamp>) {
        None => None,
        Some(Ok(time)) => Some(UtcSecond(time.as_second())),
        Some(Err(_)) => return wrong("`at` is a time with an offset, such as 2026-04-06T18:00:00+02:00"),
    };
    let Some(municipality) = wanted.municipality.as_deref().or_else(|| visitor.scope.single()) else {
        return wrong("`municipality` is needed, as more than one may be in scope");
    };
    match site.payout.verdict(&visitor.scope, municipality, &registration_id, run_at) {
        Ok(Some(verdict)) => axum::Json(VerdictLine::of(&verdict)).into_response(),
        Ok(None) => nothing(),
        Err(_) => {
            let body = json!({"error": "the topics are not read to their ends yet"});
            (StatusCode::SERVICE_UNAVAILABLE, axum::Json(body)).into_response()
        }
    }
}
