//! What the handlers read and write.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::door::{Door, run_id};
use crate::domain::UtcSecond;
use crate::feed::pages::Shown;
use crate::feed::topics::{AuditWriter, DecisionWriter, Memory, PayoutMemory};
use crate::feed::words::Language;
use crate::service::gate::Gate;

/// Streams of all visitors together.
const STREAMS_MAX: usize = 500;
/// Streams of one visitor: more windows than are read.
const STREAMS_PER_VISITOR_MAX: usize = 5;

/// What decisions go by.
#[derive(Clone, Debug)]
pub(in crate::feed) struct DecisionRules {
    /// Time for which a case is taken.
    pub(in crate::feed) take_seconds: i64,
    /// Amount from which on a release needs a second person.
    pub(in crate::feed) two_persons_from_ore: i64,
}

/// What the handlers read.
#[derive(Clone)]
pub(in crate::feed) struct Site {
    pub(super) memory: Memory,
    pub(super) payout: PayoutMemory,
    pub(super) writer: DecisionWriter,
    pub(super) audit: AuditWriter,
    pub(super) door: Arc<Door>,
    pub(super) rules: DecisionRules,
    /// A place for each stream of events, by visitor.
    pub(super) streams: Arc<Gate<String>>,
    /// The contact of the accessibility statement.
    pub(super) accessibility_contact: Arc<str>,
    /// Names this run, so that ids of events of another one are not taken for its own.
    pub(super) started: Arc<str>,
}

impl Site {
    /// # Errors
    /// Where the system gives no random numbers.
    pub(in crate::feed) fn new(
        memory: Memory,
        payout: PayoutMemory,
        writer: DecisionWriter,
        audit: AuditWriter,
        door: Arc<Door>,
        rules: DecisionRules,
    ) -> std::io::Result<Self> {
        let streams = Gate::new(STREAMS_MAX, STREAMS_PER_VISITOR_MAX);
        let accessibility_contact = Arc::from("");
        let started = run_id()?.into();
        Ok(Self { memory, payout, writer, audit, door, rules, streams, accessibility_contact, started })
    }

    /// The same with the contact of the accessibility statement.
    pub(in crate::feed) fn with_accessibility_contact(self, contact: &str) -> Self {
        Self { accessibility_contact: contact.into(), ..self }
    }

    pub(super) fn shown(&self, language: Language) -> Shown {
        Shown { language, clock: clock(), is_loaded: self.memory.is_loaded() }
    }
}

/// The reviewers' time.
pub(super) fn clock() -> UtcSecond {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UtcSecond(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
