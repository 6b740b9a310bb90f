//! `tidvakt feed`: the control unit's process.

use clap::Args;

use super::exit::{Exit, Failure, OrExit};
use super::{SettingsArgs, logging, signals};
use crate::config::Secrets;
use crate::feed;

const EXAMPLES: &str = "\
Examples:
  tidvakt feed --config config/local.toml
  tidvakt feed -X bootstrap.servers=broker:9092 --set feed.listen=127.0.0.1:8080

It reads the feed, alerts, progress and decisions and serves the control unit's page and JSON API.
SIGTERM and SIGINT stop it.";

/// Serves the control unit's page until it is stopped.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct FeedArgs {
    /// Where the settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

pub(super) fn execute(args: &FeedArgs) -> Result<(), Failure> {
    let config = args.settings.load(Secrets::Read)?;
    logging::start(&config.log);
    let shutdown = signals::stop_on_signal().or_exit(Exit::Software, "signals can't be caught")?;
    Ok(feed::run(&config, shutdown)?)
}
