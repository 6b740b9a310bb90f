//! The alerts that a scenario expects, and how those that are found differ.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::cli::exit::{Exit, Failure, OrExit};
use crate::domain::Alert;

/// An expected alert: what is `None` is not compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectedAlert {
    alert_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    grade: Option<String>,
    /// Rules with a finding, in any order.
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<BTreeSet<String>>,
    /// Seconds of the hold; 0 where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    hold_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_at_risk_ore: Option<i64>,
}

impl ExpectedAlert {
    fn of(alert: &Alert) -> Self {
        Self {
            alert_id: alert.alert_id.clone(),
            grade: Some(alert.grade.as_str().to_owned()),
            rules: Some(alert.findings.iter().map(|finding| finding.rule.clone()).collect()),
            hold_seconds: Some(alert.hold.as_ref().map_or(0, |hold| hold.seconds_in_question)),
            amount_at_risk_ore: None,
        }
    }

    /// What differs in `alert`, in words.
    fn differences(&self, alert: &Alert) -> Vec<String> {
        let found = Self { amount_at_risk_ore: Some(alert.amount_at_risk_ore), ..Self::of(alert) };
        let listed =
            |rules: &BTreeSet<String>| rules.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        [
            difference("grade", self.grade.as_deref(), found.grade.as_deref()),
            difference("rules", self.rules.as_ref().map(listed), found.rules.as_ref().map(listed)),
            difference("hold_seconds", self.hold_seconds, found.hold_seconds),
            difference("amount_at_risk_ore", self.amount_at_risk_ore, found.amount_at_risk_ore),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn difference<T: PartialEq + std::fmt::Display>(
    name: &str,
    expected: Option<T>,
    found: Option<T>,
) -> Option<String> {
    let (expected, found) = expected.zip(found)?;
    (expected != found).then(|| format!("{name} is {found}, expected {expected}"))
}

/// The alerts that the file at `path` lists.
pub(super) fn read(path: &Path) -> Result<Vec<ExpectedAlert>, Failure> {
    let text = fs::read_to_string(path)
        .or_exit(Exit::NoInput, format!("`{}` can't be read", path.display()))
        .map_err(|failure| failure.remedy("`tidvakt test --bless DIR` writes it from what is found"))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let parse = |(number, line): (usize, &str)| {
        serde_json::from_str(line).or_exit(Exit::Data, format!("line {} of `{}`", number + 1, path.display()))
    };
    lines.map(parse).collect()
}

/// Writes `alerts` as what is expected.
pub(super) fn write(path: &Path, alerts: &BTreeMap<String, Alert>) -> Result<(), Failure> {
    let mut text = String::new();
    for alert in alerts.values() {
        let line = serde_json::to_string(&ExpectedAlert::of(alert))
            .or_exit(Exit::Software, "texts become no JSON")?;
        let _ = writeln!(text, "{line}");
    }
    fs::write(path, text).or_exit(Exit::CannotCreate, format!("`{}` can't be written", path.display()))
}

/// What is missing, what differs and what was not expected.
pub(super) fn differences(expected: &[ExpectedAlert], found: &BTreeMap<String, Alert>) -> Vec<String> {
    let mut differences = Vec::new();
    for alert in expected {
        match found.get(&alert.alert_id) {
            None => differences.push(format!("missing: {}", alert.alert_id)),
            Some(found) => {
                let differs = alert.differences(found).into_iter();
                differences.extend(differs.map(|what| format!("differs: {}: {what}", alert.alert_id)));
            }
        }
    }
    let is_listed = |id: &str| expected.iter().any(|alert| alert.alert_id == id);
    for alert in found.values().filter(|alert| !is_listed(&alert.alert_id)) {
        let sentences: Vec<&str> = alert.findings.iter().map(|finding| finding.text.en.as_str()).collect();
        let (id, grade) = (&alert.alert_id, alert.grade.as_str());
        differences.push(format!("not expected: {id} ({grade}): {}", sentences.join(" ")));
    }
    differences
}
