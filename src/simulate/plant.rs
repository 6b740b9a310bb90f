//! Planted patterns: what a few carers of one or two providers register beside the truth.
//!
//! They begin on day 10, so that every baseline has something to stand on, and each of them has its
//! honest twin in the noise: couples, handovers, double staffing, repeats, forgotten log-outs,
//! mishaps, and a municipal unit that enters more by hand than anybody.

use std::collections::VecDeque;
use std::sync::Arc;

use super::claim::{Claim, enter_by_hand};
use super::random::Random;
use super::schemes::Scene;
use super::town::{Shift, Town};
use super::walk::Ids;
use super::{Plan, TruthLine};

/// The first day with anything planted.
const BEGINS: u32 = 10;

/// How long a carer registers by hand, in days, and in how many of a hundred visits.
const BY_HAND_DAYS: u32 = 14;
const BY_HAND_SHARE: f64 = 0.6;

/// Registrations that one such carer makes by hand in that time, about.
const BY_HAND_VISITS: f64 = 55.0;

/// Registrations a client has on a day, about.
const VISITS_PER_CLIENT_DAY: f64 = 1.5;

/// What finds no place is tried again on later days, but a share that nobody could fill must not
/// make each day longer than the one before.
const WAITING_MAX: usize = 400;

/// The patterns that are planted one registration at a time, by the rule that should find them.
pub(super) const PATTERNS: [&str; 7] = [
    "carer-overlap",
    "client-overlap",
    "impossible-travel",
    "client-absent",
    "duplicate-registration",
    "missing-log-out",
    "unusual-duration",
];

/// Plants, day by day.
pub(super) struct Planter {
    random: Random,
    /// Who plants the single registrations.
    actors: Vec<usize>,
    /// Who registers by hand, and from which day on.
    by_hand: Vec<(usize, u32)>,
    /// Single registrations for each honest one.
    share: f64,
    owed: f64,
    turn: usize,
    waiting: VecDeque<usize>,
    pub(super) truth: Vec<TruthLine>,
}

impl Planter {
    pub(super) fn new(plan: &Plan, town: &Town) -> Self {
        let mut random = Random::new(plan.seed, 3);
        let days = f64::from(plan.days.saturating_sub(BEGINS));
        let visits = f64::from(plan.clients) * VISITS_PER_CLIENT_DAY;
        let wanted = visits * f64::from(plan.days) * plan.planted_share;
        let manual = (wanted * 0.15 / BY_HAND_VISITS).round().clamp(1.0, 4.0);
        let single = (wanted - manual * BY_HAND_VISITS).max(wanted * 0.6);
        let (mut actors, mut by_hand) = (Vec::new(), Vec::new());
        if !plan.clean && BEGINS < plan.days && 0.0 < plan.planted_share {
            let mut staff = staff(town, &mut random);
            for _ in 0..manual as usize {
                let Some((carer, _)) = staff.pop() else { break };
                let latest = plan.days.saturating_sub(BY_HAND_DAYS).max(BEGINS);
                by_hand.push((carer, random.between(i64::from(BEGINS), i64::from(latest)) as u32));
            }
            // A sixth of each provider's staff.
            let most = staff.len().div_ceil(6).max(4);
            actors = staff.into_iter().rev().take(most).map(|(carer, _)| carer).collect();
        }
        let waiting = if actors.is_empty() { VecDeque::new() } else { (0..PATTERNS.len()).collect() };
        let share = if days * visits > 0.0 { single / (days * visits) } else { 0.0 };
        Self { random, actors, by_hand, share, owed: 0.0, turn: 0, waiting, truth: Vec::new() }
    }

    /// Plants in the claims of `day`.
    pub(super) fn day(&mut self, town: &Town, day: u32, claims: &mut Vec<Claim>, ids: &mut Ids) {
        if day < BEGINS || self.actors.is_empty() {
            return;
        }
        self.owed += self.share * claims.len() as f64;
        while 1.0 <= self.owed {
            self.owed -= 1.0;
            if self.waiting.len() < WAITING_MAX {
                self.waiting.push_back(self.turn);
            }
            self.turn = (self.turn + 1) % PATTERNS.len();
        }
        self.register_by_hand(town, day, claims);
        let mut scene = Scene { town, day, claims, ids, random: &mut self.random };
        for _ in 0..self.waiting.len() {
            let Some(pattern) = self.waiting.pop_front() else { break };
            let first = scene.random.index(self.actors.len());
            let planted = (0..self.actors.len()).find_map(|step| {
                let actor = self.actors[(first + step) % self.actors.len()];
                let (id, seconds) = scene.plant(PATTERNS[pattern], actor)?;
                Some((actor, id, seconds))
            });
            match planted {
                Some((actor, id, seconds)) => {
                    self.truth.push(line(town, actor, PATTERNS[pattern], &id, seconds));
                }
                // Nothing fits today: another day.
                None => self.waiting.push_back(pattern),
            }
        }
    }

    fn register_by_hand(&mut self, town: &Town, day: u32, claims: &mut [Claim]) {
        for &(carer, from) in &self.by_hand {
            if !(from..from + BY_HAND_DAYS).contains(&day) {
                continue;
            }
            for claim in claims.iter_mut().filter(|claim| claim.carer == carer) {
                if !self.random.chance(BY_HAND_SHARE) {
                    continue;
                }
                claim.registration.end_at = Some(claim.end);
                enter_by_hand(claim, (true, true), &mut self.random);
                claim.bill();
                claim.frozen = true;
                // The visit was made: nothing of its time is wrong by that alone.
                self.truth.push(line(town, carer, "manual-share", &claim.registration.id, 0));
            }
        }
    }
}

fn line(town: &Town, actor: usize, pattern: &'static str, id: &Arc<str>, seconds: i64) -> TruthLine {
    let actor = town.carers[actor].reference.as_ref().to_owned();
    TruthLine { registration_id: id.as_ref().to_owned(), pattern, actor, seconds }
}

/// The carers of two middling private providers (the only one, in a small place), shuffled; trainees
/// and the night patrol are left alone. The day shift is last, for it has most visits.
fn staff(town: &Town, random: &mut Random) -> Vec<(usize, Shift)> {
    let providers = town.providers.len();
    let chosen = if 4 < providers { [1, 3] } else { [providers - 1; 2] };
    let mut staff: Vec<(usize, Shift)> = (0..town.carers.len())
        .filter(|&carer| town.carers[carer].shift != Shift::Night)
        .filter(|&carer| chosen.contains(&town.units[town.carers[carer].unit].provider))
        .filter(|&carer| town.units[town.carers[carer].unit].carers.contains(&carer))
        .map(|carer| (carer, town.carers[carer].shift))
        .collect();
    for last in (1..staff.len()).rev() {
        staff.swap(last, random.index(last + 1));
    }
    staff.sort_by_key(|&(_, shift)| shift == Shift::Day);
    staff
}
