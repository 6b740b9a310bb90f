//! Times without an offset, as the clock on the wall showed them.

use std::borrow::Cow;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use super::Refusal;

/// Where the clock hung.
#[derive(Clone, Debug)]
pub struct LocalTimes {
    name: String,
    zone: TimeZone,
}

impl LocalTimes {
    /// The IANA time zone `name`.
    ///
    /// # Errors
    /// Where there is none.
    pub fn named(name: &str) -> Result<Self, String> {
        let zone = TimeZone::get(name).map_err(|_| "expected an IANA name such as `Europe/Stockholm`")?;
        Ok(Self { name: name.to_owned(), zone })
    }

    /// The time `text` with its offset: `2026-03-02 08:00` as `2026-03-02T08:00:00+01:00`. What has an offset, or is
    /// no time, stays as it is. `offset` says which of two it is in the hour that comes twice.
    pub(super) fn with_offset<'a>(
        times: Option<&Self>,
        field: &str,
        text: &'a str,
        offset: Option<&str>,
    ) -> Result<Cow<'a, str>, Refusal> {
        if times.is_none() && offset.is_none() {
            return Ok(Cow::Borrowed(text));
        }
        let Some(local) = local(text) else { return Ok(Cow::Borrowed(text)) };
        let given = offset.map(|offset| parse_offset(field, offset)).transpose()?;
        let offset = match (times, given) {
            (Some(times), given) => times.offset(field, local, given)?,
            (None, Some(given)) => given,
            (None, None) => return Ok(Cow::Borrowed(text)),
        };
        Ok(Cow::Owned(format!("{}{}", local.strftime("%Y-%m-%dT%H:%M:%S"), shown(offset))))
    }

    fn offset(&self, field: &str, local: DateTime, given: Option<Offset>) -> Result<Offset, Refusal> {
        let Self { name, zone } = self;
        let shown_time = local.strftime("%Y-%m-%d %H:%M");
        match (zone.to_ambiguous_timestamp(local).offset(), given) {
            (AmbiguousOffset::Unambiguous { offset }, None) => Ok(offset),
            (AmbiguousOffset::Unambiguous { offset }, Some(given)) if offset == given => Ok(offset),
            (AmbiguousOffset::Fold { before, after }, Some(given)) if before == given || after == given => {
                Ok(given)
            }
            (AmbiguousOffset::Fold { before, after }, None) => {
                let text = format!(
                    "`{field}`: {shown_time} comes twice in {name}, at {} and at {}: a column for `{field}.offset` \
                     says which",
                    shown(before),
                    shown(after)
                );
                Err(Refusal::new("ambiguous-time", text))
            }
            (AmbiguousOffset::Gap { .. }, _) => {
                let text =
                    format!("`{field}`: {shown_time} does not exist in {name}, the clock is put forward");
                Err(Refusal::new("no-such-time", text))
            }
            (_, Some(given)) => {
                let text = format!("`{field}`: {shown_time} is not at {} in {name}", shown(given));
                Err(Refusal::new("no-such-time", text))
            }
        }
    }
}

/// `+01:00`.
fn shown(offset: Offset) -> String {
    let (sign, minutes) = (if offset.seconds() < 0 { '-' } else { '+' }, offset.seconds().abs() / 60);
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// An offset in a column of its own: `+01:00`, `+0100`, `+1`, `Z`.
fn parse_offset(field: &str, text: &str) -> Result<Offset, Refusal> {
    let parsed = || {
        let text = text.trim();
        if matches!(text, "Z" | "z") {
            return Some(0);
        }
        let (sign, digits) = match text.split_at_checked(1)? {
            ("+", digits) => (1, digits),
            ("-", digits) => (-1, digits),
            _ => return None,
        };
        let (hours, minutes) =
            digits.split_once(':').or_else(|| digits.split_at_checked(2)).unwrap_or((digits, ""));
        let number = |text: &str| match text {
            "" => Some(0),
            text if text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse::<i32>().ok()
            }
            _ => None,
        };
        let (hours, minutes) = (number(hours).filter(|_| !hours.is_empty())?, number(minutes)?);
        (hours <= 14 && minutes <= 59).then_some(sign * (hours * 60 + minutes) * 60)
    };
    parsed().and_then(|seconds| Offset::from_seconds(seconds).ok()).ok_or_else(|| {
        let text = format!("`{field}.offset`: expected a UTC offset such as `+01:00`");
        Refusal::new("bad-time", text)
    })
}

/// `2026-03-02T08:00`, with a space and with seconds and their parts as well; fractions are cut off.
fn local(text: &str) -> Option<DateTime> {
    let (date, clock) = text.split_at_checked(10)?;
    let clock = clock.strip_prefix(['T', 't', ' '])?;
    let (clock, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, "0"));
    let mut parts = clock.split(':');
    let number = |text: &str, most: usize| {
        let is_number = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<i16>().ok()).flatten()
    };
    let of_day = |text: &str| number(text, 2).and_then(|number| i8::try_from(number).ok());
    let (hour, minute) =
        (of_day(parts.next()?)?, parts.next().filter(|part| part.len() == 2).and_then(of_day)?);
    let second = parts.next().map_or(Some(0), of_day)?;
    let mut of_date = date.split('-');
    let (year, month, day) = (of_date.next()?, of_date.next()?, of_date.next()?);
    let is_fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    if parts.next().is_some() || of_date.next().is_some() || year.len() != 4 || !is_fraction {
        return None;
    }
    DateTime::new(number(year, 4)?, of_day(month)?, of_day(day)?, hour, minute, second, 0).ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail and say why")]

    use super::*;

    fn stockholm(text: &str, offset: Option<&str>) -> Result<String, Refusal> {
        let times = LocalTimes::named("Europe/Stockholm").unwrap();
        LocalTimes::with_offset(Some(&times), "start_at", text, offset).map(Cow::into_owned)
    }

    #[test]
    fn a_local_time_gets_the_offset_of_its_day() {
        for (text, time) in [
            ("2026-03-02 08:00", "2026-03-02T08:00:00+01:00"),
            ("2026-07-02T08:00:30", "2026-07-02T08:00:30+02:00"),
            ("2026-07-02 8:05:30,250", "2026-07-02T08:05:30+02:00"),
            ("2026-10-25 01:59:59", "2026-10-25T01:59:59+02:00"),
            ("2026-10-25 03:00", "2026-10-25T03:00:00+01:00"),
            ("2026-03-29 01:59", "2026-03-29T01:59:00+01:00"),
            ("2026-03-29 03:00", "2026-03-29T03:00:00+02:00"),
        ] {
            assert_eq!(stockholm(text, None), Ok(time.to_owned()));
        }
    }

    #[test]
    fn what_has_an_offset_or_is_no_time_stays_for_the_contract() {
        for text in [
            "2026-03-02T08:00:00+01:00",
            "2026-03-02T08:00:00Z",
            "2026-03-02",
            "2026-03-02 08",
            "2026-03-02 08:0",
            "2026-02-30 08:00",
            "2026-03-02 24:00",
            "02-03-2026 08:00",
            "2026-03-02 08:00:00.x",
            "soon",
            "",
            "åäöåäöåäöåäö",
        ] {
            assert_eq!(stockholm(text, None), Ok(text.to_owned()));
        }
        let without = LocalTimes::with_offset(None, "start_at", "2026-03-02 08:00", None).unwrap();
        assert_eq!(without, "2026-03-02 08:00");
    }

    #[test]
    fn the_hour_that_comes_twice_is_refused_by_name_unless_a_column_says_which() {
        let refusal = stockholm("2026-10-25 02:30", None).unwrap_err();
        assert_eq!(refusal.reason, "ambiguous-time");
        assert_eq!(
            refusal.detail,
            "`start_at`: 2026-10-25 02:30 comes twice in Europe/Stockholm, at +02:00 and at +01:00: a column for \
             `start_at.offset` says which"
        );
        for (offset, time) in [("+02:00", "2026-10-25T02:30:00+02:00"), ("+1", "2026-10-25T02:30:00+01:00")] {
            assert_eq!(stockholm("2026-10-25 02:30", Some(offset)), Ok(time.to_owned()));
        }
        assert_eq!(stockholm("2026-10-25 02:30", Some("+03:00")).unwrap_err().reason, "no-such-time");
        assert_eq!(stockholm("2026-10-25 02:30", Some("S")).unwrap_err().reason, "bad-time");
    }

    #[test]
    fn the_hour_that_does_not_exist_is_refused_by_name() {
        let refusal = stockholm("2026-03-29 02:30", None).unwrap_err();
        assert_eq!(refusal.reason, "no-such-time");
        assert!(
            refusal.detail.contains("2026-03-29 02:30 does not exist in Europe/Stockholm"),
            "{refusal:?}"
        );
        assert_eq!(stockholm("2026-03-29 02:30", Some("+01:00")).unwrap_err().reason, "no-such-time");
        // Nor is it winter time in summer.
        assert_eq!(stockholm("2026-07-02 08:00", Some("+01:00")).unwrap_err().reason, "no-such-time");
    }

    #[test]
    fn an_offset_of_its_own_needs_no_zone() {
        for (offset, time) in [("Z", "+00:00"), ("+0530", "+05:30"), ("-03", "-03:00"), ("+01:00", "+01:00")]
        {
            let found = LocalTimes::with_offset(None, "end_at", "2026-03-02 08:00", Some(offset)).unwrap();
            assert_eq!(found, format!("2026-03-02T08:00:00{time}"));
        }
        for offset in ["", "1", "+", "+15:00", "+1:70", "+x", "+01:0a"] {
            assert!(
                LocalTimes::with_offset(None, "end_at", "2026-03-02 08:00", Some(offset)).is_err(),
                "{offset}"
            );
        }
        assert!(LocalTimes::named("Europe/Salem").is_err());
    }
}
