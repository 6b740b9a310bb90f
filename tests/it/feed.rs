//! Random feeds: few carers and clients close together in time, so that much contradicts; versions
//! that move everything, cancellations, repeats, lateness up to forty days, facts that change and are
//! removed, and decisions.

mod facts;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tidvakt::domain::{
    CaptureMethod, Coordinates, Decision, EventType, Fact, FactBody, FactChange, Geo, Month, PaymentMode,
    Span, UtcSecond, Validity, VisitKind, VisitOutcome,
};
use tidvakt::engine::{Disposition, Input, Output};

use crate::draft::{Change, Draft, instant};
use crate::engines::Driver;

const DAY: i64 = 86_400;
const LATENESS_DAYS_MAX: i64 = 40;

/// One input of an engine.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a test feed is short, and read more often than kept")]
pub enum Arrival {
    Visit(Draft),
    Fact(FactChange),
    Decided(Decision),
}

impl Arrival {
    /// The fact that it adds or removes.
    pub fn fact_id(&self) -> Option<&str> {
        match self {
            Self::Fact(FactChange::Put(fact)) => Some(&fact.fact_id),
            Self::Fact(FactChange::Remove { fact_id, .. }) => Some(fact_id),
            Self::Visit(_) | Self::Decided(_) => None,
        }
    }

    /// The fact that it removes.
    pub fn removed_fact(&self) -> Option<&str> {
        self.fact_id().filter(|_| matches!(self, Self::Fact(FactChange::Remove { .. })))
    }
}

/// The inputs about a municipality, in order of arrival.
#[derive(Clone)]
pub struct Feed(pub Vec<Arrival>);

/// A line each, so that a failing feed can be read.
impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|arrival| match arrival {
            Arrival::Visit(draft) => write!(f, "\n    {draft:?}"),
            Arrival::Fact(change) => write!(f, "\n    {change:?}"),
            Arrival::Decided(decision) => write!(f, "\n    {decision:?}"),
        })
    }
}

impl Feed {
    pub fn drafts(&self) -> impl Iterator<Item = &Draft> {
        self.0.iter().filter_map(|arrival| match arrival {
            Arrival::Visit(draft) => Some(draft),
            Arrival::Fact(_) | Arrival::Decided(_) => None,
        })
    }

    pub fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.0.iter().filter_map(|arrival| match arrival {
            Arrival::Fact(FactChange::Put(fact)) => Some(fact),
            _ => None,
        })
    }

    /// The same with the append time of each version in the log: a record that comes again was there before.
    pub fn in_the_log(&self) -> Self {
        let mut first = BTreeMap::new();
        let mut arrivals = self.0.clone();
        for arrival in &mut arrivals {
            if let Arrival::Visit(draft) = arrival {
                draft.appended_at =
                    *first.entry((draft.id.clone(), draft.version)).or_insert(draft.appended_at);
            }
        }
        Self(arrivals)
    }

    /// The same in any other order, each record with its append time in the log. A tombstone has no time of its own, so that the changes of a fact that
    /// is taken back count in the order in which they come.
    pub fn shuffled(&self) -> impl Strategy<Value = Self> + use<> {
        let arrivals = self.in_the_log().0;
        Just((0..arrivals.len()).collect::<Vec<_>>()).prop_shuffle().prop_map(move |mut order| {
            for fact_id in arrivals.iter().filter_map(Arrival::removed_fact).collect::<BTreeSet<_>>() {
                let of = |at: &usize| arrivals[*at].fact_id() == Some(fact_id);
                let mut changes: Vec<usize> = order.iter().copied().filter(of).collect();
                changes.sort_unstable();
                let places = order.iter_mut().filter(|at| of(at));
                places.zip(changes).for_each(|(place, change)| *place = change);
            }
            Self(order.iter().map(|at| arrivals[*at].clone()).collect())
        })
    }

    /// Gives all inputs to the engine and lets it assess its dirty periods; returns its outputs, and the disposition
    /// of each registration.
    pub fn drive(&self, driver: &mut Driver) -> (Vec<Output>, Vec<Disposition>) {
        let (mut out, mut outcomes) = (Vec::new(), Vec::new());
        for arrival in &self.0 {
            match arrival {
                Arrival::Visit(draft) => outcomes.push(driver.register(draft, &mut out)),
                Arrival::Fact(change) => drop(driver.engine.apply(Input::Referenced(change), &mut out)),
                Arrival::Decided(decision) => drop(driver.engine.apply(Input::Decided(decision), &mut out)),
            }
        }
        driver.engine.assess_dirty_periods(&mut out);
        (out, outcomes)
    }
}

/// A feed of about `visits` registrations, most in several versions, with homes and orders.
pub fn feeds(visits: usize) -> impl Strategy<Value = Feed> {
    let lasting = facts::fact_body().prop_map(|body| (body, facts::EVER, None));
    feeds_with(visits, lasting, Just(Vec::new()))
}

/// The same with facts of every kind, some of them for a time or taken back, and with decisions.
pub fn rich_feeds(visits: usize) -> impl Strategy<Value = Feed> {
    let body = prop_oneof![2 => facts::fact_body(), 1 => facts::other_fact_body()];
    let removed = proptest::option::weighted(0.2, 0..LATENESS_DAYS_MAX * DAY);
    let decisions = vec((facts::decision(), 0..LATENESS_DAYS_MAX * DAY), 0..6);
    feeds_with(visits, (body, facts::validity(), removed), decisions)
}

/// A fact's body and validity, and the seconds from its arrival to its removal.
type Lasting = (FactBody, Validity, Option<i64>);

fn feeds_with(
    visits: usize,
    fact: impl Strategy<Value = Lasting>,
    decisions: impl Strategy<Value = Vec<(Decision, i64)>>,
) -> impl Strategy<Value = Feed> {
    let copied = proptest::option::weighted(0.2, select(vec![1_i64, 2, 3, 7]));
    let lateness = vec(0..LATENESS_DAYS_MAX * DAY, 4);
    let visits = vec((vec(content(), 1..4), lateness, copied), visits / 2..=visits);
    let facts = vec((fact, 0..LATENESS_DAYS_MAX * DAY), 4..16);
    (visits, facts, decisions).prop_map(|(visits, facts, decisions)| {
        let mut arrivals: Vec<(UtcSecond, Arrival)> = Vec::new();
        let first = visits.first().map(|(versions, ..)| versions[0].clone());
        for (number, (mut versions, lateness, days)) in visits.into_iter().enumerate() {
            if let Some((first, days)) = first.clone().zip(days) {
                let later = |at: UtcSecond| at.plus(days * DAY);
                versions[0] = Draft { start: later(first.start), end: first.end.map(later), ..first };
            }
            arrivals.extend(versioned(number, versions, &lateness));
        }
        for (recorded, ((body, valid, removed), late)) in (0..).zip(facts) {
            let at = first_day().plus(late);
            let put = facts::put(body, recorded, valid);
            arrivals.extend(removed.map(|later| (at.plus(later), Arrival::Fact(facts::removed(&put)))));
            arrivals.push((at, Arrival::Fact(put)));
        }
        for (number, (decision, late)) in decisions.into_iter().enumerate() {
            let decision = Decision { decision_id: format!("D{number}"), ..decision };
            arrivals.push((first_day().plus(late), Arrival::Decided(decision)));
        }
        arrivals.sort_by_key(|(at, _)| *at);
        Feed(arrivals.into_iter().map(|(_, arrival)| arrival).collect())
    })
}

/// The versions of a registration, each when it arrives.
fn versioned(number: usize, versions: Vec<Draft>, lateness: &[i64]) -> Vec<(UtcSecond, Arrival)> {
    let mut arrivals = Vec::new();
    let mut lateness = lateness.iter();
    let mut owner = None;
    for (version, content) in (1..).zip(versions) {
        // The same in any order of arrival: it decides between registrations of equal evidence.
        let offset = Some(8 * number as i64 + i64::from(version));
        // All versions of a registration come from one provider.
        let provider = owner.get_or_insert_with(|| content.provider.clone()).clone();
        let mut draft = Draft { id: format!("R{number:02}"), version, offset, provider, ..content };
        if version == 1 && draft.event == EventType::Cancelled {
            draft.event = EventType::Recorded;
        }
        // A record that comes again says the same, also when it was sent.
        let sent_at = draft.end.unwrap_or(draft.start).plus(3600);
        draft.emitted_at = draft.emitted_at.or(Some(sent_at));
        // Every second version comes a second time.
        let copies = if version % 2 == 0 { 2 } else { 1 };
        for late in lateness.by_ref().take(copies) {
            let appended_at = draft.end.unwrap_or(draft.start).plus(*late);
            arrivals.push((appended_at, Arrival::Visit(Draft { appended_at, ..draft.clone() })));
        }
    }
    arrivals
}

fn first_day() -> UtcSecond {
    instant("2026-03-02").unwrap()
}

/// So many cases, or as many as PROPTEST_CASES says; a failing feed is printed and not kept in a file.
pub fn cases(count: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    let cases = asked.unwrap_or(count);
    ProptestConfig { cases, max_shrink_iters: 4000, failure_persistence: None, ..ProptestConfig::default() }
}

/// What one version of a registration says; id and version are put in later.
pub fn content() -> impl Strategy<Value = Draft> {
    // Few last for half a day.
    let tens = prop_oneof![20 => 0_i64..6, 1 => 75_i64..80];
    let when = (select(vec![0_i64, 0, 0, 30]), 0_i64..12, tens, 0_i64..200, 0_i64..60);
    let who = (0..3_u8, 0..4_u8, select(vec!["P1", "P1", "P2"]));
    let evidence = (method(), method(), any::<bool>(), 0_i64..3);
    let sort = (kind(), outcome(), event(), proptest::option::of(select(vec![0_i64, 0, 20, 30, 60])));
    let extras = (0..8_u8, 0..4_u8, vec(0..25_u8, 0..4));
    (when, who, evidence, sort, extras, further()).prop_map(|(when, who, evidence, sort, extras, further)| {
        // Ends lie close to starts, so that the limits of the rules are often met and just missed.
        let (day, tens, length, second, more) = when;
        let start = first_day().plus(day * DAY + 8 * 3600 + tens * 600 + second);
        let end = start.plus(length * 600 + more);
        let client = format!("c{}", who.1);
        let mut draft = Draft::new("", 1, &format!("a{}", who.0), &client, start, end);
        draft.provider = who.2.to_owned();
        draft.methods = [evidence.0, evidence.1];
        draft.tags = [0, 1].map(|_| evidence.2.then_some(format!("tag-{client}")));
        draft.recorded_at = (evidence.3 > 0).then(|| end.plus(evidence.3 * 600));
        (draft.kind, draft.outcome, draft.event) = (sort.0, sort.1, sort.2);
        draft.end = (draft.event != EventType::Started).then_some(end);
        draft.planned = sort
            .3
            .and_then(|minutes| Span::new(start, if minutes == 0 { end } else { start.plus(minutes * 60) }));
        draft.tariff = (extras.0 == 3).then(|| "D1".to_owned());
        draft.billable = extras.0 != 4;
        draft.trainee = extras.0 == 1;
        draft.shared = (extras.0 == 2).then(|| "S1".to_owned());
        draft.staff = Some(extras.1).filter(|staff| *staff > 0);
        draft.order = (extras.0 > 4).then(|| format!("O{}", who.1));
        draft.partners = extras.2.into_iter().map(|number| format!("R{number:02}")).collect();
        further.put(&mut draft, start, end);
        draft
    })
}

/// What few visits say.
#[derive(Clone, Debug)]
struct Further {
    tasks: Vec<&'static str>,
    geo: [Option<(i32, i32)>; 2],
    /// Which end, minutes later, hours after the visit, whether a reason is given.
    edit: Option<(bool, i64, i64, bool)>,
    billed_seconds: Option<u32>,
    mode: PaymentMode,
    strange_tags: [Option<u8>; 2],
    device: Option<u8>,
    synced_hours: Option<i64>,
    emitted_days: Option<i64>,
    plan_shift_seconds: i64,
    /// The client whose order is named.
    strange_order: Option<u8>,
    /// Not a month before the feed: whether it is still kept in the end could go by what came last.
    strange_period: Option<i8>,
}

fn further() -> impl Strategy<Value = Further> {
    use proptest::option::weighted;
    let tasks = select(vec![vec![], vec![], vec!["shower"], vec!["meal"], vec!["shower", "meal", "bed"]]);
    // Most sources know both ends or none.
    let place = || (0..40_i32, 0..40_i32);
    let places = prop_oneof![
        8 => Just((None, None)),
        3 => (place(), place()).prop_map(|(start, end)| (Some(start), Some(end))),
        1 => place().prop_map(|start| (Some(start), None)),
        1 => place().prop_map(|end| (None, Some(end))),
    ];
    let edit = weighted(0.2, (any::<bool>(), -30_i64..60, 0_i64..1500, any::<bool>()));
    let modes = vec![
        PaymentMode::Performed,
        PaymentMode::Performed,
        PaymentMode::Performed,
        PaymentMode::StandardMinutes,
        PaymentMode::PerVisit,
        PaymentMode::Granted,
    ];
    let paid = (weighted(0.2, 0..7200_u32), select(modes));
    let tags = (weighted(0.15, 0..4_u8), weighted(0.15, 0..4_u8), weighted(0.5, 0..3_u8));
    let sent = (weighted(0.5, 0_i64..120), weighted(0.3, 0_i64..80), select(vec![0, 0, 0, -600, 600]));
    let strange = (weighted(0.1, 0..4_u8), weighted(0.1, 3..6_i8));
    let all = (tasks, places, edit, paid, tags, sent, strange);
    all.prop_map(|(tasks, geo, edit, paid, tags, sent, strange)| Further {
        tasks,
        geo: [geo.0, geo.1],
        edit,
        billed_seconds: paid.0,
        mode: paid.1,
        strange_tags: [tags.0, tags.1],
        device: tags.2,
        synced_hours: sent.0,
        emitted_days: sent.1,
        plan_shift_seconds: sent.2,
        strange_order: strange.0,
        strange_period: strange.1,
    })
}

impl Further {
    fn put(self, draft: &mut Draft, start: UtcSecond, end: UtcSecond) {
        draft.tasks = self.tasks.into_iter().map(str::to_owned).collect();
        draft.geo = self.geo.map(|place| {
            let (north, east) = place?;
            Some(Geo { place: near(north, east), accuracy_metres: Some(10.0) })
        });
        draft.edits.extend(self.edit.map(|(of_end, minutes, hours, has_reason)| {
            let (field, new) = if of_end { ("end_at", end) } else { ("start_at", start) };
            Change {
                field,
                old: new.plus(-60 * minutes).to_string(),
                new: new.to_string(),
                editor: Some("e1".to_owned()),
                role: None,
                at: end.plus(3600 * hours),
                reason: has_reason.then(|| "forgot".to_owned()),
            }
        }));
        let later = |at: UtcSecond| at.plus(self.plan_shift_seconds);
        draft.planned = draft.planned.and_then(|plan| Span::new(later(plan.start()), later(plan.end())));
        draft.billed_seconds = self.billed_seconds;
        draft.mode = self.mode;
        for (tag, strange) in draft.tags.iter_mut().zip(self.strange_tags) {
            *tag = strange.map(|client| format!("tag-c{client}")).or_else(|| tag.take());
        }
        draft.devices = [(); 2].map(|()| self.device.map(|device| format!("d{device}")));
        draft.synced_at = self.synced_hours.map(|hours| end.plus(3600 * hours));
        draft.emitted_at = self.emitted_days.map(|days| end.plus(DAY * days));
        draft.order = self.strange_order.map(|client| format!("O{client}")).or_else(|| draft.order.take());
        draft.period = self.strange_period.and_then(|month| Month::new(2026, month));
    }
}

/// Close to the homes of the feed, which lie a little apart.
fn near(north: i32, east: i32) -> Coordinates {
    Coordinates { lat: 59.0 + f64::from(north) / 100.0, lon: 17.0 + f64::from(east) / 100.0 }
}

fn method() -> impl Strategy<Value = CaptureMethod> {
    use CaptureMethod::{AppButton, AutoClosed, DigitalLock, ManualCarer, NfcTag, Unknown};
    let others = select(vec![DigitalLock, AppButton, ManualCarer, AutoClosed, Unknown]);
    prop_oneof![7 => Just(NfcTag), 5 => others]
}

fn kind() -> impl Strategy<Value = VisitKind> {
    use VisitKind::{Alarm, Errand, Escort, MealDelivery, Planned, Remote, Unplanned};
    select(vec![
        Planned,
        Planned,
        Planned,
        Planned,
        Planned,
        Unplanned,
        Alarm,
        Errand,
        Escort,
        MealDelivery,
        Remote,
    ])
}

fn outcome() -> impl Strategy<Value = VisitOutcome> {
    use VisitOutcome::{ClientAbsent, Declined, Partly, Performed};
    select(vec![Performed, Performed, Performed, Performed, Performed, Partly, Declined, ClientAbsent])
}

fn event() -> impl Strategy<Value = EventType> {
    use EventType::{Amended, Cancelled, Recorded, Started};
    select(vec![Recorded, Recorded, Recorded, Recorded, Amended, Amended, Amended, Cancelled, Started])
}
