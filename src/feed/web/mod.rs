//! HTTP: pages, JSON API, headers.

mod api;
mod headers;
mod routes;
mod server;
#[cfg(test)]
mod tests;

pub(super) use server::Server;
