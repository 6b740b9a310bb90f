//! `tidvakt test`: a user's own scenarios, registrations in and alerts expected.

mod expected;
mod junit;
mod scenario;

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;

use super::exit::{Exit, Failure};
use super::input::MannerArgs;
use super::{SettingsArgs, logging, output};
use crate::config::Secrets;
use scenario::Scenario;

const EXAMPLES: &str = "\
Examples:
  tidvakt test scenarios
  tidvakt test --config tidvakt.toml --junit report.xml scenarios
  tidvakt test --bless scenarios/two-places-at-once
  tidvakt test --set rules.carer-overlap.slack_seconds=600 scenarios

A scenario is a folder with
  registrations.jsonl   the registrations, in the order in which they came
  expected.jsonl        the alerts that are open in the end, one a line; empty where none is
  reference.jsonl       reference facts, where there are any
  decisions.jsonl       decisions, where there are any
Registrations and facts may be `.csv`, with `--map` and `--time-zone` as for `tidvakt replay`, and
compressed. A folder without registrations stands for the scenarios in it.

A line of expected.jsonl names an alert, and of it what matters:
  {\"alert_id\": \"0181:registration:R-2\", \"grade\": \"hold\", \"rules\": [\"carer-overlap\"], \"hold_seconds\": 900}
Only `alert_id` is required. Alerts that are not listed fail the scenario as much as those that are
missing. `--bless` writes the file from what is found, to be read before it is believed.

The exit code is 1 where a scenario fails.";

/// Runs scenarios of registrations in and alerts expected.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct TestArgs {
    /// Folders of scenarios
    #[arg(value_name = "DIR", required = true)]
    pub folders: Vec<PathBuf>,
    /// Writes what is found as what is expected
    #[arg(long)]
    pub bless: bool,
    /// A report as JUnit XML goes there
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// How files are read.
    #[command(flatten)]
    pub manner: MannerArgs,
    /// Where the settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

/// The result of one scenario.
struct Outcome {
    name: String,
    alerts: usize,
    differences: Vec<String>,
    seconds: f64,
}

pub(super) fn execute(args: &TestArgs) -> Result<(), Failure> {
    let config = args.settings.load(Secrets::Leave)?;
    logging::start(&config.log);
    let mut report = args.junit.as_deref().map(|path| output::create(Some(path))).transpose()?;
    let manner = args.manner.manner()?;
    let mut outcomes = Vec::new();
    for scenario in Scenario::find_all(&args.folders)? {
        let started = Instant::now();
        let alerts = scenario.alerts(&config, &manner)?;
        let differences = if args.bless {
            expected::write(&scenario.expected, &alerts)?;
            Vec::new()
        } else {
            expected::differences(&expected::read(&scenario.expected)?, &alerts)
        };
        let seconds = started.elapsed().as_secs_f64();
        let outcome = Outcome { name: scenario.name, alerts: alerts.len(), differences, seconds };
        output::print(&line(&outcome, args.bless))?;
        outcomes.push(outcome);
    }
    if let Some(report) = &mut report {
        output::written(report.write_all(junit::report(&outcomes).as_bytes()).and_then(|()| report.flush()))?;
    }
    let failed = outcomes.iter().filter(|outcome| !outcome.differences.is_empty()).count();
    let scenarios = if outcomes.len() == 1 { "scenario" } else { "scenarios" };
    output::print(&format!("{} {scenarios}, {failed} failed\n", outcomes.len()))?;
    match failed {
        0 => Ok(()),
        _ => Err(Failure::new(Exit::Failed, format!("{failed} of {} {scenarios} failed", outcomes.len()))
            .remedy(
                "`tidvakt test --bless DIR` writes what is found as what is expected, where that is right",
            )),
    }
}

fn line(outcome: &Outcome, blessed: bool) -> String {
    let alerts = match outcome.alerts {
        0 => "no alert".to_owned(),
        1 => "1 alert".to_owned(),
        count => format!("{count} alerts"),
    };
    let word = match (blessed, outcome.differences.is_empty()) {
        (true, _) => "blessed",
        (false, true) => "ok",
        (false, false) => "FAILED",
    };
    let mut line = format!("{word:<8} {} ({alerts})\n", outcome.name);
    for difference in &outcome.differences {
        line += &format!("         {difference}\n");
    }
    line
}
