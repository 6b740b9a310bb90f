//! Patterns in tags, phones and positions.

use super::*;
use crate::domain::Geo;
use crate::simulate::claim::enter_by_hand;
use crate::simulate::places::{moved, offset};

impl Scene<'_> {
    /// Two visits that follow each other, the second one plain, with homes between `near` and `far`
    /// metres apart and at least five minutes between them.
    fn neighbours(&mut self, actor: usize, near: f64, far: f64) -> Option<(usize, usize)> {
        let own = self.own(actor);
        let fits = |pair: &&[usize]| {
            let (one, two) = (&self.claims[pair[0]], &self.claims[pair[1]]);
            let metres = self.home(pair[0]).metres_to(self.home(pair[1]));
            let gap = two.start.since(one.end);
            (near..far).contains(&metres)
                && (300..3_600).contains(&gap)
                && one.is_electronic()
                && one.registered_end() == one.end
                && !one.frozen
                && self.is_plain(two)
        };
        let pairs: Vec<(usize, usize)> = own.windows(2).filter(fits).map(|pair| (pair[0], pair[1])).collect();
        self.random.pick(&pairs).copied()
    }

    /// The start is registered at the stop before, and the way is billed.
    pub(super) fn travel_log_in(&mut self, actor: usize) -> Option<()> {
        let (one, two) = self.neighbours(actor, 400.0, 4_000.0)?;
        let (from, start) = (self.home(one), self.claims[two].start);
        let begin = self.claims[one].end.plus(self.random.between(50, 140));
        if !self.is_alone(self.claims[two].client, Span::new(begin, start.plus(-60))?, 0) {
            return None;
        }
        let part = 0.1 + 0.4 * self.random.unit();
        let to = self.home(two);
        self.set_start(two, begin);
        let place = Coordinates {
            lat: from.lat + part * (to.lat - from.lat),
            lon: from.lon + part * (to.lon - from.lon),
        };
        self.claims[two].registration.start_capture.geo =
            Some(Geo { place, accuracy_metres: Some(self.random.between(5, 25) as f64) });
        self.claims[one].frozen = true;
        self.label(two, start.since(begin));
        Some(())
    }

    /// Two clients' tags hang side by side: one is read seconds after the other.
    pub(super) fn moved_tag(&mut self, actor: usize) -> Option<()> {
        let (one, two) = self.neighbours(actor, 250.0, 2_600.0)?;
        self.claims[two].registration.start_capture.tag.as_ref()?;
        self.claims[one].registration.end_capture.tag.as_ref()?;
        let start = self.claims[two].start;
        let begin = self.claims[one].end.plus(self.random.between(6, 24));
        if !self.is_alone(self.claims[two].client, Span::new(begin, start.plus(-60))?, 0) {
            return None;
        }
        self.set_start(two, begin);
        if self.random.chance(0.5) {
            let place = offset(self.home(one), 20.0, self.random);
            self.claims[two].registration.start_capture.geo =
                Some(Geo { place, accuracy_metres: Some(12.0) });
        }
        self.claims[one].frozen = true;
        self.label(two, start.since(begin));
        Some(())
    }

    /// At the end of the shift the day's visits are put in one after the other, each longer than it was.
    pub(super) fn batch_logging(&mut self, actor: usize) -> Option<()> {
        let own: Vec<usize> =
            self.own(actor).into_iter().filter(|&index| self.is_plain(&self.claims[index])).collect();
        if own.len() < 4 {
            return None;
        }
        let last = own.iter().map(|&index| self.claims[index].end).max()?;
        let mut at = last.plus(self.random.between(300, 1_200));
        let office = self.town.units[self.town.carers[actor].unit].office;
        for index in own.into_iter().take(6) {
            let seconds = if self.has_room(index, 1.2, 300) {
                self.claims[index].end.since(self.claims[index].start) / 5
            } else {
                0
            };
            let end = self.claims[index].end.plus(seconds);
            self.set_end(index, end);
            press_button(&mut self.claims[index]);
            let registration = &mut self.claims[index].registration;
            for capture in [&mut registration.start_capture, &mut registration.end_capture] {
                at = at.plus(self.random.between(6, 22));
                capture.recorded_at = Some(at);
                capture.synced_at = Some(at.plus(2));
                capture.device = Some(self.town.device(actor, at));
                capture.geo = Some(Geo { place: office, accuracy_metres: Some(14.0) });
            }
            self.label(index, seconds);
        }
        Some(())
    }

    /// A colleague who is not at work registers on the carer's phone, between the carer's own visits.
    pub(super) fn shared_device(&mut self, actor: usize) -> Option<()> {
        let other = self.memory.other?;
        if self.town.carers[other].works(self.day) {
            return None;
        }
        let planted = self.on_the_side(actor, other)?;
        self.label(planted, span(&self.claims[planted]).seconds());
        Some(())
    }

    /// A made-up visit by `other` near where the carer is, on the carer's phone; its place.
    pub(super) fn on_the_side(&mut self, actor: usize, other: usize) -> Option<usize> {
        let base = self.pick_own(actor, |claim| 900 <= claim.end.since(claim.start))?;
        let near = self.home(base);
        let begin = self.claims[base].end.plus(self.random.between(20, 150));
        let span = Span::new(begin, begin.plus(self.random.between(900, 2_000)))?;
        let town = self.town;
        let close = |client: usize| near.metres_to(town.clients[client].home) < 900.0;
        if !self.is_free(other, span, 300) {
            return None;
        }
        let client = self.pick_client(actor, span, close)?;
        let planted = self.invent(other, client, span, VisitKind::Planned);
        let device = self.town.device(actor, begin);
        let registration = &mut self.claims[planted].registration;
        for capture in [&mut registration.start_capture, &mut registration.end_capture] {
            capture.device = Some(device.clone());
        }
        Some(planted)
    }

    /// Both ends were captured at the carer's own home.
    pub(super) fn far_from_home(&mut self, actor: usize) -> Option<()> {
        let base = self.pick_own(actor, |_| true)?;
        let office = self.town.units[self.town.carers[actor].unit].office;
        // The same place for a carer, in any direction from the office.
        let turned = actor as f64;
        let own_home = moved(office, 2_600.0 * turned.cos(), 2_600.0 * turned.sin());
        if own_home.metres_to(self.home(base)) < 600.0 {
            return None;
        }
        let registration = &mut self.claims[base].registration;
        for capture in [&mut registration.start_capture, &mut registration.end_capture] {
            let place = moved(own_home, 12.0 * self.random.normal(), 12.0 * self.random.normal());
            capture.geo = Some(Geo { place, accuracy_metres: Some(self.random.between(4, 30) as f64) });
        }
        self.label(base, span(&self.claims[base]).seconds());
        Some(())
    }

    /// A visit is entered by hand although the tag was there.
    pub(super) fn by_hand(&mut self, actor: usize) -> Option<()> {
        let fits = |claim: &SimulatedClaim| claim.actor_may(actor) && claim.is_electronic();
        let fitting: Vec<usize> = (0..self.claims.len()).filter(|&index| fits(&self.claims[index])).collect();
        let &index = self.random.pick(&fitting)?;
        let claim = &mut self.claims[index];
        enter_by_hand(claim, (true, true), self.random);
        claim.bill();
        // The visit was made: nothing of its time is wrong by that alone.
        self.label(index, 0);
        Some(())
    }
}
