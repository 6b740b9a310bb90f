//! All that is known of one municipality: its registrations in place, its facts, its counts.

use crate::engine::model::settings::Settings;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use hashbrown::HashMap;

use crate::domain::{Day, Month, UtcSecond, Zone};
use crate::engine::model::interner::{CarerId, ClientId, TextId, grow_to};
use crate::engine::model::interners::Interners;
use crate::engine::model::mark::{Mark, Marks};
use crate::engine::model::period::SubjectPeriod;
use crate::engine::model::visit::{Slot, Visit};
use crate::engine::state::devices::Devices;
use crate::engine::state::facts::Facts;
use crate::engine::state::ledger::Ledger;
use crate::engine::state::timeline::{Pin, Timeline};
use crate::engine::stats::baseline::{Baseline, Prior};
use crate::engine::stats::peers::MonthPool;
use crate::engine::totals::count::{Change, Counted};
use crate::engine::totals::months::Months;

/// A carer or a client, in two cache lines: all of both are touched with each of its visits.
#[repr(align(64))]
#[derive(Default)]
pub(in crate::engine) struct EntityState {
    pub(in crate::engine) timeline: Timeline,
    /// Visits there that have a standing finding.
    pub(in crate::engine) visits_with_findings: u32,
    /// Changed since the read model last asked.
    pub(in crate::engine) changed_since_read: bool,
    pub(in crate::engine) months: Months,
    /// Its pairs about which something stands, in no order that means anything.
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

/// All that is known of one municipality.
pub(in crate::engine) struct State {
    pub(in crate::engine) settings: Arc<Settings>,
    pub(in crate::engine) interners: Interners,
    pub(in crate::engine) ledger: Ledger,
    pub(in crate::engine) facts: Facts,
    pub(in crate::engine) carers: Vec<EntityState>,
    pub(in crate::engine) clients: Vec<EntityState>,
    pub(in crate::engine) providers: Vec<Months>,
    /// Who captured visits with a tag that was read right after or before a far away one.
    pub(in crate::engine) tags: HashMap<(Month, TextId), Counted<CarerId>>,
    pub(in crate::engine) devices: Devices,
    pub(in crate::engine) pools: BTreeMap<Month, MonthPool>,
    /// What is usual that has to be reckoned anew.
    pub(in crate::engine) stale_baselines: Vec<StaleBaseline>,
    /// Pay periods of tags whose count in `tags` has changed since they were last looked at.
    pub(in crate::engine) tags_counted: Vec<SubjectPeriod>,
    /// Carers and clients that changed since the read model last asked, each once.
    pub(in crate::engine) changed_since_read: VecDeque<Changed>,
    /// What began before this is no longer kept.
    pub(in crate::engine) horizon: UtcSecond,
    /// The local month of `horizon`: it and those before are no longer whole.
    pub(in crate::engine) horizon_month: Option<Month>,
    pub(in crate::engine) calendar: Calendar,
}

/// The local day, month and offset of the quarters of an hour that were asked about last: of more than a day.
/// No zone changes its offset within one.
pub(in crate::engine) struct Calendar([Option<(i64, Day, Month, i64)>; Self::QUARTERS]);

impl Default for Calendar {
    fn default() -> Self {
        Self([None; Self::QUARTERS])
    }
}

impl Calendar {
    const QUARTER_SECONDS: i64 = 900;
    const QUARTERS: usize = 128;

    /// Day, month, and the minute of the day.
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

/// Who changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Changed {
    Carer(CarerId),
    Client(ClientId),
}

/// The marks of a month, bit by mark, and whether its lengths, of which what is usual is not up to date.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct StaleBaseline {
    pub(in crate::engine) month: Month,
    pub(in crate::engine) marks: u32,
    pub(in crate::engine) length: bool,
}

/// For what the usual has moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::engine) enum BaselineChange {
    Share(Mark),
    Length,
}

static NOBODY: LazyLock<EntityState> = LazyLock::new(EntityState::default);

impl State {
    pub(in crate::engine) fn new(settings: Arc<Settings>) -> Self {
        Self {
            settings,
            interners: Interners::default(),
            ledger: Ledger::default(),
            facts: Facts::default(),
            carers: Vec::new(),
            clients: Vec::new(),
            providers: Vec::new(),
            tags: HashMap::new(),
            devices: Devices::default(),
            pools: BTreeMap::new(),
            stale_baselines: Vec::new(),
            tags_counted: Vec::new(),
            changed_since_read: VecDeque::new(),
            horizon: UtcSecond(i64::MIN),
            horizon_month: None,
            calendar: Calendar::default(),
        }
    }

    pub(in crate::engine) fn carer(&self, carer: CarerId) -> &EntityState {
        self.carers.get(carer.0 as usize).unwrap_or_else(|| &NOBODY)
    }

    pub(in crate::engine) fn client(&self, client: ClientId) -> &EntityState {
        self.clients.get(client.0 as usize).unwrap_or_else(|| &NOBODY)
    }

    /// Puts a visit on the timelines and into the counts.
    pub(in crate::engine) fn place(&mut self, visit: Visit) {
        let pin = Pin::new(visit.presence(), visit.slot);
        let ledger = &self.ledger;
        let by_id = |a, b| ledger.id(a).cmp(ledger.id(b));
        grow_to(&mut self.carers, visit.carer.0).timeline.insert(pin, by_id);
        grow_to(&mut self.clients, visit.client.0).timeline.insert(pin, by_id);
        self.touch(&visit);
        self.apply_to_tallies(&visit, Change::Insert);
        self.devices.apply(&visit, Change::Insert);
        let slot = visit.slot;
        self.ledger.entry_mut(slot).visit = Some(visit);
    }

    /// Takes a visit out again: what is left is as if it had never been placed.
    pub(in crate::engine) fn retract(&mut self, slot: Slot) -> Option<Visit> {
        self.set_marks(slot, Marks::default());
        let visit = self.ledger.entry_mut(slot).visit.take()?;
        let pin = Pin::new(visit.presence(), slot);
        for entity in [grow_to(&mut self.carers, visit.carer.0), grow_to(&mut self.clients, visit.client.0)] {
            entity.timeline.remove(pin);
        }
        self.touch(&visit);
        self.apply_to_tallies(&visit, Change::Retract);
        self.devices.apply(&visit, Change::Retract);
        Some(visit)
    }

    fn touch(&mut self, visit: &Visit) {
        let carer = &mut self.carers[visit.carer.0 as usize];
        if !std::mem::replace(&mut carer.changed_since_read, true) {
            self.changed_since_read.push_back(Changed::Carer(visit.carer));
        }
        let client = &mut self.clients[visit.client.0 as usize];
        if !std::mem::replace(&mut client.changed_since_read, true) {
            self.changed_since_read.push_back(Changed::Client(visit.client));
        }
    }

    /// Counts a visit with findings of a carer and a client in, or out.
    pub(in crate::engine) fn count_findings(&mut self, (carer, client): (CarerId, ClientId), change: Change) {
        for entity in [&mut self.carers[carer.0 as usize], &mut self.clients[client.0 as usize]] {
            change.count(&mut entity.visits_with_findings, 1);
        }
    }

    /// Folds the length ratios of the visits that begin on `days` and that `fits`.
    pub(in crate::engine) fn baseline(
        &self,
        marks: &[Pin],
        prior: Prior,
        days: Range<Day>,
        fits: impl Fn(&Visit) -> bool,
    ) -> Baseline {
        let mut baseline = Baseline::new(prior);
        // Two days wider in UTC than the local days are; the days decide.
        let from = UtcSecond((i64::from(days.start.0) - 1) * 86_400);
        let first = marks.partition_point(|mark| mark.start() < from);
        for mark in &marks[first..] {
            let visit = self.ledger.counted(mark.slot);
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

    /// Lets go of everything that began before `horizon`; answers with the registrations that went.
    pub(in crate::engine) fn expire(&mut self, horizon: UtcSecond) -> Vec<Slot> {
        self.horizon = horizon;
        self.carers.iter_mut().for_each(|carer| carer.timeline.expire(horizon, |_| ()));
        let mut gone = Vec::new();
        self.clients.iter_mut().for_each(|client| client.timeline.expire(horizon, |slot| gone.push(slot)));
        self.ledger.forget(&gone);
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
        // The month that the horizon lies in is no longer whole: its tallies go with it.
        self.horizon_month = Some(month);
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
        self.mark_baseline_stale(first_whole, u32::MAX >> (32 - Mark::COUNT), true);
    }
}
