//! State of one municipality: registrations, facts, totals.

use crate::engine::model::settings::Settings;
use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use hashbrown::HashMap;

use crate::domain::{Day, Month, UtcSecond, Zone};
use crate::engine::model::counts_read::CountsRead;
use crate::engine::model::interner::{CarerId, ClientId, ProviderId, TextId, grow_to};
use crate::engine::model::interners::Interners;
use crate::engine::model::mark::{Mark, Marks};
use crate::engine::model::period::SubjectPeriod;
use crate::engine::model::visit::{Slot, Visit};
use crate::engine::state::corrections::Corrections;
use crate::engine::state::crowds::Crowds;
use crate::engine::state::devices::Devices;
use crate::engine::state::editors::Editors;
use crate::engine::state::expiry::ExpiryDays;
use crate::engine::state::facts::Facts;
use crate::engine::state::ledger::Ledger;
use crate::engine::state::newcomers::Newcomers;
use crate::engine::state::provider_baselines::ProviderBaselines;
use crate::engine::state::rates::Rates;
use crate::engine::state::resolutions::Resolutions;
use crate::engine::state::timeline::{Pin, Timeline};
use crate::engine::stats::baseline::{Baseline, Prior};
use crate::engine::stats::peers::MonthPool;
use crate::engine::totals::count::{Change, Counted};
use crate::engine::totals::months::Months;

/// State of a carer or a client, in two cache lines: both are read for each of its visits.
#[repr(align(64))]
#[derive(Default)]
pub(in crate::engine) struct EntityState {
    pub(in crate::engine) timeline: Timeline,
    /// Visits on the timeline with findings.
    pub(in crate::engine) visits_with_findings: u32,
    /// Whether it waits in [`State::changed_since_read`].
    pub(in crate::engine) changed_since_read: bool,
    pub(in crate::engine) months: Months,
    /// Pair periods with findings, unordered.
    pub(in crate::engine) pairs_with_findings: Box<[SubjectPeriod]>,
}

const _: () = assert!(size_of::<EntityState>() == 128);

impl EntityState {
    pub(in crate::engine) fn change_pairs(&mut self, change: impl FnOnce(&mut Vec<SubjectPeriod>)) {
        let mut pairs = std::mem::take(&mut self.pairs_with_findings).into_vec();
        change(&mut pairs);
        self.pairs_with_findings = pairs.into();
    }
}

/// State of one municipality.
pub(in crate::engine) struct State {
    pub(in crate::engine) settings: Arc<Settings>,
    pub(in crate::engine) counts_read: CountsRead,
    pub(in crate::engine) interners: Interners,
    pub(in crate::engine) ledger: Ledger,
    pub(in crate::engine) facts: Facts,
    pub(in crate::engine) carers: Vec<EntityState>,
    pub(in crate::engine) clients: Vec<EntityState>,
    pub(in crate::engine) providers: Vec<Months>,
    expiring_carers: ExpiryDays,
    expiring_clients: ExpiryDays,
    /// Carers by tag, of visits with [`Mark::TagNear`].
    pub(in crate::engine) tags: HashMap<(Month, TextId), Counted<CarerId>>,
    pub(in crate::engine) crowds: Crowds,
    pub(in crate::engine) newcomers: Newcomers,
    pub(in crate::engine) devices: Devices,
    pub(in crate::engine) resolutions: Resolutions,
    pub(in crate::engine) editors: Editors,
    pub(in crate::engine) corrections: Corrections,
    pub(in crate::engine) rates: Rates,
    pub(in crate::engine) pools: BTreeMap<Month, MonthPool>,
    pub(in crate::engine) provider_baselines: ProviderBaselines,
    /// Baselines to recompute before the next assessment of periods.
    pub(in crate::engine) stale_baselines: Vec<StaleBaseline>,
    /// Dirty pay periods of tags: their count in `tags` changed since they were last assessed.
    pub(in crate::engine) tags_counted: Vec<SubjectPeriod>,
    /// Carers and clients that changed since the read model last drained them, each once.
    pub(in crate::engine) changed_since_read: VecDeque<Changed>,
    /// Start of retention: visits that start earlier are expired.
    pub(in crate::engine) horizon: UtcSecond,
    /// Local month of `horizon`; it and earlier months are incomplete.
    pub(in crate::engine) horizon_month: Option<Month>,
    pub(in crate::engine) calendar: Calendar,
    /// Work since the beginning, in visits looked at.
    pub(in crate::engine) work: Cell<u64>,
}

/// Cache of local calendar data for 128 quarter hours: more than a day. No time zone changes its offset within a
/// quarter hour.
pub(in crate::engine) struct Calendar([Option<(i64, Day, Month, i64)>; Self::QUARTERS]);

impl Default for Calendar {
    fn default() -> Self {
        Self([None; Self::QUARTERS])
    }
}

impl Calendar {
    const QUARTER_SECONDS: i64 = 900;
    const QUARTERS: usize = 128;

    /// Local day, month and minute of the day.
    pub(in crate::engine) fn of(&mut self, zone: &Zone, at: UtcSecond) -> (Day, Month, u16) {
        let quarter = at.0.div_euclid(Self::QUARTER_SECONDS);
        let known = &mut self.0[quarter.rem_euclid(Self::QUARTERS as i64) as usize];
        let (_, day, month, offset) = match *known {
            Some(known) if known.0 == quarter => known,
            _ => *known.insert((quarter, zone.day(at), zone.month(at), zone.offset_seconds(at))),
        };
        let minute = (at.0 + offset).rem_euclid(86_400) / 60;
        (day, month, u16::try_from(minute).expect("a day has 1440 minutes"))
    }
}

/// An entity that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Changed {
    Carer(CarerId),
    Client(ClientId),
}

/// Stale baselines of a month: those of `marks`, bit by mark, and, where `length`, those of lengths.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct StaleBaseline {
    pub(in crate::engine) month: Month,
    pub(in crate::engine) marks: u32,
    pub(in crate::engine) length: bool,
}

/// Which baseline changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::engine) enum BaselineChange {
    Share(Mark),
    /// The share among one provider's carers.
    ShareAt(ProviderId, Mark),
    Length,
}

static NOBODY: LazyLock<EntityState> = LazyLock::new(EntityState::default);

/// A carer or client without visits.
pub(in crate::engine) fn nobody() -> &'static EntityState {
    &NOBODY
}

impl State {
    pub(in crate::engine) fn new(settings: Arc<Settings>, counts_read: CountsRead) -> Self {
        Self {
            counts_read,
            facts: Facts::new(settings.area),
            rates: Rates::new(settings.bounds.habit_share),
            settings,
            interners: Interners::default(),
            ledger: Ledger::default(),
            carers: Vec::new(),
            clients: Vec::new(),
            providers: Vec::new(),
            expiring_carers: ExpiryDays::default(),
            expiring_clients: ExpiryDays::default(),
            tags: HashMap::new(),
            crowds: Crowds::default(),
            newcomers: Newcomers::default(),
            devices: Devices::default(),
            resolutions: Resolutions::default(),
            editors: Editors::default(),
            corrections: Corrections::default(),
            pools: BTreeMap::new(),
            provider_baselines: ProviderBaselines::default(),
            stale_baselines: Vec::new(),
            tags_counted: Vec::new(),
            changed_since_read: VecDeque::new(),
            horizon: UtcSecond(i64::MIN),
            horizon_month: None,
            calendar: Calendar::default(),
            work: Cell::new(0),
        }
    }

    pub(in crate::engine) fn carer(&self, carer: CarerId) -> &EntityState {
        self.carers.get(carer.0 as usize).unwrap_or_else(|| &NOBODY)
    }

    pub(in crate::engine) fn client(&self, client: ClientId) -> &EntityState {
        self.clients.get(client.0 as usize).unwrap_or_else(|| &NOBODY)
    }

    pub(in crate::engine) fn count_work(&self, work: u64) {
        self.work.set(self.work.get() + work);
    }

    /// Another visit beside the one that is assessed.
    pub(in crate::engine) fn look(&self, slot: Slot) -> &Visit {
        self.count_work(1);
        self.ledger.counted(slot)
    }

    /// Inserts a visit into timelines, tallies and devices.
    pub(in crate::engine) fn insert(&mut self, visit: Visit) {
        let pin = Pin::new(visit.presence(), visit.slot);
        let ledger = &self.ledger;
        let by_id = |a, b| ledger.id(a).cmp(ledger.id(b));
        if grow_to(&mut self.carers, visit.carer.0).timeline.insert(pin, by_id) {
            self.expiring_carers.list(visit.carer.0, pin.start());
        }
        if grow_to(&mut self.clients, visit.client.0).timeline.insert(pin, by_id) {
            self.expiring_clients.list(visit.client.0, pin.start());
        }
        self.apply_to_crowds(&visit, Change::Insert);
        self.mark_changed(&visit);
        self.count(&visit, Change::Insert);
        let slot = visit.slot;
        self.ledger.entry_mut(slot).visit = Some(visit);
    }

    /// Retracts the visit in `slot`; the state is as if it had never been inserted.
    pub(in crate::engine) fn retract(&mut self, slot: Slot) -> Option<Visit> {
        self.set_marks(slot, Marks::default());
        let visit = self.ledger.entry_mut(slot).visit.take()?;
        let pin = Pin::new(visit.presence(), slot);
        for entity in [grow_to(&mut self.carers, visit.carer.0), grow_to(&mut self.clients, visit.client.0)] {
            entity.timeline.remove(pin);
        }
        self.apply_to_crowds(&visit, Change::Retract);
        self.mark_changed(&visit);
        self.count(&visit, Change::Retract);
        Some(visit)
    }

    fn count(&mut self, visit: &Visit, change: Change) {
        self.apply_to_tallies(visit, change);
        if self.counts_read.devices {
            self.devices.apply(visit, change);
        }
        self.resolutions.apply(visit, change);
        self.editors.apply(visit, change);
        self.corrections.apply(visit, change);
        self.rates.visit(visit, change);
    }

    fn mark_changed(&mut self, visit: &Visit) {
        let carer = &mut self.carers[visit.carer.0 as usize];
        if !std::mem::replace(&mut carer.changed_since_read, true) {
            self.changed_since_read.push_back(Changed::Carer(visit.carer));
        }
        let client = &mut self.clients[visit.client.0 as usize];
        if !std::mem::replace(&mut client.changed_since_read, true) {
            self.changed_since_read.push_back(Changed::Client(visit.client));
        }
    }

    /// Counts a visit with findings of a carer and a client, or no longer.
    pub(in crate::engine) fn count_findings(&mut self, (carer, client): (CarerId, ClientId), change: Change) {
        for entity in [&mut self.carers[carer.0 as usize], &mut self.clients[client.0 as usize]] {
            change.count(&mut entity.visits_with_findings, 1);
        }
    }

    /// Folds the length ratios of the visits on `days` for which `fits` is true.
    pub(in crate::engine) fn baseline(
        &self,
        pins: &[Pin],
        prior: Prior,
        days: Range<Day>,
        fits: impl Fn(&Visit) -> bool,
    ) -> Baseline {
        let mut baseline = Baseline::new(prior);
        // One UTC day earlier than the first local day; the visits' own days decide.
        let from = UtcSecond((i64::from(days.start.0) - 1) * 86_400);
        let first = pins.partition_point(|pin| pin.start() < from);
        for pin in &pins[first..] {
            let visit = self.look(pin.slot);
            if days.end <= visit.day {
                break;
            }
            if days.start <= visit.day
                && fits(visit)
                && let Some(value) = visit.log_ratio()
            {
                baseline.learn(value);
            }
        }
        baseline
    }

    /// Expires visits that start before `horizon`; returns their slots.
    pub(in crate::engine) fn expire(&mut self, horizon: UtcSecond) -> Vec<Slot> {
        self.horizon = horizon;
        let mut gone = Vec::new();
        let Self { carers, clients, expiring_carers, expiring_clients, .. } = self;
        expire(carers, expiring_carers, horizon, |_| ());
        expire(clients, expiring_clients, horizon, |slot| gone.push(slot));
        self.ledger.forget(&gone);
        self.crowds.expire(horizon);
        self.expire_counts(horizon);
        gone
    }

    fn expire_counts(&mut self, horizon: UtcSecond) {
        self.ledger.expire_cancelled(horizon);
        self.devices.expire(self.settings.zone.day(horizon));
        let month = self.settings.zone.month(horizon);
        if self.horizon_month == Some(month) {
            return;
        }
        // The month of the horizon is incomplete: its tallies are dropped.
        self.horizon_month = Some(month);
        self.resolutions.expire(month);
        self.editors.expire(month);
        self.corrections.expire(month);
        self.rates.expire(month);
        let first_whole = month.next();
        for entity in self.carers.iter_mut().chain(&mut self.clients) {
            entity.months.expire(first_whole);
            if entity.pairs_with_findings.iter().any(|pair| pair.month < month) {
                entity.change_pairs(|pairs| pairs.retain(|pair| month <= pair.month));
            }
        }
        self.providers.iter_mut().for_each(|months| months.expire(first_whole));
        self.tags.retain(|(known, _), _| first_whole <= *known);
        self.pools.retain(|known, _| first_whole <= *known);
        self.provider_baselines.expire(first_whole);
        self.mark_baseline_stale(first_whole, u32::MAX >> (32 - Mark::COUNT), true);
    }
}

/// Expires the visits of `entities` that start before `horizon`; `each` gets their slots.
fn expire(
    entities: &mut [EntityState],
    days: &mut ExpiryDays,
    horizon: UtcSecond,
    mut each: impl FnMut(Slot),
) {
    for entity in days.take_before(horizon) {
        let timeline = &mut entities[entity as usize].timeline;
        timeline.expire(horizon, &mut each);
        if let Some(first) = timeline.all().first() {
            days.list(entity, first.start());
        }
    }
}
