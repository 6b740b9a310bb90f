//! `late-lengthening`: visits are made longer manually, days after they ended.
//!
//! Why: who was there logged out; who lengthens it two days later was not at the door. Most such changes
//! mend a slip, and say so.
//!
//! Marks visits that changes by hand more than `late_seconds` after their end made longer. Finds single
//! ones of which such changes without a reason added more than `added_seconds_min`. And, per carer and
//! per provider in a pay period, a share of marked visits above `share_accepted`, and so far above the
//! others' that chance gives it with at most `p_review_max`.
//!
//! Single ones with a reason are found where the editor's changes of two months make visits longer only, beyond chance:
//! an office that mends slips shortens visits as well. Such an editor's changes count from the five minutes on to which
//! remembered times are rounded: a scheme adds little to each of many visits.
//!
//! Not a finding: other changes with a reason, which are noted; changes that make a visit shorter; changes in
//! the first two days, in which everybody mends; few visits.
//!
//! Grade, for a visit: hold of the added seconds where the end that was moved was captured by something
//! bound to the place and no reason is given, as the record then says two things; else review. For a pay period: review.

use serde::Deserialize;

use super::shares::{Phrases, RoundedShare, ShareComparison};
use super::visit_and_period_rule;
use crate::domain::wording::{EN, SV, clock_minutes};
use crate::domain::{Class, Explanation, Grade, Measure, Sentence, Span, SubjectKind};
use crate::engine::{
    Answered, Definition, Edited, End, Hit, Mark, PeriodReport, PeriodRule, PeriodSight, Report, Sight,
    Signal, Visit, VisitRule, Wording,
};

pub(super) const RULE: Definition = Definition {
    id: "late-lengthening",
    version: 3,
    class: Class::Deviation,
    summary_sv: "Besök förlängs manuellt flera dagar i efterhand.",
    summary_en: "Visits are made longer manually, days after they ended.",
    build: visit_and_period_rule::<LateLengthening>,
};

const WORDS: Phrases = Phrases {
    visits: ["besök", "visits"],
    which: ["", ""],
    does: [
        "har förlängts manuellt flera dagar i efterhand",
        "were made longer manually, days after they ended",
    ],
};

/// Times from memory are rounded to this.
const ROUNDING_SECONDS: i64 = 300;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LateLengthening {
    /// Changes later than this after the end are late.
    late_seconds: u32,
    /// Seconds added to a single visit without a reason above which there is a finding.
    added_seconds_min: u32,
    #[serde(flatten)]
    shares: ShareComparison,
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
        let one_sided = || own.added_by(|edit| self.is_late(own, edit) && sight.only_lengthens(edit));
        if let Some(unexplained) = unexplained {
            let grade = if overwrites(own, unexplained) { Grade::Hold } else { Grade::Review };
            report.hit(self.hit(sight, unexplained, grade, EditReason::Missing));
        } else if let Some(one_sided) = one_sided().filter(|span| ROUNDING_SECONDS < span.seconds()) {
            report.hit(self.hit(sight, one_sided, Grade::Review, EditReason::OfOneSided));
        } else if enough(&added) {
            report.hit(self.hit(sight, added, Grade::Observe, EditReason::Given));
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

/// What is known of the reason of a change.
#[derive(Clone, Copy, PartialEq)]
enum EditReason {
    Given,
    Missing,
    /// Given by an editor whose changes make visits longer only.
    OfOneSided,
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

    fn hit(&self, sight: &Sight<'_>, added: Span, grade: Grade, reason: EditReason) -> Hit<impl Wording> {
        let own = sight.visit();
        let zone = sight.zone();
        let late = || own.edits().iter().filter(|edit| self.is_late(own, edit) && edit.end.is_some());
        let at = late().map(|edit| edit.at).max().unwrap_or(own.span.end());
        let end = if added.end() == own.span.end() { End::End } else { End::Start };
        let (label, minutes) = (sight.label(), clock_minutes(added));
        let (why_sv, why_en) = match reason {
            EditReason::Given => ("En orsak är angiven.", "A reason is given."),
            EditReason::Missing => ("Ingen orsak är angiven.", "No reason is given."),
            EditReason::OfOneSided => (
                "En orsak är angiven. Den som ändrade har nästan bara förlängt besök den månaden och månaden före.",
                "A reason is given. Who changed it has made visits longer almost only in that month and the one before.",
            ),
        };
        Hit::new(grade)
            .disputed(added)
            .of_one_person(reason == EditReason::OfOneSided)
            .observed([
                Measure::whole("added_seconds", added.seconds()),
                Measure::text("changed_on", zone.date(at)),
                Measure::text("moved", if end == End::End { "end" } else { "start" }),
            ])
            .expected([
                Measure::whole("added_seconds_max", i64::from(self.added_seconds_min)),
                Measure::whole("changed_after_seconds_max", i64::from(self.late_seconds)),
            ])
            .excluded(match reason {
                EditReason::Given | EditReason::OfOneSided => &[Explanation::DeclinedVisit],
                EditReason::Missing => &[Explanation::ReasonGiven, Explanation::DeclinedVisit],
            })
            .text(move || Sentence {
                sv: format!(
                    "Besöket {} förlängdes manuellt med {} den {}. {why_sv}",
                    label.dated_sv(),
                    SV.length(minutes),
                    SV.date(zone, at)
                ),
                en: format!(
                    "Visit {} was made {} longer manually on {}. {why_en}",
                    label.dated_en(),
                    EN.length(minutes),
                    EN.date(zone, at)
                ),
            })
    }
}
