//! Clearance: which registrations may be paid, by the progress, alert and feed topics.
//!
//! The rule is [`CLEARANCE`](crate::contract::CLEARANCE), and this is what a payout service does by it. Pure: the
//! records are its inputs, in any number of passes, and the scheduled time of the payout run is a parameter. What is
//! missing, unknown or unreadable withholds: an unreadable progress record its municipality or partition, an unreadable
//! alert the registration that its key names (else the municipality, else everything), a record of the feed that names
//! no registration and is not listed as unassessed its partition.
//!
//! The order of reading is the caller's: progress to its end, then alerts to their end as of then, then the feed to its
//! end as of then. In any other order a new version of a registration can take a hold back before it is seen itself.

mod line;
mod rule;

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::{self, AlertHold, Claim, PayoutHold, Progress};
use crate::domain::{UtcSecond, Zone};

pub use line::VerdictLine;
pub use rule::{FeedPosition, Payability, Unassessed, Verdict};

/// A registration: municipality code and registration id.
pub type RegistrationKey = (String, String);

/// What the three topics hold, as far as clearance depends on it.
#[derive(Debug)]
pub struct Clearance {
    /// The zone by which a registration without a pay period belongs to one.
    zone: Zone,
    /// The latest progress record of each key and partition of the progress topic; `None`: unreadable.
    progress: BTreeMap<(String, i32), Option<Progress>>,
    /// The highest version of each registration.
    highest: BTreeMap<RegistrationKey, Highest>,
    /// By partition of the feed, the offsets of records that name no registration, ascending.
    nameless: BTreeMap<i32, Vec<i64>>,
    /// The last offset that was read of each partition of the feed.
    last_read: BTreeMap<i32, i64>,
    /// The highest revision of each alert.
    alerts: BTreeMap<String, Revision>,
    /// The alerts that have named a hold on a registration in some revision.
    named_by: BTreeMap<RegistrationKey, BTreeSet<String>>,
    /// Keys of alert records that cannot be read, and that no later revision has replaced.
    unreadable_alerts: BTreeSet<String>,
}

/// The highest version of a registration in the feed.
#[derive(Debug)]
struct Highest {
    claim: Claim,
    /// Every offset of this version.
    positions: Vec<FeedPosition>,
}

/// The highest revision of an alert.
#[derive(Debug)]
struct Revision {
    number: u32,
    municipality: String,
    /// More than one where one revision was published with two contents: each counts.
    holds: Vec<PayoutHold>,
}

impl Clearance {
    /// Nothing is read yet, and nothing may be paid.
    #[must_use]
    pub fn new(zone: Zone) -> Self {
        Self {
            zone,
            progress: BTreeMap::new(),
            highest: BTreeMap::new(),
            nameless: BTreeMap::new(),
            last_read: BTreeMap::new(),
            alerts: BTreeMap::new(),
            named_by: BTreeMap::new(),
            unreadable_alerts: BTreeSet::new(),
        }
    }

    /// Takes a record from `partition` of the progress topic, in the order of the partition.
    pub fn progress(&mut self, partition: i32, key: Option<&[u8]>, value: Option<&[u8]>) {
        let key = String::from_utf8_lossy(key.unwrap_or_default()).into_owned();
        let record = value.and_then(|value| contract::parse_progress(value).ok().flatten());
        let record = record.filter(|record| record.key() == key && has_sound_ranges(record));
        self.progress.insert((key, partition), record);
    }

    /// Takes a record of the alert topic, in the order of its partition.
    pub fn alert(&mut self, key: Option<&[u8]>, value: Option<&[u8]>) {
        let key = String::from_utf8_lossy(key.unwrap_or_default()).into_owned();
        let read = value.and_then(contract::read_alert_hold).filter(|read| read.alert_id == key);
        let Some(AlertHold { municipality, revision, hold, .. }) = read else {
            self.unreadable_alerts.insert(key);
            return;
        };
        if let Some(hold) = &hold {
            let named = (municipality.clone(), hold.registration_id.clone());
            self.named_by.entry(named).or_default().insert(key.clone());
        }
        match self.alerts.get_mut(&key) {
            Some(known) if revision < known.number => return,
            Some(known) if revision == known.number => {
                known.holds.extend(hold.filter(|hold| !known.holds.contains(hold)));
                return;
            }
            _ => {}
        }
        self.unreadable_alerts.remove(&key);
        self.alerts
            .insert(key, Revision { number: revision, municipality, holds: hold.into_iter().collect() });
    }

    /// Takes a record of the feed, in the order of its partition. One without a valid municipality code belongs to the
    /// municipality of its key.
    pub fn registration(&mut self, at: FeedPosition, key: Option<&[u8]>, value: Option<&[u8]>) {
        self.last_read.insert(at.partition, at.offset);
        let by_key = || contract::municipality_code(std::str::from_utf8(key?).ok()?);
        let claim = value.and_then(contract::read_claim);
        let municipality = claim.as_ref().and_then(|claim| claim.municipality.clone()).or_else(by_key);
        let (Some(claim), Some(municipality)) = (claim, municipality) else {
            self.nameless.entry(at.partition).or_default().push(at.offset);
            return;
        };
        // An unreadable version may be the highest.
        let rank = |claim: &Claim| claim.version.unwrap_or(u32::MAX);
        let key = (municipality, claim.registration_id.clone());
        match self.highest.get_mut(&key) {
            Some(known) if rank(&claim) < rank(&known.claim) => {}
            Some(known) if rank(&claim) == rank(&known.claim) => known.positions.push(at),
            _ => {
                self.highest.insert(key, Highest { claim, positions: vec![at] });
            }
        }
    }

    /// The verdict on one registration in a payout run that is scheduled at `run_at`; `None` where the feed has no such
    /// registration. Without `run_at` no hold is void by its date.
    #[must_use]
    pub fn verdict(
        &self,
        municipality: &str,
        registration_id: &str,
        run_at: Option<UtcSecond>,
    ) -> Option<Verdict> {
        let (key, highest) =
            self.highest.get_key_value(&(municipality.to_owned(), registration_id.to_owned()))?;
        Some(self.decide(key, highest, &self.contradicted(), run_at))
    }

    /// The verdicts on all registrations, in order of municipality and id.
    pub fn verdicts(&self, run_at: Option<UtcSecond>) -> impl Iterator<Item = Verdict> {
        let contradicted = self.contradicted();
        self.highest.iter().map(move |(key, highest)| self.decide(key, highest, &contradicted, run_at))
    }

    /// What the progress records say a person should look at before the run: it changes nothing in the rule.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for ((key, _), record) in &self.progress {
            match record {
                None => warnings.push(format!("the progress record `{key}` cannot be read")),
                Some(Progress::Partition(_)) => {}
                Some(Progress::Municipality(of)) => {
                    if of.baseline_incomplete {
                        warnings.push(format!("{key}: the log does not reach back over the whole baseline"));
                    }
                    let lists = [("breakers open", &of.breakers_open), ("capped", &of.held_shares_capped)];
                    let full = lists.into_iter().filter(|(_, list)| !list.is_empty());
                    warnings.extend(full.map(|(what, list)| format!("{key}: {what}: {}", list.join(", "))));
                }
            }
        }
        warnings.extend(self.unreadable_alerts.iter().map(|key| format!("the alert `{key}` cannot be read")));
        warnings
    }
}

/// Whether the ranges of a record are what they have to be: ascending and disjoint.
fn has_sound_ranges(record: &Progress) -> bool {
    match record {
        Progress::Municipality(_) => true,
        Progress::Partition(of) => {
            of.unassessed.iter().all(|(first, last)| first <= last)
                && of.unassessed.windows(2).all(|pair| pair[0].1 < pair[1].0)
        }
    }
}
