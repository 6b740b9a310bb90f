//! Which version of a registration counts.

use std::collections::VecDeque;
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::domain::UtcSecond;
use crate::engine::model::mark::Marks;
use crate::engine::model::visit::{Slot, Visit};
use crate::engine::state::timeline::Timeline;

/// A version further ahead than this is refused: were it taken, every real correction after it
/// would be stale for ever.
const VERSION_LEAP_MAX: u32 = 100;

/// What is kept of one registration, in three cache lines.
#[repr(C, align(64))]
pub(in crate::engine) struct Entry {
    /// `None` once cancelled.
    pub(in crate::engine) visit: Option<Visit>,
    /// What rules noted about the visit.
    pub(in crate::engine) marks: Marks,
    pub(in crate::engine) version: u32,
    /// Append time of the version that counts.
    pub(in crate::engine) appended_at: UtcSecond,
    pub(in crate::engine) id: Box<str>,
}

const _: () = assert!(size_of::<Option<Entry>>() == 192);

/// How a version stands to what is known.
pub(in crate::engine) enum VersionCheck {
    /// Never seen.
    New,
    /// Takes the place of the one in this slot.
    Newer(Slot),
    /// Known already.
    Repeat,
    /// A later one counts.
    Stale,
    /// Too far ahead of the known version (0 where none is known).
    Leap(u32),
}

/// Every kept registration, by slot and by id.
#[derive(Default)]
pub(in crate::engine) struct Ledger {
    entries: Vec<Option<Entry>>,
    free: Vec<Slot>,
    /// Hash of the id beside the slot, so that growing touches no entry.
    slots: HashTable<(u64, Slot)>,
    hasher: DefaultHashBuilder,
    /// Cancelled registrations stand on no timeline; they are let go in order of arrival.
    cancelled: VecDeque<(UtcSecond, Slot)>,
}

impl Ledger {
    pub(in crate::engine) fn check_version(&self, id: &str, version: u32) -> VersionCheck {
        match self.find(id) {
            None if version > VERSION_LEAP_MAX => VersionCheck::Leap(0),
            None => VersionCheck::New,
            Some(slot) => {
                let known = self.entry(slot).version;
                match version {
                    _ if version == known => VersionCheck::Repeat,
                    _ if version < known => VersionCheck::Stale,
                    _ if version - known > VERSION_LEAP_MAX => VersionCheck::Leap(known),
                    _ => VersionCheck::Newer(slot),
                }
            }
        }
    }

    /// Makes room for a registration that was never seen.
    pub(in crate::engine) fn add(&mut self, id: &str, version: u32, appended_at: UtcSecond) -> Slot {
        let entry = Entry { id: id.into(), version, appended_at, visit: None, marks: Marks::default() };
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
        self.entries[slot.0 as usize].as_ref().expect("a slot is used only while its registration is kept")
    }

    pub(in crate::engine) fn entry_mut(&mut self, slot: Slot) -> &mut Entry {
        self.entries[slot.0 as usize].as_mut().expect("a slot is used only while its registration is kept")
    }

    /// The visit that counts; `None` once cancelled.
    pub(in crate::engine) fn visit(&self, slot: Slot) -> Option<&Visit> {
        self.entry(slot).visit.as_ref()
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

    /// Notes that a cancelled registration has to be let go one day.
    pub(in crate::engine) fn cancelled(&mut self, slot: Slot, appended_at: UtcSecond) {
        self.cancelled.push_back((appended_at, slot));
    }

    /// Lets go of registrations: step by step for all of them, as nothing of an old one is in a cache and the
    /// steps of many can wait side by side.
    pub(in crate::engine) fn forget(&mut self, slots: &[Slot]) {
        let kept = slots.iter().filter_map(|slot| Some((self.entries[slot.0 as usize].as_ref()?, *slot)));
        let hashed: Vec<_> = kept.map(|(entry, slot)| (self.hasher.hash_one(&*entry.id), slot)).collect();
        for (hash, slot) in &hashed {
            if let Ok(found) = self.slots.find_entry(*hash, |(_, known)| known == slot) {
                found.remove();
            }
        }
        for (_, slot) in hashed {
            self.entries[slot.0 as usize] = None;
            self.free.push(slot);
        }
    }

    /// Lets go of registrations that were cancelled before `horizon` and have stayed so.
    pub(in crate::engine) fn expire_cancelled(&mut self, horizon: UtcSecond) {
        while let Some((appended_at, slot)) = self.cancelled.front().copied() {
            if horizon <= appended_at {
                break;
            }
            self.cancelled.pop_front();
            let still = self.entries[slot.0 as usize]
                .as_ref()
                .is_some_and(|entry| entry.visit.is_none() && entry.appended_at == appended_at);
            if still {
                self.forget(&[slot]);
            }
        }
    }

    /// Every visit that counts, in no order that means anything.
    pub(in crate::engine) fn visits(&self) -> impl Iterator<Item = &Visit> {
        self.entries.iter().flatten().filter_map(|entry| entry.visit.as_ref())
    }

    /// How many registrations are kept.
    pub(in crate::engine) fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }
}
