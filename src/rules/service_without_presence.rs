//! `service-without-presence`: services are registered for a client whom nobody seems to have met.
//!
//! Why: shopping, laundry and cleaning are often paid by standard minutes, however long they took. Where
//! a client's month has several of them and not one visit that a tag, a lock or a position bears out,
//! nothing shows that anybody was there.
//!
//! Finds, per client and pay period, at least `visits_min` visits paid by standard minutes, or errands, where
//! no visit at all to the client that month was captured electronically at either end.
//!
//! Not a finding: a single electronic contact in the month, whatever it was for; calls. Work outside the
//! home is lawful where the record says errand: such visits alone are only observed.
//!
//! Grade: review where at least `visits_min` of them are not errands, else observe.

use serde::Deserialize;

use super::{Definition, from_table};
use crate::domain::{Class, Grade, Measure, PaymentMode, Sentence, SubjectKind, VisitKind};
use crate::engine::{Hit, Looks, Mark, PeriodSight, Report, Rule, Sight, Whose};

pub(super) const RULE: Definition = Definition {
    id: "service-without-presence",
    version: 1,
    class: Class::Pattern,
    patterns: &[30],
    reads_history: false,
    looks: Looks::AtBoth,
    summary_sv: "Tjänster är registrerade för en brukare som ingen tycks ha träffat.",
    summary_en: "Services are registered for a client whom nobody seems to have met.",
    build: from_table::<ServiceWithoutPresence>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceWithoutPresence {
    /// Fewer such visits in a pay period say nothing.
    visits_min: u32,
}

/// What is told: the grade, and visits down to steps of four.
struct Told {
    grade: Grade,
    visits: u32,
}

const STEP_VISITS: u32 = 4;

impl Rule for ServiceWithoutPresence {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let visit = sight.visit();
        let errand = visit.kind == VisitKind::Errand;
        let service = errand || visit.payment_mode == PaymentMode::StandardMinutes;
        if service && visit.is_performed() && visit.kind != VisitKind::Remote {
            let seen = visit.start_method.is_electronic() || visit.end_method.is_electronic();
            report.mark(Mark::Unseen, !seen && !errand);
        }
    }

    fn periods_of(&self) -> &'static [SubjectKind] {
        &[SubjectKind::ClientPeriod]
    }

    fn period(&self, sight: &PeriodSight<'_>, report: &mut Report<'_>) {
        if let Some(told) = self.told(sight) {
            report.hit_of(Mark::Unseen, hit(sight, &told));
        }
    }

    fn period_word(&self, sight: &PeriodSight<'_>) -> u64 {
        self.told(sight).map_or(0, |told| (u64::from(told.visits) << 8) + 1 + told.grade as u64)
    }
}

impl ServiceWithoutPresence {
    fn told(&self, sight: &PeriodSight<'_>) -> Option<Told> {
        let Whose::Client(_) = sight.period().whose else { return None };
        let services = sight.tally().count(Mark::Unseen);
        if services.of < self.visits_min.max(1) || 0 < sight.tally().seen {
            return None;
        }
        // Nothing was captured at all, so that every service that is no errand bears the mark.
        let grave = self.visits_min.max(1) <= services.borne;
        let (grade, visits) =
            if grave { (Grade::Review, services.borne) } else { (Grade::Observe, services.of) };
        Some(Told { grade, visits: visits / STEP_VISITS * STEP_VISITS })
    }
}

fn hit(sight: &PeriodSight<'_>, told: &Told) -> Hit {
    let month = sight.period().month;
    let Told { grade, visits } = *told;
    let (what_sv, what_en) = if grade == Grade::Review {
        ("besök med schablontid", "visits paid by standard minutes")
    } else {
        ("tjänster, varav flertalet ärenden utanför hemmet,", "services, most of them errands,")
    };
    Hit {
        grade,
        p_value: None,
        related: Vec::new(),
        disputed: None,
        observed: vec![
            Measure::whole("services_min", i64::from(visits)),
            Measure::whole("electronic_contacts", 0),
        ],
        expected: vec![Measure::whole("electronic_contacts_min", 1)],
        excluded: &["electronic-contact", "remote"],
        not_tested: Vec::new(),
        text: Sentence {
            sv: format!(
                "Minst {visits} {what_sv} är registrerade för brukaren i {month}, men inget besök alls den månaden har en \
                 elektronisk kvittens."
            ),
            en: format!(
                "At least {visits} {what_en} are registered for the client in {month}, but not one visit that month was \
                 captured electronically."
            ),
        },
    }
}
