//! Records of a partition that cannot be used.

use std::collections::BTreeMap;
use std::ops::Range;

use sha2::{Digest, Sha256};

use super::{Arrival, Partition, PartitionState, Poison};
use crate::contract;
use crate::domain::{Reason, Rejection};
use crate::engine::{Disposition, Position};
use crate::service::deliver::events::{Incident, WorkerObserver};
use crate::service::deliver::municipality::{Municipality, Panicked, Sink};
use crate::service::deliver::unassessed::UnassessedOffsets;
use crate::service::log::{Log, LogError};

/// The quarantine of a partition: what was found while its log was handled, and what of it is on the topic.
#[derive(Default)]
pub(super) struct Quarantine {
    pub(super) unassessed: UnassessedOffsets,
    /// Records that name no municipality for sure.
    pub(super) unattributed: u64,
    /// On the topic when the partition was opened: hash of the value by offset, of unsettled offsets.
    published: BTreeMap<i64, [u8; 16]>,
}

impl Quarantine {
    /// Reads back which offsets of `partition` from `unsettled_from` on are on the topic: an earlier owner published
    /// them, but stopped before it could commit.
    pub(super) fn read_back(
        &mut self,
        log: &mut dyn Log,
        partition: i32,
        unsettled_from: i64,
    ) -> Result<(), LogError> {
        log.read_quarantined(partition, unsettled_from, &mut |offset, value| {
            if unsettled_from <= offset {
                self.published.insert(offset, hash(value));
            }
        })
    }

    /// Whether the record is on the topic. A log that was created anew may have another record at the offset.
    fn is_published(&mut self, offset: i64, value: Option<&[u8]>) -> bool {
        self.published.remove(&offset).is_some_and(|published| published == hash(value))
    }
}

impl Partition {
    /// Counts a record that cannot be used as unassessed, and publishes it unless an earlier owner did.
    /// `municipality`: whose it is, where that is known for sure and its engine has the position.
    pub(super) fn quarantine(
        &mut self,
        Arrival { record, at, before }: Arrival<'_>,
        municipality: Option<&str>,
        rejection: Rejection,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) -> Result<(), Panicked> {
        let municipality = match municipality {
            Some(name) => Some(name.to_owned()),
            None => {
                // Only a municipality that a good record has named: a broken one may name anything.
                let peeked = record.value.and_then(contract::peek_municipality);
                let known = peeked.and_then(|name| self.municipalities.get_mut(&name));
                match known.filter(|known| known.engine.is_some()) {
                    Some(known) => {
                        known.skip(at, sink)?;
                        Some(known.name.clone())
                    }
                    None => None,
                }
            }
        };
        let position = self.record_position(at, municipality.as_deref().unwrap_or_default());
        if !position.muted && !self.quarantine.is_published(record.offset, record.value) {
            sink.queue.quarantine(&self.shared.setup.feed_topic, record, &rejection);
        }
        self.quarantine.unassessed.add(record.offset, before);
        self.delivery.progress_dirty = true;
        let provider = record.value.and_then(contract::peek_provider);
        sink.observer.quarantined(position, provider, &rejection);
        let disposition = Disposition::Quarantined(rejection);
        sink.observer.record(position, &disposition);
        let known: Option<&mut Municipality> =
            municipality.and_then(|name| self.municipalities.get_mut(&name));
        match known {
            Some(municipality) => municipality.count(at.offset, &disposition),
            None => self.quarantine.unattributed += 1,
        }
        Ok(())
    }

    /// Counts records that cannot even be read as unassessed. There is nothing of them that could go to quarantine.
    pub(in crate::service) fn step_over(
        &mut self,
        offsets: Range<i64>,
        poison: &mut Poison,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) {
        self.advance_to(offsets.start, poison, sink);
        if self.state == PartitionState::Failed {
            return;
        }
        let Range { start: from, end: to } = offsets;
        let appended_at = self.appended_at;
        for offset in offsets {
            let before = Position { offset: offset - 1, appended_at };
            self.quarantine.unassessed.add(offset, before);
            self.quarantine.unattributed += 1;
            let rejection = Rejection::new(Reason::Unreadable, "its batch can't be read");
            let position = self.record_position(Position { offset, appended_at }, "");
            sink.observer.quarantined(position, None, &rejection);
            sink.observer.record(position, &Disposition::Quarantined(rejection));
        }
        self.next = to;
        self.delivery.progress_dirty = true;
        sink.observer.incident(self.id, Incident::UnreadableBatch { from, to });
    }

    /// The log no longer holds the offsets below `low`.
    pub(in crate::service) fn drop_below(&mut self, low: i64) {
        self.log_low = self.log_low.max(low);
        self.delivery.progress_dirty |= self.quarantine.unassessed.drop_below(low);
    }
}

/// The first 16 bytes of the SHA-256 of a value.
fn hash(value: Option<&[u8]>) -> [u8; 16] {
    *Sha256::digest(value.unwrap_or_default()).first_chunk().expect("a SHA-256 has 32 bytes")
}
