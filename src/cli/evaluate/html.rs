//! An evaluation as one page: curves and tables, light and dark, nothing from elsewhere.

pub(in crate::cli) mod chart;

use std::fmt::Write as _;

use super::measure::ratio;
use super::report::{Evaluation, Figure, LEVELS, PatternRow, TownFigures};
use super::text::{is_weak, number, rules_of, verdict};

pub(in crate::cli) const STYLE: &str = "\
:root{color-scheme:light dark;--bg:#fff;--ink:#1c2430;--soft:#5b6675;--line:#d8dee6;--bar:#2f6fb0;--weak:#c2541b;--card:#f6f8fa}\
@media(prefers-color-scheme:dark){:root{--bg:#14181d;--ink:#e6eaf0;--soft:#9aa6b4;--line:#323b46;--bar:#6aa7e6;--weak:#e88a55;--card:#1c2229}}\
body{background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:72rem;padding:1.5rem}\
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.2rem}p{max-width:46rem}\
table{border-collapse:collapse;font-variant-numeric:tabular-nums;width:100%}\
th,td{border-bottom:1px solid var(--line);padding:.25rem .6rem;text-align:left;vertical-align:top}\
td.n,th.n{text-align:right}caption{color:var(--soft);text-align:left;padding:.3rem 0}\
.scroll{overflow-x:auto}.charts{display:flex;flex-wrap:wrap;gap:1.5rem}figure{background:var(--card);margin:0;padding:1rem;flex:1 1 24rem}\
figcaption{color:var(--soft)}svg{width:100%;height:auto}svg text{fill:var(--soft);font:12px system-ui,sans-serif}\
.axis{stroke:var(--line)}.curve{fill:none;stroke:var(--bar);stroke-width:2}.ideal{stroke:var(--soft);stroke-dasharray:4 4}\
.band{fill:var(--bar);opacity:.12}.dot{fill:var(--bar)}.bar{fill:var(--bar)}.weak{fill:var(--weak)}.rest{fill:var(--line)}strong.w{color:var(--weak)}";

/// The page.
pub(super) fn page(report: &Evaluation) -> String {
    let mut out = String::new();
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>Tidvakt: what is found</title><style>{STYLE}</style></head><body>\n\
         <h1>What is found of what was planted</h1>\n\
         <p>Simulated municipalities are replayed through the engine, and its alerts are compared with \
         their labels. A case is all alerts about one carer on one day; the best {} of a day are handed out. A planted registration is covered by a case of its carer on the day it came, by a \
         case whose evidence names it, or by a case about the month of its carer, pair or client that is \
         handed out before that month is paid.</p>\n",
        report.cases_per_day
    );
    figures(&mut out, "With something planted", &report.figures);
    figures(&mut out, "With nothing planted", &report.clean_figures);
    charts(&mut out, report);
    patterns(&mut out, report);
    rules(&mut out, report);
    towns(&mut out, report);
    out.push_str("</body></html>\n");
    out
}

fn figures(out: &mut String, title: &str, figures: &[Figure]) {
    if figures.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "<h2>{title}</h2><div class=\"scroll\"><table><caption>Mean and range over the directories</caption>\
         <thead><tr><th>figure</th><th class=\"n\">mean</th><th class=\"n\">least</th><th class=\"n\">most</th>\
         </tr></thead><tbody>"
    );
    for Figure { name, mean, least, most } in figures {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td class=\"n\">{mean:.3}</td><td class=\"n\">{least:.3}</td>\
             <td class=\"n\">{most:.3}</td></tr>",
            escaped(name)
        );
    }
    out.push_str("</tbody></table></div>\n");
}

fn charts(out: &mut String, report: &Evaluation) {
    let curves: Vec<&[(f64, f64)]> =
        report.towns.iter().filter(|town| !town.is_clean()).map(|town| &*town.curve).collect();
    out.push_str("<div class=\"charts\">\n");
    if !curves.is_empty() {
        let chart = chart::precision_recall(&curves);
        let _ = writeln!(
            out,
            "<figure>{chart}<figcaption>Precision over recall of registrations by score, a line for each \
             directory</figcaption></figure>"
        );
    }
    let rows: Vec<[Option<f64>; 3]> =
        report.towns.iter().flat_map(|town| &town.calibration).map(|row| row.ratios).collect();
    if !rows.is_empty() {
        let chart = chart::calibration(&rows, &LEVELS);
        let _ = writeln!(
            out,
            "<figure>{chart}<figcaption>How often a p-value so small is seen where nothing is planted, over \
             how often it should be; the band is half to twice</figcaption></figure>"
        );
    }
    out.push_str("</div>\n");
}

fn patterns(out: &mut String, report: &Evaluation) {
    if report.patterns.is_empty() {
        return;
    }
    out.push_str(
        "<h2>By pattern</h2><div class=\"scroll\"><table><caption>Covered by what was handed out; a \
         provider's months are covered by a dossier of their rule</caption><thead><tr><th class=\"n\">no</th>\
         <th>pattern</th><th class=\"n\">planted</th><th class=\"n\">covered</th><th>recall</th>\
         <th class=\"n\">touched by any alert</th><th>covered by (should be)</th></tr></thead><tbody>\n",
    );
    for row in &report.patterns {
        let PatternRow { pattern, planted, covered, touched, .. } = row;
        let recall = ratio(*covered, *planted).unwrap_or_default();
        let bar = chart::bar(recall, is_weak(row));
        let place = row.number.map_or_else(|| "–".to_owned(), |number| number.to_string());
        let mark = verdict(row)
            .map_or_else(String::new, |verdict| format!(" <strong class=\"w\">{verdict}</strong>"));
        let _ = writeln!(
            out,
            "<tr><td class=\"n\">{place}</td><td>{}{mark}</td><td class=\"n\">{planted}</td>\
             <td class=\"n\">{covered}</td><td>{bar} {recall:.2}</td><td class=\"n\">{touched}</td><td>{}</td></tr>",
            escaped(pattern),
            escaped(&rules_of(row)),
        );
    }
    out.push_str("</tbody></table></div>\n");
}

fn rules(out: &mut String, report: &Evaluation) {
    out.push_str(
        "<h2>By rule</h2><div class=\"scroll\"><table><caption>Alerts with a finding of the rule, and those \
         with something planted in them</caption><thead><tr><th>rule</th><th>finds</th>\
         <th class=\"n\">alerts</th><th class=\"n\">with something planted</th><th class=\"n\">share</th></tr>\
         </thead><tbody>\n",
    );
    for row in &report.rules {
        let known = crate::rules::RULES.iter().find(|rule| rule.id == row.rule);
        let summary = known.map_or("", |rule| rule.summary_sv);
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td lang=\"sv\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td></tr>",
            escaped(&row.rule),
            escaped(summary),
            row.alerts,
            row.touching,
            number(ratio(row.touching, row.alerts), 2)
        );
    }
    out.push_str("</tbody></table></div>\n");
}

type Column = (&'static str, fn(&TownFigures) -> String);

const COLUMNS: &[Column] = &[
    ("registrations", |town| town.registrations.to_string()),
    ("planted", |town| town.planted.to_string()),
    ("AP", |town| number(town.average_precision, 3)),
    ("precision", |town| number(town.cases.precision, 3)),
    ("recall", |town| number(town.cases.recall, 3)),
    ("cases a day", |town| format!("{:.1}", town.cases.per_day)),
    ("money", |town| number(town.money, 3)),
    ("delay, days", |town| number(town.delay_days_median, 1)),
    ("alerts per 1,000", |town| number(town.alerts_per_thousand, 1)),
    ("messy unit over all", |town| number(town.messy_unit_ratio, 2)),
    ("first 14 days, most", |town| town.cold_start_most.to_string()),
    ("holds", |town| town.hold_alerts.to_string()),
];

fn towns(out: &mut String, report: &Evaluation) {
    out.push_str("<h2>By directory</h2><div class=\"scroll\"><table><thead><tr><th>directory</th>");
    for (name, _) in COLUMNS {
        let _ = write!(out, "<th class=\"n\">{name}</th>");
    }
    out.push_str("</tr></thead><tbody>\n");
    for town in &report.towns {
        let _ = write!(out, "<tr><td>{}</td>", escaped(&town.name));
        for (_, of) in COLUMNS {
            let _ = write!(out, "<td class=\"n\">{}</td>", of(town));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
}

pub(in crate::cli) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_needs_nothing_from_elsewhere_and_names_what_is_weak() {
        let row = |pattern: &str, covered| PatternRow {
            pattern: pattern.to_owned(),
            number: Some(19),
            rule: "plan-copy".to_owned(),
            planted: 10,
            covered,
            ..PatternRow::default()
        };
        let town = TownFigures {
            name: "<a & b>".to_owned(),
            planted: 20,
            patterns: vec![row("plan-copy", 9), row("other", 2)],
            curve: vec![(0.5, 1.0), (0.9, 0.4)],
            ..TownFigures::default()
        };
        let page = page(&Evaluation::new(vec![town], 20));
        assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
        assert!(page.contains("&lt;a &amp; b&gt;") && !page.contains("<a & b>"));
        assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("src="));
        assert_eq!(page.matches("<strong class=\"w\">weak</strong>").count(), 1);
        assert!(page.contains("<polyline"));
        for tag in ["table", "svg", "figure", "tr", "td", "div"] {
            let open = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert_eq!(open, page.matches(&format!("</{tag}>")).count(), "{tag}");
        }
    }
}
