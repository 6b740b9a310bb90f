//! Reads one visit.

use tidvakt::domain::{EventType, Geo, Span};

use super::words::{
    Read, Words, clock, day, event, kind, list, method, mode, month, number, outcome, place, times,
};
use crate::draft::{Change, Draft};

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
    match word {
        "geo" => return geo(draft, words),
        "edit" => {
            let change = edit(date, words)?;
            draft.edits.push(change);
            return Ok(());
        }
        _ => (),
    }
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
        "partners" => draft.partners = list(&text()?),
        "kind" => draft.kind = kind(&text()?)?,
        "outcome" => draft.outcome = outcome(&text()?)?,
        "event" => draft.event = event(&text()?)?,
        "provider" => draft.provider = text()?,
        "order" => draft.order = Some(text()?),
        "tag" => {
            let tag = Some(text()?);
            draft.tags = [tag.clone(), tag];
        }
        "start-tag" => draft.tags[0] = Some(text()?),
        "end-tag" => draft.tags[1] = Some(text()?),
        "device" => {
            let device = Some(text()?);
            draft.devices = [device.clone(), device];
        }
        "start-device" => draft.devices[0] = Some(text()?),
        "end-device" => draft.devices[1] = Some(text()?),
        "task" | "tasks" => draft.tasks = list(&text()?),
        "shared" => draft.shared = Some(text()?),
        "mode" => draft.mode = mode(&text()?)?,
        "billed" => draft.billed_seconds = Some(number(&text()?)?),
        "tariff" => draft.tariff = Some(text()?),
        "period" => draft.period = Some(month(&text()?)?),
        "recorded" => draft.recorded_at = Some(day(&text()?)?),
        "synced" => draft.synced_at = Some(day(&text()?)?),
        "emitted" => draft.emitted_at = Some(day(&text()?)?),
        "arrives" => draft.appended_at = day(&text()?)?,
        "trainee" => draft.trainee = true,
        "not-billable" => draft.billable = false,
        word => draft.methods = [method(word)?; 2],
    }
    Ok(())
}

/// `geo start 59.1,17.6 accuracy 20`; the accuracy, in metres, may be left out.
fn geo(draft: &mut Draft, words: &mut Words<'_>) -> Read<()> {
    let at = match words.next("`start` or `end`")? {
        "start" => 0,
        "end" => 1,
        other => return Err(format!("found `{other}`, expected `start` or `end`")),
    };
    let place = place(words.next("a place")?)?;
    let accuracy_metres = words.take("accuracy").then(|| number(words.next("metres")?)).transpose()?;
    draft.geo[at] = Some(Geo { place, accuracy_metres });
    Ok(())
}

/// `edit end 20:00->20:30 at 2026-03-05T10:00 by planner-2 role planner reason forgot`; what comes
/// after the time may be left out.
fn edit(date: &str, words: &mut Words<'_>) -> Read<Change> {
    let field = match words.next("what was changed")? {
        "start" => "start_at",
        "end" => "end_at",
        "tasks" => "tasks",
        other => return Err(format!("found `{other}`, expected `start`, `end` or `tasks`")),
    };
    let change = words.next("a change")?;
    let (old, new) = change.split_once("->").ok_or_else(|| format!("`{change}` has no `->`"))?;
    let value = |text: &str| -> Read<String> {
        if field == "tasks" { Ok(text.to_owned()) } else { Ok(clock(date, text)?.to_string()) }
    };
    words.expect("at")?;
    let at = day(words.next("a time")?)?;
    let mut of = |what: &str| words.take(what).then(|| words.next("a name").map(str::to_owned)).transpose();
    let (editor, role, reason) = (of("by")?, of("role")?, of("reason")?);
    Ok(Change { field, old: value(old)?, new: value(new)?, editor, role, at, reason })
}
