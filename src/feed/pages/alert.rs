//! One alert: its findings in words, its hold, where it comes from.

use std::collections::BTreeSet;

use super::Shown;
use super::alerts::{amount, standing};
use super::exception::excepted;
use super::lengths::LengthsView;
use super::would_change::would_change;
use crate::domain::{Action, AlertState, Decision, Finding, HoldState, PublishedAlert, Value, Zone};
use crate::feed::cases::{AlertStatus, Book, Case, Chances};
use crate::feed::words::{
    self, Language, Texts, alert_state, class_name, day_and_time, exact_length, explanation_text, grade_name,
    hold_state, kronor, lowered_name, measure_name, measure_value, missing_fact_text, rule_title, visible,
};

/// An alert as a page shows it.
#[derive(Clone, Debug)]
pub struct AlertView {
    /// Its id, and the id of its place on the page.
    pub id: String,
    /// What it is about.
    pub subject: String,
    /// Grade: word of the topic and text.
    pub grade: (&'static str, &'static str),
    /// Its class.
    pub class: &'static str,
    /// State and revision.
    pub state: String,
    /// Is it withdrawn?
    pub is_withdrawn: bool,
    /// Is it beyond the desk's budget of the day?
    pub is_waiting: bool,
    /// What is decided about it.
    pub standing: Option<String>,
    /// Kronor at risk.
    pub amount: String,
    /// Its findings.
    pub findings: Vec<FindingView>,
    /// The lengths of the client's visits, where it is about the length of one.
    pub lengths: Option<LengthsView>,
    /// Its hold.
    pub hold: Option<HoldView>,
    /// Provenance in one line.
    pub provenance: String,
    /// When it was assessed.
    pub assessed_at: String,
    /// Does the log reach back over the whole baseline?
    pub is_incomplete: bool,
}

/// A finding as a page shows it.
#[derive(Clone, Debug)]
pub struct FindingView {
    /// The rule.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// The rule's version.
    pub rule_version: u32,
    /// The sentence.
    pub text: String,
    /// Measures: name, observed, expected.
    pub measures: Vec<(String, String, String)>,
    /// Is a time measured to the second, which the sentence can't say?
    pub is_exact: bool,
    /// Explanations that were tested.
    pub excluded: Vec<String>,
    /// Facts that are missing.
    pub not_tested: Vec<String>,
    /// Why its grade is lower.
    pub lowered: Option<&'static str>,
    /// Other registrations of the evidence.
    pub related: Vec<String>,
    /// How unusual it is.
    pub unusual: Option<String>,
    /// What would take it back.
    pub would_change: Vec<String>,
    /// Decided alerts of the rule and grade, where there are any.
    pub learnt: Option<String>,
}

/// A hold as a page shows it.
#[derive(Clone, Debug)]
pub struct HoldView {
    /// Its id.
    pub id: String,
    /// The registration and its version.
    pub registration: String,
    /// The time.
    pub time: String,
    /// The amount.
    pub amount: String,
    /// Its state.
    pub state: &'static str,
    /// When it was proposed.
    pub proposed: String,
    /// The payout run from which it withholds; once it does not any more, none.
    pub withholds_from: Option<String>,
    /// The payout run at which it is void, where nobody has confirmed it.
    pub void_from: Option<String>,
}

impl AlertView {
    pub(super) fn new(
        book: &Book,
        case: &Case,
        alert: &PublishedAlert,
        chances: &Chances,
        zone: &Zone,
        at: &Shown,
    ) -> Self {
        let language = at.language;
        let of = &alert.alert;
        let t = Texts(language);
        let time = |at| day_and_time(at, zone, language);
        let hold = of.hold.as_ref().map(|hold| HoldView {
            id: visible(&hold.hold_id),
            registration: format!("{}, {} {}", visible(&hold.registration_id), t.version(), hold.version),
            time: exact_length(hold.seconds_in_question, language),
            amount: kronor(hold.amount_ore, language),
            state: hold_state(hold.state, language),
            proposed: time(hold.proposed_at),
            withholds_from: hold.state.is_open().then(|| time(hold.withholds_from)),
            void_from: (hold.state == HoldState::Proposed).then(|| time(hold.expires_at)),
        });
        let from = &alert.provenance;
        Self {
            id: visible(&of.alert_id),
            subject: subject(alert, language),
            grade: (of.grade.as_str(), grade_name(of.grade, language)),
            class: class_name(of.class, language),
            state: format!("{}, {} {}", alert_state(alert.state, language), t.version(), alert.revision),
            is_withdrawn: alert.state == AlertState::Withdrawn,
            is_waiting: of.waiting && alert.state != AlertState::Withdrawn,
            standing: is_settled(case, alert, at).then(|| standing(case, alert, at, zone)),
            amount: amount(of.amount_at_risk_ore, language),
            findings: of
                .findings
                .iter()
                .map(|finding| FindingView::new(finding, chances, language))
                .collect(),
            lengths: LengthsView::new(book, alert, zone, language),
            hold,
            provenance: format!(
                "{} · {} {} · {} {}:{} · {} {} · {}",
                visible(&of.alert_id),
                "revision",
                alert.revision,
                visible(&from.topic),
                from.partition,
                from.offset,
                "tidvakt",
                visible(&from.engine),
                visible(&from.config_hash),
            ),
            assessed_at: time(of.assessed_at),
            is_incomplete: from.baseline_incomplete,
        }
    }
}

/// Has a person decided something about it that holds now?
fn is_settled(case: &Case, alert: &PublishedAlert, at: &Shown) -> bool {
    matches!(
        case.alert_status(alert, at.clock),
        AlertStatus::Waiting { .. } | AlertStatus::Confirmed | AlertStatus::Decided
    )
}

/// What an alert is about.
pub(super) fn subject(alert: &PublishedAlert, language: Language) -> String {
    let of = &alert.alert;
    let t = Texts(language);
    match of.subject.version {
        Some(version) => {
            format!("{} {}, {} {version}", t.registration(), visible(&of.subject.id), t.version())
        }
        None => format!("{}, {}", visible(&of.subject.id), words::month_name(of.pay_period, language)),
    }
}

impl FindingView {
    fn new(finding: &Finding, chances: &Chances, language: Language) -> Self {
        let t = Texts(language);
        let chance = chances.of(&finding.rule, finding.grade);
        let learnt = (0 < chance.decided).then(|| {
            format!(
                "{}: {} {} {} {}",
                t.learnt(),
                chance.right,
                t.learnt_of(),
                chance.decided,
                t.learnt_right()
            )
        });
        Self {
            rule: visible(&finding.rule),
            title: rule_title(&finding.rule, language).to_owned(),
            rule_version: finding.rule_version,
            text: visible(language.of(&finding.text.sv, &finding.text.en)),
            measures: measures(finding, language),
            is_exact: is_exact(finding),
            excluded: finding.excluded.iter().map(|word| visible(explanation_text(word, language))).collect(),
            not_tested: finding
                .not_tested
                .iter()
                .map(|word| visible(missing_fact_text(word, language)))
                .collect(),
            lowered: finding.lowered_by.map(|reason| lowered_name(reason, language)),
            related: finding.related.iter().map(|id| visible(id)).collect(),
            unusual: finding.p_value.map(|p| one_in(p, language)),
            would_change: would_change(finding, language),
            learnt,
        }
    }
}

/// Does it measure a time below an hour that is not of whole minutes?
fn is_exact(finding: &Finding) -> bool {
    finding.observed.iter().any(|(name, value)| match value {
        Value::Whole(seconds) => {
            name.contains("seconds") && (60..3_600).contains(seconds) && seconds % 60 != 0
        }
        _ => false,
    })
}

/// Observed and expected beside each other where they name the same, else one after the other.
fn measures(finding: &Finding, language: Language) -> Vec<(String, String, String)> {
    let base = |name: &str| name.trim_end_matches("_max").trim_end_matches("_min").to_owned();
    let value = |name: &str, value: &Value| measure_value(name, value, language);
    let mut rows: Vec<(String, String, String)> = Vec::new();
    for (name, observed) in &finding.observed {
        let expected = finding.expected.iter().filter(|(other, _)| base(other) == base(name));
        let expected: Vec<String> = expected.map(|(other, expected)| value(other, expected)).collect();
        let expected = if expected.is_empty() { "–".to_owned() } else { expected.join(", ") };
        rows.push((measure_name(name, language), value(name, observed), expected));
    }
    for (name, expected) in &finding.expected {
        if !finding.observed.iter().any(|(other, _)| base(other) == base(name)) {
            rows.push((measure_name(name, language), "–".to_owned(), value(name, expected)));
        }
    }
    rows
}

/// A p-value in words: `1 fall av 2 000`; no chance is known to less than one in a million.
fn one_in(p: f64, language: Language) -> String {
    const CASES_MAX: i64 = 1_000_000;
    let t = Texts(language);
    let cases = (1.0 / p.max(f64::MIN_POSITIVE)).round().clamp(1.0, 1e9) as i64;
    // Two significant digits are more than a p-value knows.
    let scale = 10_i64.pow(u32::try_from(cases.to_string().len().saturating_sub(2)).unwrap_or(0));
    let (start, cases) = if CASES_MAX < cases {
        (language.of("färre än 1 fall av", "fewer than 1 case in"), CASES_MAX)
    } else {
        (language.of("1 fall av", "1 case in"), cases / scale * scale)
    };
    format!("{} {start} {}.", t.by_chance_text(), words::whole(cases, language))
}

/// Earlier decisions about the alerts of a case, as sentences: one for the alerts that were decided together.
pub(super) fn decided(case: &Case, zone: &Zone, language: Language) -> Vec<(String, String)> {
    let decisions = case.decisions();
    let together = decisions.chunk_by(|one, next| what(one) == what(next));
    together.map(|decisions| decided_together(decisions, zone, language)).collect()
}

/// What is the same of decisions that were made together.
fn what(decision: &Decision) -> impl PartialEq + '_ {
    (
        decision.decided_at,
        &decision.decided_by,
        decision.action,
        decision.outcome,
        &decision.reason,
        decision.until,
    )
}

fn decided_together(decisions: &[&Decision], zone: &Zone, language: Language) -> (String, String) {
    let decision = decisions[0];
    let mut subjects: Vec<String> = decisions
        .iter()
        .map(|one| visible(one.alert_id.splitn(3, ':').nth(2).unwrap_or(&one.alert_id)))
        .collect();
    subjects.sort();
    let mut text = format!(
        "{}: {} {}",
        subjects.join(", "),
        visible(&decision.decided_by),
        words::action_done(decision.action, language)
    );
    if let Some(until) = decision.until {
        // A wait ends with a day, not within one.
        let until = if decision.action == Action::Wait {
            words::date(until, zone)
        } else {
            day_and_time(until, zone, language)
        };
        text.push_str(&format!(" {} {until}", language.of("till", "until")));
    }
    if let Some(outcome) = decision.outcome {
        text.push_str(&format!(". {}", words::outcome_name(outcome, language)));
    }
    if !decision.reason.is_empty() {
        text.push_str(&format!(": {}", visible(&decision.reason)));
    }
    let exceptions = decisions.iter().filter_map(|one| one.exception.as_ref());
    let exceptions: BTreeSet<String> = exceptions.map(|one| excepted(one, zone, language)).collect();
    exceptions.iter().for_each(|one| text.push_str(&format!(" {one}")));
    (day_and_time(decision.decided_at, zone, language), text)
}
