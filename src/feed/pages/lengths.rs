//! How long a client's visits were compared with their plans, as a histogram with the visit of an alert in it. The
//! alert record has no baseline in it, so the visits are counted here, from the registrations that are kept.

use crate::domain::{Day, PublishedAlert, Zone};
use crate::feed::cases::{Book, CaseVisit};
use crate::feed::words::{Language, Texts, percent, whole};

/// Rules about the length of a visit.
const RULES: [&str; 3] = ["unusual-duration", "late-lengthening", "missing-log-out"];
/// Days before the visit whose visits are counted.
const DAYS: i32 = 100;
/// Fewer visits are no shape.
const VISITS_MIN: usize = 10;
/// Width of a bar in percent of the plan, and how many there are; the last one has no upper end.
const STEP: i64 = 25;
const BARS: usize = 10;
/// Measures of the drawing, in its own units.
const BAR_WIDTH: f64 = 44.0;
const BAR_HEIGHT: f64 = 90.0;
const TOP: f64 = 20.0;
const LEFT: f64 = 20.0;

/// A bar of the histogram.
#[derive(Clone, Debug)]
pub struct LengthBar {
    /// Its class in the style sheet.
    pub class: &'static str,
    /// Left, top and height.
    pub x: String,
    /// As said.
    pub y: String,
    /// As said.
    pub height: String,
    /// Middle, and the base line of the count.
    pub text_x: String,
    /// As said.
    pub count_y: String,
    /// The lower end, as the axis writes it, and where.
    pub tick: String,
    /// As said.
    pub tick_x: String,
    /// The lengths that it counts, in percent of the plan.
    pub range: String,
    /// Visits.
    pub count: String,
    /// Is the visit of the alert among them?
    pub is_own: bool,
}

/// The histogram.
#[derive(Clone, Debug)]
pub struct LengthsView {
    /// What it shows, in a sentence.
    pub summary: String,
    /// Its bars, shortest visits first.
    pub bars: Vec<LengthBar>,
}

impl LengthsView {
    /// The lengths of the visits of the client of `alert`; `None` where the alert is about something else, or there are
    /// too few visits with a plan.
    pub(super) fn new(book: &Book, alert: &PublishedAlert, zone: &Zone, language: Language) -> Option<Self> {
        let findings = &alert.alert.findings;
        if !findings.iter().any(|finding| RULES.contains(&finding.rule.as_str())) {
            return None;
        }
        let visit = book.visits().get(&alert.alert.subject.id)?;
        let own = share_of_plan(visit)?;
        let last = zone.day(visit.start).0;
        let others = (last - DAYS..=last).flat_map(|day| book.visits().of_client(&visit.client, Day(day)));
        let others =
            others.filter(|other| other.id != visit.id && other.start < visit.start && !other.is_cancelled);
        let shares: Vec<i64> = others.filter_map(share_of_plan).collect();
        if shares.len() < VISITS_MIN {
            return None;
        }
        let longer = shares.iter().filter(|share| own <= **share).count();
        let summary = summary(shares.len(), longer, own, language);
        Some(Self { summary, bars: bars(&shares, own, language) })
    }
}

/// Registered time in percent of the planned time.
fn share_of_plan(visit: &CaseVisit) -> Option<i64> {
    let planned = visit.planned.map(|plan| plan.seconds()).filter(|planned| 0 < *planned)?;
    Some(visit.end?.since(visit.start).max(0) * 100 / planned)
}

fn summary(visits: usize, longer: usize, own: i64, language: Language) -> String {
    let number = |count: usize| whole(i64::try_from(count).unwrap_or(i64::MAX), language);
    let own = percent(own as f64 / 100.0, language);
    let (visits, longer) = (number(visits), number(longer));
    match language {
        Language::Sv => format!(
            "Besöket tog {own} av den planerade tiden. Av brukarens {visits} besök med plan de {DAYS} dagarna \
             dessförinnan tog {longer} minst lika stor del."
        ),
        Language::En => format!(
            "The visit took {own} of the planned time. Of the client's {visits} visits with a plan in the {DAYS} days \
             before, {longer} took at least as large a part."
        ),
    }
}

fn bars(shares: &[i64], own: i64, language: Language) -> Vec<LengthBar> {
    let bar_of = |share: i64| usize::try_from(share / STEP).unwrap_or_default().min(BARS - 1);
    let mut counts = [0_usize; BARS];
    shares.iter().for_each(|share| counts[bar_of(*share)] += 1);
    let most = counts.iter().copied().max().unwrap_or(1).max(1) as f64;
    let t = Texts(language);
    let bar = |(at, count): (usize, &usize)| {
        let from = STEP * i64::try_from(at).unwrap_or_default();
        let height = BAR_HEIGHT * *count as f64 / most;
        let x = LEFT + BAR_WIDTH * at as f64;
        let is_own = at == bar_of(own);
        LengthBar {
            class: if is_own { "visit evidence" } else { "visit" },
            x: format!("{:.0}", x + 3.0),
            y: format!("{:.1}", TOP + BAR_HEIGHT - height),
            height: format!("{height:.1}"),
            count_y: format!("{:.1}", TOP + BAR_HEIGHT - height - 4.0),
            tick: percent(from as f64 / 100.0, language),
            tick_x: format!("{x:.0}"),
            text_x: format!("{:.0}", x + BAR_WIDTH / 2.0),
            range: if at + 1 == BARS {
                format!("{from}\u{a0}% {}", t.and_more())
            } else {
                format!("{from}–{}\u{a0}%", from + STEP)
            },
            count: whole(i64::try_from(*count).unwrap_or(i64::MAX), language),
            is_own,
        }
    };
    counts.iter().enumerate().map(bar).collect()
}
