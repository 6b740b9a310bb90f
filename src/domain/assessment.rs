//! The assessment of one registration, whether or not an alert follows.

use super::{Grade, UtcSecond};

/// The assessment of one version of a registration.
#[derive(Clone, Debug, PartialEq)]
pub struct Assessment {
    /// The registration.
    pub registration_id: String,
    /// Its version.
    pub version: u32,
    /// 0 = nothing unusual; higher = look first; hard findings rank above statistics.
    pub score: f64,
    /// The smallest p-value, where a finding is statistical.
    pub p_value: Option<f64>,
    /// The gravest grade, where anything was found.
    pub grade: Option<Grade>,
    /// The rules that found something, in the order of their list.
    pub rules: Vec<&'static str>,
    /// The other registrations of the evidence, ascending.
    pub related: Vec<String>,
    /// The rules that could not decide, in the order of their list, each with the fact that it lacked.
    pub undetermined: Vec<(&'static str, &'static str)>,
    /// Append time of the record that led to this assessment.
    pub assessed_at: UtcSecond,
}
