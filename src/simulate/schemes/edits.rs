//! Patterns in later changes.

use super::*;
use crate::simulate::claim::Later;
use crate::simulate::reference::locks_at;

impl Scene<'_> {
    /// Days after the visit its end is moved, and nobody says why.
    pub(super) fn late_lengthening(&mut self, actor: usize) -> Option<()> {
        let longer = self.random.between(900, 2_400);
        let after = self.random.between(50 * 3600, 9 * 86_400);
        self.changed_later(actor, |claim| Later {
            at: claim.end.plus(after),
            longer_seconds: longer,
            by_owner: false,
            reason: None,
            approved: false,
        })
    }

    /// The owner changes what many carers have registered.
    pub(super) fn edited_by_the_owner(&mut self, actor: usize) -> Option<()> {
        let unit = self.town.carers[actor].unit;
        let colleagues: Vec<usize> = self.town.on_duty(unit, self.day).collect();
        let &colleague = self.random.pick(&colleagues)?;
        let longer = self.random.between(240, 720);
        let after = self.random.between(20 * 3600, 40 * 3600);
        self.changed_later(colleague, |claim| Later {
            at: claim.end.plus(after),
            longer_seconds: longer,
            by_owner: true,
            reason: Some("forgot"),
            approved: false,
        })
    }

    /// The month is locked, and its approval is taken back to lengthen a visit.
    pub(super) fn locked_period_change(&mut self, actor: usize) -> Option<()> {
        let longer = self.random.between(900, 3_000);
        let after = self.random.between(86_400, 9 * 86_400);
        let town = self.town;
        self.changed_later(actor, |claim| Later {
            at: locks_at(town, claim.registration.pay_period).plus(after),
            longer_seconds: longer,
            by_owner: false,
            reason: Some("forgot"),
            approved: true,
        })
    }

    fn changed_later(&mut self, carer: usize, later: impl Fn(&SimulatedClaim) -> Later) -> Option<()> {
        let fits = |scene: &Self, index: usize, seconds: i64| {
            let claim = &scene.claims[index];
            let end = claim.end.plus(seconds);
            scene.is_plain(claim)
                && claim.later.is_none()
                && end <= scene.next_start(carer, claim.end, |_| 60)
                && Span::new(claim.end.plus(1), end).is_some_and(|rest| scene.is_alone(claim.client, rest, 0))
        };
        let own = self.own(carer);
        let longer = |scene: &Self, index: usize| later(&scene.claims[index]).longer_seconds;
        let fitting: Vec<usize> =
            own.into_iter().filter(|&index| fits(self, index, longer(self, index))).collect();
        let &base = self.random.pick(&fitting)?;
        let planned = later(&self.claims[base]);
        self.claims[base].later = Some(planned);
        self.label(base, planned.longer_seconds);
        Some(())
    }
}
