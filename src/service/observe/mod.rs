//! What operators see: metrics, status, traces, the read model, and HTTP.

mod contact;
pub(in crate::service) mod http;
pub mod metrics;
pub(in crate::service) mod observer;
pub mod status;
pub(in crate::service) mod traces;
pub mod view;
