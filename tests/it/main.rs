//! Everything that is tested from outside, in one binary: what a user of the library or of the
//! program can see. Tests of one module's inside stand beside it in `src`.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail and say why")]

mod architecture;
mod bounds;
mod budget;
mod circles;
mod clearance;
mod contract;
mod delivery;
mod draft;
mod engines;
mod evaluate;
mod example_rule;
mod feed;
mod fingerprints;
mod form;
mod holds;
mod kafka;
mod laws;
mod lexer;
mod mirror;
mod mock;
mod names;
mod oracle;
mod outage;
mod profile;
mod ranking;
mod replay;
mod scenarios;
mod sentences;
mod simulated;
mod user_scenarios;
mod versions;
