//! Providers beside each other: the same measures of all, of a month and of the month before.

use askama::Template;

use super::{Head, Shown, in_address};
use crate::domain::Month;
use crate::feed::cases::{ProviderMonth, Seen};
use crate::feed::words::{Language, Texts, kronor, month_name, percent, provider_kind_name, visible, whole};

/// Fewer visits say nothing about a share.
const VISITS_MIN: u32 = 30;

/// What the page was asked for: the part of the address behind `?`.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProvidersQuery {
    /// Municipality code; the first in scope where absent.
    pub municipality: String,
    /// Month; that of the newest record where absent.
    pub month: String,
}

/// A provider in the table.
#[derive(Clone, Debug)]
pub struct ProviderRow {
    /// The provider.
    pub name: String,
    /// Who runs it; of all providers together, nothing.
    pub kind: Option<&'static str>,
    /// Its cases.
    pub href: String,
    /// Visits.
    pub visits: String,
    /// Hours.
    pub hours: String,
    /// Shares: this month, of how many, and the month before.
    pub shares: Vec<(String, String, String)>,
    /// Open alerts on contradictions.
    pub contradictions: String,
    /// Kronor in open holds.
    pub held: String,
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "providers.html")]
pub struct ProvidersPage {
    /// What every page has.
    pub head: Head,
    /// The month.
    pub month: String,
    /// The month before, and the one after, where there are visits.
    pub others: Vec<(String, String)>,
    /// The providers.
    pub rows: Vec<ProviderRow>,
    /// All providers together.
    pub all: Option<ProviderRow>,
}

impl ProvidersPage {
    /// The providers of the municipality that is asked for, else the first in scope.
    #[must_use]
    pub fn new(seen: Seen<'_>, at: &Shown, query: &ProvidersQuery) -> Self {
        let language = at.language;
        let t = Texts(language);
        let book = seen.book_or_first(&query.municipality);
        let newest = book.map(|book| seen.rules().zone.month(book.now()));
        let month = Month::parse(&query.month).or(newest);
        let path = match Month::parse(&query.month) {
            Some(month) => format!("/providers?month={month}"),
            None => "/providers".to_owned(),
        };
        let found =
            book.zip(month).map(|(book, month)| (book.providers(month), book.providers(month.previous())));
        let (now, before) = found.unwrap_or_default();
        let none = ProviderMonth::default();
        let code = book.map(|book| book.municipality()).unwrap_or_default();
        let one = |name: &String, of: &ProviderMonth| {
            let kind = book.and_then(|book| book.provider_kind(name));
            let row = row(name, of, before.get(name).unwrap_or(&none), code, language);
            ProviderRow { kind: Some(provider_kind_name(kind, language)), ..row }
        };
        let others = month.into_iter().flat_map(|month| [month.previous(), month.next()]);
        let others = others.filter(|other| newest.is_some_and(|newest| *other <= newest));
        Self {
            month: month.map(|month| month_name(month, language)).unwrap_or_default(),
            others: others
                .map(|other| {
                    (format!("/{}/providers?month={other}", language.code()), month_name(other, language))
                })
                .collect(),
            all: (1 < now.len()).then(|| {
                let sum =
                    |of: &std::collections::BTreeMap<String, ProviderMonth>| of.values().fold(none, added);
                row(t.all_providers(), &sum(&now), &sum(&before), code, language)
            }),
            rows: now.iter().map(|(name, of)| one(name, of)).collect(),
            head: Head::new(seen, at, t.providers().to_owned(), &path),
        }
    }
}

fn added(sum: ProviderMonth, of: &ProviderMonth) -> ProviderMonth {
    ProviderMonth {
        visits: sum.visits + of.visits,
        seconds: sum.seconds + of.seconds,
        by_hand: sum.by_hand + of.by_hand,
        edited: sum.edited + of.edited,
        planned: sum.planned + of.planned,
        above_plan: sum.above_plan + of.above_plan,
        below_half: sum.below_half + of.below_half,
        auto_closed: sum.auto_closed + of.auto_closed,
        alerted: sum.alerted + of.alerted,
        contradictions: sum.contradictions + of.contradictions,
        held_ore: sum.held_ore + of.held_ore,
    }
}

fn row(
    name: &str,
    of: &ProviderMonth,
    before: &ProviderMonth,
    municipality: &str,
    language: Language,
) -> ProviderRow {
    let share = |(part, among): (u32, u32)| {
        if among < VISITS_MIN { "–".to_owned() } else { percent(of_all(part, among), language) }
    };
    let of_visits =
        |(_, among): (u32, u32)| format!("{} {}", language.of("av", "of"), whole(i64::from(among), language));
    let cell =
        |part: fn(&ProviderMonth) -> (u32, u32)| (share(part(of)), of_visits(part(of)), share(part(before)));
    ProviderRow {
        name: visible(name),
        kind: None,
        href: format!("/{}/cases?municipality={municipality}&provider={}", language.code(), in_address(name)),
        visits: whole(i64::from(of.visits), language),
        hours: whole(of.seconds / 3_600, language),
        shares: vec![
            cell(|of| (of.by_hand, of.visits)),
            cell(|of| (of.edited, of.visits)),
            cell(|of| (of.auto_closed, of.visits)),
            cell(|of| (of.visits - of.planned, of.visits)),
            cell(|of| (of.above_plan, of.planned)),
            cell(|of| (of.below_half, of.planned)),
            cell(|of| (of.alerted.min(of.visits), of.visits)),
        ],
        contradictions: whole(i64::from(of.contradictions), language),
        held: kronor(of.held_ore, language),
    }
}

fn of_all(part: u32, all: u32) -> f64 {
    f64::from(part) / f64::from(all.max(1))
}
