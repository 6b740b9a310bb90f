//! A scheme as it is carried out, day by day.

use super::{Planted, PlotMemory, Scene, provider_day};
use crate::simulate::claim::SimulatedClaim;
use crate::simulate::patterns::{Pattern, PatternActors, PatternScope};
use crate::simulate::random::Random;
use crate::simulate::town::Town;
use crate::simulate::walk::Ids;

/// The first day with anything planted.
pub(in crate::simulate) const BEGINS: u32 = 14;

/// A scheme: one pattern, by certain carers, over certain days.
pub(in crate::simulate) struct Plot {
    pub(in crate::simulate) pattern: &'static Pattern,
    pub(in crate::simulate) actors: Vec<usize>,
    pub(in crate::simulate) provider: usize,
    /// First day, and first day after.
    pub(in crate::simulate) days: (u32, u32),
    quota: usize,
    done: usize,
    random: Random,
    pub(in crate::simulate) memory: PlotMemory,
}

impl Plot {
    pub(in crate::simulate) fn new(
        pattern: &'static Pattern,
        (quota, provider): (usize, usize),
        days: u32,
        mut random: Random,
    ) -> Self {
        let begins = if pattern.by == PatternActors::All { 0 } else { BEGINS };
        let length = pattern.days.min(days.saturating_sub(begins));
        let latest = days.saturating_sub(length).max(begins);
        let from = random.between(i64::from(begins), i64::from(latest)) as u32;
        Self {
            pattern,
            actors: Vec::new(),
            provider,
            days: (from, from.saturating_add(length)),
            quota,
            done: 0,
            random,
            memory: PlotMemory::default(),
        }
    }

    /// As much as is due by the end of `day`: a little each day, more after days off.
    pub(in crate::simulate) fn plant(
        &mut self,
        town: &Town,
        day: u32,
        claims: &mut Vec<SimulatedClaim>,
        ids: &mut Ids,
        out: &mut Vec<Planted>,
    ) {
        let mut scene =
            Scene { town, day, claims, ids, random: &mut self.random, memory: &mut self.memory, out };
        if self.pattern.scope == PatternScope::Provider || self.pattern.by == PatternActors::All {
            return provider_day(scene, self.pattern.name, self.provider, self.days);
        }
        let (first, after) = self.days;
        let span = (after - first).max(1) as usize;
        let due = (self.quota * (day - first + 1) as usize).div_ceil(span);
        let most = 2 * self.quota.div_ceil(span) + 1;
        let before = scene.out.len();
        for _ in 0..due.saturating_sub(self.done).min(most) {
            if due <= self.done + scene.out.len() - before {
                break;
            }
            let turn = scene.random.index(self.actors.len());
            let planted = (0..self.actors.len()).find_map(|step| {
                let actor = self.actors[(turn + step) % self.actors.len()];
                scene.plant(self.pattern.name, actor, day - first)
            });
            // Where nothing of the day fits, there are other days.
            if planted.is_none() {
                break;
            }
        }
        self.done += scene.out.len() - before;
    }
}
