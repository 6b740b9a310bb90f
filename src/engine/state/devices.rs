//! Carers per device and local day.

use hashbrown::HashMap;

use crate::domain::{Day, UtcSecond};
use crate::engine::model::interner::{CarerId, TextId};
use crate::engine::model::visit::Visit;
use crate::engine::totals::count::Change;

/// Carers with one device on a local day, above which the device has no signal: a terminal that a whole
/// municipality shares must not make each visit affect all others.
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

/// Uses by device, in order of day and carer, of closed visits. One list per device takes a tenth of the memory
/// of a table by device and day.
#[derive(Default)]
pub(in crate::engine) struct Devices {
    uses: HashMap<TextId, Vec<DeviceUse>>,
    /// Changes since [`State::take_visits_with_changed_devices`] was last called.
    ///
    /// [`State::take_visits_with_changed_devices`]: super::municipality::State::take_visits_with_changed_devices
    pub(in crate::engine) changed: Vec<DeviceChange>,
}

/// An inserted or retracted visit with a device that other carers used on the same day.
#[derive(Clone, Copy)]
pub(in crate::engine) struct DeviceChange {
    pub(in crate::engine) device: TextId,
    pub(in crate::engine) day: Day,
    pub(in crate::engine) carer: CarerId,
    pub(in crate::engine) start: UtcSecond,
    /// Whether the capped number of carers changed.
    pub(in crate::engine) carers_changed: bool,
}

impl Devices {
    /// Inserts or retracts the devices of a visit.
    pub(in crate::engine) fn apply(&mut self, visit: &Visit, change: Change) {
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
            match (known, change) {
                (Some(known), Change::Insert) => known.visits += 1,
                (Some(known), Change::Retract) if 1 < known.visits => known.visits -= 1,
                (Some(_), Change::Retract) => drop(uses.remove(at)),
                (None, Change::Insert) => insert(uses, at, DeviceUse { day, carer, visits: 1 }),
                (None, Change::Retract) => {}
            }
            let (before, now) = (capped(before), capped(on(uses, day).len()));
            let is_counted = (2..=DEVICE_CARERS_MAX).contains(&now);
            if 1 < before.max(now) && (before != now || is_counted) {
                self.changed.push(DeviceChange { device, day, carer, start, carers_changed: before != now });
            }
            if uses.is_empty() {
                self.uses.remove(&device);
            }
        }
    }

    /// Carers other than `carer` who used `device` on `day`; at most [`DEVICE_CARERS_MAX`] + 1.
    pub(in crate::engine) fn others(&self, device: TextId, day: Day, carer: CarerId) -> usize {
        let uses = self.on(device, day);
        let own = uses.binary_search_by_key(&carer, |known| known.carer).is_ok();
        capped(uses.len()) - usize::from(own)
    }

    /// Carers who used `device` on `day`, in order of id.
    pub(in crate::engine) fn carers_on(
        &self,
        device: TextId,
        day: Day,
    ) -> impl ExactSizeIterator<Item = CarerId> {
        self.on(device, day).iter().map(|known| known.carer)
    }

    fn on(&self, device: TextId, day: Day) -> &[DeviceUse] {
        self.uses.get(&device).map_or(&[], |uses| on(uses, day))
    }

    /// Drops the days before `day`.
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

/// Inserts with an eighth of spare capacity: most devices grow by one use a day until the retained days are full,
/// so that doubling would leave half of the memory unused.
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

/// The number of carers, with [`DEVICE_CARERS_MAX`] + 1 for all larger ones.
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
    use crate::engine::model::visit::Slot;

    const DEVICE: u32 = 7;

    fn visit(carer: usize) -> Visit {
        let number = u32::try_from(carer).expect("few");
        let span = Span::new(UtcSecond(0), UtcSecond(1800)).expect("ordered");
        Visit {
            slot: Slot(number),
            version: 1,
            offset: 0,
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
            billed: None.into(),
            tariff: None,
            pay_period: Month::new(1970, 1).expect("a month"),
            day: Day(0),
            minute: 0,
        }
    }

    #[test]
    fn a_device_of_more_carers_than_the_limit_affects_no_visit() {
        let mut devices = Devices::default();
        for carer in 0..capped(usize::MAX) {
            devices.apply(&visit(carer), Change::Insert);
        }
        assert_eq!(devices.changed.len(), DEVICE_CARERS_MAX, "one for each carer after the first");
        devices.changed.clear();
        for carer in capped(usize::MAX)..1000 {
            devices.apply(&visit(carer), Change::Insert);
        }
        for carer in capped(usize::MAX)..1000 {
            devices.apply(&visit(carer), Change::Retract);
        }
        assert!(devices.changed.is_empty(), "{} times more", devices.changed.len());
        assert_eq!(devices.others(DEVICE.into(), Day(0), 0.into()), DEVICE_CARERS_MAX);
        devices.apply(&visit(0), Change::Retract);
        assert_eq!(devices.changed.len(), 1, "back within the limit");
    }
}
