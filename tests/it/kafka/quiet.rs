//! What should stand after all records of a town, from a bare engine: no worker, no outbox, no
//! broker. It is the measure for everything that was delivered.

use std::sync::Arc;

use serde_json::Value;
use tidvakt::config::{Config, SettingSources};
use tidvakt::contract;
use tidvakt::domain::{AlertState, Provenance, PublishedAlert, UtcSecond};
use tidvakt::engine::{Engine, Input, Position};

use super::town::Town;

/// The alerts that stand in the end, as the contract writes them.
pub fn alerts(town: &Town) -> Vec<Value> {
    // As the services of these tests: their feeds consist of findings, which are no habit.
    let set = vec!["engine.habit_share=1.0".to_owned()];
    let config = Config::load(&SettingSources { set, ..SettingSources::default() }).unwrap();
    let rules = tidvakt::rules::build(&config.rules).unwrap();
    let mut engine = Engine::new(Arc::new(config.engine.of(&town.code)), rules);
    let mut out = Vec::new();
    for line in std::fs::read_to_string(&town.reference).unwrap().lines() {
        let change = contract::parse_fact(None, Some(line.as_bytes()), None).unwrap();
        engine.apply(Input::Referenced(&change), &mut out);
    }
    // Long after the last visit, as where old months are put on a topic today.
    let appended_at = UtcSecond(4_000_000_000);
    for (offset, line) in (0..).zip(&town.lines) {
        let at = Position { offset, appended_at };
        let record = contract::parse_registration(line.as_bytes());
        match record.as_ref().map_err(Clone::clone).and_then(|record| record.registration(appended_at)) {
            Ok(registration) => engine.apply(Input::Registered { registration: &registration, at }, &mut out),
            Err(_) => engine.apply(Input::Quarantined { at }, &mut out),
        };
        out.clear();
    }
    engine.assess_dirty_periods(&mut out);
    let written = engine.open_alerts().into_iter().map(|alert| {
        let provenance = Provenance {
            topic: String::new(),
            partition: 0,
            offset: alert.offset,
            engine: String::new(),
            config_hash: String::new(),
            baseline_incomplete: false,
        };
        let mut bytes = Vec::new();
        let published = PublishedAlert { alert, state: AlertState::Opened, revision: 1, provenance };
        contract::write_alert(&published, &mut bytes);
        serde_json::from_slice(&bytes).unwrap()
    });
    written.collect()
}
