//! Reads `truth.jsonl`: what was planted.

use std::path::Path;

use serde::Deserialize;

use crate::cli::exit::{Exit, Failure, OrExit};
use crate::simulate::{self, Pattern};

/// One planted registration.
#[derive(Debug)]
pub(super) struct TruthRow {
    pub(super) registration_id: String,
    /// The pattern's name, known to this program or not.
    pub(super) pattern: String,
    pub(super) known: Option<&'static Pattern>,
    pub(super) actor: String,
    /// Registered or billed seconds that were not worked.
    pub(super) seconds: i64,
}

#[derive(Deserialize)]
struct Line {
    registration_id: String,
    pattern: String,
    actor: String,
    seconds: i64,
}

/// The lines of `truth.jsonl`.
pub(super) fn read(path: &Path) -> Result<Vec<TruthRow>, Failure> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .or_exit(Exit::NoInput, format!("`{shown}` can't be read"))
        .map_err(|failure| {
            failure.remedy("`tidvakt simulate` writes it beside the registrations; an empty one means that nothing is planted")
        })?;
    let parse = |(number, line): (usize, &str)| {
        let Line { registration_id, pattern, actor, seconds } = serde_json::from_str(line)
            .or_exit(Exit::Data, format!("line {} of `{shown}` is no label", number + 1))?;
        let known = simulate::pattern(&pattern);
        Ok(TruthRow { registration_id, pattern, known, actor, seconds })
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(parse).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail and say why")]

    use super::*;

    #[test]
    fn labels_are_read_and_faults_are_reported_with_their_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("truth.jsonl");
        let failure = read(&path).unwrap_err();
        assert_eq!(failure.exit, Exit::NoInput);
        let line = r#"{"registration_id":"R-1","pattern":"padding","actor":"carer-1","seconds":300}"#;
        std::fs::write(&path, format!("{line}\n\n")).unwrap();
        let planted = read(&path).unwrap();
        assert_eq!(planted.len(), 1);
        assert_eq!(planted[0].known.unwrap().rule, "padding-rate");
        std::fs::write(&path, format!("{line}\n{{}}\n")).unwrap();
        let failure = read(&path).unwrap_err();
        assert!(failure.exit == Exit::Data && failure.to_string().contains("line 2"), "{failure}");
    }
}
