//! The service: what stands between the log and the engines.

pub mod log;
