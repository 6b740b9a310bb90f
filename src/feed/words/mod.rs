//! Texts in Swedish and English, each beside the other, so that none can lack.

mod measures;
mod numbers;
mod records;
mod rules;
mod ui;

pub use measures::{is_named, measure_name, measure_value};
pub use numbers::{date, day_and_time, exact_length, kronor, length, month_name, percent, waited, whole};
pub use records::*;
pub use rules::rule_title;
pub use ui::Texts;

/// A language of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Swedish.
    Sv,
    /// English.
    En,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sv, Self::En];

    /// The code in addresses and in `lang`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Sv => "sv",
            Self::En => "en",
        }
    }

    /// The language with that code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Sv => Self::En,
            Self::En => Self::Sv,
        }
    }

    /// The text of the two that is in this language.
    #[must_use]
    pub const fn of<'a>(self, sv: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Sv => sv,
            Self::En => en,
        }
    }
}

/// `one` where `count` is 1, else `many`.
#[must_use]
pub fn counted<'a>(count: usize, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}

/// Text from a record as it is shown: characters that cannot be seen, that turn the direction of writing or that look
/// like Latin ones are written by their number, and what is too long is cut.
#[must_use]
pub fn visible(text: &str) -> String {
    /// Longer than any id; an id has at most 128 characters.
    const CHARACTERS_MAX: usize = 2_000;
    /// More marks on one letter are no writing.
    const MARKS_MAX: usize = 3;
    let (mut shown, mut marks) = (String::with_capacity(text.len()), 0);
    for (at, character) in text.chars().enumerate() {
        if CHARACTERS_MAX <= at {
            shown.push('…');
            break;
        }
        marks = if is_mark(character) { marks + 1 } else { 0 };
        if MARKS_MAX < marks {
            continue;
        }
        if is_invisible(character) || is_lookalike(character) {
            shown.push_str(&format!("⟨U+{:04X}⟩", u32::from(character)));
        } else {
            shown.push(character);
        }
    }
    shown
}

const fn is_mark(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
}

fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
        )
}

/// Greek, Cyrillic, mathematical and wide letters: in an id beside Latin ones they name somebody else.
const fn is_lookalike(character: char) -> bool {
    matches!(
        character,
        '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{52f}' | '\u{1d400}'..='\u{1d7ff}' | '\u{ff01}'..='\u{ff5e}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_written_by_its_number() {
        assert_eq!(visible("Hemtjänst Åre AB"), "Hemtjänst Åre AB");
        assert_eq!(visible("P\u{202e}70"), "P⟨U+202E⟩70");
        assert_eq!(visible("P\u{200b}07"), "P⟨U+200B⟩07");
        assert_eq!(visible("\u{420}-07"), "⟨U+0420⟩-07", "a Cyrillic letter");
        let marked = visible(&format!("a{}", "\u{301}".repeat(10_000)));
        assert_eq!(marked, "a\u{301}\u{301}\u{301}…");
        assert_eq!(visible(&"x".repeat(5_000)).chars().count(), 2_001);
    }
}
