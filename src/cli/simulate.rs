//! `tidvakt simulate`: a made-up municipality with known faults, as files.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::exit::{Exit, Failure, OrExit};
use super::{output, progress};
use crate::contract;
use crate::simulate::{self, Plan, SimulatedFeed, TruthLine};

const EXAMPLES: &str = "\
Examples:
  tidvakt simulate --seed 1 --days 30 --clients 100 --out town
  tidvakt simulate --seed 1 --days 90 --clients 2000 --clean --out honest
  tidvakt simulate --seed 1 --days 60 --clients 2000 --only padding,plan-copy --out two
  tidvakt simulate --seed 1 --days 60 --clients 2000 --only provider-ramp --out ramp

Writes registrations.jsonl, reference.jsonl and truth.jsonl, one line per planted registration:
  {\"registration_id\": \"...\", \"pattern\": \"...\", \"actor\": \"...\", \"seconds\": 0}
`actor` is the carer who planted it, and `seconds` are those that were registered or billed and not
worked. Where only a provider's months show it (full-delivery, provider-capacity, provider-surge,
hours-drop) the actor is the provider, and the registration is one of those the month is made of.
Planting begins on day 14. `--only` takes the names of patterns; provider-padding (30 per cent by all
carers of a provider from the first day on) and provider-ramp (the same, slowly) are planted only so.
The same seed gives the same bytes.";

/// Registrations per client and day, approximately; only for the length of the progress bar.
const RECORDS_PER_CLIENT_DAY: f64 = 2.4;

/// Writes a made-up municipality with known faults to files.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct SimulateArgs {
    /// Seed of the municipality; the same seed gives the same municipality
    #[arg(long, value_name = "N")]
    pub seed: u64,
    /// Days of registrations
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=3_660))]
    pub days: u16,
    /// Clients in the municipality
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub clients: u32,
    /// Plants nothing: honest work only
    #[arg(long)]
    pub clean: bool,
    /// Planted registrations per registration, approximately
    #[arg(long, value_name = "SHARE", default_value_t = 0.005, value_parser = share)]
    pub planted: f64,
    /// Factor on the density of schemes: 0.5 plants twice as many, half as dense
    #[arg(long, value_name = "TIMES", default_value_t = 1.0, value_parser = density)]
    pub density: f64,
    /// Plants only these patterns, by name
    #[arg(long, value_name = "PATTERN", value_delimiter = ',', value_parser = pattern)]
    pub only: Vec<String>,
    /// Municipality code
    #[arg(long, value_name = "CODE", default_value = "0181", value_parser = municipality)]
    pub municipality: String,
    /// Folder to write to; created where it is missing
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

pub(super) fn execute(args: &SimulateArgs) -> Result<(), Failure> {
    let plan = Plan {
        seed: args.seed,
        days: u32::from(args.days),
        clients: args.clients,
        clean: args.clean,
        municipality: args.municipality.clone(),
        planted_share: args.planted,
        density: args.density,
        only: args.only.clone(),
        ..Plan::default()
    };
    let folder = &args.out;
    let made = write_town(&plan, folder)?;
    let shown = folder.display();
    let WrittenTown { records, facts, planted } = made;
    // Standard error may be closed; the files are written nevertheless.
    let _ = writeln!(
        io::stderr(),
        "{shown}: {records} records of registrations, {facts} reference facts, {planted} planted"
    );
    Ok(())
}

/// Numbers of what was written.
pub(super) struct WrittenTown {
    records: u64,
    facts: u64,
    planted: usize,
}

/// Writes the municipality of `plan` to `folder`, which is created where it is missing.
pub(super) fn write_town(plan: &Plan, folder: &Path) -> Result<WrittenTown, Failure> {
    std::fs::create_dir_all(folder)
        .or_exit(Exit::CannotCreate, format!("the folder `{}` can't be made", folder.display()))?;
    let mut feed = SimulatedFeed::new(plan);
    let records = write_registrations(&mut feed, plan, &folder.join("registrations.jsonl"))?;
    let facts = write_facts(&feed, &folder.join("reference.jsonl"))?;
    write_truth(feed.truth(), &folder.join("truth.jsonl"))?;
    Ok(WrittenTown { records, facts, planted: feed.truth().len() })
}

fn write_registrations(feed: &mut SimulatedFeed, plan: &Plan, path: &Path) -> Result<u64, Failure> {
    let expected = f64::from(plan.days) * f64::from(plan.clients) * RECORDS_PER_CLIENT_DAY;
    let bar = progress::count(expected as u64, "records");
    let count = write_file(path, feed, |record, line| {
        contract::write_registration(&record.borrow(), line);
        bar.inc(1);
    });
    bar.finish_and_clear();
    count
}

fn write_facts(feed: &SimulatedFeed, path: &Path) -> Result<u64, Failure> {
    write_file(path, feed.facts(), |fact, line| contract::write_fact(&fact, line))
}

fn write_truth(truth: &[TruthLine], path: &Path) -> Result<u64, Failure> {
    #[derive(Serialize)]
    struct WrittenTruth<'a> {
        registration_id: &'a str,
        pattern: &'a str,
        actor: &'a str,
        seconds: i64,
    }
    write_file(path, truth, |planted, line| {
        let TruthLine { registration_id, pattern, actor, seconds } = planted;
        let planted = WrittenTruth { registration_id, pattern, actor, seconds: *seconds };
        serde_json::to_writer(line, &planted).expect("text and numbers can be written to memory");
    })
}

/// Writes a line for each item to the file at `path`; returns their number.
fn write_file<T>(
    path: &Path,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(T, &mut Vec<u8>),
) -> Result<u64, Failure> {
    let mut file = output::create(Some(path))?;
    let mut line = Vec::new();
    let mut count = 0;
    for item in items {
        line.clear();
        write(item, &mut line);
        line.push(b'\n');
        failed(file.write_all(&line), path)?;
        count += 1;
    }
    failed(file.flush(), path)?;
    Ok(count)
}

fn failed(result: io::Result<()>, path: &Path) -> Result<(), Failure> {
    result.or_exit(Exit::InputOutput, format!("`{}` can't be written", path.display()))
}

/// A share of registrations: above 0, at most 0.2.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "expected a number such as `0.005`".to_owned())?;
    if 0.0 < share && share <= 0.2 { Ok(share) } else { Err("expected more than 0, at most 0.2".to_owned()) }
}

/// A factor on the density: 0.1 to 2.
pub(super) fn density(text: &str) -> Result<f64, String> {
    let density: f64 = text.parse().map_err(|_| "expected a number such as `0.5`".to_owned())?;
    if (0.1..=2.0).contains(&density) { Ok(density) } else { Err("expected 0.1 to 2.0".to_owned()) }
}

pub(super) fn pattern(name: &str) -> Result<String, String> {
    if simulate::pattern(name).is_some() {
        return Ok(name.to_owned());
    }
    let names: Vec<&str> = simulate::PATTERNS.iter().map(|pattern| pattern.name).collect();
    Err(format!("unknown pattern, expected one of {}", names.join(", ")))
}

/// A municipality code.
fn municipality(text: &str) -> Result<String, String> {
    let is_code = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_code { Ok(text.to_owned()) } else { Err("expected four digits, such as `0181`".to_owned()) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail and say why")]

    use std::fs;

    use super::*;
    use crate::domain::UtcSecond;

    fn args(out: &Path) -> SimulateArgs {
        let out = out.to_owned();
        SimulateArgs {
            seed: 7,
            days: 5,
            clients: 12,
            clean: false,
            planted: 0.005,
            density: 1.0,
            only: Vec::new(),
            municipality: "0181".to_owned(),
            out,
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_records_that_the_contract_takes() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("a/one"), folder.path().join("two"));
        execute(&args(&one)).unwrap();
        execute(&args(&two)).unwrap();
        for name in ["registrations.jsonl", "reference.jsonl", "truth.jsonl"] {
            assert!(fs::read(one.join(name)).unwrap() == fs::read(two.join(name)).unwrap(), "{name}");
        }
        let registrations = fs::read_to_string(one.join("registrations.jsonl")).unwrap();
        assert!(12 < registrations.lines().count());
        for line in registrations.lines() {
            let record = contract::parse_registration(line.as_bytes()).unwrap();
            record.registration(UtcSecond(i64::MAX / 2)).unwrap();
        }
        let facts = fs::read_to_string(one.join("reference.jsonl")).unwrap();
        assert!(12 <= facts.lines().count());
        for line in facts.lines() {
            contract::parse_fact(None, Some(line.as_bytes()), None).unwrap();
        }
    }

    #[test]
    fn a_clean_municipality_has_nothing_planted() {
        let folder = tempfile::tempdir().unwrap();
        execute(&SimulateArgs { clean: true, clients: 60, ..args(folder.path()) }).unwrap();
        assert_eq!(fs::read(folder.path().join("truth.jsonl")).unwrap(), b"");
    }

    #[test]
    fn a_folder_that_can_not_be_made_has_its_exit_code() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let failure = execute(&args(&file.path().join("below"))).unwrap_err();
        assert_eq!(failure.exit, Exit::CannotCreate);
    }

    #[test]
    fn shares_and_patterns_are_checked() {
        assert_eq!(share("0.02"), Ok(0.02));
        assert!(share("0").is_err() && share("0.5").is_err() && share("NaN").is_err());
        assert!(density("0.5") == Ok(0.5) && density("0").is_err() && density("x").is_err());
        assert!(pattern("plan-copy").is_ok());
        assert!(pattern("plan-copies").unwrap_err().contains("plan-copy"));
    }

    #[test]
    fn municipality_codes_are_checked() {
        assert!(municipality("0181").is_ok());
        for wrong in ["", "181", "01:81", "01|8", "01 8", "018\n"] {
            assert!(municipality(wrong).is_err(), "{wrong:?}");
        }
    }
}
