//! Which version of a registration counts, and which records are refused for their version.

use tidvakt::domain::{EventType, Reason, UtcSecond};
use tidvakt::engine::Disposition;

use crate::draft::Draft;
use crate::engines::{Driver, default_engine, timeless};

/// 2026-03-02 07:00 UTC.
const MORNING: i64 = 1_772_434_800;

fn visit(version: u32) -> Draft {
    let (start, end) = (UtcSecond(MORNING), UtcSecond(MORNING + 1_800));
    Draft { emitted_at: Some(end), ..Draft::new("R-1", version, "carer", "client", start, end) }
}

fn dispositions(drafts: &[Draft]) -> Vec<String> {
    let mut driver = Driver::new(default_engine());
    let name = |disposition| match disposition {
        Disposition::Scored => "scored".to_owned(),
        Disposition::Repeat => "repeat".to_owned(),
        Disposition::Stale => "stale".to_owned(),
        Disposition::Quarantined(rejection) => rejection.reason.code().to_owned(),
    };
    drafts.iter().map(|draft| name(driver.register(draft, &mut Vec::new()))).collect()
}

#[test]
fn versions_may_be_times_and_have_gaps() {
    let versions = [1_772_434_991, 1_772_435_000, 1 << 31].map(visit);
    assert_eq!(dispositions(&versions), ["scored"; 3]);
    assert_eq!(dispositions(&[1, 250].map(visit)), ["scored"; 2]);
}

#[test]
fn another_claim_under_a_known_version_is_no_repeat() {
    let changes: [fn(&mut Draft); 8] = [
        |draft| draft.carer = "another".to_owned(),
        |draft| draft.client = "another".to_owned(),
        |draft| draft.provider = "P-2".to_owned(),
        |draft| draft.start = UtcSecond(MORNING + 60),
        |draft| draft.end = Some(UtcSecond(MORNING + 1_860)),
        |draft| draft.event = EventType::Cancelled,
        |draft| draft.billed_seconds = Some(1),
        |draft| draft.staff = Some(2),
    ];
    for change in changes {
        let mut other = visit(1);
        change(&mut other);
        let [conflict, repeat] = ["conflicting-version", "repeat"];
        assert_eq!(dispositions(&[visit(1), other.clone()]), ["scored", conflict], "{other:?}");
        assert_eq!(dispositions(&[visit(1), other, visit(1)]), ["scored", conflict, repeat]);
    }
    assert_eq!(Reason::ConflictingVersion.code(), "conflicting-version");
}

#[test]
fn a_record_that_is_sent_again_is_a_repeat() {
    let again = Draft { emitted_at: Some(UtcSecond(MORNING + 90_000)), ..visit(1) };
    let approved = Draft { event: EventType::Approved, ..visit(1) };
    assert_eq!(dispositions(&[visit(1), again, approved]), ["scored", "repeat", "repeat"]);
    let cancelled = Draft { event: EventType::Cancelled, ..visit(2) };
    let all = [visit(1), cancelled.clone(), cancelled, visit(2)];
    assert_eq!(dispositions(&all), ["scored", "scored", "repeat", "conflicting-version"]);
}

#[test]
fn a_lower_version_that_was_sent_later_is_no_stale_one() {
    let sent = |seconds: i64| Some(UtcSecond(MORNING + seconds));
    let correction = Draft { carer: "another".to_owned(), emitted_at: sent(5_000), ..visit(5) };
    let lower = |emitted_at| Draft { emitted_at, ..visit(3) };
    let after = |late: Draft| dispositions(&[correction.clone(), late]).remove(1);
    assert_eq!(after(lower(sent(4_000))), "stale");
    assert_eq!(after(lower(sent(5_000))), "stale");
    assert_eq!(after(lower(sent(6_000))), "version-order");
    let same_claim = Draft { carer: "another".to_owned(), ..lower(sent(6_000)) };
    assert_eq!(after(same_claim), "stale");
    let started = Draft { event: EventType::Started, end: None, ..lower(sent(6_000)) };
    assert_eq!(after(started), "stale", "it claims nothing, and a phone may send the end first");
    let cancelled = Draft { event: EventType::Cancelled, ..correction.clone() };
    assert_eq!(dispositions(&[cancelled, lower(sent(6_000))]), ["scored", "version-order"]);
}

#[test]
fn a_refused_version_changes_nothing() {
    let again = |id: &str| Draft { id: id.to_owned(), ..visit(1) };
    let open = |drafts: &[Draft]| {
        let mut driver = Driver::new(default_engine());
        drafts.iter().for_each(|draft| drop(driver.register(draft, &mut Vec::new())));
        timeless(driver.engine.open_alerts())
    };
    // A copy is due when the office has had its time to cancel it.
    let (start, end) = (UtcSecond(MORNING + 7 * 86_400), UtcSecond(MORNING + 7 * 86_400 + 1_800));
    let last = Draft { emitted_at: Some(end), ..Draft::new("R-9", 1, "carer", "client", start, end) };
    let without = open(&[visit(1), again("R-2"), last.clone()]);
    assert!(!without.is_empty());
    let elsewhere = Draft { carer: "another".to_owned(), ..visit(1) };
    assert_eq!(open(&[visit(1), elsewhere.clone(), again("R-2"), elsewhere, last]), without);
}

#[test]
fn a_later_version_comes_from_the_provider_of_the_first() {
    let foreign = |version| Draft { provider: "P-evil".to_owned(), ..visit(version) };
    let cancelled = |draft: Draft| Draft { event: EventType::Cancelled, ..draft };
    let not_owner = "not-owner";
    // Neither changed, nor cancelled, nor passed over as stale.
    assert_eq!(dispositions(&[visit(1), foreign(2)]), ["scored", not_owner]);
    assert_eq!(dispositions(&[visit(1), cancelled(foreign(2))]), ["scored", not_owner]);
    assert_eq!(dispositions(&[visit(3), foreign(2)]), ["scored", not_owner]);
    // What is cancelled stays its provider's.
    let again = [visit(1), cancelled(visit(2)), foreign(3), visit(3)];
    assert_eq!(dispositions(&again), ["scored", "scored", not_owner, "scored"]);
    // The owner's own versions, and a foreign registration of another id, are accepted.
    assert_eq!(dispositions(&[visit(1), visit(2), cancelled(visit(3))]), ["scored"; 3]);
    let other = Draft { id: "R-2".to_owned(), ..foreign(1) };
    assert_eq!(dispositions(&[visit(1), other]), ["scored"; 2]);
    assert_eq!(Reason::NotOwner.code(), not_owner);
}

#[test]
fn a_foreign_provider_withdraws_no_hold() {
    let mut driver = Driver::new(default_engine());
    let second = Draft { id: "R-2".to_owned(), client: "another".to_owned(), ..visit(1) };
    let mut out = Vec::new();
    [visit(1), second.clone()].iter().for_each(|draft| drop(driver.register(draft, &mut out)));
    let standing = timeless(driver.engine.open_alerts());
    assert!(!standing.is_empty());
    let foreign = Draft { provider: "P-evil".to_owned(), event: EventType::Cancelled, version: 2, ..second };
    driver.register(&foreign, &mut out);
    assert_eq!(timeless(driver.engine.open_alerts()), standing);
    // The owner's correction does.
    driver.register(&Draft { provider: visit(1).provider, ..foreign }, &mut out);
    assert!(driver.engine.open_alerts().is_empty());
}
