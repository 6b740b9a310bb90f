//! The outcome of assessing one registration: its score, and where it comes from.

use crate::domain::{Assessment, Grade, SubjectKind, UtcSecond, round_significant};
use crate::engine::Engine;
use crate::engine::alert::score::{of_p_value, score};
use crate::engine::model::visit::Slot;
use crate::engine::rule::interface::RuleHit;

/// That a registration was assessed; [`Engine::assessment`] tells it in full.
#[derive(Clone, Debug, PartialEq)]
pub struct Assessed {
    /// 0 = nothing unusual; higher = look first.
    pub score: f64,
    /// How likely something as odd is by chance, all strong signals together.
    pub p_value: Option<f64>,
    /// The gravest grade, where anything was found.
    pub grade: Option<Grade>,
    slot: Slot,
    version: u32,
    at: UtcSecond,
    rules: u64,
    related: Vec<Slot>,
}

impl Engine {
    pub(in crate::engine) fn assessed(
        &self,
        slot: Slot,
        hits: &[RuleHit],
        combined: Option<f64>,
    ) -> Assessed {
        let of_visit =
            score(hits, SubjectKind::Registration, &self.rules).max(combined.map_or(0.0, of_p_value));
        Assessed {
            score: of_visit.max(self.score_of_pattern(slot)),
            p_value: combined,
            grade: hits.iter().map(|rule_hit| rule_hit.hit.grade).max(),
            slot,
            version: self.state.ledger.entry(slot).version,
            at: self.at.appended_at,
            rules: hits.iter().fold(0, |rules, rule_hit| rules | 1 << rule_hit.rule),
            related: hits.iter().flat_map(|rule_hit| rule_hit.hit.related.iter().copied()).collect(),
        }
    }

    /// An assessment that this engine just put out, in full.
    #[must_use]
    pub fn assessment(&self, assessed: &Assessed) -> Assessment {
        let ledger = &self.state.ledger;
        let id = |slot: &Slot| ledger.id(*slot).to_owned();
        let mut related: Vec<String> = assessed.related.iter().map(id).collect();
        related.sort_unstable();
        related.dedup();
        let spoke = |number: &usize| assessed.rules & 1 << number != 0;
        Assessment {
            registration_id: id(&assessed.slot),
            version: assessed.version,
            score: round_significant(assessed.score, 4),
            p_value: assessed.p_value.map(|p| round_significant(p, 4)),
            grade: assessed.grade,
            rules: (0..self.rules.len()).filter(spoke).map(|number| self.rules[number].id).collect(),
            related,
            assessed_at: assessed.at,
        }
    }
}
