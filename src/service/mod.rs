//! The service: what stands between the log and the engines.

pub mod knowledge;
pub mod log;
pub mod memory;
mod municipality;
pub mod outbox;
mod partition;
mod queue;
pub mod shared;
pub mod watch;
pub mod worker;
