//! Draws up a municipality by its seed: providers with their units, carers, clients, and what happens to them.

mod carers;
mod clients;
mod lives;
mod stays;

use super::people::{CLEAN, MESSIEST, MESSY, Manners, Provider, Rota, Shift, USUAL, Unit};
use super::places::offset;
use super::plan::Plan;
use super::random::Random;
use super::town::{NIGHT_UNIT, Town};
use crate::domain::{Coordinates, Month, Zone};

pub(super) use carers::add_carer;

/// The town square.
const CENTRE: Coordinates = Coordinates { lat: 59.1955, lon: 17.6253 };

/// A provider as it is drawn up.
struct ProviderPlan {
    /// Share of the clients.
    clients: f64,
    /// Manners of its units, in order.
    manners: &'static [Manners],
    /// Share of registrations without plan, order and tasks.
    bare: f64,
    /// Does its system send the start at once?
    live: bool,
    /// Does it approve weekly?
    approves: bool,
    system: &'static str,
}

const fn provider(
    clients: f64,
    manners: &'static [Manners],
    bare: f64,
    (live, approves): (bool, bool),
    system: &'static str,
) -> ProviderPlan {
    ProviderPlan { clients, manners, bare, live, approves, system }
}

/// The municipality's own first: one of its units is the messiest of all, the others are ordinary.
const PROVIDERS: [ProviderPlan; 10] = [
    provider(0.40, &[USUAL, MESSIEST, CLEAN, USUAL, CLEAN, USUAL, USUAL], 0.05, (true, false), "phoniro"),
    provider(0.12, &[USUAL], 0.04, (false, false), "intraphone"),
    provider(0.10, &[CLEAN], 0.03, (true, false), "phoniro"),
    provider(0.09, &[USUAL], 0.06, (false, false), "carefox"),
    provider(0.08, &[CLEAN], 0.05, (false, true), "carefox"),
    provider(0.07, &[MESSY], 0.75, (false, false), "tes"),
    provider(0.05, &[USUAL], 0.05, (true, false), "phoniro"),
    provider(0.04, &[CLEAN], 0.05, (false, false), "lapscare"),
    provider(0.03, &[MESSY], 0.60, (false, false), "tes"),
    provider(0.02, &[USUAL], 0.05, (false, false), "lapscare"),
];

/// Providers with something of their own, by their place in the list.
const STANDARD_MINUTES: usize = 4;
const TEMPLATE_TASKS: usize = 4;
/// Plans tightly, with one carer per client: nearly all granted time is performed.
const TIGHT: usize = 6;
/// The owner works along, unpaid.
const OWNER_WORKS: usize = 9;

/// Numbers of providers and night carers, by the number of clients.
struct StaffSizes {
    providers: usize,
    night_carers: usize,
}

impl StaffSizes {
    fn of(clients: u32) -> Self {
        let clients = clients as usize;
        Self { providers: (clients / 15).clamp(1, 10), night_carers: (clients / 220).max(3) }
    }
}

/// Draws up the municipality of `plan`.
pub(super) fn town(plan: &Plan) -> Town {
    let zone = Zone::named("Europe/Stockholm").expect("the zone is compiled in");
    let (year, month, day) = plan.first_day;
    let month = Month::new(year.clamp(1970, 9_990), month.clamp(1, 12)).expect("both were clamped");
    let first_day = i64::from(zone.day(zone.instant(month, day, 12)).0);
    let mut town = Town {
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
    let sizes = StaffSizes::of(plan.clients);
    add_providers(&mut town, sizes.providers);
    add_unit(&mut town, 0, USUAL, &mut random);
    carers::add_carers(&mut town, NIGHT_UNIT, sizes.night_carers, &mut random);
    let shares: f64 = PROVIDERS[..sizes.providers].iter().map(|provider| provider.clients).sum();
    let (mut placed, mut reached) = (0, 0.0);
    for (index, provider) in PROVIDERS.iter().enumerate().take(sizes.providers) {
        reached += provider.clients / shares;
        let until = (reached * f64::from(plan.clients)).round() as usize;
        add_area(&mut town, index, provider.manners, until - placed, &mut random);
        placed = until;
    }
    for unit in NIGHT_UNIT + 1..town.units.len() {
        carers::add_newcomers(&mut town, unit, &mut random);
    }
    carers::add_absent_carers(&mut town, &mut random);
    stays::add_stays(&mut town, &mut Random::new(plan.seed, 2));
    town
}

fn add_providers(town: &mut Town, count: usize) {
    for (index, provider) in PROVIDERS[..count].iter().enumerate() {
        town.providers.push(Provider {
            id: format!("P-{:02}", index + 1).into(),
            municipal: index == 0,
            bare: provider.bare,
            live: provider.live,
            approves: provider.approves,
            standard_minutes: index == STANDARD_MINUTES,
            template_tasks: index == TEMPLATE_TASKS,
            grant_ratio: if index == TIGHT { 1.0 } else { 1.1 },
            paid_ratio: if index == OWNER_WORKS { 0.8 } else { 1.0 },
            system: provider.system,
        });
    }
}

/// The units of a provider with `clients` clients, each with its district, clients and carers.
fn add_area(town: &mut Town, provider: usize, manners: &[Manners], clients: usize, random: &mut Random) {
    let units = clients.div_ceil(60);
    for index in 0..units {
        let clients = clients * (index + 1) / units - clients * index / units;
        // The messiest unit exists once; in a small municipality it is the only one.
        let place = match index {
            0 if units == 1 && 1 < manners.len() => 1,
            0 | 1 => index,
            _ => 2 + (index - 2) % (manners.len() - 1).clamp(1, 5),
        };
        let unit = add_unit(town, provider, manners[place % manners.len()], random);
        clients::add_clients(town, unit, clients, random);
        // The night patrol is a fiftieth of the staff.
        carers::add_carers(town, unit, ((clients as f64 / 5.1).round() as usize).max(2), random);
        if random.chance(0.15) || unit == 1 {
            let rota = Rota { shift: Shift::Day, off: Some(unit) };
            let trainee = add_carer(town, unit, &rota, random);
            town.units[unit].trainee = Some(trainee);
        }
        clients::choose_favourites(town, unit, random);
    }
}

fn add_unit(town: &mut Town, provider: usize, manners: Manners, random: &mut Random) -> usize {
    let index = town.units.len();
    let away = 4_000.0 * random.unit().sqrt();
    let office = if index == NIGHT_UNIT { CENTRE } else { offset(CENTRE, away, random) };
    town.units.push(Unit {
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
