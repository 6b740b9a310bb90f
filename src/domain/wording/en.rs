//! English, as written in the United Kingdom.

use super::Locale;

/// English.
pub static EN: Locale = Locale {
    thousands: ',',
    decimal: '.',
    second: ["second", "seconds"],
    minute: ["minute", "minutes"],
    hour: ["hour", "hours"],
    day: ["day", "days"],
    metre: ["metre", "metres"],
    part: ["all of", "at least", "per cent of"],
    under_a_minute: "less than a minute",
    and: "and",
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    ordinals: [
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
        "eleventh", "twelfth",
    ],
    ordinal_ending,
    repeated_hour: ["summer time", "winter time"],
};

const fn ordinal_ending(number: u32) -> &'static str {
    match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    }
}
