//! From bytes to a record, or to the reason of its rejection.
//!
//! The bytes are validated as UTF-8 once and read into borrowed fields. The reason is looked for only when
//! that fails, so that a good record does not pay for explanations.

use serde::Deserialize;
use serde::de::{Error as _, IgnoredAny};
use serde_json::error::Category;

use super::checks::{DEPTH_MAX, brackets, too_deep};
use super::scalar::whole;
use super::text::Object;
use crate::domain::{Reason, Rejection};

/// The version of every record's shape.
pub(super) const SCHEMA_VERSION: u64 = 1;

/// Depth of the known fields of a registration: the registration, its capture, the position.
const KNOWN_DEPTH_MAX: usize = 3;

/// Reads a record of at most `bytes_max` bytes: size, UTF-8, JSON, shape, depth.
pub(super) fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8], bytes_max: usize) -> Result<T, Rejection> {
    let text = text(bytes, bytes_max)?;
    let record = object(text)?;
    check_depth(text, 0)?;
    Ok(record)
}

/// The record that `text`, an object, stands for; its depth is not checked.
pub(super) fn object<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Rejection> {
    match serde_json::from_str(text) {
        Ok(Object(record)) => Ok(record),
        Err(error) => Err(explain(text, &error)),
    }
}

/// The text of a record of at most `bytes_max` bytes that seems to be an object.
pub(super) fn text(bytes: &[u8], bytes_max: usize) -> Result<&str, Rejection> {
    if bytes.len() > bytes_max {
        return Err(too_large(bytes.len(), bytes_max));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error.valid_up_to()))?;
    if first_mark(text) == Some(b'{') { Ok(text) } else { Err(no_object(text)) }
}

/// Only unknown fields can nest too deep, and serde_json skips those without recursion. `known` is the number
/// of objects and arrays among the known fields (0 where not counted): where the text has few brackets beyond
/// those, it is not searched.
pub(super) fn check_depth(text: &str, known: usize) -> Result<(), Rejection> {
    if brackets(text) > known + DEPTH_MAX - KNOWN_DEPTH_MAX && too_deep(text) {
        return Err(nested());
    }
    Ok(())
}

/// First byte that is not JSON's white space.
fn first_mark(text: &str) -> Option<u8> {
    text.bytes().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

#[cold]
fn too_large(bytes: usize, bytes_max: usize) -> Rejection {
    Rejection::new(Reason::TooLarge, format!("the record has {bytes} bytes, at most {bytes_max} are read"))
}

#[cold]
fn nested() -> Rejection {
    Rejection::new(Reason::TooDeep, format!("nested deeper than {DEPTH_MAX} objects and arrays"))
}

#[cold]
fn not_utf8(bytes: &[u8], valid: usize) -> Rejection {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return byte_order_mark();
    }
    Rejection::new(Reason::NotUtf8, format!("the byte at position {valid} is not UTF-8"))
}

fn byte_order_mark() -> Rejection {
    Rejection::new(Reason::ByteOrderMark, "begins with a byte-order mark, expected `{`")
}

#[cold]
fn no_object(text: &str) -> Rejection {
    if first_mark(text).is_none() {
        return empty();
    }
    if text.starts_with('\u{feff}') {
        return byte_order_mark();
    }
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => Rejection::new(Reason::NotObject, "JSON, but no object"),
        Err(error) => not_json(&error),
    }
}

/// A record without content.
pub(super) fn empty() -> Rejection {
    Rejection::new(Reason::Empty, "the record has no content")
}

fn not_json(error: &serde_json::Error) -> Rejection {
    // These texts are serde_json's own and never repeat what was read.
    let text = error.to_string();
    let reason = if text.starts_with("number out of range") { Reason::BadField } else { Reason::NotJson };
    Rejection::new(reason, text)
}

/// Why `text` could not be read, without repeating its content.
#[cold]
fn explain(text: &str, error: &serde_json::Error) -> Rejection {
    if too_deep(text) {
        return nested();
    }
    if error.classify() != Category::Data {
        return not_json(error);
    }
    // The first error need not be the gravest: the shape is reported only where the text is JSON.
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        return not_json(&error);
    }
    if let Some(version) = other_version(text) {
        return Rejection::new(
            Reason::SchemaVersion,
            format!("`schema_version` is {version}, expected {SCHEMA_VERSION}"),
        );
    }
    classify(error, &path(text, error))
}

/// Another version may have another shape: then the version is the reason, whatever failed first.
fn other_version(text: &str) -> Option<u64> {
    #[derive(Deserialize)]
    struct VersionProbe {
        schema_version: serde_json::Value,
    }
    let probe = serde_json::from_str::<VersionProbe>(text).ok()?;
    whole::<u64, _>(probe.schema_version).ok().filter(|&version| version != SCHEMA_VERSION)
}

/// The rejection for an error about the shape; `path` is the field at which it occurred.
pub(super) fn classify(error: &serde_json::Error, path: &str) -> Rejection {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(&*text, |(text, _)| text);
    if let Some(field) = text.strip_prefix("missing field `") {
        return Rejection::new(Reason::MissingField, format!("`{} is missing", within(path, field)));
    }
    if let Some(field) = text.strip_prefix("duplicate field `") {
        return Rejection::new(Reason::DuplicateField, format!("`{field} stands there twice"));
    }
    for reason in [Reason::BadTime, Reason::UnknownValue, Reason::SchemaVersion, Reason::TooMany] {
        if let Some(text) = text.strip_prefix(reason.code()).and_then(|text| text.strip_prefix(": ")) {
            return Rejection::new(reason, format!("`{path}`: {text}"));
        }
    }
    // The text in front of this is what was found, which may be personal; what was expected never is.
    let expected = match text.rsplit_once("expected ").map_or("another type", |(_, expected)| expected) {
        "u8" | "u16" | "u32" | "u64" | "i32" | "i64" => "a whole number in range",
        "f64" => "a number",
        other => other,
    };
    Rejection::new(Reason::BadField, format!("`{path}`: expected {expected}"))
}

/// A missing field is noticed at the end of its object, whose path is all but the last field read.
fn within(path: &str, field: &str) -> String {
    match path.rsplit_once('.') {
        Some((parent, _)) => format!("{parent}.{field}"),
        None => field.to_owned(),
    }
}

/// Path of the field at which `error` occurred: `start_capture.recorded_at`. All its names are known fields,
/// since unknown ones are skipped unread.
fn path(text: &str, error: &serde_json::Error) -> String {
    let line = error.line().saturating_sub(1);
    let before: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let end = (before + error.column()).min(text.len());
    let mut names: Vec<&[u8]> = Vec::new();
    let mut rest = &text.as_bytes()[..end];
    let mut last_string: &[u8] = b"";
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'"' => (last_string, rest) = string(tail),
            b'{' | b'[' => names.push(b""),
            // An error about an object is reported at its closing bracket.
            b'}' | b']' if !rest.is_empty() => drop(names.pop()),
            b':' => {
                if let Some(name) = names.last_mut() {
                    *name = last_string;
                }
            }
            _ => (),
        }
    }
    let plain = |name: &&[u8]| !name.is_empty() && name.iter().all(|&b| b.is_ascii_lowercase() || b == b'_');
    let names: Vec<_> = names.into_iter().filter(plain).map(String::from_utf8_lossy).collect();
    names.join(".")
}

/// The string that begins at `text`, and what follows its end.
fn string(text: &[u8]) -> (&[u8], &[u8]) {
    let mut escaped = false;
    let end = text.iter().position(|&byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or((text, &[]), |end| (&text[..end], &text[end + 1..]))
}

/// `schema_version`, which has one value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SchemaVersion;

impl serde::Serialize for SchemaVersion {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(SCHEMA_VERSION)
    }
}

impl<'de> Deserialize<'de> for SchemaVersion {
    #[inline]
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match whole::<u64, D>(deserializer)? {
            SCHEMA_VERSION => Ok(Self),
            _ => Err(D::Error::custom("unknown-schema-version: expected 1")),
        }
    }
}

impl schemars::JsonSchema for SchemaVersion {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SchemaVersion".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "integer", "const": SCHEMA_VERSION})
    }
}
