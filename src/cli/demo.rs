//! `tidvakt demo`: everything on this machine, without any set-up.

use std::time::Duration;

use clap::Args;

use super::exit::{Exit, Failure};
use super::{SettingsArgs, logging};
use crate::config::Secrets;

const EXAMPLES: &str = "\
Examples:
  tidvakt demo
  tidvakt demo --for 30s
  tidvakt demo --seed 7 --clients 500 --set http.listen=127.0.0.1:8080

A broker inside the program, a made-up municipality in fast time and the service. The broker's address
is printed, so that `kcat -b ADDRESS -t tidvakt.alerts.v1 -C` can look in.";

/// Shows everything on this machine, without any set-up.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct DemoArgs {
    /// Number that the municipality is made from; the same number makes the same one
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Days of registrations
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..=400))]
    pub days: u16,
    /// Clients in the municipality
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub clients: u32,
    /// Registrations a second
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub rate: u32,
    /// Ends after so long, with a summary: 30s, 5m; without it Ctrl-C ends
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub for_: Option<Duration>,
    /// Where the settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

pub(super) fn execute(args: &DemoArgs) -> Result<(), Failure> {
    let config = args.settings.load(Secrets::Leave)?;
    logging::start(&config.log);
    Err(Failure::new(Exit::Software, "`demo` is not part of this build"))
}

/// Reads `30s`, `5m`, `1h` or `500ms`.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().map_err(|_| "expected a time such as `30s`".to_owned())?;
    let millis = match &text[digits..] {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        unit => return Err(format!("no unit is called `{unit}`, expected `ms`, `s`, `m` or `h`")),
    };
    number.checked_mul(millis).map(Duration::from_millis).ok_or_else(|| "too long".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("5"), Ok(Duration::from_secs(5)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("1h"), Ok(Duration::from_secs(3600)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert!(duration("s").is_err());
        assert!(duration("3 weeks").is_err());
        assert!(duration("99999999999999999999h").is_err());
    }
}
