//! Reads one visit.

use tidvakt::domain::{EventType, Span};

use super::words::{Read, Words, day, kind, method, month, number, outcome, times};
use crate::draft::Draft;

/// `carer ann at client bo 08:00-08:30` and what follows.
pub(super) fn visit(id: &str, version: u32, words: &mut Words<'_>) -> Read<Draft> {
    words.expect("carer")?;
    let carer = words.next("a carer")?;
    words.expect("at")?;
    words.expect("client")?;
    let client = words.next("a client")?;
    let clock = words.next("a time")?;
    // The date comes behind the times that need it.
    let rest: Vec<&str> = std::iter::from_fn(|| words.maybe()).collect();
    let on = rest.iter().position(|word| *word == "on").and_then(|at| rest.get(at + 1));
    let date = on.copied().unwrap_or("2026-03-02");
    let (start, end) = times(date, clock)?;
    let mut draft = Draft::new(id, version, carer, client, start, end.unwrap_or(start));
    if end.is_none() {
        draft = Draft { end: None, event: EventType::Started, ..draft };
    }
    let joined = rest.join(" ");
    let mut words = Words::new(&joined);
    while let Some(word) = words.maybe() {
        detail(&mut draft, word, date, &mut words)?;
    }
    Ok(draft)
}

fn detail(draft: &mut Draft, word: &str, date: &str, words: &mut Words<'_>) -> Read<()> {
    let mut text = || words.next("a word").map(str::to_owned);
    match word {
        "on" => drop(text()?),
        "start" => draft.methods[0] = method(&text()?)?,
        "end" => draft.methods[1] = method(&text()?)?,
        "plan" => {
            let (start, end) = times(date, &text()?)?;
            draft.planned = Span::new(start, end.ok_or("the plan has no end")?);
        }
        "staff" => draft.staff = Some(number(&text()?)?),
        "partners" => draft.partners = text()?.split(',').map(str::to_owned).collect(),
        "kind" => draft.kind = kind(&text()?)?,
        "outcome" => draft.outcome = outcome(&text()?)?,
        "provider" => draft.provider = text()?,
        "order" => draft.order = Some(text()?),
        "tag" => draft.tag = Some(text()?),
        "task" => draft.task = Some(text()?),
        "shared" => draft.shared = Some(text()?),
        "tariff" => draft.tariff = Some(text()?),
        "period" => draft.period = Some(month(&text()?)?),
        "recorded" => draft.recorded_at = Some(day(&text()?)?),
        "arrives" => draft.appended_at = day(&text()?)?,
        "trainee" => draft.trainee = true,
        "not-billable" => draft.billable = false,
        word => draft.methods = [method(word)?; 2],
    }
    Ok(())
}
