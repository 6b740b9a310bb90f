//! Reads one reference fact.

use tidvakt::domain::{Exception, FactBody, Validity};

use super::words::{
    Read, Words, absence, always, carer_absence, carer_confirmed, confirmed, day, list, month, number, per,
    place, provider_kind, validity,
};

/// What follows the kind of fact: its id, when it holds, and what it says. Every fact but a calendar
/// may end with `during 2026-03-01..2026-04-01`; absences say their time themselves. An id of its own
/// may follow, where two facts would have one id: `id second`.
pub(super) fn fact(kind: &str, words: &mut Words<'_>) -> Read<(String, Validity, FactBody)> {
    let name = words.next("a name")?.to_owned();
    let mut valid = None;
    let (id, body) = match kind {
        "home" => {
            let place = words.take("at").then(|| place(words.next("a place")?)).transpose()?;
            let household_ref = of(words, "household")?;
            (name.clone(), FactBody::ClientHome { client_ref: name, household_ref, place })
        }
        "order" => (name.clone(), order(name, words)?),
        "absence" => {
            let kind = absence(words.next("a kind of absence")?)?;
            valid = Some(validity(words.next("a time")?)?);
            words.expect("by")?;
            let confirmed_by = confirmed(words.next("a source")?)?;
            (name.clone(), FactBody::ClientAbsence { client_ref: name, kind, confirmed_by })
        }
        "carer_absence" => {
            let kind = carer_absence(words.next("a kind of absence")?)?;
            valid = Some(validity(words.next("a time")?)?);
            words.expect("by")?;
            let confirmed_by = carer_confirmed(words.next("a source")?)?;
            (name.clone(), FactBody::CarerAbsence { carer_ref: name, kind, confirmed_by })
        }
        "employment" => {
            words.expect("provider")?;
            let provider_id = words.next("a provider")?.to_owned();
            (format!("{name}-{provider_id}"), FactBody::Employment { carer_ref: name, provider_id })
        }
        "tag" => {
            words.expect("client")?;
            let client_ref = words.next("a client")?.to_owned();
            (format!("{name}-{client_ref}"), FactBody::Tag { tag_ref: name, client_ref })
        }
        "tariff" => {
            let ore_per_hour = number(words.next("öre per hour")?)?;
            (name.clone(), FactBody::Tariff { tariff_code: name, ore_per_hour })
        }
        "calendar" => {
            let locks_at = words.take("locked").then(|| day(words.next("a time")?)).transpose()?;
            words.expect("paid")?;
            let payout_run_at = day(words.next("a time")?)?;
            let locks_at = locks_at.unwrap_or(payout_run_at);
            let pay_period = month(&name)?;
            (name, FactBody::Calendar { pay_period, locks_at, payout_run_at })
        }
        "provider" => provider(name, words)?,
        _ => (name.clone(), FactBody::Exception(exception(&name, words)?)),
    };
    if valid.is_none() && words.take("during") {
        valid = Some(validity(words.next("a time")?)?);
    }
    let id = of(words, "id")?.unwrap_or(id);
    Ok((format!("{kind}-{id}"), valid.unwrap_or_else(always), body))
}

/// `O1 client bo staff 2 tasks shower,meal grant 60 per day provider P1`; all but the client may be
/// left out.
fn order(order_id: String, words: &mut Words<'_>) -> Read<FactBody> {
    words.expect("client")?;
    let client_ref = words.next("a client")?.to_owned();
    let required_staff = of(words, "staff")?.as_deref().map(number).transpose()?;
    let task_codes = of(words, "tasks")?.as_deref().map(list).unwrap_or_default();
    let granted_minutes = of(words, "grant")?.as_deref().map(number).transpose()?;
    let granted_per = of(words, "per")?.as_deref().map(per).transpose()?;
    let provider_id = of(words, "provider")?;
    Ok(FactBody::Order {
        order_id,
        client_ref,
        provider_id,
        task_codes,
        granted_minutes,
        granted_per,
        required_staff,
    })
}

/// `P1 private hours 500 in 2026-03`; the hours may be left out.
fn provider(provider_id: String, words: &mut Words<'_>) -> Read<(String, FactBody)> {
    let kind = provider_kind(words.next("a kind of provider")?)?;
    let paid_staff_hours = of(words, "hours")?.as_deref().map(number).transpose()?;
    let pay_period = of(words, "in")?.as_deref().map(month).transpose()?;
    let id = pay_period.map_or_else(|| provider_id.clone(), |month| format!("{provider_id}-{month}"));
    Ok((id, FactBody::Provider { provider_id, kind, paid_staff_hours, pay_period }))
}

/// What follows `word`, where it stands here.
fn of(words: &mut Words<'_>, word: &str) -> Read<Option<String>> {
    words.take(word).then(|| words.next("a word").map(str::to_owned)).transpose()
}

pub(super) fn exception(rule: &str, words: &mut Words<'_>) -> Read<Exception> {
    let (carer_ref, client_ref, provider_id) =
        (of(words, "carer")?, of(words, "client")?, of(words, "provider")?);
    let (author, reason) = ("reviewer".to_owned(), "agreed".to_owned());
    Ok(Exception { rule: rule.to_owned(), carer_ref, client_ref, provider_id, author, reason })
}
