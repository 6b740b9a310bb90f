//! The synchronous worker: from a record of the feed to what is published about it.

pub mod desk;
pub mod events;
pub(in crate::service) mod municipality;
pub mod outbox;
pub mod owners;
pub(in crate::service) mod partition;
pub(in crate::service) mod queue;
pub mod reference_log;
pub mod shared;
pub(in crate::service) mod unassessed;
pub mod worker;
