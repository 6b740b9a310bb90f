//! Files through one worker, with somebody who looks in on it.

use std::path::{Path, PathBuf};

use super::files::{Broken, FileLog, PARTITION, Sinks};
use super::reader::LineReader;
use super::timed::TimedReader;
use crate::cli::exit::{Exit, Failure, OrExit};
use crate::cli::input::{InputFile, Manner, RecordKind, Refusal};
use crate::cli::{output, progress};
use crate::config::Config;
use crate::contract;
use crate::domain::FactChange;
use crate::service::deliver::events::WorkerObserver;
use crate::service::deliver::reference_log::ReferenceLog;
use crate::service::deliver::shared::{Pace, Setup, Shared};
use crate::service::deliver::worker::Worker;
use crate::service::log::LogError;

/// The files that are read.
pub(in crate::cli) struct InputPaths<'a> {
    /// Registrations, in the order in which they came.
    pub(in crate::cli) registrations: &'a [PathBuf],
    /// Reference facts.
    pub(in crate::cli) reference: &'a [PathBuf],
    /// Reviewers' decisions.
    pub(in crate::cli) decisions: Option<&'a Path>,
    /// How all of them are read.
    pub(in crate::cli) manner: &'a Manner,
}

/// Looks in on the worker, and hears of the facts before.
pub(in crate::cli) trait Listener: WorkerObserver + Default {
    /// A fact was read, before the first registration.
    fn fact(&mut self, fact: &FactChange);

    /// The offset of a record that the program failed on.
    fn failed_on(&self) -> Option<i64>;
}

/// Puts all that `sources` hold through one worker, and answers who listened, with the log to be
/// finished and its verdict on the files to be heard. `None` where the reader of the output went away, as `head` does.
pub(in crate::cli) fn pass<L: Listener>(
    config: &Config,
    sources: &InputPaths<'_>,
    sinks: Sinks,
    mut listener: L,
) -> Result<Option<(L, FileLog)>, Failure> {
    let inputs = open_all(sources)?;
    let total = inputs.iter().map(|(_, input)| input.length_bytes()).sum();
    let shared = Shared::new(setup(config)?);
    let notes: Vec<(PathBuf, Vec<String>)> =
        inputs.iter().map(|(path, input)| (path.clone(), input.notes().to_vec())).collect();
    let mut log = FileLog::new(TimedReader::new(LineReader::start(inputs)), sinks, progress::bytes(total));
    for (path, notes) in &notes {
        notes.iter().for_each(|note| log.tallies.note(path, note));
    }
    read_knowledge(sources, &shared.reference_log, &mut log, &mut listener)?;
    let mut worker = Worker::new(shared, listener);
    worker.assign(PARTITION);
    let ran = run(&mut worker, &mut log);
    let listener = std::mem::take(worker.observer());
    match ran {
        Ok(()) => Ok(Some((listener, log))),
        Err(failure) => {
            ended_early(failure, log.take_broken(), listener.failed_on())?;
            Ok(None)
        }
    }
}

/// Takes all that the files hold.
fn run<W: WorkerObserver>(worker: &mut Worker<W>, log: &mut FileLog) -> Result<(), LogError> {
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
        refresh_low_after_millis: u64::MAX,
        ..setup.pace
    };
    Ok(Setup { pace, ..setup })
}

fn open_all(sources: &InputPaths<'_>) -> Result<Vec<(PathBuf, InputFile)>, Failure> {
    let open =
        |path: &PathBuf| Ok((path.clone(), InputFile::open(path, RecordKind::Registration, sources.manner)?));
    sources.registrations.iter().map(open).collect()
}

/// Facts and decisions are known before the first registration is assessed.
fn read_knowledge(
    sources: &InputPaths<'_>,
    reference_log: &ReferenceLog,
    log: &mut FileLog,
    listener: &mut impl Listener,
) -> Result<(), Failure> {
    let facts = sources.reference.iter().map(|path| (path.as_path(), RecordKind::Fact));
    for (path, kind) in facts.chain(sources.decisions.map(|path| (path, RecordKind::Decision))) {
        let mut input = InputFile::open(path, kind, sources.manner)?;
        input.notes().iter().for_each(|note| log.tallies.note(path, note));
        let file = log.tallies.begin(path, kind);
        while let Some(line) = input.next_line()? {
            log.tallies.line(file);
            let known = match (&line.refusal, kind) {
                (Some(refusal), _) => Err(refusal.clone()),
                (None, RecordKind::Fact) => contract::parse_fact(None, Some(line.bytes), None)
                    .map(|fact| {
                        listener.fact(&fact);
                        reference_log.fact(fact);
                    })
                    .map_err(|rejection| Refusal::from(&rejection)),
                (None, _) => contract::parse_decision(Some(line.bytes), None)
                    .map(|made| reference_log.decision(made))
                    .map_err(|rejection| Refusal::from(&rejection)),
            };
            if let Err(refusal) = known {
                output::written(log.refuse(file, line.line, &refusal, line.bytes))?;
            }
        }
    }
    // Without the facts everything would be judged otherwise than is meant.
    log.tallies.verdict(&[]).inspect_err(|_| drop(log.finish()))
}

/// Why the replay ended before its input did. A reader that went away, as `head` does, is no failure.
fn ended_early(error: LogError, broken: Option<Broken>, failed_on: Option<i64>) -> Result<(), Failure> {
    match (broken, failed_on) {
        (Some(Broken::Input(error)), _) => Err(error.into()),
        (Some(Broken::Output(error)), _) => output::written(Err(error)),
        (_, Some(offset)) => {
            Err(Failure::new(Exit::Software, format!("the program failed on the record at offset {offset}")))
        }
        (Some(Broken::ReadAgain) | None, None) => Err(Failure::new(Exit::Software, error.to_string())),
    }
}
