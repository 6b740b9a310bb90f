//! Rows of `tidvakt holds`: a table for people, JSON Lines for programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;

use super::Grouping;
use crate::clearance::{Payability, Verdict, VerdictLine};
use crate::cli::alert_line::kronor;

/// Writes a line for each registration.
pub(super) fn json_lines(verdicts: &[Verdict], out: &mut dyn Write) -> io::Result<()> {
    verdicts.iter().try_for_each(|verdict| json_line(&VerdictLine::of(verdict), out))
}

fn json_line(line: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

/// Registrations of a provider in a pay period, or of a pay period.
#[derive(Debug, Default, Serialize)]
pub(super) struct VerdictGroup {
    municipality: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_id: Option<String>,
    pay_period: Option<String>,
    registrations: u64,
    payable: u64,
    hold: u64,
    unassessed: u64,
    payable_seconds: i64,
    /// Of registrations in the state `hold`.
    held_seconds: i64,
    held_ore: i64,
    unassessed_seconds: i64,
    /// Registrations by reason.
    reasons: BTreeMap<String, u64>,
}

impl VerdictGroup {
    /// The groups of `verdicts`, in order.
    pub(super) fn of(verdicts: &[Verdict], by: Grouping) -> Vec<Self> {
        let mut groups: BTreeMap<_, Self> = BTreeMap::new();
        for verdict in verdicts {
            let provider_id =
                (by == Grouping::Provider).then(|| verdict.claim.provider_id.clone().unwrap_or_default());
            let pay_period = verdict.pay_period.map(|month| month.to_string());
            let key = (verdict.municipality.clone(), pay_period.clone(), provider_id.clone());
            let group = groups.entry(key).or_insert_with(|| Self {
                municipality: verdict.municipality.clone(),
                provider_id,
                pay_period,
                ..Self::default()
            });
            group.add(verdict);
        }
        groups.into_values().collect()
    }

    fn add(&mut self, verdict: &Verdict) {
        self.registrations += 1;
        self.payable_seconds += verdict.payable_seconds();
        match verdict.state {
            Payability::Payable => self.payable += 1,
            Payability::Hold => {
                self.hold += 1;
                self.held_seconds += verdict.held_seconds;
                self.held_ore += verdict.holds.iter().map(|hold| hold.amount_ore).sum::<i64>();
            }
            Payability::Unassessed => {
                self.unassessed += 1;
                self.unassessed_seconds += verdict.seconds;
            }
        }
        for reason in verdict.reasons() {
            *self.reasons.entry(reason.to_owned()).or_default() += 1;
        }
    }

    /// Writes the group as a line.
    pub(super) fn json_line(&self, out: &mut dyn Write) -> io::Result<()> {
        json_line(self, out)
    }

    fn reasons(&self) -> String {
        let counted = self.reasons.iter().map(|(reason, count)| format!("{reason} {count}"));
        counted.collect::<Vec<_>>().join(", ")
    }
}

/// A table: columns as wide as their widest cell, numbers to the right.
pub(super) struct VerdictTable {
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

/// Columns that are set to the right.
const NUMBERS: [&str; 8] =
    ["version", "registrations", "payable", "hold", "unassessed", "minutes", "to pay", "held kr"];

impl VerdictTable {
    /// A row for each registration.
    pub(super) fn of_registrations(verdicts: &[Verdict]) -> Self {
        let head = vec![
            "municipality",
            "registration",
            "version",
            "provider",
            "pay period",
            "state",
            "minutes",
            "to pay",
            "held kr",
            "reasons",
        ];
        let row = |verdict: &Verdict| {
            let held_ore: i64 = verdict.holds.iter().map(|hold| hold.amount_ore).sum();
            let claim = &verdict.claim;
            vec![
                verdict.municipality.clone(),
                claim.registration_id.clone(),
                claim.version.map_or_else(|| "?".to_owned(), |version| version.to_string()),
                claim.provider_id.clone().unwrap_or_default(),
                verdict.pay_period.map(|month| month.to_string()).unwrap_or_default(),
                verdict.state.as_str().to_owned(),
                minutes(verdict.seconds),
                minutes(verdict.payable_seconds()),
                kronor(held_ore),
                verdict.reasons().join(", "),
            ]
        };
        Self { head, rows: verdicts.iter().map(row).collect() }
    }

    /// A row for each group.
    pub(super) fn of_groups(groups: &[VerdictGroup]) -> Self {
        let head = vec![
            "municipality",
            "provider",
            "pay period",
            "registrations",
            "payable",
            "hold",
            "unassessed",
            "to pay",
            "held kr",
            "reasons",
        ];
        let row = |group: &VerdictGroup| {
            vec![
                group.municipality.clone(),
                group.provider_id.clone().unwrap_or_else(|| "all".to_owned()),
                group.pay_period.clone().unwrap_or_default(),
                group.registrations.to_string(),
                group.payable.to_string(),
                group.hold.to_string(),
                group.unassessed.to_string(),
                minutes(group.payable_seconds),
                kronor(group.held_ore),
                group.reasons(),
            ]
        };
        Self { head, rows: groups.iter().map(row).collect() }
    }

    /// Writes it, with a head.
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let width = |at: usize| {
            let cells = self.rows.iter().map(|row| row[at].chars().count());
            cells.chain([self.head[at].len()]).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        let head: Vec<String> = self.head.iter().map(|name| (*name).to_owned()).collect();
        for row in std::iter::once(&head).chain(&self.rows) {
            let mut line = String::new();
            for ((cell, width), name) in row.iter().zip(&widths).zip(&self.head) {
                // Writing to a string cannot fail.
                let _ = match NUMBERS.contains(name) {
                    true => write!(line, "{cell:>width$}  "),
                    false => write!(line, "{cell:<width$}  "),
                };
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// The last lines, for people: how many registrations are in which state, and what to look at before the run.
pub(super) fn summary(verdicts: &[Verdict], warnings: &[String]) -> String {
    let mut text = format!("\n{} registrations:", verdicts.len());
    for state in Payability::ALL {
        let of_state = || verdicts.iter().filter(|verdict| verdict.state == state);
        let seconds: i64 = of_state().map(|verdict| verdict.seconds).sum();
        let separator = if state == Payability::ALL[0] { "" } else { "," };
        // Writing to a string cannot fail.
        let _ =
            write!(text, "{separator} {} {} ({} min)", of_state().count(), state.as_str(), minutes(seconds));
    }
    text.push('\n');
    for warning in warnings {
        text.push_str(&format!("look first: {warning}\n"));
    }
    text
}

fn minutes(seconds: i64) -> String {
    (seconds / 60).to_string()
}
