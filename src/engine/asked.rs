//! The visits that a pattern is made of rank with it.
//!
//! A pattern is an alert about a carer's, a client's or a pair's pay period; whoever opens it wants to see
//! first the visits that make it up, those that came before the pattern was seen too.

use hashbrown::HashMap;

use super::assess::Assessed;
use super::period::{Period, Whose};
use super::rule::{EVERY, Weighed};
use super::score::score;
use super::visit::Slot;
use super::{Engine, Output};
use crate::domain::{Grade, Month};

/// What is asked about a pay period.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Pattern {
    /// Bit per mark: visits that bear any of them make up the pattern.
    parts: u32,
    score: f64,
}

/// The patterns that somebody is asked about; few.
#[derive(Default)]
pub(super) struct Asked(HashMap<Period, Pattern>);

impl Asked {
    /// Lets go of months up to `month`.
    pub(super) fn expire(&mut self, month: Month) {
        self.0.retain(|period, _| month < period.month);
    }
}

impl Engine {
    /// Ranks the visits of a pay period anew where others of them are asked about than before.
    pub(super) fn ask_about(&mut self, period: Period, hits: &[Weighed], out: &mut Vec<Output>) {
        let timeline = match period.whose {
            Whose::Carer(carer) => &self.world.carer(carer).timeline,
            Whose::Client(client) | Whose::Pair(_, client) => &self.world.client(client).timeline,
            // Nobody opens these to go through their visits.
            Whose::Provider(_) | Whose::Tag(_) => return,
        };
        let asking = hits.iter().filter(|weighed| Grade::Observe < weighed.hit.grade);
        let parts = asking.fold(0, |parts, weighed| parts | weighed.parts);
        let before = self.asked.0.remove(&period).unwrap_or_default();
        if parts != 0 {
            let score = score(hits, period.whose.kind(), &self.rules);
            self.asked.0.insert(period, Pattern { parts, score });
        }
        let changed = parts ^ before.parts;
        if changed == 0 {
            return;
        }
        let is_part = |slot: &Slot| {
            let visit = self.world.ledger.counted(*slot);
            let of_pair = !matches!(period.whose, Whose::Pair(carer, _) if carer != visit.carer);
            visit.pay_period == period.month && of_pair && self.bears(*slot, changed)
        };
        let slots = timeline.all().iter().map(|pin| pin.slot).filter(is_part);
        let again: Vec<Assessed> = slots
            .map(|slot| {
                let hits = self.visits.get(&slot).map_or(&[][..], |stand| &stand.hits);
                self.assessed(slot, hits, None)
            })
            .collect();
        out.extend(again.into_iter().map(Output::Assessed));
    }

    /// The score of the pattern that the visit in `slot` is part of, the highest; 0 where it is of none.
    pub(super) fn score_of_pattern(&self, slot: Slot) -> f64 {
        if self.asked.0.is_empty() {
            return 0.0;
        }
        let visit = self.world.ledger.counted(slot);
        let whose =
            [Whose::Carer(visit.carer), Whose::Client(visit.client), Whose::Pair(visit.carer, visit.client)];
        let patterns = whose.map(|whose| self.asked.0.get(&Period { month: visit.pay_period, whose }));
        let is_part = |pattern: &&Pattern| self.bears(slot, pattern.parts);
        patterns.into_iter().flatten().filter(is_part).map(|pattern| pattern.score).fold(0.0, f64::max)
    }

    fn bears(&self, slot: Slot, parts: u32) -> bool {
        (self.world.ledger.entry(slot).marks.borne | EVERY) & parts != 0
    }
}
