//! `tidvakt replay`: registrations from files through the same worker.

mod files;
mod reader;
mod summary;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use super::exit::{Exit, Failure, OrExit};
use super::input::{Input, InputError};
use super::{SettingsArgs, logging, output, progress};
use crate::config::{Config, Secrets};
use crate::contract;
use crate::service::knowledge::Knowledge;
use crate::service::log::LogError;
use crate::service::shared::{Pace, Setup, Shared};
use crate::service::worker::Worker;
use files::{Broken, FileLog, Sinks};
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
    let inputs = open_all(&args.files)?;
    let total = inputs.iter().map(|(_, input)| input.length_bytes()).sum();
    let sinks = Sinks {
        alerts: output::create(args.out.as_deref())?,
        only_final: args.only_final,
        quarantine: create_optional(args.quarantine.as_deref())?,
    };
    let mut summary = Summary::new(create_optional(args.assessments.as_deref())?);
    let shared = Shared::new(setup(&config)?);
    let mut log = FileLog::new(reader::start(inputs), sinks, progress::bytes(total));
    read_knowledge(args, &shared.knowledge, &mut log, &mut summary)?;
    let mut worker = Worker::new(shared, summary);
    worker.assign(files::PARTITION);
    let ran = run(&mut worker, &mut log);
    let summary = worker.watch();
    if let Err(failure) = ran {
        return ended_early(failure, log.take_broken(), summary.panicked);
    }
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

/// Takes all that the files hold.
fn run(worker: &mut Worker<Summary>, log: &mut FileLog) -> Result<(), LogError> {
    while !log.is_at_end {
        worker.step(log, 0)?;
    }
    while !worker.drain(log, 0)? {}
    Ok(())
}

/// The service's settings, but for its intervals: nobody waits for progress here.
fn setup(config: &Config) -> Result<Setup, Failure> {
    let setup = Setup::new(config).or_exit(Exit::Config, "the rules can't be made")?;
    let pace = Pace {
        progress_interval_millis: u64::MAX,
        commit_interval_millis: u64::MAX,
        second_look_millis: u64::MAX,
        ..setup.pace
    };
    Ok(Setup { pace, ..setup })
}

fn open_all(paths: &[PathBuf]) -> Result<Vec<(PathBuf, Input)>, Failure> {
    paths.iter().map(|path| Ok((path.clone(), Input::open(path).map_err(unreadable)?))).collect()
}

fn create_optional(path: Option<&Path>) -> Result<Option<Box<dyn Write + Send>>, Failure> {
    path.map(|path| output::create(Some(path))).transpose()
}

/// Facts and decisions are known before the first registration is looked at.
fn read_knowledge(
    args: &ReplayArgs,
    knowledge: &Knowledge,
    log: &mut FileLog,
    summary: &mut Summary,
) -> Result<(), Failure> {
    let facts = args.reference.iter().map(|path| (path, true));
    for (path, is_facts) in facts.chain(args.decisions.iter().map(|path| (path, false))) {
        let mut input = Input::open(path).map_err(unreadable)?;
        while let Some(line) = input.next_line().map_err(unreadable)? {
            let known = match is_facts {
                true => contract::parse_fact(None, Some(line.bytes)).map(|fact| knowledge.fact(fact)),
                false => contract::parse_decision(Some(line.bytes)).map(|made| knowledge.decision(made)),
            };
            if let Err(rejection) = known {
                let number = i64::try_from(line.number).unwrap_or(i64::MAX).saturating_add(1);
                let path = path.display().to_string();
                output::written(log.refuse(&path, number, &rejection, line.bytes))?;
                summary.refused(&rejection);
            }
        }
    }
    Ok(())
}

fn unreadable(error: InputError) -> Failure {
    let exit = match error {
        InputError::Open { .. } => Exit::NoInput,
        InputError::Read { .. } => Exit::InputOutput,
        InputError::Header { .. } => Exit::Data,
    };
    Failure { exit, error: error.into(), remedy: None }
}

/// Why the replay ended before its input did. A reader that went away, as `head` does, is no failure.
fn ended_early(
    error: LogError,
    broken: Option<Broken>,
    panicked: Option<Option<i64>>,
) -> Result<(), Failure> {
    match (broken, panicked.flatten()) {
        (Some(Broken::Input(error)), _) => Err(unreadable(error)),
        (Some(Broken::Output(error)), _) => output::written(Err(error)),
        (_, Some(offset)) => {
            Err(Failure::new(Exit::Software, format!("the program failed on the record at offset {offset}")))
        }
        (Some(Broken::ReadAgain) | None, None) => Err(Failure::new(Exit::Software, error.to_string())),
    }
}
