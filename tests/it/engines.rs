//! Engines for the tests, and somebody who tells them things.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidvakt::domain::{Alert, UtcSecond, Zone};
use tidvakt::engine::{Bounds, Engine, HoldOn, Input, Outcome, Output, Position, RuleSet, Settings};

use crate::architecture::root;
use crate::draft::{Draft, MUNICIPALITY};

/// An engine with the rules of `config/default.toml`.
pub fn default_engine() -> Engine {
    let text = std::fs::read_to_string(root().join("config/default.toml")).unwrap();
    engine(&text)
}

/// The same, but so easily startled that a small random feed is enough for every rule.
pub fn touchy_engine() -> Engine {
    let text = std::fs::read_to_string(root().join("config/default.toml")).unwrap();
    let mut table: toml::Table = text.parse().unwrap();
    for (rule, key, value) in [
        ("manual-share", "visits_min", toml::Value::from(2)),
        ("manual-share", "provider_visits_min", toml::Value::from(3)),
        ("manual-share", "p_max", toml::Value::from(0.4)),
        ("unusual-duration", "p_observe_max", toml::Value::from(0.1)),
        ("unusual-duration", "p_review_max", toml::Value::from(0.05)),
        ("unusual-duration", "excess_seconds_min", toml::Value::from(60)),
        ("unusual-duration", "observations_min", toml::Value::from(1)),
        ("missing-log-out", "seconds_min", toml::Value::from(600)),
        ("partial-double-staffing", "missing_seconds_min", toml::Value::from(0)),
        ("moved-tag", "gap_seconds_max", toml::Value::from(600)),
        ("moved-tag", "visits_min", toml::Value::from(2)),
        ("batch-logging", "window_seconds", toml::Value::from(900)),
        ("batch-logging", "visits_min", toml::Value::from(2)),
        ("carer-hours", "day_hours_max", toml::Value::from(1)),
        ("carer-hours", "long_days_min", toml::Value::from(1)),
        ("carer-hours", "hold_hours", toml::Value::from(12)),
        ("billed-above-registered", "rounding_seconds", toml::Value::from(0)),
        ("split-visits", "gap_seconds_max", toml::Value::from(1800)),
        ("split-visits", "pieces_min", toml::Value::from(2)),
        ("shared-household-double", "difference_seconds_max", toml::Value::from(1200)),
        ("shared-household-double", "split_share_max", toml::Value::from(0.1)),
        ("unusual-start", "seconds_observe_min", toml::Value::from(1)),
        ("unusual-count", "visits_min", toml::Value::from(2)),
    ] {
        let section = table["rules"][rule].as_table_mut().unwrap();
        assert!(section.insert(key.to_owned(), value).is_some(), "`{rule}` has no `{key}`");
    }
    engine(&table.to_string())
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
        bounds: Bounds {
            rule_holds_a_day_max: 1000,
            rule_holds_share_max: 1.0,
            provider_held_share_max: 1.0,
            provider_held_seconds_min: u32::MAX,
            statistics_cases_a_day: 1000,
        },
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

/// The alerts that are not in both, one after the other; empty where there is none.
pub fn differences(left: &[Alert], right: &[Alert]) -> String {
    let only = |side: &str, these: &[Alert], those: &[Alert]| -> String {
        let missing = these.iter().filter(|alert| !those.contains(alert));
        missing.map(|alert| format!("\nonly {side}: {alert:?}")).collect()
    };
    only("left", left, right) + &only("right", right, left)
}
