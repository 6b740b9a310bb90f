//! Files of another kind than is read here, known by how they begin.
//!
//! Every line of such a file would be refused for a reason of its own that helps nobody. What is named here is
//! certain: where it is not, the lines are read, and each is refused or taken by itself.

use super::fields::FieldSet;
use super::map::ColumnMap;

/// What a file is instead, and what would help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// As in "this is an Excel workbook".
    pub is: String,
    /// What would help.
    pub help: String,
}

impl Wrong {
    fn new(is: impl Into<String>, help: impl Into<String>) -> Self {
        Self { is: is.into(), help: help.into() }
    }

    /// A file whose name promises a compression that it has not.
    pub(super) fn packing(ending: &str, packing: &str, empty: bool) -> Self {
        let is = if empty { "is empty".to_owned() } else { "is something else".to_owned() };
        Self::new(
            format!("no {packing} file, although it is called `{ending}`: it {is}"),
            format!("write it anew, or take `{ending}` off its name if it was never packed"),
        )
    }
}

const SAVE_AS_CSV: &str = "save it as \"CSV UTF-8\" in the spreadsheet program";
const UNPACK: &str = "unpack it first; .gz and .zst are read as they are";
const TO_UTF8: &str = "save it as UTF-8 (in a spreadsheet \"CSV UTF-8\"), or convert it: \
                       `iconv -f FROM -t UTF-8 FILE > NEW`";

/// First bytes that leave no doubt.
const MAGIC: &[(&[u8], &str, &str)] = &[
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook or another old Office file", SAVE_AS_CSV),
    (b"\x7fELF", "a program (ELF)", "give the file with the records"),
    (b"MZ\x90", "a program for Windows", "give the file with the records"),
    (b"%PDF-", "a PDF", "ask for the table behind it as CSV or JSON Lines"),
    (b"PAR1", "a Parquet file", "write it as JSON Lines or CSV"),
    (b"Obj\x01", "an Avro file", "write it as JSON Lines or CSV"),
    (b"SQLite format 3\0", "an SQLite database", "write the table as JSON Lines or CSV"),
    (b"\xfd7zXZ\0", "packed with xz", UNPACK),
    (b"BZh", "packed with bzip2", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (b"\x04\x22\x4d\x18", "packed with LZ4", UNPACK),
    (b"\x1f\x8b", "packed twice with gzip", "unpack it once"),
    (b"\x28\xb5\x2f\xfd", "packed twice with zstd", "unpack it once"),
    (b"{\\rtf", "an RTF text", "save it as plain text, as UTF-8"),
    (b"\xff\xfe\0\0", "UTF-32", TO_UTF8),
    (b"\0\0\xfe\xff", "UTF-32", TO_UTF8),
];

/// Is a file with this beginning, unpacked and without a byte-order mark, of a kind that is not read? `whole` is
/// true where there is no more of it.
pub(super) fn recognise(
    head: &[u8],
    whole: bool,
    is_csv: bool,
    known: (&FieldSet, &ColumnMap),
) -> Option<Wrong> {
    let magic = MAGIC.iter().find(|(magic, ..)| head.starts_with(magic));
    magic
        .map(|(_, is, help)| Wrong::new(*is, *help))
        .or_else(|| archive(head))
        .or_else(|| utf16(head))
        .or_else(|| binary(head))
        .or_else(|| windows_1252(head, whole))
        .or_else(|| line_ends(head))
        .or_else(|| markup(head))
        .or_else(|| if is_csv { json(head) } else { array(head).or_else(|| table(head, known)) })
}

fn contains(head: &[u8], what: &[u8]) -> bool {
    head.windows(what.len()).any(|window| window == what)
}

fn archive(head: &[u8]) -> Option<Wrong> {
    if !head.starts_with(b"PK\x03\x04") {
        return None;
    }
    Some(if contains(head, b"opendocument.spreadsheet") {
        Wrong::new("an OpenDocument spreadsheet", SAVE_AS_CSV)
    } else if contains(head, b"word/") || contains(head, b"ppt/") {
        Wrong::new("an Office document", "give the file with the records")
    } else if contains(head, b"xl/") || contains(head, b"[Content_Types].xml") {
        Wrong::new("an Excel workbook", SAVE_AS_CSV)
    } else {
        Wrong::new("a ZIP archive", UNPACK)
    })
}

fn utf16(head: &[u8]) -> Option<Wrong> {
    let marked = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    let zeros = |parity: usize| head.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    // Text that is mostly Latin has a zero in every other byte and in no other.
    let (even, odd) = (zeros(0), zeros(1));
    let spread = 8 <= head.len() && head.len() < 3 * even.max(odd) && even.min(odd) * 20 < head.len();
    (marked || spread).then(|| {
        let form = if head.starts_with(b"\xfe\xff") || odd < even { "UTF-16BE" } else { "UTF-16LE" };
        Wrong::new("UTF-16", TO_UTF8.replace("FROM", form))
    })
}

/// Neither text nor anything with a name: hardly any line is text. A line of JSON or CSV has no control characters.
fn binary(head: &[u8]) -> Option<Wrong> {
    let is_control = |byte: &&u8| matches!(byte, 0..=8 | 14..=31);
    let is_text = |line: &[u8]| {
        let is_record = line.starts_with(b"{") || 16 <= line.len();
        is_record && std::str::from_utf8(line).is_ok() && line.iter().all(|byte| !is_control(&byte))
    };
    let strange = head.iter().filter(is_control).count();
    let is_binary = head.len() < 20 * strange && !head.split(|byte| *byte == b'\n').any(is_text);
    is_binary.then(|| Wrong::new("no text but binary data", "give the file with the records"))
}

/// Letters of Swedish as one byte each; in UTF-8 they are two.
fn is_swedish_byte(byte: u8) -> bool {
    matches!(byte, 0xc4 | 0xc5 | 0xd6 | 0xe4 | 0xe5 | 0xf6 | 0xe9 | 0xc9 | 0xfc | 0xdc)
}

/// Is `line` text in Windows-1252 (or ISO 8859-1, which is the same for letters) and not in UTF-8?
pub(in crate::cli) fn is_windows_1252(line: &[u8]) -> bool {
    std::str::from_utf8(line).is_err()
        && line.iter().filter(|byte| !byte.is_ascii()).all(|byte| is_swedish_byte(*byte))
}

fn windows_1252(head: &[u8], whole: bool) -> Option<Wrong> {
    let mut lines: Vec<&[u8]> = head.split(|byte| *byte == b'\n').collect();
    // The last one may be cut within a letter.
    if !whole {
        lines.pop();
    }
    let foreign = lines.iter().filter(|line| !line.is_ascii());
    let (mut strange, mut all) = (0, true);
    foreign.for_each(|line| {
        strange += 1;
        all &= is_windows_1252(line);
    });
    let header = lines.first().is_some_and(|line| is_windows_1252(line));
    (all && (header || 2 <= strange))
        .then(|| Wrong::new("not UTF-8 but Windows-1252", TO_UTF8.replace("FROM", "WINDOWS-1252")))
}

fn line_ends(head: &[u8]) -> Option<Wrong> {
    let (feeds, returns) = (head.contains(&b'\n'), head.iter().filter(|byte| **byte == b'\r').count());
    (!feeds && 2 <= returns).then(|| {
        Wrong::new(
            "a file whose lines end with a carriage return alone",
            "save it with line feeds: `tr '\\r' '\\n' < FILE > NEW`",
        )
    })
}

fn markup(head: &[u8]) -> Option<Wrong> {
    let text = head.trim_ascii_start();
    let is_html = text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"<html"))
        || text.get(..9).is_some_and(|start| start.eq_ignore_ascii_case(b"<!doctype"));
    text.starts_with(b"<").then(|| {
        let is = if is_html { "a web page (HTML)" } else { "XML" };
        Wrong::new(is, "ask for the records as JSON Lines or CSV; a page may be an error or a log-in form")
    })
}

/// JSON where CSV is meant.
fn json(head: &[u8]) -> Option<Wrong> {
    let is_object = head.trim_ascii_start().starts_with(b"{");
    let lines = || Wrong::new("JSON Lines, although it is called `.csv`", "call it `.jsonl`");
    array(head).or_else(|| is_object.then(lines))
}

/// JSON that is not one record a line.
fn array(head: &[u8]) -> Option<Wrong> {
    let text = head.trim_ascii_start();
    let inner = text.strip_prefix(b"[").map(<[u8]>::trim_ascii_start);
    if inner.is_some_and(|inner| matches!(inner.first(), Some(b'{' | b']'))) {
        let help = "write one record a line: `jq -c '.[]' FILE > NEW.jsonl`";
        return Some(Wrong::new("one JSON array", help));
    }
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    let inner = text.strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    (first == b"{" && inner.is_some_and(|inner| inner.starts_with(b"\"")))
        .then(|| Wrong::new("JSON over several lines", "write one record a line: `jq -c . FILE > NEW.jsonl`"))
}

/// CSV where JSON Lines are meant: names of columns first, and as many cells in the next line.
fn table(head: &[u8], (fields, map): (&FieldSet, &ColumnMap)) -> Option<Wrong> {
    let text = head.trim_ascii_start();
    let mut lines = text.split(|byte| *byte == b'\n');
    let (first, second) = (lines.next()?, lines.next().unwrap_or_default());
    if text.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"{")) {
        return None;
    }
    let first = std::str::from_utf8(first).ok()?.trim_end();
    [';', ',', '\t'].into_iter().find_map(|delimiter| {
        let names: Vec<&str> = first.split(delimiter).map(|name| name.trim().trim_matches('"')).collect();
        let known = |name: &&&str| fields.is_column(name) || map.has_column(name);
        let is_header = 2 <= names.iter().filter(known).count();
        let cells = second.iter().filter(|byte| char::from(**byte) == delimiter).count() + 1;
        let is_table =
            3 <= names.len() && cells == names.len() && !second.trim_ascii_start().starts_with(b"{");
        (is_header || is_table).then(|| Wrong::new("CSV, although it is not called so", "call it `.csv`"))
    })
}
