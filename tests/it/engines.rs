//! Engines for the tests, and somebody who tells them things.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidvakt::domain::{Alert, UtcSecond, Zone};
use tidvakt::engine::{Engine, HoldOn, Input, Outcome, Output, Position, RuleSet, Settings};

use crate::architecture::root;
use crate::draft::{Draft, MUNICIPALITY};

/// An engine with the rules of `config/default.toml`.
pub fn default_engine() -> Engine {
    let text = std::fs::read_to_string(root().join("config/default.toml")).unwrap();
    engine(&text)
}

/// An engine with the rules of the sections `[rules.…]` in `text`.
pub fn engine(text: &str) -> Engine {
    Engine::new(settings(), rules(text))
}

fn rules(text: &str) -> RuleSet {
    let table: toml::Table = text.parse().unwrap();
    let sections = table["rules"].as_table().unwrap().iter();
    let sections: BTreeMap<String, toml::Table> =
        sections.map(|(id, section)| (id.clone(), section.as_table().unwrap().clone())).collect();
    tidvakt::rules::build(&sections).unwrap()
}

fn settings() -> Arc<Settings> {
    Arc::new(Settings {
        municipality: MUNICIPALITY.to_owned(),
        zone: Zone::named("Europe/Stockholm").unwrap(),
        retained_days: 100,
        hold_on: HoldOn::Weaker,
        default_ore_per_hour: 36_000,
        default_payout_day: 6,
        default_payout_hour: 18,
    })
}

/// Gives what it tells an offset and an append time that never goes back.
pub struct Teller {
    pub engine: Engine,
    at: Position,
}

impl Teller {
    pub fn new(engine: Engine) -> Self {
        Self { engine, at: Position { offset: -1, appended_at: UtcSecond(i64::MIN) } }
    }

    pub fn register(&mut self, draft: &Draft, out: &mut Vec<Output>) -> Outcome {
        let appended_at = self.at.appended_at.max(draft.appended_at);
        self.at = Position { offset: self.at.offset + 1, appended_at };
        self.engine.apply(Input::Registered { registration: &draft.registration(), at: self.at }, out)
    }
}

/// The alerts in order of id, without what the order of arrival may show in.
pub fn timeless(alerts: impl IntoIterator<Item = Alert>) -> Vec<Alert> {
    let mut alerts: Vec<Alert> = alerts.into_iter().collect();
    for alert in &mut alerts {
        (alert.offset, alert.assessed_at) = (0, UtcSecond(0));
        if let Some(hold) = &mut alert.hold {
            hold.proposed_at = UtcSecond(0);
        }
    }
    alerts.sort_unstable_by(|a, b| a.alert_id.cmp(&b.alert_id));
    alerts
}
