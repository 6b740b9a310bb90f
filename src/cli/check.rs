//! `tidvakt check`: what is in effect, and whether the broker is as it should be.

use clap::Args;

use super::exit::Failure;
use super::{SettingsArgs, logging, output};
use crate::config::Secrets;

const EXAMPLES: &str = "\
Examples:
  tidvakt check --config config/production.toml
  tidvakt check --offline --set engine.retained_days=120

Prints every setting with its value and where it comes from, as TOML, without secrets. Then asks the
broker for topics, clean-up policies, retention and permissions (not with --offline).";

/// Prints the settings in effect and checks the broker and its topics.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct CheckArgs {
    /// Only the settings; no broker is asked, no secret file is read
    #[arg(long)]
    pub offline: bool,
    /// Where the settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

pub(super) fn execute(args: &CheckArgs) -> Result<(), Failure> {
    let config = args.settings.load(if args.offline { Secrets::Leave } else { Secrets::Read })?;
    logging::start(&config.log);
    output::print(&format!("# configuration hash {}\n\n{}", config.hash(), config.effective()))
}
