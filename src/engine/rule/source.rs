//! What a rule may read of a visit's source: what its registry sends, and how its office changes visits.

use crate::domain::{Day, UtcSecond};
use crate::engine::model::visit::Edited;
use crate::engine::rule::sight::Sight;

/// Hour of a working day by which an office has gone through the visits of the days before.
const CORRECTED_BY_HOUR: i64 = 12;

impl Sight<'_> {
    /// When the provider's office has usually put a slip of this visit right: at noon of the first working day after the
    /// days that it takes for most of its corrections, and not after the pay period is locked. For
    /// [`Report::hit_from`](super::report::Report::hit_from) alone: where it moves, visits without a finding, made or
    /// waiting, are not assessed again.
    #[must_use]
    pub fn corrected_by(&self) -> UtcSecond {
        let ended = self.day(self.visit.span.end());
        let days = self.state.corrections.days(self.visit.provider, self.visit.pay_period);
        let working = (ended.0 + days..).map(Day).find(|day| !day.is_weekend()).unwrap_or(ended);
        let noon = self.zone().start_of(working).plus(3600 * CORRECTED_BY_HOUR);
        self.pay_dates().map_or(noon, |dates| noon.min(dates.locks_at))
    }

    /// Whether the visit's source captures places: a tag, a lock or a position is behind a tenth of its times or more.
    #[must_use]
    pub fn source_captures_places(&self) -> bool {
        self.state.resolutions.captures_places(self.visit.provider, self.visit.pay_period)
    }

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
