//! The same of rules that read facts with a time, and of a rule about pay periods: from the heads of the rules'
//! files, registration by registration and day by day.

mod housemate;

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use tidvakt::domain::{
    AbsenceKind, CaptureMethod, ClientAbsenceConfirmedBy, Fact, FactBody, FactChange, Grade, GrantPer, Month,
    PaymentMode, UtcSecond, Value, VisitKind,
};

use super::{counting, in_the_home, presence};
use crate::draft::Draft;
use crate::engines::{Driver, engine};
use crate::feed::{Arrival, Feed, cases};
use housemate::feeds_with_a_couple;

const RULES: &str = "
[rules.client-absent]
slack_seconds = 120
[rules.missing-log-out]
plan_multiple = 1.5
seconds_min = 1800
slack_seconds = 300
[rules.above-grant]
tolerance = 1.1
excess_minutes_min = 10
[rules.provider-capacity]
share_max = 0.5
";

/// Rule, subject, grade, seconds in question, and numbers of the evidence.
type Found = (String, String, Grade, i64, Vec<i64>);

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn the_engine_finds_what_the_slow_oracle_finds_by_facts_and_pay_periods(feed in feeds_with_a_couple(40)) {
        let feed = without_agreements(feed);
        let mut driver = Driver::new(engine(RULES));
        feed.drive(&mut driver);
        let mut found = BTreeSet::new();
        for alert in driver.engine.open_alerts() {
            for finding in alert.findings {
                let subject = format!("{}:{}", alert.subject.kind.as_str(), alert.subject.id);
                let names = ["registered_seconds_min", "granted_seconds", "above_plan_seconds", "absent_seconds"];
                let measures = finding.observed.iter().chain(&finding.expected);
                let numbers = measures.filter(|(name, _)| names.contains(&name.as_str()));
                let numbers = numbers.map(|(_, value)| match value {
                    Value::Whole(number) => *number,
                    other => panic!("{other:?}"),
                });
                found.insert((
                    finding.rule, subject, finding.grade, finding.seconds_in_question, numbers.collect(),
                ));
            }
        }
        prop_assert_eq!(found, Oracle::new(&feed).findings());
    }
}

#[test]
fn random_feeds_have_something_to_find_by_facts_and_pay_periods() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut rules: BTreeMap<(String, Grade), u32> = BTreeMap::new();
    let mut doubted = 0;
    for _ in 0..200 {
        let feed = without_agreements(feeds_with_a_couple(40).new_tree(&mut runner).unwrap().current());
        let oracle = Oracle::new(&feed);
        doubted += oracle.visits.iter().filter(|visit| oracle.is_in_a_doubted_absence(visit)).count();
        for (rule, _, grade, ..) in oracle.findings() {
            *rules.entry((rule, grade)).or_default() += 1;
        }
    }
    // What is only noted stands beside something else of the same registration, which is seldom.
    let of = |rule: &str, grade| rules.get(&(rule.to_owned(), grade)).copied().unwrap_or(0);
    assert!(0 < of("client-absent", Grade::Hold) && 0 < of("client-absent", Grade::Review), "{rules:?}");
    assert!(0 < doubted, "an absence of the wrong one");
    assert!(
        0 < of("missing-log-out", Grade::Review) && 0 < of("missing-log-out", Grade::Observe),
        "{rules:?}"
    );
    assert!(0 < of("above-grant", Grade::Review) && 0 < of("provider-capacity", Grade::Review), "{rules:?}");
}

/// Exceptions and decisions are other tests' matter.
fn without_agreements(mut feed: Feed) -> Feed {
    let is_agreement = |arrival: &Arrival| match arrival {
        Arrival::Fact(FactChange::Put(fact)) => matches!(fact.body, FactBody::Exception(_)),
        Arrival::Decided(_) => true,
        _ => false,
    };
    feed.0.retain(|arrival| !is_agreement(arrival));
    feed
}

struct Oracle {
    visits: Vec<Draft>,
    facts: Vec<Fact>,
    /// When the latest record was sent, also of those that do not count.
    clock: UtcSecond,
}

impl Oracle {
    /// Of each fact the latest recorded counts; a tombstone takes back what was known until then.
    fn new(feed: &Feed) -> Self {
        let mut facts: BTreeMap<&str, &Fact> = BTreeMap::new();
        for arrival in &feed.0 {
            match arrival {
                Arrival::Fact(FactChange::Put(fact)) => {
                    let known = facts.entry(&fact.fact_id).or_insert(fact);
                    if known.recorded_at <= fact.recorded_at {
                        *known = fact;
                    }
                }
                Arrival::Fact(FactChange::Remove { fact_id, .. }) => drop(facts.remove(fact_id.as_str())),
                _ => (),
            }
        }
        let sent = feed.drafts().map(|draft| draft.emitted_at.or(draft.end).unwrap_or(draft.start));
        let clock = sent.max().unwrap_or(UtcSecond(i64::MIN));
        Self { visits: counting(feed), facts: facts.into_values().cloned().collect(), clock }
    }

    fn findings(&self) -> BTreeSet<Found> {
        let mut found = BTreeSet::new();
        for visit in &self.visits {
            let of_visit: Vec<Found> =
                [self.client_absent(visit), self.missing_log_out(visit)].into_iter().flatten().collect();
            if of_visit.iter().any(|found| Grade::Observe < found.2) {
                found.extend(of_visit);
            }
        }
        let of_periods = self.visits.iter().map(|visit| (visit.client.as_str(), month(visit)));
        for (client, month) in of_periods.collect::<BTreeSet<_>>() {
            found.extend(self.above_grant(client, month));
        }
        let of_periods = self.visits.iter().map(|visit| (visit.provider.as_str(), month(visit)));
        for (provider, month) in of_periods.collect::<BTreeSet<_>>() {
            found.extend(self.provider_capacity(provider, month));
        }
        found
    }

    /// The days on which an absence began and ended do not count; the gravest source, then the longest time.
    fn client_absent(&self, visit: &Draft) -> Option<Found> {
        if !in_the_home(visit) || visit.kind == VisitKind::MealDelivery {
            return None;
        }
        let (start, end) = presence(visit);
        let absences = self.facts.iter().filter_map(|fact| match &fact.body {
            FactBody::ClientAbsence { client_ref, confirmed_by, kind } if *client_ref == visit.client => {
                let day_after = local_date(fact.valid.from).tomorrow().unwrap();
                let from = midnight(day_after);
                let is_midnight = |at: UtcSecond| midnight(local_date(at)) == at.0;
                let is_by_dates = is_midnight(fact.valid.from) && fact.valid.to.is_some_and(is_midnight);
                let last = |to: UtcSecond| if is_by_dates { to.plus(-1) } else { to };
                let to = fact.valid.to.map_or(i64::MAX, |to| midnight(local_date(last(to))));
                let confirmed = matches!(
                    confirmed_by,
                    ClientAbsenceConfirmedBy::Hospital | ClientAbsenceConfirmedBy::Registry
                );
                let has_end = fact.valid.to.is_some() || *kind == AbsenceKind::Deceased;
                let is_certain = confirmed && has_end;
                let is_doubted = *kind != AbsenceKind::Deceased && self.is_housemate_away(visit, fact.valid);
                let grade = if is_certain && !is_doubted { Grade::Hold } else { Grade::Review };
                Some((grade, end.min(to) - start.max(from)))
            }
            _ => None,
        });
        let (grade, seconds) = absences.filter(|(_, seconds)| 120 < *seconds).max()?;
        let grade = if self.is_for_other_tasks(visit) { Grade::Observe } else { grade };
        Some(("client-absent".to_owned(), subject(visit), grade, seconds, vec![seconds]))
    }

    /// Unplanned, and no order of the client has any of its tasks.
    fn is_for_other_tasks(&self, visit: &Draft) -> bool {
        let orders = self.facts.iter().filter_map(|fact| match &fact.body {
            FactBody::Order { client_ref, task_codes, .. } if *client_ref == visit.client => Some(task_codes),
            _ => None,
        });
        let orders: Vec<_> = orders.collect();
        let is_ordered = |code: &String| orders.iter().any(|codes| codes.is_empty() || codes.contains(code));
        visit.kind == VisitKind::Unplanned
            && !orders.is_empty()
            && !visit.tasks.is_empty()
            && !visit.tasks.iter().any(is_ordered)
    }

    /// Paid seconds of the client's visits beyond 1.1 times the grant, and 10 minutes more.
    fn above_grant(&self, client: &str, month: Month) -> Option<Found> {
        let charged = self.visits.iter().filter(|visit| {
            visit.client == client
                && self::month(visit) == month
                && performed(visit)
                && visit.billable
                && visit.kind != VisitKind::Alarm
                && ![PaymentMode::Granted, PaymentMode::Fixed].contains(&visit.mode)
        });
        let paid: i64 = charged.map(paid_seconds).sum();
        let granted = self.granted(client, month)?;
        if !self.orders_cover_providers(client, month) {
            return None;
        }
        if paid as f64 <= 1.1 * granted as f64 + 600.0 {
            return None;
        }
        let (rounded, granted) = (paid / 7200 * 7200, granted / 60 * 60);
        let subject = format!("client_period:{client}:{month}");
        Some(("above-grant".to_owned(), subject, Grade::Review, 0, vec![rounded, granted]))
    }

    /// Whether each provider with a visit in the month is named by an order of the client, or one names none.
    fn orders_cover_providers(&self, client: &str, month: Month) -> bool {
        let there = self
            .visits
            .iter()
            .filter(|visit| visit.client == client && visit.end.is_some() && self::month(visit) == month);
        there.map(|visit| &visit.provider).all(|provider| {
            self.facts.iter().any(|fact| match &fact.body {
                FactBody::Order { client_ref, provider_id, .. } => {
                    client_ref == client && provider_id.as_ref().is_none_or(|named| named == provider)
                }
                _ => false,
            })
        })
    }

    /// Day by day, as the orders hold at noon. A day's grant in full, a week's by sevenths, a month's by its part
    /// of the month, each for all carers that the order needs. `None` where no order of the client grants time.
    fn granted(&self, client: &str, month: Month) -> Option<i64> {
        let orders: Vec<(&Fact, GrantPer, i64)> = self
            .facts
            .iter()
            .filter_map(|fact| {
                let FactBody::Order { client_ref, granted_minutes, granted_per, required_staff, .. } =
                    &fact.body
                else {
                    return None;
                };
                let seconds = i64::from((*granted_minutes)?) * 60 * i64::from(required_staff.unwrap_or(1));
                (client_ref == client).then_some((fact, (*granted_per)?, seconds))
            })
            .collect();
        if orders.is_empty() {
            return None;
        }
        let first = Date::new(month.year(), month.month(), 1).unwrap();
        let days = i64::from(first.days_in_month());
        let (mut by_day, mut by_week, mut by_month) = (0, 0, 0);
        for number in 0..days {
            let noon = at(first.checked_add(number.days()).unwrap(), 12);
            for (fact, per, seconds) in &orders {
                if fact.valid.from.0 <= noon && fact.valid.to.is_none_or(|to| noon < to.0) {
                    match per {
                        GrantPer::Day => by_day += seconds,
                        GrantPer::Week => by_week += seconds,
                        GrantPer::Month => by_month += seconds,
                    }
                }
            }
        }
        Some(by_day + by_week / 7 + by_month / days)
    }

    /// Registered time above half of the staff's paid hours, which are those of the month whenever the fact is valid.
    fn provider_capacity(&self, provider: &str, month: Month) -> Option<Found> {
        let of_period =
            self.visits.iter().filter(|visit| visit.provider == provider && self::month(visit) == month);
        let registered: i64 = of_period.filter(|visit| performed(visit)).map(length).sum();
        let hours = self.facts.iter().filter_map(|fact| match &fact.body {
            FactBody::Provider { provider_id, paid_staff_hours, pay_period, .. } => {
                (provider_id == provider && *pay_period == Some(month)).then_some(*paid_staff_hours)?
            }
            _ => None,
        });
        let hours = hours.max_by(f64::total_cmp)?;
        if registered as f64 / 3600.0 / hours <= 0.5 {
            return None;
        }
        let subject = format!("provider_period:{provider}:{month}");
        Some(("provider-capacity".to_owned(), subject, Grade::Review, 0, Vec::new()))
    }

    /// When the pay period is locked; never where nothing is known of it.
    fn locks_at(&self, month: Month) -> i64 {
        let mut of_month = self.facts.iter().filter_map(|fact| match &fact.body {
            FactBody::Calendar { pay_period, locks_at, .. } if *pay_period == month => Some(locks_at.0),
            _ => None,
        });
        of_month.next().unwrap_or(i64::MAX)
    }

    /// Closed by the source after the plan, or far longer than planned.
    fn missing_log_out(&self, visit: &Draft) -> Option<Found> {
        if !performed(visit) {
            return None;
        }
        let (start, end) = (visit.start.0, visit.end?.0);
        let (planned, due) = match visit.planned {
            Some(plan) => (plan.seconds(), plan.end().0.max(start + plan.seconds()).clamp(start, end)),
            None => (0, start),
        };
        let by_hand = [CaptureMethod::ManualCarer, CaptureMethod::ManualOffice].contains(&visit.methods[1]);
        let by_nature = [VisitKind::NightTour, VisitKind::Escort, VisitKind::Errand].contains(&visit.kind);
        let above = end - due;
        let overlong = 1800 < end - start && 0 < planned && 3 * planned < 2 * (end - start);
        let found = match visit.methods[1] {
            CaptureMethod::AutoClosed => 300 < above,
            _ => !by_hand && !by_nature && overlong,
        };
        let paid = visit.billable && visit.planned.is_some() && planned + 300 < paid_seconds(visit);
        let grade = if paid { Grade::Review } else { Grade::Observe };
        let due = noon_of_next_working_day(end).min(self.locks_at(month(visit)));
        let found = found && due <= self.clock.0;
        found.then(|| ("missing-log-out".to_owned(), subject(visit), grade, above, vec![above]))
    }
}

/// In the zone of the feed, whose visits lie in March before summer time begins.
fn noon_of_next_working_day(at: i64) -> i64 {
    let local = |at: i64| at + 3600;
    let mut day = local(at).div_euclid(86_400) + 1;
    // 1970-01-01 was a Thursday.
    while [2, 3].contains(&day.rem_euclid(7)) {
        day += 1;
    }
    day * 86_400 + 11 * 3600
}

fn subject(visit: &Draft) -> String {
    format!("registration:{}", visit.id)
}

fn performed(visit: &Draft) -> bool {
    in_the_home(&Draft { kind: VisitKind::Planned, ..visit.clone() })
}

fn length(visit: &Draft) -> i64 {
    visit.end.map_or(0, |end| end.since(visit.start))
}

fn paid_seconds(visit: &Draft) -> i64 {
    visit.billed_seconds.map_or_else(|| length(visit), i64::from)
}

fn month(visit: &Draft) -> Month {
    let date = local_date(visit.start);
    visit.period.unwrap_or_else(|| Month::new(date.year(), date.month()).unwrap())
}

fn stockholm() -> TimeZone {
    TimeZone::get("Europe/Stockholm").unwrap()
}

fn local_date(at: UtcSecond) -> Date {
    stockholm().to_datetime(jiff::Timestamp::from_second(at.0).unwrap()).date()
}

fn midnight(date: Date) -> i64 {
    at(date, 0)
}

fn at(date: Date, hour: i8) -> i64 {
    date.at(hour, 0, 0, 0).to_zoned(stockholm()).unwrap().timestamp().as_second()
}
