//! The rule by examples: what is payable, what takes it back, and what restores it.

use serde_json::json;

use super::{Payability, RUN, Topics, Unassessed, alert, municipality, partition, visit};

#[test]
fn what_is_assessed_and_under_no_hold_is_payable() {
    let mut topics = Topics::new();
    topics.feed(0, &visit("R-1", 1)).assessed(0, &json!([]));
    let verdict = topics.verdict("R-1");
    assert_eq!((verdict.state, verdict.payable_seconds()), (Payability::Payable, 1800));
    assert_eq!(verdict.pay_period.unwrap().to_string(), "2026-03");
    assert!(topics.0.verdict("0181", "R-2", Some(RUN)).is_none(), "the feed has no such registration");
    assert!(topics.0.verdict("0182", "R-1", Some(RUN)).is_none(), "an id belongs to its municipality");
}

#[test]
fn a_new_version_above_progress_takes_it_back_until_it_is_assessed() {
    let mut topics = Topics::new();
    topics.feed(0, &visit("R-1", 1)).feed(1, &visit("R-1", 1_772_000_000)).assessed(0, &json!([]));
    assert_eq!(topics.why("R-1"), [Unassessed::AboveProgress]);
    assert_eq!(topics.verdict("R-1").payable_seconds(), 0);
    topics.progress("0181", &municipality(1));
    assert_eq!(topics.why("R-1"), [Unassessed::AboveProgress], "the partition's record is needed as well");
    topics.progress("partition|0", &partition(1, &json!([])));
    assert_eq!(topics.state("R-1"), Payability::Payable);
}

#[test]
fn a_version_in_quarantine_is_unassessed_until_a_higher_one_is_assessed() {
    let mut topics = Topics::new();
    let mut wrong = visit("R-1", 2);
    wrong["end_at"] = json!("2026-03-02T06:00:00Z");
    topics.feed(0, &visit("R-1", 1)).feed(1, &wrong).assessed(1, &json!([[1, 1]]));
    assert_eq!(topics.why("R-1"), [Unassessed::InQuarantine]);
    topics.feed(2, &visit("R-1", 3)).assessed(2, &json!([[1, 1]]));
    assert_eq!(topics.state("R-1"), Payability::Payable);
}

#[test]
fn the_same_version_with_another_content_in_quarantine_is_unassessed() {
    let mut topics = Topics::new();
    let mut other = visit("R-1", 1);
    other["end_at"] = json!("2026-03-02T09:30:00Z");
    topics.feed(0, &visit("R-1", 1)).feed(1, &other).assessed(1, &json!([[1, 1]]));
    assert_eq!(topics.why("R-1"), [Unassessed::InQuarantine]);
    // A repeat is no quarantine.
    let mut topics = Topics::new();
    topics.feed(0, &visit("R-1", 1)).feed(1, &visit("R-1", 1)).assessed(1, &json!([]));
    assert_eq!(topics.state("R-1"), Payability::Payable);
}

#[test]
fn a_version_that_cannot_be_read_may_be_the_highest() {
    let mut topics = Topics::new();
    let mut unreadable = visit("R-1", 1);
    unreadable["version"] = json!("two");
    topics
        .feed(0, &visit("R-1", 7))
        .feed(1, &unreadable)
        .feed(2, &visit("R-1", 8))
        .assessed(2, &json!([[1, 1]]));
    assert_eq!(topics.why("R-1"), [Unassessed::InQuarantine, Unassessed::UnreadableVersion]);
}

#[test]
fn only_an_open_hold_withholds_and_only_its_seconds() {
    for (state, expected) in [
        ("proposed", Payability::Hold),
        ("confirmed", Payability::Hold),
        ("upheld", Payability::Hold),
        ("of-tomorrow", Payability::Hold),
        ("released", Payability::Payable),
        ("expired", Payability::Payable),
        ("superseded", Payability::Payable),
    ] {
        let mut topics = Topics::new();
        topics.feed(0, &visit("R-1", 1)).assessed(0, &json!([])).alert(&alert("R-1", 1, state));
        assert_eq!(topics.state("R-1"), expected, "{state}");
        let payable = if expected == Payability::Hold { 900 } else { 1800 };
        assert_eq!(topics.verdict("R-1").payable_seconds(), payable, "{state}");
    }
}

#[test]
fn a_proposed_hold_is_void_from_its_date_by_the_scheduled_time_of_the_run() {
    let mut topics = Topics::new();
    topics.feed(0, &visit("R-1", 1)).assessed(0, &json!([])).alert(&alert("R-1", 1, "proposed"));
    let at = |topics: &Topics, run_at| topics.0.verdict("0181", "R-1", run_at).unwrap().state;
    let expires_at = RUN.plus(30 * 86_400);
    assert_eq!(at(&topics, Some(expires_at.plus(-1))), Payability::Hold);
    assert_eq!(at(&topics, Some(expires_at)), Payability::Payable);
    assert_eq!(at(&topics, None), Payability::Hold, "without a run no hold is void by its date");
    // What a person confirmed does not expire, nor does what has no readable date.
    topics.alert(&alert("R-1", 2, "confirmed"));
    assert_eq!(at(&topics, Some(expires_at)), Payability::Hold);
    let mut undated = alert("R-1", 3, "proposed");
    undated["hold"]["expires_at"] = json!("soon");
    topics.alert(&undated);
    assert_eq!(at(&topics, Some(expires_at)), Payability::Hold);
}

#[test]
fn the_highest_revision_counts_in_whatever_order_it_is_read() {
    let mut topics = Topics::new();
    topics.feed(0, &visit("R-1", 1)).assessed(0, &json!([]));
    topics.alert(&alert("R-1", 2, "released")).alert(&alert("R-1", 1, "proposed"));
    assert_eq!(topics.state("R-1"), Payability::Payable);
    // One revision with two contents: the one that withholds counts.
    topics.alert(&alert("R-1", 2, "proposed")).alert(&alert("R-1", 2, "released"));
    assert_eq!(topics.state("R-1"), Payability::Hold);
    topics.alert(&alert("R-1", 3, "released"));
    assert_eq!(topics.state("R-1"), Payability::Payable);
}

#[test]
fn disputed_spans_of_several_holds_are_united_and_cut_to_the_visit() {
    let mut topics = Topics::new();
    topics.feed(0, &visit("R-1", 1)).assessed(0, &json!([]));
    let span = |from: &str, to: &str| json!({"from": format!("2026-03-02T{from}Z"), "to": format!("2026-03-02T{to}Z")});
    let mut first = alert("R-1", 1, "proposed");
    first["hold"]["disputed"] = json!([span("06:50:00", "07:10:00"), span("07:25:00", "07:40:00")]);
    let mut second = alert("R-1", 1, "proposed");
    second["alert_id"] = json!("0181:registration:R-2");
    second["hold"]["disputed"] = json!([span("07:05:00", "07:15:00")]);
    topics.alert(&first).alert(&second);
    assert_eq!(topics.verdict("R-1").held_seconds, 1200);
    second["revision"] = json!(2);
    second["hold"]["seconds_in_question"] = json!(null);
    second["hold"]["disputed"] = json!([]);
    topics.alert(&second);
    assert_eq!(topics.verdict("R-1").held_seconds, 1800, "unreadable seconds are all seconds");
}

#[test]
fn what_is_cancelled_or_has_no_end_has_nothing_to_be_paid() {
    let mut topics = Topics::new();
    let mut cancelled = visit("R-1", 2);
    cancelled["event_type"] = json!("cancelled");
    let mut started = visit("R-2", 1);
    started["event_type"] = json!("started");
    started.as_object_mut().unwrap().remove("end_at");
    topics.feed(0, &visit("R-1", 1)).feed(1, &cancelled).feed(2, &started).assessed(2, &json!([]));
    for (id, reason) in [("R-1", "cancelled"), ("R-2", "not-ended")] {
        let verdict = topics.verdict(id);
        assert_eq!((verdict.state, verdict.payable_seconds()), (Payability::Payable, 0));
        assert_eq!(verdict.reasons(), [reason]);
    }
}

#[test]
fn progress_that_is_missing_unreadable_or_of_another_feed_clears_nothing() {
    let mut topics = Topics::new();
    topics.feed(0, &visit("R-1", 1));
    assert_eq!(topics.why("R-1"), [Unassessed::NoProgress]);
    topics.progress("0181", &municipality(0));
    assert_eq!(topics.why("R-1"), [Unassessed::NoProgress]);
    topics.progress("partition|0", &json!({"schema_version": 1, "kind": "of-tomorrow"}));
    assert_eq!(topics.why("R-1"), [Unassessed::UnreadableProgress]);
    topics.progress("partition|0", &partition(0, &json!([[3, 2]])));
    assert_eq!(topics.why("R-1"), [Unassessed::UnreadableProgress]);
    topics.progress("partition|0", &partition(0, &json!([])));
    assert_eq!(topics.state("R-1"), Payability::Payable);
    // A record of another kind under another key changes nothing.
    topics.progress("pace|0181", &json!({"schema_version": 1, "kind": "of-tomorrow"}));
    assert_eq!(topics.state("R-1"), Payability::Payable);
    // A tombstone, the record of another municipality under this key, one of another partition.
    topics.0.progress(0, Some(b"0181"), None);
    assert_eq!(topics.why("R-1"), [Unassessed::UnreadableProgress]);
    let mut other = municipality(0);
    other["municipality"] = json!("0182");
    assert_eq!(topics.progress("0181", &other).why("R-1"), [Unassessed::UnreadableProgress]);
    let mut elsewhere = municipality(0);
    elsewhere["partition"] = json!(1);
    assert_eq!(topics.progress("0181", &elsewhere).why("R-1"), [Unassessed::NoProgress]);
    // The feed was made anew, progress was not.
    assert_eq!(topics.assessed(1_000, &json!([])).why("R-1"), [Unassessed::ProgressAboveFeed]);
    let mut truncated = partition(0, &json!([]));
    truncated["from_offset"] = json!(1);
    topics.assessed(0, &json!([])).progress("partition|0", &truncated);
    assert_eq!(topics.why("R-1"), [Unassessed::BelowFromOffset]);
}

#[test]
fn a_record_without_a_name_has_to_be_in_quarantine() {
    let mut topics = Topics::new();
    topics.feed(0, &visit("R-1", 1)).bytes(1, Some(b"{\"registration_id\": \"R-1\"")).bytes(2, None);
    topics.assessed(0, &json!([]));
    assert_eq!(topics.state("R-1"), Payability::Payable, "above progress it is nobody's yet");
    assert_eq!(topics.assessed(2, &json!([])).why("R-1"), [Unassessed::UnreadableRecord]);
    assert_eq!(topics.assessed(2, &json!([[1, 1]])).why("R-1"), [Unassessed::UnreadableRecord]);
    assert_eq!(topics.assessed(2, &json!([[1, 2]])).state("R-1"), Payability::Payable);
}

#[test]
fn a_record_without_a_valid_municipality_belongs_to_that_of_its_key() {
    let mut topics = Topics::new();
    let mut wrong = visit("R-1", 2);
    wrong["municipality"] = json!("181");
    topics.feed(0, &visit("R-1", 1)).feed(1, &wrong).assessed(1, &json!([[1, 1]]));
    assert_eq!(topics.why("R-1"), [Unassessed::InQuarantine]);
}

#[test]
fn an_unreadable_alert_withholds_what_its_key_names_until_a_later_revision() {
    let mut topics = Topics::new();
    topics.feed(0, &visit("R-1", 1)).feed(1, &visit("R-2", 1)).assessed(1, &json!([]));
    topics.0.alert(Some(b"0181:registration:R-1"), Some(b"{"));
    assert_eq!(topics.why("R-1"), [Unassessed::UnreadableAlert]);
    assert_eq!(topics.state("R-2"), Payability::Payable);
    topics.alert(&alert("R-1", 4, "released"));
    assert_eq!(topics.state("R-1"), Payability::Payable);
    topics.0.alert(Some(b"0182:carer_period:c:2026-03"), None);
    assert_eq!(topics.state("R-1"), Payability::Payable, "of another municipality");
    topics.0.alert(Some(b"0181:carer_period:c:2026-03"), None);
    assert_eq!((topics.state("R-1"), topics.state("R-2")), (Payability::Unassessed, Payability::Unassessed));
    let mut topics = Topics::new();
    topics.feed(0, &visit("R-1", 1)).assessed(0, &json!([]));
    topics.0.alert(None, Some(b"{}"));
    assert_eq!(topics.why("R-1"), [Unassessed::UnreadableAlert], "it may be about anyone");
}
