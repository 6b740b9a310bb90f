//! Times on the topics: RFC 3339 with an offset, read into whole seconds.
//!
//! The reader is our own because it runs up to nine times a record; a test holds it against jiff.
//! Fractions of a second are cut off. A leap second, `:60`, is taken as the second after it: no
//! visit is refused because of a second that clocks disagree about. Years outside 1970 to 2199 are
//! refused: they are placeholders, not times.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::tagged;
use super::scalar::{Written, written};
use crate::domain::{Month, Reason, Rejection, UtcSecond};

const YEARS: std::ops::Range<u32> = 1970..2200;
const DAY_SECONDS: i64 = 86_400;

/// How far a clock may run ahead of the log's.
pub(super) const AHEAD_SECONDS_MAX: i64 = 300;

/// Refuses a time, the field `of`, that lies more than [`AHEAD_SECONDS_MAX`] after its record was appended; any time
/// where that is not known, as of a record in a file.
pub(super) fn check_not_ahead(
    of: &str,
    at: UtcSecond,
    appended_at: Option<UtcSecond>,
) -> Result<(), Rejection> {
    let ahead = appended_at.map_or(0, |appended_at| at.since(appended_at));
    if ahead <= AHEAD_SECONDS_MAX {
        return Ok(());
    }
    let detail =
        format!("`{of}` lies {ahead} s after the log took it, at most {AHEAD_SECONDS_MAX} s are accepted");
    Err(Rejection::new(Reason::Future, detail))
}

/// Reads `2026-03-02T07:03:11.25+01:00`, also with `Z`, and with a space or small letters where
/// RFC 3339 allows them. `None` where it is no time with an offset.
#[inline]
pub(super) fn parse_time(text: &str) -> Option<UtcSecond> {
    let (civil, rest) = text.as_bytes().split_first_chunk::<19>()?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T' | b't' | b' ', time @ ..] = *civil else {
        return None;
    };
    let [h1, h2, b':', n1, n2, b':', s1, s2] = time else { return None };
    let (year, month, day) = (two(y1, y2)? * 100 + two(y3, y4)?, two(m1, m2)?, two(d1, d2)?);
    let (hour, minute, second) = (two(h1, h2)?, two(n1, n2)?, two(s1, s2)?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days = days_since_1970(year, month, day)?;
    let local = i64::from(days) * DAY_SECONDS + i64::from(hour * 3600 + minute * 60 + second);
    Some(UtcSecond(local - offset_seconds(rest)?))
}

/// The number that two digits stand for.
#[inline]
fn two(tens: u8, ones: u8) -> Option<u32> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| u32::from(tens * 10 + ones))
}

/// The offset at the end of a time, after an optional fraction.
#[inline]
fn offset_seconds(mut rest: &[u8]) -> Option<i64> {
    if let [b'.', fraction @ ..] = rest {
        let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return None;
        }
        rest = &fraction[digits..];
    }
    match *rest {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (i64::from(two(h1, h2)?), i64::from(two(m1, m2)?));
            if hours > 23 || minutes > 59 {
                return None;
            }
            let seconds = hours * 3600 + minutes * 60;
            Some(if sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

/// Days of each month, and of the year before it, when February has 28.
const MONTHS: [(u32, u32); 12] = [
    (31, 0),
    (28, 31),
    (31, 59),
    (30, 90),
    (31, 120),
    (30, 151),
    (31, 181),
    (31, 212),
    (30, 243),
    (31, 273),
    (30, 304),
    (31, 334),
];

/// Days from 1970-01-01; `None` where there is no such day in [`YEARS`]. Of those, 2100 is the one that
/// four divides and that is no leap year.
#[inline]
fn days_since_1970(year: u32, month: u32, day: u32) -> Option<u32> {
    let &(days, before) = MONTHS.get((month as usize).wrapping_sub(1))?;
    let leaps = year.is_multiple_of(4) && year != 2100;
    let exists = YEARS.contains(&year) && day >= 1 && day <= days + u32::from(leaps && month == 2);
    let leap_days = |year: u32| (year - 1969) / 4 - u32::from(year > 2100) + u32::from(leaps && month > 2);
    exists.then(|| (year - YEARS.start) * 365 + leap_days(year) + before + day - 1)
}

/// An instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time(pub UtcSecond);

impl Time {
    /// An optional instant for writing.
    pub(super) fn option(at: Option<UtcSecond>) -> Option<Self> {
        at.map(Self)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl Written<'_> for Time {
    const EXPECTED: &'static str = "a time as a string";

    #[inline]
    fn from_text<E: Error>(text: Cow<'_, str>) -> Result<Self, E> {
        parse_time(&text).map(Self).ok_or_else(|| {
            tagged(
                Reason::BadTime,
                format_args!("expected an RFC 3339 time with an offset, of the years {YEARS:?}"),
            )
        })
    }
}

impl<'de> Deserialize<'de> for Time {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        written(deserializer)
    }
}

impl JsonSchema for Time {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time"})
    }
}

/// A pay period: a calendar month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PayPeriod(pub Month);

impl Serialize for PayPeriod {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl Written<'_> for PayPeriod {
    const EXPECTED: &'static str = "a month as a string";

    fn from_text<E: Error>(text: Cow<'_, str>) -> Result<Self, E> {
        Month::parse(&text)
            .filter(|month| u32::try_from(month.year()).is_ok_and(|year| YEARS.contains(&year)))
            .map(Self)
            .ok_or_else(|| {
                tagged(
                    Reason::BadTime,
                    format_args!("expected a month, such as `2026-03`, of the years {YEARS:?}"),
                )
            })
    }
}

impl<'de> Deserialize<'de> for PayPeriod {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        written(deserializer)
    }
}

impl JsonSchema for PayPeriod {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Period".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"})
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail and say why")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_every_form_that_rfc_3339_allows() {
        let seven = parse_time("2026-03-02T07:03:11+01:00");
        assert_eq!(seven, Some(UtcSecond(1_772_431_391)));
        for same in [
            "2026-03-02T06:03:11Z",
            "2026-03-02t06:03:11z",
            "2026-03-02 06:03:11.999999999Z",
            "2026-03-02T00:33:11.5-05:30",
            "2026-03-02T06:03:11-00:00",
        ] {
            assert_eq!(parse_time(same), seven, "{same}");
        }
        assert_eq!(parse_time("2016-12-31T23:59:60Z"), parse_time("2017-01-01T00:00:00Z"));
        assert!(parse_time("2028-02-29T00:00:00Z").is_some());
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "2026-03-02",
            "2026-03-02T07:03:11",
            "2026-03-02T07:03:11+01",
            "2026-03-02T07:03:11+0100",
            "2026-03-02T07:03:11+24:00",
            "2026-03-02T07:03:11+01:60",
            "2026-03-02T07:03:11.Z",
            "2026-03-02T07:03:11,5Z",
            "2026-03-02T07:03:11Z ",
            "2026-03-02T07:03Z",
            "2026-03-02T24:00:00Z",
            "2026-03-02T07:60:00Z",
            "2026-03-02T07:03:61Z",
            "2026-02-29T07:03:11Z",
            "2026-02-30T07:03:11Z",
            "2026-13-01T07:03:11Z",
            "2026-00-01T07:03:11Z",
            "2026-01-00T07:03:11Z",
            "0001-01-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "2200-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "+2026-03-02T07:03:11Z",
            "2026-03-02T07:03:11\u{ff10}Z",
            "２０２６-03-02T07:03:11Z",
            "1772431391",
        ] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_jiff(seconds in 0_i64..7_258_118_400 - 86_400, minutes in -1439_i32..1440, nanos in 0_i32..1_000_000_000) {
            let offset = jiff::tz::Offset::from_seconds(minutes * 60).unwrap();
            let stamp = jiff::Timestamp::new(seconds, nanos).unwrap();
            let text = stamp.display_with_offset(offset).to_string();
            let inside = (1970..2200).contains(&offset.to_datetime(stamp).year());
            prop_assert_eq!(parse_time(&text), inside.then_some(UtcSecond(seconds)), "{}", text);
        }

        #[test]
        fn refuses_what_jiff_refuses(text in "20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-5][0-9](Z|[+-]([01][0-9]|2[0-3]):[0-6][0-9])") {
            let jiff = text.parse::<jiff::Timestamp>().ok().map(|stamp| UtcSecond(stamp.as_second()));
            prop_assert_eq!(parse_time(&text), jiff, "{}", text);
        }

        #[test]
        fn never_panics(text in ".{0,40}") {
            parse_time(&text);
        }
    }
}
