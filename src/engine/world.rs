//! All that is known of one municipality: its registrations in place, its facts, its counts.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use hashbrown::HashMap;

use super::baseline::{Baseline, Prior};
use super::devices::Devices;
use super::facts::Facts;
use super::ledger::Ledger;
use super::mark::{Mark, Marks};
use super::months::Months;
use super::names::{CarerId, ClientId, TextId};
use super::peers::MonthPool;
use super::period::Period;
use super::registry::Registry;
use super::restraint::Bounds;
use super::tally::Counted;
use super::timeline::{Pin, Timeline};
use super::visit::{Slot, Visit};
use crate::domain::{Day, Month, UtcSecond, Zone};

/// On which registration of a contradicting pair the hold falls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HoldOn {
    /// The one with the weaker evidence.
    #[default]
    Weaker,
    /// Both.
    Both,
}

/// What the engine of a municipality goes by.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Municipality code.
    pub municipality: String,
    /// Its time zone.
    pub zone: Zone,
    /// Days that registrations are kept, by their start.
    pub retained_days: u16,
    /// On which registration of a pair the hold falls.
    pub hold_on: HoldOn,
    /// The price where no tariff is known, in öre per hour.
    pub default_ore_per_hour: i64,
    /// Day of the next month on which a period is paid where no calendar is known.
    pub default_payout_day: i8,
    /// Local hour of that payout run.
    pub default_payout_hour: i8,
    /// What the machine may propose at most.
    pub bounds: Bounds,
}

/// A carer or a client, in two cache lines: all of both are touched with each of its visits.
#[repr(align(64))]
#[derive(Default)]
pub(super) struct Party {
    pub(super) timeline: Timeline,
    /// Visits there that have a standing finding.
    pub(super) standing: u32,
    /// Changed since the read model last asked.
    pub(super) touched: bool,
    pub(super) months: Months,
    /// Its pairs about which something stands, in no order that means anything.
    pub(super) pairs_standing: Box<[Period]>,
}

const _: () = assert!(size_of::<Party>() == 128);

impl Party {
    pub(super) fn change_pairs(&mut self, change: impl FnOnce(&mut Vec<Period>)) {
        let mut pairs = std::mem::take(&mut self.pairs_standing).into_vec();
        change(&mut pairs);
        self.pairs_standing = pairs.into();
    }
}

/// All that is known of one municipality.
pub(super) struct World {
    pub(super) settings: Arc<Settings>,
    pub(super) registry: Registry,
    pub(super) ledger: Ledger,
    pub(super) facts: Facts,
    pub(super) carers: Vec<Party>,
    pub(super) clients: Vec<Party>,
    pub(super) providers: Vec<Months>,
    /// Who captured visits with a tag that was read right after or before a far away one.
    pub(super) tags: HashMap<(Month, TextId), Counted<CarerId>>,
    pub(super) devices: Devices,
    pub(super) pools: BTreeMap<Month, MonthPool>,
    /// What is usual that has to be reckoned anew.
    pub(super) outdated: Vec<Outdated>,
    /// Pay periods of tags whose count in `tags` has changed since they were last looked at.
    pub(super) tags_counted: Vec<Period>,
    /// Carers and clients that changed since the read model last asked, each once.
    pub(super) touched: VecDeque<Changed>,
    /// What began before this is no longer kept.
    pub(super) horizon: UtcSecond,
    /// The local month of `horizon`: it and those before are no longer whole.
    pub(super) horizon_month: Option<Month>,
    pub(super) calendar: Calendar,
}

/// The local day, month and offset of the quarters of an hour that were asked about last: of more than a day.
/// No zone changes its offset within one.
pub(super) struct Calendar([Option<(i64, Day, Month, i64)>; Self::QUARTERS]);

impl Default for Calendar {
    fn default() -> Self {
        Self([None; Self::QUARTERS])
    }
}

impl Calendar {
    const QUARTER_SECONDS: i64 = 900;
    const QUARTERS: usize = 128;

    /// Day, month, and the minute of the day.
    pub(super) fn of(&mut self, zone: &Zone, at: UtcSecond) -> (Day, Month, u16) {
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
pub(super) enum Changed {
    Carer(CarerId),
    Client(ClientId),
}

/// The marks of a month, bit by mark, and whether its lengths, of which what is usual is not up to date.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outdated {
    pub(super) month: Month,
    pub(super) marks: u32,
    pub(super) length: bool,
}

/// For what the usual has moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Moved {
    Share(Mark),
    Length,
}

static NOBODY: LazyLock<Party> = LazyLock::new(Party::default);

impl World {
    pub(super) fn new(settings: Arc<Settings>) -> Self {
        Self {
            settings,
            registry: Registry::default(),
            ledger: Ledger::default(),
            facts: Facts::default(),
            carers: Vec::new(),
            clients: Vec::new(),
            providers: Vec::new(),
            tags: HashMap::new(),
            devices: Devices::default(),
            pools: BTreeMap::new(),
            outdated: Vec::new(),
            tags_counted: Vec::new(),
            touched: VecDeque::new(),
            horizon: UtcSecond(i64::MIN),
            horizon_month: None,
            calendar: Calendar::default(),
        }
    }

    pub(super) fn carer(&self, carer: CarerId) -> &Party {
        self.carers.get(carer.0 as usize).unwrap_or_else(|| &NOBODY)
    }

    pub(super) fn client(&self, client: ClientId) -> &Party {
        self.clients.get(client.0 as usize).unwrap_or_else(|| &NOBODY)
    }

    /// Puts a visit on the timelines and into the counts.
    pub(super) fn place(&mut self, visit: Visit) {
        let pin = Pin::new(visit.presence(), visit.slot);
        let ledger = &self.ledger;
        let by_id = |a, b| ledger.id(a).cmp(ledger.id(b));
        party(&mut self.carers, visit.carer.0).timeline.insert(pin, by_id);
        party(&mut self.clients, visit.client.0).timeline.insert(pin, by_id);
        self.touch(&visit);
        self.tally(&visit, true);
        self.devices.change(&visit, true);
        let slot = visit.slot;
        self.ledger.entry_mut(slot).visit = Some(visit);
    }

    /// Takes a visit out again: what is left is as if it had never been placed.
    pub(super) fn lift(&mut self, slot: Slot) -> Option<Visit> {
        self.set_marks(slot, Marks::default());
        let visit = self.ledger.entry_mut(slot).visit.take()?;
        let pin = Pin::new(visit.presence(), slot);
        for party in [party(&mut self.carers, visit.carer.0), party(&mut self.clients, visit.client.0)] {
            party.timeline.remove(pin);
        }
        self.touch(&visit);
        self.tally(&visit, false);
        self.devices.change(&visit, false);
        Some(visit)
    }

    fn touch(&mut self, visit: &Visit) {
        let carer = &mut self.carers[visit.carer.0 as usize];
        if !std::mem::replace(&mut carer.touched, true) {
            self.touched.push_back(Changed::Carer(visit.carer));
        }
        let client = &mut self.clients[visit.client.0 as usize];
        if !std::mem::replace(&mut client.touched, true) {
            self.touched.push_back(Changed::Client(visit.client));
        }
    }

    /// Folds the length ratios of the visits that begin on `days` and that `fits`.
    pub(super) fn baseline(
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
    pub(super) fn expire(&mut self, horizon: UtcSecond) -> Vec<Slot> {
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
        for party in self.carers.iter_mut().chain(&mut self.clients) {
            party.months.expire(first_whole);
            if party.pairs_standing.iter().any(|pair| pair.month < month) {
                party.change_pairs(|pairs| pairs.retain(|pair| month <= pair.month));
            }
        }
        self.providers.iter_mut().for_each(|months| months.expire(first_whole));
        self.tags.retain(|(known, _), _| first_whole <= *known);
        self.pools.retain(|known, _| first_whole <= *known);
        self.outdate(first_whole, u32::MAX >> (32 - Mark::COUNT), true);
    }
}

pub(super) fn party<T: Default>(parties: &mut Vec<T>, number: u32) -> &mut T {
    let at = number as usize;
    if parties.len() <= at {
        parties.resize_with(at + 1, T::default);
    }
    &mut parties[at]
}
