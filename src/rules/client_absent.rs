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

use super::absence::{Known, Shared, gravest, whole_days};
use super::visit_rule;
use crate::domain::{
    AbsenceKind, Class, ClientAbsenceConfirmedBy, Explanation, Grade, MissingFact, Sentence, VisitKind,
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
            return report.undetermined(MissingFact::ClientAbsence);
        }
        let known = sight.client_absences().map(|absence| {
            let grade = match absence.confirmed_by {
                ClientAbsenceConfirmedBy::Hospital | ClientAbsenceConfirmedBy::Registry => Grade::Hold,
                ClientAbsenceConfirmedBy::Client | ClientAbsenceConfirmedBy::Provider => Grade::Review,
            };
            Known { absence, valid: absence.valid, grade }
        });
        // Without the local days on which the absence began and ended.
        let certain = |known: &Known<'_, Absence>| whole_days(sight.zone(), known.valid.from, known.valid.to);
        if let Some(shared) = gravest(own.presence(), self.slack_seconds, known, certain) {
            report.hit(hit(sight, shared));
        }
    }
}

fn hit(sight: &Sight<'_>, shared: Shared<'_, Absence>) -> Hit<impl Text> {
    let absence = shared.known.absence;
    shared
        .hit(sight.zone(), kind(absence.kind).2, confirmed_by(absence.confirmed_by).2)
        .excluded(&[
            Explanation::AdmissionDay,
            Explanation::DischargeDay,
            Explanation::OutsideHome,
            Explanation::DeclinedVisit,
        ])
        .text(move || sentence(sight, absence))
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
