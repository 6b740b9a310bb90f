//! In which respects a visit, or the pay period of its carer, can be odd.

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
pub(super) const PERIOD_SIGNALS: usize = Signal::COUNT - Signal::VISIT_COUNT;

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

    /// Its place among those about pay periods.
    pub(super) const fn period_place(self) -> Option<usize> {
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
