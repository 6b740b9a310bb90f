//! Numbers, dates and clock times as sentences for people say them: [`SV`] in Swedish, [`EN`] in English.
//!
//! Clock times are cut to the minute, and minutes beside them are counted between the cut times: a reader who
//! subtracts one clock time from the other gets the number in the sentence.

use crate::domain::{Hour, Month, Span, UtcSecond, Zone};

mod en;
mod sv;

pub use en::EN;
pub use sv::SV;

/// Whole minutes of a span whose ends are printed as clock times.
#[must_use]
pub const fn clock_minutes(span: Span) -> i64 {
    span.end().0.div_euclid(60) - span.start().0.div_euclid(60)
}

/// Minutes nearest to a length that stands beside no clock times, such as a planned one.
#[must_use]
pub const fn nearest_minutes(seconds: i64) -> i64 {
    (seconds + 30).div_euclid(60)
}

/// The share as a number of per cent, with one decimal where it has one.
#[must_use]
pub fn per_cent(share: f64) -> f64 {
    (1000.0 * share).round() / 10.0
}

/// A noun in singular and plural.
type Forms = [&'static str; 2];

/// How a language words numbers, dates and times.
#[derive(Debug)]
pub struct Locale {
    /// Between groups of three digits.
    thousands: char,
    /// Before a decimal.
    decimal: char,
    second: Forms,
    minute: Forms,
    hour: Forms,
    day: Forms,
    metre: Forms,
    /// Of all, before a lower bound, and between its per cent and the whole.
    part: [&'static str; 3],
    /// For no whole minute.
    under_a_minute: &'static str,
    and: &'static str,
    months: [&'static str; 12],
    /// The first ordinals, from 1.
    ordinals: [&'static str; 12],
    /// What follows the digits of a higher one.
    ordinal_ending: fn(u32) -> &'static str,
    /// The hour that comes twice when clocks are set back, the first time and the second.
    repeated_hour: [&'static str; 2],
}

impl Locale {
    /// `1 232` with no-break spaces, `1,232`.
    #[must_use]
    pub fn number(&self, value: i64) -> String {
        let digits = value.unsigned_abs().to_string();
        let mut text = String::from(if value < 0 { "−" } else { "" });
        for (at, digit) in digits.char_indices() {
            if 0 < at && (digits.len() - at).is_multiple_of(3) {
                text.push(self.thousands);
            }
            text.push(digit);
        }
        text
    }

    /// `10,5`, `10.5`; `20` without a decimal.
    #[must_use]
    pub fn decimal(&self, value: f64) -> String {
        let text = format!("{value:.1}");
        text.trim_end_matches(".0").replace('.', &self.decimal.to_string())
    }

    /// `minst 95 procent av`, `at least 95 per cent of`, of what was rounded down; of 100 per cent, `alla`, `all of`.
    #[must_use]
    pub fn at_least_per_cent_of(&self, per_cent: u32) -> String {
        let [all, at_least, of] = self.part;
        if per_cent < 100 { format!("{at_least} {per_cent} {of}") } else { all.to_owned() }
    }

    /// `1 insats`, `2 insatser`.
    #[must_use]
    pub fn counted(&self, count: i64, one: &str, many: &str) -> String {
        format!("{} {}", self.number(count), if count == 1 { one } else { many })
    }

    fn units(&self, count: i64, [one, many]: Forms) -> String {
        self.counted(count, one, many)
    }

    /// `20 sekunder`, `20 seconds`.
    #[must_use]
    pub fn seconds(&self, count: i64) -> String {
        self.units(count, self.second)
    }

    /// `12 minuter`; for none, `mindre än en minut`.
    #[must_use]
    pub fn minutes(&self, count: i64) -> String {
        if count == 0 { self.under_a_minute.to_owned() } else { self.units(count, self.minute) }
    }

    /// `13 timmar`, `13 hours`.
    #[must_use]
    pub fn hours(&self, count: i64) -> String {
        self.units(count, self.hour)
    }

    /// `3 dagar`, `3 days`.
    #[must_use]
    pub fn days(&self, count: i64) -> String {
        self.units(count, self.day)
    }

    /// `5 timmar och 44 minuter` of 344 minutes.
    #[must_use]
    pub fn length(&self, whole_minutes: i64) -> String {
        match (whole_minutes / 60, whole_minutes % 60) {
            (0, rest) => self.minutes(rest),
            (whole, 0) => self.hours(whole),
            (whole, rest) => format!("{} {} {}", self.hours(whole), self.and, self.minutes(rest)),
        }
    }

    /// `801 meter`, `10,5 km`.
    #[must_use]
    pub fn distance(&self, metres: f64) -> String {
        if metres < 999.5 {
            self.units(metres.round() as i64, self.metre)
        } else {
            format!("{} km", self.decimal(metres / 1000.0))
        }
    }

    /// `tredje`, `third`; from 13 on `13:e`, `13th`.
    #[must_use]
    pub fn ordinal(&self, number: u32) -> String {
        match number.checked_sub(1).and_then(|at| self.ordinals.get(at as usize)) {
            Some(word) => (*word).to_owned(),
            None => format!("{number}{}", (self.ordinal_ending)(number)),
        }
    }

    /// `februari 2026`, `February 2026`.
    #[must_use]
    pub fn month(&self, month: Month) -> String {
        format!("{} {}", self.months[month.month() as usize - 1], month.year())
    }

    /// `Februari 2026`, at the start of a sentence.
    #[must_use]
    pub fn month_at_start(&self, month: Month) -> String {
        let text = self.month(month);
        text[..1].to_uppercase() + &text[1..]
    }

    /// The local date, `22 februari 2026`; goes after `den` in Swedish.
    #[must_use]
    pub fn date(&self, zone: &Zone, at: UtcSecond) -> String {
        format!("{} {}", zone.day_of_month(at), self.month(zone.month(at)))
    }

    /// The local clock time, `08:05`, with the name of the hour where local time shows it twice that day.
    #[must_use]
    pub fn clock(&self, zone: &Zone, at: UtcSecond) -> String {
        let clock = zone.clock(at);
        match zone.hour(at) {
            Hour::Once => clock,
            Hour::First => format!("{clock} ({})", self.repeated_hour[0]),
            Hour::Second => format!("{clock} ({})", self.repeated_hour[1]),
        }
    }

    /// The local clock times, `08:00–08:30`.
    #[must_use]
    pub fn clocks(&self, zone: &Zone, span: Span) -> String {
        format!("{}–{}", self.clock(zone, span.start()), self.clock(zone, span.end()))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail and say why")]

    use super::*;
    use crate::domain::Month;

    fn zone() -> Zone {
        Zone::named("Europe/Stockholm").unwrap()
    }

    fn at(text: &str) -> UtcSecond {
        UtcSecond(text.parse::<jiff::Timestamp>().unwrap().as_second())
    }

    fn span(start: &str, end: &str) -> Span {
        Span::new(at(start), at(end)).unwrap()
    }

    #[test]
    fn thousands_are_grouped_and_decimals_follow_the_language() {
        assert_eq!(
            [SV.number(999), SV.number(1232), SV.number(-1_234_567)],
            ["999", "1\u{a0}232", "−1\u{a0}234\u{a0}567"]
        );
        assert_eq!([EN.number(999), EN.number(1232)], ["999", "1,232"]);
        assert_eq!((SV.decimal(10.54), EN.decimal(10.54)), ("10,5".to_owned(), "10.5".to_owned()));
        assert_eq!((SV.decimal(20.0), EN.decimal(20.0)), ("20".to_owned(), "20".to_owned()));
        assert_eq!((SV.decimal(per_cent(0.125)), per_cent(0.2)), ("12,5".to_owned(), 20.0));
    }

    #[test]
    fn one_is_singular() {
        assert_eq!(
            [SV.hours(1), SV.hours(2), EN.hours(1), EN.hours(0)],
            ["1 timme", "2 timmar", "1 hour", "0 hours"]
        );
        assert_eq!(
            [SV.minutes(1), EN.minutes(1), EN.minutes(1500)],
            ["1 minut", "1 minute", "1,500 minutes"]
        );
        assert_eq!([SV.minutes(0), EN.minutes(0)], ["mindre än en minut", "less than a minute"]);
        assert_eq!(
            [SV.length(61), SV.length(120), SV.length(44)],
            ["1 timme och 1 minut", "2 timmar", "44 minuter"]
        );
        assert_eq!(
            [EN.length(61), EN.length(344), EN.length(0)],
            ["1 hour and 1 minute", "5 hours and 44 minutes", "less than a minute"]
        );
        assert_eq!(
            [SV.days(1), EN.days(3), SV.seconds(1), EN.seconds(20)],
            ["1 dag", "3 days", "1 sekund", "20 seconds"]
        );
        assert_eq!([SV.distance(801.2), SV.distance(10_540.0)], ["801 meter", "10,5 km"]);
        assert_eq!([EN.distance(1.0), EN.distance(1000.0)], ["1 metre", "1 km"]);
    }

    #[test]
    fn numbers_in_a_row_have_words() {
        assert_eq!(
            [SV.ordinal(3), SV.ordinal(12), SV.ordinal(21), SV.ordinal(13)],
            ["tredje", "tolfte", "21:a", "13:e"]
        );
        assert_eq!(
            [EN.ordinal(3), EN.ordinal(12), EN.ordinal(21), EN.ordinal(113)],
            ["third", "twelfth", "21st", "113th"]
        );
    }

    #[test]
    fn months_and_days_have_names() {
        let month = Month::new(2026, 2).unwrap();
        assert_eq!([SV.month(month), EN.month(month)], ["februari 2026", "February 2026"]);
        assert_eq!(SV.month_at_start(month), "Februari 2026");
        // Late in the evening in UTC it is the next day in Sweden.
        let night = at("2026-02-21T23:30:00Z");
        assert_eq!(
            [SV.date(&zone(), night), EN.date(&zone(), night)],
            ["22 februari 2026", "22 February 2026"]
        );
    }

    #[test]
    fn minutes_are_those_between_the_printed_clock_times() {
        let visit = span("2026-03-02T07:15:50Z", "2026-03-02T07:30:10Z");
        assert_eq!((SV.clocks(&zone(), visit), clock_minutes(visit)), ("08:15–08:30".to_owned(), 15));
        assert_eq!(clock_minutes(span("2026-03-02T07:15:10Z", "2026-03-02T07:15:50Z")), 0);
        assert_eq!([nearest_minutes(89), nearest_minutes(90)], [1, 2]);
    }

    #[test]
    fn the_hour_that_comes_twice_is_named() {
        // Clocks go back from 03:00 to 02:00 at 01:00 UTC.
        let first = span("2026-10-25T00:30:00Z", "2026-10-25T00:50:00Z");
        let over = span("2026-10-25T00:50:00Z", "2026-10-25T02:10:00Z");
        let second = span("2026-10-25T01:00:00Z", "2026-10-25T01:59:59Z");
        assert_eq!(SV.clocks(&zone(), first), "02:30 (sommartid)–02:50 (sommartid)");
        assert_eq!(EN.clocks(&zone(), over), "02:50 (summer time)–03:10");
        assert_eq!(EN.clocks(&zone(), second), "02:00 (winter time)–02:59 (winter time)");
        assert_eq!(clock_minutes(over), 80);
        // In spring no hour comes twice, and in universal time none ever does.
        assert_eq!(SV.clocks(&zone(), span("2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z")), "01:30–03:30");
        assert_eq!(SV.clocks(&Zone::utc(), first), "00:30–00:50");
    }
}
