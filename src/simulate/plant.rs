//! Planted patterns: what a few carers of two providers register beside the truth.
//!
//! They begin on day 14, so that baselines exist by then. Each has an honest counterpart in the noise: couples,
//! handovers, double staffing, repeats, forgotten log-outs, mishaps, substitutes, second jobs, pool phones, new
//! tags, and a municipal unit that enters more by hand than any other.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::claim::SimulatedClaim;
use super::patterns::{PATTERNS, Pattern, PatternActors, pattern};
use super::people::Shift;
use super::plan::{Plan, TruthLine};
use super::random::Random;
use super::schemes::{self, BEGINS, Planted, Plot};
use super::town::Town;
use super::walk::Ids;

/// Registrations per client and day, approximately.
const VISITS_PER_CLIENT_DAY: f64 = 1.42;

/// With less room than this, there are fewer contradictions of each kind, and schemes are smaller.
const ALL_FEW_NEED: f64 = 600.0;

/// No town has more schemes than this.
const MOST_SCHEMES: usize = 400;

/// Carers who plant single contradictions.
const FEW: usize = 8;

/// Plants, day by day.
pub(super) struct Planter {
    plots: Vec<Plot>,
    pub(super) truth: Vec<TruthLine>,
}

/// The index of a pattern, and the registrations of one scheme of it.
type SchemeOf = (usize, usize);

impl Planter {
    /// Decides who plants what, and prepares `town` for it: a second employment, a leave, a death.
    pub(super) fn new(plan: &Plan, town: &mut Town) -> Self {
        let mut random = Random::new(plan.seed, 3);
        let mut plots = Vec::new();
        let early = plan.only.iter().any(|only| pattern(only).is_some_and(|it| it.by == PatternActors::All));
        if !plan.clean && (BEGINS < plan.days || early) && 0.0 < plan.planted_share {
            let (mut staff, providers) = staff(town, &mut random);
            let few = FEW.min(staff.len().div_ceil(3));
            let few: Vec<usize> = staff.split_off(staff.len() - few);
            for (number, (index, quota)) in wanted(plan, &mut random).into_iter().enumerate() {
                let random = Random::new(plan.seed, 5_000 + 64 * index as u64 + number as u64 % 64);
                // A provider that grows or shrinks must not hide one that delivers all of its grants.
                let second = ["full-delivery", "provider-capacity", "provider-ramp"];
                let provider = providers[usize::from(second.contains(&PATTERNS[index].name))];
                let mut plot = Plot::new(&PATTERNS[index], (quota, provider), plan.days, random);
                match plot.pattern.by {
                    PatternActors::Few => plot.actors.clone_from(&few),
                    PatternActors::One => {
                        let late = plot.pattern.name == "tariff-edge";
                        let fits = |&carer: &usize| (town.carers[carer].shift == Shift::Evening) == late;
                        let place = staff.iter().rposition(fits).or(staff.len().checked_sub(1));
                        plot.actors.extend(place.map(|place| staff.remove(place)));
                    }
                    PatternActors::Provider | PatternActors::All => {}
                }
                if plot.actors.is_empty()
                    && matches!(plot.pattern.by, PatternActors::Few | PatternActors::One)
                {
                    continue;
                }
                if schemes::set_up(town, &mut plot, &mut random_of(plan.seed, number)).is_some() {
                    plots.push(plot);
                }
            }
        }
        // Schemes of a provider's months come last: they work on what the carers have planted.
        plots.sort_by_key(|plot| plot.pattern.by == PatternActors::Provider);
        Self { plots, truth: Vec::new() }
    }

    /// Plants in the claims of `day`.
    pub(super) fn day(&mut self, town: &Town, day: u32, claims: &mut Vec<SimulatedClaim>, ids: &mut Ids) {
        let mut out = Vec::new();
        for plot in &mut self.plots {
            if !(plot.days.0..plot.days.1).contains(&day) {
                continue;
            }
            plot.plant(town, day, claims, ids, &mut out);
            self.truth.extend(out.drain(..).map(|planted: Planted| TruthLine {
                registration_id: planted.id.as_ref().to_owned(),
                pattern: plot.pattern.name,
                actor: planted.actor.as_ref().to_owned(),
                seconds: planted.seconds,
            }));
        }
    }
}

fn random_of(seed: u64, number: usize) -> Random {
    Random::new(seed, 20_000 + number as u64)
}

/// The patterns to plant, with their sizes, until the room is used up: contradictions of every kind first, then
/// schemes in random order (no municipality has all of them within two months), and where room is left, all of
/// them again. Patterns of a provider's months need no room.
fn wanted(plan: &Plan, random: &mut Random) -> Vec<SchemeOf> {
    let asked = |pattern: &&(usize, &Pattern)| match plan.only.is_empty() {
        true => pattern.1.by != PatternActors::All,
        false => plan.only.iter().any(|only| only == pattern.1.name),
    };
    let mut listed: Vec<(usize, &Pattern)> = PATTERNS.iter().enumerate().filter(|it| asked(&it)).collect();
    let visits = f64::from(plan.clients) * VISITS_PER_CLIENT_DAY * f64::from(plan.days);
    let room = visits * plan.planted_share;
    let small = (room / ALL_FEW_NEED).min(1.0);
    let sized = |pattern: &Pattern| {
        let part = if pattern.by == PatternActors::Few { small } else { small.sqrt() * plan.density };
        (f64::from(pattern.size) * part).round().max(2.0)
    };
    for last in (1..listed.len()).rev() {
        listed.swap(last, random.index(last + 1));
    }
    listed.sort_by_key(|(_, pattern)| pattern.by != PatternActors::Few);
    let (of_carers, of_providers): (Vec<_>, Vec<_>) =
        listed.into_iter().partition(|(_, pattern)| 0 < pattern.size);
    let mut chosen: Vec<SchemeOf> = Vec::new();
    if !plan.only.is_empty() || small == 1.0 {
        chosen.extend(of_providers.into_iter().map(|(index, _)| (index, 0)));
    }
    // All patterns named in the plan are planted, however few registrations each gets.
    let total: f64 = of_carers.iter().map(|(_, pattern)| sized(pattern)).sum();
    let fit = if plan.only.is_empty() { 1.0 } else { (room / total.max(1.0)).min(1.0) };
    let mut left = room;
    for (index, pattern) in of_carers.iter().cycle().take(MOST_SCHEMES) {
        let size = (sized(pattern) * fit).floor().max(2.0);
        if size <= left || left == room {
            left -= size;
            chosen.push((*index, size as usize));
        }
    }
    chosen
}

/// The carers of two middle-sized private providers (of the only one in a small municipality), shuffled, with
/// those providers. Trainees, substitutes, second jobs and the night patrol are excluded. The day shift is last,
/// as it has most visits.
fn staff(town: &Town, random: &mut Random) -> (Vec<usize>, [usize; 2]) {
    let providers = town.providers.len();
    let chosen = if 4 < providers { [1, 3] } else { [providers - 1; 2] };
    let mut jobs: BTreeMap<&Arc<str>, usize> = BTreeMap::new();
    for carer in &town.carers {
        *jobs.entry(&carer.reference).or_default() += 1;
    }
    let fits = |&carer: &usize| {
        let person = &town.carers[carer];
        let unit = &town.units[person.unit];
        let plain = person.hired.is_none() && person.shift != Shift::Night && jobs[&person.reference] == 1;
        plain && chosen.contains(&unit.provider) && unit.carers.contains(&carer)
    };
    let mut staff: Vec<usize> = (0..town.carers.len()).filter(fits).collect();
    for last in (1..staff.len()).rev() {
        staff.swap(last, random.index(last + 1));
    }
    staff.sort_by_key(|&carer| town.carers[carer].shift == Shift::Day);
    (staff, chosen)
}
