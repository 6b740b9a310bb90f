//! `tidvakt schema`: what other programs and people build on.

use std::fmt::Write;

use clap::{Args, CommandFactory, Subcommand};
use clap_complete::Shell;

use super::exit::Failure;
use super::{Cli, output};
use crate::config::{Config, DEFAULT_TOML};
use crate::rules::RULES;

const EXAMPLES: &str = "\
Examples:
  tidvakt schema alert > alert.schema.json
  tidvakt schema config > tidvakt.toml
  tidvakt schema completions bash > /etc/bash_completion.d/tidvakt";

/// Prints schemas, the default settings, the table of rules or shell completions.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct SchemaArgs {
    /// Of what.
    #[command(subcommand)]
    pub of: Of,
}

/// What is printed.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Of {
    /// The default settings, with every key explained
    Config,
    /// The table of rules, as Markdown
    Rules,
    /// Completions for a shell
    Completions {
        /// The shell.
        shell: Shell,
    },
}

pub(super) fn execute(args: &SchemaArgs) -> Result<(), Failure> {
    match args.of {
        Of::Config => output::print(DEFAULT_TOML),
        Of::Rules => output::print(&rules()),
        Of::Completions { shell } => output::print(&completions(shell)),
    }
}

/// The rules as the README shows them.
fn rules() -> String {
    let config = Config::defaults();
    let mut table = "| Rule | Finds | Class | Version | On |\n|---|---|---|---|---|\n".to_owned();
    for rule in RULES {
        let section = config.rules.get(rule.id);
        let on = section.and_then(|section| section.get("enabled")?.as_bool()).unwrap_or(section.is_some());
        let class = format!("{:?}", rule.class).to_lowercase();
        let on = if on { "yes" } else { "no" };
        let _ =
            writeln!(table, "| `{}` | {} | {class} | {} | {on} |", rule.id, rule.summary_en, rule.version);
    }
    table
}

fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "tidvakt", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
