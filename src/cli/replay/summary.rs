//! What a replay came to, in one table on standard error.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::io::Write;
use std::time::Duration;

use super::files::write_line;
use super::pass::Listener;
use super::tally::Tallies;
use super::waiting::{Lack, WaitingRules};
use crate::contract;
use crate::domain::{AlertState, FactChange, Grade, PublishedAlert, Registration};
use crate::engine::{Assessed, Disposition, Engine};
use crate::service::deliver::events::{DispositionCounts, Incident, RecordPosition, WorkerObserver};

/// The parts of an open alert that the summary counts.
struct OpenTotals {
    rules: Vec<(String, Grade)>,
    seconds: i64,
    amount_ore: i64,
    /// Rules whose findings weigh less, each with the fact that is missing.
    lowered: Vec<(String, String)>,
}

/// Municipalities that are named at most; of a file that mixes more, those without facts first.
const MUNICIPALITIES_MAX: usize = 12;

/// Looks in on the worker, writes the assessments and counts.
#[derive(Default)]
pub(super) struct Summary {
    assessments: Option<Box<dyn Write + Send>>,
    /// What went wrong with writing them.
    pub(super) failed: Option<std::io::Error>,
    line: Vec<u8>,
    waiting: WaitingRules,
    records: DispositionCounts,
    /// Rows and facts of each.
    municipalities: BTreeMap<String, [u64; 2]>,
    open: BTreeMap<String, OpenTotals>,
    published: u64,
    /// Offset of a record that the program failed on.
    panicked: Option<Option<i64>>,
}

impl Summary {
    pub(super) fn new(assessments: Option<Box<dyn Write + Send>>) -> Self {
        Self { assessments, ..Self::default() }
    }

    /// Writes out what is buffered; the first thing that went wrong with the assessments, if any.
    pub(super) fn finish(&mut self) -> std::io::Result<()> {
        self.failed.take().map_or(Ok(()), Err)?;
        self.assessments.as_mut().map_or(Ok(()), Write::flush)
    }

    /// The table.
    pub(super) fn table(&self, took: Duration, files: &Tallies) -> Result<String, fmt::Error> {
        let mut table = String::new();
        let registrations = self.waiting.registrations();
        let (repeats, stale) = (grouped(self.records.repeats), grouped(self.records.stale));
        let versions = grouped(self.records.scored);
        writeln!(table, "registrations  {:>12}", grouped(registrations))?;
        writeln!(table, "versions       {versions:>12}  (repeats {repeats}, out of date {stale})")?;
        let reasons: Vec<String> =
            files.reasons.iter().map(|(reason, count)| format!("{reason} {}", grouped(*count))).collect();
        let reasons = if reasons.is_empty() { String::new() } else { format!("  ({})", reasons.join(", ")) };
        writeln!(table, "refused lines  {:>12}{reasons}", grouped(files.refused()))?;
        self.write_municipalities(&mut table)?;
        let (open, published) = (grouped(self.open.len() as u64), grouped(self.published));
        writeln!(table, "alerts         {open:>12}  (states published {published})")?;
        self.write_rules(&mut table)?;
        self.write_positions(&mut table)?;
        self.write_waiting(&mut table)?;
        let seconds: i64 = self.open.values().map(|alert| alert.seconds).sum();
        let kronor: i64 = self.open.values().map(|alert| alert.amount_ore).sum::<i64>() / 100;
        writeln!(table, "in question    {:>12} seconds", grouped(seconds.unsigned_abs()))?;
        writeln!(table, "               {:>12} kronor", grouped(kronor.unsigned_abs()))?;
        let reviews = self.by_rule().values().map(|grades| grades[Grade::Review as usize]).sum::<u64>();
        let per_thousand = 1_000.0 * reviews as f64 / registrations.max(1) as f64;
        writeln!(table, "reviews        {per_thousand:>12.1} findings per 1,000 registrations")?;
        let per_second = self.records.total() as f64 / took.as_secs_f64().max(1e-9);
        let per_second = grouped(per_second as u64);
        writeln!(
            table,
            "took           {:>12.1} seconds, {per_second} registrations a second",
            took.as_secs_f64()
        )?;
        for note in files.notes() {
            writeln!(table, "note: {note}")?;
        }
        Ok(table)
    }

    /// A code that is not the town's own stands out by its rows without a fact, or its facts without a row.
    fn write_municipalities(&self, table: &mut String) -> fmt::Result {
        let mut municipalities: Vec<_> = self.municipalities.iter().collect();
        municipalities.sort_by_key(|(code, [rows, facts])| (0 < *rows && 0 < *facts, *code));
        let count = |number: u64, one: &str, many: &str| match number {
            0 => format!("no {one}"),
            1 => format!("1 {one}"),
            _ => format!("{} {many}", grouped(number)),
        };
        for (number, (code, [rows, facts])) in municipalities.iter().take(MUNICIPALITIES_MAX).enumerate() {
            let name = if number == 0 { "municipality" } else { "" };
            let (rows, facts) = (count(*rows, "row", "rows"), count(*facts, "fact", "facts"));
            writeln!(table, "{name:<14} {code:>12}  ({rows}, {facts})")?;
        }
        match municipalities.len().saturating_sub(MUNICIPALITIES_MAX) {
            0 => Ok(()),
            more => writeln!(table, "{:<14} {more:>12}  more", ""),
        }
    }

    /// Positions that cannot be meant, and were taken for none.
    fn write_positions(&self, table: &mut String) -> fmt::Result {
        let part = |(reason, count): (&str, u64)| format!("{reason} {}", grouped(count));
        let parts: Vec<String> = self.waiting.ignored_positions().map(part).collect();
        if parts.is_empty() {
            return Ok(());
        }
        let all: u64 = self.waiting.ignored_positions().map(|(_, count)| count).sum();
        writeln!(table, "no position    {:>12}  ({})", grouped(all), parts.join(", "))
    }

    /// Which rules could not answer, for want of which fact, and how much waits for it.
    fn write_waiting(&self, table: &mut String) -> fmt::Result {
        let findings = self.open.values().flat_map(|alert| &alert.lowered);
        let waiting = self.waiting.listed(findings.map(|(rule, fact)| (rule.as_str(), fact.as_str())));
        if waiting.is_empty() {
            return Ok(());
        }
        writeln!(table, "  rules that could not answer")?;
        for of_fact in waiting.chunk_by(|a, b| a.fact == b.fact) {
            let fact = match of_fact[0].fact {
                "household" => "`household_ref` of `client_home`".to_owned(),
                fact => format!("`{fact}`"),
            };
            let part = |lack: &Lack<'_>| {
                let what = if lack.count == 1 { lack.what.0 } else { lack.what.1 };
                format!("{} {what} ({})", grouped(lack.count), lack.rule)
            };
            let parts: Vec<String> = of_fact.iter().map(part).collect();
            writeln!(table, "  no {fact}: {} waiting", parts.join(", "))?;
        }
        Ok(())
    }

    fn write_rules(&self, table: &mut String) -> fmt::Result {
        let by_rule = self.by_rule();
        let width = by_rule.keys().map(|rule| rule.len()).max().unwrap_or_default().max(24);
        if !by_rule.is_empty() {
            writeln!(
                table,
                "  {:width$}  {:>9} {:>9} {:>9}",
                "findings by rule", "hold", "review", "observe"
            )?;
        }
        for (rule, [observe, review, hold]) in by_rule {
            let [hold, review, observe] = [hold, review, observe].map(grouped);
            writeln!(table, "  {rule:width$}  {hold:>9} {review:>9} {observe:>9}")?;
        }
        Ok(())
    }

    fn municipality(&mut self, code: &str) -> &mut [u64; 2] {
        if !self.municipalities.contains_key(code) {
            self.municipalities.insert(code.to_owned(), [0; 2]);
        }
        self.municipalities.get_mut(code).expect("just seen to")
    }

    /// Findings of the open alerts, by grade.
    fn by_rule(&self) -> BTreeMap<&str, [u64; 3]> {
        let mut by_rule: BTreeMap<&str, [u64; 3]> = BTreeMap::new();
        for (rule, grade) in self.open.values().flat_map(|alert| &alert.rules) {
            by_rule.entry(rule).or_default()[*grade as usize] += 1;
        }
        by_rule
    }
}

impl Listener for Summary {
    fn fact(&mut self, fact: &FactChange) {
        self.municipality(fact.municipality())[1] += 1;
    }

    fn failed_on(&self) -> Option<i64> {
        self.panicked.flatten()
    }
}

impl WorkerObserver for Summary {
    fn record(&mut self, _position: RecordPosition<'_>, disposition: &Disposition) {
        self.records.count(disposition);
    }

    fn registration(
        &mut self,
        _position: RecordPosition<'_>,
        registration: &Registration<'_>,
        _disposition: &Disposition,
    ) {
        self.municipality(registration.municipality)[0] += 1;
        self.waiting.registration(registration.municipality, registration.registration_id);
    }

    fn changed(&mut self, municipality: &str, engine: &Engine) {
        self.waiting.answered(municipality, engine);
    }

    fn assessed(&mut self, engine: &Engine, assessed: &Assessed) {
        self.waiting.assessed(engine, assessed);
        let Some(sink) = &mut self.assessments else { return };
        self.line.clear();
        contract::write_assessment(&engine.assessment(assessed), &mut self.line);
        if let Err(error) = write_line(sink, &self.line) {
            self.failed = self.failed.take().or(Some(error));
            self.assessments = None;
        }
    }

    fn alert(&mut self, published: &PublishedAlert) {
        self.published += 1;
        let alert = &published.alert;
        if published.state == AlertState::Withdrawn {
            self.open.remove(&alert.alert_id);
            return;
        }
        let longest = alert.findings.iter().map(|finding| finding.seconds_in_question).max();
        let seconds =
            alert.hold.as_ref().map_or(longest.unwrap_or_default(), |hold| hold.seconds_in_question);
        let rules = alert.findings.iter().map(|finding| (finding.rule.clone(), finding.grade)).collect();
        let lowered = alert
            .findings
            .iter()
            .flat_map(|finding| finding.not_tested.iter().map(|fact| (finding.rule.clone(), fact.clone())));
        let lowered = lowered.collect();
        let open = OpenTotals { rules, seconds, amount_ore: alert.amount_at_risk_ore, lowered };
        self.open.insert(alert.alert_id.clone(), open);
    }

    fn incident(&mut self, _partition: i32, incident: Incident) {
        match incident {
            Incident::Isolating { offset } => self.panicked = Some(Some(offset)),
            Incident::Panicked { offset } => self.panicked = Some(offset),
            _ => {}
        }
    }
}

/// `1234567` as `1,234,567`.
pub(in crate::cli) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if 0 < place && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
