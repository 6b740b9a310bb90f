//! Statistics: pure functions, each with its source.

pub(in crate::engine) mod baseline;
pub(in crate::engine) mod calibration;
pub(in crate::engine) mod peers;
