//! The service: everything between the log and the engines.
//!
//! | Folder | Does | Must not know |
//! |---|---|---|
//! | `process` | threads, supervision, shutdown | nothing is hidden from it |
//! | `deliver` | the synchronous worker: partitions, municipalities, outbox, queue | rdkafka, tokio, `log::kafka`, `observe`, HTTP, metrics |
//! | `log` | the seam to the log and its implementations | `deliver`, `observe` |
//! | `observe` | what operators see: metrics, status, traces, read model, HTTP | `process`, `log::kafka` |

pub(crate) mod connections;
pub mod deliver;
mod error;
#[cfg(test)]
mod fixtures;
pub(crate) mod gate;
pub mod log;
pub mod observe;
mod process;
pub(crate) mod tls;

pub use error::{Fault, ServiceError};
pub use log::kafka::{
    CheckLine, FollowFrom, Obstacle, ReadPositions, TopicEnd, TopicFollower, TopicReader, TopicRecord,
    Unanswered, check_broker,
};
pub use process::notify::Notifier;
pub use process::run::{Service, run};
pub use process::shutdown::{Shutdown, Stopper, stopper};
pub use tls::TlsError;
