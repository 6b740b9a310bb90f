//! `client-absent`: a visit is registered while the client was away or had died.
//!
//! Why: nobody was at home to be helped.
//!
//! Finds visits carried out in the home whose presence shares more than `slack_seconds` with a known
//! absence of the client. The local days on which the absence began and ended do not count: one is
//! often helped off in the morning and home in the evening. After a death nothing is left out but
//! the day itself.
//!
//! Not a finding: the outcome says that the client was absent or declined, calls, errands (plants,
//! post, a bag for the hospital), meals, escorts.
//!
//! Grade: hold where the hospital or the registry confirmed it, else review: a provider's or a
//! relative's dates are often a day off. Undetermined where the municipality sends no absences.

use serde::Deserialize;

use super::visit_rule;
use crate::domain::{
    AbsenceKind, Class, ClientAbsenceConfirmedBy, Grade, Measure, Sentence, Span, UtcSecond, VisitKind,
};
use crate::engine::{Absence, Definition, Hit, Label, Report, Sight, Text, VisitRule};

pub(super) const RULE: Definition = Definition {
    id: "client-absent",
    version: 1,
    class: Class::Contradiction,
    summary_sv: "Ett besök är registrerat medan brukaren var borta eller efter dödsfall.",
    summary_en: "A visit is registered while the client was away or had died.",
    build: visit_rule::<ClientAbsent>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientAbsent {
    /// Shared time up to this is rounding and clocks.
    slack_seconds: u32,
}

impl VisitRule for ClientAbsent {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        if !own.is_at_home() || own.kind == VisitKind::MealDelivery {
            return;
        }
        if !sight.absences_are_sent() {
            return report.undetermined("client_absence");
        }
        let presence = own.presence();
        // The gravest, then the longest: one absence told by two sources is one finding.
        let found = sight
            .client_absences()
            // Most are long over, or to come: only for the others it is worth while to look for the day's ends.
            .filter(|absence| {
                absence.valid.from < presence.end() && absence.valid.to.is_none_or(|to| presence.start() < to)
            })
            .filter_map(|absence| Some((absence, certain(sight, absence)?.intersection(presence)?)))
            .filter(|(_, shared)| i64::from(self.slack_seconds) < shared.seconds())
            .max_by_key(|(absence, shared)| (grade(absence), shared.seconds()));
        if let Some((absence, shared)) = found {
            report.hit(self.hit(sight, absence, shared));
        }
    }
}

impl ClientAbsent {
    fn hit(&self, sight: &Sight<'_>, absence: &Absence, shared: Span) -> Hit<impl Text> {
        let zone = sight.zone();
        let date = |at: UtcSecond| zone.date(at);
        let mut expected = vec![Measure::text("absent_from", date(absence.valid.from))];
        expected.extend(absence.valid.to.map(|to| Measure::text("absent_to", date(to.plus(-1)))));
        Hit::new(grade(absence))
            .disputed(shared)
            .observed([
                Measure::whole("absent_seconds", shared.seconds()),
                Measure::text("absence", kind(absence.kind).2),
                Measure::text("confirmed_by", confirmed_by(absence.confirmed_by).2),
            ])
            .expected(expected)
            .excluded(&["admission-day", "discharge-day", "outside-home", "declined-visit"])
            .text(move || sentence(sight, absence))
    }
}

/// The part of an absence that leaves no doubt: without the local days that it began and ended on.
fn certain(sight: &Sight<'_>, absence: &Absence) -> Option<Span> {
    let zone = sight.zone();
    let mut from = absence.valid.from;
    // To the end of its day, an hour at a time, so that days of 23 and 25 hours come out right.
    let day = zone.day(from);
    from = from.plus(3600 - zone.second_of_day(from) % 3600);
    while zone.day(from) == day {
        from = from.plus(3600);
    }
    let Some(to) = absence.valid.to else { return Span::new(from, UtcSecond(i64::MAX)) };
    Span::new(from, to.plus(-zone.second_of_day(to)))
}

const fn grade(absence: &Absence) -> Grade {
    match absence.confirmed_by {
        ClientAbsenceConfirmedBy::Hospital | ClientAbsenceConfirmedBy::Registry => Grade::Hold,
        ClientAbsenceConfirmedBy::Client | ClientAbsenceConfirmedBy::Provider => Grade::Review,
    }
}

/// Swedish, English, and the word of the contract.
const fn kind(kind: AbsenceKind) -> (&'static str, &'static str, &'static str) {
    match kind {
        AbsenceKind::Hospital => ("var på sjukhus", "was in hospital", "hospital"),
        AbsenceKind::ShortTerm => ("var på korttidsboende", "was in short-term care", "short_term"),
        AbsenceKind::Away => ("var bortrest", "was away", "away"),
        AbsenceKind::Deceased => ("hade avlidit", "had died", "deceased"),
    }
}

/// Swedish, English, and the word of the contract.
const fn confirmed_by(by: ClientAbsenceConfirmedBy) -> (&'static str, &'static str, &'static str) {
    match by {
        ClientAbsenceConfirmedBy::Hospital => ("vården", "the hospital", "hospital"),
        ClientAbsenceConfirmedBy::Registry => ("folkbokföringen", "the population registry", "registry"),
        ClientAbsenceConfirmedBy::Client => ("brukaren eller anhörig", "the client or a relative", "client"),
        ClientAbsenceConfirmedBy::Provider => ("utföraren", "the provider", "provider"),
    }
}

fn sentence(sight: &Sight<'_>, absence: &Absence) -> Sentence {
    let zone = sight.zone();
    let Label { id, clock, date } = sight.label();
    let (state_sv, state_en, _) = kind(absence.kind);
    let (by_sv, by_en, _) = confirmed_by(absence.confirmed_by);
    let from = zone.date(absence.valid.from);
    let to = absence.valid.to.map(|to| zone.date(to.plus(-1)));
    let (until_sv, until_en) =
        to.map_or_else(Default::default, |to| (format!(" till {to}"), format!(" to {to}")));
    Sentence {
        sv: format!(
            "Besöket {id} den {date} kl. {clock} är registrerat medan brukaren {state_sv}, \
             från {from}{until_sv} enligt {by_sv}."
        ),
        en: format!(
            "Visit {id} on {date} at {clock} is registered while the client {state_en}, \
             from {from}{until_en} according to {by_en}."
        ),
    }
}
