//! The record of `tidvakt.progress.v1`: how far a municipality is assessed.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::read::{SchemaVersion, read};
use super::text::{Plain, Texts};
use super::time::Time;
use super::{RECORD_BYTES_MAX, append};
use crate::domain::{Rejection, UtcSecond};

/// How far a municipality is assessed. Counts are totals since the beginning of what the log still
/// holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
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
    /// Rules whose holds of some day wait for a person, because there are more than is plausible;
    /// ascending.
    pub breakers_open: Vec<String>,
    /// Providers of which the program may hold no more in some pay period; ascending.
    pub held_shares_capped: Vec<String>,
    /// Over the open alerts and their states.
    pub digest: String,
    /// Hash of the settings that matter.
    pub config_hash: String,
}

/// How far a municipality is assessed.
///
/// Key: the municipality code. A registration may be paid when its offset is at most
/// `assessed_through_offset` and no open hold names it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "'de: 'a"))]
#[schemars(title = "progress", rename = "Progress")]
pub(super) struct ProgressRecord<'a> {
    /// Version of this shape.
    schema_version: SchemaVersion,
    /// Municipality code (kommunkod).
    municipality: Plain<'a>,
    /// Partition of the feed that the municipality lives in.
    partition: i32,
    /// Every record up to and with this offset is assessed or quarantined.
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
    /// Over the open alerts and their states.
    digest: Plain<'a>,
    /// Hash of the settings that matter.
    config_hash: Plain<'a>,
    /// Rules whose holds of some day wait for a person, because there are more than is plausible;
    /// absent where there is none.
    #[serde(default = "Texts::none", skip_serializing_if = "Texts::is_empty")]
    breakers_open: Texts<'a>,
    /// Providers of which the program may hold no more in some pay period; absent where there is none.
    #[serde(default = "Texts::none", skip_serializing_if = "Texts::is_empty")]
    held_shares_capped: Texts<'a>,
}

/// Reads a progress record back.
pub fn parse_progress(value: &[u8]) -> Result<Progress, Rejection> {
    let record = read::<ProgressRecord<'_>>(value, RECORD_BYTES_MAX)?;
    Ok(Progress {
        municipality: record.municipality.0.into_owned(),
        partition: record.partition,
        assessed_through_offset: record.assessed_through_offset,
        append_time: record.append_time.0,
        scored: record.scored,
        repeats: record.repeats,
        stale: record.stale,
        quarantined: record.quarantined,
        open_alerts: record.open_alerts,
        open_holds: record.open_holds,
        digest: record.digest.0.into_owned(),
        config_hash: record.config_hash.0.into_owned(),
        breakers_open: record.breakers_open.0.into_owned(),
        held_shares_capped: record.held_shares_capped.0.into_owned(),
    })
}

/// Appends the record of `progress` to `out`.
pub fn write_progress(progress: &Progress, out: &mut Vec<u8>) {
    let record = ProgressRecord {
        schema_version: SchemaVersion,
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
        breakers_open: Texts(Cow::Borrowed(&progress.breakers_open)),
        held_shares_capped: Texts(Cow::Borrowed(&progress.held_shares_capped)),
    };
    append(&record, out);
}
