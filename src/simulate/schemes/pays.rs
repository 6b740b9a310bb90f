//! What is billed is not what was registered, or is cut so that it pays better.

use super::*;

impl Scene<'_> {
    /// A few minutes are registered and the whole plan is billed.
    pub(super) fn billed_above_registered(&mut self, actor: usize) -> Option<()> {
        let long =
            |claim: &SimulatedClaim| claim.registration.planned.is_some_and(|plan| 1_200 <= plan.seconds());
        let base = self.pick_own(actor, long)?;
        let seconds = self.random.between(100, 420);
        let plan = self.claims[base].registration.planned?.seconds();
        let end = self.claims[base].start.plus(seconds);
        self.set_end(base, end);
        self.claims[base].registration.billable_seconds = Some(plan as u32);
        self.label(base, plan - seconds);
        Some(())
    }

    /// One visit is registered as three, with some minutes between them.
    pub(super) fn split_visit(&mut self, actor: usize) -> Option<()> {
        let base = self.pick_own(actor, |claim| {
            claim.registration.planned.is_some() && (1_200..4_500).contains(&span(claim).seconds())
        })?;
        let (start, end) = (self.claims[base].start, self.claims[base].end);
        let client = self.claims[base].client;
        let third = end.since(start) / 3;
        let until = self.next_start(actor, end, |_| 60);
        let gap = self.random.between(120, 360);
        if until < end.plus(2 * gap) || !self.is_alone(client, Span::new(end.plus(1), end.plus(2 * gap))?, 0)
        {
            return None;
        }
        self.set_end(base, start.plus(third));
        self.label(base, 0);
        for part in 1..3 {
            let begin = start.plus(part * (third + gap));
            let piece = Span::new(begin, begin.plus(third))?;
            let planted = self.invent(actor, client, piece, VisitKind::Planned);
            let of = self.claims[base].registration.clone();
            self.claims[planted].service = self.claims[base].service;
            let copy = &mut self.claims[planted].registration;
            (copy.planned, copy.order, copy.tasks) = (of.planned, of.order, of.tasks);
            self.label(planted, gap);
        }
        Some(())
    }

    /// The client's later visits are not made; the first one is registered as long as all of them.
    pub(super) fn merged_visit(&mut self, actor: usize) -> Option<()> {
        for base in self.own(actor) {
            let claim = &self.claims[base];
            let client = claim.client;
            if !self.is_plain(claim) || claim.registration.planned.is_none() {
                continue;
            }
            let later: Vec<usize> = (0..self.claims.len())
                .filter(|&index| {
                    let other = &self.claims[index];
                    other.client == client && claim.end < other.start && self.is_plain(other)
                })
                .collect();
            let added: i64 = later.iter().map(|&index| span(&self.claims[index]).seconds()).sum();
            let end = claim.end.plus(added);
            let until = self.next_start(actor, claim.end, |_| 120);
            let rest = Span::new(claim.end.plus(1), end.plus(120))?;
            let meets = |(index, other): (usize, &SimulatedClaim)| {
                other.client == client && !later.contains(&index) && !lies_apart(other, rest, 0)
            };
            let alone = !self.claims.iter().enumerate().any(meets);
            if later.is_empty() || added < 900 || until < end || !alone {
                continue;
            }
            self.set_end(base, end);
            self.label(base, added);
            for &index in later.iter().rev() {
                self.claims.remove(index);
            }
            return Some(());
        }
        None
    }

    /// The client is away for a day, again and again, and the first day is paid best.
    pub(super) fn first_day_absence(&mut self, actor: usize) -> Option<()> {
        let town = self.town;
        let begin = town.at(self.day, 9 * 3600 + self.random.between(0, 7_200) as i32);
        let span = Span::new(begin, begin.plus(self.random.between(60, 200)))?;
        let away = |&client: &usize| {
            let stays = &town.clients[client].stays;
            let today = |at: UtcSecond| town.day_of(at) == i64::from(self.day);
            stays.iter().any(|stay| today(stay.from)) && self.is_alone(client, span, 300)
        };
        let client = self.memory.clients.iter().copied().find(|client| away(client))?;
        if !self.is_free(actor, span, 60) {
            return None;
        }
        let planted = self.invent(actor, client, span, VisitKind::Planned);
        let claim = &mut self.claims[planted];
        claim.registration.outcome = VisitOutcome::ClientAbsent;
        let plan = Span::new(span.start(), span.start().plus(2_700))?;
        claim.registration.planned = Some(plan);
        let billed = plan.seconds() * 3 / 4;
        claim.registration.billable_seconds = Some(billed as u32);
        self.label(planted, billed);
        Some(())
    }
}
