//! What the pages show. A page is built from cases under a lock, and rendered without it.

mod alert;
mod alerts;
mod ask;
mod case;
mod day;
mod decide;
mod exception;
mod form;
mod lengths;
mod ongoing;
mod outcomes;
mod providers;
mod queue;
mod statement;
#[cfg(test)]
mod tests;
mod would_change;

pub use alert::{AlertView, FindingView, HoldView};
pub use alerts::CaseAlertRow;
pub use case::CasePage;
pub use day::{Bar, DayView, Lane, Tick, VisitRow};
pub use decide::{
    ACTIONS, AlertChoice, DAY_SECONDS, DecideView, Deciding, OUTCOMES, WAIT_DAYS_MAX, action_word,
    all_actions, outcome_word,
};
pub use exception::{ExceptionReach, ExceptionView};
pub use form::{Choice, DecisionForm, FormFault, alert_word};
pub use lengths::{LengthBar, LengthsView};
pub use ongoing::{OngoingPage, OngoingQuery, ongoing};
pub use outcomes::{OutcomeRow, OutcomesPage, OutcomesQuery};
pub use providers::{ProvidersPage, ProvidersQuery};
pub use queue::{QueuePage, QueueQuery};
pub use statement::{StatementContact, StatementPage};

use askama::Template;

pub use crate::domain::Role;
use crate::domain::{UtcSecond, Zone};
use crate::feed::cases::Seen;
use crate::feed::words::{Language, Texts, date, day_and_time};

/// So far behind the reviewers' clock the head of a page says by which date decisions are made.
const BEHIND_SECONDS: i64 = 2 * DAY_SECONDS;

/// The style sheet.
pub const STYLE: &str = include_str!("../assets/feed.css");

/// The script of the list, which works without it.
pub const SCRIPT: &str = include_str!("../assets/feed.js");

/// What every page has.
#[derive(Clone, Debug)]
pub struct Head {
    /// The texts.
    pub t: Texts,
    /// Title of the page.
    pub title: String,
    /// The same page in the other language.
    pub other_href: String,
    /// State of the feed in one line.
    pub feed_state: String,
    /// Is everything read that was there at the start?
    pub is_loaded: bool,
}

impl Head {
    /// The head of a page at `path`, the address behind the language.
    #[must_use]
    pub fn new(seen: Seen<'_>, at: &Shown, title: String, path: &str) -> Self {
        let language = at.language;
        let zone = &seen.rules().zone;
        let t = Texts(language);
        let through =
            seen.books().filter_map(|book| book.progress_record()).map(|record| record.append_time).max();
        let feed_state = match through {
            _ if !at.is_loaded => t.loading().to_owned(),
            Some(through) => {
                let state = format!("{} {}.", t.assessed_to(), day_and_time(through, zone, language));
                // Far behind, as in the demo, the dates of decisions and those of visits are of two calendars.
                if at.clock.since(through) < BEHIND_SECONDS {
                    state
                } else {
                    format!("{state} {} {}.", t.dated(), date(at.clock, zone))
                }
            }
            None => t.nothing_assessed().to_owned(),
        };
        let other_href = format!("/{}{path}", language.other().code());
        Self { t, title, other_href, feed_state, is_loaded: at.is_loaded }
    }

    /// The head of a page that shows no cases, where not even a scope is known.
    #[must_use]
    pub fn plain(language: Language, title: &str, path: &str) -> Self {
        Self {
            t: Texts(language),
            title: title.to_owned(),
            other_href: format!("/{}{path}", language.other().code()),
            feed_state: String::new(),
            is_loaded: true,
        }
    }

    /// The language's code.
    #[must_use]
    pub const fn lang(&self) -> &'static str {
        self.t.0.code()
    }

    /// The code of the other language.
    #[must_use]
    pub const fn other_lang(&self) -> &'static str {
        self.t.0.other().code()
    }
}

/// For whom and when a page is built.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// The language.
    pub language: Language,
    /// The reviewers' time.
    pub clock: UtcSecond,
    /// Is everything read that was there at the start?
    pub is_loaded: bool,
}

/// A page that says why there is nothing.
#[derive(Clone, Debug, Template)]
#[template(path = "message.html")]
pub struct MessagePage {
    /// What every page has.
    pub head: Head,
    /// What it says.
    pub text: String,
}

impl MessagePage {
    /// Says so without cases, where not even a scope is known.
    #[must_use]
    pub fn plain(language: Language, title: &str, text: String) -> Self {
        Self { head: Head::plain(language, title, "/cases"), text }
    }
}

/// `text` as a part of an address.
#[must_use]
pub fn in_address(text: &str) -> String {
    let mut address = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b':') {
            address.push(char::from(byte));
        } else {
            address.push_str(&format!("%{byte:02X}"));
        }
    }
    address
}

/// Local time with the date where it lies on another day than `day_of`.
fn clock_near(at: UtcSecond, day_of: UtcSecond, zone: &Zone) -> String {
    if zone.day(at) == zone.day(day_of) {
        zone.clock(at)
    } else {
        format!("{} {}", zone.date(at), zone.clock(at))
    }
}
