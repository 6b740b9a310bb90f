//! Visits that are lengthened, or invented where nothing contradicts them.

use super::*;

impl Scene<'_> {
    /// The day's last visit is left open for hours, and billed.
    pub(super) fn missing_log_out(&mut self, actor: usize) -> Option<()> {
        let own = self.own(actor);
        let &base = own.last().filter(|&&base| self.is_plain(&self.claims[base]))?;
        let seconds = self.random.between(4 * 3600, 8 * 3600);
        let end = self.claims[base].end.plus(seconds);
        self.set_end(base, end);
        let capture = &mut self.claims[base].registration.end_capture;
        capture.method = CaptureMethod::AppButton;
        capture.tag = None;
        capture.geo = None;
        self.label(base, seconds);
        Some(())
    }

    /// One visit of at least `least` seconds is registered `factor` times as long, where the carer is nowhere else
    /// meanwhile.
    pub(super) fn stretched(&mut self, actor: usize, factor: f64, least: i64) -> Option<()> {
        let own = self.own(actor);
        let fitting: Vec<usize> =
            own.into_iter().filter(|&index| self.has_room(index, factor, least)).collect();
        let &base = self.random.pick(&fitting)?;
        self.stretch(base, factor);
        Some(())
    }

    pub(super) fn stretch(&mut self, base: usize, factor: f64) {
        let seconds = self.extra(base, factor);
        let end = self.claims[base].end.plus(seconds);
        self.set_end(base, end);
        self.label(base, seconds);
    }

    fn extra(&self, base: usize, factor: f64) -> i64 {
        let claim = &self.claims[base];
        ((factor - 1.0) * claim.end.since(claim.start) as f64) as i64
    }

    pub(super) fn has_room(&self, index: usize, factor: f64, least: i64) -> bool {
        let claim = &self.claims[index];
        let seconds = claim.end.since(claim.start);
        let padded = claim.end.plus(self.extra(index, factor));
        let home = self.home(index);
        // Streets are driven a little faster than the plan says, and the coat is left on.
        let until = self.next_start(claim.carer, claim.end, |next| {
            (travel_seconds(home, self.town.clients[next.client].home) * 0.6) as i64
        });
        let rest = Span::new(claim.end, padded.plus(300));
        (least..=5_400).contains(&seconds)
            && claim.registration.planned.is_some()
            && self.is_plain(claim)
            && padded <= until
            && rest.is_some_and(|rest| self.is_alone(claim.client, rest, 0))
    }

    /// A visit that nobody planned and nobody made, at a time at which it could have been made.
    pub(super) fn phantom_visit(&mut self, actor: usize) -> Option<()> {
        let own = self.own(actor);
        let (&first, &last) = (own.first()?, own.last()?);
        let (from, to) = (self.claims[first].start, self.claims[last].end);
        for _ in 0..60 {
            let begin = from.plus(self.random.between(0, to.since(from) + 2_400));
            let span = Span::new(begin, begin.plus(self.random.between(720, 1_800)))?;
            if !self.is_free(actor, span, 120) {
                continue;
            }
            let reached: Vec<usize> =
                self.clients(actor).filter(|&client| self.can_reach(actor, client, span)).collect();
            let Some(client) = self.pick_client(actor, span, |client| reached.contains(&client)) else {
                continue;
            };
            let planted = self.invent(actor, client, span, VisitKind::Unplanned);
            self.label(planted, span.seconds());
            return Some(());
        }
        None
    }
}
