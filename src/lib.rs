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
//! | [`clearance`] | which registrations may be paid, by the records on the topics: pure | everything but `domain` and `contract` |
//! | [`config`] | settings, layered, checked once | topics' records, the service |
//! | [`access`] | who an access token stands for, by the issuer's keys; the chain of audit records | HTTP, Kafka |
//! | [`service`] | the shell: log, worker, outbox, read model, HTTP, metrics | what a rule finds |
//! | [`feed`] | the control unit's process: cases in memory, pages, JSON API | what a rule finds; the worker |
//! | [`simulate`] | a labelled municipality | everything but `domain` |
//! | [`cli`] | one file per subcommand | nothing is hidden from it |
//!
//! Three parts have rooms with walls of their own:
//!
//! | Room | Does | Must not know |
//! |---|---|---|
//! | `engine::model` | a visit in the engine, ids as numbers, marks, signals, periods | any other room |
//! | `engine::totals` | whole-number totals per subject and month | `stats`, `state` and what is below them here |
//! | `engine::stats` | pure statistics, each method with its source | `state` and what is below it here |
//! | `engine::state` | all that is known of a municipality: insert, retract, expire, query | `rule`, `alert`, `assess`, `Engine` |
//! | `engine::rule` | the interface of a rule, and the two views that it reads | `alert`, `assess`, `Engine` |
//! | `engine::alert` | from findings to alerts, holds, limits and ranking | `assess` |
//! | `engine::assess` | what a change affects, and running the rules on it | – |
//! | `service::log` | the interface to the log; Kafka behind it | `deliver`, `observe`, `process` (but Kafka: what it reports to) |
//! | `service::deliver` | the synchronous worker: partitions, outbox, queue | Kafka, tokio, HTTP, metrics; `observe`, `process` |
//! | `service::observe` | metrics, status, traces, read model, HTTP | Kafka; threads |
//! | `service::process` | threads, supervision, shutdown | – |
//! | `feed::cases` | cases, their rank and their visits: pure | any other room; clocks, tasks, JSON, logs |
//! | `feed::words` | texts in both languages | `pages`, `topics`, `web` |
//! | `feed::pages` | what a page shows, and its templates | `topics`, `web`; Kafka, HTTP |
//! | `feed::topics` | reads the topics into `cases` | `words`, `pages`, `web` |
//! | `feed::web` | routes, headers, JSON API | Kafka |
//!
//! The architecture test reads the `use` paths and fails, with file and line, where a wall is broken.
//! `src/README.md` has the way of one registration, where to look for what, and the glossary.

pub mod access;
pub mod clearance;
pub mod cli;
pub mod config;
pub mod contract;
pub mod domain;
pub mod engine;
pub mod feed;
pub mod rules;
pub mod service;
pub mod simulate;
