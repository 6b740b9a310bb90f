//! Clients with their homes, and the visits that are ordered for them.

use std::sync::Arc;

use super::lives;
use crate::domain::{CaptureMethod, GrantPer};
use crate::simulate::clients::{Client, Joint, Need, OrderedService, ServiceKind};
use crate::simulate::people::Shift;
use crate::simulate::places::{moved, offset, pseudonym};
use crate::simulate::random::Random;
use crate::simulate::town::Town;

/// Fills a unit with clients; a household in 32 has two of them.
pub(super) fn add_clients(town: &mut Town, unit: usize, count: usize, random: &mut Random) {
    let office = town.units[unit].office;
    let far = 7_000.0 + 5_000.0 * random.unit();
    let village = offset(office, far, random);
    let mut left = count;
    while 0 < left {
        // A few live outside the town, in a village of their own.
        let (middle, spread) = if left % 16 == 5 { (village, 250.0) } else { (office, 450.0) };
        let home = moved(middle, spread * random.normal(), spread * random.normal());
        let first = town.clients.len();
        let couple = 1 < left && random.chance(0.031);
        let method = home_method(random);
        let joint = [Joint::Adjacent, Joint::Shared, Joint::Both][random.weighted(&[0.4, 0.35, 0.25])];
        for index in first..=first + usize::from(couple) {
            let spouse = couple.then_some(2 * first + 1 - index);
            town.clients.push(Client {
                reference: format!("client-{:06x}", pseudonym(index)).into(),
                unit,
                household: format!("hh-{first}").into(),
                spouse,
                joint,
                home,
                method,
                tag: tag(method, index),
                pace: 0.15 * random.normal(),
                needs: Vec::new(),
                stays: Vec::new(),
                life: lives::draw(town, couple, random),
                favourite: None,
            });
            town.units[unit].clients.push(index);
        }
        let needs = draw_needs(couple, random);
        for index in first..town.clients.len() {
            order_needs(town, index, &needs);
        }
        left -= 1 + usize::from(couple);
    }
}

/// Every thirtieth client has one carer by day whenever that one works: a language, a habit.
pub(super) fn choose_favourites(town: &mut Town, unit: usize, random: &mut Random) {
    let by_day = |&carer: &usize| town.carers[carer].shift == Shift::Day;
    let day: Vec<usize> = town.units[unit].carers.iter().copied().filter(by_day).collect();
    for index in 0..town.units[unit].clients.len() {
        if random.chance(0.033) {
            let client = town.units[unit].clients[index];
            town.clients[client].favourite = random.pick(&day).copied();
        }
    }
}

fn tag(method: CaptureMethod, client: usize) -> Option<Arc<str>> {
    match method {
        CaptureMethod::GpsApp | CaptureMethod::Telephony => None,
        CaptureMethod::DigitalLock => Some(format!("lock-{client}").into()),
        _ => Some(format!("tag-{client}").into()),
    }
}

const DAILY: u8 = 0b111_1111;

/// The visits that a household needs: two in five a couple of times a week, the others daily.
fn draw_needs(couple: bool, random: &mut Random) -> Vec<Need> {
    let mut needs = Vec::new();
    let level = random.weighted(&[0.40, 0.24, 0.18, 0.12, 0.06]);
    let staff = if 2 <= level && !couple && random.chance(0.10) { 2 } else { 1 };
    if level == 0 || random.chance(0.45) {
        weekly(&mut needs, if level == 0 { 2 } else { 1 }, random);
    }
    let times: &[usize] = match level {
        0 => &[],
        1 => &[[0, 0, 0, 1, 2][random.index(5)]],
        2 => &[0, 2],
        3 => &[0, 1, 2],
        _ => &[0, 1, 2, 3],
    };
    for &time in times {
        let (middle, sd) =
            [(29_700.0, 3_300.0), (44_100.0, 1_700.0), (63_000.0, 4_500.0), (74_400.0, 1_300.0)][time];
        let mut second = (middle + sd * random.normal()) as i32;
        second = second.clamp(7 * 3600 + 600, 21 * 3600 + 1200);
        let short = random.chance(if time == 3 { 0.8 } else { 0.42 });
        let service = match short {
            true if time == 1 && random.chance(0.15) => ServiceKind::Meal,
            true => ServiceKind::Medication,
            false => ServiceKind::Hygiene,
        };
        let minutes = if short { random.between(1, 3) } else { random.between(4, 7) } * 5;
        let staff = if service == ServiceKind::Hygiene { staff } else { 1 };
        needs.push(Need { service, minutes, second, weekdays: DAILY, staff, order: 0 });
    }
    if level == 4 && random.chance(0.6) {
        let second = (22 * 3600 + 2400) + random.between(0, 8 * 3600) as i32;
        let minutes = random.between(1, 3) * 5;
        let (service, staff) = (ServiceKind::NightCheck, if random.chance(0.1) { 2 } else { 1 });
        needs.push(Need { service, minutes, second, weekdays: DAILY, staff, order: 0 });
    }
    if random.chance(0.05) {
        let second = 36_000 + random.between(0, 14_400) as i32;
        needs.push(Need {
            service: ServiceKind::Call,
            minutes: 5,
            second,
            weekdays: 0b001_0101,
            staff: 1,
            order: 0,
        });
    }
    needs
}

/// Visits once a week: cleaning, shopping, relief and escort.
fn weekly(needs: &mut Vec<Need>, count: usize, random: &mut Random) {
    let services = [ServiceKind::Cleaning, ServiceKind::Shopping, ServiceKind::Relief, ServiceKind::Escort];
    for _ in 0..count {
        let service = services[random.weighted(&[0.42, 0.26, 0.22, 0.10])];
        let minutes = match service {
            ServiceKind::Relief | ServiceKind::Escort => random.between(12, 36) * 5,
            _ => random.between(9, 20) * 5,
        };
        let second = 34_200 + random.between(0, 16_200) as i32;
        let weekdays = 1 << random.between(0, 4);
        needs.push(Need { service, minutes, second, weekdays, staff: 1, order: 0 });
    }
}

/// One order for each service of the client. The grant follows the real length of its visits, so that about
/// three quarters of it are used.
fn order_needs(town: &mut Town, client: usize, needs: &[Need]) {
    let mut needs = needs.to_vec();
    let first = town.orders.len();
    let ratio = town.providers[town.units[town.clients[client].unit].provider].grant_ratio
        * town.clients[client].pace.max(0.0).exp();
    for need in &mut needs {
        let place = town.orders[first..].iter().position(|order| order.service == need.service);
        need.order = place.map_or(town.orders.len(), |place| first + place);
        let night = need.service == ServiceKind::NightCheck;
        if place.is_none() {
            town.orders.push(OrderedService {
                id: format!("O-{}-{}", client, town.orders.len() - first).into(),
                client,
                provider: if night { 0 } else { town.units[town.clients[client].unit].provider },
                service: need.service,
                granted_minutes: 0,
                granted_per: GrantPer::Month,
                staff: 1,
            });
        }
        let order = &mut town.orders[need.order];
        order.staff = order.staff.max(need.staff);
        let days = f64::from(need.weekdays.count_ones()) / 7.0 * 31.0;
        // With four visits a month, one long visit may use up the grant.
        let ratio = if need.weekdays.count_ones() < 3 { 1.15 * ratio } else { ratio };
        order.granted_minutes +=
            (need.minutes as f64 * days.ceil() * f64::from(need.staff) * ratio / 5.0).ceil() as u32 * 5;
    }
    town.clients[client].needs = needs;
}

/// The capture method at a home.
fn home_method(random: &mut Random) -> CaptureMethod {
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
