//! What is kept of who looked at a case and who decided.

use super::{Role, UtcSecond};

/// What somebody did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditAction {
    /// Asked to see it.
    View,
    /// Sent a decision about it.
    Decide,
}

/// Somebody's access to a case, an alert, a registration or a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When, by the clock of the process.
    pub at: UtcSecond,
    /// Who, a pseudonym.
    pub actor: String,
    /// In which role.
    pub role: Role,
    /// What.
    pub action: AuditAction,
    /// The id in the address: of a case, an alert or a registration, whether there is one or not; of a list its
    /// address with the filter.
    pub subject: String,
    /// The status of the answer.
    pub status: u16,
}

/// An entry in its place of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLink {
    /// Name of the chain: one for each run of a process.
    pub chain: String,
    /// Number in the chain, from 0.
    pub number: u64,
    /// SHA-256 of the record before, 64 hexadecimal digits; zeros before the first.
    pub previous: String,
    /// The entry.
    pub entry: AuditEntry,
}
