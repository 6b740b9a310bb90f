//! `tidvakt tail`: alerts as they are published.

use std::collections::HashMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use super::alert_line::{AlertLine, OutputLanguage, gravest};
use super::exit::{Exit, Failure, OrExit};
use super::{SettingsArgs, logging, output, signals};
use crate::config::Secrets;
use crate::contract;
use crate::domain::{AlertState, Grade, PublishedAlert};
use crate::service::{FollowFrom, TopicFollower, TopicRecord};

const EXAMPLES: &str = "\
Examples:
  tidvakt tail -X bootstrap.servers=broker:9092
  tidvakt tail --config config/local.toml --from-beginning --grade hold --provider P-07
  tidvakt tail --config config/local.toml --rule carer-overlap --json | jq .amount_at_risk_ore
  tidvakt tail --config config/local.toml --from-beginning --for 5s

A line is: time of assessment, `+` opened, `~` revised or `-` withdrawn, rule, grade, kronor at
risk, sentence. A withdrawn alert has no findings left: its rule is that of the record before, where
this command has seen it. With --json each record is as it is on the topic. Joins no group. Ctrl-C
ends it.";

/// How long a poll waits.
const WAIT: Duration = Duration::from_millis(200);

/// Prints alerts as they are published.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct TailArgs {
    /// Also what is on the topic already
    #[arg(long)]
    pub from_beginning: bool,
    /// Only this municipality (four digits)
    #[arg(long, value_name = "CODE")]
    pub municipality: Option<String>,
    /// Only this provider
    #[arg(long, value_name = "ID")]
    pub provider: Option<String>,
    /// Only alerts with a finding of this rule
    #[arg(long, value_name = "RULE")]
    pub rule: Option<String>,
    /// Only this grade
    #[arg(long, value_name = "GRADE")]
    pub grade: Option<GradeArg>,
    /// The records as they are, JSON Lines
    #[arg(long)]
    pub json: bool,
    /// Language of the sentences
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    pub lang: OutputLanguage,
    /// Ends after so much time: 30s, 5m
    #[arg(long = "for", value_name = "TIME", value_parser = super::demo::duration)]
    pub for_: Option<Duration>,
    /// Where the settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

/// A grade that makes alerts, as an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GradeArg {
    /// The disputed seconds should not be paid before a person has looked.
    Hold,
    /// A person should look.
    Review,
}

pub(super) fn execute(args: &TailArgs) -> Result<(), Failure> {
    let config = args.settings.load(Secrets::Read)?;
    logging::start(&config.log);
    let began = Instant::now();
    let signal = signals::stop_on_signal().or_exit(Exit::Software, "signals can't be caught")?;
    let from = if args.from_beginning { FollowFrom::Beginning } else { FollowFrom::End };
    let follower = TopicFollower::new(&config, &config.topics.alerts, from)?;
    let mut tail = Tail::new(args, AlertLine::new(args.lang, config.engine.zone.clone()));
    while !signal.is_requested() && args.for_.is_none_or(|length| began.elapsed() < length) {
        let mut text = String::new();
        follower.poll(WAIT, &mut |record| tail.take(record, &mut text))?;
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            // Nobody reads on, as after `head`.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            written => output::written(written)?,
        }
    }
    Ok(())
}

/// What was seen of the alerts, and how they are printed.
struct Tail<'a> {
    args: &'a TailArgs,
    line: AlertLine,
    /// The rules of each alert's last findings.
    rules: HashMap<String, Vec<String>>,
}

impl<'a> Tail<'a> {
    fn new(args: &'a TailArgs, line: AlertLine) -> Self {
        Self { args, line, rules: HashMap::new() }
    }

    /// Appends the line of a record, where the filters let it through.
    fn take(&mut self, record: TopicRecord<'_>, text: &mut String) {
        let Some(value) = record.value else { return };
        let Ok(alert) = contract::parse_alert(value) else {
            tracing::warn!(partition = record.partition, offset = record.offset, "the record cannot be read");
            return;
        };
        if alert.state != AlertState::Withdrawn {
            let rules = alert.alert.findings.iter().map(|finding| finding.rule.clone()).collect();
            self.rules.insert(alert.alert.alert_id.clone(), rules);
        }
        if !self.selects(&alert) {
            return;
        }
        if self.args.json {
            text.push_str(&String::from_utf8_lossy(value));
            text.push('\n');
        } else {
            let before = || self.rules.get(&alert.alert.alert_id)?.first().map(String::as_str);
            let rule = gravest(&alert).map(|finding| finding.rule.as_str()).or_else(before);
            self.line.write(&alert, rule.unwrap_or_default(), text);
        }
    }

    fn selects(&self, alert: &PublishedAlert) -> bool {
        let content = &alert.alert;
        let grade = |wanted: GradeArg| match wanted {
            GradeArg::Hold => content.grade == Grade::Hold,
            GradeArg::Review => content.grade == Grade::Review,
        };
        let of_rule = |wanted: &String| {
            self.rules.get(&content.alert_id).is_some_and(|rules| rules.iter().any(|rule| rule == wanted))
        };
        self.args.municipality.as_ref().is_none_or(|wanted| *wanted == content.municipality)
            && self.args.provider.as_ref().is_none_or(|wanted| *wanted == content.provider_id)
            && self.args.grade.is_none_or(grade)
            && self.args.rule.as_ref().is_none_or(of_rule)
    }
}
