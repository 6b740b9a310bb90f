//! Who used which device on a day.

use hashbrown::HashMap;

use super::names::{CarerId, TextId};
use super::visit::{Slot, Visit};
use super::world::World;
use crate::domain::{Day, UtcSecond};

const DAY_SECONDS: i64 = 86_400;

/// More carers than these with one device on a day are not told apart: a terminal that a whole
/// municipality shares must not make each visit look at all the others.
pub const DEVICE_CARERS_MAX: usize = 16;

/// The carers of each device and local day with their visits, in order; those still open do not count.
#[derive(Default)]
pub(super) struct Devices {
    carers: HashMap<(TextId, Day), Vec<(CarerId, u32)>>,
    /// Where a carer came or went beside others, and their number is told.
    changed: Vec<(TextId, Day)>,
}

impl Devices {
    /// Takes a visit in or out.
    pub(super) fn change(&mut self, visit: &Visit, add: bool) {
        if visit.open {
            return;
        }
        for device in devices(visit) {
            let key = (device, visit.day);
            let carers = self.carers.entry(key).or_default();
            let (before, at) = (carers.len(), carers.binary_search_by_key(&visit.carer, |(carer, _)| *carer));
            match at {
                Ok(at) if add => carers[at].1 += 1,
                Ok(at) if 1 < carers[at].1 => carers[at].1 -= 1,
                Ok(at) => drop(carers.remove(at)),
                Err(at) if add => carers.insert(at, (visit.carer, 1)),
                Err(_) => {}
            }
            let (before, now) = (before.min(DEVICE_CARERS_MAX), carers.len().min(DEVICE_CARERS_MAX));
            if before != now && 1 < before.max(now) {
                self.changed.push(key);
            }
            if carers.is_empty() {
                self.carers.remove(&key);
            }
        }
    }

    /// How many carers beside `carer` used `device` on `day`, as far as is counted.
    pub(super) fn others(&self, device: TextId, day: Day, carer: CarerId) -> usize {
        let carers = self.carers(device, day);
        let own = carers.binary_search_by_key(&carer, |(carer, _)| *carer).is_ok();
        carers.len().min(DEVICE_CARERS_MAX) - usize::from(own)
    }

    fn carers(&self, device: TextId, day: Day) -> &[(CarerId, u32)] {
        self.carers.get(&(device, day)).map_or(&[], Vec::as_slice)
    }

    /// Lets go of days before `day`.
    pub(super) fn expire(&mut self, day: Day) {
        self.carers.retain(|(_, known), _| day <= *known);
    }
}

impl World {
    /// The visits with a device that more or fewer carers have used that day than before.
    pub(super) fn with_changed_devices(&mut self, into: &mut Vec<Slot>) {
        let mut changed = std::mem::take(&mut self.devices.changed);
        for (device, day) in changed.drain(..) {
            // A day wider at both ends in UTC than the local day is; the day decides.
            let from = UtcSecond((i64::from(day.0) - 1) * DAY_SECONDS);
            for (carer, _) in self.devices.carers(device, day) {
                let pins = self.carer(*carer).timeline.starting(from, from.plus(3 * DAY_SECONDS)).iter();
                into.extend(pins.map(|pin| pin.slot).filter(|slot| {
                    let visit = self.ledger.counted(*slot);
                    visit.day == day && devices(visit).any(|used| used == device)
                }));
            }
        }
        self.devices.changed = changed;
    }
}

/// The devices of both ends, each once.
pub(super) fn devices(visit: &Visit) -> impl Iterator<Item = TextId> + use<> {
    let (start, end) = (visit.start_device, visit.end_device);
    start.into_iter().chain(end.filter(|end| start != Some(*end)))
}
