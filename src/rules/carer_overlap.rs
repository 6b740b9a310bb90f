//! `carer-overlap`: one carer is registered at two clients at the same time.
//!
//! Why: nobody is in two homes at once, so at least one of the two registrations is wrong.
//!
//! Finds each pair of visits of one carer to different clients that were both carried out in the
//! home and whose presence shares more than `slack_seconds`, or more than `weak_end_slack_seconds`
//! where one of the four ends was not captured by something bound to the place: a button pressed late,
//! a time rounded from memory. Presence is the registered span; a visit that the source closed by
//! itself is clipped at its planned end, or to nothing without one. Where a source writes its times to a grid of
//! five or fifteen minutes, the seconds grow by its step.
//!
//! Not a finding: clients of one household, registrations of one shared visit, an answer to an
//! alarm, calls, errands and escorts, declined or cancelled visits, visits still open. Nor two visits of which no
//! second is billed twice: a couple that is served together is billed a part each, whatever the registry says of its
//! household. Nor two clients at one position whom one plan gives the carer at the same time: they live together, and
//! `shared-household-double` compares what is billed for both.
//!
//! Grade: hold where all four ends are electronic and the tags or the households differ, else review;
//! review where a household is unknown or two are known at one position, and never less: two places at one time are looked at without any
//! fact. The finding falls on the weaker registration of the pair.

use serde::Deserialize;

use super::slack::Slack;
use super::visit_rule;
use crate::domain::wording::{EN, SV, clock_minutes};
use crate::domain::{Class, Explanation, Grade, Measure, MissingFact, Sentence, Span, VisitKind};
use crate::engine::{Definition, Hit, Report, Sight, Visit, VisitRule, Wording};

pub(super) const RULE: Definition = Definition {
    id: "carer-overlap",
    version: 5,
    class: Class::Contradiction,
    summary_sv: "En medarbetare är registrerad hos två brukare samtidigt.",
    summary_en: "One carer is registered at two clients at the same time.",
    build: visit_rule::<CarerOverlap>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CarerOverlap {
    /// Shared time up to this is rounding and clocks.
    #[serde(flatten)]
    slack: Slack,
}

impl VisitRule for CarerOverlap {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        if !claims_presence(own) {
            return;
        }
        for (other, shared) in sight.overlapping_at_carer() {
            let lawful = other.client == own.client
                || !claims_presence(other)
                || (own.shared_visit.is_some() && own.shared_visit == other.shared_visit);
            if lawful || shared.seconds() <= self.slack.between(sight, own, other) {
                continue;
            }
            let apart = sight.one_household(other).map(|together| !together);
            if apart != Some(false) && !is_billed_once(own, other, shared) {
                report.pair(sight, other, || self.hit(sight, other, shared, apart.is_some()));
            }
        }
    }
}

impl CarerOverlap {
    fn hit(
        &self,
        sight: &Sight<'_>,
        other: &Visit,
        shared: Span,
        household_known: bool,
    ) -> Hit<impl Wording> {
        let own = sight.visit();
        let tags_differ =
            own.start_tag.is_some() && other.start_tag.is_some() && own.start_tag != other.start_tag;
        let proven = own.is_electronic() && other.is_electronic() && (household_known || tags_differ);
        let missing = (!household_known).then_some(MissingFact::Household);
        Hit::new(if proven { Grade::Hold } else { Grade::Review })
            .lowered_without(missing, Grade::Review)
            .related([other.slot])
            .disputed(shared)
            .observed([Measure::whole("overlap_seconds", shared.seconds())])
            .expected([Measure::whole("overlap_seconds_max", self.slack.between(sight, own, other))])
            .excluded(&[
                Explanation::OneHousehold,
                Explanation::SharedVisit,
                Explanation::Alarm,
                Explanation::OutsideHome,
                Explanation::DeclinedVisit,
            ])
            .text(move || sentence(sight, other, shared))
    }
}

/// Whether no more is billed for both than the time in which the carer was at one or the other.
fn is_billed_once(own: &Visit, other: &Visit, shared: Span) -> bool {
    own.paid_seconds() + other.paid_seconds()
        <= own.seconds() + other.seconds() - shared.seconds() + MINUTE_SECONDS
}

/// Bills are rounded to the minute.
const MINUTE_SECONDS: i64 = 60;

fn claims_presence(visit: &Visit) -> bool {
    visit.is_at_home() && visit.kind != VisitKind::Alarm
}

fn sentence(sight: &Sight<'_>, other: &Visit, shared: Span) -> Sentence {
    let (own, other, carer) = (sight.label(), sight.label_of(other), sight.carer_ref());
    let minutes = clock_minutes(shared);
    Sentence {
        sv: format!(
            "Medarbetaren {carer} är registrerad hos två brukare samtidigt i {} den {}: {} och {}.",
            SV.minutes(minutes),
            own.date_sv(),
            own.sv(),
            other.sv()
        ),
        en: format!(
            "Carer {carer} is registered at two clients at the same time for {} on {}: {} and {}.",
            EN.minutes(minutes),
            own.date_en(),
            own.en(),
            other.en()
        ),
    }
}
