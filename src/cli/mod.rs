//! The command line: one file per subcommand. Data goes to standard output, everything else to
//! standard error; exit codes are those of `sysexits.h`.

mod check;
mod demo;
pub mod exit;
pub mod input;
pub mod logging;
pub mod output;
pub mod progress;
mod replay;
mod run;
mod schema;
mod settings;
mod simulate;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use check::CheckArgs;
pub use demo::DemoArgs;
pub use exit::{Exit, Failure};
pub use replay::ReplayArgs;
pub use run::RunArgs;
pub use schema::SchemaArgs;
pub use settings::SettingsArgs;
pub use simulate::SimulateArgs;

const EXIT_CODES: &str = "\
Exit codes (sysexits.h):
   0  done
  64  the command line is wrong
  65  the input holds what can't be used (`replay --strict`)
  66  an input file can't be opened
  69  the broker or a topic can't be reached, or is not as it should be
  70  a fault of the program
  73  an output file can't be made
  74  reading or writing failed
  78  the settings are wrong

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
    /// Shows everything on this machine, without any set-up
    Demo(DemoArgs),
    /// Puts registrations from files through the same engine
    Replay(ReplayArgs),
    /// Writes a made-up municipality with known faults to files
    Simulate(SimulateArgs),
    /// Prints the settings in effect and checks the broker and its topics
    Check(CheckArgs),
    /// Prints schemas, the default settings, the table of rules or shell completions
    Schema(SchemaArgs),
}

/// Reads the process's command line, does what it says and gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Where help can't be printed there is nobody to tell.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(Exit::Usage as u8) } else { ExitCode::SUCCESS };
        }
    };
    match execute(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            complain(&failure);
            ExitCode::from(failure.exit as u8)
        }
    }
}

fn execute(command: Command) -> Result<(), Failure> {
    match command {
        Command::Run(args) => run::execute(&args),
        Command::Demo(args) => demo::execute(&args),
        Command::Replay(args) => replay::execute(&args),
        Command::Simulate(args) => simulate::execute(&args),
        Command::Check(args) => check::execute(&args),
        Command::Schema(args) => schema::execute(&args),
    }
}

#[expect(clippy::print_stderr, reason = "the last word of a command is for whoever ran it, not for the log")]
fn complain(failure: &Failure) {
    eprintln!("{failure}");
}
