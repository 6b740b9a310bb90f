//! The service: what stands between the log and the engines.

mod desk;
mod error;
mod http;
pub mod kafka;
pub mod knowledge;
pub mod log;
pub mod memory;
pub mod metrics;
mod municipality;
mod observer;
pub mod outbox;
mod partition;
mod queue;
mod run;
pub mod shared;
mod shutdown;
pub mod status;
mod traces;
pub mod view;
pub mod watch;
pub mod worker;

pub use error::ServiceError;
pub use kafka::{CheckLine, check_broker};
pub use run::{Service, run};
pub use shutdown::{Shutdown, Stopper, stopper};
