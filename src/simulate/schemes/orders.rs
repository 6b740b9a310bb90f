//! Orders and grants: none, more than granted, nobody there, billed without a visit, billed twice.

use super::*;

impl Scene<'_> {
    /// A visit for something that nobody has ordered.
    pub(super) fn no_valid_order(&mut self, actor: usize) -> Option<()> {
        const SERVICES: [ServiceKind; 3] =
            [ServiceKind::Cleaning, ServiceKind::Relief, ServiceKind::Shopping];
        let service = SERVICES[self.random.index(SERVICES.len())];
        let span = self.some_time(actor)?;
        let town = self.town;
        let unordered = |client: usize| town.clients[client].needs.iter().all(|need| need.service != service);
        let client = self.pick_client(actor, span, unordered)?;
        let planted = self.invent(actor, client, span, VisitKind::Planned);
        let claim = &mut self.claims[planted];
        claim.service = service;
        claim.registration.order = None;
        claim.registration.tasks = vec![(service.code(), (span.seconds() / 60) as u16)];
        self.label(planted, span.seconds());
        Some(())
    }

    /// One visit more each day on an order that is used up by the middle of the month.
    pub(super) fn above_grant(&mut self, actor: usize) -> Option<()> {
        let &client = self.memory.clients.first()?;
        let need = self.town.clients[client].needs.iter().max_by_key(|need| need.minutes)?;
        for _ in 0..8 {
            let begin = self.town.at(self.day, self.random.between(8 * 3600, 19 * 3600) as i32);
            let length = need.minutes * 60 + self.random.between(-120, 600);
            let span = Span::new(begin, begin.plus(length.max(900)))?;
            let away = self.town.clients[client].away_at(begin).is_some();
            if away || !self.is_free(actor, span, 300) || !self.is_alone(client, span, 900) {
                continue;
            }
            let planted = self.invent(actor, client, span, VisitKind::Planned);
            let claim = &mut self.claims[planted];
            claim.service = need.service;
            claim.registration.order = Some(self.town.orders[need.order].id.clone());
            claim.registration.tasks = vec![(need.service.code(), (length / 60).max(1) as u16)];
            self.label(planted, span.seconds());
            return Some(());
        }
        None
    }

    /// A service at home of which no tag ever knows, as nobody is ever there; the standard time is paid.
    pub(super) fn service_without_presence(&mut self) -> Option<()> {
        let fits = |claim: &SimulatedClaim| self.memory.clients.contains(&claim.client) && !claim.frozen;
        let base = self.claims.iter().position(fits)?;
        let (start, end) = (self.claims[base].start, self.claims[base].end);
        self.set_start(base, start);
        self.set_end(base, end);
        press_button(&mut self.claims[base]);
        let device = self.town.device(self.claims[base].carer, start);
        let registration = &mut self.claims[base].registration;
        registration.mode = PaymentMode::StandardMinutes;
        for capture in [&mut registration.start_capture, &mut registration.end_capture] {
            capture.geo = None;
            capture.device = Some(device.clone());
        }
        self.label(base, end.since(start));
        Some(())
    }

    /// Of a client's visits only one was made, and the granted time is billed on it.
    pub(super) fn missed_visit(&mut self) -> Option<()> {
        let turn = self.random.index(self.memory.clients.len());
        for step in 0..self.memory.clients.len() {
            let client = self.memory.clients[(turn + step) % self.memory.clients.len()];
            let daily: Vec<usize> = (0..self.claims.len())
                .filter(|&index| {
                    let claim = &self.claims[index];
                    let registration = &claim.registration;
                    let alone = registration.partner.is_none() && !registration.trainee && !claim.frozen;
                    let planned = registration.planned.is_some() && registration.kind == VisitKind::Planned;
                    claim.client == client && alone && planned && claim.is_electronic()
                })
                .collect();
            let [kept, missed @ ..] = &*daily else { continue };
            if missed.is_empty() {
                continue;
            }
            let plan =
                |index: usize| self.claims[index].registration.planned.map_or(0, |plan| plan.seconds());
            let seconds: i64 = missed.iter().map(|&index| plan(index)).sum();
            let registration = &mut self.claims[*kept].registration;
            registration.mode = PaymentMode::Granted;
            let own = registration.planned.map_or(0, |plan| plan.seconds());
            registration.billable_seconds = Some((own + seconds) as u32);
            self.label(*kept, seconds);
            for &index in missed.iter().rev() {
                self.claims.remove(index);
            }
            return Some(());
        }
        None
    }

    /// A couple's joint visit is billed whole for both.
    pub(super) fn shared_household_double(&mut self, actor: usize) -> Option<()> {
        let provider = self.provider(actor);
        let joint =
            |claim: &SimulatedClaim| claim.halved && !claim.frozen && self.provider(claim.carer) == provider;
        let pairs: Vec<(usize, usize)> = (0..self.claims.len())
            .filter(|&one| joint(&self.claims[one]))
            .filter_map(|one| {
                let of = &self.claims[one];
                let spouse = self.town.clients[of.client].spouse?;
                let meets = |other: &SimulatedClaim| {
                    let near = other.start.since(of.start).abs() < 120;
                    other.client == spouse && other.carer == of.carer && near && joint(other)
                };
                let two = one + 1 + self.claims[one + 1..].iter().position(meets)?;
                Some((one, two))
            })
            .collect();
        let &(one, two) = self.random.pick(&pairs)?;
        for index in [one, two] {
            let claim = &mut self.claims[index];
            claim.halved = false;
            claim.registration.shared_visit = None;
            claim.bill();
        }
        let (start, end) = (self.claims[one].registration.start_at, self.claims[one].registered_end());
        let (late, longer) = (self.random.between(1, 20), self.random.between(-20, 20));
        self.set_start(two, start.plus(late));
        self.set_end(two, end.plus(longer).max(start.plus(60)));
        self.claims[one].frozen = true;
        self.label(two, end.since(start));
        Some(())
    }
}
