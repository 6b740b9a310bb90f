//! What a visit is in here: ids as numbers, marks, signals, and whose pay period.

pub(in crate::engine) mod interner;
pub(in crate::engine) mod interners;
pub(in crate::engine) mod mark;
pub(in crate::engine) mod period;
pub(in crate::engine) mod signal;
pub(in crate::engine) mod visit;

pub(in crate::engine) mod settings;

/// No baseline looks further back than this many days; after a log that begins in the middle, what
/// happened within so many days of its beginning cannot be derived again exactly.
pub const BASELINE_DAYS_MAX: i32 = 56;
pub(in crate::engine) const DAY_SECONDS: i64 = 86_400;
/// More carers, clients or providers than this are a broken or hostile source, not a municipality.
pub(in crate::engine) const ENTITIES_MAX: usize = 2_000_000;
/// Seconds between the starts of two visits of one carer, above which they say nothing about each other: in this
/// time one drives across the largest municipality.
pub const NEIGHBOUR_GAP_SECONDS_MAX: i64 = 4 * 3600;
