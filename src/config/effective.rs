//! What is in effect: for people as a list, for provenance as a hash.

use std::collections::BTreeMap;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::client;
use super::layers::SettingEntry;
use super::schema::{FREE_TABLES, SettingValue};

/// Results depend on what stands below these.
const HASHED: [&str; 3] = ["engine.", "rules.", "topics."];
/// Where the origins begin, where the value leaves room.
const ORIGIN_COLUMN: usize = 60;

pub(super) fn hash(entries: &BTreeMap<String, SettingEntry>) -> String {
    let mut hasher = Sha256::new();
    for (path, entry) in entries {
        if HASHED.iter().any(|prefix| path.starts_with(prefix)) {
            hasher.update(format!("{path}={}\n", entry.value.to_toml()));
        }
    }
    hasher.finalize()[..8].iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

pub(super) fn listing(entries: &BTreeMap<String, SettingEntry>) -> String {
    let mut lines: Vec<(&str, &str, &SettingEntry)> = entries
        .iter()
        .map(|(path, entry)| {
            let (section, name) = split(path);
            (section, name, entry)
        })
        .collect();
    lines.sort_by_key(|(section, name, _)| (*section, *name));
    let mut out = String::new();
    let mut current = "";
    for (section, name, entry) in lines {
        if section != current {
            let gap = if current.is_empty() { "" } else { "\n" };
            let _ = writeln!(out, "{gap}[{section}]");
            current = section;
        }
        let name = if name.contains('.') { format!("\"{name}\"") } else { name.to_owned() };
        let value = masked(section, &name, &entry.value);
        let line = format!("{name} = {value}");
        let _ = writeln!(out, "{line:ORIGIN_COLUMN$}  # {}", entry.origin);
    }
    out
}

/// The section and the name in it; names in free tables hold dots.
fn split(path: &str) -> (&str, &str) {
    let free = FREE_TABLES
        .into_iter()
        .find(|table| path.strip_prefix(table).is_some_and(|rest| rest.starts_with('.')));
    match free {
        Some(table) => (table, &path[table.len() + 1..]),
        None => path.rsplit_once('.').unwrap_or(("", path)),
    }
}

/// Secrets never come this far, but nothing is lost by looking twice.
fn masked(section: &str, name: &str, value: &SettingValue) -> String {
    if section == client::PROPERTIES && client::is_secret(name.trim_matches('"')) {
        "\"***\"".to_owned()
    } else {
        value.to_toml()
    }
}
