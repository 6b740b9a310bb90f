//! HTTP: pages, JSON API, headers.

mod answer;
mod api;
mod audit;
mod clearance;
mod decide;
mod door;
mod entry;
mod events;
mod exception;
mod guard;
mod headers;
mod outcomes;
mod routes;
mod server;
mod site;
#[cfg(test)]
mod tests;
mod views;

pub(super) use door::{Door, run_id};
pub(super) use server::FeedServer;
pub(super) use site::{DecisionRules, Site};
