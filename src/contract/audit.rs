//! The record of `tidvakt.audit.v1`: who looked at a case, and who decided.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::read::{SchemaVersion, empty, read};
use super::text::{AlertId, Id, Text};
use super::time::Time;
use super::words::Word;
use super::{RECORD_BYTES_MAX, append};
use crate::domain::{AuditAction, AuditEntry, AuditLink, Reason, Rejection, Role};

/// Somebody's access to a case, an alert, a registration or a list.
///
/// Key: the chain. Each record has the hash of the one before, over its bytes as they are on the topic: a record that is
/// changed, taken out or put in breaks the chain.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "'de: 'a"))]
#[schemars(title = "audit", rename = "Audit")]
pub(super) struct AuditRecord<'a> {
    /// Version of this shape.
    schema_version: SchemaVersion,
    /// Name of the chain: one for each run of a process.
    chain: Id<'a>,
    /// Number in the chain, from 0.
    number: u64,
    /// SHA-256 of the record before, in hexadecimal digits; zeros before the first.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    previous: Text<'a, 64, 64>,
    /// When, by the clock of the process.
    at: Time,
    /// Who, a pseudonym.
    actor: Id<'a>,
    /// In which role.
    role: Word<Role>,
    /// `view`: asked to see it; `decide`: sent a decision about it.
    action: Word<AuditAction>,
    /// Id of a case, an alert or a registration in the address, whether there is one or not; of a list its address.
    subject: AlertId<'a>,
    /// The status of the answer: 200 seen, 303 decided, 403 not in this role, 404 not there or out of scope.
    #[schemars(range(min = 100, max = 599))]
    status: u16,
}

/// Reads a record of the audit topic.
///
/// # Errors
/// Where it cannot be used, with the reason.
pub fn parse_audit(value: Option<&[u8]>) -> Result<AuditLink, Rejection> {
    let record = read::<AuditRecord<'_>>(value.ok_or_else(empty)?, RECORD_BYTES_MAX)?;
    let is_hash =
        record.previous.0.len() == 64 && record.previous.0.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hash {
        return Err(Rejection::new(Reason::BadId, "`previous` is no hash"));
    }
    Ok(AuditLink {
        chain: record.chain.0.into_owned(),
        number: record.number,
        previous: record.previous.0.into_owned(),
        entry: AuditEntry {
            at: record.at.0,
            actor: record.actor.0.into_owned(),
            role: record.role.0,
            action: record.action.0,
            subject: record.subject.0.into_owned(),
            status: record.status,
        },
    })
}

/// Appends the record of `link` to `out`.
pub fn write_audit(link: &AuditLink, out: &mut Vec<u8>) {
    let AuditLink { chain, number, previous, entry } = link;
    let record = AuditRecord {
        schema_version: SchemaVersion,
        chain: Text::new(chain),
        number: *number,
        previous: Text::new(previous),
        at: Time(entry.at),
        actor: Text::new(&entry.actor),
        role: Word(entry.role),
        action: Word(entry.action),
        subject: Text::new(&entry.subject),
        status: entry.status,
    };
    append(&record, out);
}
