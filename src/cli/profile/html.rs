//! A profile as one page: tables and bars, light and dark, nothing from elsewhere.

use std::fmt::Write as _;

use super::report::{MethodShare, Profile, ProviderProfile};
use super::rules::RuleProfile;
use super::text::{duration, lacking, percent, resolution};
use crate::cli::evaluate::html::{STYLE, chart, escaped};
use crate::cli::replay::grouped;

/// Below this a share is marked: a rule or field that is mostly missing.
const WEAK_SHARE: f64 = 0.5;

/// The page.
pub(super) fn page(profile: &Profile) -> String {
    let mut out = String::new();
    let dates =
        profile.dates.as_ref().map_or_else(String::new, |(first, last)| format!(", {first} to {last}"));
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>Tidvakt: profile of an export</title><style>{STYLE}</style></head><body>\n\
         <h1>What can be seen in these registrations</h1>\n\
         <p>{} registrations{dates}, {} facts, {} lines that cannot be used. A version is a record of a visit with an \
         end that is not cancelled.</p>\n",
        grouped(profile.registrations),
        grouped(profile.facts),
        grouped(profile.refused_lines)
    );
    providers(&mut out, &profile.providers);
    columns(&mut out, profile);
    rules(&mut out, &profile.rules);
    examples(&mut out, profile);
    proposals(&mut out, profile);
    out.push_str("</body></html>\n");
    out
}

fn providers(out: &mut String, providers: &[ProviderProfile]) {
    out.push_str(
        "<h2>By provider</h2><div class=\"scroll\"><table><caption>Capture, resolution of times, and the time from the \
         end of a visit until its first version was sent</caption><thead><tr><th>provider</th>\
         <th class=\"n\">versions</th><th class=\"n\">carers</th><th class=\"n\">clients</th><th>start captured by</th>\
         <th>end captured by</th><th>times</th><th>sent after the end (median, 9 in 10, 99 in 100)</th></tr></thead>\
         <tbody>\n",
    );
    for provider in providers {
        let delay = provider.delay_seconds.map_or_else(
            || "unknown: no <code>emitted_at</code>".to_owned(),
            |delay| [delay.median, delay.nine_in_ten, delay.ninety_nine_in_hundred].map(duration).join(", "),
        );
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{}</td>\
             <td>{}</td><td>{}</td><td>{delay}</td></tr>",
            escaped(&provider.provider_id),
            grouped(provider.versions),
            grouped(provider.carers),
            grouped(provider.clients),
            methods(&provider.start_methods),
            methods(&provider.end_methods),
            resolution(provider.resolution_seconds),
        );
    }
    out.push_str("</tbody></table></div>\n");
}

fn methods(shares: &[MethodShare]) -> String {
    let line = |share: &MethodShare| {
        format!("{} {} {}", chart::bar(share.share, false), percent(share.share), share.name)
    };
    shares.iter().map(line).collect::<Vec<_>>().join("<br>")
}

/// Fields and facts, a column for each provider.
fn columns(out: &mut String, profile: &Profile) {
    let Some(first) = profile.providers.first() else { return };
    let head = |out: &mut String, title: &str, caption: &str, what: &str| {
        let _ = write!(
            out,
            "<h2>{title}</h2><div class=\"scroll\"><table><caption>{caption}</caption><thead><tr><th>{what}</th>"
        );
        for provider in &profile.providers {
            let _ = write!(out, "<th>{}</th>", escaped(&provider.provider_id));
        }
        out.push_str("</tr></thead><tbody>\n");
    };
    head(out, "Fields", "Part of the versions with the field", "field");
    for (number, field) in first.fields.iter().enumerate() {
        let _ = write!(out, "<tr><td><code>{}</code></td>", field.name);
        for provider in &profile.providers {
            out.push_str(&cell(Some(provider.fields[number].share), !field.is_of_few));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
    head(out, "Facts", "Part of the subjects about which the fact was sent", "fact");
    for (number, fact) in first.facts.iter().enumerate() {
        let _ = write!(out, "<tr><td><code>{}</code> of {}</td>", fact.name, fact.subjects);
        for provider in &profile.providers {
            let fact = provider.facts[number];
            let share = (0 < fact.count).then(|| fact.covered as f64 / fact.count as f64);
            out.push_str(&cell(share, !fact.is_of_few));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
}

fn cell(share: Option<f64>, marks_weak: bool) -> String {
    share.map_or_else(
        || "<td>–</td>".to_owned(),
        |share| {
            format!("<td>{} {}</td>", chart::bar(share, marks_weak && share < WEAK_SHARE), percent(share))
        },
    )
}

fn rules(out: &mut String, rules: &[RuleProfile]) {
    out.push_str(
        "<h2>Rules</h2><div class=\"scroll\"><table><caption>Part of the registrations about which the rule can \
         answer, what it lacks for the others, and its findings</caption><thead><tr><th>rule</th><th>finds</th>\
         <th>answers</th><th>missing</th><th class=\"n\">hold</th><th class=\"n\">review</th>\
         <th class=\"n\">observe</th></tr></thead><tbody>\n",
    );
    for rule in rules {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td lang=\"sv\">{}</td>{}<td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td></tr>",
            rule.rule,
            escaped(rule.summary_sv),
            cell(Some(rule.answered_share), true),
            escaped(&lacking(rule)),
            grouped(rule.hold),
            grouped(rule.review),
            grouped(rule.observe)
        );
    }
    out.push_str("</tbody></table></div>\n");
}

fn examples(out: &mut String, profile: &Profile) {
    if profile.examples.is_empty() {
        return;
    }
    out.push_str(
        "<h2>Examples</h2><div class=\"scroll\"><table><caption>The gravest findings, at most two of a rule before more \
         of any</caption><thead><tr><th>rule</th><th>grade</th><th>finding</th><th class=\"n\">kronor</th></tr></thead>\
         <tbody>\n",
    );
    for example in &profile.examples {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td lang=\"sv\">{}</td><td class=\"n\">{}</td></tr>",
            escaped(&example.rule),
            example.grade.as_str(),
            escaped(&example.text_sv),
            grouped(example.amount_ore.unsigned_abs() / 100)
        );
    }
    out.push_str("</tbody></table></div>\n");
}

fn proposals(out: &mut String, profile: &Profile) {
    out.push_str("<h2>Settings that follow from this</h2>\n");
    if profile.proposals.is_empty() {
        out.push_str("<p>No setting needs to differ from those in effect.</p>\n");
        return;
    }
    out.push_str("<dl>\n");
    for proposal in &profile.proposals {
        let (setting, reason) = (escaped(&proposal.setting), escaped(&proposal.reason));
        let _ = writeln!(out, "<dt><code>--set {setting}</code></dt><dd>{reason}</dd>");
    }
    out.push_str("</dl>\n");
}
