//! Alerts within the size that a broker takes: an alert that would exceed it is published with less evidence, and with
//! its hold whole, as that is what a payout service goes by.

use std::cmp::Reverse;

use super::alert::alert_bytes;
use crate::domain::{Alert, Finding};

/// Bytes of an alert's record at most. Brokers take a megabyte by default; key, headers and provenance come on top.
pub const ALERT_BYTES_MAX: usize = 800_000;

/// The alert as it is published: with fewer registrations of the evidence, and then with fewer findings, the least grave
/// first, where it would be too large. A function of the alert, so that what was read back compares equal.
#[must_use]
pub fn fitting(mut alert: Alert) -> Alert {
    if bytes_at_most(&alert) <= ALERT_BYTES_MAX {
        return alert;
    }
    while ALERT_BYTES_MAX < alert_bytes(&alert) {
        // The last of the least grave: first what it names, then the finding itself.
        let findings = alert.findings.iter().enumerate();
        let least = findings.min_by_key(|(at, finding)| (finding.grade, Reverse(*at))).map(|(at, _)| at);
        let Some(finding) = least.map(|at| &mut alert.findings[at]) else { break };
        let named = u32::try_from(finding.related.len()).unwrap_or(u32::MAX);
        if 0 < named {
            finding.related_more = finding.related_more.saturating_add(named);
            finding.related.clear();
        } else if 1 < alert.findings.len() {
            alert.findings.remove(least.unwrap_or(0));
        } else {
            break;
        }
    }
    alert
}

/// More than the alert's record has: no character of an id or a text takes more than six bytes for one of its own.
fn bytes_at_most(alert: &Alert) -> usize {
    const EACH: usize = 200;
    let texts = |texts: &[String]| texts.iter().map(|text| EACH + 6 * text.len()).sum::<usize>();
    let of = |finding: &Finding| {
        let measures = finding.observed.len() + finding.expected.len();
        let words = texts(&finding.related) + texts(&finding.excluded) + texts(&finding.not_tested);
        10 * EACH + 2 * EACH * measures + words + 6 * (finding.text.sv.len() + finding.text.en.len())
    };
    let spans = alert.hold.as_ref().map_or(0, |hold| hold.disputed.len());
    50 * EACH + 6 * 8 * 1_024 + alert.findings.iter().map(of).sum::<usize>() + EACH * spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{content_hash, parse_alert, write_alert};
    use crate::domain::{Grade, PublishedAlert};

    fn opened() -> PublishedAlert {
        parse_alert(include_bytes!("../../tests/golden/alert-opened.json")).expect("an alert")
    }

    #[test]
    fn an_alert_that_fits_stays_as_it_is() {
        let PublishedAlert { alert, .. } = opened();
        assert_eq!(fitting(alert.clone()), alert);
    }

    #[test]
    fn an_alert_that_is_too_large_loses_the_least_grave_evidence_and_no_second_of_its_hold() {
        let mut published = opened();
        let alert = &mut published.alert;
        // The longest ids, of the longest characters.
        let id = |number: usize| format!("{number:06}{}", "\u{1f3e0}".repeat(120));
        let grave = Finding { related: (0..200).map(id).collect(), ..alert.findings[0].clone() };
        let slight = Finding { grade: Grade::Observe, related: (0..400).map(id).collect(), ..grave.clone() };
        let first = Finding { related: vec![id(1)], ..grave.clone() };
        alert.findings = vec![first, slight.clone(), grave, slight];
        for text in [1, 300_000] {
            let mut too_large = alert.clone();
            too_large.findings[1].text.sv = "x".repeat(text);
            too_large.findings[3].text.sv = "x".repeat(2 * text);
            let fitted = fitting(too_large);
            assert_eq!(fitting(fitted.clone()), fitted, "and what was read back is the same");
            assert_eq!(fitted.hold, alert.hold);
            assert_eq!((fitted.amount_at_risk_ore, fitted.grade), (alert.amount_at_risk_ore, alert.grade));
            assert_eq!(fitted.findings[0].related.len(), 1, "the gravest keeps its evidence longest");
            let mut record = Vec::new();
            let published = PublishedAlert { alert: fitted, ..opened() };
            write_alert(&published, &mut record);
            assert!(record.len() <= ALERT_BYTES_MAX, "{}", record.len());
            let read = parse_alert(&record).expect("it is whole");
            assert_eq!(content_hash(&read.alert), content_hash(&published.alert));
        }
    }
}
