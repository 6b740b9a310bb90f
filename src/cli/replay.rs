//! `tidvakt replay`: registrations from files through the same worker.

mod files;
mod pass;
mod reader;
mod summary;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use super::exit::{Exit, Failure};
use super::{SettingsArgs, logging, output};
use crate::config::Secrets;
pub(super) use files::Sinks;
pub(super) use pass::{Heard, Listener, Sources, pass};
use summary::Summary;

const EXAMPLES: &str = "\
Examples:
  tidvakt replay march.jsonl > alerts.jsonl
  tidvakt replay --reference reference.jsonl --final --out alerts.jsonl 2026-0*.jsonl.zst
  tidvakt replay --set rules.carer-overlap.slack_seconds=300 --quarantine refused.jsonl march.csv.gz
  tidvakt simulate --seed 1 --days 30 --clients 100 --out town && \\
    tidvakt replay --reference town/reference.jsonl town/registrations.jsonl

JSON Lines, one record a line, or `.csv` with the fields' dotted names as header
(`start_capture.method`); compressed as .gz or .zst as well; `-` is standard input. Offsets are line
numbers from 0; append times are `emitted_at`, else `end_at`, else `start_at`, and never go back. The
same input gives the same bytes.";

/// Puts registrations from files through the same engine, alerts to standard output.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ReplayArgs {
    /// Registrations, in the order in which they came
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Reference facts, as on their topic
    #[arg(long, value_name = "FILE")]
    pub reference: Vec<PathBuf>,
    /// Reviewers' decisions, as on their topic
    #[arg(long, value_name = "FILE")]
    pub decisions: Option<PathBuf>,
    /// Alerts go there instead of to standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// One line per assessment goes there, also where no alert follows
    #[arg(long, value_name = "FILE")]
    pub assessments: Option<PathBuf>,
    /// Lines that can't be used go there, with the reason
    #[arg(long, value_name = "FILE")]
    pub quarantine: Option<PathBuf>,
    /// Only the last state of each alert, in order of alert id
    #[arg(long = "final")]
    pub only_final: bool,
    /// Exit code 65 where a line can't be used
    #[arg(long)]
    pub strict: bool,
    /// Where the settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

pub(super) fn execute(args: &ReplayArgs) -> Result<(), Failure> {
    let config = args.settings.load(Secrets::Leave)?;
    logging::start(&config.log);
    let started = Instant::now();
    let sinks = Sinks {
        alerts: output::create(args.out.as_deref())?,
        only_final: args.only_final,
        quarantine: create_optional(args.quarantine.as_deref())?,
    };
    let sources = Sources {
        registrations: &args.files,
        reference: &args.reference,
        decisions: args.decisions.as_deref(),
    };
    let summary = Summary::new(create_optional(args.assessments.as_deref())?);
    let Some((mut summary, mut log)) = pass(&config, &sources, sinks, summary)? else { return Ok(()) };
    output::written(log.finish().and_then(|()| summary.finish()))?;
    // Without standard error there is nobody to tell.
    let _ = std::io::stderr().write_all(summary.table(started.elapsed()).unwrap_or_default().as_bytes());
    match summary.refused_lines() {
        0 => Ok(()),
        _ if !args.strict => Ok(()),
        refused => Err(Failure::new(Exit::Data, format!("{refused} lines can't be used"))
            .remedy("`--quarantine FILE` writes them out with the reasons")),
    }
}

fn create_optional(path: Option<&Path>) -> Result<Option<Box<dyn Write + Send>>, Failure> {
    path.map(|path| output::create(Some(path))).transpose()
}
