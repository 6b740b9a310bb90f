//! Numbers, money, dates and lengths as people write them.

use super::Language;
use crate::domain::wording::{EN, SV};
use crate::domain::{Month, UtcSecond, Zone};

/// Between thousands: a space that does not break the line.
const THIN: char = '\u{a0}';

/// A whole number with spaces (Swedish) or commas (English) between thousands.
#[must_use]
pub fn whole(number: i64, language: Language) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    if number < 0 {
        text.push('\u{2212}');
    }
    for (at, digit) in digits.chars().enumerate() {
        if 0 < at && (digits.len() - at).is_multiple_of(3) {
            text.push(match language {
                Language::Sv => THIN,
                Language::En => ',',
            });
        }
        text.push(digit);
    }
    text
}

/// Öre as whole kronor: `1 234 kr`.
#[must_use]
pub fn kronor(ore: i64, language: Language) -> String {
    let rounded = (ore.unsigned_abs() + 50) / 100;
    let kronor = i64::try_from(rounded).unwrap_or(i64::MAX);
    let kronor = if ore < 0 { -kronor } else { kronor };
    match language {
        Language::Sv => format!("{}{THIN}kr", whole(kronor, language)),
        Language::En => format!("SEK{THIN}{}", whole(kronor, language)),
    }
}

/// A share as whole percent.
#[must_use]
pub fn percent(share: f64, language: Language) -> String {
    let number = whole((share * 100.0).round() as i64, language);
    match language {
        Language::Sv => format!("{number}{THIN}%"),
        Language::En => format!("{number}%"),
    }
}

/// Seconds as hours and minutes: `1 tim 5 min`.
#[must_use]
pub fn length(seconds: i64, language: Language) -> String {
    let hour = language.of("tim", "h");
    let (sign, seconds) = if seconds < 0 { ("\u{2212}", seconds.saturating_neg()) } else { ("", seconds) };
    if seconds < 60 {
        return format!("{sign}{seconds}{THIN}s");
    }
    let minutes = (seconds + 30) / 60;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{sign}{minutes}{THIN}min"),
        (hours, 0) => format!("{sign}{hours}{THIN}{hour}"),
        (hours, minutes) => format!("{sign}{hours}{THIN}{hour} {minutes}{THIN}min"),
    }
}

/// Seconds to the second below an hour, so that no rounding is beside clock times: `16 min 31 s`.
#[must_use]
pub fn exact_length(seconds: i64, language: Language) -> String {
    match (seconds / 60, seconds % 60) {
        (minutes @ 1..60, rest @ 1..) => format!("{minutes}{THIN}min {rest}{THIN}s"),
        _ => length(seconds, language),
    }
}

/// A time that somebody waited: hours up to two days, then days.
#[must_use]
pub fn waited(seconds: i64, language: Language) -> String {
    const HOUR: i64 = 3_600;
    const DAY: i64 = 24 * HOUR;
    match seconds {
        seconds if seconds < HOUR => length(seconds, language),
        seconds if seconds < 2 * DAY => length(seconds / HOUR * HOUR, language),
        seconds => format!("{}{THIN}{}", whole(seconds / DAY, language), language.of("dagar", "days")),
    }
}

/// A month in words: `mars 2026`.
#[must_use]
pub fn month_name(month: Month, language: Language) -> String {
    match language {
        Language::Sv => SV.month(month),
        Language::En => EN.month(month),
    }
}

/// A local date: `2026-03-02`.
#[must_use]
pub fn date(at: UtcSecond, zone: &Zone) -> String {
    zone.date(at)
}

/// A local date and time: `2026-03-02 kl. 08:15`.
#[must_use]
pub fn day_and_time(at: UtcSecond, zone: &Zone, language: Language) -> String {
    format!("{} {} {}", zone.date(at), language.of("kl.", "at"), zone.clock(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_in_each_language() {
        assert_eq!(whole(1_234_567, Language::Sv), "1\u{a0}234\u{a0}567");
        assert_eq!(whole(-1_234, Language::En), "\u{2212}1,234");
        assert_eq!(kronor(12_950, Language::Sv), "130\u{a0}kr");
        assert_eq!(kronor(123_400, Language::En), "SEK\u{a0}1,234");
        assert_eq!(percent(0.256, Language::Sv), "26\u{a0}%");
        assert_eq!(length(45, Language::Sv), "45\u{a0}s");
        assert_eq!(length(3_900, Language::Sv), "1\u{a0}tim 5\u{a0}min");
        assert_eq!(length(7_200, Language::En), "2\u{a0}h");
        assert_eq!(exact_length(991, Language::Sv), "16\u{a0}min 31\u{a0}s");
        assert_eq!(exact_length(900, Language::Sv), "15\u{a0}min");
        assert_eq!(exact_length(3_901, Language::Sv), "1\u{a0}tim 5\u{a0}min");
        assert_eq!(waited(5_400, Language::Sv), "1\u{a0}tim");
        assert_eq!(waited(200_000, Language::En), "2\u{a0}days");
        let march = Month::new(2026, 3).expect("a month");
        assert_eq!(month_name(march, Language::Sv), "mars 2026");
        assert_eq!(month_name(march, Language::En), "March 2026");
    }
}
