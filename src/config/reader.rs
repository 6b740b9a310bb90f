//! Reads single settings, and says where one that cannot be used was written.

use std::net::SocketAddr;

use super::layers::Gathered;
use super::schema::SettingValue;

/// Kafka takes no longer topic name.
const TOPIC_CHARACTERS_MAX: usize = 249;

/// Reads values whose type and range the schema has checked.
pub(super) struct SectionReader<'a> {
    pub(super) gathered: &'a mut Gathered,
}

impl SectionReader<'_> {
    fn value(&self, path: &str) -> &SettingValue {
        &self.gathered.entries.get(path).expect("every key has a default").value
    }

    pub(super) fn text(&self, path: &str) -> String {
        match self.value(path) {
            SettingValue::Text(text) => text.clone(),
            other => unreachable!("`{path}` is text in default.toml, not {other:?}"),
        }
    }

    pub(super) fn integer<T: TryFrom<i64>>(&self, path: &str) -> T {
        let SettingValue::Integer(number) = self.value(path) else {
            unreachable!("`{path}` is a whole number in default.toml");
        };
        let fits = T::try_from(*number);
        fits.unwrap_or_else(|_| unreachable!("the range of `{path}` in default.toml is too wide"))
    }

    pub(super) fn real(&self, path: &str) -> f64 {
        match self.value(path) {
            SettingValue::Float(number) => *number,
            other => unreachable!("`{path}` is a number in default.toml, not {other:?}"),
        }
    }

    pub(super) fn flag(&self, path: &str) -> bool {
        match self.value(path) {
            SettingValue::Switch(flag) => *flag,
            other => unreachable!("`{path}` is true or false in default.toml, not {other:?}"),
        }
    }

    pub(super) fn wrong(&mut self, path: &str, text: String) {
        let origin = self.gathered.entries.get(path).expect("only given paths are wrong").origin.clone();
        self.gathered.problem(origin, text);
    }

    pub(super) fn group_id(&mut self, path: &str) -> String {
        let group_id = self.text(path);
        if group_id.is_empty() || 255 < group_id.len() || group_id.chars().any(char::is_control) {
            let text = format!("`{path}` is empty, too long or has control characters, expected a name");
            self.wrong(path, text);
        }
        group_id
    }

    /// The names and texts in a free table.
    pub(super) fn free(&self, table: &str) -> Vec<(String, String)> {
        let prefix = format!("{table}.");
        let entries = self.gathered.entries.iter();
        entries
            .filter_map(|(path, entry)| match (&entry.value, path.strip_prefix(&prefix)) {
                (SettingValue::Text(text), Some(name)) => Some((name.to_owned(), text.clone())),
                _ => None,
            })
            .collect()
    }

    pub(super) fn listen(&mut self, path: &str) -> Option<SocketAddr> {
        let text = self.text(path);
        if text.is_empty() {
            return None;
        }
        match text.parse() {
            Ok(address) => Some(address),
            Err(_) => {
                let expected = "expected an address and a port, such as `0.0.0.0:9464`, or nothing";
                self.wrong(path, format!("`{path}` is `{text}`, {expected}"));
                None
            }
        }
    }
}

/// What is wrong with a name of a topic or of an instance.
pub(super) fn name_fault(name: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty() || name == "." || name == ".." {
        return Some("expected a name".to_owned());
    }
    if TOPIC_CHARACTERS_MAX < name.chars().count() {
        return Some(format!("expected at most {TOPIC_CHARACTERS_MAX} characters"));
    }
    (!name.chars().all(allowed))
        .then(|| "expected only letters a-z and A-Z, digits, `.`, `_` and `-`".to_owned())
}

/// What this machine, or pod, calls itself.
pub(super) fn host_name() -> Option<String> {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = kernel.or_else(|| std::env::var("HOSTNAME").ok())?;
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}
