//! `tidvakt audit`: the audit records.

use std::fmt::Write as _;

use clap::{Args, Subcommand};

use super::exit::{Exit, Failure};
use super::{SettingsArgs, logging, output};
use crate::access::ChainCheck;
use crate::config::Secrets;
use crate::service::{TopicEnd, TopicReader};

const EXAMPLES: &str = "\
Examples:
  tidvakt audit verify -X bootstrap.servers=broker:9092
  tidvakt audit verify --config audit.toml --head 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

`tidvakt feed` writes a record for each case, alert and registration that somebody asks to see, and
for each decision that they send. Each record has the SHA-256 of the one before in its chain; each
run of the process begins a chain.

`verify` reads the topic and prints a line for each chain: its numbers, and the hash of its newest
record. Noted elsewhere, day by day, that hash shows by --head what was cut off later. Numbers that
begin above 0 are those that the topic no longer holds.

Needs Read and Describe on the topic; joins no group. Exit code 1: a chain is broken, a record can't
be read, or a hash is not found.";

/// Verifies the audit records.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct AuditArgs {
    /// What to do.
    #[command(subcommand)]
    pub what: AuditCommand,
}

/// What can be done with audit records.
#[derive(Clone, Debug, Subcommand)]
pub enum AuditCommand {
    /// Says where a chain of records is broken
    Verify(VerifyArgs),
}

/// Which records.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct VerifyArgs {
    /// Hash of a record that was noted earlier, and has to be found; may be given several times
    #[arg(long, value_name = "HASH")]
    pub head: Vec<String>,
    /// Where the settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

pub(super) fn execute(args: &AuditArgs) -> Result<(), Failure> {
    let AuditCommand::Verify(args) = &args.what;
    let config = args.settings.load(Secrets::Read)?;
    logging::start(&config.log);
    let reader = TopicReader::new(&config)?;
    let mut check = ChainCheck::new(args.head.iter().cloned());
    reader.read(&config.topics.audit, TopicEnd::Committed, &mut |_| {}, &mut |record| {
        check.take((record.partition, record.offset), record.key, record.value);
    })?;
    output::print(&report(&check))?;
    if check.is_whole() {
        return Ok(());
    }
    Err(Failure::new(Exit::Failed, "the audit records are not whole"))
}

/// A line for each chain, and one for each fault.
fn report(check: &ChainCheck) -> String {
    let mut text = String::new();
    let mut faults = check.unreadable().iter().map(|one| ("-", one)).collect::<Vec<_>>();
    for (name, chain) in check.chains() {
        let state = if chain.breaks.is_empty() { "whole" } else { "BROKEN" };
        let (first, last, records, head) = (chain.first, chain.last, chain.records, &chain.head);
        writeln!(text, "{state:6}  {name}  {records} records, numbers {first} to {last}, head {head}")
            .expect("a string takes every byte");
        faults.extend(chain.breaks.iter().map(|one| (name.as_str(), one)));
    }
    for (chain, one) in faults {
        let (partition, offset) = one.position;
        writeln!(text, "FAIL    {chain}  partition {partition}, offset {offset}: {}", one.fault)
            .expect("a string takes every byte");
    }
    for hash in check.missing() {
        writeln!(text, "FAIL    -  no record has the hash {hash}").expect("a string takes every byte");
    }
    text
}
