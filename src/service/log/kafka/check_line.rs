//! A line of the inspection.

use crate::service::Fault;

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckLine {
    /// Whose fault it is that it is not as it must be; `None` where it is.
    pub fault: Option<Fault>,
    /// What was looked at.
    pub what: String,
    /// What was found.
    pub found: String,
    /// What to do about it; where all is well, at most advice.
    pub remedy: Option<String>,
}

impl CheckLine {
    pub(super) fn new(fault: Option<Fault>, what: impl Into<String>, found: impl Into<String>) -> Self {
        Self { fault, what: what.into(), found: found.into(), remedy: None }
    }

    /// Is it as it must be?
    #[must_use]
    pub const fn is_ok(&self) -> bool {
        self.fault.is_none()
    }

    pub(super) fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }
}
