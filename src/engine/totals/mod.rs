//! Whole-number totals by subject and pay period.

pub(in crate::engine) mod count;
pub(in crate::engine) mod months;
pub(in crate::engine) mod shares;
pub(in crate::engine) mod tally;
pub(in crate::engine) mod two_periods;
