//! The layers, one over the other: defaults, file, environment, flags.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::client;
use super::error::{Problem, SettingOrigin};
use super::renamed;
use super::schema::{self, FREE_TABLES, SCHEMA, SettingValue, free_table, join, line_of};

/// Every environment variable of the program begins so.
const PREFIX: &str = "TIDVAKT_";
/// The settings file's path, read by the command line.
const CONFIG_VARIABLE: &str = "TIDVAKT_CONFIG";

/// Settings are written by people; more is another file.
pub(super) const FILE_BYTES_MAX: u64 = 1 << 20;

/// Where settings are taken from, each going before the one above it.
#[derive(Clone, Debug, Default)]
pub struct SettingSources {
    /// The settings file.
    pub file: Option<PathBuf>,
    /// Environment variables; those without `TIDVAKT_` are passed over.
    pub environment: Vec<(String, String)>,
    /// `key=value`, as given to `--set`.
    pub set: Vec<String>,
    /// `name=value` for librdkafka, as given to `-X`.
    pub client: Vec<String>,
    /// Are the files in `kafka.secret_files` read?
    pub secrets: Secrets,
}

impl SettingSources {
    /// The process's environment and nothing else.
    #[must_use]
    pub fn from_environment() -> Self {
        let text = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
        let environment = std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect();
        Self { environment, ..Self::default() }
    }
}

/// Are the files in `kafka.secret_files` read?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Secrets {
    /// They are, and one that can't be read is an error.
    #[default]
    Read,
    /// They are left alone: no broker will be talked to.
    Leave,
}

/// A value in effect, and where it comes from.
#[derive(Clone, Debug)]
pub(super) struct SettingEntry {
    pub(super) value: SettingValue,
    pub(super) origin: SettingOrigin,
}

/// The values in effect so far, and what was wrong with the others.
pub(super) struct Gathered {
    /// By path; the names in free tables follow the table's path.
    pub(super) entries: BTreeMap<String, SettingEntry>,
    pub(super) problems: Vec<Problem>,
    /// Keys that were given by an old name.
    pub(super) warnings: Vec<Problem>,
}

impl Gathered {
    pub(super) fn defaults() -> Self {
        let entry = |value: SettingValue| SettingEntry { value, origin: SettingOrigin::Default };
        let keys = SCHEMA.keys.iter().map(|(path, key)| (path.clone(), entry(key.default.clone())));
        let free = SCHEMA.free.iter();
        let free =
            free.map(|(table, name, text)| (join(table, name), entry(SettingValue::Text(text.clone()))));
        Self { entries: keys.chain(free).collect(), problems: Vec::new(), warnings: Vec::new() }
    }

    /// Lays the settings file `source` over what is there.
    pub(super) fn file(&mut self, path: &Path, source: &str) {
        let file = FileText { path, source: source.strip_prefix('\u{feff}').unwrap_or(source) };
        match DeTable::parse(file.source) {
            Ok(table) => self.table("", table.get_ref(), &file),
            Err(error) => {
                let start = error.span().map_or(0, |span| span.start.min(file.source.len()));
                let line = file.source.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count() + 1;
                let origin = SettingOrigin::File { path: path.to_owned(), line };
                self.problem(origin, format!("not TOML: {}", error.message()));
            }
        }
    }

    /// Lays the program's environment variables over what is there.
    pub(super) fn environment(&mut self, variables: &[(String, String)]) {
        let names: BTreeMap<String, &str> =
            SCHEMA.keys.keys().map(|path| (variable(path), path.as_str())).collect();
        let old_names = renamed::old_paths(SCHEMA.keys.keys());
        for (name, text) in variables {
            if !name.starts_with(PREFIX) || name == CONFIG_VARIABLE {
                continue;
            }
            let origin = SettingOrigin::Environment(name.clone());
            let old = || old_names.iter().find(|old| variable(old) == *name).map(String::as_str);
            if let Some(path) = names.get(name).copied().or_else(old) {
                self.text(path, text, origin);
            } else if let Some((table, property)) = free_variable(name) {
                self.free(table, &property, text.clone(), origin);
            } else if !is_service_link(name, text) {
                let known = names.keys().map(String::as_str);
                let hint = hint(schema::nearest(name, known));
                self.problem(origin, format!("no setting has this name{hint}"));
            }
        }
    }

    /// Lays the `--set` and `-X` flags over what is there.
    pub(super) fn flags(&mut self, set: &[String], client: &[String]) {
        for flag in set {
            let Some((path, text)) = flag.split_once('=') else {
                self.problem(SettingOrigin::Set, format!("`{flag}` is not `key=value`"));
                continue;
            };
            let (path, text) = (path.trim(), text.trim());
            let free = FREE_TABLES
                .into_iter()
                .find_map(|table| Some((table, path.strip_prefix(table)?.strip_prefix('.')?)));
            match free {
                Some((table, name)) => self.free(table, name, text.to_owned(), SettingOrigin::Set),
                None => self.text(path, text, SettingOrigin::Set),
            }
        }
        for flag in client {
            match flag.split_once('=') {
                Some((name, text)) => {
                    self.free(client::PROPERTIES, name.trim(), text.trim().to_owned(), SettingOrigin::Client);
                }
                None => self.problem(SettingOrigin::Client, format!("`{flag}` is not `name=value`")),
            }
        }
    }

    fn table(&mut self, section: &str, table: &DeTable<'_>, file: &FileText<'_>) {
        for (name, value) in table {
            let origin = file.origin(name);
            let path = self.present(join(section, name.get_ref()), &origin);
            if let Some(free) = free_table(&path) {
                match value.get_ref().as_table() {
                    Some(entries) => self.free_table(free, "", entries, file),
                    None => self.problem(origin, not_a_section(&path, value)),
                }
            } else if SCHEMA.sections.contains(&path) {
                match value.get_ref().as_table() {
                    Some(inner) => self.table(&path, inner, file),
                    None => self.problem(origin, not_a_section(&path, value)),
                }
            } else if let Some(key) = SCHEMA.keys.get(&path) {
                match SettingValue::read(value.get_ref()).map(|scalar| (key.accept(scalar.clone()), scalar)) {
                    Some((Ok(value), _)) => self.put(path, value, origin),
                    Some((Err(expected), found)) => {
                        self.problem(origin, wrong(&path, &found.to_toml(), &expected));
                    }
                    None => {
                        let found = value.get_ref().type_str();
                        let expected =
                            key.accept(SettingValue::Text(String::new())).err().unwrap_or_default();
                        let expected = if expected.is_empty() { "text" } else { &expected };
                        self.problem(origin, format!("`{path}` is of type {found}, expected {expected}"));
                    }
                }
            } else {
                self.problem(origin, unknown(&path));
            }
        }
    }

    /// Names with dots that were written without quotes come as tables within tables.
    fn free_table(&mut self, table: &'static str, prefix: &str, entries: &DeTable<'_>, file: &FileText<'_>) {
        for (name, value) in entries {
            let name_in_full = join(prefix, name.get_ref());
            match (value.get_ref(), SettingValue::read(value.get_ref())) {
                (DeValue::Table(inner), _) => self.free_table(table, &name_in_full, inner, file),
                (_, Some(SettingValue::Text(text))) => {
                    self.free(table, &name_in_full, text, file.origin(name))
                }
                (_, Some(scalar)) => self.free(table, &name_in_full, scalar.to_toml(), file.origin(name)),
                (found, None) => {
                    let found = found.type_str();
                    let text = format!("`{table}.{name_in_full}` is of type {found}, expected text");
                    self.problem(file.origin(name), text);
                }
            }
        }
    }

    fn text(&mut self, path: &str, text: &str, origin: SettingOrigin) {
        let path = &self.present(path.to_owned(), &origin);
        let Some(key) = SCHEMA.keys.get(path) else { return self.problem(origin, unknown(path)) };
        match key.accept(key.parse(text)) {
            Ok(value) => self.put(path.to_owned(), value, origin),
            Err(expected) => self.problem(origin, wrong(path, &format!("`{text}`"), &expected)),
        }
    }

    fn free(&mut self, table: &str, name: &str, text: String, origin: SettingOrigin) {
        if let Some(refusal) = client::refusal(table, name) {
            return self.problem(origin, refusal);
        }
        self.put(join(table, name), SettingValue::Text(text), origin);
    }

    fn put(&mut self, path: String, value: SettingValue, origin: SettingOrigin) {
        self.entries.insert(path, SettingEntry { value, origin });
    }

    /// The present path of a key; an old name is noted as a warning.
    fn present(&mut self, path: String, origin: &SettingOrigin) -> String {
        let Some(present) = renamed::present(&path) else { return path };
        let text = renamed::warning(&path, &present);
        self.warnings.push(Problem { origin: origin.clone(), text });
        present
    }

    pub(super) fn problem(&mut self, origin: SettingOrigin, text: String) {
        self.problems.push(Problem { origin, text });
    }
}

struct FileText<'a> {
    path: &'a Path,
    source: &'a str,
}

impl FileText<'_> {
    fn origin<T>(&self, spanned: &Spanned<T>) -> SettingOrigin {
        SettingOrigin::File { path: self.path.to_owned(), line: line_of(self.source, spanned) }
    }
}

/// The environment variable of a key.
pub(super) fn variable(path: &str) -> String {
    PREFIX.to_owned() + &path.to_uppercase().replace(['.', '-'], "_")
}

/// The free table and the name in it that a variable with two underscores stands for.
fn free_variable(name: &str) -> Option<(&'static str, String)> {
    FREE_TABLES.into_iter().find_map(|table| {
        let property = name.strip_prefix(&variable(table))?.strip_prefix("__")?;
        (!property.is_empty()).then(|| (table, property.to_lowercase().replace('_', ".")))
    })
}

/// Kubernetes gives every pod variables such as `TIDVAKT_SERVICE_HOST` and
/// `TIDVAKT_PORT_9464_TCP_ADDR` when a service is called `tidvakt`: nobody's mistake.
fn is_service_link(name: &str, text: &str) -> bool {
    let address = ["tcp://", "udp://", "sctp://"].iter().any(|scheme| text.starts_with(scheme));
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || ["_TCP", "_UDP", "_SCTP"].iter().any(|part| name.contains(part))
        || (name.ends_with("_PORT") && address)
}

fn wrong(path: &str, found: &str, expected: &str) -> String {
    format!("`{path}` is {found}, expected {expected}")
}

fn not_a_section(path: &str, value: &Spanned<DeValue<'_>>) -> String {
    format!("`{path}` is of type {}, expected the section `[{path}]`", value.get_ref().type_str())
}

fn unknown(path: &str) -> String {
    if let Some((rule, None)) = path.strip_prefix("rules.").map(|rest| (rest, rest.split_once('.'))) {
        let rules = SCHEMA.sections.iter().filter_map(|section| section.strip_prefix("rules."));
        return format!("no rule is called `{rule}`{}", hint(schema::nearest(rule, rules)));
    }
    let nearest = SCHEMA.nearest(path);
    if nearest.is_some() {
        return format!("no key is called `{path}`{}", hint(nearest));
    }
    let section = path.rsplit_once('.').map_or("", |(section, _)| section);
    let names: Vec<String> = SCHEMA.names_in(section).iter().map(|name| format!("`{name}`")).collect();
    match (names.is_empty(), section) {
        (true, _) => format!("no key is called `{path}`; `tidvakt schema config` lists them"),
        (false, "") => format!("no section is called `{path}`, there are {}", names.join(", ")),
        (false, _) => format!("no key is called `{path}`, in `[{section}]` there are {}", names.join(", ")),
    }
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map(|name| format!(", did you mean `{name}`?")).unwrap_or_default()
}
