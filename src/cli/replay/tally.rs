//! What became of the lines of each file, and whether a file was a wrong one.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::cli::exit::{Exit, Failure};
use crate::cli::input::{RecordKind, Refusal, Seems, is_windows_1252, seems};

/// Refused lines that are shown with their reason.
const SHOWN_MAX: usize = 3;
/// Refused lines whose content is classified, to name the reason.
const LOOKED_AT_MAX: u64 = 50;

/// The lines of one file.
#[derive(Debug)]
struct FileTally {
    path: PathBuf,
    kind: RecordKind,
    lines: u64,
    refused: u64,
    /// The first refused lines: where, and why.
    first: Vec<(u64, Refusal)>,
    reasons: BTreeMap<&'static str, u64>,
    /// What refused lines seem to be.
    seeming: BTreeMap<Seems, u64>,
    windows_1252: u64,
}

impl FileTally {
    fn new(path: &Path, kind: RecordKind) -> Self {
        Self {
            path: path.to_owned(),
            kind,
            lines: 0,
            refused: 0,
            first: Vec::new(),
            reasons: BTreeMap::new(),
            seeming: BTreeMap::new(),
            windows_1252: 0,
        }
    }

    fn refuse(&mut self, line: u64, refusal: &Refusal, bytes: &[u8]) {
        self.refused += 1;
        *self.reasons.entry(refusal.reason).or_default() += 1;
        if self.first.len() < SHOWN_MAX {
            self.first.push((line, refusal.clone()));
        }
        if is_windows_1252(bytes) {
            self.windows_1252 += 1;
        }
        if self.refused <= LOOKED_AT_MAX
            && let Ok(object) = serde_json::from_slice::<Map<String, Value>>(bytes)
            && let Some(seems) = seems(&object)
        {
            *self.seeming.entry(seems).or_default() += 1;
        }
    }

    /// Was no line usable, or less than half of them?
    fn is_wrong(&self) -> bool {
        self.lines < 2 * self.refused
    }

    /// Which lines can't be used, with the first reasons.
    fn complaint(&self) -> String {
        let (path, kind) = (self.path.display(), self.kind.plural());
        let (lines, refused) = (self.lines, self.refused);
        let mut text = match (lines, refused) {
            (1, 1) => format!("the only line of `{path}` can't be used: {kind} are expected there"),
            _ if lines == refused => format!("none of the {lines} lines of `{path}` can be used as {kind}"),
            _ => format!("{refused} of the {lines} lines of `{path}` can't be used as {kind}"),
        };
        for (line, Refusal { reason, detail }) in &self.first {
            let _ = write!(text, "\n  line {line}: {reason}: {detail}");
        }
        let more = refused - self.first.len() as u64;
        if 0 < more {
            let _ = write!(text, "\n  and {more} more");
        }
        text
    }

    /// What would help.
    fn help(&self) -> String {
        let looked_at = self.refused.min(LOOKED_AT_MAX);
        let seeming = self.seeming.iter().max_by_key(|(_, count)| **count);
        if let Some((seems, _)) =
            seeming.filter(|(seems, count)| looked_at <= 2 * **count && **seems != Seems::Record(self.kind))
        {
            return elsewhere(*seems).to_owned();
        }
        if self.refused <= 2 * self.windows_1252 {
            return "the file is not UTF-8 but Windows-1252: save it as UTF-8, or convert it with `iconv -f \
                    WINDOWS-1252 -t UTF-8`"
                .to_owned();
        }
        let most = self.reasons.iter().max_by_key(|(_, count)| **count).map_or("", |(reason, _)| reason);
        advice(most).unwrap_or("`--quarantine FILE` writes them all out with their reasons").to_owned()
    }
}

/// Where a file of another kind belongs.
fn elsewhere(seems: Seems) -> &'static str {
    match seems {
        Seems::Record(RecordKind::Registration) => {
            "these are registrations: name the file without a flag, as `tidvakt replay FILE`"
        }
        Seems::Record(RecordKind::Fact) => "these are reference facts: name the file with `--reference FILE`",
        Seems::Record(RecordKind::Decision) => "these are decisions: name the file with `--decisions FILE`",
        Seems::Record(RecordKind::Label) => {
            "these are the labels of a simulated municipality: `tidvakt evaluate DIR`"
        }
        Seems::Alert => {
            "these are alerts, which the program writes: name the file with the records behind them"
        }
        Seems::Assessment => {
            "these are assessments, which the program writes: name the file with the registrations"
        }
    }
}

/// What helps against most refusals for `reason`.
fn advice(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "bad-time" => {
            "times need an offset, as in `2026-03-02T08:00:00+01:00`; `--time-zone Europe/Stockholm` reads those without"
        }
        "ambiguous-time" => {
            "a column of the export, mapped to `start_at.offset`, can say which of the two it is"
        }
        "missing-field" | "unknown-value" | "unknown-schema-version" => {
            "`--map FILE` gives the columns and words of an own export their names in the contract"
        }
        "older-than-kept" => {
            "lines have to be in order of the time at which they were sent: sort the file by it"
        }
        "in-the-future" => "the times of these lines lie far ahead of the lines around them",
        "open-quote" => "a quote within a cell is written twice, and the cell within quotes",
        "end-before-start" => "an end after midnight needs the date of its own day",
        "bad-row" => {
            "each row has as many cells as the header; a cell with a delimiter or a line break is quoted"
        }
        "rounded-id" | "bad-municipality" => {
            "format columns with ids and codes as text in the spreadsheet, before anything is typed or pasted there"
        }
        "personal-id" => {
            "ids are pseudonyms: replace personal identity numbers before the file is given here"
        }
        _ => return None,
    })
}

/// The lines of all files.
#[derive(Debug, Default)]
pub(super) struct Tallies {
    files: Vec<FileTally>,
    /// Refused lines by reason.
    pub(super) reasons: BTreeMap<&'static str, u64>,
    notes: Vec<String>,
    /// Lines whose time the lines after them did not confirm, and the first of them.
    leaping: u64,
    first_leap: Option<String>,
}

impl Tallies {
    /// A file begins; answers with its place.
    pub(super) fn begin(&mut self, path: &Path, kind: RecordKind) -> usize {
        self.files.push(FileTally::new(path, kind));
        self.files.len() - 1
    }

    /// Something that was noticed about the file at `path`.
    pub(super) fn note(&mut self, path: &Path, note: &str) {
        self.notes.push(format!("`{}`: {note}", path.display()));
    }

    /// A line was read.
    pub(super) fn line(&mut self, file: usize) {
        self.files[file].lines += 1;
    }

    /// A line names a time far ahead of the lines around it.
    pub(super) fn leap(&mut self, file: usize, line: u64) {
        self.leaping += 1;
        let path = &self.files[file].path;
        self.first_leap.get_or_insert_with(|| format!("line {line} of `{}`", path.display()));
    }

    /// A line can't be used.
    pub(super) fn refuse(&mut self, file: usize, line: u64, refusal: &Refusal, bytes: &[u8]) {
        *self.reasons.entry(refusal.reason).or_default() += 1;
        self.files[file].refuse(line, refusal, bytes);
    }

    /// The path of a file.
    pub(super) fn path(&self, file: usize) -> &Path {
        &self.files[file].path
    }

    /// Lines that can't be used.
    pub(super) fn refused(&self) -> u64 {
        self.reasons.values().sum()
    }

    /// What is to be said of files beside the counts.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = self.notes.clone();
        let empty = |file: &&FileTally| file.lines == 0;
        notes.extend(
            self.files.iter().filter(empty).map(|file| format!("`{}`: holds no record", file.path.display())),
        );
        let foreign = |file: &&FileTally| 0 < file.windows_1252;
        notes.extend(self.files.iter().filter(foreign).map(|file| {
            let (path, lines) = (file.path.display(), file.windows_1252);
            format!("`{path}`: refused lines that are Windows-1252 and not UTF-8: {lines}")
        }));
        if let Some(first) = &self.first_leap {
            notes.push(match self.leaping {
                1 => format!("{first} names a time far ahead of the lines around it, and is judged by theirs"),
                more => format!(
                    "{more} lines name times far ahead of the lines around them, and are judged by those: first {first}"
                ),
            });
        }
        notes
    }

    /// Fails where a file was a wrong one: no line of it could be used, or less than half. Of files of the `strict`
    /// kinds every line has to be usable.
    pub(super) fn verdict(&self, strict: &[RecordKind]) -> Result<(), Failure> {
        let wrong: Vec<&FileTally> = self.files.iter().filter(|file| file.is_wrong()).collect();
        if let [first, ..] = wrong[..] {
            let complaints: Vec<String> = wrong.iter().map(|file| file.complaint()).collect();
            return Err(Failure::new(Exit::Data, complaints.join("\n")).remedy(first.help()));
        }
        for kind in [RecordKind::Registration, RecordKind::Fact] {
            let mut files = self.files.iter().filter(|file| file.kind == kind).peekable();
            if let Some(first) = files.peek().map(|file| file.path.display().to_string())
                && files.all(|file| file.lines == 0)
            {
                let text = format!("`{first}` holds no record, {} are expected there", kind.plural());
                return Err(Failure::new(Exit::Data, text).remedy("look at what was to be written there"));
            }
        }
        let is_refused = |file: &&FileTally| 0 < file.refused && strict.contains(&file.kind);
        let complaints: Vec<String> =
            self.files.iter().filter(is_refused).map(FileTally::complaint).collect();
        if complaints.is_empty() {
            return Ok(());
        }
        Err(Failure::new(Exit::Data, complaints.join("\n"))
            .remedy("`--quarantine FILE` writes them out with the reasons"))
    }
}
