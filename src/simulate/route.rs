//! The plan of a day: which carer is to be with which client, when.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::clients::ServiceKind;
use super::people::Shift;
use super::places::{pseudonym, travel_seconds};
use super::random::Random;
use super::town::{NIGHT_UNIT, Town};
use crate::domain::{Coordinates, UtcSecond, VisitKind};

/// Longest delay from the desired to the planned start, in seconds; a later visit is not made.
const DELAY_SECONDS_MAX: i64 = 3 * 3600;

/// Largest cost at which a favourite carer is sent.
const FAVOUR_SECONDS: i64 = 2_400;

/// Whose end a handover waits for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Handover {
    /// A job of the same day, by its number.
    From(usize),
    /// A visit of the night before: its start and end.
    Began(UtcSecond, UtcSecond),
}

/// A visit that somebody has to make.
#[derive(Clone, Debug)]
pub(super) struct Want {
    pub(super) unit: usize,
    pub(super) desired: UtcSecond,
    pub(super) minutes: i64,
    pub(super) client: usize,
    /// The other one of a couple, visited jointly.
    pub(super) spouse: Option<usize>,
    pub(super) service: ServiceKind,
    pub(super) kind: VisitKind,
    pub(super) staff: u8,
    pub(super) handover: Option<Handover>,
    /// Only this shift may make it.
    pub(super) shift: Option<Shift>,
}

/// A visit with its carers and its planned start.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) want: Want,
    pub(super) start: UtcSecond,
    pub(super) carers: (usize, Option<usize>),
}

/// A carer on duty, as far as the day is planned.
struct Duty {
    carer: usize,
    from: UtcSecond,
    until: UtcSecond,
    free: UtcSecond,
    place: Coordinates,
}

/// The jobs of `day`; `carried` are the handovers of the night before, and are replaced by those to
/// the morning after.
pub(super) fn jobs(town: &Town, day: u32, carried: &mut Vec<Want>, random: &mut Random) -> Vec<Job> {
    let mut wants = wants(town, day, random);
    wants.append(carried);
    let mut duties: Vec<Vec<Duty>> = (0..town.units.len()).map(|unit| duties(town, unit, day)).collect();
    let mut queue: BinaryHeap<_> =
        wants.iter().enumerate().map(|(index, want)| Reverse((want.desired, index))).collect();
    let mut jobs: Vec<Job> = Vec::with_capacity(wants.len());
    while let Some(Reverse((_, index))) = queue.pop() {
        let want = wants[index].clone();
        let Some((start, carers)) = place(town, &want, &mut duties[want.unit]) else { continue };
        let number = jobs.len();
        jobs.push(Job { want, start, carers });
        match handover(town, day, number, &jobs[number], random) {
            // The morning shift's day is not planned yet.
            Some(next) if next.shift == Some(Shift::Day) => carried.push(next),
            Some(next) => {
                queue.push(Reverse((next.desired, wants.len())));
                wants.push(next);
            }
            None => {}
        }
    }
    jobs
}

fn duties(town: &Town, unit: usize, day: u32) -> Vec<Duty> {
    let duty = |carer: usize| {
        let (from, until) = town.carers[carer].shift.hours();
        let from = town.at(day, from);
        Duty { carer, from, until: town.at(day, until), free: from, place: town.units[unit].office }
    };
    town.on_duty(unit, day).map(duty).collect()
}

/// What is desired on `day`: the standing needs, what comes up, and alarms.
fn wants(town: &Town, day: u32, random: &mut Random) -> Vec<Want> {
    let mut wants = Vec::new();
    let today = 1 << town.weekday(day);
    for (index, client) in town.clients.iter().enumerate() {
        if client.life.goes.is_some_and(|end| end.cleaned_on == Some(day)) {
            wants.push(clean_out(town, day, index));
        }
        if !client.life.is_client(day) {
            continue;
        }
        // A couple's needs are met jointly, and stand with the first of the two.
        let joint = client.spouse.filter(|&spouse| index < spouse);
        for (number, need) in client.needs.iter().enumerate().filter(|(_, need)| need.weekdays & today != 0) {
            let met = client.spouse.is_some() && joint.is_none();
            let desired = town.at(day, need.second);
            let cancelled_in_time = |client: usize| {
                town.clients[client].away_at(desired).is_some_and(|stay| stay.recorded_at < desired)
            };
            let skipped = random.chance(0.012) || dropped(town, day, index, number);
            if met || skipped || (cancelled_in_time(index) && joint.is_none_or(cancelled_in_time)) {
                continue;
            }
            let night = need.service == ServiceKind::NightCheck;
            wants.push(Want {
                unit: if night { NIGHT_UNIT } else { client.unit },
                desired,
                minutes: client.life.minutes(need.minutes, day),
                client: index,
                spouse: joint,
                service: need.service,
                kind: need.service.kind(),
                staff: need.staff,
                handover: None,
                shift: None,
            });
        }
        if random.chance(0.04) {
            let second = random.between(7 * 3600 + 1800, 21 * 3600) as i32;
            wants.push(sudden(town, day, index, second, VisitKind::Unplanned, random));
        }
        if random.chance(0.012) {
            let second = random.between(7 * 3600 + 600, 31 * 3600 - 600) as i32;
            wants.push(sudden(town, day, index, second, VisitKind::Alarm, random));
        }
    }
    wants
}

/// Is this visit no longer wanted, because a provider's clients suddenly need less?
fn dropped(town: &Town, day: u32, client: usize, need: usize) -> bool {
    let Some((provider, from)) = town.drop else { return false };
    from <= day
        && town.units[town.clients[client].unit].provider == provider
        && pseudonym(7 * client + need).is_multiple_of(3)
}

/// A home is cleaned out after its client died.
fn clean_out(town: &Town, day: u32, client: usize) -> Want {
    Want {
        unit: town.clients[client].unit,
        desired: town.at(day, 10 * 3600),
        minutes: 120,
        client,
        spouse: None,
        service: ServiceKind::Cleaning,
        // Nobody is helped at home: registered as the errand that it is.
        kind: VisitKind::Errand,
        staff: 1,
        handover: None,
        shift: None,
    }
}

fn sudden(town: &Town, day: u32, client: usize, second: i32, kind: VisitKind, random: &mut Random) -> Want {
    Want {
        unit: if second < 22 * 3600 { town.clients[client].unit } else { NIGHT_UNIT },
        desired: town.at(day, second),
        minutes: random.between(2, 5) * 5,
        client,
        spouse: None,
        service: acute(town, client, kind),
        kind,
        staff: 1,
        handover: None,
        shift: None,
    }
}

/// Unplanned help is given on one of the client's daily orders, where there is one.
fn acute(town: &Town, client: usize, kind: VisitKind) -> ServiceKind {
    let ordered = |service| town.clients[client].needs.iter().any(|need| need.service == service);
    match kind {
        VisitKind::Unplanned if !ordered(ServiceKind::Hygiene) && ordered(ServiceKind::Medication) => {
            ServiceKind::Medication
        }
        _ => ServiceKind::Hygiene,
    }
}

/// Gives a visit to who can be there first, and of those to the nearest.
fn place(town: &Town, want: &Want, duties: &mut [Duty]) -> Option<(UtcSecond, (usize, Option<usize>))> {
    let home = town.clients[want.client].home;
    let joint = if want.spouse.is_some() { 2 } else { 1 };
    let seconds = want.minutes * 60 * joint;
    let delay = if want.handover.is_some() { 600 } else { DELAY_SECONDS_MAX };
    let mut best: [Option<(i64, UtcSecond, usize)>; 2] = [None; 2];
    let may = |duty: &Duty| want.shift.is_none_or(|shift| town.carers[duty.carer].shift == shift);
    for (index, duty) in duties.iter().enumerate().filter(|(_, duty)| may(duty)) {
        let way = if want.kind == VisitKind::Remote { 0.0 } else { travel_seconds(duty.place, home) };
        let reached = duty.free.plus((way * 1.1) as i64).max(want.desired);
        let start = reached.plus((-reached.0).rem_euclid(300));
        if start < duty.from || duty.until < start.plus(seconds) || delay < start.since(want.desired) {
            continue;
        }
        let liked = town.clients[want.client].favourite == Some(duty.carer);
        let offer = Some((start.0 + way as i64 - if liked { FAVOUR_SECONDS } else { 0 }, start, index));
        if best[0].is_none() || offer < best[0] {
            best = [offer, best[0]];
        } else if best[1].is_none() || offer < best[1] {
            best[1] = offer;
        }
    }
    let (_, mut start, first) = best[0]?;
    let second = if want.staff == 2 { Some(best[1]?) } else { None };
    if let Some((_, other, _)) = second {
        start = start.max(other);
    }
    for index in std::iter::once(first).chain(second.map(|(_, _, index)| index)) {
        duties[index].free = start.plus(seconds);
        if want.kind != VisitKind::Remote {
            duties[index].place = home;
        }
    }
    Some((start, (duties[first].carer, second.map(|(_, _, index)| duties[index].carer))))
}

/// Near the change of shifts, the next shift sometimes takes over at the client's.
fn handover(town: &Town, day: u32, number: usize, job: &Job, random: &mut Random) -> Option<Want> {
    let want = &job.want;
    let plain = matches!(want.kind, VisitKind::Planned | VisitKind::NightTour | VisitKind::Unplanned);
    // A few minutes are nothing to hand over.
    if !plain || want.minutes < 20 || want.staff != 1 || want.spouse.is_some() || want.handover.is_some() {
        return None;
    }
    let end = job.start.plus(want.minutes * 60);
    let clock = end.since(town.at(day, 0)) / 60;
    let near = |hour: i64| (hour * 60 - 25..=hour * 60 + 20).contains(&clock);
    let (unit, shift) = match town.carers[job.carers.0].shift {
        Shift::Day if near(15) => (want.unit, Shift::Evening),
        Shift::Evening if near(22) => (NIGHT_UNIT, Shift::Night),
        Shift::Night if near(31) => (town.clients[want.client].unit, Shift::Day),
        _ => return None,
    };
    random.chance(0.3).then(|| Want {
        unit,
        desired: end,
        minutes: random.between(2, 3) * 5,
        client: want.client,
        spouse: None,
        service: want.service,
        kind: if unit == NIGHT_UNIT { VisitKind::NightTour } else { VisitKind::Planned },
        staff: 1,
        handover: Some(Handover::From(number)),
        shift: Some(shift),
    })
}
