//! Which version of a registration counts.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use crate::domain::{Registration, UtcSecond};
use crate::engine::model::claim::write_claim;
use crate::engine::model::interner::ProviderId;
use crate::engine::model::mark::Marks;
use crate::engine::model::visit::{ShortTime, Slot, Visit};
use crate::engine::state::timeline::Timeline;

/// A retained registration: 192 bytes, three cache lines.
#[repr(C, align(64))]
pub(in crate::engine) struct Entry {
    /// `None` once cancelled.
    pub(in crate::engine) visit: Option<Visit>,
    /// Marks that the rules set on the visit.
    pub(in crate::engine) marks: Marks,
    pub(in crate::engine) version: u32,
    /// Hash of the claim of that version.
    claim: u64,
    appended_at: ShortTime,
    emitted_at: ShortTime,
    pub(in crate::engine) id: Box<str>,
}

const _: () = assert!(size_of::<Option<Entry>>() == 192);

impl Entry {
    /// Append time of the version that counts.
    pub(in crate::engine) fn appended_at(&self) -> UtcSecond {
        self.appended_at.get().unwrap_or(UtcSecond(i64::MIN))
    }

    /// Makes `version`, appended at `appended_at`, the one that counts.
    pub(in crate::engine) fn set(&mut self, version: &Version, appended_at: UtcSecond) {
        self.version = version.number;
        self.claim = version.claim;
        self.emitted_at = version.emitted_at.into();
        self.appended_at = Some(appended_at).into();
    }
}

/// The fields of a record that are compared with the version that counts.
pub(in crate::engine) struct Version {
    pub(in crate::engine) number: u32,
    /// Hash of the claim, by [`Ledger::claim`].
    pub(in crate::engine) claim: u64,
    pub(in crate::engine) emitted_at: Option<UtcSecond>,
    /// Whether the visit has no end yet: it claims no time.
    pub(in crate::engine) is_open: bool,
}

/// The result of comparing a version with the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum VersionCheck {
    /// The registration is not known.
    New,
    /// It replaces the version in this slot.
    Newer(Slot),
    /// Known, with the same claim.
    Repeat,
    /// Lower than the known version.
    Stale,
    /// The known version, with another claim.
    Conflict,
    /// Lower than the known version (the value), sent after it, with another claim.
    SentAfter(u32),
}

/// Every retained registration, by slot and by id.
#[derive(Default)]
pub(in crate::engine) struct Ledger {
    entries: Vec<Option<Entry>>,
    free: Vec<Slot>,
    /// Hash of the id and slot; with the hash, growing the table reads no entry.
    slots: HashTable<(u64, Slot)>,
    hasher: DefaultHashBuilder,
    /// Randomly keyed in each process, so that a sender cannot construct colliding claims; only equality of hashes is used.
    claim_hasher: RandomState,
    claim_bytes: Vec<u8>,
    /// Cancelled registrations with their append times. They are on no timeline, and expire in order of arrival.
    cancelled: VecDeque<(UtcSecond, Slot)>,
    /// The providers of cancelled registrations, which have no visit that names them.
    owners: HashMap<Slot, ProviderId>,
}

impl Ledger {
    /// Compares a version with the one that counts.
    pub(in crate::engine) fn check_version(&self, id: &str, version: &Version) -> VersionCheck {
        let Some(slot) = self.find(id) else { return VersionCheck::New };
        let known = self.entry(slot);
        let is_same = known.claim == version.claim;
        match version.number.cmp(&known.version) {
            Ordering::Greater => VersionCheck::Newer(slot),
            Ordering::Equal if is_same => VersionCheck::Repeat,
            Ordering::Equal => VersionCheck::Conflict,
            Ordering::Less => {
                let emitted = (known.emitted_at.get(), version.emitted_at);
                match emitted {
                    // An open visit claims no time, and a phone without coverage may send its end first.
                    (Some(before), Some(after)) if before < after && !is_same && !version.is_open => {
                        VersionCheck::SentAfter(known.version)
                    }
                    _ => VersionCheck::Stale,
                }
            }
        }
    }

    /// Hash of the claim of a registration.
    pub(in crate::engine) fn claim(&mut self, registration: &Registration<'_>) -> u64 {
        self.claim_bytes.clear();
        write_claim(registration, &mut self.claim_bytes);
        self.claim_hasher.hash_one(&*self.claim_bytes)
    }

    /// Adds an unknown registration; [`Entry::set`] has to follow.
    pub(in crate::engine) fn add(&mut self, id: &str) -> Slot {
        let entry = Entry {
            id: id.into(),
            version: 0,
            claim: 0,
            appended_at: ShortTime::default(),
            emitted_at: ShortTime::default(),
            visit: None,
            marks: Marks::default(),
        };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.entries[slot.0 as usize] = Some(entry);
                slot
            }
            None => {
                let slot = Slot(u32::try_from(self.entries.len()).expect("slots run out after memory does"));
                self.entries.push(Some(entry));
                slot
            }
        };
        let hash = self.hasher.hash_one(id);
        self.slots.insert_unique(hash, (hash, slot), |(hash, _)| *hash);
        slot
    }

    pub(in crate::engine) fn find(&self, id: &str) -> Option<Slot> {
        let hash = self.hasher.hash_one(id);
        let same = |(known, slot): &(u64, Slot)| *known == hash && &*self.entry(*slot).id == id;
        self.slots.find(hash, same).map(|(_, slot)| *slot)
    }

    pub(in crate::engine) fn entry(&self, slot: Slot) -> &Entry {
        self.entries[slot.0 as usize]
            .as_ref()
            .expect("a slot is used only while its registration is retained")
    }

    /// Whether the slot belongs to a registration.
    pub(in crate::engine) fn is_retained(&self, slot: Slot) -> bool {
        self.entries[slot.0 as usize].is_some()
    }

    pub(in crate::engine) fn entry_mut(&mut self, slot: Slot) -> &mut Entry {
        self.entries[slot.0 as usize]
            .as_mut()
            .expect("a slot is used only while its registration is retained")
    }

    /// The visit that counts; `None` once cancelled.
    pub(in crate::engine) fn visit(&self, slot: Slot) -> Option<&Visit> {
        self.entry(slot).visit.as_ref()
    }

    /// Whether `slot` is in use and its registration counts.
    pub(in crate::engine) fn is_kept(&self, slot: Slot) -> bool {
        let entry = self.entries.get(slot.0 as usize).and_then(Option::as_ref);
        entry.is_some_and(|entry| entry.visit.is_some())
    }

    /// The visit of a slot that came from a timeline.
    pub(in crate::engine) fn counted(&self, slot: Slot) -> &Visit {
        self.visit(slot).expect("only registrations that count are on timelines")
    }

    /// The last visit of a carer or a client.
    pub(in crate::engine) fn last_of(&self, timeline: &Timeline) -> Option<&Visit> {
        timeline.all().last().map(|pin| self.counted(pin.slot))
    }

    pub(in crate::engine) fn id(&self, slot: Slot) -> &str {
        &self.entry(slot).id
    }

    /// Queues a cancelled registration for expiry.
    pub(in crate::engine) fn cancelled(&mut self, slot: Slot, appended_at: UtcSecond) {
        self.cancelled.push_back((appended_at, slot));
    }

    /// Keeps the provider of a registration that is cancelled.
    pub(in crate::engine) fn set_owner(&mut self, slot: Slot, provider: ProviderId) {
        self.owners.insert(slot, provider);
    }

    /// The provider of a registration: that of its first version, as no other's is accepted.
    pub(in crate::engine) fn owner(&self, slot: Slot) -> Option<ProviderId> {
        self.visit(slot).map(|visit| visit.provider).or_else(|| self.owners.get(&slot).copied())
    }

    /// Lets go of registrations: step by step for all of them, as nothing of an old one is in a cache and the
    /// steps of many can wait side by side.
    pub(in crate::engine) fn forget(&mut self, slots: &[Slot]) {
        let retained = slots.iter().filter_map(|slot| Some((self.entries[slot.0 as usize].as_ref()?, *slot)));
        let hashed: Vec<_> = retained.map(|(entry, slot)| (self.hasher.hash_one(&*entry.id), slot)).collect();
        for (hash, slot) in &hashed {
            if let Ok(found) = self.slots.find_entry(*hash, |(_, known)| known == slot) {
                found.remove();
            }
        }
        for (_, slot) in hashed {
            self.owners.remove(&slot);
            self.entries[slot.0 as usize] = None;
            self.free.push(slot);
        }
    }

    /// Removes registrations that were cancelled before `horizon`, unless a later version counts again.
    pub(in crate::engine) fn expire_cancelled(&mut self, horizon: UtcSecond) {
        while let Some((appended_at, slot)) = self.cancelled.front().copied() {
            if horizon <= appended_at {
                break;
            }
            self.cancelled.pop_front();
            let still = self.entries[slot.0 as usize]
                .as_ref()
                .is_some_and(|entry| entry.visit.is_none() && entry.appended_at == Some(appended_at).into());
            if still {
                self.forget(&[slot]);
            }
        }
    }

    /// Every visit that counts, in arbitrary order.
    pub(in crate::engine) fn visits(&self) -> impl Iterator<Item = &Visit> {
        self.entries.iter().flatten().filter_map(|entry| entry.visit.as_ref())
    }

    /// Number of retained registrations.
    pub(in crate::engine) fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }
}
