//! The line of `--assessments`: the assessment of one version of a registration.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::append;
use super::text::{JsonTexts, Plain, Real};
use super::time::Time;
use super::words::Word;
use crate::domain::{Assessment, Grade};

/// The assessment of one version of a registration, whether or not an alert follows.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "assessment", rename = "Assessment")]
pub(super) struct AssessmentRecord<'a> {
    /// The registration.
    registration_id: Plain<'a>,
    /// Its version.
    version: u32,
    /// 0 = nothing unusual; higher = look first; hard findings rank above statistics.
    score: Real,
    /// The smallest p-value, where a finding is statistical.
    p_value: Option<Real>,
    /// The gravest grade, where anything was found.
    grade: Option<Word<Grade>>,
    /// The rules that found something.
    rules: &'a [&'static str],
    /// The other registrations of the evidence, ascending.
    related: JsonTexts<'a>,
    /// The rules that could not decide, each with the fact that it lacked; absent where all could.
    #[serde(skip_serializing_if = "Lacking::is_empty")]
    undetermined: Lacking<'a>,
    /// Append time of the record that led to this assessment.
    assessed_at: Time,
}

/// Facts by the rule that lacks them.
#[derive(Debug)]
struct Lacking<'a>(&'a [(&'static str, &'static str)]);

impl Lacking<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Lacking<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

impl JsonSchema for Lacking<'_> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Lacking".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "object", "additionalProperties": {"type": "string"}})
    }
}

/// Appends the line of `assessment`, without its line break, to `out`.
pub fn write_assessment(assessment: &Assessment, out: &mut Vec<u8>) {
    let record = AssessmentRecord {
        registration_id: Plain::new(&assessment.registration_id),
        version: assessment.version,
        score: Real(assessment.score),
        p_value: assessment.p_value.map(Real),
        grade: assessment.grade.map(Word),
        rules: &assessment.rules,
        related: JsonTexts(Cow::Borrowed(&assessment.related)),
        undetermined: Lacking(&assessment.undetermined),
        assessed_at: Time(assessment.assessed_at),
    };
    append(&record, out);
}
