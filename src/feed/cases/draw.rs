//! The random control arm: a few cases a day, drawn from those that wait below the desk's budget and shown like any
//! other. What is decided about them measures how often a case is right that nothing ranked.
//!
//! The lot of a case is a hash of its id and the reviewers' day, so that every reader draws the same. A decision about a
//! drawn case says so in its record, which keeps it drawn: after a restart the same cases are out, and a day has no more
//! of them than [`CASES_A_DAY`].

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::Book;
use super::book::CaseHit;
use super::case::{Case, CaseStatus};
use crate::domain::{Day, UtcSecond};

/// Cases that are drawn on a day.
pub const CASES_A_DAY: usize = 3;
/// The places in the list among which a drawn case has one by its lot: where its amount put it, nobody would open it.
const PLACES: usize = 20;

/// The cases that are drawn.
pub(super) struct Draw<'a> {
    cases: BTreeSet<&'a str>,
    day: Day,
}

impl Draw<'_> {
    /// State of a case: one that is drawn waits for nothing.
    pub(super) fn status(&self, case: &Case, clock: UtcSecond) -> CaseStatus {
        match case.status_undrawn(clock) {
            CaseStatus::BelowBudget if self.cases.contains(case.id()) => CaseStatus::Open,
            status => status,
        }
    }

    /// Moves the drawn cases of a ranked list to the places of their lots.
    pub(super) fn place(&self, hits: &mut Vec<CaseHit<'_>>) {
        let is_drawn =
            |hit: &CaseHit<'_>| hit.status == CaseStatus::Open && self.cases.contains(hit.case.id());
        let (drawn, ranked): (Vec<_>, Vec<_>) = hits.drain(..).partition(is_drawn);
        *hits = ranked;
        for hit in drawn {
            let places = PLACES.min(hits.len() + 1) as u64;
            let place = usize::try_from(lot(hit.case.id(), self.day) % places).unwrap_or_default();
            hits.insert(place, hit);
        }
    }
}

impl Book {
    /// The cases that are drawn at `clock`, a time of the reviewers' clock.
    pub(super) fn draw(&self, clock: UtcSecond) -> Draw<'_> {
        let day = self.local_day(clock);
        let (mut cases, mut waiting, mut of_day) = (BTreeSet::new(), Vec::new(), 0);
        for case in self.cases() {
            if let Some(since) = drawn_since(case) {
                cases.insert(case.id());
                of_day += usize::from(self.local_day(since) == day);
            } else if case.status_undrawn(clock) == CaseStatus::BelowBudget {
                waiting.push((lot(case.id(), day), case.id()));
            }
        }
        waiting.sort_unstable();
        cases.extend(waiting.into_iter().take(CASES_A_DAY.saturating_sub(of_day)).map(|(_, id)| id));
        Draw { cases, day }
    }

    /// State of `case` at `clock`, a time of the reviewers' clock.
    #[must_use]
    pub fn status(&self, case: &Case, clock: UtcSecond) -> CaseStatus {
        match case.status_undrawn(clock) {
            CaseStatus::BelowBudget => self.draw(clock).status(case, clock),
            status => status,
        }
    }

    /// Is `case` out because it was drawn, rather than for its rank?
    #[must_use]
    pub fn is_drawn(&self, case: &Case, clock: UtcSecond) -> bool {
        self.draw(clock).cases.contains(case.id())
    }
}

/// When the first decision about a case as a drawn one was made.
fn drawn_since(case: &Case) -> Option<UtcSecond> {
    case.decisions().into_iter().filter(|decision| decision.drawn).map(|decision| decision.decided_at).min()
}

fn lot(case_id: &str, day: Day) -> u64 {
    let hash = Sha256::digest(format!("{case_id}|{}", day.0));
    hash.iter().take(8).fold(0, |lot, byte| lot << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail and say why")]

    use super::*;
    use crate::domain::{Action, Decision, DecisionOutcome, PublishedAlert};
    use crate::feed::cases::{CaseTotals, Desk, Filter, Scope};
    use crate::feed::fixtures::{DAY, MONDAY, TOWN, decided, desk, review_alert};

    /// Forty cases that wait, and ten that are out.
    fn crowded() -> Desk {
        let mut desk = desk();
        for number in 0..50 {
            desk.alert(review_alert(&format!("carer-{number}"), number < 40));
        }
        desk
    }

    fn book<T>(desk: &Desk, read: impl FnOnce(&Book) -> T) -> T {
        let scope = Scope::every();
        read(desk.within(&scope).book(TOWN).unwrap())
    }

    /// The carers of the cases that are open, in order of the list.
    fn open(desk: &Desk, clock: UtcSecond) -> Vec<String> {
        let filter = Filter { status: Some(CaseStatus::Open), ..Filter::default() };
        book(desk, |book| {
            book.ranked(&filter, clock).iter().map(|hit| hit.case.reference().to_owned()).collect()
        })
    }

    fn drawn(desk: &Desk, clock: UtcSecond) -> Vec<String> {
        let mut drawn: Vec<String> = book(desk, |book| {
            let cases = book.cases().filter(|case| book.is_drawn(case, clock));
            cases.map(|case| case.reference().to_owned()).collect()
        });
        drawn.sort_unstable();
        drawn
    }

    fn about(alert: &PublishedAlert, number: u32, action: Action, at: UtcSecond) -> Decision {
        let outcome = (action == Action::Dismiss).then_some(DecisionOutcome::AcceptableExplanation);
        Decision { drawn: true, ..decided(alert, number, action, outcome, at) }
    }

    #[test]
    fn three_of_those_that_wait_are_drawn_anew_each_day_and_shown_like_any_other() {
        let desk = crowded();
        let monday = drawn(&desk, MONDAY.plus(3_600));
        assert_eq!(monday.len(), CASES_A_DAY);
        assert_eq!(drawn(&desk, MONDAY.plus(DAY - 1)), monday, "the day does not change them");
        assert_ne!(drawn(&desk, MONDAY.plus(DAY)), monday);
        let open = open(&desk, MONDAY.plus(3_600));
        assert_eq!(open.len(), 13);
        assert!(monday.iter().all(|carer| open.contains(carer)));
        let totals: CaseTotals = book(&desk, |book| book.totals(&Filter::default(), MONDAY));
        assert_eq!((totals.cases[0], totals.cases[3]), (13, 37));
    }

    #[test]
    fn a_drawn_case_has_its_place_by_lot_and_not_behind_all_others() {
        let mut desk = crowded();
        for number in 50..90 {
            let mut alert = review_alert(&format!("carer-{number}"), false);
            alert.alert.amount_at_risk_ore = 1_000_000;
            desk.alert(alert);
        }
        for day in 0..5 {
            let at = MONDAY.plus(day * DAY);
            let list = open(&desk, at);
            for carer in drawn(&desk, at) {
                let place = list.iter().position(|one| *one == carer).unwrap();
                assert!(place < PLACES + CASES_A_DAY, "{carer} is at {place}");
            }
        }
    }

    #[test]
    fn a_decision_keeps_a_drawn_case_drawn_and_no_other_comes_in_its_place() {
        let mut desk = crowded();
        let before = drawn(&desk, MONDAY);
        let alert = review_alert(&before[0], true);
        desk.decision(about(&alert, 1, Action::Take, MONDAY));
        desk.decision(about(&alert, 2, Action::Dismiss, MONDAY.plus(60)));
        assert_eq!(drawn(&desk, MONDAY.plus(120)), before);
        assert!(!open(&desk, MONDAY.plus(120)).contains(&before[0]), "it is decided");
        // Taken and put back: the next day it is open still, beside three new ones.
        let other = review_alert(&before[1], true);
        desk.decision(about(&other, 3, Action::Take, MONDAY.plus(60)));
        let next_day = drawn(&desk, MONDAY.plus(DAY));
        assert_eq!(next_day.len(), 2 + CASES_A_DAY);
        assert!(open(&desk, MONDAY.plus(DAY)).contains(&before[1]));
    }

    #[test]
    fn what_a_reviewer_let_wait_is_due_on_its_day_whatever_room_there_is() {
        let mut desk = crowded();
        let of_day = drawn(&desk, MONDAY);
        let carer =
            (0..40).map(|number| format!("carer-{number}")).find(|one| !of_day.contains(one)).unwrap();
        let alert = review_alert(&carer, true);
        assert!(!open(&desk, MONDAY).contains(&carer));
        desk.decision(decided(&alert, 1, Action::Wait, None, MONDAY));
        assert!(!open(&desk, MONDAY.plus(60)).contains(&carer));
        assert!(open(&desk, MONDAY.plus(1_800)).contains(&carer));
    }
}
