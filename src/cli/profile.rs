//! `tidvakt profile`: what can be seen in a municipality's own export, and what cannot for want of which field or
//! fact.

mod coverage;
mod facts;
mod fields;
mod html;
mod observer;
mod proposals;
mod provider;
mod report;
mod rules;
mod text;

use std::path::PathBuf;

use clap::Args;

use super::exit::{Exit, Failure, OrExit};
use super::input::MannerArgs;
use super::replay::{InputPaths, Sinks, pass};
use super::{SettingsArgs, logging, output};
use crate::config::Secrets;
use observer::Profiler;
use report::Profile;

const EXAMPLES: &str = "\
Examples:
  tidvakt profile march.csv.gz
  tidvakt profile --reference facts.jsonl --html profile.html 2026-0*.jsonl.zst
  tidvakt profile --map visits.toml --time-zone Europe/Stockholm --reference homes.csv visits.csv
  tidvakt profile --json march.jsonl | jq '.rules[] | select(.answered_share < 0.5)'

The files are those of `tidvakt replay`, and go through the same worker. The profile says, by provider,
which fields and facts are there, how finely times are given, how ends are captured and how late records
arrive; which rules can answer about which share of the visits, and which field or fact the others lack;
some findings as examples; and settings that follow from all that. Nothing leaves the machine.

A version is a record of a visit with an end that is not cancelled. A rule answers about a version where
the fields that it reads are there and no fact is missing.";

/// Describes an export: fields, facts, capture, delay, and which rules can answer.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ProfileArgs {
    /// Registrations, in the order in which they came
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Reference facts, as on their topic
    #[arg(long, value_name = "FILE")]
    pub reference: Vec<PathBuf>,
    /// How files are read.
    #[command(flatten)]
    pub manner: MannerArgs,
    /// Findings that are shown as examples
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(0..=1_000))]
    pub examples: u16,
    /// All figures as JSON on standard output
    #[arg(long)]
    pub json: bool,
    /// One page with tables and bars, readable without a network
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Where the settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

pub(super) fn execute(args: &ProfileArgs) -> Result<(), Failure> {
    let config = args.settings.load(Secrets::Leave)?;
    logging::start(&config.log);
    // The page is created before the work, not after it.
    let mut page = args.html.as_deref().map(|path| output::create(Some(path))).transpose()?;
    let sources = InputPaths {
        registrations: &args.files,
        reference: &args.reference,
        decisions: None,
        manner: &args.manner.manner()?,
    };
    let sinks = Sinks { alerts: Box::new(std::io::sink()), only_final: false, quarantine: None };
    let profiler = Profiler::new(config.engine.zone.clone());
    let Some((profiler, mut log)) = pass(&config, &sources, sinks, profiler)? else {
        return Err(Failure::new(Exit::Software, "the files were not read to their end"));
    };
    output::written(log.finish())?;
    log.verdict(&[])?;
    let refused = log.refused();
    let profile = Profile::new(&profiler, refused, usize::from(args.examples), config.engine.retained_days);
    if let Some(page) = &mut page {
        output::written(page.write_all(html::page(&profile).as_bytes()).and_then(|()| page.flush()))?;
    }
    if args.json {
        let mut json =
            serde_json::to_string_pretty(&profile).or_exit(Exit::Software, "figures become no JSON")?;
        json.push('\n');
        return output::print(&json);
    }
    output::print(&text::text(&profile).expect("texts can be written to memory"))
}
