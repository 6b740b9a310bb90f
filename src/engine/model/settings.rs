//! Settings of a municipality's engine.

use crate::domain::{Area, Zone};

/// Which registration of a contradicting pair gets the hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HoldTarget {
    /// The one with the weaker evidence.
    #[default]
    Weaker,
    /// Both.
    Both,
}

/// Settings of a municipality's engine.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Municipality code.
    pub municipality: String,
    /// The municipality's time zone.
    pub zone: Zone,
    /// Where its homes and visits lie; a position outside is none.
    pub area: Area,
    /// Days for which registrations are retained, by their start.
    pub retained_days: u16,
    /// Which registration of a pair gets the hold.
    pub hold_on: HoldTarget,
    /// Price without a known tariff, in öre per hour.
    pub default_ore_per_hour: i64,
    /// Day of the next month of a period's payout run without a known calendar.
    pub default_payout_day: i8,
    /// Local hour of that payout run.
    pub default_payout_hour: i8,
    /// Limits on what the engine proposes.
    pub bounds: Bounds,
}

impl Settings {
    /// The same settings for the engine of `municipality`.
    #[must_use]
    pub fn of(&self, municipality: &str) -> Self {
        Self { municipality: municipality.to_owned(), ..self.clone() }
    }
}

/// Limits on what the engine proposes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Holds of one rule on visits of one local day, above which its breaker opens.
    pub rule_holds_a_day_max: u32,
    /// Share of that day's visits, 0 to 1; the larger limit counts.
    pub rule_holds_share_max: f64,
    /// Share of a provider's paid seconds in a pay period that may be held, 0 to 1.
    pub provider_held_share_max: f64,
    /// Seconds that may be held of any provider in a pay period, whatever its share.
    pub provider_held_seconds_min: u32,
    /// Share of a provider's visits, 0 to 1, from which a rule's findings are a habit of the provider.
    pub habit_share: f64,
    /// Cases of grade review that a control unit gets a day; the others wait.
    pub desk_cases_a_day: u32,
}
