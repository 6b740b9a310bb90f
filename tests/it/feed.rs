//! Random feeds: few carers and clients close together in time, so that much contradicts; versions
//! that move everything, cancellations, repeats, lateness up to forty days and facts that change.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tidvakt::domain::{
    CaptureMethod, EventType, Fact, FactBody, FactChange, Outcome as VisitOutcome, Place, Span, UtcSecond,
    Validity, VisitKind,
};
use tidvakt::engine::{Input, Outcome, Output};

use crate::draft::{Draft, MUNICIPALITY, instant};
use crate::engines::Teller;

const DAY: i64 = 86_400;
const LATENESS_DAYS_MAX: i64 = 40;

/// One thing that an engine is told.
#[derive(Clone, Debug)]
pub enum Told {
    Visit(Draft),
    Fact(FactChange),
}

/// What becomes known of a municipality, in order of arrival.
#[derive(Clone, Debug)]
pub struct Feed(pub Vec<Told>);

impl Feed {
    pub fn drafts(&self) -> impl Iterator<Item = &Draft> {
        self.0.iter().filter_map(|told| match told {
            Told::Visit(draft) => Some(draft),
            Told::Fact(_) => None,
        })
    }

    pub fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.0.iter().filter_map(|told| match told {
            Told::Fact(FactChange::Put(fact)) => Some(fact),
            _ => None,
        })
    }

    /// Tells it all; what the engine put out and what became of each visit.
    pub fn tell(&self, teller: &mut Teller) -> (Vec<Output>, Vec<Outcome>) {
        let (mut out, mut outcomes) = (Vec::new(), Vec::new());
        for told in &self.0 {
            match told {
                Told::Visit(draft) => outcomes.push(teller.register(draft, &mut out)),
                Told::Fact(change) => drop(teller.engine.apply(Input::Referenced(change), &mut out)),
            }
        }
        (out, outcomes)
    }
}

/// A feed of about `visits` registrations, most in several versions.
pub fn feeds(visits: usize) -> impl Strategy<Value = Feed> {
    let visits = vec((vec(content(), 1..4), vec(0..LATENESS_DAYS_MAX * DAY, 4)), visits / 2..=visits);
    let facts = vec((fact_body(), 0..LATENESS_DAYS_MAX * DAY), 4..16);
    (visits, facts).prop_map(|(visits, facts)| {
        let mut arrivals: Vec<(UtcSecond, Told)> = Vec::new();
        for (number, (versions, lateness)) in visits.into_iter().enumerate() {
            let mut lateness = lateness.into_iter();
            for (version, content) in (1..).zip(versions) {
                let mut draft = Draft { id: format!("R{number:02}"), version, ..content };
                if version == 1 && draft.event == EventType::Cancelled {
                    draft.event = EventType::Recorded;
                }
                // Every second version comes a second time.
                let copies = if version % 2 == 0 { 2 } else { 1 };
                for late in lateness.by_ref().take(copies) {
                    let appended_at = draft.end.unwrap_or(draft.start).plus(late);
                    arrivals.push((appended_at, Told::Visit(Draft { appended_at, ..draft.clone() })));
                }
            }
        }
        for (recorded, (body, late)) in (0..).zip(facts) {
            arrivals.push((first_day().plus(late), Told::Fact(put(body, recorded))));
        }
        arrivals.sort_by_key(|(at, _)| *at);
        Feed(arrivals.into_iter().map(|(_, told)| told).collect())
    })
}

fn first_day() -> UtcSecond {
    instant("2026-03-02").unwrap()
}

/// What one version of a registration says; id and version are put in later.
pub fn content() -> impl Strategy<Value = Draft> {
    let when = (select(vec![0_i64, 0, 0, 30]), 0_i64..12, 0_i64..6, 0_i64..200, 0_i64..60);
    let who = (0..3_u8, 0..4_u8, select(vec!["P1", "P1", "P2"]));
    let evidence = (method(), method(), any::<bool>(), 0_i64..3);
    let sort = (kind(), outcome(), event(), proptest::option::of(select(vec![20_i64, 30, 60])));
    let extras = (0..8_u8, 0..4_u8, proptest::option::of(0..25_u8));
    (when, who, evidence, sort, extras).prop_map(|(when, who, evidence, sort, extras)| {
        // Ends lie close to starts, so that the limits of the rules are often met and just missed.
        let (day, tens, length, second, more) = when;
        let start = first_day().plus(day * DAY + 8 * 3600 + tens * 600 + second);
        let end = start.plus(length * 600 + more);
        let client = format!("c{}", who.1);
        let mut draft = Draft::new("", 1, &format!("a{}", who.0), &client, start, end);
        draft.provider = who.2.to_owned();
        draft.methods = [evidence.0, evidence.1];
        draft.tag = evidence.2.then_some(format!("tag-{client}"));
        draft.recorded_at = (evidence.3 > 0).then(|| end.plus(evidence.3 * 600));
        (draft.kind, draft.outcome, draft.event) = (sort.0, sort.1, sort.2);
        draft.end = (draft.event != EventType::Started).then_some(end);
        draft.planned = sort.3.and_then(|minutes| Span::new(start, start.plus(minutes * 60)));
        draft.trainee = extras.0 == 1;
        draft.shared = (extras.0 == 2).then(|| "S1".to_owned());
        draft.staff = Some(extras.1).filter(|staff| *staff > 0);
        draft.order = (extras.0 > 4).then(|| format!("O{}", who.1));
        draft.partners = extras.2.map(|number| format!("R{number:02}")).into_iter().collect();
        draft
    })
}

fn method() -> impl Strategy<Value = CaptureMethod> {
    use CaptureMethod::{AppButton, AutoClosed, DigitalLock, ManualCarer, NfcTag, Unknown};
    select(vec![
        NfcTag,
        NfcTag,
        NfcTag,
        NfcTag,
        NfcTag,
        NfcTag,
        NfcTag,
        DigitalLock,
        AppButton,
        ManualCarer,
        AutoClosed,
        Unknown,
    ])
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

fn fact_body() -> impl Strategy<Value = FactBody> {
    let household = proptest::option::weighted(0.8, select(vec!["h0", "h1", "h2", "h3"]));
    let place = proptest::option::weighted(0.8, (0..400_i32, 0..400_i32));
    let home = (0..4_u8, household, place).prop_map(|(client, household, place)| FactBody::ClientHome {
        client_ref: format!("c{client}"),
        household_ref: household.map(str::to_owned),
        place: place.map(|(north, east)| Place {
            lat: 59.0 + f64::from(north) / 1000.0,
            lon: 17.0 + f64::from(east) / 1000.0,
        }),
    });
    let order =
        (0..4_u8, proptest::option::of(1..3_u8)).prop_map(|(client, required_staff)| FactBody::Order {
            order_id: format!("O{client}"),
            client_ref: format!("c{client}"),
            provider_id: None,
            task_codes: Vec::new(),
            granted_minutes: None,
            granted_per: None,
            required_staff,
        });
    prop_oneof![3 => home, 1 => order]
}

/// A fact about a home or an order takes the place of the earlier recorded one about the same.
fn put(body: FactBody, recorded: i64) -> FactChange {
    let fact_id = match &body {
        FactBody::ClientHome { client_ref, .. } => format!("home-{client_ref}"),
        FactBody::Order { order_id, .. } => format!("order-{order_id}"),
        _ => unreachable!("no other fact is made here"),
    };
    let from = instant("2026-01-01").unwrap();
    FactChange::Put(Fact {
        municipality: MUNICIPALITY.to_owned(),
        fact_id,
        valid: Validity { from, to: None },
        recorded_at: from.plus(recorded),
        body,
    })
}
