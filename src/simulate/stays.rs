//! Times that a client is away from home.

use crate::domain::{AbsenceKind, ClientAbsenceConfirmedBy, Span, UtcSecond};

/// A time that a client is away.
#[derive(Clone, Debug)]
pub(super) struct Stay {
    pub(super) kind: AbsenceKind,
    pub(super) confirmed_by: ClientAbsenceConfirmedBy,
    /// From leaving home to coming back.
    pub(super) from: UtcSecond,
    pub(super) to: UtcSecond,
    /// When the municipality learns of it.
    pub(super) recorded_at: UtcSecond,
    /// The whole local days in between, on which nobody can have been at home.
    pub(super) whole_days: Option<Span>,
}
