//! The page of a case.

use askama::Template;

use super::alert::{AlertView, decided, subject};
use super::alerts::{CaseAlertRow, alert_lines, amount};
use super::ask::question;
use super::day::{DayView, days};
use super::decide::{DecideView, Deciding};
use super::queue::payout;
use super::{Head, Shown, in_address};
use crate::domain::{AlertState, Grade, Hold, HoldState, PublishedAlert, UtcSecond, Zone};
use crate::feed::cases::{AlertStatus, Book, Case, Seen, Settled, SettledAlert};
use crate::feed::words::{
    Language, Texts, action_result, case_status, date, grade_name, kind_name, kronor, month_name,
    outcome_name, percent, rule_title, visible,
};

/// Days that are drawn on one page, the latest ones.
const DAYS_MAX: usize = 8;
/// Other cases that are named.
const SIMILAR_MAX: usize = 6;
/// Earlier alerts that are named, the latest ones.
const ALIKE_MAX: usize = 8;

/// Alerts about one day, with the day.
#[derive(Clone, Debug)]
pub struct DaySection {
    /// The day, where its registrations are kept.
    pub day: Option<DayView>,
    /// The alerts about it.
    pub alerts: Vec<AlertView>,
}

/// Another case about the same, or one that names its registrations.
#[derive(Clone, Debug)]
pub struct Similar {
    /// Its page.
    pub href: String,
    /// What it is about.
    pub kind: &'static str,
    /// The subject.
    pub reference: String,
    /// Its pay period.
    pub period: String,
    /// Its state.
    pub status: &'static str,
}

/// An earlier alert about the same and of the same rule, with how it was settled.
#[derive(Clone, Debug)]
pub struct AlikeRow {
    /// The page of its case.
    pub href: String,
    /// Its date.
    pub date: String,
    /// Its rule's title.
    pub rule: String,
    /// What it is about.
    pub subject: String,
    /// How it was settled.
    pub settled: String,
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "case.html")]
pub struct CasePage {
    /// What every page has.
    pub head: Head,
    /// Its id.
    pub id: String,
    /// What it is about.
    pub kind: &'static str,
    /// The subject.
    pub reference: String,
    /// Grade: word of the topic and text.
    pub grade: (&'static str, &'static str),
    /// State.
    pub status: &'static str,
    /// Why, in one sentence.
    pub why: String,
    /// The provider.
    pub provider: String,
    /// The pay period.
    pub period: String,
    /// Kronor at risk.
    pub amount: String,
    /// Kronor in open holds.
    pub held: Option<String>,
    /// Probability that it is right.
    pub chance: String,
    /// Days to the payout run.
    pub payout: String,
    /// How many alerts.
    pub count: String,
    /// Its alerts that are not withdrawn, one a line.
    pub lines: Vec<CaseAlertRow>,
    /// What happens to the money where nobody decides.
    pub if_nobody: Option<String>,
    /// Alerts by day.
    pub days: Vec<DaySection>,
    /// Alerts about a pay period.
    pub periods: Vec<AlertView>,
    /// Alerts that are withdrawn.
    pub withdrawn: Vec<AlertView>,
    /// What may be decided.
    pub decide: Option<DecideView>,
    /// The question to the provider, as text to copy.
    pub question: Option<String>,
    /// What was decided: when and what.
    pub decisions: Vec<(String, String)>,
    /// Earlier alerts about the same and of the same rules.
    pub alike: Vec<AlikeRow>,
    /// How many there are, and how many of them were right.
    pub alike_summary: String,
    /// Other cases about the same.
    pub similar: Vec<Similar>,
    /// Cases whose evidence names registrations of this one's carer or client.
    pub naming: Vec<Similar>,
    /// The list of cases.
    pub queue_href: String,
}

impl CasePage {
    /// The page of `case`, for whom `deciding` says.
    #[must_use]
    pub fn new(seen: Seen<'_>, at: &Shown, book: &Book, case: &Case, deciding: &Deciding<'_>) -> Self {
        let language = at.language;
        let zone = &seen.rules().zone;
        let t = Texts(language);
        let chances = book.chances(at.clock);
        let worth = book.worth(case, &chances);
        let open = case.open_alerts();
        let view = |alert: &PublishedAlert| AlertView::new(book, case, alert, &chances, zone, at);
        let by_day = days(book, &open, zone);
        let sections = by_day.into_iter().rev().enumerate().map(|(at, (day, alerts))| DaySection {
            day: (at < DAYS_MAX).then(|| DayView::new(book, day, &alerts, zone, language)).flatten(),
            alerts: alerts.into_iter().map(view).collect(),
        });
        let status = book.status(case, at.clock);
        let held: i64 = case.open_holds().map(|hold| hold.amount_ore).sum();
        let kind = kind_name(case.kind(), language);
        let reference = visible(case.reference());
        let path = format!("/cases/{}", in_address(case.id()));
        let settled = book.alike(case);
        let withdrawn = case.alerts().into_iter().filter(|alert| alert.state == AlertState::Withdrawn);
        Self {
            head: Head::new(seen, at, format!("{kind} {reference}"), &path),
            id: visible(case.id()),
            kind,
            reference,
            grade: (case.grade().as_str(), grade_name(case.grade(), language)),
            status: case_status(status, language),
            why: case.first_finding().map_or(t.withdrawn_text().to_owned(), |finding| {
                visible(language.of(&finding.text.sv, &finding.text.en))
            }),
            provider: visible(case.provider_id()),
            period: case.pay_period().map(|month| month_name(month, language)).unwrap_or_default(),
            amount: amount(case.at_risk_ore(), language),
            lines: alert_lines(case, at, zone),
            if_nobody: if_nobody(book, case, at, zone),
            held: (0 < held).then(|| kronor(held, language)),
            chance: percent(worth.chance.mean, language),
            payout: payout(&worth, language),
            count: alert_count(open.len(), t),
            days: sections.collect(),
            periods: open
                .iter()
                .filter(|alert| alert.alert.subject.version.is_none())
                .map(|one| view(one))
                .collect(),
            withdrawn: withdrawn.map(view).collect(),
            decide: DecideView::new(case, status, at, zone, deciding),
            question: question(book, case, zone, language),
            decisions: decided(case, zone, language),
            alike_summary: alike_summary(&settled, language),
            alike: settled.iter().take(ALIKE_MAX).map(|one| alike_row(one, zone, language)).collect(),
            similar: similar(book, case, at),
            naming: book
                .cases_naming(case)
                .into_iter()
                .take(SIMILAR_MAX)
                .map(|one| listed(book, one, at))
                .collect(),
            queue_href: format!("/{}/cases?municipality={}", language.code(), book.municipality()),
        }
    }
}

/// What the next payout runs mean for the money of `case` where nobody decides anything more.
fn if_nobody(book: &Book, case: &Case, at: &Shown, zone: &Zone) -> Option<String> {
    let language = at.language;
    let t = Texts(language);
    let proposed: Vec<&Hold> = case.open_holds().filter(|hold| hold.state == HoldState::Proposed).collect();
    let mut parts = Vec::new();
    let next = |run: fn(&Hold) -> UtcSecond| proposed.iter().map(|hold| run(hold)).min();
    if let (Some(from), Some(void)) = (next(|hold| hold.withholds_from), next(|hold| hold.expires_at)) {
        let sum = kronor(proposed.iter().map(|hold| hold.amount_ore).sum(), language);
        let (is_withheld, from, void) = (from <= book.now(), date(from, zone), date(void, zone));
        parts.push(match (language, is_withheld) {
            (Language::Sv, false) => {
                format!("{sum} hålls inne vid utbetalningen {from} och betalas ut vid nästa, {void}.")
            }
            (Language::Sv, true) => {
                format!("{sum} är innehållna sedan utbetalningen {from} och betalas ut {void}.")
            }
            (Language::En, false) => {
                format!("{sum} is withheld from the payout run on {from} and paid at the next, on {void}.")
            }
            (Language::En, true) => {
                format!("{sum} is withheld since the payout run on {from} and is paid on {void}.")
            }
        });
    }
    let is_paid = |alert: &&PublishedAlert| {
        alert.alert.grade == Grade::Review && case.alert_status(alert, at.clock) != AlertStatus::Decided
    };
    if case.open_alerts().iter().any(is_paid) {
        parts.push(t.not_held_note().to_owned());
    }
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn alike_row(one: &SettledAlert<'_>, zone: &Zone, language: Language) -> AlikeRow {
    let t = Texts(language);
    let settled = match one.settled {
        Settled::Decided(decision) => {
            let outcome = decision.outcome.map(|outcome| outcome_name(outcome, language));
            let done = action_result(decision.action, language);
            let outcome = outcome.map_or_else(|| done.to_owned(), |outcome| format!("{outcome}. {done}"));
            format!("{outcome}, {}", date(decision.decided_at, zone))
        }
        Settled::Expired => t.settled_expired().to_owned(),
        Settled::Withdrawn => t.settled_withdrawn().to_owned(),
    };
    AlikeRow {
        href: format!("/{}/cases/{}", language.code(), in_address(one.case.id())),
        date: date(one.alert.alert.event_time, zone),
        rule: rule_title(one.rule, language).to_owned(),
        subject: subject(one.alert, language),
        settled,
    }
}

/// How many earlier alerts there are, how many of them were decided, and how many of those were right.
fn alike_summary(settled: &[SettledAlert<'_>], language: Language) -> String {
    let t = Texts(language);
    let decided: Vec<bool> = settled.iter().filter_map(|one| one.settled.is_right()).collect();
    let right = decided.iter().filter(|right| **right).count();
    let (all, decided) = (alert_count(settled.len(), t), decided.len());
    match language {
        Language::Sv => format!("{all}: {decided} har fått ett utfall, och {right} av dem stämde."),
        Language::En => format!("{all}: {decided} with an outcome, of which {right} were right."),
    }
}

fn alert_count(count: usize, t: Texts) -> String {
    match count {
        1 => t.one_alert().to_owned(),
        count => format!("{count} {}", t.alerts_many()),
    }
}

/// The cases about the same in other pay periods, latest first.
fn similar(book: &Book, case: &Case, at: &Shown) -> Vec<Similar> {
    let others = book.cases_about(case.kind(), case.reference()).filter(|other| other.id() != case.id());
    let mut others: Vec<&Case> = others.collect();
    others.sort_by_key(|other| std::cmp::Reverse(other.pay_period()));
    others.into_iter().take(SIMILAR_MAX).map(|one| listed(book, one, at)).collect()
}

fn listed(book: &Book, other: &Case, at: &Shown) -> Similar {
    Similar {
        href: format!("/{}/cases/{}", at.language.code(), in_address(other.id())),
        kind: kind_name(other.kind(), at.language),
        reference: visible(other.reference()),
        period: other.pay_period().map(|month| month_name(month, at.language)).unwrap_or_default(),
        status: case_status(book.status(other, at.clock), at.language),
    }
}
