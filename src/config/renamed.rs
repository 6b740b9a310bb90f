//! Settings keys that were renamed: the old name is accepted, with a warning.

/// Old and new last part of a key's path, within the rules' sections.
const IN_RULES: &[(&str, &str)] =
    &[("borne_min", "marked_min"), ("provider_margin_log", "provider_margin_ln")];

/// The present path of a key that is given by an old name; `None` where the name is no old one.
pub(super) fn present(path: &str) -> Option<String> {
    let (section, name) = path.rsplit_once('.')?;
    let (_, present) = IN_RULES.iter().find(|(old, _)| section.starts_with("rules.") && *old == name)?;
    Some(format!("{section}.{present}"))
}

/// The old paths of the keys in `present`, for sources that name a key in capitals only.
pub(super) fn old_paths<'k>(present: impl Iterator<Item = &'k String>) -> Vec<String> {
    let old = |path: &'k String| {
        let (section, name) = path.rsplit_once('.')?;
        let (old, _) = IN_RULES.iter().find(|(_, new)| section.starts_with("rules.") && *new == name)?;
        Some(format!("{section}.{old}"))
    };
    present.filter_map(old).collect()
}

/// The sentence that names the new key.
pub(super) fn warning(old: &str, present: &str) -> String {
    format!("`{old}` is now called `{present}`; the old name still works")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::schema::SCHEMA;

    #[test]
    fn every_new_name_is_a_key_and_no_old_one_is() {
        for (old, present) in IN_RULES {
            let ends = |name: &str| SCHEMA.keys.keys().any(|path| path.ends_with(&format!(".{name}")));
            assert!(ends(present) && !ends(old), "{old} {present}");
        }
        assert_eq!(
            present("rules.rounded-times.borne_min").as_deref(),
            Some("rules.rounded-times.marked_min")
        );
        assert_eq!(present("engine.borne_min"), None);
    }
}
