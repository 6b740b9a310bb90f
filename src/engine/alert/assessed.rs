//! Assessments of registrations.

use crate::domain::{Assessment, Grade, MissingFact, SubjectKind, UtcSecond, round_significant};
use crate::engine::Engine;
use crate::engine::alert::score::{of_p_value, score};
use crate::engine::model::visit::Slot;
use crate::engine::rule::hit::RuleHit;

/// A compact assessment of a registration; [`Engine::assessment`] resolves it.
#[derive(Clone, Debug, PartialEq)]
pub struct Assessed {
    /// 0 = nothing unusual; higher = look first.
    pub score: f64,
    /// Combined p-value of all strong signals.
    pub p_value: Option<f64>,
    /// The gravest grade; `None` without findings.
    pub grade: Option<Grade>,
    slot: Slot,
    version: u32,
    at: UtcSecond,
    rules: u64,
    related: Vec<Slot>,
    undetermined: Option<Vec<(u16, MissingFact)>>,
}

impl Assessed {
    /// The rules that could not decide, by their number in the rule set, each with the fact that it lacked. `None`
    /// where only the score was computed again, without running the rules.
    #[must_use]
    pub fn undetermined(&self) -> Option<&[(u16, MissingFact)]> {
        self.undetermined.as_deref()
    }
}

impl Engine {
    /// The assessment of the visit on which the rules have just run.
    pub(in crate::engine) fn just_assessed(&self, slot: Slot, combined: Option<f64>) -> Assessed {
        let undetermined = Some(self.scratch.undetermined.clone());
        Assessed { undetermined, ..self.assessed(slot, &self.scratch.hits, combined) }
    }

    /// An assessment without the rules that could not decide.
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
            undetermined: None,
        }
    }

    /// Resolves an assessment, which must come from the latest call of [`Engine::apply`].
    #[must_use]
    pub fn assessment(&self, assessed: &Assessed) -> Assessment {
        let ledger = &self.state.ledger;
        let id = |slot: &Slot| ledger.id(*slot).to_owned();
        let mut related: Vec<String> = assessed.related.iter().map(id).collect();
        related.sort_unstable();
        related.dedup();
        let hit = |number: &usize| assessed.rules & 1 << number != 0;
        Assessment {
            registration_id: id(&assessed.slot),
            version: assessed.version,
            score: round_significant(assessed.score, 4),
            p_value: assessed.p_value.map(|p| round_significant(p, 4)),
            grade: assessed.grade,
            rules: (0..self.rules.len()).filter(hit).map(|number| self.rules[number].definition.id).collect(),
            related,
            undetermined: self.undetermined(assessed),
            assessed_at: assessed.at,
        }
    }

    /// The rules that could not decide, in the order of the rule set, each with the first fact that it lacked.
    fn undetermined(&self, assessed: &Assessed) -> Vec<(&'static str, &'static str)> {
        let lacking = assessed.undetermined.iter().flatten();
        let named = lacking.map(|(rule, fact)| (self.rules[usize::from(*rule)].definition.id, fact.as_str()));
        let mut named: Vec<_> = named.collect();
        named.dedup_by_key(|(rule, _)| *rule);
        named
    }

    /// The municipality and the registration id of an assessment, which must come from the latest call of
    /// [`Engine::apply`].
    #[must_use]
    pub fn assessed_of(&self, assessed: &Assessed) -> (&str, &str) {
        (&self.state.settings.municipality, self.state.ledger.id(assessed.slot))
    }
}
