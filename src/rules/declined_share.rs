//! `declined-share`: too many visits are declined, or the client is away too often.
//!
//! Why: a visit that the client declined, or that came to a closed door, is paid in part where no time
//! was worked, and nobody checks it.
//!
//! Finds, per carer and per provider in a pay period, visits that were declined or met nobody, when
//! their share of all closed visits is above `share_accepted` and so far above the others' that chance
//! gives it with at most `p_review_max`: review. And clients with `absences_min` or more absences of at
//! most `absence_days_max` days that begin in the pay period: observe, as the first day of each is
//! paid higher in some contracts. Review from `absences_review_min` on that no hospital confirms.
//!
//! Not a finding: clients who decline at everybody's, as the carer's others do then not; illness that
//! takes a client to hospital again and again is only observed. A client whom one carer alone visits
//! and who truly declines is accepted by an `exception` fact.

use serde::Deserialize;

use super::shares::{Phrases, RoundedShare, ShareComparison};
use super::visit_and_period_rule;
use crate::domain::wording::{EN, SV};
use crate::domain::{
    Class, ClientAbsenceConfirmedBy, Explanation, Grade, Measure, Sentence, SubjectKind, VisitOutcome,
};
use crate::engine::{
    Answered, ClientId, Definition, Hit, Mark, PeriodReport, PeriodRule, PeriodSight, PeriodSubject, Report,
    Sight, Signal, VisitRule, Wording,
};

pub(super) const RULE: Definition = Definition {
    id: "declined-share",
    version: 2,
    class: Class::Pattern,
    summary_sv: "För många besök är avböjda, eller brukaren är borta för ofta.",
    summary_en: "Too many visits are declined, or the client is away too often.",
    build: visit_and_period_rule::<DeclinedShare>,
};

const WORDS: Phrases = Phrases {
    visits: ["besök", "visits"],
    which: ["", ""],
    does: ["avböjdes, eller så var brukaren inte hemma", "were declined, or the client was not at home"],
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeclinedShare {
    #[serde(flatten)]
    shares: ShareComparison,
    /// Fewer short absences of a client in a pay period are usual.
    absences_min: u32,
    /// Absences that no hospital confirms, at least for a review.
    absences_review_min: u32,
    /// An absence up to this long, in days, is short.
    absence_days_max: u16,
}

/// What is found of a carer or provider, or of a client.
#[derive(Hash, PartialEq)]
enum DeclinedPattern {
    Declined(RoundedShare),
    Absences(ShortAbsences),
}

/// How many, and how many of them no hospital confirms.
#[derive(Hash, PartialEq)]
struct ShortAbsences {
    all: u32,
    unconfirmed: u32,
}

impl VisitRule for DeclinedShare {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let visit = sight.visit();
        if !visit.open {
            let met_nobody = matches!(visit.outcome, VisitOutcome::Declined | VisitOutcome::ClientAbsent);
            report.mark(Mark::Declined, met_nobody);
        }
    }
}

impl PeriodRule for DeclinedShare {
    type Answer = DeclinedPattern;

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::CarerPeriod, SubjectKind::ClientPeriod, SubjectKind::ProviderPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        match sight.period().subject {
            PeriodSubject::Client(client) => {
                self.absences(sight, client).map(DeclinedPattern::Absences).into()
            }
            _ => {
                let share = self.shares.answer(sight, Mark::Declined, Some(Signal::Declined));
                share.map(|share| share.map(DeclinedPattern::Declined))
            }
        }
    }

    fn report(&self, pattern: &DeclinedPattern, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        match pattern {
            DeclinedPattern::Declined(share) => {
                let hit =
                    share.hit(sight, Grade::Review, WORDS, &[Explanation::OpenVisit, Explanation::FewVisits]);
                report.hit_marked(share.mark(), hit);
            }
            DeclinedPattern::Absences(absences) => {
                report.hit_marked(Mark::Declined, self.absent(sight, absences));
            }
        }
    }
}

impl DeclinedShare {
    /// Short absences of a client that begin in the period, unless they are few.
    fn absences(&self, sight: &PeriodSight<'_>, client: ClientId) -> Option<ShortAbsences> {
        let known = || sight.absences(client);
        if (known().count() as u32) < self.absences_min.max(1) {
            return None;
        }
        let [first, last] = sight.bounds(sight.period().month);
        let most = i64::from(self.absence_days_max) * 86_400;
        let short = known().filter(|absence| {
            let from = absence.valid.from;
            first <= from && from < last && absence.valid.to.is_some_and(|to| to.since(from) <= most)
        });
        // Two sources may report one absence: the hospital's report comes first.
        let mut days: Vec<_> = short
            .map(|absence| {
                let unconfirmed = absence.confirmed_by != ClientAbsenceConfirmedBy::Hospital;
                (sight.zone().day(absence.valid.from), unconfirmed)
            })
            .collect();
        days.sort_unstable();
        days.dedup_by_key(|(day, _)| *day);
        let count = |days: usize| u32::try_from(days).unwrap_or(u32::MAX);
        let (all, unconfirmed) = (count(days.len()), count(days.iter().filter(|(_, it)| *it).count()));
        (self.absences_min <= all).then_some(ShortAbsences { all, unconfirmed })
    }

    fn absent(&self, sight: &PeriodSight<'_>, absences: &ShortAbsences) -> Hit<impl Wording> {
        let (month, client) = (sight.period().month, sight.client_ref());
        let (&ShortAbsences { all: absences, unconfirmed }, days) = (absences, self.absence_days_max);
        let asked = self.absences_review_min <= unconfirmed;
        Hit::new(if asked { Grade::Review } else { Grade::Observe })
            .observed([
                Measure::whole("short_absences", i64::from(absences)),
                Measure::whole("not_confirmed_by_a_hospital", i64::from(unconfirmed)),
            ])
            .expected([Measure::whole("short_absences_max", i64::from(self.absences_min) - 1)])
            .excluded(&[Explanation::LongAbsence])
            .text(move || Sentence {
                sv: format!(
                    "Brukaren {client} har {} (högst {}) som börjar i {}. {} av dem är inte {} av något sjukhus.",
                    SV.counted(absences.into(), "kort frånvaroperiod", "korta frånvaroperioder"),
                    SV.days(days.into()),
                    SV.month(month),
                    SV.number(unconfirmed.into()),
                    if unconfirmed == 1 { "bekräftad" } else { "bekräftade" }
                ),
                en: format!(
                    "Client {client} has {} (at most {}) that begin in {}. {} of them {} not confirmed by any hospital.",
                    EN.counted(absences.into(), "short absence", "short absences"),
                    EN.days(days.into()),
                    EN.month(month),
                    EN.number(unconfirmed.into()),
                    if unconfirmed == 1 { "is" } else { "are" }
                ),
            })
    }
}
