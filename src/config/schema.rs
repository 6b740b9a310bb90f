//! What keys there are: read from `config/default.toml`, the only place that lists them.
//!
//! A key's type is that of its default; its limits are written in the comment above it, as
//! `# Range: 60 to 730 days.` or `# One of: weaker, both.`, so that what people read is what holds.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The defaults, with every key explained.
pub const DEFAULT_TOML: &str = include_str!("../../config/default.toml");

/// Tables whose keys are anybody's: names of librdkafka's properties.
pub(super) const FREE_TABLES: [&str; 2] = ["kafka.client", "kafka.secret_files"];

pub(super) static SCHEMA: LazyLock<SettingSchema> = LazyLock::new(|| SettingSchema::read(DEFAULT_TOML));

/// A plain value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum SettingValue {
    Text(String),
    Integer(i64),
    Float(f64),
    Switch(bool),
}

impl SettingValue {
    /// The value as TOML writes it.
    pub(super) fn to_toml(&self) -> String {
        match self {
            Self::Text(text) => toml::Value::from(text.as_str()).to_string(),
            Self::Integer(number) => number.to_string(),
            Self::Float(number) => toml::Value::from(*number).to_string(),
            Self::Switch(on) => on.to_string(),
        }
    }

    pub(super) fn to_value(&self) -> toml::Value {
        match self {
            Self::Text(text) => toml::Value::from(text.as_str()),
            Self::Integer(number) => toml::Value::from(*number),
            Self::Float(number) => toml::Value::from(*number),
            Self::Switch(on) => toml::Value::from(*on),
        }
    }

    /// The plain value in `value`; `None` for tables, lists, times and numbers out of bounds.
    pub(super) fn read(value: &DeValue<'_>) -> Option<Self> {
        match value {
            DeValue::String(text) => Some(Self::Text(text.to_string())),
            DeValue::Integer(number) => {
                i64::from_str_radix(number.as_str(), number.radix()).ok().map(Self::Integer)
            }
            DeValue::Float(number) => number.as_str().parse().ok().map(Self::Float),
            DeValue::Boolean(on) => Some(Self::Switch(*on)),
            DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
        }
    }
}

/// What values a key takes beside its type.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Limit {
    None,
    Range { min: f64, max: f64, text: String },
    OneOf(Vec<String>),
}

impl Limit {
    /// Reads the limit from the comment lines above a key.
    fn read(comments: &[&str]) -> Self {
        for comment in comments {
            if let Some(text) = comment.strip_prefix("# Range: ") {
                let text = text.trim_end_matches('.');
                let (min, rest) = text.split_once(" to ").expect("default.toml: a range is `A to B`");
                let max = rest.split([' ', ',']).next().unwrap_or(rest);
                let number = |text: &str| text.parse().expect("default.toml: a range has numbers");
                return Self::Range { min: number(min), max: number(max), text: text.to_owned() };
            }
            if let Some(text) = comment.strip_prefix("# One of: ") {
                return Self::OneOf(text.trim_end_matches('.').split(", ").map(str::to_owned).collect());
            }
        }
        Self::None
    }
}

/// A key that there is.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) default: SettingValue,
    pub(super) limit: Limit,
}

impl Key {
    /// `found` as a value of this key, or what was expected instead.
    pub(super) fn accept(&self, found: SettingValue) -> Result<SettingValue, String> {
        let found = match (&self.default, found) {
            (SettingValue::Float(_), SettingValue::Integer(number)) => SettingValue::Float(number as f64),
            (_, found) => found,
        };
        if std::mem::discriminant(&self.default) != std::mem::discriminant(&found) {
            return Err(self.expected());
        }
        let fits = match (&self.limit, &found) {
            (Limit::Range { min, max, .. }, SettingValue::Integer(number)) => {
                *min <= *number as f64 && *number as f64 <= *max
            }
            // Not a number lies in no range.
            (Limit::Range { min, max, .. }, SettingValue::Float(number)) => min <= number && number <= max,
            (Limit::OneOf(choices), SettingValue::Text(text)) => choices.contains(text),
            _ => true,
        };
        if fits { Ok(found) } else { Err(self.expected()) }
    }

    /// Text from the environment or a flag as a value of this key's type; text stays as it is.
    pub(super) fn parse(&self, text: &str) -> SettingValue {
        let typed = match &self.default {
            SettingValue::Text(_) => None,
            SettingValue::Integer(_) => text.trim().parse().ok().map(SettingValue::Integer),
            SettingValue::Float(_) => text.trim().parse().ok().map(SettingValue::Float),
            SettingValue::Switch(_) => text.trim().parse().ok().map(SettingValue::Switch),
        };
        typed.unwrap_or_else(|| SettingValue::Text(text.to_owned()))
    }

    fn expected(&self) -> String {
        let kind = match &self.default {
            SettingValue::Text(_) => "text",
            SettingValue::Integer(_) => "a whole number",
            SettingValue::Float(_) => "a number",
            SettingValue::Switch(_) => "`true` or `false`",
        };
        match &self.limit {
            Limit::None => kind.to_owned(),
            Limit::Range { text, .. } => format!("{kind}, {text}"),
            Limit::OneOf(choices) => {
                let quoted: Vec<String> = choices.iter().map(|choice| format!("`{choice}`")).collect();
                format!("one of {}", quoted.join(", "))
            }
        }
    }
}

/// All keys and sections that there are.
pub(super) struct SettingSchema {
    /// By path: `engine.zone`.
    pub(super) keys: BTreeMap<String, Key>,
    /// By path: `engine`, `rules`, `rules.carer-overlap`.
    pub(super) sections: Vec<String>,
    /// What the free tables hold: their path, a name, its text.
    pub(super) free: Vec<(&'static str, String, String)>,
}

impl SettingSchema {
    fn read(source: &str) -> Self {
        let table = DeTable::parse(source).expect("default.toml is part of the program and is TOML");
        let mut schema = Self { keys: BTreeMap::new(), sections: Vec::new(), free: Vec::new() };
        schema.walk("", table.get_ref(), source);
        schema
    }

    fn walk(&mut self, section: &str, table: &DeTable<'_>, source: &str) {
        for (name, value) in table {
            let path = join(section, name.get_ref());
            if let Some(free) = free_table(&path) {
                let entries = value.get_ref().as_table().expect("default.toml: free tables are tables");
                for (name, value) in entries {
                    let text = value.get_ref().as_str().expect("default.toml: free tables hold text");
                    self.free.push((free, name.get_ref().to_string(), text.to_owned()));
                }
                continue;
            }
            if let Some(table) = value.get_ref().as_table() {
                self.sections.push(path.clone());
                self.walk(&path, table, source);
                continue;
            }
            let default = SettingValue::read(value.get_ref()).expect("default.toml holds plain values");
            let limit = Limit::read(&comments_above(source, name.span().start));
            self.keys.insert(path, Key { default, limit });
        }
    }

    /// The known key or section that `path` was most likely meant to be.
    pub(super) fn nearest(&self, path: &str) -> Option<&str> {
        let names = self.keys.keys().chain(&self.sections).map(String::as_str);
        nearest(path, names.chain(FREE_TABLES))
    }

    /// The keys right under `section`, for a message.
    pub(super) fn names_in(&self, section: &str) -> Vec<&str> {
        let inside = |path: &&str| path.rsplit_once('.').map_or("", |(parent, _)| parent) == section;
        let mut paths: Vec<&str> = self.keys.keys().chain(&self.sections).map(String::as_str).collect();
        paths.extend(FREE_TABLES);
        paths.retain(inside);
        paths.iter().map(|path| path.rsplit_once('.').map_or(*path, |(_, name)| name)).collect()
    }
}

/// `section.name`, or `name` at the top.
pub(super) fn join(section: &str, name: &str) -> String {
    if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") }
}

/// The free table that `path` names.
pub(super) fn free_table(path: &str) -> Option<&'static str> {
    FREE_TABLES.into_iter().find(|free| *free == path)
}

/// The comment lines right above the line that `offset` lies in.
pub(super) fn comments_above(source: &str, offset: usize) -> Vec<&str> {
    let line_start = source[..offset].rfind('\n').map_or(0, |at| at + 1);
    source[..line_start].lines().rev().take_while(|line| line.starts_with('#')).collect()
}

/// The line that `offset` lies in, counted from 1.
pub(super) fn line_of<T>(source: &str, spanned: &Spanned<T>) -> usize {
    source[..spanned.span().start.min(source.len())].matches('\n').count() + 1
}

/// The candidate with the fewest changed letters, where they are few.
pub(super) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let changes_max = (name.chars().count() / 4).clamp(1, 4);
    candidates
        .map(|candidate| (changes(name, candidate), candidate))
        .filter(|(changes, _)| *changes <= changes_max)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Letters to put in, take out or replace to make `right` of `left` (Levenshtein distance).
fn changes(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, letter) in left.chars().enumerate() {
        let mut diagonal = above;
        row[0] = above + 1;
        for (at, other) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[at + 1];
            row[at + 1] = replaced.min(row[at] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
