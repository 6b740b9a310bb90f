//! The calls of a worker to its instance's log.

use std::time::Duration;

use super::{Fed, Kept, MemoryLog, Written};
use tidvakt::config::DeliveryMode;
use tidvakt::contract;
use tidvakt::service::log::{
    EachKept, EachQuarantined, Log, LogError, NoHeaders, Outgoing, OutputTopic, Record, Watermarks,
};

impl Log for MemoryLog {
    fn extent(&mut self, partition: i32) -> Result<Watermarks, LogError> {
        self.call(|log| {
            let mut disk = log.memory.disk();
            let feed = disk.feeds.entry(partition).or_default();
            Ok(Watermarks { low: feed.low, high: feed.high(), committed: feed.committed })
        })
    }

    fn read_back(
        &mut self,
        topic: OutputTopic,
        partition: i32,
        each: &mut EachKept<'_>,
    ) -> Result<(), LogError> {
        self.call(|log| {
            let mut disk = log.memory.disk();
            if log.random.per_mille(200) {
                disk.compact(topic, partition);
            }
            for written in disk.written.iter().filter(|written| !written.compacted) {
                if (written.record.topic, written.record.partition) == (topic, partition) {
                    each(written.record.key.as_deref().unwrap_or_default(), written.record.value.as_deref());
                }
            }
            log.looked_to.insert((topic, partition), disk.written.len());
            Ok(())
        })
    }

    fn has_foreign_outputs(&mut self, partition: i32) -> Result<bool, LogError> {
        self.call(|log| {
            let disk = log.memory.disk();
            let mut is_foreign = false;
            for topic in [OutputTopic::Alerts, OutputTopic::Progress] {
                let from = log.looked_to.insert((topic, partition), disk.written.len()).unwrap_or(0);
                is_foreign |= disk.written[from..].iter().any(|kept| {
                    (kept.record.topic, kept.record.partition) == (topic, partition)
                        && kept.writer != log.instance
                });
            }
            Ok(is_foreign)
        })
    }

    fn read_quarantined(
        &mut self,
        partition: i32,
        from: i64,
        each: &mut EachQuarantined<'_>,
    ) -> Result<(), LogError> {
        self.call(|log| {
            for written in log.memory.written(OutputTopic::Quarantine) {
                let headers = written.headers.iter().map(|(name, value)| (&**name, value.as_deref()));
                let (_, of, offset) = contract::quarantine_source(headers).expect("the service writes them");
                if of == partition && from <= offset {
                    each(offset, written.value.as_deref());
                }
            }
            Ok(())
        })
    }

    fn start(&mut self, partition: i32, from: i64) -> Result<(), LogError> {
        self.call(|log| {
            log.memory.disk().feeds.entry(partition).or_default().owner = Some(log.instance);
            log.positions.insert(partition, from);
            Ok(())
        })
    }

    fn stop(&mut self, partition: i32) {
        self.positions.remove(&partition);
    }

    fn take(
        &mut self,
        _wait: Duration,
        max: usize,
        each: &mut dyn FnMut(Record<'_>),
    ) -> Result<usize, LogError> {
        self.call(|log| {
            let Self { memory, positions, random, faults, .. } = log;
            let disk = memory.disk();
            let mut left = if faults.slow { random.below(max.min(20) as u64) as usize } else { max };
            let most = left;
            for (&partition, position) in positions {
                let Some(feed) = disk.feeds.get(&partition) else { continue };
                if *position < feed.low {
                    return Err(LogError::Truncated { partition, wanted: *position, low: feed.low });
                }
                let skip = usize::try_from(*position - feed.low).expect("not below the beginning");
                for fed in feed.records.iter().skip(skip).take(left) {
                    let Fed { appended_at, key, value } = fed;
                    each(Record {
                        partition,
                        offset: *position,
                        appended_at: *appended_at,
                        key: key.as_deref(),
                        value: value.as_deref(),
                        decoded: None,
                        headers: &NoHeaders,
                    });
                    *position += 1;
                    left -= 1;
                }
            }
            Ok(most - left)
        })
    }

    fn position(&mut self, partition: i32) -> Result<i64, LogError> {
        self.call(|log| {
            let position = log.positions.get(&partition).copied();
            position.ok_or_else(|| LogError::Refused(format!("partition {partition} was not started")))
        })
    }

    fn delivery(&self) -> DeliveryMode {
        self.faults.delivery
    }

    /// A crash before the end leaves an open transaction, which no reader of committed records ever sees.
    fn transact(&mut self, records: &[Outgoing<'_>], offsets: &[(i32, i64)]) -> Result<(), LogError> {
        self.call(|log| {
            if let Some((partition, _)) = offsets.iter().find(|(partition, _)| !log.owns(*partition)) {
                return Err(LogError::Fenced { partition: *partition });
            }
            let is_fenced =
                |out: &Outgoing<'_>| offsets.iter().any(|(partition, _)| *partition == out.partition);
            assert!(records.iter().all(is_fenced), "an output without an offset is not fenced");
            let lost = log.random.per_mille(log.faults.lost_acknowledgements);
            let unknown = || LogError::Undetermined("the answer was lost".to_owned());
            if lost && log.random.per_mille(500) {
                return Err(unknown());
            }
            let mut disk = log.memory.disk();
            let writer = log.instance;
            let kept = |out: &Outgoing<'_>| Kept { record: Written::from(*out), writer, compacted: false };
            let written = records.iter().map(kept);
            disk.written.extend(written);
            for (partition, next_offset) in offsets {
                let feed = disk.feeds.entry(*partition).or_default();
                if feed.committed != Some(*next_offset) {
                    feed.committed = Some(*next_offset);
                    disk.commits.push((*partition, *next_offset));
                }
            }
            if lost { Err(unknown()) } else { Ok(()) }
        })
    }

    fn publish(&mut self, out: Outgoing<'_>) -> Result<(), LogError> {
        self.call(|log| {
            if !log.faults.writes_of_former_owners && !log.owns(out.partition) {
                return Err(LogError::Fenced { partition: out.partition });
            }
            log.under_way.push_back((log.published, Written::from(out)));
            log.published += 1;
            Ok(())
        })
    }

    fn acknowledged(&mut self) -> Result<u64, LogError> {
        self.call(|log| {
            let all = log.under_way.len() as u64;
            let arriving = if log.faults.slow { log.random.below(all + 1) } else { all };
            log.arrive(arriving);
            if 0 < all && log.random.per_mille(log.faults.lost_acknowledgements) {
                log.refused = true;
            }
            match log.refused {
                true => Err(LogError::Refused("a record was not acknowledged in time".to_owned())),
                false => Ok(log.under_way.front().map_or(log.published, |(number, _)| *number)),
            }
        })
    }

    fn commit(&mut self, partition: i32, next_offset: i64) -> Result<(), LogError> {
        self.call(|log| {
            let mut disk = log.memory.disk();
            let feed = disk.feeds.entry(partition).or_default();
            if feed.owner != Some(log.instance) {
                return Err(LogError::Fenced { partition });
            }
            feed.committed = Some(next_offset);
            disk.commits.push((partition, next_offset));
            Ok(())
        })
    }
}

impl From<Outgoing<'_>> for Written {
    fn from(out: Outgoing<'_>) -> Self {
        let Outgoing { topic, partition, key, value, headers, span: _ } = out;
        let (key, value) = (key.map(<[u8]>::to_vec), value.map(<[u8]>::to_vec));
        Self { topic, partition, key, value, headers: headers.to_vec() }
    }
}
