//! `missed-visit`: far less time is registered for a client than was granted, and the granted time is paid.
//!
//! Why: where granted time is paid, a visit that was never made costs the provider nothing and the client's
//! care. Care comes first: has the client been without help?
//!
//! Finds, per client and pay period that is over, where the granted time is paid for at least half of the
//! visits, registered time below `share_min` of what the client's orders grant, by at least
//! `missing_minutes_min`. Orders count day by day as they hold, without the days that the client was away.
//! And a single visit carried out for which the granted time is paid, where at least
//! `beyond_plan_minutes_min` and the half of its planned length again are billed beyond that and beyond what
//! was registered: other visits are billed with it.
//!
//! Not a finding: a month that is not over (the client has no visit in the next); performed time paid,
//! as nothing is then paid for what was missed; days of absence. Visits that wait in an offline phone
//! take it back when they arrive.
//!
//! A single planned visit without a registration is not in the feed, nor is a client without any visit in
//! a month: the plan comes with the registration.
//!
//! Grade: review; one step lower where absences are not sent. Undetermined where no order of the client
//! grants any time.

use serde::Deserialize;

use super::visit_and_period_rule;
use crate::domain::wording::{EN, SV};
use crate::domain::{Class, Explanation, Grade, Measure, MissingFact, PaymentMode, Sentence, SubjectKind};
use crate::engine::{
    Answered, Definition, Hit, PeriodReport, PeriodRule, PeriodSight, Report, Sight, VisitRule, Wording,
};

pub(super) const RULE: Definition = Definition {
    id: "missed-visit",
    version: 2,
    class: Class::Deviation,
    summary_sv: "Mycket mindre tid är registrerad för en brukare än den beviljade tid som betalas.",
    summary_en: "Far less time is registered for a client than the granted time that is paid.",
    build: visit_and_period_rule::<MissedVisit>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MissedVisit {
    /// At least this part of the granted time should be registered, 0 to 1.
    share_min: f64,
    /// Fewer missing minutes in a pay period say nothing.
    missing_minutes_min: u32,
    /// Fewer minutes billed beyond a visit's plan say nothing.
    beyond_plan_minutes_min: u32,
}

/// In hours: registered up, granted down.
#[derive(Hash, PartialEq)]
struct MissingHours {
    registered: i64,
    granted: i64,
    absences_known: bool,
}

impl VisitRule for MissedVisit {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        let Some(planned) = own.planned().filter(|_| own.payment_mode == PaymentMode::Granted) else {
            return;
        };
        let (billed, expected) = (own.paid_seconds(), planned.seconds().max(own.seconds()));
        let least = (i64::from(self.beyond_plan_minutes_min) * 60).max(planned.seconds() / 2);
        if own.is_performed() && own.billable && least.max(1) <= billed - expected {
            report.hit(beyond_plan(sight, billed, expected));
        }
    }
}

impl PeriodRule for MissedVisit {
    type Answer = MissingHours;

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::ClientPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        self.missing(sight).into()
    }

    fn report(&self, missing: &MissingHours, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        report.hit(self.hit(sight, missing));
    }

    fn missing_fact(&self, sight: &PeriodSight<'_>) -> Option<MissingFact> {
        (is_paid_by_grant(sight) && sight.granted_seconds().is_none()).then_some(MissingFact::Order)
    }
}

impl MissedVisit {
    fn missing(&self, sight: &PeriodSight<'_>) -> Option<MissingHours> {
        if !is_paid_by_grant(sight) {
            return None;
        }
        sight.tally_after()?;
        let registered = sight.tally().seconds;
        let is_missing = |granted: i64| {
            i64::from(self.missing_minutes_min) * 60 <= granted - registered
                && (registered as f64) < self.share_min * granted as f64
        };
        // Absences only make less of it, and are counted day by day, which takes longer.
        sight.granted_seconds().filter(|granted| is_missing(*granted))?;
        let granted = sight.granted_seconds_at_home().filter(|granted| is_missing(*granted))?;
        let hours = |seconds: i64| seconds.div_euclid(3600);
        let absences_known = sight.absences_are_sent();
        Some(MissingHours { registered: hours(registered + 3599), granted: hours(granted), absences_known })
    }

    fn hit(&self, sight: &PeriodSight<'_>, missing: &MissingHours) -> Hit<impl Wording> {
        let (month, client) = (sight.period().month, sight.client_ref());
        let MissingHours { registered, granted, absences_known } = *missing;
        Hit::review()
            .lowered_without((!absences_known).then_some(MissingFact::ClientAbsence), Grade::Observe)
            .observed([Measure::whole("registered_hours_max", registered)])
            .expected([
                Measure::whole("granted_hours", granted),
                Measure::real("granted_share_min", self.share_min),
            ])
            .excluded(&[Explanation::MonthNotOver, Explanation::ClientAway, Explanation::PerformedTimePaid])
            .text(move || Sentence {
                sv: format!(
                    "Högst {} är registrerade för brukaren {client} i {}, men {} är beviljade och betalas. Har \
                     brukaren fått sin hjälp?",
                    SV.hours(registered),
                    SV.month(month),
                    SV.hours(granted)
                ),
                en: format!(
                    "At most {} are registered for client {client} in {}, but {} are granted and paid. Did the \
                     client get the help?",
                    EN.hours(registered),
                    EN.month(month),
                    EN.hours(granted)
                ),
            })
    }
}

fn beyond_plan(sight: &Sight<'_>, billed: i64, expected: i64) -> Hit<impl Wording> {
    let label = sight.label();
    let (minutes, most) = (billed / 60, (expected + 59) / 60);
    Hit::review()
        .observed([Measure::whole("billed_seconds", billed)])
        .expected([Measure::whole("billed_seconds_max", expected)])
        .excluded(&[
            Explanation::PerformedTimePaid,
            Explanation::LongerThanPlanned,
            Explanation::DeclinedVisit,
        ])
        .text(move || Sentence {
            sv: format!(
                "För besöket {} faktureras {}. Planerad och registrerad tid är högst {}. Avser resten andra besök \
                 som inte är registrerade?",
                label.dated_sv(),
                SV.length(minutes),
                SV.length(most)
            ),
            en: format!(
                "For visit {} the billed time is {}. The planned and the registered time are at most {}. Is the \
                 rest for other visits that are not registered?",
                label.dated_en(),
                EN.length(minutes),
                EN.length(most)
            ),
        })
}

fn is_paid_by_grant(sight: &PeriodSight<'_>) -> bool {
    let tally = sight.tally();
    0 < tally.paid_by_grant && tally.visits <= 2 * tally.paid_by_grant
}
