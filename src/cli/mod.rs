//! The command line: one file per subcommand. Data goes to standard output, everything else to
//! standard error; exit codes are those of `sysexits.h`.

mod alert_line;
mod audit;
mod check;
mod demo;
mod evaluate;
pub mod exit;
mod explain;
mod feed;
mod holds;
pub mod input;
pub mod logging;
pub mod output;
mod profile;
pub mod progress;
mod replay;
mod run;
mod schema;
mod settings;
mod signals;
mod simulate;
mod tail;
mod test;

use std::panic;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use audit::AuditArgs;
pub use check::CheckArgs;
pub use demo::DemoArgs;
pub use evaluate::EvaluateArgs;
pub use exit::{Exit, Failure};
pub use explain::ExplainArgs;
pub use feed::FeedArgs;
pub use holds::HoldsArgs;
pub use profile::ProfileArgs;
pub use replay::ReplayArgs;
pub use run::RunArgs;
pub use schema::SchemaArgs;
pub use settings::SettingsArgs;
pub use simulate::SimulateArgs;
pub use tail::TailArgs;
pub use test::TestArgs;

const EXIT_CODES: &str = "\
Exit codes (sysexits.h):
   0  done
   1  a scenario of `test` failed, or `audit verify` found a broken chain
  64  the command line is wrong
  65  the input holds what can't be used (`replay --strict`), or something is unassessed (`holds --strict`)
  66  an input file can't be opened
  69  no broker answers, or a topic is missing or not as it should be
  70  a fault of the program
  73  an output file can't be made
  74  reading or writing failed
  75  a stop came before all that was under way was committed: the next start goes on
  77  a permission is missing on the brokers
  78  the settings are wrong, those of the connection among them: host, TLS, user, password

Data goes to standard output, everything else to standard error. NO_COLOR is obeyed.";

/// Watches the time registrations of home care: which registered minutes contradict another fact or
/// stand far outside what is usual, why, and how many kronor hang on it.
#[derive(Debug, Parser)]
#[command(name = "tidvakt", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the service: registrations from Kafka, alerts to Kafka
    Run(RunArgs),
    /// Serves the control unit's page and JSON API
    Feed(FeedArgs),
    /// Shows everything on this machine, without any set-up
    Demo(DemoArgs),
    /// Puts registrations from files through the same engine
    Replay(ReplayArgs),
    /// Says why a registration has an alert or none, from files, and what could not be decided
    Explain(ExplainArgs),
    /// Describes an export: fields, facts, capture, delay, and which rules can answer
    Profile(ProfileArgs),
    /// Writes a made-up municipality with known faults to files
    Simulate(SimulateArgs),
    /// Holds what is found against what was planted: quality, calibration, false alarms
    Evaluate(EvaluateArgs),
    /// Runs scenarios of your own: registrations in, alerts expected
    Test(TestArgs),
    /// Says which registrations may be paid: payable, hold or unassessed
    Holds(HoldsArgs),
    /// Prints alerts as they are published
    Tail(TailArgs),
    /// Verifies the records of who looked at what, and who decided
    Audit(AuditArgs),
    /// Prints the settings in effect and checks the broker and its topics
    Check(CheckArgs),
    /// Prints schemas, the default settings, the tables of rules and metrics, shell completions, man pages
    Schema(SchemaArgs),
}

/// Reads the process's command line, does what it says and gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Without a standard output there is nowhere to report the error.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(Exit::Usage as u8) } else { ExitCode::SUCCESS };
        }
    };
    // Nothing goes on after a panic; it is caught only for its exit code.
    match panic::catch_unwind(|| execute(cli.command)) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(failure)) => {
            logging::fatal(&failure);
            ExitCode::from(failure.exit as u8)
        }
        Err(_told) => ExitCode::from(Exit::Software as u8),
    }
}

fn execute(command: Command) -> Result<(), Failure> {
    match command {
        Command::Run(args) => run::execute(&args),
        Command::Feed(args) => feed::execute(&args),
        Command::Demo(args) => demo::execute(&args),
        Command::Replay(args) => replay::execute(&args),
        Command::Explain(args) => explain::execute(&args),
        Command::Profile(args) => profile::execute(&args),
        Command::Simulate(args) => simulate::execute(&args),
        Command::Evaluate(args) => evaluate::execute(&args),
        Command::Test(args) => test::execute(&args),
        Command::Holds(args) => holds::execute(&args),
        Command::Tail(args) => tail::execute(&args),
        Command::Audit(args) => audit::execute(&args),
        Command::Check(args) => check::execute(&args),
        Command::Schema(args) => schema::execute(&args),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_holds_together_and_every_command_has_examples() {
        let mut command = Cli::command();
        command.clone().debug_assert();
        for sub in command.get_subcommands_mut() {
            let help = sub.render_long_help().to_string();
            assert!(help.contains("Examples:\n  tidvakt "), "{help}");
        }
    }

    #[test]
    fn flags_go_where_they_belong() {
        let parse = |line: &str| Cli::try_parse_from(line.split(' ')).map(|cli| cli.command);
        let Ok(Command::Replay(args)) =
            parse("tidvakt replay --final --strict --reference r -X a=b --set c=d f g")
        else {
            panic!("a replay is expected");
        };
        assert!(args.only_final && args.strict);
        assert_eq!((args.sources.files.len(), args.sources.reference.len()), (2, 1));
        assert_eq!(
            (args.settings.client, args.settings.set),
            (vec!["a=b".to_owned()], vec!["c=d".to_owned()])
        );
        assert!(parse("tidvakt replay").is_err());
        assert!(parse("tidvakt simulate --seed 1 --days 0 --clients 1 --out x").is_err());
        assert!(parse("tidvakt demo --for 30s").is_ok());
    }
}
