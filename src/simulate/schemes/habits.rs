//! Registrations that are too regular: rounded, as planned, as the day before, all tasks, just inside the
//! better-paid hours.

use super::*;
use crate::simulate::claim::is_at_home;

impl Scene<'_> {
    /// Both ends on five minutes, outwards, although a tag is said to have been read.
    pub(super) fn rounded_times(&mut self, actor: usize) -> Option<()> {
        let own = self.own(actor);
        let fits = |&index: &usize| self.has_room(index, 1.0, 240);
        let fitting: Vec<usize> = own.into_iter().filter(fits).collect();
        let &base = self.random.pick(&fitting)?;
        let (start, end) = (self.claims[base].start, self.claims[base].end);
        let rounded = (start.0.div_euclid(300) * 300, (end.0 + 299).div_euclid(300) * 300);
        self.set_start(base, UtcSecond(rounded.0));
        self.set_end(base, UtcSecond(rounded.1));
        self.label(base, start.0 - rounded.0 + rounded.1 - end.0);
        Some(())
    }

    /// The plan is registered, to the second, for a visit that was shorter.
    pub(super) fn plan_copy(&mut self, actor: usize) -> Option<()> {
        let fits = |claim: &SimulatedClaim| claim.registration.planned.is_some() && claim.actor_may(actor);
        let own: Vec<usize> = (0..self.claims.len()).filter(|&index| fits(&self.claims[index])).collect();
        let clear = |index: usize| {
            let claim = &self.claims[index];
            let plan = claim.registration.planned.expect("asked for above");
            let others = self.claims.iter().enumerate().filter(|&(at, _)| at != index);
            let meets = |other: &SimulatedClaim| other.carer == actor || other.client == claim.client;
            let mut others = others.filter(|(_, other)| meets(other));
            self.is_plain(claim) && others.all(|(_, other)| lies_apart(other, plan, 0))
        };
        let fitting: Vec<usize> = own.into_iter().filter(|&index| clear(index)).collect();
        let &base = self.random.pick(&fitting)?;
        let plan = self.claims[base].registration.planned?;
        let worked = (span(&self.claims[base]).seconds() * 7 / 10).min(plan.seconds());
        self.set_start(base, plan.start());
        self.set_end(base, plan.end());
        self.label(base, plan.seconds() - worked);
        Some(())
    }

    /// A visit begins at the same minute and lasts as long as on the day before.
    pub(super) fn copied_day(&mut self, actor: usize) -> Option<()> {
        for base in self.own(actor) {
            if !self.is_plain(&self.claims[base]) {
                continue;
            }
            let midnight = self.town.at(self.day, 0);
            let (client, start) = (self.claims[base].client, self.claims[base].start.since(midnight));
            let seconds = span(&self.claims[base]).seconds();
            // Somebody who needs three visits a day has three entries.
            let key = (client, start / (3 * 3600));
            let Some(&(second, length)) = self.memory.copied.get(&key) else {
                self.memory.copied.insert(key, (start, seconds));
                continue;
            };
            let begin = midnight.plus(second);
            let copied = Span::new(begin, begin.plus(length))?;
            let meets = |other: &SimulatedClaim| other.carer == actor || other.client == client;
            let mut others = self.claims.iter().enumerate().filter(|&(at, it)| at != base && meets(it));
            if others.all(|(_, other)| lies_apart(other, copied, 0)) {
                self.set_start(base, begin);
                self.set_end(base, copied.end());
                self.label(base, (length - seconds).max(0));
                return Some(());
            }
        }
        None
    }

    /// Every task of the order, ticked every time.
    pub(super) fn task_pattern(&mut self, actor: usize) -> Option<()> {
        let fits = |claim: &SimulatedClaim| claim.actor_may(actor) && !claim.registration.tasks.is_empty();
        let fitting: Vec<usize> = (0..self.claims.len()).filter(|&index| fits(&self.claims[index])).collect();
        let &base = self.random.pick(&fitting)?;
        let claim = &mut self.claims[base];
        let minutes = claim.registration.tasks[0].1;
        claim.registration.tasks = claim.service.tasks().iter().map(|&code| (code, 5)).collect();
        claim.registration.tasks[0].1 = minutes.max(5);
        self.label(base, 0);
        Some(())
    }

    /// A visit of the last half hour before the better tariff is registered just after its beginning.
    pub(super) fn tariff_edge(&mut self, actor: usize) -> Option<()> {
        for hour in [18, 22] {
            let edge = self.town.at(self.day, hour * 3600);
            for base in self.own(actor) {
                let claim = &self.claims[base];
                let early = edge.since(claim.start);
                if !(1..2_700).contains(&early) || !self.is_plain(claim) {
                    continue;
                }
                let (client, length) = (claim.client, span(claim).seconds());
                let start = edge.plus(self.random.between(15, 280));
                // The visit is cut short where it would run into the next one.
                let meets = |other: &SimulatedClaim| other.carer == actor || other.client == client;
                let others = self.claims.iter().enumerate().filter(|&(at, it)| at != base && meets(it));
                let next = others.map(|(_, it)| it.start.min(it.registration.start_at));
                let next = next.filter(|&next| self.claims[base].start <= next).min();
                let end = start.plus(length).min(next.map_or(UtcSecond(i64::MAX), |next| next.plus(-20)));
                if start.plus(240) <= end {
                    self.set_start(base, start);
                    self.set_end(base, end);
                    self.label(base, 0);
                    return Some(());
                }
            }
        }
        None
    }

    /// The client is said to have declined, and most of the visit is billed.
    pub(super) fn declined(&mut self, actor: usize) -> Option<()> {
        let base = self.pick_own(actor, |claim| claim.registration.planned.is_some())?;
        let seconds = self.random.between(90, 420);
        let end = self.claims[base].start.plus(seconds);
        self.claims[base].registration.outcome = VisitOutcome::Declined;
        self.set_end(base, end);
        let billed = self.claims[base].registration.billable_seconds.unwrap_or_default();
        self.label(base, (i64::from(billed) - seconds).max(0));
        Some(())
    }
}

impl SimulatedClaim {
    /// Is it the carer's own, at a client's home, and untouched so far?
    pub(super) fn actor_may(&self, carer: usize) -> bool {
        let registration = &self.registration;
        let helped = is_at_home(registration.kind, registration.outcome);
        self.carer == carer && helped && !self.frozen && !registration.trainee && self.later.is_none()
    }
}
