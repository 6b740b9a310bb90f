//! `log.level`: one level for all, and levels of parts.
//!
//! The library that reads such a list takes every word: `degub` is to it the level `trace` of a part called `degub`,
//! and silences all others. So each word is looked at here.

use tracing_subscriber::filter::{LevelFilter, Targets};

use super::schema::nearest;

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
/// Parts that log: those of the program, and the libraries below it.
const PARTS: [&str; 17] = [
    "axum",
    "hyper",
    "librdkafka",
    "opentelemetry",
    "rdkafka",
    "tidvakt",
    "tidvakt::cli",
    "tidvakt::config",
    "tidvakt::engine",
    "tidvakt::feed",
    "tidvakt::service",
    "tidvakt::service::deliver",
    "tidvakt::service::log",
    "tidvakt::service::observe",
    "tidvakt::service::process",
    "tidvakt::simulate",
    "tokio",
];
const EXPECTED: &str = "expected `error`, `warn`, `info`, `debug` or `trace`, or `part=level` with commas";

/// The levels that `text` names.
///
/// # Errors
/// The word that is no level, or the part that there is not.
pub(super) fn parse(text: &str) -> Result<Targets, String> {
    for word in text.split(',').map(str::trim) {
        let (part, level) = word.split_once('=').map_or((None, word), |(part, level)| (Some(part), level));
        if level.is_empty() || level.parse::<LevelFilter>().is_err() {
            let near = nearest(level, LEVELS.into_iter()).map(|near| format!(", `{near}` is near"));
            return Err(format!("`{level}` is no level{}; {EXPECTED}", near.unwrap_or_default()));
        }
        if let Some(part) = part.filter(|part| !is_part(part)) {
            let near = nearest(part, PARTS.into_iter()).map(|near| format!(", `{near}` is near"));
            let parts = PARTS.map(|part| format!("`{part}`")).join(", ");
            return Err(format!(
                "there is no part `{part}`{}; expected one of {parts}",
                near.unwrap_or_default()
            ));
        }
    }
    text.parse().map_err(|_| EXPECTED.to_owned())
}

/// One of the parts, or what lies within one that is not divided further.
fn is_part(part: &str) -> bool {
    PARTS.contains(&part)
        || PARTS.iter().any(|known| {
            let is_divided = PARTS.iter().any(|other| other.len() > known.len() && other.starts_with(known));
            !is_divided && part.strip_prefix(known).is_some_and(|rest| rest.starts_with("::"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_word_is_no_level_and_no_part() {
        for (text, word) in [
            ("degub", "`degub` is no level; expected"),
            ("debg", "`debg` is no level, `debug` is near"),
            ("", "`` is no level"),
            ("info,", "`` is no level"),
            ("tidvakt=loud", "`loud` is no level"),
            ("info,tidvakt::servce=debug", "there is no part `tidvakt::servce`, `tidvakt::service` is near"),
            ("tidvakt::service::nothing=debug", "there is no part `tidvakt::service::nothing`"),
        ] {
            let fault = parse(text).expect_err(text);
            assert!(fault.contains(word), "{text}: {fault}");
        }
    }

    #[test]
    fn levels_and_parts_that_there_are() {
        for text in [
            "info",
            "WARN",
            "off",
            "info,librdkafka=warn",
            "tidvakt::service::log::kafka::group=trace",
            "error, tidvakt=debug",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn the_parts_of_the_program_are_its_folders() {
        let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        for part in PARTS.iter().filter_map(|part| part.strip_prefix("tidvakt::")) {
            assert!(source.join(part.replace("::", "/")).is_dir(), "there is no `{part}`");
        }
    }
}
