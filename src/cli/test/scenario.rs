//! Folders of scenarios, and the alerts that are open at the end of one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::exit::{Exit, Failure, OrExit};
use crate::cli::input::{Manner, RecordKind};
use crate::cli::output;
use crate::cli::replay::{InputPaths, Listener, Sinks, pass};
use crate::config::Config;
use crate::domain::{Alert, AlertState, FactChange, PublishedAlert};
use crate::service::deliver::events::{Incident, WorkerObserver};

const EXPECTED: &str = "expected.jsonl";

/// The files of one scenario.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scenario {
    pub(super) name: String,
    pub(super) expected: PathBuf,
    registrations: PathBuf,
    reference: Option<PathBuf>,
    decisions: Option<PathBuf>,
}

impl Scenario {
    /// The scenarios in `folders`, in order of their paths.
    pub(super) fn find_all(folders: &[PathBuf]) -> Result<Vec<Self>, Failure> {
        let mut found = Vec::new();
        for folder in folders {
            let before = found.len();
            Self::find(folder, &mut found)?;
            if found.len() == before {
                let text =
                    format!("`{}` holds no scenario: a folder with registrations.jsonl", folder.display());
                return Err(Failure::new(Exit::NoInput, text)
                    .remedy("`tidvakt test --help` says which files a scenario has"));
            }
        }
        Ok(found)
    }

    fn find(folder: &Path, found: &mut Vec<Self>) -> Result<(), Failure> {
        let names = entries(folder)?;
        let of = |kind: &str| names.iter().find(|path| stem(path) == kind && path.is_file()).cloned();
        if let Some(registrations) = of("registrations") {
            found.push(Self {
                name: folder.display().to_string(),
                expected: folder.join(EXPECTED),
                registrations,
                reference: of("reference"),
                decisions: of("decisions"),
            });
            return Ok(());
        }
        names.iter().filter(|path| path.is_dir()).try_for_each(|path| Self::find(path, found))
    }

    /// The alerts that are open once all was taken, by id.
    pub(super) fn alerts(
        &self,
        config: &Config,
        manner: &Manner,
    ) -> Result<BTreeMap<String, Alert>, Failure> {
        let registrations = [self.registrations.clone()];
        let reference: Vec<PathBuf> = self.reference.iter().cloned().collect();
        let sources = InputPaths {
            registrations: &registrations,
            reference: &reference,
            decisions: self.decisions.as_deref(),
            manner,
        };
        let sinks = Sinks { alerts: Box::new(std::io::sink()), only_final: false, quarantine: None };
        let Some((open, mut log)) = pass(config, &sources, sinks, OpenAlerts::default())? else {
            return Err(Failure::new(Exit::Software, "the files were not read to their end"));
        };
        output::written(log.finish())?;
        // A scenario is written on purpose: a line that cannot be used is a slip.
        log.verdict(&[RecordKind::Registration, RecordKind::Fact, RecordKind::Decision])?;
        Ok(open.alerts)
    }
}

/// What `folder` holds, in order.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let context = || format!("`{}` can't be read", folder.display());
    let entries = fs::read_dir(folder).or_exit(Exit::NoInput, context())?;
    let paths: Result<Vec<PathBuf>, _> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths.or_exit(Exit::NoInput, context())?;
    paths.sort();
    Ok(paths)
}

/// The name before its first dot.
fn stem(path: &Path) -> &str {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.split('.').next().unwrap_or_default()
}

/// The alerts that are not withdrawn.
#[derive(Debug, Default)]
struct OpenAlerts {
    alerts: BTreeMap<String, Alert>,
    failed_on: Option<i64>,
}

impl Listener for OpenAlerts {
    fn fact(&mut self, _fact: &FactChange) {}

    fn failed_on(&self) -> Option<i64> {
        self.failed_on
    }
}

impl WorkerObserver for OpenAlerts {
    fn alert(&mut self, published: &PublishedAlert) {
        let alert = &published.alert;
        if published.state == AlertState::Withdrawn {
            self.alerts.remove(&alert.alert_id);
        } else {
            self.alerts.insert(alert.alert_id.clone(), alert.clone());
        }
    }

    fn incident(&mut self, _partition: i32, incident: Incident) {
        match incident {
            Incident::Isolating { offset } => self.failed_on = Some(offset),
            Incident::Panicked { offset } => self.failed_on = offset,
            _ => {}
        }
    }
}
