//! Signals: the dimensions in which a visit, or the pay period of its carer, can be unusual.

use crate::engine::model::mark::{Mark, Marks};

/// Residual log length ratio, in thousandths, from which a visit belongs to its carer's padding pattern.
const PADDED_MIN_THOUSANDTHS: i16 = 80;

/// One dimension. The first [`Signal::VISIT_COUNT`] describe the visit, the others its carer's pay period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// Longer than planned, corrected for the client's mean.
    Long,
    /// Shorter than planned, corrected for the client's mean.
    Short,
    /// Began far from its planned time.
    Start,
    /// Synced late.
    Lag,
    /// More unplanned visits at the client on that day than usual.
    Count,
    /// Long visits of the carer: their share, or the mean length.
    Padding,
    /// Share of the carer's short visits.
    Cutting,
    /// Share of the carer's visits that equal the plan.
    PlanCopy,
    /// Share of the carer's visits that equal the day or week before.
    DayCopy,
    /// Share of the carer's visits entered by hand.
    Manual,
    /// Share of the carer's visits with rounded times.
    Rounded,
    /// Share of the carer's unplanned visits.
    Unplanned,
    /// Share of the carer's declined visits.
    Declined,
    /// Share of the carer's visits captured far from the home.
    FarFromHome,
    /// Share of the carer's visits lengthened afterwards.
    LateLengthened,
    /// Share of the carer's visits that begin just inside a better paid band.
    TariffEdge,
    /// Share of the carer's visits captured with other carers' devices.
    SharedDevice,
}

/// The number of signals about pay periods.
pub(in crate::engine) const PERIOD_SIGNALS: usize = Signal::COUNT - Signal::VISIT_COUNT;

/// How odd a carer's pay period is, by signal; 1 = not at all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::engine) struct PeriodSignals(pub(in crate::engine) [f32; PERIOD_SIGNALS]);

impl Default for PeriodSignals {
    fn default() -> Self {
        Self([1.0; PERIOD_SIGNALS])
    }
}

impl PeriodSignals {
    /// Notes one of them; those about visits are none.
    pub(in crate::engine) fn note(&mut self, signal: Signal, raw: f64) {
        if let Some(place) = signal.period_place() {
            self.0[place] = raw as f32;
        }
    }

    /// Adds those of another rule: a signal belongs to one rule.
    pub(in crate::engine) fn merge(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(other.0) {
            *own = own.min(other);
        }
    }
}

impl Signal {
    /// The number of signals about the visit itself.
    pub const VISIT_COUNT: usize = 5;
    /// The number of signals.
    pub const COUNT: usize = 17;
    /// All of them, in order.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Long,
        Self::Short,
        Self::Start,
        Self::Lag,
        Self::Count,
        Self::Padding,
        Self::Cutting,
        Self::PlanCopy,
        Self::DayCopy,
        Self::Manual,
        Self::Rounded,
        Self::Unplanned,
        Self::Declined,
        Self::FarFromHome,
        Self::LateLengthened,
        Self::TariffEdge,
        Self::SharedDevice,
    ];

    /// The mark that the pattern counts: only the carer's visits with it belong to the pattern.
    const fn mark(self) -> Option<Mark> {
        Some(match self {
            Self::Cutting => Mark::Short,
            Self::PlanCopy => Mark::PlanCopy,
            Self::DayCopy => Mark::DayCopy,
            Self::Manual => Mark::Manual,
            Self::Rounded => Mark::Rounded,
            Self::Unplanned => Mark::Unplanned,
            Self::Declined => Mark::Declined,
            Self::FarFromHome => Mark::FarFromHome,
            Self::LateLengthened => Mark::LateLengthened,
            Self::TariffEdge => Mark::TariffEdge,
            Self::SharedDevice => Mark::SharedDevice,
            Self::Long | Self::Short | Self::Start | Self::Lag | Self::Count | Self::Padding => return None,
        })
    }

    /// Whether a visit with these marks belongs to the carer's pattern.
    pub(in crate::engine) fn contributes(self, marks: &Marks) -> bool {
        match self.mark() {
            Some(mark) => marks.bears(mark),
            None => marks.residual().is_some_and(|longer| PADDED_MIN_THOUSANDTHS <= longer),
        }
    }

    /// The index among the signals about pay periods.
    pub(in crate::engine) const fn period_place(self) -> Option<usize> {
        (self as usize).checked_sub(Self::VISIT_COUNT)
    }

    /// Its name in tables and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Short => "short",
            Self::Start => "start",
            Self::Lag => "lag",
            Self::Count => "count",
            Self::Padding => "padding",
            Self::Cutting => "cutting",
            Self::PlanCopy => "plan-copy",
            Self::DayCopy => "day-copy",
            Self::Manual => "manual",
            Self::Rounded => "rounded",
            Self::Unplanned => "unplanned",
            Self::Declined => "declined",
            Self::FarFromHome => "far-from-home",
            Self::LateLengthened => "late-lengthened",
            Self::TariffEdge => "tariff-edge",
            Self::SharedDevice => "shared-device",
        }
    }
}
