//! `tidvakt run`: the service.

use clap::Args;

use super::exit::{Exit, Failure, OrExit};
use super::{SettingsArgs, logging, signals};
use crate::config::Secrets;
use crate::service;

const EXAMPLES: &str = "\
Examples:
  tidvakt run --config config/local.toml
  tidvakt run -X bootstrap.servers=broker:9092 --set log.format=json
  TIDVAKT_KAFKA_CLIENT__BOOTSTRAP_SERVERS=broker:9092 tidvakt run

SIGTERM, SIGINT and SIGHUP stop it: what is under way is finished, at most for `service.drain_seconds`; where that is
too short, it ends with 75. It begins with the inspection of `tidvakt check`, and does not start on what that calls
FAIL. systemd hears of it by `sd_notify`: READY, WATCHDOG, STOPPING.";

/// Runs the service until a stop signal.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct RunArgs {
    /// Where the settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

pub(super) fn execute(args: &RunArgs) -> Result<(), Failure> {
    let config = args.settings.load(Secrets::Read)?;
    logging::start(&config.log);
    let shutdown = signals::stop_on_signal().or_exit(Exit::Software, "signals can't be caught")?;
    Ok(service::run(&config, shutdown)?)
}
