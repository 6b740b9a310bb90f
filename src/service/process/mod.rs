//! Threads, their supervision, and the shutdown.

pub(in crate::service) mod notify;
pub(in crate::service) mod run;
pub(in crate::service) mod shutdown;
pub(in crate::service) mod worker_thread;
