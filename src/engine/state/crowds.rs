//! Crowds: local days on which a carer or a client has more visits than any person.
//!
//! A source that books unassigned visits on one name makes a placeholder of it. Its visits contradict each other by the
//! thousand, which says one thing. On such a day a visit is compared with none of the carer's, or the client's, other
//! visits, and none with it; what is left is one finding about the pay period, and a constant bound on the work of one
//! registration, as a day without a crowd has at most [`VISITS_A_DAY_MAX`] visits. A crowd is a function of the visits
//! that count, so that neither their order nor a correction shows in it.

use crate::domain::{Span, UtcSecond};
use crate::engine::model::period::{PeriodSubject, SubjectPeriod};
use crate::engine::model::visit::Visit;
use crate::engine::model::{DAY_SECONDS, NEIGHBOURS_MAX};
use crate::engine::state::municipality::{EntityState, State, nobody};
use crate::engine::state::timeline::{Pin, Placed};
use crate::engine::totals::count::Change;
use hashbrown::HashMap;

/// A moment: many sources write whole quarters of an hour.
const MOMENT_SECONDS: i64 = 900;
/// Visits of a carer or a client on one day at most: one every six minutes, day and night.
const VISITS_A_DAY_MAX: usize = 256;
/// Moments of the longest day, and of a visit of 24 hours at its end.
const MOMENTS_MAX: usize = 200;

/// One crowd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Crowd {
    /// The local day: visits that start in it belong to the crowd.
    pub(in crate::engine) day: Span,
    /// Visits in a home among them, without those that their source groups as one.
    pub(in crate::engine) at_home: u32,
}

/// The crowds of a municipality.
#[derive(Default)]
pub(in crate::engine) struct Crowds {
    /// By carer or client, in order of day.
    by_subject: HashMap<PeriodSubject, Vec<Crowd>>,
    /// Days that became one, or ceased to be one.
    changed: Vec<(PeriodSubject, Span)>,
    /// Dirty pay periods: a crowd in them changed since they were last assessed.
    pub(in crate::engine) counted: Vec<SubjectPeriod>,
}

impl Crowds {
    /// The crowds of a carer or a client, in order of day.
    pub(in crate::engine) fn of(&self, subject: PeriodSubject) -> &[Crowd] {
        // Hardly any municipality has one.
        if self.by_subject.is_empty() {
            &[]
        } else {
            self.by_subject.get(&subject).map_or(&[], Vec::as_slice)
        }
    }

    /// Takes the days that became a crowd, or ceased to be one.
    pub(in crate::engine) fn take_changed(&mut self) -> Vec<(PeriodSubject, Span)> {
        std::mem::take(&mut self.changed)
    }

    /// Drops the days that end before `horizon`.
    pub(in crate::engine) fn expire(&mut self, horizon: UtcSecond) {
        self.by_subject.retain(|_, crowds| {
            crowds.retain(|crowd| horizon < crowd.day.end());
            !crowds.is_empty()
        });
    }
}

/// Whether a visit that starts at `start` belongs to one of `crowds`.
pub(in crate::engine) fn is_in(crowds: &[Crowd], start: UtcSecond) -> bool {
    if crowds.is_empty() {
        return false;
    }
    let at = crowds.partition_point(|crowd| crowd.day.end() <= start);
    crowds.get(at).is_some_and(|crowd| crowd.day.start() <= start)
}

/// Whether the visits of one day are a crowd: too many at one moment, or on the day.
fn is_crowd(pins: &[Pin]) -> bool {
    if pins.len() <= NEIGHBOURS_MAX || VISITS_A_DAY_MAX < pins.len() {
        return VISITS_A_DAY_MAX < pins.len();
    }
    let moment = |at: UtcSecond| at.0.div_euclid(MOMENT_SECONDS);
    let first = moment(pins[0].start());
    let place = |at: UtcSecond| usize::try_from(moment(at) - first).unwrap_or(0).min(MOMENTS_MAX - 1);
    let (mut begin, mut end) = ([0_u16; MOMENTS_MAX], [0_u16; MOMENTS_MAX]);
    for pin in pins {
        begin[place(pin.start())] += 1;
        end[place(pin.end().plus(-1).max(pin.start()))] += 1;
    }
    let mut there = 0;
    begin.iter().zip(end).any(|(begin, end)| {
        there += usize::from(*begin);
        let is_crowd = NEIGHBOURS_MAX < there;
        there -= usize::from(end);
        is_crowd
    })
}

/// Whether the visit says that its carer was at its client's home, apart from others.
fn claims_presence(visit: &Visit) -> bool {
    visit.is_at_home() && visit.shared_visit.is_none()
}

impl State {
    /// Counts a visit that was just inserted or retracted in the crowds of its carer and its client.
    pub(in crate::engine) fn apply_to_crowds(&mut self, visit: &Visit, change: Change) {
        self.apply_to_crowds_of(PeriodSubject::Carer(visit.carer), visit, change);
        self.apply_to_crowds_of(PeriodSubject::Client(visit.client), visit, change);
    }

    fn apply_to_crowds_of(&mut self, subject: PeriodSubject, visit: &Visit, change: Change) {
        let start = visit.span.start();
        let known = self.crowds.of(subject).iter().position(|crowd| is_in(&[*crowd], start));
        match known {
            Some(at) => {
                let day = self.crowds.of(subject)[at].day;
                self.mark_crowd(subject, day);
                let is_over = !change.is_insert() && !is_crowd(self.visits_on(subject, day));
                let Some(crowds) = self.crowds.by_subject.get_mut(&subject) else { return };
                change.count(&mut crowds[at].at_home, u32::from(claims_presence(visit)));
                if is_over {
                    crowds.remove(at);
                    if crowds.is_empty() {
                        self.crowds.by_subject.remove(&subject);
                    }
                    self.crowds.changed.push((subject, day));
                }
            }
            None if change.is_insert() && self.may_be_crowd(subject, visit) => {
                let day = self.settings.zone.span_of(visit.day);
                let pins = self.visits_on(subject, day);
                if !is_crowd(pins) {
                    return;
                }
                // The visit itself is on the timeline and not in the ledger yet.
                let is_there = |pin: &&Pin| {
                    let known =
                        if pin.slot == visit.slot { Some(visit) } else { self.ledger.visit(pin.slot) };
                    known.is_some_and(claims_presence)
                };
                let at_home = pins.iter().filter(is_there).count();
                let crowd = Crowd { day, at_home: u32::try_from(at_home).unwrap_or(u32::MAX) };
                let crowds = self.crowds.by_subject.entry(subject).or_default();
                let at = crowds.partition_point(|known| known.day < day);
                crowds.insert(at, crowd);
                self.crowds.changed.push((subject, day));
                self.mark_crowd(subject, day);
            }
            None => {}
        }
    }

    /// Marks the pay period of the day dirty, which need not be that of the visit.
    fn mark_crowd(&mut self, subject: PeriodSubject, day: Span) {
        let period = SubjectPeriod { month: self.settings.zone.month(day.start()), subject };
        if self.crowds.counted.last() != Some(&period) {
            self.crowds.counted.push(period);
        }
    }

    /// The cheap test: enough visits within the day, whenever it begins.
    fn may_be_crowd(&self, subject: PeriodSubject, visit: &Visit) -> bool {
        let timeline = &self.entity(subject).timeline;
        if timeline.all().len() <= NEIGHBOURS_MAX {
            return false;
        }
        let from = visit.span.start().plus(-60 * i64::from(visit.minute) - 2 * 3600);
        let near = timeline.starting(from, from.plus(DAY_SECONDS + 4 * 3600));
        NEIGHBOURS_MAX < near.len()
    }

    fn visits_on(&self, subject: PeriodSubject, day: Span) -> &[Pin] {
        self.entity(subject).timeline.starting(day.start(), day.end())
    }

    /// The carer or the client; an empty one for other subjects.
    pub(in crate::engine) fn entity(&self, subject: PeriodSubject) -> &EntityState {
        match subject {
            PeriodSubject::Carer(carer) => self.carer(carer),
            PeriodSubject::Client(client) => self.client(client),
            _ => nobody(),
        }
    }

    /// The carer and the client of a visit with whose other visits it is compared, each with its crowds.
    pub(in crate::engine) fn comparable<'s>(
        &'s self,
        visit: &Visit,
    ) -> impl Iterator<Item = (&'s EntityState, &'s [Crowd])> + use<'s> {
        let start = visit.span.start();
        let subjects = [PeriodSubject::Carer(visit.carer), PeriodSubject::Client(visit.client)];
        let sides = subjects.map(|subject| (self.entity(subject), self.crowds.of(subject)));
        sides.into_iter().filter(move |(_, crowds)| !is_in(crowds, start))
    }
}

/// The visits of a carer or a client beside one of them, without crowds.
#[derive(Clone, Copy)]
pub(in crate::engine) struct Beside<'a> {
    placed: Placed<'a>,
    crowds: &'a [Crowd],
    is_in_crowd: bool,
}

impl<'a> Beside<'a> {
    /// What lies beside the visit at `placed`: nothing where it belongs to a crowd itself.
    pub(in crate::engine) fn new(placed: Placed<'a>, crowds: &'a [Crowd]) -> Self {
        let is_in_crowd = is_in(crowds, placed.own().start());
        Self { placed: if is_in_crowd { placed.alone() } else { placed }, crowds, is_in_crowd }
    }

    /// Whether the visit itself belongs to a crowd: then there is nothing beside it.
    pub(in crate::engine) const fn is_in_crowd(&self) -> bool {
        self.is_in_crowd
    }

    /// The pins, or none where the visit itself belongs to a crowd.
    pub(in crate::engine) fn or_none(&self, pins: &'a [Pin]) -> &'a [Pin] {
        if self.is_in_crowd { &[] } else { pins }
    }

    /// Whether a visit that starts at `start` belongs to a crowd.
    pub(in crate::engine) fn is_crowd(&self, start: UtcSecond) -> bool {
        is_in(self.crowds, start)
    }

    /// The pin of the visit.
    pub(in crate::engine) fn own(&self) -> &'a Pin {
        self.placed.own()
    }

    /// As [`Placed::earlier`], up to the first that belongs to a crowd.
    pub(in crate::engine) fn earlier(&self, seconds: i64) -> impl Iterator<Item = &'a Pin> + use<'a> {
        let crowds = self.crowds;
        self.placed.earlier(seconds).take_while(move |pin| !is_in(crowds, pin.start()))
    }

    /// As [`Placed::later`], up to the first that belongs to a crowd.
    pub(in crate::engine) fn later(&self, seconds: i64) -> impl Iterator<Item = &'a Pin> + use<'a> {
        let crowds = self.crowds;
        self.placed.later(seconds).take_while(move |pin| !is_in(crowds, pin.start()))
    }

    /// As [`Placed::starting_near`].
    pub(in crate::engine) fn starting_near(&self, seconds: i64) -> impl Iterator<Item = &'a Pin> + use<'a> {
        let crowds = self.crowds;
        self.placed.starting_near(seconds).filter(move |pin| !is_in(crowds, pin.start()))
    }

    /// As [`Placed::reaching`].
    pub(in crate::engine) fn reaching(&self) -> impl Iterator<Item = &'a Pin> + use<'a> {
        let crowds = self.crowds;
        self.placed.reaching().filter(move |pin| !is_in(crowds, pin.start()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::model::visit::Slot;

    fn pins(spans: impl IntoIterator<Item = (i64, i64)>) -> Vec<Pin> {
        let pin = |(slot, (start, seconds))| {
            let span = Span::new(UtcSecond(start), UtcSecond(start + seconds)).expect("ordered");
            Pin::new(span, Slot(slot))
        };
        let mut pins: Vec<Pin> = (0..).zip(spans).map(pin).collect();
        pins.sort_unstable_by_key(|pin| (pin.start(), pin.end()));
        pins
    }

    #[test]
    fn seventeen_at_one_moment_are_a_crowd_and_sixteen_are_not() {
        for seconds in [0, 1800] {
            assert!(!is_crowd(&pins((0..16).map(|_| (7200, seconds)))));
            assert!(is_crowd(&pins((0..17).map(|_| (7200, seconds)))));
        }
        // One that ended before the moment, and one that begins after it.
        let apart = [(0, 7200), (8100, 60)].into_iter().chain((0..16).map(|_| (7200, 900)));
        assert!(!is_crowd(&pins(apart)));
    }

    #[test]
    fn one_after_another_too_fast_for_anybody_are_a_crowd() {
        let in_a_row = |seconds: i64, count: i64| pins((0..count).map(|number| (number * seconds, seconds)));
        assert!(is_crowd(&in_a_row(3, 40)));
        assert!(!is_crowd(&in_a_row(300, 200)));
        assert!(is_crowd(&in_a_row(300, 257)), "with more than any day has");
    }

    #[test]
    fn visits_of_a_day_belong_to_its_crowd_alone() {
        let day = |from, to| Span::new(UtcSecond(from), UtcSecond(to)).expect("ordered");
        let crowds = [Crowd { day: day(0, 100), at_home: 0 }, Crowd { day: day(200, 300), at_home: 0 }];
        for (start, belongs) in [(0, true), (99, true), (100, false), (199, false), (200, true), (300, false)]
        {
            assert_eq!(is_in(&crowds, UtcSecond(start)), belongs, "{start}");
        }
        assert!(!is_in(&[], UtcSecond(0)));
    }
}
