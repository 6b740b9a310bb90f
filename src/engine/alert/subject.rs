//! Findings on one subject.

use crate::domain::{Grade, UtcSecond};
use crate::engine::alert::limits::Held;
use crate::engine::model::interner::{CarerId, ClientId, ProviderId};
use crate::engine::model::visit::Slot;
use crate::engine::rule::hit::RuleHit;
use crate::engine::state::rates::Findings;

/// Current findings on a subject.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct SubjectState {
    /// Hits with their final grades.
    pub(in crate::engine) hits: Vec<RuleHit>,
    /// Of a visit: those whose findings depend on it and are not named by its own, as the findings on both.
    pub(in crate::engine) counterparts: Vec<Slot>,
    /// Of a visit: which versions and facts its sentences were written by.
    pub(in crate::engine) written_by: u64,
    /// Append time of the record that led to the hold; `None` without a hold.
    pub(in crate::engine) proposed_at: Option<UtcSecond>,
    /// The entities whose `visits_with_findings` count it; `None` for periods.
    pub(in crate::engine) entities: Option<(CarerId, ClientId)>,
    /// The provider that a period's alert names; `None` for visits.
    pub(in crate::engine) provider: Option<ProviderId>,
    /// Fingerprint of the rules' answers about a period.
    pub(in crate::engine) fingerprint: Option<u64>,
    /// Rules that propose a hold, before any limit; bit by rule.
    pub(in crate::engine) rules_proposing_hold: u64,
    /// The seconds that these rules dispute.
    pub(in crate::engine) held: Option<Held>,
    /// The findings that base rates count.
    pub(in crate::engine) counted: Option<Findings>,
}

impl SubjectState {
    pub(in crate::engine) fn grade(&self) -> Option<Grade> {
        self.hits.iter().map(|rule_hit| rule_hit.hit.grade).max()
    }

    /// The registrations that its findings name, and its counterparts.
    pub(in crate::engine) fn related(&self) -> impl Iterator<Item = Slot> {
        let named = self.hits.iter().flat_map(|rule_hit| rule_hit.hit.related.iter());
        named.chain(&self.counterparts).copied()
    }

    /// Whether there is an alert: `observe` alone makes none.
    pub(in crate::engine) fn is_alert(&self) -> bool {
        self.grade() > Some(Grade::Observe)
    }

    pub(in crate::engine) fn is_hold(&self) -> bool {
        self.grade() == Some(Grade::Hold)
    }
}
