//! What rules have in common that allow for clocks and rounding where two visits meet.

use serde::Deserialize;

use crate::engine::{Sight, Visit};

/// How many seconds say nothing: keys of a rule's section.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Slack {
    /// Rounding and clocks.
    slack_seconds: u32,
    /// The same where one of the four ends is not bound to the place: buttons are pressed late, and times
    /// from memory are rounded.
    weak_end_slack_seconds: u32,
}

impl Slack {
    /// Between two visits. A source that writes to a grid moves each end by up to half a step, so that the two ends
    /// that meet move by the mean of both steps.
    pub(super) fn between(&self, sight: &Sight<'_>, one: &Visit, other: &Visit) -> i64 {
        let bound = one.is_electronic() && other.is_electronic();
        let steps = sight.step_seconds(one) + sight.step_seconds(other);
        i64::from(if bound { self.slack_seconds } else { self.weak_end_slack_seconds }) + steps / 2
    }
}
