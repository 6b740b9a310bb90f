//! How much a step takes on, so that it is bounded in work, in outputs and in time.

/// A step of more work ([`Engine::work`]: about 0.2 s), or with more outputs, is followed by one of half as many records.
///
/// [`Engine::work`]: crate::engine::Engine::work
const STEP_WORK_MAX: u64 = 1_000_000;
const STEP_OUTPUTS_MAX: usize = 5_000;
/// Records that the first step takes.
const FIRST_RECORDS: usize = 500;

/// How many records a step takes: what follows from a record varies by orders of magnitude, and a step is bounded in
/// work and in outputs.
pub(super) struct StepSize {
    pub(super) records_max: usize,
    /// Work of the engines in this step.
    pub(super) work: u64,
}

impl Default for StepSize {
    fn default() -> Self {
        Self { records_max: FIRST_RECORDS, work: 0 }
    }
}

impl StepSize {
    /// The step took as many records as it may, or fewer, which led to so many outputs.
    pub(super) fn took(&mut self, full: bool, outputs: usize) {
        if STEP_OUTPUTS_MAX < outputs || STEP_WORK_MAX < std::mem::take(&mut self.work) {
            self.records_max = (self.records_max / 2).max(1);
        } else if full {
            self.records_max = self.records_max.saturating_mul(2).min(1 << 20);
        }
    }
}

/// When facts changed.
#[derive(Default)]
pub(super) struct FactPause {
    first_millis: u64,
    last_millis: u64,
    /// Nothing of the change is derived yet.
    pub(super) is_new: bool,
}

impl FactPause {
    pub(super) fn changed(&mut self, now_millis: u64) {
        if !self.is_new {
            self.first_millis = now_millis;
        }
        (self.last_millis, self.is_new) = (now_millis, true);
    }

    /// Whether no more are waited for.
    pub(super) const fn is_due(&self, now_millis: u64, quiet_millis: u64) -> bool {
        !self.is_new
            || self.last_millis.saturating_add(quiet_millis) <= now_millis
            || self.first_millis.saturating_add(8 * quiet_millis) <= now_millis
    }
}
