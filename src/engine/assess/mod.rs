//! What a change affects, and the rules run on it.

pub(in crate::engine) mod affected;
pub(in crate::engine) mod deferred;
pub(in crate::engine) mod dirty;
pub(in crate::engine) mod facts;
pub(in crate::engine) mod habits;
pub(in crate::engine) mod periods;
pub(in crate::engine) mod replace;
mod sentences;
pub(in crate::engine) mod visits;
