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

use super::shares::{Shares, Told, Words};
use super::{Definition, from_table};
use crate::domain::{Class, Grade, Measure, Sentence, Span, SubjectKind};
use crate::engine::{
    Edited, End, Hit, Looks, Mark, PeriodSight, Report, Rule, ShareFloor, Sight, Signal, Visit,
};

pub(super) const RULE: Definition = Definition {
    id: "late-lengthening",
    version: 1,
    class: Class::Deviation,
    patterns: &[20],
    reads_history: false,
    looks: Looks::AtBoth,
    summary_sv: "Besök förlängs för hand flera dagar i efterhand.",
    summary_en: "Visits are made longer by hand, days after they ended.",
    build: from_table::<LateLengthening>,
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

impl Rule for LateLengthening {
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

    fn periods_of(&self) -> &'static [SubjectKind] {
        &[SubjectKind::CarerPeriod, SubjectKind::ProviderPeriod]
    }

    fn share_floors(&self) -> Vec<ShareFloor> {
        vec![self.shares.floor(Mark::LateLengthened)]
    }

    fn period(&self, sight: &PeriodSight<'_>, report: &mut Report<'_>) {
        if let Some(told) = self.told(sight) {
            report.hit_marked(
                told.mark(),
                told.hit(sight, Grade::Review, WORDS, &["declined-visit", "few-visits"]),
            );
        }
    }

    fn fingerprint(&self, sight: &PeriodSight<'_>) -> u64 {
        self.told(sight).map_or(0, |told| told.word())
    }
}

/// Was the end that the added time lies at captured by something bound to the place?
fn overwrites(visit: &Visit, added: Span) -> bool {
    let method = if added.end() == visit.span.end() { visit.end_method } else { visit.start_method };
    method.is_electronic()
}

impl LateLengthening {
    fn told(&self, sight: &PeriodSight<'_>) -> Option<Told> {
        self.shares.told(sight, Mark::LateLengthened, Some(Signal::LateLengthened))
    }

    fn is_late(&self, visit: &Visit, edit: &Edited) -> bool {
        i64::from(self.late_seconds) < edit.at.since(visit.span.end())
    }

    fn hit(&self, sight: &Sight<'_>, added: Span, grade: Grade) -> Hit {
        let own = sight.visit();
        let zone = sight.zone();
        let late = || own.edits().iter().filter(|edit| self.is_late(own, edit) && edit.end.is_some());
        let at = late().map(|edit| edit.at).max().unwrap_or(own.span.end());
        let end = if added.end() == own.span.end() { End::End } else { End::Start };
        let (id, clock) = (sight.id(own.slot), sight.clock(own.span));
        let (date, on) = (zone.date(own.span.start()), zone.date(at));
        let minutes = (added.seconds() + 30) / 60;
        let (why_sv, why_en) = match grade {
            Grade::Observe => ("med angiven orsak", "with a reason"),
            Grade::Hold | Grade::Review => ("utan angiven orsak", "without a reason"),
        };
        Hit {
            grade,
            p_value: None,
            related: Vec::new(),
            disputed: Some(added),
            observed: vec![
                Measure::whole("added_seconds", added.seconds()),
                Measure::text("changed_on", on.as_str()),
                Measure::text("moved", if end == End::End { "end" } else { "start" }),
            ],
            expected: vec![
                Measure::whole("added_seconds_max", i64::from(self.added_seconds_min)),
                Measure::whole("changed_after_seconds_max", i64::from(self.late_seconds)),
            ],
            excluded: match grade {
                Grade::Observe => &["declined-visit"],
                Grade::Hold | Grade::Review => &["reason-given", "declined-visit"],
            },
            not_tested: Vec::new(),
            text: Sentence {
                sv: format!(
                    "Besöket {id} den {date} kl. {clock} förlängdes för hand {on} med {minutes} minuter, {why_sv}."
                ),
                en: format!(
                    "Visit {id} on {date} at {clock} was made {minutes} minutes longer by hand on {on}, {why_en}."
                ),
            },
        }
    }
}
