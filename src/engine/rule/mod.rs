//! The interface of a rule and the two views that it reads.

pub(in crate::engine) mod hit;
pub(in crate::engine) mod housemates;
pub(in crate::engine) mod interface;
pub(in crate::engine) mod label;
pub(in crate::engine) mod pairs;
pub(in crate::engine) mod period_sight;
pub(in crate::engine) mod report;
mod side;
pub(in crate::engine) mod sight;
mod source;
