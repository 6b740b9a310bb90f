//! The visits that a pattern is made of rank with it.
//!
//! A pattern is an alert about a carer's pay period; whoever opens it wants to see first the visits that
//! bear its mark, those that came before the pattern was seen too.

use hashbrown::HashMap;

use super::assess::Assessed;
use super::names::CarerId;
use super::rule::Weighed;
use super::score::score;
use super::visit::Slot;
use super::{Engine, Output};
use crate::domain::{Grade, Month};

/// What is asked about a carer's pay period.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Pattern {
    /// Bit per mark: visits that bear it make up the pattern.
    marks: u32,
    score: f64,
}

/// The patterns that somebody is asked about; few.
#[derive(Default)]
pub(super) struct Asked(HashMap<(CarerId, Month), Pattern>);

impl Asked {
    /// Lets go of months up to `month`.
    pub(super) fn expire(&mut self, month: Month) {
        self.0.retain(|(_, of), _| month < *of);
    }
}

impl Engine {
    /// Ranks the visits of a carer's pay period anew where other marks are asked about than before.
    pub(super) fn ask_about(&mut self, of: (CarerId, Month), hits: &[Weighed], out: &mut Vec<Output>) {
        let asking = hits.iter().filter(|weighed| Grade::Observe < weighed.hit.grade);
        let marks = asking.filter_map(|weighed| weighed.mark).fold(0, |marks, mark| marks | 1 << mark as u32);
        let before = self.asked.0.remove(&of).unwrap_or_default();
        if marks != 0 {
            self.asked.0.insert(of, Pattern { marks, score: score(hits, &self.rules) });
        }
        let changed = marks ^ before.marks;
        if changed == 0 {
            return;
        }
        let (carer, month) = of;
        let ledger = &self.world.ledger;
        let slots = self.world.carer(carer).timeline.all().iter().map(|pin| pin.slot).filter(|slot| {
            ledger.counted(*slot).pay_period == month && ledger.entry(*slot).marks.borne & changed != 0
        });
        let again: Vec<Assessed> = slots
            .map(|slot| {
                let hits = self.visits.get(&slot).map_or(&[][..], |stand| &stand.hits);
                self.assessed(slot, hits, None)
            })
            .collect();
        out.extend(again.into_iter().map(Output::Assessed));
    }

    /// The score of the pattern that the visit in `slot` is part of; 0 where it is of none.
    pub(super) fn score_of_pattern(&self, slot: Slot) -> f64 {
        if self.asked.0.is_empty() {
            return 0.0;
        }
        let visit = self.world.ledger.counted(slot);
        let pattern = self.asked.0.get(&(visit.carer, visit.pay_period));
        let is_part = |pattern: &&Pattern| self.world.ledger.entry(slot).marks.borne & pattern.marks != 0;
        pattern.filter(is_part).map_or(0.0, |pattern| pattern.score)
    }
}
