//! `tidvakt replay`: registrations from files through the same worker.

mod clock;
mod files;
mod pass;
mod reader;
mod summary;
mod tally;
mod timed;
mod waiting;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use super::exit::Failure;
use super::input::{Manner, MannerArgs, RecordKind};
use super::{SettingsArgs, logging, output};
use crate::config::Secrets;
pub(super) use files::Sinks;
pub(super) use pass::{InputPaths, Listener, pass};
use summary::Summary;
pub(super) use summary::grouped;
pub(super) use waiting::WaitingRules;

const EXAMPLES: &str = "\
Examples:
  tidvakt replay march.jsonl > alerts.jsonl
  tidvakt replay --reference reference.jsonl --final --out alerts.jsonl 2026-0*.jsonl.zst
  tidvakt replay --set rules.carer-overlap.slack_seconds=300 --quarantine refused.jsonl march.csv.gz
  tidvakt replay --map visits.toml --map homes.toml --time-zone Europe/Stockholm \\
    --reference homes.csv visits.csv
  tidvakt simulate --seed 1 --days 30 --clients 100 --out town && \\
    tidvakt replay --reference town/reference.jsonl town/registrations.jsonl

JSON Lines, one record a line, or `.csv` with the fields' dotted names as header
(`start_capture.method`); compressed as .gz or .zst as well; `-` is standard input. Offsets are line
numbers from 0; append times are `emitted_at`, else `end_at`, else `start_at`, and never go back. A
line that names a time far ahead of the lines after it does not move them. The same input gives the
same bytes.

A file of which no line, or less than half of the lines, can be used ends with exit code 65, and
so does a file of another kind. The summary says why, and which rules could not answer for want of
which fact.

Own exports, CSV or JSON Lines, come in by `--map FILE`, a TOML file:
  record = \"registration\"        # or \"reference-fact\", \"decision\"; \"registration\" where absent
  files = [\"visits.csv\"]         # the files that it is for; all of its record where absent
  [columns]                      # the export's column = the contract's field, or several
  Brukare = \"client_ref\"
  Personal = \"carer_ref\"
  Registrering = [\"start_capture.method\", \"end_capture.method\"]
  Sommartid = \"start_at.offset\" # which of two it is in the hour that comes twice
  [joined]                       # a field = columns that are put together with a space
  start_at = [\"Datum\", \"Start\"]
  end_at = [\"Datum\", \"Slut\"]
  [words]                        # the export's word = the contract's, by field
  start_capture.method = { \"NFC\" = \"nfc_tag\", \"Manuell\" = \"manual_office\" }
  end_capture.method = { \"NFC\" = \"nfc_tag\", \"Manuell\" = \"manual_office\" }
  start_at.offset = { \"S\" = \"+02:00\", \"V\" = \"+01:00\" }
  [constants]                    # fields of which a row says nothing
  municipality = \"0181\"
  provider_id = \"P-1\"
  event_type = \"recorded\"
  version = 1

Times without an offset, as `2026-03-02 08:00`, are read by `--time-zone Europe/Stockholm`. In the
hour that comes twice a time is refused unless a column says which of the two it is, and so is one
in the hour that does not exist.";

/// The files that the engine is fed with.
#[derive(Args, Clone, Debug)]
pub struct SourceArgs {
    /// Registrations, in the order in which they came
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Reference facts, as on their topic
    #[arg(long, value_name = "FILE")]
    pub reference: Vec<PathBuf>,
    /// Reviewers' decisions, as on their topic
    #[arg(long, value_name = "FILE")]
    pub decisions: Option<PathBuf>,
}

impl SourceArgs {
    pub(super) fn paths<'a>(&'a self, manner: &'a Manner) -> InputPaths<'a> {
        InputPaths {
            registrations: &self.files,
            reference: &self.reference,
            decisions: self.decisions.as_deref(),
            manner,
        }
    }
}

/// Puts registrations from files through the same engine, alerts to standard output.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ReplayArgs {
    /// What is read.
    #[command(flatten)]
    pub sources: SourceArgs,
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
    /// Exit code 65 where any line can't be used
    #[arg(long)]
    pub strict: bool,
    /// How files are read.
    #[command(flatten)]
    pub manner: MannerArgs,
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
    let manner = args.manner.manner()?;
    let sources = args.sources.paths(&manner);
    let summary = Summary::new(create_optional(args.assessments.as_deref())?);
    let Some((mut summary, mut log)) = pass(&config, &sources, sinks, summary)? else { return Ok(()) };
    output::written(log.finish().and_then(|()| summary.finish()))?;
    // Without standard error there is nowhere to report the error.
    let table = summary.table(started.elapsed(), &log.tallies).unwrap_or_default();
    let _ = std::io::stderr().write_all(table.as_bytes());
    let all = [RecordKind::Registration, RecordKind::Fact, RecordKind::Decision];
    log.verdict(if args.strict { &all } else { &[] })
}

fn create_optional(path: Option<&Path>) -> Result<Option<Box<dyn Write + Send>>, Failure> {
    path.map(|path| output::create(Some(path))).transpose()
}
