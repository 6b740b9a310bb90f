//! `tidvakt check`: what is in effect, and whether the broker is as it should be.

use clap::Args;

use super::exit::{Exit, Failure};
use super::{SettingsArgs, logging, output};
use crate::config::Secrets;
use crate::service::{self, CheckLine};

const EXAMPLES: &str = "\
Examples:
  tidvakt check --config config/production.toml
  tidvakt check --offline --set engine.retained_days=120

Prints every setting with its value and where it comes from, as TOML, without secrets. Then asks the
broker for topics, partitions, clean-up policies, retention and permissions (not with --offline).
`tidvakt run` begins with the same inspection and does not start on what it calls FAIL.";

/// Prints the settings in effect and checks the broker and its topics.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct CheckArgs {
    /// Only the settings; no broker is contacted, no secret file is read
    #[arg(long)]
    pub offline: bool,
    /// Where the settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

pub(super) fn execute(args: &CheckArgs) -> Result<(), Failure> {
    let config = args.settings.load(if args.offline { Secrets::Leave } else { Secrets::Read })?;
    logging::start(&config.log);
    output::print(&format!("# configuration hash {}\n\n{}", config.hash(), config.effective()))?;
    if args.offline {
        return Ok(());
    }
    let lines = service::check_broker(&config);
    output::print(&format!("\n{}", report(&lines)))?;
    match lines.iter().find_map(|line| line.fault) {
        None => Ok(()),
        Some(fault) => {
            Err(Failure::new(Exit::from(fault), "`tidvakt run` does not start on what is marked FAIL above"))
        }
    }
}

/// One comment line each, so that the whole output is still TOML.
fn report(lines: &[CheckLine]) -> String {
    let mut text = String::new();
    for CheckLine { fault, what, found, remedy } in lines {
        let word = match (fault, remedy) {
            (None, None) => "ok  ",
            (None, Some(_)) => "note",
            (Some(_), _) => "FAIL",
        };
        text.push_str(&format!("# {word} {what}: {found}\n"));
        for line in remedy.iter().flat_map(|remedy| remedy.lines()) {
            text.push_str(&format!("#      -> {line}\n"));
        }
    }
    text
}
