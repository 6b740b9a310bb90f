//! A day, drawn: the visits of carers and clients on one axis, planned above registered, and the same as a table.

use std::collections::{BTreeMap, BTreeSet};

use super::clock_near;
use crate::domain::{Day, PublishedAlert, UtcSecond, Zone};
use crate::feed::cases::{Book, CaseVisit};
use crate::feed::words::{Language, Texts, counted, method_name, visible, visit_kind, visit_outcome};

/// Width of the drawing, in its own units.
const WIDTH: f64 = 960.0;
/// Room at the left for the names.
const NAMES: f64 = 170.0;
/// Height of one level of bars, and of what stands above all lanes.
const LEVEL: f64 = 40.0;
const TOP: f64 = 26.0;
/// Carers, and clients, that are drawn of one day.
const LANES_MAX: usize = 4;
/// Visits that go on are drawn this long.
const OPEN_SECONDS: i64 = 900;
/// Room before the first and after the last visit.
const MARGIN_SECONDS: i64 = 1_800;
/// A bar narrower than this has no name in it.
const NAMED_WIDTH_MIN: f64 = 56.0;

/// A day as a page draws it.
#[derive(Clone, Debug)]
pub struct DayView {
    /// The local date.
    pub date: String,
    /// What the drawing shows, in one sentence.
    pub summary: String,
    /// Height of the drawing.
    pub height: String,
    /// Full hours.
    pub ticks: Vec<Tick>,
    /// Lanes.
    pub lanes: Vec<Lane>,
    /// The same as rows of a table.
    pub rows: Vec<VisitRow>,
}

/// A full hour.
#[derive(Clone, Debug)]
pub struct Tick {
    /// Where.
    pub x: String,
    /// Which.
    pub hour: String,
}

/// The visits of one carer or client.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Carer or client.
    pub kind: &'static str,
    /// Who.
    pub name: String,
    /// Top, and the line of the name.
    pub y: String,
    /// Height.
    pub height: String,
    /// Base line of the first line of the name.
    pub text_y: String,
    /// Base line of the second line.
    pub name_y: String,
    /// Planned and registered times.
    pub bars: Vec<Bar>,
    /// Times that two visits of the evidence share.
    pub shared: Vec<Bar>,
}

/// A box.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Its class in the style sheet.
    pub class: &'static str,
    /// Left.
    pub x: String,
    /// Top.
    pub y: String,
    /// Width.
    pub width: String,
    /// Height.
    pub height: String,
    /// Base line of its text.
    pub text_y: String,
    /// Left of its text.
    pub text_x: String,
    /// Its text, where it is wide enough.
    pub text: Option<String>,
}

/// A visit in the table.
#[derive(Clone, Debug)]
pub struct VisitRow {
    /// The registration and its version.
    pub id: String,
    /// Does it belong to the evidence?
    pub is_evidence: bool,
    /// The carer.
    pub carer: String,
    /// The client.
    pub client: String,
    /// Planned times.
    pub planned: String,
    /// Registered times.
    pub registered: String,
    /// How its ends were captured.
    pub captured: String,
    /// Kind, outcome, staffing, changes.
    pub notes: String,
    /// Earlier versions.
    pub earlier: Vec<String>,
}

/// The days of the registrations that `alerts` name, oldest first, each with the alerts about it.
pub(super) fn days<'a>(
    book: &Book,
    alerts: &[&'a PublishedAlert],
    zone: &Zone,
) -> BTreeMap<Day, Vec<&'a PublishedAlert>> {
    let mut days: BTreeMap<Day, Vec<&PublishedAlert>> = BTreeMap::new();
    for alert in alerts.iter().filter(|alert| alert.alert.subject.version.is_some()) {
        let start =
            book.visits().get(&alert.alert.subject.id).map_or(alert.alert.event_time, |visit| visit.start);
        days.entry(zone.day(start)).or_default().push(alert);
    }
    days
}

impl DayView {
    /// Do two visits of the evidence share time?
    #[must_use]
    pub fn has_shared(&self) -> bool {
        self.lanes.iter().any(|lane| !lane.shared.is_empty())
    }

    /// The day as `alerts` are about it; `None` where none of its registrations is kept.
    pub(super) fn new(
        book: &Book,
        day: Day,
        alerts: &[&PublishedAlert],
        zone: &Zone,
        language: Language,
    ) -> Option<Self> {
        let evidence = evidence(alerts);
        let known: Vec<&CaseVisit> = evidence.iter().filter_map(|id| book.visits().get(id)).collect();
        let first = known.first()?;
        let unique = |names: Vec<&str>| {
            let mut seen = BTreeSet::new();
            let mut names: Vec<String> =
                names.into_iter().filter(|name| seen.insert(*name)).map(str::to_owned).collect();
            names.truncate(LANES_MAX);
            names
        };
        let carers = unique(known.iter().map(|visit| &*visit.carer).collect());
        let clients = unique(known.iter().map(|visit| &*visit.client).collect());
        let t = Texts(language);
        let of_carers = carers.iter().map(|carer| (t.carer(), carer, book.visits().of_carer(carer, day)));
        let of_clients =
            clients.iter().map(|client| (t.client(), client, book.visits().of_client(client, day)));
        let people: Vec<(&'static str, &String, Vec<&CaseVisit>)> = of_carers.chain(of_clients).collect();
        let axis = Axis::over(people.iter().flat_map(|(.., visits)| visits))?;
        let mut lanes = Vec::new();
        let mut y = TOP;
        for (kind, name, visits) in &people {
            let lane = lane(kind, name, visits, &evidence, &axis, y);
            y += lane.1;
            lanes.push(lane.0);
        }
        let rows = rows(&people, &evidence, zone, language);
        let date = zone.date(first.start);
        Some(Self {
            summary: summary(&date, &people, language),
            date,
            height: number(y + 6.0),
            ticks: axis.ticks(zone),
            lanes,
            rows,
        })
    }
}

/// The registrations that alerts rest on.
fn evidence(alerts: &[&PublishedAlert]) -> BTreeSet<String> {
    let subjects = alerts.iter().map(|alert| alert.alert.subject.id.clone());
    let related =
        alerts.iter().flat_map(|alert| &alert.alert.findings).flat_map(|finding| finding.related.clone());
    subjects.chain(related).collect()
}

fn summary(date: &str, people: &[(&str, &String, Vec<&CaseVisit>)], language: Language) -> String {
    let t = Texts(language);
    let part = |(kind, name, visits): &(&str, &String, Vec<&CaseVisit>)| {
        let count = visits.len();
        let word = counted(count, language.of("besök", "visit"), language.of("besök", "visits"));
        format!("{} {}: {count} {word}", kind.to_lowercase(), visible(name))
    };
    format!("{} {date}. {}.", t.the_day(), people.iter().map(part).collect::<Vec<_>>().join("; "))
}

/// Which instant is where.
struct Axis {
    from: UtcSecond,
    scale: f64,
    to: UtcSecond,
}

impl Axis {
    fn over<'a>(visits: impl Iterator<Item = &'a &'a CaseVisit> + Clone) -> Option<Self> {
        let ends = |visit: &&CaseVisit| {
            visit.planned.map_or(shown_end(visit), |plan| plan.end().max(shown_end(visit)))
        };
        let starts =
            |visit: &&CaseVisit| visit.planned.map_or(visit.start, |plan| plan.start().min(visit.start));
        let from = visits.clone().map(starts).min()?.plus(-MARGIN_SECONDS);
        let to = visits.map(ends).max()?.plus(MARGIN_SECONDS);
        Some(Self { from, to, scale: (WIDTH - NAMES - 4.0) / to.since(from).max(1) as f64 })
    }

    fn x(&self, at: UtcSecond) -> f64 {
        NAMES + at.since(self.from) as f64 * self.scale
    }

    fn ticks(&self, zone: &Zone) -> Vec<Tick> {
        let hours = self.to.since(self.from) / 3_600 + 1;
        let step = if hours <= 12 { 1 } else { 2 };
        let first = self.from.plus(3_600 - zone.second_of_day(self.from) % 3_600);
        let hours = (0..=hours).map(|hour| first.plus(hour * 3_600)).filter(|at| *at <= self.to);
        let hours = hours.filter(|at| zone.second_of_day(*at) / 3_600 % step == 0);
        hours.map(|at| Tick { x: number(self.x(at)), hour: zone.clock(at) }).collect()
    }
}

fn shown_end(visit: &CaseVisit) -> UtcSecond {
    visit.end.unwrap_or(visit.start.plus(OPEN_SECONDS))
}

/// One lane, and its height.
fn lane(
    kind: &'static str,
    name: &str,
    visits: &[&CaseVisit],
    evidence: &BTreeSet<String>,
    axis: &Axis,
    top: f64,
) -> (Lane, f64) {
    let mut levels: Vec<UtcSecond> = Vec::new();
    let (mut bars, mut shared) = (Vec::new(), Vec::new());
    let is_evidence = |visit: &CaseVisit| evidence.contains(&*visit.id);
    for visit in visits {
        let begins = visit.planned.map_or(visit.start, |plan| plan.start().min(visit.start));
        let ends = visit.planned.map_or(shown_end(visit), |plan| plan.end().max(shown_end(visit)));
        let level = levels.iter().position(|end| *end <= begins).unwrap_or_else(|| {
            levels.push(begins);
            levels.len() - 1
        });
        levels[level] = ends;
        let y = top + level as f64 * LEVEL + 6.0;
        if let Some(plan) = visit.planned {
            bars.push(bar("plan", axis, (plan.start(), plan.end()), (y, 7.0), None));
        }
        let is_electronic = visit.start_method.is_electronic() && visit.end_method.is_electronic();
        let class = match (is_evidence(visit), visit.is_cancelled, is_electronic) {
            (_, true, _) => "visit cancelled",
            (true, _, true) => "visit evidence",
            (true, _, false) => "visit evidence by-hand",
            (false, _, true) => "visit",
            (false, _, false) => "visit by-hand",
        };
        let text = Some(visible(&visit.id));
        bars.push(bar(class, axis, (visit.start, shown_end(visit)), (y + 9.0, 20.0), text));
    }
    let height = levels.len().max(1) as f64 * LEVEL + 4.0;
    let grave: Vec<&&CaseVisit> =
        visits.iter().filter(|visit| is_evidence(visit) && !visit.is_cancelled).collect();
    for (at, one) in grave.iter().enumerate() {
        for other in &grave[at + 1..] {
            let (from, to) = (one.start.max(other.start), shown_end(one).min(shown_end(other)));
            if from < to {
                shared.push(bar("shared", axis, (from, to), (top + 2.0, height - 4.0), None));
            }
        }
    }
    let lane = Lane {
        kind,
        name: visible(name),
        y: number(top),
        height: number(height),
        text_y: number(top + 17.0),
        name_y: number(top + 33.0),
        bars,
        shared,
    };
    (lane, height)
}

fn bar(
    class: &'static str,
    axis: &Axis,
    (from, to): (UtcSecond, UtcSecond),
    (y, height): (f64, f64),
    text: Option<String>,
) -> Bar {
    let (left, right) = (axis.x(from), axis.x(to));
    let width = (right - left).max(2.0);
    Bar {
        class,
        x: number(left),
        y: number(y),
        width: number(width),
        height: number(height),
        text_x: number(left + 4.0),
        text_y: number(y + height - 6.0),
        text: text.filter(|text| NAMED_WIDTH_MIN.max(text.chars().count() as f64 * 7.5) <= width),
    }
}

fn number(value: f64) -> String {
    format!("{value:.1}")
}

fn rows(
    people: &[(&str, &String, Vec<&CaseVisit>)],
    evidence: &BTreeSet<String>,
    zone: &Zone,
    language: Language,
) -> Vec<VisitRow> {
    let mut visits: Vec<&CaseVisit> = people.iter().flat_map(|(.., visits)| visits.iter().copied()).collect();
    visits.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
    visits.dedup_by(|a, b| a.id == b.id);
    visits.into_iter().map(|visit| row(visit, evidence, zone, language)).collect()
}

fn row(visit: &CaseVisit, evidence: &BTreeSet<String>, zone: &Zone, language: Language) -> VisitRow {
    let t = Texts(language);
    let clock = |at| clock_near(at, visit.start, zone);
    let until = |end: Option<UtcSecond>| end.map_or_else(|| t.still_open().to_owned(), clock);
    let captured = |start, end| {
        if start == end {
            method_name(start, language).to_owned()
        } else {
            format!(
                "{}: {}; {}: {}",
                t.start().to_lowercase(),
                method_name(start, language),
                t.end().to_lowercase(),
                method_name(end, language)
            )
        }
    };
    let mut notes = vec![visit_kind(visit.kind, language).to_owned()];
    if visit.is_cancelled {
        notes = vec![t.cancelled().to_owned()];
    } else if visit.outcome != crate::domain::VisitOutcome::Performed {
        notes.push(visit_outcome(visit.outcome, language).to_owned());
    }
    if visit.required_staff.is_some_and(|staff| 1 < staff) {
        notes.push(language.of("dubbelbemanning", "double staffing").to_owned());
    }
    if 0 < visit.edits {
        notes.push(format!("{} {}", visit.edits, counted(usize::from(visit.edits), t.edit(), t.edits())));
    }
    let earlier = visit.earlier.iter().map(|before| {
        format!(
            "{} {}: {}–{}, {}",
            t.version(),
            before.version,
            clock(before.start),
            until(before.end),
            captured(before.start_method, before.end_method)
        )
    });
    VisitRow {
        id: format!("{}, {} {}", visible(&visit.id), t.version(), visit.version),
        is_evidence: evidence.contains(&*visit.id),
        carer: visible(&visit.carer),
        client: visible(&visit.client),
        planned: visit.planned.map_or_else(
            || t.no_plan().to_owned(),
            |plan| format!("{}–{}", clock(plan.start()), clock(plan.end())),
        ),
        registered: format!("{}–{}", clock(visit.start), until(visit.end)),
        captured: captured(visit.start_method, visit.end_method),
        notes: notes.join(", "),
        earlier: earlier.collect(),
    }
}
