//! Personal identity numbers, also in disguise: they stand for a person, and no record may name one by them.

/// The fewest digits of a personal number.
const DIGITS_MIN: usize = 10;
/// The most.
const DIGITS_MAX: usize = 12;

/// Code points of a zero, after which the other nine digits of its script follow.
const ZEROS: [u32; 12] =
    [0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xe50, 0xed0, 0xf20, 0x1040, 0x17e0, 0x1810, 0xff10];
/// Mathematical digits: five alphabets of ten.
const MATHEMATICAL: std::ops::Range<u32> = 0x1d7ce..0x1d800;

/// Is `text` as a whole a Swedish personal identity or coordination number (*personnummer*,
/// *samordningsnummer*): `YYMMDDNNNN` or `YYYYMMDDNNNN`, with `-` or `+` before the last four or
/// without, a day that exists (60 added in a coordination number) and a right check digit? In whatever digits and
/// dashes, and with blanks anywhere.
///
/// Organisation numbers, which have the same form, have no month in the third and fourth place.
#[inline]
pub(super) fn is_personal_id(text: &str) -> bool {
    may_be_personal(text) && is_personal_number(&unmasked(text))
}

/// Is a personal number anywhere in `text`, between characters that are no digits? A number that begins with a year
/// from 2020 on is taken for a date and a serial number: it would be a child's.
pub(super) fn holds_personal_id(text: &str) -> bool {
    if text.is_ascii() && !may_hold_personal(text.as_bytes()) {
        return false;
    }
    let plain = unmasked(text);
    let begins = |at: &usize| plain[*at].is_ascii_digit() && (*at == 0 || !plain[*at - 1].is_ascii_digit());
    (0..plain.len()).filter(begins).any(|at| {
        let number = number_at(&plain[at..]);
        !matches!(number, [b'2', b'0', b'2'..=b'9', ..] if DIGITS_MAX <= number.len())
            && is_personal_number(number)
    })
}

/// The digits at the beginning of `text`, with a dash and four digits after it where there are such.
fn number_at(text: &[u8]) -> &[u8] {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let first = digits(text);
    let second = match text.get(first) {
        Some(b'-' | b'+') => digits(&text[first + 1..]),
        _ => 0,
    };
    if second == 4 && first < DIGITS_MIN { &text[..first + 5] } else { &text[..first] }
}

/// Could `text` as a whole be a personal number? Nearly no id could.
#[inline]
pub(super) fn may_be_personal(text: &str) -> bool {
    let bytes = text.as_bytes();
    if !bytes.is_ascii() {
        return DIGITS_MIN <= bytes.len();
    }
    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b' ' | b'-' | b'+');
    DIGITS_MIN <= bytes.len() && is_part(&bytes[0]) && bytes.iter().all(is_part)
}

/// Has `bytes` enough digits for a personal number?
#[inline]
pub(super) fn may_hold_personal(bytes: &[u8]) -> bool {
    DIGITS_MIN <= bytes.len() && DIGITS_MIN <= bytes.iter().filter(|byte| byte.is_ascii_digit()).count()
}

/// `text` without blanks, every digit and dash the plain one; what else is not ASCII becomes `?`.
fn unmasked(text: &str) -> Vec<u8> {
    let plain = |of: char| match of {
        _ if of.is_whitespace() => None,
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => Some(b'-'),
        '\u{ff0b}' => Some(b'+'),
        _ => Some(digit(of).or_else(|| u8::try_from(of).ok().filter(u8::is_ascii)).unwrap_or(b'?')),
    };
    text.chars().filter_map(plain).collect()
}

/// The plain digit of a digit in another script.
fn digit(of: char) -> Option<u8> {
    let code = u32::from(of);
    let value = if MATHEMATICAL.contains(&code) {
        (code - MATHEMATICAL.start) % 10
    } else {
        let zero = ZEROS.into_iter().find(|zero| (*zero..*zero + 10).contains(&code))?;
        code - zero
    };
    u8::try_from(value).ok().map(|value| b'0' + value)
}

fn is_personal_number(bytes: &[u8]) -> bool {
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
            assert!(is_personal_id(number) && holds_personal_id(number), "{number}");
        }
    }

    #[test]
    fn personal_numbers_are_seen_in_disguise() {
        for number in [
            "８１１２１８-９８７６",
            "811218\u{2011}9876",
            "811218\u{2013}9876",
            "811218\u{2212}9876",
            "811218 9876",
            "8112 18 - 98 76",
            "811218\u{a0}9876",
            "1 9 8 1 1 2 1 8 9 8 7 6",
            "𝟖𝟏𝟏𝟐𝟏𝟖𝟗𝟖𝟕𝟔",
            "٨١١٢١٨٩٨٧٦",
        ] {
            assert!(is_personal_id(number), "{number}");
        }
        for number in ["carer-8112189876", "P811218-9876", "pnr:198112189876/1", "x ８１１２１８ ９８７６"]
        {
            assert!(!is_personal_id(number) && holds_personal_id(number), "{number}");
        }
    }

    #[test]
    fn other_numbers_are_not_personal() {
        for number in [
            "8112189875",   // check digit
            "811318-9876",  // month
            "811232-9876",  // day
            "556036-0793",  // an organisation number
            "238112189876", // century
            "81121898760",  // eleven digits
            "8112-189876",  // separator elsewhere
            "0181",
            "",
            "          ",
            "åäöåäöåäöå",
        ] {
            assert!(!is_personal_id(number) && !holds_personal_id(number), "{number}");
        }
        for id in [
            "R-202603021234-7",
            "visit-20260302-0008",
            "2026-03-02T07:20:00+01:00",
            "0b8e9f3a-1c2d-4e5f-8a9b-0c1d2e3f4a5b",
            "carer-811218987600",
            "59.1955, 17.6253",
        ] {
            assert!(!holds_personal_id(id), "{id}");
        }
    }
}
