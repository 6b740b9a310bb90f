//! Reads `truth.jsonl`: what was planted.

use std::path::Path;

use serde::Deserialize;

use crate::cli::exit::{Exit, Failure, OrExit};
use crate::cli::input::{InputError, InputFile, Manner, RecordKind};
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

/// A line of the file.
#[derive(Deserialize)]
struct TruthRecord {
    registration_id: String,
    pattern: String,
    actor: String,
    seconds: i64,
}

/// The lines of `truth.jsonl`.
pub(super) fn read(path: &Path) -> Result<Vec<TruthRow>, Failure> {
    let shown = path.display();
    let mut input = InputFile::open(path, RecordKind::Label, &Manner::default()).map_err(|error| match error {
        InputError::Open { .. } => Failure::from(error).remedy(
            "`tidvakt simulate` writes it beside the registrations; an empty one means that nothing is planted",
        ),
        error => error.into(),
    })?;
    let mut planted = Vec::new();
    while let Some(line) = input.next_line()? {
        let TruthRecord { registration_id, pattern, actor, seconds } = serde_json::from_slice(line.bytes)
            .or_exit(Exit::Data, format!("line {} of `{shown}` is no label", line.line))?;
        let known = simulate::pattern(&pattern);
        planted.push(TruthRow { registration_id, pattern, known, actor, seconds });
    }
    Ok(planted)
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
