//! The names of everything that has ids, kind by kind.

use crate::engine::model::interner::{Interner, TextId};

/// Between task codes; no id has a control character.
const TASK_SEPARATOR: char = '\u{2}';
/// A control character and the kind of visit come before the first task code.
const KIND_BYTES: usize = 2;

/// Names by kind.
#[derive(Default)]
pub(in crate::engine) struct Interners {
    pub(in crate::engine) carers: Interner,
    pub(in crate::engine) clients: Interner,
    pub(in crate::engine) providers: Interner,
    /// Tags, orders, tariffs, households, services, shared visits.
    pub(in crate::engine) texts: Interner,
    /// Reused for composed names, so that composing allocates once.
    scratch: String,
}

impl Interners {
    /// How many there are of the kind that there are most of.
    pub(in crate::engine) fn largest(&self) -> usize {
        self.carers.len().max(self.clients.len()).max(self.providers.len())
    }

    /// The service that a visit belongs to, by its kind and its first task, and its kind with all
    /// its tasks; they are most likely `likely`. One look-up where there is at most one task.
    pub(in crate::engine) fn service<'t>(
        &mut self,
        kind: u8,
        mut tasks: impl Iterator<Item = &'t str>,
        likely: Option<(TextId, TextId)>,
    ) -> (TextId, TextId) {
        self.scratch.clear();
        // A control character cannot be in an id, so no order, tag or tariff is called like this.
        self.scratch.push('\u{1}');
        self.scratch.push(char::from(b'a' + kind));
        self.scratch.push_str(tasks.next().unwrap_or_default());
        let service = self.texts.intern_with_hint(&self.scratch, likely.map(|(service, _)| service));
        let first = self.scratch.len();
        for task in tasks {
            self.scratch.push(TASK_SEPARATOR);
            self.scratch.push_str(task);
        }
        if self.scratch.len() == first {
            return (service, service);
        }
        (service, self.texts.intern_with_hint(&self.scratch, likely.map(|(_, tasks)| tasks)))
    }

    /// The task codes behind what [`Interners::service`] gave as the second.
    pub(in crate::engine) fn task_codes(&self, tasks: TextId) -> impl Iterator<Item = &str> {
        let codes = self.texts.text(tasks).get(KIND_BYTES..).unwrap_or_default();
        codes.split(TASK_SEPARATOR).filter(|code| !code.is_empty())
    }
}
