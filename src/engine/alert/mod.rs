//! From findings to alerts: subject state, holds, limits, ranking.

pub(in crate::engine) mod alerts;
pub(in crate::engine) mod assessed;
pub(in crate::engine) mod limits;
pub(in crate::engine) mod patterns;
pub(in crate::engine) mod score;
pub(in crate::engine) mod subject;
