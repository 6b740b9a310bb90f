//! The record of `tidvakt.decisions.v1`: what a reviewer decided.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::ExceptionBody;
use super::checks::{is_municipality, optional_id};
use super::fact::validity;
use super::read::{SchemaVersion, empty, read};
use super::text::{AlertId, Id, Long, Object, Text};
use super::time::{Time, check_not_ahead};
use super::words::Word;
use super::{RECORD_BYTES_MAX, append};
use crate::domain::{Action, Decision, DecisionOutcome, Reason, Rejection, UtcSecond};

/// A reviewer's decision about an alert and its hold.
///
/// Key: the alert id; of `take` and `wait`, the alert id and `|desk`, so that compaction removes no decision about a
/// hold.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "'de: 'a"))]
#[schemars(title = "decision", rename = "Decision")]
pub(super) struct DecisionRecord<'a> {
    /// Version of this shape.
    schema_version: SchemaVersion,
    /// Stable id of the decision.
    decision_id: Id<'a>,
    /// The alert that it is about; begins with the municipality code.
    #[schemars(regex(pattern = "^[0-9]{4}:"))]
    alert_id: AlertId<'a>,
    /// The hold that it is about, and so the version of the registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hold_id: Option<AlertId<'a>>,
    /// `take`: the case is this reviewer's until `until`; `wait`: shown again from `until` on; `confirm`, `release` and
    /// `uphold`: of the hold; `dismiss`: the findings are no matter, and the hold is released; `reopen`: the latest
    /// decision is taken back.
    action: Word<Action>,
    /// The result of the review.
    outcome: Option<Word<DecisionOutcome>>,
    /// Why, in the reviewer's words.
    reason: Long<'a>,
    /// End of taking or waiting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Time>,
    /// Who decided, a pseudonym.
    decided_by: Id<'a>,
    /// The second person, where the decision needs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seconded_by: Option<Id<'a>>,
    /// When.
    decided_at: Time,
    /// The case was drawn at random from those that wait below the desk's budget.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    drawn: bool,
    /// An exception decided together with the alert, and when it is valid.
    exception: Option<Object<ExceptionRecord<'a>>>,
}

/// The body and validity of an `exception` fact, decided together with an alert.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "'de: 'a"))]
#[schemars(rename = "DecidedException")]
struct ExceptionRecord<'a> {
    /// First second at which it is valid.
    valid_from: Time,
    /// First second at which it is no longer valid; open-ended where absent.
    valid_to: Option<Time>,
    /// What is excepted.
    body: Object<ExceptionBody<'a>>,
}

/// Reads a decision. `appended_at` is the append time of the record, where it has one.
///
/// # Errors
/// Where the record cannot be used, with the reason.
pub fn parse_decision(value: Option<&[u8]>, appended_at: Option<UtcSecond>) -> Result<Decision, Rejection> {
    let record = read::<DecisionRecord<'_>>(value.ok_or_else(empty)?, RECORD_BYTES_MAX)?;
    let exception = record.exception.as_ref().map(|exception| {
        let ExceptionRecord { valid_from, valid_to, body } = &exception.0;
        Ok::<_, Rejection>((body.0.checked()?, validity(*valid_from, *valid_to)?))
    });
    let decision = Decision {
        decision_id: record.decision_id.id("decision_id")?.to_owned(),
        alert_id: alert_id(&record.alert_id)?.to_owned(),
        hold_id: optional_id(record.hold_id.as_ref(), "hold_id")?.map(str::to_owned),
        action: record.action.0,
        outcome: record.outcome.map(|outcome| outcome.0),
        reason: record.reason.checked("reason")?.to_owned(),
        until: record.until.map(|until| until.0),
        decided_by: record.decided_by.id("decided_by")?.to_owned(),
        seconded_by: optional_id(record.seconded_by.as_ref(), "seconded_by")?.map(str::to_owned),
        decided_at: record.decided_at.0,
        drawn: record.drawn,
        exception: exception.transpose()?,
    };
    check_not_ahead("decided_at", decision.decided_at, appended_at)?;
    Ok(decision)
}

/// An alert's id, which begins with the municipality.
fn alert_id<'a>(id: &'a AlertId<'_>) -> Result<&'a str, Rejection> {
    let id = id.id("alert_id")?;
    if id.split_once(':').is_some_and(|(municipality, _)| is_municipality(municipality)) {
        return Ok(id);
    }
    Err(Rejection::new(Reason::BadMunicipality, "`alert_id` does not begin with four digits and `:`"))
}

/// Appends the record of `decision` to `out`.
pub fn write_decision(decision: &Decision, out: &mut Vec<u8>) {
    let record = DecisionRecord {
        schema_version: SchemaVersion,
        decision_id: Text::new(&decision.decision_id),
        alert_id: Text::new(&decision.alert_id),
        hold_id: Text::option(decision.hold_id.as_deref()),
        action: Word(decision.action),
        outcome: decision.outcome.map(Word),
        reason: Text::new(&decision.reason),
        until: Time::option(decision.until),
        decided_by: Text::new(&decision.decided_by),
        seconded_by: Text::option(decision.seconded_by.as_deref()),
        decided_at: Time(decision.decided_at),
        drawn: decision.drawn,
        exception: decision.exception.as_ref().map(|(exception, valid)| {
            Object(ExceptionRecord {
                valid_from: Time(valid.from),
                valid_to: Time::option(valid.to),
                body: Object(ExceptionBody::of(exception)),
            })
        }),
    };
    append(&record, out);
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail and say why")]

    use super::*;
    use crate::domain::Reason;

    const GOOD: &str = r#"{"schema_version":1,"decision_id":"D","alert_id":"0181:registration:R","action":"confirm",
        "reason":"","decided_by":"reviewer-3","decided_at":"2026-03-10T09:00:00Z",
        "exception":{"valid_from":"2026-03-10T09:00:00Z","body":{"rule":"r","author":"a","reason":"x"}}}"#;

    #[test]
    fn a_decision_of_2099_is_refused_and_five_minutes_are_a_clock() {
        let decided_at: jiff::Timestamp = "2026-03-10T09:00:00Z".parse().unwrap();
        let appended = |before: i64| Some(UtcSecond(decided_at.as_second() - before));
        for accepted in [appended(300), appended(-86_400), None] {
            assert!(parse_decision(Some(GOOD.as_bytes()), accepted).is_ok(), "{accepted:?}");
        }
        let of_2099 = GOOD.replacen("\"decided_at\":\"2026", "\"decided_at\":\"2099", 1);
        for (text, appended_at) in [(GOOD, appended(301)), (of_2099.as_str(), appended(0))] {
            let rejection = parse_decision(Some(text.as_bytes()), appended_at).unwrap_err();
            assert_eq!(rejection.reason, Reason::Future, "{rejection}");
        }
    }

    #[test]
    fn bad_decisions_have_their_reasons() {
        assert!(parse_decision(Some(GOOD.as_bytes()), None).is_ok());
        assert_eq!(parse_decision(None, None).unwrap_err().reason, Reason::Empty);
        for (from, to, reason) in [
            ("confirm", "pay", Reason::UnknownValue),
            (r#""reason":"","#, "", Reason::MissingField),
            ("0181:", "181:", Reason::BadMunicipality),
            ("0181:registration:R", "registration", Reason::BadMunicipality),
            ("reviewer-3", "8112189876", Reason::PersonalId),
            (r#""reason":"""#, r#""until":"tomorrow","reason":"""#, Reason::BadTime),
            (r#""reason":"""#, r#""seconded_by":"198112189876","reason":"""#, Reason::PersonalId),
            (r#""reason":"""#, r#""hold_id":"","reason":"""#, Reason::BadId),
            (r#""rule":"r""#, r#""rule":"""#, Reason::BadId),
            (r#""rule":"r","#, "", Reason::MissingField),
            (r#"{"rule":"r","author":"a","reason":"x"}"#, r#"["r","a","x"]"#, Reason::BadField),
            (r#""body""#, r#""valid_to":"2026-03-10T08:00:00Z","body""#, Reason::EndBeforeStart),
            ("2026-03-10T09:00:00Z\",\n", "2026-03-10\",\n", Reason::BadTime),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let rejection = parse_decision(Some(GOOD.replacen(from, to, 1).as_bytes()), None).unwrap_err();
            assert_eq!(rejection.reason, reason, "{rejection}");
        }
    }

    #[test]
    fn only_a_drawn_case_says_that_it_is_drawn() {
        let written = |drawn: bool| {
            let decision = parse_decision(Some(GOOD.as_bytes()), None).unwrap();
            let mut text = Vec::new();
            write_decision(&Decision { drawn, ..decision }, &mut text);
            String::from_utf8(text).unwrap()
        };
        assert!(!written(false).contains("drawn"));
        let drawn = written(true);
        assert!(drawn.contains(r#""drawn":true"#), "{drawn}");
        assert!(parse_decision(Some(drawn.as_bytes()), None).unwrap().drawn);
    }

    #[test]
    fn what_organises_the_desk_replaces_no_decision_about_a_hold() {
        let read = |action: &str| {
            let text = GOOD.replace("confirm", action);
            parse_decision(Some(text.as_bytes()), None).unwrap().key()
        };
        for action in ["confirm", "release", "uphold", "dismiss", "reopen"] {
            assert_eq!(read(action), "0181:registration:R");
        }
        for action in ["take", "wait"] {
            assert_eq!(read(action), "0181:registration:R|desk");
        }
    }
}
