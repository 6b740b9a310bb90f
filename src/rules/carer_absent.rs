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
//! Payroll knows sick leave by days and not by hours: one goes home ill in the middle of a shift, and comes back to a
//! late one. On the first and the last day of sick leave a visit is graded review: it contradicts nothing.
//!
//! Not a finding: declined or cancelled visits, visits still open. A carer of whom no absence is
//! known is taken to be at work, as lists of absences are never complete.
//!
//! Grade: hold where payroll confirms it, else review. Review on the first and last day of sick leave.

use serde::Deserialize;

use super::absence::{self, KnownAbsence, SharedTime, gravest, whole_days};
use super::visit_rule;
use crate::domain::{
    CarerAbsenceConfirmedBy, CarerAbsenceKind, Class, Explanation, Grade, Sentence, Span, UtcSecond,
    Validity, Zone,
};
use crate::engine::{CarerAbsence, Definition, Hit, Report, Sight, VisitRule, Wording};

pub(super) const RULE: Definition = Definition {
    id: "carer-absent",
    version: 2,
    class: Class::Contradiction,
    summary_sv: "Ett besök är registrerat när medarbetaren var frånvarande.",
    summary_en: "A visit is registered while the carer was absent.",
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
        let known = sight.carer_absences().flat_map(|absence| {
            let grades: &[Grade] = match (absence.confirmed_by, absence.kind) {
                (CarerAbsenceConfirmedBy::Payroll, CarerAbsenceKind::Sick) => &[Grade::Hold, Grade::Review],
                (CarerAbsenceConfirmedBy::Payroll, _) => &[Grade::Hold],
                (CarerAbsenceConfirmedBy::Provider, _) => &[Grade::Review],
            };
            grades.iter().map(|grade| KnownAbsence { absence, valid: absence.valid, grade: *grade })
        });
        let certain = |known: &KnownAbsence<'_, CarerAbsence>| self.certain(sight.zone(), known);
        if let Some(shared) = gravest(own.presence(), self.slack_seconds, known, certain) {
            report.hit(hit(sight, shared));
        }
    }
}

impl CarerAbsent {
    /// The part of an absence that leaves no doubt about the grade.
    fn certain(&self, zone: &Zone, known: &KnownAbsence<'_, CarerAbsence>) -> Option<Span> {
        let Validity { from, to } = known.valid;
        let inner_days = || whole_days(zone, from, to.map(|to| to.plus(-1)));
        match known.absence.confirmed_by {
            CarerAbsenceConfirmedBy::Payroll
                if known.absence.kind == CarerAbsenceKind::Sick && known.grade == Grade::Hold =>
            {
                inner_days()
            }
            CarerAbsenceConfirmedBy::Payroll => {
                Span::new(from.plus(i64::from(self.shift_seconds)), to.unwrap_or(UtcSecond(i64::MAX)))
            }
            CarerAbsenceConfirmedBy::Provider => inner_days(),
        }
    }
}

fn hit(sight: &Sight<'_>, shared: SharedTime<'_, CarerAbsence>) -> Hit<impl Wording> {
    let absence = shared.known.absence;
    let (excluded, by): (&'static [Explanation], _) = match absence.confirmed_by {
        CarerAbsenceConfirmedBy::Payroll => {
            (&[Explanation::NightShift, Explanation::DeclinedVisit], "payroll")
        }
        CarerAbsenceConfirmedBy::Provider => {
            (&[Explanation::FirstDay, Explanation::LastDay, Explanation::DeclinedVisit], "provider")
        }
    };
    shared
        .hit(sight.zone(), kind(absence.kind).2, by)
        .excluded(excluded)
        .text(move || sentence(sight, absence))
}

/// Swedish, English, and the word of the contract.
const fn kind(kind: CarerAbsenceKind) -> (&'static str, &'static str, &'static str) {
    match kind {
        CarerAbsenceKind::Leave => ("var ledig", "was on leave", "leave"),
        // Why a person was absent is nobody's business but the employer's: illness is not named.
        CarerAbsenceKind::Sick => ("var frånvarande", "was absent", "sick"),
        CarerAbsenceKind::Other => ("var frånvarande", "was absent", "other"),
    }
}

fn sentence(sight: &Sight<'_>, absence: &CarerAbsence) -> Sentence {
    let carer = sight.carer_ref();
    let who = [format!("medarbetaren {carer}"), format!("carer {carer}")];
    let (was_sv, was_en, _) = kind(absence.kind);
    let source = match absence.confirmed_by {
        CarerAbsenceConfirmedBy::Payroll => ["lönesystemet", "the payroll system"],
        CarerAbsenceConfirmedBy::Provider => ["utföraren", "the provider"],
    };
    absence::sentence(sight, absence.valid, who, [was_sv, was_en], source)
}
