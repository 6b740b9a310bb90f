//! A profile as tables for a terminal.

use std::fmt::{self, Write as _};

use super::report::{MethodShare, Profile, ProviderProfile};
use super::rules::{Missing, RuleProfile};
use crate::cli::replay::grouped;

/// Providers that have a column of their own; the others stand in the JSON and on the page.
const COLUMNS_MAX: usize = 6;

pub(super) fn text(profile: &Profile) -> Result<String, fmt::Error> {
    let mut out = String::new();
    let dates =
        profile.dates.as_ref().map_or_else(String::new, |(first, last)| format!(", {first} to {last}"));
    writeln!(out, "registrations  {:>12}{dates}", grouped(profile.registrations))?;
    writeln!(out, "versions       {:>12}  (with an end, not cancelled)", grouped(profile.versions()))?;
    writeln!(out, "refused lines  {:>12}", grouped(profile.refused_lines))?;
    writeln!(out, "facts          {:>12}", grouped(profile.facts))?;
    for provider in &profile.providers {
        write_provider(&mut out, provider)?;
    }
    write_columns(&mut out, profile)?;
    write_rules(&mut out, &profile.rules)?;
    if !profile.examples.is_empty() {
        writeln!(out, "\nexamples")?;
    }
    for example in &profile.examples {
        writeln!(out, "  {} ({}): {}", example.rule, example.grade.as_str(), example.text_sv)?;
    }
    write_proposals(&mut out, profile)?;
    Ok(out)
}

fn write_provider(out: &mut String, provider: &ProviderProfile) -> fmt::Result {
    let (carers, clients) = (grouped(provider.carers), grouped(provider.clients));
    let systems = match &provider.source_systems[..] {
        [] => String::new(),
        systems => format!(", from {}", systems.join(", ")),
    };
    let versions = grouped(provider.versions);
    writeln!(
        out,
        "\n{}: {versions} versions, {carers} carers, {clients} clients{systems}",
        provider.provider_id
    )?;
    writeln!(out, "  start captured by  {}", listed(&provider.start_methods))?;
    writeln!(out, "  end captured by    {}", listed(&provider.end_methods))?;
    let [quarters, fives, minutes] = provider.on_step_shares.map(percent);
    writeln!(
        out,
        "  times              {}: {quarters} on a quarter of an hour, {fives} on five minutes, {minutes} on a minute",
        resolution(provider.resolution_seconds)
    )?;
    let Some(delay) = provider.delay_seconds else {
        return writeln!(out, "  sent               `emitted_at` is missing: unknown");
    };
    let [median, nine, most] = [delay.median, delay.nine_in_ten, delay.ninety_nine_in_hundred].map(duration);
    writeln!(out, "  sent after the end median {median}, nine in ten {nine}, ninety-nine in a hundred {most}")
}

/// Fields and facts, a column for each provider.
fn write_columns(out: &mut String, profile: &Profile) -> fmt::Result {
    let shown = &profile.providers[..profile.providers.len().min(COLUMNS_MAX)];
    let Some(first) = shown.first() else { return Ok(()) };
    let more = profile.providers.len() - shown.len();
    let width = |provider: &ProviderProfile| provider.provider_id.chars().count().max(6);
    let mut header = |title: &str| {
        write!(out, "\n{title:<52}")?;
        for provider in shown {
            write!(out, "  {:>width$}", provider.provider_id, width = width(provider))?;
        }
        writeln!(out, "{}", if more == 0 { String::new() } else { format!("  and {more} more by --json") })
    };
    header("part of the versions with the field")?;
    for (number, field) in first.fields.iter().enumerate() {
        write!(out, "  {:<50}", field.name)?;
        for provider in shown {
            write!(out, "  {:>width$}", percent(provider.fields[number].share), width = width(provider))?;
        }
        writeln!(out)?;
    }
    let mut header = |title: &str| {
        write!(out, "\n{title:<52}")?;
        for provider in shown {
            write!(out, "  {:>width$}", provider.provider_id, width = width(provider))?;
        }
        writeln!(out)
    };
    header("part of the subjects with the fact")?;
    for (number, fact) in first.facts.iter().enumerate() {
        write!(out, "  {:<50}", format!("{} of {}", fact.name, fact.subjects))?;
        for provider in shown {
            let fact = provider.facts[number];
            let share = match fact.count {
                0 => "–".to_owned(),
                count => percent(fact.covered as f64 / count as f64),
            };
            write!(out, "  {share:>width$}", width = width(provider))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn write_rules(out: &mut String, rules: &[RuleProfile]) -> fmt::Result {
    writeln!(out, "\n{:<26}{:>8}{:>9}{:>9}{:>9}  missing", "rule", "answers", "hold", "review", "observe")?;
    for rule in rules {
        let counts = [rule.hold, rule.review, rule.observe].map(grouped);
        let [hold, review, observe] = counts;
        let answers = percent(rule.answered_share);
        let line =
            format!("{:<26}{answers:>8}{hold:>9}{review:>9}{observe:>9}  {}", rule.rule, lacking(rule));
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn write_proposals(out: &mut String, profile: &Profile) -> fmt::Result {
    if profile.proposals.is_empty() {
        return writeln!(out, "\nno setting needs to differ from those in effect");
    }
    writeln!(out, "\nsettings that follow from this, as `--set` takes them")?;
    for proposal in &profile.proposals {
        writeln!(out, "  {}\n      {}", proposal.setting, proposal.reason)?;
    }
    Ok(())
}

/// What a rule lacks, in a few words.
pub(super) fn lacking(rule: &RuleProfile) -> String {
    let part = |missing: &Missing| format!("{} ({} {})", missing.what, grouped(missing.count), missing.of);
    rule.missing.iter().map(part).collect::<Vec<_>>().join(", ")
}

fn listed(shares: &[MethodShare]) -> String {
    let part = |share: &MethodShare| format!("{} {}", share.name, percent(share.share));
    shares.iter().map(part).collect::<Vec<_>>().join(", ")
}

/// `0.123` as `12 %`; what is not quite nothing or everything is not rounded to it.
pub(super) fn percent(share: f64) -> String {
    match 100.0 * share {
        percent if 0.0 < percent && percent < 1.0 => "< 1 %".to_owned(),
        percent if 99.0 < percent && percent < 100.0 => "> 99 %".to_owned(),
        percent => format!("{percent:.0} %"),
    }
}

pub(super) fn resolution(seconds: i64) -> &'static str {
    match seconds {
        900 => "to the quarter of an hour",
        300 => "to five minutes",
        60 => "to the minute",
        _ => "to the second",
    }
}

/// Seconds in the largest unit of which there are at least two.
pub(super) fn duration(seconds: u32) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_durations_say_what_they_are() {
        let shares = [0.0, 0.001, 0.5, 0.995, 1.0].map(percent);
        assert_eq!(shares, ["0 %", "< 1 %", "50 %", "> 99 %", "100 %"]);
        let durations = [0, 119, 120, 7_200, 172_800].map(duration);
        assert_eq!(durations, ["0 s", "119 s", "2 min", "2 h", "2 days"]);
    }
}
