//! `copied-day`: a day of the days or the week before is registered once more.
//!
//! Why: two visits never take the same minutes, least of all day after day. Where a carer's day is
//! that of yesterday or of last week, it was copied, not worked.
//!
//! Finds, per carer and per provider in a pay period, visits carried out at a client where the same
//! carer has, one to three or seven days before, a visit at the same client that began and ended in the
//! same minutes, when their share is above `share_accepted` and so far above the others' that chance
//! gives it with at most `p_review_max`.
//!
//! Not a finding: the same start alone (medicine has its hour); times typed in afterwards or closed by
//! the source; what equals its plan, which `plan-copy` counts; few visits. Over the two nights of
//! a year in which the clock is changed nothing is seen.
//!
//! Grade: review. No single second is in question.

use serde::Deserialize;

use super::shares::{Phrases, RoundedShare, ShareComparison};
use super::visit_and_period_rule;
use crate::domain::{CaptureMethod, Class, Explanation, Grade, SubjectKind, UtcSecond};
use crate::engine::{
    Answered, Definition, Mark, PeriodReport, PeriodRule, PeriodSight, Report, Sight, Signal, Visit,
    VisitRule,
};

pub(super) const RULE: Definition = Definition {
    id: "copied-day",
    version: 1,
    class: Class::Pattern,
    summary_sv: "För många besök har exakt samma klockslag som ett besök några dagar eller en vecka tidigare.",
    summary_en: "Too many visits have exactly the times of a visit a few days or a week earlier.",
    build: visit_and_period_rule::<CopiedDay>,
};

const WORDS: Phrases = Phrases {
    visits: ["besök", "visits"],
    which: ["", ""],
    does: [
        "har exakt samma klockslag som ett besök hos samma brukare en till tre dagar eller en vecka tidigare",
        "have exactly the same times as a visit to the same client one to three days or a week earlier",
    ],
};

/// Yesterday, the days before that are soon after a day off, and last week.
const DAYS_BEFORE: [i32; 4] = [1, 2, 3, 7];
const DAY_MINUTES: i64 = 24 * 60;

#[derive(Debug, Deserialize)]
#[serde(transparent)]
struct CopiedDay(ShareComparison);

impl VisitRule for CopiedDay {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        if is_measured(own) {
            let mut earlier = sight.visits_of_both_at_this_time(&DAYS_BEFORE);
            let copies = |(earlier, days): (&Visit, i32)| is_copy(own, earlier, days);
            report.mark(Mark::DayCopy, !is_as_planned(own) && earlier.any(copies));
        }
    }

    fn depends_on(&self, sight: &Sight<'_>, later: &Visit) -> bool {
        let own = sight.visit();
        let start = |visit: &Visit| minute(visit.span.start());
        let is_later_by = |days: i32| start(later) == start(own) + i64::from(days) * DAY_MINUTES;
        own.carer == later.carer
            && is_measured(later)
            && DAYS_BEFORE.into_iter().any(|days| is_later_by(days) && is_copy(later, own, days))
    }

    fn reads_history(&self) -> bool {
        true
    }
}

impl PeriodRule for CopiedDay {
    type Answer = RoundedShare;

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::CarerPeriod, SubjectKind::ProviderPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        self.0.answer(sight, Mark::DayCopy, Some(Signal::DayCopy))
    }

    fn report(&self, share: &RoundedShare, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        let excluded = &[
            Explanation::SameStartOnly,
            Explanation::ManualTimes,
            Explanation::AutoClosed,
            Explanation::AsPlanned,
            Explanation::FewVisits,
        ];
        report.hit_marked(share.mark(), share.hit(sight, Grade::Review, WORDS, excluded));
    }
}

fn is_measured(visit: &Visit) -> bool {
    visit.is_performed() && !visit.is_manual() && visit.end_method != CaptureMethod::AutoClosed
}

const fn minute(at: UtcSecond) -> i64 {
    at.0.div_euclid(60)
}

fn is_as_planned(visit: &Visit) -> bool {
    let ends = (minute(visit.span.start()), minute(visit.span.end()));
    visit.planned().is_some_and(|plan| (minute(plan.start()), minute(plan.end())) == ends)
}

/// The start is within the same minute already.
fn is_copy(own: &Visit, earlier: &Visit, days: i32) -> bool {
    own.client == earlier.client
        && is_measured(earlier)
        && minute(own.span.end()) == minute(earlier.span.end()) + i64::from(days) * DAY_MINUTES
}
