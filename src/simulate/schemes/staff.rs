//! Who is supposed to have worked: too long, while away, under another name, or unlisted.

use super::*;

impl Scene<'_> {
    /// After a whole day's work, an evening and a night of visits more.
    pub(super) fn carer_hours(&mut self, actor: usize) -> Option<()> {
        if !self.town.carers[actor].works(self.day) {
            return None;
        }
        let mut at = self.town.at(self.day, 15 * 3600 + 2_400);
        let until = self.town.at(self.day, 25 * 3600);
        let mut planted = None;
        while at < until {
            let span = Span::new(at, at.plus(self.random.between(1_500, 3_300)))?;
            if self.is_free(actor, span, 300)
                && let Some(client) = self.pick_client(actor, span, |_| true)
                && self.can_reach(actor, client, span)
            {
                let index = self.invent(actor, client, span, VisitKind::Planned);
                self.label(index, span.seconds());
                planted = Some(());
            }
            at = span.end().plus(self.random.between(2_400, 4_800));
        }
        planted
    }

    /// A visit by a carer who is ill or on leave.
    pub(super) fn carer_absent(&mut self, actor: usize) -> Option<()> {
        if !self.town.carers[actor].is_away(self.day) {
            return None;
        }
        let span = self.some_time(actor)?;
        let client = self.pick_client(actor, span, |_| true)?;
        let index = self.invent(actor, client, span, VisitKind::Planned);
        self.label(index, span.seconds());
        Some(())
    }

    /// Somebody who does not exist visits on a colleague's phone.
    pub(super) fn new_identity(&mut self, actor: usize) -> Option<()> {
        let planted = self.on_the_side(actor, self.memory.other?)?;
        self.label(planted, span(&self.claims[planted]).seconds());
        Some(())
    }

    /// A visit is made by somebody who is not on the provider's list.
    pub(super) fn unlisted_carer(&mut self, actor: usize) -> Option<()> {
        let other = self.memory.other?;
        let base = self.pick_own(actor, |_| true)?;
        self.hand_over(base, other);
        self.label(base, 0);
        Some(())
    }

    /// All visits of one client are registered by a relative who is employed for that alone, every day of
    /// the week, and each of them longer.
    pub(super) fn pair_concentration(&mut self) -> Option<()> {
        let (&client, relative) = (self.memory.clients.first()?, self.memory.other?);
        let fits = |&index: &usize| {
            let claim = &self.claims[index];
            // The night patrol is another provider's.
            let registration = &claim.registration;
            claim.client == client
                && self.provider(claim.carer) == self.provider(relative)
                && is_at_home(registration.kind, registration.outcome)
                && registration.partner.is_none()
                && !claim.frozen
                && !registration.trainee
        };
        let base = (0..self.claims.len()).find(fits)?;
        self.hand_over(base, relative);
        let seconds = span(&self.claims[base]).seconds();
        if self.has_room(base, 1.25, 300) {
            self.stretch(base, 1.25);
        } else {
            self.label(base, seconds / 4);
        }
        Some(())
    }

    /// Registers a claim under another carer of the same provider.
    fn hand_over(&mut self, index: usize, carer: usize) {
        let town = self.town;
        let claim = &mut self.claims[index];
        claim.carer = carer;
        claim.registration.carer = town.carers[carer].reference.clone();
        claim.registration.unit = town.units[town.carers[carer].unit].id.clone();
        for capture in [&mut claim.registration.start_capture, &mut claim.registration.end_capture] {
            if let (Some(device), Some(at)) = (&mut capture.device, capture.recorded_at) {
                *device = town.device(carer, at);
            }
        }
    }
}
