//! Sentences of visits' findings: written where an alert is published, and nowhere else.
//!
//! Findings are compared by their numbers. A sentence also names clock times of the registrations and facts: where any
//! of them has another version, sentences are written again and compared.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::engine::Engine;
use crate::engine::alert::subject::SubjectState;
use crate::engine::model::visit::Slot;
use crate::engine::rule::hit::RuleHit;
use crate::engine::rule::interface::ActiveVisitRule;
use crate::engine::rule::pairs::Pairs;
use crate::engine::rule::report::{Report, VisitMarks};
use crate::engine::rule::sight::Sight;

impl Engine {
    /// Writes the sentences of a visit's hits: the rules that have one run once more.
    pub(in crate::engine) fn write_sentences(&self, slot: Slot, hits: &mut [RuleHit]) {
        let sight = Sight::new(&self.state, self.state.ledger.counted(slot));
        let mut worded = Vec::with_capacity(hits.len());
        let mut report = Report {
            rule: 0,
            hits: &mut worded,
            undetermined: &mut Vec::new(),
            visit_marks: &mut VisitMarks::default(),
            counterparts: &mut Vec::new(),
            pairs: Pairs::default(),
            is_worded: true,
            clock: self.deferred.clock,
            wait_until: &mut None,
        };
        let has_hit = |active: &&ActiveVisitRule| hits.iter().any(|rule_hit| rule_hit.rule == active.rule);
        for ActiveVisitRule { rule, run, .. } in self.active_rules.visit.iter().filter(has_hit) {
            report.of_rule(*rule, &sight, |report| run.visit(&sight, report));
        }
        for rule_hit in hits {
            let written = worded.iter_mut().find(|written| written.rule == rule_hit.rule);
            debug_assert!(written.is_some(), "the same state, the same findings");
            if let Some(written) = written {
                rule_hit.hit.text = std::mem::take(&mut written.hit.text);
            }
        }
    }

    /// The versions and facts that sentences of the visit's hits are written by, hashed.
    pub(in crate::engine) fn written_by(&self, slot: Slot, hits: &[RuleHit]) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.state.facts.revision().hash(&mut hasher);
        let related = hits.iter().flat_map(|rule_hit| &rule_hit.hit.related);
        for slot in std::iter::once(&slot).chain(related) {
            let version = self.state.ledger.visit(*slot).map(|visit| visit.version);
            (slot, version).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Whether the sentences of a visit whose numbers are those in the scratch are up to date.
    pub(in crate::engine) fn are_sentences_up_to_date(&mut self, slot: Slot) -> bool {
        let mut hits = std::mem::take(&mut self.scratch.hits);
        let written_by = self.written_by(slot, &hits);
        let is_older = |current: &SubjectState| current.is_alert() && current.written_by != written_by;
        let mut same = true;
        if self.visits.get(&slot).is_some_and(is_older) {
            self.write_sentences(slot, &mut hits);
            if let Some(current) = self.visits.get_mut(&slot) {
                current.written_by = written_by;
                same = current.hits == hits;
            }
        }
        self.scratch.hits = hits;
        same
    }
}
