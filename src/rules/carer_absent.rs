//! `carer-absent`: a visit is registered while the carer was on leave or ill.
//!
//! Why: who is away does not work. Either the absence or the visit is wrong, and both are paid for.
//!
//! Finds visits carried out of which more than `slack_seconds` lie within a known absence of the carer.
//! Of an absence that payroll confirms, all counts but the first `shift_seconds`: payroll's days begin at
//! midnight, and a night shift that began the evening before goes on. Of one that only the provider
//! reports, the first and the last local day do not: one goes home ill at noon, and lists are often a
//! day out.
//!
//! Not a finding: declined or cancelled visits, visits still open. A carer of whom no absence is
//! known is taken to be at work, as lists of absences are never complete.
//!
//! Grade: hold where payroll confirms it, else review.

use serde::Deserialize;

use super::visit_rule;
use crate::domain::{
    CarerAbsenceConfirmedBy, CarerAbsenceKind, Class, Grade, Measure, Sentence, Span, UtcSecond, Validity,
    Zone,
};
use crate::engine::{CarerAbsence, Definition, Hit, Label, Report, Sight, Text, VisitRule};

pub(super) const RULE: Definition = Definition {
    id: "carer-absent",
    version: 1,
    class: Class::Contradiction,
    summary_sv: "Ett besök är registrerat medan omsorgspersonen var ledig eller sjuk.",
    summary_en: "A visit is registered while the carer was on leave or ill.",
    build: visit_rule::<CarerAbsent>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CarerAbsent {
    /// Shared time up to this is the last visit before going, or the first after coming back.
    slack_seconds: u32,
    /// So long after an absence began the shift before it may go on.
    shift_seconds: u32,
}

impl VisitRule for CarerAbsent {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        if !own.is_performed() {
            return;
        }
        let presence = own.presence();
        let found = sight
            .carer_absences()
            .filter(|absence| {
                absence.valid.from < presence.end() && absence.valid.to.is_none_or(|to| presence.start() < to)
            })
            .filter_map(|absence| {
                Some((absence, self.certain(sight.zone(), absence)?.intersection(presence)?))
            })
            .filter(|(_, shared)| i64::from(self.slack_seconds) < shared.seconds())
            .max_by_key(|(absence, shared)| (grade(absence), shared.seconds()));
        if let Some((absence, shared)) = found {
            report.hit(hit(sight, absence, shared));
        }
    }
}

impl CarerAbsent {
    /// The part of an absence that leaves no doubt.
    fn certain(&self, zone: &Zone, absence: &CarerAbsence) -> Option<Span> {
        let Validity { from, to } = absence.valid;
        let to = to.unwrap_or(UtcSecond(i64::MAX));
        match absence.confirmed_by {
            CarerAbsenceConfirmedBy::Payroll => Span::new(from.plus(i64::from(self.shift_seconds)), to),
            CarerAbsenceConfirmedBy::Provider => {
                let last = if to == UtcSecond(i64::MAX) { to } else { day_start(zone, to.plus(-1)) };
                Span::new(next_day_start(zone, from), last)
            }
        }
    }
}

fn hit(sight: &Sight<'_>, absence: &CarerAbsence, shared: Span) -> Hit<impl Text> {
    let zone = sight.zone();
    let mut expected = vec![Measure::text("absent_from", zone.date(absence.valid.from))];
    expected.extend(absence.valid.to.map(|to| Measure::text("absent_to", zone.date(to.plus(-1)))));
    let (excluded, by): (&'static [&'static str], _) = match absence.confirmed_by {
        CarerAbsenceConfirmedBy::Payroll => (&["night-shift", "declined-visit"], "payroll"),
        CarerAbsenceConfirmedBy::Provider => (&["first-day", "last-day", "declined-visit"], "provider"),
    };
    Hit::new(grade(absence))
        .disputed(shared)
        .observed([
            Measure::whole("absent_seconds", shared.seconds()),
            Measure::text("absence", kind(absence.kind).2),
            Measure::text("confirmed_by", by),
        ])
        .expected(expected)
        .excluded(excluded)
        .text(move || sentence(sight, absence))
}

/// The first instant of the local day of `at`, an hour at a time, so that days of 23 and 25 hours come
/// out right.
fn day_start(zone: &Zone, at: UtcSecond) -> UtcSecond {
    let mut start = at.plus(-(zone.second_of_day(at) % 3600));
    while zone.day(start.plus(-1)) == zone.day(at) {
        start = start.plus(-3600);
    }
    start
}

/// The first instant of the local day after that of `at`.
fn next_day_start(zone: &Zone, at: UtcSecond) -> UtcSecond {
    let mut next = at.plus(3600 - zone.second_of_day(at) % 3600);
    while zone.day(next) == zone.day(at) {
        next = next.plus(3600);
    }
    next
}

const fn grade(absence: &CarerAbsence) -> Grade {
    match absence.confirmed_by {
        CarerAbsenceConfirmedBy::Payroll => Grade::Hold,
        CarerAbsenceConfirmedBy::Provider => Grade::Review,
    }
}

/// Swedish, English, and the word of the contract.
const fn kind(kind: CarerAbsenceKind) -> (&'static str, &'static str, &'static str) {
    match kind {
        CarerAbsenceKind::Leave => ("var ledig", "was on leave", "leave"),
        CarerAbsenceKind::Sick => ("var sjukskriven", "was on sick leave", "sick"),
        CarerAbsenceKind::Other => ("var frånvarande", "was away", "other"),
    }
}

fn sentence(sight: &Sight<'_>, absence: &CarerAbsence) -> Sentence {
    let zone = sight.zone();
    let Label { id, clock, date } = sight.label();
    let (state_sv, state_en, _) = kind(absence.kind);
    let (by_sv, by_en) = match absence.confirmed_by {
        CarerAbsenceConfirmedBy::Payroll => ("lönesystemet", "payroll"),
        CarerAbsenceConfirmedBy::Provider => ("utföraren", "the provider"),
    };
    let from = zone.date(absence.valid.from);
    let to = absence.valid.to.map(|to| zone.date(to.plus(-1)));
    let (until_sv, until_en) =
        to.map_or_else(Default::default, |to| (format!(" till {to}"), format!(" to {to}")));
    Sentence {
        sv: format!(
            "Besöket {id} den {date} kl. {clock} är registrerat medan omsorgspersonen \
             {state_sv}, från {from}{until_sv} enligt {by_sv}."
        ),
        en: format!(
            "Visit {id} on {date} at {clock} is registered while the carer {state_en}, \
             from {from}{until_en} according to {by_en}."
        ),
    }
}
