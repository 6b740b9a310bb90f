//! What rules note about single visits, to be counted over a pay period.
//!
//! A mark proves nothing by itself: it costs a bit per visit, and rules that look at periods hold its
//! share at a carer or a provider against its share at the others.

/// A property of a visit that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// An end was typed in afterwards.
    Manual,
    /// Start and length are those of the plan, to the minute.
    PlanCopy,
    /// The same client, start and length as the day or the week before.
    DayCopy,
    /// Both ends fall on full five minutes.
    Rounded,
    /// Much longer than planned, after what is usual for the client.
    Long,
    /// Much shorter than planned, after what is usual for the client.
    Short,
    /// Declined, or the client was not at home.
    Declined,
    /// Not in the plan.
    Unplanned,
    /// Both ends were captured far from the client's home.
    FarFromHome,
    /// Lengthened by hand long after it ended.
    LateLengthened,
    /// Changed by hand by somebody else than the carer.
    EditedByOther,
    /// Every task of a long list was ticked, or none at all.
    TaskPattern,
    /// Began just after the better paid evening or night begins, out of those that began about then.
    TariffEdge,
    /// Captured with a device that others used that day, or with one changed to and fro.
    SharedDevice,
    /// Reached the server long after it ended.
    Late,
    /// Its tag was read within seconds of another, far away one.
    TagNear,
    /// Followed at once by another paid visit of the same carer to the same client.
    Split,
    /// Paid by standard minutes, with nothing captured at the home.
    Unseen,
    /// Ended so long after its carer began to work that no rest has room in those 24 hours.
    NoRest,
    /// Began just before the better paid night ends, out of those that began about then.
    NightEdge,
    /// Captured with a device that another carer used that day, first and last.
    Borrowed,
}

impl Mark {
    /// The one that is counted for clients too.
    pub const OF_CLIENTS: Self = Self::Unseen;
    /// How many there are.
    pub const COUNT: usize = 21;
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
    ];
}

/// What one visit adds to the counts: for which marks it counts at all, which it bears, and by how
/// much it is longer than usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Marks {
    /// Bit per mark: the visit is one that could bear it.
    pub(in crate::engine) eligible: u32,
    /// Bit per mark: it bears it.
    pub(in crate::engine) marked: u32,
    ratio: i16,
    residual: i16,
}

/// Stands for no length.
const NO_LENGTH: i16 = i16::MIN;

impl Default for Marks {
    fn default() -> Self {
        Self { eligible: 0, marked: 0, ratio: NO_LENGTH, residual: NO_LENGTH }
    }
}

impl Marks {
    /// Notes its length, as in [`Marks::ratio`] and [`Marks::residual`].
    pub(in crate::engine) fn note_length(&mut self, ratio: i16, residual: i16) {
        (self.ratio, self.residual) = (ratio.max(-i16::MAX), residual.max(-i16::MAX));
    }

    /// Natural logarithm of registered over planned length, in thousandths.
    pub(in crate::engine) fn ratio(&self) -> Option<i16> {
        (self.ratio != NO_LENGTH).then_some(self.ratio)
    }

    /// The same less what is usual for the client.
    pub(in crate::engine) fn residual(&self) -> Option<i16> {
        (self.residual != NO_LENGTH).then_some(self.residual)
    }

    /// Notes that the visit could bear `mark`, and whether it does.
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

/// The numbers of the bits that are set.
pub(in crate::engine) fn bits(mut set: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (set != 0).then(|| set.trailing_zeros() as usize)?;
        set &= set - 1;
        Some(bit)
    })
}

/// The same for sets of rules.
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
    fn every_mark_stands_at_its_own_place() {
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
