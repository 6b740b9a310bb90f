//! `placeholder`: more visits are registered on one name than any person has.
//!
//! Why: a source that books unassigned visits on one carer ("vikarie"), or on one client, makes a name without a person.
//! Its visits contradict each other by the thousand, which says one thing.
//!
//! Finds, per carer or client and pay period, local days on which more than 16 of its visits in the home share one quarter
//! of an hour, or on which there are more than 256. On such a day no rule compares the carer's, or the client's, visits
//! with each other: this finding stands for all.
//!
//! Not a finding: calls, errands and escorts, of which one may make many; registrations that their source groups as one
//! shared visit; one carer at a few clients at once, of which `carer-overlap` speaks.
//!
//! Grade: review, by a limit that no person reaches. There is nothing to set.

use serde::Deserialize;

use super::period_rule;
use crate::domain::wording::{EN, SV};
use crate::domain::{Class, Explanation, Measure, Sentence, SubjectKind};
use crate::engine::{
    Answered, Definition, Hit, NEIGHBOURS_MAX, PeriodReport, PeriodRule, PeriodSight, PeriodSubject, Wording,
};

pub(super) const RULE: Definition = Definition {
    id: "placeholder",
    version: 1,
    class: Class::Error,
    summary_sv: "Fler besök är registrerade på ett namn samtidigt än någon person kan ha.",
    summary_en: "More visits are registered on one name at once than any person can have.",
    build: period_rule::<Placeholder>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Placeholder {}

/// Days with too many visits, and the visits of the fullest one, down to a power of two.
#[derive(Hash, PartialEq)]
struct CrowdedDays {
    days: u32,
    visits: u32,
}

impl PeriodRule for Placeholder {
    type Answer = CrowdedDays;

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::CarerPeriod, SubjectKind::ClientPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        let (days, most) = sight.crowded_days();
        let visits = most.checked_ilog2().map_or(0, |power| 1 << power);
        (0 < days).then_some(CrowdedDays { days, visits }).into()
    }

    fn report(&self, crowded: &CrowdedDays, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        report.hit(hit(sight, crowded));
    }
}

fn hit(sight: &PeriodSight<'_>, crowded: &CrowdedDays) -> Hit<impl Wording> {
    let (month, days, visits) = (sight.period().month, crowded.days, crowded.visits);
    let (who_sv, who_en) = match sight.period().subject {
        PeriodSubject::Client(_) => {
            (format!("Brukaren {}", sight.client_ref()), format!("Client {}", sight.client_ref()))
        }
        _ => (format!("Medarbetaren {}", sight.carer_ref()), format!("Carer {}", sight.carer_ref())),
    };
    Hit::review()
        .observed([
            Measure::whole("crowded_days", i64::from(days)),
            Measure::whole("visits_a_day_min", i64::from(visits)),
        ])
        .expected([Measure::whole("visits_at_once_max", NEIGHBOURS_MAX as i64)])
        .excluded(&[Explanation::SharedVisit, Explanation::OutsideHome])
        .text(move || Sentence {
            sv: format!(
                "{who_sv} har under {} i {} fler besök samtidigt än någon person kan ha, som mest minst {} på en dag. Det \
                 tyder på ett samlingsnamn i källan. Besöken jämförs inte med varandra de dagarna.",
                SV.days(days.into()),
                SV.month(month),
                SV.number(visits.into())
            ),
            en: format!(
                "{who_en} has more visits at the same time than any person can have on {} in {}, at least {} on the \
                 fullest day. That suggests a collective name in the source. The visits are not compared with each other \
                 on those days.",
                EN.counted(days.into(), "day", "days"),
                EN.month(month),
                EN.number(visits.into())
            ),
        })
}
