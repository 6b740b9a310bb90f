//! Visits that have begun and not ended, those with weak evidence first: for whoever stands at the door.

use askama::Template;

use super::{Head, Shown, in_address};
use crate::domain::UtcSecond;
use crate::feed::cases::{Book, CaseVisit, Seen};
use crate::feed::words::{Language, Texts, length, method_name, visible, visit_kind};

/// Visits on the page; a municipality has some hundreds at a time.
const VISITS_MAX: usize = 500;
/// A visit that began longer ago has no log-out rather than no end.
const HOURS_MAX: i64 = 24;

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
    /// The client.
    pub client: String,
    /// The provider.
    pub provider: String,
    /// How the start was captured.
    pub captured: &'static str,
    /// Is that bound to the place?
    pub is_electronic: bool,
    /// Planned times.
    pub planned: String,
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
    visits.sort_by_key(|visit| (visit.start_method.is_electronic(), std::cmp::Reverse(visit.start)));
    visits.truncate(VISITS_MAX);
    visits
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
        Self {
            head: Head::new(seen, at, t.ongoing().to_owned(), &path),
            municipality: query.municipality.clone(),
            providers: providers.into_iter().map(|one| (one.clone(), one == query.provider)).collect(),
            count: visits.len(),
            rows: visits.into_iter().map(|visit| row(visit, now, seen, language)).collect(),
        }
    }
}

fn row(visit: &CaseVisit, now: UtcSecond, seen: Seen<'_>, language: Language) -> OngoingRow {
    let zone = &seen.rules().zone;
    OngoingRow {
        id: visible(&visit.id),
        since: zone.clock(visit.start),
        lasted: length(now.since(visit.start).max(0), language),
        carer: visible(&visit.carer),
        client: visible(&visit.client),
        provider: visible(&visit.provider),
        captured: method_name(visit.start_method, language),
        is_electronic: visit.start_method.is_electronic(),
        planned: visit.planned.map_or_else(
            || Texts(language).no_plan().to_owned(),
            |plan| format!("{}–{}", zone.clock(plan.start()), zone.clock(plan.end())),
        ),
        kind: visit_kind(visit.kind, language),
    }
}
