//! `service-without-presence`: services are registered for a client whom nobody seems to have met.
//!
//! Why: shopping, laundry and cleaning are often paid by standard minutes, however long they took. Where
//! there are several of them in a row and not one visit among them that a tag, a lock or a position bears
//! out, nothing shows that anybody was there.
//!
//! Finds, per client and pay period, at least `visits_min` visits paid by standard minutes one after the
//! other, one of them in this period, where no visit to the client in between was captured electronically
//! at either end; and as many of them or errands in a period without any such visit.
//!
//! Not a finding: electronic contacts in between, whatever they were for; calls; visits of a provider whose system
//! captures no places at all, which says nothing of a single client. Work outside the home is
//! lawful where the record says errand: such visits are only observed.
//!
//! Grade: review, else observe where the visits are errands.

use serde::Deserialize;

use super::visit_and_period_rule;
use crate::domain::wording::{EN, SV};
use crate::domain::{Class, Explanation, Grade, Measure, PaymentMode, Sentence, SubjectKind, VisitKind};
use crate::engine::{
    Answered, Definition, Hit, Mark, PeriodReport, PeriodRule, PeriodSight, Report, Sight, VisitRule, Wording,
};

pub(super) const RULE: Definition = Definition {
    id: "service-without-presence",
    version: 4,
    class: Class::Pattern,
    summary_sv: "Insatser är registrerade för en brukare utan att något besök är elektroniskt registrerat.",
    summary_en: "Services are registered for a client without any visit that was captured electronically.",
    build: visit_and_period_rule::<ServiceWithoutPresence>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceWithoutPresence {
    /// Fewer such visits in a pay period say nothing.
    visits_min: u32,
}

/// The grade, and visits down to steps of four.
#[derive(Hash, PartialEq)]
struct UnseenVisits {
    grade: Grade,
    visits: u32,
}

const STEP_VISITS: u32 = 4;

impl VisitRule for ServiceWithoutPresence {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let visit = sight.visit();
        let errand = visit.kind == VisitKind::Errand;
        let service = errand || visit.payment_mode == PaymentMode::StandardMinutes;
        let counts = service && visit.is_performed() && visit.kind != VisitKind::Remote;
        if counts && sight.source_captures_places() {
            let seen = visit.start_method.is_electronic() || visit.end_method.is_electronic();
            report.mark(Mark::Unseen, !seen && !errand);
        }
    }
}

impl PeriodRule for ServiceWithoutPresence {
    type Answer = UnseenVisits;

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::ClientPeriod]
    }

    fn depends_on_next_period(&self) -> Option<Mark> {
        Some(Mark::Unseen)
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        self.unseen(sight).into()
    }

    fn report(&self, unseen: &UnseenVisits, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        report.hit_marked(Mark::Unseen, hit(sight, unseen));
    }
}

impl ServiceWithoutPresence {
    fn unseen(&self, sight: &PeriodSight<'_>) -> Option<UnseenVisits> {
        let (services, least) = (sight.tally().count(Mark::Unseen), self.visits_min.max(1));
        let rounded = |visits: u32| (visits / STEP_VISITS * STEP_VISITS).max(least);
        let unseen = |grade, visits| UnseenVisits { grade, visits: rounded(visits) };
        let in_a_row = if 0 < services.marked { most_in_a_row(sight, least) } else { 0 };
        if least <= in_a_row {
            return Some(unseen(Grade::Review, in_a_row));
        }
        (least <= services.eligible && sight.tally().electronic_visits == 0)
            .then(|| unseen(Grade::Observe, services.eligible))
    }
}

/// So many services one after the other that nobody was seen at, of which one at least is paid in this pay period:
/// up to its end, and if these are fewer than `least`, at most that many with those after it.
fn most_in_a_row(sight: &PeriodSight<'_>, least: u32) -> u32 {
    let month = sight.period().month;
    let (mut most, mut row, mut touches) = (0, 0, false);
    for (visit, unseen) in sight.visits_around(Some(Mark::Unseen)) {
        if visit.start_method.is_electronic() || visit.end_method.is_electronic() {
            (row, touches) = (0, false);
        }
        if !unseen {
            continue;
        }
        row += 1;
        touches |= visit.pay_period == month;
        if touches && (visit.pay_period <= month || row <= least) {
            most = most.max(row);
        }
    }
    most
}

fn hit(sight: &PeriodSight<'_>, unseen: &UnseenVisits) -> Hit<impl Wording> {
    let (month, client) = (sight.period().month, sight.client_ref());
    let UnseenVisits { grade, visits } = *unseen;
    let (visits_sv, visits_en) = (SV.number(visits.into()), EN.number(visits.into()));
    let (month_sv, month_en) = (SV.month(month), EN.month(month));
    let text = if grade == Grade::Review {
        Sentence {
            sv: format!(
                "Minst {visits_sv} besök i följd med schablontid är registrerade för brukaren {client}, minst ett av \
                 dem i {month_sv}. Inget besök däremellan är elektroniskt registrerat."
            ),
            en: format!(
                "At least {visits_en} visits in a row with standard minutes are registered for client {client}, at \
                 least one of them in {month_en}. No visit in between was captured electronically."
            ),
        }
    } else {
        Sentence {
            sv: format!(
                "Minst {visits_sv} insatser, de flesta ärenden utanför hemmet, är registrerade för brukaren {client} \
                 i {month_sv}. Inget besök den månaden är elektroniskt registrerat."
            ),
            en: format!(
                "At least {visits_en} services, most of them errands, are registered for client {client} in \
                 {month_en}. No visit that month was captured electronically."
            ),
        }
    };
    Hit::new(grade)
        .observed([
            Measure::whole("services_min", i64::from(visits)),
            Measure::whole("electronic_contacts", 0),
        ])
        .expected([Measure::whole("electronic_contacts_min", 1)])
        .excluded(&[Explanation::ElectronicContact, Explanation::Remote])
        .text(move || text)
}
