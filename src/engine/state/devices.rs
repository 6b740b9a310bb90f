//! Who used which device on a day.

use hashbrown::HashMap;

use crate::domain::{Day, UtcSecond};
use crate::engine::model::interner::{CarerId, TextId};
use crate::engine::model::visit::{Slot, Visit};
use crate::engine::state::municipality::State;

const DAY_SECONDS: i64 = 86_400;

/// More carers than these with one device on a day are not told apart: a terminal that a whole
/// municipality shares must not make each visit look at all the others.
pub const DEVICE_CARERS_MAX: usize = 16;

/// A carer's visits with a device on a local day.
#[derive(Clone, Copy)]
struct DeviceUse {
    day: Day,
    carer: CarerId,
    visits: u32,
}

impl DeviceUse {
    const fn key(self) -> (Day, CarerId) {
        (self.day, self.carer)
    }
}

/// The uses of each device, in order of day and carer; visits still open do not count. Side by side they
/// take a tenth of what a table of devices and days does.
#[derive(Default)]
pub(in crate::engine) struct Devices {
    uses: HashMap<TextId, Vec<DeviceUse>>,
    changed: Vec<Change>,
}

/// A visit came or went with a device that others used that day as well.
#[derive(Clone, Copy)]
struct Change {
    device: TextId,
    day: Day,
    carer: CarerId,
    start: UtcSecond,
    /// The number of carers is another than before, as far as it is told.
    counted: bool,
}

impl Devices {
    /// Takes a visit in or out.
    pub(in crate::engine) fn change(&mut self, visit: &Visit, add: bool) {
        if visit.open {
            return;
        }
        for device in devices(visit) {
            let Visit { day, carer, .. } = *visit;
            let start = visit.span.start();
            let uses = self.uses.entry(device).or_default();
            let before = on(uses, day).len();
            let at = position_of(uses, (day, carer));
            let known = uses.get_mut(at).filter(|known| known.key() == (day, carer));
            match known {
                Some(known) if add => known.visits += 1,
                Some(known) if 1 < known.visits => known.visits -= 1,
                Some(_) => drop(uses.remove(at)),
                None if add => insert(uses, at, DeviceUse { day, carer, visits: 1 }),
                None => {}
            }
            let (before, now) = (capped(before), capped(on(uses, day).len()));
            let is_counted = (2..=DEVICE_CARERS_MAX).contains(&now);
            if 1 < before.max(now) && (before != now || is_counted) {
                self.changed.push(Change { device, day, carer, start, counted: before != now });
            }
            if uses.is_empty() {
                self.uses.remove(&device);
            }
        }
    }

    /// How many carers beside `carer` used `device` on `day`, as far as is counted.
    pub(in crate::engine) fn others(&self, device: TextId, day: Day, carer: CarerId) -> usize {
        let uses = self.on(device, day);
        let own = uses.binary_search_by_key(&carer, |known| known.carer).is_ok();
        capped(uses.len()) - usize::from(own)
    }

    fn on(&self, device: TextId, day: Day) -> &[DeviceUse] {
        self.uses.get(&device).map_or(&[], |uses| on(uses, day))
    }

    /// Lets go of days before `day`.
    pub(in crate::engine) fn expire(&mut self, day: Day) {
        self.uses.retain(|_, uses| {
            uses.drain(..uses.partition_point(|known| known.day < day));
            !uses.is_empty()
        });
    }
}

/// The index of the use with `key`, or the one at which it would be inserted. Most uses are the last or new.
fn position_of(uses: &[DeviceUse], key: (Day, CarerId)) -> usize {
    match uses {
        [.., last] if last.key() < key => uses.len(),
        [.., before, last] if before.key() < key && key <= last.key() => uses.len() - 1,
        _ => uses.partition_point(|known| known.key() < key),
    }
}

/// Most devices have a use more each day until so many days are kept: room for a few more, not as many again.
fn insert(uses: &mut Vec<DeviceUse>, at: usize, new: DeviceUse) {
    if uses.len() == uses.capacity() {
        uses.reserve_exact(uses.len() / 8 + 4);
    }
    uses.insert(at, new);
}

/// The uses of one day.
fn on(uses: &[DeviceUse], day: Day) -> &[DeviceUse] {
    // Most queries are about the last known day, and most devices have one carer.
    let until = match uses.last() {
        Some(last) if day < last.day => uses.partition_point(|known| known.day <= day),
        _ => uses.len(),
    };
    let from = match uses[..until].iter().rev().take(2).position(|known| known.day != day) {
        Some(of_day) => until - of_day,
        None => uses[..until].partition_point(|known| known.day < day),
    };
    &uses[from..until]
}

impl State {
    /// The visits that say something else of their device now that others came or went.
    pub(in crate::engine) fn visits_with_changed_devices(&mut self, into: &mut Vec<Slot>) {
        let mut changed = std::mem::take(&mut self.devices.changed);
        for change in changed.drain(..) {
            let Change { device, day, carer, start, counted } = change;
            // Between two uses by the carer nothing changes but that one.
            let uses = || self.uses(device, day, carer).map(|visit| visit.span.start());
            if !counted && uses().any(|at| at < start) && uses().any(|at| start < at) {
                continue;
            }
            for known in self.devices.on(device, day) {
                into.extend(self.uses(device, day, known.carer).map(|visit| visit.slot));
            }
        }
        self.devices.changed = changed;
    }

    /// The carer's visits of `day` with `device`, in order of start.
    fn uses(&self, device: TextId, day: Day, carer: CarerId) -> impl Iterator<Item = &Visit> {
        // A day wider at both ends in UTC than the local day is; the day decides.
        let from = UtcSecond((i64::from(day.0) - 1) * DAY_SECONDS);
        let pins = self.carer(carer).timeline.starting(from, from.plus(3 * DAY_SECONDS)).iter();
        let visits = pins.map(|pin| self.ledger.counted(pin.slot));
        visits
            .filter(move |visit| !visit.open && visit.day == day && devices(visit).any(|used| used == device))
    }

    /// Is one of the visit's devices another carer's that day: who had it first, and had it last, with the visit
    /// between? Not told of more than [`DEVICE_CARERS_MAX`] carers.
    pub(in crate::engine) fn is_within_others_day(&self, visit: &Visit) -> bool {
        let start = visit.span.start();
        devices(visit).any(|device| {
            let carers = self.devices.on(device, visit.day);
            if !(2..=DEVICE_CARERS_MAX).contains(&carers.len()) {
                return false;
            }
            let ends = |carer: CarerId| {
                let mut starts = self.uses(device, visit.day, carer).map(|used| used.span.start());
                let first = starts.next()?;
                Some((first, starts.last().unwrap_or(first)))
            };
            let of_day: Vec<_> =
                carers.iter().filter_map(|known| Some((known.carer, ends(known.carer)?))).collect();
            let Some(first) = of_day.iter().map(|(_, (first, _))| *first).min() else { return false };
            let Some(last) = of_day.iter().map(|(_, (_, last))| *last).max() else { return false };
            let had_it = |&(carer, ends): &(CarerId, _)| carer != visit.carer && ends == (first, last);
            first < start && start < last && of_day.iter().any(had_it)
        })
    }
}

/// So many carers are told apart: one more than are counted stands for all more.
fn capped(carers: usize) -> usize {
    carers.min(DEVICE_CARERS_MAX + 1)
}

/// The devices of both ends, each once.
pub(in crate::engine) fn devices(visit: &Visit) -> impl Iterator<Item = TextId> + use<> {
    let (start, end) = (visit.start_device, visit.end_device);
    start.into_iter().chain(end.filter(|end| start != Some(*end)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CaptureMethod, EventType, Month, PaymentMode, Span, VisitKind, VisitOutcome};

    const DEVICE: u32 = 7;

    fn visit(carer: usize) -> Visit {
        let number = u32::try_from(carer).expect("few");
        let span = Span::new(UtcSecond(0), UtcSecond(1800)).expect("ordered");
        Visit {
            slot: Slot(number),
            version: 1,
            carer: number.into(),
            client: number.into(),
            provider: 0.into(),
            order: None,
            span,
            open: false,
            planned_start: None.into(),
            planned_seconds: 0,
            start_method: CaptureMethod::NfcTag,
            end_method: CaptureMethod::NfcTag,
            start_tag: None,
            end_tag: None,
            start_device: Some(DEVICE.into()),
            end_device: Some(DEVICE.into()),
            synced_at: None.into(),
            event: EventType::Recorded,
            emitted_at: None.into(),
            recorded_at: span.end(),
            kind: VisitKind::Planned,
            outcome: VisitOutcome::Performed,
            required_staff: None,
            trainee: false,
            billable: true,
            shared_visit: None,
            service: 0.into(),
            tasks: 0.into(),
            tasks_count: 0,
            extras: None,
            payment_mode: PaymentMode::Performed,
            billable_seconds: None,
            tariff: None,
            pay_period: Month::new(1970, 1).expect("a month"),
            day: Day(0),
            minute: 0,
        }
    }

    #[test]
    fn a_device_that_everybody_uses_lets_nobody_be_looked_at_again() {
        let mut devices = Devices::default();
        for carer in 0..capped(usize::MAX) {
            devices.change(&visit(carer), true);
        }
        assert_eq!(devices.changed.len(), DEVICE_CARERS_MAX, "all but the first told of another");
        devices.changed.clear();
        for carer in capped(usize::MAX)..1000 {
            devices.change(&visit(carer), true);
        }
        for carer in capped(usize::MAX)..1000 {
            devices.change(&visit(carer), false);
        }
        assert!(devices.changed.is_empty(), "{} times more", devices.changed.len());
        assert_eq!(devices.others(DEVICE.into(), Day(0), 0.into()), DEVICE_CARERS_MAX);
        devices.change(&visit(0), false);
        assert_eq!(devices.changed.len(), 1, "one fewer than are told apart is told");
    }
}
