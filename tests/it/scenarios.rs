//! Every file in `tests/scenarios` is a row of small stories in the words of the domain, given to an engine
//! with the default rules. A file is named after the rule that it is about.
//!
//! ```text
//! == title                            a new case: an engine that knows nothing
//! homes apart bo eva                  each a kilometre from the next, each a household of its own
//! home bo at 59.30,17.60 household h1     either part may be left out
//! order O1 client bo staff 2 tasks shower,meal grant 60 per day provider P1     all but the client optional
//! absence bo hospital 2026-03-03..2026-03-06 by hospital      no end: `2026-03-03..`
//! carer_absence ann sick 2026-03-03..2026-03-06 by payroll
//! employment ann provider P1
//! tag T1 client bo                    fact id `tag-T1-bo`, as `employment-ann-P1`
//! tariff D1 51600                     öre per hour
//! provider P1 private hours 500 in 2026-03
//! calendar 2026-03 locked 2026-04-03 paid 2026-04-06T18:00
//! exception carer-overlap carer ann client bo during 2026-03-01..2026-04-01
//! forget home-bo                      takes a fact back, by kind and name
//! order O2 client bo during 2026-03-01..2026-03-09      any fact may hold for a time only
//! employment ann provider P1 during 2026-05-09.. recorded 2026-05-09      else recorded long before
//! decide R1 release at 2026-03-10 except carer-overlap carer ann
//! R1.1 carer ann at client bo 08:00-08:30      version 1 of R1; `08:00-` is still open
//! R1.2 cancelled
//! every day from 2026-02-01 for 40 days: B carer ann at client bo 08:00-08:30     B-1 to B-40
//! every week from 2026-02-02 for 4 weeks: C carer ann at client bo 08:00-08:30
//! every week from 2026-02-02 for 4 weeks: C.2 cancelled
//! ```
//! Behind a visit may follow, in any order: `on 2026-03-02` (else that day), `nfc lock beacon gps phone
//! fixed app manual office auto unknown` for both ends (else nfc, with the client's own tag) or `start X`,
//! `end X`, `plan 08:00-08:30`, `staff 2`, `partners R2,R3`, `kind alarm`, `outcome declined`, `event
//! approved`, `trainee`, `provider P1`, `order O1`, `task shower`, `tasks shower,meal`, `tag T` or
//! `start-tag T`, `end-tag T`, `device D` or `start-device D`, `end-device D`, `geo start 59.1,17.6
//! accuracy 20`, `geo end …`, `shared S1`, `edit end 20:00->20:30 at 2026-03-05T10:00 by planner-2 role
//! planner reason forgot` (as often as needed), `mode per_visit`, `billed 1800` (seconds), `tariff D1`,
//! `period 2026-02`, `not-billable`, `recorded 2026-03-05T10:00` (by the device), `synced …` (at the
//! server), `emitted …` (by the source), `arrives …` (in the log). Times are Stockholm's.
//!
//! Consecutive lines `->` are one block, and name *everything* that stands then; only what other rules
//! than the file's find about pay periods may be left out, as many stories have the same minutes every
//! day, and in the file of a rule about pay periods all that other rules find:
//! ```text
//! -> carer-overlap R2+R1 hold 900 s: the text holds this      a finding on R2 about R1
//! -> carer-overlap R2+R1 review untested household            the seconds may be left out
//! -> manual-share carer ann 2026-03 review                    or client, provider, tag, `pair ann:bo`
//! -> noted duplicate-registration R1      graded `observe`: no alert
//! -> nothing                              nothing stands and nothing is noted
//! -> same                                 all that the block before named
//! ```
//! and beside that what happened since the block before, or what hangs on it:
//! ```text
//! -> withdrawn R2
//! -> observed provider-surge          a pay period graded `observe` anew: no alert; or `unobserved`
//! -> undetermined carer-overlap household
//! -> hold R2 900 s 12900 öre proposed
//! ```
//! Each case also ends with two laws: given twice, nothing changes; given backwards, the same alerts are open.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use tidvakt::domain::{Alert, EventType};
use tidvakt::engine::{Disposition, Engine, Input, Output};

use crate::architecture::root;
use crate::engines::{Driver, default_engine, default_rules, timeless};
use crate::form::{Expected, FindingLine, Line, Said, read};

#[test]
fn every_scenario_comes_true() {
    let mut paths: Vec<_> = std::fs::read_dir(root().join("tests/scenarios"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "txt"))
        .collect();
    paths.sort_unstable();
    assert!(!paths.is_empty());
    let mut found = String::new();
    let mut cases = 0;
    for path in &paths {
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        let problems = match read(&std::fs::read_to_string(path).unwrap()) {
            Ok(lines) => {
                let rule = path.file_stem().unwrap().to_str().unwrap();
                cases += lines.iter().filter(|line| matches!(line.said, Said::Case)).count();
                problems(rule, &lines)
            }
            Err(problem) => vec![problem],
        };
        for (line, problem) in problems {
            writeln!(found, "{name}:{line}: {problem}").unwrap();
        }
    }
    assert!(found.is_empty(), "\n{found}");
    println!("{cases} cases in {} files", paths.len());
}

#[test]
fn a_wrong_expectation_is_found_with_its_line() {
    let text = "== two homes\nhomes apart bo eva\nR1 carer ann at client bo 08:00-08:30\n-> nothing\n\
                R2 carer ann at client eva 08:15-08:45\n-> nothing\n== none\nR3 carer eva at client eva 1-2";
    assert_eq!(read(text).unwrap_err().0, 8);
    let found = problems("carer-overlap", &read(text.split_once("== none").unwrap().0).unwrap());
    assert_eq!(
        found.iter().map(|(line, _)| *line).collect::<BTreeSet<_>>(),
        BTreeSet::from([6]),
        "{found:?}"
    );
    assert!(found[0].1.contains("carer-overlap R2+R1"), "{found:?}");
}

/// What does not come true in the stories about `rule`, by line.
fn problems(rule: &str, lines: &[Line]) -> Vec<(usize, String)> {
    let mut problems = Vec::new();
    let mut story = Story::about(rule);
    let mut at = 0;
    while at < lines.len() {
        let length = lines[at..].iter().take_while(|line| matches!(line.said, Said::Expected(_))).count();
        if length > 0 {
            story.judge(&lines[at..at + length], &mut problems);
        } else if let Said::Case = lines[at].said {
            story.finish(&mut problems);
            story = Story::about(rule);
        } else {
            story.give(&lines[at]);
        }
        at += length.max(1);
    }
    story.finish(&mut problems);
    problems
}

/// One case as it goes on.
struct Story {
    rule: String,
    is_about_periods: bool,
    driver: Driver,
    lines: Vec<Line>,
    /// Registrations with the rules that only noted something.
    noted: BTreeMap<String, Vec<String>>,
    /// The last published state of each alert, by alert id.
    published: BTreeMap<String, Alert>,
    withdrawn: BTreeSet<String>,
    undetermined: BTreeMap<(String, String), u64>,
    observed: BTreeMap<String, u64>,
    before: Vec<Expected>,
}

impl Story {
    fn about(rule: &str) -> Self {
        let rules = default_rules();
        let mut about_periods = rules.iter().filter(|listed| listed.parts.period.is_some());
        Self {
            rule: rule.to_owned(),
            is_about_periods: about_periods.any(|listed| listed.definition.id == rule),
            driver: Driver::new(default_engine()),
            lines: Vec::new(),
            noted: BTreeMap::new(),
            published: BTreeMap::new(),
            withdrawn: BTreeSet::new(),
            undetermined: BTreeMap::new(),
            observed: BTreeMap::new(),
            before: Vec::new(),
        }
    }

    fn give(&mut self, line: &Line) {
        let mut line = line.clone();
        if let Said::Registered(draft) = &mut line.said {
            // Its place in the feed, also where it is given backwards.
            draft.offset = i64::try_from(self.lines.len()).ok();
        }
        let mut out = Vec::new();
        let outcome = give(&mut self.driver, &line.said, &mut out);
        self.lines.push(line.clone());
        if let Said::Registered(draft) = &line.said
            && draft.event == EventType::Cancelled
            && outcome == Some(Disposition::Scored)
        {
            self.noted.remove(&draft.id);
        }
        for output in out {
            match output {
                Output::Assessed(assessed) => {
                    let assessment = self.driver.engine.assessment(&assessed);
                    let rules = assessment.rules.iter().map(|rule| (*rule).to_owned());
                    let noted = assessment.grade == Some(tidvakt::domain::Grade::Observe);
                    self.noted.insert(assessment.registration_id, rules.filter(|_| noted).collect());
                }
                Output::Alert(alert) => {
                    if alert.findings.is_empty() {
                        self.withdrawn.insert(alert.subject.id.clone());
                    }
                    self.published.insert(alert.alert_id.clone(), *alert);
                }
            }
        }
    }

    /// Compares a block of expectations with what stands and happened.
    fn judge(&mut self, block: &[Line], problems: &mut Vec<(usize, String)>) {
        let standing = self.driver.engine.open_alerts();
        let mut unnamed = self.everything(&standing);
        let stood = unnamed.clone();
        let mut missing = |line: usize, what: String| {
            problems.push((line, format!("{what}\n  what stood:{}", shown(&stood))));
        };
        for line in block {
            let Said::Expected(expected) = &line.said else { continue };
            let named: Vec<&Expected> =
                if *expected == Expected::Same { self.before.iter().collect() } else { vec![expected] };
            for expected in named {
                let found = match expected {
                    Expected::Nothing | Expected::Same => true,
                    Expected::Withdrawn(id) => self.withdrawn.contains(id),
                    Expected::Undetermined(rule, fact) => {
                        let key = (rule.clone(), fact.clone());
                        let now = undetermined(&self.driver.engine);
                        self.undetermined.get(&key).unwrap_or(&0) < now.get(&key).unwrap_or(&0)
                    }
                    Expected::Observed(rule, anew) => {
                        let now = observed(&self.driver.engine);
                        (self.observed.get(rule).unwrap_or(&0) < now.get(rule).unwrap_or(&0)) == *anew
                    }
                    Expected::Hold(id, seconds, ore, state) => standing.iter().any(|alert| {
                        alert.hold.as_ref().is_some_and(|hold| {
                            hold.registration_id == *id
                                && (hold.seconds_in_question, hold.amount_ore) == (*seconds, *ore)
                                && format!("{:?}", hold.state).eq_ignore_ascii_case(state)
                        })
                    }),
                    Expected::Finding(_) | Expected::Noted(..) => {
                        let at = unnamed.iter().position(|actual| fits(expected, actual));
                        at.map(|at| unnamed.remove(at)).is_some()
                    }
                };
                if !found {
                    missing(
                        line.number,
                        format!("this did not come true:{}", shown(std::slice::from_ref(expected))),
                    );
                }
            }
        }
        unnamed.retain(|one| self.concerns(one));
        if !unnamed.is_empty() {
            missing(block[0].number, format!("this stands as well:{}", shown(&unnamed)));
        }
        self.check_published(block[0].number, problems);
        self.before = stood.into_iter().filter(|one| self.concerns(one)).collect();
        self.withdrawn.clear();
        self.undetermined = undetermined(&self.driver.engine);
        self.observed = observed(&self.driver.engine);
    }

    /// Must it be named? Everything about a registration must, and what the rule finds.
    fn concerns(&self, actual: &Expected) -> bool {
        match actual {
            Expected::Finding(found) => {
                let of_visit = found.subject.starts_with("registration:");
                found.rule == self.rule || (of_visit && !self.is_about_periods)
            }
            Expected::Noted(rule, _) => *rule == self.rule || !self.is_about_periods,
            _ => true,
        }
    }

    /// The last published states must be the open alerts.
    fn check_published(&self, line: usize, problems: &mut Vec<(usize, String)>) {
        let published = self.published.values().filter(|alert| !alert.findings.is_empty());
        let problem = difference(&timeless(published.cloned()), &self.driver, "from what was published");
        problems.extend(problem.map(|problem| (line, problem)));
    }

    /// All that stands or is noted, as lines that would name it.
    fn everything(&self, standing: &[Alert]) -> Vec<Expected> {
        let noted = self.noted.iter();
        let noted =
            noted.flat_map(|(id, rules)| rules.iter().map(|r| Expected::Noted(r.clone(), id.clone())));
        findings(standing).chain(noted).collect()
    }

    /// The two laws at the end of a case.
    fn finish(&mut self, problems: &mut Vec<(usize, String)>) {
        let Some(last) = self.lines.last().map(|line| line.number) else { return };
        let stands = timeless(self.driver.engine.open_alerts());
        for line in &self.lines {
            give(&mut self.driver, &line.said, &mut Vec::new());
        }
        problems.extend(difference(&stands, &self.driver, "given twice").map(|problem| (last, problem)));
        // A decision is about the version that was there when it was made.
        if self.lines.iter().any(|line| matches!(line.said, Said::Decided(_))) {
            return;
        }
        let mut backwards = Driver::new(default_engine());
        let is_visit = |line: &&Line| matches!(line.said, Said::Registered(_));
        let visits = self.lines.iter().rev().filter(is_visit);
        // What is said of one fact stays in order: a removal has no version.
        for line in visits.chain(self.lines.iter().filter(|line| !is_visit(line))) {
            give(&mut backwards, &line.said, &mut Vec::new());
        }
        problems.extend(difference(&stands, &backwards, "given backwards").map(|problem| (last, problem)));
    }
}

fn difference(stands: &[Alert], after: &Driver, how: &str) -> Option<String> {
    let after = timeless(after.engine.open_alerts());
    let differ = stands != after.as_slice();
    differ.then(|| {
        let lines = |alerts: &[Alert]| shown(&findings(alerts).collect::<Vec<_>>());
        format!("{how}, something else stands:{}\n  instead of:{}", lines(&after), lines(stands))
    })
}

/// Gives a line to an engine; expectations and heads of cases give it nothing.
pub fn give(driver: &mut Driver, said: &Said, out: &mut Vec<Output>) -> Option<Disposition> {
    match said {
        Said::Registered(draft) => Some(driver.register(draft, out)),
        Said::Referenced(change) => driver.engine.apply(Input::Referenced(change), out),
        Said::Decided(decision) => driver.engine.apply(Input::Decided(decision), out),
        Said::Case | Said::Expected(_) => None,
    }
}

/// How often each rule graded something `observe`.
fn observed(engine: &Engine) -> BTreeMap<String, u64> {
    engine.findings_by_rule().iter().map(|counts| (counts.rule.to_owned(), counts.hits[0])).collect()
}

fn undetermined(engine: &Engine) -> BTreeMap<(String, String), u64> {
    let rules = engine.findings_by_rule().iter();
    rules
        .flat_map(|counts| {
            let facts = counts.undetermined.iter();
            facts.map(|(fact, count)| ((counts.rule.to_owned(), (*fact).to_owned()), *count))
        })
        .collect()
}

/// The findings of the alerts, as lines that would name them.
fn findings(standing: &[Alert]) -> impl Iterator<Item = Expected> {
    standing.iter().flat_map(|alert| {
        let subject = alert.alert_id.split_once(':').map_or("", |(_, subject)| subject);
        alert.findings.iter().map(move |finding| {
            Expected::Finding(Box::new(FindingLine {
                rule: finding.rule.clone(),
                subject: subject.to_owned(),
                // A pattern names as many of its visits as fit.
                related: if subject.starts_with("registration:") {
                    finding.related.clone()
                } else {
                    Vec::new()
                },
                grade: finding.grade,
                seconds: Some(finding.seconds_in_question),
                untested: finding.not_tested.clone(),
                text: Some(finding.text.en.clone()),
            }))
        })
    })
}

/// Is `actual` what `expected` names? What the line leaves out may be anything.
fn fits(expected: &Expected, actual: &Expected) -> bool {
    let (Expected::Finding(line), Expected::Finding(found)) = (expected, actual) else {
        return expected == actual;
    };
    (&line.rule, &line.subject, &line.related, line.grade, &line.untested)
        == (&found.rule, &found.subject, &found.related, found.grade, &found.untested)
        && line.seconds.is_none_or(|seconds| Some(seconds) == found.seconds)
        && line.text.as_ref().is_none_or(|part| found.text.as_ref().is_some_and(|text| text.contains(part)))
}

/// As the lines would have to be written.
fn shown(lines: &[Expected]) -> String {
    let mut text = String::new();
    for line in lines {
        match line {
            Expected::Finding(finding) => {
                let FindingLine { rule, subject, related, grade, seconds, untested, text: sentence } =
                    &**finding;
                let ids: Vec<&str> = std::iter::once(subject.trim_start_matches("registration:"))
                    .chain(related.iter().map(String::as_str))
                    .collect();
                let untested = if untested.is_empty() {
                    String::new()
                } else {
                    format!(" untested {}", untested.join(","))
                };
                let seconds = seconds.map(|seconds| format!(" {seconds} s")).unwrap_or_default();
                let sentence = sentence.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
                let (ids, grade) = (ids.join("+"), grade.as_str());
                write!(text, "\n    -> {rule} {ids} {grade}{seconds}{untested}{sentence}").unwrap();
            }
            Expected::Noted(rule, id) => write!(text, "\n    -> noted {rule} {id}").unwrap(),
            Expected::Withdrawn(id) => write!(text, "\n    -> withdrawn {id}").unwrap(),
            other => write!(text, "\n    {other:?}").unwrap(),
        }
    }
    if text.is_empty() { " nothing".to_owned() } else { text }
}
