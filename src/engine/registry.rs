//! The names of everything that has ids, kind by kind.

use super::names::Names;

/// Names by kind.
#[derive(Default)]
pub(super) struct Registry {
    pub(super) carers: Names,
    pub(super) clients: Names,
    pub(super) providers: Names,
    /// Tags, orders, tariffs, households, services, shared visits.
    pub(super) texts: Names,
    /// Reused for composed names, so that composing allocates once.
    scratch: String,
}

impl Registry {
    /// How many there are of the kind that there are most of.
    pub(super) fn largest(&self) -> usize {
        self.carers.len().max(self.clients.len()).max(self.providers.len())
    }

    /// The service that a visit belongs to: its kind and its first task.
    pub(super) fn service(&mut self, kind: u8, task: Option<&str>) -> super::names::TextId {
        self.scratch.clear();
        // A control character cannot be in an id, so no order, tag or tariff is called like this.
        self.scratch.push('\u{1}');
        self.scratch.push(char::from(b'a' + kind));
        self.scratch.push_str(task.unwrap_or_default());
        self.texts.intern(&self.scratch)
    }
}
