//! A labelled municipality by seed: its registrations, its facts, and what was planted in them.
//!
//! 1. `draw`: providers, carers, clients, and the changes in their lives.
//! 2. `route`, `walk`: the visits as they take place. Carers travel between homes, so that nobody is in two
//!    places.
//! 3. `claim`: what carers register of them: by tag or by hand, late, forgotten, without coverage.
//! 4. `plant`, `schemes`: what a few of them add.
//! 5. `send`: the records that the sources send: versions, corrections, repeats.
//!
//! The same [`Plan`] gives the same records on every run: all chance comes from streams of the seed,
//! and nothing is iterated in hash order. Only `domain` is named here; the caller writes the records.

mod claim;
mod clients;
mod draw;
mod lives;
mod owned;
mod patterns;
mod people;
mod places;
mod plan;
mod plant;
mod random;
mod reference;
mod route;
mod schemes;
mod send;
mod stays;
mod town;
mod walk;

#[cfg(test)]
mod tests;

pub use owned::OwnedRegistration;
pub use patterns::{PATTERNS, Pattern, PatternScope, pattern};
pub use plan::{Plan, TruthLine};

use crate::domain::{Fact, Registration, UtcSecond};
use claim::Phones;
use plant::Planter;
use random::Random;
use route::Want;
use send::Post;
use town::Town;
use walk::{Ids, Walk};

/// The registrations of a municipality in order of `emitted_at`, made day by day.
pub struct SimulatedFeed {
    town: Town,
    seed: u64,
    day: u32,
    carried: Vec<Want>,
    walk: Walk,
    phones: Phones,
    planter: Planter,
    post: Post,
    ids: Ids,
    /// Records not yet made are sent at this time or later.
    settled: UtcSecond,
}

impl SimulatedFeed {
    /// The feed of `plan`.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let mut town = draw::town(plan);
        let planter = Planter::new(plan, &mut town);
        Self {
            seed: plan.seed,
            day: 0,
            carried: Vec::new(),
            walk: Walk::new(&town),
            phones: Phones::new(town.carers.len()),
            planter,
            post: Post::default(),
            ids: Ids::default(),
            settled: UtcSecond(i64::MIN),
            town,
        }
    }

    /// Every fact of the municipality, in order of recording; the same at any time.
    #[must_use]
    pub fn facts(&self) -> Vec<Fact> {
        reference::facts(&self.town)
    }

    /// What was planted so far; complete when the feed has ended.
    #[must_use]
    pub fn truth(&self) -> &[TruthLine] {
        &self.planter.truth
    }

    fn make_day(&mut self) {
        let (town, day) = (&self.town, self.day);
        let mut random = Random::new(self.seed, 1_000 + u64::from(day));
        let jobs = route::jobs(town, day, &mut self.carried, &mut random);
        let visits = self.walk.day(town, day, &jobs, &mut self.carried, &mut self.ids, &mut random);
        let mut claims = claim::claims(town, visits, &mut self.phones, &mut random);
        self.planter.day(town, day, &mut claims, &mut self.ids);
        for claim in claims {
            send::send(town, claim, &mut self.ids, &mut self.post, &mut random);
        }
        self.day += 1;
        // The first shift of the next day begins hours after midnight.
        self.settled = if self.day < town.days { town.at(self.day, 0) } else { UtcSecond(i64::MAX) };
    }
}

impl Iterator for SimulatedFeed {
    type Item = OwnedRegistration;

    fn next(&mut self) -> Option<OwnedRegistration> {
        loop {
            if let Some(record) = self.post.take(self.settled) {
                return Some(record);
            }
            if self.town.days <= self.day {
                return None;
            }
            self.make_day();
        }
    }
}

/// Every fact of the municipality of `plan`, in order of recording.
#[must_use]
pub fn facts(plan: &Plan) -> Vec<Fact> {
    SimulatedFeed::new(plan).facts()
}

/// Gives every record of `plan` to `each`, in order of `emitted_at`, and answers what was planted.
pub fn run(plan: &Plan, each: &mut dyn FnMut(&Registration<'_>)) -> Vec<TruthLine> {
    let mut feed = SimulatedFeed::new(plan);
    for record in &mut feed {
        each(&record.borrow());
    }
    feed.planter.truth
}
