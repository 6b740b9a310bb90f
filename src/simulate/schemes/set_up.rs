//! Prepares the municipality for a pattern.

use std::sync::Arc;

use super::plot::{BEGINS, Plot};
use crate::domain::{AbsenceKind, ClientAbsenceConfirmedBy, Span};
use crate::simulate::clients::{Client, ServiceKind};
use crate::simulate::draw::add_carer;
use crate::simulate::lives::{Farewell, Leaves};
use crate::simulate::people::{Leave, Rota};
use crate::simulate::random::Random;
use crate::simulate::stays::Stay;
use crate::simulate::town::Town;

/// Share of the usual grant that is left where a provider delivers all of it.
const FULL_GRANT: f64 = 0.66;
/// Paid hours per hour on the roster where a provider bills more than its staff can do.
const UNDERPAID: f64 = 0.4;

/// Prepares `plot`; `None` where the municipality has nothing that it could be planted on.
pub(in crate::simulate) fn set_up(town: &mut Town, plot: &mut Plot, random: &mut Random) -> Option<()> {
    let actor = plot.actors.first().copied();
    match plot.pattern.name {
        "cross-provider-overlap" => plot.memory.other = Some(second_employment(town, actor?, random)?),
        "shared-device" => plot.memory.other = colleague(town, actor?),
        "new-identity" => {
            after_the_first_month(town, plot, random)?;
            let ghost = ghost(town, actor?, random);
            town.carers[ghost].hired = Some((plot.days.0, town.days + 60));
            town.carers[ghost].known_after_days = 2;
            plot.memory.other = Some(ghost);
        }
        "unlisted-carer" => {
            let ghost = ghost(town, actor?, random);
            town.carers[ghost].listed = false;
            plot.memory.other = Some(ghost);
        }
        "carer-absent" => {
            let (first, after) = plot.days;
            let away = Leave { first, last: after - 1, ill: true, overstated: false };
            town.carers[actor?].away.retain(|it| it.last < first || after < it.first);
            town.carers[actor?].away.push(away);
        }
        "after-death" => end_orders(town, plot, Leaves::Dies, random)?,
        "after-order-end" => end_orders(town, plot, Leaves::Moves, random)?,
        "first-day-absences" => days_away(town, plot, random)?,
        "above-grant" => {
            within_a_month(town, plot);
            plot.memory.clients = pick(town, actor?, 1, random, |it| daily(it) == 1 && it.needs.len() == 1)?;
        }
        "pair-concentration" => {
            plot.memory.clients = pick(town, actor?, 1, random, |it| {
                (2..4).contains(&daily(it)) && it.needs.iter().all(|need| need.staff == 1)
            })?;
            let rota = Rota { shift: town.carers[actor?].shift, off: None };
            let unit = town.carers[actor?].unit;
            plot.memory.other = Some(add_carer(town, unit, &rota, random));
        }
        "missed-visit" => {
            plot.memory.clients = pick(town, actor?, 1, random, |it| 3 <= daily(it))?;
            for &client in &plot.memory.clients {
                town.clients[client].life.by_grant = true;
            }
        }
        "service-without-presence" => {
            plot.memory.clients = pick(town, actor?, 3, random, |it| {
                it.needs.iter().all(|need| need.service == ServiceKind::Cleaning)
            })?;
        }
        "provider-capacity" => town.providers[plot.provider].paid_ratio = UNDERPAID,
        "full-delivery" => {
            // Where two are paid for, or the plan is, nothing could be cut off to fit.
            for order in town.orders.iter_mut().filter(|order| order.provider == plot.provider) {
                let client = &town.clients[order.client];
                if order.staff == 1 && client.spouse.is_none() && !client.life.by_grant {
                    let granted = f64::from(order.granted_minutes) * FULL_GRANT;
                    order.granted_minutes = (granted / 5.0).ceil() as u32 * 5;
                }
            }
        }
        "provider-surge" => come_later(town, plot.provider, random),
        "hours-drop" => {
            plot.days.0 = (town.days * 3 / 4).max(BEGINS);
            town.drop = Some((plot.provider, plot.days.0));
        }
        _ => {}
    }
    Some(())
}

/// Visits on every day.
fn daily(client: &Client) -> usize {
    client.needs.iter().filter(|need| need.weekdays.count_ones() == 7).count()
}

/// Up to `count` clients of the carer's provider that nothing else happens to.
fn pick(
    town: &Town,
    carer: usize,
    count: usize,
    random: &mut Random,
    fits: impl Fn(&Client) -> bool,
) -> Option<Vec<usize>> {
    let provider = town.units[town.carers[carer].unit].provider;
    let quiet = |client: &Client| {
        let life = &client.life;
        client.spouse.is_none()
            && life.comes.is_none()
            && life.goes.is_none()
            && life.reassessed.is_none()
            && !life.by_grant
            && client.favourite.is_none()
    };
    let suits = |&index: &usize| {
        let client = &town.clients[index];
        let own = town.units[client.unit].provider == provider;
        own && quiet(client) && !client.needs.is_empty() && fits(client)
    };
    let mut clients: Vec<usize> = (0..town.clients.len()).filter(suits).collect();
    for last in (1..clients.len()).rev() {
        clients.swap(last, random.index(last + 1));
    }
    clients.truncate(count);
    (!clients.is_empty()).then_some(clients)
}

/// The carer's own entry in a unit of another provider.
fn second_employment(town: &mut Town, carer: usize, random: &mut Random) -> Option<usize> {
    let provider = town.units[town.carers[carer].unit].provider;
    let elsewhere: Vec<usize> = (1..town.units.len())
        .filter(|&unit| town.units[unit].provider != provider && !town.units[unit].clients.is_empty())
        .collect();
    // Not the municipality's: the two who agreed are private.
    let &unit =
        elsewhere.iter().find(|&&unit| [1, 3].contains(&town.units[unit].provider)).or(elsewhere.first())?;
    let rota = Rota { shift: town.carers[carer].shift, off: None };
    let (reference, device) = (town.carers[carer].reference.clone(), town.carers[carer].device.clone());
    let second = add_carer(town, unit, &rota, random);
    let entry = &mut town.carers[second];
    (entry.reference, entry.device) = (reference, device);
    entry.second_job = Some((carer, 0));
    Some(second)
}

/// Somebody of the same unit who has other days off.
fn colleague(town: &Town, carer: usize) -> Option<usize> {
    let person = &town.carers[carer];
    let unit = &town.units[person.unit];
    unit.carers.iter().copied().find(|&other| {
        let it = &town.carers[other];
        other != carer && it.hired.is_none() && it.second_job.is_none() && it.off != person.off
    })
}

/// A carer who is on nobody's rota.
fn ghost(town: &mut Town, carer: usize, random: &mut Random) -> usize {
    let rota = Rota { shift: town.carers[carer].shift, off: None };
    let unit = town.carers[carer].unit;
    let ghost = add_carer(town, unit, &rota, random);
    town.carers[ghost].device = Arc::clone(&town.carers[carer].device);
    ghost
}

/// Some clients' orders end in the first days of the scheme.
fn end_orders(town: &mut Town, plot: &Plot, why: Leaves, random: &mut Random) -> Option<()> {
    let clients = pick(town, *plot.actors.first()?, 3, random, |_| true)?;
    let span = i64::from(plot.days.1.min(town.days).saturating_sub(plot.days.0)).max(1);
    for client in clients {
        let day = plot.days.0 + random.between(0, span / 2) as u32;
        town.clients[client].life.goes =
            Some(Farewell { day, why, cleaned_on: None, known_after_days: random.between(0, 3) as u32 });
        let goes = town.at(day, 0);
        town.clients[client].stays.retain(|stay| stay.to < goes);
    }
    Some(())
}

/// Some clients are said to be away for a day, twice a week.
fn days_away(town: &mut Town, plot: &mut Plot, random: &mut Random) -> Option<()> {
    plot.memory.clients = pick(town, *plot.actors.first()?, 2, random, |it| daily(it) <= 1)?;
    for (number, &client) in plot.memory.clients.iter().enumerate() {
        let mut day = plot.days.0 + 2 * number as u32;
        while day < plot.days.1.min(town.days) {
            let (from, to) = (town.at(day, 3600), town.at(day, 23 * 3600));
            let whole_days = Span::new(town.at(day, 0), town.at(day + 1, 0));
            town.clients[client].stays.push(Stay {
                kind: AbsenceKind::Away,
                confirmed_by: ClientAbsenceConfirmedBy::Provider,
                from,
                to,
                recorded_at: from.plus(-6 * 3600),
                whole_days,
            });
            day += 3 + random.between(0, 1) as u32;
        }
    }
    Some(())
}

/// Moves the scheme to where not everybody is new.
fn after_the_first_month(town: &Town, plot: &mut Plot, random: &mut Random) -> Option<()> {
    let length = plot.days.1 - plot.days.0;
    let month = |day: u32| town.zone.month(town.at(day, 12 * 3600));
    let second = (0..town.days).find(|day| month(*day) != month(0))?.max(BEGINS);
    let latest = town.days.saturating_sub(length).max(second);
    let begins = random.between(i64::from(second), i64::from(latest)) as u32;
    plot.days = (begins, begins + length);
    Some(())
}

/// Moves the scheme so that it ends with a month, where one ends in time.
fn within_a_month(town: &Town, plot: &mut Plot) {
    let length = plot.days.1 - plot.days.0;
    let month = |day: u32| town.zone.month(town.at(day, 12 * 3600));
    let ends = |&after: &u32| BEGINS + length <= after && month(after - 1) != month(after);
    if let Some(after) = (1..=town.days).rev().find(ends) {
        plot.days = (after - length, after);
    }
}

/// Two clients of five come to the provider within a few weeks, at one end of the town.
fn come_later(town: &mut Town, provider: usize, random: &mut Random) {
    let until = i64::from((BEGINS + 30).min(town.days.saturating_sub(1)).max(BEGINS));
    for index in 0..town.clients.len() {
        let client = &town.clients[index];
        let own = town.units[client.unit].provider == provider && client.spouse.is_none();
        if own && client.life.goes.is_none() && random.chance(0.4) {
            let day = random.between(i64::from(BEGINS), until) as u32;
            town.clients[index].life.comes = Some(day);
            town.clients[index].life.reassessed = None;
        }
    }
}
