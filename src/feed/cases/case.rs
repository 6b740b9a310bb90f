//! A case: what one reviewer opens at once, with the state that decisions have brought it to.

use std::collections::BTreeMap;

use crate::domain::{Action, AlertState, Decision, Finding, Grade, Hold, Month, PublishedAlert, UtcSecond};

/// What a case is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CaseKind {
    /// A carer in a pay period.
    Carer,
    /// A client in a pay period.
    Client,
    /// A provider in a pay period.
    Provider,
    /// A tag or lock.
    Tag,
}

/// State of a case, by its alerts: the one that asks most of a reviewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CaseStatus {
    /// Nobody has it.
    Open,
    /// A reviewer has it.
    Taken,
    /// It is shown again later, or its hold is confirmed and not settled.
    Waiting,
    /// Beyond the desk's budget of the day, and nobody has decided anything about it.
    BelowBudget,
    /// Every open alert is decided.
    Decided,
    /// No finding is left.
    Withdrawn,
}

impl CaseStatus {
    /// How many states there are.
    pub const COUNT: usize = 6;
    /// All of them, in the order of the page.
    pub const ALL: [Self; Self::COUNT] =
        [Self::Open, Self::Taken, Self::Waiting, Self::BelowBudget, Self::Decided, Self::Withdrawn];

    /// The word in addresses and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Taken => "taken",
            Self::Waiting => "waiting",
            Self::BelowBudget => "below_budget",
            Self::Decided => "decided",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state with that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// State of one alert, by its latest decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlertStatus {
    /// No decision.
    Open,
    /// A reviewer has it until then.
    Taken {
        /// Who.
        by: String,
        /// Until when.
        until: UtcSecond,
    },
    /// Shown again from then on.
    Waiting {
        /// When.
        until: UtcSecond,
    },
    /// No decision, and beyond the desk's budget of the day.
    BelowBudget,
    /// The hold is confirmed: it stays until it is released or upheld.
    Confirmed,
    /// Decided: released, upheld or dismissed.
    Decided,
    /// No finding is left.
    Withdrawn,
}

/// A case: its alerts and what was decided about them.
#[derive(Clone, Debug)]
pub struct Case {
    case_id: String,
    alerts: BTreeMap<String, PublishedAlert>,
    decisions: BTreeMap<String, Vec<Decision>>,
}

impl Case {
    pub(super) fn new(case_id: &str) -> Self {
        Self { case_id: case_id.to_owned(), alerts: BTreeMap::new(), decisions: BTreeMap::new() }
    }

    pub(super) fn put(&mut self, alert: PublishedAlert, decisions: &[Decision]) {
        let id = alert.alert.alert_id.clone();
        self.decisions.insert(id.clone(), decisions.to_vec());
        self.alerts.insert(id, alert);
    }

    pub(super) fn remove(&mut self, alert_id: &str) {
        self.alerts.remove(alert_id);
        self.decisions.remove(alert_id);
    }

    pub(super) fn decide(&mut self, alert_id: &str, decisions: &[Decision]) {
        self.decisions.insert(alert_id.to_owned(), decisions.to_vec());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.alerts.is_empty()
    }

    /// Its id: municipality, kind, who and pay period.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.case_id
    }

    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> CaseKind {
        match self.case_id.split(':').nth(1) {
            Some("client") => CaseKind::Client,
            Some("provider") => CaseKind::Provider,
            Some("tag") => CaseKind::Tag,
            _ => CaseKind::Carer,
        }
    }

    /// Who it is about: what stands between kind and pay period.
    #[must_use]
    pub fn reference(&self) -> &str {
        let of_kind = self.case_id.splitn(3, ':').nth(2).unwrap_or(&self.case_id);
        match of_kind.rsplit_once(':') {
            Some((reference, month)) if Month::parse(month).is_some() => reference,
            _ => of_kind,
        }
    }

    /// One of its alerts.
    #[must_use]
    pub fn alert(&self, alert_id: &str) -> Option<&PublishedAlert> {
        self.alerts.get(alert_id)
    }

    /// Its alerts, gravest first: grade, then kronor, then id.
    #[must_use]
    pub fn alerts(&self) -> Vec<&PublishedAlert> {
        let mut alerts: Vec<&PublishedAlert> = self.alerts.values().collect();
        let order = |alert: &PublishedAlert| {
            (alert.state == AlertState::Withdrawn, std::cmp::Reverse((alert.alert.grade, at_risk(alert))))
        };
        alerts.sort_by_key(|alert| order(alert));
        alerts
    }

    /// Its alerts that are not withdrawn, gravest first.
    #[must_use]
    pub fn open_alerts(&self) -> Vec<&PublishedAlert> {
        let mut alerts = self.alerts();
        alerts.retain(|alert| alert.state != AlertState::Withdrawn);
        alerts
    }

    /// What was decided about one of its alerts, oldest first.
    #[must_use]
    pub fn decisions_of(&self, alert_id: &str) -> &[Decision] {
        self.decisions.get(alert_id).map_or(&[], Vec::as_slice)
    }

    /// Was an exception decided with the latest decision about an alert, so that it is in force?
    #[must_use]
    pub fn is_excepted(&self, alert_id: &str) -> bool {
        let latest = self.decisions_of(alert_id).iter().rev().find(|decision| !decision.action.is_of_desk());
        latest.is_some_and(|decision| decision.exception.is_some())
    }

    /// What was decided about its alerts, latest first.
    #[must_use]
    pub fn decisions(&self) -> Vec<&Decision> {
        let mut decisions: Vec<&Decision> = self.decisions.values().flatten().collect();
        decisions.sort_by(|a, b| (b.decided_at, &b.decision_id).cmp(&(a.decided_at, &a.decision_id)));
        decisions
    }

    /// State of one of its alerts at `now`, a time of the reviewers' clock.
    #[must_use]
    pub fn alert_status(&self, alert: &PublishedAlert, now: UtcSecond) -> AlertStatus {
        if alert.state == AlertState::Withdrawn {
            return AlertStatus::Withdrawn;
        }
        let decisions = self.decisions_of(&alert.alert.alert_id);
        // What a reviewer let wait, or opened again, is due, whatever room there is.
        let is_untouched = decisions.iter().all(|decision| decision.action == Action::Take);
        match status(decisions, now) {
            AlertStatus::Open if alert.alert.waiting && is_untouched => AlertStatus::BelowBudget,
            status => status,
        }
    }

    /// State of the case at `now`, a time of the reviewers' clock, before the cases that are drawn at random.
    #[must_use]
    pub(super) fn status_undrawn(&self, now: UtcSecond) -> CaseStatus {
        let of = |alert: &PublishedAlert| match self.alert_status(alert, now) {
            AlertStatus::Open => CaseStatus::Open,
            AlertStatus::Taken { .. } => CaseStatus::Taken,
            AlertStatus::Waiting { .. } | AlertStatus::Confirmed => CaseStatus::Waiting,
            AlertStatus::BelowBudget => CaseStatus::BelowBudget,
            AlertStatus::Decided => CaseStatus::Decided,
            AlertStatus::Withdrawn => CaseStatus::Withdrawn,
        };
        self.alerts.values().map(of).min().unwrap_or(CaseStatus::Withdrawn)
    }

    /// Who has the case at `now`, and until when.
    #[must_use]
    pub fn taken_by(&self, now: UtcSecond) -> Option<(String, UtcSecond)> {
        self.alerts.values().find_map(|alert| match self.alert_status(alert, now) {
            AlertStatus::Taken { by, until } => Some((by, until)),
            _ => None,
        })
    }

    /// Kronor that depend on its open alerts, in öre.
    #[must_use]
    pub fn at_risk_ore(&self) -> i64 {
        self.open_alerts().into_iter().map(at_risk).sum()
    }

    /// Its open holds.
    pub fn open_holds(&self) -> impl Iterator<Item = &Hold> {
        let holds = self.alerts.values().filter_map(|alert| alert.alert.hold.as_ref());
        holds.filter(|hold| hold.state.is_open())
    }

    /// The gravest grade among the open alerts, else among all.
    #[must_use]
    pub fn grade(&self) -> Grade {
        let open = self.open_alerts();
        let grade = open.iter().map(|alert| alert.alert.grade).max();
        grade.unwrap_or_else(|| {
            self.alerts.values().map(|alert| alert.alert.grade).max().unwrap_or(Grade::Review)
        })
    }

    /// Start of its oldest open visit, or of its pay period.
    #[must_use]
    pub fn event_time(&self) -> UtcSecond {
        self.alerts.values().map(|alert| alert.alert.event_time).min().unwrap_or_default()
    }

    /// When its newest state was derived.
    #[must_use]
    pub fn assessed_at(&self) -> UtcSecond {
        self.alerts.values().map(|alert| alert.alert.assessed_at).max().unwrap_or_default()
    }

    /// The rules of its open alerts, in order of their names.
    #[must_use]
    pub fn rules(&self) -> Vec<&str> {
        let open = self.open_alerts();
        let findings = open.iter().flat_map(|alert| &alert.alert.findings);
        let mut rules: Vec<&str> = findings.map(|finding| finding.rule.as_str()).collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }

    /// The provider of its gravest alert.
    #[must_use]
    pub fn provider_id(&self) -> &str {
        self.alerts().first().map_or("", |alert| alert.alert.provider_id.as_str())
    }

    /// The pay period of its gravest alert.
    #[must_use]
    pub fn pay_period(&self) -> Option<Month> {
        self.alerts().first().map(|alert| alert.alert.pay_period)
    }

    /// The gravest finding of the gravest alert.
    #[must_use]
    pub fn first_finding(&self) -> Option<&Finding> {
        self.alerts().into_iter().find_map(gravest)
    }
}

/// Kronor at risk of an alert, in öre; at least what its hold is worth.
pub(super) fn at_risk(alert: &PublishedAlert) -> i64 {
    let held =
        alert.alert.hold.as_ref().filter(|hold| hold.state.is_open()).map_or(0, |hold| hold.amount_ore);
    alert.alert.amount_at_risk_ore.max(held)
}

/// The gravest finding of an alert, the first of equals.
#[must_use]
pub(super) fn gravest(alert: &PublishedAlert) -> Option<&Finding> {
    alert.alert.findings.iter().rev().max_by_key(|finding| finding.grade)
}

fn status(decisions: &[Decision], now: UtcSecond) -> AlertStatus {
    let Some(latest) = decisions.last() else { return AlertStatus::Open };
    match latest.action {
        Action::Take => match latest.until {
            Some(until) if now < until => AlertStatus::Taken { by: latest.decided_by.clone(), until },
            // A case that was taken and put back is as it was before.
            _ => status(&decisions[..decisions.len() - 1], now),
        },
        Action::Wait => match latest.until {
            Some(until) if now < until => AlertStatus::Waiting { until },
            _ => AlertStatus::Open,
        },
        Action::Confirm => AlertStatus::Confirmed,
        Action::Release | Action::Uphold | Action::Dismiss => AlertStatus::Decided,
        Action::Reopen => AlertStatus::Open,
    }
}
