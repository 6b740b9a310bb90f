//! What rules have in common that compare visits with known absences.

use crate::domain::{Day, Grade, Measure, Span, UtcSecond, Validity, Zone};
use crate::engine::Hit;

/// A known absence as a rule reads it.
#[derive(Clone, Copy)]
pub(super) struct Known<'a, A> {
    /// The fact.
    pub(super) absence: &'a A,
    /// From when to when.
    pub(super) valid: Validity,
    /// The grade of a visit during it.
    pub(super) grade: Grade,
}

/// The time that a visit and an absence share.
pub(super) struct Shared<'a, A> {
    pub(super) known: Known<'a, A>,
    pub(super) span: Span,
}

/// The gravest absence that shares more than `slack_seconds` with `presence`, then the one that shares most:
/// one absence that two sources report is one finding. `certain` is the part of an absence that leaves no doubt.
pub(super) fn gravest<'a, A>(
    presence: Span,
    slack_seconds: u32,
    known: impl Iterator<Item = Known<'a, A>>,
    certain: impl Fn(&Known<'a, A>) -> Option<Span>,
) -> Option<Shared<'a, A>> {
    // Most are long over, or to come: the local days are looked up for the others alone.
    let near = known.filter(|known| {
        let Validity { from, to } = known.valid;
        from < presence.end() && to.is_none_or(|to| presence.start() < to)
    });
    let shared = near.filter_map(|known| {
        let span = certain(&known)?.intersection(presence)?;
        Some(Shared { known, span })
    });
    let enough = shared.filter(|shared| i64::from(slack_seconds) < shared.span.seconds());
    enough.max_by_key(|shared| (shared.known.grade, shared.span.seconds()))
}

impl<A> Shared<'_, A> {
    /// The evidence of a visit during the absence; `kind` and `confirmed_by` are words of the contract.
    pub(super) fn hit(&self, zone: &Zone, kind: &'static str, confirmed_by: &'static str) -> Hit<()> {
        let Validity { from, to } = self.known.valid;
        Hit::new(self.known.grade)
            .disputed(self.span)
            .observed([
                Measure::whole("absent_seconds", self.span.seconds()),
                Measure::text("absence", kind),
                Measure::text("confirmed_by", confirmed_by),
            ])
            .expected([Measure::text("absent_from", zone.date(from))])
            .expected(to.map(|to| Measure::text("absent_to", zone.date(to.plus(-1)))))
    }
}

/// From the local day after that of `from` to the beginning of the local day of `last`; to no end without it.
pub(super) fn whole_days(zone: &Zone, from: UtcSecond, last: Option<UtcSecond>) -> Option<Span> {
    let first = zone.start_of(Day(zone.day(from).0.saturating_add(1)));
    let end = last.map_or(UtcSecond(i64::MAX), |last| zone.start_of(zone.day(last)));
    Span::new(first, end)
}
