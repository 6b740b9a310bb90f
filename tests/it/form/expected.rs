//! Reads what is expected.

use tidvakt::domain::Grade;

use super::words::{Read, Words, number};

/// What is expected to stand, or to have happened since the last expectations.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    Finding(Box<FindingLine>),
    /// Noted on a registration, and no alert: `rule`, registration.
    Noted(String, String),
    Nothing,
    Same,
    /// A rule noted something new about a pay period (or, false, did not), and no alert.
    Observed(String, bool),
    Withdrawn(String),
    /// `rule`, missing fact.
    Undetermined(String, String),
    /// Registration, seconds, öre, state.
    Hold(String, i64, i64, String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct FindingLine {
    pub rule: String,
    pub subject: String,
    pub related: Vec<String>,
    pub grade: Grade,
    /// Compared only where the line says it.
    pub seconds: Option<i64>,
    pub untested: Vec<String>,
    pub text: Option<String>,
}

pub(super) fn expectation(text: &str) -> Read<Expected> {
    let (head, sentence) =
        text.split_once(": ").map_or((text, None), |(head, sentence)| (head, Some(sentence.to_owned())));
    let mut words = Words::new(head);
    let first = words.next("an expectation")?;
    let mut next = |what: &str| words.next(what).map(str::to_owned);
    let expected = match first {
        "nothing" => Expected::Nothing,
        "same" => Expected::Same,
        "noted" => Expected::Noted(next("a rule")?, next("a registration")?),
        "observed" => Expected::Observed(next("a rule")?, true),
        "unobserved" => Expected::Observed(next("a rule")?, false),
        "withdrawn" => Expected::Withdrawn(next("a registration")?),
        "undetermined" => Expected::Undetermined(next("a rule")?, next("a fact")?),
        "hold" => {
            let (id, seconds) = (next("a registration")?, number(&next("seconds")?)?);
            words.expect("s")?;
            let ore = number(words.next("öre")?)?;
            words.expect("öre")?;
            Expected::Hold(id, seconds, ore, words.next("a state")?.to_owned())
        }
        rule => {
            let finding = finding(rule, &mut words, sentence)?;
            Expected::Finding(Box::new(finding))
        }
    };
    words.end()?;
    Ok(expected)
}

fn finding(rule: &str, words: &mut Words<'_>, text: Option<String>) -> Read<FindingLine> {
    let (subject, related) = match words.next("a subject")? {
        who @ ("carer" | "client" | "pair" | "provider" | "tag") => {
            let (name, period) = (words.next("a name")?, words.next("a month")?);
            let kind = if who == "tag" { who.to_owned() } else { format!("{who}_period") };
            (format!("{kind}:{name}:{period}"), Vec::new())
        }
        ids => {
            let mut ids = ids.split('+').map(str::to_owned);
            let subject = format!("registration:{}", ids.next().unwrap_or_default());
            let mut related: Vec<String> = ids.collect();
            related.sort_unstable();
            (subject, related)
        }
    };
    let grade = match words.next("a grade")? {
        "hold" => Grade::Hold,
        "review" => Grade::Review,
        "observe" => Grade::Observe,
        other => return Err(format!("`{other}` is no grade")),
    };
    let mut line = FindingLine {
        rule: rule.to_owned(),
        subject,
        related,
        grade,
        seconds: None,
        untested: Vec::new(),
        text,
    };
    while let Some(word) = words.maybe() {
        if word == "untested" {
            line.untested = words.next("a fact")?.split(',').map(str::to_owned).collect();
        } else {
            line.seconds = Some(number(word)?);
            words.expect("s")?;
        }
    }
    Ok(line)
}
