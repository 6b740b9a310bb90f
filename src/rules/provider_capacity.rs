//! `provider-capacity`: a provider registers more hours at clients than its staff was paid for.
//!
//! Why: in a known case more hours were billed than the staff had worked. Of paid hours, a good half is
//! spent at clients; the rest is travel, breaks, meetings.
//!
//! Finds, per provider and pay period, registered hours of visits carried out that are more than
//! `share_max` of the staff's paid hours of that month.
//!
//! Not a finding: declined visits, visits still open. Hours of a subcontractor's staff, and of an owner
//! who is not paid, belong to the fact; where they cannot, an `exception` fact accepts it.
//!
//! Grade: review, above all paid hours as a sum that cannot be true, else as far from what is usual. A hold
//! is not proposed: a sum does not show which of the visits were not worked. Undetermined where the
//! paid hours of the month are not known.

use serde::Deserialize;

use super::period_rule;
use crate::domain::wording::{EN, SV};
use crate::domain::{Class, Explanation, Measure, MissingFact, Sentence, SubjectKind};
use crate::engine::{Answered, Definition, Hit, PeriodReport, PeriodRule, PeriodSight, Wording};

pub(super) const RULE: Definition = Definition {
    id: "provider-capacity",
    version: 1,
    class: Class::Deviation,
    summary_sv: "En utförare registrerar mer tid hos brukare än personalens betalda arbetstid räcker till.",
    summary_en: "A provider registers more time at clients than the paid hours of its staff allow.",
    build: period_rule::<ProviderCapacity>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderCapacity {
    /// This part of the paid hours may be spent at clients, 0 to 1.
    share_max: f64,
}

/// Per cent of the paid hours, down to fives, and those hours in seconds.
#[derive(Hash, PartialEq)]
struct CapacityShare {
    per_cent: u32,
    paid_seconds: i64,
}

impl PeriodRule for ProviderCapacity {
    type Answer = CapacityShare;

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::ProviderPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        self.share(sight).into()
    }

    fn report(&self, share: &CapacityShare, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        report.hit(self.hit(sight, share));
    }

    fn missing_fact(&self, sight: &PeriodSight<'_>) -> Option<MissingFact> {
        paid_hours(sight).is_none().then_some(MissingFact::Provider)
    }
}

impl ProviderCapacity {
    fn share(&self, sight: &PeriodSight<'_>) -> Option<CapacityShare> {
        let paid_hours = paid_hours(sight)?;
        let share = sight.tally().seconds as f64 / 3600.0 / paid_hours;
        (self.share_max < share).then(|| CapacityShare {
            per_cent: (share * 20.0).floor() as u32 * 5,
            paid_seconds: (3600.0 * paid_hours).round() as i64,
        })
    }

    fn hit(&self, sight: &PeriodSight<'_>, share: &CapacityShare) -> Hit<impl Wording> {
        let (month, provider) = (sight.period().month, sight.provider_id());
        let (per_cent, paid_hours) = (share.per_cent, share.paid_seconds as f64 / 3600.0);
        let impossible = 100 <= per_cent;
        let (how_sv, how_en) = match per_cent {
            101.. => (
                "Besökstiden är alltså längre än arbetstiden.",
                "The time at clients is longer than the working time.",
            ),
            100 => (
                "Besökstiden är alltså minst lika lång som arbetstiden.",
                "The time at clients is at least as long as the working time.",
            ),
            _ => ("Omkring hälften är vanligt.", "About half is usual."),
        };
        Hit::review()
            .observed([Measure::real("paid_hours_share_min", f64::from(per_cent) / 100.0)])
            .expected([
                Measure::real("paid_hours_share_max", if impossible { 1.0 } else { self.share_max }),
                Measure::real("paid_hours", paid_hours),
            ])
            .excluded(&[Explanation::DeclinedVisit, Explanation::OpenVisit])
            .text(move || Sentence {
                sv: format!(
                    "Registrerad besökstid för utföraren {provider} i {} motsvarar minst {per_cent} procent av \
                     personalens {}. {how_sv}",
                    SV.month(month),
                    SV.counted(paid_hours.round() as i64, "betald arbetstimme", "betalda arbetstimmar")
                ),
                en: format!(
                    "The registered time at clients of provider {provider} in {} is at least {per_cent} per cent of \
                     its staff's {}. {how_en}",
                    EN.month(month),
                    EN.counted(paid_hours.round() as i64, "paid hour", "paid hours")
                ),
            })
    }
}

fn paid_hours(sight: &PeriodSight<'_>) -> Option<f64> {
    let (_, hours) = sight.provider_fact()?.paid_staff_hours?;
    (0.0 < hours).then_some(hours)
}
