//! HTTP: pages, JSON API, headers.

mod access;
mod api;
mod audit;
mod clearance;
mod decide;
mod events;
mod guard;
mod headers;
mod outcomes;
mod routes;
mod server;
#[cfg(test)]
mod tests;

pub(super) use access::{Door, run_id};
pub(super) use decide::DecisionRules;
pub(super) use routes::Site;
pub(super) use server::FeedServer;
