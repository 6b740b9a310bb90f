//! `tidvakt schema`: what other programs and people build on.

use std::fmt::Write;

use clap::{Args, CommandFactory, Subcommand};
use clap_complete::Shell;

use super::exit::{Exit, Failure};
use super::{Cli, output};
use crate::config::{Config, DEFAULT_TOML};
use crate::contract;
use crate::rules::RULES;
use crate::service::observe::metrics::metrics_table;

const EXAMPLES: &str = "\
Examples:
  tidvakt schema alert > alert.schema.json
  tidvakt schema asyncapi > asyncapi.yaml
  tidvakt schema config > tidvakt.toml
  tidvakt schema completions bash > /etc/bash_completion.d/tidvakt
  tidvakt schema man replay | man -l -";

/// Prints schemas, the default settings, the tables of rules and of metrics, shell completions or man pages.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct SchemaArgs {
    /// Of what.
    #[command(subcommand)]
    pub of: Printed,
}

/// What is printed.
#[derive(Clone, Debug, Subcommand)]
pub enum Printed {
    /// JSON Schema of a registration
    Registration,
    /// JSON Schema of a reference fact
    ReferenceFact,
    /// JSON Schema of a decision
    Decision,
    /// JSON Schema of an alert
    Alert,
    /// JSON Schema of a progress record
    Progress,
    /// JSON Schema of an audit record
    Audit,
    /// JSON Schema of a line of `replay --assessments`
    Assessment,
    /// All topics with their records, as AsyncAPI (YAML)
    Asyncapi,
    /// The default settings, with every key explained (TOML)
    Config,
    /// The table of rules (Markdown)
    Rules,
    /// The table of metrics (Markdown)
    Metrics,
    /// Completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// The man page (roff) of the program, or of one command
    Man {
        /// The command
        command: Option<String>,
    },
}

pub(super) fn execute(args: &SchemaArgs) -> Result<(), Failure> {
    output::print(&text(&args.of)?)
}

fn text(of: &Printed) -> Result<String, Failure> {
    match of {
        Printed::Registration => record("registration"),
        Printed::ReferenceFact => record("reference-fact"),
        Printed::Decision => record("decision"),
        Printed::Alert => record("alert"),
        Printed::Progress => record("progress"),
        Printed::Audit => record("audit"),
        Printed::Assessment => record("assessment"),
        Printed::Asyncapi => Ok(contract::asyncapi()),
        Printed::Config => Ok(DEFAULT_TOML.to_owned()),
        Printed::Rules => Ok(rules()),
        Printed::Metrics => Ok(metrics_table()),
        Printed::Completions { shell } => Ok(completions(*shell)),
        Printed::Man { command } => man(command.as_deref()),
    }
}

/// The JSON Schema of the record called `name`.
fn record(name: &str) -> Result<String, Failure> {
    let file = format!("{name}.schema.json");
    let schema = contract::schemas().into_iter().find(|(known, _)| *known == file);
    match schema {
        Some((_, schema)) => Ok(format!("{schema:#}\n")),
        None => Err(Failure::new(Exit::Software, format!("there is no schema `{file}`"))),
    }
}

/// The rules as `src/rules/README.md` shows them.
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

/// The man page of the program, or of its command `name`.
fn man(name: Option<&str>) -> Result<String, Failure> {
    let mut program = Cli::command();
    program.build();
    let command = match name {
        None => program,
        Some(name) => {
            let names: Vec<String> = program.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
            let found = program.find_subcommand(name).cloned();
            let text = format!("there is no command `{name}`; there are {}", names.join(", "));
            found.ok_or_else(|| Failure::new(Exit::Usage, text))?
        }
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).expect("texts can be written to memory");
    Ok(String::from_utf8_lossy(&page).into_owned())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail and say why")]

    use super::*;

    #[test]
    fn every_record_has_its_schema_and_every_schema_its_word() {
        let records = [
            Printed::Registration,
            Printed::ReferenceFact,
            Printed::Decision,
            Printed::Alert,
            Printed::Progress,
            Printed::Assessment,
            Printed::Audit,
        ];
        for of in records {
            let schema: serde_json::Value = serde_json::from_str(&text(&of).unwrap()).unwrap();
            assert!(schema["$schema"].as_str().unwrap().contains("2020-12"), "{of:?}");
        }
        assert_eq!(contract::schemas().len(), 7);
    }

    #[test]
    fn the_other_texts_are_there() {
        assert!(text(&Printed::Asyncapi).unwrap().starts_with("asyncapi: "));
        assert!(text(&Printed::Config).unwrap().contains("[rules.carer-overlap]"));
        assert!(text(&Printed::Rules).unwrap().contains("| `carer-overlap` |"));
        assert!(text(&Printed::Metrics).unwrap().contains("| `tidvakt_registrations_total` | counter |"));
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            assert!(text(&Printed::Completions { shell }).unwrap().contains("simulate"));
        }
        let page = |command: Option<&str>| text(&Printed::Man { command: command.map(str::to_owned) });
        assert!(page(None).unwrap().contains(".TH tidvakt"));
        let replay = page(Some("replay")).unwrap();
        assert!(replay.contains("tidvakt-replay") && replay.contains("Examples:"), "{replay}");
        let refused = page(Some("replya")).unwrap_err().to_string();
        assert!(
            refused.contains("no command `replya`; there are run, ") && refused.contains(" replay, "),
            "{refused}"
        );
    }
}
