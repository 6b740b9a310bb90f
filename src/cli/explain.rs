//! `tidvakt explain`: why a registration has an alert, or none, from files as `replay` reads them.

use std::fmt::Write as _;

use clap::Args;

use super::alert_line::{OutputLanguage, kronor};
use super::exit::{Exit, Failure, OrExit};
use super::input::MannerArgs;
use super::replay::{Listener, Sinks, SourceArgs, pass};
use super::{SettingsArgs, logging, output};
use crate::config::{Config, Secrets};
use crate::contract;
use crate::domain::{
    Alert, AlertState, Explanation, FactChange, Finding, Lowered, MissingFact, PublishedAlert, Registration,
    Value,
};
use crate::engine::{Assessed, Disposition, Engine};
use crate::rules;
use crate::service::deliver::events::{Incident, RecordPosition, WorkerObserver};

const EXAMPLES: &str = "\
Examples:
  tidvakt explain R-123 --reference reference.jsonl march.jsonl
  tidvakt explain 0181:registration:R-123 --reference reference.jsonl --lang sv march.jsonl
  tidvakt explain 0181:provider_period:P-07:2026-03 --reference reference.jsonl march.csv.gz

Puts the files through the engine as `replay` does, and prints in their order: the versions of the
registration with what became of each; at each assessment the rules that found something, those that
could not decide and the fact that they lacked, and those that found nothing; each state of each
alert that it is the subject or the evidence of, with what was observed and expected, the lawful
explanations that do not apply, and the facts that were missing. The same input gives the same
bytes. Exit code 65: nothing in the files is about it.";

/// Says why a registration has an alert or none, and what could not be decided.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ExplainArgs {
    /// A registration's id, or an alert's
    #[arg(value_name = "REGISTRATION|ALERT")]
    pub of: String,
    /// What is read.
    #[command(flatten)]
    pub sources: SourceArgs,
    /// How files are read.
    #[command(flatten)]
    pub manner: MannerArgs,
    /// Language of the sentences
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    pub lang: OutputLanguage,
    /// Where the settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

pub(super) fn execute(args: &ExplainArgs) -> Result<(), Failure> {
    let config = args.settings.load(Secrets::Leave)?;
    logging::start(&config.log);
    let manner = args.manner.manner()?;
    let sources = args.sources.paths(&manner);
    let sinks = Sinks { alerts: Box::new(std::io::sink()), only_final: false, quarantine: None };
    let explainer = Explainer::new(args, &config)?;
    let Some((mut explainer, mut log)) = pass(&config, &sources, sinks, explainer)? else { return Ok(()) };
    output::written(log.finish())?;
    explainer.flush();
    if explainer.text.is_empty() {
        return Err(Failure::new(Exit::Data, format!("nothing in the files is about `{}`", args.of)));
    }
    output::print(&explainer.text)
}

/// Writes down what happens to one registration, or to one alert and its registration.
#[derive(Default)]
struct Explainer {
    /// The registration; empty where the alert is about a pay period.
    registration: String,
    /// The alert; empty where a registration is asked for.
    alert: String,
    is_swedish: bool,
    /// The rules that assess registrations, in their order.
    rules: Vec<&'static str>,
    /// The version of the registration that is being handled: its assessment and its alerts are reported before it.
    version: Option<String>,
    /// What was reported since the last record.
    pending: String,
    text: String,
    failed_on: Option<i64>,
}

impl Explainer {
    fn new(args: &ExplainArgs, config: &Config) -> Result<Self, Failure> {
        let rules = rules::build(&config.rules).or_exit(Exit::Config, "the rules can't be made")?;
        let of_visits = rules.iter().filter(|rule| rule.parts.visit.is_some());
        let rules = of_visits.map(|rule| rule.definition.id).collect();
        let (registration, alert) = match args.of.split_once(":registration:") {
            Some((_, id)) => (id.to_owned(), args.of.clone()),
            None if args.of.contains(':') => (String::new(), args.of.clone()),
            None => (args.of.clone(), String::new()),
        };
        let is_swedish = args.lang == OutputLanguage::Sv;
        Ok(Self { registration, alert, is_swedish, rules, ..Self::default() })
    }

    fn line(&mut self, indent: usize, line: std::fmt::Arguments<'_>) {
        writeln!(self.pending, "{:indent$}{line}", "").expect("a string takes every byte");
    }

    /// A record is done: its version stands before what came of it.
    fn flush(&mut self) {
        self.text.extend(self.version.take());
        self.text.push_str(&self.pending);
        self.pending.clear();
    }

    /// What the alert has to do with what is asked for.
    fn part(&self, alert: &Alert) -> Option<&'static str> {
        let is_related = || alert.findings.iter().any(|finding| finding.related.contains(&self.registration));
        match alert {
            _ if alert.alert_id == self.alert => Some("alert"),
            _ if self.registration.is_empty() => None,
            Alert { subject, .. } if subject.id == self.registration => Some("alert"),
            _ if is_related() => Some("evidence of alert"),
            _ => None,
        }
    }

    fn finding(&mut self, finding: &Finding) {
        let sentence = if self.is_swedish { &finding.text.sv } else { &finding.text.en };
        self.line(4, format_args!("{} ({}): {sentence}", finding.rule, finding.grade.as_str()));
        let measures = |measures: &[(String, Value)]| {
            let one = |(name, value): &(String, Value)| format!("{name} {}", value_text(value));
            measures.iter().map(one).collect::<Vec<_>>().join(", ")
        };
        self.line(6, format_args!("observed: {}", measures(&finding.observed)));
        if !finding.expected.is_empty() {
            self.line(6, format_args!("expected: {}", measures(&finding.expected)));
        }
        if !finding.related.is_empty() {
            self.line(6, format_args!("with: {}", finding.related.join(", ")));
        }
        for word in &finding.excluded {
            let known = Explanation::ALL.iter().find(|one| one.as_str() == word);
            let text = known.map(|one| if self.is_swedish { one.text_sv() } else { one.text_en() });
            self.line(6, format_args!("does not apply: {}", text.unwrap_or(word)));
        }
        for word in &finding.not_tested {
            let text = self.fact_text(word);
            self.line(6, format_args!("not tested, for want of: {text}"));
        }
        if let Some(lowered) = finding.lowered_by {
            self.line(6, format_args!("lowered by: {}", lowered_word(lowered)));
        }
    }

    fn fact_text<'a>(&self, word: &'a str) -> &'a str {
        let known = MissingFact::ALL.iter().find(|one| one.as_str() == word);
        known.map_or(word, |one| if self.is_swedish { one.text_sv() } else { one.text_en() })
    }
}

/// Why a grade is lower than its rule gives.
const fn lowered_word(lowered: Lowered) -> &'static str {
    match lowered {
        Lowered::Shadow => "the rule runs in shadow",
        Lowered::Breaker => "the rule proposes more holds about that day than is plausible",
        Lowered::HeldShareCap => "too large a share of the provider's pay period would be held",
        Lowered::Habit => "it is how the provider works",
    }
}

fn value_text(value: &Value) -> String {
    match value {
        Value::Whole(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text.clone(),
    }
}

impl Listener for Explainer {
    fn fact(&mut self, _fact: &FactChange) {}

    fn failed_on(&self) -> Option<i64> {
        self.failed_on
    }
}

impl WorkerObserver for Explainer {
    fn record(&mut self, _position: RecordPosition<'_>, _disposition: &Disposition) {
        self.flush();
    }

    fn registration(
        &mut self,
        position: RecordPosition<'_>,
        registration: &Registration<'_>,
        disposition: &Disposition,
    ) {
        if registration.registration_id != self.registration {
            return;
        }
        let what = match disposition {
            Disposition::Scored => "assessed".to_owned(),
            Disposition::Repeat => "passed over: this version was known".to_owned(),
            Disposition::Stale => "passed over: a later version was known".to_owned(),
            Disposition::Quarantined(rejection) => format!("refused: {rejection}"),
        };
        let (offset, at, version) = (position.offset, position.appended_at, registration.version);
        let id = &self.registration;
        self.version = Some(format!("offset {offset}, {at}: version {version} of {id}, {what}\n"));
    }

    fn assessed(&mut self, engine: &Engine, assessed: &Assessed) {
        let assessment = engine.assessment(assessed);
        if assessment.registration_id != self.registration {
            return;
        }
        let grade = assessment.grade.map_or("nothing found", |grade| grade.as_str());
        self.line(2, format_args!("version {}: {grade}, score {}", assessment.version, assessment.score));
        if !assessment.rules.is_empty() {
            self.line(4, format_args!("found: {}", assessment.rules.join(", ")));
        }
        for (rule, fact) in &assessment.undetermined {
            let text = self.fact_text(fact);
            self.line(4, format_args!("undetermined: {rule}, for want of {text}"));
        }
        let is_silent = |rule: &&&'static str| {
            !assessment.rules.contains(rule) && assessment.undetermined.iter().all(|(one, _)| one != *rule)
        };
        let silent: Vec<&str> = self.rules.iter().filter(is_silent).copied().collect();
        self.line(4, format_args!("nothing found: {}", silent.join(", ")));
    }

    fn alert(&mut self, published: &PublishedAlert) {
        let alert = &published.alert;
        let Some(part) = self.part(alert) else { return };
        let (id, at, revision) = (&alert.alert_id, alert.assessed_at, published.revision);
        let (grade, kronor) = (alert.grade.as_str(), kronor(alert.amount_at_risk_ore));
        let state = match published.state {
            AlertState::Opened => format!("opened, {grade}, {kronor} kr"),
            AlertState::Revised => format!("revised, {grade}, {kronor} kr"),
            AlertState::Withdrawn => "withdrawn: nothing is left".to_owned(),
        };
        self.line(2, format_args!("{at}: {part} {id} revision {revision}, {state}"));
        alert.findings.iter().for_each(|finding| self.finding(finding));
        if let Some(hold) = &alert.hold {
            let word = contract::hold_state_word(hold.state);
            let (from, until) = (hold.withholds_from, hold.expires_at);
            let seconds = hold.seconds_in_question;
            self.line(
                4,
                format_args!("hold {word}: {seconds} s, from the run at {from}, until the one at {until}"),
            );
        }
    }

    fn incident(&mut self, _partition: i32, incident: Incident) {
        match incident {
            Incident::Isolating { offset } => self.failed_on = Some(offset),
            Incident::Panicked { offset } => self.failed_on = offset,
            _ => {}
        }
    }
}
