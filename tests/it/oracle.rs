//! A slow second opinion: every registration against every other one, from the words of the rules alone. It shares no
//! code with the engine, and must come to the same findings however the feed arrived.

mod arrangement;
mod distance;
mod further;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use tidvakt::domain::{
    CaptureMethod, Coordinates, EventType, FactBody, Grade, UtcSecond, VisitKind, VisitOutcome,
};

use crate::draft::Draft;
use crate::engines::{Driver, engine};
use crate::feed::{Feed, cases, feeds};
use distance::metres;

const RULES: &str = "
[rules.carer-overlap]
slack_seconds = 120
weak_end_slack_seconds = 300
[rules.client-overlap]
slack_seconds = 300
weak_end_slack_seconds = 420
handover_seconds = 600
[rules.impossible-travel]
speed_kmh_max = 90.0
slack_seconds = 120
weak_end_slack_seconds = 240
hold_metres_min = 10000
hold_gap_seconds_max = 120
";

/// What a finding comes to: rule, registration, the other ones, grade, seconds, what was not tested.
type Found = (String, String, Vec<String>, Grade, i64, Vec<String>);

/// What a pair comes to: rule, the other one, grade, what is disputed, what was not tested.
struct Pair {
    rule: &'static str,
    other: String,
    grade: Grade,
    disputed: (i64, i64),
    untested: Vec<String>,
}

proptest! {
    #![proptest_config(cases(1000))]

    #[test]
    fn the_engine_finds_what_the_slow_oracle_finds(feed in feeds(40)) {
        let mut driver = Driver::new(engine(RULES));
        feed.drive(&mut driver);
        let mut found = BTreeSet::new();
        for alert in driver.engine.open_alerts() {
            for finding in alert.findings {
                prop_assert_eq!(finding.related_more, 0);
                found.insert((
                    finding.rule,
                    alert.subject.id.clone(),
                    finding.related,
                    finding.grade,
                    finding.seconds_in_question,
                    finding.not_tested,
                ));
            }
        }
        prop_assert_eq!(found, Oracle::new(&feed).findings());
    }
}

#[test]
fn random_feeds_have_something_to_find() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut rules: BTreeMap<(String, Grade), u32> = BTreeMap::new();
    for _ in 0..400 {
        let feed = feeds(40).new_tree(&mut runner).unwrap().current();
        for (rule, _, _, grade, ..) in Oracle::new(&feed).findings() {
            *rules.entry((rule, grade)).or_default() += 1;
        }
    }
    // Three rules, each with all the grades that it has.
    assert_eq!(rules.len(), 6, "{rules:?}");
}

struct Oracle {
    visits: Vec<Draft>,
    homes: BTreeMap<String, (Option<String>, Option<Coordinates>)>,
    /// By order and client.
    staff: BTreeMap<(String, String), u8>,
}

impl Oracle {
    /// Only the highest version of each registration counts, and the latest recorded of each fact.
    fn new(feed: &Feed) -> Self {
        let visits = counting(feed);
        let (mut homes, mut staff) = (BTreeMap::new(), BTreeMap::new());
        let mut facts: Vec<_> = feed.facts().collect();
        facts.sort_by_key(|fact| fact.recorded_at);
        for fact in facts {
            match &fact.body {
                FactBody::ClientHome { client_ref, household_ref, place } => {
                    homes.insert(client_ref.clone(), (household_ref.clone(), *place));
                }
                FactBody::Order { order_id, client_ref, required_staff, .. } => {
                    staff.insert((order_id.clone(), client_ref.clone()), required_staff.unwrap_or(1));
                }
                _ => (),
            }
        }
        Self { visits, homes, staff }
    }

    fn findings(&self) -> BTreeSet<Found> {
        let mut by_visit: BTreeMap<&str, Vec<Found>> = BTreeMap::new();
        for own in &self.visits {
            let mut by_rule: BTreeMap<&str, Vec<Pair>> = BTreeMap::new();
            for other in self.visits.iter().filter(|other| other.id != own.id) {
                let found = [
                    self.carer_overlap(own, other),
                    self.client_overlap(own, other),
                    self.impossible_travel(own, other),
                ];
                for pair in found.into_iter().flatten() {
                    by_rule.entry(pair.rule).or_default().push(pair);
                }
            }
            by_visit
                .insert(&own.id, by_rule.into_values().map(|pairs| one_finding(&own.id, pairs)).collect());
        }
        // An `observe` finding makes no alert, but is published beside one that does.
        by_visit.retain(|_, found| found.iter().any(|found| found.3 > Grade::Observe));
        by_visit.into_values().flatten().collect()
    }

    fn carer_overlap(&self, own: &Draft, other: &Draft) -> Option<Pair> {
        let lawful = own.carer != other.carer
            || own.client == other.client
            || [own, other].iter().any(|visit| !in_the_home(visit) || visit.kind == VisitKind::Alarm)
            || (own.shared.is_some() && own.shared == other.shared)
            || is_billed_once(own, other)
            || [own, other].iter().any(|visit| self.is_in_a_crowd(visit, |visit| &visit.carer));
        let seconds = shared_seconds(own, other);
        let electronic = all_electronic(own, other);
        if lawful || !is_weaker(own, other) || seconds <= (if electronic { 120 } else { 300 }) {
            return None;
        }
        let together = self.one_household(own, other);
        if together == Some(true) {
            return None;
        }
        let known = together.is_some();
        let tags = (start_tag(own), start_tag(other));
        let tags_differ = tags.0.is_some() && tags.1.is_some() && tags.0 != tags.1;
        let hard = electronic && (known || tags_differ);
        // Two places at one time are looked at without any fact.
        let grade = if hard && known { Grade::Hold } else { Grade::Review };
        let untested = if known { vec![] } else { vec!["household".to_owned()] };
        Some(Pair {
            rule: "carer-overlap",
            other: other.id.clone(),
            grade,
            disputed: shared(own, other),
            untested,
        })
    }

    fn client_overlap(&self, own: &Draft, other: &Draft) -> Option<Pair> {
        let not_there = |visit: &&Draft| {
            !in_the_home(visit)
                || visit.trainee
                || matches!(visit.kind, VisitKind::Alarm | VisitKind::MealDelivery)
        };
        let partners = own.partners.contains(&other.id) || other.partners.contains(&own.id);
        let apart = own.client != other.client || own.carer == other.carer || !is_weaker(own, other);
        let seconds = shared_seconds(own, other);
        let slack = if all_electronic(own, other) { 300 } else { 420 };
        let in_a_crowd = || [own, other].iter().any(|visit| self.is_in_a_crowd(visit, |visit| &visit.client));
        if apart || partners || [own, other].iter().any(not_there) || seconds <= slack || in_a_crowd() {
            return None;
        }
        // Both were ordered, at different times, and nobody typed when they were there.
        let typed = |method: &CaptureMethod| strength(*method) == 1;
        let apart_by_plan = own.planned.zip(other.planned).is_some_and(|(a, b)| a.intersection(b).is_none());
        let length = |visit: &Draft| visit.end.unwrap_or(visit.start).0 - visit.start.0;
        let has_own_time = 2 * seconds < length(own).max(length(other));
        if apart_by_plan && has_own_time && !own.methods.iter().chain(&other.methods).any(typed) {
            return None;
        }
        let (a, b) = (presence(own), presence(other));
        let staggered = (a.0 < b.0 && a.1 < b.1) || (b.0 < a.0 && b.1 < a.1);
        if staggered && seconds <= 600 {
            return None;
        }
        let staff = [own, other].map(|visit| {
            let ordered = |order: &String| self.staff.get(&(order.clone(), visit.client.clone())).copied();
            visit.staff.or_else(|| visit.order.as_ref().and_then(ordered))
        });
        if staff.iter().flatten().any(|needed| *needed > 1) {
            return None;
        }
        let arrangement = self.arrangement(own, other);
        if arrangement.as_ref().is_some_and(|arrangement| arrangement.is_standing) {
            return None;
        }
        let missing = if staff.iter().any(Option::is_none) {
            Some("order")
        } else {
            arrangement.is_some_and(|arrangement| !arrangement.is_known).then_some("plan")
        };
        let grade = if missing.is_none() { Grade::Review } else { Grade::Observe };
        let untested = missing.map(str::to_owned).into_iter().collect();
        Some(Pair {
            rule: "client-overlap",
            other: other.id.clone(),
            grade,
            disputed: shared(own, other),
            untested,
        })
    }

    fn impossible_travel(&self, own: &Draft, other: &Draft) -> Option<Pair> {
        let placed = |visit: &Draft| in_the_home(visit) && visit.kind != VisitKind::Alarm;
        if own.carer != other.carer || own.client == other.client || !placed(own) || !placed(other) {
            return None;
        }
        if !is_weaker(own, other)
            || [own, other].iter().any(|visit| self.is_in_a_crowd(visit, |visit| &visit.carer))
        {
            return None;
        }
        let key = |visit: &Draft| (presence(visit), visit.id.clone());
        let (first, second) = if key(own) < key(other) { (own, other) } else { (other, own) };
        let between = self.visits.iter().filter(|visit| visit.carer == own.carer && placed(visit));
        if between.into_iter().any(|visit| key(first) < key(visit) && key(visit) < key(second)) {
            return None;
        }
        let gap = presence(second).0 - presence(first).1;
        if gap < 0 || second.start.0 - first.start.0 > 4 * 3600 {
            return None;
        }
        let home = |visit: &Draft| self.homes.get(&visit.client).cloned().unwrap_or_default();
        let ((household, place), (other_household, other_place)) = (home(first), home(second));
        if household.is_some() && household == other_household {
            return None;
        }
        let metres = metres(place?, other_place?);
        // 90 km/h are 25 metres a second.
        let needed = (metres / 25.0).floor() as i64;
        if needed <= gap + (if all_electronic(own, other) { 120 } else { 240 }) {
            return None;
        }
        let grave = all_electronic(own, other) && metres > 10_000.0 && gap < 120;
        let grade = if grave { Grade::Hold } else { Grade::Review };
        let (start, end) = presence(own);
        let seconds = (needed - gap).min(end - start);
        // At the end that faces the other one; of two at one moment of no length, at the end of the first.
        let is_first = (start, end) <= presence(other);
        let disputed = if is_first { (end - seconds, end) } else { (start, start + seconds) };
        Some(Pair { rule: "impossible-travel", other: other.id.clone(), grade, disputed, untested: vec![] })
    }

    /// Whether the carer or the client has more than 16 visits in one quarter of an hour of the local day on which the
    /// visit begins, or more than 256 on that day.
    fn is_in_a_crowd(&self, visit: &Draft, who: fn(&Draft) -> &String) -> bool {
        let zone = TimeZone::get("Europe/Stockholm").unwrap();
        let at = |at: UtcSecond| Timestamp::from_second(at.0).unwrap().to_zoned(zone.clone());
        let day = |visit: &Draft| at(visit.start).date();
        let of_day = self.visits.iter().filter(|known| who(known) == who(visit) && day(known) == day(visit));
        let moments: Vec<(i64, i64)> = of_day
            .map(|known| {
                let (start, end) = presence(known);
                (start.div_euclid(900), (end - 1).max(start).div_euclid(900))
            })
            .collect();
        let there = |at: i64| moments.iter().filter(|(from, to)| (*from..=*to).contains(&at)).count();
        256 < moments.len() || moments.iter().any(|(from, _)| 16 < there(*from))
    }
}

/// The gravest first, by grade, seconds and id; with all that is disputed at its grade.
fn one_finding(own: &str, mut pairs: Vec<Pair>) -> Found {
    pairs.sort_by_key(|pair| {
        (std::cmp::Reverse((pair.grade, pair.disputed.1 - pair.disputed.0)), pair.other.clone())
    });
    let grade = pairs[0].grade;
    let of_grade = || pairs.iter().filter(|pair| pair.grade == grade);
    let first = of_grade().map(|pair| pair.disputed.0).min().unwrap_or(0);
    let last = of_grade().map(|pair| pair.disputed.1).max().unwrap_or(0);
    let is_disputed =
        |second: &i64| of_grade().any(|pair| (pair.disputed.0..pair.disputed.1).contains(second));
    let seconds = (first..last).filter(is_disputed).count() as i64;
    let mut others: Vec<String> = pairs.iter().map(|pair| pair.other.clone()).collect();
    others.sort_unstable();
    (pairs[0].rule.to_owned(), own.to_owned(), others, grade, seconds, pairs[0].untested.clone())
}

/// Whether both together are paid for no more than the time in which one or the other was there, to the minute.
fn is_billed_once(own: &Draft, other: &Draft) -> bool {
    let length = |visit: &Draft| visit.end.unwrap_or(visit.start).0 - visit.start.0;
    let paid = |visit: &Draft| visit.billed_seconds.map_or_else(|| length(visit), i64::from);
    paid(own) + paid(other) <= length(own) + length(other) - shared_seconds(own, other) + 60
}

/// The highest version of each registration, without those that are cancelled.
fn counting(feed: &Feed) -> Vec<Draft> {
    let mut latest: BTreeMap<&str, &Draft> = BTreeMap::new();
    let log = feed.in_the_log();
    for draft in log.drafts() {
        let known = latest.entry(&draft.id).or_insert(draft);
        if known.version < draft.version {
            *known = draft;
        }
    }
    latest.into_values().filter(|draft| draft.event != EventType::Cancelled).cloned().collect()
}

/// Seconds from when to when the carer is claimed to have been there. An end that the source made up
/// counts only as far as it was planned.
fn presence(visit: &Draft) -> (i64, i64) {
    let (start, end) = (visit.start.0, visit.end.unwrap_or(visit.start).0);
    if visit.methods[1] != CaptureMethod::AutoClosed {
        return (start, end);
    }
    let planned = visit.planned.map_or(start, |plan| plan.end().0);
    (start, planned.min(end).max(start))
}

fn shared(a: &Draft, b: &Draft) -> (i64, i64) {
    let (a, b) = (presence(a), presence(b));
    (a.0.max(b.0), a.1.min(b.1))
}

fn shared_seconds(a: &Draft, b: &Draft) -> i64 {
    let (from, to) = shared(a, b);
    to - from
}

fn in_the_home(visit: &Draft) -> bool {
    visit.end.is_some()
        && visit.event != EventType::Started
        && [VisitOutcome::Performed, VisitOutcome::Partly].contains(&visit.outcome)
        && ![VisitKind::Remote, VisitKind::Errand, VisitKind::Escort].contains(&visit.kind)
}

/// From the strongest to the weakest.
fn strength(method: CaptureMethod) -> u8 {
    match method {
        CaptureMethod::AutoClosed => 0,
        CaptureMethod::ManualCarer | CaptureMethod::ManualOffice => 1,
        CaptureMethod::Unknown => 2,
        CaptureMethod::AppButton => 3,
        _ => 4,
    }
}

fn all_electronic(a: &Draft, b: &Draft) -> bool {
    a.methods.iter().chain(&b.methods).all(|method| strength(*method) == 4)
}

fn start_tag(visit: &Draft) -> Option<&String> {
    visit.tags[0].as_ref().filter(|_| strength(visit.methods[0]) == 4)
}

/// What is not paid yet, then the weaker evidence, then what was sent later, then what lies later in the log.
fn is_weaker(own: &Draft, other: &Draft) -> bool {
    let was_paid_before = |visit: &Draft, other: &Draft| {
        visit.appended_at < other.appended_at && paid_in(visit) <= other.appended_at
    };
    if was_paid_before(own, other) || was_paid_before(other, own) {
        return was_paid_before(other, own);
    }
    let evidence = |visit: &Draft| visit.methods.iter().map(|method| strength(*method)).sum::<u8>();
    (evidence(other), own.emitted_at, own.offset) > (evidence(own), other.emitted_at, other.offset)
}

/// The first run, at six in the evening on the sixth of a month, after the visit's pay period and its arrival.
fn paid_in(visit: &Draft) -> UtcSecond {
    let zone = TimeZone::get("Europe/Stockholm").unwrap();
    let started = || Timestamp::from_second(visit.start.0).unwrap().to_zoned(zone.clone()).date();
    let month = visit.period.map_or_else(
        || started().first_of_month(),
        |period| jiff::civil::date(period.year(), period.month(), 1),
    );
    let mut runs = (1..12).map(|months| {
        let day = (month + jiff::Span::new().months(months)).with().day(6).build().unwrap();
        UtcSecond(day.at(18, 0, 0, 0).to_zoned(zone.clone()).unwrap().timestamp().as_second())
    });
    runs.find(|run| visit.appended_at < *run).unwrap()
}
