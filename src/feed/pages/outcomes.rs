//! What came of the alerts in the last thirty days: by order and by lot, by who runs the provider, by rule.

use askama::Template;

use super::{Head, Shown, in_address};
use crate::domain::ProviderKind;
use crate::feed::cases::{Book, OUTCOME_DAYS, OutcomeTally, Outcomes, Seen};
use crate::feed::words::{
    Language, Texts, date, kronor, percent, provider_kind_name, rule_title, waited, whole,
};

/// What the page was asked for: the part of the address behind `?`.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OutcomesQuery {
    /// Municipality code; the first in scope where absent.
    pub municipality: String,
}

/// Outcomes in a table.
#[derive(Clone, Debug)]
pub struct OutcomeRow {
    /// Of what.
    pub name: String,
    /// Its cases that are decided.
    pub href: Option<String>,
    /// Alerts with an outcome.
    pub decided: String,
    /// Those that were right, and those that were not.
    pub right: String,
    /// As said.
    pub wrong: String,
    /// Share of right ones, and the interval that it lies in.
    pub precision: String,
    /// As said.
    pub interval: Option<String>,
    /// Median time to the decision.
    pub waited: String,
    /// Kronor in open holds.
    pub held: String,
    /// Kronor in released holds.
    pub released: String,
    /// Kronor in upheld holds.
    pub upheld: String,
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "outcomes.html")]
pub struct OutcomesPage {
    /// What every page has.
    pub head: Head,
    /// The first and the last day whose decisions count.
    pub days: String,
    /// By order, by lot, and together.
    pub arms: Vec<OutcomeRow>,
    /// By who runs the provider.
    pub kinds: Vec<OutcomeRow>,
    /// By rule.
    pub rules: Vec<OutcomeRow>,
    /// Is there something to count?
    pub has_any: bool,
}

impl OutcomesPage {
    /// The outcomes of the municipality that is asked for, else of the first in scope.
    #[must_use]
    pub fn new(seen: Seen<'_>, at: &Shown, query: &OutcomesQuery) -> Self {
        let language = at.language;
        let t = Texts(language);
        let book = seen.book_or_first(&query.municipality);
        let found = book.map(|book| book.outcomes(at.clock)).unwrap_or_default();
        let path = match query.municipality.as_str() {
            "" => "/outcomes".to_owned(),
            code => format!("/outcomes?municipality={}", in_address(code)),
        };
        let zone = &seen.rules().zone;
        let code = book.map(Book::municipality).unwrap_or_default();
        let Outcomes { from, all, ranked, drawn, kinds, rules } = &found;
        let of_kind = |(kind, tally): &(Option<ProviderKind>, OutcomeTally)| {
            row(provider_kind_name(*kind, language).to_owned(), None, tally, language)
        };
        let of_rule = |(rule, tally): (&String, &OutcomeTally)| {
            let rule_cases = format!(
                "/{}/cases?municipality={code}&status=decided&rule={}",
                language.code(),
                in_address(rule)
            );
            row(rule_title(rule, language).to_owned(), Some(rule_cases), tally, language)
        };
        Self {
            days: format!("{}–{}", date(*from, zone), date(at.clock, zone)),
            arms: [(t.by_order(), ranked), (t.by_lot(), drawn), (t.all_alerts(), all)]
                .map(|(name, tally)| row(name.to_owned(), None, tally, language))
                .to_vec(),
            kinds: kinds.iter().map(of_kind).collect(),
            rules: rules.iter().map(of_rule).collect(),
            has_any: !rules.is_empty(),
            head: Head::new(seen, at, t.outcomes().to_owned(), &path),
        }
    }

    /// How many days count.
    #[must_use]
    pub const fn day_count(&self) -> i32 {
        OUTCOME_DAYS
    }
}

fn row(name: String, href: Option<String>, tally: &OutcomeTally, language: Language) -> OutcomeRow {
    let count = |count: u32| whole(i64::from(count), language);
    let none = || "–".to_owned();
    OutcomeRow {
        name,
        href: href.filter(|_| 0 < tally.decided),
        decided: count(tally.decided),
        right: count(tally.right),
        wrong: count(tally.decided - tally.right),
        precision: tally.precision().map_or_else(none, |share| percent(share, language)),
        interval: tally
            .interval()
            .map(|(low, high)| format!("{:.0}–{}", low * 100.0, percent(high, language))),
        waited: tally.median_seconds().map_or_else(none, |seconds| waited(seconds, language)),
        held: kronor(tally.held_ore, language),
        released: kronor(tally.released_ore, language),
        upheld: kronor(tally.upheld_ore, language),
    }
}
