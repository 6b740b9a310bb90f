//! What a rule may read of a visit's source: what its registry sends, and how its office changes visits.

use crate::engine::model::visit::Edited;
use crate::engine::rule::sight::Sight;

impl Sight<'_> {
    /// Whether the municipality sends orders to the visit's provider: any order names it.
    #[must_use]
    pub fn orders_name_provider(&self) -> bool {
        self.state.facts.knows_orders_of(self.visit.provider)
    }

    /// Whether the editor's changes around the visit's month make visits longer only, beyond chance.
    #[must_use]
    pub fn only_lengthens(&self, edit: &Edited) -> bool {
        edit.editor.is_some_and(|editor| self.state.editors.only_lengthens(editor, self.visit.pay_period))
    }
}
