//! The engine's data model: visits, interned ids, marks, signals, pay periods, settings.

pub(in crate::engine) mod claim;
pub(in crate::engine) mod counts_read;
pub(in crate::engine) mod interner;
pub(in crate::engine) mod interners;
pub(in crate::engine) mod mark;
pub(in crate::engine) mod period;
pub(in crate::engine) mod signal;
pub(in crate::engine) mod visit;

pub(in crate::engine) mod settings;

/// Days of history that a baseline reads at most. With a truncated log, alerts on visits within this many days
/// after its start cannot be derived exactly.
pub const BASELINE_DAYS_MAX: i32 = 56;
pub(in crate::engine) const DAY_SECONDS: i64 = 86_400;
/// Carers, clients or providers of a municipality at most: more are a broken or hostile source.
pub(in crate::engine) const ENTITIES_MAX: usize = 2_000_000;
/// An assessment of a visit costs about as much as so many looks at another one.
pub const ASSESSMENT_WORK: u64 = 32;
/// Visits beside one visit that a finding names at most, the gravest; more than so many at one moment are no person's.
pub const NEIGHBOURS_MAX: usize = 16;
/// Seconds between the starts of two visits of one carer, up to which they are neighbours: the time of a drive
/// across the largest municipality.
pub const NEIGHBOUR_GAP_SECONDS_MAX: i64 = 4 * 3600;
