//! Shares of marks among the carers of one provider.
//!
//! What all carers of a provider do (pool phones, a system that rounds, plans that are copied) is its way of working,
//! however rare it is elsewhere. A carer's share is held against these shares as well as against those of all carers.
//! Like the pools of all carers they cover a pay period and the one before, are read quantized, and make periods dirty
//! only where a quantized value moves.

use hashbrown::HashMap;

use crate::domain::Month;
use crate::engine::model::interner::ProviderId;
use crate::engine::model::mark::{Mark, bits};
use crate::engine::stats::peers::PeerBaseline;
use crate::engine::totals::count::Count;
use crate::engine::totals::months::Months;

/// Quantized shares by provider and pay period.
#[derive(Default)]
pub(in crate::engine) struct ProviderBaselines {
    baselines: HashMap<(ProviderId, Month), Box<[PeerBaseline; Mark::COUNT]>>,
    /// Marks whose share may have moved, bit by mark.
    stale: HashMap<(ProviderId, Month), u32>,
}

impl ProviderBaselines {
    /// The share of `mark` among the provider's visits; none were counted where nothing is known.
    pub(in crate::engine) fn get(&self, provider: ProviderId, month: Month, mark: Mark) -> PeerBaseline {
        self.baselines.get(&(provider, month)).map_or_else(PeerBaseline::default, |all| all[mark as usize])
    }

    /// The shares of `marks`, bit by mark, are stale.
    pub(in crate::engine) fn mark_stale(&mut self, provider: ProviderId, month: Month, marks: u32) {
        *self.stale.entry((provider, month)).or_default() |= marks;
    }

    /// Recomputes the stale shares from the providers' totals; returns those whose quantized value moved.
    pub(in crate::engine) fn refresh(&mut self, providers: &[Months]) -> Vec<(Month, ProviderId, Mark)> {
        let mut changes = Vec::new();
        for ((provider, month), marks) in std::mem::take(&mut self.stale) {
            let Some(months) = providers.get(provider.0 as usize) else { continue };
            for month in [month, month.next()] {
                if months.get(month).is_none() {
                    continue;
                }
                let count =
                    |month, mark| months.get(month).map_or(Count::default(), |tally| tally.count(mark));
                let all = self.baselines.entry((provider, month)).or_default();
                for mark in bits(marks).map(|mark| Mark::ALL[mark]) {
                    let baseline = PeerBaseline::of_counts(count(month, mark), count(month.previous(), mark));
                    if std::mem::replace(&mut all[mark as usize], baseline) != baseline {
                        changes.push((month, provider, mark));
                    }
                }
            }
        }
        changes
    }

    /// Drops the pay periods before `month`, of which nothing is kept; that one reads on from them.
    pub(in crate::engine) fn expire(&mut self, month: Month) {
        self.baselines.retain(|(_, of), _| month <= *of);
        self.stale.retain(|(_, of), _| month <= *of);
        for (provider, of) in self.baselines.keys().filter(|(_, of)| *of == month) {
            *self.stale.entry((*provider, *of)).or_default() |= u32::MAX >> (32 - Mark::COUNT);
        }
    }
}
