//! Visits that have begun and not ended, those with weak evidence first: for whoever stands at the door.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;

use super::{Head, Shown, in_address};
use crate::domain::{UtcSecond, VisitKind, Zone};
use crate::feed::cases::{Book, CaseVisit, Seen};
use crate::feed::words::{Language, Texts, length, method_name, visible, visit_kind, waited};

/// Visits on the page; a municipality has some hundreds at a time.
const VISITS_MAX: usize = 500;
/// A visit that began longer ago has no log-out rather than no end.
const HOURS_MAX: i64 = 24;

/// So long after its planned end a visit that goes on is marked.
const LATE_SECONDS: i64 = 3_600;

/// What the page was asked for: the part of the address behind `?`.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OngoingQuery {
    /// Municipality code; the first in scope where absent.
    pub municipality: String,
    /// Provider.
    pub provider: String,
}

/// A visit in the list.
#[derive(Clone, Debug)]
pub struct OngoingRow {
    /// The registration.
    pub id: String,
    /// When it began.
    pub since: String,
    /// How long ago.
    pub lasted: String,
    /// The carer.
    pub carer: String,
    /// How many visits of the carer go on, where there are several.
    pub at_once: Option<String>,
    /// The client.
    pub client: String,
    /// The provider.
    pub provider: String,
    /// How the start was captured.
    pub captured: &'static str,
    /// Is that bound to the place, or the visit one that has no place?
    pub is_expected: bool,
    /// Planned times.
    pub planned: String,
    /// How long ago it should have ended, where that is long.
    pub late: Option<String>,
    /// Its kind.
    pub kind: &'static str,
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "ongoing.html")]
pub struct OngoingPage {
    /// What every page has.
    pub head: Head,
    /// The municipality.
    pub municipality: String,
    /// Providers with ongoing visits, and whether one is chosen.
    pub providers: Vec<(String, bool)>,
    /// The visits.
    pub rows: Vec<OngoingRow>,
    /// How many.
    pub count: usize,
}

/// Visits that go on in a municipality, weak evidence first, then those that began last.
#[must_use]
pub fn ongoing<'a>(book: &'a Book, provider: Option<&str>) -> Vec<&'a CaseVisit> {
    let oldest = book.now().plus(-HOURS_MAX * 3_600);
    let mut visits: Vec<&CaseVisit> = book
        .visits()
        .ongoing()
        .filter(|visit| oldest <= visit.start && provider.is_none_or(|provider| *visit.provider == *provider))
        .collect();
    visits.sort_by_key(|visit| (is_expected(visit), std::cmp::Reverse(visit.start)));
    visits.truncate(VISITS_MAX);
    visits
}

/// Is its start bound to the place? Where a visit has no place, nothing can bind it.
const fn is_expected(visit: &CaseVisit) -> bool {
    visit.start_method.is_electronic()
        || matches!(
            visit.kind,
            VisitKind::Remote | VisitKind::Errand | VisitKind::Escort | VisitKind::MealDelivery
        )
}

impl OngoingPage {
    /// The visits of the municipality that is asked for, else the first in scope.
    #[must_use]
    pub fn new(seen: Seen<'_>, at: &Shown, query: &OngoingQuery) -> Self {
        let language = at.language;
        let t = Texts(language);
        let book = seen.book_or_first(&query.municipality);
        let provider = (!query.provider.is_empty()).then_some(query.provider.as_str());
        let visits = book.map(|book| ongoing(book, provider)).unwrap_or_default();
        let mut providers: Vec<String> = book
            .iter()
            .flat_map(|book| ongoing(book, None))
            .map(|visit| visit.provider.to_string())
            .collect();
        providers.sort_unstable();
        providers.dedup();
        let path = if query.provider.is_empty() {
            "/ongoing".to_owned()
        } else {
            format!("/ongoing?provider={}", in_address(&query.provider))
        };
        let now = book.map(Book::now).unwrap_or_default();
        let mut of_carers: BTreeMap<Arc<str>, usize> = BTreeMap::new();
        for visit in book.iter().flat_map(|book| ongoing(book, None)) {
            *of_carers.entry(visit.carer.clone()).or_default() += 1;
        }
        Self {
            head: Head::new(seen, at, t.ongoing().to_owned(), &path),
            municipality: query.municipality.clone(),
            providers: providers.into_iter().map(|one| (one.clone(), one == query.provider)).collect(),
            count: visits.len(),
            rows: visits
                .into_iter()
                .map(|visit| {
                    let at_once = of_carers.get(&visit.carer).copied().unwrap_or_default();
                    row(visit, at_once, now, &seen.rules().zone, language)
                })
                .collect(),
        }
    }
}

fn row(visit: &CaseVisit, at_once: usize, now: UtcSecond, zone: &Zone, language: Language) -> OngoingRow {
    let t = Texts(language);
    let late = visit.planned.map(|plan| now.since(plan.end())).filter(|late| LATE_SECONDS <= *late);
    OngoingRow {
        id: visible(&visit.id),
        since: zone.clock(visit.start),
        lasted: length(now.since(visit.start).max(0), language),
        carer: visible(&visit.carer),
        client: visible(&visit.client),
        provider: visible(&visit.provider),
        captured: method_name(visit.start_method, language),
        is_expected: is_expected(visit),
        at_once: (1 < at_once).then(|| format!("{at_once} {}", t.visits_at_once())),
        late: late.map(|late| format!("{} {}", waited(late, language), t.after_plan())),
        planned: visit.planned.map_or_else(
            || t.no_plan().to_owned(),
            |plan| format!("{}–{}", zone.clock(plan.start()), zone.clock(plan.end())),
        ),
        kind: visit_kind(visit.kind, language),
    }
}
