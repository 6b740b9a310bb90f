//! The cases that are handed out to a control unit: the best of each day within the budget, each once until its
//! score has grown.

use std::collections::{BTreeMap, HashMap};

/// Days after which a case is handed out again,
const AGAIN_AFTER_DAYS: i32 = 7;
/// or growth of its score, in decades of the probability.
const AGAIN_AFTER_SCORE: f64 = 1.0;

/// What a case is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum About {
    /// A carer.
    Carer(u32),
    /// A client, where no carer is named.
    Client(u32),
    /// A tag, where neither is named: the alert about it.
    Tag(u32),
}

/// An alert that was opened or revised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Offer {
    pub(super) alert: u32,
    pub(super) about: About,
    pub(super) score: f64,
}

/// A case that was handed out: all alerts of the day about one carer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RankedCase {
    pub(super) about: About,
    pub(super) score: f64,
    pub(super) alerts: Vec<u32>,
}

/// What was handed out so far.
#[derive(Debug, Default)]
pub(super) struct RankedDesk {
    handed: HashMap<u32, Handed>,
}

/// When an alert was handed out.
#[derive(Clone, Copy, Debug)]
struct Handed {
    first: i32,
    last: i32,
    /// Score of the case that it was in last.
    score: f64,
}

impl RankedDesk {
    /// The cases of `day`, best first, at most `budget` of them; and their number without the budget.
    pub(super) fn day(&mut self, day: i32, offers: &[Offer], budget: usize) -> (Vec<RankedCase>, usize) {
        let mut cases: BTreeMap<About, RankedCase> = BTreeMap::new();
        for offer in offers.iter().filter(|offer| self.is_new(offer, day)) {
            let new = || RankedCase { about: offer.about, score: offer.score, alerts: Vec::new() };
            let case = cases.entry(offer.about).or_insert_with(new);
            case.score = case.score.max(offer.score);
            if !case.alerts.contains(&offer.alert) {
                case.alerts.push(offer.alert);
            }
        }
        let mut cases: Vec<RankedCase> = cases.into_values().collect();
        let offered = cases.len();
        cases.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.about.cmp(&b.about)));
        cases.truncate(budget);
        for case in &cases {
            for &alert in &case.alerts {
                let first = self.first(alert).unwrap_or(day);
                self.handed.insert(alert, Handed { first, last: day, score: case.score });
            }
        }
        (cases, offered)
    }

    /// Was it handed out before, or today?
    pub(super) fn has(&self, alert: u32) -> bool {
        self.handed.contains_key(&alert)
    }

    /// The day on which it was handed out first.
    pub(super) fn first(&self, alert: u32) -> Option<i32> {
        self.handed.get(&alert).map(|handed| handed.first)
    }

    fn is_new(&self, offer: &Offer, day: i32) -> bool {
        self.handed.get(&offer.alert).is_none_or(|&Handed { last, score, .. }| {
            last + AGAIN_AFTER_DAYS <= day || score + AGAIN_AFTER_SCORE <= offer.score
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(alert: u32, carer: u32, score: f64) -> Offer {
        Offer { alert, about: About::Carer(carer), score }
    }

    #[test]
    fn the_budget_goes_to_the_best_carer_days() {
        let mut desk = RankedDesk::default();
        let offers = [offer(1, 7, 3.0), offer(2, 7, 9.0), offer(3, 8, 5.0), offer(4, 9, 1.0)];
        let (cases, offered) = desk.day(0, &offers, 2);
        assert_eq!(offered, 3);
        let handed: Vec<_> = cases.iter().map(|case| (case.about, case.alerts.clone())).collect();
        assert_eq!(handed, [(About::Carer(7), vec![1, 2]), (About::Carer(8), vec![3])]);
        assert!(desk.has(1) && !desk.has(4));
        assert_eq!((desk.first(1), desk.first(4)), (Some(0), None));
    }

    #[test]
    fn a_case_comes_again_only_when_it_has_grown_or_after_a_week() {
        let mut desk = RankedDesk::default();
        let mut handed = |day, score| desk.day(day, &[offer(1, 7, score)], 20).0.len();
        assert_eq!(handed(0, 4.0), 1);
        assert_eq!(handed(1, 4.5), 0);
        assert_eq!(handed(2, 5.0), 1);
        assert_eq!(handed(8, 5.0), 0);
        assert_eq!(handed(9, 5.0), 1);
    }

    #[test]
    fn what_had_no_room_may_come_another_day() {
        let mut desk = RankedDesk::default();
        assert_eq!(desk.day(0, &[offer(1, 7, 4.0), offer(2, 8, 3.0)], 1).0.len(), 1);
        assert_eq!(desk.day(1, &[offer(2, 8, 3.0)], 1).0[0].alerts, [2]);
    }
}
