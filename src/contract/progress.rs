//! The two records of `tidvakt.progress.v1`: how far a municipality is assessed, and what of a partition is not.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::append;
use super::read::{SchemaVersion, read};
use super::text::{JsonTexts, Plain};
use super::time::Time;
use super::words::{ProgressKind, Word};
use crate::domain::{Rejection, UtcSecond};

/// The rule by which a payout service reads the feed, progress and alerts; README, AsyncAPI and the schema carry it.
pub const CLEARANCE: &str = "\
No alert is not clearance. A registration may be paid when all of this holds; it is unassessed where (1) or (2) fails, \
and held where only (3) does: \
(1) its highest version in the feed lies at an offset of its partition that is at most `assessed_through_offset` of its \
municipality and at most `through_offset` of the partition; \
(2) that offset is in no range of `unassessed`; \
(3) no open hold names the registration, for the seconds of the hold; the rest of it may be paid. \
A hold is open in the states `proposed`, `confirmed` and `upheld`, and in one that the reader does not know; a `proposed` \
one is void in runs that are scheduled at or after its `expires_at`. A record of the feed counts with its version also \
where it cannot be used; one whose version cannot be read counts as the highest and is unassessed. Where the highest \
version lies at several offsets, (1) and (2) hold for each of them. An offset below `from_offset` is not cleared, nor is \
a partition whose progress lies above the end of the feed, nor what a record of progress or an alert that cannot be read \
may be about. Order of reading: progress to its end, then alerts to the end as of then, then the feed; alerts past every \
transaction that is open at their end.";

/// Ranges in the record of a partition, at most: it stays below a broker's default of a million bytes.
pub const UNASSESSED_RANGES_MAX: usize = 10_000;

/// Largest record that is read back: twice 19 digits and four marks for each range, and the rest.
const PROGRESS_BYTES_MAX: usize = UNASSESSED_RANGES_MAX * 42 + 65_536;

/// A record of the progress topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// How far a municipality is assessed.
    Municipality(MunicipalityProgress),
    /// What of a partition is not assessed.
    Partition(PartitionProgress),
}

/// How far a municipality is assessed. Counts are totals since the beginning of what the log still holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MunicipalityProgress {
    /// Municipality code.
    pub municipality: String,
    /// Partition of the feed that it lives in.
    pub partition: i32,
    /// Every record up to and with this offset is assessed or quarantined.
    pub assessed_through_offset: i64,
    /// Append time of that record.
    pub append_time: UtcSecond,
    /// Versions of registrations that were scored.
    pub scored: u64,
    /// Versions that were known already.
    pub repeats: u64,
    /// Versions lower than the known one.
    pub stale: u64,
    /// Records that could not be used.
    pub quarantined: u64,
    /// Open alerts.
    pub open_alerts: u64,
    /// Open holds.
    pub open_holds: u64,
    /// SHA-256 over the open alerts, 64 hex digits.
    pub digest: String,
    /// Hash of the settings that matter.
    pub config_hash: String,
    /// Rules whose holds of some day wait for a person, because there are more than is plausible;
    /// ascending.
    pub breakers_open: Vec<String>,
    /// Providers of which the program may hold no more in some pay period; ascending.
    pub held_shares_capped: Vec<String>,
    /// The log does not reach back over the whole baseline.
    pub baseline_incomplete: bool,
}

/// What of a partition is not assessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionProgress {
    /// Partition of the feed.
    pub partition: i32,
    /// The first offset that the ranges cover: the oldest that the log held.
    pub from_offset: i64,
    /// The last offset that the ranges cover.
    pub through_offset: i64,
    /// Append time of that record.
    pub append_time: UtcSecond,
    /// First and last offsets of records in quarantine, ascending, disjoint; at most [`UNASSESSED_RANGES_MAX`].
    pub unassessed: Vec<(i64, i64)>,
    /// Records in quarantine that name no municipality for sure, so that no municipality counts them.
    pub unattributed: u64,
}

impl Progress {
    /// Partition of the feed.
    #[must_use]
    pub const fn partition(&self) -> i32 {
        match self {
            Self::Municipality(of) => of.partition,
            Self::Partition(of) => of.partition,
        }
    }

    /// Its key on the topic: the municipality code, or `partition|` and the number.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Municipality(of) => of.municipality.clone(),
            Self::Partition(of) => format!("partition|{}", of.partition),
        }
    }
}

/// How far a municipality is assessed. Key: the municipality code.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "'de: 'a"))]
#[schemars(rename = "MunicipalityProgress")]
pub(super) struct MunicipalityRecord<'a> {
    /// Version of this shape.
    schema_version: SchemaVersion,
    /// Which of the two records it is.
    kind: Word<ProgressKind>,
    /// Municipality code (kommunkod).
    municipality: Plain<'a>,
    /// Partition of the feed that the municipality lives in.
    partition: i32,
    /// Every record of the municipality up to and with this offset is assessed, or in `unassessed` of the
    /// partition.
    assessed_through_offset: i64,
    /// Append time of that record.
    append_time: Time,
    /// Versions of registrations that were scored, since the beginning of what the log still holds.
    scored: u64,
    /// Versions that were known already.
    repeats: u64,
    /// Versions lower than the known one.
    stale: u64,
    /// Records that could not be used.
    quarantined: u64,
    /// Open alerts.
    open_alerts: u64,
    /// Open holds.
    open_holds: u64,
    /// SHA-256, 64 hex digits, over a line for each open alert of the municipality, ascending by the bytes of its
    /// `alert_id`: `alert_id`, `revision` and the SHA-256 of the record's value in 64 hex digits, with a space between
    /// them and a line feed at the end. Open is what is not `withdrawn`.
    digest: Plain<'a>,
    /// Hash of the settings that matter.
    config_hash: Plain<'a>,
    /// Rules whose holds of some day wait for a person, because there are more than is plausible.
    breakers_open: JsonTexts<'a>,
    /// Providers of which the program may hold no more in some pay period.
    held_shares_capped: JsonTexts<'a>,
    /// The log does not reach back over the whole baseline.
    baseline_incomplete: bool,
}

/// What of a partition is not assessed. Key: `partition|` and the number.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PartitionProgress")]
pub(super) struct PartitionRecord {
    /// Version of this shape.
    schema_version: SchemaVersion,
    /// Which of the two records it is.
    kind: Word<ProgressKind>,
    /// Partition of the feed.
    partition: i32,
    /// The first offset that `unassessed` covers: the oldest that the log held.
    from_offset: i64,
    /// The last offset that `unassessed` covers.
    through_offset: i64,
    /// Append time of that record.
    append_time: Time,
    /// First and last offsets of records in quarantine, whosever they are: inclusive, ascending, disjoint, at most
    /// 10,000. Where there would be more, `through_offset` and every `assessed_through_offset` of the partition stay
    /// before the first that does not fit.
    #[schemars(extend("maxItems" = UNASSESSED_RANGES_MAX))]
    unassessed: Vec<(i64, i64)>,
    /// Records in quarantine that name no municipality for sure, so that no municipality counts them.
    unattributed: u64,
}

/// Reads a progress record back. `None`: one from before there were two kinds, which says nothing of `unassessed`; the
/// next one replaces it.
pub fn parse_progress(value: &[u8]) -> Result<Option<Progress>, Rejection> {
    #[derive(Deserialize)]
    struct KindProbe {
        #[serde(default)]
        kind: Option<Word<ProgressKind>>,
    }
    Ok(match read::<KindProbe>(value, PROGRESS_BYTES_MAX)?.kind {
        None => None,
        Some(Word(ProgressKind::Municipality)) => {
            let record = read::<MunicipalityRecord<'_>>(value, PROGRESS_BYTES_MAX)?;
            Some(Progress::Municipality(record.progress()))
        }
        Some(Word(ProgressKind::Partition)) => {
            let record = read::<PartitionRecord>(value, PROGRESS_BYTES_MAX)?;
            Some(Progress::Partition(record.progress()))
        }
    })
}

/// Appends the record of `progress` to `out`.
pub fn write_progress(progress: &Progress, out: &mut Vec<u8>) {
    match progress {
        Progress::Municipality(progress) => append(&MunicipalityRecord::of(progress), out),
        Progress::Partition(progress) => append(&PartitionRecord::of(progress), out),
    }
}

impl<'a> MunicipalityRecord<'a> {
    fn of(progress: &'a MunicipalityProgress) -> Self {
        Self {
            schema_version: SchemaVersion,
            kind: Word(ProgressKind::Municipality),
            municipality: Plain::new(&progress.municipality),
            partition: progress.partition,
            assessed_through_offset: progress.assessed_through_offset,
            append_time: Time(progress.append_time),
            scored: progress.scored,
            repeats: progress.repeats,
            stale: progress.stale,
            quarantined: progress.quarantined,
            open_alerts: progress.open_alerts,
            open_holds: progress.open_holds,
            digest: Plain::new(&progress.digest),
            config_hash: Plain::new(&progress.config_hash),
            breakers_open: JsonTexts(Cow::Borrowed(&progress.breakers_open)),
            held_shares_capped: JsonTexts(Cow::Borrowed(&progress.held_shares_capped)),
            baseline_incomplete: progress.baseline_incomplete,
        }
    }

    fn progress(self) -> MunicipalityProgress {
        MunicipalityProgress {
            municipality: self.municipality.0.into_owned(),
            partition: self.partition,
            assessed_through_offset: self.assessed_through_offset,
            append_time: self.append_time.0,
            scored: self.scored,
            repeats: self.repeats,
            stale: self.stale,
            quarantined: self.quarantined,
            open_alerts: self.open_alerts,
            open_holds: self.open_holds,
            digest: self.digest.0.into_owned(),
            config_hash: self.config_hash.0.into_owned(),
            breakers_open: self.breakers_open.0.into_owned(),
            held_shares_capped: self.held_shares_capped.0.into_owned(),
            baseline_incomplete: self.baseline_incomplete,
        }
    }
}

impl PartitionRecord {
    fn of(progress: &PartitionProgress) -> Self {
        Self {
            schema_version: SchemaVersion,
            kind: Word(ProgressKind::Partition),
            partition: progress.partition,
            from_offset: progress.from_offset,
            through_offset: progress.through_offset,
            append_time: Time(progress.append_time),
            unassessed: progress.unassessed.clone(),
            unattributed: progress.unattributed,
        }
    }

    fn progress(self) -> PartitionProgress {
        PartitionProgress {
            partition: self.partition,
            from_offset: self.from_offset,
            through_offset: self.through_offset,
            append_time: self.append_time.0,
            unassessed: self.unassessed,
            unattributed: self.unattributed,
        }
    }
}
