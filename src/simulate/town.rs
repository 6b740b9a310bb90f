//! The municipality: providers with their units, carers on shifts, and where everything lies.

use std::sync::Arc;

use super::clients::{Client, Order, add_clients};
use super::random::Random;
use super::{Plan, Sizes};
use crate::domain::{CaptureMethod, Month, Place, UtcSecond, Zone};

/// The town square.
const CENTRE: Place = Place { lat: 59.1955, lon: 17.6253 };

/// Metres in a degree of latitude.
const METRES_PER_DEGREE: f64 = 111_195.0;

/// The night patrol is the first unit, and the municipality's.
pub(super) const NIGHT_UNIT: usize = 0;

/// When a carer works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shift {
    Day,
    Evening,
    Night,
}

impl Shift {
    /// First and last second of work, counted from local midnight of the day that it begins on.
    pub(super) const fn hours(self) -> (i32, i32) {
        match self {
            Self::Day => (7 * 3600, 15 * 3600 + 1800),
            Self::Evening => (14 * 3600 + 1800, 22 * 3600 + 1200),
            Self::Night => (21 * 3600 + 1800, 31 * 3600 + 900),
        }
    }
}

/// How carefully a provider's staff registers, as shares.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manners {
    /// Ends that are entered by hand.
    pub(super) manual: f64,
    /// Visits whose log-out is forgotten.
    pub(super) forgets: f64,
}

const CLEAN: Manners = Manners { manual: 0.05, forgets: 0.005 };
const USUAL: Manners = Manners { manual: 0.12, forgets: 0.015 };
const MESSY: Manners = Manners { manual: 0.25, forgets: 0.04 };
/// The municipality's own: honest, and worse than anybody.
const MESSIEST: Manners = Manners { manual: 0.28, forgets: 0.04 };

/// What is told of each provider: share of the clients, manners, share of registrations without
/// plan, order and tasks, does its system send the start at once, and does it approve weekly.
const PROVIDERS: [(f64, Manners, f64, bool, bool, &str); 10] = [
    (0.40, MESSIEST, 0.45, true, false, "phoniro"),
    (0.12, USUAL, 0.30, false, false, "intraphone"),
    (0.10, CLEAN, 0.20, true, false, "phoniro"),
    (0.09, USUAL, 0.40, false, false, "carefox"),
    (0.08, CLEAN, 0.30, false, true, "carefox"),
    (0.07, MESSY, 0.80, false, false, "tes"),
    (0.05, USUAL, 0.35, true, false, "phoniro"),
    (0.04, CLEAN, 0.25, false, false, "lapscare"),
    (0.03, MESSY, 0.70, false, false, "tes"),
    (0.02, USUAL, 0.45, false, false, "lapscare"),
];

/// A provider.
#[derive(Debug)]
pub(super) struct Provider {
    pub(super) id: Arc<str>,
    pub(super) municipal: bool,
    pub(super) manners: Manners,
    /// Share of its registrations without plan, order and tasks.
    pub(super) bare: f64,
    /// Its system sends a record at the start of a visit, and one at its end.
    pub(super) live: bool,
    /// It approves each week's registrations.
    pub(super) approves: bool,
    pub(super) system: &'static str,
}

/// A group of carers with an area of its own.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) id: Arc<str>,
    pub(super) provider: usize,
    pub(super) office: Place,
    pub(super) planner: Arc<str>,
    pub(super) carers: Vec<usize>,
    pub(super) clients: Vec<usize>,
    /// Goes along with the first carer of the day.
    pub(super) trainee: Option<usize>,
}

/// A carer.
#[derive(Debug)]
pub(super) struct Carer {
    pub(super) reference: Arc<str>,
    pub(super) device: Arc<str>,
    pub(super) unit: usize,
    pub(super) shift: Shift,
    /// Off on every third day, counted from here; `None` where nobody else has the shift.
    off: Option<usize>,
    /// Takes this much longer than others, as a logarithm.
    pub(super) pace: f64,
    /// Enters by hand this much more often than the provider's others.
    pub(super) by_hand: f64,
    /// Days off ill or on leave, counted from the first day: first, last, ill.
    pub(super) away: Vec<(u32, u32, bool)>,
}

impl Carer {
    /// Two days on, one day off, unless away.
    pub(super) fn works(&self, day: u32) -> bool {
        self.off.is_none_or(|off| !(day as usize + off).is_multiple_of(3))
            && !self.away.iter().any(|&(first, last, _)| first <= day && day <= last)
    }
}

/// Everything that stays the same from day to day.
#[derive(Debug)]
pub(super) struct Town {
    pub(super) zone: Zone,
    pub(super) municipality: Arc<str>,
    /// Local first day, in days since 1970.
    first_day: i64,
    pub(super) days: u32,
    pub(super) providers: Vec<Provider>,
    pub(super) units: Vec<Unit>,
    pub(super) carers: Vec<Carer>,
    pub(super) clients: Vec<Client>,
    pub(super) orders: Vec<Order>,
}

impl Town {
    pub(super) fn build(plan: &Plan) -> Self {
        let zone = Zone::named("Europe/Stockholm").expect("the zone is compiled in");
        let (year, month, day) = plan.first_day;
        let month = Month::new(year.clamp(1970, 9_990), month.clamp(1, 12)).expect("both were clamped");
        let first_day = i64::from(zone.day(zone.instant(month, day, 12)).0);
        let mut town = Self {
            zone,
            municipality: plan.municipality.as_str().into(),
            first_day,
            days: plan.days,
            providers: Vec::new(),
            units: Vec::new(),
            carers: Vec::new(),
            clients: Vec::new(),
            orders: Vec::new(),
        };
        let mut random = Random::new(plan.seed, 1);
        let sizes = Sizes::of(plan.clients);
        town.add_providers(sizes.providers);
        town.add_unit(0, &mut random);
        town.add_carers(NIGHT_UNIT, sizes.night_carers, &mut random);
        let shares: f64 = PROVIDERS[..sizes.providers].iter().map(|told| told.0).sum();
        let (mut placed, mut reached) = (0, 0.0);
        for (provider, told) in PROVIDERS.iter().enumerate().take(sizes.providers) {
            reached += told.0 / shares;
            let until = (reached * f64::from(plan.clients)).round() as usize;
            town.add_area(provider, until - placed, &mut random);
            placed = until;
        }
        town.add_absent_carers(&mut random);
        super::absences::add_stays(&mut town, &mut Random::new(plan.seed, 2));
        town
    }

    fn add_providers(&mut self, count: usize) {
        for (index, &(_, manners, bare, live, approves, system)) in PROVIDERS[..count].iter().enumerate() {
            let id = format!("P-{:02}", index + 1).into();
            let municipal = index == 0;
            self.providers.push(Provider { id, municipal, manners, bare, live, approves, system });
        }
    }

    /// The units of a provider with `clients` clients, each with its district, clients and carers.
    fn add_area(&mut self, provider: usize, clients: usize, random: &mut Random) {
        let units = clients.div_ceil(60);
        for index in 0..units {
            let clients = clients * (index + 1) / units - clients * index / units;
            let unit = self.add_unit(provider, random);
            add_clients(self, unit, clients, random);
            // The night patrol is a fiftieth of the staff.
            self.add_carers(unit, ((clients as f64 / 5.1).round() as usize).max(2), random);
            if random.chance(0.15) || unit == 1 {
                let trainee = self.add_carer(unit, Shift::Day, Some(unit), random);
                self.units[unit].trainee = Some(trainee);
            }
        }
    }

    fn add_unit(&mut self, provider: usize, random: &mut Random) -> usize {
        let index = self.units.len();
        let away = 4_000.0 * random.unit().sqrt();
        let office = if index == NIGHT_UNIT { CENTRE } else { offset(CENTRE, away, random) };
        self.units.push(Unit {
            id: format!("U-{index}").into(),
            provider,
            office,
            planner: format!("planner-{index}").into(),
            carers: Vec::new(),
            clients: Vec::new(),
            trainee: None,
        });
        index
    }

    fn add_carers(&mut self, unit: usize, count: usize, random: &mut Random) {
        let shift_of = |index: usize| match (unit, index % 3) {
            (NIGHT_UNIT, _) => Shift::Night,
            (_, 1) => Shift::Evening,
            _ => Shift::Day,
        };
        for index in 0..count {
            let shift = shift_of(index);
            let alike = |others: std::ops::Range<usize>| others.filter(|&it| shift_of(it) == shift).count();
            let off = (1 < alike(0..count)).then(|| unit + alike(0..index));
            let carer = self.add_carer(unit, shift, off, random);
            self.units[unit].carers.push(carer);
        }
    }

    fn add_carer(&mut self, unit: usize, shift: Shift, off: Option<usize>, random: &mut Random) -> usize {
        let index = self.carers.len();
        self.carers.push(Carer {
            reference: format!("carer-{:06x}", pseudonym(index)).into(),
            device: format!("dev-{index}").into(),
            unit,
            shift,
            off,
            pace: 0.08 * random.normal(),
            by_hand: random.log_normal(1.0, 0.25),
            away: Vec::new(),
        });
        index
    }

    /// A carer in twenty is away on a day, ill or on leave.
    fn add_absent_carers(&mut self, random: &mut Random) {
        for carer in &mut self.carers {
            let mut day = random.between(0, 90) as u32;
            while day < self.days {
                let ill = random.chance(0.7);
                let last = day + if ill { random.between(0, 4) } else { random.between(4, 13) } as u32;
                carer.away.push((day, last, ill));
                day = last + 1 + random.between(20, 160) as u32;
            }
        }
    }

    /// The instant `second` after local midnight of `day`, counted from the first day, by the clock
    /// on the wall; may lie beyond the day.
    pub(super) fn at(&self, day: impl Into<i64>, second: i32) -> UtcSecond {
        let wall = (self.first_day + day.into()) * 86_400 + i64::from(second);
        // Twice, because the offset is asked for by an instant that is not known yet.
        let near = UtcSecond(wall - self.zone.offset_seconds(UtcSecond(wall)));
        UtcSecond(wall - self.zone.offset_seconds(near))
    }

    /// The day that `at` lies in, counted from the first day; negative before it.
    pub(super) fn day_of(&self, at: UtcSecond) -> i64 {
        i64::from(self.zone.day(at).0) - self.first_day
    }

    /// Monday is 0.
    pub(super) const fn weekday(&self, day: u32) -> u32 {
        // 1970-01-01 was a Thursday.
        (self.first_day + day as i64 + 3).rem_euclid(7) as u32
    }

    pub(super) fn provider_of(&self, carer: usize) -> &Provider {
        &self.providers[self.units[self.carers[carer].unit].provider]
    }

    /// The carers of a unit who work on `day`.
    pub(super) fn on_duty(&self, unit: usize, day: u32) -> impl Iterator<Item = usize> {
        self.units[unit].carers.iter().copied().filter(move |&carer| self.carers[carer].works(day))
    }
}

/// Six hexadecimal digits that no other `index` has: odd factors reorder the numbers below 2²⁴.
pub(super) const fn pseudonym(index: usize) -> usize {
    (index.wrapping_mul(0x9E_3779).wrapping_add(0x5A_17C3)) & 0xFF_FFFF
}

/// A place `metres` from `place`, in any direction.
pub(super) fn offset(place: Place, metres: f64, random: &mut Random) -> Place {
    let angle = random.unit() * std::f64::consts::TAU;
    moved(place, metres * angle.cos(), metres * angle.sin())
}

/// A place `north` and `east` metres from `place`, to seven decimals (a centimetre).
pub(super) fn moved(place: Place, north: f64, east: f64) -> Place {
    let per_degree_east = METRES_PER_DEGREE * place.lat.to_radians().cos();
    let exact = |degrees: f64| (degrees * 1e7).round() / 1e7;
    Place {
        lat: exact(place.lat + north / METRES_PER_DEGREE),
        lon: exact(place.lon + east / per_degree_east),
    }
}

/// Seconds from door to door: streets are a third longer than the straight line, at 29 km/h in
/// town, and beyond three kilometres at 47 km/h on the road, with 90 seconds for stairs and parking.
pub(super) fn travel_seconds(from: Place, to: Place) -> f64 {
    let metres = from.metres_to(to) * 1.3;
    90.0 + if metres < 3_900.0 { metres / 8.0 } else { 487.5 + (metres - 3_900.0) / 13.0 }
}

/// How the ends of visits in a home are captured.
pub(super) fn home_method(random: &mut Random) -> CaptureMethod {
    const METHODS: [CaptureMethod; 6] = [
        CaptureMethod::NfcTag,
        CaptureMethod::DigitalLock,
        CaptureMethod::Beacon,
        CaptureMethod::GpsApp,
        CaptureMethod::Telephony,
        CaptureMethod::FixedDevice,
    ];
    METHODS[random.weighted(&[0.66, 0.18, 0.02, 0.08, 0.02, 0.04])]
}
