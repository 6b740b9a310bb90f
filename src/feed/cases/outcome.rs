//! What came of the alerts: decided right or not, by rule, by who runs the provider, and of the cases that the ranking
//! brought beside those that were drawn at random.

use std::collections::BTreeMap;

use statrs::distribution::{Beta, ContinuousCDF};

use super::Book;
use super::alike::Settled;
use super::chance::{blamed, is_right};
use crate::domain::{Action, Hold, HoldState, ProviderKind, PublishedAlert, UtcSecond};

/// Local days whose decisions count, with the day of the reviewers' clock.
pub const OUTCOME_DAYS: i32 = 30;
/// Probability of the interval.
const INTERVAL: f64 = 0.95;

/// Decided alerts and their holds, added up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutcomeTally {
    /// Alerts with an outcome.
    pub decided: u32,
    /// Those of them that were right.
    pub right: u32,
    /// Seconds to the decision, each.
    seconds: Vec<i64>,
    /// Öre in open holds that are not upheld, now.
    pub held_ore: i64,
    /// Öre in holds that were released.
    pub released_ore: i64,
    /// Öre in holds that were upheld.
    pub upheld_ore: i64,
}

impl OutcomeTally {
    /// Share of right alerts among the decided ones.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        (0 < self.decided).then(|| f64::from(self.right) / f64::from(self.decided))
    }

    /// The interval in which that share lies with a probability of 95 %: the central one of the Beta posterior from
    /// Jeffreys' prior, up to 0 and 1 where none or all were right (Brown, Cai and DasGupta, "Interval estimation for a
    /// binomial proportion", *Statistical Science* 16, 2001).
    #[must_use]
    pub fn interval(&self) -> Option<(f64, f64)> {
        if self.decided == 0 {
            return None;
        }
        let (right, wrong) = (f64::from(self.right), f64::from(self.decided - self.right));
        let posterior = Beta::new(right + 0.5, wrong + 0.5).ok()?;
        let tail = (1.0 - INTERVAL) / 2.0;
        let low = if self.right == 0 { 0.0 } else { posterior.inverse_cdf(tail) };
        let high = if self.right == self.decided { 1.0 } else { posterior.inverse_cdf(1.0 - tail) };
        Some((low, high))
    }

    /// Median time to the decision, in seconds: from the proposal of the hold, else from the visit or the start of the
    /// pay period.
    #[must_use]
    pub fn median_seconds(&self) -> Option<i64> {
        let mut seconds = self.seconds.clone();
        seconds.sort_unstable();
        let upper = *seconds.get(seconds.len() / 2)?;
        let lower = seconds[(seconds.len() - 1) / 2];
        Some((lower + upper) / 2)
    }

    fn add(&mut self, of: &Settling<'_>) {
        if let Some(right) = of.right {
            self.decided += 1;
            self.right += u32::from(right);
            self.seconds.extend(of.seconds);
        }
        self.held_ore += of.held_ore;
        self.released_ore += of.released_ore;
        self.upheld_ore += of.upheld_ore;
    }
}

/// What came of the alerts of a municipality.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// Decisions from then on count.
    pub from: UtcSecond,
    /// All of them.
    pub all: OutcomeTally,
    /// Those of cases that came out by their rank.
    pub ranked: OutcomeTally,
    /// Those of cases that were drawn at random.
    pub drawn: OutcomeTally,
    /// By who runs the provider; `None` where no fact says so.
    pub kinds: Vec<(Option<ProviderKind>, OutcomeTally)>,
    /// By rule, those with something to count.
    pub rules: BTreeMap<String, OutcomeTally>,
}

/// What one alert adds to the tallies.
#[derive(Default)]
struct Settling<'a> {
    rule: &'a str,
    drawn: bool,
    right: Option<bool>,
    seconds: Option<i64>,
    held_ore: i64,
    released_ore: i64,
    upheld_ore: i64,
}

impl Book {
    /// What was decided in the last [`OUTCOME_DAYS`] local days before `clock`, a time of the reviewers' clock.
    #[must_use]
    pub fn outcomes(&self, clock: UtcSecond) -> Outcomes {
        let first_day = self.local_day(clock).0 - (OUTCOME_DAYS - 1);
        let from = self.start_of(crate::domain::Day(first_day));
        let kinds = [Some(ProviderKind::Municipal), Some(ProviderKind::Private), None];
        let kinds = kinds.map(|kind| (kind, OutcomeTally::default())).to_vec();
        let mut outcomes = Outcomes { from, kinds, ..Outcomes::default() };
        for case in self.cases() {
            for alert in case.alerts() {
                let Some(of) = settling(alert, case.settled(alert), (from, clock)) else { continue };
                let kind = self.provider_kind(&alert.alert.provider_id);
                outcomes.all.add(&of);
                if of.drawn { &mut outcomes.drawn } else { &mut outcomes.ranked }.add(&of);
                outcomes.rules.entry(of.rule.to_owned()).or_default().add(&of);
                outcomes
                    .kinds
                    .iter_mut()
                    .filter(|(one, _)| *one == kind)
                    .for_each(|(_, tally)| tally.add(&of));
            }
        }
        outcomes
    }
}

/// What `alert` adds; `None` where nothing was decided within the time and nothing is held.
fn settling<'a>(
    alert: &'a PublishedAlert,
    settled: Option<Settled<'_>>,
    (from, to): (UtcSecond, UtcSecond),
) -> Option<Settling<'a>> {
    let (rule, _) = blamed(alert)?;
    let mut of = Settling { rule, ..Settling::default() };
    let hold = alert.alert.hold.as_ref();
    let is_held = |hold: &&Hold| matches!(hold.state, HoldState::Proposed | HoldState::Confirmed);
    of.held_ore = hold.filter(is_held).map_or(0, |hold| hold.amount_ore);
    let decision = match settled {
        Some(Settled::Decided(decision)) => Some(decision),
        _ => None,
    };
    if let Some(decision) = decision.filter(|one| from <= one.decided_at && one.decided_at <= to) {
        of.drawn = decision.drawn;
        of.right = decision.outcome.map(is_right);
        let since = hold.map_or(alert.alert.event_time, |hold| hold.proposed_at);
        of.seconds = Some(decision.decided_at.since(since)).filter(|seconds| 0 <= *seconds);
        let is_named = |hold: &&Hold| decision.hold_id.as_ref().is_none_or(|id| *id == hold.hold_id);
        let ore = hold.filter(is_named).map_or(0, |hold| hold.amount_ore);
        match decision.action {
            Action::Release | Action::Dismiss => of.released_ore = ore,
            Action::Uphold => of.upheld_ore = ore,
            Action::Confirm | Action::Take | Action::Wait | Action::Reopen => {}
        }
    }
    (of.right.is_some() || of.held_ore != 0 || of.released_ore != 0 || of.upheld_ore != 0).then_some(of)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail and say why")]

    use super::*;
    use crate::domain::{Decision, DecisionOutcome};
    use crate::feed::cases::{Desk, Scope};
    use crate::feed::fixtures::{
        DAY, MONDAY, TOWN, decided, overlap_alert, overlapping, provider_fact, review_alert,
    };

    fn outcomes(desk: &Desk, clock: UtcSecond) -> Outcomes {
        let scope = Scope::every();
        desk.within(&scope).book(TOWN).unwrap().outcomes(clock)
    }

    fn tally(right: u32, decided: u32) -> OutcomeTally {
        OutcomeTally { right, decided, ..OutcomeTally::default() }
    }

    #[test]
    fn the_interval_is_that_of_jeffreys_and_reaches_the_ends() {
        let near = |(low, high): (f64, f64), wanted: (f64, f64)| {
            assert!((low - wanted.0).abs() < 5e-4 && (high - wanted.1).abs() < 5e-4, "{low} {high}");
        };
        // By R: qbeta(c(0.025, 0.975), k + 0.5, n - k + 0.5).
        near(tally(0, 10).interval().unwrap(), (0.0, 0.2172));
        near(tally(5, 10).interval().unwrap(), (0.2235, 0.7765));
        near(tally(10, 10).interval().unwrap(), (0.7828, 1.0));
        assert_eq!((tally(0, 0).interval(), tally(0, 0).precision()), (None, None));
    }

    #[test]
    fn decisions_of_thirty_days_are_counted_by_rule_arm_and_kind_of_provider() {
        let mut desk = overlapping();
        let clock = MONDAY.plus(40 * DAY);
        desk.fact(provider_fact("P-07", ProviderKind::Municipal));
        desk.fact(provider_fact("P-08", ProviderKind::Private));
        let upheld = overlap_alert("R-2", 12_900);
        let at = clock.plus(-DAY);
        desk.decision(decided(&upheld, 1, Action::Uphold, Some(DecisionOutcome::RegistrationError), at));
        let mut released = overlap_alert("R-3", 5_000);
        released.alert.provider_id = "P-08".to_owned();
        let excused = Some(DecisionOutcome::AcceptableExplanation);
        desk.decision(decided(&released, 2, Action::Release, excused, at));
        desk.alert(released);
        let drawn = review_alert("per", true);
        let decision = decided(&drawn, 3, Action::Dismiss, Some(DecisionOutcome::NeedsInquiry), at);
        desk.decision(Decision { drawn: true, ..decision });
        desk.alert(drawn);
        let past = overlap_alert("R-4", 700);
        desk.decision(decided(&past, 4, Action::Release, excused, clock.plus(-31 * DAY)));
        desk.alert(past);

        let found = outcomes(&desk, clock);
        assert_eq!((found.all.right, found.all.decided), (2, 3));
        assert_eq!((found.all.upheld_ore, found.all.released_ore), (12_900, 5_000));
        assert_eq!((found.ranked.right, found.ranked.decided), (1, 2));
        assert_eq!((found.drawn.right, found.drawn.decided), (1, 1));
        let kind = |kind| found.kinds.iter().find(|(one, _)| *one == kind).unwrap().1.clone();
        assert_eq!(kind(Some(ProviderKind::Private)).released_ore, 5_000);
        assert_eq!(kind(Some(ProviderKind::Municipal)).decided, 2);
        assert_eq!(kind(None), OutcomeTally::default());
        assert_eq!(found.rules.keys().collect::<Vec<_>>(), ["carer-overlap"]);
        // From the proposals at nine on Monday, and from the visit at a quarter past eight.
        assert_eq!(found.ranked.median_seconds(), Some(39 * DAY - 9 * 3_600));
        assert_eq!(found.drawn.median_seconds(), Some(39 * DAY - 8 * 3_600 - 900));
    }
}
