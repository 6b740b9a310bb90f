//! The visits of a day as they take place: who was where, from when to when.
//!
//! Nobody is in two homes at once, and every way is travelled: a contradiction comes from the registering only.

use std::sync::Arc;

use super::clients::{Joint, ServiceKind};
use super::people::Shift;
use super::places::travel_seconds;
use super::random::Random;
use super::route::{Handover, Job, Want};
use super::town::Town;
use crate::domain::{Coordinates, Span, UtcSecond, VisitKind, VisitOutcome};

/// Shortest gap between two visits at one client, in seconds; a carer who is called back sooner continues the
/// visit before. Starts that are rounded by hand then never coincide.
const BETWEEN_SECONDS_MIN: i64 = 330;

/// One carer at one client.
#[derive(Clone, Debug)]
pub(super) struct ActualVisit {
    pub(super) id: Arc<str>,
    pub(super) carer: usize,
    pub(super) client: usize,
    pub(super) start: UtcSecond,
    pub(super) end: UtcSecond,
    pub(super) planned: Option<Span>,
    pub(super) service: ServiceKind,
    pub(super) kind: VisitKind,
    pub(super) outcome: VisitOutcome,
    pub(super) staff: u8,
    /// The other carer's registration.
    pub(super) partner: Option<Arc<str>>,
    pub(super) shared_visit: Option<Arc<str>>,
    /// Billed once for two clients.
    pub(super) halved: bool,
    pub(super) trainee: bool,
}

/// Gives out registration ids.
#[derive(Debug, Default)]
pub(super) struct Ids(u64);

impl Ids {
    pub(super) fn next(&mut self) -> Arc<str> {
        self.0 += 1;
        format!("R-{}", self.0).into()
    }
}

/// Where everybody is.
pub(super) struct Walk {
    free: Vec<UtcSecond>,
    place: Vec<Coordinates>,
    /// When the last carer left a client.
    left: Vec<UtcSecond>,
}

impl Walk {
    pub(super) fn new(town: &Town) -> Self {
        Self {
            free: vec![UtcSecond(i64::MIN); town.carers.len()],
            place: town.carers.iter().map(|carer| town.units[carer.unit].office).collect(),
            left: vec![UtcSecond(i64::MIN); town.clients.len()],
        }
    }

    /// Makes the visits of `day`. Handovers to the next morning get the end of the night's visit.
    pub(super) fn day(
        &mut self,
        town: &Town,
        day: u32,
        jobs: &[Job],
        carried: &mut Vec<Want>,
        ids: &mut Ids,
        random: &mut Random,
    ) -> Vec<ActualVisit> {
        for unit in 0..town.units.len() {
            for carer in town.on_duty(unit, day) {
                let begin = town.at(day, town.carers[carer].shift.hours().0);
                self.free[carer] = self.free[carer].max(begin);
                self.place[carer] = town.units[unit].office;
            }
        }
        let mut order: Vec<usize> = (0..jobs.len()).collect();
        order.sort_by_key(|&job| (jobs[job].start, job));
        let mut made: Vec<Option<(UtcSecond, UtcSecond)>> = vec![None; jobs.len()];
        let mut visits = Vec::with_capacity(jobs.len() + jobs.len() / 8);
        for number in order {
            let job = &jobs[number];
            let before = match job.want.handover {
                Some(Handover::From(first)) => made[first],
                Some(Handover::Began(start, end)) => Some((start, end)),
                None => None,
            };
            if job.want.handover.is_some() && before.is_none() {
                continue;
            }
            let from = visits.len();
            if job.want.spouse.is_some() {
                self.joint(town, job, ids, random, &mut visits);
            } else {
                self.single(town, job, before, ids, random, &mut visits);
            }
            made[number] = visits.get(from).map(|visit| (visit.start, visit.end));
        }
        carried.retain_mut(|want| {
            let Some(Handover::From(number)) = want.handover else { return false };
            want.handover = made[number].map(|(start, end)| Handover::Began(start, end));
            want.handover.is_some()
        });
        follow(town, day, ids, random, &mut visits);
        visits
    }

    /// When the carers of `job` can begin: all of them there, and somebody at home to let them in.
    fn begin(&self, town: &Town, job: &Job, random: &mut Random) -> (UtcSecond, UtcSecond) {
        let home = town.clients[job.want.client].home;
        let carers = std::iter::once(job.carers.0).chain(job.carers.1);
        let mut reached = UtcSecond(i64::MIN);
        for carer in carers {
            let way = match job.want.kind {
                VisitKind::Remote => 0,
                _ if self.place[carer] == home => BETWEEN_SECONDS_MIN,
                _ => (travel_seconds(self.place[carer], home) * (0.85 + 0.4 * random.unit())) as i64,
            };
            reached = reached.max(self.free[carer].plus(way + 1));
        }
        let late = (240.0 * random.normal()).clamp(-600.0, 1_500.0) as i64;
        (reached, reached.max(job.start.plus(late)))
    }

    fn single(
        &mut self,
        town: &Town,
        job: &Job,
        before: Option<(UtcSecond, UtcSecond)>,
        ids: &mut Ids,
        random: &mut Random,
        visits: &mut Vec<ActualVisit>,
    ) {
        let want = &job.want;
        let client = &town.clients[want.client];
        let (reached, mut start) = self.begin(town, job, random);
        let mut seconds = length(town, job.carers.0, want.client, want, random);
        let left = self.left[want.client].plus(random.between(BETWEEN_SECONDS_MIN, 600));
        if let Some((came, leaves)) = before {
            let meets = leaves.plus(-random.between(70, 540)).max(reached);
            start = if came.plus(240) < meets { meets } else { start.max(left) };
            seconds = seconds.max(leaves.since(start) + 180);
        } else if !matches!(want.kind, VisitKind::Alarm | VisitKind::Remote) {
            start = start.max(left);
        }
        let mut outcome = outcome(want, client.life.declines, random);
        if let Some(stay) = client.away_at(start) {
            // The absence was not known: the carer stands at the door.
            if stay.recorded_at <= start || random.chance(0.5) {
                return;
            }
            outcome = VisitOutcome::ClientAbsent;
        }
        match outcome {
            VisitOutcome::Performed => {}
            VisitOutcome::Partly => seconds = (seconds * 3 / 5).max(60),
            VisitOutcome::Declined | VisitOutcome::ClientAbsent | VisitOutcome::CancelledLate => {
                seconds = random.between(60, 300);
            }
        }
        let end = start.plus(seconds);
        let span = Span::new(start, end).expect("lengths are positive");
        if outcome != VisitOutcome::ClientAbsent && client.away_during(span) {
            return;
        }
        let mut visit = ActualVisit {
            id: ids.next(),
            carer: job.carers.0,
            client: want.client,
            start,
            end,
            planned: planned(job, 0, want.minutes * 60),
            service: want.service,
            kind: want.kind,
            outcome,
            staff: want.staff,
            partner: None,
            shared_visit: None,
            halved: false,
            trainee: false,
        };
        if let Some(carer) = job.carers.1 {
            let second = beside(&mut visit, carer, ids.next(), random);
            self.leave(town, &second);
            visits.push(visit);
            self.leave(town, visits.last().expect("just pushed"));
            visits.push(second);
        } else {
            self.leave(town, &visit);
            visits.push(visit);
        }
    }

    /// One carer at a couple's: both of them, or the one who is at home.
    fn joint(
        &mut self,
        town: &Town,
        job: &Job,
        ids: &mut Ids,
        random: &mut Random,
        visits: &mut Vec<ActualVisit>,
    ) {
        let want = &job.want;
        let couple = [want.client, want.spouse.unwrap_or(want.client)];
        let (_, mut start) = self.begin(town, job, random);
        let lengths = couple.map(|client| length(town, job.carers.0, client, want, random));
        if want.kind != VisitKind::Remote {
            start = couple
                .iter()
                .fold(start, |start, &client| start.max(self.left[client].plus(BETWEEN_SECONDS_MIN)));
        }
        let total = lengths[0] + lengths[1];
        let there = couple.map(|client| {
            let span = Span::new(start, start.plus(total + 60)).expect("lengths are positive");
            let client = &town.clients[client];
            client.away_at(start).is_none() && !client.away_during(span)
        });
        let both = there[0] && there[1];
        let mode = town.clients[want.client].joint;
        let shared = (both && mode == Joint::Shared).then(|| ids.next());
        let mut begin = start;
        for index in (0..2).filter(|&index| there[index]) {
            let whole = want.minutes * 60;
            let (span, plan) = match mode {
                _ if !both => ((start, start.plus(lengths[index])), planned(job, 0, whole)),
                Joint::Adjacent => {
                    let span = (begin, begin.plus(lengths[index]));
                    begin = span.1.plus(random.between(-20, 20));
                    (span, planned(job, whole * index as i64, whole))
                }
                Joint::Shared => ((start, start.plus(total)), planned(job, 0, 2 * whole)),
                Joint::Both => {
                    let apart = index as i64 * random.between(5, 40);
                    let end = start.plus(total + index as i64 * random.between(-30, 40));
                    ((start.plus(apart), end), planned(job, 0, 2 * whole))
                }
            };
            visits.push(ActualVisit {
                id: ids.next(),
                carer: job.carers.0,
                client: couple[index],
                start: span.0,
                end: span.1,
                planned: plan,
                service: want.service,
                kind: want.kind,
                outcome: VisitOutcome::Performed,
                staff: 1,
                partner: None,
                shared_visit: shared.clone(),
                halved: both && mode != Joint::Adjacent,
                trainee: false,
            });
            self.leave(town, visits.last().expect("just pushed"));
        }
    }

    fn leave(&mut self, town: &Town, visit: &ActualVisit) {
        self.free[visit.carer] = self.free[visit.carer].max(visit.end);
        if visit.kind != VisitKind::Remote {
            self.place[visit.carer] = town.clients[visit.client].home;
            self.left[visit.client] = self.left[visit.client].max(visit.end);
        }
    }
}

/// The second carer of a double-staffed visit, who sometimes only helps with the lift.
fn beside(visit: &mut ActualVisit, carer: usize, id: Arc<str>, random: &mut Random) -> ActualVisit {
    let seconds = visit.end.since(visit.start);
    let mut second = visit.clone();
    second.carer = carer;
    second.start = visit.start.plus(random.between(0, 120).min(seconds / 4));
    second.end = if random.chance(0.08) {
        visit.start.plus(seconds * random.between(45, 65) / 100)
    } else {
        visit.end.plus(-random.between(0, 90).min(seconds / 4))
    };
    second.partner = Some(visit.id.clone());
    visit.partner = Some(id.clone());
    second.id = id;
    second
}

/// Trainees go along with the first carer of their unit's day.
fn follow(town: &Town, day: u32, ids: &mut Ids, random: &mut Random, visits: &mut Vec<ActualVisit>) {
    for (unit, trainee) in town.units.iter().enumerate().filter_map(|(unit, it)| Some((unit, it.trainee?))) {
        let mentor = town.on_duty(unit, day).find(|&carer| town.carers[carer].shift == Shift::Day);
        let Some(mentor) = mentor.filter(|_| town.carers[trainee].works(day)) else { continue };
        for index in 0..visits.len() {
            if visits[index].carer != mentor || visits[index].kind == VisitKind::Remote {
                continue;
            }
            let mut along = visits[index].clone();
            let slack = (along.end.since(along.start) / 4).min(30);
            along.id = ids.next();
            along.carer = trainee;
            along.start = along.start.plus(random.between(0, slack));
            along.end = along.end.plus(-random.between(0, slack));
            along.trainee = true;
            along.partner = None;
            visits.push(along);
        }
    }
}

fn planned(job: &Job, after: i64, seconds: i64) -> Option<Span> {
    let start = job.start.plus(after);
    let known = !matches!(job.want.kind, VisitKind::Alarm | VisitKind::Unplanned);
    Span::new(start, start.plus(seconds)).filter(|_| known)
}

/// Real length of a visit in seconds: heavy-tailed around the plan, with one mishap in a hundred.
fn length(town: &Town, carer: usize, client: usize, want: &Want, random: &mut Random) -> i64 {
    let pace = town.clients[client].pace + town.carers[carer].pace;
    let mut ratio = (pace + 0.22 * random.student_5()).exp();
    if random.chance(0.008) {
        ratio *= 1.5 + random.unit();
    }
    ((want.minutes as f64 * 60.0 * ratio.clamp(0.2, 3.5)) as i64).clamp(90, 5 * 3600)
}

fn outcome(want: &Want, declines: f64, random: &mut Random) -> VisitOutcome {
    const OUTCOMES: [VisitOutcome; 5] = [
        VisitOutcome::Performed,
        VisitOutcome::Declined,
        VisitOutcome::Partly,
        VisitOutcome::ClientAbsent,
        VisitOutcome::CancelledLate,
    ];
    let whole = want.staff == 2 || want.handover.is_some() || want.kind == VisitKind::Remote;
    if whole {
        VisitOutcome::Performed
    } else {
        OUTCOMES[random.weighted(&[0.985 - declines, declines, 0.008, 0.005, 0.002])]
    }
}
