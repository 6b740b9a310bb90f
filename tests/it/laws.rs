//! What must hold for every feed and every rule.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tidvakt::domain::{Alert, EventType, Span, SubjectKind, UtcSecond};
use tidvakt::engine::{Disposition, Engine, Output, Rolling};

use crate::draft::{Draft, instant};
use crate::engines::{
    Driver, bounded_engine, differences, sensitive_engine, sensitive_engine_on_both, timeless,
};
use crate::feed::{Arrival, Feed, cases, content, rich_feeds};

fn final_alerts(feed: &Feed) -> Vec<Alert> {
    final_alerts_of(sensitive_engine(), feed)
}

/// The same where pay periods are assessed when all has arrived.
fn final_alerts_assessed_late(engine: Engine, feed: &Feed) -> Vec<Alert> {
    let mut driver = Driver::assessing(engine, false);
    feed.drive(&mut driver);
    timeless(driver.engine.open_alerts())
}

fn final_alerts_of(engine: Engine, feed: &Feed) -> Vec<Alert> {
    let mut driver = Driver::new(engine);
    feed.drive(&mut driver);
    timeless(driver.engine.open_alerts())
}

/// The same feed as if sent in the first days of its month, when the review budget is small; with one more
/// registration at the end, so that the final watermark does not depend on the order.
fn in_the_first_days(mut feed: Feed) -> Feed {
    let third = instant("2026-03-03T12:00").unwrap();
    let mut last = Draft::new("last", 1, "a9", "c9", third, third.plus(600));
    (last.emitted_at, last.appended_at) = (Some(third), third.plus(365 * 86_400));
    for arrival in &mut feed.0 {
        if let Arrival::Visit(draft) = arrival {
            draft.emitted_at = draft.emitted_at.map(|at| at.min(third));
        }
    }
    feed.0.push(Arrival::Visit(last));
    feed
}

/// The feed with one more registration, months later, by which all that waits for its time is due: what a feed comes to
/// depends on how late it is, and another feed is comparable at the same time only.
fn months_later(mut feed: Feed) -> Feed {
    let june = instant("2026-06-08T12:00").unwrap();
    let mut last = Draft::new("last", 1, "a9", "c9", june, june.plus(600));
    (last.emitted_at, last.appended_at) = (Some(june.plus(600)), june.plus(600));
    feed.0.push(Arrival::Visit(last));
    feed
}

/// The same feed from sources that write whole quarters of an hour.
fn on_quarters(mut feed: Feed) -> Feed {
    const STEP: i64 = 900;
    for arrival in &mut feed.0 {
        if let Arrival::Visit(draft) = arrival {
            draft.start = UtcSecond(draft.start.0.div_euclid(STEP) * STEP);
            draft.end =
                draft.end.map(|end| UtcSecond((end.0 + STEP / 2).div_euclid(STEP) * STEP).max(draft.start));
        }
    }
    feed
}

/// The visit so many days later, known when it ended or, corrected, up to two days after.
fn moved(draft: Draft, days: i64, version: u32, later: i64) -> Draft {
    let by = days * 86_400;
    let known = draft.end.unwrap_or(draft.start).plus(by + i64::from(version - 1) * (1 + later * 86_400));
    Draft {
        start: draft.start.plus(by),
        end: draft.end.map(|end| end.plus(by)),
        planned: draft.planned.and_then(|plan| Span::new(plan.start().plus(by), plan.end().plus(by))),
        recorded_at: draft.recorded_at.map(|at| at.plus(by)),
        synced_at: draft.synced_at.map(|at| at.plus(by)),
        emitted_at: None,
        appended_at: known,
        ..draft
    }
}

/// The rolling statistics of each carer and client.
fn rolling(feed: &Feed) -> Vec<Option<Rolling>> {
    let mut driver = Driver::new(sensitive_engine());
    feed.drive(&mut driver);
    let carers = (0..3).map(|number| driver.engine.carer(&format!("a{number}")));
    carers.chain((0..4).map(|number| driver.engine.client(&format!("c{number}")))).collect()
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn the_order_of_arrival_does_not_matter((feed, other) in rich_feeds(24).prop_flat_map(|feed| {
        let shuffled = feed.shuffled();
        (Just(feed.in_the_log()), shuffled)
    })) {
        let differences = differences(&final_alerts(&feed), &final_alerts(&other));
        prop_assert!(differences.is_empty(), "{}", differences);
    }

    #[test]
    fn the_order_of_arrival_does_not_matter_where_bounds_hold_back((feed, other) in rich_feeds(24).prop_flat_map(|feed| {
        let shuffled = feed.shuffled();
        (Just(feed.in_the_log()), shuffled)
    })) {
        let [one, other] = [feed, other].map(|feed| final_alerts_of(bounded_engine(), &in_the_first_days(feed)));
        let differences = differences(&one, &other);
        prop_assert!(differences.is_empty(), "{}", differences);
    }

    #[test]
    fn the_order_of_arrival_does_not_matter_where_both_of_a_pair_are_subjects((feed, other) in rich_feeds(24).prop_flat_map(|feed| {
        let shuffled = feed.shuffled();
        (Just(feed.in_the_log()), shuffled)
    })) {
        let [one, other] = [feed, other].map(|feed| final_alerts_of(sensitive_engine_on_both(), &feed));
        let differences = differences(&one, &other);
        prop_assert!(differences.is_empty(), "{}", differences);
    }

    #[test]
    fn the_order_of_arrival_does_not_matter_where_sources_write_quarters((feed, other) in rich_feeds(40).prop_flat_map(|feed| {
        let shuffled = feed.shuffled();
        (Just(feed.in_the_log()), shuffled)
    })) {
        let [one, other] = [feed, other].map(|feed| final_alerts(&months_later(on_quarters(feed))));
        let differences = differences(&one, &other);
        prop_assert!(differences.is_empty(), "{}", differences);
    }

    #[test]
    fn when_pay_periods_are_assessed_does_not_matter(feed in rich_feeds(24)) {
        let differences = differences(&final_alerts(&feed), &final_alerts_assessed_late(sensitive_engine(), &feed));
        prop_assert!(differences.is_empty(), "{}", differences);
    }

    #[test]
    fn when_pay_periods_are_assessed_does_not_matter_where_bounds_hold_back(feed in rich_feeds(24)) {
        let feed = in_the_first_days(feed);
        let differences =
            differences(&final_alerts_of(bounded_engine(), &feed), &final_alerts_assessed_late(bounded_engine(), &feed));
        prop_assert!(differences.is_empty(), "{}", differences);
    }

    #[test]
    fn the_last_published_states_are_the_open_alerts(feed in rich_feeds(24), prompt in any::<bool>()) {
        let mut driver = Driver::assessing(sensitive_engine(), prompt);
        let (out, _) = feed.drive(&mut driver);
        let mut last = BTreeMap::new();
        for output in out {
            if let Output::Alert(alert) = output {
                last.insert(alert.alert_id.clone(), *alert);
            }
        }
        let published = last.into_values().filter(|alert| !alert.findings.is_empty());
        let differences = differences(&timeless(published), &timeless(driver.engine.open_alerts()));
        prop_assert!(differences.is_empty(), "{}", differences);
    }

    #[test]
    fn a_case_is_named_by_kind_reference_and_month(feed in rich_feeds(24)) {
        for alert in final_alerts(&feed) {
            let reference = |reference: &Option<String>| reference.clone().unwrap_or_default();
            let (kind, of) = match alert.subject.kind {
                SubjectKind::Registration | SubjectKind::CarerPeriod | SubjectKind::PairPeriod => {
                    ("carer", reference(&alert.carer_ref))
                }
                SubjectKind::ClientPeriod => ("client", reference(&alert.client_ref)),
                SubjectKind::ProviderPeriod => ("provider", alert.provider_id.clone()),
                SubjectKind::Tag => ("tag", alert.subject.id.rsplit_once(':').unwrap().0.to_owned()),
            };
            prop_assert_eq!(alert.case_id, format!("{}:{kind}:{of}:{}", alert.municipality, alert.pay_period));
        }
    }

    #[test]
    fn the_same_feed_gives_the_same_outputs(feed in rich_feeds(24)) {
        // Hash tables are seeded anew in each engine: an order taken from one would show.
        let words = || {
            let mut driver = Driver::new(sensitive_engine());
            let (out, outcomes) = feed.drive(&mut driver);
            (out, outcomes, driver.engine.open_alerts(), driver.engine.sizes())
        };
        prop_assert_eq!(words(), words());
    }

    #[test]
    fn repeats_change_nothing_and_publish_nothing(feed in rich_feeds(24)) {
        let mut driver = Driver::new(sensitive_engine());
        feed.drive(&mut driver);
        let stands = driver.engine.open_alerts();
        let removed: BTreeSet<&str> = feed.0.iter().filter_map(Arrival::removed_fact).collect();
        let stays = |arrival: &&Arrival| arrival.fact_id().is_none_or(|fact_id| !removed.contains(fact_id));
        let beside = |arrival: &&Arrival| !matches!(arrival, Arrival::Visit(_));
        let facts = Feed(feed.0.iter().filter(beside).filter(stays).cloned().collect());
        let visits = Feed(feed.0.iter().filter(|arrival| matches!(arrival, Arrival::Visit(_))).cloned().collect());
        let (out, outcomes) = visits.drive(&mut driver);
        prop_assert_eq!(out, vec![]);
        prop_assert!(!outcomes.contains(&Disposition::Scored), "{:?}", outcomes);
        let (out, _) = facts.drive(&mut driver);
        prop_assert_eq!(out, vec![]);
        prop_assert_eq!(timeless(driver.engine.open_alerts()), timeless(stands));
    }

    #[test]
    fn what_was_cancelled_was_never_there(
        feed in rich_feeds(20),
        others in proptest::collection::vec((content(), any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..8),
    ) {
        let mut longer = feed.clone();
        for (number, (content, at, later)) in others.into_iter().enumerate() {
            let first = Draft { id: format!("X{number}"), event: EventType::Recorded, ..content };
            let last = Draft { version: 2, event: EventType::Cancelled, ..first.clone() };
            let at = at.index(longer.0.len() + 1);
            longer.0.insert(at, Arrival::Visit(first));
            let at = at + 1 + later.index(longer.0.len() - at);
            longer.0.insert(at, Arrival::Visit(last));
        }
        prop_assert_eq!(rolling(&longer), rolling(&feed));
        let differences = differences(&final_alerts(&months_later(longer)), &final_alerts(&months_later(feed)));
        prop_assert!(differences.is_empty(), "{}", differences);
    }

    #[test]
    fn expired_registrations_leave_no_trace(
        visits in proptest::collection::vec((content(), content(), 0..300_i64, 0..3_i64), 150),
    ) {
        let mut feed = Vec::new();
        for (number, (first, second, day, later)) in visits.into_iter().enumerate() {
            let id = format!("R{number:03}");
            let at = |draft: Draft, version| moved(Draft { id: id.clone(), version, ..draft }, day, version, later);
            let provider = first.provider.clone();
            feed.push(at(first, 1));
            feed.push(at(Draft { provider, ..second }, 2));
        }
        feed.sort_by_key(|draft| draft.appended_at);
        let last = feed.iter().map(|draft| draft.appended_at).max().unwrap();
        let of_last = |days: i64| {
            // By the version that counts in the end.
            let counts = |id: &str| feed.iter().find(|draft| draft.id == id && draft.version == 2).unwrap().start;
            let drafts = feed.iter().filter(|draft| last.plus(-days * 86_400) <= counts(&draft.id));
            Feed(drafts.cloned().map(Arrival::Visit).collect())
        };
        let recent = |feed: &Feed| -> Vec<Alert> {
            let mut alerts = final_alerts(feed);
            let from = last.plus(-40 * 86_400);
            alerts.retain(|alert| alert.subject.kind == SubjectKind::Registration && from <= alert.event_time);
            alerts
        };
        // 100 days are kept, and no rule looks back more than 56 days before the last 40.
        let differences = differences(&recent(&of_last(400)), &recent(&of_last(98)));
        prop_assert!(differences.is_empty(), "{}", differences);
    }

    #[test]
    fn what_was_corrected_was_never_wrong(
        right in proptest::collection::vec(content(), 1..20),
        wrong in proptest::collection::vec(content(), 20),
        facts in rich_feeds(1),
    ) {
        let named = |contents: &[Draft], version| -> Vec<Arrival> {
            let drafts = contents.iter().enumerate().map(|(number, content)| {
                Arrival::Visit(Draft { id: format!("R{number:02}"), version, ..content.clone() })
            });
            drafts.collect()
        };
        let facts: Vec<Arrival> = facts.0.into_iter().filter(|arrival| !matches!(arrival, Arrival::Visit(_))).collect();
        let of_its_provider = |(wrong, right): (&Draft, &Draft)| Draft { provider: right.provider.clone(), ..wrong.clone() };
        let wrong: Vec<Draft> = wrong.iter().zip(&right).map(of_its_provider).collect();
        let clean = [facts.clone(), named(&right, 2)].concat();
        let corrected = [named(&wrong, 1), facts, named(&right, 2)].concat();
        let [corrected, clean] = [corrected, clean].map(|feed| final_alerts(&months_later(Feed(feed))));
        let differences = differences(&corrected, &clean);
        prop_assert!(differences.is_empty(), "{}", differences);
    }
}

/// What a pair rule finds, as the pair of ids.
fn pairs(alerts: &[Alert]) -> Vec<(String, String, [String; 2])> {
    const RULES: [&str; 5] = [
        "carer-overlap",
        "client-overlap",
        "impossible-travel",
        "partial-double-staffing",
        "shared-household-double",
    ];
    let mut pairs = Vec::new();
    for alert in alerts {
        for finding in alert.findings.iter().filter(|finding| RULES.contains(&finding.rule.as_str())) {
            for other in &finding.related {
                let mut both = [alert.subject.id.clone(), other.clone()];
                both.sort_unstable();
                pairs.push((finding.rule.clone(), alert.subject.id.clone(), both));
            }
        }
    }
    pairs
}

#[test]
fn a_pair_is_found_on_one_of_the_two_or_by_the_settings_on_both() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut on_one, mut on_both) = (0, 0);
    for _ in 0..200 {
        let feed = rich_feeds(24).new_tree(&mut runner).unwrap().current();
        let found = pairs(&final_alerts(&feed));
        let once: BTreeSet<_> = found.iter().map(|(rule, _, both)| (rule, both)).collect();
        assert_eq!(once.len(), found.len(), "{found:?}");
        on_one += found.len();
        on_both += pairs(&final_alerts_of(sensitive_engine_on_both(), &feed)).len();
    }
    assert!(0 < on_one && on_one < on_both, "{on_one} {on_both}");
}

#[test]
fn random_feeds_trigger_every_rule() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut alerts: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..400 {
        let feed = rich_feeds(24).new_tree(&mut runner).unwrap().current();
        let rules =
            final_alerts(&feed).into_iter().flat_map(|alert| alert.findings).map(|finding| finding.rule);
        rules.for_each(|rule| *alerts.entry(rule).or_default() += 1);
    }
    // A crowd needs more visits at once than a small feed has: `it budget::`.
    for rule in tidvakt::rules::RULES.iter().filter(|rule| rule.id != "placeholder") {
        assert!(
            alerts.contains_key(rule.id),
            "`{}` finds nothing in random feeds: lower its limits in LOW_THRESHOLDS of tests/it/engines.rs, or add what it \
             reads to tests/it/feed.rs or tests/it/feed/facts.rs; the others: {alerts:?}",
            rule.id
        );
    }
}
