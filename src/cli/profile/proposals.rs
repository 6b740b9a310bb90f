//! Settings that follow from a profile.

use std::collections::BTreeMap;

use serde::Serialize;

use super::observer::Profiler;
use super::provider::quantile;
use super::rules::RuleProfile;
use crate::domain::Grade;

/// A rule that finds something in more of a provider's visits describes how the provider works.
const HABIT_SHARE: f64 = 0.02;
/// A rule that can answer about fewer of the visits costs time and finds next to nothing.
const ANSWERED_SHARE_MIN: f64 = 0.01;
/// Fewer visits of a provider say nothing about its habits.
const VISITS_MIN: u64 = 200;
/// Days of the baseline, which begin where the latest records end.
const BASELINE_DAYS: u32 = 62;

/// A setting that differs from the one in effect.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Proposal {
    /// Key and value, as `--set` takes them.
    pub(super) setting: String,
    pub(super) reason: String,
}

pub(super) fn proposals(profiler: &Profiler, rules: &[RuleProfile], retained_days: u16) -> Vec<Proposal> {
    let mut proposals: Vec<Proposal> = retention(profiler, retained_days).into_iter().collect();
    proposals.extend(rules.iter().filter_map(mute_rule));
    proposals.extend(habits(profiler));
    proposals
}

/// Long enough for what comes late.
fn retention(profiler: &Profiler, retained_days: u16) -> Option<Proposal> {
    let delays = profiler.providers.values().flat_map(|provider| &provider.delays_seconds);
    let mut delays: Vec<u32> = delays.copied().collect();
    delays.sort_unstable();
    let days = u32::try_from(i64::from(quantile(&delays, 0.999)?) / 86_400).ok()? + 1;
    let needed = days + BASELINE_DAYS;
    (u32::from(retained_days) < needed).then(|| Proposal {
        setting: format!("engine.retained_days={needed}"),
        reason: format!("one record in a thousand arrives more than {days} days after its visit"),
    })
}

fn mute_rule(rule: &RuleProfile) -> Option<Proposal> {
    let what: Vec<&str> = rule.missing.iter().map(|missing| missing.what.as_str()).collect();
    (rule.answered_share < ANSWERED_SHARE_MIN).then(|| Proposal {
        setting: format!("rules.{}.enabled=false", rule.rule),
        reason: format!("until the files have {}: it can answer about nothing", what.join(" and ")),
    })
}

/// Rules whose findings describe a provider's way of working. They run in shadow until somebody has looked.
fn habits(profiler: &Profiler) -> Vec<Proposal> {
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for alert in profiler.alerts.values().filter(|alert| alert.is_of_visit) {
        for finding in alert.findings.iter().filter(|finding| Grade::Review <= finding.grade) {
            *counts.entry((&finding.rule, &alert.provider)).or_default() += 1;
        }
    }
    let mut habits: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for ((rule, provider), count) in counts {
        let versions = profiler.providers.get(provider).map_or(0, |counts| counts.versions);
        let share = count as f64 / versions.max(1) as f64;
        if VISITS_MIN <= versions && HABIT_SHARE < share {
            habits.entry(rule).or_default().push(format!("{provider} ({:.0} %)", 100.0 * share));
        }
    }
    let propose = |(rule, providers): (&str, Vec<String>)| Proposal {
        setting: format!("rules.{rule}.shadow=true"),
        reason: format!(
            "until somebody has looked: it finds something in more than one of fifty visits at {}",
            providers.join(", ")
        ),
    };
    habits.into_iter().map(propose).collect()
}
