//! Visits whose device other carers used on the same local day.

use crate::domain::{Day, UtcSecond};
use crate::engine::model::DAY_SECONDS;
use crate::engine::model::interner::{CarerId, TextId};
use crate::engine::model::visit::{Slot, Visit};
use crate::engine::state::devices::{DEVICE_CARERS_MAX, DeviceChange, devices};
use crate::engine::state::municipality::State;

impl State {
    /// Adds the visits whose device signals may have changed since the last call.
    pub(in crate::engine) fn take_visits_with_changed_devices(&mut self, into: &mut Vec<Slot>) {
        let mut changed = std::mem::take(&mut self.devices.changed);
        for DeviceChange { device, day, carer, start, carers_changed } in changed.drain(..) {
            // A use between two others of the carer moves neither the first nor the last use.
            let starts = || self.uses(device, day, carer).map(|visit| visit.span.start());
            let is_between = starts().any(|at| at < start) && starts().any(|at| start < at);
            if is_between && !carers_changed {
                continue;
            }
            for carer in self.devices.carers_on(device, day) {
                into.extend(self.uses(device, day, carer).map(|visit| visit.slot));
            }
        }
        self.devices.changed = changed;
    }

    /// The carer's visits of `day` with `device`, in order of start.
    fn uses(&self, device: TextId, day: Day, carer: CarerId) -> impl Iterator<Item = &Visit> {
        // One UTC day wider at both ends than the local day; the visit's own day decides.
        let from = UtcSecond((i64::from(day.0) - 1) * DAY_SECONDS);
        let pins = self.carer(carer).timeline.starting(from, from.plus(3 * DAY_SECONDS)).iter();
        let visits = pins.map(|pin| self.ledger.counted(pin.slot));
        visits
            .filter(move |visit| !visit.open && visit.day == day && devices(visit).any(|used| used == device))
    }

    /// Whether another carer used one of the visit's devices both first and last on the visit's day, and this
    /// visit lies between. False for a device with more than [`DEVICE_CARERS_MAX`] carers on that day.
    pub(in crate::engine) fn is_within_others_day(&self, visit: &Visit) -> bool {
        let start = visit.span.start();
        devices(visit).any(|device| {
            let carers = self.devices.carers_on(device, visit.day);
            if !(2..=DEVICE_CARERS_MAX).contains(&carers.len()) {
                return false;
            }
            let first_and_last = |carer: CarerId| {
                let mut starts = self.uses(device, visit.day, carer).map(|used| used.span.start());
                let first = starts.next()?;
                Some((first, starts.last().unwrap_or(first)))
            };
            let by_carer: Vec<_> = carers.filter_map(|carer| Some((carer, first_and_last(carer)?))).collect();
            let Some(first) = by_carer.iter().map(|(_, (first, _))| *first).min() else { return false };
            let Some(last) = by_carer.iter().map(|(_, (_, last))| *last).max() else { return false };
            let had_it = |&(carer, ends): &(CarerId, _)| carer != visit.carer && ends == (first, last);
            first < start && start < last && by_carer.iter().any(had_it)
        })
    }
}
