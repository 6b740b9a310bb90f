//! What is exported from the start, what is counted, and what is never a label.

use super::*;
use crate::service::fixtures::alert;

fn assert_says(metrics: &Metrics, lines: &[&str]) {
    let text = metrics.text();
    for line in lines {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}

#[test]
fn what_is_known_to_come_is_there_as_zero() {
    let metrics = Metrics::new(&["carer-overlap"]);
    assert_says(
        &metrics,
        &[
            "tidvakt_registrations_total{result=\"scored\"} 0",
            "tidvakt_quarantined_total{reason=\"personal-id\"} 0",
            "tidvakt_findings_total{grade=\"hold\",rule=\"carer-overlap\"} 0",
            "tidvakt_alerts_by_rule_total{provider_kind=\"private\",rule=\"carer-overlap\",state=\"opened\"} 0",
            "tidvakt_partitions{phase=\"live\"} 0",
            "tidvakt_end_to_end_latency_seconds_count 0",
            "tidvakt_commit_failures_total{kind=\"fenced\"} 0",
            &format!("tidvakt_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION")),
        ],
    );
    assert!(!metrics.text().contains("municipality=") && !metrics.text().contains("_timestamp_seconds 0"));
}

#[test]
fn a_municipality_begins_at_zero_and_leaves_nothing() {
    let metrics = Metrics::new(&[]);
    metrics.begin_municipality("0181");
    metrics.begin_municipality("0180");
    assert_says(
        &metrics,
        &[
            "tidvakt_visits_total{municipality=\"0181\",provider_kind=\"unknown\"} 0",
            "tidvakt_holds_kronor{municipality=\"0181\",state=\"expired\"} 0",
        ],
    );
    metrics.forget_municipality("0181", false);
    assert!(!metrics.text().contains("0181"), "{}", metrics.text());
    assert!(metrics.text().contains("municipality=\"0180\""));
    metrics.lag(3, 5, 7);
    assert_says(
        &metrics,
        &["tidvakt_feed_lag_records{partition=\"3\"} 5", "tidvakt_unassessed_records{partition=\"3\"} 7"],
    );
    metrics.forget_partition(3, false);
    assert!(!metrics.text().contains("partition=\"3\""));
}

#[test]
fn the_rules_share_is_what_is_new_since_the_last_look() {
    let metrics = Metrics::new(&["r"]);
    let before =
        [RuleCounts { rule: "r", hits: [0, 1, 0], lowered: [0; 4], undetermined: vec![("order", 2)] }];
    let now = [RuleCounts {
        rule: "r",
        hits: [0, 3, 1],
        lowered: [0; 4],
        undetermined: vec![("order", 2), ("home", 1)],
    }];
    metrics.rules_answered(&now, &before);
    assert_says(
        &metrics,
        &[
            "tidvakt_findings_total{grade=\"review\",rule=\"r\"} 2",
            "tidvakt_undetermined_total{fact=\"order\",rule=\"r\"} 0",
            "tidvakt_undetermined_total{fact=\"home\",rule=\"r\"} 1",
        ],
    );
}

#[test]
fn a_withdrawn_alert_counts_for_the_rules_that_it_had() {
    let metrics = Metrics::new(&["r"]);
    let mut opened = alert("0181", "R1", 7.0);
    opened.alert.findings = vec![finding("r"), finding("r")];
    let mut withdrawn = opened.clone();
    withdrawn.state = AlertState::Withdrawn;
    withdrawn.alert.findings.clear();
    metrics.alert_published(&opened, None, Some(ProviderKind::Municipal));
    metrics.alert_published(&withdrawn, Some(&opened), None);
    assert_says(
        &metrics,
        &[
            "tidvakt_alerts_by_rule_total{provider_kind=\"municipal\",rule=\"r\",state=\"opened\"} 1",
            "tidvakt_alerts_by_rule_total{provider_kind=\"unknown\",rule=\"r\",state=\"withdrawn\"} 1",
            "tidvakt_alerts_total{grade=\"hold\",municipality=\"0181\",provider_kind=\"municipal\",state=\"opened\"} 1",
        ],
    );
}

fn finding(rule: &str) -> crate::domain::Finding {
    crate::domain::Finding {
        rule: rule.to_owned(),
        rule_version: 1,
        class: crate::domain::Class::Contradiction,
        grade: Grade::Hold,
        p_value: None,
        related: Vec::new(),
        related_more: 0,
        seconds_in_question: 0,
        observed: Vec::new(),
        expected: Vec::new(),
        excluded: Vec::new(),
        not_tested: Vec::new(),
        text: crate::domain::Sentence { sv: String::new(), en: String::new() },
        lowered_by: None,
    }
}

#[test]
fn no_label_names_a_person_and_every_metric_says_what_it_is() {
    for spec in CATALOGUE {
        assert!(spec.name.starts_with("tidvakt_") && spec.help.ends_with('.'), "{}", spec.name);
        let counts = matches!(spec.kind, MetricKind::Counter | MetricKind::Sum);
        assert_eq!(counts, spec.name.ends_with("_total"), "{}", spec.name);
        assert_eq!(spec.kind == MetricKind::Time, spec.name.ends_with("_timestamp_seconds"), "{}", spec.name);
        let personal = |label: &MetricLabel| ["carer", "client_ref", "registration"].contains(&label.name);
        assert!(!spec.labels.iter().any(personal), "{}", spec.name);
        assert!(metrics_table().contains(&format!("| `{}` | {} |", spec.name, spec.kind.type_name())));
    }
}
