//! In which respects a visit, or the pay period of its carer, can be odd.

use crate::engine::model::mark::{Mark, Marks};

/// A visit longer by less than this logarithm is none of those that a carer has padded.
const PADDED_MIN_THOUSANDTHS: i16 = 80;

/// One respect. The first [`Signal::VISIT_COUNT`] are about the visit, the others about its carer's
/// pay period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// Longer than planned, after what is usual for the client.
    Long,
    /// Shorter than planned, likewise.
    Short,
    /// Began far from its planned time.
    Start,
    /// Reached the server late.
    Lag,
    /// More unplanned visits at the client that day than is usual.
    Count,
    /// The carer's visits are long too often, or on the whole.
    Padding,
    /// The carer's visits are short too often.
    Cutting,
    /// The carer registers the plan.
    PlanCopy,
    /// The carer registers the day before again.
    DayCopy,
    /// The carer types too much in.
    Manual,
    /// The carer's times are round too often.
    Rounded,
    /// The carer has too many unplanned visits.
    Unplanned,
    /// The carer's visits are declined too often.
    Declined,
    /// The carer is too often far from the home.
    FarFromHome,
    /// The carer's visits are lengthened afterwards too often.
    LateLengthened,
    /// The carer's visits begin too often just inside a better paid band.
    TariffEdge,
    /// The carer's devices are other carers'.
    SharedDevice,
}

/// How many signals are about pay periods.
pub(in crate::engine) const PERIOD_SIGNALS: usize = Signal::COUNT - Signal::VISIT_COUNT;

impl Signal {
    /// How many are about the visit itself.
    pub const VISIT_COUNT: usize = 5;
    /// How many there are.
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

    /// The mark that its pattern is counted by: of a carer's visits only those that bear it are odd.
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

    /// Is a visit with these marks one of those that make up the carer's pattern?
    pub(in crate::engine) fn contributes(self, marks: &Marks) -> bool {
        match self.mark() {
            Some(mark) => marks.bears(mark),
            None => marks.residual().is_some_and(|longer| PADDED_MIN_THOUSANDTHS <= longer),
        }
    }

    /// Its place among those about pay periods.
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
