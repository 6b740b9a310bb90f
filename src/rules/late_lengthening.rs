//! `late-lengthening`: visits are made longer by hand, days after they ended.
//!
//! Why: who was there logged out; who lengthens it two days later was not at the door. Most such changes
//! mend a slip, and say so.
//!
//! Marks visits that changes by hand more than `late_seconds` after their end made longer. Finds single
//! ones of which such changes without a reason added more than `added_seconds_min`. And, per carer and
//! per provider in a pay period, a share of marked visits above `share_accepted`, and so far above the
//! others' that chance gives it with at most `p_review_max`.
//!
//! Not a finding: changes with a reason, which are noted; changes that make a visit shorter; changes in
//! the first two days, in which everybody mends; few visits.
//!
//! Grade, for a visit: hold of the added seconds where the end that was moved was captured by something
//! bound to the place, as the record then says two things; else review. For a pay period: review.

use serde::Deserialize;

use super::shares::{RoundedShare, Shares, Words};
use super::visit_and_period_rule;
use crate::domain::{Class, Explanation, Grade, Measure, Sentence, Span, SubjectKind};
use crate::engine::{
    Answered, Definition, Edited, End, Hit, Label, Mark, PeriodReport, PeriodRule, PeriodSight, Report,
    Sight, Signal, Text, Visit, VisitRule,
};

pub(super) const RULE: Definition = Definition {
    id: "late-lengthening",
    version: 1,
    class: Class::Deviation,
    summary_sv: "Besök förlängs för hand flera dagar i efterhand.",
    summary_en: "Visits are made longer by hand, days after they ended.",
    build: visit_and_period_rule::<LateLengthening>,
};

const WORDS: Words = Words {
    visits_sv: "besök",
    do_sv: "har förlängts för hand flera dagar i efterhand",
    visits_en: "visits",
    do_en: "were made longer by hand days after they ended",
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LateLengthening {
    /// Changes later than this after the end are late.
    late_seconds: u32,
    /// So much more without a reason is asked about at a single visit.
    added_seconds_min: u32,
    #[serde(flatten)]
    shares: Shares,
}

impl VisitRule for LateLengthening {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        if !own.is_performed() {
            return;
        }
        let added = if own.edits().is_empty() { None } else { own.added_by(|edit| self.is_late(own, edit)) };
        report.mark(Mark::LateLengthened, added.is_some());
        let Some(added) = added else { return };
        let enough = |span: &Span| i64::from(self.added_seconds_min) < span.seconds();
        let unexplained = own.added_by(|edit| self.is_late(own, edit) && !edit.has_reason).filter(enough);
        if let Some(unexplained) = unexplained {
            let grade = if overwrites(own, unexplained) { Grade::Hold } else { Grade::Review };
            report.hit(self.hit(sight, unexplained, grade));
        } else if enough(&added) {
            report.hit(self.hit(sight, added, Grade::Observe));
        }
    }
}

impl PeriodRule for LateLengthening {
    type Answer = RoundedShare;

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::CarerPeriod, SubjectKind::ProviderPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        self.shares.answer(sight, Mark::LateLengthened, Some(Signal::LateLengthened))
    }

    fn report(&self, share: &RoundedShare, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        report.hit_marked(
            share.mark(),
            share.hit(sight, Grade::Review, WORDS, &[Explanation::DeclinedVisit, Explanation::FewVisits]),
        );
    }
}

/// Was the end that the added time lies at captured by something bound to the place?
fn overwrites(visit: &Visit, added: Span) -> bool {
    let method = if added.end() == visit.span.end() { visit.end_method } else { visit.start_method };
    method.is_electronic()
}

impl LateLengthening {
    fn is_late(&self, visit: &Visit, edit: &Edited) -> bool {
        i64::from(self.late_seconds) < edit.at.since(visit.span.end())
    }

    fn hit(&self, sight: &Sight<'_>, added: Span, grade: Grade) -> Hit<impl Text> {
        let own = sight.visit();
        let zone = sight.zone();
        let late = || own.edits().iter().filter(|edit| self.is_late(own, edit) && edit.end.is_some());
        let at = late().map(|edit| edit.at).max().unwrap_or(own.span.end());
        let end = if added.end() == own.span.end() { End::End } else { End::Start };
        let Label { id, clock, date } = sight.label();
        let on = zone.date(at);
        let minutes = (added.seconds() + 30) / 60;
        let (why_sv, why_en) = match grade {
            Grade::Observe => ("med angiven orsak", "with a reason"),
            Grade::Hold | Grade::Review => ("utan angiven orsak", "without a reason"),
        };
        Hit::new(grade)
            .disputed(added)
            .observed([
                Measure::whole("added_seconds", added.seconds()),
                Measure::text("changed_on", on.as_str()),
                Measure::text("moved", if end == End::End { "end" } else { "start" }),
            ])
            .expected([
                Measure::whole("added_seconds_max", i64::from(self.added_seconds_min)),
                Measure::whole("changed_after_seconds_max", i64::from(self.late_seconds)),
            ])
            .excluded(match grade {
                Grade::Observe => &[Explanation::DeclinedVisit],
                Grade::Hold | Grade::Review => &[Explanation::ReasonGiven, Explanation::DeclinedVisit],
            })
            .text(move || Sentence {
                sv: format!(
                    "Besöket {id} den {date} kl. {clock} förlängdes för hand {on} med {minutes} \
                     minuter, {why_sv}."
                ),
                en: format!(
                    "Visit {id} on {date} at {clock} was made {minutes} minutes longer by hand on \
                     {on}, {why_en}."
                ),
            })
    }
}
