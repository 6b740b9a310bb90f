//! `client-absent`: a visit is registered while the client was away or had died.
//!
//! Why: nobody was at home to be helped.
//!
//! Finds visits carried out in the home whose presence shares more than `slack_seconds` with a known
//! absence of the client. The local days on which the absence began and ended do not count: one is
//! often helped off in the morning and home in the evening. An absence that is written by dates, from midnight to midnight,
//! ends with its last day, which is the day of the discharge. After a death nothing is left out but the day itself.
//!
//! Not a finding: the outcome says that the client was absent or declined, calls, errands (plants,
//! post, a bag for the hospital), meals, escorts.
//!
//! Grade: hold where the hospital or the registry confirmed it, else review: a provider's or a
//! relative's dates are often a day off. Review where the absence has no end yet: a discharge is often written days
//! later, and the hold is proposed once it is known. Review also where the absence may have been written on the wrong one of
//! a household: another client of it, who was visited daily before, got no visit on any whole day of it and has no absence.
//! Visits invented to somebody who is away leave the other's visits as they were. Observe for an unplanned visit whose tasks no order of the client
//! has: the flat is seen to. Undetermined where the municipality sends no absences.

use serde::Deserialize;

use super::absence::{self, KnownAbsence, SharedTime, gravest, whole_days};
use super::visit_rule;
use crate::domain::wording::{EN, SV};
use crate::domain::{
    AbsenceKind, Class, ClientAbsenceConfirmedBy, Day, Explanation, Grade, MissingFact, Sentence, UtcSecond,
    Validity, VisitKind, Zone,
};
use crate::engine::{Absence, Definition, Hit, Report, Sight, VisitRule, Wording};

pub(super) const RULE: Definition = Definition {
    id: "client-absent",
    version: 3,
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
        let known = sight.client_absences().map(|absence| KnownAbsence {
            absence,
            valid: absence.valid,
            grade: grade(absence),
        });
        // Without the local days on which the absence began and ended.
        let certain = |known: &KnownAbsence<'_, Absence>| {
            let (zone, Validity { from, to }) = (sight.zone(), known.valid);
            let is_by_dates = [Some(from), to].into_iter().flatten().all(|at| is_midnight(zone, at));
            whole_days(zone, from, to.map(|to| if is_by_dates { to.plus(-1) } else { to }))
        };
        if let Some(shared) = gravest(own.presence(), self.slack_seconds, known, certain) {
            report.hit(hit(sight, shared));
        }
    }
}

fn is_midnight(zone: &Zone, at: UtcSecond) -> bool {
    zone.start_of(zone.day(at)) == at
}

fn grade(absence: &Absence) -> Grade {
    match absence.confirmed_by {
        ClientAbsenceConfirmedBy::Hospital | ClientAbsenceConfirmedBy::Registry if !lacks_end(absence) => {
            Grade::Hold
        }
        _ => Grade::Review,
    }
}

/// Whether the client may be home again without anybody having written so yet.
fn lacks_end(absence: &Absence) -> bool {
    absence.kind != AbsenceKind::Deceased && absence.valid.to.is_none()
}

/// Whether the visit was made for something that is not the help that the client was granted: nothing was planned, and
/// no order of the client has any of its tasks.
fn is_for_other_tasks(sight: &Sight<'_>) -> bool {
    let ordered = |code: &str| {
        let mut orders = sight.client_orders_ever();
        orders.any(|order| order.tasks.is_empty() || order.tasks.iter().any(|task| &**task == code))
    };
    sight.visit().kind == VisitKind::Unplanned
        && sight.client_orders_ever().next().is_some()
        && sight.task_codes().next().is_some()
        && !sight.task_codes().any(ordered)
}

fn hit(sight: &Sight<'_>, shared: SharedTime<'_, Absence>) -> Hit<impl Wording> {
    let absence = shared.known.absence;
    let hit = shared.hit(sight.zone(), kind(absence.kind).2, confirmed_by(absence.confirmed_by).2);
    let is_housemate_away = is_housemate_away(sight, absence);
    let grade = match hit.grade {
        _ if is_for_other_tasks(sight) => Grade::Observe,
        Grade::Hold if is_housemate_away => Grade::Review,
        grade => grade,
    };
    Hit { grade, ..hit }
        .excluded(&[
            Explanation::AdmissionDay,
            Explanation::DischargeDay,
            Explanation::OutsideHome,
            Explanation::DeclinedVisit,
        ])
        .not_tested((lacks_end(absence) || is_housemate_away).then_some(MissingFact::ClientAbsence))
        .text(move || {
            let sentence = sentence(sight, absence);
            if is_housemate_away { with_doubt(sentence) } else { sentence }
        })
}

/// Whether another client of the household is the one who is away, by the whole days of the absence.
fn is_housemate_away(sight: &Sight<'_>, absence: &Absence) -> bool {
    let Validity { from, to } = absence.valid;
    let Some(to) = to.filter(|_| absence.kind != AbsenceKind::Deceased) else { return false };
    let first = Day(sight.day(from).0.saturating_add(1));
    sight.is_housemate_away_instead(first, sight.day(to.plus(-1)))
}

fn with_doubt(Sentence { sv, en }: Sentence) -> Sentence {
    Sentence {
        sv: format!(
            "{sv} Frånvaron kan gälla en annan i hushållet, som besöktes dagligen före den och inte alls under den."
        ),
        en: format!(
            "{en} The absence may be that of another in the household, who was visited daily before it and not at all during it."
        ),
    }
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
