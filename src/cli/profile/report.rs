//! The figures of a profile.

use std::collections::BTreeMap;

use serde::Serialize;

use super::facts::FactKind;
use super::fields::Field;
use super::observer::{ProfiledAlert, Profiler};
use super::proposals::{self, Proposal};
use super::provider::{ProviderCounts, STEPS_SECONDS, quantile};
use super::rules::{RuleProfile, rules};
use crate::contract;
use crate::domain::{CaptureMethod, Grade};

/// Examples of one rule come first with so many, so that every rule is shown.
const EXAMPLES_OF_RULE_FIRST: usize = 2;

/// All of it. Shares are 0 to 1.
#[derive(Debug, Serialize)]
pub(super) struct Profile {
    pub(super) registrations: u64,
    pub(super) refused_lines: u64,
    pub(super) facts: u64,
    /// Local dates of the first and the last visit.
    pub(super) dates: Option<(String, String)>,
    pub(super) providers: Vec<ProviderProfile>,
    pub(super) rules: Vec<RuleProfile>,
    pub(super) examples: Vec<Example>,
    pub(super) proposals: Vec<Proposal>,
}

#[derive(Debug, Serialize)]
pub(super) struct ProviderProfile {
    pub(super) provider_id: String,
    pub(super) versions: u64,
    pub(super) clients: u64,
    pub(super) carers: u64,
    pub(super) source_systems: Vec<String>,
    /// The step that most times lie on, in seconds; 1 where there is none.
    pub(super) resolution_seconds: i64,
    /// Shares of times on a full quarter of an hour, five minutes and minute.
    pub(super) on_step_shares: [f64; STEPS_SECONDS.len()],
    pub(super) delay_seconds: Option<Delay>,
    pub(super) start_methods: Vec<MethodShare>,
    pub(super) end_methods: Vec<MethodShare>,
    pub(super) fields: Vec<FieldShare>,
    pub(super) facts: Vec<FactShare>,
}

/// Seconds from the end of a visit until its first version was sent.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Delay {
    pub(super) median: u32,
    pub(super) nine_in_ten: u32,
    pub(super) ninety_nine_in_hundred: u32,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct MethodShare {
    pub(super) name: &'static str,
    pub(super) share: f64,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct FieldShare {
    pub(super) name: &'static str,
    pub(super) share: f64,
    /// Most visits rightly lack it.
    pub(super) is_of_few: bool,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct FactShare {
    pub(super) name: &'static str,
    pub(super) subjects: &'static str,
    pub(super) covered: u64,
    pub(super) count: u64,
    /// Most subjects rightly lack it.
    pub(super) is_of_few: bool,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Example {
    pub(super) alert_id: String,
    pub(super) rule: String,
    #[serde(serialize_with = "grade_word")]
    pub(super) grade: Grade,
    pub(super) amount_ore: i64,
    pub(super) text_sv: String,
}

fn grade_word<S: serde::Serializer>(grade: &Grade, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(grade.as_str())
}

impl Profile {
    /// The profile of what `profiler` saw; `retained_days` are those of the settings in effect.
    pub(super) fn new(profiler: &Profiler, refused_lines: u64, examples: usize, retained_days: u16) -> Self {
        let rules = rules(profiler);
        Self {
            registrations: profiler.waiting.registrations(),
            refused_lines,
            facts: profiler.facts.count,
            dates: profiler.dates.clone(),
            providers: profiler.providers.iter().map(|(id, counts)| provider(id, counts)).collect(),
            examples: examples_of(&profiler.alerts, examples),
            proposals: proposals::proposals(profiler, &rules, retained_days),
            rules,
        }
    }

    /// All of it in the whole of the files.
    pub(super) fn versions(&self) -> u64 {
        self.providers.iter().map(|provider| provider.versions).sum()
    }
}

fn provider(id: &str, counts: &ProviderCounts) -> ProviderProfile {
    let share = |part: u64, whole: u64| part as f64 / whole.max(1) as f64;
    let methods = |counts: &[u64; CaptureMethod::ALL.len()], versions: u64| {
        let methods = CaptureMethod::ALL.into_iter().zip(counts).filter(|(_, count)| 0 < **count);
        let mut shares: Vec<MethodShare> = methods
            .map(|(method, count)| MethodShare {
                name: contract::capture_method(method),
                share: share(*count, versions),
            })
            .collect();
        shares.sort_by(|a, b| b.share.total_cmp(&a.share));
        shares
    };
    let mut delays = counts.delays_seconds.clone();
    delays.sort_unstable();
    let at = |part| quantile(&delays, part);
    let delay = at(0.5).zip(at(0.9)).zip(at(0.99));
    let (clients, carers) = counts.facts.clients_and_carers();
    let fact = |kind: FactKind| {
        let (covered, count) = counts.facts.of(kind);
        FactShare {
            name: kind.as_str(),
            subjects: kind.subjects(),
            covered,
            count,
            is_of_few: kind.is_of_few(),
        }
    };
    let field = |field: Field| FieldShare {
        name: field.as_str(),
        share: counts.field_share(field),
        is_of_few: field.is_of_few(),
    };
    ProviderProfile {
        provider_id: id.to_owned(),
        versions: counts.versions,
        clients,
        carers,
        source_systems: counts.systems.iter().cloned().collect(),
        resolution_seconds: counts.resolution_seconds(),
        on_step_shares: counts.on_step.map(|count| share(count, counts.times)),
        delay_seconds: delay.map(|((median, nine_in_ten), ninety_nine_in_hundred)| Delay {
            median,
            nine_in_ten,
            ninety_nine_in_hundred,
        }),
        start_methods: methods(&counts.methods[0], counts.versions),
        end_methods: methods(&counts.methods[1], counts.versions),
        fields: Field::ALL.map(field).to_vec(),
        facts: FactKind::ALL.map(fact).to_vec(),
    }
}

/// The gravest alerts, a few of each rule before more of any.
fn examples_of(alerts: &BTreeMap<String, ProfiledAlert>, count: usize) -> Vec<Example> {
    let gravest = |alert: &ProfiledAlert| alert.findings.iter().map(|finding| finding.grade).max();
    let mut ranked: Vec<_> = alerts.iter().filter(|(_, alert)| !alert.findings.is_empty()).collect();
    ranked.sort_by(|(_, a), (_, b)| {
        (gravest(b).cmp(&gravest(a))).then(b.score.total_cmp(&a.score)).then(b.amount_ore.cmp(&a.amount_ore))
    });
    let mut of_rule: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for (alert_id, alert) in ranked {
        let finding = alert.findings.iter().max_by_key(|finding| finding.grade).expect("it has findings");
        let seen = of_rule.entry(&finding.rule).or_default();
        *seen += 1;
        let example = Example {
            alert_id: alert_id.clone(),
            rule: finding.rule.clone(),
            grade: finding.grade,
            amount_ore: alert.amount_ore,
            text_sv: finding.text_sv.clone(),
        };
        if *seen <= EXAMPLES_OF_RULE_FIRST { first.push(example) } else { rest.push(example) }
    }
    first.extend(rest);
    first.truncate(count);
    first
}
