//! An evaluation as tables for a terminal.

use std::fmt::{self, Write as _};

use super::report::{Evaluation, Figure, PatternRow, TownFigures};

/// The whole report.
pub(super) fn text(report: &Evaluation) -> Result<String, fmt::Error> {
    let mut out = String::new();
    let several = 1 < report.towns.len();
    for town in &report.towns {
        write_town(&mut out, town)?;
    }
    if several {
        write_figures(&mut out, "over all directories with something planted", &report.figures)?;
        write_figures(&mut out, "over all directories with nothing planted", &report.clean_figures)?;
    }
    write_patterns(&mut out, report)?;
    write_rules(&mut out, report)?;
    Ok(out)
}

fn write_town(out: &mut String, town: &TownFigures) -> fmt::Result {
    let TownFigures { name, days, registrations, planted, .. } = town;
    writeln!(out, "{name}: {registrations} registrations over {days} days, {planted} planted")?;
    if town.is_clean() {
        for row in &town.calibration {
            let [two, three, four] = row.ratios.map(|ratio| number(ratio, 2));
            let label = format!("calibration, {}", row.signal);
            line(
                out,
                &label,
                &format!(
                    "{two} at 1e-2, {three} at 1e-3, {four} at 1e-4 of nominal ({} p-values)",
                    row.observations
                ),
            )?;
        }
        line(out, "alerts of hold grade", &town.hold_alerts.to_string())?;
    } else {
        line(out, "average precision", &number(town.average_precision, 3))?;
        let cases = &town.cases;
        let label = format!("cases at {} a day", cases.budget);
        let (precision, recall) = (number(cases.precision, 3), number(cases.recall, 3));
        let (by_the_day, per_day) = (number(town.recall_by_the_day, 3), cases.per_day);
        line(
            out,
            &label,
            &format!(
                "precision {precision}, recall {recall} ({by_the_day} by the day alone), {per_day:.1} a day"
            ),
        )?;
        let records = &town.records;
        let label = format!("records at {} a day", records.budget);
        let (precision, recall) = (number(records.precision, 3), number(records.recall, 3));
        line(out, &label, &format!("precision {precision}, recall {recall}"))?;
        let (caught, all) = (town.caught_ore / 100, town.planted_ore / 100);
        line(out, "money caught", &format!("{} ({caught} of {all} kronor)", number(town.money, 3)))?;
        let (found, actors) = (town.actors_found, town.actors);
        line(
            out,
            "median delay",
            &format!("{} days; {found} of {actors} actors found", number(town.delay_days_median, 1)),
        )?;
    }
    let kinds: Vec<String> =
        town.kinds.iter().map(|row| format!("{} {}", row.kind, number(row.per_thousand, 1))).collect();
    line(out, "alerts per 1,000 honest visits", &kinds.join(", "))?;
    let (mean, most) = (town.cold_start_mean, town.cold_start_most);
    line(out, "first 14 days", &format!("{mean:.1} cases a day, at most {most}"))?;
    line(out, "provider dossiers", &town.provider_dossiers.to_string())?;
    out.push('\n');
    Ok(())
}

fn write_figures(out: &mut String, title: &str, figures: &[Figure]) -> fmt::Result {
    if figures.is_empty() {
        return Ok(());
    }
    writeln!(out, "{title:44}     mean  range")?;
    for Figure { name, mean, least, most } in figures {
        writeln!(out, "  {name:42} {mean:>8.3}  {least:.3} to {most:.3}")?;
    }
    out.push('\n');
    Ok(())
}

fn write_patterns(out: &mut String, report: &Evaluation) -> fmt::Result {
    if report.patterns.is_empty() {
        return Ok(());
    }
    writeln!(out, " no  {:26} planted  covered  recall  touched  covered by (should be)", "pattern")?;
    for row in &report.patterns {
        let number = row.number.map_or_else(|| "-".to_owned(), |number| number.to_string());
        let PatternRow { pattern, planted, covered, touched, .. } = row;
        let recall = super::measure::ratio(*covered, *planted);
        let weak = verdict(row).map_or_else(String::new, |verdict| format!("  {verdict}"));
        writeln!(
            out,
            "{number:>3}  {pattern:26} {planted:>7}  {covered:>7}  {:>6}  {touched:>7}  {}{weak}",
            self::number(recall, 2),
            rules_of(row)
        )?;
    }
    writeln!(out, "A provider's months (10, 17, 32, 33) are covered by a dossier of their rule.\n")
}

/// Less than half was covered.
pub(super) fn is_weak(row: &PatternRow) -> bool {
    2 * row.covered < row.planted && !row.is_observed
}

/// The verdict on a pattern that is not found.
pub(super) fn verdict(row: &PatternRow) -> Option<&'static str> {
    if row.is_observed { Some("only observed") } else { is_weak(row).then_some("weak") }
}

/// The first two rules that covered a pattern, and the one that should have where it is not of them.
pub(super) fn rules_of(row: &PatternRow) -> String {
    let first: Vec<String> =
        row.covered_by.iter().take(2).map(|(rule, times)| format!("{rule} {times}")).collect();
    let named = row.covered_by.iter().take(2).any(|(rule, _)| *rule == row.rule);
    match (first.is_empty(), named || row.rule.is_empty()) {
        (true, _) => format!("({})", row.rule),
        (false, true) => first.join(", "),
        (false, false) => format!("{} ({})", first.join(", "), row.rule),
    }
}

fn write_rules(out: &mut String, report: &Evaluation) -> fmt::Result {
    if report.rules.is_empty() {
        return Ok(());
    }
    writeln!(out, "{:28} alerts  with something planted", "rule")?;
    for row in &report.rules {
        let share = number(super::measure::ratio(row.touching, row.alerts), 2);
        writeln!(out, "{:28} {:>6}  {:>6}  {share:>6}", row.rule, row.alerts, row.touching)?;
    }
    Ok(())
}

fn line(out: &mut String, label: &str, value: &str) -> fmt::Result {
    writeln!(out, "  {label:32} {value}")
}

pub(super) fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
}
