//! Values that tests of several rooms are made of.

use crate::domain::{
    Alert, AlertState, Class, Grade, Hold, HoldState, Month, Provenance, PublishedAlert, Subject,
    SubjectKind, UtcSecond,
};

/// An alert about `registration`, with a hold of 100 öre.
pub(in crate::service) fn alert(municipality: &str, registration: &str, score: f64) -> PublishedAlert {
    let pay_period = Month::new(2026, 3).expect("a month");
    let hold = Hold {
        hold_id: format!("{registration}:1"),
        registration_id: registration.to_owned(),
        version: 1,
        order_id: None,
        tariff_code: None,
        pay_period,
        seconds_in_question: 60,
        disputed: Vec::new(),
        amount_ore: 100,
        reason_codes: vec!["carer-overlap".to_owned()],
        state: HoldState::Proposed,
        proposed_at: UtcSecond(0),
        withholds_from: UtcSecond(0),
        expires_at: UtcSecond(1),
    };
    let alert = Alert {
        alert_id: format!("{municipality}:registration:{registration}"),
        municipality: municipality.to_owned(),
        subject: Subject { kind: SubjectKind::Registration, id: registration.to_owned(), version: Some(1) },
        case_id: "case".to_owned(),
        provider_id: "P".to_owned(),
        carer_ref: None,
        client_ref: None,
        pay_period,
        class: Class::Contradiction,
        grade: Grade::Hold,
        waiting: false,
        score,
        p_value: None,
        amount_at_risk_ore: 100,
        findings: Vec::new(),
        hold: Some(hold),
        event_time: UtcSecond(0),
        offset: 0,
        assessed_at: UtcSecond(0),
    };
    let provenance = Provenance {
        topic: "feed".to_owned(),
        partition: 0,
        offset: 0,
        engine: "0".to_owned(),
        config_hash: "0".to_owned(),
        baseline_incomplete: false,
    };
    PublishedAlert { alert, state: AlertState::Opened, revision: 1, provenance }
}
