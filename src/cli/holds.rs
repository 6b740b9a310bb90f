//! `tidvakt holds`: the rule of clearance on the topics, as a payout service applies it.

mod rows;

use std::io::Write;

use clap::{Args, ValueEnum};
use indicatif::ProgressBar;

use super::exit::{Exit, Failure};
use super::{SettingsArgs, logging, output, progress};
use crate::clearance::{Clearance, FeedPosition, Payability, Verdict};
use crate::config::{Config, Secrets};
use crate::domain::{Month, UtcSecond};
use crate::service::{ServiceError, TopicEnd, TopicReader};
use rows::{VerdictGroup, VerdictTable};

const EXAMPLES: &str = "\
Examples:
  tidvakt holds -X bootstrap.servers=broker:9092 --pay-period 2026-03 --at 2026-04-06T18:00:00+02:00
  tidvakt holds --config payout.toml --registration R-123 --registration R-124 --json
  tidvakt holds --config payout.toml --by provider --municipality 0181 --pay-period 2026-03
  tidvakt holds --config payout.toml --pay-period 2026-03 --state unassessed --strict

Reads the progress topic to its end, then the alert topic to its end as of then, then the feed, and
says of each registration:
  payable     it may be paid
  hold        the seconds under open holds may not be paid, the rest may
  unassessed  it is not known to be assessed, and may not be paid
Whatever is missing or can't be read makes a registration unassessed. A proposed hold is void in a
run that is scheduled at or after its `expires_at`; without --at none is.

The reasons of `unassessed`:
  above-progress       its highest version lies above what progress covers
  in-quarantine        its highest version could not be used
  below-from-offset    its highest version lies before what progress covers
  no-progress          its municipality or partition has no progress record
  unreadable-progress  that record can't be read
  progress-above-feed  progress covers offsets that the feed does not have
  unreadable-version   a version of it can't be read, and may be the highest
  unreadable-record    a record of its partition names no registration, and is not in quarantine
  unreadable-alert     an alert that may be about it can't be read
Those of `hold` are rules. A payable one with nothing to pay is `cancelled` or `not-ended`.

Needs Read and Describe on the feed, alert and progress topics; joins no group. Exit code 65: a
registration that --registration names is not in the feed, or (--strict) something is unassessed.";

/// Says which registrations may be paid, by the feed, alert and progress topics.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct HoldsArgs {
    /// Only this municipality (four digits)
    #[arg(long, value_name = "CODE")]
    pub municipality: Option<String>,
    /// Only this provider
    #[arg(long, value_name = "ID")]
    pub provider: Option<String>,
    /// Only this pay period (2026-03)
    #[arg(long, value_name = "MONTH", value_parser = month)]
    pub pay_period: Option<Month>,
    /// Only this registration; may be given several times
    #[arg(long, value_name = "ID")]
    pub registration: Vec<String>,
    /// Only registrations in this state
    #[arg(long, value_name = "STATE")]
    pub state: Option<StateArg>,
    /// The scheduled time of the payout run (RFC 3339 with an offset)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub at: Option<UtcSecond>,
    /// One row per registration, provider and pay period, or pay period
    #[arg(long, value_name = "WHAT", default_value = "registration")]
    pub by: Grouping,
    /// JSON Lines instead of a table
    #[arg(long)]
    pub json: bool,
    /// Exit code 65 where something selected is unassessed
    #[arg(long)]
    pub strict: bool,
    /// Where the settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Grouping {
    /// A registration.
    Registration,
    /// A provider in a pay period.
    Provider,
    /// A pay period of a municipality.
    PayPeriod,
}

/// A state, as an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StateArg {
    /// It may be paid.
    Payable,
    /// Its disputed seconds may not be paid.
    Hold,
    /// It may not be paid.
    Unassessed,
}

impl StateArg {
    const fn state(self) -> Payability {
        match self {
            Self::Payable => Payability::Payable,
            Self::Hold => Payability::Hold,
            Self::Unassessed => Payability::Unassessed,
        }
    }
}

fn month(text: &str) -> Result<Month, String> {
    Month::parse(text).ok_or_else(|| "expected a month such as 2026-03".to_owned())
}

fn time(text: &str) -> Result<UtcSecond, String> {
    let parsed: Result<jiff::Timestamp, _> = text.parse();
    parsed
        .map(|time| UtcSecond(time.as_second()))
        .map_err(|_| "expected a time with an offset such as 2026-04-06T18:00:00+02:00".to_owned())
}

pub(super) fn execute(args: &HoldsArgs) -> Result<(), Failure> {
    let config = args.settings.load(Secrets::Read)?;
    logging::start(&config.log);
    let clearance = read_topics(&config)?;
    let verdicts: Vec<Verdict> =
        clearance.verdicts(args.at).filter(|verdict| args.selects(verdict)).collect();
    let mut out = output::create(None)?;
    let written = match (args.by, args.json) {
        (Grouping::Registration, true) => rows::json_lines(&verdicts, &mut out),
        (Grouping::Registration, false) => VerdictTable::of_registrations(&verdicts).write(&mut out),
        (by, true) => VerdictGroup::of(&verdicts, by).iter().try_for_each(|group| group.json_line(&mut out)),
        (by, false) => VerdictTable::of_groups(&VerdictGroup::of(&verdicts, by)).write(&mut out),
    };
    output::written(written.and_then(|()| out.flush()))?;
    // Without standard error there is nobody to read it.
    let _ = std::io::stderr().write_all(rows::summary(&verdicts, &clearance.warnings()).as_bytes());
    args.check(&verdicts)
}

/// Reads the three topics in the order that the rule asks for.
fn read_topics(config: &Config) -> Result<Clearance, ServiceError> {
    let reader = TopicReader::new(config)?;
    let bar = progress::count(0, "records");
    let mut clearance = Clearance::new(config.engine.zone.clone());
    let expect = |bar: &ProgressBar, offsets: u64| bar.inc_length(offsets);
    let topics = &config.topics;
    reader.read(&topics.progress, TopicEnd::Written, &mut |more| expect(&bar, more), &mut |record| {
        clearance.progress(record.partition, record.key, record.value);
        bar.inc(1);
    })?;
    reader.read(&topics.alerts, TopicEnd::Written, &mut |more| expect(&bar, more), &mut |record| {
        clearance.alert(record.key, record.value);
        bar.inc(1);
    })?;
    reader.read(
        &topics.registrations,
        TopicEnd::Committed,
        &mut |more| expect(&bar, more),
        &mut |record| {
            let at = FeedPosition { partition: record.partition, offset: record.offset };
            clearance.registration(at, record.key, record.value);
            bar.inc(1);
        },
    )?;
    bar.finish_and_clear();
    Ok(clearance)
}

impl HoldsArgs {
    fn selects(&self, verdict: &Verdict) -> bool {
        let Verdict { municipality, claim, pay_period, state, .. } = verdict;
        let provider = |wanted: &String| claim.provider_id.as_ref() == Some(wanted);
        self.municipality.as_ref().is_none_or(|wanted| wanted == municipality)
            && self.provider.as_ref().is_none_or(provider)
            && self.pay_period.is_none_or(|wanted| *pay_period == Some(wanted))
            && (self.registration.is_empty() || self.registration.contains(&claim.registration_id))
            && self.state.is_none_or(|wanted| wanted.state() == *state)
    }

    /// What a script has to know beside the rows.
    fn check(&self, verdicts: &[Verdict]) -> Result<(), Failure> {
        let is_found = |id: &&String| verdicts.iter().any(|verdict| verdict.claim.registration_id == **id);
        let missing: Vec<&str> =
            self.registration.iter().filter(|id| !is_found(id)).map(String::as_str).collect();
        if !missing.is_empty() {
            let text = format!("not in the feed, or not selected: {}", missing.join(", "));
            return Err(Failure::new(Exit::Data, text));
        }
        let unassessed = verdicts.iter().filter(|verdict| verdict.state == Payability::Unassessed).count();
        if self.strict && 0 < unassessed {
            let text = format!("{unassessed} of {} registrations are unassessed (--strict)", verdicts.len());
            return Err(Failure::new(Exit::Data, text));
        }
        Ok(())
    }
}
