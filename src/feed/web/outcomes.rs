//! What came of the alerts, as a page and as JSON.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::answer::nothing;
use super::api::round;
use super::door::Visitor;
use super::site::{Site, clock};
use super::views::{ListQuery, list};
use crate::domain::ProviderKind;
use crate::feed::cases::{OUTCOME_DAYS, OutcomeTally};
use crate::feed::pages::{OutcomesPage, OutcomesQuery};

pub(super) async fn page(
    State(site): State<Site>,
    visitor: Visitor,
    Path(code): Path<String>,
    query: ListQuery<OutcomesQuery>,
) -> Response {
    list(&site, &visitor, &code, query, OutcomesPage::new)
}

pub(super) async fn outcomes(
    State(site): State<Site>,
    visitor: Visitor,
    Query(wanted): Query<OutcomesQuery>,
) -> Response {
    let desk = site.memory.read();
    let Some(book) = desk.within(&visitor.scope).book_or_first(&wanted.municipality) else {
        return nothing();
    };
    let found = book.outcomes(clock());
    let kinds: Map<String, Value> =
        found.kinds.iter().map(|(kind, of)| (kind_word(*kind).to_owned(), tally(of))).collect();
    let rules: Map<String, Value> = found.rules.iter().map(|(rule, of)| (rule.clone(), tally(of))).collect();
    axum::Json(json!({
        "municipality": book.municipality(),
        "days": OUTCOME_DAYS,
        "from": found.from.to_string(),
        "all": tally(&found.all),
        "ranked": tally(&found.ranked),
        "drawn": tally(&found.drawn),
        "by_provider_kind": kinds,
        "by_rule": rules,
    }))
    .into_response()
}

const fn kind_word(kind: Option<ProviderKind>) -> &'static str {
    match kind {
        Some(ProviderKind::Municipal) => "municipal",
        Some(ProviderKind::Private) => "private",
        None => "unknown",
    }
}

fn tally(of: &OutcomeTally) -> Value {
    json!({
        "decided": of.decided,
        "right": of.right,
        "precision": of.precision().map(round),
        "interval": of.interval().map(|(low, high)| [round(low), round(high)]),
        "median_seconds_to_decision": of.median_seconds(),
        "held_ore": of.held_ore,
        "released_ore": of.released_ore,
        "upheld_ore": of.upheld_ore,
    })
}
