//! The municipality: providers with their units, carers on shifts, and where everything lies.

use std::sync::Arc;

use super::clients::{Client, Order, add_clients, choose_favourites};
use super::people::{
    CLEAN, Carer, MESSIEST, MESSY, Manners, Provider, Rota, Shift, USUAL, Unit, add_absent_carers, add_carer,
    add_carers, add_newcomers,
};
use super::random::Random;
use super::{Plan, Sizes};
use crate::domain::{CaptureMethod, Coordinates, Month, UtcSecond, Zone};

/// The town square.
const CENTRE: Coordinates = Coordinates { lat: 59.1955, lon: 17.6253 };

/// Metres in a degree of latitude.
const METRES_PER_DEGREE: f64 = 111_195.0;

/// The night patrol is the first unit, and the municipality's.
pub(super) const NIGHT_UNIT: usize = 0;

/// What is told of a provider.
struct Told {
    /// Share of the clients.
    clients: f64,
    /// Of its units, one after the other.
    manners: &'static [Manners],
    /// Share of registrations without plan, order and tasks.
    bare: f64,
    /// Does its system send the start at once?
    live: bool,
    /// Does it approve weekly?
    approves: bool,
    system: &'static str,
}

const fn told(
    clients: f64,
    manners: &'static [Manners],
    bare: f64,
    (live, approves): (bool, bool),
    system: &'static str,
) -> Told {
    Told { clients, manners, bare, live, approves, system }
}

/// The municipality's own first: one of its units is the messiest of all, the others are ordinary.
const PROVIDERS: [Told; 10] = [
    told(0.40, &[USUAL, MESSIEST, CLEAN, USUAL, CLEAN, USUAL, USUAL], 0.05, (true, false), "phoniro"),
    told(0.12, &[USUAL], 0.04, (false, false), "intraphone"),
    told(0.10, &[CLEAN], 0.03, (true, false), "phoniro"),
    told(0.09, &[USUAL], 0.06, (false, false), "carefox"),
    told(0.08, &[CLEAN], 0.05, (false, true), "carefox"),
    told(0.07, &[MESSY], 0.75, (false, false), "tes"),
    told(0.05, &[USUAL], 0.05, (true, false), "phoniro"),
    told(0.04, &[CLEAN], 0.05, (false, false), "lapscare"),
    told(0.03, &[MESSY], 0.60, (false, false), "tes"),
    told(0.02, &[USUAL], 0.05, (false, false), "lapscare"),
];

/// Providers with something of their own, by their place in the list.
const STANDARD_MINUTES: usize = 4;
const TEMPLATE_TASKS: usize = 4;
/// Plans tightly, with one carer to a client: nearly all that is granted is done.
const TIGHT: usize = 6;
/// The owner works along, unpaid.
const OWNER_WORKS: usize = 9;

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
    /// From this day on a provider's clients get a third fewer visits.
    pub(super) drop: Option<(usize, u32)>,
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
            drop: None,
        };
        let mut random = Random::new(plan.seed, 1);
        let sizes = Sizes::of(plan.clients);
        town.add_providers(sizes.providers);
        town.add_unit(0, USUAL, &mut random);
        add_carers(&mut town, NIGHT_UNIT, sizes.night_carers, &mut random);
        let shares: f64 = PROVIDERS[..sizes.providers].iter().map(|told| told.clients).sum();
        let (mut placed, mut reached) = (0, 0.0);
        for (provider, told) in PROVIDERS.iter().enumerate().take(sizes.providers) {
            reached += told.clients / shares;
            let until = (reached * f64::from(plan.clients)).round() as usize;
            town.add_area(provider, told.manners, until - placed, &mut random);
            placed = until;
        }
        for unit in NIGHT_UNIT + 1..town.units.len() {
            add_newcomers(&mut town, unit, &mut random);
        }
        add_absent_carers(&mut town, &mut random);
        super::absences::add_stays(&mut town, &mut Random::new(plan.seed, 2));
        town
    }

    fn add_providers(&mut self, count: usize) {
        for (index, told) in PROVIDERS[..count].iter().enumerate() {
            self.providers.push(Provider {
                id: format!("P-{:02}", index + 1).into(),
                municipal: index == 0,
                bare: told.bare,
                live: told.live,
                approves: told.approves,
                standard_minutes: index == STANDARD_MINUTES,
                template_tasks: index == TEMPLATE_TASKS,
                grant_ratio: if index == TIGHT { 1.0 } else { 1.1 },
                paid_ratio: if index == OWNER_WORKS { 0.8 } else { 1.0 },
                system: told.system,
            });
        }
    }

    /// The units of a provider with `clients` clients, each with its district, clients and carers.
    fn add_area(&mut self, provider: usize, manners: &[Manners], clients: usize, random: &mut Random) {
        let units = clients.div_ceil(60);
        for index in 0..units {
            let clients = clients * (index + 1) / units - clients * index / units;
            // The messiest is there only once, and in a small place it is all there is.
            let place = match index {
                0 if units == 1 && 1 < manners.len() => 1,
                0 | 1 => index,
                _ => 2 + (index - 2) % (manners.len() - 1).clamp(1, 5),
            };
            let unit = self.add_unit(provider, manners[place % manners.len()], random);
            add_clients(self, unit, clients, random);
            // The night patrol is a fiftieth of the staff.
            add_carers(self, unit, ((clients as f64 / 5.1).round() as usize).max(2), random);
            if random.chance(0.15) || unit == 1 {
                let rota = Rota { shift: Shift::Day, off: Some(unit) };
                let trainee = add_carer(self, unit, &rota, random);
                self.units[unit].trainee = Some(trainee);
            }
            choose_favourites(self, unit, random);
        }
    }

    fn add_unit(&mut self, provider: usize, manners: Manners, random: &mut Random) -> usize {
        let index = self.units.len();
        let away = 4_000.0 * random.unit().sqrt();
        let office = if index == NIGHT_UNIT { CENTRE } else { offset(CENTRE, away, random) };
        self.units.push(Unit {
            id: format!("U-{index}").into(),
            provider,
            manners,
            office,
            planner: format!("planner-{index}").into(),
            carers: Vec::new(),
            clients: Vec::new(),
            trainee: None,
            pool: Vec::new(),
        });
        index
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
pub(super) fn offset(place: Coordinates, metres: f64, random: &mut Random) -> Coordinates {
    let angle = random.unit() * std::f64::consts::TAU;
    moved(place, metres * angle.cos(), metres * angle.sin())
}

/// A place `north` and `east` metres from `place`, to seven decimals (a centimetre).
pub(super) fn moved(place: Coordinates, north: f64, east: f64) -> Coordinates {
    let per_degree_east = METRES_PER_DEGREE * place.lat.to_radians().cos();
    let exact = |degrees: f64| (degrees * 1e7).round() / 1e7;
    Coordinates {
        lat: exact(place.lat + north / METRES_PER_DEGREE),
        lon: exact(place.lon + east / per_degree_east),
    }
}

/// Seconds from door to door: streets are a third longer than the straight line, at 29 km/h in
/// town, and beyond three kilometres at 47 km/h on the road, with 90 seconds for stairs and parking.
pub(super) fn travel_seconds(from: Coordinates, to: Coordinates) -> f64 {
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
