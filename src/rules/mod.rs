//! The rules: one file, one rule, and their list.
//!
//! `rules` never name each other: a rule can be switched off without moving another.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::{Definition, Parts, PeriodRule, RegisteredRule, RuleSet, VisitRule};
use serde::de::DeserializeOwned;

mod above_grant;
mod absence;
mod batch_logging;
mod billed_above_registered;
mod carer_absent;
mod carer_hours;
mod carer_overlap;
mod client_absent;
mod client_overlap;
mod copied_day;
mod data_gap;
mod declined_share;
mod duplicate_registration;
mod editor_concentration;
mod far_from_home;
mod full_delivery;
mod impossible_travel;
mod late_lengthening;
mod lines;
mod locked_period_change;
mod manual_share;
mod missed_visit;
mod missing_log_out;
mod moved_tag;
mod new_identity;
mod no_valid_order;
mod padding_rate;
mod pair_concentration;
mod partial_double_staffing;
mod placeholder;
mod plan_copy;
mod provider_capacity;
mod provider_surge;
mod rounded_times;
mod service_without_presence;
mod shared_device;
mod shared_household_double;
mod shares;
mod slack;
mod split_visits;
mod tariff_edge;
mod task_pattern;
mod travel_log_in;
mod unlisted_carer;
mod unusual_count;
mod unusual_duration;
mod unusual_lag;
mod unusual_start;

/// Every rule, in the order in which findings are listed.
pub static RULES: &[&Definition] = &[
    &carer_overlap::RULE,
    &client_overlap::RULE,
    &impossible_travel::RULE,
    &partial_double_staffing::RULE,
    &client_absent::RULE,
    &carer_absent::RULE,
    &no_valid_order::RULE,
    &unlisted_carer::RULE,
    &travel_log_in::RULE,
    &moved_tag::RULE,
    &batch_logging::RULE,
    &far_from_home::RULE,
    &carer_hours::RULE,
    &placeholder::RULE,
    &duplicate_registration::RULE,
    &missing_log_out::RULE,
    &locked_period_change::RULE,
    &late_lengthening::RULE,
    &billed_above_registered::RULE,
    &split_visits::RULE,
    &shared_household_double::RULE,
    &unusual_duration::RULE,
    &unusual_start::RULE,
    &unusual_lag::RULE,
    &unusual_count::RULE,
    &padding_rate::RULE,
    &manual_share::RULE,
    &rounded_times::RULE,
    &plan_copy::RULE,
    &copied_day::RULE,
    &declined_share::RULE,
    &tariff_edge::RULE,
    &task_pattern::RULE,
    &editor_concentration::RULE,
    &provider_surge::RULE,
    &pair_concentration::RULE,
    &above_grant::RULE,
    &full_delivery::RULE,
    &provider_capacity::RULE,
    &service_without_presence::RULE,
    &missed_visit::RULE,
    &shared_device::RULE,
    &new_identity::RULE,
    &data_gap::RULE,
];

/// Why a rule could not be made.
#[derive(Debug, thiserror::Error)]
#[error("`rules.{rule}`: {source}")]
pub struct BuildError {
    /// The rule's id.
    pub rule: String,
    /// What is wrong with its section.
    pub source: toml::de::Error,
}

/// Makes the rules that are switched on from their sections: `enabled = false`, or no section at
/// all, leaves a rule out; `shadow = true` lets it run along without weight.
///
/// # Errors
/// Where a section has an unknown key or an impossible value.
pub fn build(sections: &BTreeMap<String, toml::Table>) -> Result<RuleSet, BuildError> {
    let mut listed = Vec::new();
    for definition in RULES {
        let Some(section) = sections.get(definition.id) else { continue };
        let mut parameters = section.clone();
        let mut switch = |key: &str| parameters.remove(key).and_then(|value| value.as_bool());
        let enabled = switch("enabled").unwrap_or(true);
        let shadow = switch("shadow").unwrap_or(false);
        if enabled {
            let parts = (definition.build)(parameters)
                .map_err(|source| BuildError { rule: definition.id.to_owned(), source })?;
            listed.push(RegisteredRule { definition, shadow, parts });
        }
    }
    Ok(Arc::from(listed))
}

// A rule is a bit in sets of 64.
const _: () = assert!(RULES.len() <= 64);

/// Makes a rule about visits whose parameters are `R` itself.
fn visit_rule<R>(parameters: toml::Table) -> Result<Parts, toml::de::Error>
where
    R: VisitRule + DeserializeOwned + 'static,
{
    let rule: R = parameters.try_into()?;
    Ok(Parts { visit: Some(Arc::new(rule)), period: None })
}

/// The same about pay periods.
fn period_rule<R>(parameters: toml::Table) -> Result<Parts, toml::de::Error>
where
    R: PeriodRule + DeserializeOwned + 'static,
{
    let rule: R = parameters.try_into()?;
    Ok(Parts { visit: None, period: Some(Arc::new(rule)) })
}

/// The same about both: visits, to mark them, and the pay periods in which the marks are counted.
fn visit_and_period_rule<R>(parameters: toml::Table) -> Result<Parts, toml::de::Error>
where
    R: VisitRule + PeriodRule + DeserializeOwned + 'static,
{
    let rule = Arc::new(parameters.try_into::<R>()?);
    Ok(Parts { visit: Some(Arc::clone(&rule) as Arc<dyn VisitRule>), period: Some(rule) })
}
