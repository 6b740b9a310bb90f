//! Marks: properties of single visits that are counted over a pay period.
//!
//! A mark is no finding. It costs one bit per visit; period rules compare its share at a carer or a provider with
//! its share among the others.

/// A property of a visit that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// An end was entered by hand afterwards.
    Manual,
    /// Start and length equal the plan to the minute.
    PlanCopy,
    /// Same client, start and length as the day or the week before.
    DayCopy,
    /// Both ends on full five minutes.
    Rounded,
    /// Much longer than planned, corrected for the client's mean.
    Long,
    /// Much shorter than planned, corrected for the client's mean.
    Short,
    /// Declined, or the client was not at home.
    Declined,
    /// Without a plan.
    Unplanned,
    /// Both ends captured far from the client's home.
    FarFromHome,
    /// Lengthened by hand long after it ended.
    LateLengthened,
    /// Changed by hand by another person than the carer.
    EditedByOther,
    /// All tasks of a long list ticked, or none.
    TaskPattern,
    /// Began just after the start of the better paid evening or night; eligible are visits near that start.
    TariffEdge,
    /// Captured with a device that other carers used on the same day, or with alternating devices.
    SharedDevice,
    /// Synced long after its end.
    Late,
    /// Its tag was read within seconds of a tag of another home.
    TagNear,
    /// Directly followed by another paid visit of the same carer to the same client.
    Split,
    /// Paid by standard minutes, without an electronic capture at the home.
    Unseen,
    /// Ended so long after the carer's work began that the 24 hours hold no rest.
    NoRest,
    /// Began just before the end of the better paid night; eligible are visits near that end.
    NightEdge,
    /// Captured with a device that another carer used first and last on the same day.
    Borrowed,
    /// As long as planned, to the minute; eligible are visits whose ends were both entered by hand.
    TypedPlan,
}

// Bit 31 of a set of marks is the pseudo-mark of every visit.
const _: () = assert!(Mark::COUNT < 31);

impl Mark {
    /// The only mark that is counted per client.
    pub const OF_CLIENTS: Self = Self::Unseen;
    /// The number of marks.
    pub const COUNT: usize = 22;
    /// All of them, in order.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Manual,
        Self::PlanCopy,
        Self::DayCopy,
        Self::Rounded,
        Self::Long,
        Self::Short,
        Self::Declined,
        Self::Unplanned,
        Self::FarFromHome,
        Self::LateLengthened,
        Self::EditedByOther,
        Self::TaskPattern,
        Self::TariffEdge,
        Self::SharedDevice,
        Self::Late,
        Self::TagNear,
        Self::Split,
        Self::Unseen,
        Self::NoRest,
        Self::NightEdge,
        Self::Borrowed,
        Self::TypedPlan,
    ];
}

/// A visit's contribution to the counts: the marks it is eligible for, the marks it has, its log length ratios.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Marks {
    /// Bit per mark: the visit is eligible.
    pub(in crate::engine) eligible: u32,
    /// Bit per mark: the visit has it.
    pub(in crate::engine) marked: u32,
    ratio: i16,
    residual: i16,
}

/// Sentinel for no length.
const NO_LENGTH: i16 = i16::MIN;

impl Default for Marks {
    fn default() -> Self {
        Self { eligible: 0, marked: 0, ratio: NO_LENGTH, residual: NO_LENGTH }
    }
}

impl Marks {
    /// Sets [`Marks::ratio`] and [`Marks::residual`].
    pub(in crate::engine) fn note_length(&mut self, ratio: i16, residual: i16) {
        (self.ratio, self.residual) = (ratio.max(-i16::MAX), residual.max(-i16::MAX));
    }

    /// Natural logarithm of registered over planned length, in thousandths; `None` where it is not measured.
    pub(in crate::engine) fn ratio(&self) -> Option<i16> {
        (self.ratio != NO_LENGTH).then_some(self.ratio)
    }

    /// [`Marks::ratio`] minus the client's mean of the month before, in thousandths.
    pub(in crate::engine) fn residual(&self) -> Option<i16> {
        (self.residual != NO_LENGTH).then_some(self.residual)
    }

    /// Sets the visit's eligibility for `mark`, and whether it has it.
    pub(in crate::engine) const fn note(&mut self, mark: Mark, bears: bool) {
        self.eligible |= 1 << mark as u32;
        if bears {
            self.marked |= 1 << mark as u32;
        }
    }

    pub(in crate::engine) const fn could_bear(&self, mark: Mark) -> bool {
        self.eligible >> mark as u32 & 1 == 1
    }

    pub(in crate::engine) const fn bears(&self, mark: Mark) -> bool {
        self.marked >> mark as u32 & 1 == 1
    }
}

/// Indices of the set bits, ascending.
pub(in crate::engine) fn bits(mut set: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (set != 0).then(|| set.trailing_zeros() as usize)?;
        set &= set - 1;
        Some(bit)
    })
}

/// Indices of the set bits of a rule set, ascending.
pub(in crate::engine) fn bits64(mut set: u64) -> impl Iterator<Item = u16> {
    std::iter::from_fn(move || {
        let bit = (set != 0).then(|| set.trailing_zeros() as u16)?;
        set &= set - 1;
        Some(bit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marks_number_is_its_index_in_all() {
        for (place, mark) in Mark::ALL.into_iter().enumerate() {
            assert_eq!(mark as usize, place);
        }
        let mut marks = Marks::default();
        marks.note(Mark::Rounded, true);
        marks.note(Mark::Unseen, false);
        assert_eq!(bits(marks.eligible).collect::<Vec<_>>(), [3, 17]);
        assert_eq!(bits(marks.marked).collect::<Vec<_>>(), [3]);
    }
}
