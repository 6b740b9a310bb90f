//! Reads the text form of scenarios; `scenarios.rs` says what the lines mean.

mod expected;
mod fact;
mod visit;
mod words;

use std::collections::BTreeMap;

use tidvakt::domain::{
    Action, Coordinates, Decision, EventType, Fact, FactBody, FactChange, UtcSecond, Validity,
};

use crate::draft::{Draft, MUNICIPALITY};

use expected::expectation;
pub use expected::{Expected, FindingLine};
use fact::{exception, fact};
use visit::visit;
use words::{Read, Words, always, day, number};

/// A line that says something, with its number counted from 1.
#[derive(Clone, Debug)]
pub struct Line {
    pub number: usize,
    pub said: Said,
}

#[derive(Clone, Debug)]
pub enum Said {
    /// A new case with an engine of its own begins.
    Case,
    Referenced(FactChange),
    Decided(Decision),
    Registered(Box<Draft>),
    Expected(Expected),
}

/// Reads a whole file; an error names the line.
pub fn read(text: &str) -> Result<Vec<Line>, (usize, String)> {
    let mut reader = Reader::default();
    let mut lines = Vec::new();
    for (at, raw) in text.lines().enumerate() {
        let number = at + 1;
        let line = raw.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let said = reader.line(line).map_err(|problem| (number, problem))?;
        lines.extend(said.into_iter().map(|said| Line { number, said }));
    }
    Ok(lines)
}

#[derive(Default)]
struct Reader {
    drafts: BTreeMap<String, Draft>,
    facts: i64,
    apart: usize,
}

impl Reader {
    fn line(&mut self, line: &str) -> Read<Vec<Said>> {
        if line.starts_with("== ") {
            *self = Self::default();
            return Ok(vec![Said::Case]);
        }
        if let Some(expected) = line.strip_prefix("->") {
            return Ok(vec![Said::Expected(expectation(expected.trim())?)]);
        }
        for (every, unit, step) in [("every day ", "days", 1), ("every week ", "weeks", 7)] {
            if let Some(rest) = line.strip_prefix(every) {
                return self.every(unit, step, rest);
            }
        }
        let mut words = Words::new(line);
        let first = words.next("a word")?;
        match first {
            "homes" => {
                words.expect("apart")?;
                Ok(std::iter::from_fn(|| words.maybe()).map(|client| self.apart(client)).collect())
            }
            "forget" => {
                let fact_id = words.next("a fact id")?.to_owned();
                words.end()?;
                let municipality = MUNICIPALITY.to_owned();
                Ok(vec![Said::Referenced(FactChange::Remove { municipality, fact_id })])
            }
            "decide" => Ok(vec![Said::Decided(self.decision(&mut words)?)]),
            "home" | "order" | "absence" | "employment" | "carer_absence" | "tag" | "tariff" | "calendar"
            | "provider" | "exception" => Ok(vec![self.fact(first, &mut words)?]),
            _ => Ok(vec![Said::Registered(Box::new(self.registration(first, &mut words)?))]),
        }
    }

    /// Each client a kilometre north of the one before, in a household of its own.
    fn apart(&mut self, client: &str) -> Said {
        self.apart += 1;
        let place = Coordinates { lat: 59.0 + 0.009 * self.apart as f64, lon: 17.6 };
        let body = FactBody::ClientHome {
            client_ref: client.to_owned(),
            household_ref: Some(format!("household-{client}")),
            place: Some(place),
        };
        self.put(format!("home-{client}"), always(), day("2026-01-01").expect("a date"), body)
    }

    fn put(&mut self, fact_id: String, valid: Validity, recorded: UtcSecond, body: FactBody) -> Said {
        self.facts += 1;
        let recorded_at = recorded.plus(self.facts);
        let municipality = MUNICIPALITY.to_owned();
        Said::Referenced(FactChange::Put(Fact { municipality, fact_id, valid, recorded_at, body }))
    }

    fn fact(&mut self, kind: &str, words: &mut Words<'_>) -> Read<Said> {
        let (fact_id, valid, body) = fact(kind, words)?;
        let recorded = if words.take("recorded") { words.next("a time")? } else { "2026-01-01" };
        let recorded = day(recorded)?;
        words.end()?;
        Ok(self.put(fact_id, valid, recorded, body))
    }

    fn decision(&mut self, words: &mut Words<'_>) -> Read<Decision> {
        let id = words.next("a registration")?;
        let action = match words.next("an action")? {
            "take" => Action::Take,
            "wait" => Action::Wait,
            "confirm" => Action::Confirm,
            "release" => Action::Release,
            "uphold" => Action::Uphold,
            "dismiss" => Action::Dismiss,
            "reopen" => Action::Reopen,
            other => return Err(format!("`{other}` is no action")),
        };
        words.expect("at")?;
        let decided_at = day(words.next("a time")?)?;
        let excepted =
            words.take("except").then(|| exception(words.next("a rule")?, words).map(|e| (e, always())));
        words.end()?;
        self.facts += 1;
        Ok(Decision {
            decision_id: format!("decision-{}", self.facts),
            alert_id: format!("{MUNICIPALITY}:registration:{id}"),
            hold_id: None,
            action,
            outcome: None,
            reason: "seen".to_owned(),
            until: None,
            seconded_by: None,
            decided_by: "reviewer".to_owned(),
            decided_at,
            drawn: false,
            exception: excepted.transpose()?,
        })
    }

    /// `R1.2` names a version; `R1` alone is its first.
    fn registration(&mut self, name: &str, words: &mut Words<'_>) -> Read<Draft> {
        let (id, version) = match name.rsplit_once('.') {
            Some((id, version)) => (id, number(version)?),
            None => (name, 1),
        };
        let draft = if words.take("cancelled") {
            let known = self.drafts.get(id).ok_or_else(|| format!("`{id}` is not registered"))?;
            words.end()?;
            Draft { event: EventType::Cancelled, version, ..known.clone() }
        } else {
            visit(id, version, words)?
        };
        self.drafts.insert(id.to_owned(), draft.clone());
        Ok(draft)
    }

    /// `from 2026-02-01 for 40 days: B carer ann …` registers `B-1` to `B-40`; `B.2` is their second version.
    fn every(&mut self, unit: &str, step: i32, rest: &str) -> Read<Vec<Said>> {
        let (head, visit) = rest.split_once(": ").ok_or("`: ` is missing")?;
        let mut words = Words::new(head);
        words.expect("from")?;
        let first: jiff::civil::Date =
            words.next("a date")?.parse().map_err(|_| "the date is not understood".to_owned())?;
        words.expect("for")?;
        let days: i32 = number(words.next("a number")?)?;
        words.expect(unit)?;
        words.end()?;
        let (name, what) = visit.split_once(' ').ok_or("a registration is missing")?;
        let (name, version) = name.rsplit_once('.').unwrap_or((name, "1"));
        let each = |at: i32| {
            let date = first
                .checked_add(jiff::Span::new().days(at * step))
                .map_err(|problem| problem.to_string())?;
            let text = if what == "cancelled" { what.to_owned() } else { format!("{what} on {date}") };
            let draft = self.registration(&format!("{name}-{}.{version}", at + 1), &mut Words::new(&text))?;
            Ok(Said::Registered(Box::new(draft)))
        };
        (0..days).map(each).collect()
    }
}
