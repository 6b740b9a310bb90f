//! What a replay came to, in one table on standard error.

use std::collections::{BTreeMap, HashSet};
use std::fmt::{self, Write as _};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::io::Write;
use std::time::Duration;

use super::files::write_line;
use super::pass::{Heard, Listener};
use crate::contract;
use crate::domain::{AlertState, Grade, PublishedAlert, Registration, Rejection};
use crate::engine::{Assessed, Disposition, Engine};
use crate::service::deliver::events::{DispositionCounts, Incident, RecordPosition, WorkerObserver};

/// What is kept of an alert that stands.
struct Standing {
    rules: Vec<(String, Grade)>,
    seconds: i64,
    amount_ore: i64,
}

/// Looks in on the worker, writes the assessments and counts.
#[derive(Default)]
pub(super) struct Summary {
    assessments: Option<Box<dyn Write + Send>>,
    /// What went wrong with writing them.
    pub(super) failed: Option<std::io::Error>,
    line: Vec<u8>,
    /// Hashes of the ids, so that a year of a large municipality stays small.
    registrations: HashSet<u64>,
    hasher: BuildHasherDefault<DefaultHasher>,
    records: DispositionCounts,
    reasons: BTreeMap<&'static str, u64>,
    standing: BTreeMap<String, Standing>,
    published: u64,
    /// Offset of a record that the program failed on.
    panicked: Option<Option<i64>>,
}

impl Summary {
    pub(super) fn new(assessments: Option<Box<dyn Write + Send>>) -> Self {
        Self { assessments, ..Self::default() }
    }

    /// A line could not be used.
    fn refused(&mut self, rejection: &Rejection) {
        *self.reasons.entry(rejection.reason.code()).or_default() += 1;
    }

    /// Lines that could not be used.
    pub(super) fn refused_lines(&self) -> u64 {
        self.reasons.values().sum()
    }

    /// Writes out what is buffered; the first thing that went wrong with the assessments, if any.
    pub(super) fn finish(&mut self) -> std::io::Result<()> {
        self.failed.take().map_or(Ok(()), Err)?;
        self.assessments.as_mut().map_or(Ok(()), Write::flush)
    }

    /// The table.
    pub(super) fn table(&self, took: Duration) -> Result<String, fmt::Error> {
        let mut table = String::new();
        let registrations = self.registrations.len() as u64;
        let (repeats, stale) = (grouped(self.records.repeats), grouped(self.records.stale));
        let versions = grouped(self.records.scored);
        writeln!(table, "registrations  {:>12}", grouped(registrations))?;
        writeln!(table, "versions       {versions:>12}  (repeats {repeats}, out of date {stale})")?;
        let reasons: Vec<String> =
            self.reasons.iter().map(|(reason, count)| format!("{reason} {}", grouped(*count))).collect();
        let reasons = if reasons.is_empty() { String::new() } else { format!("  ({})", reasons.join(", ")) };
        writeln!(table, "refused lines  {:>12}{reasons}", grouped(self.refused_lines()))?;
        let (standing, told) = (grouped(self.standing.len() as u64), grouped(self.published));
        writeln!(table, "alerts         {standing:>12}  (states told {told})")?;
        self.write_rules(&mut table)?;
        let seconds: i64 = self.standing.values().map(|alert| alert.seconds).sum();
        let kronor: i64 = self.standing.values().map(|alert| alert.amount_ore).sum::<i64>() / 100;
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
        Ok(table)
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

    /// Findings of the alerts that stand, by grade.
    fn by_rule(&self) -> BTreeMap<&str, [u64; 3]> {
        let mut by_rule: BTreeMap<&str, [u64; 3]> = BTreeMap::new();
        for (rule, grade) in self.standing.values().flat_map(|alert| &alert.rules) {
            by_rule.entry(rule).or_default()[*grade as usize] += 1;
        }
        by_rule
    }
}

impl Listener for Summary {
    fn heard(&mut self, heard: Heard<'_>) {
        if let Heard::Refused(rejection) = heard {
            self.refused(rejection);
        }
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
        let id = (registration.municipality, registration.registration_id);
        self.registrations.insert(self.hasher.hash_one(id));
    }

    fn assessed(&mut self, engine: &Engine, assessed: &Assessed) {
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
            self.standing.remove(&alert.alert_id);
            return;
        }
        let longest = alert.findings.iter().map(|finding| finding.seconds_in_question).max();
        let seconds =
            alert.hold.as_ref().map_or(longest.unwrap_or_default(), |hold| hold.seconds_in_question);
        let rules = alert.findings.iter().map(|finding| (finding.rule.clone(), finding.grade)).collect();
        let standing = Standing { rules, seconds, amount_ore: alert.amount_at_risk_ore };
        self.standing.insert(alert.alert_id.clone(), standing);
    }

    fn quarantined(&mut self, _position: RecordPosition<'_>, rejection: &Rejection) {
        self.refused(rejection);
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
fn grouped(number: u64) -> String {
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
