//! Which rules can answer about which part of the registrations, and for want of what they cannot.

use std::collections::BTreeMap;

use serde::Serialize;

use super::fields::{Field, reads};
use super::observer::Profiler;
use super::provider::ProviderCounts;
use crate::rules::RULES;

#[derive(Clone, Debug, Serialize)]
pub(super) struct RuleProfile {
    pub(super) rule: &'static str,
    pub(super) summary_sv: &'static str,
    pub(super) summary_en: &'static str,
    /// Part of the registrations about which it can answer.
    pub(super) answered_share: f64,
    /// Fields and facts for want of which it cannot, with the registrations or answers concerned.
    pub(super) missing: Vec<Missing>,
    pub(super) hold: u64,
    pub(super) review: u64,
    pub(super) observe: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Missing {
    pub(super) what: String,
    pub(super) count: u64,
    pub(super) of: &'static str,
}

pub(super) fn rules(profiler: &Profiler) -> Vec<RuleProfile> {
    let mut findings: BTreeMap<&str, [u64; 3]> = BTreeMap::new();
    for finding in profiler.alerts.values().flat_map(|alert| &alert.findings) {
        findings.entry(&finding.rule).or_default()[finding.grade as usize] += 1;
    }
    let waiting = profiler.waiting.listed(std::iter::empty());
    let registrations = profiler.waiting.registrations().max(1);
    let of_rule = |definition: &&crate::engine::Definition| {
        let [observe, review, hold] = findings.get(definition.id).copied().unwrap_or_default();
        // What the engine calls a missing fact may be a field of the record.
        let is_field = |fact: &str| reads(definition.id).iter().any(|field| field.fact() == Some(fact));
        let lacking = waiting.iter().filter(|lack| lack.rule == definition.id && !is_field(lack.fact));
        let facts =
            lacking.map(|lack| Missing { what: lack.fact.to_owned(), count: lack.count, of: lack.what.1 });
        let (field_share, fields) = missing_fields(profiler, definition.id);
        let fact_share = profiler.waiting.undecided(definition.id) as f64 / registrations as f64;
        RuleProfile {
            rule: definition.id,
            summary_sv: definition.summary_sv,
            summary_en: definition.summary_en,
            answered_share: 1.0 - fact_share.max(field_share),
            missing: facts.chain(fields).collect(),
            hold,
            review,
            observe,
        }
    };
    RULES.iter().map(of_rule).collect()
}

/// The share of versions without a field that the rule reads, and these fields. A field that most visits rightly lack
/// is missing only where no version of a provider has it.
fn missing_fields(profiler: &Profiler, rule: &str) -> (f64, Vec<Missing>) {
    let versions: u64 = profiler.providers.values().map(|provider| provider.versions).sum();
    let lacking = |field: Field| {
        let of_provider = |provider: &ProviderCounts| match provider.with_field[field as usize] {
            0 => provider.versions,
            _ if field.is_of_few() => 0,
            with => provider.versions - with,
        };
        profiler.providers.values().map(of_provider).sum::<u64>()
    };
    let missing = reads(rule).iter().map(|field| (field, lacking(*field))).filter(|(_, count)| 0 < *count);
    let missing: Vec<Missing> = missing
        .map(|(field, count)| Missing { what: field.as_str().to_owned(), count, of: "versions" })
        .collect();
    let most = missing.iter().map(|missing| missing.count).max().unwrap_or_default();
    (most as f64 / versions.max(1) as f64, missing)
}
