//! Who works in the municipality: providers with their units, carers with shifts, phones and leave.

use std::sync::Arc;

use super::random::Random;
use super::town::{NIGHT_UNIT, Town, pseudonym};
use crate::domain::{Coordinates, UtcSecond};

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

/// How carefully a unit's staff registers, as shares.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manners {
    /// Ends that are entered by hand.
    pub(super) manual: f64,
    /// Visits whose log-out is forgotten.
    pub(super) forgets: f64,
}

pub(super) const CLEAN: Manners = Manners { manual: 0.05, forgets: 0.005 };
pub(super) const USUAL: Manners = Manners { manual: 0.12, forgets: 0.015 };
pub(super) const MESSY: Manners = Manners { manual: 0.25, forgets: 0.035 };
/// One unit of the municipality's own: honest, and worse than anybody.
pub(super) const MESSIEST: Manners = Manners { manual: 0.28, forgets: 0.04 };

/// A provider.
#[derive(Debug)]
pub(super) struct Provider {
    pub(super) id: Arc<str>,
    pub(super) municipal: bool,
    /// Share of its registrations without plan, order and tasks.
    pub(super) bare: f64,
    /// Its system sends a record at the start of a visit, and one at its end.
    pub(super) live: bool,
    /// It approves each week's registrations.
    pub(super) approves: bool,
    /// Paid by standard minutes for what is done outside the home, such as shopping.
    pub(super) standard_minutes: bool,
    /// Its app ticks every task of the order.
    pub(super) template_tasks: bool,
    /// Granted minutes for each planned one.
    pub(super) grant_ratio: f64,
    /// Paid hours for each hour on the roster; less where the owner works unpaid.
    pub(super) paid_ratio: f64,
    pub(super) system: &'static str,
}

/// A group of carers with an area of its own.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) id: Arc<str>,
    pub(super) provider: usize,
    pub(super) manners: Manners,
    pub(super) office: Coordinates,
    pub(super) planner: Arc<str>,
    pub(super) carers: Vec<usize>,
    pub(super) clients: Vec<usize>,
    /// Goes along with the first carer of the day.
    pub(super) trainee: Option<usize>,
    /// Phones that lie at the office for whoever has none.
    pub(super) pool: Vec<Arc<str>>,
}

/// Days on which a carer does not work, counted from the first day.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leave {
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) ill: bool,
    /// Told by the provider, one day too long: the carer came back earlier than was thought.
    pub(super) overstated: bool,
}

/// A carer.
#[derive(Debug)]
pub(super) struct Carer {
    pub(super) reference: Arc<str>,
    pub(super) device: Arc<str>,
    pub(super) unit: usize,
    pub(super) shift: Shift,
    /// Off on every third day, counted from here; `None` where nobody else has the shift.
    pub(super) off: Option<usize>,
    /// Takes this much longer than others, as a logarithm.
    pub(super) pace: f64,
    /// Enters by hand this much more often than the unit's others.
    pub(super) by_hand: f64,
    /// Days off ill or on leave.
    pub(super) away: Vec<Leave>,
    /// Employed from and up to, and without, these days: a substitute.
    pub(super) hired: Option<(u32, u32)>,
    /// The employment became known so many days after it began; negative where before.
    pub(super) known_after_days: i64,
    /// Takes a phone from the unit's pool: which one, counted from the day.
    pub(super) pool: Option<usize>,
    /// Works here only on days off at the main job: the index of that job's carer, and which of three.
    pub(super) second_job: Option<(usize, usize)>,
    /// Is on the provider's list of staff.
    pub(super) listed: bool,
}

impl Carer {
    /// Two days on, one day off, unless away.
    pub(super) fn works(&self, day: u32) -> bool {
        let rota = match (self.second_job, self.off) {
            (Some((_, off)), _) => (day as usize + off).is_multiple_of(3) && (day / 3).is_multiple_of(2),
            (None, off) => off.is_none_or(|off| !(day as usize + off).is_multiple_of(3)),
        };
        rota && self.hired.is_none_or(|(from, until)| (from..until).contains(&day)) && !self.is_away(day)
    }

    pub(super) fn is_away(&self, day: u32) -> bool {
        self.away.iter().any(|leave| leave.first <= day && day <= leave.last)
    }
}

/// Chooses a carer's shift and days off.
pub(super) struct Rota {
    pub(super) shift: Shift,
    pub(super) off: Option<usize>,
}

/// Adds `count` carers who work all the time to `unit`.
pub(super) fn add_carers(town: &mut Town, unit: usize, count: usize, random: &mut Random) {
    let shift_of = |index: usize| match (unit, index % 3) {
        (NIGHT_UNIT, _) => Shift::Night,
        (_, 1) => Shift::Evening,
        _ => Shift::Day,
    };
    for index in 0..count {
        let shift = shift_of(index);
        let alike = |others: std::ops::Range<usize>| others.filter(|&it| shift_of(it) == shift).count();
        let off = (1 < alike(0..count)).then(|| unit + alike(0..index));
        let carer = add_carer(town, unit, &Rota { shift, off }, random);
        town.units[unit].carers.push(carer);
        // Nobody's own, and a day later in other hands.
        if unit != NIGHT_UNIT && index % 6 < 2 && 6 <= count {
            let unit = &mut town.units[unit];
            town.carers[carer].pool = Some(unit.pool.len());
            unit.pool.push(format!("dev-pool-{}-{}", &unit.id[2..], unit.pool.len()).into());
        }
    }
}

/// Adds a carer who belongs to `unit` without being on its rota yet.
pub(super) fn add_carer(town: &mut Town, unit: usize, rota: &Rota, random: &mut Random) -> usize {
    let index = town.carers.len();
    town.carers.push(Carer {
        reference: format!("carer-{:06x}", pseudonym(index)).into(),
        device: format!("dev-{index}").into(),
        unit,
        shift: rota.shift,
        off: rota.off,
        pace: 0.08 * random.normal(),
        by_hand: random.log_normal(1.0, 0.25),
        away: Vec::new(),
        hired: None,
        known_after_days: -30,
        pool: None,
        second_job: None,
        listed: true,
    });
    index
}

/// Adds to `unit` who is new on some day, and who has a main job elsewhere.
pub(super) fn add_newcomers(town: &mut Town, unit: usize, random: &mut Random) {
    if random.chance(0.35) {
        let rota = Rota { shift: Shift::Day, off: Some(unit + random.index(3)) };
        let carer = add_carer(town, unit, &rota, random);
        let from = random.between(3, 50) as u32;
        town.carers[carer].hired = Some((from, from + random.between(14, 60) as u32));
        // Payroll sometimes hears of it afterwards.
        let late = random.chance(0.2);
        town.carers[carer].known_after_days =
            if late { random.between(1, 9) } else { -random.between(3, 20) };
        town.units[unit].carers.push(carer);
    }
    let main = random.index(town.carers.len());
    let fits = |main: usize| {
        let main = &town.carers[main];
        main.shift == Shift::Day && main.off.is_some() && main.hired.is_none() && main.second_job.is_none()
    };
    let elsewhere = town.units[town.carers[main].unit].provider != town.units[unit].provider;
    // Nobody works at two places on the same day off.
    let free = !town.carers.iter().any(|other| other.second_job.is_some_and(|(of, _)| of == main));
    if random.chance(0.3) && fits(main) && elsewhere && free {
        let off = town.carers[main].off.expect("asked for above");
        let carer = add_carer(town, unit, &Rota { shift: Shift::Day, off: None }, random);
        let reference = town.carers[main].reference.clone();
        let second = &mut town.carers[carer];
        second.reference = reference;
        second.second_job = Some((main, off));
        town.units[unit].carers.push(carer);
    }
}

/// A carer in twenty is away on a day, ill or on leave.
pub(super) fn add_absent_carers(town: &mut Town, random: &mut Random) {
    for index in 0..town.carers.len() {
        if let Some((main, _)) = town.carers[index].second_job {
            town.carers[index].away = town.carers[main].away.clone();
            continue;
        }
        let mut day = random.between(0, 90) as u32;
        while day < town.days {
            let ill = random.chance(0.7);
            let last = day + if ill { random.between(0, 4) } else { random.between(4, 13) } as u32;
            let overstated = ill && random.chance(0.06);
            town.carers[index].away.push(Leave { first: day, last, ill, overstated });
            day = last + 2 + random.between(20, 160) as u32;
        }
    }
}

impl Town {
    /// The phone that `carer` has at `at`: the own one, one of the pool's, or a spare one for the rest
    /// of a day on which its battery was empty.
    pub(super) fn device(&self, carer: usize, at: UtcSecond) -> Arc<str> {
        let told = &self.carers[carer];
        let day = self.day_of(at.plus(-6 * 3600)).max(0) as usize;
        let unit = &self.units[told.unit];
        let mixed = pseudonym(carer.wrapping_mul(4_001).wrapping_add(day));
        if mixed.is_multiple_of(300) && self.at(day as i64, 12 * 3600) < at {
            return format!("dev-spare-{}", &unit.id[2..]).into();
        }
        match told.pool.filter(|_| !unit.pool.is_empty()) {
            Some(rank) => unit.pool[(rank + day) % unit.pool.len()].clone(),
            None => told.device.clone(),
        }
    }
}
