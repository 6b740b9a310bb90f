//! Engines for the tests, and a driver that gives them their inputs.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidvakt::domain::{Alert, Area, UtcSecond, Zone};
use tidvakt::engine::{Bounds, Disposition, Engine, HoldTarget, Input, Output, Position, RuleSet, Settings};

use crate::architecture::root;
use crate::draft::{Draft, MUNICIPALITY};

/// An engine with the rules of `config/default.toml`.
pub fn default_engine() -> Engine {
    default_engine_within(Bounds { habit_share: 0.02, ..FREE })
}

/// The same within other bounds.
pub fn default_engine_within(bounds: Bounds) -> Engine {
    Engine::new(settings(bounds), default_rules())
}

/// The rules of `config/default.toml`.
pub fn default_rules() -> RuleSet {
    rules(&std::fs::read_to_string(root().join("config/default.toml")).unwrap())
}

/// Thresholds so low that random feeds reach them.
const LOW_THRESHOLDS: &str = "\
[manual-share]
visits_min = 2
provider_visits_min = 3
p_max = 0.4
[unusual-duration]
p_observe_max = 0.1
p_review_max = 0.05
excess_seconds_min = 60
observations_min = 1
[missing-log-out]
seconds_min = 600
[partial-double-staffing]
missing_seconds_min = 0
[late-lengthening]
added_seconds_min = 60
[moved-tag]
gap_seconds_max = 1800
carers_min = 1
visits_min = 1
[batch-logging]
window_seconds = 900
visits_min = 2
[carer-hours]
day_hours_max = 1
long_days_min = 1
rest_hours_min = 9
restless_days_min = 3
hold_hours = 12
[billed-above-registered]
rounding_seconds = 0
[split-visits]
gap_seconds_max = 1800
pieces_min = 2
[shared-household-double]
difference_seconds_max = 7200
split_share_max = 0.1
[unusual-start]
seconds_observe_min = 1
[unusual-count]
in_four_hours_min = 2
[padding-rate]
mean_visits_min = 2
provider_mean_visits_min = 2
provider_margin_ln = 0.0
mean_prior_visits = 1.0
[declined-share]
absences_min = 1
absence_days_max = 60
[tariff-edge]
better_paid_from_hour = 9
edge_minutes = 60
[task-pattern]
tasks_min = 1
[shared-device]
other_carers_min = 1
p_carer_review_max = 0.99
[editor-concentration]
changes_min = 1
changes_share_min = 0.0
share_min = 0.1
[provider-surge]
clients_more_min = 1
clients_multiple = 1.0
length_multiple = 1.0
visits_min = 1
[pair-concentration]
visits_min = 1
share_min = 0.5
minutes_min = 1
off_hours_share_min = 0.0
unplanned_min = 1
p_review_max = 0.99
[above-grant]
tolerance = 1.0
excess_minutes_min = 0
[data-gap]
visits_min = 1
[full-delivery]
share_min = 0.0
share_max = 2.0
granted_hours_min = 1
[provider-capacity]
share_max = 0.1
[service-without-presence]
visits_min = 1
[missed-visit]
share_min = 0.9
missing_minutes_min = 1
[new-identity]
visits_min = 1
shared_share_min = 0.1
";

/// The same with thresholds so low that small random feeds trigger every rule.
pub fn sensitive_engine() -> Engine {
    sensitive_engine_within(FREE)
}

/// The same within other bounds.
pub fn sensitive_engine_within(bounds: Bounds) -> Engine {
    Engine::new(settings(bounds), sensitive_rules())
}

/// The same with bounds so low that a small random feed reaches every one.
pub fn bounded_engine() -> Engine {
    let bounds = Bounds {
        rule_holds_a_day_max: 1,
        rule_holds_share_max: 0.1,
        provider_held_share_max: 0.05,
        provider_held_seconds_min: 1200,
        habit_share: 0.005,
        desk_cases_a_day: 1,
    };
    sensitive_engine_within(bounds)
}

/// The engine with the default rules where both registrations of a pair are subjects.
pub fn default_engine_on_both() -> Engine {
    Engine::new(on_both(), default_rules())
}

/// The same with low thresholds.
pub fn sensitive_engine_on_both() -> Engine {
    Engine::new(on_both(), sensitive_rules())
}

fn on_both() -> Arc<Settings> {
    Arc::new(Settings { hold_on: HoldTarget::Both, ..Settings::clone(&settings(FREE)) })
}

/// An engine with these rules, within bounds that nothing reaches.
pub fn engine_of(rules: RuleSet) -> Engine {
    Engine::new(settings(FREE), rules)
}

/// The rules with limits that random feeds reach.
pub fn sensitive_rules() -> RuleSet {
    let text = std::fs::read_to_string(root().join("config/default.toml")).unwrap();
    let mut table: toml::Table = text.parse().unwrap();
    for (rule, keys) in LOW_THRESHOLDS.parse::<toml::Table>().unwrap() {
        let section = table["rules"][&rule].as_table_mut().unwrap();
        for (key, value) in keys.as_table().unwrap() {
            assert!(section.insert(key.clone(), value.clone()).is_some(), "`{rule}` has no `{key}`");
        }
    }
    // Rules that compare with the others' share.
    for (_, section) in table["rules"].as_table_mut().unwrap() {
        let section = section.as_table_mut().unwrap();
        if section.contains_key("share_accepted") {
            for (key, value) in [("visits_min", 2), ("provider_visits_min", 3), ("marked_min", 3)] {
                section.insert(key.to_owned(), toml::Value::from(value));
            }
            for (key, value) in [
                ("share_accepted", 0.01),
                ("prior_share", 0.01),
                ("prior_visits", 1.0),
                ("provider_multiple", 1.0),
                ("p_review_max", 0.9),
            ] {
                section.insert(key.to_owned(), toml::Value::from(value));
            }
        }
    }
    rules(&table.to_string())
}

/// An engine with the rules of the sections `[rules.…]` in `text`.
pub fn engine(text: &str) -> Engine {
    Engine::new(settings(FREE), rules(text))
}

fn rules(text: &str) -> RuleSet {
    let table: toml::Table = text.parse().unwrap();
    let sections = table["rules"].as_table().unwrap().iter();
    let sections: BTreeMap<String, toml::Table> =
        sections.map(|(id, section)| (id.clone(), section.as_table().unwrap().clone())).collect();
    tidvakt::rules::build(&sections).unwrap()
}

/// Bounds that nothing reaches.
pub const FREE: Bounds = Bounds {
    rule_holds_a_day_max: 1000,
    rule_holds_share_max: 1.0,
    provider_held_share_max: 1.0,
    provider_held_seconds_min: u32::MAX,
    habit_share: 2.0,
    desk_cases_a_day: 1000,
};

fn settings(bounds: Bounds) -> Arc<Settings> {
    Arc::new(Settings {
        municipality: MUNICIPALITY.to_owned(),
        zone: Zone::named("Europe/Stockholm").unwrap(),
        area: Area::SWEDEN,
        retained_days: 100,
        hold_on: HoldTarget::Weaker,
        default_ore_per_hour: 36_000,
        default_payout_day: 6,
        default_payout_hour: 18,
        bounds,
    })
}

/// Offset of the record before the first: greater than those that drafts bring along.
const FIRST_OFFSET: i64 = 1_000_000;

/// Gives an engine its inputs, each at its own position: an offset, else the next one, and its append time.
pub struct Driver {
    pub engine: Engine,
    last_offset: i64,
    prompt: bool,
}

impl Driver {
    pub fn new(engine: Engine) -> Self {
        Self::assessing(engine, true)
    }

    /// A driver that has dirty periods assessed after each registration, or else at the end.
    pub fn assessing(engine: Engine, prompt: bool) -> Self {
        Self { engine, last_offset: FIRST_OFFSET, prompt }
    }

    pub fn register(&mut self, draft: &Draft, out: &mut Vec<Output>) -> Disposition {
        self.last_offset += 1;
        let offset = draft.offset.unwrap_or(self.last_offset);
        let at = Position { offset, appended_at: draft.appended_at };
        let outcome = self.engine.apply(Input::Registered { registration: &draft.registration(), at }, out);
        if self.prompt {
            self.engine.assess_dirty_periods(out);
        }
        outcome.expect("a registration has a disposition")
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
