//! How probable it is that a finding is right: a Beta posterior for each rule and grade.
//!
//! The prior is that of the grade, with the weight of [`PRIOR_DECISIONS`]; each decided alert counts once for the
//! rule and grade of its gravest finding. Right: the registration was wrong, or a deeper inquiry is needed. Not right:
//! there is an acceptable explanation, or the rule was wrong. (Gelman et al., *Bayesian Data Analysis*, 3rd ed., 2.4:
//! the posterior mean of a proportion.)

use std::collections::BTreeMap;

use super::case::gravest;
use crate::domain::{Decision, DecisionOutcome, Grade, PublishedAlert, UtcSecond};

/// Decisions that the prior weighs as much as.
pub const PRIOR_DECISIONS: f64 = 8.0;

/// Share of right findings before anything is decided. In made-up worlds of others four of five proposed holds fall on
/// planted seconds, and one of four cases is right at a budget of 20 a day (`benches/README.md`).
const fn prior_share(grade: Grade) -> f64 {
    match grade {
        Grade::Hold => 0.8,
        Grade::Review => 0.25,
        Grade::Observe => 0.1,
    }
}

/// A posterior.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chance {
    /// Decided alerts that were right.
    pub right: u32,
    /// Decided alerts.
    pub decided: u32,
    /// Mean of the posterior.
    pub mean: f64,
}

/// The posterior of every rule and grade.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chances(BTreeMap<(String, Grade), (u32, u32)>);

impl Chances {
    /// Counts the latest decision with an outcome before `day`, where there is one.
    pub(super) fn learn(&mut self, alert: &PublishedAlert, decisions: &[Decision], day: UtcSecond) {
        let mut before = decisions.iter().filter(|decision| decision.decided_at < day);
        let settled = before.rfind(|decision| !decision.action.is_of_desk());
        let Some(outcome) = settled.and_then(|decision| decision.outcome) else { return };
        let Some((rule, grade)) = blamed(alert) else { return };
        let (right, decided) = self.0.entry((rule.to_owned(), grade)).or_default();
        *decided += 1;
        *right += u32::from(is_right(outcome));
    }

    /// The posterior of a rule and grade.
    #[must_use]
    pub fn of(&self, rule: &str, grade: Grade) -> Chance {
        let (right, decided) = self.0.get(&(rule.to_owned(), grade)).copied().unwrap_or_default();
        let prior = PRIOR_DECISIONS * prior_share(grade);
        let mean = (prior + f64::from(right)) / (PRIOR_DECISIONS + f64::from(decided));
        Chance { right, decided, mean }
    }

    /// The rules and grades that something was decided about.
    pub fn learnt(&self) -> impl Iterator<Item = (&str, Grade)> {
        self.0.keys().map(|(rule, grade)| (rule.as_str(), *grade))
    }
}

/// Rule and grade of the gravest finding; of a withdrawn alert, the first reason of its hold.
pub(super) fn blamed(alert: &PublishedAlert) -> Option<(&str, Grade)> {
    let finding = gravest(alert).map(|finding| (finding.rule.as_str(), finding.grade));
    finding.or_else(|| {
        let hold = alert.alert.hold.as_ref()?;
        Some((hold.reason_codes.first()?.as_str(), Grade::Hold))
    })
}

/// Was an alert with this outcome right?
pub(super) const fn is_right(outcome: DecisionOutcome) -> bool {
    match outcome {
        DecisionOutcome::RegistrationError | DecisionOutcome::NeedsInquiry => true,
        DecisionOutcome::AcceptableExplanation | DecisionOutcome::RuleFault => false,
    }
}
