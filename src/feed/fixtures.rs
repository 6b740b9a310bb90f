//! A small municipality that tests of several rooms are made of.

use crate::contract;
use crate::domain::{
    Action, Alert, AlertState, Class, Decision, DecisionOutcome, Fact, FactBody, FactChange, Finding, Grade,
    Hold, HoldState, Month, Provenance, ProviderKind, PublishedAlert, Sentence, Subject, SubjectKind,
    UtcSecond, Validity, Value, Zone,
};
use crate::feed::cases::{Desk, Rules};

/// 2026-03-02T00:00:00+01:00, a Monday.
pub(in crate::feed) const MONDAY: UtcSecond = UtcSecond(1_772_406_000);
/// The municipality of the samples.
pub(in crate::feed) const TOWN: &str = "0181";
pub(in crate::feed) const DAY: i64 = 86_400;

/// A desk without cases, in Swedish time, paid on the sixth.
pub(in crate::feed) fn desk() -> Desk {
    let zone = Zone::named("Europe/Stockholm").expect("a zone");
    Desk::new(Rules { zone, retained_days: 100, payout_day: 6, payout_hour: 18 })
}

/// Ann at Bo and Eva at once on Monday, with the alert on the later registration and a hold of 129 kronor.
pub(in crate::feed) fn overlapping() -> Desk {
    let mut desk = desk();
    register(&mut desk, "R-1", 1, "ann", "bo", (8 * 60, 8 * 60 + 30), "nfc_tag");
    register(&mut desk, "R-2", 1, "ann", "eva", (8 * 60 + 15, 8 * 60 + 45), "manual_carer");
    register(&mut desk, "R-3", 1, "per", "eva", (12 * 60, 12 * 60 + 20), "nfc_tag");
    desk.alert(overlap_alert("R-2", 12_900));
    desk
}

/// A registration of Monday, in minutes since midnight.
pub(in crate::feed) fn register(
    desk: &mut Desk,
    id: &str,
    version: u32,
    carer: &str,
    client: &str,
    (from, to): (i64, i64),
    method: &str,
) {
    let at = |minutes: i64| MONDAY.plus(minutes * 60).to_string();
    let record = serde_json::json!({
        "schema_version": 1, "event_type": "recorded", "registration_id": id, "version": version,
        "municipality": TOWN, "provider_id": "P-07", "carer_ref": carer, "client_ref": client,
        "planned_start": at(from - 5), "planned_end": at(to - 10), "start_at": at(from), "end_at": at(to),
        "start_capture": {"method": "nfc_tag"}, "end_capture": {"method": method},
    });
    let text = record.to_string();
    let appended_at = MONDAY.plus(to * 60 + 60);
    let parsed = contract::parse_registration(text.as_bytes()).expect("a record");
    desk.registration(&parsed.registration(appended_at).expect("a registration"), appended_at);
}

/// A visit that began on Monday, was planned for half an hour and has not ended.
pub(in crate::feed) fn begin(desk: &mut Desk, id: &str, carer: &str, minutes: i64, method: &str) {
    let start = MONDAY.plus(minutes * 60);
    let record = serde_json::json!({
        "schema_version": 1, "event_type": "started", "registration_id": id, "version": 1,
        "municipality": TOWN, "provider_id": "P-07", "carer_ref": carer, "client_ref": "bo",
        "planned_start": start.to_string(), "planned_end": start.plus(1_800).to_string(),
        "start_at": start.to_string(), "start_capture": {"method": method},
    });
    let text = record.to_string();
    let parsed = contract::parse_registration(text.as_bytes()).expect("a record");
    desk.registration(&parsed.registration(start).expect("a registration"), start);
}

/// An alert about a registration of Ann's, of the rule about overlaps, with a hold.
pub(in crate::feed) fn overlap_alert(registration: &str, ore: i64) -> PublishedAlert {
    let pay_period = Month::new(2026, 3).expect("a month");
    let finding = Finding {
        rule: "carer-overlap".to_owned(),
        rule_version: 1,
        class: Class::Contradiction,
        grade: Grade::Hold,
        p_value: None,
        related: vec!["R-1".to_owned()],
        related_more: 0,
        seconds_in_question: 900,
        observed: vec![("overlap_seconds".to_owned(), Value::Whole(900))],
        expected: vec![("overlap_seconds_max".to_owned(), Value::Whole(120))],
        excluded: vec!["one-household".to_owned()],
        not_tested: vec!["household".to_owned()],
        text: Sentence {
            sv: "Samma medarbetare är registrerad hos två brukare samtidigt.".to_owned(),
            en: "The same carer is registered at two clients at once.".to_owned(),
        },
        lowered_by: None,
    };
    let hold = Hold {
        hold_id: format!("{TOWN}:hold:{registration}:1"),
        registration_id: registration.to_owned(),
        version: 1,
        order_id: None,
        tariff_code: None,
        pay_period,
        seconds_in_question: 900,
        disputed: Vec::new(),
        amount_ore: ore,
        reason_codes: vec!["carer-overlap".to_owned()],
        state: HoldState::Proposed,
        proposed_at: MONDAY.plus(9 * 3_600),
        withholds_from: MONDAY.plus(5 * DAY),
        expires_at: MONDAY.plus(35 * DAY),
    };
    let alert = Alert {
        alert_id: format!("{TOWN}:registration:{registration}"),
        municipality: TOWN.to_owned(),
        subject: Subject { kind: SubjectKind::Registration, id: registration.to_owned(), version: Some(1) },
        case_id: format!("{TOWN}:carer:ann:2026-03"),
        provider_id: "P-07".to_owned(),
        carer_ref: Some("ann".to_owned()),
        client_ref: Some("eva".to_owned()),
        pay_period,
        class: Class::Contradiction,
        grade: Grade::Hold,
        waiting: false,
        score: 8.0,
        p_value: None,
        amount_at_risk_ore: ore,
        findings: vec![finding],
        hold: Some(hold),
        event_time: MONDAY.plus(8 * 3_600 + 900),
        offset: 1,
        assessed_at: MONDAY.plus(9 * 3_600),
    };
    let provenance = Provenance {
        topic: "tidvakt.registrations.v1".to_owned(),
        partition: 0,
        offset: 1,
        engine: "0.1.0".to_owned(),
        config_hash: "0123456789abcdef".to_owned(),
        baseline_incomplete: false,
    };
    PublishedAlert { alert, state: AlertState::Opened, revision: 1, provenance }
}

/// An alert of grade review about another carer's registration, which is beyond the desk's budget or not.
pub(in crate::feed) fn review_alert(carer: &str, waiting: bool) -> PublishedAlert {
    let mut alert = overlap_alert(&format!("R-{carer}"), 5_000);
    let of = &mut alert.alert;
    of.carer_ref = Some(carer.to_owned());
    of.case_id = format!("{TOWN}:carer:{carer}:2026-03");
    (of.grade, of.findings[0].grade, of.hold, of.waiting) = (Grade::Review, Grade::Review, None, waiting);
    alert
}

/// The same alert, withdrawn by a correction.
pub(in crate::feed) fn withdrawn(alert: &PublishedAlert) -> PublishedAlert {
    let mut alert = alert.clone();
    alert.state = AlertState::Withdrawn;
    alert.revision += 1;
    alert.alert.findings.clear();
    alert.alert.amount_at_risk_ore = 0;
    if let Some(hold) = &mut alert.alert.hold {
        hold.state = HoldState::Superseded;
    }
    alert
}

/// The fact of who runs a provider.
pub(in crate::feed) fn provider_fact(provider: &str, kind: ProviderKind) -> FactChange {
    FactChange::Put(Fact {
        municipality: TOWN.to_owned(),
        fact_id: format!("provider-{provider}"),
        valid: Validity { from: UtcSecond(0), to: None },
        recorded_at: UtcSecond(0),
        body: FactBody::Provider {
            provider_id: provider.to_owned(),
            kind,
            paid_staff_hours: None,
            pay_period: None,
        },
    })
}

/// A decision about an alert.
pub(in crate::feed) fn decided(
    alert: &PublishedAlert,
    number: u32,
    action: Action,
    outcome: Option<DecisionOutcome>,
    at: UtcSecond,
) -> Decision {
    Decision {
        decision_id: format!("D-{number}"),
        alert_id: alert.alert.alert_id.clone(),
        hold_id: None,
        action,
        outcome,
        reason: "utföraren har förklarat".to_owned(),
        until: action.is_of_desk().then(|| at.plus(1_800)),
        decided_by: "reviewer-3".to_owned(),
        seconded_by: None,
        decided_at: at,
        drawn: false,
        exception: None,
    }
}
