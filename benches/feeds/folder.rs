//! Feeds as files, as `tidvakt simulate` writes them, and what a replay of them costs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tidvakt::contract;

use super::walks;
use crate::service::{off, program};

/// A feed to measure.
pub struct BenchFeed {
    /// What it is called in the table.
    pub name: String,
    folder: PathBuf,
    /// The rules that are on; all where `None`.
    pub rules: Option<&'static [&'static str]>,
}

/// The processor time of a replay, and the most memory that it held.
pub struct ReplayCost {
    pub cpu: Duration,
    pub peak_mib: f64,
}

impl BenchFeed {
    /// A folder with `registrations.jsonl` and `reference.jsonl`.
    pub fn at(name: &str, folder: PathBuf) -> Self {
        Self { name: name.to_owned(), folder, rules: None }
    }

    /// A simulated municipality with its facts; `shuffled` over so many records.
    pub fn town(name: &str, folder: PathBuf, clients: u32, days: u32, shuffled: usize) -> Self {
        let simulate = |command: &mut Command| {
            command.args(["simulate", "--seed", "1"]);
            command.args(["--clients", &clients.to_string(), "--days", &days.to_string()]);
            command.arg("--out").arg(&folder);
        };
        run(simulate);
        let feed = Self::at(name, folder);
        if 0 < shuffled {
            let mut lines = feed.lines("registrations");
            let key = |at: usize| at + at.wrapping_mul(0x9e37_79b9_7f4a_7c15) % shuffled;
            let mut order: Vec<usize> = (0..lines.len()).collect();
            order.sort_by_key(|at| key(*at));
            let shuffled: Vec<Vec<u8>> = order.into_iter().map(|at| std::mem::take(&mut lines[at])).collect();
            feed.write("registrations", &shuffled);
        }
        feed
    }

    /// The walks of `walks.rs`, with two rules.
    pub fn walks(name: &str, folder: PathBuf, visits: usize, municipalities: usize) -> Self {
        fs::create_dir_all(&folder).expect("the folder of the bench can be written");
        let feed = Self { rules: Some(&["carer-overlap", "unusual-duration"]), ..Self::at(name, folder) };
        let (registrations, facts) = walks::walks(visits, 5_000, municipalities);
        feed.write("registrations", &registrations);
        feed.write("reference", &facts);
        feed
    }

    fn path(&self, kind: &str) -> PathBuf {
        self.folder.join(format!("{kind}.jsonl"))
    }

    fn lines(&self, kind: &str) -> Vec<Vec<u8>> {
        let all = fs::read(self.path(kind)).expect("the feed was written");
        all.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
    }

    fn write(&self, kind: &str, lines: &[impl AsRef<[u8]>]) {
        let mut all = Vec::new();
        for line in lines {
            all.extend_from_slice(line.as_ref());
            all.push(b'\n');
        }
        fs::write(self.path(kind), all).expect("the folder of the bench can be written");
    }

    /// Its registrations, each with its municipality.
    pub fn registrations(&self) -> Vec<(String, Vec<u8>)> {
        let of = |line: &[u8]| contract::peek_municipality(line).unwrap_or_default();
        self.lines("registrations").into_iter().map(|line| (of(&line), line)).collect()
    }

    /// Its facts, each with its key.
    pub fn facts(&self) -> Vec<(String, Vec<u8>)> {
        let key = |line: &[u8]| {
            let fact: serde_json::Value = serde_json::from_slice(line).expect("facts are JSON");
            let text = |field: &str| fact[field].as_str().unwrap_or_default().to_owned();
            format!("{}|{}", text("municipality"), text("fact_id"))
        };
        self.lines("reference").into_iter().map(|line| (key(&line), line)).collect()
    }

    /// Puts it through `tidvakt replay`.
    pub fn replay(&self) -> ReplayCost {
        let before = cpu_of_children();
        let peak_mib = run(|command| {
            command.args(["replay", "--final", "--out", "/dev/null", "--reference"]);
            command.arg(self.path("reference")).args(off(self.rules)).arg(self.path("registrations"));
        });
        ReplayCost { cpu: cpu_of_children() - before, peak_mib }
    }
}

/// Runs the program to its end; returns the most memory that it held, in MiB.
fn run(arguments: impl FnOnce(&mut Command)) -> f64 {
    let mut command = Command::new(program());
    arguments(&mut command);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it was built");
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0.0_f64;
    loop {
        if let Some(ended) = child.try_wait().expect("it is our child") {
            assert!(ended.success(), "{command:?}: {ended}");
            return peak_kib / 1_024.0;
        }
        peak_kib = peak_kib.max(peak(Path::new(&status)).unwrap_or(0.0));
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn peak(status: &Path) -> Option<f64> {
    let status = fs::read_to_string(status).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}

/// Processor time of all children that have ended.
fn cpu_of_children() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 =
        after_name.split_whitespace().skip(13).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
