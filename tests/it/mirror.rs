//! What stands in several places must agree: a rule, and the pages with the code that they describe.

mod mutations;
mod pages;

use std::collections::BTreeSet;
use std::process::Command;

use tidvakt::feed::words::{Language, rule_title};
use tidvakt::rules::RULES;

use crate::architecture::root;

fn ids() -> BTreeSet<String> {
    RULES.iter().map(|rule| rule.id.to_owned()).collect()
}

/// The stems of the files in `folder` that end with `ending`.
fn stems(folder: &str, ending: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter_map(|name| name.strip_suffix(ending).map(str::to_owned)).collect()
}

#[test]
fn a_rule_is_called_as_its_file() {
    let files = stems("src/rules", ".rs").into_iter().filter(|stem| stem != "mod");
    assert_eq!(files.map(|stem| stem.replace('_', "-")).collect::<BTreeSet<_>>(), ids());
    assert_eq!(RULES.len(), ids().len(), "an id is listed twice");
}

#[test]
fn a_rule_has_its_section_in_the_default_settings() {
    let text = std::fs::read_to_string(root().join("config/default.toml")).unwrap();
    let settings: toml::Table = text.parse().unwrap();
    let sections = settings["rules"].as_table().unwrap();
    assert_eq!(sections.keys().cloned().collect::<BTreeSet<_>>(), ids());
}

#[test]
fn a_rule_has_its_scenarios() {
    let scenarios = stems("tests/scenarios", ".txt");
    assert_eq!(ids().difference(&scenarios).collect::<Vec<_>>(), [""; 0], "rules without scenarios");
}

#[test]
fn a_rule_has_its_title() {
    let untitled = ids().into_iter().filter(|id| rule_title(id, Language::Sv) == id);
    assert_eq!(untitled.collect::<Vec<_>>(), [""; 0], "rules without a title in src/feed/words/rules.rs");
}

#[test]
fn every_measure_of_a_finding_has_its_text_in_both_languages() {
    let (mut sources, mut folders) = (String::new(), vec![root().join("src/rules")]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                sources.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let kinds = ["Measure::whole(", "Measure::real(", "Measure::text("];
    let after = kinds.iter().flat_map(|kind| sources.split(kind).skip(1));
    let names: BTreeSet<&str> =
        after.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next()).collect();
    assert!(80 < names.len(), "{names:?}");
    let missing: Vec<_> = names.into_iter().filter(|name| !tidvakt::feed::words::is_named(name)).collect();
    assert_eq!(missing, [""; 0], "measures without a text in src/feed/words/measures.rs");
}

#[test]
fn the_pages_hold_the_tables_as_the_program_prints_them() {
    for (of, page) in [("rules", "src/rules/README.md"), ("metrics", "config/README.md")] {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        let printed = Command::new(env!("CARGO_BIN_EXE_tidvakt")).args(["schema", of]).output().unwrap();
        let table = String::from_utf8(printed.stdout).unwrap();
        let missing: Vec<&str> = table.lines().filter(|line| !text.contains(*line)).collect();
        assert!(
            text.contains(&table),
            "the table of {of} in {page} is not what `tidvakt schema {of}` prints; lines that are not there (none: they \
             are in another order, or there are others):\n{}",
            missing.join("\n")
        );
        assert!(of != "rules" || table.lines().count() == ids().len() + 2);
    }
}
