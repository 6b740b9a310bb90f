//! What was found about one subject so far.

use crate::domain::{Grade, UtcSecond};
use crate::engine::alert::limits::Held;
use crate::engine::model::interner::{CarerId, ClientId, ProviderId};
use crate::engine::rule::interface::RuleHit;

/// What stands about a subject.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct SubjectState {
    /// The hits.
    pub(in crate::engine) hits: Vec<RuleHit>,
    /// Append time of the record that first led to the hold.
    pub(in crate::engine) proposed_at: Option<UtcSecond>,
    /// On whose timelines it is marked; `None` for periods.
    pub(in crate::engine) entities: Option<(CarerId, ClientId)>,
    /// The provider that the alert about a period names; `None` for visits.
    pub(in crate::engine) provider: Option<ProviderId>,
    /// What the rules said of a period, as a number.
    pub(in crate::engine) fingerprint: u64,
    /// Rules that propose a hold, before any bound; bit by rule.
    pub(in crate::engine) rules_proposing_hold: u64,
    /// The seconds that these dispute.
    pub(in crate::engine) held: Option<Held>,
    /// The smallest p-value by which a pattern asks for a person, before the budget.
    pub(in crate::engine) p_value: Option<f64>,
}

impl SubjectState {
    pub(in crate::engine) fn grade(&self) -> Option<Grade> {
        self.hits.iter().map(|rule_hit| rule_hit.hit.grade).max()
    }

    /// `observe` alone makes no alert.
    pub(in crate::engine) fn is_alert(&self) -> bool {
        self.grade() > Some(Grade::Observe)
    }

    pub(in crate::engine) fn is_hold(&self) -> bool {
        self.grade() == Some(Grade::Hold)
    }
}
