//! Instants, spans, local days and months.
//!
//! Times are whole seconds since 1970 UTC. Local days and months of the municipality come from a [`Zone`],
//! which is data: no clock is read here.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// An instant, in whole seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcSecond(pub i64);

impl UtcSecond {
    /// The instant `seconds` later (earlier where negative).
    #[must_use]
    pub const fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to `self`; negative where `self` is the earlier one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// RFC 3339 in UTC, as on the output topics: `2026-03-02T06:31:42Z`.
impl fmt::Display for UtcSecond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::from_second(self.0) {
            Ok(stamp) => stamp.fmt(f),
            Err(_) => write!(f, "{}s", self.0),
        }
    }
}

/// From `start` up to, and without, `end`; `start <= end` always.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    start: UtcSecond,
    end: UtcSecond,
}

impl Span {
    /// The span from `start` to `end`, or `None` where it would run backwards.
    #[must_use]
    pub fn new(start: UtcSecond, end: UtcSecond) -> Option<Self> {
        (start <= end).then_some(Self { start, end })
    }

    /// First second inside.
    #[must_use]
    pub const fn start(self) -> UtcSecond {
        self.start
    }

    /// First second after.
    #[must_use]
    pub const fn end(self) -> UtcSecond {
        self.end
    }

    /// Length in seconds.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.end.0 - self.start.0
    }

    /// The part that both share; `None` where they only touch or lie apart.
    #[must_use]
    pub fn intersection(self, other: Self) -> Option<Self> {
        let start = self.start.max(other.start);
        let end = self.end.min(other.end);
        (start < end).then_some(Self { start, end })
    }

    /// The span from `start` to `end`; empty where it would run backwards.
    #[must_use]
    pub fn clamped(start: UtcSecond, end: UtcSecond) -> Self {
        Self { start, end: end.max(start) }
    }

    /// Is `at` inside?
    #[must_use]
    pub fn contains(self, at: UtcSecond) -> bool {
        self.start <= at && at < self.end
    }
}

/// A local calendar day, as days since 1970-01-01.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

impl Day {
    /// Whether it is a Saturday or a Sunday.
    #[must_use]
    pub const fn is_weekend(self) -> bool {
        // 1970-01-01 was a Thursday.
        (self.0 + 3).rem_euclid(7) >= 5
    }
}

/// A local calendar month: `2026-03`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// The month of `year`, `month` counted from 1; `None` outside the years 0 to 9999.
    #[must_use]
    pub fn new(year: i16, month: i8) -> Option<Self> {
        ((0..=9999).contains(&year) && (1..=12).contains(&month)).then_some(Self { year, month })
    }

    /// Reads `YYYY-MM`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 7 || bytes[4] != b'-' || !text.is_ascii() {
            return None;
        }
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?;
        Self::new(digits(&text[..4])?, i8::try_from(digits(&text[5..])?).ok()?)
    }

    /// The year.
    #[must_use]
    pub const fn year(self) -> i16 {
        self.year
    }

    /// The month, 1 to 12.
    #[must_use]
    pub const fn month(self) -> i8 {
        self.month
    }

    /// The month before; the first of year 0 has none and stays.
    #[must_use]
    pub const fn previous(self) -> Self {
        match (self.year, self.month) {
            (0, 1) => self,
            (year, 1) => Self { year: year - 1, month: 12 },
            (year, month) => Self { year, month: month - 1 },
        }
    }

    /// Its first day.
    #[must_use]
    pub const fn first_day(self) -> Day {
        // Years that begin in March have their leap day last, so that the days before a month are a
        // straight line (as in any perpetual calendar).
        let (year, month) = (self.year as i32 - (self.month < 3) as i32, (self.month as i32 + 9) % 12);
        let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        Day(365 * year + leaps + (153 * month + 2) / 5 - 719_468)
    }

    /// How many days it has.
    #[must_use]
    pub const fn days(self) -> i8 {
        let leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        match self.month {
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 31,
        }
    }

    /// The month after.
    #[must_use]
    pub const fn next(self) -> Self {
        if self.month == 12 {
            Self { year: self.year + 1, month: 1 }
        } else {
            Self { year: self.year, month: self.month + 1 }
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// How often local time shows the hour of an instant on its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hour {
    /// Once.
    Once,
    /// Twice, as clocks are set back: this is the first time, in summer time.
    First,
    /// This is the second time, in winter time.
    Second,
}

/// The municipality's time zone: turns instants into local days and months, and back.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

impl Zone {
    /// The IANA zone `name` (`Europe/Stockholm`), or `None` where there is no such zone.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        TimeZone::get(name).ok().map(Self)
    }

    /// Universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// Seconds by which local time is ahead of UTC at `at`.
    #[must_use]
    pub fn offset_seconds(&self, at: UtcSecond) -> i64 {
        Timestamp::from_second(at.0).map(|stamp| i64::from(self.0.to_offset(stamp).seconds())).unwrap_or(0)
    }

    /// The local day that `at` lies in.
    #[must_use]
    pub fn day(&self, at: UtcSecond) -> Day {
        let local = at.0.saturating_add(self.offset_seconds(at));
        Day(i32::try_from(local.div_euclid(86_400)).unwrap_or(if local < 0 { i32::MIN } else { i32::MAX }))
    }

    /// The first instant of a local day, whether the day has 23, 24 or 25 hours; the last instant there is for
    /// days after the year 9999.
    #[must_use]
    pub fn start_of(&self, day: Day) -> UtcSecond {
        let days = jiff::Span::new().try_days(day.0);
        let date = days.and_then(|days| jiff::civil::date(1970, 1, 1).checked_add(days));
        let start = date.and_then(|date| date.to_zoned(self.0.clone()));
        start.map_or(UtcSecond(i64::MAX), |start| UtcSecond(start.timestamp().as_second()))
    }

    /// A local day, whether it has 23, 24 or 25 hours.
    #[must_use]
    pub fn span_of(&self, day: Day) -> Span {
        Span::clamped(self.start_of(day), self.start_of(Day(day.0.saturating_add(1))))
    }

    /// The local days that `span` lies in, each with its part; none for an empty span.
    pub fn days_in(&self, span: Span) -> impl Iterator<Item = (Day, Span)> {
        let last = self.day(span.end());
        let days = (self.day(span.start()).0..=last.0).map(Day);
        days.filter_map(move |day| Some((day, self.span_of(day).intersection(span)?)))
    }

    /// Local seconds since midnight, 0 to 86,399.
    #[must_use]
    pub fn second_of_day(&self, at: UtcSecond) -> i64 {
        at.0.saturating_add(self.offset_seconds(at)).rem_euclid(86_400)
    }

    /// The local month that `at` lies in.
    #[must_use]
    pub fn month(&self, at: UtcSecond) -> Month {
        Timestamp::from_second(at.0)
            .map(|stamp| {
                let local = self.0.to_datetime(stamp);
                Month { year: local.year(), month: local.month() }
            })
            .unwrap_or(Month { year: 0, month: 1 })
    }

    /// Local `hour`:00 on day `day` of `month`; the last valid day where the month is shorter.
    #[must_use]
    pub fn instant(&self, month: Month, day: i8, hour: i8) -> UtcSecond {
        let first = jiff::civil::date(month.year, month.month, 1);
        let day = day.clamp(1, first.days_in_month());
        jiff::civil::date(month.year, month.month, day)
            .at(hour.clamp(0, 23), 0, 0, 0)
            .to_zoned(self.0.clone())
            .map(|zoned| UtcSecond(zoned.timestamp().as_second()))
            .unwrap_or_default()
    }

    /// Whether clocks show the local time of `at` once that day, or twice.
    #[must_use]
    pub fn hour(&self, at: UtcSecond) -> Hour {
        let Ok(stamp) = Timestamp::from_second(at.0) else { return Hour::Once };
        match self.0.to_ambiguous_timestamp(self.0.to_datetime(stamp)).offset() {
            AmbiguousOffset::Fold { before, .. } if self.0.to_offset(stamp) == before => Hour::First,
            AmbiguousOffset::Fold { .. } => Hour::Second,
            AmbiguousOffset::Gap { .. } | AmbiguousOffset::Unambiguous { .. } => Hour::Once,
        }
    }

    /// The local day of the month, 1 to 31.
    #[must_use]
    pub fn day_of_month(&self, at: UtcSecond) -> i8 {
        Timestamp::from_second(at.0).map_or(1, |stamp| self.0.to_datetime(stamp).day())
    }

    /// Local wall-clock time, `08:05`, cut to the minute.
    #[must_use]
    pub fn clock(&self, at: UtcSecond) -> String {
        let second = self.second_of_day(at);
        format!("{:02}:{:02}", second / 3600, second % 3600 / 60)
    }

    /// Local date, `2026-03-02`.
    #[must_use]
    pub fn date(&self, at: UtcSecond) -> String {
        Timestamp::from_second(at.0)
            .map(|stamp| self.0.to_datetime(stamp).date().to_string())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail and say why")]

    use super::*;

    #[test]
    fn a_local_day_begins_at_its_first_instant_on_days_of_23_24_and_25_hours() {
        let zone = Zone::named("Europe/Stockholm").unwrap();
        let instant = |text: &str| UtcSecond(text.parse::<Timestamp>().unwrap().as_second());
        for (noon, start, hours) in [
            ("2026-03-28T12:00:00Z", "2026-03-27T23:00:00Z", 24),
            ("2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", 23),
            ("2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", 25),
        ] {
            let day = zone.day(instant(noon));
            assert_eq!(zone.start_of(day), instant(start));
            assert_eq!(zone.start_of(Day(day.0 + 1)).since(zone.start_of(day)), hours * 3600);
            for at in [zone.start_of(day), zone.start_of(Day(day.0 + 1)).plus(-1)] {
                assert_eq!(zone.day(at), day);
            }
        }
        // Where midnight is skipped, the day begins at one.
        let zone = Zone::named("Africa/Cairo").unwrap();
        let day = zone.day(instant("2026-04-24T12:00:00Z"));
        assert_eq!(zone.second_of_day(zone.start_of(day)), 3600);
        assert_eq!(zone.start_of(Day(i32::MAX)), UtcSecond(i64::MAX));
    }

    #[test]
    fn a_night_is_parted_at_local_midnight_when_the_clocks_change_as_well() {
        let zone = Zone::named("Europe/Stockholm").unwrap();
        let instant = |text: &str| UtcSecond(text.parse::<Timestamp>().unwrap().as_second());
        let hours = |from: &str, to: &str| -> Vec<i64> {
            let span = Span::new(instant(from), instant(to)).unwrap();
            let parts: Vec<(Day, Span)> = zone.days_in(span).collect();
            assert_eq!(parts.iter().map(|(_, part)| part.seconds()).sum::<i64>(), span.seconds());
            assert!(parts.iter().all(|(day, part)| zone.day(part.start()) == *day));
            parts.iter().map(|(_, part)| part.seconds() / 3600).collect()
        };
        // From seven in the evening to half past eight: an ordinary night, and those of the two changes.
        assert_eq!(hours("2026-03-03T18:00:00Z", "2026-03-04T07:00:00Z"), [5, 8]);
        assert_eq!(hours("2026-03-28T18:00:00Z", "2026-03-29T06:00:00Z"), [5, 7]);
        assert_eq!(hours("2026-10-24T17:00:00Z", "2026-10-25T07:00:00Z"), [5, 9]);
        // To midnight, and from it; 24 hours around a day of 23.
        assert_eq!(hours("2026-03-03T18:00:00Z", "2026-03-03T23:00:00Z"), [5]);
        assert_eq!(hours("2026-03-03T23:00:00Z", "2026-03-04T07:00:00Z"), [8]);
        assert_eq!(hours("2026-03-28T22:00:00Z", "2026-03-29T22:00:00Z"), [1, 23]);
        assert_eq!(hours("2026-03-28T22:30:00Z", "2026-03-29T22:30:00Z"), [0, 23, 0]);
        assert_eq!(hours("2026-03-03T18:00:00Z", "2026-03-03T18:00:00Z"), [0; 0]);
    }
}
