//! An alert as a line for a terminal.

use std::fmt::Write as _;
use std::io::IsTerminal;

use clap::ValueEnum;

use crate::domain::{AlertState, Finding, Grade, PublishedAlert, Zone};

/// A language of the sentences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputLanguage {
    /// English
    En,
    /// Swedish
    Sv,
}

/// Writes alerts as lines.
pub(super) struct AlertLine {
    language: OutputLanguage,
    zone: Zone,
    colours: bool,
}

impl AlertLine {
    /// Lines for standard output, in colours where that is a terminal.
    pub(super) fn new(language: OutputLanguage, zone: Zone) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { language, zone, colours: !refused && std::io::stdout().is_terminal() }
    }

    /// Appends the line of an alert: time of assessment, mark, `rule`, grade, kronor at risk, sentence.
    pub(super) fn write(&self, alert: &PublishedAlert, rule: &str, lines: &mut String) {
        let content = &alert.alert;
        let when =
            format!("{} {}", self.zone.date(content.assessed_at), self.zone.clock(content.assessed_at));
        let (mark, grade) = match alert.state {
            AlertState::Opened => ('+', content.grade.as_str()),
            AlertState::Revised => ('~', content.grade.as_str()),
            AlertState::Withdrawn => ('-', "withdrawn"),
        };
        let sentence = match (gravest(alert), self.language) {
            (Some(finding), OutputLanguage::En) => finding.text.en.as_str(),
            (Some(finding), OutputLanguage::Sv) => finding.text.sv.as_str(),
            (None, OutputLanguage::En) => "The alert is withdrawn: nothing unusual is left.",
            (None, OutputLanguage::Sv) => "Larmet är återtaget: inget avvikande finns kvar.",
        };
        let (colour, plain) = match (self.colours, alert.state, content.grade) {
            (true, AlertState::Withdrawn, _) => ("\x1b[2m", "\x1b[0m"),
            (true, _, Grade::Hold) => ("\x1b[31m", "\x1b[0m"),
            (true, _, Grade::Review) => ("\x1b[33m", "\x1b[0m"),
            _ => ("", ""),
        };
        let kronor = kronor(content.amount_at_risk_ore);
        // Writing to a string cannot fail.
        let _ =
            writeln!(lines, "{when} {colour}{mark} {rule:<24} {grade:<9}{plain} {kronor:>9} kr  {sentence}");
    }
}

/// The gravest finding of an alert.
pub(super) fn gravest(alert: &PublishedAlert) -> Option<&Finding> {
    // The first of equals, in the order of the rules.
    alert.alert.findings.iter().rev().max_by_key(|finding| finding.grade)
}

/// Öre as kronor, with spaces between thousands.
pub(super) fn kronor(ore: i64) -> String {
    let whole = ((ore.unsigned_abs() + 50) / 100).to_string();
    let mut text = if ore < 0 { "-".to_owned() } else { String::new() };
    for (at, digit) in whole.chars().enumerate() {
        if 0 < at && (whole.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kronor_are_grouped_and_rounded() {
        assert_eq!(kronor(12_949), "129");
        assert_eq!(kronor(12_950), "130");
        assert_eq!(kronor(123_456_700), "1 234 567");
        assert_eq!(kronor(0), "0");
    }
}
