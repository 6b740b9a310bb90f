//! A verdict as programs read it: a line of `tidvakt holds --json`, an answer of the control unit's API.

use serde::Serialize;

use super::Verdict;
use crate::contract::{PayoutHold, hold_state_word};

/// The verdict on a registration.
#[derive(Debug, Serialize)]
pub struct VerdictLine<'a> {
    municipality: &'a str,
    registration_id: &'a str,
    /// `null`: it cannot be read.
    version: Option<u32>,
    provider_id: Option<&'a str>,
    pay_period: Option<String>,
    /// Partition and offset of each record of the highest version.
    positions: Vec<(i32, i64)>,
    state: &'static str,
    reasons: Vec<&'a str>,
    /// Length of the visit; 0 where it is cancelled or has no end.
    seconds: i64,
    payable_seconds: i64,
    held_seconds: i64,
    holds: Vec<HoldLine<'a>>,
}

/// An open hold on a line.
#[derive(Debug, Serialize)]
struct HoldLine<'a> {
    hold_id: &'a str,
    /// `null`: a word that is not known, which withholds.
    state: Option<&'static str>,
    seconds_in_question: Option<i64>,
    amount_ore: i64,
    reason_codes: &'a [String],
    expires_at: Option<String>,
}

impl<'a> VerdictLine<'a> {
    /// The line of `verdict`.
    #[must_use]
    pub fn of(verdict: &'a Verdict) -> Self {
        let Verdict { municipality, claim, positions, pay_period, state, holds, .. } = verdict;
        Self {
            municipality,
            registration_id: &claim.registration_id,
            version: claim.version,
            provider_id: claim.provider_id.as_deref(),
            pay_period: pay_period.map(|month| month.to_string()),
            positions: positions.iter().map(|at| (at.partition, at.offset)).collect(),
            state: state.as_str(),
            reasons: verdict.reasons(),
            seconds: verdict.seconds,
            payable_seconds: verdict.payable_seconds(),
            held_seconds: verdict.held_seconds,
            holds: holds.iter().map(HoldLine::of).collect(),
        }
    }
}

impl<'a> HoldLine<'a> {
    fn of(hold: &'a PayoutHold) -> Self {
        Self {
            hold_id: &hold.hold_id,
            state: hold.state.map(hold_state_word),
            seconds_in_question: hold.seconds_in_question,
            amount_ore: hold.amount_ore,
            reason_codes: &hold.reason_codes,
            expires_at: hold.expires_at.map(|at| at.to_string()),
        }
    }
}
