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

use super::absence::{self, KnownAbsence, SharedTime, gravest, whole_days};
use super::visit_rule;
use crate::domain::wording::{EN, SV};
use crate::domain::{
    AbsenceKind, Class, ClientAbsenceConfirmedBy, Explanation, Grade, MissingFact, Sentence, VisitKind,
};
use crate::engine::{Absence, Definition, Hit, Report, Sight, VisitRule, Wording};

pub(super) const RULE: Definition = Definition {
    id: "client-absent",
    version: 1,
    class: Class::Contradiction,
    summary_sv: "Ett besök är registrerat när brukaren var frånvarande eller hade avlidit.",
    summary_en: "A visit is registered while the client was absent or after the client died.",
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
            KnownAbsence { absence, valid: absence.valid, grade }
        });
        // Without the local days on which the absence began and ended.
        let certain =
            |known: &KnownAbsence<'_, Absence>| whole_days(sight.zone(), known.valid.from, known.valid.to);
        if let Some(shared) = gravest(own.presence(), self.slack_seconds, known, certain) {
            report.hit(hit(sight, shared));
        }
    }
}

fn hit(sight: &Sight<'_>, shared: SharedTime<'_, Absence>) -> Hit<impl Wording> {
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
        AbsenceKind::Deceased => ("avled", "died", "deceased"),
    }
}

/// Swedish, English, and the word of the contract.
const fn confirmed_by(by: ClientAbsenceConfirmedBy) -> (&'static str, &'static str, &'static str) {
    match by {
        ClientAbsenceConfirmedBy::Hospital => ("vården", "the hospital", "hospital"),
        ClientAbsenceConfirmedBy::Registry => ("folkbokföringen", "the population registry", "registry"),
        ClientAbsenceConfirmedBy::Client => {
            ("brukaren eller en anhörig", "the client or a relative", "client")
        }
        ClientAbsenceConfirmedBy::Provider => ("utföraren", "the provider", "provider"),
    }
}

fn sentence(sight: &Sight<'_>, absence: &Absence) -> Sentence {
    let (zone, label, client) = (sight.zone(), sight.label(), sight.client_ref());
    let (was_sv, was_en, _) = kind(absence.kind);
    let (source_sv, source_en, _) = confirmed_by(absence.confirmed_by);
    if absence.kind == AbsenceKind::Deceased {
        return Sentence {
            sv: format!(
                "Besöket {} är registrerat efter att brukaren {client} {was_sv} den {}, enligt {source_sv}.",
                label.dated_sv(),
                SV.date(zone, absence.valid.from)
            ),
            en: format!(
                "Visit {} is registered after client {client} {was_en} on {}, according to {source_en}.",
                label.dated_en(),
                EN.date(zone, absence.valid.from)
            ),
        };
    }
    let who = [format!("brukaren {client}"), format!("client {client}")];
    absence::sentence(sight, absence.valid, who, [was_sv, was_en], [source_sv, source_en])
}
