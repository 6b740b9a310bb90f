//! What a record is held to beyond its shape: ids, texts, nesting.

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

#[cold]
fn refused(reason: Reason, field: &str, found: &str) -> Rejection {
    Rejection::new(reason, format!("`{field}` {found}"))
}

impl<const MIN: usize, const MAX: usize> Text<'_, MIN, MAX> {
    /// The text, held to its length. A code or name has no control characters; a longer text,
    /// which people write, may have.
    #[inline]
    pub(super) fn checked(&self, field: &'static str) -> Result<&str, Rejection> {
        let text = &*self.0;
        if text.len() > MAX && text.chars().count() > MAX {
            return Err(refused(Reason::TextTooLong, field, &format!("is longer than {MAX} characters")));
        }
        if MAX <= 256 && has_control(text) {
            return Err(refused(Reason::BadField, field, "has a control character"));
        }
        Ok(text)
    }

    /// The text as an id: neither empty nor too long, without control characters, and no personal
    /// identity number.
    #[inline]
    pub(super) fn id(&self, field: &'static str) -> Result<&str, Rejection> {
        let text = &*self.0;
        if is_plain_id(text, MAX) { Ok(text) } else { self.odd_id(field) }
    }

    /// As [`Text::id`], of an id that has to be looked at more closely.
    fn odd_id(&self, field: &'static str) -> Result<&str, Rejection> {
        let text = &*self.0;
        if text.is_empty() {
            return Err(refused(Reason::BadId, field, "is empty"));
        }
        if text.len() > MAX && text.chars().count() > MAX {
            return Err(refused(Reason::BadId, field, &format!("is longer than {MAX} characters")));
        }
        if has_control(text) {
            return Err(refused(Reason::BadId, field, "has a control character"));
        }
        if is_personal_id(text) {
            return Err(refused(Reason::PersonalId, field, "looks like a personal identity number"));
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
        return refused(Reason::PersonalId, "municipality", "looks like a personal identity number");
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

#[inline]
fn has_control(text: &str) -> bool {
    is_unusual(text.as_bytes()) && text.chars().any(char::is_control)
}

/// Is `text` clearly an id, as almost all are? It may be one even if not.
#[inline]
fn is_plain_id(text: &str, bytes_max: usize) -> bool {
    let bytes = text.as_bytes();
    (1..=bytes_max).contains(&bytes.len()) && !is_unusual(bytes) && !may_be_personal(bytes)
}

/// Is any byte not between a space and `~`?
#[inline]
fn is_unusual(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| !(0x20..0x7f).contains(byte))
}

/// Is `text` as a whole a Swedish personal identity or coordination number (*personnummer*,
/// *samordningsnummer*): `YYMMDDNNNN` or `YYYYMMDDNNNN`, with `-` or `+` before the last four or
/// without, a day that exists (60 added in a coordination number) and a right check digit?
///
/// Organisation numbers, which have the same form, have no month in the third and fourth place.
#[inline]
pub(super) fn is_personal_id(text: &str) -> bool {
    may_be_personal(text.as_bytes()) && is_personal_number(text.trim())
}

/// Has `bytes` the length and the beginning of a personal number?
#[inline]
fn may_be_personal(bytes: &[u8]) -> bool {
    (10..=16).contains(&bytes.len()) && (bytes[0].is_ascii_digit() || bytes[0] == b' ')
}

fn is_personal_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some((date, serial)) = bytes.len().checked_sub(4).map(|at| bytes.split_at(at)) else {
        return false;
    };
    let date = date.strip_suffix(b"-").or_else(|| date.strip_suffix(b"+")).unwrap_or(date);
    let date = match date {
        [b'1', b'8' | b'9', short @ ..] | [b'2', b'0', short @ ..] if short.len() == 6 => short,
        _ => date,
    };
    let Ok([y1, y2, m1, m2, d1, d2, s1, s2, s3, s4]) = <[u8; 10]>::try_from([date, serial].concat()) else {
        return false;
    };
    let digits = [y1, y2, m1, m2, d1, d2, s1, s2, s3, s4].map(|byte| byte.wrapping_sub(b'0'));
    if digits.iter().any(|&digit| digit > 9) {
        return false;
    }
    let (month, day) = (digits[2] * 10 + digits[3], digits[4] * 10 + digits[5]);
    let last_day = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 29,
        _ => return false,
    };
    let day = if day > 60 { day - 60 } else { day };
    (1..=last_day).contains(&day) && luhn(&digits)
}

/// Luhn's check (US patent 2,950,048): every other digit doubled, from the first.
fn luhn(digits: &[u8; 10]) -> bool {
    let sum: u8 = digits
        .iter()
        .enumerate()
        .map(|(at, &digit)| match (at % 2, digit) {
            (0, 5..) => digit * 2 - 9,
            (0, _) => digit * 2,
            _ => digit,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn personal_numbers_are_seen_in_every_form() {
        // The tax agency's own example numbers.
        for number in [
            "8112189876",
            "811218-9876",
            "811218+9876",
            "198112189876",
            "19811218-9876",
            " 198112189876 ",
            "6408233234",
            "640823-3234",
            "701063-2391",
            "197010632391",
        ] {
            assert!(is_personal_id(number), "{number}");
        }
    }

    #[test]
    fn other_numbers_are_not_personal() {
        for number in [
            "8112189875",       // check digit
            "811318-9876",      // month
            "811232-9876",      // day
            "556036-0793",      // an organisation number
            "238112189876",     // century
            "81121898760",      // eleven digits
            "8112-189876",      // separator elsewhere
            "R-811218-9876",    // only part of the id
            "carer-8112189876", // only part of the id
            "0181",
            "",
            "          ",
            "åäöåäöåäöå",
        ] {
            assert!(!is_personal_id(number), "{number}");
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
            has_control(&text);
        }
    }
}
