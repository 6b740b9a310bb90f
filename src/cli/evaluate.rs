//! `tidvakt evaluate`: how much of what was planted is found, and the false alarms.

mod collect;
mod desk;
pub(super) mod html;
mod judge;
mod measure;
mod report;
mod tables;
mod text;
mod truth;

use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{Exit, Failure, OrExit};
use super::input::{Manner, RecordKind};
use super::replay::{InputPaths, Sinks, pass};
use super::simulate::write_town;
use super::{SettingsArgs, logging, output};
use crate::config::{Config, Secrets};
use crate::simulate::Plan;
use collect::Collector;
use report::{Evaluation, TownFigures};

const EXAMPLES: &str = "\
Examples:
  tidvakt simulate --seed 11 --days 60 --clients 2000 --out town && tidvakt evaluate town
  tidvakt evaluate --simulate 11,12,13,14,15 --clients 2000 --days 60
  tidvakt evaluate --simulate 21 --clients 2000 --days 60 --clean --json > clean.json
  tidvakt evaluate --html quality.html --set rules.plan-copy.enabled=false town other-town

Each directory holds registrations.jsonl, reference.jsonl and truth.jsonl, as `tidvakt simulate` writes
them. They are replayed through the same worker as by `tidvakt replay`.

A case is all alerts about one carer on one day (a client or tag where no carer is named). The best
`--cases-per-day` by score are handed out, and again only after seven days or once the score has grown
by one. A planted registration is covered by a case of its carer on the day it came, by a case whose
evidence names it, or by a case about the month of its carer, pair or client that is handed out before
that month is paid; coverage by the day and the evidence alone is printed beside it. The first fourteen
days have nothing planted and are counted apart, and so are alerts about a provider's month (dossiers).";

/// Compares what is found with what was planted.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct EvaluateArgs {
    /// Folders that `tidvakt simulate` wrote
    #[arg(value_name = "DIR", required_unless_present = "simulate")]
    pub folders: Vec<PathBuf>,
    /// Simulates municipalities with these seeds into a temporary folder, and evaluates them too
    #[arg(long, value_name = "SEED", value_delimiter = ',')]
    pub simulate: Vec<u64>,
    /// Clients of the simulated municipalities
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub clients: u32,
    /// Days of the simulated municipalities
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..=3_660))]
    pub days: u16,
    /// Plants nothing in the simulated municipalities: calibration and false alarms
    #[arg(long, requires = "simulate")]
    pub clean: bool,
    /// Planted registrations per registration in the simulated municipalities, approximately
    #[arg(long, value_name = "SHARE", default_value_t = 0.005, value_parser = super::simulate::share)]
    pub planted: f64,
    /// Factor on the density of schemes: 0.5 plants twice as many, half as dense
    #[arg(long, value_name = "TIMES", default_value_t = 1.0, value_parser = super::simulate::density)]
    pub density: f64,
    /// Plants only these patterns in the simulated municipalities, by name
    #[arg(long, value_name = "PATTERN", value_delimiter = ',', value_parser = super::simulate::pattern)]
    pub only: Vec<String>,
    /// Cases that are handed out per day
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub cases_per_day: u16,
    /// All figures as JSON on standard output
    #[arg(long)]
    pub json: bool,
    /// One page with curves and tables, readable without a network
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Where the settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

pub(super) fn execute(args: &EvaluateArgs) -> Result<(), Failure> {
    let config = args.settings.load(Secrets::Leave)?;
    logging::start(&config.log);
    let budget = usize::from(args.cases_per_day);
    // The page is created before hours of work, not after them.
    let mut page = args.html.as_deref().map(|path| output::create(Some(path))).transpose()?;
    let mut towns = Vec::new();
    for folder in &args.folders {
        towns.push(evaluate(&config, folder, folder.display().to_string(), budget)?);
    }
    for &seed in &args.simulate {
        towns.push(simulated(args, &config, seed, budget)?);
    }
    let report = Evaluation::new(towns, budget);
    if let Some(page) = &mut page {
        output::written(page.write_all(html::page(&report).as_bytes()).and_then(|()| page.flush()))?;
    }
    if args.json {
        let mut json = serde_json::to_string_pretty(&report).expect("figures and texts can be written");
        json.push('\n');
        return output::print(&json);
    }
    output::print(&text::text(&report).expect("texts can be written to memory"))
}

/// Simulates a municipality into a folder that is gone afterwards, and evaluates it.
fn simulated(args: &EvaluateArgs, config: &Config, seed: u64, budget: usize) -> Result<TownFigures, Failure> {
    let plan = Plan {
        seed,
        days: u32::from(args.days),
        clients: args.clients,
        clean: args.clean,
        planted_share: args.planted,
        density: args.density,
        only: args.only.clone(),
        ..Plan::default()
    };
    let folder = Temporary::new(seed)?;
    write_town(&plan, &folder.0)?;
    let name = format!("seed {seed}, {} clients, {} days", args.clients, args.days);
    evaluate(config, &folder.0, name, budget)
}

/// A folder that is removed with all that is in it.
struct Temporary(PathBuf);

impl Temporary {
    fn new(seed: u64) -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("tidvakt-evaluate-{}-{seed}", std::process::id()));
        std::fs::create_dir_all(&path)
            .or_exit(Exit::CannotCreate, format!("the folder `{}` can't be made", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // What cannot be removed stays in the temporary folder.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn evaluate(config: &Config, folder: &Path, name: String, budget: usize) -> Result<TownFigures, Failure> {
    let truth = truth::read(&folder.join("truth.jsonl"))?;
    let registrations = [folder.join("registrations.jsonl")];
    let reference = [folder.join("reference.jsonl")];
    let sources = InputPaths {
        registrations: &registrations,
        reference: &reference,
        decisions: None,
        manner: &Manner::default(),
    };
    let sinks = Sinks { alerts: Box::new(std::io::sink()), only_final: false, quarantine: None };
    let Some((replay, mut log)) = pass(config, &sources, sinks, Collector::new(config.engine.zone.clone()))?
    else {
        return Err(Failure::new(Exit::Software, "nothing reads the alerts, and yet the reader went away"));
    };
    output::written(log.finish())?;
    log.verdict(&[RecordKind::Fact])?;
    if replay.visits.is_empty() {
        return Err(Failure::new(
            Exit::Data,
            format!("no registration of `{}` can be used", folder.display()),
        ));
    }
    Ok(judge::judge(name, &replay, &truth, budget))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SettingSources as Given;
    use crate::engine::evaluations;

    #[test]
    fn an_honest_registration_costs_hardly_any_beta_function() {
        let config = Config::load(&Given::default()).expect("the defaults are right");
        let plan = Plan { seed: 3, days: 25, clients: 150, clean: true, ..Plan::default() };
        let folder = Temporary::new(plan.seed).expect("there is room for a small town");
        write_town(&plan, &folder.0).expect("there is room for a small town");
        let before = evaluations::so_far();
        let town = evaluate(&config, &folder.0, "clean".to_owned(), 20).expect("our own files can be read");
        let share = (evaluations::so_far() - before) as f64 / town.registrations as f64;
        assert!(0.0 < share && share <= 0.1, "{share} tails a registration");
    }
}
