//! Chains of audit records: each has the hash of the one before, so that none can be changed, taken out or put in
//! without a break. What is cut off at the end shows by a hash that was noted before.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sha2::{Digest, Sha256};

use crate::contract::{parse_audit, write_audit};
use crate::domain::{AuditEntry, AuditLink};

/// What stands for the record before the first.
const NOTHING: [u8; 32] = [0; 32];

/// A chain that grows.
#[derive(Debug)]
pub struct AuditChain {
    name: String,
    number: u64,
    previous: [u8; 32],
}

impl AuditChain {
    /// An empty chain.
    #[must_use]
    pub fn new(name: String) -> Self {
        Self { name, number: 0, previous: NOTHING }
    }

    /// Its name, the key of its records.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The record of the next entry.
    pub fn append(&mut self, entry: AuditEntry) -> Vec<u8> {
        let link =
            AuditLink { chain: self.name.clone(), number: self.number, previous: hex(&self.previous), entry };
        let mut record = Vec::new();
        write_audit(&link, &mut record);
        self.previous = Sha256::digest(&record).into();
        self.number += 1;
        record
    }
}

/// Where a chain is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainBreak {
    /// Partition and offset of the record at which it shows.
    pub position: (i32, i64),
    /// What is wrong.
    pub fault: ChainFault,
}

/// What is wrong with a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainFault {
    /// Records are missing between two numbers.
    Missing {
        /// The last number before.
        after: u64,
        /// The next number.
        found: u64,
    },
    /// A number comes again, or goes back.
    OutOfOrder {
        /// The number.
        found: u64,
    },
    /// The record is not the successor of the one before: one of them was changed.
    WrongHash {
        /// The number of the record.
        number: u64,
    },
    /// The first of the chain has something before it.
    WrongBeginning,
    /// The record cannot be read, or is under the key of another chain.
    Unreadable,
}

impl fmt::Display for ChainFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { after, found } => {
                write!(f, "number {found} follows number {after}: records are missing")
            }
            Self::OutOfOrder { found } => write!(f, "number {found} comes again, or too late"),
            Self::WrongHash { number } => {
                write!(
                    f,
                    "number {number} does not have the hash of the record before: one of the two was changed"
                )
            }
            Self::WrongBeginning => f.write_str("number 0 has the hash of a record before it"),
            Self::Unreadable => f.write_str("a record cannot be read"),
        }
    }
}

/// A chain as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainReport {
    /// Its number at the oldest record; greater than 0 where the topic no longer holds the ones before.
    pub first: u64,
    /// That of the newest.
    pub last: u64,
    /// Records.
    pub records: u64,
    /// Hash of the newest record: noted elsewhere, it shows what is cut off later.
    pub head: String,
    /// Where it is broken.
    pub breaks: Vec<ChainBreak>,
}

/// Checks the records of the audit topic, in the order of their partitions.
#[derive(Debug, Default)]
pub struct ChainCheck {
    chains: BTreeMap<String, ChainReport>,
    unreadable: Vec<ChainBreak>,
    /// Hashes that have to be found.
    wanted: BTreeSet<String>,
}

impl ChainCheck {
    /// A check that also looks for records with these hashes, which were noted earlier.
    #[must_use]
    pub fn new(wanted: impl IntoIterator<Item = String>) -> Self {
        let wanted = wanted.into_iter().map(|hash| hash.to_ascii_lowercase()).collect();
        Self { wanted, ..Self::default() }
    }

    /// Takes the record at `position`, partition and offset.
    pub fn take(&mut self, position: (i32, i64), key: Option<&[u8]>, value: Option<&[u8]>) {
        let link = parse_audit(value).ok().filter(|link| key == Some(link.chain.as_bytes()));
        let Some(link) = link else {
            self.unreadable.push(ChainBreak { position, fault: ChainFault::Unreadable });
            return;
        };
        let hash = hex(&Sha256::digest(value.unwrap_or_default()).into());
        self.wanted.remove(&hash);
        let number = link.number;
        let Some(report) = self.chains.get_mut(&link.chain) else {
            let is_wrong = number == 0 && link.previous != hex(&NOTHING);
            let breaks = is_wrong.then_some(ChainBreak { position, fault: ChainFault::WrongBeginning });
            let breaks = breaks.into_iter().collect();
            let report = ChainReport { first: number, last: number, records: 1, head: hash, breaks };
            self.chains.insert(link.chain, report);
            return;
        };
        // A record whose acknowledgement was lost is sent again, byte for byte.
        if hash == report.head {
            return;
        }
        let fault = match number.checked_sub(report.last) {
            None | Some(0) => Some(ChainFault::OutOfOrder { found: number }),
            Some(1) if link.previous != report.head => Some(ChainFault::WrongHash { number }),
            Some(1) => None,
            Some(_) => Some(ChainFault::Missing { after: report.last, found: number }),
        };
        report.breaks.extend(fault.map(|fault| ChainBreak { position, fault }));
        report.records += 1;
        if report.last < number {
            (report.last, report.head) = (number, hash);
        }
    }

    /// The chains by name.
    #[must_use]
    pub const fn chains(&self) -> &BTreeMap<String, ChainReport> {
        &self.chains
    }

    /// Records that cannot be read, and belong to no chain.
    #[must_use]
    pub fn unreadable(&self) -> &[ChainBreak] {
        &self.unreadable
    }

    /// The hashes that were not found.
    #[must_use]
    pub const fn missing(&self) -> &BTreeSet<String> {
        &self.wanted
    }

    /// Is every chain whole, as far as the topic holds it?
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.unreadable.is_empty()
            && self.wanted.is_empty()
            && self.chains.values().all(|report| report.breaks.is_empty())
    }
}

fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AuditAction, Role, UtcSecond};

    fn entry(second: i64) -> AuditEntry {
        AuditEntry {
            at: UtcSecond(1_772_433_000 + second),
            actor: "reviewer-3".to_owned(),
            role: Role::Reviewer,
            action: AuditAction::View,
            subject: format!("0181:carer:carer-{second}:2026-03"),
            status: 200,
        }
    }

    fn chain(name: &str, records: i64) -> Vec<Vec<u8>> {
        let mut chain = AuditChain::new(name.to_owned());
        (0..records).map(|second| chain.append(entry(second))).collect()
    }

    /// The chain that a record was written for.
    fn key(at: usize, names: &[&'static str]) -> &'static [u8] {
        names[at % names.len()].as_bytes()
    }

    fn check_under(names: &[&'static str], records: &[Vec<u8>], wanted: &[&str]) -> ChainCheck {
        let mut check = ChainCheck::new(wanted.iter().map(|hash| (*hash).to_owned()));
        for (at, (offset, record)) in (0..).zip(records).enumerate() {
            check.take((0, offset), Some(key(at, names)), Some(record));
        }
        check
    }

    fn check(records: &[Vec<u8>], wanted: &[&str]) -> ChainCheck {
        check_under(&["a"], records, wanted)
    }

    fn faults(records: &[Vec<u8>]) -> Vec<(i64, ChainFault)> {
        let check = check(records, &[]);
        let breaks = check.chains().values().flat_map(|report| report.breaks.clone());
        let breaks: Vec<ChainBreak> = breaks.chain(check.unreadable().iter().cloned()).collect();
        assert_eq!(check.is_whole(), breaks.is_empty());
        breaks.into_iter().map(|one| (one.position.1, one.fault)).collect()
    }

    #[test]
    fn a_whole_chain_is_whole_also_where_a_record_came_twice_or_the_oldest_are_gone() {
        let mut records = chain("a", 5);
        assert_eq!(faults(&records), []);
        records.insert(3, records[2].clone());
        assert_eq!(faults(&records), []);
        assert_eq!(faults(&chain("a", 5)[2..]), []);
        let two: Vec<Vec<u8>> =
            chain("a", 3).into_iter().zip(chain("b", 3)).flat_map(|(a, b)| [a, b]).collect();
        let both = check_under(&["a", "b"], &two, &[]);
        assert!(both.is_whole());
        assert_eq!((both.chains()["a"].records, both.chains()["b"].records), (3, 3));
        assert!(!check(&two, &[]).is_whole(), "a record under the key of another chain");
    }

    #[test]
    fn every_changed_byte_of_every_record_but_the_last_is_found_where_it_was_changed() {
        let records = chain("a", 4);
        for (number, record) in records.iter().enumerate() {
            for at in 0..record.len() {
                let mut changed = records.clone();
                changed[number][at] ^= 1;
                let found = faults(&changed);
                let near = [i64::try_from(number).unwrap_or(-1), i64::try_from(number).unwrap_or(-1) + 1];
                let is_last = number + 1 == records.len();
                assert!(
                    is_last || found.iter().any(|(offset, _)| near.contains(offset)),
                    "byte {at} of record {number}: {found:?}"
                );
            }
        }
    }

    #[test]
    fn records_that_are_taken_out_put_in_or_cut_off_are_found() {
        let records = chain("a", 5);
        let mut without = records.clone();
        without.remove(2);
        assert_eq!(faults(&without), [(2, ChainFault::Missing { after: 1, found: 3 })]);
        let mut foreign = AuditChain { name: "a".to_owned(), number: 2, previous: [7; 32] };
        let mut with = records.clone();
        with[2] = foreign.append(entry(9));
        assert_eq!(
            faults(&with),
            [(2, ChainFault::WrongHash { number: 2 }), (3, ChainFault::WrongHash { number: 3 })]
        );
        let mut swapped = records.clone();
        swapped.swap(1, 2);
        assert_eq!(
            faults(&swapped),
            [(1, ChainFault::Missing { after: 0, found: 2 }), (2, ChainFault::OutOfOrder { found: 1 })]
        );
        let mut begun = AuditChain { name: "a".to_owned(), number: 0, previous: [7; 32] };
        assert_eq!(faults(&[begun.append(entry(0))]), [(0, ChainFault::WrongBeginning)]);
        // A cut at the end shows by the head that was noted before.
        let head = check(&records, &[]).chains()["a"].head.clone();
        assert!(check(&records, &[&head]).is_whole());
        assert!(!check(&records[..4], &[&head]).is_whole());
    }
}
