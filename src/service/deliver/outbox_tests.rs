#![expect(clippy::unwrap_used, reason = "a test may fail and say why")]
use super::*;
use crate::domain::{Class, Finding, Grade, Hold, Month, Sentence, SubjectKind};
use proptest::prelude::*;

const FEED: &str = "feed";

fn origin() -> Origin {
    Origin {
        topic: FEED.to_owned(),
        partition: 3,
        config_hash: "c0ffee".to_owned(),
        complete_from: UtcSecond(i64::MIN),
    }
}

/// The alert about registration `id`: without findings for 0 seconds.
fn alert(id: &str, seconds: i64, offset: i64) -> Alert {
    let finding = |seconds_in_question| Finding {
        rule: "carer-overlap".to_owned(),
        rule_version: 1,
        class: Class::Contradiction,
        grade: Grade::Hold,
        p_value: None,
        related: vec![],
        seconds_in_question,
        observed: vec![],
        expected: vec![],
        excluded: vec![],
        not_tested: vec![],
        text: Sentence::default(),
        lowered_by: None,
    };
    let month = Month::new(2026, 3).unwrap();
    Alert {
        alert_id: format!("0181:registration:{id}"),
        municipality: "0181".to_owned(),
        subject: Subject { kind: SubjectKind::Registration, id: id.to_owned(), version: Some(1) },
        case_id: "case".to_owned(),
        provider_id: "P".to_owned(),
        carer_ref: None,
        client_ref: None,
        pay_period: month,
        class: Class::Contradiction,
        grade: Grade::Hold,
        score: 7.0,
        p_value: None,
        amount_at_risk_ore: seconds,
        findings: (0 < seconds).then(|| finding(seconds)).into_iter().collect(),
        hold: Some(Hold {
            hold_id: format!("hold:{id}"),
            registration_id: id.to_owned(),
            version: 1,
            order_id: None,
            tariff_code: None,
            pay_period: month,
            seconds_in_question: seconds,
            disputed: vec![],
            amount_ore: seconds,
            reason_codes: vec![],
            state: HoldState::Proposed,
            proposed_at: UtcSecond(offset),
            withholds_from: UtcSecond(0),
            expires_at: UtcSecond(0),
        }),
        event_time: UtcSecond(0),
        offset,
        assessed_at: UtcSecond(offset),
    }
}

const AT: Position = Position { offset: 99, appended_at: UtcSecond(99) };

fn published(outbox: &mut Outbox, seconds: i64, offset: i64) -> PublishedAlert {
    outbox.diff(alert("R", seconds, offset)).expect("it differs")
}

fn value(alert: &PublishedAlert) -> Vec<u8> {
    let mut value = Vec::new();
    contract::write_alert(alert, &mut value);
    value
}

fn reloaded(topic: &[PublishedAlert]) -> Outbox {
    let mut outbox = Outbox::new(origin());
    topic.iter().for_each(|alert| outbox.read_back(alert.clone(), &value(alert)));
    outbox
}

#[test]
fn an_alert_opens_is_revised_withdrawn_and_opens_again() {
    let mut outbox = Outbox::new(origin());
    let states: Vec<_> = [(60, 1), (90, 2), (0, 3), (60, 4)]
        .map(|(seconds, offset)| published(&mut outbox, seconds, offset))
        .iter()
        .map(|alert| (alert.revision, alert.state, alert.provenance.offset))
        .collect();
    use AlertState::{Opened, Revised, Withdrawn};
    assert_eq!(states, [(1, Opened, 1), (2, Revised, 2), (3, Withdrawn, 3), (4, Opened, 4)]);
}

#[test]
fn the_same_content_is_not_published_twice() {
    let mut outbox = Outbox::new(origin());
    published(&mut outbox, 60, 1);
    assert_eq!(outbox.diff(alert("R", 60, 2)), None, "only offset and times differ");
    assert_eq!(outbox.diff(alert("other", 0, 2)), None, "nothing was open and nothing is");
}

#[test]
fn a_withdrawal_keeps_its_body_and_supersedes_the_hold() {
    let mut outbox = Outbox::new(origin());
    published(&mut outbox, 60, 1);
    assert_eq!((outbox.open_alerts(), outbox.open_holds()), (1, 1));
    let withdrawn = published(&mut outbox, 0, 2);
    assert_eq!(withdrawn.alert.case_id, "case");
    assert_eq!(withdrawn.alert.hold.unwrap().state, HoldState::Superseded);
    assert_eq!((outbox.open_alerts(), outbox.open_holds()), (0, 0));
    assert_eq!(outbox.digest(), hex(&Sha256::digest(b"").into()), "of no line");
    assert_eq!(outbox.diff(alert("R", 0, 3)), None, "withdrawn already");
}

#[test]
fn a_reader_can_compute_the_digest_from_the_records() {
    let mut outbox = Outbox::new(origin());
    let opened = ["b", "a", "c"].map(|id| outbox.diff(alert(id, 60, 1)).unwrap());
    let revised = outbox.diff(alert("b", 90, 2)).unwrap();
    outbox.diff(alert("c", 0, 3)).unwrap();
    let line = |alert: &PublishedAlert| {
        let value = hex(&Sha256::digest(value(alert)).into());
        format!("{} {} {value}\n", alert.alert.alert_id, alert.revision)
    };
    let lines = line(&opened[1]) + &line(&revised);
    assert_eq!(outbox.digest(), hex(&Sha256::digest(lines).into()));
    // The order of changes does not show.
    let mut other = Outbox::new(origin());
    [&opened[2], &opened[1], &revised]
        .into_iter()
        .for_each(|alert| other.read_back(alert.clone(), &value(alert)));
    assert_ne!(other.digest(), outbox.digest(), "one more is open");
    other.diff(alert("c", 0, 3)).unwrap();
    assert_eq!(other.digest(), outbox.digest());
}

#[test]
fn what_was_read_back_is_not_published_again() {
    let mut before = Outbox::new(origin());
    let topic = [published(&mut before, 60, 1), published(&mut before, 90, 2)];
    let mut outbox = reloaded(&topic);
    assert!(!outbox.adopt_topic_state(&before) && outbox.digest() == before.digest());
    assert_eq!(outbox.greatest_offset(), Some(2));
    let mut unchanged = Vec::new();
    let changes = outbox.reconcile(vec![alert("R", 90, 7)], AT, &|_| true, &|_| true, &mut |alert| {
        unchanged.push(alert.revision);
    });
    assert_eq!((changes, unchanged), (vec![], vec![2]));
}

#[test]
fn what_is_not_derived_is_taken_back_only_where_the_engine_knows() {
    let mut before = Outbox::new(origin());
    let topic = [published(&mut before, 60, 1)];
    let mut outbox = reloaded(&topic);
    assert_eq!(outbox.reconcile(vec![], AT, &|_| false, &|_| true, &mut |_| ()), vec![]);
    assert!(outbox.has_orphans() && outbox.open_alerts() == 1);
    assert_eq!(outbox.resolve_orphan("0181:registration:R", AT, &|_| false), None);
    let withdrawn = outbox.resolve_orphan("0181:registration:R", AT, &|_| true).unwrap();
    assert_eq!((withdrawn.state, withdrawn.revision), (AlertState::Withdrawn, 2));
    assert_eq!(withdrawn.provenance.offset, AT.offset);

    let changes = reloaded(&topic).reconcile(vec![], AT, &|_| true, &|_| true, &mut |_| ());
    assert_eq!(changes, [withdrawn]);
}

#[test]
fn what_is_known_in_part_is_published_only_where_it_is_new() {
    let open = || vec![alert("R", 90, 7), alert("S", 60, 7)];
    let mut before = Outbox::new(origin());
    let topic = [published(&mut before, 60, 1)];
    let changes = reloaded(&topic).reconcile(open(), AT, &|_| false, &|_| true, &mut |_| ());
    assert_eq!(changes, vec![], "more was known when it was published");
    let changes = reloaded(&topic).reconcile(open(), AT, &|_| false, &|_| false, &mut |_| ());
    assert_eq!(changes.len(), 2, "it was never published");
}

#[test]
fn two_owners_that_wrote_one_revision_are_overruled_by_the_next() {
    let mut first = Outbox::new(origin());
    let mut second = Outbox::new(origin());
    let stray = published(&mut first, 60, 1);
    let topic = [published(&mut second, 90, 2), stray];
    let mut outbox = reloaded(&topic);
    assert!(outbox.adopt_topic_state(&second));
    let changes = outbox.reconcile(vec![alert("R", 90, 2)], AT, &|_| true, &|_| true, &mut |_| ());
    assert_eq!(changes.iter().map(|alert| alert.revision).collect::<Vec<_>>(), [2]);

    // An older revision that arrives after a newer one is what compaction would keep.
    let mut owner = Outbox::new(origin());
    let old = published(&mut owner, 60, 1);
    let withdrawn = published(&mut owner, 0, 2);
    let changes = reloaded(&[withdrawn, old]).reconcile(vec![], AT, &|_| true, &|_| true, &mut |_| ());
    assert_eq!((changes[0].revision, changes[0].state), (3, AlertState::Withdrawn));
}

#[test]
fn an_alert_of_another_partition_does_not_move_the_start() {
    let mut before = Outbox::new(Origin { partition: 4, ..origin() });
    let outbox = reloaded(&[published(&mut before, 60, 1_000)]);
    assert_eq!((outbox.greatest_offset(), outbox.open_alerts()), (None, 1));
}

proptest! {
    #[test]
    fn revisions_rise_and_the_last_record_is_the_last_offer(
        steps in prop::collection::vec((0..3_u8, 0..3_i64, prop::bool::weighted(0.2)), 1..60)
    ) {
        let mut topic: Vec<PublishedAlert> = Vec::new();
        let mut outbox = Outbox::new(origin());
        let mut open: BTreeMap<String, Alert> = BTreeMap::new();
        for (offset, (id, seconds, crash)) in (0..).zip(steps) {
            let offered = alert(&format!("R{id}"), seconds, offset);
            open.insert(offered.alert_id.clone(), offered.clone());
            if crash {
                outbox = reloaded(&topic);
                let all = open.values().filter(|alert| !alert.findings.is_empty()).cloned().collect();
                topic.extend(outbox.reconcile(all, AT, &|_| true, &|_| true, &mut |_| ()));
            } else {
                topic.extend(outbox.diff(offered));
            }
        }
        let mut last: BTreeMap<String, &PublishedAlert> = BTreeMap::new();
        for record in &topic {
            let before = last.insert(record.alert.alert_id.clone(), record);
            prop_assert_eq!(record.revision, before.map_or(0, |before| before.revision) + 1);
        }
        for (id, offered) in &open {
            match last.get(id) {
                None => prop_assert!(offered.findings.is_empty()),
                Some(record) => {
                    prop_assert_eq!(record.state == AlertState::Withdrawn, offered.findings.is_empty());
                    prop_assert_eq!(&record.alert.findings, &offered.findings);
                }
            }
        }
        prop_assert!(!reloaded(&topic).adopt_topic_state(&outbox));
        let open = last.values().filter(|alert| alert.state != AlertState::Withdrawn).count();
        prop_assert_eq!(outbox.open_alerts(), open as u64);
    }
}
