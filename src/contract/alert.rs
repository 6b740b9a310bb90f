//! The record of `tidvakt.alerts.v1`: the state of an alert, with its hold.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::append;
use super::hold::HoldRecord;
use super::read::{SchemaVersion, read};
use super::text::{JsonTexts, Measures, Object, Plain, Real, Text};
use super::time::{PayPeriod, Time};
use super::words::Word;
use crate::domain::{
    Alert, AlertState, Class, Finding, Grade, Lowered, Provenance, PublishedAlert, Rejection, Sentence,
    Subject, SubjectKind, UtcSecond,
};

/// Largest alert that is read back. A broker takes a million bytes by default, so what could be
/// published can be read.
const READ_BYTES_MAX: usize = 1 << 20;

/// State of an alert. Readers keep the highest `revision` per `alert_id`.
///
/// Key: `alert_id`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "'de: 'a"))]
#[schemars(title = "alert", rename = "Alert")]
pub(super) struct AlertRecord<'a> {
    /// Version of this shape.
    schema_version: SchemaVersion,
    /// Municipality code, kind and id of the subject, with `:` between them.
    alert_id: Plain<'a>,
    /// Municipality code (kommunkod).
    municipality: Plain<'a>,
    /// `opened` first, `revised` with every change, `withdrawn` when no finding is left.
    state: Word<AlertState>,
    /// 1 when first opened, one more with every published change.
    revision: u32,
    /// What the alert is about.
    subject: Object<SubjectRecord<'a>>,
    /// What one reviewer opens at once: `municipality:carer:ref:month` for registrations, carer and pair periods;
    /// `…:client:ref:month`, `…:provider:ref:month` and `…:tag:ref:month` for theirs.
    case_id: Plain<'a>,
    /// The provider.
    provider_id: Plain<'a>,
    /// The carer, where the subject has one.
    carer_ref: Option<Plain<'a>>,
    /// The client, where the subject has one.
    client_ref: Option<Plain<'a>>,
    /// The pay period.
    pay_period: PayPeriod,
    /// The gravest class among the findings.
    class: Word<Class>,
    /// The gravest grade among the findings.
    grade: Word<Grade>,
    /// Beyond the desk's budget of the day: readers of the queue leave it out until it comes out. Never of a hold.
    #[serde(default)]
    waiting: bool,
    /// 0 = nothing unusual; higher = look first.
    score: Real,
    /// The smallest p-value, where all findings are statistical.
    p_value: Option<Real>,
    /// What the seconds in question would cost, in öre.
    amount_at_risk_ore: i64,
    /// What was found; empty in a withdrawn alert.
    findings: Vec<Object<FindingRecord<'a>>>,
    /// The proposal not to pay certain seconds; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<Object<HoldRecord<'a>>>,
    /// From which input, program and settings the alert was derived.
    provenance: Object<ProvenanceRecord<'a>>,
    /// Start of the visit, or of the pay period.
    event_time: Time,
    /// Append time of the record that led to this state.
    assessed_at: Time,
}

/// What an alert is about.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "'de: 'a"))]
#[schemars(rename = "Subject")]
struct SubjectRecord<'a> {
    /// Its kind.
    kind: Word<SubjectKind>,
    /// The registration, or who and which period.
    id: Plain<'a>,
    /// The version of the registration; null for other kinds.
    version: Option<u32>,
}

/// What one rule has found.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "'de: 'a"))]
#[schemars(rename = "Finding")]
struct FindingRecord<'a> {
    /// The rule.
    rule: Plain<'a>,
    /// Its version.
    rule_version: u32,
    /// Kind of trouble.
    class: Word<Class>,
    /// What should follow.
    grade: Word<Grade>,
    /// Probability of something as unusual by chance; null for hard contradictions.
    p_value: Option<Real>,
    /// The other registrations of the evidence, ascending; at most 16, the gravest.
    related: JsonTexts<'a>,
    /// How many more registrations belong to the evidence; absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    related_more: Option<u32>,
    /// Seconds in question.
    seconds_in_question: i64,
    /// What was observed; the unit is the last word of each name.
    observed: Measures<'a>,
    /// What was expected; the unit is the last word of each name.
    expected: Measures<'a>,
    /// Lawful explanations that were tested and do not apply.
    excluded: JsonTexts<'a>,
    /// Missing facts, because of which the grade is lower.
    not_tested: JsonTexts<'a>,
    /// One sentence for people.
    text: Object<SentenceRecord<'a>>,
    /// Why the grade is lower than the rule gives; absent where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lowered_by: Option<Word<Lowered>>,
}

/// One sentence in two languages.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "'de: 'a"))]
#[schemars(rename = "Sentence")]
struct SentenceRecord<'a> {
    /// Swedish.
    sv: Plain<'a>,
    /// English.
    en: Plain<'a>,
}

/// From which input, program and settings an alert was derived.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "'de: 'a"))]
#[schemars(rename = "Provenance")]
struct ProvenanceRecord<'a> {
    /// The feed's topic.
    topic: Plain<'a>,
    /// The partition.
    partition: i32,
    /// The offset of the record that led to this state.
    offset: i64,
    /// Version of the engine.
    engine: Plain<'a>,
    /// Hash of the settings that matter.
    config_hash: Plain<'a>,
    /// The log did not reach back over the whole baseline.
    baseline_incomplete: bool,
}

/// Reads an alert back from its topic; its `offset` is the one of its provenance.
pub fn parse_alert(value: &[u8]) -> Result<PublishedAlert, Rejection> {
    read::<AlertRecord<'_>>(value, READ_BYTES_MAX).map(AlertRecord::published)
}

/// Appends the record of `alert` to `out`. The offset is written once, from the provenance.
pub fn write_alert(alert: &PublishedAlert, out: &mut Vec<u8>) {
    append(&AlertRecord::of(&alert.alert, alert.state, alert.revision, &alert.provenance), out);
}

/// The first 16 bytes of the SHA-256 of an alert's content: all of it but its state, revision and provenance,
/// and the times at which it was derived and its hold proposed. Two alerts with one hash need no new revision.
#[must_use]
pub fn content_hash(alert: &Alert) -> [u8; 16] {
    let provenance = Provenance::default();
    let mut record = AlertRecord::of(alert, AlertState::Opened, 0, &provenance);
    record.assessed_at = Time(UtcSecond(0));
    if let Some(Object(hold)) = &mut record.hold {
        hold.forget_when_proposed();
    }
    let mut text = Vec::with_capacity(2048);
    append(&record, &mut text);
    let hash = Sha256::digest(&text);
    *hash.first_chunk().expect("a SHA-256 has 32 bytes")
}

/// Bytes of an alert's record, without its provenance.
pub(super) fn alert_bytes(alert: &Alert) -> usize {
    let mut text = Vec::new();
    append(&AlertRecord::of(alert, AlertState::Opened, 0, &Provenance::default()), &mut text);
    text.len()
}

impl<'a> AlertRecord<'a> {
    fn of(alert: &'a Alert, state: AlertState, revision: u32, provenance: &'a Provenance) -> Self {
        Self {
            schema_version: SchemaVersion,
            alert_id: Text::new(&alert.alert_id),
            municipality: Text::new(&alert.municipality),
            state: Word(state),
            revision,
            subject: Object(SubjectRecord {
                kind: Word(alert.subject.kind),
                id: Text::new(&alert.subject.id),
                version: alert.subject.version,
            }),
            case_id: Text::new(&alert.case_id),
            provider_id: Text::new(&alert.provider_id),
            carer_ref: Text::option(alert.carer_ref.as_deref()),
            client_ref: Text::option(alert.client_ref.as_deref()),
            pay_period: PayPeriod(alert.pay_period),
            class: Word(alert.class),
            grade: Word(alert.grade),
            waiting: alert.waiting,
            score: Real(alert.score),
            p_value: alert.p_value.map(Real),
            amount_at_risk_ore: alert.amount_at_risk_ore,
            findings: alert.findings.iter().map(|finding| Object(FindingRecord::of(finding))).collect(),
            hold: alert.hold.as_ref().map(|hold| Object(HoldRecord::of(hold))),
            provenance: Object(ProvenanceRecord {
                topic: Text::new(&provenance.topic),
                partition: provenance.partition,
                offset: provenance.offset,
                engine: Text::new(&provenance.engine),
                config_hash: Text::new(&provenance.config_hash),
                baseline_incomplete: provenance.baseline_incomplete,
            }),
            event_time: Time(alert.event_time),
            assessed_at: Time(alert.assessed_at),
        }
    }

    fn published(self) -> PublishedAlert {
        let Object(subject) = self.subject;
        let Object(provenance) = self.provenance;
        PublishedAlert {
            alert: Alert {
                alert_id: self.alert_id.into_owned(),
                municipality: self.municipality.into_owned(),
                subject: Subject {
                    kind: subject.kind.0,
                    id: subject.id.into_owned(),
                    version: subject.version,
                },
                case_id: self.case_id.into_owned(),
                provider_id: self.provider_id.into_owned(),
                carer_ref: self.carer_ref.map(Plain::into_owned),
                client_ref: self.client_ref.map(Plain::into_owned),
                pay_period: self.pay_period.0,
                class: self.class.0,
                grade: self.grade.0,
                waiting: self.waiting,
                score: self.score.0,
                p_value: self.p_value.map(|p| p.0),
                amount_at_risk_ore: self.amount_at_risk_ore,
                findings: self.findings.into_iter().map(|finding| finding.0.finding()).collect(),
                hold: self.hold.map(|hold| hold.0.hold()),
                event_time: self.event_time.0,
                offset: provenance.offset,
                assessed_at: self.assessed_at.0,
            },
            state: self.state.0,
            revision: self.revision,
            provenance: Provenance {
                topic: provenance.topic.into_owned(),
                partition: provenance.partition,
                offset: provenance.offset,
                engine: provenance.engine.into_owned(),
                config_hash: provenance.config_hash.into_owned(),
                baseline_incomplete: provenance.baseline_incomplete,
            },
        }
    }
}

impl<'a> FindingRecord<'a> {
    fn of(finding: &'a Finding) -> Self {
        let texts = |texts: &'a Vec<String>| JsonTexts(Cow::Borrowed(texts));
        Self {
            rule: Text::new(&finding.rule),
            rule_version: finding.rule_version,
            class: Word(finding.class),
            grade: Word(finding.grade),
            p_value: finding.p_value.map(Real),
            related: texts(&finding.related),
            related_more: (0 < finding.related_more).then_some(finding.related_more),
            seconds_in_question: finding.seconds_in_question,
            observed: Measures(Cow::Borrowed(&finding.observed)),
            expected: Measures(Cow::Borrowed(&finding.expected)),
            excluded: texts(&finding.excluded),
            not_tested: texts(&finding.not_tested),
            text: Object(SentenceRecord { sv: Text::new(&finding.text.sv), en: Text::new(&finding.text.en) }),
            lowered_by: finding.lowered_by.map(Word),
        }
    }

    fn finding(self) -> Finding {
        let Object(text) = self.text;
        Finding {
            rule: self.rule.into_owned(),
            rule_version: self.rule_version,
            class: self.class.0,
            grade: self.grade.0,
            p_value: self.p_value.map(|p| p.0),
            related: self.related.0.into_owned(),
            related_more: self.related_more.unwrap_or(0),
            seconds_in_question: self.seconds_in_question,
            observed: self.observed.0.into_owned(),
            expected: self.expected.0.into_owned(),
            excluded: self.excluded.0.into_owned(),
            not_tested: self.not_tested.0.into_owned(),
            text: Sentence { sv: text.sv.into_owned(), en: text.en.into_owned() },
            lowered_by: self.lowered_by.map(|reason| reason.0),
        }
    }
}
