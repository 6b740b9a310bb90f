//! Swedish.

use super::Locale;

/// Swedish.
pub static SV: Locale = Locale {
    thousands: '\u{a0}',
    decimal: ',',
    second: ["sekund", "sekunder"],
    minute: ["minut", "minuter"],
    hour: ["timme", "timmar"],
    day: ["dag", "dagar"],
    metre: ["meter", "meter"],
    part: ["alla", "minst", "procent av"],
    under_a_minute: "mindre än en minut",
    and: "och",
    months: [
        "januari",
        "februari",
        "mars",
        "april",
        "maj",
        "juni",
        "juli",
        "augusti",
        "september",
        "oktober",
        "november",
        "december",
    ],
    ordinals: [
        "första", "andra", "tredje", "fjärde", "femte", "sjätte", "sjunde", "åttonde", "nionde", "tionde",
        "elfte", "tolfte",
    ],
    ordinal_ending,
    repeated_hour: ["sommartid", "vintertid"],
};

const fn ordinal_ending(number: u32) -> &'static str {
    match (number % 10, number % 100) {
        (_, 11 | 12) => ":e",
        (1 | 2, _) => ":a",
        _ => ":e",
    }
}
