//! `tidvakt simulate`: a made-up municipality with known faults, as files.

use std::path::PathBuf;

use clap::Args;

use super::exit::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  tidvakt simulate --seed 1 --days 30 --clients 100 --out town
  tidvakt simulate --seed 1 --days 90 --clients 2000 --clean --out honest

Writes registrations.jsonl, reference.jsonl and truth.jsonl, one line per planted registration:
  {\"registration_id\": \"...\", \"pattern\": \"...\", \"actor\": \"...\", \"seconds\": 0}
The same seed gives the same bytes.";

/// Writes a made-up municipality with known faults to files.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct SimulateArgs {
    /// Number that the municipality is made from; the same number makes the same one
    #[arg(long, value_name = "N")]
    pub seed: u64,
    /// Days of registrations
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=3_660))]
    pub days: u16,
    /// Clients in the municipality
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub clients: u32,
    /// Plants no faults: only what honest work looks like
    #[arg(long)]
    pub clean: bool,
    /// Municipality code
    #[arg(long, value_name = "CODE", default_value = "0181")]
    pub municipality: String,
    /// Folder to write to; made where it isn't there
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

pub(super) fn execute(_args: &SimulateArgs) -> Result<(), Failure> {
    Err(Failure::new(Exit::Software, "`simulate` is not part of this build"))
}
