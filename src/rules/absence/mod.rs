//! What rules have in common that compare visits with known absences.

use crate::domain::wording::{EN, SV};
use crate::domain::{Day, Grade, Measure, Sentence, Span, UtcSecond, Validity, Zone};
use crate::engine::{Hit, Sight};

/// A known absence as a rule reads it.
#[derive(Clone, Copy)]
pub(super) struct KnownAbsence<'a, A> {
    /// The fact.
    pub(super) absence: &'a A,
    /// From when to when.
    pub(super) valid: Validity,
    /// The grade of a visit during it.
    pub(super) grade: Grade,
}

/// The time that a visit and an absence share.
pub(super) struct SharedTime<'a, A> {
    pub(super) known: KnownAbsence<'a, A>,
    pub(super) span: Span,
}

/// The gravest absence that shares more than `slack_seconds` with `presence`, then the one that shares most:
/// one absence that two sources report is one finding. `certain` is the part of an absence that leaves no doubt.
pub(super) fn gravest<'a, A>(
    presence: Span,
    slack_seconds: u32,
    known: impl Iterator<Item = KnownAbsence<'a, A>>,
    certain: impl Fn(&KnownAbsence<'a, A>) -> Option<Span>,
) -> Option<SharedTime<'a, A>> {
    // Most are long over, or to come: the local days are looked up for the others alone.
    let near = known.filter(|known| {
        let Validity { from, to } = known.valid;
        from < presence.end() && to.is_none_or(|to| presence.start() < to)
    });
    let shared = near.filter_map(|known| {
        let span = certain(&known)?.intersection(presence)?;
        Some(SharedTime { known, span })
    });
    let enough = shared.filter(|shared| i64::from(slack_seconds) < shared.span.seconds());
    enough.max_by_key(|shared| (shared.known.grade, shared.span.seconds()))
}

impl<A> SharedTime<'_, A> {
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

/// The sentence of a visit that is registered while `who`, `was` and `source` in Swedish and English: a person, the
/// absence, and who reported it.
pub(super) fn sentence(
    sight: &Sight<'_>,
    Validity { from, to }: Validity,
    [who_sv, who_en]: [String; 2],
    [was_sv, was_en]: [&str; 2],
    [source_sv, source_en]: [&str; 2],
) -> Sentence {
    let (zone, label) = (sight.zone(), sight.label());
    let last = to.map(|to| to.plus(-1));
    let to_sv = last.map_or_else(String::new, |at| format!(" till och med den {}", SV.date(zone, at)));
    let to_en =
        last.map_or_else(|| " onwards".to_owned(), |at| format!(" to {} inclusive", EN.date(zone, at)));
    Sentence {
        sv: format!(
            "Besöket {} är registrerat när {who_sv} {was_sv}, från och med den {}{to_sv}, enligt {source_sv}.",
            label.dated_sv(),
            SV.date(zone, from)
        ),
        en: format!(
            "Visit {} is registered while {who_en} {was_en}, from {}{to_en}, according to {source_en}.",
            label.dated_en(),
            EN.date(zone, from)
        ),
    }
}

/// From the local day after that of `from` to the beginning of the local day of `last`; to no end without it.
pub(super) fn whole_days(zone: &Zone, from: UtcSecond, last: Option<UtcSecond>) -> Option<Span> {
    let first = zone.start_of(Day(zone.day(from).0.saturating_add(1)));
    let end = last.map_or(UtcSecond(i64::MAX), |last| zone.start_of(zone.day(last)));
    Span::new(first, end)
}
