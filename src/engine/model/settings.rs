//! What the engine of a municipality goes by.

use crate::domain::Zone;

/// On which registration of a contradicting pair the hold falls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HoldTarget {
    /// The one with the weaker evidence.
    #[default]
    Weaker,
    /// Both.
    Both,
}

/// What the engine of a municipality goes by.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Municipality code.
    pub municipality: String,
    /// Its time zone.
    pub zone: Zone,
    /// Days that registrations are kept, by their start.
    pub retained_days: u16,
    /// On which registration of a pair the hold falls.
    pub hold_on: HoldTarget,
    /// The price where no tariff is known, in öre per hour.
    pub default_ore_per_hour: i64,
    /// Day of the next month on which a period is paid where no calendar is known.
    pub default_payout_day: i8,
    /// Local hour of that payout run.
    pub default_payout_hour: i8,
    /// What the machine may propose at most.
    pub bounds: Bounds,
}

/// Where the bounds are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Holds that one rule may propose about the visits of one day.
    pub rule_holds_a_day_max: u32,
    /// Or so large a share of that day's visits, where that is more, 0 to 1.
    pub rule_holds_share_max: f64,
    /// Share of a provider's paid seconds in a pay period that may be held, 0 to 1.
    pub provider_held_share_max: f64,
    /// But at least so many seconds may be held of any provider.
    pub provider_held_seconds_min: u32,
    /// Alerts about patterns that a municipality can look at in a day; the likeliest to be chance wait.
    pub statistics_cases_a_day: u32,
}
