//! What random feeds say beside the visits: facts that change and are taken back, and decisions.

use proptest::prelude::*;
use proptest::sample::select;
use tidvakt::domain::{
    AbsenceKind, Action, CarerAbsenceConfirmedBy, CarerAbsenceKind, ClientAbsenceConfirmedBy, Coordinates,
    Decision, Exception, Fact, FactBody, FactChange, GrantPer, Month, ProviderKind, UtcSecond, Validity,
};

use super::{DAY, first_day};
use crate::draft::MUNICIPALITY;

pub(super) fn fact_body() -> impl Strategy<Value = FactBody> {
    let household = proptest::option::weighted(0.8, select(vec!["h0", "h0", "h1", "h2"]));
    let place = proptest::option::weighted(0.8, (0..400_i32, 0..400_i32));
    let home = (0..4_u8, household, place).prop_map(|(client, household, place)| FactBody::ClientHome {
        client_ref: format!("c{client}"),
        household_ref: household.map(str::to_owned),
        place: place.map(|(north, east)| Coordinates {
            lat: 59.0 + f64::from(north) / 1000.0,
            lon: 17.0 + f64::from(east) / 1000.0,
        }),
    });
    let order = (0..4_u8, proptest::option::of(1..3_u8), any::<bool>(), proptest::option::of(10..90_u32));
    let order = order.prop_map(|(client, required_staff, some_tasks, granted_minutes)| FactBody::Order {
        order_id: format!("O{client}"),
        client_ref: format!("c{client}"),
        provider_id: some_tasks.then(|| "P1".to_owned()),
        task_codes: if some_tasks { vec!["shower".to_owned()] } else { Vec::new() },
        granted_minutes,
        granted_per: granted_minutes.map(|_| if some_tasks { GrantPer::Day } else { GrantPer::Month }),
        required_staff,
    });
    prop_oneof![3 => home, 1 => order]
}

pub(super) fn other_fact_body() -> impl Strategy<Value = FactBody> {
    let absence = (0..4_u8, any::<bool>()).prop_map(|(client, confirmed)| FactBody::ClientAbsence {
        client_ref: format!("c{client}"),
        kind: AbsenceKind::Hospital,
        confirmed_by: if confirmed {
            ClientAbsenceConfirmedBy::Hospital
        } else {
            ClientAbsenceConfirmedBy::Provider
        },
    });
    let exception = exception().prop_map(FactBody::Exception);
    let tariff = (1..9_i64)
        .prop_map(|tens| FactBody::Tariff { tariff_code: "D1".to_owned(), ore_per_hour: tens * 10_000 });
    let march = Month::new(2026, 3).expect("a month");
    let calendar = (1..20_i64).prop_map(move |days| FactBody::Calendar {
        pay_period: march,
        locks_at: first_day().plus(30 * DAY),
        payout_run_at: first_day().plus((30 + days) * DAY),
    });
    prop_oneof![3 => absence, 2 => exception, 1 => tariff, 1 => calendar, 3 => staff_body(), 2 => tag_body()]
}

/// About carers and providers.
fn staff_body() -> impl Strategy<Value = FactBody> {
    let away = (0..3_u8, any::<bool>()).prop_map(|(carer, payroll)| FactBody::CarerAbsence {
        carer_ref: format!("a{carer}"),
        kind: CarerAbsenceKind::Sick,
        confirmed_by: if payroll {
            CarerAbsenceConfirmedBy::Payroll
        } else {
            CarerAbsenceConfirmedBy::Provider
        },
    });
    let employment = (0..3_u8, select(vec!["P1", "P2"])).prop_map(|(carer, provider)| FactBody::Employment {
        carer_ref: format!("a{carer}"),
        provider_id: provider.to_owned(),
    });
    let provider = (select(vec!["P1", "P2"]), 1..10_u8).prop_map(|(provider, hours)| FactBody::Provider {
        provider_id: provider.to_owned(),
        kind: ProviderKind::Private,
        paid_staff_hours: Some(f64::from(hours)),
        pay_period: Month::new(2026, 3),
    });
    prop_oneof![away, employment, provider]
}

fn tag_body() -> impl Strategy<Value = FactBody> {
    (0..4_u8, 0..4_u8).prop_map(|(tag, client)| FactBody::Tag {
        tag_ref: format!("tag-c{tag}"),
        client_ref: format!("c{client}"),
    })
}

/// Agreed silence of any rule, about anybody or about few.
fn exception() -> impl Strategy<Value = Exception> {
    let rule = (0..tidvakt::rules::RULES.len()).prop_map(|number| tidvakt::rules::RULES[number].id);
    let provider = proptest::option::weighted(0.2, select(vec!["P1", "P2"]));
    let who = (proptest::option::of(0..3_u8), proptest::option::of(0..4_u8), provider);
    (rule, who).prop_map(|(rule, (carer, client, provider))| Exception {
        rule: rule.to_owned(),
        carer_ref: carer.map(|carer| format!("a{carer}")),
        client_ref: client.map(|client| format!("c{client}")),
        provider_id: provider.map(str::to_owned),
        author: "reviewer".to_owned(),
        reason: "agreed".to_owned(),
    })
}

/// From before the feed and for ever.
pub(super) const EVER: Validity = Validity { from: UtcSecond(1_767_222_000), to: None };

/// For ever, or up to some hours into the feed, or from then on.
pub(super) fn validity() -> impl Strategy<Value = Validity> {
    let then = first_day().plus(9 * 3600);
    prop_oneof![
        4 => Just(EVER),
        1 => Just(Validity { to: Some(then), ..EVER }),
        1 => Just(Validity { from: then, to: Some(first_day().plus(29 * DAY)) }),
    ]
}

/// A decision on one of few alerts. It is made before the feed begins or after it is over: one that lies
/// between is about those versions that had come by then.
pub(super) fn decision() -> impl Strategy<Value = Decision> {
    use Action::{Confirm, Dismiss, Release, Reopen, Take, Uphold, Wait};
    let subject = prop_oneof![
        4 => (0..24_u8).prop_map(|number| format!("registration:R{number:02}")),
        1 => (0..3_u8).prop_map(|carer| format!("carer_period:a{carer}:2026-03")),
    ];
    let action = select(vec![Take, Wait, Confirm, Release, Uphold, Dismiss, Reopen]);
    let exception = proptest::option::of((exception(), validity()));
    (subject, action, any::<bool>(), 0..3_i64, exception).prop_map(
        |(subject, action, is_late, second, exception)| Decision {
            decision_id: String::new(),
            alert_id: format!("{MUNICIPALITY}:{subject}"),
            hold_id: None,
            action,
            outcome: None,
            reason: "looked at".to_owned(),
            until: None,
            seconded_by: None,
            decided_by: "reviewer-1".to_owned(),
            decided_at: first_day().plus(if is_late { 365 } else { -30 } * DAY + second),
            drawn: false,
            exception,
        },
    )
}

/// A fact takes the place of the earlier recorded one about the same.
pub(super) fn put(body: FactBody, recorded: i64, valid: Validity) -> FactChange {
    let fact_id = match &body {
        FactBody::ClientHome { client_ref, .. } => format!("home-{client_ref}"),
        FactBody::Order { order_id, .. } => format!("order-{order_id}"),
        FactBody::ClientAbsence { client_ref, .. } => format!("absence-{client_ref}"),
        FactBody::Exception(exception) => format!("exception-{}", exception.rule.len() % 4),
        FactBody::Tariff { tariff_code, .. } => format!("tariff-{tariff_code}"),
        FactBody::Calendar { pay_period, .. } => format!("calendar-{pay_period}"),
        FactBody::CarerAbsence { carer_ref, .. } => format!("away-{carer_ref}"),
        FactBody::Employment { carer_ref, provider_id } => format!("employment-{carer_ref}-{provider_id}"),
        FactBody::Provider { provider_id, .. } => format!("provider-{provider_id}"),
        FactBody::Tag { tag_ref, .. } => format!("tag-{tag_ref}"),
    };
    FactChange::Put(Fact {
        municipality: MUNICIPALITY.to_owned(),
        fact_id,
        valid,
        recorded_at: UtcSecond(recorded),
        body,
    })
}

/// The tombstone of what was put.
pub(super) fn removed(put: &FactChange) -> FactChange {
    let FactChange::Put(Fact { municipality, fact_id, .. }) = put else { return put.clone() };
    FactChange::Remove { municipality: municipality.clone(), fact_id: fact_id.clone() }
}
