//! One interner per kind of id.

use crate::engine::model::interner::{Interner, TextId};

/// Separator of task codes; the contract allows no control character in a code.
const TASK_SEPARATOR: char = '\u{2}';
/// Bytes before the first task code: a control character and the kind of visit.
const KIND_BYTES: usize = 2;

/// Interners by kind of id.
#[derive(Default)]
pub(in crate::engine) struct Interners {
    pub(in crate::engine) carers: Interner,
    pub(in crate::engine) clients: Interner,
    pub(in crate::engine) providers: Interner,
    /// Tags, orders, tariffs, households, services, shared visits.
    pub(in crate::engine) texts: Interner,
    /// Buffer for composed names.
    scratch: String,
}

impl Interners {
    /// The largest number of carers, clients or providers.
    pub(in crate::engine) fn largest(&self) -> usize {
        self.carers.len().max(self.clients.len()).max(self.providers.len())
    }

    /// The ids of a visit's service (kind and first task) and of its kind with all tasks, compared with `likely`
    /// first. At most one hash look-up where there is at most one task.
    pub(in crate::engine) fn service<'t>(
        &mut self,
        kind: u8,
        mut tasks: impl Iterator<Item = &'t str>,
        likely: Option<(TextId, TextId)>,
    ) -> (TextId, TextId) {
        self.scratch.clear();
        // The control character keeps services apart from orders, tags and tariffs in the same interner.
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

    /// The task codes of the second id that [`Interners::service`] returns.
    pub(in crate::engine) fn task_codes(&self, tasks: TextId) -> impl Iterator<Item = &str> {
        let codes = self.texts.text(tasks).get(KIND_BYTES..).unwrap_or_default();
        codes.split(TASK_SEPARATOR).filter(|code| !code.is_empty())
    }
}
