//! Which partition of the feed a municipality belongs to.
//!
//! The log decides, not who came first: the partition whose progress is on the progress topic. Of several, and where
//! there is none yet, that to which a producer's partitioner sends the municipality's key; else the one of the lowest
//! number. Every instance reads the whole progress topic, and so comes to the same owner.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The partitions that a municipality was seen in.
#[derive(Debug, Default)]
struct Claims {
    /// Whose progress records are on the topic.
    published: BTreeSet<i32>,
    /// Whose records this process assesses.
    assessed: BTreeSet<i32>,
}

/// The partition that feeds each municipality.
#[derive(Debug, Default)]
pub struct Owners {
    claims: Mutex<BTreeMap<String, Claims>>,
    /// Partitions of the feed; 0 where that is not known.
    partitions: AtomicI32,
    version: AtomicU64,
}

impl Owners {
    /// The feed has so many partitions.
    pub fn set_partitions(&self, count: i32) {
        self.partitions.store(count, Ordering::Release);
        self.version.fetch_add(1, Ordering::AcqRel);
    }

    /// Changes whenever an owner may have changed.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Records that `partition` wants to assess `municipality`.
    ///
    /// # Errors
    /// The partition that it belongs to instead.
    pub fn claim(&self, municipality: &str, partition: i32) -> Result<(), i32> {
        let mut claims = self.claims();
        let of = claims.entry(municipality.to_owned()).or_default();
        if of.assessed.insert(partition) {
            self.version.fetch_add(1, Ordering::AcqRel);
        }
        match self.choose(municipality, of) {
            Some(owner) if owner != partition => {
                of.assessed.remove(&partition);
                Err(owner)
            }
            _ => Ok(()),
        }
    }

    /// Records that progress of `municipality` in `partition` is on the topic. Returns the owner, where this is news and
    /// another partition's progress is there as well.
    pub fn published(&self, municipality: &str, partition: i32) -> Option<i32> {
        let mut claims = self.claims();
        let of = claims.entry(municipality.to_owned()).or_default();
        if !of.published.insert(partition) {
            return None;
        }
        self.version.fetch_add(1, Ordering::AcqRel);
        if of.published.len() < 2 { None } else { self.choose(municipality, of) }
    }

    /// Records that progress of `municipality` is not on the topic any more, in partitions that `are_retired`.
    pub fn retired(&self, municipality: &str, are_retired: impl Fn(i32) -> bool) {
        if let Some(of) = self.claims().get_mut(municipality) {
            of.published.retain(|partition| !are_retired(*partition));
            self.version.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// The partition that `municipality` belongs to; `None` where it was not seen.
    pub fn owner(&self, municipality: &str) -> Option<i32> {
        self.claims().get(municipality).and_then(|of| self.choose(municipality, of))
    }

    /// The process gave `partition` back.
    pub fn release(&self, partition: i32) {
        self.claims().values_mut().for_each(|of| {
            of.assessed.remove(&partition);
        });
    }

    fn choose(&self, municipality: &str, of: &Claims) -> Option<i32> {
        let count = self.partitions.load(Ordering::Acquire);
        // A feed that was created anew with fewer partitions leaves progress of those that are gone.
        let published = of.published.iter().copied().filter(|partition| count == 0 || *partition < count);
        let mut candidates: Vec<i32> = published.collect();
        if candidates.is_empty() {
            candidates.extend(&of.assessed);
        }
        let by_key =
            |partition: &&i32| 0 < count && partitioned(municipality.as_bytes(), count).contains(partition);
        candidates.iter().find(by_key).or(candidates.first()).copied()
    }

    fn claims(&self) -> MutexGuard<'_, BTreeMap<String, Claims>> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The partition of a key, of `count`, by the default partitioners of the Java client and of librdkafka.
fn partitioned(key: &[u8], count: i32) -> [i32; 2] {
    let count = count.unsigned_abs();
    let of = |hash: u32| i32::try_from(hash % count).unwrap_or(0);
    [of(murmur2(key) & 0x7fff_ffff), of(crc32(key))]
}

/// Austin Appleby's MurmurHash2, with the Java client's seed.
fn murmur2(bytes: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut hash = 0x9747_b28c ^ u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let mut words = bytes.chunks_exact(4);
    for word in &mut words {
        let mut mixed = u32::from_le_bytes([word[0], word[1], word[2], word[3]]).wrapping_mul(M);
        mixed = (mixed ^ (mixed >> 24)).wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ mixed;
    }
    let rest = words.remainder();
    if !rest.is_empty() {
        let last = rest.iter().rev().fold(0, |last, byte| (last << 8) | u32::from(*byte));
        hash = (hash ^ last).wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(M);
    hash ^ (hash >> 15)
}

/// CRC-32 as in IEEE 802.3. Keys have four bytes: a table would not pay.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
    let crc =
        bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)));
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0180";

    fn by_key(count: i32) -> i32 {
        partitioned(KEY.as_bytes(), count)[0]
    }

    /// A partition that no partitioner would choose.
    fn stray(count: i32) -> i32 {
        let keyed = partitioned(KEY.as_bytes(), count);
        (0..count).find(|partition| !keyed.contains(partition)).expect("there are more than two")
    }

    #[test]
    fn hashes_are_those_of_the_clients() {
        assert_eq!(murmur2(b"21"), (-973_932_308_i32).cast_unsigned());
        assert_eq!(murmur2(b"foobar"), (-790_332_482_i32).cast_unsigned());
        assert_eq!(murmur2(b"a-little-bit-long-string"), (-985_981_536_i32).cast_unsigned());
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn progress_on_the_topic_goes_before_the_key() {
        let owners = Owners::default();
        owners.set_partitions(12);
        assert_eq!(owners.published(KEY, stray(12)), None);
        assert_eq!(owners.claim(KEY, by_key(12)), Err(stray(12)));
        assert_eq!(owners.claim(KEY, stray(12)), Ok(()));
    }

    #[test]
    fn without_progress_the_key_decides_whoever_comes_first() {
        let owners = Owners::default();
        owners.set_partitions(12);
        assert_eq!(owners.claim(KEY, stray(12)), Ok(()), "nobody else was seen");
        let before = owners.version();
        assert_eq!(owners.claim(KEY, by_key(12)), Ok(()));
        assert!(before < owners.version(), "the former owner has to see the new version");
        assert_eq!(owners.owner(KEY), Some(by_key(12)));
        assert_eq!(owners.claim(KEY, stray(12)), Err(by_key(12)));
    }

    #[test]
    fn two_with_progress_are_reported_once_and_one_of_them_retires() {
        let owners = Owners::default();
        owners.set_partitions(12);
        assert_eq!(owners.published(KEY, stray(12)), None);
        assert_eq!(owners.published(KEY, by_key(12)), Some(by_key(12)));
        assert_eq!(owners.published(KEY, by_key(12)), None);
        owners.retired(KEY, |partition| partition == by_key(12));
        assert_eq!(owners.owner(KEY), Some(stray(12)));
    }

    #[test]
    fn partitions_that_the_feed_no_longer_has_own_nothing() {
        let owners = Owners::default();
        owners.set_partitions(4);
        owners.published(KEY, 7);
        assert_eq!(owners.owner(KEY), None);
        assert_eq!(owners.claim(KEY, 2), Ok(()));
    }
}
