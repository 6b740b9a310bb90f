#![expect(clippy::unwrap_used, reason = "a test may fail and say why")]
use super::*;
use crate::domain::{Class, Finding, Grade, Hold, Month, Sentence, SubjectKind, Zone};
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
        related_more: 0,
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
        waiting: false,
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

fn desk(cases_a_day: usize) -> DailyDesk {
    DailyDesk::new(Zone::utc(), cases_a_day)
}

fn outbox_with_room() -> Outbox {
    Outbox::new(origin(), desk(100))
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
    let mut outbox = outbox_with_room();
    topic.iter().for_each(|alert| outbox.read_back(alert.clone(), &value(alert)));
    outbox
}

#[test]
fn an_alert_opens_is_revised_withdrawn_and_opens_again() {
    let mut outbox = outbox_with_room();
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
    let mut outbox = outbox_with_room();
    published(&mut outbox, 60, 1);
    assert_eq!(outbox.diff(alert("R", 60, 2)), None, "only offset and times differ");
    assert_eq!(outbox.diff(alert("other", 0, 2)), None, "nothing was open and nothing is");
}

#[test]
fn a_withdrawal_keeps_its_body_and_supersedes_the_hold() {
    let mut outbox = outbox_with_room();
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
    let mut outbox = outbox_with_room();
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
    let mut other = outbox_with_room();
    [&opened[2], &opened[1], &revised]
        .into_iter()
        .for_each(|alert| other.read_back(alert.clone(), &value(alert)));
    assert_ne!(other.digest(), outbox.digest(), "one more is open");
    other.diff(alert("c", 0, 3)).unwrap();
    assert_eq!(other.digest(), outbox.digest());
}

#[test]
fn what_was_read_back_is_not_published_again() {
    let mut before = outbox_with_room();
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
    let mut before = outbox_with_room();
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
    let mut before = outbox_with_room();
    let topic = [published(&mut before, 60, 1)];
    let changes = reloaded(&topic).reconcile(open(), AT, &|_| false, &|_| true, &mut |_| ());
    assert_eq!(changes, vec![], "more was known when it was published");
    let changes = reloaded(&topic).reconcile(open(), AT, &|_| false, &|_| false, &mut |_| ());
    assert_eq!(changes.len(), 2, "it was never published");
}

#[test]
fn two_owners_that_wrote_one_revision_are_overruled_by_the_next() {
    let mut first = outbox_with_room();
    let mut second = outbox_with_room();
    let stray = published(&mut first, 60, 1);
    let topic = [published(&mut second, 90, 2), stray];
    let mut outbox = reloaded(&topic);
    assert!(outbox.adopt_topic_state(&second));
    let changes = outbox.reconcile(vec![alert("R", 90, 2)], AT, &|_| true, &|_| true, &mut |_| ());
    assert_eq!(changes.iter().map(|alert| alert.revision).collect::<Vec<_>>(), [2]);

    // An older revision that arrives after a newer one is what compaction would keep.
    let mut owner = outbox_with_room();
    let old = published(&mut owner, 60, 1);
    let withdrawn = published(&mut owner, 0, 2);
    let changes = reloaded(&[withdrawn, old]).reconcile(vec![], AT, &|_| true, &|_| true, &mut |_| ());
    assert_eq!((changes[0].revision, changes[0].state), (3, AlertState::Withdrawn));
}

#[test]
fn an_alert_of_another_partition_does_not_move_the_start() {
    let mut before = Outbox::new(Origin { partition: 4, ..origin() }, desk(100));
    let outbox = reloaded(&[published(&mut before, 60, 1_000)]);
    assert_eq!((outbox.greatest_offset(), outbox.open_alerts()), (None, 1));
}

proptest! {
    #[test]
    fn revisions_rise_and_the_last_record_is_the_last_offer(
        steps in prop::collection::vec((0..3_u8, 0..3_i64, prop::bool::weighted(0.2)), 1..60)
    ) {
        let mut topic: Vec<PublishedAlert> = Vec::new();
        let mut outbox = outbox_with_room();
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

const NOON: i64 = 12 * 3600;
const NEXT_DAY: Position = Position { offset: 200, appended_at: UtcSecond(NOON + 24 * 3600) };

/// An alert of grade review about registration `id` of the case of `carer`.
fn review(id: &str, carer: &str, score: f64) -> Alert {
    let mut alert = alert(id, 60, 1);
    alert.hold = None;
    alert.grade = Grade::Review;
    alert.assessed_at = UtcSecond(NOON);
    Alert { case_id: format!("0181:carer:{carer}:2026-03"), score, ..alert }
}

fn waits(outbox: &mut Outbox, alert: Alert) -> Option<bool> {
    outbox.diff(alert).map(|published| published.alert.waiting)
}

/// A desk for one case a day, on which the case of ann came out, and those of bo and cia wait.
fn full_desk() -> (Outbox, Vec<PublishedAlert>) {
    let mut outbox = Outbox::new(origin(), desk(1));
    assert_eq!(outbox.begin_day(Position { offset: 0, appended_at: UtcSecond(NOON) }), []);
    let alerts = [review("A", "ann", 4.0), review("B", "bo", 5.0), review("C", "cia", 6.0)];
    let topic = alerts.into_iter().filter_map(|alert| outbox.diff(alert)).collect();
    (outbox, topic)
}

#[test]
fn what_the_desk_has_no_room_for_waits_and_a_case_comes_out_as_a_whole() {
    let (mut outbox, topic) = full_desk();
    assert_eq!(topic.iter().map(|alert| alert.alert.waiting).collect::<Vec<_>>(), [false, true, true]);
    assert_eq!(waits(&mut outbox, review("A2", "ann", 1.0)), Some(false), "a case that is open already");
    let usage = DeskUse { cases_a_day: 1, cases_out: 1, waiting: 2 };
    assert_eq!(outbox.desk_use(), usage);
    assert_eq!(outbox.diff(review("B", "bo", 5.0)), None, "nothing new");
    let hold = Alert { case_id: "0181:carer:dan:2026-03".to_owned(), ..alert("H", 60, 1) };
    assert_eq!(waits(&mut outbox, hold), Some(false), "a hold never waits");
    assert_eq!(outbox.desk_use(), usage, "and takes no room");
}

#[test]
fn a_new_day_begins_with_the_best_that_waits_and_what_came_out_stays_out() {
    let (mut outbox, _) = full_desk();
    assert_eq!(
        outbox.begin_day(Position { offset: 2, appended_at: UtcSecond(NOON + 60) }),
        [],
        "the same day"
    );
    let out = outbox.begin_day(NEXT_DAY);
    let [cia] = out.as_slice() else { panic!("{out:?}") };
    assert_eq!((cia.alert.subject.id.as_str(), cia.state, cia.revision), ("C", AlertState::Revised, 2));
    assert_eq!((cia.alert.waiting, cia.alert.assessed_at), (false, NEXT_DAY.appended_at));
    assert_eq!(waits(&mut outbox, review("A", "ann", 4.5)), Some(false), "it came out the day before");
    assert_eq!(waits(&mut outbox, review("B", "bo", 5.5)), Some(true), "the room of the day is used");
    assert_eq!(waits(&mut outbox, Alert { findings: vec![], ..review("C", "cia", 6.0) }), Some(false));
    assert_eq!(waits(&mut outbox, review("C", "cia", 6.0)), Some(false), "its case came out today");
}

#[test]
fn what_waits_comes_out_when_it_becomes_a_hold_or_is_withdrawn() {
    let (mut outbox, _) = full_desk();
    assert_eq!(waits(&mut outbox, Alert { grade: Grade::Hold, ..review("B", "bo", 5.0) }), Some(false));
    assert_eq!(waits(&mut outbox, Alert { findings: vec![], ..review("C", "cia", 6.0) }), Some(false));
    assert_eq!(outbox.desk_use().waiting, 0);
    assert_eq!(outbox.begin_day(NEXT_DAY), []);
}

#[test]
fn a_restart_changes_nothing_of_what_waits_and_the_next_day_goes_on() {
    let (_, topic) = full_desk();
    let mut outbox = Outbox::new(origin(), desk(1));
    topic.iter().for_each(|alert| outbox.read_back(alert.clone(), &value(alert)));
    let derived = vec![review("A", "ann", 4.0), review("B", "bo", 5.0), review("C", "cia", 6.0)];
    let at = Position { offset: 3, appended_at: UtcSecond(NOON + 60) };
    let changes = outbox.reconcile(derived, at, &|_| true, &|_| false, &mut |_| {});
    assert_eq!(changes, [], "the case of ann came out today");
    assert_eq!(outbox.begin_day(NEXT_DAY).len(), 1);
}
