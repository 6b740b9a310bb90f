//! Tidvakt watches the time registrations of home care and says, before the payout run, which
//! registered minutes contradict another fact or stand far outside what is usual, why, and how many
//! kronor hang on it. It proposes; a person decides.
//!
//! The map of the house is one sentence: bytes come from the **feed**; the **contract** decodes
//! them; the **ledger** decides which version of a registration counts; the **state** of its carer,
//! client and provider takes it in; **rules** look and give **findings**; findings are weighed into
//! an **assessment**; a changed assessment opens, revises or withdraws an **alert**; the contract
//! encodes it; the **outbox** publishes it.
//!
//! | Part | Does | Must not know |
//! |---|---|---|
//! | [`domain`] | names the values that cross borders | anything else here |
//! | [`engine`] | ledger, state, assessment: pure and synchronous | `rules`, `contract`, `config`, `service`; Kafka, clocks, tasks, JSON, logs, random numbers |
//! | [`rules`] | one file, one rule | another rule |
//! | [`contract`] | the shapes of records on topics; the only place that knows their JSON | `engine`, `rules`, `config`, `service` |
//! | [`config`] | settings, layered, checked once | topics' records, the service |
//! | [`service`] | the shell: log, worker, outbox, read model, HTTP, metrics | what a rule finds |
//! | [`simulate`] | a labelled municipality | everything but `domain` |
//! | [`cli`] | one file per subcommand | nothing is hidden from it |
//!
//! The architecture test reads the `use` paths and fails with file and line where a wall is broken.

pub mod cli;
pub mod config;
pub mod contract;
pub mod domain;
pub mod engine;
pub mod rules;
pub mod service;
pub mod simulate;
