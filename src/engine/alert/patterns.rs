//! Scores of visits that contribute to a pattern.
//!
//! A pattern is a finding on a carer's, a client's or a pair's pay period. Its contributing visits, also those assessed
//! before the pattern was found, get at least the pattern's score, so that a reviewer sees them first.

use hashbrown::HashMap;

use crate::domain::{Grade, Month};
use crate::engine::alert::assessed::Assessed;
use crate::engine::alert::score::score;
use crate::engine::model::period::{PeriodSubject, SubjectPeriod};
use crate::engine::model::visit::Slot;
use crate::engine::rule::hit::{EVERY_VISIT, RuleHit};
use crate::engine::{Engine, Output};

/// A pattern of a pay period.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct OpenPattern {
    /// Bit per mark: visits with any of them contribute.
    contributing: u32,
    score: f64,
}

/// Patterns of grade review or above; few.
#[derive(Default)]
pub(in crate::engine) struct PatternScores(HashMap<SubjectPeriod, OpenPattern>);

impl PatternScores {
    /// Drops the months up to `month`.
    pub(in crate::engine) fn expire(&mut self, month: Month) {
        self.0.retain(|period, _| month < period.month);
    }
}

impl Engine {
    /// Replaces the pattern of a pay period; publishes new scores of the visits that contribute now, or no longer.
    pub(in crate::engine) fn rescore_pattern_visits(
        &mut self,
        period: SubjectPeriod,
        hits: &[RuleHit],
        out: &mut Vec<Output>,
    ) {
        let timeline = match period.subject {
            PeriodSubject::Carer(carer) => &self.state.carer(carer).timeline,
            PeriodSubject::Client(client) | PeriodSubject::Pair(_, client) => {
                &self.state.client(client).timeline
            }
            // A reviewer does not go through the visits of these one by one.
            PeriodSubject::Provider(_) | PeriodSubject::Tag(_) => return,
        };
        let open = hits.iter().filter(|rule_hit| Grade::Observe < rule_hit.hit.grade);
        let contributing = open.fold(0, |contributing, rule_hit| contributing | rule_hit.contributing);
        let before = self.pattern_scores.0.remove(&period).unwrap_or_default();
        if contributing != 0 {
            let score = score(hits, period.subject.kind(), &self.rules);
            self.pattern_scores.0.insert(period, OpenPattern { contributing, score });
        }
        let changed = contributing ^ before.contributing;
        if changed == 0 {
            return;
        }
        let is_part = |slot: &Slot| {
            let visit = self.state.ledger.counted(*slot);
            let of_pair = !matches!(period.subject, PeriodSubject::Pair(carer, _) if carer != visit.carer);
            visit.pay_period == period.month && of_pair && self.contributes(*slot, changed)
        };
        let slots = timeline.all().iter().map(|pin| pin.slot).filter(is_part);
        let again: Vec<Assessed> = slots
            .map(|slot| {
                let hits = self.visits.get(&slot).map_or(&[][..], |current| &current.hits);
                self.assessed(slot, hits, None)
            })
            .collect();
        out.extend(again.into_iter().map(Output::Assessed));
    }

    /// The highest score of the patterns to which the visit in `slot` contributes; 0 without any.
    pub(in crate::engine) fn score_of_pattern(&self, slot: Slot) -> f64 {
        if self.pattern_scores.0.is_empty() {
            return 0.0;
        }
        let visit = self.state.ledger.counted(slot);
        let subject = [
            PeriodSubject::Carer(visit.carer),
            PeriodSubject::Client(visit.client),
            PeriodSubject::Pair(visit.carer, visit.client),
        ];
        let patterns = subject
            .map(|subject| self.pattern_scores.0.get(&SubjectPeriod { month: visit.pay_period, subject }));
        let contributes = |pattern: &&OpenPattern| self.contributes(slot, pattern.contributing);
        patterns.into_iter().flatten().filter(contributes).map(|pattern| pattern.score).fold(0.0, f64::max)
    }

    fn contributes(&self, slot: Slot, contributing: u32) -> bool {
        (self.state.ledger.entry(slot).marks.marked | EVERY_VISIT) & contributing != 0
    }
}
