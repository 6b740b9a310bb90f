//! A made-up municipality that goes on for ever, and an engine with all rules for it.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tidvakt::domain::{
    Capture, CaptureMethod, Coordinates, EventType, Fact, FactBody, FactChange, Payment, Registration,
    Source, Span, Task, UtcSecond, Validity, VisitKind, VisitOutcome, Zone,
};
use tidvakt::engine::{Bounds, Engine, HoldTarget, Input, Output, Position, Settings};

/// Registrations that are timed at once: as fresh in the caches as those that were just decoded.
const BATCH: usize = 64;
const BEGIN: i64 = 1_767_225_600;
const DAY: i64 = 86_400;
/// Carers who share their clients.
const TEAM: usize = 10;
/// Days that are kept.
pub const DAYS: usize = 100;

/// The ids of a municipality, so that making a registration costs nothing.
pub struct Town {
    /// Registrations of a carer in a day.
    visits: usize,
    /// Clients of a carer.
    clients_each: usize,
    carers: Vec<String>,
    clients: Vec<String>,
    tags: Vec<String>,
    devices: Vec<String>,
}

impl Town {
    /// A town of so many carers, with so many visits each a day to so many clients each.
    pub fn new(carers: usize, visits: usize, clients_each: usize) -> Self {
        let names = |prefix: &str, count: usize| (0..count).map(|i| format!("{prefix}-{i:08x}")).collect();
        let clients = carers * clients_each;
        Self {
            visits,
            clients_each,
            carers: names("carer", carers),
            clients: names("client", clients),
            tags: names("tag", clients),
            devices: names("dev", carers),
        }
    }

    /// The `number`-th registration of the town, one after the other through its days.
    pub fn registration<'a>(&'a self, number: usize, id: &'a str) -> Registration<'a> {
        let per_day = self.carers.len() * self.visits;
        let (day, of_day) = (number / per_day, number % per_day);
        let (visit, carer) = (of_day / self.carers.len(), of_day % self.carers.len());
        // Carers go round the clients of their team, so that a client meets all of them within a few days.
        let (team, member) = (carer / TEAM, carer % TEAM);
        let of_team = (member * self.clients_each + visit * 3 + day * 11) % (TEAM * self.clients_each);
        let client = (team * TEAM * self.clients_each + of_team) % self.clients.len();
        let noise = (number.wrapping_mul(2_654_435_761) >> 7) as i64 % 240;
        let planned = BEGIN + day as i64 * DAY + 6 * 3600 + visit as i64 * 3000;
        let (start, end) = (UtcSecond(planned + noise), UtcSecond(planned + noise + 1700 + noise / 2));
        let capture = |at| Capture {
            method: CaptureMethod::NfcTag,
            tag_ref: Some(&self.tags[client]),
            device_ref: Some(&self.devices[carer]),
            recorded_at: Some(at),
            synced_at: Some(at),
            geo: None,
        };
        Registration {
            event_type: EventType::Recorded,
            registration_id: id,
            version: 1,
            municipality: "0181",
            provider_id: "P-07",
            unit_id: None,
            carer_ref: &self.carers[carer],
            client_ref: &self.clients[client],
            order_id: Some("O-991"),
            planned: Span::new(UtcSecond(planned), UtcSecond(planned + 1800)),
            start_at: start,
            end_at: Some(end),
            start_capture: capture(start),
            end_capture: capture(end),
            visit_kind: VisitKind::Planned,
            outcome: VisitOutcome::Performed,
            tasks: vec![Task { code: "shower", minutes: Some(30) }],
            required_staff: Some(1),
            partner_registration_ids: Vec::new(),
            trainee: false,
            billable: true,
            shared_visit_id: None,
            edits: Vec::new(),
            payment: Payment { tariff_code: Some("D1"), ..Payment::default() },
            source: Source::default(),
            emitted_at: Some(end),
        }
    }

    fn home(&self, client: usize) -> FactChange {
        let place = Coordinates { lat: 59.19 + (client % 100) as f64 * 1e-4, lon: 17.62 };
        FactChange::Put(Fact {
            municipality: "0181".to_owned(),
            fact_id: format!("home-{client}"),
            valid: Validity { from: UtcSecond(0), to: None },
            recorded_at: UtcSecond(0),
            body: FactBody::ClientHome {
                client_ref: self.clients[client].clone(),
                household_ref: Some(format!("hh-{client}")),
                place: Some(place),
            },
        })
    }
}

/// An engine as shipped that has seen nothing.
fn engine() -> Engine {
    let file: toml::Table =
        include_str!("../../config/default.toml").parse().expect("the default settings are TOML");
    let sections: BTreeMap<String, toml::Table> =
        file["rules"].clone().try_into().expect("sections are tables");
    let rules = tidvakt::rules::build(&sections).expect("the default settings are right");
    let settings = Settings {
        municipality: "0181".to_owned(),
        zone: Zone::named("Europe/Stockholm").expect("bundled"),
        area: tidvakt::domain::Area::SWEDEN,
        retained_days: DAYS as u16,
        hold_on: HoldTarget::Weaker,
        default_ore_per_hour: 51_600,
        default_payout_day: 6,
        default_payout_hour: 18,
        bounds: Bounds {
            rule_holds_a_day_max: 1000,
            rule_holds_share_max: 1.0,
            provider_held_share_max: 1.0,
            provider_held_seconds_min: u32::MAX,
            habit_share: 2.0,
            desk_cases_a_day: 1000,
        },
    };
    Engine::new(Arc::new(settings), rules)
}

/// Applies the registrations from `first` on and says how long the engine took.
fn apply(town: &Town, engine: &mut Engine, first: usize, count: usize, out: &mut Vec<Output>) -> Duration {
    let ids: Vec<String> = (first..first + count).map(|number| format!("R-{number:016x}")).collect();
    let registrations: Vec<_> =
        ids.iter().enumerate().map(|(i, id)| town.registration(first + i, id)).collect();
    let begun = Instant::now();
    for (offset, registration) in (first as i64..).zip(&registrations) {
        let appended_at = registration.emitted_at.expect("always sent");
        let at = Position { offset, appended_at };
        black_box(engine.apply(Input::Registered { registration, at }, out));
        out.clear();
    }
    begun.elapsed()
}

/// An engine that keeps as much as it ever will of its town.
pub struct Filled {
    town: Town,
    engine: Engine,
    next: usize,
}

impl Filled {
    /// A municipality of `town` that has kept all of its days.
    pub fn new(town: Town) -> Self {
        let all = town.carers.len() * town.visits * DAYS;
        let mut filled = Self { town, engine: engine(), next: 0 };
        let mut out = Vec::new();
        for client in 0..filled.town.clients.len() {
            filled.engine.apply(Input::Referenced(&filled.town.home(client)), &mut out);
        }
        filled.apply(all);
        filled
    }

    /// Applies the next `count` registrations, and says how long the engine took.
    pub fn apply(&mut self, count: usize) -> Duration {
        let mut spent = Duration::ZERO;
        let mut out = Vec::new();
        let end = self.next + count;
        while self.next < end {
            let batch = BATCH.min(end - self.next);
            spent += apply(&self.town, &mut self.engine, self.next, batch, &mut out);
            self.next += batch;
        }
        let begun = Instant::now();
        self.engine.assess_dirty_periods(&mut out);
        spent + begun.elapsed()
    }
}
