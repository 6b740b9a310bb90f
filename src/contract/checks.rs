//! What a record is held to beyond its shape: ids, texts, nesting.

use super::personal::{holds_personal_id, is_personal_id, may_be_personal, may_hold_personal};
use super::text::Text;
use crate::domain::{Reason, Rejection};

/// Objects and arrays inside each other; ours nest four deep.
pub(super) const DEPTH_MAX: usize = 8;

/// Is anything in `text`, a JSON document, nested deeper than [`DEPTH_MAX`]?
pub(super) fn too_deep(text: &str) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => (),
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' if depth == DEPTH_MAX => return true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => (),
        }
    }
    false
}

/// Opening brackets in `text`, those inside strings too.
pub(super) fn brackets(text: &str) -> usize {
    // Counts of one byte each keep the loop in vector registers: a record takes 23 ns instead of 430.
    let of_chunk = |chunk: &[u8]| chunk.iter().map(|byte| u8::from(matches!(byte, b'{' | b'['))).sum::<u8>();
    text.as_bytes().chunks(usize::from(u8::MAX)).map(|chunk| usize::from(of_chunk(chunk))).sum()
}

const HIDDEN: &str = "has a control or format character";
const PERSONAL: &str = "looks like a personal identity number";

#[cold]
fn refused(reason: Reason, field: &str, found: &str) -> Rejection {
    Rejection::new(reason, format!("`{field}` {found}"))
}

impl<const MIN: usize, const MAX: usize> Text<'_, MIN, MAX> {
    /// The text, held to its length. A code or name has no hidden characters and is no personal identity number; a
    /// longer text, which people write, may have the one and be the other.
    #[inline]
    pub(super) fn checked(&self, field: &'static str) -> Result<&str, Rejection> {
        let text = &*self.0;
        if text.len() > MAX && text.chars().count() > MAX {
            return Err(refused(Reason::TextTooLong, field, &format!("is longer than {MAX} characters")));
        }
        if MAX <= 256 && has_hidden(text) {
            return Err(refused(Reason::BadField, field, HIDDEN));
        }
        if MAX <= 256 && is_personal_id(text) {
            return Err(refused(Reason::PersonalId, field, PERSONAL));
        }
        Ok(text)
    }

    /// As [`Text::checked`], of a value that a field had: no personal identity number is in it.
    pub(super) fn value(&self, field: &'static str) -> Result<&str, Rejection> {
        let text = self.checked(field)?;
        if holds_personal_id(text) { Err(refused(Reason::PersonalId, field, PERSONAL)) } else { Ok(text) }
    }

    /// The text as an id: neither blank nor too long, without hidden characters, and no personal identity number. In
    /// the id of a person none may be a part either.
    #[inline]
    pub(super) fn id(&self, field: &'static str) -> Result<&str, Rejection> {
        let text = &*self.0;
        let may_hold = is_person(field) && may_hold_personal(text.as_bytes());
        if is_plain_id(text, MAX) && !may_hold { Ok(text) } else { self.odd_id(field) }
    }

    /// As [`Text::id`], of an id with further checks.
    fn odd_id(&self, field: &'static str) -> Result<&str, Rejection> {
        let text = &*self.0;
        if text.trim().is_empty() {
            return Err(refused(Reason::BadId, field, if text.is_empty() { "is empty" } else { "is blank" }));
        }
        if text.len() > MAX && text.chars().count() > MAX {
            return Err(refused(Reason::BadId, field, &format!("is longer than {MAX} characters")));
        }
        if has_hidden(text) {
            return Err(refused(Reason::BadId, field, HIDDEN));
        }
        if is_personal_id(text) || is_person(field) && holds_personal_id(text) {
            return Err(refused(Reason::PersonalId, field, PERSONAL));
        }
        Ok(text)
    }

    /// A municipality code: four digits.
    #[inline]
    pub(super) fn municipality(&self) -> Result<&str, Rejection> {
        let text = &*self.0;
        if is_municipality(text) { Ok(text) } else { Err(odd_municipality(text)) }
    }
}

/// Is `text` a municipality code (*kommunkod*), four digits?
#[inline]
pub(super) fn is_municipality(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cold]
fn odd_municipality(text: &str) -> Rejection {
    if is_personal_id(text) {
        return refused(Reason::PersonalId, "municipality", PERSONAL);
    }
    let digits = text.len();
    // Most codes of the country's middle begin with 0, and spreadsheets take it off.
    let found = if (1..=3).contains(&digits) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("has {digits} digits, expected 4: a zero in front is part of the code")
    } else {
        "is not four digits".to_owned()
    };
    refused(Reason::BadMunicipality, "municipality", &found)
}

/// An optional id, as [`Text::id`].
#[inline]
pub(super) fn optional_id<'a, const MIN: usize, const MAX: usize>(
    text: Option<&'a Text<'_, MIN, MAX>>,
    field: &'static str,
) -> Result<Option<&'a str>, Rejection> {
    text.map(|text| text.id(field)).transpose()
}

/// An optional text, as [`Text::checked`].
#[inline]
pub(super) fn optional_text<'a, const MIN: usize, const MAX: usize>(
    text: Option<&'a Text<'_, MIN, MAX>>,
    field: &'static str,
) -> Result<Option<&'a str>, Rejection> {
    text.map(|text| text.checked(field)).transpose()
}

/// A number of carers: at least one.
pub(super) fn staff(carers: Option<u8>) -> Result<Option<u8>, Rejection> {
    match carers {
        Some(0) => Err(Rejection::new(Reason::BadField, "`required_staff` is 0, expected 1 or more")),
        carers => Ok(carers),
    }
}

/// The fields with ids of persons.
fn is_person(field: &str) -> bool {
    matches!(field, "carer_ref" | "client_ref" | "editor_ref" | "decided_by" | "author" | "household_ref")
}

/// Has `text` a character that does not show, or that changes how others show?
#[inline]
fn has_hidden(text: &str) -> bool {
    is_unusual(text.as_bytes()) && text.chars().any(is_hidden)
}

/// Is it a control or format character, one of the two directions, or a separator of lines? (General categories Cc,
/// Cf, Zl and Zp of Unicode 16.)
fn is_hidden(of: char) -> bool {
    of.is_control()
        || matches!(of,
            '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}'
            | '\u{8e2}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0001}' | '\u{e0020}'..='\u{e007f}')
}

/// Is `text` clearly an id, as almost all are? It may be one even if not.
#[inline]
fn is_plain_id(text: &str, bytes_max: usize) -> bool {
    let bytes = text.as_bytes();
    (1..=bytes_max).contains(&bytes.len()) && bytes[0] != b' ' && !is_unusual(bytes) && !may_be_personal(text)
}

/// Is any byte not between a space and `~`?
#[inline]
fn is_unusual(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| !(0x20..0x7f).contains(byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn characters_that_do_not_show_are_hidden_and_letters_are_not() {
        for hidden in
            ["a\u{202e}b", "a\u{200b}", "\u{2028}", "a\u{feff}", "\n", "a\u{ad}b", "\u{2066}x\u{2069}"]
        {
            assert!(has_hidden(hidden), "{hidden:?}");
        }
        for shown in ["vårdare 😀 /", "carer-1", "Ωmega", "é", "名", "a\u{a0}b"] {
            assert!(!has_hidden(shown), "{shown:?}");
        }
    }

    #[test]
    fn depth_is_counted_outside_strings_only() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(!too_deep(&nested(8)));
        assert!(too_deep(&nested(9)));
        assert!(!too_deep(r#"{"a":"[[[[[[[[[[\"[[[["}"#));
        assert!(too_deep(r#"{"a":"]]]]","b":[[[[[[[[1]]]]]]]]}"#));
        assert!(!too_deep(&"[],".repeat(1000)));
        assert_eq!(brackets(&"{[x]}".repeat(1000)), 2000);
    }

    proptest! {
        #[test]
        fn depth_beyond_the_limit_needs_as_many_brackets(text in r#"[\[\]{}"\\a]{0,60}"#) {
            prop_assert!(!too_deep(&text) || brackets(&text) > DEPTH_MAX);
        }

        #[test]
        fn ids_never_panic(text in "\\PC{0,20}") {
            is_personal_id(&text);
            holds_personal_id(&text);
            has_hidden(&text);
        }
    }
}
