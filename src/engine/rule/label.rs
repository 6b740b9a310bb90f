//! A registration as sentences name it.

use crate::engine::model::visit::Visit;
use crate::engine::rule::sight::Sight;

/// The id, the local clock times and the local date of a registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label<'a> {
    /// Its id.
    pub id: &'a str,
    /// `08:00–08:30`.
    pub clock: String,
    /// `2026-03-02`, of the start.
    pub date: String,
}

impl<'a> Sight<'a> {
    /// The label of the registration in sight.
    #[must_use]
    pub fn label(&self) -> Label<'a> {
        self.label_of(self.visit())
    }

    /// The label of another one, such as the other side of a pair.
    #[must_use]
    pub fn label_of(&self, visit: &Visit) -> Label<'a> {
        let date = self.zone().date(visit.span.start());
        Label { id: self.id(visit.slot), clock: self.clock(visit.span), date }
    }
}
