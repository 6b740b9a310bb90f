//! Cases in memory: registrations, alerts, decisions and progress in, ranked cases out.
//!
//! Pure: no clock, no log, no JSON. What is shown is a function of the latest record of every key, so that a process
//! that starts again shows the same.

mod alike;
mod book;
mod case;
mod chance;
mod draw;
mod outcome;
mod provider;
mod rank;
#[cfg(test)]
mod tests;
mod totals;
mod visits;

use std::collections::BTreeMap;

pub use alike::{Settled, SettledAlert};
pub use book::{Book, CaseHit, Filter};
pub use case::{AlertStatus, Case, CaseKind, CaseStatus};
pub use chance::{Chance, Chances};
pub use draw::CASES_A_DAY;
pub use outcome::{OUTCOME_DAYS, OutcomeTally, Outcomes};
pub use provider::ProviderMonth;
pub use rank::{Worth, urgency};
pub use totals::{CaseTotals, HoldsOfRun};
pub use visits::{CaseVisit, Earlier, Visits};

use crate::contract::MunicipalityProgress;
pub use crate::domain::Scope;
use crate::domain::{Decision, FactBody, FactChange, Month, PublishedAlert, Registration, UtcSecond, Zone};

/// What cases are derived by.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The municipalities' time zone.
    pub zone: Zone,
    /// Days that registrations are kept, by their start.
    pub retained_days: u16,
    /// Day of the following month on which a month is paid.
    pub payout_day: i8,
    /// Local hour of that payout run.
    pub payout_hour: i8,
}

impl Rules {
    /// The payout run of `month`.
    #[must_use]
    pub fn payout_run(&self, month: Month) -> UtcSecond {
        self.zone.instant(month.next(), self.payout_day, self.payout_hour)
    }
}

/// All municipalities' cases. They are read through a [`Scope`] alone.
pub struct Desk {
    rules: Rules,
    books: BTreeMap<String, Book>,
}

impl Desk {
    /// A desk without cases.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self { rules, books: BTreeMap::new() }
    }

    fn book(&mut self, municipality: &str) -> &mut Book {
        let rules = &self.rules;
        self.books.entry(municipality.to_owned()).or_insert_with(|| Book::new(municipality, rules.clone()))
    }

    /// Takes a record of the alert topic. Returns whether it is newer than what was known.
    pub fn alert(&mut self, alert: PublishedAlert) -> bool {
        let municipality = alert.alert.municipality.clone();
        self.book(&municipality).alert(alert)
    }

    /// Is this an alert beyond the desk's budget of the day?
    #[must_use]
    pub fn waits(&self, alert_id: &str) -> bool {
        let book = self.books.get(municipality_of(alert_id));
        book.and_then(|book| book.alert_by_id(alert_id)).is_some_and(|alert| alert.alert.waiting)
    }

    /// Takes a record of the decision topic.
    pub fn decision(&mut self, decision: Decision) {
        let municipality = decision.municipality().to_owned();
        self.book(&municipality).decision(decision);
    }

    /// Takes a record of the reference topic: who runs a provider. Other facts show in the alerts alone.
    pub fn fact(&mut self, change: FactChange) {
        let is_kept = match &change {
            FactChange::Put(fact) => matches!(fact.body, FactBody::Provider { .. }),
            FactChange::Remove { .. } => true,
        };
        if is_kept {
            let municipality = change.municipality().to_owned();
            self.book(&municipality).fact(change);
        }
    }

    /// Takes a record of the feed, appended at `appended_at`.
    pub fn registration(&mut self, registration: &Registration<'_>, appended_at: UtcSecond) {
        self.book(registration.municipality).registration(registration, appended_at);
    }

    /// Takes a record of the progress topic.
    pub fn progress(&mut self, progress: MunicipalityProgress) {
        let municipality = progress.municipality.clone();
        self.book(&municipality).progress(progress);
    }

    /// What `scope` may see.
    #[must_use]
    pub fn within<'a>(&'a self, scope: &'a Scope) -> Seen<'a> {
        Seen { desk: self, scope }
    }
}

/// The part of a desk that lies within a scope.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    desk: &'a Desk,
    scope: &'a Scope,
}

impl<'a> Seen<'a> {
    /// The books of the municipalities in scope, in order of their codes.
    pub fn books(self) -> impl Iterator<Item = &'a Book> {
        self.desk.books.values().filter(move |book| self.scope.covers(book.municipality()))
    }

    /// The book of one municipality, where it is in scope.
    #[must_use]
    pub fn book(self, municipality: &str) -> Option<&'a Book> {
        self.scope.covers(municipality).then(|| self.desk.books.get(municipality))?
    }

    /// The book of the municipality that an address names, the first one in scope where it names none (`""`).
    #[must_use]
    pub fn book_or_first(self, municipality: &str) -> Option<&'a Book> {
        if municipality.is_empty() { self.books().next() } else { self.book(municipality) }
    }

    /// A case, where it is in scope.
    #[must_use]
    pub fn case(self, case_id: &str) -> Option<(&'a Book, &'a Case)> {
        let book = self.book(municipality_of(case_id))?;
        Some((book, book.case(case_id)?))
    }

    /// An alert, where it is in scope.
    #[must_use]
    pub fn alert(self, alert_id: &str) -> Option<&'a PublishedAlert> {
        self.book(municipality_of(alert_id))?.alert_by_id(alert_id)
    }

    /// What cases are derived by.
    #[must_use]
    pub fn rules(self) -> &'a Rules {
        &self.desk.rules
    }
}

/// The municipality code that the ids of cases and alerts begin with.
fn municipality_of(id: &str) -> &str {
    id.split(':').next().unwrap_or_default()
}
