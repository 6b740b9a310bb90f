//! The sentences of the rules: each template once, in both languages, in `tests/golden/sentences.txt`.
//!
//! The scenarios are run with one rule more, which asks for a review of everything: an alert then carries its noted
//! findings too, with their sentences. `TIDVAKT_BLESS=1` rewrites the file; read what changed aloud.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use tidvakt::domain::{Alert, Class, Sentence, SubjectKind};
use tidvakt::engine::{
    Answered, Definition, Hit, Output, Parts, PeriodReport, PeriodRule, PeriodSight, RegisteredRule, Report,
    RuleSet, Sight, VisitRule,
};
use tidvakt::rules::RULES;

use crate::architecture::root;
use crate::engines::{Driver, default_rules, engine_of};
use crate::form::{Said, read};
use crate::lexer::strings;
use crate::scenarios::give;

static EVERYTHING: Definition = Definition {
    id: "everything",
    version: 1,
    class: Class::Error,
    summary_sv: "",
    summary_en: "",
    build: |_| Ok(Parts { visit: Some(Arc::new(Everything)), period: Some(Arc::new(Everything)) }),
};

/// Asks for a review of every visit and of every pay period.
struct Everything;

impl VisitRule for Everything {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        // Nothing is found about a visit that has not ended.
        if !sight.visit().open {
            report.hit(Hit::review().text(Sentence::default));
        }
    }
}

impl PeriodRule for Everything {
    type Answer = ();

    fn subjects(&self) -> &'static [SubjectKind] {
        &SubjectKind::ALL
    }

    fn answer(&self, _: &PeriodSight<'_>) -> Answered<()> {
        Some(()).into()
    }

    fn report(&self, (): &(), _: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        report.hit(Hit::review().text(Sentence::default));
    }
}

/// `all`, and the rule that asks for a review of everything.
fn with_everything(all: &RuleSet) -> RuleSet {
    let parts = (EVERYTHING.build)(toml::Table::new()).unwrap();
    let everything = RegisteredRule { definition: &EVERYTHING, shadow: false, parts };
    let all = all.iter().map(|listed| RegisteredRule {
        definition: listed.definition,
        shadow: listed.shadow,
        parts: listed.parts.clone(),
    });
    all.chain([everything]).collect()
}

/// Singular forms that no rule reaches by the default settings; `domain::wording` tests the choice.
const ONE: [&str; 4] =
    ["insats är markerad som utförd", "task is marked as done", "kort frånvaroperiod", "betald arbetstimme"];

/// The texts of each rule with the alert that they are of, in order of first appearance, its own scenarios first.
fn said() -> BTreeMap<String, Vec<(Sentence, Alert)>> {
    let mut said: BTreeMap<String, Vec<(Sentence, Alert)>> = BTreeMap::new();
    let rules = with_everything(&default_rules());
    let scenarios =
        |rule: &str| std::fs::read_to_string(root().join(format!("tests/scenarios/{rule}.txt"))).unwrap();
    let published: Vec<(&str, Vec<Alert>)> =
        RULES.iter().map(|rule| (rule.id, alerts(&scenarios(rule.id), &rules))).collect();
    for alone in [true, false] {
        for (file, alerts) in &published {
            for alert in alerts {
                for finding in &alert.findings {
                    if (finding.rule == *file) == alone && finding.rule != EVERYTHING.id {
                        let known = said.entry(finding.rule.clone()).or_default();
                        if known.iter().all(|(text, _)| *text != finding.text) {
                            known.push((finding.text.clone(), alert.clone()));
                        }
                    }
                }
            }
        }
    }
    said
}

/// Every alert of the cases, as it was published on the way.
fn alerts(scenarios: &str, rules: &RuleSet) -> Vec<Alert> {
    let mut alerts = Vec::new();
    let mut driver = Driver::new(engine_of(Arc::clone(rules)));
    let mut out = Vec::new();
    for line in read(scenarios).unwrap() {
        if let Said::Case = line.said {
            driver = Driver::new(engine_of(Arc::clone(rules)));
        }
        give(&mut driver, &line.said, &mut out);
        for output in out.drain(..) {
            if let Output::Alert(alert) = output {
                alerts.push(*alert);
            }
        }
    }
    alerts
}

/// The fixed parts of the sentences in a file of `src/rules`: what is between the gaps of its strings, without
/// the names of measures and the texts of panics.
fn phrases(file: &str) -> Vec<String> {
    let path = root().join("src/rules").join(file);
    let source = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let lines: Vec<&str> = source.lines().collect();
    let mut phrases = Vec::new();
    for literal in strings(source) {
        let line = lines[literal.line - 1];
        let is_text = literal.text.contains(|c: char| c == ' ' || !c.is_ascii());
        if !is_text || line.contains("Measure::") || line.contains("expect(") || line.contains("summary_") {
            continue;
        }
        let parts = literal.text.split('{').enumerate();
        let fixed =
            parts.map(|(at, part)| if at == 0 { part } else { part.split_once('}').map_or("", |it| it.1) });
        let fixed = fixed.filter(|part| !ONE.contains(&part.trim()));
        let fixed = fixed.map(|part| part.trim_matches(|c: char| !c.is_alphanumeric()).to_owned());
        phrases.extend(fixed.filter(|part| 3 <= part.chars().count()));
    }
    phrases
}

/// Modules that several rules take phrases from.
const SHARED: [&str; 2] = ["absence/mod.rs", "shares/mod.rs"];

#[test]
fn each_template_is_in_the_golden_file_and_reached_by_a_scenario() {
    let said = said();
    let shared: Vec<String> = SHARED.into_iter().flat_map(phrases).collect();
    let mut golden = String::new();
    let mut missing = Vec::new();
    for rule in RULES {
        let own = phrases(&format!("{}.rs", rule.id.replace('-', "_")));
        let mut open: Vec<&String> = own.iter().chain(&shared).collect();
        writeln!(golden, "{}\n  {}\n  {}\n", rule.id, rule.summary_sv, rule.summary_en).unwrap();
        for (text, _) in said.get(rule.id).into_iter().flatten() {
            let before = open.len();
            open.retain(|phrase| !text.sv.contains(*phrase) && !text.en.contains(*phrase));
            if open.len() < before {
                writeln!(golden, "  {}\n  {}\n", text.sv, text.en).unwrap();
            }
        }
        missing.extend(open.into_iter().filter(|it| own.contains(it)).map(|it| format!("{}: {it}", rule.id)));
    }
    missing.extend(shared.into_iter().filter(|phrase| !golden.contains(phrase)));
    assert!(missing.is_empty(), "no scenario reaches these phrases:\n{}", missing.join("\n"));
    let path = root().join("tests/golden/sentences.txt");
    if std::env::var_os("TIDVAKT_BLESS").is_some() {
        std::fs::write(&path, &golden).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == golden, "`{}` is not current: run the tests with TIDVAKT_BLESS=1", path.display());
}

/// What a reader of a list or a mail needs: what the sentence is about, a beginning and an end, dates in words.
#[test]
fn a_sentence_stands_by_itself() {
    for (rule, texts) in said() {
        for (Sentence { sv, en }, alert) in texts {
            let subject = match alert.subject.kind {
                SubjectKind::Registration => alert.subject.id.as_str(),
                SubjectKind::ProviderPeriod => alert.provider_id.as_str(),
                SubjectKind::CarerPeriod | SubjectKind::PairPeriod => alert.carer_ref.as_deref().unwrap(),
                SubjectKind::ClientPeriod => alert.client_ref.as_deref().unwrap(),
                SubjectKind::Tag => alert.subject.id.split(':').next().unwrap(),
            };
            for text in [&sv, &en] {
                assert!(text.contains(subject), "{rule}: `{text}` does not name {subject}");
                assert!(text.ends_with(['.', '?']), "{rule}: `{text}` has no end");
                assert!(!text.starts_with(char::is_lowercase), "{rule}: `{text}` begins small");
                assert!(!text.contains("  ") && !text.contains(" ."), "{rule}: `{text}` has stray spaces");
                assert!(!text.contains("2026-"), "{rule}: `{text}` has a date in digits");
            }
        }
    }
}
