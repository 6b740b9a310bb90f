//! Who is employed where: on the rota from the first day, as a substitute, with a second job; and who is away.

use crate::simulate::people::{Carer, Leave, Rota, Shift};
use crate::simulate::places::pseudonym;
use crate::simulate::random::Random;
use crate::simulate::town::{NIGHT_UNIT, Town};

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
        // A pool phone: another carer has it the next day.
        if unit != NIGHT_UNIT && index % 6 < 2 && 6 <= count {
            let unit = &mut town.units[unit];
            town.carers[carer].pool = Some(unit.pool.len());
            unit.pool.push(format!("dev-pool-{}-{}", &unit.id[2..], unit.pool.len()).into());
        }
    }
}

/// Adds a carer who belongs to `unit` without being on its rota yet.
pub(in crate::simulate) fn add_carer(
    town: &mut Town,
    unit: usize,
    rota: &Rota,
    random: &mut Random,
) -> usize {
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

/// Adds to `unit` a substitute, and a carer with a main job elsewhere; each by chance.
pub(super) fn add_newcomers(town: &mut Town, unit: usize, random: &mut Random) {
    if random.chance(0.35) {
        let rota = Rota { shift: Shift::Day, off: Some(unit + random.index(3)) };
        let carer = add_carer(town, unit, &rota, random);
        let from = random.between(3, 50) as u32;
        town.carers[carer].hired = Some((from, from + random.between(14, 60) as u32));
        // Payroll sometimes learns of it afterwards.
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
    // Nobody has two second jobs on the same days off.
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
